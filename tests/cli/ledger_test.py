#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark ledger on an instance of its own: what is on record is proved, what
was changed is found.

ledger_test.py PROGRAM
"""
import json
import os
import shutil
import sqlite3

import cli
from cli import contains, equal, openssl, read, run, write

LDEVID = "ieee-802.1ar-ldevid"


def ok(*args):
    code, out, err = run(*args)
    equal((code, err), (0, ""), "%s" % (args,))
    return out


def made():
    """An instance with a certificate that is proved, made once."""
    if os.path.exists("acme"):
        return
    equal(run("init", "acme", "--org", "Acme", "--host", "ca.example.com")[0],
          0, "init")
    for n in range(3):
        key = "k%d.key" % n
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                key)
        openssl("req", "-new", "-key", key, "-subj",
                "/CN=k%d/serialNumber=SN-%d" % (n, n), "-out", "k%d.csr" % n)
    write("serial", issue("acme", 0))
    write("kept", ok("ledger", "checkpoint", "--dir", "acme"))
    ok("ledger", "prove", "--dir", "acme", "--out", "k0.proof", serial())


def issue(where, n):
    out = "k%d.pem" % n if where == "acme" else "%s-k%d.pem" % (where, n)
    return ok("cert", "issue", "--dir", where, "--profile", LDEVID, "--csr",
              "k%d.csr" % n, "--out", out).strip()


def serial():
    return read("serial").decode()


def copy(name):
    """A copy to be changed for the worse."""
    made()
    shutil.rmtree(name, ignore_errors=True)
    shutil.copytree("acme", name)
    return name


def sql(where, statement):
    db = sqlite3.connect(where + "/birthmark.db")
    with db:
        equal(db.execute(statement).rowcount != 0, True, statement)
    db.close()


def verify(where, *args):
    return run("ledger", "verify", "--dir", where, *args)


def check(*args):
    return run("ledger", "check", "--key", "acme/ledger.pub", *args)


def test_what_was_issued_is_on_record():
    made()
    out = ok("ledger", "verify", "--dir", "acme")
    contains(out, " 6 certificates, ", "journal entries: valid\n")
    got = json.loads(ok("ledger", "verify", "--dir", "acme", "--json"))
    equal((got["valid"], got["findings"], got["found"]), (True, 0, []))
    equal(got["leaves"], got["size"])
    contains(read("kept").decode(), "ca.example.com", "\n%d\n" % got["size"])
    equal(read("acme/ledger/checkpoint"), read("kept"))
    equal(verify("acme", "--against", "kept")[0], 0)
    equal(verify("acme", "--against", "k0.proof")[0], 0)


def test_a_proof_needs_nothing_but_the_key():
    made()
    out = ok("ledger", "prove", "--dir", "acme", serial())
    equal(out.encode(), read("k0.proof"))
    code, out, err = check("k0.proof", "k0.pem")
    equal((code, err), (0, ""))
    contains(out, "issuance", "SN-0", serial())
    equal(out.endswith("k0.proof: valid\n"), True)
    got = json.loads(check("--json", "k0.proof", "k0.pem")[1])
    equal((got["valid"], got["record"]["serial_number"]), (True, serial()))
    openssl("x509", "-in", "k0.pem", "-outform", "DER", "-out", "k0.der")
    equal(check("k0.proof", "k0.der")[0], 0)
    equal(check("k0.proof")[0], 0)
    equal(check("--against", "kept", "k0.proof")[0], 0)


def test_another_certificate_or_key_is_refused():
    made()
    for words, args in (
            ("of another certificate", ("k0.proof", "acme/ca/issuing.pem")),
            ("a certificate in k0.proof", ("k0.proof", "k0.proof")),
            ("malformed proof file", ("kept",)),
            ("malformed checkpoint", ("--against", "k0.csr", "k0.proof")),
            ("nowhere", ("nowhere",)),
            ("nowhere", ("--against", "nowhere", "k0.proof"))):
        code, out, err = check(*args)
        equal((code, out), (1, ""), args)
        contains(err, words)
    openssl("genpkey", "-algorithm", "ed25519", "-out", "other.key")
    openssl("pkey", "-in", "other.key", "-pubout", "-out", "other.pub")
    code, out, err = run("ledger", "check", "--key", "other.pub", "k0.proof")
    equal((code, out), (1, ""))
    contains(err, "not signed by the ledger key")
    openssl("pkey", "-in", "k0.key", "-pubout", "-out", "ec.pub")
    equal(run("ledger", "check", "--key", "ec.pub", "k0.proof")[0], 1)
    got = json.loads(check("--json", "kept")[1])
    equal((got["valid"], got["error"]["name"]),
          (False, "BM_E_LEDGER_PROOF_FILE"))


def test_a_changed_proof_is_refused():
    made()
    proof = read("k0.proof")
    for at in range(0, len(proof), 7):
        write("bad.proof", proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1:])
        code, out, _ = check("bad.proof")
        equal((code, out), (1, ""), "octet %d" % at)


def test_what_was_changed_is_found():
    for words, statement in (
            ("record and store differ: certificate " + (made() or serial()),
             "UPDATE certificate SET issued = 1 WHERE hex(serial) = '%s'"
             % serial().upper()),
            ("tree head does not match",
             "UPDATE ledger SET salt = zeroblob(32) WHERE leaf = 5"),
            ("record is missing: tree 1, leaf 5",
             "DELETE FROM ledger WHERE leaf = 5")):
        copy("bad")
        sql("bad", statement)
        code, out, err = verify("bad")
        equal(code, 1, statement)
        contains(err, words)
        contains(out, " findings\n")
        got = json.loads(verify("bad", "--json")[1])
        equal((got["valid"], got["findings"] > 0), (False, True))
        equal(len(got["found"]), got["findings"])


def test_findings_of_one_kind_are_counted():
    copy("bad")
    sql("bad", "DELETE FROM ledger WHERE leaf > 2")
    code, _, err = verify("bad")
    equal(code, 1)
    equal(err.count("record is missing: tree 1"), 10)
    contains(err, "record is missing: ", " more\n")


def test_a_store_that_was_rolled_back_is_found():
    copy("old")
    copy("new")
    issue("new", 1)
    write("later", ok("ledger", "checkpoint", "--dir", "new"))
    code, _, err = verify("old", "--against", "later")
    equal(code, 1)
    contains(err, "rolled back")
    # The journal of the signer tells it, too.
    os.remove("new/birthmark.db")
    shutil.copy("old/birthmark.db", "new/birthmark.db")
    code, _, err = verify("new")
    equal(code, 1)
    contains(err, "rolled back", "is not on record")


def test_two_ledgers_under_one_key_are_found():
    copy("one")
    copy("two")
    issue("one", 1)
    issue("two", 2)
    write("later", ok("ledger", "checkpoint", "--dir", "one"))
    code, _, err = verify("two", "--against", "later")
    equal(code, 1)
    contains(err, "two trees from one key")


def test_what_is_not_there_is_not_proved():
    made()
    for words, args, code in (
            ("certificate 0102", ("0102",), 1),
            ("no serial number", ("x",), 1),
            ("is not overwritten", ("--out", "kept", serial()), 3),
            ("certificate", ("--ca", "operations", serial()), 1)):
        got, out, err = run("ledger", "prove", "--dir", "acme", *args)
        equal((got, out), (code, ""), args)
        contains(err, words)


def test_only_who_may_acts():
    copy("bad")
    sql("bad", "UPDATE operator SET roles = 32")  # factory
    code, out, err = verify("bad")
    equal((code, out), (1, ""))
    contains(err, "role does not allow this")


cli.main()
