# SPDX-License-Identifier: Apache-2.0
"""birthmark image send, to a device that is written here: docs/recovery.md a
second time, with a line that loses and damages what goes over it.

    recovery_test.py BIRTHMARK
"""
import os
import struct
import tempfile
import threading
import tty
import zlib

import cli
from cli import contains, equal

IMAGE = "app.bin"
HELLO, BEGIN, DATA, END, RESET = range(1, 6)
ORDER, SIZE, SIGNATURE = 0x2603, 0x2604, 0x230b


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


def send(device, *more, file=IMAGE):
    try:
        return cli.run("image", "send", "--port", device.port, *more, file)
    finally:
        device.close()


def image(behind=b""):
    """An image of 3,000 octets; who signed it is the device's to find out."""
    payload = bytes(range(256)) * 11 + bytes(184)
    head = struct.pack("<IIHHIIBBHII", 0x96f3b83d, 0, 32, 0, len(payload), 0,
                       1, 2, 3, 4, 0)
    tlvs = b"".join(struct.pack("<HH", kind, len(value)) + value
                    for kind, value in ((0x10, bytes(32)), (0x01, bytes(32)),
                                        (0x22, b"\x30\x06\2\1\1\2\1\1")))
    whole = head + payload + struct.pack("<HH", 0x6907, 4 + len(tlvs)) + tlvs
    cli.write(IMAGE, whole + behind)
    return whole


def test_an_image_arrives_whole_and_the_device_starts_again():
    want = image()
    device = Device()
    code, _, err = send(device)
    equal(code, 0, err)
    equal(device.got, want)
    equal(device.what, 0)
    equal(device.kinds[-2:], [END, RESET])
    contains(err, "image is verified")


def test_a_device_may_be_left_in_recovery():
    image()
    device = Device()
    equal(send(device, "--stay")[0], 0)
    equal(device.kinds[-1], END)


def test_what_is_behind_the_image_is_not_sent():
    want = image(behind=b"\xff" * 5000)
    device = Device()
    code, _, err = send(device)
    equal(code, 0, err)
    equal(device.got, want)


def test_a_line_that_loses_and_damages_is_lived_with():
    want = image()
    for what in ("deaf", "mute", "damage"):
        device = Device(trouble=lambda n, kind, w=what: w if n == 3 else None,
                        noise=b"log: \xa5 \xa5\x5a\xff\xff\xff\xff\r\n")
        code, _, err = send(device)
        equal(code, 0, what + err)
        equal(device.got, want, what)


def test_what_the_device_refuses_is_told_and_fails():
    image()
    device = Device(verdict=SIGNATURE)
    code, _, err = send(device)
    equal(code, 1)
    contains(err, "signature is wrong")
    equal(device.kinds[-1], END)


def test_an_image_that_is_too_large_is_not_begun():
    image()
    device = Device(slot=64)
    code, _, err = send(device)
    equal(code, 1)
    contains(err, "does not fit into the slot")
    equal(device.kinds, [HELLO])


def test_what_is_no_image_is_not_sent():
    device = Device()
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"no image" * 100)
        f.flush()
        code, _, err = send(device, file=f.name)
    equal(code, 1)
    contains(err, "magic")
    equal(device.kinds, [])


def test_wrong_use_is_told():
    image()
    for words, code, says in (
            ((), 2, "--port"),
            (("--port", "/dev/null"), 1, "/dev/null"),
            (("--port", "/nowhere"), 1, "/nowhere"),
            (("--port", "/dev/null", "--baud", "7"), 2, "--baud"),
            (("--port", "/dev/null", "--image", "9"), 2, "--image")):
        got, _, err = cli.run("image", "send", *words, IMAGE)
        equal(got, code, err)
        contains(err, says)


cli.main()
