#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""boot-swap in QEMU, from a new board to updates, keys and cuts. TAP.

boot_test.py FOLDER     where boot-*.elf are, and test/boot-app-*.bin
"""
import os
import random
import sys

import board
from board import (CONFIRMED, MAP, REFUSED, REVERTED, SECTOR, TRIAL, equal,
                   holds, image, key, keyset, name)

FOLDER = os.path.abspath(sys.argv[1])
SWAP = board.Program(os.path.join(FOLDER, "boot-swap.elf"))
APP = board.read(os.path.join(FOLDER, "test/boot-app-slot0.bin"))
FIRMWARE = key("firmware")
RANGE = 2 * SECTOR  # of everything but slots


def app(label, pem=FIRMWARE, size=0, **more):
    """An image of the application; of the same label, always the same."""
    payload = APP.replace(b"label:--------", b"label:" + label.encode()
                          .ljust(8, b"-"))
    holds(payload != APP, "the label was put in")
    payload += random.Random(label).randbytes(max(0, size - len(payload)))
    return image(payload, pem, **more)


def provisioned(tmp, first=None, life=True):
    """A board with a key set and a first image, as it leaves its maker."""
    b = board.Board(SWAP, tmp)
    b.put("KEYSET0", keyset(1, [FIRMWARE], key("root0")), RANGE)
    b.slot(0, first or app("one"))
    if life:
        b.put("LIFECYCLE", bytes(4))
    return b


def refuses(b, what):
    """The next start refuses what is in slot 1."""
    start = b.start()
    equal((start.label, start.code), ("one-----", 0), what)
    equal(start.number("event"), REFUSED, what)
    holds(start.fields["refusal"] != "0000", what + ": why is said")


def a_board_without_anything_starts_nothing(tmp):
    start = board.Board(SWAP, tmp).start()
    equal(start.label, None, "what runs")
    holds(start.refused not in (None, "0000"), "why is said: " + start.out)


def a_board_without_an_image_starts_nothing(tmp):
    b = provisioned(tmp)
    b.slot(0, b"")
    holds(b.start().refused not in (None, "0000"), "why is said")


def the_first_image_starts_every_time(tmp):
    first = app("one", record=b"\xa0")
    b = provisioned(tmp, first)
    for _ in range(2):
        start = b.start().runs("one-----")
        equal(start.digests[0], board.digest(first), "digest")
        equal(start.number("epoch"), 1, "epoch")


def an_update_is_tried_and_confirmed(tmp):
    b = provisioned(tmp)
    two = app("two", size=40000)
    b.slot(1, two)
    b.start("install=" + name(two)).runs("one-----")
    b.start("confirm=1").runs("two-----", TRIAL)
    b.start().runs("two-----", CONFIRMED)
    b.start().runs("two-----")
    equal(b.get("SLOT0", len(two)), two, "slot 0")


def an_update_that_is_not_confirmed_is_taken_back(tmp):
    first = app("one", size=30000)
    b = provisioned(tmp, first)
    two = app("two")
    b.slot(1, two)
    b.start("install=" + name(two)).runs("one-----")
    b.start().runs("two-----", TRIAL)
    b.start().runs("one-----", REVERTED)
    b.start().runs("one-----")
    equal(b.get("SLOT0", len(first)), first, "slot 0")


def the_application_brings_an_update_itself(tmp):
    b = provisioned(tmp)
    two = app("two")
    path = os.path.join(tmp, "update.bin")
    with open(path, "wb") as f:
        f.write(two)
    b.start("load=" + path, "install=" + name(two)).runs("one-----")
    b.start("confirm=1").runs("two-----", TRIAL)
    b.start().runs("two-----", CONFIRMED)


def an_older_image_is_refused(tmp):
    b = provisioned(tmp, app("one", counter=3))
    b.start("confirm=1").runs("one-----")
    b.start().runs("one-----")
    old = app("old", counter=2)
    b.slot(1, old, board.trailer(confirmed=True))
    refuses(b, "an older one")
    # Nor does it run where somebody puts it into slot 0.
    b.slot(0, old)
    b.slot(1, b"")
    holds(b.start().refused not in (None, "0000"), "refused")


def what_was_tampered_with_is_refused(tmp):
    b = provisioned(tmp)
    good = app("two", counter=1)
    for at in (20, board.HEADER_SIZE, len(good) // 2, len(good) - 1):
        bad = bytearray(good)
        bad[at] ^= 1
        b.slot(1, bytes(bad), board.trailer(confirmed=True))
        refuses(b, "octet %d" % at)


def what_somebody_else_signed_is_refused(tmp):
    b = provisioned(tmp)
    for pem in ("firmware2", "root0", "rescue"):
        other = app("two", key(pem))
        b.slot(1, other, board.trailer(confirmed=True))
        refuses(b, pem)


def the_life_cycle_is_told(tmp):
    b = provisioned(tmp, life=False)
    equal(b.start().runs("one-----").fields["life"], "3c5a9669", "open")
    b.put("LIFECYCLE", bytes(4))
    equal(b.start().runs("one-----").fields["life"], "5a96693c",
          "provisioned")
    b.put("LIFECYCLE", bytes(4) + b"\xfe\xff\xff\xff")
    equal(b.start().runs("one-----").fields["life"], "69963c5a", "closed")


def what_is_the_bootloaders_cannot_be_written(tmp):
    b = provisioned(tmp)
    for where in ("CODE", "JOURNAL", "KEYSET0", "KEYSET1", "COUNTERS",
                  "SCRATCH", "LIFECYCLE", "SLOT0"):
        start = b.start("poke=0x%x" % (MAP["MAP_" + where] + 4))
        equal(start.code, 99, where + ": a fault")
        holds("poked" not in start.out, where)
    for where in ("MAILBOX", "CANDIDATE", "SLOT1"):
        start = b.start("poke=0x%x" % MAP["MAP_" + where])
        equal((start.code, "poked" in start.out), (0, True), where)
    # In development nothing is locked, and the test above means something.
    open_board = provisioned(tmp, life=False)
    equal(open_board.start("poke=0x%x" % MAP["MAP_SCRATCH"]).code, 0, "open")


def recovery_is_entered_on_request(tmp):
    b = provisioned(tmp)
    start = b.start("recover=1", paint=False)
    equal((start.label, "\n0000\n" in start.out), ("one-----", True),
          "it came to recovery: " + start.out)
    b.start().runs("one-----")


def main():
    board.main([
        a_board_without_anything_starts_nothing,
        a_board_without_an_image_starts_nothing,
        the_first_image_starts_every_time,
        an_update_is_tried_and_confirmed,
        an_update_that_is_not_confirmed_is_taken_back,
        the_application_brings_an_update_itself,
        an_older_image_is_refused,
        what_was_tampered_with_is_refused,
        what_somebody_else_signed_is_refused,
        the_life_cycle_is_told,
        what_is_the_bootloaders_cannot_be_written,
        recovery_is_entered_on_request,
    ])


main()
