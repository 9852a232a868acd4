#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A trap behind every instruction that never goes on to the next one.

traps.py [--ends] COMPILER ARG...   compile, as a launcher of the compiler,
                                    with traps; fewer with --ends
traps.py --pass FILE.s        put them into assembly; written to stdout
traps.py --check [--ends] ELF [NAME...]   is one everywhere? NAMEs are excused

A return, a jump, or a call that does not come back, may be skipped by a fault;
then the CPU runs into what lies behind: a literal, the next function, the
other side of a decision. So an undefined instruction is put there. The
assembly is that of gcc for Arm's Thumb-2, in unified syntax. Tables between
instructions cannot be guarded: compile with -fno-jump-tables. --ends is for code
whose decisions are doubled anyhow: no trap is behind a jump that stays inside of
its function; so for --check.

Exits 1 if something is missing, 2 if the assembly is not understood.
"""
import os
import re
import subprocess
import sys

TRAP = "\tudf\t#0xde"
# Calls that do not return, beside what ends a function.
NO_RETURN = {"bm_fault", "mps2_boot_main", "mps2_boot_recover",
             "mps2_boot_reset"}
ROUNDS = 8  # of widening branches; each moves others a little
PC_LIST = re.compile(r"\{[^}]*\bpc\b[^}]*\}")


class Strange(Exception):
    """Assembly that is not understood: no trap can be put there."""


def goes_on(op, args, linked=False):
    """Can the next instruction be executed after this one?

    Conditional forms have a suffix (beq, popne), and are no match.
    """
    op = re.sub(r"\.[nw]$", "", op)
    if op in ("tbb", "tbh"):
        if linked:
            return False
        raise Strange(op + ": compile with -fno-jump-tables")
    if op in ("b", "bx", "udf"):
        return False
    if op in ("bl", "blx"):
        return args.strip() not in NO_RETURN
    if op in ("pop", "ldm", "ldmia", "ldmfd", "ldmdb"):
        return not PC_LIST.search(args)
    if op in ("ldr", "mov", "add", "sub", "adds", "subs"):
        return not re.match(r"pc\b", args.strip())
    return True


def parts(line):
    """(op, args) of an instruction, or (None, what else the line has)."""
    text = line.split("@")[0].strip()
    if not text or text.endswith(":"):
        return None, ""
    words = text.split(None, 1)
    if words[0].startswith("."):
        return None, words[0]
    return words[0].lower(), words[1] if len(words) > 1 else ""


DATA = {".word", ".short", ".byte", ".hword", ".2byte", ".4byte", ".8byte",
        ".ascii", ".asciz", ".space", ".size", ".section", ".text"}


def next_content(lines, i):
    """What follows line i: ("code", op), or ("data", directive)."""
    for line in lines[i + 1:]:
        op, rest = parts(line)
        if op:
            return "code", op
        if rest in DATA:
            return "data", rest
    return "data", "end of file"


def stays(op, args):
    """A jump inside of its function: the labels of gcc begin with .L"""
    return op in ("b", "b.n", "b.w") and args.strip().startswith(".L")


def put_traps(lines, ends=False):
    """The lines, with traps; with `ends`, none behind what stays()."""
    out = []
    for i, line in enumerate(lines):
        out.append(line)
        op, args = parts(line)
        if op is None:
            continue
        kind, what = next_content(lines, i)
        if kind == "code" and what == "udf":
            continue
        onwards = goes_on(op, args) or (ends and stays(op, args))
        if not onwards or kind == "data":
            out.append(TRAP)
    return out


def widen(line, number):
    """cbz and cbnz reach 126 octets: the opposite one, over a wide branch.
    Flags stay as they are, which a compare would change."""
    found = re.match(r"\s*(cbn?z)\s+(\w+)\s*,\s*(\S+)", line)
    if not found:
        raise Strange("out of range: " + line.strip())
    op, register, target = found.groups()
    other = "cbz" if op == "cbnz" else "cbnz"
    here = ".Lbm_traps_%d" % number
    return ["\t%s\t%s, %s" % (other, register, here),
            "\tb.w\t" + target, TRAP, here + ":"]


def assemble(compiler, flags, lines, path, obj):
    """Write `lines` to `path` and assemble it; what is out of reach for a
    branch, because of the traps, is widened."""
    number = 0
    for _ in range(ROUNDS):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        done = subprocess.run([compiler, *flags, "-c", path, "-o", obj],
                              stderr=subprocess.PIPE, text=True, check=False)
        far = sorted({int(n) for n in re.findall(
            r":(\d+): Error: branch out of range", done.stderr)}, reverse=True)
        if not far:
            sys.stderr.write(done.stderr)
            return done.returncode
        for n in far:
            number += 1
            lines[n - 1:n] = widen(lines[n - 1], number)
    raise Strange("branches stay out of range")


def compile_with_traps(command, ends):
    """What a launcher of the compiler does; anything but the compilation of
    a C file goes through as it is."""
    sources = [a for a in command[1:] if a.endswith(".c")]
    if "-c" not in command or "-o" not in command or len(sources) != 1:
        return subprocess.run(command, check=False).returncode
    obj = command[command.index("-o") + 1]
    stem = obj[:-4] if obj.endswith(".obj") else os.path.splitext(obj)[0]
    path = stem + ".s"
    first = ["-S" if a == "-c" else path if a == obj else a for a in command]
    first[1:1] = ["-fno-jump-tables"]
    if "-MD" in command and "-MT" not in command:
        first += ["-MT", obj]
    rc = subprocess.run(first, check=False).returncode
    if rc != 0:
        return rc
    with open(path, encoding="utf-8") as f:
        lines = put_traps(f.read().split("\n"), ends)
    machine = [a for a in command[1:] if re.match(r"-m(cpu|thumb|arch|float)",
                                                  a)]
    return assemble(command[0], machine, lines, path, obj)


def instructions(elf):
    """(function, op, args) of a program's code; for a branch inside of its
    function the arguments are ".L", as names that objdump finds for addresses
    need not be those of functions."""
    text = subprocess.run(
        ["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", elf],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    for part in re.split(r"\n(?=[0-9a-f]+ <)", text)[1:]:
        name = re.match(r"\w+ <([^>]+)>:", part).group(1)
        found = re.findall(r"^\s+([0-9a-f]+):\s+(\S+)\s*([^;<@\n]*)"
                           r"(?:<(\w+)>)?", part, re.M)
        inside = {int(at, 16) for at, _, _, _ in found}
        for _, op, args, symbol in found:
            if re.match(r"b(\.[nw])?$", op) and int(args, 16) in inside:
                yield name, op, ".L"
            else:
                yield name, op, symbol or args


def check(elf, excused, ends):
    """Print where a trap is missing; the number of such functions."""
    bad = set()
    last = None
    for name, op, args in instructions(elf):
        if op.startswith("."):
            op = "data"
        if last is not None and op not in ("udf", "udf.w", "nop", "nop.w"):
            other = name != last[0] or op == "data"
            if last[1] not in ("udf", "data") and (
                    other or not (goes_on(last[1], last[2], True) or
                                  (ends and stays(last[1], last[2])))):
                bad.add(last[0])
        if op not in ("nop", "nop.w"):
            last = (name, op, args)
    if last is not None and last[1] not in ("udf", "data"):
        bad.add(last[0])
    for name in sorted(bad - set(excused)):
        print("no trap: " + name)
    return len(bad - set(excused))


def main(argv):
    if len(argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        if argv[0] == "--pass":
            with open(argv[1], encoding="utf-8") as f:
                print("\n".join(put_traps(f.read().split("\n"))))
            return 0
        if argv[0] == "--check":
            ends = argv[1] == "--ends"
            rest = argv[1 + ends:]
            return 1 if check(rest[0], rest[1:], ends) else 0
        ends = argv[0] == "--ends"
        return compile_with_traps(argv[ends:], ends)
    except Strange as e:
        print("traps.py: %s" % e, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
