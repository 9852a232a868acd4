#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An instance without a root: its CAs ask for certificates, and get them.

subordinate_test.py BIRTHMARK BIRTHMARKD
"""
import os
import shutil
import subprocess
import sys

import onsite
from onsite import (cas, installed, make_root, sign, verifies, verify,
                    waiting)

import cli
from cli import contains, equal, openssl, read, run, write
from direct import issue, objects, ok, refused, request

BIRTHMARKD = os.path.abspath(sys.argv[2])
WAITS = "CA operations waits for its certificate: birthmark ca install"


def base():
    """A root, and an instance that waits below it: made once."""
    if not os.path.exists("wait"):
        make_root("root")
        waiting("wait")


def copy(name):
    base()
    shutil.copytree("wait", name)
    return name


def signed(ca, out, root="root", **kw):
    return sign(root, "wait-%s.csr" % ca, out, **kw)


def test_a_request_asks_for_a_ca():
    base()
    text = openssl("req", "-in", "wait-issuing.csr", "-noout", "-text",
                   "-verify").decode()
    contains(text, "O = Acme Ltd, CN = Acme Ltd Issuing CA",
             "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign")


def test_an_instance_that_waits_says_so():
    base()
    rows = cas("wait")
    equal({i: r["status"] for i, r in rows.items()},
          {"issuing": "waiting", "operations": "waiting"})
    equal(rows["issuing"]["key_uri"], "file:issuing.key")
    for command in (["cert", "list"], ["token", "list"], ["ca", "crl"],
                    ["cert", "issue", "--profile", "operator", "--csr",
                     "wait-issuing.csr"], ["ledger", "verify"],
                    ["operator", "list"], ["device", "list"], ["backup", "x.tar"]):
        refused(WAITS, *command, "--dir", "wait")
    code, out, _ = run("doctor", "--dir", "wait")
    equal(code, 1)
    contains(out, "CA issuing waits", "CA operations waits",
             "profile operator is not issued")
    done = subprocess.run([BIRTHMARKD, "--config", "wait/birthmark.yaml",
                           "--check"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 1)
    contains(done.stderr.decode(), WAITS)


def test_both_certificates_make_a_working_instance():
    where = copy("both")
    files = [signed("issuing", "b-issuing.pem"),
             signed("operations", "b-operations.pem")]
    out, _ = ok("ca", "install", "--dir", where, "root.pem", *files)
    contains(out, "installed     issuing", "installed     operations",
             "root          root")
    equal({r["status"] for r in cas(where).values()}, {"active"})
    equal([n for n in os.listdir(where + "/ca") if n.endswith(".csr")], [])
    issue(where, "b-dev")
    verifies("root.pem", "b-dev.pem", where + "/ca/issuing.pem")
    verifies("root.pem", where + "/ca/server.pem", where + "/ca/operations.pem",
             purpose="sslserver")
    verifies("root.pem", where + "/operator/operator.pem",
             where + "/ca/operations.pem", purpose="sslclient")
    equal(objects("operator", "list", "--dir", where)[0]["id"], "first")
    for ca in ("issuing", "operations"):
        openssl("crl", "-inform", "DER", "-in", "%s/crl/%s.crl" % (where, ca),
                "-CAfile", "%s/ca/%s.pem" % (where, ca), "-noout")
    ok("ledger", "verify", "--dir", where)
    code, out, _ = run("doctor", "--dir", where)
    equal(code, 0, out)
    contains(out, "CRL of root is not here")


def test_one_after_the_other_and_again():
    where = copy("one")
    signed("operations", "o-operations.pem")
    signed("issuing", "o-issuing.pem")
    ok("ca", "install", "--dir", where, "o-operations.pem", "root.pem")
    refused("CA issuing waits for its certificate: birthmark ca install",
            "cert", "issue", "--dir", where, "--profile",
            "ieee-802.1ar-ldevid", "--csr",
            request("o-early", "/serialNumber=early"))
    ok("ca", "install", "--dir", where, "o-issuing.pem")
    issue(where, "o-dev")
    for _ in range(2):
        out, _ = ok("ca", "install", "--dir", where, "o-issuing.pem",
                    "o-operations.pem", "root.pem")
        equal([line.split()[0] for line in out.splitlines()], ["known"] * 3)
    equal(len(objects("operator", "list", "--dir", where)), 1)
    ok("ledger", "verify", "--dir", where)


def test_what_a_stick_carries_in_pkcs7_is_taken():
    where = copy("p7")
    signed("issuing", "p-issuing.pem")
    signed("operations", "p-operations.pem")
    openssl("crl2pkcs7", "-nocrl", "-certfile", "root.pem", "-certfile",
            "p-issuing.pem", "-certfile", "p-operations.pem", "-outform",
            "DER", "-out", "all.p7b")
    ok("ca", "install", "--dir", where, "all.p7b")
    issue(where, "p-dev")


def test_what_does_not_fit_changes_nothing():
    where = copy("bad")
    make_root("other", "/CN=Other")
    before = read(where + "/birthmark.db")
    write("leaf.ext", "basicConstraints = CA:FALSE\n")
    openssl("x509", "-req", "-in", "wait-issuing.csr", "-CA", "root.pem",
            "-CAkey", "root.key", "-CAcreateserial", "-days", "10", "-extfile",
            "leaf.ext", "-out", "leaf.pem")
    cases = [
        ("no path to an anchor", [signed("issuing", "1.pem")]),
        ("no path to an anchor", [signed("issuing", "3.pem"), "other.pem"]),
        ("issuer is not a CA", ["leaf.pem"]),
    ]
    for words, files in cases:
        refused(words, "ca", "install", "--dir", where, *files)
    equal(cas(where)["issuing"]["status"], "waiting")
    equal(read(where + "/birthmark.db"), before)


def test_constraints_of_a_ca_between_hold():
    where = copy("between")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            "mid.key")
    openssl("req", "-new", "-key", "mid.key", "-subj", "/O=Acme Ltd/CN=Mid",
            "-out", "mid.csr")
    more = ("nameConstraints = critical, permitted;DNS:factory.example, "
            "permitted;DNS:localhost, permitted;IP:127.0.0.0/255.0.0.0")
    sign("root", "mid.csr", "mid.pem", path_len=":1", more=more)
    files = [signed(ca, "m-%s.pem" % ca, root="mid")
             for ca in ("issuing", "operations")]
    write("m.pem", read("mid.pem") + read("root.pem"))
    out, _ = ok("ca", "install", "--dir", where, "m.pem", *files)
    contains(out, "intermediate  intermediate")
    rows = cas(where)
    equal((rows["issuing"]["parent"], rows["intermediate"]["parent"]),
          ("intermediate", "root"))
    equal(read(where + "/ca/server.pem").count(b"BEGIN CERT"), 3)
    args = ["cert", "issue", "--dir", where, "--profile", "tls-server"]
    for host, good in (("a.factory.example", True), ("a.example.org", False)):
        name = "m-%s" % host
        request(name, "/CN=x", "-addext", "subjectAltName=DNS:" + host)
        if good:
            ok(*args, "--csr", name + ".csr", "--out", name + ".pem")
            verifies("root.pem", name + ".pem", "mid.pem",
                     where + "/ca/operations.pem")
        else:
            refused("name constraints of a CA above", *args, "--csr",
                    name + ".csr")


def test_purposes_of_the_certificate_bound_what_is_issued():
    where = copy("purposes")
    eku = "extendedKeyUsage = %s"
    signed("operations", "u-operations.pem", more=eku % "clientAuth")
    refused("operations: profile tls-server", "ca", "install", "--dir", where,
            "root.pem", "u-operations.pem")
    equal(cas(where)["operations"]["status"], "waiting")
    signed("operations", "u2-operations.pem",
           more=eku % "clientAuth, serverAuth")
    signed("issuing", "u-issuing.pem", more=eku % "codeSigning")
    out, _ = ok("ca", "install", "--dir", where, "root.pem",
                "u2-operations.pem", "u-issuing.pem")
    contains(out, "no-profile    ieee-802.1ar-ldevid")
    refused("a purpose that the issuer's certificate", "cert", "issue", "--dir",
            where, "--profile", "ieee-802.1ar-ldevid", "--csr",
            request("u-dev", "/serialNumber=u"))
    contains(run("doctor", "--dir", where)[1],
             "profile ieee-802.1ar-ldevid is not issued")


def test_another_ca_can_be_made():
    where = installed("more", make_root("root-m"))
    out, _ = ok("ca", "create", "--dir", where, "factory", "--type", "p384",
                "--name", "Acme Line 7")
    equal(out, where + "/ca/factory.csr\n")
    refused("waits for its certificate", "ca", "create", "--dir", where,
            "factory", code=3)
    refused("CA issuing", "ca", "create", "--dir", where, "issuing", code=3)
    refused("is the key of issuing", "ca", "create", "--dir", where,
            "thief", "--key", "file:issuing.key", code=3)
    for bad in ("root", "server", "issuing-2", "../x", "Factory", ""):
        code, _, _ = run("ca", "create", "--dir", where, bad)
        equal(code != 0, True, bad)
    ok("ca", "request", "--dir", where, "--out", "factory.csr")
    text = openssl("req", "-in", "factory.csr", "-noout", "-text").decode()
    contains(text, "CN = Acme Line 7", "(384 bit)")
    sign("root-m", "factory.csr", "factory.pem")
    ok("ca", "install", "--dir", where, "factory.pem")
    equal(cas(where)["factory"]["parent"], "root")


if __name__ == "__main__":
    cli.main()
