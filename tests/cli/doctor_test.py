#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark doctor.

doctor_test.py PROGRAM
"""
import json
import os
import shutil
import sqlite3

import cli
from cli import contains, equal, run


def look(*args):
    code, out, err = run("doctor", "--json", *args)
    equal(err, "")
    rows = [json.loads(line) for line in out.splitlines()]
    return code, {(r["check"], r["level"]) for r in rows}, out


def made(host, name):
    equal(run("init", name, "--org", "Acme", "--host", host)[0], 0)
    return name


def test_a_new_instance_is_warned_of_its_secrets():
    code, found, _ = look("--dir", made("ca.example.com", "a"))
    equal(code, 0)
    equal(found, {("secrets", "warn"), ("public_url", "ok"),
                  ("certificates", "ok"), ("crl", "ok"), ("bundle", "ok"),
                  ("store", "ok"), ("bad_keys", "ok")})


def test_what_was_carried_away_is_not_warned_of():
    shutil.rmtree("a/root")
    os.rename("a/keys/unlock", "unlock")
    os.rename("a/operator/operator.key", "operator.key")
    code, found, _ = look("--dir", "a")
    equal((code, ("secrets", "ok") in found), (0, True))


def test_a_loopback_name_fails():
    code, found, out = look("--dir", made("localhost", "b"))
    equal((code, ("public_url", "FAIL") in found), (1, True))
    contains(out, "stands in certificates")
    code, found, _ = look("--dir", made("ca", "c"))
    equal((code, ("public_url", "warn") in found), (0, True))


def test_an_old_list_fails():
    with sqlite3.connect("c/birthmark.db") as db:
        db.execute("UPDATE crl SET next_update = 1000000000")
    code, found, _ = look("--dir", "c")
    equal((code, ("crl", "FAIL") in found), (1, True))


def test_networks_within_reach_are_warned_of_where_there_are_several():
    made("ca.example.com", "d")
    _, found, _ = look("--dir", "d")
    equal(("events", "warn") in found, False)
    equal(run("org", "create", "--dir", "d", "Other")[0], 0)
    code, found, out = look("--dir", "d")
    equal((code, ("events", "warn") in found), (0, True))
    contains(out, "courier.reach", "each of 2 organisations")
    with open("d/birthmark.yaml", "a", encoding="ascii") as f:
        f.write("courier:\n  reach: public\n")
    _, found, _ = look("--dir", "d")
    equal(("events", "warn") in found, False)


def test_a_store_with_attributes_of_devices_is_sound():
    made("ca.example.com", "e")
    equal(run("device", "add", "--dir", "e", "SN-1", "serial=SN-1",
              "model=M1", "label.site=north")[0], 0)
    code, found, _ = look("--dir", "e")
    equal((code, ("store", "ok") in found), (0, True))


def test_text_has_a_line_per_finding():
    code, out, _ = run("doctor", "--dir", "b")
    equal(code, 1)
    contains(out, "FAIL   public_url    http://localhost:8080")


cli.main()
