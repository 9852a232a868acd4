#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The firmware holds no static credential, and the scanner that says so finds
each kind of them, planted into that very firmware.

credentials_test.py BUILD    BUILD: preset cortex-m3
"""
import base64
import glob
import inspect
import os
import random
import re
import subprocess
import sys
import tempfile

import image
import p256
import scan

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = sys.argv[1]
NODE = os.path.join(BUILD, "examples/sensor-node/sensor-node")
LOADER = os.path.join(BUILD, "ports/mps2/boot/boot-full.elf")
SECURE = os.path.join(BUILD, "ports/mps2/an505/an505_secure.elf")
# The same octets in every run; keys of nobody.
RANDOM = random.Random(20260101)


def check(right, what):
    if not right:
        raise AssertionError(what)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def openssl(*args, stdin=b""):
    return subprocess.run(["openssl"] + list(args), input=stdin, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


class Key:
    """A P-256 key, as whoever hides it may write it."""

    def __init__(self):
        self.pem = openssl("ecparam", "-name", "prime256v1", "-genkey",
                           "-noout")
        self.sec1 = openssl("ec", "-outform", "DER", stdin=self.pem)
        self.pkcs8 = openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER",
                             stdin=self.pem)
        self.scalar = self.sec1[7:39]
        self.spki = openssl("ec", "-pubout", "-outform", "DER",
                            stdin=self.pem)
        self.point = self.spki[-64:]


def random_octets(n):
    """Random enough not to be one of the few that look otherwise."""
    while True:
        octets = RANDOM.randbytes(n)
        if len(set(octets)) >= n - 2 and len({
                b - a & 255 for a, b in zip(octets, octets[1:])}) >= n - 4 \
                and sum(32 <= c < 127 for c in octets) < n // 2:
            return octets


KEY = Key()
OTHER = Key()
RSA = openssl("genrsa", "-traditional", "1024")
TOKEN = base64.b32encode(bytes(range(7, 27))).lower()

# (what is planted, what the scanner must say)
PLANTED = [
    (KEY.pem, "PEM: EC PRIVATE KEY"),
    (openssl("pkcs8", "-topk8", "-nocrypt", stdin=KEY.pem), "PEM: PRIVATE KEY"),
    (openssl("pkcs8", "-topk8", "-passout", "pass:abcd", stdin=KEY.pem),
     "PEM: ENCRYPTED PRIVATE KEY"),
    (RSA, "PEM: RSA PRIVATE KEY"),
    (KEY.sec1, "DER: SEC 1"),
    (b"\x30\x25\x02\x01\x01\x04\x20" + KEY.scalar, "DER: SEC 1"),
    (KEY.pkcs8, "DER: PKCS #8, EC"),
    (openssl("rsa", "-traditional", "-outform", "DER", stdin=RSA),
     "DER: PKCS #1"),
    (openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", stdin=RSA),
     "DER: PKCS #8, RSA"),
    (openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER"),
     "DER: PKCS #8, Ed25519"),
    (base64.b64encode(KEY.sec1), "DER: SEC 1 in base64"),
    (base64.urlsafe_b64encode(KEY.pkcs8).rstrip(b"="),
     "DER: PKCS #8, EC in base64"),
    (b"x" + base64.encodebytes(KEY.sec1), "DER: SEC 1 in base64"),
    (KEY.sec1.hex().encode(), "DER: SEC 1 in hexadecimal"),
    (KEY.sec1.hex(":").upper().encode(), "DER: SEC 1 in hexadecimal"),
    (random_octets(32).hex().encode(), "look random in hexadecimal"),
    (base64.b64encode(random_octets(32)), "look random in base64"),
    (TOKEN, "a one-time token"),
    (TOKEN.upper(), "a one-time token"),
    (b" ".join(TOKEN[i:i + 4] for i in range(0, 32, 4)), "a one-time token"),
    (b"-".join(TOKEN[i:i + 8] for i in range(0, 32, 8)), "a one-time token"),
    (b"password=hunter2", "a value for 'password'"),
    (b'{"api_key": "aGVsbG8"}', "a value for 'api_key'"),
    (b"PSK: 0123456789", "a value for 'PSK'"),
    (b"mqtts://node:hunter2@broker.example", "a URL with a password"),
]

# (public key in the image, private octets beside it)
SCALARS = [
    (KEY.spki, KEY.scalar),
    (KEY.point, KEY.scalar),
    (KEY.spki, KEY.scalar.hex().encode()),
    (KEY.spki, base64.b64encode(KEY.scalar)),
]

FOUND = "the private half of a P-256 key"

# What looks like one and is none.
HARMLESS = [
    b"-----BEGIN EC PRIVATE KEY-----\0-----END EC PRIVATE KEY-----",
    openssl("ec", "-pubout", stdin=KEY.pem),
    KEY.spki,
    b"\x30\x25\x02\x01\x01\x04\x20" + bytes(32),
    b"password=%s token: %u secret=<none> psk=null",
    b"abcdefghijklmnopqrstuvwxyz234567",
    b"https://ca.example.test:8443/.well-known/est/simpleenroll",
    b"a_name_of_a_test_that_is_a_sentence_of_forty_three_letters",
]


# Of the node, as it lies in flash, so much: a search for private numbers takes a
# second for every two thousand octets.
EXCERPT = read(NODE + ".bin")[20000:23000]


def put(octets, at, secret):
    """A zero before it and behind it, as between constants."""
    return octets[:at - 1] + b"\0" + secret + b"\0" + \
        octets[at + len(secret) + 1:]


def plant(secret, at):
    return put(EXCERPT, at, secret)


def judged(octets, publics=()):
    """What the scanner says of an image that holds these octets."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(octets)
        f.flush()
        return scan.findings(image.Image(f.name), publics)


