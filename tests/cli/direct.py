# SPDX-License-Identifier: Apache-2.0
"""What the tests of the direct mode share: an instance, requests for it, and
OpenSSL's word on what it publishes.
"""
import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess

import cli
from cli import contains, equal, openssl, run

LDEVID = "ieee-802.1ar-ldevid"
IDEVID = "ieee-802.1ar-idevid"

# Who may what is a matter of bits in the store: ca/authority.h.
AUDITOR, REGISTRAR, FACTORY, READ_ONLY = 8, 16, 32, 64


def ok(*args, **kw):
    """It succeeds: (stdout, stderr)."""
    code, out, err = run(*args, **kw)
    equal(code, 0, "%s: %s" % (args, err))
    return out, err


def refused(words, *args, code=1, **kw):
    """Nothing on stdout, and words that say why."""
    got, out, err = run(*args, **kw)
    equal((got, out), (code, ""), "%s: %s" % (args, err))
    contains(err, words)
    return err


def misused(words, *args):
    err = refused(words, *args, code=2)
    contains(err, "(try: birthmark ")


def made(name="acme"):
    """An instance, made once; tests that bend it take a copy."""
    if not os.path.exists("acme"):
        ok("init", "acme", "--org", "Acme Ltd", "--host", "ca.example.com",
           "--host", "192.0.2.1")
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
    """A certificate for a new device of that name, as `name`.pem: its serial
    number."""
    if not os.path.exists(name + ".csr"):
        request(name, "/CN=%s/serialNumber=%s" % (name, name))
    out, err = ok("cert", "issue", "--dir", where, "--profile", profile,
                  "--csr", name + ".csr", "--out", name + ".pem", *args)
    equal(err, "")
    equal(out, serial_of(name + ".pem") + "\n")
    return out.strip()


def serial_of(path):
    text = openssl("x509", "-in", path, "-noout", "-serial").decode()
    return text.strip().split("=")[1].lower()


def objects(*args):
    """What a listing prints as JSON."""
    out, err = ok(*args, "--json")
    equal(err, "")
    return [json.loads(line) for line in out.splitlines()]


def crl(where, name="issuing"):
    """Serial numbers and reasons of a published list, which OpenSSL holds to
    be signed by its CA."""
    done = subprocess.run(
        ["openssl", "crl", "-inform", "DER",
         "-in", "%s/crl/%s.crl" % (where, name),
         "-CAfile", "%s/ca/%s.pem" % (where, name), "-noout", "-text"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    contains(done.stderr.decode(), "verify OK")
    lines = [line.strip() for line in done.stdout.decode().splitlines()]
    found = {}
    for i, line in enumerate(lines):
        if line.startswith("Serial Number: "):
            serial = line.split(": ")[1].lower()
            found[serial] = ""
        if line == "X509v3 CRL Reason Code:":
            found[serial] = lines[i + 1]
    return found


def crl_number(where, name="issuing"):
    text = openssl("crl", "-inform", "DER", "-in",
                   "%s/crl/%s.crl" % (where, name), "-noout", "-crlnumber")
    return int(text.decode().strip().split("=")[1], 16)


@contextlib.contextmanager
def database(where):
    db = sqlite3.connect(where + "/birthmark.db")
    try:
        yield db
        db.commit()
    except sqlite3.Error as e:
        raise AssertionError("SQLite: %s" % e) from e
    finally:
        db.close()


def clone(where, n):
    """n more certificates, but for their numbers like one that is there."""
    with database(where) as db:
        columns = [c[1] for c in db.execute("PRAGMA table_info(certificate)")]
        last = db.execute("SELECT max(id) FROM certificate").fetchone()[0]
        row = db.execute("SELECT * FROM certificate WHERE id = ?",
                         (last,)).fetchone()
        new = dict(zip(columns, row), device=0, previous=0)
        db.executemany(
            "INSERT INTO certificate VALUES (%s)" %
            ", ".join("?" * len(columns)),
            ([dict(new, id=i, serial=b"\x02" + i.to_bytes(15, "big"))[c]
              for c in columns] for i in range(last + 1, last + 1 + n)))


def set_roles(where, roles):
    with database(where) as db:
        db.execute("UPDATE operator SET roles = ?", (roles,))


def leaves(where):
    with database(where) as db:
        return db.execute("SELECT count(*) FROM ledger").fetchone()[0]


def last_records(where, n=1):
    """What the ledger says of the last acts, as CBOR."""
    with database(where) as db:
        rows = db.execute("SELECT record FROM ledger ORDER BY id DESC "
                          "LIMIT ?", (n,)).fetchall()
    return b" ".join(row[0] for row in rows)


def checkpoint_size(where):
    return int(cli.read(where + "/ledger/checkpoint").split(b"\n")[1])


@contextlib.contextmanager
def somebody_writes(where):
    """Another process has the instance for itself."""
    with open(where + "/run/lock", "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield
