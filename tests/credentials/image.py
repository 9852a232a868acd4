# SPDX-License-Identifier: Apache-2.0
"""A firmware image as a scanner sees it: its octets as they lie in flash, and,
where it is an ELF file, which of them are functions and which are constants."""
import struct

ELF32_LE = b"\x7fELF\x01\x01"
LOAD, PROGBITS, SYMTAB = 1, 1, 2  # p_type, sh_type
OBJECT, FUNC = 1, 2               # symbols
ALLOC = 2                         # sh_flags


class Area:
    """Octets that are not code: one constant, or what lies between those that
    have names."""

    def __init__(self, name, address, octets):
        self.name, self.address, self.octets = name, address, octets


class Image:
    """`octets`; `areas` of them that are no code, None without symbols."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.file = f.read()
        self.path, self.areas = path, None
        self.starts = [(0, 0)]  # (place in octets, address)
        self.octets = self.file
        if self.file[:6] == ELF32_LE:
            self.read_elf()

    def address(self, place):
        """Where octets[place] is for the CPU; in a raw file, in the file."""
        start, address = [s for s in self.starts if s[0] <= place][-1]
        return address + place - start

    def sections(self):
        """(name offset, type, flags, address, offset, size, link)"""
        at, = struct.unpack_from("<I", self.file, 32)
        size, n = struct.unpack_from("<HH", self.file, 46)
        return [struct.unpack_from("<7I", self.file, at + i * size)
                for i in range(n)]

    def read_elf(self):
        sections = self.sections()
        loaded = [s for s in sections
                  if s[1] == PROGBITS and s[2] & ALLOC and s[5]]
        # A zero between sections: what lies in two must not join.
        self.octets = b"\0".join(self.file[s[4]:s[4] + s[5]] for s in loaded)
        self.starts = []
        self.areas = []
        for section in loaded:
            self.starts.append((sum(s[5] + 1 for s in
                                    loaded[:len(self.starts)]), section[3]))
        marks = self.symbols(sections)
        for _, _, _, address, offset, size, _ in loaded:
            self.cut(address, self.file[offset:offset + size], marks)

    def symbols(self, sections):
        """[(address, end, name, is it code?)] in their order"""
        marks, data, unsized = [], [], []
        for section in sections:
            if section[1] != SYMTAB:
                continue
            names = sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 16):
                name, value, size, info = struct.unpack_from(
                    "<IIIB", self.file, at)
                end = self.file.index(b"\0", names + name)
                text = self.file[names + name:end].decode()
                kind = info & 15
                if text == "$d":
                    data.append(value)
                if kind not in (OBJECT, FUNC):
                    continue
                value -= value & 1 if kind == FUNC else 0  # Thumb
                if size:
                    marks.append((value, value + size, text, kind == FUNC))
                elif kind == FUNC:
                    unsized.append((value, text))
        # Functions in assembly, libgcc's, end where something else begins:
        # the ABI's mapping symbol says where data does (AAELF32 5.5.5).
        sized = {start for start, _, _, _ in marks}
        for value, text in unsized:
            if value in sized:
                continue  # another name of one that has a size
            ends = [at for at in data + [m[0] for m in marks] +
                    [at for at, _ in unsized] if at > value]
            if ends:
                marks.append((value, min(ends), text, True))
        return sorted(marks, key=lambda mark: (mark[0], -mark[1]))

    def cut(self, address, octets, marks):
        at = address
        end = address + len(octets)

        def area(name, start, stop):
            if stop > start:
                self.areas.append(Area(
                    name, start, octets[start - address:stop - address]))

        for start, stop, name, code in marks:
            if start < at or start >= end:
                continue
            area("-", at, start)
            if not code:
                area(name, start, min(stop, end))
            at = min(stop, end)
        area("-", at, end)
