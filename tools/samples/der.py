# SPDX-License-Identifier: Apache-2.0
"""A DER writer that does what it is told, right or wrong.

Samples that break a rule cannot come from a program that keeps it.
"""


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *parts)


def explicit(n, *parts):
    return tlv(0xA0 | n, *parts)


def implicit(n, body):
    return tlv(0x80 | n, body)


def integer(value, tag=0x02):
    n = max(1, (value if value >= 0 else ~value).bit_length() // 8 + 1)
    return tlv(tag, value.to_bytes(n, "big", signed=True))


def boolean(value):
    return tlv(0x01, b"\xff" if value else b"\x00")


def null():
    return tlv(0x05)


def octets(*parts):
    return tlv(0x04, *parts)


def bits(body, unused=0):
    return tlv(0x03, bytes([unused]), body)


def oid(dotted, tag=0x06):
    arcs = [int(a) for a in dotted.split(".")]
    body = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        chunk = bytes([arc & 0x7F])
        while arc > 0x7F:
            arc >>= 7
            chunk = bytes([0x80 | arc & 0x7F]) + chunk
        body += chunk
    return tlv(tag, body)


def utf8(text):
    return tlv(0x0C, text.encode())


def printable(text):
    return tlv(0x13, text.encode())


def ia5(text):
    return tlv(0x16, text.encode())


def utc(text):
    return tlv(0x17, text.encode())


def generalized(text):
    return tlv(0x18, text.encode())


def rdn(type_, value):
    return set_of(seq(oid(type_), value))


def name(*rdns):
    return seq(*rdns)


def cn(text):
    return rdn("2.5.4.3", utf8(text))


def ext(dotted, value, critical=None):
    """critical: None leaves the DEFAULT out, True and False write it."""
    flag = b"" if critical is None else boolean(critical)
    return seq(oid(dotted), flag, octets(value))


def inside(der):
    """The contents of an element."""
    at = 2 if der[1] < 128 else 2 + der[1] - 128
    return der[at:]
