#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that make, install and take over CAs are killed at random instants,
and the same command again completes what the killed one has begun.

kill_test.py BIRTHMARK BIRTHMARKD
"""
import os
import random
import shutil
import subprocess
import time

import onsite
from onsite import cas, installed, make_root, sign, verifies, waiting

import cli
from cli import equal, openssl, run, write
from direct import crl, issue, objects, ok

ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 3)
LOTS = random.Random(int(os.environ.get("FAULT_SEED") or 1))


def killed(longest, *args):
    child = subprocess.Popen([cli.PROGRAM] + list(args),
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    time.sleep(LOTS.uniform(0, longest))
    child.kill()
    child.wait()


def duration(*args):
    start = time.monotonic()
    ok(*args)
    return time.monotonic() - start


def whole(where):
    """Nothing is left over, everything is there, once."""
    equal([n for n in os.listdir(where + "/ca") if n.endswith(".csr")], [])
    rows = cas(where)
    equal({r["status"] for r in rows.values()}, {"active"})
    for ca, row in rows.items():
        if "key_uri" in row:
            openssl("crl", "-inform", "DER", "-in", "%s/crl/%s.crl" %
                    (where, ca), "-CAfile", "%s/ca/%s.pem" % (where, ca),
                    "-noout")
            equal("ocsp_responder" in row, True, ca)
    equal([o["id"] for o in objects("operator", "list", "--dir", where)],
          ["first"])
    verifies("root.pem", where + "/ca/server.pem", where + "/ca/operations.pem")
    verifies("root.pem", where + "/operator/operator.pem",
             where + "/ca/operations.pem")
    ok("ledger", "verify", "--dir", where)


def test_an_install_that_was_killed_is_completed():
    make_root("root")
    waiting("wait")
    files = ["root.pem"] + [sign("root", "wait-%s.csr" % ca, ca + ".pem")
                            for ca in ("issuing", "operations")]
    shutil.copytree("wait", "timed")
    longest = duration("ca", "install", "--dir", "timed", *files)
    for i in range(ROUNDS):
        where = "install%d" % i
        shutil.copytree("wait", where)
        for _ in range(3):
            killed(longest, "ca", "install", "--dir", where, *files)
        ok("ca", "install", "--dir", where, *files)
        whole(where)


def test_a_key_that_was_made_is_taken_again():
    longest = duration("ca", "create", "--dir", "timed", "first")
    for i in range(ROUNDS):
        name = "line" + "abcdefghijklmnop"[i]
        killed(longest, "ca", "create", "--dir", "timed", name)
        code, _, err = run("ca", "create", "--dir", "timed", name)
        if code != 0 and "waits for its certificate" not in err:
            raise AssertionError(err)
        ok("ca", "request", "--dir", "timed", name)
    for key in os.listdir("timed/keys"):
        equal(key.count(".key"), 1 if key.endswith(".key") else 0, key)


def test_an_import_that_was_killed_is_completed():
    from import_test import ISSUED, make_old, take
    make_old()
    installed("site", "root")
    shutil.copytree("site", "clock")
    longest = duration(*take("clock", "old"))
    for i in range(ROUNDS):
        where = "import%d" % i
        shutil.copytree("site", where)
        for _ in range(2):
            killed(longest, *take(where, "old"))
        ok(*take(where, "old"))
        whole(where)
        equal(sorted(crl(where, "old")), ["02", "05", "07"])
        equal(len([r for r in objects("cert", "list", "--dir", where)
                   if r["ca"] == "old" and r["profile"] == "imported"]),
              ISSUED)


if __name__ == "__main__":
    cli.main()
