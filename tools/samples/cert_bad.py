# SPDX-License-Identifier: Apache-2.0
"""Certificates that break one rule each."""

from der import *

# The generator of P-256 (SP 800-186 3.2.1.3): a key that nobody holds.
POINT = bytes.fromhex(
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
P256 = oid("1.2.840.10045.3.1.7")
EC = oid("1.2.840.10045.2.1")
RSA = oid("1.2.840.113549.1.1.1")
ED25519 = oid("1.3.101.112")
MLDSA44 = oid("2.16.840.1.101.3.4.3.17")
ECDSA = seq(oid("1.2.840.10045.4.3.2"))
SHA256_RSA = oid("1.2.840.113549.1.1.11")
SIGNATURE = seq(integer(1), integer(1))
MODULUS = (1 << 2047) + 1

BASE = {
    "version": explicit(0, integer(2)),
    "serial": integer(1),
    "signature": ECDSA,
    "issuer": name(cn("I")),
    "validity": seq(utc("260101000000Z"), utc("360101000000Z")),
    "subject": name(cn("S")),
    "key": seq(seq(EC, P256), bits(POINT)),
    "unique": b"",
    "extensions": b"",
    "tbs_end": b"",
    "outer": ECDSA,
    "sig_value": bits(SIGNATURE),
    "end": b"",
}


def cert(**change):
    f = dict(BASE, **change)
    tbs = seq(f["version"], f["serial"], f["signature"], f["issuer"],
              f["validity"], f["subject"], f["key"], f["unique"],
              f["extensions"], f["tbs_end"])
    return seq(tbs, f["outer"], f["sig_value"]) + f["end"]


def exts(*items, **change):
    return cert(extensions=explicit(3, seq(*items)), **change)


def one(type_, value, critical=None):
    return exts(ext(type_, value, critical))


def key(alg, body):
    return cert(key=seq(alg, bits(body)))


def validity(*times):
    return cert(validity=seq(*times))


SAN = "2.5.29.17"
BC = "2.5.29.19"
KU = "2.5.29.15"
NC = "2.5.29.30"
AIA = "1.3.6.1.5.5.7.1.1"
CA = ext(BC, seq(boolean(True)), True)
CERT_SIGN = ext(KU, bits(b"\x04", 2), True)


def san(tag, text):
    return one(SAN, seq(tlv(tag, text.encode())))


def other(type_, *value):
    return one(SAN, seq(tlv(0xA0, oid(type_), *value)))


def nc(*parts):
    return exts(CA, ext(NC, seq(*parts), True))


def permitted(tag, body, *more):
    return nc(explicit(0, seq(tlv(tag, body), *more)))


def rsa(n, e, *more):
    return key(seq(RSA, null()), seq(integer(n), integer(e), *more))


HARDWARE = "1.3.6.1.5.5.7.8.4"
PERMANENT = "1.3.6.1.5.5.7.8.3"
UTC26 = utc("260101000000Z")
POLICY = seq(oid("1.2.3"))
URI = tlv(0x86, b"http://a/")


def fields():
    yield "trailing-octet", cert(end=b"\x00")
    yield "tbs-trailing", cert(tbs_end=null())
    yield "no-signature", cert(sig_value=b"")
    yield "signature-not-octets", cert(sig_value=bits(SIGNATURE, 1))
    yield "after-signature", cert(sig_value=bits(SIGNATURE) + null())
    yield "length-indefinite", b"\x30\x80" + cert()[3:] + b"\x00\x00"
    yield "length-not-shortest", b"\x30\x82\x00" + cert()[2:]
    yield "version-v1-written", cert(version=explicit(0, integer(0)))
    yield "version-v4", cert(version=explicit(0, integer(3)))
    yield "version-v1-extensions", exts(CA, version=b"")
    yield "version-v2-extensions", exts(CA,
                                        version=explicit(0, integer(1)))
    yield "version-v1-unique-id", cert(version=b"",
                                       unique=implicit(1, b"\x00\x01"))
    yield "serial-zero", cert(serial=integer(0))
    yield "serial-negative", cert(serial=integer(-2))
    yield "serial-21-octets", cert(serial=integer(1 << 160))
    yield "serial-padded", cert(serial=tlv(2, b"\x00\x01"))
    yield "alg-outer-differs", cert(outer=seq(SHA256_RSA, null()))
    yield "alg-outer-null-differs", cert(signature=seq(SHA256_RSA),
                                         outer=seq(SHA256_RSA, null()))
    yield "alg-ecdsa-null", cert(signature=seq(ECDSA[2:], null()))
    yield "alg-rsa-oid-params", cert(signature=seq(SHA256_RSA, P256))
    yield "alg-ed25519-null", cert(signature=seq(ED25519, null()))
    yield "alg-two-params", cert(signature=seq(oid("1.2.3"), null(), null()))
    yield "issuer-empty", cert(issuer=name())
    yield "issuer-printable", cert(issuer=name(rdn("2.5.4.3",
                                                   printable("a*b"))))
    yield "issuer-rdn-order", cert(issuer=name(set_of(
        seq(oid("2.5.4.4"), utf8("a")), seq(oid("2.5.4.3"), utf8("b")))))
    yield "issuer-rdn-empty", cert(issuer=name(set_of()))
    yield "subject-country", cert(subject=name(rdn("2.5.4.6",
                                                   printable("DEU"))))
    yield "subject-matter-lower", cert(subject=name(rdn(
        "1.3.6.1.4.1.37244.2.1", utf8("fff1"))))
    yield "subject-empty", cert(subject=name())
    yield "subject-empty-san-not-critical", exts(
        ext(SAN, seq(URI)), subject=name())
    yield "subject-empty-ca", exts(CA, ext(SAN, seq(URI), True),
                                   subject=name())
    yield "validity-reversed", validity(utc("260101000001Z"), UTC26)
    yield "validity-no-seconds", validity(utc("2601010000Z"), UTC26)
    yield "validity-no-zulu", validity(utc("260101000000+0000"), UTC26)
    yield "validity-early-generalized", validity(
        UTC26, generalized("20491231235959Z"))
    yield "validity-fraction", validity(
        UTC26, generalized("20500101000000.5Z"))
    yield "validity-30-february", validity(UTC26, utc("270230000000Z"))
    yield "validity-one-time", validity(UTC26)
    yield "validity-three-times", validity(UTC26, UTC26, UTC26)
    yield "unique-id-padding", cert(unique=implicit(2, b"\x01\x01"))
    yield "unique-ids-swapped", cert(unique=implicit(2, b"\x00\x01") +
                                     implicit(1, b"\x00\x01"))


def keys():
    yield "key-point-compressed", key(seq(EC, P256), b"\x02" + POINT[1:33])
    yield "key-point-hybrid", key(seq(EC, P256), b"\x06" + POINT[1:])
    yield "key-point-long", key(seq(EC, P256), POINT + b"\x00")
    yield "key-ec-no-curve", key(seq(EC), POINT)
    yield "key-ec-implicit-curve", key(seq(EC, null()), POINT)
    yield "key-ec-specified-curve", key(seq(EC, seq(integer(1))), POINT)
    yield "key-not-octets", cert(key=seq(seq(EC, P256), bits(POINT[:-1] +
                                                             b"\xf4", 1)))
    yield "key-after", cert(key=seq(seq(EC, P256), bits(POINT), null()))
    yield "key-rsa-no-null", key(seq(RSA), seq(integer(MODULUS),
                                               integer(65537)))
    yield "key-rsa-negative", rsa(-MODULUS, 65537)
    yield "key-rsa-zero-exponent", rsa(MODULUS, 0)
    yield "key-rsa-three-numbers", rsa(MODULUS, 65537, integer(1))
    yield "key-ed25519-33-octets", key(seq(ED25519), bytes(33))
    yield "key-ed25519-null", key(seq(ED25519, null()), bytes(32))
    yield "key-mldsa44-short", key(seq(MLDSA44), bytes(1311))
    yield "key-mldsa44-null", key(seq(MLDSA44, null()), bytes(1312))


def extensions():
    yield "ext-none", exts()
    yield "ext-critical-false", one("1.2.3", b"", False)
    yield "ext-critical-one", exts(seq(oid("1.2.3"), tlv(1, b"\x01"),
                                       octets()))
    yield "ext-no-value", exts(seq(oid("1.2.3")))
    yield "ext-after-value", exts(seq(oid("1.2.3"), octets(), null()))
    yield "ext-oid-padded", exts(seq(tlv(6, b"\x2a\x80\x01"), octets()))
    yield "ext-twice", exts(CA, CA)
    yield "ext-unknown-twice", exts(ext("1.2.3", b""), ext("1.2.4", b""),
                                    ext("1.2.3", b"\x05\x00"))
    yield "ext-too-many", exts(*(ext("1.2.%d" % n, b"")
                                 for n in range(33)))
    yield "ext-after-value-inside", one("2.5.29.14", octets(b"\x01") + null())

    yield "aki-critical", one("2.5.29.35", seq(implicit(0, b"\x01")), True)
    yield "aki-issuer-alone", one("2.5.29.35", seq(explicit(1, URI)))
    yield "aki-serial-alone", one("2.5.29.35", seq(implicit(2, b"\x01")))
    yield "aki-issuer-empty", one("2.5.29.35", seq(explicit(1),
                                                   implicit(2, b"\x01")))
    yield "ski-empty", one("2.5.29.14", octets())
    yield "ski-critical", one("2.5.29.14", octets(b"\x01"), True)

    yield "ku-none", one(KU, bits(b""))
    yield "ku-zero", one(KU, bits(b"\x00", 7))
    yield "ku-trailing-zeros", one(KU, bits(b"\x80", 0))
    yield "ku-unused-set", one(KU, bits(b"\xc1", 6))
    yield "ku-unused-8", one(KU, bits(b"\x80\x00", 8))
    yield "ku-17-bits", one(KU, bits(b"\x80\x00\x80", 7))
    yield "ku-sign-not-ca", exts(CERT_SIGN)

    yield "policies-none", one("2.5.29.32", seq())
    yield "policies-twice", one("2.5.29.32", seq(POLICY, seq(oid("1.2.4")),
                                                 POLICY))
    yield "policies-too-many", one("2.5.29.32", seq(
        *(seq(oid("1.2.%d" % n)) for n in range(33))))
    yield "policies-no-qualifier", one("2.5.29.32", seq(seq(oid("1.2.3"),
                                                            seq())))
    yield "policies-qualifier-bare", one("2.5.29.32", seq(seq(
        oid("1.2.3"), seq(seq(oid("1.3.6.1.5.5.7.2.1"))))))
    yield "mappings-none", one("2.5.29.33", seq())
    yield "mappings-half", one("2.5.29.33", seq(POLICY))
    yield "mappings-three", one("2.5.29.33", seq(seq(
        oid("1.2.3"), oid("1.2.4"), oid("1.2.5"))))

    yield "bc-false", one(BC, seq(boolean(False)))
    yield "bc-pathlen-negative", one(BC, seq(boolean(True), integer(-1)))
    yield "bc-pathlen-not-ca", one(BC, seq(integer(0)))
    yield "bc-pathlen-no-sign", exts(
        ext(BC, seq(boolean(True), integer(0)), True),
        ext(KU, bits(b"\x80", 7), True))
    yield "bc-null", one(BC, null())

    yield "pc-none", one("2.5.29.36", seq(), True)
    yield "pc-negative", one("2.5.29.36", seq(implicit(0, b"\xff")), True)
    yield "pc-order", one("2.5.29.36", seq(implicit(1, b"\x01"),
                                           implicit(0, b"\x01")), True)
    yield "iap-negative", one("2.5.29.54", integer(-1), True)
    yield "eku-none", one("2.5.29.37", seq())
    yield "eku-not-oid", one("2.5.29.37", seq(null()))

    yield "cdp-none", one("2.5.29.31", seq())
    yield "cdp-empty", one("2.5.29.31", seq(seq()))
    yield "cdp-reasons-alone", one("2.5.29.31", seq(seq(
        implicit(1, b"\x06\x40"))))
    yield "cdp-no-names", one("2.5.29.31", seq(seq(explicit(0,
                                                            explicit(0)))))
    yield "cdp-relative-order", one("2.5.29.31", seq(seq(explicit(0, explicit(
        1, seq(oid("2.5.4.4"), utf8("a")), seq(oid("2.5.4.3"),
                                               utf8("b")))))))
    yield "cdp-two-names", one("2.5.29.31", seq(seq(explicit(
        0, explicit(0, URI), explicit(0, URI)))))
    yield "freshest-critical", one("2.5.29.46", seq(seq(explicit(
        0, explicit(0, URI)))), True)
    yield "aia-none", one(AIA, seq())
    yield "aia-critical", one(AIA, seq(seq(oid("1.3.6.1.5.5.7.48.1"), URI)),
                              True)
    yield "aia-no-location", one(AIA, seq(seq(oid("1.3.6.1.5.5.7.48.1"))))
    yield "sia-critical", one("1.3.6.1.5.5.7.1.11", seq(seq(
        oid("1.3.6.1.5.5.7.48.5"), URI)), True)
    yield "sda-critical", one("2.5.29.9", seq(seq(oid("1.2.3"),
                                                  set_of(null()))), True)
    yield "sda-no-value", one("2.5.29.9", seq(seq(oid("1.2.3"), set_of())))
    yield "sda-order", one("2.5.29.9", seq(seq(oid("1.2.3"), set_of(
        integer(2), integer(1)))))
    yield "nocheck-contents", one("1.3.6.1.5.5.7.48.1.5", tlv(5, b"\x00"))
    yield "tls-feature-string", one("1.3.6.1.5.5.7.1.24", seq(octets()))


def names():
    yield "san-none", one(SAN, seq())
    yield "ian-none", one("2.5.29.18", seq())
    yield "san-tag-9", san(0x89, "a")
    yield "san-dns-constructed", san(0xA2, "a")
    yield "san-dns-empty", san(0x82, "")
    yield "san-dns-space", san(0x82, " ")
    yield "san-dns-underscore", san(0x82, "a_b.example")
    yield "san-dns-trailing-dot", san(0x82, "a.example.")
    yield "san-dns-leading-dot", san(0x82, ".a.example")
    yield "san-dns-hyphen", san(0x82, "a-.example")
    yield "san-dns-label-64", san(0x82, "a" * 64)
    yield "san-dns-254", san(0x82, ("a" * 49 + ".") * 5 + "abcd")
    yield "san-dns-wildcard-alone", san(0x82, "*")
    yield "san-dns-wildcard-inner", san(0x82, "a.*.example")
    yield "san-dns-wildcard-part", san(0x82, "a*.example")
    yield "san-dns-utf8", san(0x82, "\u00e4.example")
    yield "san-email-no-at", san(0x81, "example.com")
    yield "san-email-no-local", san(0x81, "@example.com")
    yield "san-email-no-host", san(0x81, "a@")
    yield "san-email-two-at", san(0x81, "a@b@example.com")
    yield "san-email-dots", san(0x81, "a..b@example.com")
    yield "san-email-name", san(0x81, "A <a@example.com>")
    yield "san-uri-relative", san(0x86, "//example.com/a")
    yield "san-uri-no-scheme", san(0x86, ":a")
    yield "san-uri-digit", san(0x86, "1http://a")
    yield "san-uri-empty", san(0x86, "http:")
    yield "san-uri-space", san(0x86, "urn:a b")
    yield "san-uri-percent", san(0x86, "urn:a%2g")
    yield "san-ip-5-octets", san(0x87, "12345")
    yield "san-ip-with-mask", san(0x87, "12345678")
    yield "san-rid-empty", san(0x88, "")
    yield "san-rid-cut", one(SAN, seq(tlv(0x88, b"\x2a\x81")))
    yield "san-directory-empty", one(SAN, seq(explicit(4, name())))
    yield "san-directory-implicit", one(SAN, seq(tlv(0xA4, name(
        cn("a"))[2:])))
    yield "san-other-no-value", other("1.2.3")
    yield "san-other-two-values", other("1.2.3", explicit(0, null(), null()))
    yield "san-other-empty", other("1.2.3", explicit(0))
    yield "san-hardware-no-serial", other(HARDWARE, explicit(0, seq(
        oid("1.2.3"))))
    yield "san-hardware-string", other(HARDWARE, explicit(0, seq(
        oid("1.2.3"), utf8("SN"))))
    yield "san-hardware-more", other(HARDWARE, explicit(0, seq(
        oid("1.2.3"), octets(b"1"), null())))
    yield "san-permanent-order", other(PERMANENT, explicit(0, seq(
        oid("1.2.3"), utf8("a"))))
    yield "san-permanent-utf8", other(PERMANENT, explicit(0, seq(
        tlv(0x0C, b"\xc0\x80"))))

    yield "nc-none", nc()
    yield "nc-permitted-none", nc(explicit(0))
    yield "nc-excluded-none", nc(explicit(1))
    yield "nc-order", nc(explicit(1, seq(URI)), explicit(0, seq(URI)))
    yield "nc-minimum", permitted(0x82, b"a.example", implicit(0, b"\x00"))
    yield "nc-maximum", permitted(0x82, b"a.example", implicit(1, b"\x01"))
    yield "nc-dns-wildcard", permitted(0x82, b"*.example.com")
    yield "nc-email-two-at", permitted(0x81, b"a@b@example.com")
    yield "nc-uri-scheme", permitted(0x86, b"http://example.com")
    yield "nc-ip-no-mask", permitted(0x87, b"\x0a\x00\x00\x00")
    yield "nc-ip-mask-hole", permitted(
        0x87, b"\x0a\x00\x00\x00\xff\x00\xff\x00")
    yield "nc-ip-mask-hole-in-octet", permitted(
        0x87, b"\x0a\x00\x00\x00\xff\xa0\x00\x00")
    yield "nc-not-ca", one(NC, seq(explicit(0, seq(tlv(0x82, b"a")))), True)


def bad_certs():
    for kind in fields, keys, extensions, names:
        yield from kind()
