#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two consortiums, each with a root, a server and devices of its own. Their
roots certify each other in ceremonies, within name constraints; each server
publishes what its root has said in its trust bundle, and with that a device of
one verifies a device of the other. Nothing beyond the constraints is believed,
and nothing any more once the cross-certificate is retired.

    consortium_test.py BIRTHMARK BIRTHMARKD
"""
import base64
import hashlib
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../service"), HERE]
# pylint: disable=wrong-import-position
import service
from bundles import (ACTIVE, ANCHORS, CROSS, DENIED, ENROL, STATUS, USES,
                     WITHDRAWN, item)
from service import (PROGRAM, Key, Service, contains, equal, holds, main,
                     openssl, pem_of_certs_only, read, run, wait_until, write)

# A device that speaks with its peers, by a DNS name.
PEER = """\
profile: peer
about: a device and its peers
ca: issuing
by: [operator, token, current]
device: { from: [serialNumber], identity: owner, one_active: true }
validity: { for: 30d, nested: true, backdate: 5m }
renewal: { before: 10d, grace: 1d }
keys: [p256]
subject:
  - { attribute: serialNumber, from: device }
subject_alt_name:
  critical: false
  names:
    - { kind: dns, from: request, pattern: "[a-z0-9.-]{1,63}" }
basic_constraints: { ca: false }
key_usage: [digitalSignature]
extended_key_usage: { purposes: [clientAuth, serverAuth] }
subject_key_id: none
authority_key_id: true
crl: true
ocsp: false
"""

CEREMONY = """\
ceremony: cross
title: %(us)s and %(them)s know each other
root:
  id: root
  key: { algorithm: p256, place: file }
  subject: [ { O: %(us)s }, { CN: %(us)s Root CA } ]
  validity: { until: "%(end)s" }
sign:
  - step: partner
    kind: cross
    certificate: partner.pem
    certificate_sha256: %(pin)s
    validity: { for: 5y }
    path_len: 1
    name_constraints:
      permitted:
        - { kind: dns, value: %(names)s }
