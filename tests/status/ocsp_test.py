#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Status of certificates, asked for by OpenSSL, GnuTLS and curl.

    ocsp_test.py BIRTHMARK BIRTHMARKD
"""
import base64
import os
import re
import signal
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "service"))

import service  # noqa: E402
from service import (Key, Service, contains, der, der_integer, equal, have,
                     holds, listening, openssl, read, run, serial_of,
                     wait_until, write)  # noqa: E402

# The least that birthmark.yaml takes: an answer is kept for half of it.
LIFETIME = 60
# publisher.c: what one address may ask of the status signer at once.
ADDRESS_BURST = 200

STATUS = {0: "successful", 1: "malformed", 2: "internal", 3: "later",
          5: "signature", 6: "unauthorized"}
TYPE = {"Content-Type": "application/ocsp-request"}
WORLD = []


class World:
    """Made once: a certificate that is good, one that is revoked, one on
    hold, one to be revoked while it runs, and another CA."""

    def __init__(self):
        self.svc = Service(ocsp_lifetime="%ds" % LIFETIME)
        self.cert = {}
        self.serial = {}
        for name in ("good", "revoked", "held", "later"):
            key = Key(".", name, "/serialNumber=SN-" + name)
            self.svc.issue("ieee-802.1ar-idevid", key)
            write(key.cert, openssl("x509", "-in", key.cert))
            self.cert[name] = key.cert
            self.serial[name] = serial_of(read(key.cert).decode())
        self.revoke("revoked", "keyCompromise")
        self.revoke("held", "certificateHold")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key",
                "-subj", "/CN=Another CA", "-out", "other.pem")
        self.svc.start(wait=False)
        wait_until("the publisher listens",
                   lambda: listening(self.svc.ports["public"]))
        self.like = self.svc.ocsp_request("%032x" % (1 << 120))
        self.url = "http://127.0.0.1:%d/ocsp" % self.svc.ports["public"]
        wait_until("all rooms are up", lambda: self.svc.public(
            "GET", "/healthz").status == 200)

    def revoke(self, name, reason):
        self.svc.birthmark("cert", "revoke", "--dir", self.svc.dir,
                           "--reason", reason, self.serial[name])

    def never_issued(self, i):
        """A request about a serial number of that kind."""
        return self.like.replace((1 << 120).to_bytes(16, "big"),
                                 ((1 << 120) + i).to_bytes(16, "big"))

    def ask(self, body, source=None):
        """POST; the Answer with `ocsp`, its responseStatus."""
        answer = self.svc.public("POST", "/ocsp", body, TYPE, source)
        equal(answer.status, 200, answer)
        equal(answer.headers["Content-Type"], "application/ocsp-response")
        answer.ocsp = STATUS[answer.body[answer.body.index(b"\x0a\x01") + 2]]
        return answer


def world():
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


def nonce_request(request, number):
    """The same with a nonce (RFC 9654)."""
    inner = request[2:]
    equal(request[0:1] + bytes([len(inner)]), request[0:2], "short form")
    extension = der(0x30, der(6, bytes.fromhex("2b0601050507300102")),
                    der(4, der(4, number.to_bytes(16, "big"))))
    return der(0x30, der(0x30, inner[2:], der(0xa2, der(0x30, extension))))


def several(requests):
    """One request with the CertIDs of all."""
    one = b"".join(der(0x30, r[2 + 2 + 2 + 2:]) for r in requests)
    return der(0x30, der(0x30, der(0x30, one)))


def test_openssl_hears_what_is_so():
    w = world()
    for more in ([], ["-no_nonce"], ["-no_nonce"], ["-sha256"]):
        hashes = [m for m in more if m == "-sha256"]
        rest = [m for m in more if m != "-sha256"]
        for name, words in (("good", "good"), ("revoked", "keyCompromise"),
                            ("held", "certificateHold")):
            _, out, err = run("openssl", "ocsp", *hashes, "-issuer",
                              w.svc.issuing, "-cert", w.cert[name], "-url",
                              w.url, "-CAfile", w.svc.root, "-verify_other",
                              w.svc.issuing, *rest)
            contains(out + err, "Response verify OK", words)
            holds("WARNING: no nonce" not in out + err, "a nonce is repeated")


def test_openssl_hears_that_a_serial_was_never_issued():
    w = world()
    _, out, err = run("openssl", "ocsp", "-issuer", w.svc.issuing, "-serial",
                      "0x1234", "-url", w.url, "-CAfile", w.svc.root,
                      "-verify_other", w.svc.issuing)
    contains(out + err, "Response verify OK", "0x1234: unknown")


def test_another_ca_is_not_ours_to_answer_for():
    w = world()
    _, out, err = run("openssl", "ocsp", "-issuer", "other.pem", "-serial",
                      "1", "-url", w.url, check=False)
    contains(out + err, "unauthorized")


def test_gnutls_hears_what_is_so():
    have("ocsptool")
    w = world()
    for nonce in ("--nonce", "--no-nonce"):
        for name, words in (("good", "good"), ("revoked", "revoked"),
                            ("held", "revoked")):
            _, out, err = run("ocsptool", "--ask=" + w.url, nonce,
                              "--load-cert", w.cert[name], "--load-issuer",
                              w.svc.issuing, "--load-trust", w.svc.issuing,
                              check=False)
            contains(out + err, "Verifying OCSP Response: Success",
                     "Certificate Status: " + words)


def test_curl_gets_it_however_it_writes_the_path():
    """RFC 6960 A.1.1, and what clients make of it."""
    have("curl")
    w = world()
    text = base64.b64encode(w.svc.ocsp_request(w.serial["good"])).decode()
    quoted = urllib.parse.quote(text, safe="")
    answers = set()
    for path in (quoted, "/" + quoted, quoted.replace("%2F", "/"), text,
                 "/" + text, text.rstrip("=")):
        run("curl", "-sf", "--path-as-is", "-o", "answer.der",
            w.url + "/" + path)
        answers.add(read("answer.der"))
        out = openssl("ocsp", "-respin", "answer.der", "-issuer",
                      w.svc.issuing, "-cert", w.cert["good"], "-CAfile",
                      w.svc.root, "-verify_other", w.svc.issuing)
        contains(out, "good.pem: good")
    equal(len(answers), 1, "answers to the same question")


def test_the_headers_are_those_of_rfc_9919():
    w = world()
    text = base64.b64encode(w.svc.ocsp_request(w.serial["good"])).decode()
    path = "/ocsp/" + urllib.parse.quote(text, safe="")
    answer = w.svc.public("GET", path)
    equal(answer.status, 200)
    age = re.match(r"max-age=(\d+), public, no-transform, must-revalidate$",
                   answer.headers["Cache-Control"])
    holds(age and 0 < int(age.group(1)) <= LIFETIME / 2,
          answer.headers["Cache-Control"])
    out = openssl("dgst", "-sha256", "-r", stdin=answer.body)
    equal(answer.headers["ETag"], '"%s"' % out.split()[0])
    for header in ("Date", "Last-Modified", "Expires"):
        holds(answer.headers[header].endswith(" GMT"), header)
    again = w.svc.public("GET", path, None,
                         {"If-None-Match": answer.headers["ETag"]})
    equal((again.status, again.body), (304, b""))
    head = w.svc.public("HEAD", path)
    equal((head.status, head.body), (200, b""))
    equal(head.headers["Content-Length"], str(len(answer.body)))


def test_a_nonce_is_answered_for_one_alone():
    w = world()
    answer = w.ask(nonce_request(w.svc.ocsp_request(w.serial["good"]), 7))
    equal(answer.ocsp, "successful")
    holds((7).to_bytes(16, "big") in answer.body, "the nonce is repeated")
    contains(answer.headers["Cache-Control"], "private", "max-age=0")
    # RFC 9919 7.2 MUST NOT
    holds("no-store" not in answer.headers["Cache-Control"], "no-store")


def test_what_is_no_request_is_refused():
    w = world()
    for body in (b"", b"x", b"\x30\x03\x0a\x01\x00", b"\x30" * 3000):
        answer = w.ask(body)
        equal(answer.ocsp, "malformed")
        equal(answer.headers["Cache-Control"], "no-store")
    answer = w.svc.public("GET", "/ocsp/AAAA")
    equal((answer.status, answer.body), (200, b"\x30\x03\x0a\x01\x01"))
    equal(w.svc.public("GET", "/ocsp/").status, 400)
    equal(w.svc.public("POST", "/ocsp", b"x",
                       {"Content-Type": "text/plain"}).status, 415)
    equal(w.svc.public("PUT", "/ocsp", b"x", TYPE).status, 405)
    holds(w.svc.public("POST", "/ocsp", b"x" * 20000, TYPE).status == 413,
          "a body without end")


def test_several_are_answered_at_once():
    w = world()
    answer = w.ask(several([w.svc.ocsp_request(w.serial[name])
                            for name in ("good", "revoked", "held")]))
    equal(answer.ocsp, "successful")
    for name in ("good", "revoked", "held"):
        contains(answer.body, der_integer(bytes.fromhex(w.serial[name])))


def later_among(answers):
    return sum(1 for a in answers if a.ocsp == "later")


def test_a_flood_of_nonces_gets_what_is_kept():
    w = world()
    request = w.svc.ocsp_request(w.serial["good"])
    w.ask(request)
    source = "127.0.0.2"
    answers = [w.ask(nonce_request(request, i), source)
               for i in range(3 * ADDRESS_BURST)]
    for answer in answers:
        equal(answer.ocsp, "successful")
    shared = [a for a in answers if "public" in a.headers["Cache-Control"]]
    holds(shared, "nobody got what is kept")
    holds(len(answers) - len(shared) >= ADDRESS_BURST,
          "the budget is not the one that is promised")
    # What is not kept, and what cannot be: later. Others do not notice.
    wait_until("a request of several is put off", lambda: w.ask(several(
        [request] * 40), source).ocsp == "later")
    answer = w.ask(nonce_request(request, 1), "127.0.0.3")
    contains(answer.headers["Cache-Control"], "private")


def test_a_flood_of_serials_that_do_not_exist_is_put_off():
    w = world()
    source = "127.0.0.4"
    answers = [w.ask(w.never_issued(i), source)
               for i in range(3 * ADDRESS_BURST)]
    holds(later_among(answers) > 0, "no budget was met")
    equal(w.svc.ocsp(w.serial["good"], source=source), "good")
    equal(w.ask(w.never_issued(10000), "127.0.0.5").ocsp, "successful")


def test_the_status_signer_dies_and_comes_back():
    w = world()
    equal(w.svc.ocsp(w.serial["good"]), "good")
    pid = w.svc.rooms()["status"][0]
    os.kill(pid, signal.SIGSTOP)  # it takes requests, and answers none
    try:
        equal(w.svc.ocsp(w.serial["good"]), "good")
        equal(w.ask(w.never_issued(20000)).ocsp, "later")
    finally:
        os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGKILL)
    equal(w.svc.ocsp(w.serial["good"]), "good")
    wait_until("another one answers", lambda: w.ask(
        w.never_issued(20000)).ocsp == "successful")
    holds(w.svc.rooms()["status"] != [pid], "it is another one")


def test_a_revocation_comes_through():
    w = world()
    equal(w.svc.ocsp(w.serial["later"]), "good")
    answer = w.svc.api("POST", "/certificates/%s/revocation" %
                       w.serial["later"], {"reason": "superseded"})
    holds(answer.status in (200, 201), answer)
    began = time.monotonic()
    wait_until("it is revoked",
               lambda: w.svc.ocsp(w.serial["later"]) == "revoked")
    print("# after %.1f s" % (time.monotonic() - began))


def test_the_service_stops():
    w = world()
    equal(w.svc.stop(), 0, "exit code")


if __name__ == "__main__":
    try:
        service.main()
    finally:
        for made in WORLD:
            made.svc.__exit__(None, None, None)
