# SPDX-License-Identifier: Apache-2.0
"""Shares of an unlock secret, read and written by docs/keys.md alone.

A second implementation, which shares no code and no idea with keys/: it looks
into tables of logarithms, and solves by Lagrange over them. Run as a program
it prints the vectors of keys/test/shares_test.c.
"""
import hashlib
import re

EXP = [1]
for _ in range(254):
    _b = EXP[-1] << 1 ^ EXP[-1]  # 3 generates the group, 2 does not
    EXP.append(_b ^ 0x11B if _b > 255 else _b)
LOG = {e: i for i, e in enumerate(EXP)}


def mul(a, b):
    return EXP[(LOG[a] + LOG[b]) % 255] if a and b else 0


def div(a, b):
    return EXP[(LOG[a] - LOG[b]) % 255] if a else 0


def at_zero(points):
    """The value at 0 of the polynomial through {x: octets}."""
    out = []
    for i in range(len(next(iter(points.values())))):
        value = 0
        for x, octets in points.items():
            term = octets[i]
            for other in points:
                if other != x:
                    term = mul(term, div(other, other ^ x))
            value ^= term
        out.append(value)
    return bytes(out)


def digest(group, k, n, secret):
    return hashlib.sha256(b"birthmark/shares/v1" + group + bytes([k, n])
                          + secret).digest()[:8]


def check(body):
    return hashlib.sha256(b"birthmark/share/v1"
                          + body.lower().encode()).digest()[:4]


def groups(octets):
    digits = octets.hex()
    return " ".join(digits[i:i + 4] for i in range(0, len(digits), 4))


def write(owner, x, n, k, group, custodian, value):
    body = (f"birthmark share 1\nof {owner}\nshare {x} of {n}, any {k} open\n"
            f"set {groups(group)}\ncustodian {custodian}\n")
    for i in range(0, 40, 16):
        body += groups(value[i:i + 16]) + "\n"
    return body + f"check {groups(check(body))}\n"


def split(owner, custodians, k, secret, random):
    """The texts of a set; `random(n)` gives octets: set, then coefficients."""
    n = len(custodians)
    group = random(8)
    shared = secret + digest(group, k, n, secret)
    rows = [shared] + [random(40) for _ in range(k - 1)]
    texts = []
    for x, custodian in enumerate(custodians, 1):
        value = []
        for column in zip(*rows):
            y, power = 0, 1
            for coefficient in column:
                y ^= mul(coefficient, power)
                power = mul(power, x)
            value.append(y)
        texts.append(write(owner, x, n, k, group, custodian, bytes(value)))
    return texts


FORM = re.compile(
    r"(birthmark share 1\nof (?P<owner>[^\n]+)\n"
    r"share (?P<x>\d+) of (?P<n>\d+), any (?P<k>\d+) open\n"
    r"set (?P<group>(?:[0-9a-f]{4} ?){4})\ncustodian (?P<custodian>[^\n]+)\n"
    r"(?P<value>(?:(?:[0-9a-f]{4}[ \n]){20})))"
    r"check (?P<check>[0-9a-f]{4} [0-9a-f]{4})\n")


def read(text):
    m = FORM.fullmatch(text)
    assert m, text
    assert bytes.fromhex(m["check"]) == check(m[1]), text
    return {"owner": m["owner"], "x": int(m["x"]), "n": int(m["n"]),
            "k": int(m["k"]), "group": bytes.fromhex(m["group"]),
            "custodian": m["custodian"], "value": bytes.fromhex(m["value"])}


def combine(texts):
    """The secret of at least k texts of one set."""
    shares = [read(text) for text in texts]
    first = shares[0]
    assert len({(s["group"], s["k"], s["n"]) for s in shares}) == 1
    shared = at_zero({s["x"]: s["value"] for s in shares[:first["k"]]})
    secret = shared[:32]
    assert shared[32:] == digest(first["group"], first["k"], first["n"],
                                 secret)
    return secret


def secret_text(secret):
    sum4 = hashlib.sha256(b"birthmark/unlock/v1" + secret).digest()[:4]
    return (f"birthmark unlock secret 1\n{groups(secret[:16])}\n"
            f"{groups(secret[16:])}\ncheck {groups(sum4)}\n")


def read_secret(text):
    m = re.fullmatch(r"birthmark unlock secret 1\n((?:[0-9a-f]{4}[ \n]){16})"
                     r"check ([0-9a-f]{4} [0-9a-f]{4})\n", text)
    secret = bytes.fromhex(m[1])
    assert secret_text(secret) == text
    return secret


def counting():
    """The source of the vectors: octet i is 7 * i + 1."""
    at = 0

    def random(n):
        nonlocal at
        octets = bytes((7 * (at + i) + 1) % 256 for i in range(n))
        at += n
        return octets
    return random


if __name__ == "__main__":
    names = [f"Custodian {c}" for c in "ABCDE"]
    for line in split("Example Root CA", names, 3, bytes(range(32)),
                      counting())[1].splitlines():
        print(f'"{line}\\n"')
