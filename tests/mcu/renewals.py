# SPDX-License-Identifier: Apache-2.0
"""Renewal before expiry, by the device itself; a reply that is lost; CAs and
roots that are replaced."""
from service import equal, holds, wait_until
from stage import STAGE
from world import HOST, Relay, ServerKey, Sink


def owned(name):
    """What the owner has given it, oldest first."""
    return [row for row in STAGE.site.certificates(name)
            if row["ca"] != "factory"]


def test_a_node_renews_in_time_and_by_itself():
    n = STAGE.active("w1", profile="brief")
    before, = owned("w1")
    with n.begin() as start:
        start.wait("renewed", patience=90)
        start.wait("report", via="https")
        wait_until("the old one has ended", lambda: owned("w1")[0]["status"]
                   != "valid")
        after = owned("w1")[1]
    holds(after["issued"] < before["not_after"], (before, after))
    equal(after["status"], "valid")
    n.remove()


def test_a_reply_that_was_lost_costs_nothing():
    """The wire breaks when the service has issued, and before the device hears
    of it: at birth, at the first enrolment and at a renewal. Each is issued
    once, and the device asks again with the same key."""
    site = STAGE.site
    seen = []

    def lose(_number, _octets):
        rows = site.certificates("w2")
        if len(rows) > len(seen):
            seen[:] = rows
            return True
        return False
    with Relay(site.ports["devices"], lose) as relay:
        here = HOST + ":%d/" % relay.port
        n = STAGE.node("w2", factory=here + "ieee-802.1ar-idevid",
                       owner=here + "brief")
        with n.begin() as start:
            start.wait("active", patience=120)
            start.wait("renewed", patience=180)
        holds(relay.lost >= 3, "%d replies were lost" % relay.lost)
    rows = site.certificates("w2")
    holds(len(rows) - relay.lost in (0, 1), "each of them issued once: %r" %
          rows)
    keys = [row["subject"] for row in rows]
    equal(set(keys), {"serialNumber=w2"})
    print("# %d replies were lost" % relay.lost)
    n.remove()


def test_a_node_takes_its_next_certificate_from_the_next_ca():
    site = STAGE.site
    n = STAGE.active("w3", profile="early")
    equal([row["ca"] for row in owned("w3")], ["issuing"])
    site.roll_over()
    # One that has no lists, as there were none of this CA when others began.
    with Sink(site, STAGE.key) as sink:
        n.provision(STAGE.settings(
            "w3", factory=None, factory_anchor=None, token=None,
            profile="early", https=HOST + ":%d/x" % sink.port))
        with n.begin("now=renew") as start:
            start.wait("renewed")
            wait_until("it is served", lambda: sink.of("w3"))
    equal(owned("w3")[-1]["ca"], "issuing-2")
    n.remove()


def test_a_node_learns_the_next_root():
    """The new root and what the old one says of it; then a service that only
    the new one vouches for, to a node that has started anew."""
    site = STAGE.site
    n = STAGE.active("w4", profile="early")
    site.replace_root("next-root")
    start = n.run("now=renew", "until=renewed")
    equal(start.seen("learned")[0].fields["roots"], "1")
    key = ServerKey(".", "newer", "next-root")
    with Sink(site, key) as sink:
        n.provision(STAGE.settings(
            "w4", factory=None, factory_anchor=None, token=None, mqtt=None,
            profile="early", https=HOST + ":%d/x" % sink.port))
        n.run("until=report")
        equal({row[0] for row in sink.taken}, {"w4"})
    equal(owned("w4")[-1]["status"], "valid")
    n.remove()
