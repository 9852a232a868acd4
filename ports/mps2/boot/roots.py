#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The keys that are fixed in a bootloader, as a header.

roots.py ROOT.pem ROOT.pem [RESCUE.pem]    roots of key sets
roots.py --keys KEY.pem...                 keys of firmware, without key sets

Each file is a key on P-256, the public half (SubjectPublicKeyInfo) or, for
tests, the private one; openssl reads it. Of a root what is fixed is the SHA-256
of its SubjectPublicKeyInfo; without a rescue key there is none. Keys of firmware
are fixed whole.
"""
import hashlib
import subprocess
import sys

SPKI_SIZE = 91  # of a point on P-256, uncompressed
POINT_SIZE = 65
NONE = bytes(32)


def spki(path):
    with open(path, encoding="ascii") as f:
        private = "PRIVATE" in f.read()
    der = subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"] +
        ([] if private else ["-pubin"]),
        check=True, stdout=subprocess.PIPE).stdout
    if len(der) != SPKI_SIZE:
        sys.exit("roots.py: %s is not a key on P-256" % path)
    return der


def words(digest):
    return "{ " + ", ".join("0x%02x" % b for b in digest) + " }"


def keys(paths):
    if not paths:
        sys.exit(__doc__)
    print("/* Made by roots.py from", ", ".join(paths), "*/")
    print("#define MPS2_BOOT_KEYS { \\")
    print(", \\\n".join(
        "{ .id = %s, .point = %s }"
        % (words(hashlib.sha256(der).digest()), words(der[-POINT_SIZE:]))
        for der in map(spki, paths)) + " }")


def main(paths):
    if paths[:1] == ["--keys"]:
        keys(paths[1:])
        return
    if len(paths) not in (2, 3):
        sys.exit(__doc__)
    hashes = [hashlib.sha256(spki(p)).digest() for p in paths] + [NONE]
    if hashes[0] == hashes[1] or hashes[2] in hashes[:2]:
        sys.exit("roots.py: the keys are to be different ones")
    print("/* Made by roots.py from", ", ".join(paths), "*/")
    print("#define MPS2_BOOT_ROOTS { .required = BM_BOOT_P256, .ids = { \\")
    print(", \\\n".join(words(digest) for digest in hashes[:3]) + " } }")


main(sys.argv[1:])
