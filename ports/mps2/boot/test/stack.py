#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How deep a bootloader's stack gets: stack.py FOLDER NAME

FOLDER is where NAME.elf is, and test/boot-app-*.bin. Its RAM is painted, then
it starts, updates, confirms, takes back and learns a new key set; after each
start the application looks how much of the paint is left. Where there is a
recovery, it is sent keys and images, good and bad, and its RAM is looked at from
outside. Prints the octets.
"""
import os
import sys
import tempfile

import board
from board import image, key, keyset, name
from recovery import IMAGE, KEYSET, Recovery

FOLDER, NAME = sys.argv[1:3]
APPS = ("slot0", "slot1") if "xip" in NAME else ("slot0", "slot0")


def app(number, label, pem):
    payload = board.read(os.path.join(FOLDER, "test",
                                      "boot-app-%s.bin" % APPS[number]))
    where = board.MAP["MAP_SLOT1" if APPS[number] == "slot1" else "MAP_SLOT0"]
    return image(payload.replace(b"label:---", b"label:" + label), pem,
                 version=(number + 1, 0, 0, 0), counter=number + 1,
                 flags=board.ROM_FIXED, address=where)


def recover(program, keys):
    """A board that has nothing, then all; then recovery is asked for."""
    with tempfile.TemporaryDirectory() as tmp:
        b = board.Board(program, tmp)
        b.put("LIFECYCLE", bytes(4))
        with Recovery(b) as line:
            line.send(KEYSET, keyset(1, keys, keys[0]), status=None)
            line.send(KEYSET, keyset(1, keys, key("root0")))
            line.send(IMAGE, image(b"second" * 999, keys[1]), 1)
            line.send(IMAGE, app(0, b"bad", key("root0")), status=None)
            line.send(IMAGE, app(0, b"one", keys[0]))
            line.reset()
        with Recovery(b, wanted=True) as line:
            line.send(KEYSET, keyset(2, keys, key("rescue")))
            line.send(IMAGE, app(1, b"two", keys[1]))
        b.close()


def main():
    keys = [key("firmware"), key("firmware2")]
    program = board.Program(os.path.join(FOLDER, NAME + ".elf"))
    if "full" in NAME:
        recover(program, keys)
    with tempfile.TemporaryDirectory() as tmp:
        b = board.Board(program, tmp)
        b.put("KEYSET0", keyset(1, keys, key("root0")), 2 * board.SECTOR)
        b.put("LIFECYCLE", bytes(4))
        b.slot(0, app(0, b"one", keys[0]))
        if "full" in NAME:
            b.put("SECOND_SLOT0", image(b"second" * 999, keys[0]))
        for label, words in ((b"two", ()), (b"tri", ("confirm=1",))):
            update = app(1, label, keys[1])
            b.slot(1, update)
            b.start("install=" + name(update))
            b.start(*words)
            b.start()
        new = keyset(2, keys[1:], key("root1"))
        b.put("CANDIDATE", new, 2 * board.SECTOR)
        b.start("keyset=" + name(new))
        b.start()
        b.close()
    print(board.Board.deepest)


main()
