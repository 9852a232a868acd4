#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each allocation of the program fails in turn. Then it may fail, in words,
or succeed because the memory was not that important: but never crash, and
never succeed with another result, least of all with "valid". And memory is
bounded for files that are not.

memory_test.py PROGRAM LIBRARY
"""
import os
import struct
import subprocess
import sys

import cli
from cli import contains, equal, write
from direct import LDEVID, clone, issue, made, objects

LIBRARY = os.path.abspath(sys.argv[2])

# More allocations than that are sampled; fewer where a run opens an instance.
RUNS_MAX = 200
INSTANCE_RUNS_MAX = 60


def once(args, fail_at):
    env = dict(os.environ, LD_PRELOAD=LIBRARY, FAIL_MALLOC=str(fail_at))
    return cli.run(*args, env=env)


def allocations(args):
    reader, writer = os.pipe()
    env = dict(os.environ, LD_PRELOAD=LIBRARY, FAIL_MALLOC_FD=str(writer))
    subprocess.run([cli.PROGRAM] + list(args), env=env, check=False,
                   pass_fds=[writer], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    os.close(writer)
    data = os.read(reader, 8)
    os.close(reader)
    return struct.unpack("=Q", data)[0]


def fail_each(*args, runs=RUNS_MAX):
    good = cli.run(*args)
    n = allocations(args)
    failures = 0
    for i in range(1, n + 1, 1 + n // runs):
        code, out, err = once(args, i)
        if (code, out) == good[:2]:
            continue
        where = "allocation %d of %d: %s" % (i, n, err)
        equal(code, 1, "exit with " + where)
        if err == "" or "valid\":true" in out or ": valid" in out:
            raise AssertionError("not a plain failure at " + where)
        failures += 1
    if failures == 0:
        raise AssertionError("nothing ever failed")


def test_show_text():
    fail_each("cert", "show", "leaf.pem")


def test_show_json():
    fail_each("cert", "show", "--json", "signed.der")


def test_show_crl():
    fail_each("cert", "show", "revoked.crl")


def test_verify():
    fail_each("cert", "verify", "--anchor", "root.pem", "--crl", "root.crl",
              "--crl", "sub.crl", "--purpose", "serverAuth", "chain.pem")


def test_verify_never_turns_valid():
    fail_each("cert", "verify", "--json", "--anchor", "root.pem", "--crl",
              "root.crl", "--crl", "revoked.crl", "chain.pem")


def test_verify_message():
    fail_each("cert", "verify", "--anchor", "root.pem", "signed.der")


def test_profile_check():
    fail_each("profile", "check",
              os.path.join(cli.TOP, "ca/profiles/tls-server.yaml"))


def test_profile_lint():
    fail_each("profile", "lint", "--json", "--profile", "sub-ca", "sub.pem")
    fail_each("profile", "lint", "--profile", "ocf-root", "root.pem",
              runs=INSTANCE_RUNS_MAX)
    fail_each("cert", "lint", "root.pem", runs=INSTANCE_RUNS_MAX)


def test_profile_list():
    fail_each("profile", "list", "--json")


def test_ledger():
    made()
    serial = cli.openssl("x509", "-in", "acme/operator/operator.pem",
                         "-noout", "-serial").decode().strip().split("=")[1]
    equal(cli.run("ledger", "prove", "--dir", "acme", "--out", "a.proof",
                  serial)[0], 0, "prove")
    fail_each("ledger", "check", "--json", "--key", "acme/ledger.pub",
              "a.proof", "acme/operator/operator.pem")
    fail_each("ledger", "verify", "--json", "--dir", "acme",
              runs=INSTANCE_RUNS_MAX)
    fail_each("ledger", "prove", "--dir", "acme", serial,
              runs=INSTANCE_RUNS_MAX)


def test_reading_an_instance():
    serial = issue(made(), "dev")
    for args in (("cert", "list", "--json"), ("cert", "export"),
                 ("cert", "show", serial), ("ca", "show")):
        fail_each(*args, "--dir", "acme", runs=INSTANCE_RUNS_MAX)


def test_an_act_is_done_and_printed_or_neither():
    """But for what follows the act: then it is printed, and the exit code
    tells that something is left to do."""
    create = ("token", "create", "--dir", made("tokens"), "--profile", LDEVID,
              "--device", "dev")
    n = allocations(create)
    printed = 1
    for i in range(1, n + 1, 1 + n // INSTANCE_RUNS_MAX):
        code, out, err = once(create, i)
        printed += out != ""
        if code != 0:
            equal((code, err != ""), (1, True), "allocation %d of %d" % (i, n))
    equal(len(objects("token", "list", "--dir", "tokens")), printed)


def test_memory_does_not_grow_with_a_crl():
    # Over 100 MB; of the limit, libraries take two thirds.
    write("vast.crl", cli.large_crl(120_000))
    done = subprocess.run(
        ["sh", "-c", "ulimit -v 90000; exec \"$@\" > count", "sh",
         cli.PROGRAM, "cert", "show", "--max", "0", "vast.crl"],
        stderr=subprocess.PIPE, check=False)
    equal((done.returncode, done.stderr), (0, b""), "a run in 90 MB")
    contains(cli.read("count").decode(), "number of entries         120000")
    os.remove("vast.crl")


def test_memory_does_not_grow_with_the_certificates():
    # More than the limit, which is mostly the libraries' own.
    clone(made("vast"), 120_000)
    for verb in ("export", "list"):
        done = subprocess.run(
            ["sh", "-c", "ulimit -v 90000; exec \"$@\" > lines", "sh",
             cli.PROGRAM, "cert", verb, "--dir", "vast"],
            stderr=subprocess.PIPE, check=False)
        equal(done.returncode, 0, done.stderr)
        if os.path.getsize("lines") < 6_000_000:
            raise AssertionError("a short " + verb)


cli.main()
