# SPDX-License-Identifier: Apache-2.0
"""birthmark image send, to a device that is written here: docs/recovery.md a
second time, with a line that loses and damages what goes over it.

    recovery_test.py BIRTHMARK
"""
import struct
import tempfile

import cli
from cli import contains, equal
from recovery_device import END, HELLO, RESET, Device

IMAGE = "app.bin"
SIGNATURE = 0x230b


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
