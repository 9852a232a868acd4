#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for static credentials in firmware images.

    scan.py [--public FILE]... IMAGE...

An IMAGE is an ELF file, or raw octets: then constants cannot be told from code,
and those that merely look random are not looked for. --public names a
certificate or public key, PEM or DER: its private half is looked for, as that of
each P-256 key in an image is. allowed.txt says which constants are known.

Exit code 0: nothing was found; 1: something was; 2: wrong usage.
"""
import argparse
import base64
import fnmatch
import hashlib
import os
import re
import sys

import image
import kinds
import p256

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOWED = os.path.join(HERE, "allowed.txt")


class Allowed:
    """The rows of allowed.txt."""

    def __init__(self, path=ALLOWED):
        self.tables, self.octets = [], []
        with open(path, encoding="utf-8") as f:
            for line in f:
                words = line.split("#")[0].split(None, 2)
                if not words:
                    continue
                if words[0] == "octets":
                    self.octets.append(bytes.fromhex(words[1]))
                else:
                    self.tables.append(words)

    def has(self, area):
        digest = hashlib.sha256(area.octets).hexdigest()
        return any(fnmatch.fnmatchcase(area.name, row[0]) and
                   digest.startswith(row[1])
                   for row in self.tables)

    def without(self, octets):
        """Each known sequence as zeros: what is beside it is looked at."""
        for known in self.octets:
            octets = octets.replace(known, bytes(len(known)))
        return octets


# -- public keys ---------------------------------------------------------------

def points_in(octets, everywhere=True):
    """Points of the curve, in either order of octets. A mistake is as likely
    as a collision of SHA-256."""
    for at in range(len(octets) - 63):
        pair = octets[at:at + 64]
        x, y = pair[:32], pair[32:]
        for order in ("big", "little") if everywhere else ("big",):
            point = int.from_bytes(x, order), int.from_bytes(y, order)
            # The generator's private half is 1, which is nobody's.
            if point != p256.G and p256.on_curve(*point):
                yield point


def points_of(path):
    with open(path, "rb") as f:
        octets = f.read()
    for body in re.findall(rb"-----BEGIN [A-Z ]+-----(.*?)-----END", octets,
                           re.S):
        octets += base64.b64decode(re.sub(rb"\s", b"", body))
    return set(points_in(octets, False))


def find_scalars(octets, keys):
    """Private halves of `keys`, at any place; those with the least significant
    octet first where words are."""
    if not keys.points:
        return
    for at in range(len(octets) - 31):
        number = octets[at:at + 32]
        # Of random numbers, one in a thousand has fewer different octets.
        if len(set(number)) < 25:
            continue
        if keys.has(number) or (at % 4 == 0 and keys.has(number[::-1])):
            yield at, "the private half of a P-256 key"


# -- images --------------------------------------------------------------------

def findings(one, publics=(), allowed=None):
    """[(address, what)] of an image.Image"""
    allowed = allowed or Allowed()
    octets = one.octets
    keys = p256.Keys(set(points_in(octets)) | set(publics))
    found = []
    for finder in (kinds.find_text, kinds.find_der,
                   lambda o: find_scalars(o, keys)):
        found += finder(octets)
    for place, inner, written in kinds.decoded(octets):
        for finder in (kinds.find_der, lambda o: find_scalars(o, keys)):
            found += [(place, "%s in %s" % (what, written))
                      for _, what in finder(inner)]
        if len(inner) == 32 and kinds.random_like(inner, *kinds.SIZES[0][1:]):
            found.append((place, "32 octets that look random in " + written))
    found = {(one.address(place), what) for place, what in found}
    for area in one.areas or []:
        if not allowed.has(area):
            found |= {(area.address + place, "%s in %s" % (
                what, area.name if area.name != "-" else "what has no name"))
                for place, what in kinds.find_random(
                    allowed.without(area.octets), area.name != "-")}
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--public", action="append", default=[],
                        metavar="FILE")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    args = parser.parse_args()
    publics = set()
    for path in args.public:
        points = points_of(path)
        if not points:
            parser.error("no P-256 key in " + path)
        publics |= points
    bad = False
    for path in args.images:
        one = image.Image(path)
        found = findings(one, publics)
        for address, what in found:
            print("%s: 0x%08x: %s" % (path, address, what))
        print("%s: %d octets%s: %s" % (
            path, len(one.octets), "" if one.areas is not None
            else ", raw: constants are not judged",
            "%d findings" % len(found) if found else "nothing found"))
        bad |= bool(found)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
