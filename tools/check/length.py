#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long functions and files are. A function over 60 lines or a file over
600 is reported: a reason to stop and think. Over 100 lines or 1000 it fails:
nobody reviews that.

length.py [ROOT]
"""
import source

FUNCTION_REPORT, FUNCTION_MAX = 60, 100
FILE_REPORT, FILE_MAX = 600, 1000


def main():
    top = source.root()
    failures = []
    lengths = []
    for path in source.files(top, ".c", ".h"):
        text = source.strip(source.read(top, path))
        n = text.count("\n")
        if n > FILE_REPORT:
            print("%s: %d lines" % (path, n))
        if n > FILE_MAX:
            failures.append("%s: over %d lines" % (path, FILE_MAX))
        for name, first, last in source.functions(text):
            n = last - first + 1
            lengths.append(n)
            if n > FUNCTION_REPORT:
                print("%s:%d: %s has %d lines" % (path, first, name, n))
            if n > FUNCTION_MAX:
                failures.append("%s:%d: %s: over %d lines"
                                % (path, first, name, FUNCTION_MAX))
    if lengths:
        lengths.sort()
        print("%d functions, median %d lines, 90th percentile %d" % (
            len(lengths), lengths[len(lengths) // 2],
            lengths[len(lengths) * 9 // 10]))
    source.report("length", failures)


main()
