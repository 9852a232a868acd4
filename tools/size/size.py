#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Size of device code against budgets.txt.

size.py [BUILD [BUDGETS]]     BUILD: preset cortex-m3, default build/cortex-m3

Prints text, RAM and the worst stack of each module of the freestanding
folders; then each budget beside what was measured. A group is measured by
linking its entry points with --gc-sections and counting what is left of our
objects, or of those that the row names. RAM is what the compiler says of an
expression. Objects of a port are counted as they are. A program that is linked
already is measured whole, its stack by running it. Exits 1 if a budget is exceeded (for one that is known to be, its
ceiling), an entry point does not exist, or a function calls itself by whatever
way.
"""
import fnmatch
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
CPU = ["-mcpu=cortex-m3", "-mthumb", "--specs=picolibc.specs"]


def rows(path):
    with open(path, encoding="utf-8") as f:
        return [line.split("#")[0].split() for line in f
                if line.split("#")[0].strip()]


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


class Module:
    """One source file: its sizes, and stack and calls of its functions."""

    def __init__(self, folder, obj):
        self.name = folder + "/" + os.path.basename(obj)[:-len(".c.obj")]
        self.obj = obj
        numbers = run("arm-none-eabi-size", obj).split("\n")[1].split()
        self.text = int(numbers[0])
        self.ram = int(numbers[1]) + int(numbers[2])
        self.stack = {}
        self.calls = {}
        with open(obj[:-len(".obj")] + ".ci", encoding="utf-8") as f:
            for line in f:
                self.read(line)

    def read(self, line):
        """A line of gcc's call graph (-fcallgraph-info=su)."""
        node = re.match(r'node: { title: "([^"]*)".*\\n(\d+) bytes', line)
        edge = re.match(r'edge: { sourcename: "([^"]*)" targetname: '
                        r'"([^"]*)"', line)
        if node:
            self.stack[node.group(1)] = int(node.group(2))
        elif edge:
            self.calls.setdefault(edge.group(1), set()).add(edge.group(2))

    def worst(self):
        if not self.stack:
            return "-", 0
        name = max(self.stack, key=self.stack.get)
        return name.split(":")[-1], self.stack[name]


class Graph:
    """All functions: the deepest stack below each, and recursion."""

    def __init__(self, modules):
        self.stack = {}
        self.calls = {}
        for module in modules:
            self.stack.update(module.stack)
            self.calls.update(module.calls)
        self.known = {}
        self.recursive = set()

    def depth(self, name, path=()):
        """Bytes of stack of `name` and the deepest chain that it calls.
        Calls through pointers and into libraries count as nothing."""
        if name in path:
            self.recursive.add(name)
            return 0
        if name not in self.known:
            below = [self.depth(callee, path + (name,))
                     for callee in self.calls.get(name, ())]
            self.known[name] = self.stack.get(name, 0) + max(below, default=0)
        return self.known[name]


def freestanding_folders():
    return [row[0] for row in rows(os.path.join(ROOT, "tools/layers.txt"))
            if row[1] == "freestanding"]


def objects(build, folder):
    pattern = "CMakeFiles/bm_%s.dir/%s/*.c.obj" % (folder, folder)
    sources = (os.path.join(ROOT, folder, "%s.c"))
    return [o for o in sorted(glob.glob(os.path.join(build, pattern)))
            if os.path.exists(sources % os.path.basename(o)[:-len(".c.obj")])]


def linked_text(modules, entries):
    """module -> text that is left of it when `entries` are linked"""
    with tempfile.TemporaryDirectory() as tmp:
        linked = os.path.join(tmp, "group")
        listing = os.path.join(tmp, "map")
        run("arm-none-eabi-gcc", *CPU, "-nostartfiles", "-Wl,--gc-sections",
            "-Wl,-e," + entries[0],
            *["-Wl,--require-defined=" + e for e in entries],
            "-Wl,-Map=" + listing, "-o", linked,
            "-T" + os.path.join(ROOT, "ports/mps2/mps2.ld"),
            *[m.obj for m in modules])
        with open(listing, encoding="utf-8") as f:
            text = f.read().split("Linker script and memory map")[1]
    # " .text.bm_x   0x00000123   0x45 path/x.c.obj", often on two lines
    section = re.compile(r"^ \.(?:text|rodata)[\w.$]*\s+0x[0-9a-f]+\s+"
                         r"0x([0-9a-f]+)\s+(\S+\.c\.obj)$", re.M)
    names = {m.obj: m.name for m in modules}
    shares = {}
    for size, obj in section.findall(text):
        name = names[obj]
        shares[name] = shares.get(name, 0) + int(size, 16)
    return shares


