#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark operator and request: who administers, and what two must agree to.

operator_test.py PROGRAM
"""
import os
import shutil
import subprocess

import cli
from cli import contains, equal, read, run, write
from direct import (LDEVID, database, issue, last_records, made, misused,
                    objects, ok, refused, request, serial_of)

WAITS = LDEVID + "-approved"
CREATE = ("operator", "create", "--id")


def operators(where):
    return {o["id"]: o for o in objects("operator", "list", "--dir", where)}


def create(where, name, roles, *args):
    """An operator with a key of his own, as `name`.pem."""
    request(name, "/CN=whatever")
    out, err = ok(*CREATE, name, "--roles", roles, "--csr", name + ".csr",
                  "--out", name + ".pem", "--dir", where, *args)
    equal(out, serial_of(name + ".pem") + "\n")
    return err


def become(where, name):
    """From now on the directory is used by this operator."""
    for end in ("pem", "key"):
        path = "%s/operator/operator.%s" % (where, end)
        if os.path.exists(path):
            os.remove(path)
        shutil.copy("%s.%s" % (name, end), path)


def keep_first(where):
    for end in ("pem", "key"):
        shutil.copy("%s/operator/operator.%s" % (where, end), "first." + end)
        os.chmod("first." + end, 0o600)


def test_an_operator_is_made_and_acts():
    where = made("made")
    keep_first(where)
    equal(create(where, "alice", "registrar,auditor"), "")
    create(where, "bob", "factory", "--organisation", "1")
    got = operators(where)
    equal(sorted(got), ["alice", "bob", "first"])
    equal(got["alice"]["roles"], ["registrar", "auditor"])
    equal(got["alice"]["scope"], "instance")
    equal(got["bob"]["scope"], "organisation 1")
    out, _ = ok("operator", "list", "--dir", where)
    contains(out, "alice", "registrar,auditor", "enabled")
    become(where, "alice")
    issue(where, "by-alice")
    contains(last_records(where, 2).decode("latin-1"), "operator:alice")
    refused("operator:alice may not create operators; needed: administrator",
            *CREATE, "eve", "--roles", "administrator", "--csr", "bob.csr",
            "--dir", where)
    become(where, "first")
    refused("exists already", *CREATE, "alice", "--roles", "auditor", "--csr",
            "bob.csr", "--dir", where, code=3)
    ok("ledger", "verify", "--dir", where)


def test_wrong_words_are_told():
    made()
    request("w", "/CN=w")
    misused("--roles: administrator, registrar", *CREATE, "w", "--roles",
            "root", "--csr", "w.csr", "--dir", "acme")
    misused("", *CREATE, "w", "--csr", "w.csr", "--dir", "acme")
    refused("", *CREATE, "W", "--roles", "auditor", "--csr", "w.csr", "--dir",
            "acme")
    refused("there is no such thing: operator nobody", "operator", "disable",
            "--dir", "acme", "nobody")
    misused("'x' is no number", "request", "show", "--dir", "acme", "x")
    refused("there is no such thing: request 7", "request", "show", "--dir",
            "acme", "7")


def test_a_renewal_takes_over_when_it_is_used():
    where = made("renewed")
    keep_first(where)
    request("next", "/CN=whatever")
    _, err = ok("operator", "renew", "--csr", "next.csr", "--out", "next.pem",
                "--dir", where)
    contains(err, "pending")
    os.remove("next.pem")
    _, err = ok("operator", "renew", "--csr", "next.csr", "--out", "next.pem",
                "--dir", where)
    contains(err, "same request before")
    ok("operator", "list", "--dir", where)
    become(where, "next")
    ok("operator", "list", "--dir", where)  # a reader confirms nothing
    become(where, "first")
    issue(where, "still")
    become(where, "next")
    issue(where, "new")
    become(where, "first")
    refused("the certificate shown is no operator's here", "operator", "list",
            "--dir", where)
    become(where, "next")
    ok("ledger", "verify", "--dir", where)


def test_who_is_disabled_does_nothing_and_the_last_one_stays():
    where = made("disabled")
    keep_first(where)
    refused("no administrator would be left", "operator", "disable", "--dir",
            where, "first")
    create(where, "second", "administrator")
    ok("operator", "disable", "--dir", where, "first")
    # Neither has a certificate that would let him do it, but the directory.
    equal(operators_by("second", where)["first"]["status"], "disabled")
    refused("operator is not in a state for this: first is disabled already",
            "operator", "disable", "--dir", where, "first")
    ok("operator", "enable", "--dir", where, "first")
    equal(operators(where)["first"]["status"], "enabled")
    become(where, "first")
    ok("operator", "disable", "--dir", where, "second")
    ok("ledger", "verify", "--dir", where)


def operators_by(name, where):
    become(where, name)
    return operators(where)


def test_the_directory_is_enough_when_nobody_is_left():
    where = made("glass")
    for end in ("pem", "key"):
        os.remove("%s/operator/operator.%s" % (where, end))
    refused("operator.pem", "operator", "list", "--dir", where)
    err = create(where, "rescue", "administrator")
    contains(err, "recorded as break-glass")
    contains(last_records(where, 2).decode("latin-1"), "direct/break-glass",
             "break-glass")
    become(where, "rescue")
    equal(sorted(operators(where)), ["first", "rescue"])
    ok("ledger", "verify", "--dir", where)
    # Who is there and may not, may not: no glass is broken for him.
    create(where, "helper", "registrar")
    become(where, "helper")
    request("other", "/CN=x")
    err = refused("operator:helper may not create operators", *CREATE, "other",
                  "--roles", "administrator", "--csr", "other.csr", "--dir",
                  where)
    equal("break-glass" in err, False)


def test_what_two_must_agree_to():
    where = made("two")
    keep_first(where)
    text = read("%s/profiles/%s.yaml" % (where, LDEVID)).decode()
    write("%s/profiles/%s.yaml" % (where, WAITS), text.replace(
        "profile: " + LDEVID, "profile: %s\napproval: true" % WAITS))
    create(where, "partner", "registrar")
    request("d1", "/serialNumber=d1")
    request("d2", "/serialNumber=d2")
    for name in ("d1", "d2"):
        refused("waits for approval by a second operator: request", "cert",
                "issue", "--dir", where, "--profile", WAITS, "--csr",
                name + ".csr")
    got = objects("request", "list", "--dir", where)
    equal([(o["id"], o["state"], o["device"], o["asked"]) for o in got],
          [(1, "pending", "d1", "operator:first"),
           (2, "pending", "d2", "operator:first")])
    out, _ = ok("request", "list", "--dir", where, "--state", "approved")
    equal(out, "")
    out, _ = ok("request", "show", "--dir", where, "1")
    contains(out, "pending", "BEGIN CERTIFICATE REQUEST")
    done = subprocess.run([cli.PROGRAM, "cert", "show", "-"],
                          input=out.encode(), stdout=subprocess.PIPE,
                          check=True)
    contains(done.stdout.decode(), "d1")
    refused("another operator decides", "request", "approve", "--dir", where,
            "1")
    become(where, "partner")
    ok("request", "approve", "--dir", where, "1")
    ok("request", "reject", "--dir", where, "2")
    refused("request has been decided already", "request", "approve", "--dir",
            where, "2")
    become(where, "first")
    out, _ = ok("cert", "issue", "--dir", where, "--profile", WAITS, "--csr",
                "d1.csr", "--out", "d1.pem")
    refused("was rejected by an operator: request 2", "cert", "issue", "--dir",
            where, "--profile", WAITS, "--csr", "d2.csr")
    got = objects("request", "list", "--dir", where)
    equal([o["state"] for o in got], ["issued", "rejected"])
    equal(objects("request", "show", "--dir", where, "1")[0]["certificate"],
          serial_of("d1.pem"))
    ok("ledger", "verify", "--dir", where)


def test_a_scope_cannot_be_made_larger_in_the_store_alone():
    where = made("scope")
    create(where, "small", "administrator", "--organisation", "1")
    ok("ledger", "verify", "--dir", where)
    with database(where) as db:
        db.execute("UPDATE operator SET scope_organisation = 0")
    code, _, err = run("ledger", "verify", "--dir", where)
    equal(code, 1)
    contains(err, "operator small is not as it was recorded")


cli.main()
