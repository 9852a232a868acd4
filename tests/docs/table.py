#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A table for a batch: table.py ROWS prints CSV with so many requests."""
import subprocess
import sys

print("csr,device,subject")
for row in range(int(sys.argv[1])):
    done = subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null",
         "-subj", "/serialNumber=AC-%d" % row, "-outform", "DER"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    der = subprocess.run(["openssl", "base64", "-A"], input=done.stdout,
                         check=True, stdout=subprocess.PIPE).stdout.decode()
    print("%s,AC-%d," % (der, row))
