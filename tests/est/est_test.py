# SPDX-License-Identifier: Apache-2.0
"""EST as clients in the field speak it, against birthmarkd: curl and openssl,
strongSwan's pki, Python's http.client and ssl, openssl s_client.

    python3 est_test.py BIRTHMARK BIRTHMARKD [TEST]...

One instance serves all tests.
"""
import base64
import calendar
import os
import re
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, contains, equal, have, holds, openssl,
                     pem_of_certs_only, read, run, serial_of, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"

# The owner's identity again, with what a test needs instead.
PROFILE = """\
profile: %(name)s
about: of a test
ca: issuing
by: [token, current]
device: { identity: owner, one_active: true }
validity: { for: %(life)s, nested: true, backdate: 0s }
renewal: { before: %(before)s, grace: %(grace)s }
keys: [p256, p384]
subject:
  - { attribute: serialNumber, from: device }
basic_constraints: { ca: false }
key_usage: [%(usage)s]
extended_key_usage: { purposes: [clientAuth] }
subject_key_id: none
authority_key_id: true
crl: true
%(more)s
"""
PROFILES = {
    # Expires while a test runs, and may be renewed after that, or may not.
    "short": {"life": "5s", "before": "4s", "grace": "1h"},
    "strict": {"life": "5s", "before": "4s", "grace": "0s"},
    # To be renewed whenever one likes.
    "early": {"before": "90d"},
    "bound": {"more": "est: { binding: required }"},
    "old": {"more": "est: { wrap: wrap64, chain: true, encoding_header: true "
                    "}"},
    "keygen": {"more": "est: { serverkeygen: true }",
               "usage": "digitalSignature, keyAgreement"},
    "approved": {"more": "approval: true"},
}

WORLD = {}


# Device and profile of each token that a test uses up.
TOKENS = {
    "basic": LDEVID, "bearer": LDEVID, "tls12": LDEVID, "once": LDEVID,
    "forms": LDEVID, "pem": LDEVID, "der": LDEVID, "chunked": LDEVID,
    "renewed": "early", "other": "early", "swan": LDEVID, "labelled": "old",
    "short": "short", "strict": "strict", "unique": LDEVID,
    "exporter": "bound", "unbound": "bound", "wrong": LDEVID,
    "made": "keygen", "holder": "keygen", "sealed": "keygen",
    "symmetric": "keygen", "plain": LDEVID, "approved": "approved",
    "lost": "early", "asks": "early", "clock": LDEVID, "bidden": LDEVID,
}


def world():
    """The service with its profiles and tokens, made once."""
    if WORLD:
        return WORLD["service"]
    s = Service(log_level="info", listeners=2, limits_identity=6000)
    WORLD["service"] = s
    for name, values in PROFILES.items():
        row = {"name": name, "life": "90d", "before": "30d", "grace": "14d",
               "usage": "digitalSignature", "more": ""}
        row.update(values)
        write(os.path.join(s.dir, "profiles", name + ".yaml"), PROFILE % row)
    WORLD["tokens"] = {}
    return s.start()


def token_of(name):
    """(device, secret), the same each time."""
    if name not in WORLD.setdefault("tokens", {}):
        answer = world().api("POST", "/tokens", {
            "profile": TOKENS[name], "device": "SN-" + name})
        equal(answer.status, 201, repr(answer))
        WORLD["tokens"][name] = ("SN-" + name, answer.json()["secret"])
    return WORLD["tokens"][name]


def key_of(name, device=None, **more):
    return Key(".", name, "/serialNumber=SN-" + (device or name), **more)


def enrolled(name, label=None, device=None):
    """A Key with its certificate."""
    key = key_of(name, device)
    answer = world().enrol(key, label, token_of(device or name))
    equal(answer.status, 200, repr(answer))
    return key.put(pem_of_certs_only(answer.body))


def url(path):
    return "https://127.0.0.1:%d/.well-known/est/%s" % (
        world().ports["devices"], path)


def curl(*args, path, check=True):
    """Body, and the status behind it."""
    out = run("curl", "-s", "--cacert", world().root, "-w", "\n%{http_code}",
              *args, url(path), check=check)[1]
    body, _, status = out.rpartition("\n")
    return int(status), body