crl: { lifetime: 400d }
"""

PEOPLE = ["--operator", "Olga", "--witness", "Walter", "--yes"]

class Side:
    """A consortium: `name`, its domain, its server, its cold root."""

    def __init__(self, name, domain):
        self.name, self.domain = name, domain
        run(PROGRAM, "init", name, "--org", name, "--host", "localhost",
            "--host", "127.0.0.1")
        write(name + "/profiles/peer.yaml", PEER)
        self.srv = Service(name=name, listeners=1)
        self.vault = name + "-vault"  # where the cold root is carried to
        shutil.move(name + "/root", self.vault)

    def ceremony(self, them):
        """Write what this root is to say of another one."""
        end = openssl("x509", "-in", self.srv.root, "-noout", "-enddate",
                      "-dateopt", "iso_8601").strip().split("=")[1]
        path = self.name + ".yaml"
        write(path, CEREMONY % {
            "us": self.name, "them": them.name, "names": them.domain,
            "end": end.replace(" ", "T"),
            "pin": hashlib.sha256(der_of(them.srv.root)).hexdigest()})
        return path

    def sign(self, them):
        """The answer of the ceremony: a cross-certificate."""
        stick = self.name + "-stick"
        os.makedirs(stick + "-out")
        os.makedirs(stick)
        shutil.copy(them.srv.root, stick + "/partner.pem")
        run(PROGRAM, "root", "sign", self.ceremony(them), "--dir", self.vault,
            "--in", stick, "--out", stick + "-out", *PEOPLE)
        self.cross = stick + "-out/partner.pem"

    def device(self, name, host):
        """Over EST, with a token: a key whose file has its certificate."""
        answer = self.srv.api("POST", "/tokens", {"profile": "peer",
                                                  "device": name})
        equal(answer.status, 201, repr(answer))
        key = Key(".", name, "/serialNumber=" + name, san="DNS:" + host)
        got = self.srv.enrol(key, "peer",
                             token=(name, answer.json()["secret"]))
        equal(got.status, 200, repr(got))
        return key.put(pem_of_certs_only(got.body))

    def bundle(self):
        """The cross-certificates of the bundle as everybody gets it, good
        under the root that devices have: PEM files."""
        answer = self.srv.public("GET", "/bundle")
        path = write(self.name + ".bundle", answer.body)
        run(PROGRAM, "bundle", "verify", "--root", self.srv.root, path)
        openssl("cms", "-verify", "-inform", "DER", "-in", path, "-CAfile",
                self.srv.root, "-purpose", "any", "-binary", "-out",
                self.name + ".cbor")
        return crosses(read(self.name + ".cbor"))


def der_of(pem):
    text = read(pem).decode()
    begin = text.index("-----BEGIN CERTIFICATE-----")
    body = text[begin:].split("-----")[2]
    return base64.b64decode("".join(body.split()))


def crosses(content):
    return item(content)[0][CROSS]


def anchors(side):
    """{certificate: (status, uses)} of the bundle that a side publishes."""
    side.bundle()
    listed = item(read(side.name + ".cbor"))[0][ANCHORS]
    return {a[1]: (a.get(STATUS, ACTIVE), a.get(USES, 14)) for a in listed}


def pem(der, path):
    return write(path, "-----BEGIN CERTIFICATE-----\n%s"
                 "-----END CERTIFICATE-----\n" %
                 base64.encodebytes(der).decode())


def believes(us, them, device, host):
    """What a device of `us` makes of one of `them`: it has its own root and
    bundle; the peer sends its certificate and what is above it, but the root.
    (exit code, words)"""
    pool = []
    for i, der in enumerate(us.bundle()):
        pool += ["--untrusted", pem(der, "%s-cross-%d.pem" % (us.name, i))]
    code, out, err = run(PROGRAM, "cert", "verify", "--anchor", us.srv.root,
                         "--untrusted", them.srv.issuing, *pool, "--purpose",
                         "clientAuth", "--host", host, device.cert,
                         check=False)
    return code, out + err


def test_two_consortiums_know_each_other_within_limits():
    north, south = Side("North", "north.example"), Side("South",
                                                        "south.example")
    with north.srv, south.srv:
        for side in (north, south):
            side.srv.start()
            side.peer = side.device(side.name + "-1", "a." + side.domain)
            side.stray = side.device(side.name + "-2", "a.elsewhere.example")
        # Strangers, so far.
        code, words = believes(north, south, south.peer, "a.south.example")
        equal(code, 1, words)
        for us, them in ((north, south), (south, north)):
            us.sign(them)
            us.srv.stop()
            # Theirs says nothing of ours; the root itself is not taken.
            code, out, err = run(PROGRAM, "ca", "install", "--dir", us.srv.dir,
                                 "--cross", them.srv.root, check=False)
            equal(code, 1, out + err)
            out = run(PROGRAM, "ca", "install", "--dir", us.srv.dir, "--cross",
                      us.cross)[1]
            contains(out, "link", "cross")
            us.srv.start()
        for us, them in ((north, south), (south, north)):
            wait_until("a bundle that tells", us.bundle)
            host = "a." + them.domain
            code, words = believes(us, them, them.peer, host)
            equal(code, 0, words)
            # Not beyond the constraints, and not without the bundle.
            code, words = believes(us, them, them.stray, "a.elsewhere.example")
            equal(code, 1, words)
            contains(words, "permitted subtree")
            holds(run(PROGRAM, "cert", "verify", "--anchor", us.srv.root,
                      "--untrusted", them.srv.issuing, them.peer.cert,
                      check=False)[0] == 1, "it takes the bundle")
            # OpenSSL agrees.
            equal(openssl("verify", "-x509_strict", "-CAfile", us.srv.root,
                          "-untrusted", them.srv.issuing, "-untrusted",
                          us.cross, them.peer.cert),
                  them.peer.cert + ": OK\n")
        # One side has enough: what it took is not told any more.
        north.srv.stop()
        run(PROGRAM, "ca", "retire", "--dir", north.srv.dir, "cross")
        north.srv.start()
        wait_until("a bundle without it", lambda: not north.bundle())
        code, words = believes(north, south, south.peer, "a.south.example")
        equal(code, 1, words)
        code, words = believes(south, north, north.peer, "a.north.example")
        equal(code, 0, words)
        for side in (north, south):
            side.srv.stop()
            contains(side.srv.verify_ledger(), "valid")


def denied(side):
    """All serial numbers that the bundle denies."""
    side.bundle()
    rows = item(read(side.name + ".cbor"))[0].get(DENIED, [])
    return [serial for _, serials in rows for serial in serials]


def test_a_member_runs_a_ca_of_its_own_that_is_on_the_list():
    west, member = Side("West", "west.example"), Side("Member", "m.example")
    with west.srv, member.srv:
        member.srv.start()
        device = member.device("Member-1", "a.m.example")
        serial = openssl("x509", "-in", device.cert, "-noout",
                         "-serial").strip().split("=")[1].lower()
        install = ["ca", "install", "--dir", west.srv.dir]
        code, _, err = run(PROGRAM, *install, "--cross", "--member",
                           member.srv.issuing, check=False)
        equal(code, 2, err)
        code, _, err = run(PROGRAM, *install, "--member", "--organisation",
                           "77", member.srv.issuing, check=False)
        equal(code, 1, err)
        code, out, _ = run(PROGRAM, *install, "--member", device.cert,
                           check=False)
        equal(code, 1)
        contains(out, "it is no CA's")
        out = run(PROGRAM, *install, "--member", member.srv.issuing)[1]
        contains(out, "member")
        out = run(PROGRAM, *install, "--member", member.srv.issuing,
                  check=False)[1]
        contains(out, "known")
        west.srv.start()
        theirs = der_of(member.srv.issuing)
        wait_until("a bundle with the member", lambda: theirs in anchors(west))
        # It is for devices and services, and hands out nothing.
        status, uses = anchors(west)[theirs]
        equal(status, ACTIVE)
        equal(uses & ENROL, 0)
        equal(anchors(west)[der_of(west.srv.root)], (ACTIVE, 15))
        # Its devices are nobody here: neither known nor enrolled.
        answer = west.srv.enrol(device, "peer", cert=device.pair())
        holds(answer.status in (401, 403), repr(answer))
        # What it has revoked is in the bundle once its list is here.
        answer = member.srv.api("POST", "/certificates/%s/revocation" % serial,
                                {"reason": "superseded"})
        equal(answer.status, 200, repr(answer))
        equal(denied(west), [])
        west.srv.stop()
        member.srv.stop()
        run(PROGRAM, "ca", "crl", "--dir", member.srv.dir, "issuing")
        run(PROGRAM, "ca", "crl", "--dir", west.srv.dir, "--import",
            member.srv.dir + "/crl/issuing.crl")
        west.srv.start()
        wait_until("a bundle that denies", lambda: denied(west))
        equal(denied(west), [bytes.fromhex(serial)])
        west.srv.stop()
        run(PROGRAM, "ca", "retire", "--dir", west.srv.dir, "member")
        west.srv.start()
        wait_until("a bundle that says so",
                   lambda: anchors(west)[theirs][0] == WITHDRAWN)
        for side in (west, member):
            side.srv.stop()
            contains(side.srv.verify_ledger(), "valid")


main()
