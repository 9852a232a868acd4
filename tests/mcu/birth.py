# SPDX-License-Identifier: Apache-2.0
"""Birth and activation, and what everybody has on record then; a site that is
closed off."""
import os
import struct

from service import contains, equal, holds, read, wait_until
from stage import STAGE
from world import BIRTH, NODE

import node as nodes


def test_a_fresh_device_is_born():
    site = STAGE.site
    n = STAGE.node("n1")
    token = read(os.path.join(n.where, "token")).strip()
    equal(site.state("n1"), "expected")
    start = n.run("until=born")
    equal(start.seen("started")[0].fields["version"], "1.0.0")
    equal(site.state("n1"), "born")
    row, = site.certificates("n1")
    equal((row["profile"], row["ca"]), (BIRTH, "factory"))
    # What the station wrote is gone, and the token with it.
    equal(n.get("PROVISION", 0x2000).strip(b"\xff"), b"")
    holds(token not in bytes(n.flash), "the token is not in the flash")
    STAGE.made["n1"] = n


def test_it_becomes_active_and_reports():
    site = STAGE.site
    n = STAGE.made["n1"]
    with n.begin() as start:
        start.wait("report", via="https", status=204)
        start.wait("report", via="mqtt")
        holds(not start.seen("born"), "it is born once")
    equal(site.state("n1"), "active")
    born, active = site.certificates("n1")
    equal([(r["profile"], r["ca"]) for r in (born, active)],
          [(BIRTH, "factory"), (NODE, "issuing")])
    contains(STAGE.sink.of("n1")[0][1], "/readings/n1")
    holds(STAGE.broker.published("n1") > 0, STAGE.broker.words())


def claimed(name):
    """What a device says of its key."""
    return STAGE.site.device(name)["key"]["claimed"]


def test_its_key_record_says_how_and_where_the_key_was_made():
    contains(claimed("n1"), "place=flash noise=host's-urandom-by-semihosting")
    kinds = [e["event"] for e in STAGE.site.events("n1")]
    holds("key" in kinds and "started" in kinds, kinds)


def test_the_ledger_has_the_leaves():
    for row in STAGE.site.certificates("n1"):
        holds(row["ledger"]["leaf"] > 0, row)
    contains(STAGE.site.verify_ledger(), ": valid")


def packets(path):
    """(Ethernet type, IP protocol, ports) of each packet of a capture."""
    octets = read(path)
    at = 24
    while at < len(octets):
        size, = struct.unpack_from("<I", octets, at + 8)
        frame = octets[at + 16:at + 16 + size]
        at += 16 + size
        kind, = struct.unpack_from(">H", frame, 12)
        if kind != 0x0800:
            yield kind, None, None
            continue
        head = 14 + (frame[14] & 15) * 4
        yield kind, frame[23], struct.unpack_from(">HH", frame, head)


def test_a_site_without_names_addresses_or_clock_will_do():
    """Everything by addresses that the station wrote; the only time is what the
    certificates say. And where it was born is another's: of two services with
    two roots, none knows the other's inventory."""
    n = STAGE.node("closed", birth=STAGE.factory)
    wire = os.path.join(n.where, "wire.pcap")
    net = nodes.user_net() + ["-object", "filter-dump,id=f,netdev=n0,file=" +
                              wire]
    with n.begin(net=net) as start:
        start.wait("report", via="https", status=204)
        start.wait("report", via="mqtt")
    equal(STAGE.site.state("closed"), "active")
    kinds = {(kind, protocol) for kind, protocol, _ in packets(wire)}
    # ARP and TCP: no DHCP, no DNS, no NTP, nothing else by UDP.
    equal(kinds - {(0x0800, 6), (0x0806, None)}, set())
    holds((0x0800, 6) in kinds, "something was captured")
    n.remove()


def test_the_owner_took_it_for_what_its_maker_said():
    site, factory = STAGE.site, STAGE.factory
    born, = factory.certificates("closed")
    equal((born["profile"], factory.state("closed")), (BIRTH, "born"))
    active, = site.certificates("closed")
    equal((active["profile"], active["ca"]), (NODE, "issuing"))
    came = site.device("closed")["idevid"]
    pem = factory.command("cert", "show", "--json", born["serial_number"])[1]
    equal((came["manufacturer"], came["serial_number"]),
          ("factory", "closed"))
    contains(pem, came["certificate_sha256"])
    holds(read(site.root) != read(factory.root), "two roots")


def test_a_device_asks_for_its_address_where_it_has_none():
    n = STAGE.node("dhcp", address=None, gateway=None)
    n.run("until=active")
    wait_until("active", lambda: STAGE.site.state("dhcp") == "active")
    n.remove()