def counted(shares, where):
    """Those of the modules that `where` names: "device/enrol*,device/http"."""
    return {module: n for module, n in shares.items()
            if any(fnmatch.fnmatchcase(module, pattern if "/" in pattern
                                       else pattern + "/*")
                   for pattern in where.split(","))}


def ram_of(header, expression):
    """The value of a constant expression, as the size of an object."""
    with tempfile.TemporaryDirectory() as tmp:
        source = os.path.join(tmp, "ram.c")
        obj = os.path.join(tmp, "ram.o")
        with open(source, "w", encoding="utf-8") as f:
            f.write('#include "%s"\nchar ram[%s];\n' % (header, expression))
        run("arm-none-eabi-gcc", *CPU, "-I" + ROOT, "-c", source, "-o", obj)
        return int(run("arm-none-eabi-nm", "-S", obj).split()[1], 16)


def print_modules(folders):
    print("%-28s %8s %6s %7s  %s" % ("module", "text", "RAM", "stack",
                                     "of function"))
    for folder, modules in folders:
        for m in modules:
            name, stack = m.worst()
            print("%-28s %8d %6d %7d  %s" % (m.name, m.text, m.ram, stack,
                                             name))
        print("%-28s %8d %6d" % (folder + " in all",
                                 sum(m.text for m in modules),
                                 sum(m.ram for m in modules)))


def verdict(what, value, limits):
    """Print a value beside its budget ("512", or "512/600" with a ceiling
    above it that holds until the budget is met); is it allowed?"""
    budget, ceiling = (int(n) for n in (limits.split("/") * 2)[:2])
    word = ""
    if value > ceiling:
        word = "  EXCEEDED"
    elif value > budget:
        word = "  over budget, below its ceiling of %d" % ceiling
    print("%-28s %8d of %6d  %5.2f%s" % (what, value, budget, value / budget,
                                         word))
    return value <= ceiling


def judge_text(row, modules, graph):
    name, _, where = row[1].partition("@")
    entries = row[3:]
    missing = [e for e in entries if e not in graph.stack]
    if missing:
        print("%-28s cannot be measured, missing: %s"
              % (name, " ".join(missing)))
        return False
    shares = linked_text(modules, entries)
    if where:
        shares = counted(shares, where)
    kept = verdict("text of " + name, sum(shares.values()), row[2])
    print("  of it: " + ", ".join(
        "%s %d" % (module, shares[module])
        for module in sorted(shares, key=shares.get, reverse=True)))
    for entry in entries:
        print("%-28s %8d bytes of stack with all it calls"
              % ("  " + entry, graph.depth(entry)))
    return kept


def judge_objects(row, build):
    """Objects of a port, each as it is compiled: text."""
    sizes = {}
    for path in row[3:]:
        obj = os.path.join(build, path + ".c.obj")
        if not os.path.exists(obj):
            print("%-28s cannot be measured, missing: %s" % (row[1], obj))
            return False
        name = os.path.basename(path)
        sizes[name] = int(run("arm-none-eabi-size", obj).split("\n")[1]
                          .split()[0])
    kept = verdict("text of " + row[1], sum(sizes.values()), row[2])
    print("  of it: " + ", ".join("%s %d" % one for one in sizes.items()))
    return kept


def judge_elf(row, build):
    """A linked bootloader: all its text; its variables, and its stack as a
    script measures it by running it in QEMU."""
    name, text, ram, stack, path = row[1:6]
    elf = os.path.join(build, path, name + ".elf")
    if not os.path.exists(elf):
        print("%-28s cannot be measured, missing: %s" % (name, elf))
        return False
    sizes = run("arm-none-eabi-size", elf).split("\n")[1].split()
    variables = int(sizes[1]) + int(sizes[2])
    deepest = int(run("python3", os.path.join(ROOT, path, "test/stack.py"),
                      os.path.join(build, path), name))
    kept = verdict("text of " + name, int(sizes[0]) + int(sizes[1]), text)
    kept &= verdict("  its RAM", variables + deepest, ram)
    return verdict("  its stack, of that", deepest, stack) and kept


