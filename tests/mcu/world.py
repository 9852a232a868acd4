# SPDX-License-Identifier: Apache-2.0
"""What is around a microcontroller: a site with a factory and an owner, an MQTT
broker, a service that takes readings by HTTPS, and a wire that can be cut.

All of them are real: birthmarkd, mosquitto, OpenSSL. Each keeps a record of its
own, and that is what the tests ask.
"""
import http.server
import json
import os
import re
import select
import socket
import ssl
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
for area in ("service", "onpremise", "interop"):
    sys.path.insert(0, os.path.join(TESTS, area))
# pylint: disable=wrong-import-position
import onsite
import service
from direct import ok
from other import Other
from service import (Key, Service, equal, holds, openssl, read, serial_of,
                     wait_until, write)

# Where the guest finds this machine: QEMU's own network.
HOST = "10.0.2.2"

# The identity of a maker is signed by a CA of the factory's, that of the owner
# by his own. One service keeps the inventory of both.
BIRTH = "ieee-802.1ar-idevid"
NODE = "node"

# Of whoever signs policies of the firewall.
SIGNING = "policy-signing"

# Profiles of the owner: the one of examples/first-device, and what tests need
# instead of its dates.
PROFILE = os.path.join(os.path.dirname(TESTS), "examples/first-device",
                       NODE + ".yaml")
PROFILES = {
    NODE: {},
    # To be renewed at any time: a sweep does it again and again.
    "early": {"before: 30d": "before: 90d"},
    # Over soon, but not before it has what is delivered.
    "going": {"for: 90d": "for: 40s", "before: 30d": "before: 1s",
              "backdate: 5m": "backdate: 0s"},
    # Renewed by the device itself while a test looks on.
    "brief": {"for: 90d": "for: 60s", "before: 30d": "before: 55s",
              "backdate: 5m": "backdate: 0s"},
}


def profile(name):
    text = read(PROFILE).decode()
    for old, new in {"profile: " + NODE: "profile: " + name,
                     **PROFILES[name]}.items():
        holds(old in text, "%s: no %r" % (PROFILE, old))
        text = text.replace(old, new)
    return text


def long_ago(days):
    """The environment of a program that believes to live then; with a negative
    number, that much later."""
    shim = os.path.join(os.path.dirname(os.path.dirname(
        os.path.realpath(service.DAEMON))), "release/tests/daemon",
        "libshifted_clock.so")
    holds(os.path.exists(shim), shim + " is not built")
    return {**os.environ, "LD_PRELOAD": shim,
            "SHIFT": str(-days * 24 * 3600)}


# ---- Factory and owner