def images():
    found = sorted(glob.glob(os.path.join(BUILD, "ports/mps2/boot/*.elf")))
    for path in glob.glob(os.path.join(BUILD, "examples/sensor-node/*")):
        if os.path.isfile(path) and read(path)[:4] == b"\x7fELF":
            found.append(path)
    return found + [SECURE]


# -- tests ---------------------------------------------------------------------

def the_firmware_holds_no_credential():
    paths = images()
    check(NODE in paths and LOADER in paths and len(paths) >= 8, "too few images: %s" % paths)
    said = []
    for path in paths:
        one = image.Image(path)
        check(one.areas, path + " has no symbols")
        said += ["%s: 0x%x: %s" % (os.path.basename(path), where, what)
                 for where, what in scan.findings(one)]
    check(not said, "\n".join(said))


def nor_do_the_octets_that_are_flashed():
    check(judged(read(NODE + ".bin")) == [], "sensor-node.bin")


def each_kind_is_found_wherever_it_is_planted():
    for i, (secret, want) in enumerate(PLANTED):
        at = 401 + i % 4  # at each alignment
        said = judged(plant(secret, at))
        check(any(want in what and at <= where <= at + 4
                  for where, what in said),
              "%r: said %s" % (want, said))


def a_private_number_is_found_by_its_public_key():
    for i, (public, secret) in enumerate(SCALARS):
        said = judged(put(plant(public, 1003), 2001 + i, secret))
        check((2001 + i) in [where for where, what in said
                             if "private half" in what],
              "%u: said %s" % (i, said))


def in_the_order_of_words_as_well():
    backwards = KEY.point[31::-1] + KEY.point[:31:-1]
    said = judged(put(plant(backwards, 1003), 2000, KEY.scalar[::-1]))
    check((2000, FOUND) in said, "said %s" % said)


