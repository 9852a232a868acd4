#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make core/test/samples/cert and core/test/samples/cert-bad again.

usage: tools/samples/cert.py

The good ones have real keys and signatures. Where OpenSSL can write a
certificate it does, so that our reader is tested on another's writing; what
it cannot or will not write is put together here and signed by it. Keys are
thrown away. Bad ones have a constant key and signature and come out the same
each time: the table in core/test/cert_test.c knows their offsets.
"""

import os
import subprocess
import tempfile

from cert_bad import bad_certs
from der import *
from files import SAMPLES

DAYS = "3650"

KEYS = {
    "p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "rsa2048": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa3072": ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "ed25519": ["ED25519"],
}

# name, key of the subject, issuer ("" is itself), subject, extensions
OPENSSL = [
    ("root-p256", "p256", "", "/C=DE/O=Example/CN=Root P-256", """
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash"""),
    ("root-p384", "p384", "", "/O=Example/CN=Root P-384", """
        basicConstraints = critical, CA:TRUE, pathlen:3
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid:always, issuer:always"""),
    ("root-rsa", "rsa3072", "", "/C=US/ST=Some State/L=Town/O=Example"
     "/OU=Unit/CN=Root RSA/emailAddress=ca@example.com", """
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash"""),
    ("root-ed25519", "ed25519", "", "/CN=Root Ed25519", """
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign
        subjectKeyIdentifier = hash"""),
    ("root-p521", "p521", "", "/CN=A curve that we do not know", """
        basicConstraints = critical, CA:TRUE"""),
    ("ca-constrained", "p256", "root-p256", "/O=Example/CN=Constrained", """
        basicConstraints = critical, CA:TRUE, pathlen:0
        keyUsage = critical, keyCertSign, cRLSign
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        nameConstraints = critical, permitted;DNS:example.com, \\
            permitted;email:example.com, permitted;email:.example.org, \\
            permitted;email:mail@example.net, \\
            permitted;IP:192.0.2.0/255.255.255.0, \\
            permitted;IP:2001:db8::/ffff:ffff::, permitted;URI:.example.com, \\
            permitted;dirName:dn, permitted;RID:1.3.6.1.4.1.1, \\
            excluded;DNS:bad.example.com, excluded;IP:0.0.0.0/0.0.0.0
        [dn]
        O = Example"""),
    ("ca-policies", "p256", "root-p256", "/O=Example/CN=Policies", """
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        certificatePolicies = 1.3.6.1.4.1.1.1, 2.5.29.32.0, @cps
        policyMappings = 1.3.6.1.4.1.1.1:1.3.6.1.4.1.1.2, \\
            1.3.6.1.4.1.1.3:1.3.6.1.4.1.1.4
        policyConstraints = critical, requireExplicitPolicy:0, \\
            inhibitPolicyMapping:2
        inhibitAnyPolicy = critical, 1
        [cps]
        policyIdentifier = 1.3.6.1.4.1.1.3
        CPS.1 = https://cps.example.com/
        userNotice.1 = @notice
        [notice]
        explicitText = UTF8:Words for people
        organization = Example
        noticeNumbers = 1, 2"""),
    ("cross-p384", "p384", "root-p256", "/O=Example/CN=Root P-384", """
        basicConstraints = critical, CA:TRUE, pathlen:300
        keyUsage = critical, keyCertSign
        policyConstraints = critical, inhibitPolicyMapping:0
        authorityKeyIdentifier = keyid"""),
    ("tls-server", "p256", "root-p256", "/CN=www.example.com", """
        basicConstraints = critical, CA:FALSE
        keyUsage = critical, digitalSignature
        extendedKeyUsage = serverAuth, clientAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        subjectAltName = DNS:www.example.com, DNS:*.example.com, \\
            IP:192.0.2.1, IP:2001:db8::1
        authorityInfoAccess = OCSP;URI:http://ocsp.example.com/, \\
            caIssuers;URI:http://ca.example.com/root.crt
        crlDistributionPoints = URI:http://crl.example.com/root.crl
        tlsfeature = status_request"""),
    ("names", "p256", "root-p384", "/CN=All kinds of names", """
        keyUsage = digitalSignature
        subjectAltName = DNS:a.example, email:a.b+c@example.com, \\
            URI:urn:example:device:1, URI:https://[2001:db8::1]:8443/x?y#z, \\
            RID:1.2.3.4, IP:10.0.0.1, dirName:dn, \\
            otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example.com
        issuerAltName = URI:https://ca.example.com
        subjectInfoAccess = caRepository;URI:http://ca.example.com/, \\
            timeStamping;dirName:dn
        [dn]
        C = DE
        O = Example
        CN = Directory"""),
    ("dist-points", "rsa2048", "root-rsa", "/CN=CRL distribution points", """
        keyUsage = critical, digitalSignature, nonRepudiation, \\
            keyEncipherment, dataEncipherment, keyAgreement, encipherOnly, \\
            decipherOnly
        crlDistributionPoints = full, relative, issuer
        freshestCRL = URI:http://crl.example.com/delta.crl
        [full]
        fullname = URI:http://crl.example.com/1.crl, \\
            URI:ldap:///CN=CA?certificateRevocationList
        reasons = keyCompromise, CACompromise
        CRLissuer = dirName:dn
        [relative]
        relativename = rdn
        [issuer]
        CRLissuer = dirName:dn
        [dn]
        CN = CRL issuer
        [rdn]
        CN = Shard 1
        +OU = Two in one"""),
    ("ocsp-responder", "p256", "root-p256", "/CN=OCSP responder", """
        basicConstraints = CA:FALSE
        keyUsage = critical, digitalSignature
        extendedKeyUsage = OCSPSigning
        noCheck = ignored
        authorityKeyIdentifier = keyid"""),
    ("code-signing", "p384", "root-p384", "/CN=Firmware", """
        keyUsage = critical, digitalSignature
        extendedKeyUsage = critical, codeSigning, 1.3.6.1.4.1.1.9
        1.3.6.1.4.1.1.10 = ASN1:UTF8:unknown, not critical
        1.3.6.1.4.1.1.11 = critical, DER:0500"""),
    ("client-ed25519", "ed25519", "root-ed25519", "/CN=Client", """
        keyUsage = critical, digitalSignature
        extendedKeyUsage = clientAuth, anyExtendedKeyUsage
        subjectAltName = critical, email:client@example.com"""),
    ("opcua-application", "rsa2048", "", "/DC=com/DC=example/O=Example"
     "/CN=UA server", """
        basicConstraints = critical, CA:FALSE
        keyUsage = critical, digitalSignature, nonRepudiation, \\
            keyEncipherment, dataEncipherment
        extendedKeyUsage = serverAuth, clientAuth
        subjectKeyIdentifier = hash
        subjectAltName = URI:urn:host:example:server, DNS:host, IP:10.0.0.2"""),
    ("wide-subject", "p256", "root-p256", "/C=JP/O=Beispiel "
     "\u00e4\u00f6\u00fc/OU=a+OU=b/serialNumber=12-34/dnQualifier=q/GN=G/SN=S"
     "/title=T/initials=I/pseudonym=P/CN=\u65e5\u672c", ""),
]


class Maker:
    def __init__(self, scratch):
        self.scratch = scratch

    def path(self, name):
        return os.path.join(self.scratch, name)

    def openssl(self, *args, data=None):
        return subprocess.run(("openssl",) + args, input=data, check=True,
                              stdout=subprocess.PIPE).stdout

    def key(self, name, kind):
        self.openssl("genpkey", "-algorithm", *KEYS[kind],
                     "-out", self.path(name + ".key"))

    def spki(self, name):
        return self.openssl("pkey", "-in", self.path(name + ".key"),
                            "-pubout", "-outform", "DER")

    def save(self, folder, name, der):
        os.makedirs(os.path.join(SAMPLES, folder), exist_ok=True)
        with open(os.path.join(SAMPLES, folder, name + ".der"), "wb") as f:
            f.write(der)

    def by_openssl(self, name, kind, issuer, subject, extensions, more=()):
        """One row of OPENSSL: openssl writes and signs all of it."""
        self.key(name, kind)
        config = self.path(name + ".cnf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("[req]\ndistinguished_name = empty\nstring_mask = utf8only"
                    "\nutf8 = yes\nx509_extensions = ext\n[empty]\n[ext]\n")
            f.write("\n".join(s.strip() for s in extensions.split("\n")))
        args = ["req", "-x509", "-new", "-utf8", "-multivalue-rdn",
                "-config", config, "-key", self.path(name + ".key"),
                "-subj", subject, "-days", DAYS, "-sha256", *more,
                "-out", self.path(name + ".pem")]
        if issuer:
            args += ["-CA", self.path(issuer + ".pem"),
                     "-CAkey", self.path(issuer + ".key")]
        self.openssl(*args)
        self.save("cert", name, self.openssl(
            "x509", "-in", self.path(name + ".pem"), "-outform", "DER"))

    def signed(self, folder, name, issuer, alg, *fields):
        """Put a TBSCertificate together and sign it with ECDSA SHA-256."""
        tbs = seq(*fields)
        with open(self.path("tbs"), "wb") as f:
            f.write(tbs)
        sig = self.openssl("pkeyutl", "-sign", "-rawin", "-digest", "sha256",
                           "-inkey", self.path(issuer + ".key"),
                           "-in", self.path("tbs"))
        self.save(folder, name, seq(tbs, alg, bits(sig)))


V3 = explicit(0, integer(2))
ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
SERIAL = integer(0x0198ABCDEF01_0123456789ABCDEF0123)
FOREVER = seq(utc("260101000000Z"), generalized("99991231235959Z"))
TEN_YEARS = seq(utc("260101000000Z"), utc("360101000000Z"))
VID = "1.3.6.1.4.1.37244.2.1"
PID = "1.3.6.1.4.1.37244.2.2"
TPM = "2.23.133"


def basic(ca, path_len=None):
    return ext("2.5.29.19", seq(boolean(True) if ca else b"",
                                b"" if path_len is None
                                else integer(path_len)), True)


def key_usage(unused, octet):
    return ext("2.5.29.15", bits(bytes([octet]), unused), True)


def ski(octet):
    return ext("2.5.29.14", octets(bytes([octet]) * 20))


def aki(octet):
    return ext("2.5.29.35", seq(implicit(0, bytes([octet]) * 20)))


def other_name(type_, value):
    return tlv(0xA0, oid(type_), explicit(0, value))


def hardware(type_, serial):
    return other_name("1.3.6.1.5.5.7.8.4", seq(oid(type_), octets(serial)))


def permanent(*parts):
    return other_name("1.3.6.1.5.5.7.8.3", seq(*parts))


def san(*names, critical=None):
    return ext("2.5.29.17", seq(*names), critical)


def special(m):
    """What openssl does not write."""
    for key in "maker", "device":
        m.key(key, "p256")
    maker = name(rdn("2.5.4.10", utf8("Maker")), cn("IDevID CA"))

    def by_maker(file, validity, subject, *exts, spki=None, issuer=maker):
        m.signed("cert", file, "maker", ECDSA_SHA256, V3, SERIAL, ECDSA_SHA256,
                 issuer, validity, subject, spki or m.spki("device"),
                 explicit(3, seq(*exts)))

    by_maker("idevid-ca", FOREVER, maker, basic(True, 0), key_usage(2, 4),
             ski(1), spki=m.spki("maker"))
    by_maker("idevid", FOREVER,
             name(rdn("2.5.4.10", utf8("Maker")),
                  rdn("2.5.4.5", printable("SN-0001"))),
             key_usage(7, 0x80), aki(1),
             san(hardware("1.3.6.1.4.1.99999.1", b"SN-0001")))
    by_maker("wisun-idevid", FOREVER, name(), key_usage(3, 0x88), aki(1),
             san(hardware("1.3.6.1.4.1.99999.2", bytes(8)), critical=True),
             ext("2.5.29.37", seq(oid("1.3.6.1.4.1.45605.1"),
                                  oid("1.3.6.1.5.5.7.3.2"))))
    by_maker("permanent-id", TEN_YEARS, name(cn("Device")),
             san(permanent(utf8("device-1"), oid("1.3.6.1.4.1.99999.3")),
                 permanent(utf8("device-1")), permanent()))
    by_maker("ek-explicit-false", TEN_YEARS, name(),
             ext("2.5.29.19", seq(boolean(False)), True),
             key_usage(3, 0x08), aki(1),
             san(explicit(4, name(rdn(TPM + ".2.1", utf8("id:00000000")),
                                  rdn(TPM + ".2.2", utf8("model")),
                                  rdn(TPM + ".2.3", utf8("id:0001")))),
                 critical=True),
             ext("2.5.29.37", seq(oid(TPM + ".8.1")), False),
             ext("2.5.29.9", seq(seq(oid(TPM + ".2.16"), set_of(
                 seq(utf8("2.0"), integer(0), integer(138))))), False))
    by_maker("unknown-otherName", TEN_YEARS, name(cn("Device")),
             san(other_name("1.3.6.1.4.1.1.5", octets(b"\x00\x11")),
                 tlv(0xA3, seq()), tlv(0xA5, explicit(1, utf8("party")))))
    for n, size in ("44", 1312), ("65", 1952), ("87", 2592):
        alg = seq(oid("2.16.840.1.101.3.4.3." + str(17 + (int(n) - 44) // 21)))
        by_maker("mldsa" + n, TEN_YEARS, name(cn("ML-DSA-" + n)),
                 key_usage(7, 0x80),
                 spki=seq(alg, bits(bytes(i % 251 for i in range(size)))))

    paa = name(cn("Matter PAA"), rdn(VID, utf8("FFF1")))
    pai = name(cn("Matter PAI"), rdn(VID, utf8("FFF1")),
               rdn(PID, utf8("8000")))
    dac = name(cn("Matter DAC"), rdn(VID, utf8("FFF1")),
               rdn(PID, utf8("8000")))
    by_maker("matter-paa", FOREVER, paa, basic(True, 1), key_usage(1, 0x06),
             ski(1), aki(1), issuer=paa, spki=m.spki("maker"))
    by_maker("matter-pai", FOREVER, pai, basic(True, 0), key_usage(1, 0x06),
             ski(2), aki(1), issuer=paa)
    by_maker("matter-dac", FOREVER, dac, basic(False), key_usage(7, 0x80),
             ski(3), aki(2), issuer=pai)

    m.signed("cert", "v1", "maker", ECDSA_SHA256, SERIAL, ECDSA_SHA256, maker,
             TEN_YEARS, name(cn("Version 1")), m.spki("device"))
    m.signed("cert", "v2-unique-ids", "maker", ECDSA_SHA256,
             explicit(0, integer(1)), SERIAL, ECDSA_SHA256, maker, TEN_YEARS,
             name(cn("Version 2")), m.spki("device"),
             implicit(1, b"\x00\x01\x02"), implicit(2, b"\x04\xf0"))


def main():
    with tempfile.TemporaryDirectory() as scratch:
        m = Maker(scratch)
        for row in OPENSSL:
            m.by_openssl(*row)
        m.by_openssl("root-pss", "rsa2048", "", "/CN=Root RSA-PSS", """
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign
            subjectKeyIdentifier = hash""", (
                "-sigopt", "rsa_padding_mode:pss",
                "-sigopt", "rsa_pss_saltlen:digest"))
        m.by_openssl("leaf-pss-salt", "rsa2048", "root-rsa",
                     "/CN=A salt that we do not take", "", (
                         "-sigopt", "rsa_padding_mode:pss",
                         "-sigopt", "rsa_pss_saltlen:20"))
        m.by_openssl("leaf-sha512", "p256", "root-p256", "/CN=SHA-512",
                     "basicConstraints = CA:FALSE", ("-sha512",))
        special(m)
        for file, der in bad_certs():
            m.save("cert-bad", file, der)


if __name__ == "__main__":
    main()
