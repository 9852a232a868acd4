# SPDX-License-Identifier: Apache-2.0
"""A device in recovery at the other end of a serial line: docs/recovery.md a second
time. The line may lose and damage what goes over it."""
import os
import struct
import threading
import tty
import zlib

HELLO, BEGIN, DATA, END, RESET = range(1, 6)
ORDER, SIZE = 0x2603, 0x2604


class Device:
    """A device in recovery at the other end of a pseudo-terminal."""

    def __init__(self, slot=1 << 20, verdict=0, trouble=None, noise=b""):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.slot, self.verdict = slot, verdict
        self.trouble = trouble or (lambda n, kind: None)
        self.noise = noise
        self.got = b""
        self.what = None
        self.size = 0
        self.kinds = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def read(self, n):
        octets = b""
        while len(octets) < n:
            octets += os.read(self.master, n - len(octets))
        return octets

    def frame(self):
        while True:
            last = b""
            while last != b"\xa5\x5a":
                last = last[-1:] + self.read(1)
            head = self.read(4)
            kind, number, n = struct.unpack("<BBH", head)
            body = self.read(n)
            if zlib.crc32(head + body) == struct.unpack("<I", self.read(4))[0]:
                return kind, number, body

    def answer(self, kind, number, status, told=b"", damage=False):
        body = struct.pack("<BBHI", kind | 0x80, number, 4 + len(told),
                           status) + told
        crc = zlib.crc32(body) ^ (1 if damage else 0)
        os.write(self.master, self.noise + b"\xa5\x5a" + body +
                 struct.pack("<I", crc))

    def do(self, kind, body):
        if kind == HELLO:
            return 0, struct.pack("<BBHIII", 1, 1, 512, 5, 0x69963c5a,
                                  self.slot)
        if kind == BEGIN:
            self.what, _, _, self.size = struct.unpack("<BBHI", body)
            self.got = b""
            return (0, b"") if self.size <= self.slot else (SIZE, b"")
        if kind == DATA:
            at = struct.unpack("<I", body[:4])[0]
            if at > len(self.got):
                return ORDER, b""
            if at == len(self.got):
                self.got += body[4:]
            return 0, struct.pack("<I", len(self.got))
        if kind == END:
            return (self.verdict if len(self.got) == self.size else ORDER), b""
        return 0, b""

    def serve(self):
        try:
            while True:
                kind, number, body = self.frame()
                self.kinds.append(kind)
                what = self.trouble(len(self.kinds), kind)
                if what == "deaf":
                    continue
                status, told = self.do(kind, body)
                if what != "mute":
                    self.answer(kind, number, status, told, what == "damage")
        except OSError:
            pass

    def close(self):
        os.close(self.slave)
        os.close(self.master)
