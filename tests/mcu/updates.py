# SPDX-License-Identifier: Apache-2.0
"""Firmware on its way to a device: taken, refused, taken back, interrupted."""
import os

from service import equal, holds, read, wait_until, write
from stage import STAGE

import node as nodes
import world

# A connection with more octets from the server carried a part of an image.
PART = 20000

# core/status.h: not signed by a key that counts
NO_KEY = "0x230a"

TRIED, TAKEN, REVERTED, REFUSED = "tried", "taken", "reverted", "refused"


def release(name, device, image=None, keyset=None):
    """Made, and assigned to one device."""
    site = STAGE.site
    more = ["--firmware", image] if image else []
    more += ["--keyset", keyset] if keyset else []
    site.command("release", "create", name, *more)
    site.command("release", "assign", name, "--device", device)


def told(name):
    """What devices say of a release, as the operator is shown it."""
    items = STAGE.site.objects("release", "status", name)[0]["assignments"][0][
        "items"]
    return {kind: sum(item[kind] for item in items)
            for kind in ("fetched", TRIED, TAKEN, REVERTED, REFUSED)}


def until_told(name, kind):
    wait_until("%s: %s is on record" % (name, kind),
               lambda: told(name)[kind] == 1)


def test_a_good_update_is_fetched_tried_and_confirmed():
    n = STAGE.active("u1")
    release("good", "u1", STAGE.maker.image("1.0.1"))
    with n.begin() as start:
        start.wait("update fetched", patience=120)
        start.wait("started", version="1.0.1", event="trial")
        start.wait("update confirmed")
        until_told("good", TAKEN)
    start = n.run("until=started")
    equal(start.seen("started")[0].fields["version"], "1.0.1")
    equal(told("good"), {"fetched": 1, TRIED: 1, TAKEN: 1, REVERTED: 0,
                         REFUSED: 0})
    STAGE.made["u1"] = n


def refused(n, name, image):
    """What a release brings is refused, told, and what ran goes on."""
    release(name, n.name, image)
    with n.begin() as start:
        start.wait("update refused", patience=120)
        start.wait("report", via="https")
        until_told(name, REFUSED)
    start = n.run("until=started")
    equal(start.seen("started")[0].fields["version"], "1.0.1", name)


def test_what_was_tampered_with_does_not_boot():
    n = STAGE.made["u1"]
    good = bytearray(read(STAGE.maker.image("1.0.2")))
    good[len(good) // 2] ^= 1
    refused(n, "tampered", write("tampered.img", bytes(good)))


def unsigned(version):
    """The path of an image of that version, its signature all zeros."""
    image = read(STAGE.maker.image(version))
    return write("unsigned-%s.img" % version, image[:-64] + bytes(64))


def test_what_nobody_signed_does_not_boot():
    refused(STAGE.made["u1"], "unsigned", unsigned("1.0.3"))
    refused(STAGE.made["u1"], "stranger",
            STAGE.maker.image("1.0.3", "other"))


def test_what_is_older_does_not_boot():
    refused(STAGE.made["u1"], "older", STAGE.maker.image("1.0.0"))


def test_what_does_not_confirm_is_taken_back():
    """A program that is signed, and does nothing that it should."""
    n = STAGE.made["u1"]
    dud = STAGE.maker.image("1.0.4", program=os.path.join(
        STAGE.maker.folder, "ports/mps2/boot/test/boot-app-slot0.bin"))
    release("dud", "u1", dud)
    start = n.run()  # the dud ends the emulator
    holds("app " in start.text(), "it ran on trial:\n" + start.text())
    with n.begin() as start:
        start.wait("started", version="1.0.1", event="reverted")
        start.wait("update reverted")
        until_told("dud", REVERTED)
        start.wait("report", via="https")


def test_a_device_whose_events_nobody_takes_is_updated():
    """The wire is dead from when it has the whole of it until it runs."""
    relay = world.Relay(STAGE.site.ports["devices"])
    with relay:
        n = STAGE.active("u3", owner=world.HOST + ":%d/%s" % (relay.port,
                                                            world.NODE))
        release("unheard-of", "u3", STAGE.maker.image("1.0.1"))
        with n.begin() as start:
            relay.lose = lambda *_: (start.seen("update fetched") and
                                     not start.seen("started", event="trial"))
            start.wait("restarting", patience=180)
            start.wait("started", version="1.0.1", event="trial")
            start.wait("update confirmed", patience=120)
            until_told("unheard-of", TAKEN)
        holds(relay.lost > 0, "connections broke")
    n.remove()


def test_the_makers_next_key_takes_the_place_of_the_one_before():
    """A set that knows both, with firmware by the new key in one release; then
    one that knows the new key alone: the old one signs nothing any more. (One
    that does not know who signed what runs is refused: docs/key-set.md.)"""
    maker = STAGE.maker
    n = STAGE.active("u4")
    release("both", "u4", maker.image("1.0.5", "other"),
            maker.keyset(2, "firmware", "other"))
    with n.begin() as start:
        start.wait("keyset", epoch=2, patience=120)
        start.wait("started", version="1.0.5", event="trial")
        start.wait("update confirmed", patience=120)
        wait_until("both are taken", lambda: told("both")[TAKEN] == 2)
        release("alone", "u4", keyset=maker.keyset(3, "other"))
        start.wait("keyset", epoch=3, patience=120)
        until_told("alone", TAKEN)
    equal((told("both")[REFUSED], told("alone")[REFUSED]), (0, 0))
    release("late", "u4", maker.image("1.0.6"))
    with n.begin() as start:
        start.wait("update refused", patience=120, status=NO_KEY)
        start.wait("report", via="https")
        until_told("late", REFUSED)
    start = n.run("until=started")
    equal(start.seen("started")[0].fields["version"], "1.0.5")
    n.remove()


def test_a_download_goes_on_where_it_was_cut():
    """The wire breaks in the middle; what comes then is the rest."""
    site = STAGE.site
    size = os.path.getsize(STAGE.maker.image("1.0.1"))
    relay = world.Relay(site.ports["devices"])

    def lose(_number, octets):
        return relay.lost == 0 and octets > size // 2
    with relay:
        n = STAGE.active("u2", owner=world.HOST + ":%d/%s" % (relay.port,
                                                            world.NODE))
        release("resumed", "u2", STAGE.maker.image("1.0.1"))
        relay.lose = lose
        with n.begin() as start:
            start.wait("update fetched", patience=180)
            start.wait("started", version="1.0.1")
        equal(relay.lost, 1, "broken connections")
        parts = [n for n in relay.octets.values() if n > PART]
    # By what the wire has seen. What was under way when it broke comes again.
    holds(len(parts) == 2 and parts[1] < size * 3 // 4,
          "%s octets for %d" % (parts, size))
    print("# %s octets for an image of %d" % (parts, size))
    n.remove()
