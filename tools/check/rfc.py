#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/rfc-coverage.md says of each clause of the four RFCs that matter most where
the code names it and which test does. It is made from the sources, and has to be
up to date.

rfc.py [ROOT]
rfc.py --write      makes it again
"""
import os
import re
import sys

import source

PAGE = "docs/rfc-coverage.md"
RFCS = {"5280": "Certificates and revocation lists, path validation",
        "6960": "Certificate status: OCSP",
        "7030": "Enrolment: EST",
        "8951": "Corrections to EST"}
NAMED = re.compile(r"RFC (5280|6960|7030|8951) "
                   r"(\d+(?:\.\d+)*(?:(?:,| and) \d+(?:\.\d+)+)*)")
# A row of the tables of refusals: X(E_TIME_FORM, 0x0301, "RFC 5280 4.1.2.5", ...
REFUSAL = re.compile(r"X\((E_\w+), \w+,\s*\"RFC (5280|6960|7030|8951) "
                     r"(\d+(?:\.\d+)*)\"")
# Where a function begins, in C and in Python.
TEST = re.compile(r"^(?:def (\w+)\(|(?:static )?[a-z]\w*(?: [a-z]\w*)* \*?(\w+)\()",
                  re.M)
HEAD = """# What the RFCs ask for, and which test shows it

Made by `tools/check/rfc.py --write` from the sources, and checked to be what it would
make: a row for each clause that the code names, in a refusal or in front of the lines that
follow it. **MUST** stands where the code quotes the clause as an obligation. A test is here
when it names the clause, or expects a refusal that names it; a clause without one is an
error. Many more test it without naming it: NIST PKITS and x509-limbo decide some thousand
cases of RFC 5280 (`tests/conformance`), and OpenSSL, GnuTLS, curl and strongSwan are the
other side in `tests/interop`, `tests/est` and `tests/status`.

What is not claimed: clauses that are in no table here.
"""


def is_test(path):
    return "/test/" in path or path.startswith("tests/")


def subject(text, at):
    """The function that the offset is in, or, between two, the next one."""
    last = None
    for last in TEST.finditer(text, 0, at):
        pass
    # A brace, or in Python a word, in the first column ends a function.
    if last is None or re.search(r"\n(}|[A-Za-z@#])", text[last.end():at]):
        last = TEST.search(text, at)
    return (last.group(1) or last.group(2)) if last else None


def clauses(text):
    """(RFC, clause, offset, whether MUST is quoted)"""
    flat = re.sub(r"\n( *)(\*|#) ", lambda m: " " * len(m.group(0)), text)
    for match in NAMED.finditer(flat):
        must = re.match(r" (MUST|SHALL)", flat[match.end():]) is not None
        for clause in re.split(r", | and ", match.group(2)):
            yield match.group(1), clause, match.start(), must


def order(clause):
    return [int(number) for number in clause.split(".")]


def gather(top):
    """(RFC, clause): [MUST is quoted, files of the code, tests]"""
    rows, texts, refusals = {}, {}, {}
    for path in source.files(top, ".c", ".h", ".py"):
        if path.startswith(("tools/", "examples/")):
            continue
        text = texts[path] = source.read(top, path)
        if os.path.basename(path).startswith("status_"):
            for name, rfc, clause in REFUSAL.findall(text):
                refusals["BM_" + name] = (rfc, clause)
        for rfc, clause, at, must in clauses(text):
            row = rows.setdefault((rfc, clause), [False, set(), set()])
            if is_test(path):
                row[2].add(place(path, text, at))
            elif not os.path.basename(path).startswith("status_"):
                row[0] = row[0] or must
                row[1].add("`%s`" % path)
    # A test that expects a refusal shows the clause that the refusal names.
    for path, text in texts.items():
        for match in re.finditer(r"\bBM_E_\w+", text):
            key = refusals.get(match.group(0))
            if key in rows and is_test(path):
                rows[key][2].add(place(path, text, match.start()))
    return {key: row for key, row in rows.items() if row[1]}


def place(path, text, at):
    name = subject(text, at)
    return "`%s`%s" % (path, " " + name if name else "")


def shown(tests):
    """Three will do, each from a file of its own where there are such."""
    chosen = {}
    for test in sorted(tests):
        chosen.setdefault(test.split()[0], test)
    more = len(tests) - len(list(chosen.values())[:3])
    return "; ".join(list(chosen.values())[:3]) + (
        "; %d more" % more if more > 0 else "")


def page(rows):
    text = [HEAD]
    for rfc, title in sorted(RFCS.items()):
        mine = sorted((key[1] for key in rows if key[0] == rfc), key=order)
        text.append("## RFC %s: %s\n\n%d clauses.\n" % (rfc, title, len(mine)))
        text.append("| clause | code | tests |\n|---|---|---|")
        for clause in mine:
            must, code, tests = rows[rfc, clause]
            text.append("| %s%s | %s | %s |" % (
                clause, " **MUST**" if must else "", ", ".join(sorted(code)),
                shown(tests)))
        text.append("")
    return "\n".join(text)


def main():
    write = "--write" in sys.argv
    if write:
        sys.argv.remove("--write")
    top = source.root()
    path = os.path.join(top, PAGE)
    rows = gather(top)
    made = page(rows)
    found = ["RFC %s %s: %s names it, and no test" % (*key, min(row[1]))
             for key, row in sorted(rows.items()) if not row[2]]
    if write:
        with open(path, "w", encoding="utf-8") as f:
            f.write(made)
    elif not os.path.exists(path) or source.read(top, PAGE) != made:
        found.append("%s: not what the sources say: tools/check/rfc.py --write"
                     % PAGE)
    source.report("rfc", found)


main()
