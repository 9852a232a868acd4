#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the samples in crl, crl-bad, ocsp, ocsp-bad and ocsp-cert.

The CA of all of them is "CN=Test CA" with the first P-256 test key, the OCSP
delegate has the second (tests/harness/test_keys.h), so that a test can verify
them. Good ones come from openssl and certtool as far as those can make them.
Run it to add samples; with --all it makes all of them anew.

A bad sample is named STATUS-FIELD-why: the status in hexadecimal that its
parser must return, and the field that the diagnosis must name.
"""
import os
import re

from der import inside, oid, tlv, utc
from files import ROOT, WORK, run, save


def write(name, text):
    with open(os.path.join(WORK, name), "w") as f:
        f.write(text)


def read(name):
    with open(os.path.join(WORK, name), "rb") as f:
        return f.read()


# ---- DER

SEQ = 0x30
TRUE = tlv(1, b"\xff")
ECDSA = tlv(SEQ, oid("1.2.840.10045.4.3.2"))
ECDSA_384 = tlv(SEQ, oid("1.2.840.10045.4.3.3"))


def name(cn):
    return tlv(SEQ, tlv(0x31, tlv(SEQ, oid("2.5.4.3"), tlv(0xc, cn.encode()))))


def gen(text, tag=0x18):
    return tlv(tag, text.encode())


def ext(dotted, value, critical=b""):
    return tlv(SEQ, oid(dotted), critical, tlv(4, value))


def ce(n, value, critical=b""):
    return ext("2.5.29.%d" % n, value, critical)


def uri(text):
    return tlv(0x86, text.encode())


CA = name("Test CA")
WHEN, NEXT = utc("310101000000Z"), utc("310201000000Z")
NUMBER = ce(20, tlv(2, b"\x05"))
OTHER = ext("1.3.6.1.4.1.55555.1", tlv(5))
OTHER_CRITICAL = ext("1.3.6.1.4.1.55555.1", tlv(5), TRUE)


def setup():
    with open(os.path.join(ROOT, "tests", "harness", "test_keys.h")) as f:
        octets = re.findall("0x([0-9a-f]{2}),", f.read())
    for i, who in enumerate(["ca", "delegate", "other"]):
        key = bytes.fromhex("".join(octets[32 * i:32 * i + 32]))
        der = tlv(SEQ, tlv(2, b"\1"), tlv(4, key),
                  tlv(0xa0, oid("1.2.840.10045.3.1.7")))
        pem = run("openssl", "ec", "-inform", "DER", data=der)
        write(who + ".key", pem.decode())
    run("openssl", "genpkey", "-algorithm", "ED25519", "-out", "ed25519.key")
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
        "rsa_keygen_bits:2048", "-out", "rsa.key")
    write("req.cnf", "[req]\ndistinguished_name=dn\nprompt=no\n"
          "string_mask=utf8only\n[dn]\n")
    for who in ["ca", "ed25519", "rsa"]:
        cn = "Test CA" if who == "ca" else who
        run("openssl", "req", "-x509", "-new", "-key", who + ".key", "-subj",
            "/CN=" + cn, "-days", "9000", "-config", "req.cnf", "-addext",
            "basicConstraints=critical,CA:true", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign", "-addext",
            "subjectKeyIdentifier=hash", "-out", who + ".crt")


# ---- lists

def by_openssl(who, *more, index="", exts=""):
    write("index.txt", index)
    write("index.txt.attr", "")
    write("number", "2A\n")
    write("ca.cnf", "[c]\ndatabase=index.txt\ncertificate=%s.crt\n"
          "private_key=%s.key\ndefault_md=sha256\n%s" % (who, who, exts))
    run("openssl", "ca", "-gencrl", "-name", "c", "-config", "ca.cnf",
        "-crl_lastupdate", "20310101000000Z", "-crl_nextupdate",
        "20310201000000Z", "-out", "crl.pem", *more)
    return run("openssl", "crl", "-in", "crl.pem", "-outform", "DER")


EXTS = ("crlnumber=number\ncrl_extensions=x\n[x]\n"
        "authorityKeyIdentifier=keyid:always\n")
INDEX = "".join(
    "R\t400101000000Z\t3012%02d000000Z%s\t%s\tunknown\t/CN=%d\n" %
    (i + 1, reason, serial, i)
    for i, (serial, reason) in enumerate([
        ("01", ""), ("02", ",keyCompromise"), ("7F", ",superseded"),
        ("80", ",certificateHold"), ("A1B2C3D4E5F60718293A4B5C6D7E8F90", ""),
        ("03", ",CACompromise"), ("04", ",keyTime,20301101000000Z")]))


def openssl_lists():
    save("crl", "openssl-empty", by_openssl("ca", exts=EXTS))
    save("crl", "openssl-reasons", by_openssl("ca", index=INDEX, exts=EXTS))
    save("crl", "openssl-version-1", by_openssl(
        "ca", index=INDEX[:INDEX.index("\n") + 1]))
    save("crl", "openssl-ed25519", by_openssl(
        "ed25519", "-md", "null", index=INDEX, exts=EXTS))
    save("crl", "openssl-rsa", by_openssl("rsa", index=INDEX, exts=EXTS))
    save("crl", "openssl-shard", by_openssl(
        "ca", index=INDEX, exts=EXTS +
        "issuingDistributionPoint=critical,@i\nfreshestCRL=URI:http://c/d\n"
        "authorityInfoAccess=caIssuers;URI:http://c/ca\n[i]\n"
        "fullname=URI:http://c/1\nonlyuser=TRUE\n"
        "onlysomereasons=keyCompromise,CACompromise\n"))
    save("crl", "openssl-delta", by_openssl(
        "ca", index=INDEX, exts=EXTS + "deltaCRL=critical,DER:020128\n"))


def gnutls_list():
    write("gnutls.cfg", "crl_next_update = 300\ncrl_number = 77\n")
    run("certtool", "--generate-crl", "--load-ca-privkey", "ca.key",
        "--load-ca-certificate", "ca.crt", "--load-certificate", "ca.crt",
        "--template", "gnutls.cfg", "--outfile", "gnutls.pem")
    save("crl", "gnutls", run(
        "openssl", "crl", "-in", "gnutls.pem", "-outform", "DER"))


def entry(serial, *exts, date=utc("301201000000Z"), after=b""):
    body = tlv(2, serial) + date
    if exts:
        body += tlv(SEQ, *exts)
    return tlv(SEQ, body, after)


def crl(entries=None, exts=(NUMBER,), version=tlv(2, b"\1"), alg=ECDSA,
        issuer=CA, times=WHEN + NEXT, outer_alg=None, after=b"", unused=b"\0",
        last=b""):
    body = version + alg + issuer + times
    if entries is not None:
        body += tlv(SEQ, *entries)
    if exts is not None:
        body += tlv(0xa0, tlv(SEQ, *exts))
    tbs = tlv(SEQ, body, after)
    sig = run("openssl", "dgst", "-sha256", "-sign", "ca.key", data=tbs)
    return tlv(SEQ, tbs, alg if outer_alg is None else outer_alg,
               tlv(3, unused + sig), last)


def reason(n, *more):
    return ce(21, tlv(0xa, bytes([n, *more])))


def cert_issuer(cn):
    return ce(29, tlv(SEQ, tlv(0xa4, name(cn))), TRUE)


def idp(*fields):
    return ce(28, tlv(SEQ, *fields), TRUE)


INDIRECT = idp(tlv(0x84, b"\xff"))
DELTA = ce(27, tlv(2, b"\x04"), TRUE)


def good_lists():
    def good(why, *args, **kw):
        save("crl", why, crl(*args, **kw))

    good("indirect", [
        entry(b"\1"), entry(b"\2", cert_issuer("Other CA")),
        entry(b"\1", reason(1)), entry(b"\3", cert_issuer("Test CA"))],
        [NUMBER, INDIRECT])
    good("delta", [entry(b"\1", reason(8)), entry(b"\2", reason(4)),
                   entry(b"\3", reason(6))], [NUMBER, DELTA])
    good("no-next-update", [entry(b"\1")], times=WHEN)
    good("next-update-2050", [entry(b"\1")],
         times=WHEN + gen("20500101000000Z"))
    good("serial-negative-zero-long", [
        entry(b"\xff"), entry(b"\0"), entry(b"\x7f" + bytes(39))])
    good("unknown-critical", [entry(b"\1")], [NUMBER, OTHER_CRITICAL])
    good("unknown-critical-in-entry", [entry(b"\1", OTHER_CRITICAL)])
    good("unknown", [entry(b"\1", OTHER, reason(0))], [OTHER, NUMBER])
    good("idp-relative-name", None, [NUMBER, idp(tlv(0xa0, tlv(
        0xa1, tlv(SEQ, oid("2.5.4.3"), tlv(0xc, b"shard 1")))))])
    good("unknown-algorithm", [entry(b"\1")],
         alg=tlv(SEQ, oid("1.3.6.1.4.1.55555.2"), tlv(4, b"abc")))


def bad_lists():
    def bad(why, *args, **kw):
        save("crl-bad", why, crl(*args, **kw))

    one = [entry(b"\1")]
    bad("0a02-0a02-version-1-written", version=tlv(2, b"\0"))
    bad("0a02-0a02-version-3", version=tlv(2, b"\2"))
    bad("0a02-0a01-version-1-with-extensions", one, version=b"")
    bad("0a02-0a07-version-1-with-entry-extensions",
        [entry(b"\1", reason(1))], None, version=b"")
    bad("0a03-0a01-algorithms-differ", one, outer_alg=ECDSA_384)
    bad("0a04-0a04-issuer-empty", one, issuer=tlv(SEQ))
    bad("0a05-0a05-next-before-this", one, times=NEXT + WHEN)
    bad("0301-0a05-time-without-seconds", one, times=utc("3101010000Z"))
    bad("0302-0a05-generalized-before-2050", one,
        times=gen("20310101000000Z") + NEXT)
    bad("0102-0a01-three-times", one, times=WHEN + NEXT + NEXT)
    bad("0a06-0a01-revoked-empty", [])
    bad("0105-0a07-serial-padded", [entry(b"\0\1")])
    bad("0105-0a07-serial-empty", [entry(b"")])
    bad("0104-0a07-entry-with-more", [entry(b"\1", reason(1), after=tlv(5))])
    bad("010b-0801-entry-extensions-empty",
        [tlv(SEQ, tlv(2, b"\1"), WHEN, tlv(SEQ))])
    bad("0802-0801-entry-extension-twice",
        [entry(b"\1", reason(1), reason(1))])
    bad("0802-0801-entry-unknown-twice", [entry(b"\1", OTHER, OTHER)])
    bad("0a08-0a08-reason-7", [entry(b"\1", reason(7))])
    bad("0a08-0a08-reason-11", [entry(b"\1", reason(11))])
    bad("0a08-0a08-reason-257", [entry(b"\1", reason(1, 1))])
    bad("0102-0a08-reason-integer", [entry(b"\1", ce(21, tlv(2, b"\1")))])
    bad("0104-0a08-reason-with-more",
        [entry(b"\1", ce(21, tlv(0xa, b"\1") + tlv(5)))])
    bad("0102-0a09-invalidity-utc", [entry(b"\1", ce(24, WHEN))])
    bad("0301-0a09-invalidity-fraction",
        [entry(b"\1", ce(24, gen("20310101000000.5Z")))])
    bad("0a0a-0a01-cert-issuer-but-not-indirect",
        [entry(b"\1", cert_issuer("x"))])
    bad("010b-0a0a-cert-issuer-empty",
        [entry(b"\1", ce(29, tlv(SEQ), TRUE))], [NUMBER, INDIRECT])
    bad("0a08-0a01-remove-but-not-delta", [entry(b"\1", reason(8))])
    bad("0a0b-0a0b-number-negative", one, [ce(20, tlv(2, b"\xff"))])
    bad("0a0b-0a0b-number-21-octets", one,
        [ce(20, tlv(2, b"\0\xff" + bytes(19)))])
    bad("0a0c-0a0c-base-negative", one,
        [NUMBER, ce(27, tlv(2, b"\xff"), TRUE)])
    bad("0a0d-0a0d-idp-empty", one, [idp()])
    bad("0a0d-0a0d-idp-user-and-ca", one,
        [idp(tlv(0x81, b"\xff"), tlv(0x82, b"\xff"))])
    bad("0109-0a0d-idp-false-written", one, [idp(tlv(0x84, b"\0"))])
    bad("0104-0a0d-idp-out-of-order", one,
        [idp(tlv(0x84, b"\xff"), tlv(0x81, b"\xff"))])
    bad("0802-0801-extension-twice", one, [NUMBER, NUMBER])
    bad("010b-0801-extensions-empty", one, [])
    bad("0109-0801-critical-false-written", one,
        [ce(20, tlv(2, b"\5"), tlv(1, b"\0"))])
    bad("0104-0a01-more-after-extensions", one, after=tlv(5))
    bad("0107-0a01-signature-with-unused-bits", one, unused=b"\1")
    bad("0104-0a01-more-after-signature", one, last=tlv(5))
    save("crl-bad", "0104-0a01-trailing-octet", crl(one) + b"\0")
    save("crl-bad", "0103-0a01-indefinite-length",
         b"\x30\x80" + inside(crl(one)) + b"\0\0")


# ---- OCSP

def ocsp_certs():
    write("d.ext", "keyUsage=critical,digitalSignature\n"
          "extendedKeyUsage=OCSPSigning\nnoCheck=ignored\n"
          "authorityKeyIdentifier=keyid\n")
    write("l.ext", "authorityKeyIdentifier=keyid\n")
    for who, key, serial in [("delegate", "delegate", "100"),
                             ("leaf", "other", "7")]:
        run("openssl", "req", "-new", "-key", key + ".key", "-subj",
            "/CN=" + who, "-config", "req.cnf", "-out", who + ".csr")
        run("openssl", "x509", "-req", "-in", who + ".csr", "-CA", "ca.crt",
            "-CAkey", "ca.key", "-set_serial", serial, "-days", "9000",
            "-extfile", who[0] + ".ext", "-out", who + ".crt")


def delegates():
    """Certificates with the delegate's key, all but one unfit to delegate."""
    good = "keyUsage=critical,digitalSignature\n"
    sign = "extendedKeyUsage=OCSPSigning\n"
    run("openssl", "req", "-x509", "-new", "-key", "other.key", "-subj",
        "/CN=Test CA", "-days", "9000", "-config", "req.cnf", "-out",
        "other.crt")
    for why, ca, exts in [
            ("good", "ca", good + sign + "noCheck=ignored\n"),
            ("good-without-nocheck", "ca", sign),
            ("no-purpose", "ca", good),
            ("any-purpose", "ca", "extendedKeyUsage=anyExtendedKeyUsage\n"),
            ("other-purpose", "ca", "extendedKeyUsage=serverAuth\n"),
            ("key-usage", "ca", "keyUsage=critical,keyAgreement\n" + sign),
            ("unknown-critical", "ca",
             sign + "1.3.6.1.4.1.55555.1=critical,DER:0500\n"),
            ("other-ca-of-that-name", "other", sign)]:
        write("x.ext", exts)
        run("openssl", "x509", "-req", "-in", "delegate.csr", "-CA",
            ca + ".crt", "-CAkey", ca + ".key", "-set_serial", "9", "-days",
            "9000", "-extfile", "x.ext", "-outform", "DER", "-out", "x.der")
        save("ocsp-cert", why, read("x.der"))