class Site(Service):
    """Three CAs below a root whose key the test has: the factory's, the
    owner's, and that of servers and operators."""

    CAS = ("issuing", "operations", "factory")

    def __init__(self, name="site"):
        self.above = onsite.make_root(
            name + "-root", "/O=%s/CN=%s Root CA" % (name, name))
        ok("init", name, "--subordinate", "--org", name, "--host",
           "localhost", "--host", "127.0.0.1", "--host", HOST)
        ok("ca", "create", "--dir", name, "factory", "--name",
           name + " Factory CA")
        files = [self.signed(name, ca) for ca in self.CAS]
        ok("ca", "install", "--dir", name, self.above + ".pem", *files)
        born = os.path.join(name, "profiles", BIRTH + ".yaml")
        write(born, re.sub("(?m)^ca: .*", "ca: factory",
                           read(born).decode()))
        for of in PROFILES:
            write(os.path.join(name, "profiles", of + ".yaml"), profile(of))
        write(os.path.join(name, "profiles", SIGNING + ".yaml"),
              ok("profile", "show", SIGNING)[0].replace("approval: true\n", ""))
        super().__init__(name=name, log_level="info", listeners=1,
                         limits_identity=6000)
        self.anchor = os.path.join(self.dir, "anchor.der")
        openssl("x509", "-in", self.root, "-outform", "DER", "-out",
                self.anchor)

    def signed(self, name, ca):
        """What the root makes of the request of a CA that waits."""
        ok("ca", "request", "--dir", name, ca, "--out",
           "%s-%s.csr" % (name, ca))
        return onsite.sign(self.above, "%s-%s.csr" % (name, ca),
                           "%s-%s.pem" % (name, ca))

    def roll_over(self, ca="issuing"):
        """The next generation of a CA; the service is stopped meanwhile."""
        self.stop()
        ok("ca", "rollover", "--dir", self.dir, ca)
        name = os.path.basename(self.dir)
        ok("ca", "install", "--dir", self.dir, self.signed(name, ca + "-2"))
        self.start()

    def replace_root(self, new):
        """By a root of that name, which is made; the two say of each other
        what RFC 4210 4.4 has; the next owner's CA is below the new one."""
        self.stop()
        old = os.path.basename(self.above)
        onsite.make_root(new, "/O=%s/CN=%s" % (new, new))
        links = [onsite.link(new, old, "new-with-old.pem"),
                 onsite.link(old, new, "old-with-new.pem")]
        ca = max(row["id"] for row in self.cas() if row["kind"] == "issuing"
                 and row["id"].startswith("issuing"))
        ok("ca", "rollover", "--dir", self.dir, ca)
        following = "issuing-%d" % (int(ca.partition("-")[2] or 1) + 1)
        ok("ca", "request", "--dir", self.dir, following, "--out",
           "following.csr")
        ok("ca", "install", "--dir", self.dir, new + ".pem", *links,
           onsite.sign(new, "following.csr", "following.pem"))
        self.start()

    def cas(self):
        return [json.loads(line) for line in ok(
            "ca", "list", "--dir", self.dir, "--json")[0].splitlines()]

    # -- what it has on record, as an operator is shown it

    def command(self, *args, check=True):
        """birthmark, as a client of the running service: (code, out, err)"""
        cert = write(os.path.join(self.dir, "operator/both.pem"),
                     read(self.operator[0]) + read(self.operator[1]))
        os.chmod(cert, 0o600)
        return self.birthmark(
            *args, "--url", "https://127.0.0.1:%d" % self.ports["operators"],
            "--identity", cert, "--server-ca", self.root, check=check)

    def objects(self, *args):
        return [json.loads(line) for line in
                self.command(*args, "--json")[1].splitlines()]

    def device(self, name):
        """`birthmark device show`; None where it is not known."""
        code, out, _ = self.command("device", "show", "--json", name,
                                    check=False)
        return json.loads(out) if code == 0 else None

    def state(self, name):
        found = self.device(name)
        return found["state"] if found else None

    def events(self, name):
        return self.objects("device", "events", "--device", name)

    def certificates(self, name, profile=None):
        """Rows of a device's certificates, oldest first."""
        rows = [row for row in self.objects("cert", "list")
                if row.get("device") == name]
        return [row for row in rows if profile in (None, row["profile"])]

    def token(self, device, profile):
        answer = self.api("POST", "/tokens", {"profile": profile,
                                              "device": device})
        equal(answer.status, 201, repr(answer))
        return answer.json()["secret"]

    def policy(self, station, name, text):
        """The path of a policy that is signed by a key of the station's, which
        has a certificate of this owner's."""
        base = os.path.join(station, os.path.basename(self.dir) + "-policies")
        key = "file:%s.key" % os.path.basename(base)
        if not os.path.exists(base + ".crt"):
            ok("image", "keygen", "--dir", station, "--out", base + ".pub", key)
            ok("image", "request", "--dir", station, "--subject", "CN=Policies",
               "--out", base + ".csr", key)
            self.command("cert", "issue", "--profile", SIGNING, "--csr",
                         base + ".csr", "--out", base + ".own")
            write(base + ".crt", read(base + ".own") + read(
                os.path.join(self.dir, "ca/operations.pem")))
        out = os.path.join(station, name)
        ok("policy", "sign", "--dir", station, "--key", key, "--cert",
           base + ".crt", "--out", out, write(out + ".yaml", text))
        return out

    def revoke(self, serial, reason="keyCompromise"):
        answer = self.api("POST", "/certificates/%s/revocation" % serial,
                          {"reason": reason})
        equal(answer.status, 200, repr(answer))

    def fresh_lists(self, serial):
        """Wait until the published list names a certificate."""
        answer = self.api("POST", "/cas/issuing/crl", {})
        holds(answer.status in (200, 201), answer)

        def listed():
            text = openssl("crl", "-noout", "-text", "-inform", "DER",
                           stdin=self.public("GET", "/crl/issuing.crl").body)
            return serial.upper() in text
        wait_until("the list names it", listed)

    def put_lists(self, path):
        """The revocation lists, as a cron job would fetch them."""
        pem = ""
        for ca in self.CAS:
            answer = self.public("GET", "/crl/%s.crl" % ca)
            equal(answer.status, 200, "list of " + ca)
            pem += openssl("crl", "-inform", "DER", stdin=answer.body)
        return write(path, pem)

    def put_anchors(self, path):
        """Roots and CAs. Not what roots say of each other: OpenSSL would go
        in circles among them."""
        folder = os.path.join(self.dir, "ca")
        return write(path, b"".join(
            read(os.path.join(folder, name)) for name in sorted(
                os.listdir(folder))
            if re.match(r"(root|%s)\b.*\.pem$" % "|".join(self.CAS), name)))


class Factory(Site):
    """A maker who runs a birthmarkd of his own, with a root of his own. Owner
    and factory know nothing of each other but what `known_to()` says."""

    CAS = ("issuing", "operations")

    def __init__(self, name="factory"):
        ok("init", name, "--org", name, "--host", "localhost", "--host",
           "127.0.0.1", "--host", HOST)
        # pylint: disable=bad-super-call
        super(Site, self).__init__(name=name, log_level="info", listeners=1)

    def known_to(self, site):
        """His certificates and lists, as they were carried to an owner."""
        site.command("manufacturer", "add", "factory", "--anchor", self.root,
                     "--ca", self.issuing)
        site.command("manufacturer", "crl", "factory", *[
            os.path.join(self.dir, "crl", ca + ".crl")
            for ca in ("root", "issuing")])
        return self


# ---- Certificates for the servers of these tests

