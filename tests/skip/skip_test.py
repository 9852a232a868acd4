#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No instruction that a bootloader skips makes it run a wrong image. TAP.

skip_test.py SKIP_TOOL FOLDER [full]

FOLDER is where boot-*.elf are. SKIP_SEED draws the same again. `full` leaves out
each pass of each loop, and all of the cryptography, of all bootloaders.
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "ports/mps2/boot/test"))
import board  # noqa: E402
from board import MAP, SECTOR, Skip, equal, holds, image, key, keyset  # noqa

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gdb  # noqa: E402

TOOL, FOLDER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
FULL = sys.argv[3:] == ["full"]
SEED = int(os.environ.get("SKIP_SEED") or random.randrange(2 ** 32))
JOBS = os.cpu_count() if FULL else 1
HEADER = 0x80  # the vectors lie behind it, at a multiple of their size
ENTRY = 64     # of the payload: where its code begins
RUNS = 42      # exit code of the application
COUNTER = 5    # security counter of the device
SAMPLES = 4000  # of so many runs without a boot one is repeated in QEMU
WAIT = 20  # seconds for a start to come to its end, on a busy machine


# -- what is in flash -------------------------------------------------------

def payload(base):
    """An application: vectors, and the end of QEMU with exit code RUNS."""
    vectors = struct.pack("<II", 0x20020000, base + ENTRY + 1)
    # movs r0, #32; ldr r1, [pc, #4]; bkpt 0xab; b .
    code = struct.pack("<HHHH", 0x2020, 0x4901, 0xbeab, 0xe7fe)
    words = struct.pack("<III", base + ENTRY + 12, 0x20026, RUNS)
    return vectors.ljust(ENTRY, b"\0") + code + words


def application(pem="firmware", counter=COUNTER, fixed=False):
    base = MAP["MAP_SLOT0"]
    more = {"flags": board.ROM_FIXED, "address": base} if fixed else {}
    return image(payload(base + HEADER), key(pem), counter=counter,
                 header_size=HEADER, **more)


def flipped(octets, at):
    changed = bytearray(octets)
    changed[at] ^= 1
    return bytes(changed)


def wrong_images(fixed):
    """Each is refused for another reason."""
    good = application(fixed=fixed)
    other = application("firmware2", fixed=fixed)
    ours, theirs = (board.hashlib.sha256(board.spki(key(name))).digest()
                    for name in ("firmware", "firmware2"))
    return {
        "badly signed": other.replace(theirs, ours),
        "downgraded": application(counter=COUNTER - 1, fixed=fixed),
        "altered": flipped(good, HEADER + ENTRY + 11),
        "of a foreign key": other,
        "header altered": flipped(good, 20),
    }


class World:
    """A bootloader, and boards on which it has started the right image."""

    def __init__(self, program, tmp):
        self.path = os.path.join(FOLDER, program + ".elf")
        if not os.path.exists(self.path):
            raise Skip(program + ".elf is not there")
        self.tmp = tmp
        self.program = board.Program(self.path)
        self.board = board.Board(self.program, tmp)
        self.fixed = "xip" in program
        self.board.put("KEYSET0", keyset(1, [key("firmware")], key("root0")),
                       2 * SECTOR)
        self.board.put("LIFECYCLE", bytes(4))
        self.board.slot(0, application(fixed=self.fixed))
        if "full" in program:
            self.board.put("SECOND_SLOT0", application())
        equal([self.board.start(paint=False).code for _ in range(2)],
              [RUNS, RUNS], "the right image starts in QEMU")

    def flash(self, name, octets):
        """The board's flash with that image, as a file."""
        path = os.path.join(self.tmp, name.replace(" ", "-"))
        self.board.slot(0, octets)
        with open(path, "wb") as f:
            f.write(self.board.flash[:].rstrip(b"\xff") + b"\xff" * 64)
        return path


# -- the sweep --------------------------------------------------------------

def slots():
    return "0x%x-0x%x" % (MAP["MAP_SLOT0"],
                          MAP["MAP_SLOT1"] + MAP["MAP_SLOT_SIZE"])


def command(world, flash, *args):
    return [TOOL, "--application", slots(), "--recovery", "bm_recovery_serve",
            "--seed", str(SEED), *args, world.path, flash]


def sweep(world, flash, *args):
    """(the runs that are listed, the sums) of all parts."""
    parts = [subprocess.Popen(command(world, flash, "--part", "%d/%d"
                                      % (i, JOBS), *args),
                              stdout=subprocess.PIPE) for i in range(JOBS)]
    runs, sums = [], None
    for part in parts:
        lines = [json.loads(line) for line in
                 part.communicate()[0].decode().splitlines()]
        equal(part.returncode, 0, "exit code of the sweep")
        runs += lines[:-1]
        sums = added(sums, lines[-1])
    return runs, sums


def added(a, b):
    if a is None:
        return b
    total = dict(b)
    for kind in ("decision_runs", "crypto_runs"):
        total[kind] = {end: n + a[kind][end] for end, n in b[kind].items()}
    return total


def plain(world, flash):
    done = subprocess.run(command(world, flash, "--plain"), check=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)["plain"]