def request(*more):
    run("openssl", "ocsp", "-issuer", "ca.crt", *more, "-reqout", "req.der")
    return read("req.der")


def respond(*more, signer="delegate", index=INDEX):
    write("index.txt", index)
    run("openssl", "ocsp", "-index", "index.txt", "-CA", "ca.crt", "-rsigner",
        signer + ".crt", "-rkey", signer + ".key", "-reqin", "req.der",
        "-ndays", "30", "-respout", "resp.der", *more)
    return read("resp.der")


def openssl_ocsp():
    save("ocsp", "request-plain", request("-no_nonce", "-cert", "leaf.crt"))
    save("ocsp", "request-three", request(
        "-cert", "leaf.crt", "-sha256", "-serial", "0x80", "-sha1",
        "-serial", "2"))
    save("ocsp", "request-signed", request(
        "-cert", "leaf.crt", "-signer", "leaf.crt", "-signkey", "other.key"))
    request("-serial", "1", "-serial", "2", "-serial", "0x80", "-serial", "99")
    index = INDEX + "V\t400101000000Z\t\t07\tunknown\t/CN=leaf\n"
    save("ocsp", "response-three", respond())
    request("-sha256", "-serial", "7", "-no_nonce")
    save("ocsp", "response-by-ca", respond(
        "-resp_key_id", "-resp_no_certs", signer="ca", index=index))
    save("ocsp", "response-by-key", respond("-resp_key_id", index=index))


