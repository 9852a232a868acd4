#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each relative link of a Markdown file leads to a file or folder that exists,
and its anchor to a heading of it.

links.py [ROOT]
"""
import os
import re

import source

LINK = re.compile(r"\]\(([^)\s]+)\)")
# Of other programs and places: whether they are there is not ours to say.
ELSEWHERE = ("http:", "https:", "mailto:")


def prose(text):
    """Without what stands in fences and between backquotes; lines stay."""
    text = re.sub(r"^ *```.*?^ *```", source.blank, text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", source.blank, text)


def anchors(text):
    """As GitHub names headings: a second one of a name has -1 behind it."""
    found = set()
    text = re.sub(r"^ *```.*?^ *```", source.blank, text, flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.*?) *$", text, re.M):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        name, n = slug, 0
        while name in found:
            n += 1
            name = "%s-%d" % (slug, n)
        found.add(name)
    return found


def problem(top, path, link):
    """What is wrong with a link of the file `path`, or None."""
    target, _, anchor = link.partition("#")
    if target.startswith(ELSEWHERE):
        return None
    file = os.path.normpath(os.path.join(os.path.dirname(path), target)) \
        if target else path
    if file.startswith(".."):
        return "leads out of the tree"
    if not os.path.exists(os.path.join(top, file)):
        return "leads nowhere"
    if anchor and (not file.endswith(".md") or
                   anchor not in anchors(source.read(top, file))):
        return "has no such anchor"
    return None


def main():
    top = source.root()
    findings = []
    for path in source.files(top, ".md"):
        text = prose(source.read(top, path))
        for match in LINK.finditer(text):
            what = problem(top, path, match.group(1))
            if what:
                findings.append("%s:%d: %s %s" % (
                    path, source.line_of(text, match.start()),
                    match.group(1), what))
    source.report("links", findings)


main()