def table(program, name, sums):
    for kind in ("decision", "crypto"):
        ends = sums[kind + "_runs"]
        if sum(ends.values()) > 0:
            print("# %-14s %-16s %-8s %5d places %7d runs: %s" % (
                program, name, kind, sums[kind + "_sites"],
                sum(ends.values()),
                ", ".join("%d %s" % (n, end) for end, n in ends.items()
                          if n > 0)), flush=True)


# -- the same in QEMU -------------------------------------------------------

def reach(g, run):
    """Let it run to that execution of the instruction."""
    g.breakpoint(run["pc"])
    left = run["nth"]
    while left > 0:
        if not g.go_on():
            raise AssertionError("QEMU does not come to %x" % run["pc"])
        registers = g.registers()
        if registers[13] == run["registers"][13] or run["run"] == "crypto":
            left -= 1
        if left > 0:
            g.step()
    g.clear(run["pc"])


def leave_out(g, run):
    """A no-op of equal length in its place, for one step."""
    before = g.read(run["pc"], run["length"])
    g.write(run["pc"], gdb.NOPS[run["length"]])
    g.step()
    g.write(run["pc"], before)


def boots_in_qemu(world, flash, run):
    nor = os.path.join(world.tmp, "confirm.bin")
    shutil.copyfile(flash, nor)
    size = board.NOR["BM_NOR_BOARD_SIZE"]
    with open(nor, "r+b") as f:
        f.seek(0, os.SEEK_END)
        f.write(b"\xff" * (size - f.tell()))
    qemu = gdb.Qemu(world.path, nor, world.tmp)
    entry = MAP["MAP_SLOT0"] + HEADER + ENTRY
    try:
        reach(qemu.gdb, run)
        leave_out(qemu.gdb, run)
        qemu.gdb.breakpoint(entry)
        qemu.gdb.breakpoint(world.program.symbols["bm_fault"])
        return (qemu.gdb.go_on(WAIT) and
                qemu.gdb.registers()[gdb.PC] == entry)
    except gdb.Ended:
        return qemu.process.wait() == RUNS
    finally:
        qemu.close()


def where(run):
    return "%s+%d (%x), pass %d, %s" % (run["function"], run["offset"],
                                        run["pc"], run["nth"], run["end"])


def agree(world, flash, runs, most):
    """QEMU ends them as they ended here; those that boot come first."""
    runs = sorted(runs, key=lambda run: run["end"] != "boots")[:most]
    for run in runs:
        if run["later"]:
            continue
        equal(boots_in_qemu(world, flash, run), run["end"] == "boots",
              "QEMU boots without " + where(run))
    return len(runs)


# -- the tests --------------------------------------------------------------

def none_boots(program, names, tmp, *args):
    world = World(program, tmp)
    images = wrong_images(world.fixed)
    hits = []
    for name in names or images:
        flash = world.flash(name, images[name])
        runs, sums = sweep(world, flash, "--samples", str(SAMPLES), *args)
        holds(sums["plain"] != "boots", name + ": it runs as it is")
        table(program, name, sums)
        booted = [r for r in runs if r["end"] == "boots" or r["later"]]
        for run in booted:
            print("# %s boots without %s%s" % (
                name, where(run), ", at the next start" if run["later"]
                else ""))
        hits += booted
        agreed = agree(world, flash, runs, 40 if FULL else 6)
        print("# %s: QEMU agrees on %d runs" % (name, agreed), flush=True)
    equal(len(hits), 0, "skipped instructions that boot a wrong image")


NAMES = None if FULL else ("badly signed", "downgraded", "altered")
DEPTH = (["--exact", "--crypto", "all"] if FULL else ["--loops", "1"])


def the_right_image_boots_when_nothing_is_skipped(tmp):
    world = World("boot-swap", tmp)
    equal(plain(world, world.flash("right", application())), "boots", "end")


def swap_runs_no_wrong_image(tmp):
    none_boots("boot-swap", NAMES, tmp, *DEPTH)


def execution_in_place_runs_no_wrong_image(tmp):
    none_boots("boot-xip", NAMES, tmp, *DEPTH)


def the_full_one_runs_no_wrong_image(tmp):
    none_boots("boot-full", NAMES, tmp, *DEPTH)


def cryptography_that_is_skipped_boots_nothing(tmp):
    """A sample: each place is one instruction of SHA-256 or P-256."""
    none_boots("boot-swap", ["badly signed"], tmp, "--no-decision",
               "--crypto", "12")


def without_hardening_a_skip_is_found_that_boots(tmp):
    world = World("boot-swap-soft", tmp)
    flash = world.flash("downgraded", wrong_images(False)["downgraded"])
    runs, sums = sweep(world, flash, "--loops", "1")
    table("boot-swap-soft", "downgraded", sums)
    hits = [run for run in runs if run["end"] == "boots"]
    holds(hits, "the sweep finds a skip that boots")
    agree(world, flash, hits, 3)


if __name__ == "__main__":
    if not os.path.exists(TOOL):
        print("1..0 # SKIP no %s: build preset release" % TOOL)
        sys.exit(77)
    print("# SKIP_SEED=%d" % SEED)
    board.main([the_right_image_boots_when_nothing_is_skipped,
                without_hardening_a_skip_is_found_that_boots,
                swap_runs_no_wrong_image] +
               ([execution_in_place_runs_no_wrong_image,
                 the_full_one_runs_no_wrong_image] if FULL else
                [cryptography_that_is_skipped_boots_nothing]))
