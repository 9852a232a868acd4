#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write ca/bad-keys.txt: public keys whose private half is printed somewhere.

bad_keys.py [--check]   --check: fail if the file is not what would be written
"""
import hashlib
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
LIST = os.path.join(ROOT, "ca", "bad-keys.txt")

HEAD = """\
# SPDX-License-Identifier: Apache-2.0
#
# Public keys that protect nothing: the private half of each is printed in a
# specification or in the sources of this program, or is the first that
# anybody guesses. No certificate is issued for them.
#
# One key per line: SHA-256 of its SubjectPublicKeyInfo, then what it is. Add
# your own findings; `bad_keys` in birthmark.yaml names the file.
"""

# Curve, private key, where it is printed.
SCALARS = [
    ("P-256", "e6cb5bdd80aa45ae9c95e8c15476679ffec953c16851e711e743939589c64f"
     "c1", "RFC 9500 2.3 testECCP256"),
    ("P-384", "e2563328dfabf68188606b91324281c1d58a4456431b09d510b35fecc9f307"
     "ca1822846fa2671371a9a81bac0e35749d", "RFC 9500 2.3 testECCP384"),
    ("P-256", "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f67"
     "21", "RFC 6979 A.2.5"),
    ("P-384", "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137"
     "d896d5724e4c70a825f872c9ea60d2edf5", "RFC 6979 A.2.6"),
    ("Ed25519", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae"
     "7f60", "RFC 8032 7.1 TEST 1"),
    ("Ed25519", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8"
     "a6fb", "RFC 8032 7.1 TEST 2"),
    ("Ed25519", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b44"
     "58f7", "RFC 8032 7.1 TEST 3"),
    ("Ed25519", "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc"
     "0ee5", "RFC 8032 7.1 TEST 1024"),
    ("Ed25519", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca"
     "3d42", "RFC 8032 7.1 TEST SHA(abc)"),
    ("Ed25519", "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f4475"
     "5842", "RFC 8410 10.3"),
]

FILES = [
    ("rfc9500-rsa2048.pem", "RFC 9500 2.1 testRSA2048"),
    ("rfc9500-rsa4096.pem", "RFC 9500 2.1 testRSA4096"),
]

# What "openssl pkey" takes, in front of the octets of the private key:
# RFC 5915 without a public key, and RFC 8410.
CURVES = {
    "P-256": ("30310201010420", "a00a06082a8648ce3d030107"),
    "P-384": ("303e0201010430", "a00706052b81040022"),
    "Ed25519": ("302e020100300506032b657004220420", ""),
}

# The first guesses. 1 and -1 are known by rule, on any curve.
GUESSES = range(2, 17)


def public(private, form):
    """SubjectPublicKeyInfo of a key, or of a public key as it is"""
    args = ["openssl", "pkey", "-inform", form, "-outform", "DER", "-pubout"]
    if b"PUBLIC KEY" in private:
        args.append("-pubin")
    return subprocess.run(args, input=private, check=True,
                          stdout=subprocess.PIPE).stdout


def from_scalar(curve, digits):
    before, after = CURVES[curve]
    return public(bytes.fromhex(before + digits + after), "DER")


def octets(text, name):
    """The arrays of bytes of `name` in C, as hexadecimal digits"""
    body = re.search(name + r"\[.*?\] = \{(.*?)\};", text, re.S).group(1)
    parts = re.findall(r"\{(.*?)\}", body, re.S) or [body]
    return ["".join(re.findall(r"0x([0-9a-f]{2})", p)) for p in parts]


def own():
    """The test keys of this project"""
    with open(os.path.join(ROOT, "tests/harness/test_keys.h")) as f:
        keys = f.read()
    with open(os.path.join(ROOT, "tests/harness/test_crypto_openssl.c")) as f:
        more = f.read()
    for digits in octets(keys, "test_p256"):
        yield from_scalar("P-256", digits), "test_p256"
    for digits in octets(more, "test_p384"):
        yield from_scalar("P-384", digits), "test_p384"
    for digits in octets(more, "test_ed25519"):
        yield from_scalar("Ed25519", digits), "test_ed25519"
    pem = re.search(r"test_rsa2048\[\] =(.*?);", more, re.S).group(1)
    lines = re.findall(r'"(.*?)\\n"', pem)
    yield public("\n".join(lines + [""]).encode(), "PEM"), "test_rsa2048"


def rows():
    for curve, digits, where in SCALARS:
        yield from_scalar(curve, digits), f"{where}, {curve}"
    for name, where in FILES:
        with open(os.path.join(HERE, name), "rb") as f:
            yield public(f.read(), "PEM"), f"{where}, RSA"
    for spki, name in own():
        yield spki, f"tests/harness of this program, {name}"
    for curve in ("P-256", "P-384"):
        size = 64 if curve == "P-256" else 96
        for guess in GUESSES:
            yield from_scalar(curve, f"{guess:0{size}x}"), \
                f"private key {guess}, {curve}"


def main():
    text = HEAD
    for spki, what in rows():
        text += f"{hashlib.sha256(spki).hexdigest()} {what}\n"
    if sys.argv[1:] == ["--check"]:
        with open(LIST) as f:
            if f.read() != text:
                print("ca/bad-keys.txt is out of date: run bad_keys.py")
                return 1
        return 0
    with open(LIST, "w") as f:
        f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
