#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark device: states, suspension, events.

device_test.py PROGRAM
"""
import json
import os

import cli
from cli import contains, equal, openssl, run

LDEVID = "ieee-802.1ar-ldevid"
IDEVID = "ieee-802.1ar-idevid"


def ok(*args):
    code, out, err = run(*args)
    equal(code, 0, "%s: %s" % (args, err))
    return out


def made():
    if not os.path.exists("d"):
        ok("init", "d", "--org", "Acme", "--host", "ca.example.com")


def request(name):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key",
            "-subj", "/CN=" + name, "-out", name + ".csr")


def issue(name, profile, key=None):
    csr = name + ".csr"
    if key is not None:
        csr = name + "-" + key + ".csr"
        openssl("req", "-new", "-key", key + ".key", "-subj", "/CN=" + name,
                "-out", csr)
    return run("cert", "issue", "--dir", "d", "--profile", profile, "--csr",
               csr, "--out", "%s-%s.pem" % (name, profile))


def states():
    return {r["name"]: r["state"] for r in map(
        json.loads, ok("device", "list", "--dir", "d",
                       "--json").splitlines())}


def listed():
    out = openssl("crl", "-inform", "der", "-in", "d/crl/issuing.crl", "-text",
                  "-noout")
    return out if isinstance(out, str) else out.decode()


def status(serial):
    out = ok("cert", "show", "--dir", "d", serial)
    return [l.split()[1] for l in out.splitlines()
            if l.strip().startswith("status ")][0]


def test_a_device_is_expected_born_and_active():
    made()
    ok("token", "create", "--dir", "d", "--profile", LDEVID, "--device", "a")
    equal(states()["a"], "expected")
    request("b")
    equal(issue("b", IDEVID)[0], 0)
    equal(states()["b"], "born")
    request("c")
    equal(issue("c", LDEVID)[0], 0)
    equal(states()["c"], "active")


def test_a_suspended_device_gets_nothing_and_its_certificate_is_on_hold():
    made()
    request("s")
    code, out, err = issue("s", LDEVID)
    equal(code, 0, err)
    serial = out.strip()
    ok("device", "suspend", "--dir", "d", "s")
    equal((states()["s"], status(serial)), ("suspended", "held"))
    contains(listed(), "Certificate Hold")
    code, _, err = issue("s", IDEVID)
    equal(code, 1)
    contains(err, "s is suspended")
    code, _, err = run("cert", "release", "--dir", "d", serial)
    equal(code, 1)
    contains(err, "s is suspended")
    code, _, err = run("device", "suspend", "--dir", "d", "s")
    equal(code, 1)
    contains(err, "s is suspended")
    ok("device", "resume", "--dir", "d", "s")
    equal((states()["s"], status(serial)), ("active", "valid"))
    equal("Certificate Hold" in listed(), False)
    code, _, err = run("device", "resume", "--dir", "d", "s")
    equal(code, 1)
    contains(err, "s is active")
    equal(run("ledger", "verify", "--dir", "d")[0], 0)


def test_a_hold_of_its_own_outlives_a_suspension():
    made()
    request("h")
    serial = issue("h", LDEVID)[1].strip()
    ok("cert", "revoke", "--dir", "d", "--reason", "certificateHold", serial)
    ok("device", "suspend", "--dir", "d", "h")
    ok("device", "resume", "--dir", "d", "h")
    equal(status(serial), "held")


def test_the_misuse_of_a_key_is_an_event_once():
    made()
    request("k")
    equal(issue("k", LDEVID)[0], 0)
    for _ in range(3):
        code, _, err = issue("thief", LDEVID, key="k")
        equal(code, 1)
        contains(err, "belongs to another device")
    rows = [json.loads(l) for l in ok("device", "events", "--dir", "d",
                                      "--device", "k",
                                      "--json").splitlines()]
    equal([r["event"] for r in rows], ["key-misuse"])


def test_what_is_not_there_is_said():
    made()
    for verb in "suspend", "resume", "renew":
        code, out, err = run("device", verb, "--dir", "d", "nobody")
        equal((code, out), (1, ""))
        contains(err, "device nobody")


cli.main()
