#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the samples in csr, csr-bad, cms and cms-bad.

The good ones come from the openssl command line. Where that cannot make what
we want, the bytes are put together here and signed with its keys. Each run
makes new keys, so run it only to add a sample, and commit what is new; with --all it
makes all of them anew.

A bad sample is named STATUS-FIELD-why: the status in hexadecimal that its
parser must return, and the field that the diagnosis must name.
"""
import os

from der import inside, oid, tlv
from files import WORK, run, save

KEYS = {
    "p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["ED25519"],
    "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}


def parts(der):
    """The elements in a string of DER."""
    out = []
    while der:
        n, at = der[1], 2
        if n >= 128:
            at += n - 128
            n = int.from_bytes(der[2:at], "big")
        out.append(der[:at + n])
        der = der[at + n:]
    return out


SEQ, SET = 0x30, 0x31
EXT_REQ, CHALLENGE = oid("1.2.840.113549.1.9.14"), oid("1.2.840.113549.1.9.7")
ECDSA_SHA256 = tlv(SEQ, oid("1.2.840.10045.4.3.2"))


def keys():
    for name, args in KEYS.items():
        run("openssl", "genpkey", "-algorithm", *args, "-out", name + ".pem")


# ---- requests

def req(key, subject, *more, config=""):
    subject = ["-subj", subject] if subject else []
    with open(os.path.join(WORK, "req.cnf"), "w") as f:
        f.write("[req]\ndistinguished_name=dn\nprompt=no\n"
                "string_mask=utf8only\n" + config + "[dn]\nCN=x\n")
    return run("openssl", "req", "-new", "-key", key + ".pem", *subject,
               "-config", "req.cnf", "-outform", "DER", *more)


def good_requests():
    save("csr", "p256-plain", req("p256", "/CN=sensor 7"))
    save("csr", "p256-extensions", req(
        "p256", "/C=DE/O=Example/serialNumber=4711",
        "-addext", "subjectAltName=DNS:a.example,IP:192.0.2.1",
        "-addext", "keyUsage=critical,digitalSignature",
        "-addext", "extendedKeyUsage=clientAuth",
        "-addext", "1.3.6.1.4.1.55555.1=DER:0500"))
    save("csr", "p384-challenge", req(
        "p384", None, "-sha384", config="attributes=at\n"
        "[at]\nchallengePassword=dGxzLXVuaXF1ZQ==\nunstructuredName=hello\n"))
    save("csr", "ed25519", req("ed25519", "/CN=ed"))
    save("csr", "rsa2048", req("rsa", "/CN=rsa"))
    save("csr", "rsa2048-pss", req(
        "rsa", "/CN=pss", "-sigopt", "rsa_padding_mode:pss",
        "-sigopt", "rsa_pss_saltlen:digest"))
    save("csr", "rsa2048-sha1", req("rsa", "/CN=old", "-sha1"))
    save("csr", "empty-subject", req("p256", "/"))
    by_hand = {
        "no-attributes-at-all": None,
        "unsorted": [attr(EXT_REQ, extensions()),
                     attr(CHALLENGE, tlv(0x13, b"secret"))],
        "sorted": [attr(CHALLENGE, tlv(0x13, b"secret")),
                   attr(EXT_REQ, extensions())],
        "challenge-utf8-255-letters": [
            attr(CHALLENGE, tlv(0x0c, "\u00e4".encode() * 255))],
        "challenge-bmp": [attr(CHALLENGE, tlv(0x1e, b"\0a\0b"))],
        "challenge-teletex": [attr(CHALLENGE, tlv(0x14, b"\xe4"))],
        "unknown-with-two-values": [
            attr(oid("1.2.3.4"), tlv(2, b"\1"), tlv(2, b"\2"))],
    }
    for name, attributes in by_hand.items():
        save("csr", name, request(attributes))


def attr(kind, *values):
    return tlv(SEQ, kind, tlv(SET, *values))


def extension(dotted, value):
    return tlv(SEQ, oid(dotted), tlv(4, value))


def extensions():
    return tlv(SEQ, extension("2.5.29.17", tlv(SEQ, tlv(0x82, b"a.example"))))


def request(attributes, version=b"\0", tag=0xa0, after=b"", unused=b"\0"):
    """A signed request with these attributes; None leaves [0] out."""
    info = parts(inside(parts(inside(req("p256", "/CN=by hand")))[0]))
    body = tlv(2, version) + info[1] + info[2]
    if attributes is not None:
        body += tlv(tag, *attributes)
    tbs = tlv(SEQ, body + after)
    sig = run("openssl", "dgst", "-sha256", "-sign", "p256.pem", data=tbs)
    return tlv(SEQ, tbs, ECDSA_SHA256, tlv(3, unused + sig))


def bad_requests():
    def bad(name, *args, **kw):
        save("csr-bad", name, request(*args, **kw))

    pw = tlv(0x13, b"secret")
    other = oid("1.2.3.4")
    bad("0902-0901-version-2", [], version=b"\1")
    bad("0105-0901-version-padded", [], version=b"\0\0")
    bad("0904-0903-two-extension-requests",
        [attr(EXT_REQ, extensions()), attr(EXT_REQ, extensions())])
    bad("0904-0903-unknown-attribute-twice",
        [attr(other, pw), attr(CHALLENGE, pw), attr(other, pw)])
    bad("0104-0905-extension-request-with-two-values",
        [attr(EXT_REQ, extensions(), extensions())])
    bad("010b-0903-extension-request-without-value", [attr(EXT_REQ)])
    bad("0802-0801-extension-twice", [attr(EXT_REQ, tlv(
        SEQ, extension("1.2.3", b"\5\0"), extension("1.2.3", b"\5\0")))])
    bad("010a-0903-values-not-sorted",
        [attr(other, tlv(2, b"\2"), tlv(2, b"\1"))])
    bad("0906-0906-challenge-ia5", [attr(CHALLENGE, tlv(0x16, b"secret"))])
    bad("0906-0906-challenge-empty", [attr(CHALLENGE, tlv(0x13))])
    bad("0906-0906-challenge-256-letters",
        [attr(CHALLENGE, tlv(0x0c, "\u00e4".encode() * 256))])
    bad("010c-0906-challenge-not-printable",
        [attr(CHALLENGE, tlv(0x13, b"a@b"))])
    bad("0104-0906-challenge-with-two-values",
        [attr(CHALLENGE, tlv(0x13, b"a"), tlv(0x13, b"b"))])
    bad("0102-0901-attributes-under-tag-1", [], tag=0xa1)
    bad("0104-0901-more-after-attributes", [], after=tlv(5))
    bad("0104-0903-attribute-with-a-third-part",
        [tlv(SEQ, other, tlv(SET, pw), tlv(5))])
    bad("0107-0901-signature-with-unused-bits", [], unused=b"\1")
    good = request([])
    save("csr-bad", "0104-0901-trailing-octet", good + b"\0")
    save("csr-bad", "0104-0901-fourth-part",
         tlv(SEQ, inside(good), tlv(5)))
    save("csr-bad", "0103-0901-indefinite-length",
         b"\x30\x80" + inside(good) + b"\0\0")


# ---- CMS

def cert(key, name, issuer=None, *exts):
    args = ["openssl", "req", "-x509", "-new", "-key", key + ".pem", "-subj",
            "/CN=" + name, "-days", "9000", "-config", "req.cnf", "-outform",
            "PEM", "-out", name + ".crt"]
    for e in exts:
        args += ["-addext", e]
    if issuer:
        args += ["-CA", issuer + ".crt", "-CAkey", issuer + ".pem"]
    run(*args)
    return run("openssl", "x509", "-in", name + ".crt", "-outform", "DER")


CMS_SIGNED, CMS_DATA = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.7.1")


def message(version, encap, *rest):
    return tlv(SEQ, CMS_SIGNED, tlv(0xa0, tlv(
        SEQ, tlv(2, bytes([version])), tlv(SET), encap, *rest)))


def cms_certs():
    ca = cert("p256", "ca", None, "basicConstraints=critical,CA:true")
    os.link(os.path.join(WORK, "p256.pem"), os.path.join(WORK, "ca.pem"))
    leaf = cert("p384", "leaf", "ca")
    run("openssl", "ca", "-gencrl", "-name", "c", "-config", write_ca_config(),
        "-crldays", "9000", "-out", "crl.pem")
    crl = run("openssl", "crl", "-in", "crl.pem", "-outform", "DER")
    p7 = ["openssl", "crl2pkcs7", "-outform", "DER"]
    save("cms", "certs-one", run(*p7, "-nocrl", "-certfile", "leaf.crt"))
    save("cms", "certs-two", run(
        *p7, "-nocrl", "-certfile", "leaf.crt", "-certfile", "ca.crt"))
    save("cms", "certs-and-crl", run(
        *p7, "-in", "crl.pem", "-certfile", "leaf.crt"))

    data = tlv(SEQ, CMS_DATA)
    many = sorted([ca, leaf])

    def both(name, der):
        save("cms-bad", name, der)

    save("cms", "certs-not-sorted", message(
        1, data, tlv(0xa0, *reversed(many)), tlv(SET)))
    both("0c05-0c01-certs-none", message(1, data, tlv(SET)))
    both("0c05-0c01-certs-set-empty", message(1, data, tlv(0xa0), tlv(SET)))
    both("0c05-0c01-certs-crl-only", message(
        1, data, tlv(0xa1, crl), tlv(SET)))
    both("0c04-0c01-certs-version-3", message(
        3, data, tlv(0xa0, leaf), tlv(SET)))
    both("0c04-0c01-certs-version-257", tlv(SEQ, CMS_SIGNED, tlv(0xa0, tlv(
        SEQ, tlv(2, b"\1\1"), tlv(SET), data, tlv(0xa0, leaf), tlv(SET)))))
    both("0c05-0c01-certs-with-content", message(
        1, tlv(SEQ, CMS_DATA, tlv(0xa0, tlv(4, b"hello"))),
        tlv(0xa0, leaf), tlv(SET)))
    both("0c05-0c01-certs-with-empty-content", message(
        1, tlv(SEQ, CMS_DATA, tlv(0xa0, tlv(4))), tlv(0xa0, leaf), tlv(SET)))
    both("0c05-0c01-certs-other-content-type", message(
        1, tlv(SEQ, oid("1.2.3")), tlv(0xa0, leaf), tlv(SET)))
    both("0c05-0c01-certs-attribute-certificate", message(
        1, data, tlv(0xa0, leaf, tlv(0xa2)), tlv(SET)))
    both("0102-0c03-certs-extended-certificate", message(
        1, data, tlv(0xa0, leaf, tlv(0xa0)), tlv(SET)))
    both("0102-0c03-certs-not-a-sequence", message(
        1, data, tlv(0xa0, leaf, tlv(4)), tlv(SET)))
    both("0102-0c03-certs-crls-first", message(
        1, data, tlv(0xa1, crl), tlv(0xa0, leaf), tlv(SET)))
    both("0102-0c03-certs-content-constructed", message(
        1, tlv(SEQ, CMS_DATA, tlv(0xa0, tlv(0x24, tlv(4, b"hello")))),
        tlv(0xa0, leaf), tlv(SET)))
    both("0102-0c03-certs-signers-missing", message(
        1, data, tlv(0xa0, leaf), tlv(4)))
    both("0104-0c03-certs-more-after-signers", message(
        1, data, tlv(0xa0, leaf), tlv(SET), tlv(5)))
    both("0c02-0c01-certs-enveloped", tlv(
        SEQ, oid("1.2.840.113549.1.7.3"), tlv(0xa0, tlv(SEQ))))
    good = message(1, data, tlv(0xa0, leaf), tlv(SET))
    both("0104-0c01-certs-trailing-octet", good + b"\0")
    both("0104-0c01-certs-third-part", tlv(SEQ, inside(good), tlv(5)))
    both("0103-0c01-certs-indefinite-length",
         b"\x30\x80" + inside(good) + b"\0\0")


CONTENT = b"birthmark says hello\n"


def cms_sign(name, *args):
    """As OpenSSL signs; `name` ends in -detached where the content is not in.
    """
    detached = [] if name.endswith("-detached") else ["-nodetach"]
    der = run("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in",
              "content", *detached, *args)
    save("cms", "signed-" + name, der)
    return der


def as_signer(name, *keyopts):
    return ["-signer", name + ".crt", "-inkey", name + ".pem",
            *[x for o in keyopts for x in ("-keyopt", o)]]


def cms_signed():
    with open(os.path.join(WORK, "content"), "wb") as f:
        f.write(CONTENT)
    for key in KEYS:
        os.rename(os.path.join(WORK, key + ".pem"),
                  os.path.join(WORK, "s-" + key + ".pem"))
        cert("s-" + key, "s-" + key, None, "subjectKeyIdentifier=hash")
    p256 = as_signer("s-p256")
    whole = cms_sign("p256", *p256)
    cms_sign("p256-detached", *p256)
    cms_sign("p256-key-id", *p256, "-keyid")
    cms_sign("p256-no-attributes", *p256, "-noattr")
    cms_sign("p256-no-attributes-detached", *p256, "-noattr")
    cms_sign("p256-no-certificates", *p256, "-nocerts")
    cms_sign("p256-firmware", *p256, "-econtent_type",
             "1.2.840.113549.1.9.16.1.16")
    cms_sign("p384", *as_signer("s-p384"), "-md", "sha384")
    cms_sign("rsa", *as_signer("s-rsa"))
    cms_sign("rsa-pss", *as_signer("s-rsa", "rsa_padding_mode:pss",
                                   "rsa_pss_saltlen:digest"))
    cms_sign("p256-and-rsa-detached", *p256, *as_signer("s-rsa"))
    cms_sign("p256-sha1", *p256, "-md", "sha1")
    ed25519(whole)
    cms_bad(whole)


class Message:
    """A SignedData with one signer, in pieces that can be exchanged."""

    def __init__(self, der):
        fields = parts(inside(inside(parts(inside(der))[1])))
        self.version, self.digests, self.encap, self.certs = fields[:4]
        signer = parts(inside(parts(inside(fields[4]))[0]))
        (self.s_version, self.sid, self.digest, attrs, self.sig_alg,
         _) = signer
        self.attrs = parts(inside(attrs))
        self.unsigned = b""
        self.key = "s-p256"
        self.more = []

    def sign(self, attrs):
        if self.key == "s-ed25519":
            with open(os.path.join(WORK, "tbs"), "wb") as f:
                f.write(attrs)
            return run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
                       self.key + ".pem", "-in", "tbs")
        return run("openssl", "dgst", "-sha256", "-sign", self.key + ".pem",
                   data=attrs)

    def der(self, resort=True):
        attrs = sorted(self.attrs) if resort else self.attrs
        signed = self.sign(tlv(SET, *attrs) if attrs else CONTENT)
        signer = tlv(SEQ, self.s_version, self.sid, self.digest,
                     tlv(0xa0, *attrs) if attrs else b"", self.sig_alg,
                     tlv(4, signed), self.unsigned)
        return tlv(SEQ, CMS_SIGNED, tlv(0xa0, tlv(
            SEQ, self.version, self.digests, self.encap, self.certs,
            tlv(SET, signer, *self.more))))


P9 = "1.2.840.113549.1.9."


def at(n):
    """Position of attribute P9.n among the sorted ones of a message."""
    return lambda m: next(i for i, a in enumerate(m.attrs)
                          if parts(inside(a))[0] == oid(P9 + str(n)))


def change(m, n, *values):
    m.attrs[at(n)(m)] = attr(oid(P9 + str(n)), *values)


def sha(bits, data):
    return run("openssl", "dgst", "-binary", "-sha%d" % bits, data=data)


def ed25519(whole):
    """OpenSSL 3.0 does not sign CMS with Ed25519: by hand, RFC 8419."""
    crt = run("openssl", "x509", "-in", "s-ed25519.crt", "-outform", "DER")
    tbs = parts(inside(parts(inside(crt))[0]))
    sha512 = tlv(SEQ, oid("2.16.840.1.101.3.4.2.3"))
    m = Message(whole)
    m.key = "s-ed25519"
    m.certs = tlv(0xa0, crt)
    m.sid = tlv(SEQ, tbs[3], tbs[1])
    m.sig_alg = tlv(SEQ, oid("1.3.101.112"))
    m.digest, m.digests = sha512, tlv(SET, sha512)
    change(m, 4, tlv(4, sha(512, CONTENT)))
    save("cms", "signed-ed25519", m.der())
    m.digest = tlv(SEQ, oid("2.16.840.1.101.3.4.2.1"))
    change(m, 4, tlv(4, sha(256, CONTENT)))
    save("cms-bad", "0c0d-0c06-signed-ed25519-with-sha256", m.der())
    m.attrs = []
    save("cms", "signed-ed25519-no-attributes", m.der())


def attributes_as_content(m):
    """The signature of one message, as if it were over its attributes."""
    attrs = tlv(SET, *sorted(m.attrs))
    m.encap = tlv(SEQ, CMS_DATA, tlv(0xa0, tlv(4, attrs)))
    m.attrs = []
    m.sign = lambda content: Message.sign(m, attrs)


def cms_bad(whole):
    def bad(name, edit, **kw):
        m = Message(whole)
        edit(m)
        save("cms-bad", name, m.der(**kw))

    def setter(**fields):
        def edit(m):
            for k, v in fields.items():
                setattr(m, k, v)
        return edit

    digest = tlv(4, sha(256, CONTENT))
    firmware = tlv(SEQ, oid("1.2.3.4"), tlv(0xa0, tlv(4, CONTENT)))
    bad("0c04-0c01-signed-version-3", setter(version=tlv(2, b"\3")))
    bad("0c04-0c06-signed-signer-version-2",
        setter(s_version=tlv(2, b"\2")))
    bad("0102-0c06-signed-signer-version-3-with-issuer",
        setter(s_version=tlv(2, b"\3"), version=tlv(2, b"\3")))
    bad("0102-0c06-signed-signer-version-1-with-key-id",
        setter(sid=tlv(0x80, b"12345678")))
    bad("010b-0c06-signed-key-id-empty",
        setter(s_version=tlv(2, b"\3"), version=tlv(2, b"\3"),
               sid=tlv(0x80)))
    bad("0c08-0c06-signed-content-type-differs",
        setter(encap=firmware, version=tlv(2, b"\3")))
    bad("0c07-0c06-signed-no-attributes-for-other-content",
        setter(encap=firmware, version=tlv(2, b"\3"), attrs=[]))
    bad("0c0d-0c06-signed-digest-other-than-signature",
        setter(digest=tlv(SEQ, oid("2.16.840.1.101.3.4.2.3"))))
    bad("010a-0c07-signed-attributes-not-sorted",
        lambda m: m.attrs.sort(reverse=True), resort=False)
    bad("0c07-0c07-signed-no-content-type",
        lambda m: m.attrs.pop(at(3)(m)))
    bad("0c07-0c07-signed-no-message-digest",
        lambda m: m.attrs.pop(at(4)(m)))
    bad("0c0e-0c07-signed-message-digest-twice",
        lambda m: m.attrs.append(attr(oid(P9 + "4"), tlv(4, b"x" * 32))))
    bad("0c0e-0c07-signed-unknown-attribute-twice",
        lambda m: m.attrs.extend([attr(oid("1.2.3"), tlv(5))] * 2))
    bad("0104-0c07-signed-message-digest-with-two-values",
        lambda m: change(m, 4, digest, tlv(4, b"\xff" * 32)))
    bad("0104-0c07-signed-content-type-with-two-values",
        lambda m: change(m, 3, CMS_DATA, oid("1.2.840.113549.1.7.2")))
    bad("0104-0c07-signed-signing-time-with-two-values",
        lambda m: change(m, 5, tlv(0x17, b"260101000000Z"),
                         tlv(0x17, b"270101000000Z")))
    bad("0302-0c07-signed-signing-time-of-the-wrong-type",
        lambda m: change(m, 5, tlv(0x18, b"20260101000000Z")))
    bad("0102-0c07-signed-message-digest-no-octet-string",
        lambda m: change(m, 4, tlv(0x0c, b"x")))
    bad("010b-0c07-signed-unsigned-attributes-empty",
        setter(unsigned=tlv(0xa1)))
    bad("0c07-0c07-signed-message-digest-unsigned",
        setter(unsigned=tlv(0xa1, attr(oid(P9 + "4"), digest))))
    bad("0102-0c03-signed-signer-no-sequence",
        lambda m: m.more.append(tlv(4)))
    # Parses; refused when it is verified.
    bad("0c09-0000-verify-digest-of-other-content",
        lambda m: change(m, 4, tlv(4, sha(256, b"other"))))
    bad("0c09-0000-verify-digest-too-long",
        lambda m: change(m, 4, tlv(4, sha(256, CONTENT) + b"\0")))
    bad("0c0a-0000-verify-no-certificate",
        setter(certs=b""))
    bad("0c0b-0000-verify-signed-as-sent",
        lambda m: setattr(m, "sign", lambda attrs: run(
            "openssl", "dgst", "-sha256", "-sign", "s-p256.pem",
            data=b"\xa0" + attrs[1:])))
    bad("0c07-0000-verify-attributes-as-content", attributes_as_content)
    bad("0609-0000-verify-key-of-another-kind",
        setter(sig_alg=tlv(SEQ, oid("1.2.840.113549.1.1.11"), tlv(5))))


def write_ca_config():
    with open(os.path.join(WORK, "index.txt"), "w"):
        pass
    with open(os.path.join(WORK, "ca.cnf"), "w") as f:
        f.write("[c]\ndatabase=index.txt\ncertificate=ca.crt\n"
                "private_key=ca.pem\ndefault_md=sha256\n")
    return "ca.cnf"


keys()
good_requests()
bad_requests()
cms_certs()
cms_signed()