SERVER = """\
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:%s
authorityKeyIdentifier=keyid
""" % HOST


class ServerKey(Key):
    """Of a server on this machine, its certificate by a root of the test: for
    some days from now, or from long ago."""

    def __init__(self, where, name, root, days=30, ago=0):
        super().__init__(where, name, "/CN=" + HOST)
        ext = write(os.path.join(where, name + ".ext"), SERVER)
        service.run("openssl", "x509", "-req", "-in", self.csr, "-CA",
                    root + ".pem", "-CAkey", root + ".key", "-set_serial",
                    "0x" + os.urandom(12).hex().replace("0", "1", 1),
                    "-days", str(days), "-extfile", ext, "-out", self.cert,
                    env=long_ago(ago) if ago else None)


# ---- A broker

MOSQUITTO = """\
per_listener_settings true
listener {port} 127.0.0.1
cafile {dir}/anchors.pem
certfile {cert}
keyfile {key}
require_certificate true
use_subject_as_username true
allow_anonymous false
acl_file {dir}/acl
log_type all
"""


class Broker(Other):
    """mosquitto, which knows a client by the subject of its certificate and
    lets it write below that name alone."""

    def __init__(self, site, key, name="mosquitto", lists=True, env=None):
        """`site`: whose devices it knows, and whom of them not any more where
        `lists`; `env`: as `long_ago()` has it."""
        service.have("mosquitto")
        where = os.path.abspath(name)
        os.makedirs(where, exist_ok=True)
        port = service.free_port()
        site.put_anchors(os.path.join(where, "anchors.pem"))
        text = MOSQUITTO
        if lists:
            site.put_lists(os.path.join(where, "lists.pem"))
            text += "crlfile {dir}/lists.pem\n"
        write(os.path.join(where, "acl"),
              "pattern readwrite things/%u/#\n")
        user = "user root\n" if os.geteuid() == 0 else ""
        conf = write(os.path.join(where, "conf"), text.format(
            port=port, dir=where, cert=key.cert, key=key.key) + user)
        shift = ["%s=%s" % (k, env[k]) for k in ("LD_PRELOAD", "SHIFT")
                 ] if env else []
        super().__init__(name, "env", *shift, "mosquitto", "-v", "-c", conf,
                         port=port)

    def words(self):
        return read(self.log).decode("utf-8", "replace")

    def published(self, device):
        """How many messages of a device it has taken, by its log."""
        return len(re.findall(r"Received PUBLISH from .*'things/"
                              r"serialNumber=%s/" % re.escape(device),
                              self.words()))


# ---- A service that takes readings

class Readings(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        subject = dict(part[0] for part in
                       self.connection.getpeercert()["subject"])
        self.server.taken.append((subject.get("serialNumber"), self.path,
                                  body))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = take

    def log_message(self, *_):
        pass


class Sink(http.server.ThreadingHTTPServer):
    """HTTPS with client certificates; `taken`: (device, path, body) each,
    `refused`: why a handshake came to nothing; `answer`: its status."""

    daemon_threads = True

    def __init__(self, site, key, lists=None):
        self.taken = []
        self.refused = []
        self.answer = 204
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*key.pair())
        self.context.load_verify_locations(
            site.put_anchors(os.path.abspath("sink-anchors.pem")))
        self.context.verify_mode = ssl.CERT_REQUIRED
        if lists:
            self.context.load_verify_locations(lists)
            self.context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        super().__init__(("127.0.0.1", 0), Readings)
        self.port = self.server_address[1]

    def finish_request(self, request, client_address):
        request.settimeout(service.PATIENCE)
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError) as e:
            self.refused.append(str(e))
            return
        super().finish_request(request, client_address)
        request.close()

    def handle_error(self, request, client_address):
        self.refused.append(str(sys.exc_info()[1]))

    def of(self, device):
        return [row for row in self.taken if row[0] == device]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


# ---- A wire

class Relay:
    """A wire to a server, which a test cuts: `lose(number, octets)` is asked of
    each piece that comes from the server, on which connection (from 1) and how
    much came before; where it says so, the piece is lost and both ends see the
    connection break."""

    def __init__(self, port, lose=None):
        self.to = port
        self.lose = lose
        self.connections = 0
        self.octets = {}  # connection: that came from the server
        self.lost = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                device, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.carry, daemon=True,
                             args=(device, self.connections)).start()

    def carry(self, device, number):
        octets = 0
        with device, socket.create_connection(("127.0.0.1",
                                               self.to)) as server:
            while True:
                for end in select.select([device, server], [], [])[0]:
                    try:
                        piece = end.recv(65536)
                    except OSError:
                        return
                    if not piece:
                        return
                    if end is server and self.lose and self.lose(
                            number, octets):
                        self.lost += 1
                        self.broken(device)
                        return
                    if end is server:
                        octets += len(piece)
                        self.octets[number] = octets
                    try:
                        (server if end is device else device).sendall(piece)
                    except OSError:
                        return

    @staticmethod
    def broken(end):
        """It does not close, it breaks off: RST."""
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                       b"\1\0\0\0\0\0\0\0")
