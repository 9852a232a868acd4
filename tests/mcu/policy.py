# SPDX-License-Identifier: Apache-2.0
"""Policies of the firewall, on their way to a node and in force on it."""
import itertools
import subprocess
import time

import world
from node import user_net
from service import equal, free_port, holds, wait_until
from stage import PEER_PORT, REFRESH, STAGE
from updates import REFUSED, REVERTED, TAKEN, TRIED, told, until_told

# core/status.h
FLOOR, TAKEN_BACK = "0x00002a03", "0x00002a10"

# Each story gives its node newer ones.
VERSIONS = itertools.count(5)

PEERS = ("{name: peers, direction: in, protocol: tcp, port: %d, peer: subnet, "
         "verdict: allow}" % PEER_PORT)
TELNET = ("{name: telnet, direction: in, protocol: tcp, port: %d, "
          "verdict: drop, log: count}" % PEER_PORT)


def answers(port):
    """Does the node answer whoever speaks TLS to it? (QEMU's network accepts
    for it, whatever it does.)"""
    try:
        return b"BEGIN CERTIFICATE" in subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=3, check=False).stdout
    except subprocess.TimeoutExpired:
        return False


def heard(name, kind, words=""):
    """What a device has told of that kind, with these words in it."""
    return [e["text"] for e in STAGE.site.events(name)
            if e["event"] == kind and words in e["text"]]


def reports(start):
    """Readings go on."""
    before = len(start.seen("report", via="https"))
    start.wait("report", via="https", count=before + 1)


def guarded():
    """A node that nobody else looks at, the port here that leads to its own,
    and words for its network."""
    port = free_port()
    return (STAGE.get("f1", lambda: STAGE.active("f1")), port,
            user_net((port, PEER_PORT)))


def offer(n, *rules, **how):
    """The next policy, in a release of its own: (version, name of that)."""
    version = next(VERSIONS)
    name = "policy-%d" % version
    STAGE.deliver(n, name, STAGE.policy(version, *rules, **how))
    return version, name


def adopt(n, start, *rules, **how):
    version, name = offer(n, *rules, **how)
    start.wait("policy confirmed", version=version)
    return version, name


def test_what_a_policy_does_not_name_is_not_answered():
    """Before one was delivered, nobody is; then whom it names; and who is not
    named any more is dropped and told of, while readings go on."""
    n = STAGE.active("f0")
    port = free_port()
    with n.begin(net=user_net((port, PEER_PORT))) as start:
        start.wait("report", via="https")
        holds(not answers(port), "the built-in policy lets nobody in")
        adopt(n, start, PEERS)
        wait_until("it answers", lambda: answers(port))
        _, closed = adopt(n, start, TELNET)
        holds(not answers(port), "it is closed again")
        reports(start)
        wait_until("it is on record", lambda: heard(
            "f0", "dropped", "rule=telnet peer=10.0.2.2"))
        until_told(closed, TAKEN)
    equal(told(closed), {"fetched": 1, TRIED: 1, TAKEN: 1, REVERTED: 0,
                         REFUSED: 0})
    holds(heard("f0", "dropped", "why=default"), "and before, too")
    n.remove()


def test_a_policy_is_in_force_from_the_first_frame_of_a_start():
    n, port, net = guarded()
    with n.begin(net=net) as start:
        adopt(n, start, PEERS)
    with n.begin(net=net) as start:
        start.wait("report", via="https")
        wait_until("it answers", lambda: answers(port))
        holds(not start.seen("policy"), "there is nothing to say of it")


def test_a_policy_that_locks_the_node_out_is_taken_back_once():
    n, port, net = guarded()
    with n.begin(net=net) as start:
        before, _ = adopt(n, start, PEERS)
    with n.begin("trial=5", net=net) as start:
        version, name = offer(n, owner=False)
        start.wait("policy trial", version=version)
        start.wait("policy reverted", version=before)
        until_told(name, REVERTED)
        reports(start)
        wait_until("it answers as before", lambda: answers(port))
        equal(len(start.seen("policy trial", version=version)), 1)
    with n.begin(net=net) as start:
        reports(start)
        holds(not start.seen("policy"), "it is not tried again")
        equal(told(name), {"fetched": 1, TRIED: 1, TAKEN: 0, REVERTED: 1,
                           REFUSED: 0})
        # Nor when it is taken away and assigned anew.
        STAGE.site.command("release", "assign", name, "--device", n.name,
                           "--percent", "0")
        time.sleep(2 * REFRESH + 1)
        STAGE.site.command("release", "assign", name, "--device", n.name)
        until_told(name, REFUSED)
        holds(heard(n.name, "refused", TAKEN_BACK), "why")
        holds(not start.seen("policy trial"), start.text())


