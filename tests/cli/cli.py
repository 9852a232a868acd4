# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: running the program, TAP, a small PKI made by
OpenSSL, and a little DER.
"""
import base64
import inspect
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SAMPLES = os.path.join(TOP, "core/test/samples")
PROGRAM = os.path.abspath(sys.argv[1])


class Skip(Exception):
    """The reason why a test cannot run here."""


def run(*args, stdin=b"", stdout=subprocess.PIPE, env=None):
    """Run birthmark: (exit code, stdout, stderr)."""
    done = subprocess.run([PROGRAM] + list(args), input=stdin, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=120, check=False,
                          env=env)
    return (done.returncode, (done.stdout or b"").decode(),
            done.stderr.decode())


def show(*args, **kw):
    return run("cert", "show", *args, **kw)


def verify(*args, **kw):
    return run("cert", "verify", *args, **kw)


def show_json(*args, **kw):
    """(exit code, list of the JSON objects, stderr)"""
    code, out, err = show("--json", *args, **kw)
    return code, [json.loads(line) for line in out.splitlines()], err


def sample(name):
    path = os.path.join(SAMPLES, name)
    if not os.path.exists(path):
        raise AssertionError("no sample " + name)
    return path


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError("%r is not in:\n%s" % (part, text))


def write(path, data):
    with open(path, "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def openssl(*args, stdin=None):
    done = subprocess.run(["openssl"] + list(args), input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        raise AssertionError("openssl %s: %s" % (args, done.stderr.decode()))
    return done.stdout


# DER, for what OpenSSL does not write.

def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    n = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | n]) + len(body).to_bytes(n, "big") + body


def pem(label, data):
    text = base64.b64encode(data).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (
        label, "\n".join(lines), label)


EXTENSIONS = """
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:dev.example.com, IP:192.0.2.7
certificatePolicies = 1.3.6.1.4.1.99999.7
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[policy]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
certificatePolicies = 1.3.6.1.4.1.99999.7
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca]
default_ca = d
[d]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
"""


def make_pki():
    """Root, subordinate, leaf, requests, CRLs and messages, in PEM."""
    write("x.cnf", EXTENSIONS)
    for name in ("root", "sub", "leaf"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                "-out", name + ".key")
    openssl("req", "-new", "-x509", "-key", "root.key", "-subj",
            "/O=Example/CN=Root", "-days", "3650", "-out", "root.pem",
            "-config", "x.cnf", "-extensions", "root")
    issue("sub", "root", "/O=Example/CN=Sub", "policy", 1000)
    issue("leaf", "sub", "/O=Example/CN=dev", "leaf", 500)
    openssl("x509", "-in", "leaf.pem", "-outform", "DER", "-out", "leaf.der")
    write("chain.pem", read("leaf.pem") + b"then its issuer\n" +
          read("sub.pem"))
    write("index.txt", "")
    write("crlnumber", "01\n")
    crl("root", "root.crl")
    crl("sub", "sub.crl")
    openssl("ca", "-config", "x.cnf", "-revoke", "leaf.pem", "-keyfile",
            "sub.key", "-cert", "sub.pem", "-crl_reason", "keyCompromise")
    crl("sub", "revoked.crl")
    write("content", "hello\n")
    sign("signed.der", "-nodetach", "-outform", "DER")
    sign("detached.pem", "-outform", "PEM")


def issue(name, issuer, subject, section, days):
    openssl("req", "-new", "-key", name + ".key", "-subj", subject,
            "-config", "x.cnf", "-out", name + ".csr")
    openssl("x509", "-req", "-in", name + ".csr", "-CA", issuer + ".pem",
            "-CAkey", issuer + ".key", "-CAcreateserial", "-days", str(days),
            "-extfile", "x.cnf", "-extensions", section,
            "-out", name + ".pem")


def crl(issuer, path):
    openssl("ca", "-config", "x.cnf", "-gencrl", "-keyfile", issuer + ".key",
            "-cert", issuer + ".pem", "-out", path)


def sign(path, *options):
    openssl("cms", "-sign", "-binary", "-in", "content", "-signer",
            "leaf.pem", "-inkey", "leaf.key", "-certfile", "sub.pem", "-out",
            path, *options)


# A list too large for memory, as birthmark sees it: entries of about 900
# octets make it quick to write.

LARGE_ENTRIES = 20_000


def large_crl(n=LARGE_ENTRIES):
    """A CRL of more than 16 MiB, signed by the subordinate; the leaf is its
    last entry but one."""
    text = openssl("x509", "-in", "leaf.pem", "-noout", "-serial").decode()
    leaf = bytes.fromhex(text.strip().split("=")[1])
    date = der(0x17, b"260101000000Z")
    unknown = der(0x30, der(0x30, der(6, b"\x2a\x03\x04"),
                            der(4, bytes(850))))
    serials = [b"\x40" + i.to_bytes(15, "big")
               for i in range(n - 2)]
    serials += [leaf if leaf[0] < 0x80 else b"\0" + leaf, b"\x41"]
    entries = [der(0x30, der(2, serial), date, unknown)
               for serial in serials]
    name = der(0x30,
               der(0x31, der(0x30, der(6, b"\x55\x04\x0a"),
                             der(0x0c, b"Example"))),
               der(0x31, der(0x30, der(6, b"\x55\x04\x03"),
                             der(0x0c, b"Sub"))))
    alg = der(0x30, der(6, bytes.fromhex("2a8648ce3d040302")))
    number = der(0x30, der(6, b"\x55\x1d\x14"), der(4, der(2, b"\x07")))
    tbs = der(0x30, der(2, b"\x01"), alg, name, der(0x17, b"260101000000Z"),
              der(0x17, b"490101000000Z"), der(0x30, *entries),
              der(0xa0, der(0x30, number)))
    write("large.tbs", tbs)
    signature = openssl("dgst", "-sha256", "-sign", "sub.key", "large.tbs")
    return der(0x30, tbs, alg, der(3, b"\0", signature))


# TAP: every function named test_* of the calling script, in its order.

def main():
    caller = inspect.getmodule(inspect.stack()[1][0])
    tests = [(n, f) for n, f in vars(caller).items() if n.startswith("test_")]
    failed = 0
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        make_pki()
        for i, (name, test) in enumerate(tests, 1):
            words = name[len("test_"):]
            try:
                test()
                print("ok %d - %s" % (i, words))
            except Skip as reason:
                print("ok %d - %s # SKIP %s" % (i, words, reason))
            except (AssertionError, KeyError, IndexError, OSError,
                    ValueError, subprocess.SubprocessError) as e:
                failed += 1
                print("# " + repr(e).replace("\\n", "\n# "))
                print("not ok %d - %s" % (i, words))
            sys.stdout.flush()
        os.chdir(HERE)
    print("1..%d" % len(tests))
    sys.exit(1 if failed else 0)
