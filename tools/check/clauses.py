#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each `RFC nnnn n.n MUST` quoted in code should stand in a test as well.
Lists those that do not; a report, it never fails.

clauses.py [ROOT]
"""
import re

import source

QUOTE = re.compile(r"(RFC \d+ [\w.()]+) (?:MUST|SHALL)")


def main():
    top = source.root()
    quoted = {}
    tested = set()
    for path in source.files(top, ".c", ".h"):
        text = re.sub(r"\s*\n\s*\*?\s*", " ", source.read(top, path))
        clauses = QUOTE.findall(text)
        if "/test/" in path or path.startswith("tests/"):
            tested.update(re.findall(r"RFC \d+ [\w.()]+", text))
        else:
            for clause in clauses:
                quoted.setdefault(clause, path)
    findings = ["%s: %s MUST: no test names it" % (path, clause)
                for clause, path in sorted(quoted.items())
                if clause not in tested]
    print("%d clauses quoted, %d without a test"
          % (len(quoted), len(findings)))
    source.report("clauses", findings, verdict=False)


main()
