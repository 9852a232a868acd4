#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A factory from end to end, by files alone: its CAs ask, a cold root signs
what its ceremony file names, the factory issues without any network, and later
its issuing CA and its root are replaced.

factory_test.py BIRTHMARK BIRTHMARKD
"""
import ctypes
import fcntl
import hashlib
import os
import re
import shutil
import socket
import struct
import sys

import onsite
from onsite import cas, verifies, verify

import cli
from cli import contains, equal, openssl, read, run, write
from direct import issue, ok, refused, request

sys.path.insert(0, os.path.join(onsite.TESTS, "service"))
from service import Key, Service, pem_of_certs_only

PEOPLE = ["--operator", "Olga", "--witness", "Walter", "--yes"]

CEREMONY = """\
ceremony: {name}
title: a root and its factory
root:
  id: root
  key: {{ algorithm: p256, place: file }}
  subject: [ {{ O: Acme }}, {{ CN: Acme Root CA }} ]
  validity: {{ for: 25y }}
  path_len: 1
sign:
{steps}
crl:
  lifetime: 400d
"""

SUBORDINATE = """\
  - step: {step}
    kind: subordinate
    request: {step}.csr
    subject: [ {{ O: Acme }}, {{ CN: {cn} }} ]
    validity: {{ for: 10y }}
    path_len: 0
    name_constraints:
      permitted:
        - {{ kind: dns, value: plant.example }}
        - {{ kind: dns, value: localhost }}
        - {{ kind: ip, value: 127.0.0.0/8 }}
"""

LINK = """\
  - step: {kind}
    kind: {kind}
    certificate: {file}
    certificate_sha256: {sha256}
"""


def alone():
    """A network of our own that leads nowhere, where that is allowed; true if
    this process is in one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
        return False
    with socket.socket() as s:
        flags = struct.pack("16sh", b"lo", 0x1 | 0x8 | 0x40)
        fcntl.ioctl(s, 0x8914, flags + bytes(22))  # SIOCSIFFLAGS: up
    equal([name for _, name in socket.if_nameindex()], ["lo"])
    return True


ALONE = alone()


def ceremony(name, *steps):
    return write(name + ".yaml", CEREMONY.format(name=name,
                                                 steps="".join(steps)))


def root(*args, want=0):
    code, out, err = run("root", *args, *PEOPLE)
    equal(code, want, err)
    return out


def carry(stick):
    os.makedirs(stick, exist_ok=True)
    return stick


def sign(name, where, stick):
    """The root signs what is on the stick, and puts it there."""
    root("sign", name + ".yaml", "--dir", where, "--in", stick, "--out", stick)


def pems(stick):
    return sorted(os.path.join(stick, n) for n in os.listdir(stick)
                  if n.endswith((".pem", ".crt")))


def link(kind, file, of):
    """A step for the certificate of another root, which is named by its
    hash."""
    text = openssl("x509", "-in", of, "-outform", "DER")
    return LINK.format(kind=kind, file=file,
                       sha256=hashlib.sha256(text).hexdigest())


def test_the_factory_asks_and_the_root_signs():
    ok("init", "plant", "--subordinate", "--org", "Acme", "--host",
       "ca.plant.example", "--host", "localhost", "--host", "127.0.0.1")
    for ca in ("issuing", "operations"):
        ok("ca", "request", "--dir", "plant", ca, "--out",
           os.path.join(carry("stick"), ca + ".csr"))
    ceremony("first", SUBORDINATE.format(step="issuing",
                                         cn="Acme Issuing CA"),
             SUBORDINATE.format(step="operations",
                                cn="Acme Operations CA"))
    root("init", "first.yaml", "--out", "vault")
    sign("first", "vault", "stick")
    root("crl", "first.yaml", "--dir", "vault", "--out", "stick")
    ok("ca", "install", "--dir", "plant", "vault/root.pem", *pems("stick"))
    lists = [n for n in os.listdir("stick") if n.endswith(".crl")]
    ok("ca", "crl", "--dir", "plant", "--import", "stick/" + lists[0])
    text = openssl("x509", "-in", "plant/ca/issuing.pem", "-noout",
                   "-text").decode()
    contains(text, "pathlen:0", "DNS:plant.example")
    code, out, _ = run("doctor", "--dir", "plant")
    equal(code, 0, out)
    for word in ("waits", "FAIL", "root/ is on this disk"):
        equal(word in out, False, out)
    issue("plant", "d1")
    verifies("vault/root.pem", "d1.pem", "plant/ca/issuing.pem")
    ok("ledger", "verify", "--dir", "plant")


def machine(name, host):
    return request(name, "/CN=" + name, "-addext",
                   "subjectAltName=DNS:" + host)


