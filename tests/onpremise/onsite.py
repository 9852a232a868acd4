# SPDX-License-Identifier: Apache-2.0
"""What the tests here share: roots elsewhere, made by OpenSSL, and instances
that are below them.
"""
import json
import os
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "cli"))

from cli import contains, equal, openssl, write
from direct import ok, refused

CA_EXTENSIONS = """
basicConstraints = critical, CA:TRUE%s
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
%s
"""


def make_root(name, subject="/O=Acme Ltd/CN=Acme Ltd Root CA"):
    """A root, as NAME.pem and NAME.key."""
    write("root.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[v3]\n"
          "basicConstraints=critical,CA:TRUE\n"
          "keyUsage=critical,keyCertSign,cRLSign\n"
          "subjectKeyIdentifier=hash\n")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            name + ".key")
    openssl("req", "-new", "-x509", "-key", name + ".key", "-subj", subject,
            "-days", "7300", "-config", "root.cnf", "-extensions", "v3",
            "-out", name + ".pem")
    return name


def sign(root, csr, out, path_len=":0", more="", days=3650):
    """A CA's certificate by a root: `path_len` is ",pathlen:0" or ""."""
    length = ", pathlen%s" % path_len if path_len else ""
    write("sign.ext", CA_EXTENSIONS % (length, more))
    openssl("x509", "-req", "-in", csr, "-CA", root + ".pem", "-CAkey",
            root + ".key", "-CAcreateserial", "-days", str(days), "-extfile",
            "sign.ext", "-out", out)
    return out


def waiting(where):
    """An instance that waits, and its two requests beside it."""
    ok("init", where, "--subordinate", "--org", "Acme Ltd", "--host",
       "ca.factory.example", "--host", "localhost", "--host", "127.0.0.1")
    for ca in ("issuing", "operations"):
        ok("ca", "request", "--dir", where, ca, "--out",
           "%s-%s.csr" % (where, ca))
    return where


def link(root, by, out):
    """What one root says of another, by its name and key."""
    write("link.ext", CA_EXTENSIONS % ("", ""))
    openssl("x509", "-in", root + ".pem", "-x509toreq", "-signkey",
            root + ".key", "-out", "link.csr")
    openssl("x509", "-req", "-in", "link.csr", "-CA", by + ".pem", "-CAkey",
            by + ".key", "-CAcreateserial", "-days", "3650", "-extfile",
            "link.ext", "-out", out)
    return out


def installed(where, root, more=""):
    """One that works, below a root."""
    waiting(where)
    files = [sign(root, "%s-%s.csr" % (where, ca), "%s-%s.pem" % (where, ca),
                  more=more) for ca in ("issuing", "operations")]
    ok("ca", "install", "--dir", where, root + ".pem", *files)
    return where


def cas(where):
    """What `ca list` says, by id."""
    out, _ = ok("ca", "list", "--dir", where, "--json")
    return {row["id"]: row for row in map(json.loads, out.splitlines())}


def verify(root, cert, *untrusted, purpose=None):
    """OpenSSL's verdict: (does it verify, words)."""
    args = ["openssl", "verify", "-x509_strict", "-CAfile", root]
    for path in untrusted:
        args += ["-untrusted", path]
    if purpose:
        args += ["-purpose", purpose]
    done = subprocess.run(args + [cert], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout.decode()


def verifies(*args, **kw):
    good, words = verify(*args, **kw)
    if not good:
        raise AssertionError(words)