def verified(pem):
    path = write("leaf.pem", pem)
    openssl("verify", "-x509_strict", "-CAfile", world().root, "-untrusted",
            world().issuing, path)
    return openssl("x509", "-noout", "-subject", "-in", path)


# ---- Documents

def test_ca_certificates_are_for_everybody():
    # RFC 7030 4.1: no authentication
    status, body = curl(path="cacerts")
    equal(status, 200)
    out = openssl("pkcs7", "-inform", "DER", "-print_certs", "-noout",
                  stdin=base64.b64decode(body))
    equal(out.count("subject="), 2)
    contains(out, "Issuing", "Root")
    # strongSwan reads one line, libest waits for its end
    equal(body.count("\n"), 1)


def test_csrattrs_are_well_formed():
    status, body = curl(path="csrattrs")
    equal(status, 200)
    out = openssl("asn1parse", "-inform", "DER", stdin=base64.b64decode(body))
    # RFC 9908 3.4: the template; 3.2: the extensions, for older clients
    contains(out, "1.2.840.113549.1.9.16.2.61", "1.2.840.113549.1.9.16.2.62",
             "Extension Request", "id-ecPublicKey", "prime256v1")
    status, body = curl(path="bound/csrattrs")
    out = openssl("asn1parse", "-inform", "DER", stdin=base64.b64decode(body))
    # RFC 7030 3.5: challengePassword asks for channel binding
    contains(out, "challengePassword")


def test_labels_select_profiles():
    equal(curl(path=LDEVID + "/cacerts")[0], 200)
    equal(curl(path="nobody/cacerts")[0], 404)
    equal(curl(path="tls-server/cacerts")[0], 404)  # not served over EST
    equal(curl(path="cacerts/cacerts")[0], 404)  # RFC 7030 3.2.2
    equal(curl(path="ol%64/cacerts")[0], 200)
    equal(curl("-X", "POST", path="fullcmc")[0], 501)


# ---- Enrolment

def enrol_by_curl(key, *args, path="simpleenroll"):
    write("csr.b64", key.body())
    return curl("-H", "Content-Type: application/pkcs10", "--data-binary",
                "@csr.b64", *args, path=path)


def test_curl_enrols_with_basic():
    # RFC 7030 4.2.1, 3.2.3
    key = key_of("basic")
    status, body = enrol_by_curl(key, "-u", ":".join(token_of("basic")))
    equal(status, 200, body)
    contains(verified(pem_of_certs_only(body)), "SN-basic")


def test_curl_enrols_with_a_bearer_token():
    key = key_of("bearer")
    status, body = enrol_by_curl(
        key, "-H", "Authorization: Bearer " + token_of("bearer")[1])
    equal(status, 200, body)
    contains(verified(pem_of_certs_only(body)), "SN-bearer")


def test_tls_1_2_and_1_3_both_serve():
    key = key_of("tls12")
    status, body = enrol_by_curl(key, "-u", ":".join(token_of("tls12")),
                                 "--tls-max", "1.2")
    equal(status, 200, body)
    equal(curl("--tlsv1.3", path="cacerts")[0], 200)
    equal(curl("--tls-max", "1.1", path="cacerts", check=False)[0], 0)


