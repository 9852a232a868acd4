#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lines of our code that the tests executed, per file and folder.

coverage.py [BUILD]     BUILD: preset coverage after ctest has run
"""
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(
    os.path.abspath(__file__)), ".."))


def counted(build):
    """path -> {line: times executed}, over all programs of the build"""
    lines = {}
    data = glob.glob(os.path.join(build, "**", "*.gcno"), recursive=True)
    with tempfile.TemporaryDirectory() as tmp:
        for i in range(0, len(data), 50):
            subprocess.run(["gcov", "--json-format", "--preserve-paths"] +
                           [os.path.abspath(d) for d in data[i:i + 50]],
                           cwd=tmp, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        for path in glob.glob(os.path.join(tmp, "*.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as f:
                for entry in json.load(f)["files"]:
                    add(lines, entry)
    return lines


def add(lines, entry):
    path = os.path.relpath(os.path.join(ROOT, entry["file"]), ROOT)
    parts = path.split("/")
    if path.startswith("..") or parts[0] in ("build", "tests", "bench") or \
            "test" in parts or "fuzz" in parts:
        return
    counts = lines.setdefault(path, {})
    for line in entry["lines"]:
        n = line["line_number"]
        counts[n] = counts.get(n, 0) + line["count"]


def row(name, counts):
    run = sum(1 for c in counts if c)
    print("%-36s %6d of %6d lines %6.1f %%"
          % (name, run, len(counts), 100 * run / max(len(counts), 1)))


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build/coverage"
    lines = counted(build)
    if not lines:
        sys.exit("coverage: no test has run in " + build)
    folders = {}
    for path in sorted(lines):
        row(path, list(lines[path].values()))
        folders.setdefault(os.path.dirname(path), []).extend(
            lines[path].values())
    print()
    for folder in sorted(folders):
        row(folder, folders[folder])


main()
