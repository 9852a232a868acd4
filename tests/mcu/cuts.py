# SPDX-License-Identifier: Apache-2.0
"""The power goes: in the n-th operation of flash, which is torn, for each n of
each window in which something is committed; and at any instant. Whenever it
went, the device comes back with an identity that its servers take and with an
image that boots, and nothing was issued twice.

MCU_CUTS=all takes every n, of an image's octets every sixteenth; else it is a
few, chosen by a seed that is printed.
"""
import os
import random
import time

from birth import claimed
from policy import PEERS, adopt, offer
from service import contains, equal, holds, wait_until
from stage import REFRESH, STAGE
from updates import (REFUSED, REVERTED, TAKEN, release, told, unsigned,
                     until_told)
from world import BIRTH

from node import POWER_CUT

ALL = os.environ.get("MCU_CUTS") == "all"
KILLS = 20 if ALL else 4
SAMPLE = 3
SEED = int(os.environ.get("MCU_SEED", int.from_bytes(os.urandom(4), "big")))
DICE = random.Random(SEED)

# Operations of flash that only carry octets of an image, of which there are
# hundreds: every so many of them is cut even where all are to be.
STRIDE = 16


# What the next policy has beside the one before.
MORE = "{name: telnet, direction: in, protocol: tcp, port: 23, verdict: drop}"


