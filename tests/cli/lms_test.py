# SPDX-License-Identifier: Apache-2.0
"""Images and key sets that are signed twice. LMS signatures are checked by the
verifier of RFC 8554 that is written here, from its text alone.

    lms_test.py BIRTHMARK
"""
import base64
import hashlib
import os
import shutil
import struct

import cli
from cli import contains, equal

LMS, KEYHASH, PUBKEY = 0xa1, 0x01, 0x02
H, P = 10, 34


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def lms_root(signature, message, i):
    """RFC 8554 algorithms 4b and 6a: the root that a signature leads to."""
    q, ots = struct.unpack(">II", signature[:8])
    c, rest = signature[8:40], signature[40:]
    y, rest = rest[:P * 32], rest[P * 32:]
    equal(ots, 4)
    equal(struct.unpack(">I", rest[:4])[0], 6)
    path = rest[4:]
    equal(len(path), H * 32)
    digits = sha(i, u32(q), u16(0x8181), c, message)
    digits += u16(sum(255 - d for d in digits))
    z = b""
    for k, a in enumerate(digits):
        t = y[32 * k:32 * k + 32]
        for j in range(a, 255):
            t = sha(i, u32(q), u16(k), bytes([j]), t)
        z += t
    t = sha(i, u32(q), u16(0x8080), z)
    node = (1 << H) + q
    t = sha(i, u32(node), u16(0x8282), t)
    for k in range(H):
        other = path[32 * k:32 * k + 32]
        pair = (other, t) if node & 1 else (t, other)
        node >>= 1
        t = sha(i, u32(node), u16(0x8383), *pair)
    return t


def lms_check(key, signature, message):
    """`key`: RFC 8554 5.3"""
    equal(key[:8], u32(6) + u32(4))
    equal(lms_root(signature, message, key[8:24]), key[24:])


def key_of(path):
    lines = cli.read(path).decode().split("\n")[1:-2]
    return base64.b64decode("".join(lines))[-56:]


def parts(path):
    """Of an image: (digest, list of unprotected TLVs)."""
    octets = cli.read(path)
    head, protected, size = struct.unpack("<HHI", octets[8:16])
    at = head + size + protected
    total = struct.unpack("<HH", octets[at:at + 4])[1]
    digest = hashlib.sha256(octets[:at]).digest()
    tlvs, end = [], at + total
    at += 4
    while at < end:
        kind, n = struct.unpack("<HH", octets[at:at + 4])
        tlvs.append((kind, octets[at + 4:at + 4 + n]))
        at += 4 + n
    return digest, tlvs


def good(*args):
    code, out, err = cli.run(*args)
    equal(code, 0, "%r: %s" % (args, err))
    return out, err


def refused(code, says, *args):
    got, _, err = cli.run(*args)
    equal(got, code, err)
    contains(err, says)


def sign(out, *more):
    return ("image", "sign", "--dir", "ca", "--key", "file:a.key", "--version",
            "1.2.3", "--pad-header", "--out", out) + more + ("app",)


def used():
    return len(cli.read("ca/keys/a.lms-used")) // 96 - 1


def test_an_image_is_signed_twice():
    if not os.path.exists("ca"):
        good("init", "ca", "--org", "X")
        good("image", "keygen", "--dir", "ca", "--out", "a.pub", "file:a.key")
        good("image", "keygen", "--dir", "ca", "--out", "r.pub", "file:r.key")
        code, _, err = cli.run("image", "keygen", "--dir", "ca", "--out",
                               "a.lms.pub", "lms:a")
        if code != 0 and "unsupported" in err:
            raise cli.Skip("this build has no LMS")
        equal(code, 0, err)
        cli.write("app", b"program" * 20)
    good(*sign("app.bin", "--lms", "lms:a"))
    good(*sign("one.bin"))
    digest, tlvs = parts("app.bin")
    equal([kind for kind, _ in tlvs][1:], [KEYHASH, 0x22, LMS])
    lms_check(key_of("a.lms.pub"), tlvs[-1][1], digest)
    equal(used(), 1)


