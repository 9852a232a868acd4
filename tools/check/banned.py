#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls of functions that banned.txt lists. Members of structs may have such
names: crypto->random() is no call of random().

banned.py [ROOT]
"""
import os
import re

import source


def banned():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "banned.txt")
    with open(path, encoding="utf-8") as f:
        rows = [line.split(None, 1) for line in f
                if line.strip() and not line.startswith("#")]
    return {row[0]: row[1].strip() for row in rows}


def main():
    top = source.root()
    instead = banned()
    call = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(instead))
    findings = []
    for path in source.files(top, ".c", ".h"):
        text = source.strip(source.read(top, path))
        for match in call.finditer(text):
            findings.append("%s:%d: %s is banned: use %s" % (
                path, source.line_of(text, match.start()), match.group(1),
                instead[match.group(1)]))
    source.report("banned", findings)


main()
