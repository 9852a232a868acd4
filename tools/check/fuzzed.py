#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source that parses foreign bytes has a fuzz target with a corpus.

A source F/x.c parses if a function that its header F/x.h declares has parse,
take, next, read or decode among the words of its name. It needs F/fuzz/
x_fuzz.c, or a row in fuzzed.txt naming a target that covers it. Every target
needs a corpus folder that is not empty.

fuzzed.py [ROOT]
"""
import glob
import os
import re

import source

PARSES = re.compile(r"\bbm_\w*?_(parse|take|next|read|decode)(_\w+)?\s*\(")


def exceptions(top):
    path = os.path.join(top, "tools/check/fuzzed.txt")
    rows = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for line in f:
                words = line.split("#")[0].split(None, 2)
                if len(words) == 3:
                    rows[words[0]] = words[1]
    return rows


def has_corpus(top, folder, name):
    return bool(glob.glob(os.path.join(top, folder, "fuzz/corpus", name, "*")))


def layer_folders(top):
    with open(os.path.join(top, "tools/layers.txt"), encoding="utf-8") as f:
        return [line.split()[0] for line in f
                if line.strip() and not line.startswith("#")]


def main():
    top = source.root()
    excused = exceptions(top)
    folders = layer_folders(top)
    findings = []
    for path in source.files(top, ".h"):
        folder, name = os.path.split(path)
        name = name[:-2]
        code = os.path.join(folder, name + ".c")
        if path.split("/")[0] not in folders or \
                not os.path.exists(os.path.join(top, code)):
            continue
        if not PARSES.search(source.strip(source.read(top, path))):
            continue
        target = excused.get(code,
                             os.path.join(folder, "fuzz", name + "_fuzz.c"))
        if not os.path.exists(os.path.join(top, target)):
            findings.append("%s parses, but %s does not exist"
                            % (code, target))
    for path in source.files(top, "_fuzz.c"):
        folder = os.path.dirname(os.path.dirname(path))
        name = os.path.basename(path)[:-len("_fuzz.c")]
        if not has_corpus(top, folder, name):
            findings.append("%s has no corpus in %s/fuzz/corpus/%s"
                            % (path, folder, name))
    source.report("fuzzed", findings)


main()
