# SPDX-License-Identifier: Apache-2.0
"""Signs that a device was copied, or is not where it should be: each is
provoked over the real service, and found in the list.

    signals_test.py BIRTHMARK BIRTHMARKD
"""
import os

import api as admin
import service
from api import LDEVID, csr_of
from service import (Key, Service, contains, equal, holds, main, openssl,
                     write)

PROFILE = """\
profile: %s
about: of a test
ca: issuing
by: [token, current, operator]
device: { identity: owner, one_active: true }
validity: { for: 90d, nested: true, backdate: 0s }
renewal: { before: 90d, grace: 1h }
keys: [p256]
subject:
  - { attribute: serialNumber, from: device }
basic_constraints: { ca: false }
key_usage: [digitalSignature]
extended_key_usage: { purposes: [clientAuth] }
subject_key_id: none
authority_key_id: true
crl: true
"""
EARLY = "early"


def serve(name):
    s = Service(name=name, listeners=1, limits_identity=100000,
                limits_organisation=100000)
    write(os.path.join(s.dir, "profiles", EARLY + ".yaml"), PROFILE % EARLY)
    return s


def signals(api, who=None, **params):
    return api.call("listSignals", params, who=who)["items"]


def kinds(api, who=None, **params):
    return [s["signal"] for s in signals(api, who, **params)]


def put(key, answer):
    equal(answer.status, 200, repr(answer))
    key.put(service.pem_of_certs_only(answer.body))
    return key


def enrolled(api, srv, name):
    key = Key(".", name + "-key", "/serialNumber=" + name)
    secret = api.call("createToken", {"profile": EARLY,
                                      "device": name})["secret"]
    return put(key, srv.enrol(key, EARLY, token=(name, secret)))


def renewal(srv, old, name, mark):
    """The answer to a request with another key, and that key."""
    key = Key(".", "%s-%s" % (name, mark), "/serialNumber=" + name)
    return key, srv.enrol(key, EARLY, operation="simplereenroll",
                          cert=old.pair())


def uses(srv, key, source=None):
    return srv.ask("GET", "/device/v1/renewal", cert=key.pair(),
                   source=source).status


def test_a_key_that_two_bring():
    with serve("key") as srv:
        srv.start()
        api = admin.Api(srv)
        victim = enrolled(api, srv, "victim")
        other = admin.make_operator(
            api, "elsewhere-admin", ["administrator"],
            organisation=api.call("createOrganisation", {
                "name": "elsewhere", "ecosystem": 1})["id"])
        place = {"organisation": 2, "profile": LDEVID}
        api.call("enableProfile", place)
        api.call("giveQuota", {**place, "amount": 9})
        equal(signals(api), [])
        for _ in range(3):  # again and again: one row, one a minute
            api.call("issueCertificate", {
                "profile": LDEVID, "csr": csr_of(victim)}, 409, who=other)
        theirs, = signals(api, who=other)
        equal((theirs["signal"], theirs["count"]), ("same-key", 1))
        holds("victim" not in str(theirs), theirs)
        ours, = signals(api, device="victim")
        equal((ours["signal"], ours["device"]), ("same-key", "victim"))
        holds("elsewhere" not in str(ours), ours)
        # Of the same organisation, too: by another name of a device.
        twin = Key(".", "twin", "/serialNumber=twin")
        openssl("req", "-new", "-key", victim.key, "-subj",
                "/serialNumber=twin", "-out", twin.csr)
        api.call("issueCertificate", {"profile": EARLY, "csr": csr_of(twin)},
                 409)
        equal(kinds(api), ["same-key", "same-key", "same-key"])


