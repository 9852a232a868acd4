# SPDX-License-Identifier: Apache-2.0
"""Two nodes on one Ethernet talk to each other by mutual TLS, without a server;
and refuse whom they must, each of them."""
import time

from around import certified
from node import Segment, user_net
from service import equal, free_port, holds, run, wait_until
from stage import PEER_PORT, STAGE
from updates import release
from world import HOST, NODE, onsite
import world

# core/status.h
UNKNOWN, EXPIRED, DENIED = "0x0d01", "0x0d06", "0x1d01"
A, B, C, D = "10.0.2.15", "10.0.2.16", "10.0.2.17", "10.0.2.18"


def pair(name, address, **more):
    return STAGE.get(name, lambda: STAGE.open_to_peers(STAGE.active(
        name, address=address + "/24", **more), more.get("site")))


def call(segment, caller, callee, address):
    """The one rings at the other, by its name: (start of the one, of the
    other)."""
    there = callee.begin(net=segment.net(0))
    there.wait("started")
    here = caller.begin("peer=%s:%d" % (address, PEER_PORT),
                        "name=" + callee.name, net=segment.net(1))
    return here, there


def test_two_nodes_talk_to_each_other():
    one, two = pair("p1", A), pair("p2", B)
    with Segment() as segment:
        here, there = call(segment, two, one, A)
        with here, there:
            there.wait("peer", **{"from": "p2"})
            here.wait("peer", to="p1")


def test_two_nodes_refuse_one_of_another_root():
    """Whoever calls is the first to see whom it has before it."""
    other = STAGE.get("other site", lambda: world.Site("other").start())
    stranger = pair("p3", C, site=other)
    equal(other.state("p3"), "active")
    one = pair("p1", A)
    with Segment() as segment:
        for caller, callee, at in ((stranger, one, A), (one, stranger, C)):
            here, there = call(segment, caller, callee, at)
            with here, there:
                here.wait("refused peer", side="client", status=UNKNOWN)
                there.wait("refused peer", side="server")
                holds(not there.seen("peer") and not here.seen("peer"),
                      there.text() + here.text())


def test_a_node_refuses_a_caller_of_another_root():
    """One that believes the node, so that it is for the node to refuse."""
    key = certified("caller", onsite.make_root("callers"))
    port = free_port()
    with pair("p1", A).begin(net=user_net((port, PEER_PORT))) as start:
        start.wait("started")

        def refused():
            run("openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
                "-cert", key.cert, "-key", key.key, "-CAfile",
                STAGE.site.root, "-verify_return_error", check=False)
            return start.seen("refused peer", side="server", status=UNKNOWN)
        wait_until("the node refuses it", refused)
        holds(not start.seen("peer"), start.text())


def refused_both_ways(one, other, address, status):
    """The first node refuses the other for that reason, whoever calls."""
    with Segment() as segment:
        here, there = call(segment, other, one, A)
        with here, there:
            there.wait("refused peer", side="server", status=status)
            holds(not there.seen("peer"), there.text())
        here, there = call(segment, one, other, address)
        with here, there:
            here.wait("refused peer", side="client", status=status)
            holds(not here.seen("peer"), here.text())


def test_two_nodes_refuse_one_that_was_revoked():
    """By the bundle, which a node still knows when it starts anew."""
    site = STAGE.site
    one, two = pair("p1", A), pair("p2", B)
    site.revoke(site.certificates("p2", NODE)[0]["serial_number"])
    release("for-p1", "p1", keyset=STAGE.maker.keys)
    with one.begin() as start:
        start.wait("bundle")
    refused_both_ways(one, two, B, DENIED)


def test_two_nodes_refuse_one_that_has_expired():
    """It cannot renew: its owner's service is out of its reach."""
    one = pair("p1", A)
    late = pair("p4", D, profile="going")
    late.provision(STAGE.settings(
        "p4", factory=None, factory_anchor=None, token=None,
        address=D + "/24", owner="%s:%d/going" % (HOST, free_port())))
    _, row = STAGE.site.certificates("p4")
    wait_until("it is over", lambda: row["not_after"] < time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    refused_both_ways(one, late, D, EXPIRED)