def points(operations, dense):
    """Where to cut a window of so many operations: each of the first and last
    `dense`, and some in between; or a sample."""
    every = [n for n in range(1, operations + 1)
             if n <= dense or n > operations - dense or n % STRIDE == 0]
    if ALL:
        return every
    # Another start may take some fewer: a sample stays below that.
    every = [n for n in every if n <= operations * 9 // 10]
    return sorted(DICE.sample(every, min(SAMPLE, len(every))))


def cut(n, at, *words):
    """One start that ends with the power cut in operation `at`; false where the
    node came to its end before that."""
    tear = DICE.randrange(0, 4096)
    start = n.run("cut=%d" % at, "tear=%d" % tear, *words, want=None)
    holds(start.process.returncode in (0, POWER_CUT),
          "cut=%d tear=%d, seed %d: exit code %s\n%s" % (
              at, tear, SEED, start.process.returncode, start.text()[-3000:]))
    return start.process.returncode == POWER_CUT


def operations(n, *words):
    """How many operations of flash a start takes, to its end."""
    start = n.run("count=1", *words)
    return int(start.seen("flash")[-1].fields["operations"])


def report(window, cuts, of):
    print("# %s: cut %d times, of %d operations; every time it came back" %
          (window, cuts, of))


def one_of_each(name):
    """What is on record: born once, and one identity in force."""
    rows = STAGE.site.certificates(name)
    born = [r for r in rows if r["profile"] == BIRTH]
    valid = [r for r in rows if r["profile"] != BIRTH and
             r["status"] == "valid"]
    equal((len(born), len(valid)), (1, 1), "%s, seed %d: %r" % (name, SEED,
                                                              rows))
    return rows


def test_power_cuts_in_enrolment():
    print("# seed %d" % SEED)
    n = STAGE.node("cut-0")
    count = operations(n, "until=active")
    n.remove()
    cuts = 0
    for at in points(count, count if ALL else 40):
        name = "cut-%d" % at
        n = STAGE.node(name)
        cuts += cut(n, at, "until=active")
        n.run("until=report")
        equal(len(one_of_each(name)), 2, "nothing was issued twice")
        equal(STAGE.site.state(name), "active")
        contains(claimed(name), "place=flash noise=")
        n.remove()
    report("enrolment", cuts, count)
    holds(cuts > 0, "the power was cut")


def test_power_cuts_in_renewal():
    n = STAGE.active("cut-r", profile="early")
    count = operations(n, "now=renew", "until=renewed")
    cuts = 0
    for at in points(count, count):
        before = one_of_each(n.name)
        cuts += cut(n, at, "now=renew", "until=renewed")
        n.run("now=renew", "until=renewed")
        after = one_of_each(n.name)
        # That one, and where it was not cut before its proof, this one.
        holds(len(after) - len(before) in (1, 2), after)
    n.run("until=report")
    report("renewal", cuts, count)
    holds(cuts > 0, "the power was cut")
    n.remove()


def comes_to(n, name, version):
    """However it was left: the version of that release runs in the end, and
    reports."""
    with n.begin() as start:
        start.wait("started", version=version, patience=120)
        until_told(name, TAKEN)
        start.wait("report", via="https")


class Updates:
    """One update after the other of one node."""

    def __init__(self, node):
        self.node = node
        self.number = 0
        self.version = "1.0.0"  # that is confirmed

    def next(self):
        """The next one is assigned: name of the release, version."""
        self.number += 1
        name = "%s-%d" % (self.node.name, self.number)
        # A digit each: the size of an image is that of the first.
        text = "%d.%d.%d" % (1 + self.number // 100, self.number // 10 % 10,
                             self.number % 10)
        release(name, self.node.name, STAGE.maker.image(text))
        return name, text

    def came(self, name, text):
        comes_to(self.node, name, text)
        one_of_each(self.node.name)
        equal(told(name)[TAKEN], 1, "it is taken once")
        self.version = text

    def came_or_went(self, name, text):
        """A trial that was cut short is taken back, and that is told."""
        with self.node.begin() as start:
            wait_until("%s: taken or taken back is on record" % name, lambda:
                       told(name)[TAKEN] + told(name)[REVERTED] == 1, 120)
            if told(name)[TAKEN]:
                self.version = text
            start.wait("report", via="https")
            equal(start.seen("started")[-1].fields["version"], self.version)
        equal(told(name)[TAKEN] + told(name)[REVERTED], 1, "one of them")
        one_of_each(self.node.name)


def test_power_cuts_in_an_update():
    """While it is fetched; and from its first start on, until it is confirmed
    and reports."""
    n = STAGE.active("cut-u")
    updates = Updates(n)
    named = updates.next()
    fetching = operations(n, "until=restarting")
    trying = operations(n, "until=report")
    updates.came(*named)
    cuts = 0
    for at in points(fetching, 24):
        named = updates.next()
        cuts += cut(n, at, "until=restarting")
        updates.came(*named)
    report("update", cuts, fetching)
    holds(cuts > 0, "the power was cut")
    cuts = 0
    for at in points(trying, trying):
        named = updates.next()
        n.run("until=restarting")
        cuts += cut(n, at, "until=report")
        updates.came_or_went(*named)
    report("trial and confirmation", cuts, trying)
    holds(cuts > 0, "the power was cut")
    n.remove()


def test_power_cuts_before_a_refusal_is_told():
    """The bootloader says once what it refuses, at a start whose power may
    go before the node has kept it."""
    n = STAGE.active("cut-n")
    release("unheard", n.name, unsigned("1.0.3"))
    n.run("until=restarting")
    flash = n.copy()
    count = operations(n, "until=update")
    for at in range(1, count + 1):
        n.restore(flash)
        holds(cut(n, at, "until=update"), "the power was cut")
        holds(n.run("until=update").seen("update refused"), "cut=%d" % at)
    with n.begin() as start:
        start.wait("update refused")
        until_told("unheard", REFUSED)
    report("refusal", count, count)
    n.remove()


class Policies:
    """A node with a policy of its owner's, and a next one that is offered; each
    cut begins from the same flash."""

    def __init__(self, name, *words, **how):
        self.node, self.words = STAGE.active(name), words
        with self.node.begin() as start:
            self.old, _ = adopt(self.node, start, PEERS)
            until_told("policy-%d" % self.old, TAKEN)
        self.new, _ = offer(self.node, PEERS, MORE, **how)
        self.flash = self.node.copy()

    def in_force(self):
        """At a start, before anything is tried."""
        start = self.node.run("until=firewall")
        return int(start.seen("firewall")[0].fields["version"])

    def sweep(self, window, end, goes_on):
        """Cut between here and the event `end`; whatever was cut, one of the
        two is in force when the node comes back, and `goes_on` says how it has
        to go on."""
        n, words = self.node, self.words
        count = operations(n, *words, "until=" + end)
        cuts = 0
        for at in points(count, count):
            n.restore(self.flash)
            cuts += cut(n, at, *words, "until=" + end)
            holds(self.in_force() in (self.old, self.new), "cut=%d" % at)
            with n.begin(*words) as start:
                goes_on(start, int(start.wait("firewall").fields["version"]))
                holds(not start.seen("failed", what="policy"), start.text())
        report(window, cuts, count)
        holds(cuts > 0, "the power was cut")


def test_power_cuts_on_the_way_to_a_policy():
    """Fetched, tried, confirmed: the node is behind the old one or the new
    one, and in the end behind the new one."""
    print("# seed %d" % SEED)
    p = Policies("cut-p")

    def goes_on(start, version):
        if version == p.old:
            start.wait("policy confirmed", version=p.new, patience=120)
        start.wait("report", via="https")
        start.cut()
        equal(p.in_force(), p.new)

    p.sweep("policy", "policy_confirmed", goes_on)
    p.node.remove()


def test_power_cuts_on_the_way_back_from_a_policy():
    """One that locks the node out: the node is behind the old one at each start,
    and after the trial."""
    print("# seed %d" % SEED)
    p = Policies("cut-b", "trial=1", owner=False)

    def goes_on(start, version):
        equal(version, p.old)
        start.wait("report", via="https", patience=120)
        end = time.monotonic() + 4 * REFRESH
        while time.monotonic() < end or (
                start.seen("policy trial") and
                not start.seen("policy reverted")):
            holds(start.process.poll() is None, start.text())
            time.sleep(0.05)
            if start.seen("policy reverted"):
                break
        holds(len(start.seen("policy trial")) <= 1, "it is tried once")
        start.cut()
        equal(p.in_force(), p.old)

    p.sweep("policy that is taken back", "policy_reverted", goes_on)
    p.node.remove()


def killed(n, seconds, *words):
    """Switched off after so long, if it has not ended by itself."""
    with n.begin(*words) as start:
        end = time.monotonic() + seconds
        while time.monotonic() < end and start.process.poll() is None:
            time.sleep(0.002)
        return start.process.poll() is None


def test_kills_at_any_instant():
    print("# seed %d" % SEED)
    kills = 0
    for i in range(KILLS // 2):
        n = STAGE.node("kill-%d" % i)
        kills += killed(n, DICE.uniform(0.1, 3))
        n.run("until=report")
        equal(len(one_of_each(n.name)), 2, "nothing was issued twice")
        n.remove()
    n = STAGE.active("kill-u")
    for i in range(KILLS - KILLS // 2):
        text = "1.%d.%d" % (1 + i // 10, i % 10)
        release("kill-%d" % i, n.name, STAGE.maker.image(text))
        kills += killed(n, DICE.uniform(0.1, 6))
        comes_to(n, "kill-%d" % i, text)
        one_of_each(n.name)
    n.remove()
    print("# killed %d times; every time it came back" % kills)
    holds(kills > 0, "somebody was killed")
