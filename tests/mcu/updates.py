# SPDX-License-Identifier: Apache-2.0
"""Firmware on its way to a device: taken, refused, taken back, interrupted."""
import os

from service import equal, holds, read, wait_until, write
from stage import STAGE

import node as nodes
import world

# A connection with more octets from the server carried a part of an image.
PART = 20000

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


def test_what_nobody_signed_does_not_boot():
    maker = STAGE.maker
    image = bytearray(read(maker.image("1.0.3")))
    # The whole signature, and nothing else: zeros.
    image[-64:] = bytes(64)
    refused(STAGE.made["u1"], "unsigned", write("unsigned.img", bytes(image)))
    refused(STAGE.made["u1"], "stranger", maker.image("1.0.3", "other"))


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