def certid(n=20, alg=tlv(SEQ, oid("1.3.14.3.2.26"), tlv(5)), serial=b"\7"):
    return tlv(SEQ, alg, tlv(4, b"n" * n), tlv(4, b"k" * n), tlv(2, serial))


def nonce(octets):
    return ext("1.3.6.1.5.5.7.48.1.2", tlv(4, octets))


def ocsp_request(ids=(certid(),), exts=(), before=b"", after=b"", single=b"",
                 last=b""):
    body = before + tlv(SEQ, *[tlv(SEQ, i, single) for i in ids])
    if exts:
        body += tlv(0xa2, tlv(SEQ, *exts))
    return tlv(SEQ, tlv(SEQ, body, after), last)


def ocsp_response(singles=None, status=b"\0", version=b"", exts=(), kind=None,
                  responder=None, alg=ECDSA, after=b"", last=b""):
    if singles is None:
        singles = [single()]
    if responder is None:
        responder = tlv(0xa2, tlv(4, b"k" * 20))
    body = version + responder + gen("20310101000000Z") + tlv(SEQ, *singles)
    if exts:
        body += tlv(0xa1, tlv(SEQ, *exts))
    basic = tlv(SEQ, tlv(SEQ, body, after), alg, tlv(3, b"\0sig"), last)
    kind = kind or oid("1.3.6.1.5.5.7.48.1.1")
    return tlv(SEQ, tlv(0xa, status),
               tlv(0xa0, tlv(SEQ, kind, tlv(4, basic))))


