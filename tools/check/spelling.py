#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The words of README.md, docs/ and the other pages of the first folder are
those of aspell's British English, or stand in words.txt: names of the field, of
programs, and of people. Code is not looked at.

spelling.py [ROOT]
"""
import os
import re
import shutil
import subprocess
import sys

import source

HERE = os.path.dirname(os.path.abspath(__file__))
CODE = (r"^ *```.*?^ *```", r"<!--.*?-->", r"`[^`]*`", r"^    .*$", r"\]\([^)]*\)",
        r"https?://\S+", r"&\w+;")


def words(text):
    """(line, word) of the prose: words with digits and the like are names."""
    for pattern in CODE:
        text = re.sub(pattern, source.blank, text, flags=re.M | re.S)
    for match in re.finditer(r"[^\s/|()\[\]{}<>\"“”,;:!?*=+…-]+", text):
        word = re.sub(r"^'+|['.]+$|'s$", "", match.group(0))
        if re.fullmatch(r"[A-Za-z']+", word) and not re.search(
                r"[a-z][A-Z]|^[A-Z]{2,}s?$", word):
            yield source.line_of(text, match.start()), word


def main():
    top = source.root()
    if shutil.which("aspell") is None:
        sys.exit("no aspell: run 'make deps'")
    with open(os.path.join(HERE, "words.txt"), encoding="utf-8") as f:
        known = {line.strip() for line in f if not line.startswith("#")}
    seen = {}
    for path in source.files(top, ".md"):
        if os.path.dirname(path) in ("", "docs"):
            for line, word in words(source.read(top, path)):
                seen.setdefault(word, "%s:%d" % (path, line))
    done = subprocess.run(
        ["aspell", "list", "--lang=en_GB", "--encoding=utf-8", "--ignore=1"],
        input="\n".join(seen).encode(), stdout=subprocess.PIPE, check=True)
    unknown = sorted(set(done.stdout.decode().split()) - known)
    source.report("spelling", ["%s: %s" % (seen.get(word, "?"), word)
                               for word in unknown
                               if word.lower() not in known])


main()
