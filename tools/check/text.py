#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What every text file keeps to: a licence line in sources, no tabs outside
of Makefiles, no blanks at line ends, a final line break, at most 80 columns
of C, and no notes to self.

text.py [ROOT]
"""
import re

import source

SOURCES = (".c", ".h", ".sh", ".py", ".ld")
TEXTS = SOURCES + (".md", ".txt", ".cmake", ".json", ".yml", ".yaml")
LICENCE = "SPDX-License-Identifier: Apache-2.0"
NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")


def problems(path, text):
    lines = text.split("\n")
    if path.endswith((".c", ".h", ".sh", ".py")) and \
            LICENCE not in "\n".join(lines[:3]):
        yield 1, "no licence line"
    if text and not text.endswith("\n"):
        yield len(lines), "no line break at the end"
    for i, line in enumerate(lines):
        if "\t" in line:
            yield i + 1, "tab"
        if line != line.rstrip():
            yield i + 1, "blank at the end of the line"
        if path.endswith((".c", ".h")) and len(line) > 80:
            yield i + 1, "over 80 columns"
        if NOTES.search(line):
            yield i + 1, "note to self"


def main():
    top = source.root()
    findings = []
    for path in source.files(top, *TEXTS):
        if "/samples/" in path or "/corpus/" in path:
            continue
        for line, what in problems(path, source.read(top, path)):
            findings.append("%s:%d: %s" % (path, line, what))
    source.report("text", findings)


main()