def single(cert_id=None, status=tlv(0x80), times=gen("20310101000000Z"),
           after=b""):
    return tlv(SEQ, cert_id or certid(), status, times, after)


def revoked(*parts):
    return tlv(0xa1, gen("20301201000000Z"), *parts)


def good_ocsp():
    locator = ext("1.3.6.1.5.5.7.48.1.7", tlv(SEQ, CA))
    sha512 = tlv(SEQ, oid("2.16.840.1.101.3.4.2.3"))
    save("ocsp", "request-nonce-128", ocsp_request(exts=[nonce(b"n" * 128)]))
    save("ocsp", "request-service-locator", ocsp_request(
        single=tlv(0xa0, tlv(SEQ, locator))))
    save("ocsp", "request-unknown-critical", ocsp_request(
        single=tlv(0xa0, tlv(SEQ, OTHER_CRITICAL))))
    save("ocsp", "request-sha512-and-unknown-hash", ocsp_request(
        ids=[certid(64, sha512), certid(3, tlv(SEQ, oid("1.2.3")))]))
    save("ocsp", "request-requestor", ocsp_request(
        before=tlv(0xa1, tlv(0xa4, CA))))
    for status in [1, 2, 3, 5, 6]:
        save("ocsp", "response-error-%d" % status,
             tlv(SEQ, tlv(0xa, bytes([status]))))
    save("ocsp", "response-all-fields", ocsp_response(
        [single(status=revoked(tlv(0xa0, tlv(0xa, b"\1"))),
                times=gen("20310101000000Z") +
                tlv(0xa0, gen("20310102000000Z")),
                after=tlv(0xa1, tlv(SEQ, OTHER))),
         single(status=revoked()), single(status=tlv(0x82))],
        exts=[nonce(b"n"), ext("1.3.6.1.5.5.7.48.1.9", tlv(5))],
        responder=tlv(0xa1, CA)))


