# SPDX-License-Identifier: Apache-2.0
"""What the tests of the bootloaders share: a board in QEMU whose flash is a
file, images and key sets in MCUboot's format, TAP.

The images are made here a second time, from the description of the format
(docs/firmware-image.md), so that no mistake of ours is made on both sides.
"""
import hashlib
import inspect
import mmap
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "../../../.."))
KEYS = os.path.join(HERE, "keys")
PATIENCE = 60  # seconds for one start on a busy machine

# image.h, in numbers
NON_BOOTABLE, RAM_LOAD, ROM_FIXED = 0x10, 0x20, 0x100
KEYHASH, PUBKEY, SHA256, ECDSA = 0x01, 0x02, 0x10, 0x22
DEPENDENCY, COUNTER, BOOT_RECORD = 0x40, 0x50, 0x60
HEADER_SIZE = 0x200  # of applications: their vectors lie behind it

# boot.h
NORMAL, TRIAL, CONFIRMED, REVERTED, REFUSED, FALLBACK = range(6)


class Skip(Exception):
    """The reason why a test cannot run here."""


def read(path, mode="rb"):
    with open(path, mode) as f:
        return f.read()


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def holds(value, what):
    if not value:
        raise AssertionError(what)


def run(*args, data=b""):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE,
                          check=True, timeout=PATIENCE).stdout


def numbers(path):
    """The constants of a header: those of map.h, of nor.h."""
    found = {}
    for name, text in re.findall(r"^#define (\w+)\s+\(?([^\n/]+?)\)?\s*(?:/\*"
                                 r".*)?$", read(path, "r"), re.M):
        text = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)u?\b", r"\1", text)
        try:
            found[name] = eval(text, {}, found)  # our own header
        except (NameError, SyntaxError):
            pass
    return found


NOR = numbers(os.path.join(TOP, "ports/mps2/nor.h"))
SECTOR = NOR["BM_NOR_SECTOR"]


def memory_map():
    text = os.path.join(TOP, "ports/mps2/boot/map.h")
    with tempfile.NamedTemporaryFile("w", suffix=".h") as both:
        for path in ("ports/mps2/nor.h", "ports/mps2/boot/map.h"):
            both.write(read(os.path.join(TOP, path), "r"))
        both.flush()
        found = numbers(both.name)
    holds(found.get("MAP_SLOT1"), "nothing was read of " + text)
    return found


MAP = memory_map()


# -- images -----------------------------------------------------------------

def key(name):
    return os.path.join(KEYS, name + ".pem")


def spki(pem):
    return run("openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER")


def sign(pem, digest):
    with tempfile.NamedTemporaryFile() as f:
        f.write(digest)
        f.flush()
        return run("openssl", "pkeyutl", "-sign", "-inkey", pem, "-in", f.name)


def tlv(kind, value):
    return struct.pack("<HH", kind, len(value)) + value


def area(magic, tlvs):
    return struct.pack("<HH", magic, 4 + len(tlvs)) + tlvs if tlvs else b""


def image(payload, pem, version=(1, 0, 0, 0), counter=None, flags=0,
          address=0, header_size=HEADER_SIZE, dependencies=(), record=None,
          signer=KEYHASH):
    """Octets of a signed image. `dependencies`: (image, version) each."""
    protected = b""
    if counter is not None:
        protected += tlv(COUNTER, struct.pack("<I", counter))
    if record is not None:
        protected += tlv(BOOT_RECORD, record)
    for number, at_least in dependencies:
        protected += tlv(DEPENDENCY, struct.pack("<BxxxBBHI", number,
                                                 *at_least))
    protected = area(0x6908, protected)
    header = struct.pack("<IIHHIIBBHII", 0x96f3b83d, address, header_size,
                         len(protected), len(payload), flags, *version, 0)
    signed = header.ljust(header_size, b"\xff") + payload + protected
    digest = hashlib.sha256(signed).digest()
    public = spki(pem)
    who = public if signer == PUBKEY else hashlib.sha256(public).digest()
    return signed + area(0x6907, tlv(SHA256, digest) + tlv(signer, who) +
                         tlv(ECDSA, sign(pem, digest)))


def keyset(epoch, keys, pem):
    """A key set of P-256 keys, signed by a root: octets."""
    points = b"".join(spki(k)[-64:] for k in keys)
    return image(bytes((1, 1, len(keys), 0)) + points, pem, counter=epoch,
                 flags=NON_BOOTABLE, header_size=32, signer=PUBKEY)


def name(octets):
    """What a request calls an image or a key set: 8 octets of its digest."""
    head, protected, size = struct.unpack_from("<HHI", octets, 8)
    return hashlib.sha256(octets[:head + size + protected]).hexdigest()[:16]


def digest(octets):
    head, protected, size = struct.unpack_from("<HHI", octets, 8)
    return hashlib.sha256(octets[:head + size + protected]).hexdigest()


def trailer(align=8, confirmed=False):
    """What imgtool --pad (and --confirm) puts at the end of a slot."""
    ok = (b"\x01" if confirmed else b"\xff").ljust(8, b"\xff")
    holds(align == 8, "the magic is that of align 8")
    return ok + bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")


# -- the board --------------------------------------------------------------

class Program:
    """A bootloader: its file and what the linker says of it."""

    def __init__(self, path):
        self.path = path
        self.symbols = {}
        for line in run("arm-none-eabi-nm", path).decode().splitlines():
            value, _, symbol = line.split()
            self.symbols[symbol] = int(value, 16)
        self.stack = (self.symbols["mps2_boot_stack_top"] -
                      self.symbols["mps2_boot_bss_end"])


