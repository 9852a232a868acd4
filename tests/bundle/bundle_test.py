#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trust bundles of a running service, read by a reader of their own and
verified by OpenSSL.

    bundle_test.py BIRTHMARK BIRTHMARKD
"""
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, contains, equal, holds, openssl, read,
                     serial_of, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"

# docs/trust-bundle.md
FORMAT, NAME, VERSION, ISSUED, NEXT, ANCHORS, CROSS, DENIED = range(1, 9)


# ---- A reader

def cbor(data):
    """(value, rest) of one item: RFC 8949, what bundles are made of."""
    kind, more = data[0] >> 5, data[0] & 31
    data = data[1:]
    if more > 23:
        n = 1 << (more - 24)
        more, data = int.from_bytes(data[:n], "big"), data[n:]
    if kind == 0:
        return more, data
    if kind in (2, 3):
        value, data = data[:more], data[more:]
        return (value if kind == 2 else value.decode()), data
    values = []
    for _ in range(more * (2 if kind == 5 else 1)):
        value, data = cbor(data)
        values.append(value)
    if kind == 4:
        return values, data
    equal(kind, 5, "a type")
    equal(values[::2], sorted(set(values[::2])), "keys in order")
    return dict(zip(values[::2], values[1::2])), data


def opened(message, root):
    """The content of a bundle that OpenSSL finds good under this root."""
    path = write("message.der", message)
    openssl("cms", "-verify", "-inform", "DER", "-in", path, "-CAfile", root,
            "-purpose", "any", "-binary", "-out", "content.cbor")
    content, rest = cbor(read("content.cbor"))
    equal(rest, b"")
    equal(content[FORMAT], 1)
    holds(content[ISSUED] <= time.time() < content[NEXT], "dates")
    return content


def key_of(pem):
    """How a bundle names an issuer."""
    spki = openssl("x509", "-in", pem, "-noout", "-pubkey").encode()
    write("key.pem", spki)
    openssl("pkey", "-pubin", "-in", "key.pem", "-outform", "DER", "-out",
            "key.der")
    return hashlib.sha256(read("key.der")).digest()


def denied(content, issuer):
    """Serial numbers, in hex; None where nothing is said of the issuer."""
    if DENIED not in content:
        return None
    for key, serials in content[DENIED]:
        if key == key_of(issuer):
            return [serial.hex().lstrip("0") for serial in serials]
    return None


# ---- The world

WORLD = {}


def world():
    if not WORLD:
        s = Service(name="main")
        WORLD["service"] = s
        devices = [s.issue(LDEVID, Key(".", "SN-%d" % i,
                                       "/serialNumber=SN-%d" % i))
                   for i in range(3)]
        WORLD["devices"] = devices
        s.start()
    return WORLD["service"]


def fetched(s):
    """The bundle as everybody gets it."""
    answer = s.public("GET", "/bundle")
    equal(answer.status, 200, repr(answer))
    equal(answer.headers["Content-Type"], "application/cms")
    return opened(answer.body, s.root)


def revoke(s, key):
    serial = serial_of(read(key.cert).decode())
    answer = s.api("POST", "/certificates/%s/revocation" % serial,
                   {"reason": "keyCompromise"})
    equal(answer.status, 200, repr(answer))
    return serial.lstrip("0")


def wait_denied(s, serial):
    def there():
        content = fetched(s)
        return content if serial in denied(content, s.issuing) else None
    return wait_until("a bundle with " + serial, there)


def offered(s, key=None, headers=None, method="GET"):
    return s.ask(method, "/device/v1/bundle", None, headers,
                 cert=key.pair() if key else None)


# ---- Tests

def test_an_instance_is_born_with_a_bundle():
    s = world()
    content = fetched(s)
    root = openssl("x509", "-in", s.root, "-outform", "DER", "-out", "root.der")
    equal(root, "")
    equal(content[ANCHORS], [{1: read("root.der"), 3: 15}])
    equal(content[CROSS], [])
    holds(content[VERSION] > 0, "a version")
    for issuer in (s.root, s.issuing, s.operations):
        equal(denied(content, issuer), [])
    equal(content[DENIED], sorted(content[DENIED]), "issuers in order")


def test_what_is_revoked_is_in_the_next_bundle():
    s = world()
    before = fetched(s)
    serials = [revoke(s, WORLD["devices"][i]) for i in (1, 0)]
    for serial in serials:
        content = wait_denied(s, serial)
    holds(content[VERSION] > before[VERSION], "a version that grows")
    equal(sorted(denied(content, s.issuing)), sorted(serials))
    equal(denied(content, s.operations), [])
    metrics = service.run("curl", "-s", "http://127.0.0.1:%d/metrics"
                          % s.ports["metrics"])[1]
    contains(metrics, "birthmark_bundles_total",
             "birthmark_bundle_next_update_timestamp_seconds")


def test_a_device_gets_it_and_asks_cheaply():
    s = world()
    device = WORLD["devices"][2]
    version = fetched(s)[VERSION]
    answer = wait_until("the listener has it", lambda: next(
        (a for a in [offered(s, device)]
         if a.headers["ETag"] == '"%d"' % version), None))
    equal(answer.status, 200)
    equal(answer.headers["Content-Type"], "application/cms")
    equal(answer.body, s.public("GET", "/bundle").body)
    opened(answer.body, s.root)
    again = offered(s, device, {"If-None-Match": answer.headers["ETag"]})
    equal((again.status, again.body), (304, b""))
    equal(again.headers["ETag"], answer.headers["ETag"])
    equal(offered(s, device, {"If-None-Match": '"0"'}).status, 200)
    equal(offered(s, device, method="HEAD").body, b"")
    equal(offered(s, device, method="POST").status, 405)
    # Without a certificate nobody; with one of no use for anything, still.
    equal(offered(s).status, 403)
    equal(offered(s, WORLD["devices"][0]).status, 200)


def client(s, name):
    """A certificate that is not a device's, in hex of its serial number."""
    key = Key(".", name, "/CN=" + name)
    answer = s.api("POST", "/certificates", {
        "profile": LDEVID, "csr": read(key.csr).decode()})
    equal(answer.status, 201, repr(answer))
    key.put(answer.json()["pem"])
    return key


