#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layer rule: #include lines go only where tools/layers.txt allows.

layers.py [ROOT]

A folder may include itself and what its row names. Its test/ and fuzz/ may
also include tests/harness. A port may include itself and every folder that
the table names, and what boards have in common, ports/board.h, but no other port;
a bootloader, ports/X/boot, is a program and chooses its cryptography,
ports/Y/boot; so is a board with a secure world, ports/mps2/an505, which chooses
ports/mbedtls. tests/ and bench/ may include anything. Includes are written from
the root of the repository.
"""
import os
import re

import source

FREE = ("tests", "bench", "examples")


def table(top):
    """folder -> names it may include, from tools/layers.txt"""
    rows = {}
    for line in source.read(top, "tools/layers.txt").split("\n"):
        words = line.split("#")[0].split()
        if words:
            rows[words[0]] = words[2:]
    return rows


def allowed(path, included, rows):
    mine = path.split("/")
    theirs = included.split("/")
    if mine[0] in FREE or mine[0] == theirs[0] != "ports":
        return True
    if mine[0] == "ports":
        return theirs[0] in rows or mine[:2] == theirs[:2] or \
            included == "ports/board.h" or (
            "test" in mine and theirs[:2] == ["tests", "harness"]) or (
                mine[2] == "boot" == theirs[2]) or (
                mine[:3] == ["ports", "mps2", "an505"] and
                theirs[:2] == ["ports", "mbedtls"])
    if ("test" in mine or "fuzz" in mine) and \
            theirs[:2] == ["tests", "harness"]:
        return True
    return theirs[0] in rows.get(mine[0], []) or \
        included in rows.get(mine[0], [])


def main():
    top = source.root()
    rows = table(top)
    findings = []
    for path in source.files(top, ".c", ".h"):
        if path.split("/")[0] not in list(rows) + ["ports"] + list(FREE):
            findings.append("%s: folder is not in tools/layers.txt" % path)
            continue
        text = source.read(top, path)
        for match in re.finditer(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
            included = match.group(1)
            where = "%s:%d" % (path, source.line_of(text, match.start()))
            generated = path.startswith("ports/") and "/" not in included
            if generated:
                continue  # a library's own configuration header
            if not os.path.exists(os.path.join(top, included)):
                findings.append('%s: "%s" is not a path from the root'
                                % (where, included))
            elif not allowed(path, included, rows):
                findings.append('%s: may not include "%s"' % (where, included))
    source.report("layers", findings)


main()
