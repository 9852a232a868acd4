# SPDX-License-Identifier: Apache-2.0
"""What the checkers share: which files there are, and reading C roughly.

The C that is read here has passed a compiler and clang-format, so a few
regular expressions understand it well enough.
"""
import os
import re
import sys

SKIPPED = ("build", ".git", ".cache")


def root():
    """The tree to check: the first argument, or the repository."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def files(top, *endings):
    """Paths below `top`, relative to it and sorted, that end like one of
    `endings`."""
    found = []
    for folder, subfolders, names in os.walk(top):
        relative = os.path.relpath(folder, top)
        if relative == ".":
            subfolders[:] = [s for s in subfolders if s not in SKIPPED]
        found += [os.path.normpath(os.path.join(relative, name))
                  for name in names if name.endswith(endings)]
    return sorted(found)


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as f:
        return f.read()


def blank(match):
    """A match with everything but its line breaks made blank."""
    return re.sub(r"[^\n]", " ", match.group(0))


def strip(text):
    """C text without comments and without the contents of literals; lines
    and columns stay where they were."""
    token = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(token, blank, text, flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def functions(stripped):
    """Yield (name, first line, last line) of each function defined: in our
    style its braces stand alone in the first column."""
    lines = stripped.split("\n")
    start = None
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line.startswith("}") and start is not None:
            head = start
            while head > 0 and re.match(r"\s|\w.*[^;}]$", lines[head - 1]) \
                    and lines[head - 1].strip():
                head -= 1
            named = re.search(r"(\w+)\s*\(", " ".join(lines[head:start]))
            yield (named.group(1) if named else "?", head + 1, i + 1)
            start = None


def report(name, findings, verdict=True):
    """Print findings and leave: 1 if there are any and `verdict` is set."""
    for finding in findings:
        print(finding)
    print("%s: %s" % (name, "ok" if not findings or not verdict
                      else "%d findings" % len(findings)))
    sys.exit(1 if findings and verdict else 0)
