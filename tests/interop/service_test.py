# SPDX-License-Identifier: Apache-2.0
"""Servers of others do mutual TLS with certificates of this authority: devices
get them over EST, the operator revokes one, and each server refuses it by the
list that the publisher hands out.

    python3 service_test.py BIRTHMARK BIRTHMARKD [TEST]...
"""
import os
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, contains, equal, have, holds, openssl,
                     pem_of_certs_only, read, run, serial_of, wait_until,
                     write)
from other import Other

NGINX = """\
daemon off;
pid nginx.pid;
{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
  uwsgi_temp_path t4; scgi_temp_path t5;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate server-chain.pem;
    ssl_certificate_key server.key;
    ssl_client_certificate anchors.pem;
    ssl_verify_client on;
    ssl_verify_depth 3;
    ssl_crl lists.pem;
    location / {{ return 200 "hello $ssl_client_s_dn\\n"; }}
  }}
}}
"""

MOSQUITTO = """\
listener {port} 127.0.0.1
cafile {dir}/anchors.pem
certfile {dir}/server-chain.pem
keyfile {dir}/server.key
crlfile {dir}/lists.pem
require_certificate true
use_identity_as_username true
allow_anonymous false
"""


class World:
    """Made once: two devices with certificates, one of them revoked; a
    server's certificate; the lists."""

    def __init__(self):
        self.svc = Service()
        self.dir = os.path.abspath("world")
        os.mkdir(self.dir)
        self.server = Key(self.dir, "server", "/CN=localhost",
                          "DNS:localhost,IP:127.0.0.1")
        self.svc.issue("tls-server", self.server)
        born = {}
        for name in ("good", "bad"):
            born[name] = Key(self.dir, name + "-idevid",
                             "/serialNumber=SN-" + name)
            self.svc.issue("ieee-802.1ar-idevid", born[name])
        self.svc.start()
        self.good = self.enrol("good", born["good"])
        self.bad = self.enrol("bad", born["bad"])
        self.put_anchors()
        self.put_lists()

    def enrol(self, name, idevid):
        # mosquitto takes the CN for the name of the user
        key = Key(self.dir, name, "/serialNumber=SN-%s/CN=SN-%s" % (name,
                                                                    name))
        answer = self.svc.enrol(key, cert=idevid.pair())
        equal(answer.status, 200, answer)
        key.put(pem_of_certs_only(answer.body))
        # a client sends the CA above it, too
        write(key.cert, read(key.cert) + read(self.svc.issuing))
        return key

    def put_anchors(self):
        write(os.path.join(self.dir, "anchors.pem"),
              b"".join(read(os.path.join(self.svc.dir, "ca", ca + ".pem"))
                       for ca in ("root", "issuing", "operations")))
        write(os.path.join(self.dir, "server-chain.pem"),
              read(self.server.cert) + read(self.svc.operations))

    def put_lists(self):
        """From the publisher, as a cron job would."""
        pem = ""
        for ca in ("root", "issuing", "operations"):
            answer = self.svc.public("GET", "/crl/%s.crl" % ca)
            equal(answer.status, 200, "crl of " + ca)
            pem += openssl("crl", "-inform", "DER", stdin=answer.body)
        write(os.path.join(self.dir, "lists.pem"), pem)

    def revoke(self):
        answer = self.svc.api("POST", "/certificates/%s/revocation" %
                              serial_of(read(self.bad.cert).decode()),
                              {"reason": "keyCompromise"})
        # 409: by an earlier test
        holds(answer.status in (200, 201, 409), answer)
        answer = self.svc.api("POST", "/cas/issuing/crl", {})
        holds(answer.status in (200, 201), answer)

        def listed():
            self.put_lists()
            text = openssl("crl", "-noout", "-text", stdin=openssl(
                "crl", "-inform", "DER",
                stdin=self.svc.public("GET", "/crl/issuing.crl").body
            ).encode())
            return serial_of(read(self.bad.cert).decode()).upper() in text
        wait_until("the list names it", listed)


WORLD = []


def world():
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


def fetch(w, port, key):
    """What a browser-like client sees, or the reason why not."""
    code, out, err = run("curl", "-sS", "--cacert", w.svc.root, "--cert",
                         key.cert, "--key", key.key,
                         "https://localhost:%d/" % port, check=False)
    return (out if code == 0 else err), code


