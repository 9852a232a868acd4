#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody who can write to the database might do: make a revocation
disappear.

tamper.py DATABASE SERIAL
"""
import sqlite3
import sys


def main():
    serial = bytes.fromhex(sys.argv[2])
    with sqlite3.connect(sys.argv[1]) as db:
        db.execute("UPDATE certificate SET status = 1, reason = 0,"
                   " revoked = 0 WHERE serial = ?", (serial,))
        db.execute("DELETE FROM revocation WHERE serial = ?", (serial,))


main()
