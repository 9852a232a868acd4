# SPDX-License-Identifier: Apache-2.0
"""Firmware images, made and read by docs/firmware-image.md alone."""
import hashlib
import struct

KEYHASH, PUBKEY, SHA256, SHA512, ECDSA, ED25519, PURE = (
    0x01, 0x02, 0x10, 0x12, 0x22, 0x24, 0x25)
DEPENDENCY, COUNTER, RECORD, LMS, SBOM = 0x40, 0x50, 0x60, 0xa1, 0x1a1
HEADER = struct.Struct("<IIHHIIBBHII")
MAGIC = 0x96f3b83d


def tlv(kind, value):
    return struct.pack("<HH", kind, len(value)) + value


def area(magic, tlvs):
    body = b"".join(tlvs)
    return struct.pack("<HH", magic, len(body) + 4) + body


def signed_part(payload, version=(1, 2, 3, 4), protected=(), flags=0,
                load=0, header_size=32):
    """All that the digest is over."""
    tlvs = area(0x6908, protected) if protected else b""
    header = HEADER.pack(MAGIC, load, header_size, len(tlvs), len(payload),
                         flags, *version, 0)
    return header.ljust(header_size, b"\xff") + payload + tlvs


def image(part, signatures=(), digest=None):
    """`signatures` are TLVs."""
    digest = digest or hashlib.sha256(part).digest()
    return part + area(0x6907, [tlv(SHA256, digest)] + list(signatures))


def slot(data, size, confirmed=False):
    """imgtool --pad, with 8 octets for each field."""
    end = bytearray(b"\xff" * 40)
    end[-16:] = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
    if confirmed:
        end[-24] = 1
    return data.ljust(size - len(end), b"\xff") + bytes(end)