def test_every_answer_says_when_to_renew():
    s = world()
    answer = s.enrol(key_of("forms"), token=token_of("forms"))
    equal(answer.status, 200, repr(answer))
    equal(answer.headers["Content-Type"],
          "application/pkcs7-mime; smime-type=certs-only")
    holds(re.fullmatch(r"start=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, "
                       r"end=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                       answer.headers["Birthmark-Renewal"]), "the window")
    holds(answer.headers["Content-Transfer-Encoding"] is None, "RFC 8951")


def test_bodies_of_all_makes_are_taken():
    # RFC 8951 3.1: with white space or without; and PEM, DER, chunks
    s = world()
    head = {"Content-Type": "application/pkcs10",
            "Content-Transfer-Encoding": "binary"}
    for name, body in (
            ("pem", lambda key: read(key.csr)),
            ("der", lambda key: base64.b64decode(key.body())),
            ("chunked", lambda key: iter([b" ", key.body()[:100], b"\r\n",
                                          key.body()[100:]]))):
        both = ":".join(token_of(name)).encode()
        head["Authorization"] = "Basic " + base64.b64encode(both).decode()
        answer = s.ask("POST", "/.well-known/est/simpleenroll",
                       body(key_of(name)), head)
        equal(answer.status, 200, repr(answer))


def test_a_token_is_spent_by_binding_it_to_one_key():
    s = world()
    one, two = key_of("once"), key_of("once-more", "once")
    first = s.enrol(one, token=token_of("once"))
    equal(first.status, 200, repr(first))
    again = s.enrol(one, token=token_of("once"))
    equal(again.status, 200, repr(again))
    equal(again.body, first.body)  # the reply got lost
    other = s.enrol(two, token=token_of("once"))
    equal(other.status, 401, repr(other))
    equal(other.headers["WWW-Authenticate"], 'Basic realm="estrealm"')
    holds(token_of("once")[1] not in s.words(), "a token never logged")


def test_a_token_is_good_for_its_device_and_profile_alone():
    s = world()
    secret = token_of("plain")[1]
    equal(s.enrol(key_of("x1", "other"), token=("SN-other", secret)).status,
          401)
    equal(s.enrol(key_of("x2", "plain"), "short", token=("SN-plain", secret))
          .status, 401)
    equal(s.enrol(key_of("x3", "plain"), token=("SN-plain", "A" * 32)).status,
          401)
    holds(s.enrol(key_of("x4", "other"), token=("SN-plain", secret)).status
          in (400, 403), "a request for another device")
    equal(s.enrol(key_of("x5", "plain"), token=("SN-plain", secret)).status,
          200)


def test_who_shows_nothing_is_asked_for_something():
    # libest waits for the challenge
    s = world()
    answer = s.enrol(key_of("nobody"))
    equal(answer.status, 401)
    equal(answer.headers["WWW-Authenticate"], 'Basic realm="estrealm"')


def test_a_label_has_the_form_that_its_clients_need():
    s = world()
    answer = s.enrol(key_of("labelled"), "old", token_of("labelled"))
    equal(answer.status, 200, repr(answer))
    equal(answer.headers["Content-Transfer-Encoding"], "base64")
    equal(max(len(line) for line in answer.body.split(b"\n")), 64)
    out = openssl("pkcs7", "-inform", "DER", "-print_certs", "-noout",
                  stdin=base64.b64decode(answer.body))
    equal(out.count("subject="), 2)  # with the CA above


# ---- Renewal

def test_a_renewal_is_confirmed_by_its_use():
    s = world()
    old = enrolled("renewed", "early")
    new = key_of("renewed-2", "renewed")
    first = s.enrol(new, "early", cert=old.pair(), operation="simplereenroll")
    equal(first.status, 200, repr(first))
    again = s.enrol(new, "early", cert=old.pair(), operation="simplereenroll")
    equal(again.body, first.body)  # a lost reply is no clone
    new.put(pem_of_certs_only(first.body))
    # The first authenticated request, whatever it is.
    equal(s.ask("GET", "/.well-known/est/cacerts", cert=new.pair()).status,
          200)
    fork = s.enrol(key_of("renewed-3", "renewed"), "early", cert=old.pair(),
                   operation="simplereenroll")
    equal(fork.status, 403, repr(fork))
    # What is for everybody is for a holder of an old certificate, too.
    equal(s.ask("GET", "/.well-known/est/cacerts", cert=old.pair()).status,
          200)
    later = s.enrol(key_of("renewed-4", "renewed"), "early", cert=new.pair(),
                    operation="simplereenroll")
    equal(later.status, 200, repr(later))


def test_a_kept_connection_is_judged_at_each_request():
    s = world()
    old = enrolled("lost", "early")
    over = s.connect(cert=old.pair())
    new = key_of("lost-2", "lost")
    first = s.enrol(new, "early", over=over, operation="simplereenroll")
    equal(first.status, 200, repr(first))
    new.put(pem_of_certs_only(first.body))
    equal(s.ask("GET", "/.well-known/est/csrattrs", cert=new.pair()).status,
          200)
    answer = s.enrol(key_of("lost-3", "lost"), "early", over=over,
                     operation="simplereenroll")
    equal(answer.status, 403, repr(answer))
    over.close()


def end_of(cert):
    out = openssl("x509", "-noout", "-enddate", "-in", cert)
    return ssl.cert_time_to_seconds(out.strip().split("=")[1])


def test_an_expired_certificate_renews_within_the_grace_and_nothing_else():
    s = world()
    short, strict = enrolled("short", "short"), enrolled("strict", "strict")
    new = key_of("short-2", "short")

    def refused(key, label, operation):
        return s.enrol(key, label, cert=short.pair(),
                       operation=operation).status == 403
    # Asked before, simpleenroll would renew it.
    wait_until("it has expired",
               lambda: time.time() > end_of(strict.cert) + 1)
    holds(refused(key_of("short-3", "short"), "short", "simpleenroll"),
          "an expired certificate")
    answer = s.enrol(new, "short", cert=short.pair(),
                     operation="simplereenroll")
    equal(answer.status, 200, repr(answer))
    equal(s.enrol(key_of("strict-2", "strict"), "strict", cert=strict.pair(),
                  operation="simplereenroll").status, 403)


def test_a_certificate_of_somebody_else_entitles_to_nothing():
    s = world()
    stranger = key_of("stranger", "basic")
    openssl("req", "-x509", "-key", stranger.key, "-subj",
            "/serialNumber=SN-basic", "-out", stranger.cert)
    for operation in ("simpleenroll", "simplereenroll"):
        equal(s.enrol(key_of("stolen", "basic"), cert=stranger.pair(),
                      operation=operation).status, 403)
    equal(s.ask("GET", "/.well-known/est/cacerts", cert=stranger.pair())
          .status, 200)


def test_a_device_asks_about_its_certificate():
    s = world()
    device = enrolled("asks", "early")

    def ask(what, key=device):
        return s.ask("GET", "/device/v1/" + what, cert=key.pair())
    answer = ask("status")
    window = ask("renewal").json()
    holds(window["start"] < window["end"] < "9999", "a window")
    equal(answer.headers["Cache-Control"], "no-store")
    equal(answer.headers["Birthmark-Renewal"],
          "start=%s, end=%s" % (window["start"], window["end"]))
    standing = answer.json()
    equal(standing["status"], "good")
    equal(standing["device"], {"name": "SN-asks", "state": "active"})
    equal(standing["certificate"]["serial_number"],
          serial_of(read(device.cert).decode()))
    equal(standing["certificate"]["status"], "valid")
    equal(standing["renewal"], window)
    new = key_of("asks-2", "asks")
    answer = s.enrol(new, "early", cert=device.pair(),
                     operation="simplereenroll")
    equal(answer.headers["Birthmark-Renewal"].split("=")[0], "start")
    new.put(pem_of_certs_only(answer.body))
    equal(ask("status").status, 200)  # until the new one is seen
    equal(ask("status", new).status, 200)
    equal(ask("status").status, 403)
    equal(s.ask("POST", "/device/v1/status", cert=new.pair()).status, 405)


def test_a_device_renews_early_when_it_is_asked_to():
    s = world()
    device = enrolled("bidden", LDEVID)
    new = key_of("bidden-2", "bidden")

    def window(key):
        return s.ask("GET", "/device/v1/renewal", cert=key.pair()).json()

    def renew(key, old):
        return s.enrol(key, cert=old.pair(), operation="simplereenroll")
    before = window(device)
    equal(renew(new, device).status, 403)  # not yet
    equal(s.api("POST", "/devices/nobody/renewal", {}).status, 404)
    now = time.time()
    equal(s.api("POST", "/devices/SN-bidden/renewal", {}).status, 200)
    after = window(device)
    holds(after["start"] < after["end"] < before["start"], repr(after))
    start = calendar.timegm(time.strptime(after["start"],
                                          "%Y-%m-%dT%H:%M:%SZ"))
    holds(int(now) <= start <= time.time(), repr(after))
    wait_until("another second", lambda: time.time() >= start + 1)
    answer = renew(new, device)
    equal(answer.status, 200, repr(answer))
    new.put(pem_of_certs_only(answer.body))
    holds(window(new)["start"] > after["end"], "as any other")
    equal(renew(key_of("bidden-3", "bidden"), new).status, 403)


def test_a_device_asks_what_time_it_is():
    s = world()
    device = enrolled("clock", LDEVID)
    nonce = "00112233445566778899AaBbCcDdEeFf"

    def ask(query, key=device, method="GET"):
        return s.ask(method, "/device/v1/time" + query,
                     cert=key.pair() if key else None)
    before = int(time.time())
    answer = ask("?nonce=" + nonce)
    equal(answer.status, 200, repr(answer))
    equal(answer.headers["Cache-Control"], "no-store")
    equal(sorted(answer.json()), ["nonce", "time"])
    equal(answer.json()["nonce"], nonce.lower())
    holds(before <= answer.json()["time"] <= time.time(), repr(answer))
    equal(ask("?other=1&nonce=" + nonce).status, 200)
    for wrong in ("", "?nonce=", "?nonce=00112233445566", "?nonce=" + 66 * "0",
                  "?nonce=" + nonce + "0", "?nonce=zz112233445566778899",
                  "?nonces=" + nonce):
        equal(ask(wrong).status, 400, wrong)
    equal(ask("?nonce=" + nonce, None).status, 403)
    equal(ask("?nonce=" + nonce, method="POST").status, 405)
    # The time is for those, too, whose certificate is good for nothing else.
    serial = serial_of(read(device.cert).decode())
    equal(s.api("POST", "/certificates/%s/revocation" % serial,
                {"reason": "superseded"}).status, 200)
    equal(ask("?nonce=" + nonce).status, 200)


# ---- Channel binding (RFC 7030 3.5)

CONFIG = """\
[req]
prompt = no
distinguished_name = dn
attributes = more
[dn]
serialNumber = %s
[more]
challengePassword = %s
"""


def bound_csr(key, device, binding):
    """The body of a request with this challengePassword."""
    config = write("bound.cnf", CONFIG % (
        "SN-" + device, base64.b64encode(binding).decode()))
    openssl("req", "-new", "-key", key.key, "-config", config, "-out", key.csr)
    return key.body()


def post_over(connection, body, device, label=""):
    both = base64.b64encode(":".join(token_of(device)).encode()).decode()
    connection.request("POST", "/.well-known/est/%ssimpleenroll" % label, body,
                       {"Content-Type": "application/pkcs10",
                        "Authorization": "Basic " + both})
    r = connection.getresponse()
    return r.status, r.read().decode()


def test_tls_1_2_binds_by_tls_unique():
    s = world()
    key = key_of("unique")
    over = s.connect(context=s.tls(version=ssl.TLSVersion.TLSv1_2))
    over.connect()
    binding = over.sock.get_channel_binding("tls-unique")
    status, words = post_over(over, bound_csr(key, "unique", b"x" * 12),
                              "unique")
    equal(status, 400)
    contains(words, "RFC 7030 3.5", "proxy")  # with its usual cause
    status, words = post_over(over, bound_csr(key, "unique", binding),
                              "unique")
    equal(status, 200, words)
    over.close()


class Client13:
    """openssl s_client, which tells what its connection exports."""

    def __init__(self, port):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
             "-tls1_3", "-CAfile", world().root, "-ign_eof",
             "-keymatexport", "EXPORTER-Channel-Binding",
             "-keymatexportlen", "32"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.binding = bytes.fromhex(self.find(r"Keying material: (\w+)"))

    def find(self, pattern):
        text = ""
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace")
            found = re.search(pattern, text)
            if found:
                return found.group(1)
        raise AssertionError("s_client did not say " + pattern)

    def post(self, body, device, label):
        both = base64.b64encode(":".join(token_of(device)).encode())
        self.process.stdin.write(
            b"POST /.well-known/est/%s/simpleenroll HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/pkcs10\r\nConnection: close\r\n"
            b"Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s" % (
                label.encode(), both, len(body), body))
        self.process.stdin.flush()
        return int(self.find(r"HTTP/1.1 (\d+)"))

    def close(self):
        self.process.kill()
        self.process.communicate()


def test_tls_1_3_binds_by_its_exporter():
    # RFC 9266
    s = world()
    key = key_of("exporter")
    client = Client13(s.ports["devices"])
    try:
        body = bound_csr(key, "exporter", client.binding)
        equal(client.post(body, "exporter", "bound"), 200)
    finally:
        client.close()
    client = Client13(s.ports["devices"])
    try:
        # A request that was made for an earlier connection.
        equal(client.post(body, "exporter", "bound"), 400)
    finally:
        client.close()


def test_a_label_can_demand_binding():
    answer = world().enrol(key_of("unbound"), "bound", token_of("unbound"))
    equal(answer.status, 400, repr(answer))
    contains(answer.body.decode(), "RFC 7030 3.5", "missing")


# ---- serverkeygen (RFC 7030 4.4)

def parts_of(answer):
    """[(type, octets)] of a multipart body."""
    boundary = re.search("boundary=(.*)", answer.headers["Content-Type"])[1]
    found = []
    for part in answer.body.decode().split("--" + boundary)[1:-1]:
        head, _, body = part.strip().partition("\r\n\r\n")
        contains(head, "Content-Transfer-Encoding: base64")
        found.append((re.search("Content-Type: (.*?)\r", head + "\r")[1],
                      base64.b64decode(body)))
    return found


def public_of_key(der):
    return openssl("pkey", "-inform", "DER", "-pubout", stdin=der)


def public_of_cert(p7):
    pem = pem_of_certs_only(base64.b64encode(p7))
    return openssl("x509", "-noout", "-pubkey", stdin=pem.encode())


def test_a_key_is_made_where_the_profile_allows_it():
    s = world()
    answer = s.enrol(key_of("made"), "keygen", token_of("made"),
                     operation="serverkeygen")
    equal(answer.status, 200, repr(answer))
    (kind, key), (other, certs) = parts_of(answer)
    equal(kind, "application/pkcs8")
    equal(other, "application/pkcs7-mime; smime-type=certs-only")
    equal(public_of_key(key), public_of_cert(certs))
    equal(s.enrol(key_of("plain"), token=token_of("plain"),
                  operation="serverkeygen").status, 404)


def with_attribute(key, oid, octets):
    """The body of a request with an attribute of one OCTET STRING; its
    signature is broken by that, which serverkeygen does not look at."""
    csr = base64.b64decode(key.body())
    tbs_at = csr.index(b"\x30", 2)
    attribute = service.der(0x30, oid, service.der(0x31, service.der(
        4, octets)))
    out = openssl("asn1parse", "-inform", "DER", stdin=csr)
    rows = re.findall(r"^ *(\d+):d=(\d+) +hl=(\d+) +l= *(\d+)", out, re.M)
    rows = [tuple(int(n) for n in row) for row in rows]
    tbs = next(row for row in rows if row[1] == 1)
    last = [row for row in rows if row[1] == 2 and row[0] < tbs[0] + tbs[2] +
            tbs[3]][-1]
    equal(csr[last[0]], 0xa0)
    inside = csr[last[0] + last[2]:last[0] + last[2] + last[3]]
    body = csr[tbs_at + tbs[2]:last[0]] + service.der(
        0xa0, inside + attribute)
    rest = csr[tbs[0] + tbs[2] + tbs[3]:]
    return base64.b64encode(service.der(0x30, service.der(0x30, body) + rest))


DECRYPT_KEY = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x25"
ASYMMETRIC = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x36"


def keygen(body, device, cert=None):
    both = base64.b64encode(":".join(token_of(device)).encode()).decode()
    return world().ask("POST", "/.well-known/est/keygen/serverkeygen", body,
                       {"Content-Type": "application/pkcs10",
                        "Authorization": "Basic " + both}, cert=cert)


def key_identifier(cert):
    out = openssl("x509", "-noout", "-ocspid", "-in", cert)
    return bytes.fromhex(re.search(r"Public key OCSP hash: (\w+)", out)[1])


def test_a_key_travels_encrypted_where_that_is_asked_for():
    # RFC 7030 4.4.1.2, 4.4.2: EnvelopedData around SignedData
    holder = enrolled("holder", "keygen")
    csr = with_attribute(key_of("sealed"), ASYMMETRIC,
                         key_identifier(holder.cert))
    answer = keygen(csr, "sealed", holder.pair())
    equal(answer.status, 200, repr(answer))
    (kind, key), (_, certs) = parts_of(answer)
    equal(kind, "application/pkcs7-mime; smime-type=server-generated-key")
    write("sealed.der", key)
    openssl("cms", "-decrypt", "-inform", "DER", "-in", "sealed.der", "-recip",
            holder.cert, "-inkey", holder.key, "-binary", "-out", "signed.der")
    signed = service.der(
        0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
        service.der(0xa0, read("signed.der")))
    write("signed.cms", signed)
    openssl("cms", "-verify", "-inform", "DER", "-in", "signed.cms", "-binary",
            "-CAfile", world().root, "-purpose", "any", "-out", "package.der")
    package = read("package.der")  # SEQUENCE OF one OneAsymmetricKey
    at = package.index(b"\x30", 1)
    equal(public_of_key(package[at:]), public_of_cert(certs))


def test_a_key_is_never_less_protected_than_asked_for():
    # RFC 7030 4.4.1.1, 4.4.1.2: an error
    holder = enrolled("swan")
    csr = with_attribute(key_of("symmetric"), DECRYPT_KEY, b"k")
    answer = keygen(csr, "symmetric")
    equal(answer.status, 400, repr(answer))
    contains(answer.body.decode(), "RFC 7030 4.4.1")
    csr = with_attribute(key_of("symmetric"), ASYMMETRIC, b"nobody")
    equal(keygen(csr, "symmetric").status, 400)
    equal(keygen(csr, "symmetric", holder.pair()).status, 400)
    # its key may sign, and nothing else
    csr = with_attribute(key_of("symmetric"), ASYMMETRIC,
                         key_identifier(holder.cert))
    equal(keygen(csr, "symmetric", holder.pair()).status, 400)


# ---- strongSwan

def test_strongswan_enrols_and_renews():
    have("pki")
    s = world()
    base = "https://127.0.0.1:%d" % s.ports["devices"]
    run("pki", "--estca", "--url", base, "--cacert", s.root, "--caout",
        "swan-ca", "--outform", "pem", "--force")
    holds([f for f in os.listdir(".") if f.startswith("swan-ca")], "CAs")
    key = key_of("other")
    device, secret = token_of("other")
    out = run("pki", "--est", "--url", base + "/early", "--in", key.csr, "--cacert",
              s.root, "--cacert", s.issuing, "--userpass",
              device + ":" + secret, "--outform", "pem")[1]
    key.put(out)
    contains(verified(out), "SN-other")
    new = key_of("other-2", "other")
    out = run("pki", "--est", "--url", base + "/early", "--in", new.csr, "--cacert",
              s.root, "--cacert", s.issuing, "--cert", key.cert, "--key",
              key.key, "--outform", "pem")[1]
    contains(verified(out), "SN-other")
    holds(serial_of(out) != serial_of(read(key.cert).decode()), "a new one")


# ---- The rest

def test_what_waits_for_approval_is_answered_with_202():
    # RFC 7030 4.2.3: 202 with Retry-After; the client comes again with the
    # same key, and a request that it may have made anew
    s = world()
    key = key_of("approved")
    answer = s.enrol(key, "approved", token_of("approved"))
    equal(answer.status, 202, repr(answer))
    holds(int(answer.headers["Retry-After"]) > 0, "Retry-After")
    equal(s.enrol(key, "approved", token_of("approved")).status, 202)
    rows = s.api("GET", "/requests").json()["items"]
    row = next(row for row in rows if row["device"] == "SN-approved")
    # Whoever made the token is behind the request: somebody else decides.
    second = Key(".", "second", "/CN=second")
    made = s.api("POST", "/operators", {
        "id": "second", "roles": ["registrar"],
        "csr": read(second.csr).decode()}).json()
    second.put(made["pem"] + "".join(made["chain"]))
    approved = s.api("POST", "/requests/%d/approval" % row["id"], {},
                     cert=second.pair())
    equal(approved.status, 200, repr(approved))
    openssl("req", "-new", "-key", key.key, "-subj",
            "/serialNumber=SN-approved", "-out", key.csr)
    answer = s.enrol(key, "approved", token_of("approved"))
    equal(answer.status, 200, repr(answer))


def test_what_was_issued_is_on_record():
    s = world()
    equal(s.stop(), 0)
    s.verify_ledger()
    words = s.words()
    for _, secret in WORLD["tokens"].values():
        holds(secret not in words, "tokens are never logged")
    out = s.birthmark("device", "events", "--dir", s.dir, "--device",
                      "SN-renewed")[1]
    contains(out, "fork")


if __name__ == "__main__":
    service.main()
