#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bootloaders in QEMU, from a new board to updates, keys and cuts. TAP.

boot_test.py FOLDER     where boot-*.elf are, and test/boot-app-*.bin
"""
import os
import random
import sys
import time

import board
from board import (CONFIRMED, MAP, REFUSED, REVERTED, SECTOR, TRIAL, equal,
                   holds, image, key, keyset, name)
from recovery import IMAGE, KEYSET, Recovery

FOLDER = os.path.abspath(sys.argv[1])
SWAP = board.Program(os.path.join(FOLDER, "boot-swap.elf"))
FULL = board.Program(os.path.join(FOLDER, "boot-full.elf"))
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
    first = app("one")
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


def what_can_be_written_cannot_be_executed(tmp):
    b = provisioned(tmp)
    places = (MAP["MAP_SLOT1"], MAP["MAP_RAM"] + 0x20000, MAP["MAP_LOAD"])
    for at in places:
        start = b.start("call=0x%x" % at)
        equal((start.code, "called" in start.out), (99, False), hex(at))
    open_board = provisioned(tmp, life=False)
    for at in places:
        start = open_board.start("call=0x%x" % at)
        equal((start.code, "called" in start.out), (0, True), hex(at))


def recovery_is_entered_on_request(tmp):
    b = provisioned(tmp)
    start = b.start("recover=1", paint=False)
    equal((start.label, "\n0000\n" in start.out), ("one-----", True),
          "it came to recovery: " + start.out)
    b.start().runs("one-----")


def a_trailer_of_imgtool_asks_for_a_trial_or_for_none(tmp):
    b = provisioned(tmp)
    b.slot(1, app("two"), board.trailer())
    b.start().runs("two-----", TRIAL)
    b.start().runs("one-----", REVERTED)
    b.slot(1, app("three"), board.trailer(confirmed=True))
    equal(b.start().label, "three---", "without a trial")
    b.start().runs("three---")


def a_key_is_revoked_in_the_field(tmp):
    other = key("firmware2")
    b = provisioned(tmp)
    b.put("KEYSET0", keyset(1, [FIRMWARE, other], key("root0")), RANGE)
    b.slot(0, app("one", other))
    old = app("old", FIRMWARE)
    b.slot(1, old)
    wrong = keyset(2, [FIRMWARE], key("firmware"))
    b.put("CANDIDATE", wrong, RANGE)
    b.start("keyset=" + name(wrong)).runs("one-----")
    equal(b.start().fields["epoch"], "1", "a set that no root signed")
    new = keyset(2, [other], key("root1"))
    b.put("CANDIDATE", new, RANGE)
    b.start("keyset=" + name(new)).runs("one-----")
    equal(b.start().runs("one-----").fields["epoch"], "2", "epoch")
    holds(b.get("SLOT1", len(old)) != old, "the other slot was invalidated")
    b.slot(1, old, board.trailer(confirmed=True))
    refuses(b, "an image of the key that was revoked")
    # The old set does not come back, wherever it is put.
    for place in ("KEYSET0", "KEYSET1"):
        b.put(place, keyset(1, [FIRMWARE], key("root0")), RANGE)
    holds(b.start().refused not in (None, "0000"), "an old set")


def no_kill_in_the_middle_of_a_swap_is_fatal(tmp):
    seed = int.from_bytes(os.urandom(4), "little")
    dice = random.Random(seed)
    print("# seed %d" % seed)
    one, two = app("one", size=150000), app("two", size=190000)
    b = provisioned(tmp, one)
    b.slot(1, two)
    b.start("permanent=" + name(two)).runs("one-----")
    kills = 0
    for _ in range(8):
        before = b.get("JOURNAL", RANGE)
        qemu = b.begin()
        while qemu.poll() is None and b.get("JOURNAL", RANGE) == before:
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.03))
        kills += qemu.poll() is None
        b.cut(qemu)
    start = b.start()
    equal((start.code, start.label), (0, "two-----"), "seed %d" % seed)
    equal(b.get("SLOT0", len(two)), two, "slot 0")
    equal(b.get("SLOT1", len(one)), one, "slot 1")
    print("# killed %d times" % kills)
    holds(kills > 0, "one of them came before the end")


def in_place(number, label, slot=None, **more):
    """An image made for a slot, of boot-xip or boot-ram."""
    payload = board.read(os.path.join(FOLDER, "test/boot-app-%s.bin" % (
        slot or "slot%d" % number)))
    return image(payload.replace(b"label:--------", b"label:" + label),
                 FIRMWARE, **more)


def xip_image(number, label, version):
    return in_place(number, label, flags=board.ROM_FIXED,
                    address=MAP["MAP_SLOT%d" % number],
                    version=(version, 0, 0, 0))


def images_run_where_they_are(tmp):
    b = board.Board(board.Program(os.path.join(FOLDER, "boot-xip.elf")), tmp)
    b.slot(0, xip_image(0, b"one-----", 1))
    b.start().runs("one-----")
    two = xip_image(1, b"two-----", 2)
    b.slot(1, two)
    equal(b.start().runs("two-----", TRIAL).fields["slot"], "1", "slot")
    b.start().runs("one-----", REVERTED)
    b.start("install=" + name(two)).runs("one-----")
    b.start("confirm=1").runs("two-----", TRIAL)
    b.start().runs("two-----", CONFIRMED)
    # Made for another slot: it would run where it is not.
    b.slot(1, xip_image(0, b"three---", 3))
    equal(b.start().label, "one-----", "what is made for its slot")


def what_may_change_in_flash_runs_as_a_copy(tmp):
    b = provisioned(tmp)
    b.program = board.Program(os.path.join(FOLDER, "boot-ram.elf"))
    b.slot(0, in_place(0, b"copied--", "ram", flags=board.RAM_LOAD,
                       address=MAP["MAP_LOAD"]))
    b.start().runs("copied--")
    b.slot(0, app("one"))
    holds(b.start().refused not in (None, "0000"), "in place it is refused")


# {1: "SPE", 2: room for the measurement}, as imgtool has it
RECORD = b"\xa2\x01\x63SPE\x02\x58\x20" + bytes(32)
SECOND = image(b"first second" * 99, FIRMWARE, record=RECORD)


def full(tmp):
    """A board with two images, and recovery."""
    b = provisioned(tmp)
    b.program = FULL
    b.put("SECOND_SLOT0", SECOND)
    return b


def two_images_are_swapped_together(tmp):
    b = full(tmp)
    start = b.start().runs("one-----")
    equal(start.records[1], RECORD[:-32].hex() + board.digest(SECOND),
          "boot record of the second image")
    one, other = app("two"), image(b"second second" * 99, FIRMWARE,
                                   version=(2, 0, 0, 0))
    b.slot(1, one)
    b.put("SECOND_SLOT1", other)
    b.start("both=%s+%s" % (name(one), name(other))).runs("one-----")
    start = b.start("confirm=1").runs("two-----", TRIAL)
    equal(start.digests, [board.digest(one), board.digest(other)], "digests")
    b.start().runs("two-----", CONFIRMED)
    equal(b.get("SECOND_SLOT0", len(other)), other, "the second image")


def recovery_brings_keys_and_images_to_a_board_without(tmp):
    b = board.Board(FULL, tmp)
    b.put("LIFECYCLE", bytes(4))
    keys = keyset(3, [FIRMWARE], key("root0"))
    with Recovery(b) as line:
        equal(line.hello(), (1, 2, 512, 0, 0x5a96693c), "without keys")
        line.send(KEYSET, keyset(3, [FIRMWARE], FIRMWARE), status=None)
        line.send(KEYSET, keys)
        line.send(IMAGE, app("bad", key("firmware2")), status=None)
        line.send(IMAGE, SECOND, 1)
        line.send(IMAGE, app("sent"))
        equal(line.hello()[3], 3, "the epoch of what was sent")
        out = line.reset()
    holds("app sent----" in out, "it runs after the reset: " + out)


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
        what_can_be_written_cannot_be_executed,
        recovery_is_entered_on_request,
        a_trailer_of_imgtool_asks_for_a_trial_or_for_none,
        a_key_is_revoked_in_the_field,
        no_kill_in_the_middle_of_a_swap_is_fatal,
        images_run_where_they_are,
        what_may_change_in_flash_runs_as_a_copy,
        two_images_are_swapped_together,
        recovery_brings_keys_and_images_to_a_board_without,
    ])



main()