def test_what_is_outside_of_the_constraints_is_issued_by_nobody():
    text = read("plant/profiles/tls-server.yaml").decode()
    text = text.replace("profile: tls-server", "profile: plant-tls")
    write("plant/profiles/plant-tls.yaml",
          re.sub("(?m)^ca: .*", "ca: issuing", text))
    args = ["cert", "issue", "--dir", "plant", "--profile", "plant-tls"]
    ok(*args, "--csr", machine("in", "press-7.plant.example"), "--out",
       "in.pem")
    verifies("vault/root.pem", "in.pem", "plant/ca/issuing.pem")
    out = machine("out", "www.bank.example")
    refused("name constraints", *args, "--csr", out, "--out", "out.pem")
    equal(os.path.exists("out.pem"), False)
    # Whoever has the key can sign it all the same, and nobody believes it.
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            "sub.key")
    openssl("req", "-new", "-key", "sub.key", "-subj", "/O=Acme/CN=Acme Sub CA",
            "-out", carry("stick2") + "/sub.csr")
    ceremony("second", SUBORDINATE.format(step="sub", cn="Acme Sub CA"))
    sign("second", "vault", "stick2")
    write("san.ext", "subjectAltName = DNS:www.bank.example\n"
          "authorityKeyIdentifier = keyid\nbasicConstraints = CA:FALSE\n")
    openssl("x509", "-req", "-in", out, "-CA", pems("stick2")[0], "-CAkey",
            "sub.key", "-CAcreateserial", "-days", "30", "-extfile",
            "san.ext", "-out", "forged.pem")
    good, words = verify("vault/root.pem", "forged.pem", pems("stick2")[0])
    equal(good, False)
    contains(words, "permitted subtree violation")
    code, _, err = run("cert", "verify", "--anchor", "vault/root.pem",
                       "--untrusted", pems("stick2")[0], "forged.pem")
    equal(code, 1)
    contains(err + _, "5280")


def test_it_serves_without_any_network():
    with Service(name="plant") as s:
        s.start()
        key = Key(".", "sn9", "/serialNumber=SN-9")
        answer = s.api("POST", "/tokens", {"profile": "many",
                                           "device": "SN-9"})
        equal(answer.status, 201, answer)
        answer = s.enrol(key, "many", ("SN-9", answer.json()["secret"]))
        equal(answer.status, 200, answer)
        write("sn9.pem", pem_of_certs_only(answer.body))
        verifies("vault/root.pem", "sn9.pem", "plant/ca/issuing.pem")
        for ca in ("issuing", "operations", "root"):
            answer = s.public("GET", "/crl/%s.crl" % ca)
            equal(answer.status, 200)
            write("l.crl", answer.body)
            openssl("crl", "-inform", "DER", "-in", "l.crl", "-CAfile",
                    "plant/ca/%s.pem" % ca, "-noout")
        equal(s.api("GET", "/cas").status, 200)
    if not ALONE:
        raise cli.Skip("no network namespace here: served on loopback")


def test_the_issuing_ca_is_replaced_by_files():
    ok("ca", "rollover", "--dir", "plant", "issuing")
    ok("ca", "request", "--dir", "plant", "issuing-2", "--out",
       carry("stick3") + "/issuing-2.csr")
    ceremony("third", SUBORDINATE.format(step="issuing-2",
                                         cn="Acme Issuing CA 2"))
    sign("third", "vault", "stick3")
    ok("ca", "install", "--dir", "plant", *pems("stick3"))
    issue("plant", "d2")
    verifies("vault/root.pem", "d2.pem", "plant/ca/issuing-2.pem")
    verifies("vault/root.pem", "d1.pem", "plant/ca/issuing.pem")


def test_the_root_is_replaced_by_files():
    carry("stick4")
    ceremony("new", link("old-with-new", "old.pem", "vault/root.pem"),
             SUBORDINATE.format(step="issuing-3",
                                cn="Acme Issuing CA 3"))
    root("init", "new.yaml", "--out", "vault2")
    shutil.copy("vault/root.pem", "stick4/old.pem")
    ok("ca", "rollover", "--dir", "plant", "issuing-2")
    ok("ca", "request", "--dir", "plant", "issuing-3", "--out",
       "stick4/issuing-3.csr")
    sign("new", "vault2", "stick4")
    ceremony("link", link("new-with-old", "new.pem", "vault2/root.pem"))
    shutil.copy("vault2/root.pem", carry("stick5") + "/new.pem")
    sign("link", "vault", "stick5")
    answers = [p for p in pems("stick4") + pems("stick5")
               if os.path.basename(p) not in ("old.pem", "new.pem")]
    ok("ca", "install", "--dir", "plant", "vault2/root.pem", *answers)
    equal(cas("plant")["issuing-3"]["parent"], "root-2")
    links = [i for i, r in cas("plant").items() if r["kind"] == "link"]
    equal(len(links), 2)
    issue("plant", "d3")
    extra = ["plant/ca/%s.pem" % i for i in links]
    for anchor in ("vault/root.pem", "vault2/root.pem"):
        for device, ca in (("d1", "issuing"), ("d2", "issuing-2"),
                           ("d3", "issuing-3")):
            verifies(anchor, device + ".pem", "plant/ca/%s.pem" % ca, *extra)
    ok("ledger", "verify", "--dir", "plant")


if __name__ == "__main__":
    cli.main()
