#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flatten Wycheproof signature vectors, one test per line, for a C program:

    valid|invalid NAME PUBLICKEY MESSAGE SIGNATURE

The last three are hexadecimal behind an x, so that none of them is empty.
"""
import json
import os
import sys

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    short = os.path.basename(path).replace("_test.json", "")
    for group in data["testGroups"]:
        for test in group["tests"]:
            print(test["result"], "%s-%d" % (short, test["tcId"]),
                  "x" + group["publicKeyDer"], "x" + test["msg"],
                  "x" + test["sig"])