def test_a_key_set_demands_both():
    good("keyset", "make", "--dir", "ca", "--root", "file:r.key", "--epoch",
         "1", "--key", "a.pub", "--lms", "a.lms.pub", "--out", "both.bin")
    good("keyset", "make", "--dir", "ca", "--root", "file:r.key", "--epoch",
         "1", "--key", "a.pub", "--out", "p256.bin")
    good("keyset", "verify", "--root", "r.pub", "both.bin")
    contains(good("keyset", "show", "both.bin")[0], "p256, lms")
    good("image", "verify", "--keyset", "both.bin", "app.bin")
    good("image", "verify", "--keyset", "p256.bin", "app.bin")
    good("image", "verify", "--keyset", "p256.bin", "one.bin")
    refused(1, "demands", "image", "verify", "--keyset", "both.bin", "one.bin")
    refused(2, "--lms is for each key", "keyset", "make", "--dir", "ca",
            "--root", "file:r.key", "--epoch", "1", "--key", "a.pub",
            "--key", "r.pub", "--lms", "a.lms.pub", "--out", "no.bin")


def test_a_root_may_be_hybrid():
    good("keyset", "make", "--dir", "ca", "--root", "file:r.key",
         "--root-lms", "lms:a", "--epoch", "2", "--key", "a.pub", "--out",
         "hybrid.bin")
    good("keyset", "verify", "--root", "r.pub", "--root-lms", "a.lms.pub",
         "hybrid.bin")
    refused(1, "root", "keyset", "verify", "--root", "r.pub", "hybrid.bin")
    digest, tlvs = parts("hybrid.bin")
    equal([kind for kind, _ in tlvs][1:], [PUBKEY, 0x22, LMS])
    lms_check(key_of("a.lms.pub"), tlvs[-1][1], digest)
    equal(used(), 2)


def test_each_octet_of_the_signature_counts():
    octets = bytearray(cli.read("app.bin"))
    for at in (1, 700, 1451):
        octets[-at] ^= 1
        cli.write("bad.bin", bytes(octets))
        refused(1, "lms signature", "image", "verify", "--keyset", "both.bin",
                "bad.bin")
        octets[-at] ^= 1


def test_what_was_refused_uses_nothing_up():
    before = used()
    refused(3, "app.bin", *sign("app.bin", "--lms", "lms:a"))
    refused(1, "lms:b", *sign("b.bin", "--lms", "lms:b"))
    refused(2, "lms:NAME", *sign("b.bin", "--lms", "file:a.key"))
    refused(1, "beside one", *sign("b.bin", "--lms", "lms:a", "--key",
                                   "file:r.key"))
    refused(3, "lms:a", "image", "keygen", "--dir", "ca", "--out", "x.pub",
            "lms:a")
    refused(2, "--from", "image", "keygen", "--dir", "ca", "--from", "app",
            "lms:c")
    equal(used(), before)
    equal(os.path.exists("b.bin"), False)


def test_near_the_end_it_warns_and_at_the_end_it_refuses():
    path = "ca/keys/a.lms-used"
    os.truncate(path, 96 * 1024)
    _, err = good(*sign("last.bin", "--lms", "lms:a"))
    contains(err, "1024 of 1024 signatures are used")
    refused(1, "one-time keys", *sign("b.bin", "--lms", "lms:a"))


def test_a_backup_has_no_such_key_and_a_copy_does_not_sign():
    good("backup", "--dir", "ca", "--with-keys", "ca.backup")
    equal(b"a.lms" in cli.read("ca.backup"), False)
    path = "ca/keys/a.lms-used"
    shutil.copy(path, "copy")
    os.replace("copy", path)
    refused(1, "restored", *sign("b.bin", "--lms", "lms:a"))
    # As cp -a and tar restore a folder: removed first, so that a file system
    # may give the same inode again.
    kept = cli.read(path)
    os.unlink(path)
    with open(path, "wb") as f:
        f.write(kept)
    refused(1, "restored", *sign("b.bin", "--lms", "lms:a"))
    os.unlink(path)
    refused(1, "restored", *sign("b.bin", "--lms", "lms:a"))
    equal(os.path.exists("b.bin"), False)


cli.main()
