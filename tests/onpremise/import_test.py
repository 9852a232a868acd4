#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An authority that `openssl ca` has run is taken over: what it has issued and
revoked is ours from then on, and OpenSSL agrees about each of it.

import_test.py BIRTHMARK BIRTHMARKD
"""
import glob
import json
import os
import shutil
import subprocess
import sys

import onsite
from onsite import cas, installed, make_root, verify

import cli
from cli import contains, equal, openssl, read, run, write
from direct import crl, crl_number, issue, objects, ok, refused

ISSUED = 12

CONFIG = """
[ca]
default_ca = d
[d]
dir = .
database = old/index.txt
new_certs_dir = old/newcerts
serial = old/serial
crlnumber = old/crlnumber
certificate = old/ca.pem
private_key = old/ca.key
default_md = sha256
default_days = 900
default_crl_days = 30
policy = p
x509_extensions = leaf
crl_extensions = crl
unique_subject = no
[p]
organizationName = optional
commonName = supplied
serialNumber = optional
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid
[crl]
authorityKeyIdentifier = keyid
[v3]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[req]
distinguished_name = dn
[dn]
"""


def old_ca(*args):
    openssl("ca", "-config", "old.cnf", "-batch", *args)


def make_old():
    """A self-signed authority, with certificates, some of them revoked: two
    are on its list, and one more is in its database alone."""
    if os.path.exists("old"):
        return
    os.makedirs("old/newcerts")
    write("old.cnf", CONFIG)
    write("old/index.txt", "")
    write("old/serial", "01\n")
    write("old/crlnumber", "2A\n")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            "old/ca.key")
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "old/ca.key", "-out",
            "old/ca.p8")
    openssl("req", "-new", "-x509", "-key", "old/ca.key", "-subj",
            "/O=Old Ltd/CN=Old CA", "-days", "3000", "-config", "old.cnf",
            "-extensions", "v3", "-out", "old/ca.pem")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            "dev.key")
    for i in range(ISSUED):
        openssl("req", "-new", "-key", "dev.key", "-subj",
                "/O=Old Ltd/CN=dev%d" % i, "-config", "old.cnf", "-out",
                "dev.csr")
        old_ca("-in", "dev.csr", "-out", "old/dev%d.pem" % i)
    old_ca("-revoke", "old/newcerts/02.pem", "-crl_reason", "keyCompromise")
    old_ca("-revoke", "old/newcerts/05.pem", "-crl_reason", "superseded")
    old_ca("-gencrl", "-out", "old/ca.crl")
    old_ca("-revoke", "old/newcerts/07.pem")


def take(where, *more):
    return ["ca", "import", "--dir", where, "--cert", "old/ca.pem",
            "--key-file", "old/ca.p8", "--issued", "old", "--crl",
            "old/ca.crl", *more]


def openssl_says(where, name, number):
    """Is a certificate of the old authority good by the list that we
    publish?"""
    write("list.pem", openssl("crl", "-inform", "DER", "-in",
                              "%s/crl/%s.crl" % (where, name)))
    done = subprocess.run(
        ["openssl", "verify", "-crl_check", "-CAfile", "old/ca.pem",
         "-CRLfile", "list.pem", "old/newcerts/%02X.pem" % number],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        contains(done.stdout.decode(), "certificate revoked")
    return done.returncode == 0


def ocsp(where, name, number):
    """What our responder says of one."""
    cert = "old/newcerts/%02X.pem" % number
    openssl("ocsp", "-issuer", "old/ca.pem", "-cert", cert, "-no_nonce",
            "-reqout", "q.der")
    if os.path.exists("a.der"):
        os.remove("a.der")
    ok("ca", "ocsp", "--dir", where, "--request", "q.der", "--out", "a.der")
    out = openssl("ocsp", "-respin", "a.der", "-issuer", "old/ca.pem",
                  "-cert", cert, "-CAfile", "old/ca.pem").decode()
    return out.split(": ")[1].split()[0]


def agree(where, name, revoked):
    for i in range(1, ISSUED + 1):
        equal(openssl_says(where, name, i), i not in revoked, "CRL, %d" % i)
        equal(ocsp(where, name, i),
              "revoked" if i in revoked else "good", "OCSP, %d" % i)


def test_an_authority_is_taken_over():
    make_old()
    where = installed("site", make_root("root"))
    code, out, err = run(*take(where, "--json", "old"))
    equal(code, 0, err)
    equal(json.loads(out), {"id": "old", "imported": ISSUED, "known": 0,
                            "without_profile": ISSUED, "refused": 0,
                            "revoked": 3, "unknown": 0})
    equal(cas(where)["old"]["kind"], "issuing")
    agree(where, "old", {2, 5, 7})
    equal(crl(where, "old")["02"], "Key Compromise")
    if crl_number(where, "old") <= 0x2a:
        raise AssertionError("the list's number went back")
    rows = [r for r in objects("cert", "list", "--dir", where)
            if r["ca"] == "old" and r["profile"] == "imported"]
    equal(len(rows), ISSUED)
    ok("ledger", "verify", "--dir", where)


def test_the_same_again_does_nothing():
    before = crl_number("site", "old")
    code, out, err = run(*take("site", "--json", "old"))
    equal(code, 0, err)
    found = json.loads(out)
    equal((found["imported"], found["known"], found["revoked"]),
          (0, ISSUED, 0))
    equal(crl_number("site", "old"), before + 1)


def test_what_was_imported_can_be_revoked():
    ok("cert", "revoke", "--dir", "site", "--ca", "old", "--reason",
       "cessationOfOperation", "09")
    agree("site", "old", {2, 5, 7, 9})


def test_a_new_instance_can_begin_with_it():
    make_old()
    ok("init", "fresh", "--subordinate", "--org", "Old Ltd", "--host",
       "ca.old.example")
    out, _ = ok(*take("fresh", "issuing"))
    equal(out, "issuing\n")
    equal({i: r["status"] for i, r in cas("fresh").items()},
          {"issuing": "active", "operations": "waiting"})
    equal(sorted(os.path.basename(p) for p in
                 glob.glob("fresh/keys/issuing*.key")),
          ["issuing-taken.key", "issuing.key"])
    text = openssl("crl", "-inform", "DER", "-in", "fresh/crl/issuing.crl",
                   "-noout", "-text").decode()
    equal(text.count("Serial Number:"), 3)


def test_what_does_not_fit_is_refused():
    make_old()
    where = installed("other", make_root("root2"))
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", "stranger.p8")
    args = take(where, "old")
    args[args.index("old/ca.p8")] = "stranger.p8"
    refused("no certificate is for the key", *args)
    args[args.index("stranger.p8")] = "old/ca.pem"
    equal(run(*args)[0], 1)
    refused("one of --key and --key-file",
            *take(where, "--key", "file:issuing.key", "old"), code=2)
    refused("CA issuing", *take(where, "issuing"), code=3)
    equal(sorted(cas(where)), ["issuing", "operations", "root"])
    # One certificate is not of this authority: the others are taken.
    shutil.copytree("old", "bent")
    make_root("stranger")
    shutil.copy("stranger.pem", "bent/newcerts/03.pem")
    args = take(where, "--json", "old")
    args[args.index("--issued") + 1] = "bent"
    code, out, err = run(*args)
    equal(code, 1)
    contains(err, "no CA of this instance signed it")
    equal(json.loads(out)["refused"], 1)
    equal(json.loads(out)["imported"], ISSUED - 1)


def lists_of(where, *args):
    """The same as `take`, of a folder without its list."""
    return ["ca", "import", "--dir", where, "--cert", "old/ca.pem",
            "--key-file", "old/ca.p8", "--issued", *args]


def test_a_file_that_is_refused_takes_no_other_one_along():
    make_old()
    where = installed("torn", make_root("root4"))
    shutil.copytree("old", "bad")
    write("bad/newcerts/0A.pem", "nonsense\n")
    code, out, err = run(*lists_of(where, "bad", "--json", "old"))
    equal(code, 1)
    contains(err, "0A.pem")
    found = json.loads(out)
    equal((found["imported"], found["refused"], found["revoked"]),
          (ISSUED - 1, 1, 3))
    equal(sorted(crl(where, "old")), ["02", "05", "07"])


def test_what_is_revoked_and_lost_keeps_the_authority_out_of_use():
    make_old()
    where = installed("gap", make_root("root5"))
    shutil.copytree("old", "gone")
    os.remove("gone/newcerts/07.pem")
    args = lists_of(where, "gone", "--crl", "old/ca.crl", "old")
    refused("the index says that 07 is revoked", *args)
    if os.path.exists(where + "/crl/old.crl"):
        raise AssertionError("a list without what is revoked")
    refused("birthmark ca install or import again", "cert", "list", "--dir",
            where)
    # The certificate is nowhere, but a list has its number.
    shutil.copytree("old", "listed")
    write("listed.cnf", read("old.cnf").decode().replace("old/", "listed/"))
    openssl("ca", "-config", "listed.cnf", "-batch", "-gencrl", "-out",
            "listed.crl")
    args[args.index("old/ca.crl")] = "listed.crl"
    code, _, err = run(*args)
    equal(code, 1)
    contains(err, "07.pem: the index has it, and it is not there")
    equal(sorted(crl(where, "old")), ["02", "05", "07"])


def test_the_key_of_an_end_entity_is_no_key_of_a_ca():
    make_old()
    where = installed("reasons", make_root("root6"))
    shutil.copytree("old", "comp")
    write("comp/index.txt", read("comp/index.txt").decode().replace(
        ",keyCompromise", ",CACompromise"))
    ok(*lists_of(where, "comp", "old"))
    equal(crl(where, "old")["02"], "Key Compromise")


def test_an_index_is_read_strictly():
    make_old()
    text = read("old/index.txt").decode().splitlines()
    os.makedirs("half/newcerts")
    write("half/index.txt", "V\tx\n")
    args = take("site", "old")
    args[args.index("--issued") + 1] = "half"
    refused("no line of openssl ca", *args)
    for bad in ("V\tx", "X\t1\t\t01\tu\t/", text[0].replace("\t01\t",
                                                             "\tzz\t"),
                text[1].replace("Z,", "ZZ,")):
        write("half/index.txt", text[0] + "\n" + bad + "\n")
        shutil.copy("old/newcerts/01.pem", "half/newcerts")
        args = take("site", "old")
        args[args.index("--issued") + 1] = "half"
        refused("no line of openssl ca", *args)
    ok(*take("site", "old"))


if __name__ == "__main__":
    cli.main()