# Parts of a device's image, by the archive (lib.../x.a) that an object is from,
# and the object; the first that fits.
PARTS = [("libc", r"lib(c|gcc)\.a"), ("lwip", r"liblwip\w*\.a"),
         ("tls", r"libmbedtls\w*\.a\(ssl_|libbm_port_mbedtls_tls"),
         ("crypto", r"libmbedtls|libbm_port_mbedtls"),
         ("core", r"libbm_core"), ("device", r"libbm_device"),
         ("boot", r"libbm_boot"), ("ports", r"libbm_port_"), ("app", r"")]


def image_parts(listing):
    """part -> [text, variables] of a linked image, from its map"""
    with open(listing, encoding="utf-8") as f:
        text = f.read().split("Linker script and memory map")[1]
    section = re.compile(r"^ \.?(text|rodata|data|bss|COMMON)[\w.$*]*\s+"
                         r"0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$", re.M)
    parts = {}
    for kind, size, obj in section.findall(text):
        part = next(p for p, pattern in PARTS if re.search(pattern, obj))
        shares = parts.setdefault(part, [0, 0])
        if kind in ("text", "rodata"):
            shares[0] += int(size, 16)
        else:
            shares[1] += int(size, 16)
    return parts


def judge_image(row, build):
    """The image of a whole device, part by part: what lies in flash; all of
    its variables and its stack."""
    name, text, ram, path = row[1:5]
    elf = os.path.join(build, path)
    if not os.path.exists(elf):
        print("%-28s cannot be measured, missing: %s" % (name, elf))
        return False
    sizes = run("arm-none-eabi-size", elf).split("\n")[1].split()
    kept = verdict("flash of " + name, int(sizes[0]) + int(sizes[1]), text)
    kept &= verdict("  its RAM", int(sizes[1]) + int(sizes[2]), ram)
    parts = image_parts(elf + ".map")
    for part in sorted(parts, key=lambda p: parts[p], reverse=True):
        print("    %-10s flash %7d   RAM %6d" % (part, *parts[part]))
    return kept


def judge(budgets, modules, graph, build):
    kept = True
    print("\n%-28s %8s    %6s  %5s" % ("budget", "measured", "budget",
                                       "ratio"))
    for row in budgets:
        if row[0] == "stack":
            worst = max((m.worst()[1] for m in modules), default=0)
            kept &= verdict("stack of any function", worst, row[1])
        elif row[0] == "ram":
            kept &= verdict("RAM of " + row[1],
                            ram_of(row[3], " ".join(row[4:])), row[2])
        elif row[0] == "text":
            kept &= judge_text(row, modules, graph)
        elif row[0] == "objects":
            kept &= judge_objects(row, build)
        elif row[0] == "image":
            kept &= judge_image(row, build)
        elif row[0] == "elf":
            kept &= judge_elf(row, build)
    return kept


def main():
    arguments = sys.argv[1:] + [None, None]
    build = arguments[0] or os.path.join(ROOT, "build/cortex-m3")
    budgets = rows(arguments[1] or os.path.join(HERE, "budgets.txt"))
    folders = [(f, [Module(f, o) for o in objects(build, f)])
               for f in freestanding_folders()]
    folders = [(f, modules) for f, modules in folders if modules]
    modules = [m for _, ms in folders for m in ms]
    if not modules:
        sys.exit("size: nothing is built in " + build)

    print_modules(folders)
    sys.stdout.flush()
    graph = Graph(modules)
    kept = judge(budgets, modules, graph, build)
    for name in list(graph.stack):
        graph.depth(name)
    for name in sorted(graph.recursive):
        print("%s calls itself" % name)
    if not kept or graph.recursive:
        sys.exit("size: a limit is exceeded")
    print("size: no limit is exceeded")


main()
