#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CAs and roots are replaced, and devices that know only the old ones, or only
the new ones, go on verifying each other.

rollover_test.py BIRTHMARK BIRTHMARKD
"""
import base64
import os
import re
import sys

import onsite
from onsite import cas, installed, link, make_root, sign, verifies, verify

import cli
from cli import contains, equal, openssl, read, run, write
from direct import crl, issue, objects, ok, refused

sys.path.insert(0, os.path.join(onsite.TESTS, "service"))
from service import Service


def serials(pem):
    """Of all certificates in a PEM text: {subject and issuer} by order."""
    blocks = re.findall("-----BEGIN.*?-----END CERTIFICATE-----\n", pem, re.S)
    return [openssl("x509", "-noout", "-fingerprint", "-sha256",
                    stdin=b.encode()).decode().strip() for b in blocks]


def fingerprint(path):
    return openssl("x509", "-in", path, "-noout", "-fingerprint",
                   "-sha256").decode().strip()


def cacerts(service):
    """What EST hands out as trusted (RFC 7030 4.1.3)."""
    answer = service.ask("GET", "/.well-known/est/cacerts")
    equal(answer.status, 200)
    out = openssl("pkcs7", "-inform", "DER", "-print_certs",
                  stdin=base64.b64decode(answer.body)).decode()
    return sorted(serials(out))


def test_a_ca_is_replaced():
    where = installed("site", make_root("old"))
    first = issue(where, "d1")
    out, _ = ok("ca", "rollover", "--dir", where, "issuing")
    equal(out, "site/ca/issuing-2.csr\n")
    refused("issuing-2 waits", "ca", "rollover", "--dir", where, "issuing",
            code=3)
    issue(where, "d2")
    equal(cas(where)["issuing-2"]["status"], "waiting")
    ok("ca", "request", "--dir", where, "issuing-2", "--out", "i2.csr")
    contains(openssl("req", "-in", "i2.csr", "-noout", "-subject").decode(),
             "CN = Acme Ltd Issuing CA 2")
    ok("ca", "install", "--dir", where, sign("old", "i2.csr", "i2.pem"))
    issue(where, "d3")
    verifies("old.pem", "d3.pem", where + "/ca/issuing-2.pem")
    verifies("old.pem", "d1.pem", where + "/ca/issuing.pem")
    equal([r["ca"] for r in objects("cert", "list", "--dir", where)
           if r["profile"].startswith("ieee")],
          ["issuing", "issuing", "issuing-2"])
    ok("cert", "revoke", "--dir", where, "--reason", "superseded", first)
    contains(crl(where), first)
    equal(first in crl(where, "issuing-2"), False)
    ok("ledger", "verify", "--dir", where)


def test_an_old_ca_signs_lists_alone():
    ok("ca", "retire", "--dir", "site", "issuing")
    refused("is retired", "ca", "retire", "--dir", "site", "issuing")
    refused("only one", "ca", "retire", "--dir", "site", "operations")
    equal(cas("site")["issuing"]["status"], "retired")
    issue("site", "d4")
    verifies("old.pem", "d4.pem", "site/ca/issuing-2.pem")
    number = cas("site")["issuing"]["crl"]["crl_number"]
    ok("ca", "crl", "--dir", "site", "issuing")
    equal(cas("site")["issuing"]["crl"]["crl_number"], number + 1)
    openssl("ocsp", "-issuer", "site/ca/issuing.pem", "-cert", "d1.pem",
            "-reqout", "o.req", "-no_nonce")
    ok("ca", "ocsp", "--dir", "site", "--request", "o.req", "--out", "o.resp")
    contains(openssl("ocsp", "-respin", "o.resp", "-issuer",
                     "site/ca/issuing.pem", "-cert", "d1.pem", "-CAfile",
                     "old.pem", "-verify_other", "site/ca/issuing.pem",
                     "-noverify").decode(), "d1.pem: revoked")
    ok("ledger", "verify", "--dir", "site")


def test_a_root_is_replaced():
    make_root("new", "/O=Acme Ltd/CN=Acme Ltd Root CA")
    files = [link("new", "old", "new-with-old.pem"),
             link("old", "new", "old-with-new.pem")]
    refused("issuing-3", "ca", "request", "--dir", "site", "issuing-3")
    ok("ca", "rollover", "--dir", "site", "issuing-2")
    ok("ca", "request", "--dir", "site", "issuing-3", "--out", "i3.csr")
    sign("new", "i3.csr", "i3.pem")
    # A root that nobody here has signed is nobody's.
    refused("signature does not verify", "ca", "install", "--dir", "site", "i3.pem", "new.pem")
    out, _ = ok("ca", "install", "--dir", "site", "i3.pem", "new.pem", *files)
    contains(out, "root          root-2", "link          link ",
             "link          link-2")
    rows = cas("site")
    equal(rows["issuing-3"]["parent"], "root-2")
    equal((rows["link"]["kind"], rows["root-2"]["kind"]), ("link", "root"))
    issue("site", "d5")
    # Old devices: their anchor is the old root. New ones know the new one.
    verifies("old.pem", "d5.pem", "site/ca/issuing-3.pem", "new-with-old.pem")
    verifies("new.pem", "d5.pem", "site/ca/issuing-3.pem")
    verifies("new.pem", "d4.pem", "site/ca/issuing-2.pem", "old-with-new.pem")
    verifies("old.pem", "d4.pem", "site/ca/issuing-2.pem")
    for anchor, cert, ca in (("old", "d5", "issuing-3"),
                             ("new", "d4", "issuing-2")):
        equal(verify(anchor + ".pem", cert + ".pem",
                     "site/ca/%s.pem" % ca)[0], False)
        ok("cert", "verify", "--anchor", anchor + ".pem", "--untrusted",
           "site/ca/%s.pem" % ca, "--untrusted", "new-with-old.pem",
           "--untrusted", "old-with-new.pem", cert + ".pem")
    ok("ledger", "verify", "--dir", "site")


def test_est_hands_out_old_with_new_and_new_with_old():
    want = [fingerprint(p) for p in (
        "old.pem", "new.pem", "old-with-new.pem", "new-with-old.pem",
        "site/ca/issuing-3.pem", "site/ca/issuing-2.pem")]
    with Service(name="site") as service:
        service.start()
        equal(cacerts(service), sorted(want))
        service.stop()
        ok("ca", "retire", "--dir", "site", "issuing-2")
        ok("ca", "retire", "--dir", "site", "root")
        service.start()
        equal(cacerts(service), sorted([fingerprint("new.pem"), fingerprint(
            "site/ca/issuing-3.pem")]))


if __name__ == "__main__":
    cli.main()