def test_two_renewals_of_one_certificate():
    with serve("fork") as srv:
        srv.start()
        api = admin.Api(srv)
        old = enrolled(api, srv, "F-1")
        new, answer = renewal(srv, old, "F-1", "new")
        equal(uses(srv, put(new, answer)), 200)  # confirmed
        equal(uses(srv, old), 403)
        row, = signals(api, kind="fork")
        equal((row["device"], row["count"]), ("F-1", 1))
        equal(uses(srv, old), 403)
        equal(signals(api, kind="fork"), [row], "once a minute")

        # Both ask before either is seen: one of them gives himself away.
        old = enrolled(api, srv, "F-2")
        thief, answer = renewal(srv, old, "F-2", "thief")
        put(thief, answer)
        honest, answer = renewal(srv, old, "F-2", "honest")
        equal(uses(srv, put(honest, answer)), 200)
        equal(kinds(api, device="F-2"), [])
        equal(uses(srv, thief), 403)
        equal(kinds(api, device="F-2"), ["fork"])
        srv.stop()
        out = srv.birthmark("signal", "list", "--dir", srv.dir, "--kind",
                            "fork")[1]
        equal(out.count("\n"), 2, out)
        contains(srv.verify_ledger(), "")


def test_one_certificate_in_two_places():
    with serve("places") as srv:
        srv.start()
        api = admin.Api(srv)
        mover = enrolled(api, srv, "mover")
        for host in (1, 1, 2, 2, 3, 4):  # it moves, and stays each time
            equal(uses(srv, mover, "127.0.%d.1" % host), 200)
        copied = enrolled(api, srv, "copied")
        for host in (1, 2, 1):  # it was back once: it may have roamed
            equal(uses(srv, copied, "127.0.%d.1" % host), 200)
        for last in (7, 8, 9):  # another address of one network
            equal(uses(srv, copied, "127.0.1.%d" % last), 200)
        equal(signals(api), [])
        equal(uses(srv, copied, "127.0.2.1"), 200)
        equal(kinds(api), ["two-places"])
        equal(kinds(api, device="copied"), ["two-places"])
        equal(kinds(api, device="mover"), [])


def test_a_device_that_is_in_stock():
    with serve("stock") as srv:
        srv.start()
        api = admin.Api(srv)
        key = enrolled(api, srv, "S-1")
        equal(uses(srv, key), 200)
        equal(signals(api), [], "nobody keeps account of it")
        api.call("stockDevice", {"device": "none"}, 404)
        equal("shipped" in api.call("stockDevice", {"device": "S-1"}), False)
        equal(uses(srv, key), 200, "it is noted, and not refused")
        row, = signals(api, kind="before-shipping")
        equal((row["device"], row["count"]), ("S-1", 1))
        key2 = enrolled(api, srv, "S-2")
        api.call("shipDevice", {"device": "S-2",
                                "at": "2101-01-01T00:00:00Z"})
        equal(uses(srv, key2), 200)
        equal(kinds(api, device="S-2"), ["before-shipping"])
        key3 = enrolled(api, srv, "S-3")
        api.call("stockDevice", {"device": "S-3"})
        api.call("shipDevice", {"device": "S-3"})
        equal(uses(srv, key3), 200)
        equal(kinds(api, device="S-3"), [])
        # Whoever enrols with such a certificate shows it as well.
        key4 = enrolled(api, srv, "S-4")
        api.call("stockDevice", {"device": "S-4"})
        put(*renewal(srv, key4, "S-4", "new"))
        equal(kinds(api, device="S-4"), ["before-shipping"])
        equal([e["event"] for e in api.call("listDeviceEvents", {
            "device": "S-1"})["items"]], ["before-shipping"])
        srv.stop()
        srv.birthmark("device", "stock", "--dir", srv.dir, "S-1", "S-2")
        srv.birthmark("device", "ship", "--dir", srv.dir, "--at", "7d", "S-1")
        contains(srv.verify_ledger(), "")


def test_a_device_that_enrols_again_and_again():
    with serve("loop") as srv:
        srv.start()
        api = admin.Api(srv)
        key = enrolled(api, srv, "L-1")
        for i in range(4):
            key = put(*renewal(srv, key, "L-1", str(i)))
            equal(uses(srv, key), 200)
            equal(kinds(api), [], "%d are not many" % (i + 2))
        key = put(*renewal(srv, key, "L-1", "last"))
        row, = signals(api)
        equal((row["signal"], row["device"]), ("enrolment-loop", "L-1"))
        api.call("listSignals", {"kind": "none"}, 400)
        api.call("listSignals", {"device": "none"}, 404)
        api.call("listSignals", {"after": "x"}, 400)


main()
