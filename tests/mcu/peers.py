# SPDX-License-Identifier: Apache-2.0
"""Two nodes on one Ethernet talk to each other by mutual TLS, without a server;
and refuse whom they must, each of them."""
from service import equal, holds
from stage import PEER_PORT, STAGE
from node import Segment
import world

A, B, C = "10.0.2.15", "10.0.2.16", "10.0.2.17"


def pair(name, address, **more):
    return STAGE.get(name, lambda: STAGE.active(
        name, address=address + "/24", **more))


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
    """It is called, and it calls."""
    other = STAGE.get("other site", lambda: world.Site("other").start())
    stranger = pair("p3", C, site=other)
    equal(other.state("p3"), "active")
    one = pair("p1", A)
    with Segment() as segment:
        here, there = call(segment, stranger, one, A)
        with here, there:
            here.wait("refused peer")
            holds(not there.seen("peer"), there.text())
        here, there = call(segment, one, stranger, C)
        with here, there:
            here.wait("refused peer")
            holds(not there.seen("peer"), there.text())
