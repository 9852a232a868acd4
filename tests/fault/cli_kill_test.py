#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that are killed at random instants: what they have answered for is
there, and so is whatever they have handed out before they could answer.

cli_kill_test.py PROGRAM
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "cli"))

import cli
from cli import contains, equal, openssl, run

LDEVID = "ieee-802.1ar-ldevid"
ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 8)
LOTS = random.Random(int(os.environ.get("FAULT_SEED") or 1))


def ok(*args):
    code, out, err = run(*args)
    equal(code, 0, "%s: %s" % (args, err))
    return out


def killed(longest, *args):
    """Run for a while: its exit code, negative if it was killed, and stdout."""
    child = subprocess.Popen([cli.PROGRAM] + list(args),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(LOTS.uniform(0, longest))
    child.kill()
    out, _ = child.communicate()
    return child.returncode, out.decode()


def duration(*args):
    start = time.monotonic()
    out = ok(*args)
    return time.monotonic() - start, out


def request(n):
    name = "d%d" % n
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key",
            "-subj", "/serialNumber=SN-%d" % n, "-out", name + ".csr")
    return name


def issuing(name):
    return ("cert", "issue", "--dir", "acme", "--profile", LDEVID, "--csr",
            name + ".csr", "--out", name + ".pem")


def revoking(serial):
    return ("cert", "revoke", "--dir", "acme", "--reason", "keyCompromise",
            serial)


def listed():
    out = ok("cert", "list", "--dir", "acme", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    return {row["serial_number"]: row["status"] for row in rows}


def handed_out(name):
    """The serial number in the file that a command left, or None: it is made
    before anything is issued, so it may be empty."""
    path = name + ".pem"
    if not os.path.exists(path) or b"END CERT" not in cli.read(path):
        return None
    text = openssl("x509", "-in", path, "-noout", "-serial")
    return text.decode().strip().split("=")[1].lower()


def issue_again(name):
    """By who had no answer: issued now, or told that it was, and which."""
    if os.path.exists(name + ".pem"):
        os.remove(name + ".pem")
    code, out, err = run(*issuing(name))
    if code == 0:
        return out.strip()
    contains(err, "public key", "certificate ")
    serial = re.search("certificate ([0-9a-f]{32})", err).group(1)
    ok("cert", "export", "--dir", "acme", serial)
    return serial


def check(certs, revoked):
    """All are on record, and the ledger agrees with everything."""
    found = listed()
    for serial in certs:
        if serial not in found:
            raise AssertionError("%s was handed out and is not there" % serial)
    for serial in revoked:
        equal(found[serial], "revoked", serial)
    ok("ledger", "verify", "--dir", "acme")


LISTS = ("issuing", "issuing-delta", "issuing/1", "issuing/2")


def shard_lists():
    """What is revoked from now on is told by lists of every kind."""
    path = "acme/birthmark.yaml"
    text = cli.read(path).decode()
    contains(text, "\n  lifetime: 7d\n")
    cli.write(path, text.replace("\n  lifetime: 7d\n", "\n  lifetime: 7d\n"
                                 "  shards: 2\n  delta_every: 1h\n"))


def published(name):
    """Text of a list that is whole, and signed by its CA."""
    return openssl("crl", "-inform", "DER", "-in", "acme/crl/%s.crl" % name,
                   "-CAfile", "acme/ca/issuing.pem", "-noout",
                   "-text").decode().lower()


def check_numbers(numbers):
    """Lists that lie there are whole, and their numbers grow."""
    for name in LISTS:
        if os.path.exists("acme/crl/%s.crl" % name):
            found = re.search(r"crl number: *\n +(\d+)", published(name))
            number = int(found.group(1))
            if number < numbers.get(name, 0):
                raise AssertionError("%s: %d after %d" % (name, number,
                                                          numbers[name]))
            numbers[name] = number


def test_killed_commands_lose_nothing():
    ok("init", "acme", "--org", "Acme Ltd", "--host", "ca.example.com")
    shard_lists()
    numbers = {}
    longest, out = duration(*issuing(request(0)))
    certs, revoked = [out.strip()], []
    for n in range(1, ROUNDS + 1):
        name = request(n)
        code, out = killed(1.2 * longest, *issuing(name))
        serial = handed_out(name)
        if code == 0:
            equal(out.strip(), serial)
        if serial is None:
            serial = issue_again(name)
        certs.append(serial)
        code, _ = killed(1.2 * longest, *revoking(serial))
        if code == 0:
            revoked.append(serial)
        check_numbers(numbers)
        if n % 4 == 0:
            # The next writer takes over what the killed ones left.
            ok("ledger", "checkpoint", "--dir", "acme")
            check(certs, revoked)
    ok("ledger", "checkpoint", "--dir", "acme")
    check(certs, revoked)
    ok("ca", "crl", "--dir", "acme", "issuing")
    check_numbers(numbers)
    contains(published("issuing"), *revoked)
    contains(published("issuing/1") + published("issuing/2"), *revoked)
    ok("ledger", "verify", "--dir", "acme")


def test_init_that_is_killed_makes_all_or_nothing():
    init = ("init", "new", "--org", "Acme Ltd", "--host", "ca.example.com")
    longest, _ = duration(*init)
    for _ in range(ROUNDS // 2):
        shutil.rmtree("new")
        code, _ = killed(1.2 * longest, *init)
        if not os.path.exists("new"):
            equal(code, -9)
            ok(*init)
        ok("ledger", "verify", "--dir", "new")
        ok("ca", "crl", "--dir", "new", "issuing")
        equal(os.path.exists("new.new"), False)


cli.main()
