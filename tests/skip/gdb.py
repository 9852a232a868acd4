# SPDX-License-Identifier: Apache-2.0
"""As much of a client of GDB's remote protocol as leaving an instruction out of
a program in QEMU takes: registers, memory, one step, hardware breakpoints.

Each packet is `$text#checksum`; the answer's is confirmed by `+`.
"""
import os
import socket
import struct
import subprocess
import time

PATIENCE = 60  # seconds for an answer on a busy machine
PC = 15
NOPS = {2: bytes.fromhex("00bf"), 4: bytes.fromhex("aff30080")}


class Ended(Exception):
    """QEMU has ended: the program called its host to do so."""


class Gdb:
    def __init__(self, path):
        deadline = time.monotonic() + PATIENCE
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        while True:
            try:
                self.socket.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.input = b""

    def close(self):
        self.socket.close()

    def octet(self):
        if not self.input:
            try:
                self.input = self.socket.recv(65536)
            except ConnectionResetError:
                self.input = b""
            if not self.input:
                raise Ended()
        first, self.input = self.input[:1], self.input[1:]
        return first

    def answer(self):
        while self.octet() != b"$":
            pass
        text = b""
        while True:
            one = self.octet()
            if one == b"#":
                break
            text += one
        self.octet(), self.octet()
        if text[:1] == b"W" or text[:1] == b"X":
            raise Ended()  # it does not stay for a confirmation
        self.put(b"+")
        return text.decode()

    def put(self, octets):
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            raise Ended() from None

    def send(self, text):
        octets = text.encode()
        self.put(b"$%s#%02x" % (octets, sum(octets) & 255))

    def ask(self, text):
        self.send(text)
        return self.answer()

    def must(self, text):
        answer = self.ask(text)
        if answer != "OK":
            raise RuntimeError("%s: %s" % (text, answer))

    def registers(self):
        """r0 to r15, then what else there is."""
        octets = bytes.fromhex(self.ask("g"))
        return list(struct.unpack("<16I", octets[:64]))

    def read(self, at, n):
        return bytes.fromhex(self.ask("m%x,%x" % (at, n)))

    def write(self, at, octets):
        self.must("M%x,%x:%s" % (at, len(octets), octets.hex()))

    def breakpoint(self, at):
        self.must("Z1,%x,2" % at)

    def clear(self, at):
        self.must("z1,%x,2" % at)

    def step(self):
        return self.ask("s")

    def go_on(self, seconds=PATIENCE):
        """True: something stopped it. False: not within that time."""
        self.send("c")
        self.socket.settimeout(seconds)
        try:
            self.answer()
            return True
        except socket.timeout:
            return False
        finally:
            self.socket.settimeout(PATIENCE)


class Qemu:
    """A program on the board, that waits for a debugger at its reset."""

    def __init__(self, program, flash, tmp):
        self.path = os.path.join(tmp, "gdb")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen(
            ["timeout", "300", "qemu-system-arm", "-M", "mps2-an385",
             "-display", "none", "-monitor", "none", "-serial", "null",
             "-semihosting-config", "enable=on,target=native",
             "-kernel", program, "-machine", "memory-backend=nor", "-object",
             "memory-backend-file,id=nor,size=16M,share=on,mem-path=" + flash,
             "-S", "-gdb", "unix:%s,server,nowait" % self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.gdb = Gdb(self.path)

    def close(self):
        self.gdb.close()
        # timeout(1) hands this on; killed, it would leave QEMU running.
        self.process.terminate()
        self.process.wait()