def bad_ocsp():
    def req(why, *args, **kw):
        save("ocsp-bad", why, ocsp_request(*args, **kw))

    def resp(why, *args, **kw):
        save("ocsp-bad", why, ocsp_response(*args, **kw))

    req("0109-0b01-request-version-written",
        before=tlv(0xa0, tlv(2, b"\0")))
    req("0b03-0b01-request-version-2", before=tlv(0xa0, tlv(2, b"\1")))
    req("010b-0b01-request-list-empty", ids=())
    req("0004-0b01-request-65-ids",
        ids=[certid()] * 65)
    req("0b04-0b04-request-hash-too-short", ids=[certid(19)])
    req("0b05-0b05-request-nonce-129", exts=[nonce(b"n" * 129)])
    req("0b05-0b05-request-nonce-empty", exts=[nonce(b"")])
    req("0802-0801-request-nonce-twice", exts=[nonce(b"n"), nonce(b"n")])
    req("0104-0b05-request-nonce-with-more", exts=[
        ext("1.3.6.1.5.5.7.48.1.2", tlv(4, b"n") + tlv(5))])
    save("ocsp-bad", "0102-0b05-request-nonce-not-wrapped", ocsp_request(
        exts=[ext("1.3.6.1.5.5.7.48.1.2", b"0123")]))
    req("0102-0b01-request-signature-tag", last=tlv(0xa1))
    req("0104-0b01-request-more-in-tbs", after=tlv(5))

    resp("0b06-0b02-response-status-4", status=b"\4")
    resp("0b06-0b02-response-status-7", status=b"\7")
    resp("0b06-0b02-response-status-256", status=b"\1\0")
    resp("0b06-0b02-response-error-with-bytes", status=b"\2")
    save("ocsp-bad", "0b06-0b02-response-success-without-bytes",
         tlv(SEQ, tlv(0xa, b"\0")))
    resp("0b07-0b02-response-type", kind=oid("1.2.3"))
    resp("0109-0b08-response-version-written",
         version=tlv(0xa0, tlv(2, b"\0")))
    resp("0b03-0b08-response-version-2", version=tlv(0xa0, tlv(2, b"\1")))
    resp("0102-0b08-response-responder-id", responder=tlv(0xa3))
    resp("0b08-0b08-response-key-hash-19",
         responder=tlv(0xa2, tlv(4, b"k" * 19)))
    resp("010b-0b08-response-list-empty", singles=[])
    resp("010d-0b09-response-good-not-null", [single(status=tlv(0x80, b"x"))])
    resp("0102-0b09-response-status-choice", [single(status=tlv(0x83))])
    resp("0a08-0b09-response-reason-7",
         [single(status=revoked(tlv(0xa0, tlv(0xa, b"\7"))))])
    resp("0102-0b09-response-utc-time", [single(times=WHEN)])
    resp("0301-0b09-response-fraction",
         [single(times=gen("20310101000000.5Z"))])
    resp("0104-0b09-response-more-in-single", [single(after=tlv(5))])
    resp("0b05-0b05-response-nonce-129", exts=[nonce(b"n" * 129)])
    resp("010d-0b08-response-extended-revoked-not-null",
         exts=[ext("1.3.6.1.5.5.7.48.1.9", tlv(5, b"x"))])
    resp("0102-0b08-response-certs-tag", last=tlv(0xa1))
    resp("0104-0b08-response-more-in-data", after=tlv(5))
    save("ocsp-bad", "0104-0b02-response-trailing-octet",
         ocsp_response() + b"\0")
    req("0102-0b01-request-third-part", last=tlv(5))


setup()
openssl_lists()
gnutls_list()
good_lists()
bad_lists()
ocsp_certs()
delegates()
openssl_ocsp()
good_ocsp()
bad_ocsp()
