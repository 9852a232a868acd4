#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark init, cert, ca and token on an instance of their own, with OpenSSL
as the requester and as the judge of what comes out.

direct_test.py PROGRAM
"""
import datetime
import fcntl
import json
import os
import shutil
import sqlite3
import stat
import subprocess

import cli
from cli import contains, equal, openssl, read, run, write

LDEVID = "ieee-802.1ar-ldevid"
IDEVID = "ieee-802.1ar-idevid"

# Who may what is a matter of bits in the store: ca/authority.h.
ISSUER, REVOKER, AUDITOR = 2, 4, 8


def ok(*args, **kw):
    code, out, err = run(*args, **kw)
    equal(code, 0, "%s: %s" % (args, err))
    return out, err


def refused(words, *args, code=1, **kw):
    """Nothing on stdout, and one line that says why."""
    got, out, err = run(*args, **kw)
    equal((got, out), (code, ""), "%s: %s" % (args, err))
    contains(err, words)
    return err


def misused(words, *args):
    err = refused(words, *args, code=2)
    contains(err, "(try: birthmark ")


def made(name="acme"):
    """An instance, made once; tests that change it for the worse copy it."""
    if not os.path.exists("acme"):
        ok("init", "acme", "--org", "Acme Ltd", "--host", "ca.example.com",
           "--host", "192.0.2.1")
        for n in range(9):
            request("k%d" % n, "/CN=k%d/serialNumber=SN-%d" % (n, n))
    if name != "acme":
        shutil.copytree("acme", name)
    return name


def request(name, subject, *options):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            name + ".key")
    openssl("req", "-new", "-key", name + ".key", "-subj", subject, "-out",
            name + ".csr", *options)
    return name + ".csr"


def issue(where, name, *args, profile=LDEVID):
    """A certificate for one of the requests: its serial number."""
    out, err = ok("cert", "issue", "--dir", where, "--profile", profile,
                  "--csr", name + ".csr", "--out", where + "-" + name, *args)
    equal(err, "")
    serial = openssl("x509", "-in", where + "-" + name, "-noout", "-serial")
    equal(out.strip().upper(), serial.decode().strip().split("=")[1])
    return out.strip()


def objects(*args):
    out, err = ok(*args, "--json")
    equal(err, "")
    return [json.loads(line) for line in out.splitlines()]


def listed(where, *args):
    return [o["serial_number"] for o in
            objects("cert", "list", "--dir", where, *args)]


def crl(where, name="issuing"):
    """Serial numbers and reasons that a published list has, by OpenSSL."""
    path = "%s/crl/%s.crl" % (where, name)
    cacert = "%s/ca/%s.pem" % (where, name)
    done = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", path,
                           "-CAfile", cacert, "-noout", "-text"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True)
    contains(done.stderr.decode(), "verify OK")
    found = {}
    lines = [line.strip() for line in done.stdout.decode().splitlines()]
    for i, line in enumerate(lines):
        if line.startswith("Serial Number: "):
            serial = line.split(": ")[1].lower()
            found[serial] = ""
        if line == "X509v3 CRL Reason Code:":
            found[serial] = lines[i + 1]
    return found


def crl_number(where, name="issuing"):
    done = openssl("crl", "-inform", "DER", "-in",
                   "%s/crl/%s.crl" % (where, name), "-noout", "-crlnumber")
    return int(done.decode().strip().split("=")[1], 16)


def set_roles(where, roles):
    db = sqlite3.connect(where + "/birthmark.db")
    db.execute("UPDATE operator SET roles = ?", (roles,))
    db.commit()
    db.close()


def test_init_makes_an_instance():
    out, err = ok("init", "first", "--org", "Acme Ltd", "--host",
                  "ca.example.com")
    equal(out, "first\n")
    contains(err, "made for Acme Ltd", "carry first/root away",
             "move first/keys/unlock off this disk")
    if "warning" in err:
        raise AssertionError(err)
    for name in ("birthmark.yaml", "birthmark.db", "ca/root.pem",
                 "ca/issuing.pem", "ca/operations.pem", "crl/root.crl",
                 "operator/operator.pem", "ledger/checkpoint"):
        if not os.path.isfile("first/" + name):
            raise AssertionError("no " + name)
    for name in ("root", "operator", "keys"):
        equal(stat.S_IMODE(os.stat("first/" + name).st_mode), 0o700, name)
    openssl("verify", "-CAfile", "first/ca/root.pem", "first/ca/issuing.pem")
    openssl("verify", "-CAfile", "first/ca/root.pem", "-untrusted",
            "first/ca/operations.pem", "-verify_hostname", "ca.example.com",
            "first/ca/server.pem")


def test_revocation_and_release_reach_the_list():
    made()
    serial = issue("acme", "k0")
    equal(ok("cert", "revoke", "--dir", "acme", "--reason",
             "certificateHold", serial), ("", ""))
    equal(crl("acme")[serial], "Certificate Hold")
    equal(ok("cert", "release", "--dir", "acme", serial), ("", ""))
    equal(serial in crl("acme"), False)


cli.main()
