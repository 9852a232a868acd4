#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What installing and taking over must not do to the CAs that are in use, and
what is taken over by half is finished by nobody else.

guard_test.py BIRTHMARK BIRTHMARKD
"""
import os
import shutil

import import_test as old
from onsite import cas, installed, make_root, sign

import cli
from cli import contains, equal, openssl, read, run, write
from direct import crl, ok, refused


def site(name):
    """A copy of one that works, below root.pem."""
    old.make_old()
    if not os.path.exists("site"):
        installed("site", make_root("root"))
    if name != "site":
        shutil.copytree("site", name)
    return name


def by(root, subject, out):
    """A certificate of this name for the key of `issuing`."""
    openssl("req", "-in", "site-issuing.csr", "-noout", "-pubkey", "-out",
            "pub.pem")
    openssl("x509", "-new", "-force_pubkey", "pub.pem", "-subj", subject,
            "-CA", root + ".pem", "-CAkey", root + ".key", "-CAcreateserial",
            "-days", "3600", "-extfile", "sign.ext", "-out", out)
    return out


def start(path):
    return openssl("x509", "-in", path, "-noout", "-startdate")


def test_a_ca_in_use_keeps_its_name():
    where = site("named")
    before = cas(where)["issuing"]
    refused("another subject", "ca", "install", "--dir", where,
            by("root", "/O=Else/CN=Else CA", "else.pem"))
    equal(cas(where)["issuing"], before)


def test_an_older_certificate_does_not_come_back():
    where = site("newer")
    before = cas(where)["issuing"]
    sign("root", "site-issuing.csr", "newer.pem", days=4000)
    while start("newer.pem") == start("site-issuing.pem"):  # has seconds
        sign("root", "site-issuing.csr", "newer.pem", days=4000)
    ok("ca", "install", "--dir", where, "newer.pem")
    after = cas(where)["issuing"]
    if after == before:
        raise AssertionError("it was not installed")
    out, _ = ok("ca", "install", "--dir", where, "newer.pem",
                "site-issuing.pem")
    contains(out, "a later one is in use")
    equal(cas(where)["issuing"], after)


def test_a_take_over_leaves_the_cas_that_are_here_alone():
    where = site("piled")
    before = cas(where)
    make_root("evil", "/O=Evil/CN=Evil Root")
    issuer = openssl("x509", "-in", "site-issuing.pem", "-noout", "-subject",
                     "-nameopt", "compat").decode().strip()
    by("evil", issuer.split("subject=")[1].strip(), "evil-issuing.pem")
    write("pile.pem", b"".join(read(p) for p in (
        "old/ca.pem", "evil.pem", "evil-issuing.pem")))
    ok("ca", "import", "--dir", where, "--cert", "pile.pem", "--key-file",
       "old/ca.p8", "old")
    after = cas(where)
    equal({i: after[i] for i in before}, before)
    equal(sorted(after), sorted([*before, "old"]))


def test_what_is_taken_over_by_half_is_finished_by_import_alone():
    where = site("half-way")
    os.makedirs("half/newcerts")
    first = read("old/index.txt").decode().splitlines()[0]
    write("half/index.txt", first + "\nV\tx\n")
    shutil.copy("old/newcerts/01.pem", "half/newcerts")
    args = old.take(where, "old")
    args[args.index("--issued") + 1] = "half"
    refused("no line of openssl ca", *args)
    refused("taken over by half", "ca", "install", "--dir", where,
            "site-issuing.pem", code=1)
    equal(run("ca", "create", "--dir", where, "--again", "old")[0] == 0, False)
    if os.path.exists(where + "/crl/old.crl"):
        raise AssertionError("a list without what is revoked")
    refused("birthmark ca install or import again", "cert", "list", "--dir",
            where)
    ok(*old.take(where, "old"))
    equal(sorted(crl(where, "old")), ["02", "05", "07"])


def test_a_late_list_of_the_old_authority_still_counts():
    where = site("late")
    ok(*old.take(where, "old"))
    shutil.copytree("old", "went-on")
    write("went-on.cnf", read("old.cnf").decode().replace("old/", "went-on/"))
    openssl("ca", "-config", "went-on.cnf", "-batch", "-revoke",
            "went-on/newcerts/09.pem")
    openssl("ca", "-config", "went-on.cnf", "-batch", "-gencrl", "-out",
            "late.crl")
    ok("ca", "import", "--dir", where, "--cert", "old/ca.pem", "--key-file",
       "old/ca.p8", "--crl", "late.crl", "old")
    equal(sorted(crl(where, "old")), ["02", "05", "07", "09"])


def test_an_authority_that_may_not_sign_lists_is_refused():
    where = site("weak")
    write("weak.cnf", read("old.cnf").decode().replace(
        "keyCertSign, cRLSign", "keyCertSign"))
    openssl("req", "-new", "-x509", "-key", "old/ca.key", "-subj",
            "/O=Weak/CN=Weak CA", "-days", "300", "-config", "weak.cnf",
            "-extensions", "v3", "-out", "weak.pem")
    before = cas(where)
    equal(run("ca", "import", "--dir", where, "--cert", "weak.pem",
              "--key-file", "old/ca.p8", "weak")[0] == 0, False)
    equal(cas("site"), before)


def test_a_key_of_the_instance_is_no_key_of_a_ca():
    where = site("keys")
    for key in ("ledger.key", "server.key"):
        refused("is the key of", "ca", "create", "--dir", where, "--key",
                "file:" + key, "evil", code=3)


if __name__ == "__main__":
    cli.main()
