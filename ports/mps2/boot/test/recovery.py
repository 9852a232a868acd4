# SPDX-License-Identifier: Apache-2.0
"""The other side of a bootloader's recovery (docs/recovery.md), and a look at
the stack of the one that serves it."""
import json
import os
import socket
import struct
import subprocess
import zlib

import board
from board import MAP, equal, holds

HELLO, BEGIN, DATA, END, RESET = range(1, 6)
IMAGE, KEYSET = range(2)
PIECE = 512


class Recovery:
    """A board is switched on, and is found in recovery; `wanted`: an application
    has asked for it, so that the decision comes first."""

    def __init__(self, b, wanted=False):
        self.board = b
        if wanted:
            word = MAP["MAP_RECOVERY_WORD"]
            with open(b.paint, "r+b") as f:
                f.write(struct.pack("<II", word, word ^ 0xffffffff))
        self.control = os.path.join(b.tmp, "qmp")
        self.sequence = 0
        self.qemu = b.begin(
            stdin=subprocess.PIPE,
            more=["-qmp", "unix:%s,server=on,wait=off" % self.control])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.board.cut(self.qemu)
        self.qemu.stdin.close()

    def ask(self, kind, octets=b"", status=0):
        """Send a frame; what came with the answer beside the status."""
        self.sequence = (self.sequence + 1) % 256
        body = struct.pack("<BBH", kind, self.sequence, len(octets)) + octets
        self.qemu.stdin.write(b"\xa5\x5a" + body +
                              struct.pack("<I", zlib.crc32(body)))
        self.qemu.stdin.flush()
        seen = b""
        while not seen.endswith(b"\xa5\x5a"):
            octet = self.qemu.stdout.read(1)
            holds(octet, "an answer")
            seen += octet
        head = self.qemu.stdout.read(4)
        got, number, size = struct.unpack("<BBH", head)
        answer = self.qemu.stdout.read(size)
        equal(struct.unpack("<I", self.qemu.stdout.read(4))[0],
              zlib.crc32(head + answer), "CRC")
        equal((got, number), (kind + 0x80, self.sequence), "answer")
        if status is not None:
            equal(struct.unpack_from("<I", answer)[0], status, "status")
        return answer[4:]

    def hello(self):
        """Version, images, octets of data, epoch, life cycle."""
        return struct.unpack_from("<BBHII", self.ask(HELLO))

    def send(self, what, octets, number=0, status=0):
        """An image or a key set, to its end, which says `status`."""
        self.ask(BEGIN, struct.pack("<BBHI", what, number, 0, len(octets)))
        for at in range(0, len(octets), PIECE):
            self.ask(DATA, struct.pack("<I", at) + octets[at:at + PIECE])
        self.ask(END, status=status)
        self.look()

    def reset(self):
        """What is printed from there on."""
        self.ask(RESET)
        return self.qemu.stdout.read().decode("utf-8", "replace")

    def look(self):
        """How deep the stack got. A reset would paint it again, so the RAM is
        looked at while it serves."""
        path = os.path.join(self.board.tmp, "ram")
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.settimeout(board.PATIENCE)
            qmp.connect(self.control)
            lines = qmp.makefile("rw")
            lines.readline()
            for command in (
                    {"execute": "qmp_capabilities"},
                    {"execute": "pmemsave", "arguments": {
                        "val": MAP["MAP_RAM"], "size": MAP["MAP_RAM_SIZE"],
                        "filename": path}}):
                lines.write(json.dumps(command))
                lines.flush()
                answer = lines.readline()
                holds("return" in json.loads(answer), answer)
        stack = board.read(path)[-self.board.program.stack:]
        self.board.deep(len(stack.lstrip(b"\xa5")))
