#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark image keygen and sign, keyset make, show and verify, as a maker of
firmware uses them: images are imgtool's, keys lie in files, a token, a TPM,
signatures are on record, and who must not sign does not.

sign_test.py PROGRAM
"""
import atexit
import hashlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

import cli
from cli import contains, equal, openssl, read, run, write

VECTORS = os.path.join(os.environ.get("BM_VECTORS", ""), "mcuboot")
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
CODE = "firmware-signing"
PATIENCE = 30


def ok(*args, **kw):
    code, out, err = run(*args, **kw)
    equal(code, 0, "%s: %s" % (args, err))
    return out


def refused(words, *args, code=1):
    got, out, err = run(*args)
    equal((got, out), (code, ""), "%s: %s" % (args, err))
    contains(err, words)


def vector(name):
    path = os.path.join(VECTORS, name)
    if not os.path.exists(path):
        raise cli.Skip("no vectors of imgtool: BM_VECTORS")
    return path


def made():
    """An instance whose issuing CA stands for the firmware CA, and whose
    profile firmware-signing is the one that ships, without approval."""
    if os.path.exists("acme"):
        return "acme"
    ok("init", "acme", "--org", "Acme", "--host", "ca.example.com")
    text = ok("profile", "show", CODE)
    contains(text, "ca: firmware\n", "approval: true\n")
    write("acme/profiles/%s.yaml" % CODE, text.replace(
        "ca: firmware\n", "ca: issuing\n").replace("approval: true\n", ""))
    for name in ("fw", "fw2", "root-a", "root-b", "rescue"):
        ok("image", "keygen", "--dir", "acme", "--out", name + ".pub",
           "file:%s.key" % name)
    write("program", bytes(range(256)) * 4)
    return "acme"


def sign(out, *args, dir="acme", key="file:fw.key", version="1.2.3+4",
         program="program"):
    return ["image", "sign", "--dir", dir, "--key", key, "--out", out,
            "--version", version, "--pad-header", *args, program]


def fresh(name):
    if os.path.exists(name):
        os.remove(name)
    return name


# A reader of images of our own, which knows nothing of birthmark's.

class Image:
    def __init__(self, octets):
        (magic, self.load, header, protected, size, self.flags, major, minor,
         revision, build) = struct.unpack("<IIHHIIBBHI", octets[:28])
        equal(magic, 0x96f3b83d, "magic")
        self.version = (major, minor, revision, build)
        self.end = header + size + protected
        self.payload = octets[header:header + size]
        self.signed = octets[:self.end]
        self.protected = self.area(octets, header + size, 0x6908) \
            if protected else []
        self.tlvs = self.area(octets, self.end, 0x6907)
        total = struct.unpack("<H", octets[self.end + 2:self.end + 4])[0]
        self.rest = octets[self.end + total:]

    @staticmethod
    def area(octets, at, magic):
        got, total = struct.unpack("<HH", octets[at:at + 4])
        equal(got, magic, "area")
        end, at, found = at + total, at + 4, []
        while at < end:
            kind, n = struct.unpack("<HH", octets[at:at + 4])
            found.append((kind, octets[at + 4:at + 4 + n]))
            at += 4 + n
        equal(at, end, "end of the area")
        return found

    def digest(self):
        return hashlib.sha256(self.signed).digest()

    def signatures(self):
        """(key, kind, signature), in order."""
        keys = [t for t in self.tlvs if t[0] != 0x10]
        return [(keys[i][1], keys[i + 1][0], keys[i + 1][1])
                for i in range(0, len(keys), 2)]


def image(name):
    return Image(read(name))


def keyhash(pub):
    der = openssl("pkey", "-pubin", "-in", pub, "-outform", "DER")
    return hashlib.sha256(der).digest()


def verified(octets, pub):
    """By OpenSSL, the signature of this key."""
    i = Image(octets)
    equal(i.tlvs[0], (0x10, i.digest()))
    found = [s for s in i.signatures() if s[0] == keyhash(pub)]
    equal(len(found), 1, "signatures of " + pub)
    write("sig", found[0][2])
    if found[0][1] == 0x22:
        write("signed", i.signed)
        openssl("dgst", "-sha256", "-verify", pub, "-signature", "sig",
                "signed")
    else:
        equal(found[0][1], 0x24)
        write("signed", i.digest())
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", pub, "-rawin",
                "-in", "signed", "-sigfile", "sig")
    return i


# What imgtool was asked for, to make the vectors.
ORDERS = (
    ("p256-v1.2.3.bin", "1.2.3+4", ()),
    ("p256-counter7-dep.bin", "2.0.0",
     ("--header-size", "0x200", "--security-counter", "7", "--dependencies",
      "(1, 1.0.0+0)")),
    ("p256-padded-confirmed.bin", "3.0.0",
     ("--slot-size", "16384", "--confirm")),
)


def like_imgtool(where, key, pub):
    """All but the key's name and signature is the vector's."""
    for name, version, more in ORDERS:
        want = read(vector(name))
        ok(*sign(fresh("v.img"), *more, dir=where, key=key, version=version,
                 program=vector("payload.bin")))
        got = read("v.img")
        i, j = verified(got, pub), Image(want)
        equal(i.signed, j.signed, name)
        equal([t[0] for t in i.tlvs], [t[0] for t in j.tlvs], name)
        equal(i.rest.lstrip(b"\xff"), j.rest.lstrip(b"\xff"), name)
        if "--slot-size" in more:
            equal(len(got), len(want))
        if keyhash(pub) == j.tlvs[1][1]:
            # Up to the signature, octet for octet.
            n = i.end + 4 + 36 + 36 + 2
            equal(got[:i.end + 2] + got[i.end + 4:n],
                  want[:i.end + 2] + want[i.end + 4:n], name)


def test_images_are_imgtools_but_for_the_signature():
    made()
    out = ok("image", "keygen", "--dir", "acme", "--from",
             vector("p256.pem"), "--out", "imgtool.pub", "file:imgtool.key")
    equal(out, "KEYHASH %s\n" % keyhash("imgtool.pub").hex())
    like_imgtool("acme", "file:imgtool.key", "imgtool.pub")


def test_ed25519_images_are_imgtools_octet_by_octet():
    made()
    ok("image", "keygen", "--dir", "acme", "--from", vector("ed25519.pem"),
       "--out", "ed.pub", "file:ed.key")
    ok(*sign("ed.img", key="file:ed.key", version="1",
             program=vector("payload.bin")))
    equal(read("ed.img"), read(vector("ed25519-v1.bin")))


def with_tokens(name, text):
    """Another instance, for it says where tokens are."""
    ok("init", name, "--org", "Acme", "--host", "ca.example.com")
    with open(name + "/birthmark.yaml", "a", encoding="ascii") as f:
        f.write("tokens:\n" + text)
    return name


def test_a_key_in_a_token_signs():
    if shutil.which("softhsm2-util") is None or not os.path.exists(MODULE):
        raise cli.Skip("no SoftHSM")
    where = os.path.abspath("token")
    os.makedirs(where + "/tokens")
    conf = write(where + "/softhsm2.conf", "directories.tokendir = %s/tokens\n"
                 "objectstore.backend = file\nlog.level = ERROR\n" % where)
    write(where + "/pin", "1234\n")
    os.chmod(where + "/pin", 0o400)
    env = dict(os.environ, SOFTHSM2_CONF=conf)
    for args in (["--init-token", "--free", "--label", "line", "--pin",
                  "1234", "--so-pin", "87654321"],
                 ["--import", vector("p256.pem"), "--token", "line", "--pin",
                  "1234", "--label", "imgtool", "--id", "01"]):
        subprocess.run(["softhsm2-util"] + args, env=env, check=True,
                       stdout=subprocess.DEVNULL)
    name = with_tokens("hsm", "  modules: [%s]\n  pin: %s/pin\n"
                       "  environment: [SOFTHSM2_CONF=%s]\n"
                       % (MODULE, where, conf))
    ok("image", "keygen", "--dir", name, "--out", "hsm.pub",
       "pkcs11:token=line;object=fw")
    like_imgtool(name, "pkcs11:token=line;object=fw", "hsm.pub")
    write("imported.pub", openssl("pkey", "-in", vector("p256.pem"),
                                  "-pubout"))
    like_imgtool(name, "pkcs11:token=line;object=imgtool", "imported.pub")


class Tpm:
    """A TPM in software, which ends with us."""

    def __init__(self, path):
        if shutil.which("swtpm") is None:
            raise cli.Skip("no swtpm")
        self.sock = os.path.abspath(path) + ".sock"
        os.makedirs(path)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2",
             "--tpmstate", "dir=" + path,
             "--ctrl", "type=unixio,path=%s.ctrl" % self.sock,
             "--server", "type=unixio,path=" + self.sock,
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.leave)
        until = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > until:
                raise AssertionError("the TPM does not answer")
            time.sleep(0.02)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(self.sock)
            except OSError:
                return False
        return True

    def leave(self):
        self.process.kill()
        self.process.wait()


def test_a_key_in_a_tpm_signs():
    vector("payload.bin")
    tpm = Tpm("tpm-state")
    name = with_tokens("tpm", "  tpm: \"swtpm:path=%s\"\n" % tpm.sock)
    ok("image", "keygen", "--dir", name, "--out", "tpm.pub",
       "tpm2:0x81020001")
    like_imgtool(name, "tpm2:0x81020001", "tpm.pub")
    refused("exists already", "image", "keygen", "--dir", name,
            "tpm2:0x81020001", code=3)
    tpm.leave()


def test_what_an_image_can_say_is_in_it():
    made()
    write("bill", "{}\n")
    ok(*sign("all.img", "--header-size", "64", "--security-counter", "auto",
             "--dependencies", "(1,1.2.3+4)(0,2)", "--boot-record", "SPE",
             "--rom-fixed", "0x10000", "--sbom", "bill", "--sbom-uri",
             "https://acme.example/bill"))
    i = verified(read("all.img"), "fw.pub")
    equal((i.load, i.flags, i.version), (0x10000, 0x100, (1, 2, 3, 4)))
    equal(i.payload, read("program"))
    kinds = [k for k, _ in i.protected]
    equal(kinds, [0x50, 0x60, 0x40, 0x40, 0x1a1])
    equal(i.protected[0][1], struct.pack("<I", 1 << 24 | 2 << 16 | 3))
    contains(i.protected[1][1].hex(), keyhash("fw.pub").hex())
    equal(i.protected[2][1], struct.pack("<IBBHI", 1, 1, 2, 3, 4))
    equal(i.protected[4][1], hashlib.sha256(b"{}\n").digest() +
          b"https://acme.example/bill")
    ok(*sign("ram.img", "--load-addr", "0x20000000", "--security-counter",
             "0"))
    i = image("ram.img")
    equal((i.load, i.flags), (0x20000000, 0x20))
    equal(i.protected, [(0x50, bytes(4))])


def test_the_same_input_gives_the_same_octets():
    made()
    for name in ("same-1.img", "same-2.img"):
        ok(*sign(name, "--security-counter", "9", "--boot-record", "APP"))
    one, two = image("same-1.img"), image("same-2.img")
    equal(one.signed, two.signed)
    equal(one.tlvs[:2], two.tlvs[:2])


def test_room_for_the_header_may_be_in_the_program():
    made()
    write("roomy", bytes(512) + b"\x01" * 100)
    ok("image", "sign", "--dir", "acme", "--key", "file:fw.key", "--out",
       "roomy.img", "--version", "1", "--header-size", "512", "roomy")
    i = verified(read("roomy.img"), "fw.pub")
    equal(i.payload, b"\x01" * 100)
    equal(i.signed[32:512], bytes(480))
    refused("--pad-header", "image", "sign", "--dir", "acme", "--key",
            "file:fw.key", "--out", "none.img", "--version", "1", "program")
    equal(os.path.exists("none.img"), False)


def test_several_keys_sign_in_their_order():
    made()
    got = json.loads(ok(*sign("two.img", "--key", "file:fw2.key", "--json")))
    names = [keyhash("fw.pub"), keyhash("fw2.pub")]
    equal([s["keyhash"] for s in got["signatures"]],
          [n.hex() for n in names])
    i = image("two.img")
    equal([s[0] for s in i.signatures()], names)
    equal((got["digest"], got["version"], got["size"]),
          (i.digest().hex(), "1.2.3+4", len(read("two.img"))))
    for pub in ("fw.pub", "fw2.pub"):
        verified(read("two.img"), pub)
    # Four signatures and a long bill are too much for small devices.
    write("bill", "{}\n")
    for name in ("fw3", "fw4"):
        ok("image", "keygen", "--dir", "acme", "file:%s.key" % name)
    four = [a for n in (2, 3, 4) for a in ("--key", "file:fw%d.key" % n)]
    code, _, err = run(*sign("four.img", *four, "--boot-record", "SPE",
                             "--sbom", "bill", "--sbom-uri", "x" * 190))
    equal(code, 0, err)
    contains(err, "a bootloader of ours has room for 768")
    equal(len(image("four.img").signatures()), 4)
    refused("the same key twice", *sign("x.img", "--key", "file:fw.key"))


def test_an_image_gets_another_signature_or_other_ones():
    made()
    ok(*sign("first.img"))
    again = ["image", "sign", "--dir", "acme", "--key", "file:fw2.key",
             "--out"]
    ok(*again, "added.img", "--add", "first.img")
    i = image("added.img")
    equal([s[0] for s in i.signatures()], [keyhash("fw.pub"),
                                           keyhash("fw2.pub")])
    equal(read("added.img")[:i.end], read("first.img")[:i.end])
    ok(*again, "other.img", "--resign", "--slot-size", "0x4000", "--pad",
       "added.img")
    i = verified(read("other.img"), "fw2.pub")
    equal(len(i.signatures()), 1)
    equal((len(read("other.img")), read("other.img")[-16:].hex()),
          (0x4000, "77c295f360d2ef7f3552500f2cb67980"))
    refused("TLV is there twice", *again, "x.img", "--add", "added.img")
    refused("the image that is there", *again, "x.img", "--add", "program")
    refused("octets after the TLV area", *again, "x.img", "--add",
            "other.img")
    bad = bytearray(read("first.img"))
    bad[40] ^= 1
    write("bad.img", bytes(bad))
    refused("digest", *again, "x.img", "--add", "bad.img")
    refused("it is an image", *sign("x.img", program="first.img"))
    equal(os.path.exists("x.img"), False)


WRONG = (
    ("--version is like", ["--version", "1.2.3.4"]),
    ("--version is like", ["--version", "256"]),
    ("--header-size is 32", ["--version", "1", "--header-size", "31"]),
    ("--header-size is a number", ["--version", "1", "--header-size", "1k"]),
    ("--align is", ["--version", "1", "--align", "3"]),
    ("--align is", ["--version", "1", "--align", "0"]),
    ("--align is a number", ["--version", "1", "--align", "64"]),
    ("want --slot-size", ["--version", "1", "--pad"]),
    ("want --slot-size", ["--version", "1", "--confirm"]),
    ("--slot-size is 0", ["--version", "1", "--slot-size", "0"]),
    ("--security-counter is", ["--version", "1", "--security-counter", "-1"]),
    ("--security-counter is",
     ["--version", "1", "--security-counter", "4294967296"]),
    ("--dependencies is like", ["--version", "1", "--dependencies", "1.0"]),
    ("--dependencies is like",
     ["--version", "1", "--dependencies", "(1,1.0)(1,2.0)"]),
    ("--load-addr or --rom-fixed", ["--version", "1", "--load-addr", "1",
                                    "--rom-fixed", "1"]),
    ("--sbom-uri without --sbom", ["--version", "1", "--sbom-uri", "x"]),
    ("--version is missing", []),
    ("is given twice", ["--version", "1", "--version", "2"]),
    ("--add or --resign", ["--add", "--resign"]),
    ("stays what it is", ["--add", "--version", "1"]),
    ("stays what it is", ["--resign", "--security-counter", "1"]),
)


def test_wrong_use_is_told_and_does_nothing():
    made()
    for words, more in WRONG:
        refused(words, "image", "sign", "--dir", "acme", "--key",
                "file:fw.key", "--out", "wrong.img", *more, "program", code=2)
    refused("--out is a file", *sign("-"), code=2)
    refused("no --key", "image", "sign", "--dir", "acme", "--out",
            "wrong.img", "--version", "1", "program", code=2)
    refused("no name as RFC 4514", "image", "request", "--dir", "acme",
            "--subject", "Acme", "file:fw.key", code=2)
    refused("--type is p256 or ed25519", "image", "keygen", "--dir", "acme",
            "--type", "rsa2048", "file:x.key", code=2)
    for words, more in (
            ("--boot-record has 1 to 12", ["--boot-record", "thirteenchars"]),
            ("does not fit", ["--slot-size", "1000"]),
            ("does not fit", ["--slot-size", "1500", "--pad"]),
            ("no URI", ["--sbom", "program", "--sbom-uri", "a b"]),
            ("more than 192", ["--sbom", "program", "--sbom-uri",
                               "x" * 193]),
            ("No such file", ["--sbom", "nothing"])):
        refused(words, *sign("wrong.img", *more))
    write("empty", "")
    refused("empty", *sign("wrong.img", program="empty"))
    refused("none.key", *sign("wrong.img", key="file:none.key"))
    ok("key", "generate", "--dir", "acme", "--type", "p384", "file:p384.key")
    refused("P-256 or Ed25519", *sign("wrong.img", key="file:p384.key"))
    ok("image", "keygen", "--dir", "acme", "--type", "ed25519",
       "file:mix.key")
    refused("P-256 and Ed25519 in one",
            *sign("wrong.img", "--key", "file:mix.key"))
    equal(os.path.exists("wrong.img"), False)


def test_nothing_is_overwritten():
    made()
    write("mine.img", "mine")
    refused("not overwritten", *sign("mine.img"), code=3)
    refused("not overwritten", *sign("mine.img", "--ledger"), code=3)
    refused("not overwritten", "image", "keygen", "--dir", "acme",
            "file:fw.key", code=3)
    refused("not overwritten", "image", "keygen", "--dir", "acme", "--out",
            "mine.img", "file:never.key", code=3)
    refused("not overwritten", "keyset", "make", "--dir", "acme", "--root",
            "file:root-a.key", "--epoch", "1", "--key", "fw.pub", "--out",
            "mine.img", code=3)
    equal(read("mine.img"), b"mine")
    equal(os.path.exists("acme/keys/never.key"), False)
    refused("only a file takes", "image", "keygen", "--dir", "acme", "--from",
            "program", "tpm2:0x81020001")
    refused("bad.key", "image", "keygen", "--dir", "acme", "--from",
            "program", "file:bad.key")


# ---- On record

def leaves():
    return json.loads(ok("ledger", "verify", "--dir", "acme",
                         "--json"))["leaves"]


def test_a_signature_on_record_is_proved():
    made()
    got = json.loads(ok(*sign("leaf.img", "--key", "file:fw2.key", "--ledger",
                              "--json", version="7.1.0")))
    equal([("tree" in s, "leaf" in s, "ca" in s) for s in got["signatures"]],
          [(True, True, False)] * 2)
    for i, pub in enumerate(("fw.pub", "fw2.pub")):
        ok("ledger", "prove", "--dir", "acme", "--image", "leaf.img", "--key",
           keyhash(pub).hex(), "--out", "leaf-%d.proof" % i)
        said = json.loads(ok("ledger", "check", "--json", "--key",
                             "acme/ledger.pub", "--image", "leaf.img",
                             "leaf-%d.proof" % i))
        equal((said["valid"], said["index"]),
              (True, got["signatures"][i]["leaf"]))
        record = said["record"]
        equal((record["kind"], record["sha256"], record["key_sha256"],
               record["text"], record["actor"]),
              ("firmware", got["digest"], keyhash(pub).hex(), "7.1.0+0",
               "operator:first"))
    ok(*sign("unseen.img", version="7.1.1"))
    refused("a signature of", "ledger", "prove", "--dir", "acme", "--image",
            "unseen.img")
    refused("of another image", "ledger", "check", "--key", "acme/ledger.pub",
            "--image", "unseen.img", "leaf-0.proof")
    refused("SERIAL or --image", "ledger", "prove", "--dir", "acme", code=2)
    refused("SERIAL or --image", "ledger", "prove", "--dir", "acme",
            "--image", "leaf.img", "01", code=2)
    contains(ok("ledger", "verify", "--dir", "acme"), ": valid\n")


def certified(name, subject="O=Acme"):
    """A firmware-signing certificate of a new key of the instance."""
    made()
    ok("image", "keygen", "--dir", "acme", "--out", name + ".pub",
       "file:%s.key" % name)
    ok("image", "request", "--dir", "acme", "--subject",
       "CN=%s,%s" % (name, subject), "--out", name + ".csr",
       "file:%s.key" % name)
    openssl("req", "-verify", "-noout", "-in", name + ".csr")
    return ok("cert", "issue", "--dir", "acme", "--profile", CODE, "--csr",
              name + ".csr", "--out", name + ".crt").strip()


def new_key(name):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", name + ".pem8")


def test_the_certificate_of_the_key_counts():
    serial = certified("good")
    got = json.loads(ok(*sign("good.img", "--ledger", "--json",
                              key="file:good.key")))
    equal((got["signatures"][0]["ca"], got["signatures"][0]["serial_number"]),
          ("issuing", serial))
    ok("cert", "revoke", "--dir", "acme", "--reason", "keyCompromise", serial)
    before = leaves()
    refused("is revoked", *sign("late.img", "--ledger", key="file:good.key"))
    equal((os.path.exists("late.img"), leaves()), (False, before))
    contains(ok("ledger", "verify", "--dir", "acme"), ": valid\n")


def test_an_operator_who_may_not_record_does_not_sign():
    made()
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "auditor.key",
            "-subj", "/CN=auditor", "-out", "auditor.csr")
    shutil.copytree("acme", "audited")
    ok("operator", "create", "--dir", "audited", "--id", "auditor",
       "--roles", "auditor", "--csr", "auditor.csr", "--out", "auditor.pem")
    shutil.copy("auditor.pem", "audited/operator/operator.pem")
    refused("may not record signatures of firmware",
            *sign("none.img", "--ledger", dir="audited"))
    equal(os.path.exists("none.img"), False)


def test_killed_at_any_moment_it_leaves_no_half_of_an_image():
    made()
    write("large", os.urandom(4 << 20))
    begin = time.monotonic()
    ok(*sign("whole.img", "--ledger", program="large"))
    took = time.monotonic() - begin
    size = len(read("whole.img"))
    seen = 0
    for i in range(6):
        name = "killed-%d.img" % i
        with subprocess.Popen(
                [cli.PROGRAM] + sign(name, "--ledger", program="large",
                                     version="9.0.%d" % i),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            try:
                p.wait(took * (i + 1) / 6)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
        if not os.path.exists(name):
            continue
        # It is whole, and on record.
        seen += 1
        equal(abs(len(read(name)) - size) < 4, True, name)
        verified(read(name), "fw.pub")
        ok("ledger", "checkpoint", "--dir", "acme")
        ok("ledger", "prove", "--dir", "acme", "--image", name, "--out",
           name + ".proof")
    print("# %d of 6 were there" % seen)
    contains(ok("ledger", "verify", "--dir", "acme"), ": valid\n")
    for name in os.listdir("."):
        if name.endswith(".new"):
            # What has not its name yet is on record, too.
            if abs(len(read(name)) - size) < 4:
                ok("ledger", "checkpoint", "--dir", "acme")
                ok("ledger", "prove", "--dir", "acme", "--image", name,
                   "--out", name + ".proof")
            os.remove(name)


# ---- Key sets

def keyset(out, *args, root="root-a", epoch="1"):
    return ["keyset", "make", "--dir", "acme", "--root",
            "file:%s.key" % root, "--epoch", epoch, "--out", out, *args]


def test_a_key_set_is_made_shown_and_verified():
    made()
    got = json.loads(ok(*keyset("one.set", "--key", "fw.pub", "--key",
                                "fw2.pub", "--ledger", "--json", epoch="7")))
    i = image("one.set")
    equal((i.flags, i.protected), (0x10, [(0x50, struct.pack("<I", 7))]))
    equal(i.payload[:4], bytes([1, 1, 2, 0]))
    equal(len(i.payload), 4 + 2 * 64)
    equal(i.tlvs[1][0], 2)
    write("sig", i.signatures()[0][2])
    write("signed", i.signed)
    openssl("dgst", "-sha256", "-verify", "root-a.pub", "-signature", "sig",
            "signed")
    shown = json.loads(ok("keyset", "show", "--json", "one.set"))
    equal((shown["epoch"], shown["signer"], shown["required"],
           [k["keyhash"] for k in shown["keys"]], shown["digest"]),
          (7, keyhash("root-a.pub").hex(), ["p256"],
           [keyhash("fw.pub").hex(), keyhash("fw2.pub").hex()],
           got["digest"]))
    roots = ["--root", "root-b.pub", "--root", keyhash("root-a.pub").hex()]
    contains(ok("keyset", "verify", *roots, "--epoch", "7", "one.set"),
             "one.set: valid\n")
    refused("not signed by a root", "keyset", "verify", "--root",
            "root-b.pub", "one.set")
    refused("epoch is not newer", "keyset", "verify", *roots, "--epoch", "8",
            "one.set")
    ok("ledger", "prove", "--dir", "acme", "--image", "one.set", "--out",
       "set.proof")
    contains(ok("ledger", "check", "--key", "acme/ledger.pub", "--image",
                "one.set", "set.proof"), "key set", "valid")


def test_each_bit_of_a_key_set_counts():
    made()
    ok(*keyset("bits.set", "--key", "fw.pub"))
    whole = read("bits.set")
    for at in list(range(0, 32, 5)) + list(range(32, len(whole), 47)):
        bad = bytearray(whole)
        bad[at] ^= 1 << at % 8
        write("flip.set", bytes(bad))
        code, out, _ = run("keyset", "verify", "--root", "root-a.pub",
                           "flip.set")
        equal((code, out), (1, ""), "octet %d" % at)
    for n in (0, 31, 32, 100, len(whole) - 1):
        write("cut.set", whole[:n])
        equal(run("keyset", "show", "cut.set")[0], 1, n)
    write("long.set", whole + b"\xff")
    equal(run("keyset", "show", "long.set")[0], 1)


def test_the_rescue_key_counts_in_recovery_alone():
    made()
    ok("keyset", "make", "--dir", "acme", "--rescue", "file:rescue.key",
       "--epoch", "3", "--key", "fw.pub", "--out", "rescue.set")
    both = ["--root", "root-a.pub", "--root", "root-b.pub"]
    refused("not signed by a root", "keyset", "verify", *both, "rescue.set")
    ok("keyset", "verify", *both, "--rescue", "rescue.pub", "rescue.set")
    refused("--root or --rescue", "keyset", "make", "--dir", "acme",
            "--rescue", "file:rescue.key", "--root", "file:root-a.key",
            "--epoch", "3", "--key", "fw.pub", "--out", "x.set", code=2)


def test_what_no_key_set_may_be_is_refused():
    made()
    for i in range(5):
        new_key("k%d" % i)
        write("k%d.pub" % i, openssl("pkey", "-in", "k%d.pem8" % i,
                                     "-pubout"))
    five = [a for i in range(5) for a in ("--key", "k%d.pub" % i)]
    ok(*keyset("four.set", *five[:8]))
    refused("4 keys at most", *keyset("x.set", *five))
    refused("the same key twice", *keyset("x.set", "--key", "k0.pub",
                                          "--key", "k0.pub"))
    refused("roots sign no firmware", *keyset("x.set", "--key",
                                              "root-a.pub"))
    openssl("genpkey", "-algorithm", "ED25519", "-out", "ed.pem8")
    write("ed-only.pub", openssl("pkey", "-in", "ed.pem8", "-pubout"))
    refused("ed-only.pub", *keyset("x.set", "--key", "ed-only.pub"))
    refused("k0.pem8", *keyset("x.set", "--key", "k0.pem8"))
    ok("image", "keygen", "--dir", "acme", "--type", "ed25519",
       "file:ed-root.key")
    refused("no P-256", *keyset("x.set", "--key", "k0.pub", root="ed-root"))
    for epoch in ("0", "4294967295", "-1", "x"):
        refused("--epoch is a number", *keyset("x.set", "--key", "k0.pub",
                                               epoch=epoch), code=2)
    refused("no --key and no --cert", *keyset("x.set"), code=2)
    refused("are for --cert", *keyset("x.set", "--key", "k0.pub", "--anchor",
                                      "root.pem"), code=2)
    refused("it is no firmware", "image", "sign", "--dir", "acme", "--key",
            "file:fw.key", "--out", "x.set", "--add", "four.set")
    equal(os.path.exists("x.set"), False)


PKI = cli.EXTENSIONS + """
[code]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[both]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, codeSigning, serverAuth
authorityKeyIdentifier = keyid
[noeku]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
authorityKeyIdentifier = keyid
[encipher]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyEncipherment
extendedKeyUsage = critical, codeSigning
authorityKeyIdentifier = keyid
[isca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, digitalSignature
extendedKeyUsage = critical, codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[any]
policy = any_policy
database = pki.txt
new_certs_dir = .
default_md = sha256
serial = pki.srl
unique_subject = no
crlnumber = pki.crlnumber
default_crl_days = 30
[any_policy]
organizationName = optional
commonName = optional
"""


def issued(name, section, begin="20260101000000Z", end="20360101000000Z"):
    """By OpenSSL's root, with whatever one asks for."""
    if not os.path.exists("pki.cnf"):
        write("pki.cnf", PKI)
        write("pki.txt", "")
        write("pki.srl", "1000\n")
        write("pki.crlnumber", "01\n")
    new_key(name)
    openssl("req", "-new", "-key", name + ".pem8", "-subj",
            "/O=Acme/CN=" + name, "-config", "pki.cnf", "-out", name + ".csr")
    openssl("ca", "-batch", "-config", "pki.cnf", "-name", "any", "-keyfile",
            "root.key", "-cert", "root.pem", "-startdate", begin, "-enddate",
            end, "-extensions", section, "-in", name + ".csr", "-out",
            name + ".crt", "-notext")
    return name + ".crt"


def list_of_root():
    openssl("ca", "-config", "pki.cnf", "-name", "any", "-gencrl", "-keyfile",
            "root.key", "-cert", "root.pem", "-out", "pki.crl")
    return "pki.crl"


def test_certificates_of_our_ca_make_a_key_set():
    serial = certified("line-1")
    ok("ca", "crl", "--dir", "acme", "issuing")
    trust = ["--anchor", "acme/ca/issuing.pem", "--crl",
             "acme/crl/issuing.crl"]
    ok(*keyset("ours.set", "--cert", "line-1.crt", *trust))
    shown = json.loads(ok("keyset", "show", "--json", "ours.set"))
    equal([k["keyhash"] for k in shown["keys"]],
          [keyhash("line-1.pub").hex()])
    # With the root as the anchor, each certificate needs its list.
    ok(*keyset("path.set", "--cert", "line-1.crt", "--anchor",
               "acme/ca/root.pem", "--untrusted", "acme/ca/issuing.pem",
               "--crl", "acme/crl/issuing.crl", "--crl",
               "acme/crl/root.crl"))
    ok("cert", "revoke", "--dir", "acme", "--reason", "superseded", serial)
    refused("revoked", *keyset("x.set", "--cert", "line-1.crt", *trust))
    ok(*keyset("blind.set", "--cert", "line-1.crt", "--anchor",
               "acme/ca/issuing.pem", "--no-crl"))
    equal(os.path.exists("x.set"), False)


def test_certificates_that_must_not_sign_are_refused():
    made()
    good = issued("code-1", "code")
    rows = (
        ("both", issued("both", "both"), "not for signing firmware"),
        ("noeku", issued("noeku", "noeku"), "extKeyUsage"),
        ("encipher", issued("encipher", "encipher"), "keyUsage"),
        ("isca", issued("isca", "isca"), "not for signing firmware"),
        ("server", issued("server", "leaf"), "extKeyUsage"),
        ("expired", issued("expired", "code", end="20260601000000Z"),
         "expired"),
        ("early", issued("early", "code", begin="20350101000000Z"),
         "not yet valid"),
    )
    gone = issued("gone", "code")
    openssl("ca", "-config", "pki.cnf", "-name", "any", "-revoke", gone,
            "-keyfile", "root.key", "-cert", "root.pem")
    trust = ["--anchor", "root.pem", "--crl", list_of_root()]
    ok(*keyset("pki.set", "--cert", good, "--key", "fw.pub", *trust))
    for name, cert, words in rows:
        code, out, err = run(*keyset("x.set", "--cert", cert, *trust))
        equal((code, out), (1, ""), name)
        contains(err.lower(), words.lower())
    refused("revoked", *keyset("x.set", "--cert", gone, *trust))
    # One bad one among good ones is enough.
    refused("revoked", *keyset("x.set", "--cert", good, "--cert", gone,
                               *trust))
    refused("code-1.crt", *keyset("x.set", "--cert", good, "--anchor",
                                  "sub.pem", "--crl", "pki.crl"))
    refused("status", *keyset("x.set", "--cert", good, "--anchor", "root.pem",
                              "--crl", "sub.crl"))
    refused("--cert wants --anchor", *keyset("x.set", "--cert", good), code=2)
    refused("--cert wants --crl", *keyset("x.set", "--cert", good, "--anchor",
                                          "root.pem"), code=2)
    equal(os.path.exists("x.set"), False)


if __name__ == "__main__":
    cli.main()
