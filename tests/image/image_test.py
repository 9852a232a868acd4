#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark image show, verify and convert: what an image says of itself, who
signed it, and what no device takes.

image_test.py PROGRAM
"""
import hashlib
import inspect
import json
import os
import struct
import subprocess
import sys
import tempfile

import images
from images import tlv

PROGRAM = os.path.abspath(sys.argv[1])
PAYLOAD = bytes(range(256)) * 5
KEYHASH = tlv(images.KEYHASH, b"k" * 32)


def run(*args):
    done = subprocess.run([PROGRAM, "image"] + list(args),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError("%r is not in:\n%s" % (part, text))


def write(path, data):
    with open(path, "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)
    return path


def open_octets(path):
    with open(path, "rb") as f:
        return f.read()


def show(data):
    code, out, err = run("show", "--json", write("x.bin", data))
    return code, json.loads(out) if out else None, err


def full():
    protected = [tlv(images.COUNTER, b"\7\0\0\0"),
                 tlv(images.RECORD, b"\xa2\x01\x63SPE\x04\x651.2.3"),
                 tlv(images.DEPENDENCY, bytes([1, 0, 0, 0, 2, 1]) +
                     b"\0\0\5\0\0\0"),
                 tlv(images.SBOM, b"s" * 32 + b"https://example.com/b")]
    return images.signed_part(PAYLOAD, protected=protected, header_size=64,
                              flags=0x100, load=0x8000)


def test_all_of_an_image_is_shown():
    part = full()
    data = images.image(part, [KEYHASH, tlv(images.ED25519, bytes(64)),
                               tlv(images.KEYHASH, b"l" * 32),
                               tlv(images.ECDSA, bytes(70)),
                               tlv(images.LMS, bytes(1452))])
    code, o, err = show(data)
    equal((code, err), (0, ""))
    equal(o["version"], "1.2.3+4")
    equal(o["flags"], ["rom-fixed"])
    equal(o["load_address"], "0x00008000")
    equal((o["header_size"], o["payload_size"]), (64, len(PAYLOAD)))
    equal(o["security_counter"], 7)
    equal(o["dependencies"], [{"image": 1, "version": "2.1.0+5"}])
    equal(o["boot_record"], {"type": "SPE", "version": "1.2.3"})
    equal(o["sbom"], {"sha256": "73" * 32, "uri": "https://example.com/b"})
    equal(o["digest"], hashlib.sha256(part).hexdigest())
    equal(o["digest_right"], True)
    equal([s["algorithms"] for s in o["signers"]],
          [["ed25519"], ["ecdsa", "lms"]])
    equal(o["image_size"], len(data))
    equal("slot_size" in o or "trailer" in o or "error" in o, False)
    equal([t["type"] for t in o["tlvs"]][:4],
          ["0x0050", "0x0060", "0x0040", "0x01a1"])
    code, out, err = run("show", "x.bin")
    equal((code, err), (0, ""))
    contains(out, "security counter", "rom-fixed", "https://example.com/b")


def test_a_slot_is_shown_with_its_trailer():
    data = images.image(images.signed_part(PAYLOAD))
    code, o, err = show(images.slot(data, 8192, confirmed=True))
    equal((code, err, o["slot_size"], o["image_size"]),
          (0, "", 8192, len(data)))
    equal(o["trailer"], {"align": 8, "confirmed": True, "copied": False,
                         "swap": "none"})
    code, o, _ = show(data + b"\xff" * 100)
    equal((code, o["slot_size"], "trailer" in o), (0, len(data) + 100, False))


def test_what_no_device_takes_is_shown_and_refused():
    sig = tlv(images.ECDSA, bytes(70))
    part = images.signed_part(PAYLOAD)
    counter = tlv(images.COUNTER, bytes(4))
    twice = images.signed_part(PAYLOAD, protected=[counter, counter])
    rows = [
        (images.image(part, [tlv(0x33, bytes(80))]), "algorithm"),
        (images.image(part, [tlv(0xa5, b"hello")]), "unknown type"),
        (images.image(part, [counter]), "wrong area"),
        (images.image(part, [sig]), "must be there"),
        (images.image(part, [KEYHASH, sig, sig]), "twice"),
        (images.image(twice), "twice"),
        (images.image(part) + b"x", "after the TLV area"),
        (images.image(part, digest=bytes(32)), "digest"),
        (images.image(images.signed_part(PAYLOAD, flags=4)), "flags"),
    ]
    for data, words in rows:
        code, o, err = show(data)
        equal((code, o["payload_size"]), (1, len(PAYLOAD)), words)
        contains(err, words)
        if words != "digest":
            contains(o["error"]["text"], words)


def test_what_is_no_image_is_refused():
    data = images.image(images.signed_part(PAYLOAD))
    for bad, words in [(b"\x7fELF" + data[4:], "magic"),
                       (data[:31], "does not fit"),
                       (data[:-len(PAYLOAD)], "does not fit"),
                       (data[:8] + b"\x1f\0" + data[10:], "header is short")]:
        code, o, err = show(bad)
        equal((code, o), (1, None), words)
        contains(err, "x.bin", words)
    code, out, err = run("show", "missing.bin")
    equal((code, out), (1, ""))
    contains(err, "missing.bin", "No such file")


def verify(data, *args):
    """(exit code, JSON, stderr); the same without --json."""
    write("x.bin", data)
    code, out, err = run("verify", "--json", *args, "x.bin")
    o = json.loads(out)
    equal((o["valid"], "error" in o), (code == 0, code != 0))
    equal(run("verify", *args, "x.bin"),
          (code, "x.bin: valid\n" if code == 0 else "", err))
    return code, o, err


def refused(words, data, *args):
    code, o, err = verify(data, *args)
    equal((code, o["for_devices"]), (1, False), words)
    contains(err, words)
    return o


def test_who_signed_is_verified():
    a, b, c = (images.Key(n) for n in "abc")
    part = full()
    data = images.signed(part, a, b)
    for key in (a, b):
        code, o, err = verify(data, "--key", key.pub)
        equal((code, err, o["for_devices"]), (0, "", True))
        equal(o["version"], "1.2.3+4")
        equal(sorted(s["result"] for s in o["signatures"]),
              ["good", "unknown key"])
    code, o, _ = verify(images.slot(data, 8192), "--key", a.file)
    equal(code, 0)
    refused("not signed by a key that counts", data, "--key", c.pub)
    # A signature of another image, and of nothing.
    other = images.signed_part(PAYLOAD)
    moved = images.image(other, [a.keyhash(), a.signature(part)])
    o = refused("ecdsa signature of the key in a.pub: wrong", moved, "--key",
                "a.pub")
    equal([s["result"] for s in o["signatures"]], ["wrong"])
    refused("ecdsa signature of the key in a.pub: wrong",
            images.image(part, [a.keyhash(), tlv(images.ECDSA, bytes(70))]),
            "--key", "a.pub")
    # One that is wrong is not made good by another.
    both = images.image(part, [a.keyhash(), a.signature(other),
                               b.keyhash(), b.signature(part)])
    refused("a.pub: wrong", both, "--key", a.pub, "--key", b.pub)
    refused("digest", images.image(part, [a.keyhash(), a.signature(part)],
                                   digest=bytes(32)), "--key", a.pub)
    changed = bytearray(data)
    changed[100] ^= 1
    refused("digest", bytes(changed), "--key", a.pub)
    refused("after the TLV area", data + b"x", "--key", a.pub)
    refused("counter is below", data, "--key", a.pub, "--counter", "8")
    equal(verify(data, "--key", a.pub, "--counter", "7")[0], 0)


def test_ed25519_is_for_hosts():
    key, other = images.Key("e", "ED25519"), images.Key("f", "ED25519")
    part = full()
    for data in (images.signed(part, key), images.pure(part, key)):
        code, o, err = verify(data, "--key", key.pub)
        equal((code, o["for_devices"]), (0, False))
        contains(err, "no bootloader takes")
        refused("not signed", data, "--key", other.pub)
    data = images.pure(part, key)
    code, o, err = show(data)
    equal((code, o["digest_right"]), (1, True))
    contains(err, "unsupported algorithm")
    # Strict in what is not for devices, too.
    refused("unknown type", data[:-len(key.sign(part)) - 4] +
            tlv(images.ECDSA, bytes(64)), "--key", key.pub)
    refused("digest", data.replace(PAYLOAD, bytes(len(PAYLOAD))), "--key",
            key.pub)


def test_a_key_set_says_who_may_sign():
    root, rogue, a, b = (images.Key(n) for n in ("r", "g", "a", "b"))
    data = images.signed(full(), a)
    write("set.bin", images.key_set(1, [b, a], root))
    equal(verify(data, "--keyset", "set.bin")[0], 0)
    equal(verify(data, "--keyset", "set.bin", "--root", root.pub)[0], 0)
    for args, words in [
            (("--root", rogue.pub), "set.bin: not signed by a key"),
            ((), "x.bin: not signed by a key")]:
        if not args:
            write("set.bin", images.key_set(2, [b], root))
        write("x.bin", data)
        code, out, err = run("verify", "--keyset", "set.bin", *args, "x.bin")
        equal((code, out), (1, ""), words)
        contains(err, words)
    # An image is no key set, and one that was changed is none either.
    for bad, words in [(data, "malformed key set"),
                       (images.key_set(1, [a], root)[:-1], "TLV")]:
        write("set.bin", bad)
        code, out, err = run("verify", "--keyset", "set.bin", "x.bin")
        equal((code, out), (1, ""), words)
        contains(err, "set.bin", words)


def test_a_key_set_may_demand_two_signatures():
    root, a, b = (images.Key(n) for n in ("r", "a", "b"))
    lms, other = images.Lms("lms"), images.Lms("other")
    part, wrong = full(), images.signed_part(PAYLOAD)
    write("both.bin", images.key_set(1, [(a, lms), (b, other)], root, 3))
    write("one.bin", images.key_set(1, [a, b], root))
    head = [a.keyhash(), a.signature(part)]
    good = images.image(part, head + [lms.signature(part)])
    code, o, err = verify(good, "--keyset", "both.bin")
    if "unsupported algorithm" in err:
        return  # built without Mbed TLS, and fails closed
    equal((code, err), (0, ""))
    equal([s["algorithm"] for s in o["signatures"]], ["ecdsa", "lms"])
    # What is demanded is said by the key set alone.
    equal(verify(good, "--keyset", "one.bin")[0], 0)
    for tlvs, words in [
            (head, "demands is not there"),
            ([a.keyhash(), lms.signature(part)], "demands is not there"),
            (head + [lms.signature(wrong)], "lms signature"),
            (head + [other.signature(part)], "lms signature"),
            ([a.keyhash(), a.signature(wrong), lms.signature(part)],
             "ecdsa signature"),
            (head + [b.keyhash(), other.signature(part)],
             "demands is not there")]:
        refused(words, images.image(part, tlvs), "--keyset", "both.bin")
    refused("twice", images.image(part, head + [lms.signature(part)] * 2),
            "--keyset", "both.bin")


def test_verify_agrees_with_devices():
    root, a = images.Key("r"), images.Key("a")
    part = full()
    write("set.bin", images.key_set(1, [a], root))
    # imgtool --pad-sig: zeros behind the DER, and nothing else.
    der = b"0" * 72
    while len(der) > 71:
        der = a.sign(hashlib.sha256(part).digest())
    for end, code in ((b"\0", 0), (b"\1", 1)):
        data = images.image(part, [a.keyhash(), tlv(images.ECDSA, der + end)])
        equal(verify(data, "--keyset", "set.bin")[0], code)
    # A key set's keys are named by KEYHASH.
    data = images.image(part, [a.pubkey(), a.signature(part)])
    refused("not signed by a key", data, "--keyset", "set.bin")
    code, o, _ = verify(data, "--key", a.pub)
    equal((code, o["for_devices"]), (0, False))


def test_keys_are_read_in_their_usual_forms():
    key = images.Key("k")
    images.openssl("req", "-new", "-x509", "-key", key.file, "-subj", "/CN=k",
                   "-out", "k.pem")
    write("k.der", key.spki)
    data = images.signed(full(), key)
    for name in ("k.pem", "k.der", "k.pub", "k.key"):
        equal(verify(data, "--key", name)[0], 0, name)
    write("bad", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    for name in ("bad", "x.bin", "missing"):
        code, out, err = run("verify", "--key", name, "x.bin")
        equal((code, out), (1, ""), name)
        contains(err, name)


def test_wrong_use_of_verify_is_told():
    for args in (["x.bin"], ["--key", "a.pub"], ["--counter", "1", "x.bin"],
                 ["--root", "a.pub", "--key", "a.pub", "x.bin"]):
        code, out, err = run("verify", *args)
        equal((code, out), (2, ""), args)
        contains(err, "birthmark image verify")


def convert(*args, out="out.bin"):
    """The octets of a new file."""
    if os.path.exists(out):
        os.remove(out)
    code, words, err = run("convert", "--out", out, *args)
    equal((code, words), (0, ""), (args, err))
    with open(out, "rb") as f:
        return f.read()


def not_converted(words, *args, out="out.bin", want=1):
    if os.path.exists(out):
        os.remove(out)
    code, text, err = run("convert", "--out", out, *args)
    equal((code, text), (want, ""), args)
    contains(err, words)
    if os.path.exists(out):
        raise AssertionError("%r left a file" % (args,))


def hex_of(data, address):
    """Intel HEX by this script alone."""
    def record(kind, at, octets):
        line = bytes([len(octets)]) + struct.pack(">HB", at, kind) + octets
        return b":%s\n" % (line + bytes([-sum(line) % 256])).hex() \
            .upper().encode()
    out, upper = [], 0
    for i in range(0, len(data), 16):
        at = address + i
        if at >> 16 != upper:
            upper = at >> 16
            out.append(record(4, 0, struct.pack(">H", upper)))
        out.append(record(0, at & 0xffff, data[i:i + 16]))
    return b"".join(out) + record(1, 0, b"")


def test_octets_become_hex_and_come_back():
    data = images.image(full(), [])
    write("x.bin", data)
    for address, words in ((0, "0"), (0x0800fff0, "0x0800fff0")):
        text = convert("--to", "hex", "--address", words, "x.bin",
                       out="x.hex")
        equal(text, hex_of(data, address))
        equal(convert("x.hex"), data)
        equal(convert("--from", "hex", "x.hex"), data)
        # An address that is given moves it.
        equal(convert("--to", "hex", "--address", "0x100", "x.hex",
                      out="y.hex"), hex_of(data, 0x100))
    not_converted("--address is needed", "--to", "hex", "x.bin")
    not_converted("no record", "--from", "hex", "x.bin")
    write("gap.hex", hex_of(b"a" * 16, 0).splitlines()[0] + b"\n" +
          hex_of(b"b" * 16, 0x40))
    not_converted("line 2: there is a gap", "gap.hex")
    equal(convert("--fill", "gap.hex"),
          b"a" * 16 + b"\xff" * 0x30 + b"b" * 16)
    not_converted("--fill is for hex", "--fill", "x.bin")


def test_a_slot_is_padded_and_stripped():
    data = images.image(full(), [KEYHASH, tlv(images.ECDSA, bytes(70))])
    write("i.bin", data)
    slot = convert("--pad", "8192", "i.bin", out="slot.bin")
    equal(slot, images.slot(data, 8192))
    equal(convert("--pad", "0x2000", "--confirm", "i.bin"),
          images.slot(data, 8192, confirmed=True))
    equal(convert("--strip", "slot.bin"), data)
    equal(convert("--strip", "--pad", "4096", "slot.bin"),
          images.slot(data, 4096))
    for align in ("16", "32"):
        convert("--pad", "8192", "--confirm", "--align", align, "i.bin",
                out="a.bin")
        code, o, _ = show(open_octets("a.bin"))
        equal((code, o["trailer"]["align"], o["trailer"]["confirmed"]),
              (0, int(align), True))
    not_converted("padded already", "--pad", "9000", "slot.bin")
    not_converted("does not fit", "--pad", str(len(data) + 127), "i.bin")
    convert("--pad", str(len(data) + 128), "i.bin")
    write("y.bin", data + b"x")
    not_converted("after the TLV area", "--strip", "y.bin")
    write("y.bin", PAYLOAD)
    not_converted("magic", "--pad", "8192", "y.bin")


def test_the_program_alone_is_taken_out():
    write("x.bin", images.slot(images.image(full(), []), 8192))
    equal(convert("--to", "payload", "x.bin"), PAYLOAD)
    head = b"WOLF" + struct.pack("<I", len(PAYLOAD)) + tlv(
        1, struct.pack("<I", 258)) + b"\xff" * 4 + tlv(2, bytes([1]) + bytes(7))
    digest = hashlib.sha256(head + PAYLOAD).digest()
    wolf = (head + tlv(3, digest) + tlv(0x20, bytes(64))).ljust(
        512, b"\xff") + PAYLOAD
    write("w.bin", wolf)
    equal(convert("--to", "payload", "w.bin"), PAYLOAD)
    os.remove("out.bin")
    code, out, err = run("convert", "--json", "--to", "payload", "--out",
                         "out.bin", "w.bin")
    equal(code, 0)
    contains(err, "version 258 of wolfBoot")
    equal(json.loads(out), {"file": "out.bin", "from": "wolfboot",
                            "to": "payload", "size": len(PAYLOAD),
                            "version": 258,
                            "timestamp": "1970-01-01T00:00:01Z"})
    not_converted("only --to payload", "w.bin")
    write("w.bin", wolf[:-1] + b"x")
    not_converted("digest", "--to", "payload", "w.bin")


def test_no_file_is_overwritten():
    write("x.bin", images.image(full(), []))
    write("there", "mine")
    code, out, err = run("convert", "--out", "there", "x.bin")
    equal((code, out, open_octets("there")), (3, "", b"mine"))
    contains(err, "there")
    code, out, err = run("convert", "--out", "x.bin", "x.bin")
    equal(code, 3)


def test_wrong_use_of_convert_is_told():
    write("x.bin", images.image(full(), []))
    for args in (["--to", "elf", "x.bin"], ["--to", "wolfboot", "x.bin"],
                 ["--from", "payload", "x.bin"], ["--pad", "0", "x.bin"],
                 ["--pad", "16777217", "x.bin"], ["--pad", "8k", "x.bin"],
                 ["--align", "4", "--pad", "8192", "x.bin"],
                 ["--confirm", "x.bin"], ["--align", "16", "x.bin"],
                 ["--address", "1", "x.bin"],
                 ["--to", "hex", "--address", "0x100000000", "x.bin"],
                 ["--to", "hex", "--address", "-1", "x.bin"],
                 ["--to", "payload", "--pad", "8192", "x.bin"], []):
        not_converted("birthmark image convert", *args, want=2)
    code, out, _ = run("convert", "x.bin")
    equal((code, out), (2, ""))


def main():
    tests = [(n, f) for n, f in inspect.getmembers(sys.modules[__name__])
             if n.startswith("test_")]
    tests.sort(key=lambda t: t[1].__code__.co_firstlineno)
    failed = 0
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        for i, (name, test) in enumerate(tests, 1):
            try:
                test()
                print("ok %d - %s" % (i, name[len("test_"):]))
            except (AssertionError, KeyError, IndexError, OSError, TypeError,
                    ValueError, subprocess.SubprocessError) as e:
                failed += 1
                print("# " + repr(e).replace("\\n", "\n# "))
                print("not ok %d - %s" % (i, name[len("test_"):]))
            sys.stdout.flush()
        os.chdir("/")
    print("1..%d" % len(tests))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
