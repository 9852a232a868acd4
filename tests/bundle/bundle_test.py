#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trust bundles of a running service, read by a reader of their own and
verified by OpenSSL.

    bundle_test.py BIRTHMARK BIRTHMARKD
"""
import hashlib
import json
import os
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


def test_versions_grow_whatever_dies():
    s = world()
    versions = [fetched(s)[VERSION]]
    for i, room in enumerate(("issuer", "signer", "devices", None)):
        device = Key(".", "dies-%d" % i, "/CN=dies%d.example" % i,
                     "DNS:dies%d.example" % i)
        made = s.api("POST", "/certificates", {
            "profile": "tls-client", "csr": read(device.csr).decode()})
        if made.status != 201:
            device = None
        if room is None:
            s.stop(signal.SIGKILL)
            s.start()
        else:
            for pid in s.rooms()[room]:
                os.kill(pid, signal.SIGKILL)
            s.wait_ready()
        if device is None:
            continue
        device.put(made.json()["pem"])
        serial = serial_of(made.json()["pem"])
        wait_until("the issuer is back", lambda: s.api(
            "POST", "/certificates/%s/revocation" % serial,
            {"reason": "superseded"}).status in (200, 409))
    equal(versions, sorted(set(versions)))


if __name__ == "__main__":
    service.main()
