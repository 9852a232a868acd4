#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Delivery by a running service (docs/delivery.md): a reader of its own, and
OpenSSL for the signatures.

    delivery_test.py BIRTHMARK BIRTHMARKD
"""
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../service"))
sys.path.insert(0, os.path.join(HERE, "../image"))
# pylint: disable=wrong-import-position
import images
import service
from service import (Key, Service, contains, equal, holds, openssl, read,
                     serial_of, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"
API = "/device/v1/"
CONTENT_TYPE = "2.25.43662891130725046516998155922503964190.2.2"

# docs/delivery.md
FORMAT, SERIES, VERSION, ISSUED, NEXT, DEVICE, MODE, ITEMS = range(1, 9)
KIND, WHERE, SHA256, SIZE, IMAGE, WORDS = range(1, 7)
FIRMWARE, KEYSET, POLICY, BUNDLE = range(1, 5)
(STARTED, FETCHED, TRIED, TAKEN, REVERTED, REFUSED, KEY, LOST,
 MODE_TOLD) = range(1, 10)
MISSED = 13


# ---- CBOR (RFC 8949), as much as is needed

def cbor(data):
    """(value, rest) of one item."""
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
    return dict(zip(values[::2], values[1::2])), data


def head(kind, n):
    if n < 24:
        return bytes([kind << 5 | n])
    for more, octets in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << (8 * octets):
            return bytes([kind << 5 | more]) + n.to_bytes(octets, "big")
    raise ValueError(n)


def put(value):
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(put(v) for v in value)
    return head(5, len(value)) + b"".join(
        put(k) + put(v) for k, v in sorted(value.items()))


# ---- The world

WORLD = {}


def world():
    if not WORLD:
        s = Service(name="main", listeners=1, limits_identity=100000,
                    limits_organisation=100000)
        WORLD["service"] = s
        WORLD["devices"] = [
            s.issue(LDEVID, Key(".", "SN-%d" % i, "/serialNumber=SN-%d" % i))
            for i in range(7)]
        WORLD["end"] = int(time.time()) + 10
        WORLD["devices"].append(s.issue(
            LDEVID, Key(".", "SN-7", "/serialNumber=SN-7"), "--not-after",
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(WORLD["end"]))))
        WORLD["image"] = write("app.bin", images.image(
            images.signed_part(os.urandom(700000))))
        s.make_policy_signer()
        s.make_policy_signer("second")
        s.start()
    return WORLD["service"]


def device(i):
    return WORLD["devices"][i].pair()


def release(*args, check=True):
    s = world()
    return s.birthmark("release", args[0], "--dir", s.dir, *args[1:],
                       check=check)


def policy(name, version=1):
    """A signed policy of the firewall."""
    return world().sign_policy(name, "policy: p\nfloor: 1\nbuiltin: [arp]\n"
                               "version: %d\n" % version)


def status(name):
    out = release("status", "--json", name)[1]
    return json.loads(out)["assignments"]


def manifest(s, i, headers=None):
    return s.ask("GET", API + "manifest", None, headers, cert=device(i))


def opened(answer, s):
    """The content of a manifest that OpenSSL finds good under the root."""
    equal(answer.status, 200, repr(answer))
    equal(answer.headers["Content-Type"], "application/cms")
    equal(answer.headers["Cache-Control"], "private, no-cache")
    path = write("message.der", answer.body)
    openssl("cms", "-verify", "-inform", "DER", "-in", path, "-CAfile", s.root,
            "-purpose", "any", "-binary", "-out", "content.cbor")
    contains(openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", path),
             CONTENT_TYPE)
    content, rest = cbor(read("content.cbor"))
    equal(rest, b"")
    equal(content[FORMAT], 1)
    equal(answer.headers["ETag"], '"%d"' % content[VERSION])
    holds(content[ISSUED] <= time.time() < content[NEXT], "dates")
    return content


def items(content):
    return {(i[KIND], i.get(IMAGE, 0)): i for i in content[ITEMS]}


def events(s, i, rows, **how):
    body = how.pop("body", None) or put(rows)
    return s.ask("POST", API + "events", body,
                 {"Content-Type": "application/cbor"}, cert=device(i), **how)


# ---- Tests

def test_nothing_is_told_before_something_is_assigned():
    s = world()
    equal(manifest(s, 0).status, 404)
    equal(s.ask("GET", API + "manifest").status, 403, "no certificate")
    equal(s.ask("POST", API + "manifest", b"", cert=device(0)).status, 405)
    equal(s.ask("GET", API + "events", cert=device(0)).status, 405)
    out = release("list")[1]
    equal(out, "")


def test_a_release_is_made_once():
    image = WORLD["image"]
    out = release("create", "fw-1", "--firmware", image)[1]
    equal(out, "fw-1\n")
    code, _, err = release("create", "fw-1", "--mode", "repair", check=False)
    equal(code, 3)
    contains(err, "never changed")
    shown = json.loads(release("show", "--json", "fw-1")[1])
    equal(shown["items"], [{
        "kind": "firmware", "image": 0, "size": len(read(image)),
        "sha256": hashlib.sha256(read(image)).hexdigest(),
        "version": shown["items"][0]["version"]}])
    equal(shown["assignments"], [])
    contains(release("list")[1], "fw-1")


def test_what_is_no_image_is_refused():
    write("junk.bin", b"junk" * 100)
    for args in (["--firmware", "junk.bin"], ["--keyset", "junk.bin"],
                 ["--keyset", WORLD["image"]]):
        code, _, err = release("create", "junk", *args, check=False)
        equal(code, 1, err)
        contains(err, "is no " + args[0][2:])


def test_what_is_asked_wrongly_is_refused_before_anything_is_put():
    image = WORLD["image"]
    write("empty.bin", b"")
    blobs = os.path.join(world().dir, "blobs")
    policy("new.bin", 77)
    write("table.bin", b"BMFW")
    before = sorted(os.listdir(blobs))
    new = ["--policy", "new.bin"]
    for code, words, args in (
            (1, "letters, digits and ._+- alone", ["create", "a/b"] + new),
            (1, "begins with a letter or a digit", ["create", "_a"] + new),
            (1, "at most 63 characters", ["create", "a" * 64] + new),
            (2, "normal, lockdown or repair",
             ["create", "r", "--mode", "sleep"] + new),
            (3, "never changed", ["create", "fw-1"] + new),
            (2, "--firmware, --keyset, --policy or --mode", ["create", "r"]),
            (2, "image=0 to image=1",
             ["create", "r", "--firmware", image + ",image=2"] + new),
            (2, "image=0 to image=1",
             ["create", "r", "--firmware", image + ",image="] + new),
            (2, "image 0 twice", ["create", "r", "--firmware", image,
                                  "--firmware", image + ",image=0"] + new),
            (2, "2 images at most", ["create", "r"] + ["--firmware", image] +
             2 * ["--firmware", image + ",image=1"] + new),
            (1, "table.bin: a policy is what birthmark policy sign makes",
             ["create", "r", "--policy", "table.bin"]),
            (1, "empty.bin: empty",
             ["create", "r", "--firmware", "empty.bin"] + new),
            (1, "none.bin", ["create", "r", "--firmware", "none.bin"] + new),
            (2, "one of --all, --org and --device", ["assign", "fw-1"]),
            (2, "one of --all, --org and --device",
             ["assign", "fw-1", "--all", "--device", "SN-1"]),
            (2, "0 to 100", ["assign", "fw-1", "--all", "--percent", "101"]),
            (1, "release none", ["assign", "none", "--all"]),
            (1, "organisation none", ["assign", "fw-1", "--org", "none"]),
            (1, "organisation 77", ["assign", "fw-1", "--org", "77"]),
            (1, "device none", ["assign", "fw-1", "--device", "none"])):
        refused = release(*args, check=False)
        equal(refused[0], code, (args, refused))
        contains(refused[2], words)
    equal(sorted(os.listdir(blobs)), before, "nothing was put")
    equal(json.loads(release("show", "--json", "fw-1")[1])["assignments"], [])


def number(name, i):
    digest = hashlib.sha256(name.encode() + b"\0SN-%d" % i).digest()
    return int.from_bytes(digest[:8], "big") % 100


def test_a_percentage_of_the_devices_is_told():
    s = world()
    order = sorted(range(6), key=lambda i: number("fw-1", i))
    percent = number("fw-1", order[2]) + 1
    release("assign", "fw-1", "--org", "Example", "--percent", str(percent))
    for i in range(6):
        got = manifest(s, i)
        if number("fw-1", i) < percent:
            content = opened(got, s)
            equal(content[DEVICE], "SN-%d" % i)
            equal(content[MODE], 0)
            item = items(content)[FIRMWARE, 0]
            equal(item[SHA256], hashlib.sha256(read(WORLD["image"])).digest())
            equal(item[WHERE], API + "blob/" + item[SHA256].hex())
            # The bundle that is there is the one that is named.
            named = items(content)[BUNDLE, 0]
            bundle = s.ask("GET", named[WHERE], cert=device(i)).body
            equal(named[SHA256], hashlib.sha256(bundle).digest())
            equal(named[SIZE], len(bundle))
        else:
            equal(got.status, 404)
    # Who is in stays in.
    release("assign", "fw-1", "--org", "Example")
    versions = [opened(manifest(s, i), s)[VERSION] for i in range(6)]
    equal(len(set(versions)), 6, "no version is used twice")
    row, = status("fw-1")
    equal(row["percent"], 100)
    equal(row["organisation"], "Example")
    equal(row["items"][0]["offered"], 6)
    equal(row["items"][0]["fetched"], 0)


def test_a_manifest_stays_until_it_says_something_else():
    s = world()
    first = manifest(s, 0)
    again = manifest(s, 0)
    equal(again.body, first.body)
    same = manifest(s, 0, {"If-None-Match": first.headers["ETag"]})
    equal((same.status, same.body), (304, b""))
    equal(same.headers["ETag"], first.headers["ETag"])
    s.restart()
    equal(manifest(s, 0).body, first.body)
    policy("policy.bin", 2)
    release("create", "lock", "--policy", "policy.bin", "--mode", "lockdown")
    release("assign", "lock", "--device", "SN-0")
    content = opened(manifest(s, 0), s)
    holds(content[VERSION] > int(first.headers["ETag"].strip('"')), "it grows")
    equal(content[MODE], 1)
    equal([i[KIND] for i in content[ITEMS]], [BUNDLE, POLICY, FIRMWARE])
    equal(opened(manifest(s, 1), s)[MODE], 0)
    # Taken back: it says so, and is not silent.
    release("assign", "lock", "--device", "SN-0", "--percent", "0")
    content = opened(manifest(s, 0), s)
    equal(content[MODE], 0)
    equal([i[KIND] for i in content[ITEMS]], [BUNDLE, FIRMWARE])


def test_a_policy_whose_signer_is_not_good_is_told_to_nobody():
    """Nor one of a wider assignment in its place. A hold that is lifted brings
    it back."""
    s = world()
    for name, version in (("wide", 3), ("narrow", 4)):
        s.sign_policy(name + ".bin", "policy: p\nfloor: 1\nbuiltin: [arp]\n"
                      "version: %d\n" % version,
                      "second" if name == "narrow" else "fw")
        release("create", name, "--policy", name + ".bin")
    release("assign", "wide", "--org", "1")
    release("assign", "narrow", "--device", "SN-0")
    told = items(opened(manifest(s, 0), s))[POLICY, 0]
    equal(told[SHA256], hashlib.sha256(read("narrow.bin")).digest())
    serial = serial_of(read("second.crt").decode())
    for verb, words, there in (
            (("revoke", "--reason", "certificateHold"), "is on hold", False),
            (("release",), None, True),
            (("revoke", "--reason", "keyCompromise"), "is revoked", False)):
        s.birthmark("cert", verb[0], "--dir", s.dir, *verb[1:], serial)
        equal((POLICY, 0) in items(opened(manifest(s, 0), s)), there, verb)
        holds((POLICY, 0) in items(opened(manifest(s, 1), s)), "the others")
        item = status("narrow")[0]["items"][0]
        if words:
            contains(item["withheld"], words)
        else:
            holds("withheld" not in item, item)
        holds("withheld" not in status("wide")[0]["items"][0], "its own")
    release("assign", "narrow", "--device", "SN-0", "--percent", "0")
    release("assign", "wide", "--org", "1", "--percent", "0")


def test_blobs_come_whole_and_in_parts():
    s = world()
    data = read(WORLD["image"])
    n = len(data)
    name = hashlib.sha256(data).hexdigest()
    path = API + "blob/" + name

    def get(headers=None, method="GET", i=0, to=path):
        return s.ask(method, to, None, headers, cert=device(i))

    whole = get()
    equal((whole.status, whole.body == data), (200, True))
    equal(whole.headers["Accept-Ranges"], "bytes")
    equal(whole.headers["ETag"], '"%s"' % name)
    equal(whole.headers["Content-Type"], "application/octet-stream")
    head_ = get(method="HEAD")
    equal((head_.status, head_.body), (200, b""))
    equal(head_.headers["Content-Length"], str(n))
    for asked, first, last in (("bytes=0-0", 0, 0), ("bytes=65536-", 65536,
                                                    n - 1),
                               ("bytes=-100", n - 100, n - 1),
                               ("bytes=%d-" % (n - 1), n - 1, n - 1),
                               ("bytes=10-999999999999999999999", 10, n - 1)):
        part = get({"Range": asked})
        equal(part.status, 206, asked)
        equal(part.headers["Content-Range"],
              "bytes %d-%d/%d" % (first, last, n))
        holds(part.body == data[first:last + 1], asked)
    for asked in ("bytes=%d-" % n, "bytes=-0"):
        none = get({"Range": asked})
        equal(none.status, 416, asked)
        equal(none.headers["Content-Range"], "bytes */%d" % n)
    for asked in ("bytes=0-1,5-6", "bytes=9-8", "octets=0-1", "bytes=x"):
        equal(get({"Range": asked}).status, 200, asked)
    # RFC 9110 14.2: of no other method a range is defined.
    head_ = get({"Range": "bytes=5-9"}, method="HEAD")
    equal((head_.status, head_.headers["Content-Length"]), (200, str(n)))
    equal(get({"Range": "bytes=5-", "If-Range": '"%s"' % name}).status, 206)
    equal(get({"Range": "bytes=5-", "If-Range": '"other"'}).status, 200)
    equal(get({"If-None-Match": '"%s"' % name}).status, 304)
    for to in (API + "blob/" + "0" * 64, API + "blob/" + name.upper(),
               API + "blob/../manifest", API + "blob/", API + "blob/" +
               name + "/"):
        equal(get(to=to).status, 404, to)
    equal(s.ask("GET", path).status, 403, "no certificate")
    # Somebody took it away: that is ours to know.
    file = os.path.join(s.dir, "blobs", name)
    os.rename(file, "aside.bin")
    equal(get().status, 404)
    contains(s.words(), "devices.blob-missing", name)
    os.rename("aside.bin", file)
    equal(get().status, 200)


def test_what_a_device_says_is_its_claim():
    s = world()
    digest = hashlib.sha256(read(WORLD["image"])).digest()
    rows = [{1: 1, 2: STARTED, 6: "app 1.2.3"},
            {1: 2, 2: FETCHED, 4: digest, 7: 5},
            {1: 3, 2: TRIED, 4: digest},
            {1: 4, 2: TAKEN, 3: 1800000000, 4: digest},
            {1: 5, 2: KEY, 6: "P-256 in PSA, by its own generator"},
            {1: 6, 2: 70},
            {1: 7, 2: 60, 5: 0x0807}]
    equal(events(s, 0, rows).status, 204)
    equal(events(s, 1, [{1: 1, 2: REFUSED, 4: digest, 5: 0x2809}]).status, 204)
    item = status("fw-1")[0]["items"][0]
    equal([item[k] for k in ("offered", "fetched", "tried", "taken",
                             "reverted", "refused")], [6, 1, 1, 1, 0, 1])
    out = s.birthmark("device", "events", "--dir", s.dir, "--device", "SN-0",
                      "--json")[1]
    heard = [json.loads(line) for line in out.splitlines()]
    equal([e["event"] for e in heard if e["source"] == "claimed"],
          ["kind-60", "application-70", "key", "taken", "tried", "fetched", "started"])
    contains(out, "app 1.2.3, number 1", "manifest 5", digest.hex(),
             "number 4, when 2027-01-15T08:00:00Z",
             "number 7, code 0x00000807 (")
    # The reply was lost: nothing is there twice, nor counted.
    equal(events(s, 0, rows).status, 204)
    equal(status("fw-1")[0]["items"][0], item)
    equal(s.birthmark("device", "events", "--dir", s.dir, "--device", "SN-0",
                      "--json")[1], out)
    shown = json.loads(s.birthmark("device", "show", "--dir", s.dir, "--json",
                                   "SN-0")[1])
    equal(shown["key"]["claimed"], "P-256 in PSA, by its own generator")
    equal(shown["key"]["attested"], False)
    out = s.birthmark("device", "events", "--dir", s.dir, "--device",
                      "SN-1")[1]
    contains(out, "refused", "claimed")
    # Steps add up, and stay.
    equal(events(s, 1, [{1: 2, 2: REFUSED, 4: digest},
                        {1: 3, 2: TAKEN, 4: digest}]).status, 204)
    item["taken"] += 1
    equal(status("fw-1")[0]["items"][0], item)


def firewall(name):
    s = world()
    return json.loads(s.birthmark("device", "show", "--dir", s.dir, "--json",
                                  name)[1]).get("firewall")


def test_what_a_device_says_of_its_firewall_is_shown():
    s = world()
    digests = []
    for version in (5, 6):
        name = "told-%d.bin" % version
        digests.append(hashlib.sha256(read(policy(name, version))).digest())
        release("create", "told-%d" % version, "--policy", name)
        release("assign", "told-%d" % version, "--device", "SN-3")
        opened(manifest(s, 3), s)
        equal(firewall("SN-3"), None)
    # Of what it was not offered nothing is believed; nor of a mode that there
    # is not.
    equal(events(s, 3, [{1: 1, 2: TAKEN, 4: b"\0" * 32},
                        {1: 2, 2: MODE_TOLD, 6: "asleep"}]).status, 204)
    equal(firewall("SN-3"), None)
    equal(events(s, 3, [{1: 3, 2: TAKEN, 4: digests[0]},
                        {1: 4, 2: MODE_TOLD, 6: "repair"}]).status, 204)
    told = firewall("SN-3")
    equal((told["policy"], told["policy_sha256"], told["mode"]),
          ("5 floor 1", digests[0].hex(), "repair"))
    row, = status("told-5")
    equal((row["firewall"], row["items"][0]["version"],
           row["items"][0]["taken"]), (told, "5 floor 1", 1))
    # One that was only tried changes nothing; what was taken and reverted does.
    equal(events(s, 3, [{1: 5, 2: TRIED, 4: digests[1]},
                        {1: 6, 2: REVERTED, 4: digests[1]}]).status, 204)
    equal(firewall("SN-3"), told)
    equal(events(s, 3, [{1: 7, 2: TAKEN, 4: digests[1]}]).status, 204)
    equal(firewall("SN-3")["policy"], "6 floor 1")
    equal(events(s, 3, [{1: 8, 2: REVERTED, 4: digests[1]},
                        {1: 9, 2: MODE_TOLD, 6: "normal"}]).status, 204)
    told = firewall("SN-3")
    equal(("policy" in told, told["mode"], "missed" in told),
          (False, "normal", False))
    # What it had no room for adds up; what is no number of them is none.
    equal(events(s, 3, [{1: 10, 2: MISSED, 6: "n=5"},
                        {1: 11, 2: MISSED, 6: "n=4294967295"},
                        {1: 12, 2: MISSED, 6: "n=99999999999999999999"},
                        {1: 13, 2: MISSED, 6: "many"}]).status, 204)
    told = firewall("SN-3")
    equal(told["missed"], 4294967300)
    holds("missed_at" in told, told)
    contains(s.birthmark("device", "events", "--dir", s.dir, "--device",
                         "SN-3")[1], "missed")
    for version in (5, 6):
        release("assign", "told-%d" % version, "--device", "SN-3", "--percent",
                "0")


def test_malformed_events_are_refused_whole():
    s = world()
    good = put([{1: 50, 2: STARTED}])
    for body in (b"\x80", b"\xff", good + b"\0", good[:-1],
                 put([{1: 51, 2: STARTED, 6: "x" * 65}]),
                 put([{1: 52, 2: STARTED}] * 2),
                 put([{1: 1 << 63, 2: STARTED}]),
                 put([{1: 53, 2: STARTED},
                      {1: int(time.time()) + (2 << 32), 2: STARTED}])):
        equal(events(s, 2, None, body=body).status, 400, body)
    equal(s.ask("POST", API + "events", good, {"Content-Type": "text/plain"},
                cert=device(2)).status, 415)
    equal(s.ask("POST", API + "events", b"\0" * 4097,
                {"Content-Type": "application/cbor"},
                cert=device(2)).status, 413)
    out = s.birthmark("device", "events", "--dir", s.dir, "--device", "SN-2",
                      "--json")[1]
    equal(out, "")


def test_a_suspended_device_is_told_so_and_heard_and_gets_nothing():
    s = world()
    before = opened(manifest(s, 5), s)
    s.birthmark("device", "suspend", "--dir", s.dir, "SN-5")
    name = hashlib.sha256(read(WORLD["image"])).hexdigest()
    content = opened(manifest(s, 5), s)
    equal((content[MODE], [i[KIND] for i in content[ITEMS]]), (2, [BUNDLE]))
    holds(content[VERSION] > before[VERSION], "it grows")
    equal(s.ask("GET", API + "blob/" + name, cert=device(5)).status, 403)
    equal(s.ask("GET", API + "status", cert=device(5)).status, 403)
    equal(events(s, 5, [{1: 1, 2: 9, 6: "repair"}]).status, 204)
    out = s.birthmark("device", "events", "--dir", s.dir, "--device", "SN-5",
                      "--json")[1]
    equal([(e["event"], e["text"].split(",")[0]) for e in
           map(json.loads, out.splitlines()) if e["source"] == "claimed"],
          [("mode", "repair")])
    s.birthmark("device", "resume", "--dir", s.dir, "SN-5")
    content = opened(manifest(s, 5), s)
    equal((content[MODE], content[ITEMS][-1][KIND]), (0, FIRMWARE))


def test_a_certificate_that_is_not_good_gets_nothing():
    s = world()
    name = hashlib.sha256(read(WORLD["image"])).hexdigest()
    serial = openssl("x509", "-noout", "-serial", "-in",
                     WORLD["devices"][6].cert).strip().split("=")[1]
    equal(s.ask("GET", API + "blob/" + name, cert=device(6)).status, 200)
    s.birthmark("cert", "revoke", "--dir", s.dir, serial)
    wait_until("it has expired", lambda: time.time() > WORLD["end"] + 1)
    for i in (6, 7):
        equal(manifest(s, i).status, 403, i)
        equal(s.ask("GET", API + "blob/" + name, cert=device(i)).status, 403, i)
        equal(events(s, i, [{1: 1, 2: STARTED}]).status, 403, i)
        equal(s.birthmark("device", "events", "--dir", s.dir, "--device",
                          "SN-%d" % i, "--json")[1].count("claimed"), 0)
    s.birthmark("device", "suspend", "--dir", s.dir, "SN-6")
    equal(manifest(s, 6).status, 403, "of a suspended device, too")


def test_it_outlives_kill_9():
    s = world()
    before = opened(manifest(s, 3), s)
    s.stop(signal.SIGKILL)
    s.start()
    equal(opened(manifest(s, 3), s), before)
    release("create", "fw-2", "--firmware", WORLD["image"] + ",image=1")
    release("assign", "fw-2", "--all")
    after = opened(manifest(s, 3), s)
    holds(after[VERSION] > before[VERSION], "it grows")
    equal(sorted(items(after)), [(FIRMWARE, 0), (FIRMWARE, 1), (BUNDLE, 0)])


def test_the_same_in_direct_mode_and_all_is_on_record():
    s = world()
    half = "/blobs?size=10&sha256=" + "ab" * 32
    equal(json.loads(s.api("POST", half, octets=b"ha").body)["have"], 2)

    def parts():
        return [name for name in os.listdir(os.path.join(s.dir, "blobs"))
                if name.endswith(".part")]
    equal(len(parts()), 1)
    s.restart()
    equal(parts(), [], "what came by half is dropped")
    s.stop()
    write("second.bin", images.image(images.signed_part(b"program")))
    release("create", "fw-3", "--firmware", "second.bin", "--mode", "normal")
    release("assign", "fw-3", "--device", "SN-4", "--percent", "100")
    equal(status("fw-3")[0]["device"], "SN-4")
    contains(s.verify_ledger(), "valid")
    s.start()
    item = items(opened(manifest(s, 4), s))[FIRMWARE, 0]
    equal(item[SHA256], hashlib.sha256(read("second.bin")).digest())
    equal(s.ask("GET", item[WHERE], cert=device(4)).body, read("second.bin"))


def test_organisations_do_not_see_each_other():
    """SN-2 is given to another organisation; nothing is delivered to it but
    what all were assigned."""
    s = world()
    s.stop()
    with sqlite3.connect(os.path.join(s.dir, "birthmark.db")) as db:
        # As one that was there before members had records of their own.
        db.execute("INSERT INTO organisation (ecosystem, name, created, open) "
                   "VALUES (1, 'Other', 1, 1)")
        other, = db.execute("SELECT id FROM organisation WHERE name = 'Other'"
                            ).fetchone()
        db.execute("UPDATE device SET organisation = ? WHERE name = 'SN-2'",
                   (other,))
        db.execute("DELETE FROM manifest")
    db.close()
    s.start()
    content = opened(manifest(s, 2), s)
    equal(sorted(items(content)), [(FIRMWARE, 1), (BUNDLE, 0)])
    own = read(policy("own.bin", 3))
    release("create", "own", "--policy", "own.bin")
    release("assign", "own", "--org", "Other")
    digest = hashlib.sha256(own).hexdigest()
    equal(items(opened(manifest(s, 2), s))[POLICY, 0][SHA256].hex(), digest)
    path = API + "blob/" + digest
    equal(s.ask("GET", path, cert=device(2)).body, own)
    equal(s.ask("GET", path, cert=device(1)).status, 404)
    name = hashlib.sha256(read("second.bin")).hexdigest()
    equal(s.ask("GET", API + "blob/" + name, cert=device(4)).status, 200)
    equal(s.ask("GET", API + "blob/" + name, cert=device(2)).status, 404)
    equal(status("own")[0]["organisation_id"], other)
    # Who knows the hash of what another has put does not have it.
    theirs = Key(".", "theirs", "/CN=theirs")
    s.birthmark("operator", "create", "--id", "theirs", "--dir", s.dir,
                "--roles", "registrar", "--organisation", str(other), "--csr",
                theirs.csr, "--out", theirs.cert)

    def as_theirs(path, params=None, octets=None):
        answer = s.api("POST", path, params, octets, cert=theirs.pair())
        return answer.status, json.loads(answer.body)

    blob = "/blobs?size=%d&sha256=%s" % (len(own), digest)
    taken = {"release": "taken", "policy": digest}
    equal(as_theirs("/releases", taken)[0], 404)
    equal(as_theirs(blob), (200, {"have": 0, "whole": False}))
    equal(as_theirs(blob, octets=own)[1]["whole"], True)
    equal(as_theirs("/releases", taken)[0], 201)
    # What is listed is what can be shown, whoever sees all devices.
    names = [r["name"] for r in map(json.loads, release(
        "list", "--json")[1].splitlines())]
    equal(("own" in names, "taken" in names), (True, False))
    contains(release("show", "taken", check=False)[2], "taken")
    equal([r["name"] for r in json.loads(s.api(
        "GET", "/releases", cert=theirs.pair()).body)["items"]], ["taken"])
    # An operator of the first organisation assigns within it, and sees no
    # more.
    local = Key(".", "local", "/CN=local")
    s.birthmark("operator", "create", "--id", "local", "--dir", s.dir,
                "--roles", "registrar", "--organisation", "1", "--csr",
                local.csr, "--out", local.cert)
    both = write("local.both", read(local.cert) + read(local.key))

    def as_local(*args):
        return s.birthmark("release", *args, "--url", "https://127.0.0.1:%d" %
                           s.ports["operators"], "--identity", both,
                           "--server-ca", s.root, check=False)

    equal(json.loads(as_local("show", "--json", "own")[1])["assignments"], [])
    for target in (["--all"], ["--org", "Other"], ["--org", str(other)]):
        code, _, err = as_local("assign", "own", *target)
        equal((code != 0, bool(err)), (True, True), err)
    equal(as_local("assign", "own", "--org", "1", "--percent", "0")[0], 0)
    rows = json.loads(as_local("status", "--json", "own")[1])["assignments"]
    equal([row["organisation_id"] for row in rows], [1])


def test_versions_go_on_above_a_backup():
    s = world()
    equal(s.stop(), 0)
    s.verify_ledger()
    s.birthmark("backup", "--dir", s.dir, "--with-keys", "main.backup")
    s.start()
    lost = opened(manifest(s, 0), s)
    policy("lost.bin", 4)
    release("create", "lost", "--policy", "lost.bin")
    release("assign", "lost", "--all")
    lost = opened(manifest(s, 0), s)
    equal(s.stop(), 0)
    s.birthmark("restore", "main.backup", "again")
    shutil.copy(s.dir + "/keys/unlock", "again/keys/unlock")
    shutil.copy(s.dir + "/operator/operator.key", "again/operator")
    holds(os.path.exists("again/blobs/" + hashlib.sha256(
        read(WORLD["image"])).hexdigest()), "blobs are in a backup")
    again = Service(name="again", listeners=1)
    again.birthmark("restore", "--resume", "--dir", again.dir, "--against",
                    os.path.join(s.dir, "ledger/checkpoint"))
    again.start()
    try:
        content = opened(manifest(again, 0), again)
        holds(content[VERSION] > lost[VERSION] + 1000000000, "it jumps")
        equal([i[KIND] for i in content[ITEMS]], [BUNDLE, FIRMWARE, FIRMWARE])
        again.birthmark("release", "create", "fw-4", "--dir", again.dir,
                        "--firmware", "second.bin")
        equal(again.stop(), 0)
        again.verify_ledger()
    finally:
        again.stop(signal.SIGKILL)


if __name__ == "__main__":
    service.main()