def test_versions_grow_whatever_dies():
    s = world()
    versions = [fetched(s)[VERSION]]
    for name in ("issuer", "all"):
        key = client(s, "dies-" + name)
        serial = revoke(s, key)
        # Revoked, and nothing told of it yet.
        if name == "all":
            s.stop(signal.SIGKILL)
            s.start()
        else:
            for room in ("signer", "issuer"):
                os.kill(s.rooms()[room][0], signal.SIGKILL)
            s.wait_ready()
        versions.append(wait_denied(s, serial)[VERSION])
    equal(versions, sorted(set(versions)))
    equal(s.stop(), 0)
    contains(s.verify_ledger(), "valid")
    s.start()
    holds(fetched(s)[VERSION] >= versions[-1], "no earlier one comes back")


def remote(s, *args):
    return s.birthmark(*args, "--dir", s.dir, "--url",
                       "https://127.0.0.1:%d" % s.ports["operators"])[1]


def test_an_operator_makes_one_and_carries_it_away():
    s = world()
    before = fetched(s)[VERSION]
    made = json.loads(remote(s, "bundle", "make", "--json"))
    holds(made["version"] > before, repr(made))
    equal(fetched(s)[VERSION], made["version"])
    remote(s, "bundle", "show", "--out", "carried.bundle")
    equal(read("carried.bundle"), s.public("GET", "/bundle").body)
    out = s.birthmark("bundle", "verify", "--root", s.root, "--series",
                      made["series"], "--above", str(before),
                      "carried.bundle")[1]
    contains(out, "carried.bundle: valid")
    for wrong in (["--root", s.issuing], ["--root", s.root, "--above",
                                          str(made["version"])],
                  ["--root", s.root, "--series", "another"],
                  ["--root", s.root, "--at", "2099-01-01"]):
        code, out, err = s.birthmark("bundle", "verify", *wrong,
                                     "carried.bundle", check=False)
        equal((code, out), (1, ""), err)
    altered = bytearray(read("carried.bundle"))
    altered[altered.index(b"ledger")] ^= 1
    write("altered.bundle", bytes(altered))
    equal(s.birthmark("bundle", "verify", "--root", s.root, "altered.bundle",
                      check=False)[0], 1)


def signer_of(s):
    """The certificate that signed what is published."""
    write("message.der", s.public("GET", "/bundle").body)
    openssl("cms", "-verify", "-inform", "DER", "-in", "message.der",
            "-CAfile", s.root, "-purpose", "any", "-binary", "-out", "/dev/null",
            "-signer", "signer.pem")
    return serial_of(read("signer.pem").decode())


def test_what_signs_it_is_replaced_when_it_is_revoked():
    s = world()
    before = signer_of(s)
    answer = s.api("POST", "/certificates/%s/revocation" % before,
                   {"reason": "keyCompromise"})
    equal(answer.status, 200, repr(answer))
    s.process.send_signal(signal.SIGUSR1)  # the keeper looks
    wait_until("another signer", lambda: signer_of(s) != before)
    holds(before.lstrip("0") in denied(fetched(s), s.operations),
          "the old one is denied")
    # An operator cannot have one, whatever he may else.
    key = Key(".", "evil", "/CN=evil")
    answer = s.api("POST", "/certificates", {
        "profile": "trust-bundle", "csr": read(key.csr).decode()})
    holds(answer.status in (403, 409, 422), repr(answer))


def test_an_instance_of_an_earlier_version_gets_one():
    old = Service(name="old")
    with sqlite3.connect(os.path.join(old.dir, "birthmark.db")) as db:
        gone = db.execute("DELETE FROM setting WHERE name IN "
                          "('bundle/signer', 'bundle/last')").rowcount
    db.close()
    equal(gone, 2)
    os.unlink(os.path.join(old.dir, "crl/trust.bundle"))
    out = old.birthmark("doctor", "--dir", old.dir, check=False)[1]
    contains(out, "nothing signs trust bundles yet")
    with old.start():
        wait_until("a bundle", lambda: old.public(
            "GET", "/bundle").status == 200)
        fetched(old)
        old.stop()
        out = old.birthmark("doctor", "--dir", old.dir, check=False)[1]
        contains(out, "ok     bundle        the trust bundle has ")
        contains(old.verify_ledger(), "valid")


def test_a_restored_instance_goes_on_above_what_was_published():
    s = Service(name="saved")
    s.birthmark("backup", "--dir", s.dir, "--with-keys", "saved.tar")
    for _ in range(3):
        s.birthmark("bundle", "make", "--dir", s.dir)
    out = s.birthmark("bundle", "show", "--dir", s.dir, "--json")[1]
    s.birthmark("restore", "saved.tar", "again")
    shutil.copy(s.dir + "/keys/unlock", "again/keys/unlock")
    shutil.copy(s.dir + "/operator/operator.key", "again/operator")
    s.birthmark("restore", "--resume", "--dir", "again", "--against",
                s.dir + "/ledger/checkpoint")
    again = s.birthmark("bundle", "show", "--dir", "again", "--json")[1]
    holds(json.loads(again)["version"] > json.loads(out)["version"],
          "%s after %s" % (again, out))
    contains(s.birthmark("ledger", "verify", "--dir", "again")[1], "valid")


if __name__ == "__main__":
    service.main()
