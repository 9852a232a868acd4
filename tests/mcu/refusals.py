# SPDX-License-Identifier: Apache-2.0
"""Whom a node refuses, and who refuses a node: a certificate of another root,
one that has expired, one that was revoked. Each side is asked.
"""
from service import Key, equal, holds, serial_of, read, wait_until
from stage import STAGE
from updates import release
from world import HOST, NODE, Broker, ServerKey, Sink, long_ago, onsite

import world


def moved(n, **services):
    """The station tells a node of other services."""
    settings = STAGE.settings(n.name, factory=None, factory_anchor=None,
                              token=None, **services)
    n.provision(settings)


def node():
    return STAGE.get("r1", lambda: STAGE.active("r1"))


def turned_down(n, sink):
    """The node comes to that service and goes away, before it says a word;
    with the broker it goes on."""
    moved(n, https=HOST + ":%d/readings" % sink.port)
    with n.begin() as start:
        wait_until("a handshake fails", lambda: sink.refused)
        start.wait("report", via="mqtt")
        start.wait("failed", what="https")
    equal(sink.taken, [])


def test_a_node_refuses_a_server_of_another_root():
    key = ServerKey(".", "foreign", onsite.make_root("foreign-root"))
    with Sink(STAGE.site, key) as sink:
        turned_down(node(), sink)


def test_a_node_refuses_a_server_that_has_expired():
    key = ServerKey(".", "expired", STAGE.site.above, days=1, ago=40)
    with Sink(STAGE.site, key) as sink:
        turned_down(node(), sink)


def test_a_node_refuses_a_server_that_was_revoked():
    """By the trust bundle, which a node fetches."""
    site = STAGE.site
    key = Key(".", "withdrawn", "/CN=" + HOST, "IP:%s,IP:127.0.0.1" % HOST)
    answer = site.command("cert", "issue", "--profile", "tls-server", "--csr",
                          key.csr, "--out", key.cert)
    serial = serial_of(read(key.cert).decode())
    key.put(read(key.cert) + read(site.operations))
    n = node()
    # Who is to have something is told who is revoked, too.
    release("keys", n.name, keyset=STAGE.maker.keys)
    with Sink(site, key) as sink:
        moved(n, https=HOST + ":%d/readings" % sink.port)
        with n.begin() as start:
            start.wait("report", via="https")
            site.revoke(serial)
            start.wait("failed", what="https")
            wait_until("a handshake fails", lambda: sink.refused)
    holds(answer, serial)


def shut_out(n, broker):
    """The broker refuses the node, which goes on with the service."""
    moved(n, mqtt=HOST + ":%d/things/x" % broker.port)
    with n.begin() as start:
        start.wait("failed", what="mqtt")
        start.wait("report", via="https")
    equal(broker.published(n.name), 0)
    return broker.words()


def test_a_broker_refuses_a_node_of_another_root():
    other = STAGE.get("other site", lambda: world.Site("other").start())
    with Broker(other, STAGE.key, "others", lists=False) as broker:
        words = shut_out(node(), broker)
    holds("unable to get" in words or "unknown ca" in words or
          "certificate verify failed" in words, words)


def test_a_broker_refuses_a_node_that_has_expired():
    later = ServerKey(".", "later", STAGE.site.above, days=400)
    with Broker(STAGE.site, later, "later", lists=False,
                env=long_ago(-200)) as broker:
        words = shut_out(node(), broker)
    holds("certificate verify failed" in words or "expired" in words, words)


def test_all_refuse_a_node_that_was_revoked():
    """The owner's service, the broker, and the service for readings."""
    site = STAGE.site
    n = STAGE.active("r2")
    row, = site.certificates("r2", NODE)
    site.revoke(row["serial_number"])
    site.fresh_lists(row["serial_number"])
    with Broker(site, STAGE.key, "strict") as broker, Sink(
            site, STAGE.key, site.put_lists("strict.pem")) as sink:
        moved(n, mqtt=HOST + ":%d/things/serialNumber=r2/x" % broker.port,
              https=HOST + ":%d/readings" % sink.port)
        with n.begin() as start:
            for what in ("mqtt", "https", "delivery"):
                start.wait("failed", what=what)
        equal((sink.taken, broker.published("r2")), ([], 0))
        holds(any("revoked" in why for why in sink.refused), sink.refused)
        holds("certificate verify failed" in broker.words(), broker.words())
    equal(site.certificates("r2", NODE)[0]["status"], "revoked")
    n.remove()


def test_a_suspended_node_gets_nothing():
    site = STAGE.site
    n = STAGE.active("r3")
    site.command("device", "suspend", "r3")
    with n.begin() as start:
        start.wait("failed")
    equal(site.state("r3"), "suspended")
    site.command("device", "resume", "r3")
    n.run("until=report")
    n.remove()