def nginx(w, name):
    port = service.free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    write(os.path.join(w.dir, name), NGINX.format(port=port, user=user))
    return Other("nginx", "nginx", "-p", w.dir, "-c", name, "-e",
                 os.path.join(w.dir, "nginx-error.log"), port=port)


def test_nginx_lets_devices_in_and_refuses_a_revoked_one():
    have("nginx", "curl")
    w = world()
    with nginx(w, "before.conf") as server:
        for key in (w.good, w.bad):
            out, code = fetch(w, server.port, key)
            equal(code, 0, out)
            contains(out, "hello ", "serialNumber=SN-")
    w.revoke()
    with nginx(w, "after.conf") as server:
        out, code = fetch(w, server.port, w.good)
        equal(code, 0, out)
        contains(out, "hello ", "serialNumber=SN-good")
        out, code = fetch(w, server.port, w.bad)
        # nginx says so in HTTP, behind the handshake
        contains(out, "The SSL certificate error")


def publish(w, port, key):
    return run("mosquitto_pub", "-h", "localhost", "-p", str(port), "--cafile",
               w.svc.root, "--cert", key.cert, "--key", key.key, "-t",
               "births", "-m", "here", "-q", "1", "-i", "test", check=False)


def test_mosquitto_lets_devices_in_and_refuses_a_revoked_one():
    have("mosquitto", "mosquitto_pub")
    w = world()
    w.revoke()
    port = service.free_port()
    conf = write(os.path.join(w.dir, "mosquitto.conf"),
                 MOSQUITTO.format(port=port, dir=w.dir) +
                 ("user root\n" if os.geteuid() == 0 else ""))
    with Other("mosquitto", "mosquitto", "-c", conf, port=port):
        code, out, err = publish(w, port, w.good)
        equal(code, 0, out + err)
        code, out, err = publish(w, port, w.bad)
        holds(code != 0, "a revoked device has published")


def test_openssl_refuses_a_revoked_one():
    w = world()
    w.revoke()
    port = service.free_port()
    both = write("both.pem", read(os.path.join(w.dir, "anchors.pem")) +
                 read(os.path.join(w.dir, "lists.pem")))
    args = ["openssl", "s_server", "-accept", str(port), "-cert",
            w.server.cert, "-key", w.server.key, "-chainCAfile",
            w.svc.operations, "-CAfile", both, "-crl_check_all",
            "-x509_strict", "-Verify", "3", "-verify_return_error", "-www"]
    with Other("s_server", *args, port=port):
        out, code = fetch(w, port, w.good)
        equal(code, 0, out)
        contains(out, "SN-good")
        out, code = fetch(w, port, w.bad)
        holds(code != 0, "a revoked device was let in")
        contains(out, "revoked")


def test_gnutls_and_openssl_agree_about_its_status():
    have("ocsptool")
    w = world()
    w.revoke()
    url = "http://127.0.0.1:%d/ocsp" % w.svc.ports["public"]
    for key, status in ((w.good, "good"), (w.bad, "revoked")):
        leaf = write("leaf.pem", openssl("x509", "-in", key.cert))
        out = run("openssl", "ocsp", "-issuer", w.svc.issuing, "-cert", leaf,
                  "-CAfile", w.svc.root, "-verify_other", w.svc.issuing,
                  "-url", url)
        contains(out[1] + out[2], "Response verify OK", "leaf.pem: " + status)
        out = run("ocsptool", "--ask=" + url, "--load-cert", leaf,
                  "--load-issuer", w.svc.issuing, "--load-trust",
                  w.svc.issuing, check=False)
        contains(out[1] + out[2], "Verifying OCSP Response: Success",
                 "Certificate Status: " + status)


def test_a_strict_client_of_tls_reaches_the_operators():
    """Only 1.3, only what browsers offer, the name checked."""
    w = world()
    context = w.svc.tls(w.svc.operator, ssl.TLSVersion.TLSv1_3)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    answer = w.svc.ask("GET", "/api/v1/certificates?limit=2", port="operators",
                       context=context)
    equal(answer.status, 200, answer)
    contains(answer.headers["Content-Type"], "application/json")


def test_the_service_stops():
    w = world()
    equal(w.svc.stop(), 0, "exit code")
    w.svc.verify_ledger()


if __name__ == "__main__":
    try:
        service.main()
    finally:
        for made in WORLD:
            made.svc.__exit__(None, None, None)
