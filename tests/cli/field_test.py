#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The profiles of the field, with the eyes of others: OpenSSL and GnuTLS.

field_test.py PROGRAM
"""
import json
import os
import shutil
import subprocess

import cli
from cli import contains, equal, openssl, run, write
from direct import made, ok

CORPUS = os.path.join(cli.TOP, "ca/fuzz/corpus/profile_lint")

# A time at which the certificates there are valid.
AT = "1795700000"

UUID = "01234567-89ab-cdef-0123-456789abcdef"

SAN = """
[tpm]
subjectAltName = dirName:tpm_name
[tpm_name]
0.2.23.133.2.1 = id:49465800
0.2.23.133.2.2 = SLB9670
0.2.23.133.2.3 = id:00010002
[hw]
subjectAltName = critical, otherName:1.3.6.1.5.5.7.8.4;SEQUENCE:hw_name
[hw_name]
type = OID:1.3.6.1.4.1.99999.1
serial = FORMAT:ASCII,OCTETSTRING:0011223344556677
[nf]
subjectAltName = critical, DNS:amf1.5gc.example, URI:urn:uuid:%s
1.3.6.1.5.5.7.1.34 = ASN1:SEQUENCE:nf_types
[nf_types]
type = IA5STRING:AMF
[app]
subjectAltName = URI:urn:example:server, DNS:plc.example, IP:10.0.0.1
[app_rsa]
subjectAltName = URI:urn:example:client
""" % UUID

# Profile, subject, section of the request, kind of key, purpose for OpenSSL,
# and more options.
# Below that CA; all others below the issuing one.
BY_OPERATIONS = ("tls-client", "policy-signing")

ISSUED = (
    ("iot-ldevid-tls", "/serialNumber=SN-1", None, "ec", "sslclient", ()),
    ("aws-iot", "/CN=thing_1", None, "ec", "sslclient", ()),
    ("azure-dps", "/CN=sensor-1", None, "ec", "sslclient", ()),
    ("bacnet-sc-node", "/CN=node-17", None, "ec", "sslserver", ()),
    ("opcua-app-ecc", "/O=Example/CN=Server", "app", "ec", "sslserver", ()),
    ("opcua-app-rsa", "/O=Example/CN=Client", "app_rsa", "rsa", "sslclient",
     ()),
    ("tls-client", "/O=Example/CN=gateway", None, "ec", "sslclient", ()),
    ("firmware-signing", "/O=Example/CN=Release", None, "ec", "any", ()),
    ("policy-signing", "/O=Example/CN=Firewall", None, "ec", "any", ()),
    ("ocf-identity", "/CN=" + UUID, None, "ec", "sslserver", ()),
    ("wisun-idevid", "/", "hw", "ec", "sslclient",
     ("--device", "0011223344556677")),
    ("tpm-ek", "/", "tpm", "rsa", "any", ()),
    ("tpm-ak", "/CN=AK", "tpm", "ec", "any", ()),
    ("3gpp-nf", "/C=DE/O=5gc.mnc001.mcc262.3gppnetwork.org", "nf", "ec",
     "sslclient", ()),
)

CHAINS = (("matter-paa", "matter-pai", "matter-dac"),
          ("iot-root", "iot-subca", "iot-ldevid-tls"),
          ("ocf-root", "ocf-subca", "ocf-identity"))


def text_of(name):
    code, text, err = run("profile", "show", name)
    equal((code, err), (0, ""), name)
    return text


def certtool(*args):
    if shutil.which("certtool") is None:
        print("# no certtool: what GnuTLS thinks is not tested")
    else:
        done = subprocess.run(["certtool"] + list(args), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        equal(done.returncode, 0, done.stderr.decode())


def ready():
    """An instance whose issuing CA stands for those of the ecosystems."""
    if os.path.exists("field"):
        return "field"
    made("field")
    write("san.cnf", cli.EXTENSIONS + SAN)
    for name, *_ in ISSUED:
        text = text_of(name).replace("approval: true\n", "")
        line = next(line for line in text.splitlines()
                    if line.startswith("ca: "))
        if line != "ca: operations":
            text = text.replace(line + "\n", "ca: issuing\n")
        write("field/profiles/%s.yaml" % name, text)
    return "field"


def key_of(name, kind):
    """Each certificate has its own key."""
    path = name + ".key"
    if kind == "ec":
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                path)
    else:
        openssl("genrsa", "-out", path, "2048")
    return path


def issued(name, subject, section, kind, more):
    options = ("-reqexts", section) if section else ()
    openssl("req", "-new", "-key", key_of(name, kind), "-subj", subject,
            "-config", "san.cnf", "-out", name + ".csr", *options)
    ok("cert", "issue", "--dir", ready(), "--profile", name, "--csr",
       name + ".csr", "--out", name + ".pem", *more)
    return name + ".pem"


def test_what_is_issued_is_what_others_expect():
    ready()
    for name, subject, section, kind, purpose, more in ISSUED:
        path = issued(name, subject, section, kind, more)
        ca = "operations" if name in BY_OPERATIONS else "issuing"
        # GnuTLS reads it, OpenSSL believes it to the letter of RFC 5280.
        certtool("--certificate-info", "--infile", path)
        openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile",
                "field/ca/root.pem", "-untrusted", "field/ca/%s.pem" % ca,
                path)


def test_what_is_issued_passes_its_lint():
    ready()
    for name, *_ in ISSUED:
        ca = "operations" if name in BY_OPERATIONS else "issuing"
        code, out, err = run("profile", "lint", "--profile", name, "--issuer",
                             "field/ca/%s.pem" % ca, name + ".pem")
        equal((code, err), (0, ""), out)
        equal("not known" in out, False, out)


def test_a_certificate_finds_its_profile():
    names = sorted(name for name in os.listdir(CORPUS)
                   if name != "ek-explicit-false")
    paths = [os.path.join(CORPUS, name) for name in names]
    code, out, err = run("cert", "lint", "--json", *paths)
    equal((code, err), (0, ""))
    for name, line in zip(names, out.splitlines()):
        item = json.loads(line)["items"][0]
        profile = name[:-4] if name.endswith("rsa-rsa") or \
            name == "tpm-ek-rsa" else name
        equal(profile in item["fits"], True, (name, item["fits"]))


def test_chains_are_chains_for_others():
    for names in CHAINS:
        for name in names:
            openssl("x509", "-inform", "DER", "-in",
                    os.path.join(CORPUS, name), "-out", name + "-0.pem")
        root, ca, leaf = (name + "-0.pem" for name in names)
        openssl("verify", "-x509_strict", "-check_ss_sig", "-attime", AT,
                "-CAfile", root, "-untrusted", ca, leaf)
        code, out, err = run("profile", "lint", "--profile", names[2],
                             "--issuer", ca, leaf)
        equal((code, err, "not known" in out), (0, "", False), out)
        code, out, err = run("profile", "lint", "--profile", names[1],
                             "--issuer", root, ca)
        equal((code, err, "not known" in out), (0, "", False), out)
        # Not the other way round.
        equal(run("profile", "lint", "--profile", names[2], "--issuer", root,
                  leaf)[0], 1)


def test_a_profile_without_its_ca_is_told_at_once():
    made("lonely")
    write("lonely/profiles/matter-dac.yaml", text_of("matter-dac"))
    code, out, err = run("cert", "list", "--dir", "lonely")
    equal((code, out), (1, ""))
    contains(err, "matter-dac: there is no CA matter-pai")


cli.main()