def test_nobody_who_keeps_the_node_from_its_server_gets_a_laxer_policy():
    """One with a floor of its own has no way back: it stays, whatever time
    goes by, until the server is reached."""
    port = free_port()
    with world.Relay(STAGE.site.ports["devices"]) as relay:
        n = STAGE.active("f2", owner=world.HOST + ":%d/%s" % (relay.port,
                                                              world.NODE))
        net = user_net((port, PEER_PORT))
        with n.begin(net=net) as start:
            before, _ = adopt(n, start, PEERS, owner=relay.port)
            wait_until("it answers", lambda: answers(port))
        with n.begin("trial=1", net=net) as start:
            version, name = offer(n, owner=relay.port, floor=before + 1)
            jammed = []
            relay.lose = lambda *_: not jammed and start.seen(
                "policy trial", version=version)
            start.wait("policy trial", version=version)
            wait_until("it cannot reach its server", lambda: relay.lost > 0)
            time.sleep(5)
            holds(not start.seen("policy reverted") and not answers(port),
                  start.text())
            jammed.append("no more")
            start.wait("policy confirmed", version=version, patience=120)
            until_told(name, TAKEN)
    n.remove()


def test_the_power_may_go_while_a_policy_is_on_trial():
    """Once more, and once more; then it has had its starts."""
    n, _, net = guarded()
    with n.begin(net=net) as start:
        start.wait("report", via="https")
        version, name = offer(n, owner=False)
        start.wait("policy trial", version=version)
    for _ in range(2):
        with n.begin(net=net) as start:
            start.wait("policy trial", version=version)
    with n.begin(net=net) as start:
        start.wait("policy reverted")
        until_told(name, REVERTED)


def test_what_is_below_the_floor_is_refused():
    n, _, net = guarded()
    older, version = next(VERSIONS), next(VERSIONS)
    with n.begin(net=net) as start:
        STAGE.deliver(n, "floor", STAGE.policy(version, PEERS, floor=version))
        start.wait("policy confirmed", version=version)
        STAGE.deliver(n, "below", STAGE.policy(older, PEERS))
        until_told("below", REFUSED)
    with n.begin(net=net) as start:
        STAGE.deliver(n, "still-below", STAGE.policy(older, TELNET))
        until_told("still-below", REFUSED)
        reports(start)
    equal(len(heard("f1", "refused", FLOOR)), 2)


def test_a_suspended_node_is_for_repair_only_until_it_is_resumed():
    n, _, net = guarded()
    site = STAGE.site
    with n.begin(net=net) as start:
        adopt(n, start)
        reports(start)
        site.command("device", "suspend", "f1")
        start.wait("mode", **{"is": "repair"})
        count = len(STAGE.sink.of("f1"))
        wait_until("it is on record", lambda: heard("f1", "mode", "repair"))
        time.sleep(5)
        equal(len(STAGE.sink.of("f1")), count, "it reports nothing")
        equal(site.state("f1"), "suspended")
    # It knows so at the next start, whatever its server says.
    with n.begin(net=net) as start:
        start.wait("online")
        time.sleep(5)
        equal(len(STAGE.sink.of("f1")), count, "nor after a restart")
        site.command("device", "resume", "f1")
        start.wait("mode", patience=120, **{"is": "normal"})
        reports(start)
        wait_until("it is on record", lambda: heard("f1", "mode", "normal"))


def test_lockdown_ends_what_only_the_normal_mode_has():
    n, port, net = guarded()
    site = STAGE.site
    with n.begin(net=net) as start:
        adopt(n, start, PEERS)
        wait_until("it answers", lambda: answers(port))
        site.command("release", "create", "lock", "--mode", "lockdown")
        site.command("release", "assign", "lock", "--device", "f1")
        start.wait("mode", **{"is": "lockdown"})
        holds(not answers(port), "nobody is let in")
        wait_until("it is on record", lambda: heard("f1", "mode", "lockdown"))
        site.command("release", "assign", "lock", "--device", "f1",
                     "--percent", "0")
        start.wait("mode", patience=120, **{"is": "normal"})
        wait_until("it answers", lambda: answers(port))