class Start:
    """How one start went: exit code of QEMU, what was printed."""

    def __init__(self, code, out, program):
        self.code = code
        self.out = out
        fields = re.search(r"^app (\S+) (.*)$", out, re.M)
        self.label = fields.group(1) if fields else None
        pairs = [word.split("=", 1) for word in
                 (fields.group(2).split() if fields else ())]
        self.digests = [v for k, v in pairs if k == "digest"]
        self.records = [v for k, v in pairs if k == "record"]
        self.fields = dict(pairs)
        paint = re.search(r"^paint=(\d+)", out, re.M)
        self.stack = program.stack - int(paint.group(1)) if paint else None
        refused = re.search(r"^([0-9a-f]{4})$", out, re.M)
        self.refused = refused.group(1) if refused and not fields else None

    def number(self, field):
        return int(self.fields[field])

    def runs(self, label, event=NORMAL, refusal="0000"):
        if (self.code, self.label) != (0, label):
            raise AssertionError("not %s, but exit code %s:\n%s"
                                 % (label, self.code, self.out))
        equal((self.number("event"), self.fields["refusal"]),
              (event, refusal), "event and refusal")
        return self


class Board:
    deepest = 0  # of the bootloader's stack, in all tests

    def __init__(self, program, tmp):
        self.program = program
        self.tmp = tmp
        self.nor = os.path.join(tmp, "nor.bin")
        with open(self.nor, "wb") as f:
            f.write(b"\xff" * NOR["BM_NOR_BOARD_SIZE"])
        self.file = open(self.nor, "r+b")
        self.flash = mmap.mmap(self.file.fileno(), 0)
        self.paint = os.path.join(tmp, "paint")
        with open(self.paint, "wb") as f:
            # Noise in the variables, paint where the stack will be.
            f.write((b"\x5a" * (MAP["MAP_RAM_SIZE"] - program.stack))
                    .ljust(MAP["MAP_RAM_SIZE"], b"\xa5"))

    def close(self):
        self.flash.close()
        self.file.close()

    def offset(self, where):
        return MAP["MAP_" + where] - MAP["MAP_NOR"]

    def put(self, where, octets, size=None):
        """Erase a range and put octets at its start, as a programmer does."""
        size = size or -len(octets) // SECTOR * -SECTOR
        at = self.offset(where)
        self.flash[at:at + size] = octets.ljust(size, b"\xff")

    def get(self, where, n):
        at = self.offset(where)
        return self.flash[at:at + n]

    def slot(self, number, octets, end=b""):
        """Put an image into a slot of image 0, and something at its end."""
        size = MAP["MAP_SLOT_SIZE"]
        self.put("SLOT%d" % number,
                 octets.ljust(size - len(end), b"\xff") + end, size)

    def command(self, words, paint=True):
        config = ",".join(["enable=on", "target=native", "arg=app"] +
                          ["arg=" + w for w in words])
        return (["timeout", str(PATIENCE), "qemu-system-arm", "-M",
                 "mps2-an385", "-display", "none", "-monitor", "none",
                 "-serial", "stdio", "-semihosting-config", config,
                 "-kernel", self.program.path,
                 "-machine", "memory-backend=nor", "-object",
                 "memory-backend-file,id=nor,size=16M,share=on,mem-path=" +
                 self.nor] +
                (["-device", "loader,force-raw=on,addr=0x%x,file=%s"
                  % (MAP["MAP_RAM"], self.paint)] if paint else []))

    def begin(self, *words, paint=True, stdin=subprocess.DEVNULL, more=()):
        """Switch it on; what runs is a process to wait for, or to cut()."""
        return subprocess.Popen(self.command(words, paint) + list(more),
                                stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                start_new_session=True)

    @staticmethod
    def cut(qemu):
        """The power goes: QEMU, and `timeout` before it, are killed."""
        try:
            os.killpg(qemu.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it had ended
        qemu.wait()
        qemu.stdout.close()

    def start(self, *words, paint=True):
        """One start: until the application ends, or the bootloader says why
        nothing runs."""
        qemu = self.begin(*words, paint=paint)
        out = b""
        try:
            for line in qemu.stdout:
                out += line
                if re.fullmatch(rb"[0-9a-f]{4}\n", line):
                    break
            else:
                qemu.wait()
        finally:
            self.cut(qemu)
        start = Start(qemu.returncode, out.decode("utf-8", "replace"),
                      self.program)
        if start.stack is not None and paint:
            self.deep(start.stack)
        return start

    def deep(self, stack):
        """The bootloader's stack was found to be so deep."""
        Board.deepest = max(Board.deepest, stack)
        # With nothing left of the paint, it grew into the variables.
        holds(stack < self.program.stack, "the stack has an end")


def main(tests):
    """Run them; TAP."""
    failed = 0
    print("1..%d" % len(tests))
    for number, test in enumerate(tests, 1):
        what = test.__name__.replace("_", " ")
        try:
            with tempfile.TemporaryDirectory() as tmp:
                test(tmp) if inspect.signature(test).parameters else test()
            print("ok %d - %s" % (number, what), flush=True)
        except Skip as reason:
            print("ok %d - %s # SKIP %s" % (number, what, reason), flush=True)
        except Exception as e:  # whatever it is, it is a failure
            for line in ("%s: %s" % (type(e).__name__, e)).splitlines():
                print("# " + line)
            print("not ok %d - %s" % (number, what), flush=True)
            failed += 1
    sys.exit(1 if failed else 0)
