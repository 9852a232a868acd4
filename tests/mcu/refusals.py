# SPDX-License-Identifier: Apache-2.0
"""Whom a node refuses, and who refuses a node: a certificate of another root,
one that has expired, one that was revoked. Each side is asked.
"""
from service import Key, equal, holds, serial_of, read, wait_until
from stage import STAGE
from updates import release
from world import HOST, NODE, Broker, ServerKey, Sink, long_ago, onsite

import world

# core/status.h
UNKNOWN, EXPIRED, DENIED, BUSY = "0x0d01", "0x0d06", "0x1d01", "0x280e"


def moved(n, **services):
    """The station tells a node of other services."""
    settings = STAGE.settings(n.name, factory=None, factory_anchor=None,
                              token=None, **services)
    n.provision(settings)


def node():
    return STAGE.get("r1", lambda: STAGE.active("r1"))


def turned_down(n, name, key, why):
    """The node comes to a service and to a broker with that certificate, and
    goes away for that reason before it says a word to either."""
    with Sink(STAGE.site, key) as sink, Broker(
            STAGE.site, key, name, lists=False) as broker:
        moved(n, https=HOST + ":%d/readings" % sink.port,
              mqtt=HOST + ":%d/things/serialNumber=%s/x" % (broker.port,
                                                          n.name))
        with n.begin() as start:
            for what in ("https", "mqtt"):
                start.wait("failed", what=what, status=why)
            wait_until("a handshake fails", lambda: sink.refused)
        equal((sink.taken, broker.published(n.name)), ([], 0))


def test_a_node_refuses_servers_of_another_root():
    key = ServerKey(".", "foreign", onsite.make_root("foreign-root"))
    turned_down(node(), "foreign", key, UNKNOWN)


def test_a_node_refuses_servers_that_have_expired():
    key = ServerKey(".", "expired", STAGE.site.above, days=1, ago=40)
    turned_down(node(), "expired", key, EXPIRED)


def test_a_node_refuses_a_stranger_in_the_place_of_its_owner():
    """It does not ask for updates there, and goes on to report."""
    key = ServerKey(".", "owner", onsite.make_root("false-owner"))
    n = node()
    with Sink(STAGE.site, key) as sink:
        moved(n, owner=HOST + ":%d/%s" % (sink.port, NODE))
        with n.begin() as start:
            for what in ("refresh", "delivery"):
                start.wait("failed", what=what, status=UNKNOWN)
            start.wait("report", via="https")
            wait_until("a handshake fails", lambda: sink.refused)
        equal(sink.taken, [])


def test_a_reading_that_a_service_does_not_take_is_none():
    n = node()
    with Sink(STAGE.site, STAGE.key) as sink:
        sink.answer = 503
        moved(n, https=HOST + ":%d/readings" % sink.port)
        with n.begin() as start:
            start.wait("failed", what="https", status=BUSY)
            holds(not start.seen("report", via="https"), start.text())
            sink.answer = 204
            start.wait("report", via="https", status=204)


def test_a_node_refuses_servers_that_were_revoked():
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
    with Sink(site, key) as sink, Broker(site, key, "withdrawn",
                                         lists=False) as broker:
        moved(n, https=HOST + ":%d/readings" % sink.port,
              mqtt=HOST + ":%d/things/serialNumber=r1/x" % broker.port)
        with n.begin() as start:
            for via in ("https", "mqtt"):
                start.wait("report", via=via)
            site.revoke(serial)
            for what in ("https", "mqtt"):
                start.wait("failed", what=what, status=DENIED)
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
    """It is told so, and whatever it was to have waits."""
    site = STAGE.site
    n = STAGE.active("r3")
    release("withheld", "r3", keyset=STAGE.maker.keys)
    site.command("device", "suspend", "r3")
    with n.begin() as start:
        start.wait("mode", **{"is": "repair"})
        start.wait("bundle")
    equal(site.state("r3"), "suspended")
    rows = site.objects("release", "status", "withheld")[0]["assignments"]
    equal([item["offered"] for item in rows[0]["items"]], [0])
    site.command("device", "resume", "r3")
    n.run("until=report")
    n.remove()
