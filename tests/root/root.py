# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: ceremony files, requests, running the verbs."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))), "cli"))

import cli  # noqa: E402  pylint: disable=wrong-import-position
from cli import contains, equal, write  # noqa: E402,F401

ROOT = """\
ceremony: %(name)s
title: The root of %(org)s
root:
  subject:
    - { O: %(org)s }
    - { CN: %(org)s Root CA }
  key: { algorithm: %(algorithm)s, place: file }
  validity: { for: 30y }
"""

ISSUING = """\
sign:
  - step: issuing
    kind: subordinate
    request: issuing.csr
    subject: [ { O: %(org)s }, { CN: %(org)s Issuing CA } ]
    validity: { for: 15y }
    path_len: 0
"""


def ceremony(org, steps=ISSUING, more="", algorithm="p256"):
    """Write ORG.yaml and return its name."""
    words = {"name": org.lower(), "org": org, "algorithm": algorithm}
    return cli.write(org + ".yaml", (ROOT % words) + (steps % words) + more)


def root(verb, *args):
    return cli.run("root", verb, *args)


def good(verb, *args):
    """The paths that it printed."""
    code, out, err = root(verb, *args)
    cli.equal(code, 0, "exit code of root %s: %s" % (verb, err))
    return out.split("\n")[:-1]


def refused(code, *words, args):
    """It ends with `code`, and says these words."""
    got, out, err = root(*args)
    cli.equal(got, code, "exit code of root %r: %s" % (args, err))
    cli.equal(out, "", "stdout")
    cli.contains(err, *words)


REHEARSE = ("--rehearse",)  # with keys that cost less time


def folder(*names):
    for name in names:
        os.makedirs(name, exist_ok=True)


def key(path, kind="p256"):
    kinds = {"p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
             "rsa1024": ["rsa:1024"]}
    cli.openssl("req", "-new", "-newkey", *kinds[kind], "-nodes", "-keyout",
                path, "-subj", "/CN=x", "-out", os.devnull)


def request(path, subject, key_file=None):
    """A request in `path`, for a new key unless one is given."""
    if key_file is None:
        key_file = path + ".key"
        key(key_file)
    cli.openssl("req", "-new", "-key", key_file, "-subj", subject, "-out",
                path)


def sign(name, args=(), where=None):
    """Run the ceremony NAME.yaml of the root in NAME."""
    where = where or name
    folder(where + ".in", where + ".out")
    return good("sign", name + ".yaml", "--dir", name, "--in", where + ".in",
                "--out", where + ".out", *args)


def established(org, **how):
    """A root in ORG with an issuing CA: ORG.out/issuing.pem."""
    ceremony(org, **how)
    good("init", org + ".yaml", "--out", org)
    folder(org + ".in")
    request(org + ".in/issuing.csr", "/O=%s/CN=%s Issuing CA" % (org, org))
    sign(org)


LEAF = """\
[leaf]
basicConstraints = CA:FALSE
subjectAltName = DNS:%s
authorityKeyIdentifier = keyid
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
"""


def leaf(path, org, section="leaf", host="a.example.com"):
    """A certificate of ORG's issuing CA, signed by OpenSSL."""
    cli.write("leaf.cnf", LEAF % host)
    request(path + ".csr", "/CN=leaf")
    cli.openssl("x509", "-req", "-in", path + ".csr", "-CA",
                org + ".out/issuing.pem", "-CAkey",
                org + ".in/issuing.csr.key", "-CAcreateserial", "-days", "30",
                "-extfile", "leaf.cnf", "-extensions", section, "-out", path)


def verify(target, trusted, *untrusted, args=()):
    """What openssl verify says: "OK", or its words."""
    command = ["openssl", "verify", "-CAfile", trusted, *args]
    for path in untrusted:
        command += ["-untrusted", path]
    done = cli.subprocess.run(command + [target], stdout=cli.subprocess.PIPE,
                              stderr=cli.subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    return "OK" if done.returncode == 0 else text


def first_cert(path, to):
    """The first certificate of a chain, alone."""
    end = b"-----END CERTIFICATE-----\n"
    cli.write(to, cli.read(path).split(end)[0] + end)
    return to


def sha256(path):
    return hashlib.sha256(cli.read(path)).hexdigest()


def der_sha256(path, what="x509"):
    return hashlib.sha256(cli.openssl(what, "-in", path, "-outform",
                                      "DER")).hexdigest()


def serial(path):
    return cli.openssl("x509", "-in", path, "-noout",
                       "-serial").decode().strip().split("=")[1]