def or_by_one_that_is_given_beside_it():
    octets = plant(KEY.scalar, 401)
    check(judged(octets) == [], "nobody could know")
    for public in (KEY.spki, openssl("ec", "-pubout", stdin=KEY.pem),
                   openssl("req", "-x509", "-key", "/dev/stdin", "-subj",
                           "/CN=x", stdin=KEY.pem)):
        with tempfile.NamedTemporaryFile() as f:
            f.write(public)
            f.flush()
            points = scan.points_of(f.name)
        check(len(points) == 1, "its key: %s" % points)
    check(judged(octets, points) == [(401, FOUND)], "beside")


def somebody_elses_number_is_none():
    said = judged(put(plant(KEY.scalar, 401), 1003, OTHER.spki))
    check(said == [], "said %s" % said)


def a_constant_of_a_keys_size_is_found():
    """Within a table whose name is allowed: its contents are what counts."""
    elf = read(LOADER)
    table = [a for a in image.Image(LOADER).areas if a.name == "K"][0]
    at = elf.index(table.octets)
    for size in (16, 32):
        secret = random_octets(size)
        octets = elf[:at] + bytes(256) + elf[at + 256:]
        octets = octets[:at + 33] + secret + octets[at + 33 + size:]
        said = judged(octets)
        check(len(said) == 1 and "%u octets that look random in K" % size in
              said[0][1], "%u: said %s" % (size, said))


def so_is_one_without_a_name():
    elf = read(NODE)
    spaces = [a for a in image.Image(NODE).areas
              if a.name == "-" and len(a.octets) > 48]
    check(spaces, "no place for it")
    at = elf.index(spaces[-1].octets) + 7
    said = judged(elf[:at] + random_octets(32) + elf[at + 32:])
    check(len(said) == 1 and "has no name" in said[0][1], "said %s" % said)


def what_only_looks_like_one_is_none():
    for octets in HARMLESS:
        said = judged(plant(octets, 403))
        check(said == [], "%r: said %s" % (octets[:40], said))


def a_test_with_test_keys_does_not_pass():
    """Not planted by us: published keys that a program of tests has."""
    said = [what for _, what in scan.findings(image.Image(
        os.path.join(BUILD, "ports_signature_test")))]
    check(any("test_p256" in what for what in said), "said %s" % said)


def the_curve_is_the_curve():
    check(p256.on_curve(*p256.G), "its generator")
    keys = p256.Keys([(int.from_bytes(KEY.point[:32], "big"),
                       int.from_bytes(KEY.point[32:], "big"))])
    check(keys.has(KEY.scalar), "OpenSSL's key")
    check(not keys.has(OTHER.scalar), "another")
    negative = p256.N - int.from_bytes(KEY.scalar, "big")
    check(keys.has(negative.to_bytes(32, "big")), "its negative signs as well")


def the_exit_code_says_it():
    tool = os.path.join(HERE, "scan.py")

    def code(*args):
        return subprocess.run([sys.executable, tool] + list(args),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)

    with tempfile.NamedTemporaryFile() as f:
        f.write(plant(KEY.sec1, 401))
        f.flush()
        done = code(f.name)
        check(done.returncode == 1, "found: %u" % done.returncode)
        check(re.search(rb"0x00000191: DER: SEC 1\n", done.stdout), done.stdout)
        check(KEY.scalar.hex().encode() not in done.stdout, "it is printed")
        check(code("--public", NODE + ".bin", f.name).returncode == 2,
              "no key to look for")
    check(code(LOADER).returncode == 0, "clean")


def main():
    tests = [f for name, f in globals().items()
             if inspect.isfunction(f) and f.__module__ == "__main__" and
             f.__code__.co_firstlineno > the_firmware_holds_no_credential
             .__code__.co_firstlineno - 1 and name != "main"]
    failed = 0
    for i, test in enumerate(tests):
        try:
            test()
            print("ok %d - %s" % (i + 1, test.__name__))
        except AssertionError as e:
            failed += 1
            print("# " + str(e).replace("\n", "\n# "))
            print("not ok %d - %s" % (i + 1, test.__name__))
        sys.stdout.flush()
    print("1..%d" % len(tests))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
