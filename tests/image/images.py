# SPDX-License-Identifier: Apache-2.0
"""Firmware images, made and read by docs/firmware-image.md alone."""
import hashlib
import struct
import subprocess

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


def openssl(*args, stdin=None):
    done = subprocess.run(["openssl"] + list(args), input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        raise AssertionError("openssl %s: %s" % (args, done.stderr.decode()))
    return done.stdout


class Key:
    """A key of OpenSSL's in NAME.key, its public half in NAME.pub."""

    def __init__(self, name, kind="EC"):
        self.kind, self.file, self.pub = kind, name + ".key", name + ".pub"
        options = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "EC" \
            else []
        openssl("genpkey", "-algorithm", kind, "-out", self.file, *options)
        openssl("pkey", "-in", self.file, "-pubout", "-out", self.pub)
        self.spki = openssl("pkey", "-in", self.file, "-pubout", "-outform",
                            "DER")

    def point(self):
        return self.spki[-64:]

    def keyhash(self, make=hashlib.sha256):
        return tlv(KEYHASH, make(self.spki).digest())

    def pubkey(self):
        return tlv(PUBKEY, self.spki)

    def sign(self, message):
        """ECDSA over a digest; Ed25519 over a message."""
        with open("message", "wb") as f:
            f.write(message)
        raw = [] if self.kind == "EC" else ["-rawin"]
        return openssl("pkeyutl", "-sign", "-inkey", self.file, "-in",
                       "message", *raw)

    def signature(self, part):
        kind = ECDSA if self.kind == "EC" else ED25519
        return tlv(kind, self.sign(hashlib.sha256(part).digest()))


def signed(part, *keys):
    return image(part, [t for k in keys
                        for t in (k.keyhash(), k.signature(part))])


class Lms:
    """RFC 8554, LMS_SHA256_M32_H10 with LMOTS_SHA256_N32_W8. One leaf of the
    tree is made, with siblings that nobody has the keys of: a key that signs
    once is all that a test needs, and quickly made."""
    LEAF = 5

    def __init__(self, name):
        self.id = hashlib.sha256(name.encode()).digest()[:16]
        self.x = [hashlib.sha256(b"%s%d" % (self.id, i)).digest()
                  for i in range(34)]
        self.path = [hashlib.sha256(b"%sp%d" % (self.id, i)).digest()
                     for i in range(10)]
        ends = [self.chain(i, x, 0, 255) for i, x in enumerate(self.x)]
        node, r = self.hash(self.LEAF, 0x8080, *ends), 1024 + self.LEAF
        node = self.hash(r, 0x8282, node)
        for other in self.path:
            pair = (other, node) if r & 1 else (node, other)
            r >>= 1
            node = self.hash(r, 0x8383, *pair)
        self.public = struct.pack(">II", 6, 4) + self.id + node

    def hash(self, number, what, *parts):
        return hashlib.sha256(self.id + struct.pack(">IH", number, what) +
                              b"".join(parts)).digest()

    def chain(self, i, value, first, end):
        for j in range(first, end):
            value = self.hash(self.LEAF, i, bytes([j]), value)
        return value

    def signature(self, part):
        digest = hashlib.sha256(part).digest()
        c = hashlib.sha256(b"c" + digest).digest()
        q = self.hash(self.LEAF, 0x8181, c, digest)
        q += struct.pack(">H", sum(255 - b for b in q))
        return tlv(LMS, struct.pack(">II", self.LEAF, 4) + c + b"".join(
            self.chain(i, x, 0, n) for i, (x, n) in enumerate(
                zip(self.x, q))) + struct.pack(">I", 6) + b"".join(self.path))


def key_set(epoch, keys, signer, required=1):
    """`keys` are keys, or pairs with an LMS key."""
    payload = bytes([1, required, len(keys), 0]) + b"".join(
        k[0].point() + k[1].public if isinstance(k, tuple) else k.point()
        for k in keys)
    part = signed_part(payload, flags=0x10,
                       protected=[tlv(COUNTER, struct.pack("<I", epoch))])
    return image(part, [signer.pubkey(), signer.signature(part)])


def pure(part, key):
    """imgtool --pure: the key signs all of it, and hashes are SHA-512."""
    return part + area(0x6907, [
        tlv(SHA512, hashlib.sha512(part).digest()), tlv(PURE, b"\1"),
        key.keyhash(hashlib.sha512), tlv(ED25519, key.sign(part))])
