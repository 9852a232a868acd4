# SPDX-License-Identifier: Apache-2.0
"""Members of a consortium, on one server: what is one's is not there for the
other. Each operation of the API is tried; one without a case fails the test.

    isolation_test.py BIRTHMARK BIRTHMARKD
"""
import base64
import hashlib
import json
import os
import sqlite3

import api as admin
from api import LDEVID, csr_of, new_key
from service import contains, equal, holds, main, openssl, pem_of_certs_only

ROLES = ["administrator"]
FORBIDDEN = {"key": "5a" * 32, "version": "1.2.3+4"}


class Member:
    """An organisation with an operator of its own, and a thing of each kind,
    whose names begin with its own."""

    def __init__(self, api, name, ecosystem, profiles):
        self.name = name
        self.id = api.call("createOrganisation", {
            "name": name, "ecosystem": ecosystem})["id"]
        self.next = api.call("createOrganisation", {
            "name": name + "-next", "ecosystem": ecosystem})["id"]
        self.who = admin.make_operator(api, name + "-admin", ROLES,
                                       organisation=self.id)
        self.profiles = profiles
        for profile in profiles:
            place = {"organisation": self.id, "profile": profile}
            api.call("enableProfile", place)
            api.call("giveQuota", {**place, "amount": 100})

    def call(self, api, name, params=None, want=None):
        return api.call(name, params, want, who=self.who)

    def furnish(self, api):
        profile = self.profiles[0]
        self.token = self.call(api, "createToken", {
            "profile": profile, "device": self.name + "-expected"})
        self.key = new_key(self.name + "-1")
        made = self.call(api, "issueCertificate", {
            "profile": LDEVID, "csr": csr_of(self.key)})
        self.key.put(made["pem"] + "".join(made["chain"]))
        self.serial = made["serial_number"]
        self.second = admin.make_operator(api, self.name + "-second",
                                          ["registrar"], organisation=self.id)
        self.call(api, "issueCertificate", {
            "profile": "approved",
            "csr": csr_of(new_key(self.name + "-2"))}, 202)
        self.request = self.call(api, "listRequests")["items"][0]["id"]
        self.pull = self.call(api, "pullRenewals", {
            "devices": self.name + "-.*"})["id"]
        self.blob = hashlib.sha256(self.name.encode()).hexdigest()
        self.call(api, "putBlob", {
            "sha256": self.blob, "size": len(self.name),
            "octets": base64.b64encode(self.name.encode()).decode()})
        self.call(api, "createRelease", {"release": self.name + "-r",
                                         "mode": "normal"})
        self.call(api, "assignRelease", {"release": self.name + "-r",
                                         "device": self.name + "-1"})
        maker = openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        "maker.key", "-subj", "/CN=Maker of " + self.name,
                        "-days", "30", "-config", "other.cnf", "-extensions",
                        "root")
        self.call(api, "addManufacturer", {
            "name": self.name + "-maker", "anchors": [maker],
            "profiles": [LDEVID], "serial_pattern": "M-[0-9]+",
            "expected_only": True})
        self.call(api, "createDestination", {
            "name": self.name + "-sink",
            "url": "https://%s.example.test/" % self.name})
        file = b"device,csr\n"  # no row: the batch is rejected
        self.upload = hashlib.sha256(file + self.name.encode()).hexdigest()
        self.call(api, "putUpload", {
            "sha256": self.upload, "size": len(file + self.name.encode()),
            "octets": base64.b64encode(file + self.name.encode()).decode()})
        self.batch = self.call(api, "createBatch", {
            "name": self.name + "-batch", "profile": LDEVID,
            "sha256": self.upload})["id"]
        self.given = self.call(api, "offerTransfer", {
            "receiver": self.next, "devices": [self.name + "-expected"],
            "words": self.name + "-words"})["id"]
        self.digest = hashlib.sha256(self.serial.encode()).hexdigest()
        self.call(api, "recordFirmware", {**FORBIDDEN, "digest": self.digest})
        return self


class World:
    """Two members of one ecosystem, `here` and `there`; `far` is of another
    one, whose operator is above it."""

    def __init__(self, srv):
        srv.start()
        self.srv = srv
        self.api = api = admin.Api(srv)
        self.here = Member(api, "north", 1, [LDEVID, "approved"]).furnish(api)
        self.there = Member(api, "south", 1,
                            ["many", LDEVID, "approved"]).furnish(api)
        self.other = api.call("createEcosystem", {"name": "Other"})["id"]
        self.far = Member(api, "far", self.other,
                          [LDEVID, "approved"]).furnish(api)
        self.above_far = admin.make_operator(api, "above-far", ROLES,
                                             ecosystem=self.other)
        api.call("revokeCertificate", {"serial": self.there.serial,
                                       "reason": "certificateHold"})
        api.call("releaseCertificate", {"serial": self.there.serial})


# What becomes of an operation that names a thing of somebody else's. A number:
# of HTTP. OWN: it gives or does what is the caller's, and nothing else.
OWN = "own"


def cases(them):
    """{operation: (parameters, outcome)}: as an operator of an organisation,
    about things of `them`."""
    place = {"organisation": them.id}
    pair = {**place, "profile": "many"}
    device = {"device": them.name + "-1"}
    release = {"release": them.name + "-r"}
    maker = {"manufacturer": them.name + "-maker"}
    operator = {"operator": them.name + "-admin"}
    sink = {"destination": them.name + "-sink"}
    batch = {"batch": them.batch}
    given = {"transfer": them.given}
    csr = csr_of(new_key("stranger-" + them.name))
    return {
        "whoAmI": ({}, OWN),
        "listOperators": ({}, OWN),
        "showOperator": (operator, 404),
        "createOperator": ({"id": "spy", "roles": ROLES, "csr": csr, **place},
                           403),
        "renewOperator": None,  # oneself alone: it names nobody
        "disableOperator": (operator, 404),
        "enableOperator": (operator, 404),
        "createEcosystem": ({"name": "Mine"}, 403),
        "listEcosystems": ({}, OWN),
        "showEcosystem": ({"ecosystem": 99}, 404),
        "createOrganisation": ({"name": "Mine"}, 403),
        "listOrganisations": ({}, OWN),
        "showOrganisation": (place, 404),
        "renameOrganisation": ({**place, "name": "mine"}, 404),
        "suspendOrganisation": (place, 404),
        "resumeOrganisation": (place, 404),
        "listOrganisationProfiles": (place, 404),
        "showOrganisationProfile": (pair, 404),
        "enableProfile": (pair, 404),
        "disableProfile": (pair, 404),
        "giveQuota": ({**pair, "amount": 1}, 404),
        "moveQuota": ({**pair, "to": 1, "amount": 1}, 404),
        "stayAtVersion": (pair, 404),
        "followProfile": (pair, 404),
        "listRequests": ({}, OWN),
        "showRequest": ({"request": them.request}, 404),
        "approveRequest": ({"request": them.request}, 404),
        "rejectRequest": ({"request": them.request}, 404),
        # The CAs of the instance are its members' in common, and the trust
        # list is their ecosystem's: they are seen by all, and none of them
        # acts on one.
        "listCAs": ({}, OWN),
        "showCA": ({"ca": "issuing"}, OWN),
        "makeCRL": ({"ca": "issuing"}, 403),
        "loadCRL": ({"crl": admin.other_list()}, 403),
        "showBundle": ({}, OWN),
        "makeBundle": ({}, 403),
        "listProfiles": ({}, OWN),
        "showProfile": ({"profile": "many"}, 404),
        "listProfileVersions": ({"profile": "many"}, 404),
        "checkProfile": ({"text": admin.APPROVED}, OWN),
        "createToken": ({"profile": "many", **device}, 409),
        "listTokens": ({}, OWN),
        "showToken": ({"token": them.token["id"]}, 404),
        "revokeToken": ({"token": them.token["id"]}, 404),
        "listDevices": ({}, OWN),
        "showDevice": (device, 404),
        "listDeviceEvents": (device, 404),
        "suspendDevice": (device, 404),
        "resumeDevice": (device, 404),
        "renewDevice": (device, 404),
        "stockDevice": (device, 404),
        "shipDevice": (device, 404),
        "pullRenewals": ({"profile": "many", **place}, 404),
        "listPulls": ({}, OWN),
        "showPull": ({"pull": them.pull}, 404),
        "cancelPull": ({"pull": them.pull}, 404),
        "listRenewals": ({"about": "expiring", "horizon": 10 ** 9}, OWN),
        "listSignals": ({}, OWN),
        "offerTransfer": ({"receiver": 1, "devices": [them.name + "-1"]}, 404),
        "listTransfers": ({}, OWN),
        "showTransfer": (given, 404),
        "listTransferredDevices": (given, 404),
        "acceptTransfer": (given, 404),
        "refuseTransfer": (given, 404),
        "withdrawTransfer": (given, 404),
        "createDevice": ({**device, "set": ["colour=red"]}, 422),
        "createDevices": ({"rows": ["x\nserial=%s-1" % them.name],
                           "look": True}, OWN),
        "describeDevice": ({**device, "set": ["lot=1"]}, 404),
        "revokeDevice": (device, 404),
        "retireDevice": (device, 404),
        "listEvents": ({}, OWN),
        "issueCertificate": ({"profile": LDEVID, "csr": csr_of(them.key)},
                             409),
        "listCertificates": ({}, OWN),
        "showCertificate": ({"serial": them.serial}, 404),
        "revokeCertificate": ({"serial": them.serial}, 404),
        "releaseCertificate": ({"serial": them.serial}, 404),
        "proveCertificate": ({"serial": them.serial}, 404),
        # A digest is no secret: whoever has an image knows it.
        "recordFirmware": None,
        "proveFirmware": ({"digest": them.digest}, 404),
        # What is put again is somebody's own from then on.
        "putBlob": ({"sha256": them.blob, "size": len(them.name)}, OWN),
        "listManufacturers": ({}, OWN),
        "showManufacturer": (maker, 404),
        "addManufacturer": ({"name": "mine", "anchors": ["MAA="]}, 422),
        "removeManufacturer": (maker, 404),
        "expectDevices": ({**maker, "serials": ["x"]}, 404),
        "loadManufacturerCRL": ({**maker, "crl": admin.other_list()}, 404),
        "listDestinations": ({}, OWN),
        "showDestination": (sink, 404),
        "createDestination": ({"name": "mine", "all": True,
                               "url": "https://sink.example.test/"}, 403),
        "disableDestination": (sink, 404),
        "enableDestination": (sink, 404),
        "removeDestination": (sink, 404),
        "testDestination": (sink, 404),
        "listDeadEvents": (sink, 404),
        "retryDeadEvents": (sink, 404),
        "dropDeadEvents": (sink, 404),
        "listReleases": ({}, OWN),
        "showRelease": (release, 404),
        "createRelease": ({"release": "mine", "policy": them.blob}, 404),
        "assignRelease": ({**release, "all": True}, 404),
        "showReleaseStatus": (release, 404),
        # The other's file is not there for whoever has not put it.
        "putUpload": ({"sha256": "00" * 32, "size": 2, "octets": "MAA="}, 422),
        "createBatch": ({"name": "mine", "profile": LDEVID,
                         "sha256": them.upload}, 404),
        "listBatches": ({}, OWN),
        "showBatch": (batch, 404),
        "listBatchRows": (batch, 404),
        "listBatchCertificates": (batch, 404),
        "showBatchList": (batch, 404),
        "getBatchResult": (batch, 404),
        "approveBatch": (batch, 404),
        "rejectBatch": ({**batch, "reason": "mine"}, 404),
        "abortBatch": (batch, 404),
        "resumeBatch": (batch, 404),
        "confirmBatch": (batch, 404),
        "revokeBatch": ({**batch, "reason": "superseded"}, 404),
        # Of the whole ledger: its size, and no record.
        "signCheckpoint": ({}, OWN),
        "showCheckpoint": ({}, OWN),
    }


def leaves(srv):
    """Records of acts, but for the lists, bundles and signals (15, 18, 39:
    docs/ledger.md) that the service makes by itself. The kind is the fifth
    octet, or the sixth."""
    with sqlite3.connect("file:%s?mode=ro" % os.path.join(
            srv.dir, "birthmark.db"), uri=True) as db:
        return db.execute("SELECT count(*) FROM ledger WHERE "
                          "substr(record, 5, 1) NOT IN (x'0f', x'12') AND "
                          "substr(record, 5, 2) != x'1827'"
                          ).fetchone()[0]


def try_all(world, us, who, them, more=None):
    """As somebody of `us`, each operation about things of `them`."""
    api = world.api
    rows = {**cases(them), **(more or {})}
    equal(set(rows), set(api.operations), "an operation without a case")
    before = leaves(world.srv)
    for name, case in sorted(rows.items()):
        if case is None:
            continue
        params, outcome = case
        answer = api.call(name, params,
                          None if outcome == OWN else outcome, who=who)
        text = json.dumps(answer) if outcome == OWN or outcome == 409 else \
            answer.get("title", "")
        for mark in (them.name + "-", '"%s"' % them.name, them.serial):
            holds(mark not in text, "%s tells %s of %s: %s" % (
                us, name, mark, text))
    # What was refused was not done: the misuse of the key is no leaf, and
    # checkpoints are none.
    equal(leaves(world.srv), before, us)


def test_every_operation_ends_at_the_organisation():
    with admin.serve() as srv:
        world = World(srv)
        there, far = world.there, world.far
        try_all(world, "here", world.here.who, there)
        theirs = {"ecosystem": world.other}
        try_all(world, "here", world.here.who, far,
                {"showEcosystem": (theirs, 404), "showBundle": (theirs, 404),
                 "makeBundle": (theirs, 404)})
        try_all(world, "there", there.who, world.here,
                {"showProfile": ({"profile": "none"}, 404),
                 "listProfileVersions": ({"profile": "none"}, 404),
                 "createToken": ({"profile": "none", "device": "x"}, 404)})
        # Above another ecosystem, all of this one is as far.
        try_all(world, "above", world.above_far, there, {
            "createOrganisation": ({"name": "x", "ecosystem": 1}, 404),
            "showEcosystem": ({"ecosystem": 1}, 404),
            # Who is above members acts on what they share, and enables what
            # the instance has: to this ecosystem's.
            "makeCRL": None, "loadCRL": None,
            "showBundle": ({"ecosystem": 1}, 404),
            "makeBundle": ({"ecosystem": 1}, 404),
            # Events of all are those of his ecosystem.
            "createDestination": None,
            "showProfile": ({"profile": "none"}, 404),
            "listProfileVersions": ({"profile": "none"}, 404),
        })


def test_a_search_finds_what_is_one_s_own():
    with admin.serve(name="search") as srv:
        world = World(srv)
        api, here, there = world.api, world.here, world.there
        same = {"device": "shared", "set": ["serial=S", "model=M", "lot=7"]}
        here.call(api, "createDevice", same)
        there.call(api, "createDevice", same)  # each organisation's own
        batch = {"batch": there.batch}
        here.call(api, "listDevices", batch, 404)
        here.call(api, "pullRenewals", batch, 404)
        for by in ({"serial": "S"}, {"model": "M", "lot": "7"},
                   {"state": "expected"},
                   {"expires_from": "2020-01-01T00:00:00Z"}):
            mine = here.call(api, "listDevices", by)["items"]
            yours = there.call(api, "listDevices", by)["items"]
            holds(mine and yours and not {d["id"] for d in mine} &
                  {d["id"] for d in yours}, by)
        # Who is above both finds both, in pages, too.
        ids = [d["id"] for d in api.call("listDevices",
                                         {"model": "M"})["items"]]
        first = api.call("listDevices", {"model": "M", "limit": 1})
        second = api.call("listDevices", {"model": "M", "limit": 1,
                                          "after": first["next"]})
        equal([d["id"] for d in first["items"] + second["items"]], ids)
        equal(len(ids), 2)


def test_nobody_is_above_his_own_organisation():
    with admin.serve(name="own") as srv:
        world = World(srv)
        api, here = world.api, world.here
        place = {"organisation": here.id}
        pair = {**place, "profile": LDEVID}
        here.call(api, "suspendOrganisation", place, 403)
        here.call(api, "resumeOrganisation", place, 403)
        here.call(api, "giveQuota", {**pair, "amount": 1}, 403)
        here.call(api, "moveQuota", {**pair, "to": 1, "amount": 1}, 403)
        here.call(api, "enableProfile", {**place, "profile": "many"}, 403)
        here.call(api, "disableProfile", pair, 403)
        equal(here.call(api, "renameOrganisation",
                        {**place, "name": "Here & Now"})["name"], "Here & Now")
        equal([p["profile"] for p in
               here.call(api, "listProfiles")["items"]],
              ["approved", LDEVID])
        # Above far, its quota moves within its ecosystem, and no further.
        other = api.call("createOrganisation", {"name": "far too"},
                         who=world.above_far)
        move = {"organisation": world.far.id, "profile": LDEVID, "amount": 5}
        api.call("moveQuota", {**move, "to": other["id"]}, 409,
                 who=world.above_far)  # not enabled there
        api.call("enableProfile", {"organisation": other["id"],
                                   "profile": LDEVID}, who=world.above_far)
        api.call("moveQuota", {**move, "to": other["id"]},
                 who=world.above_far)
        api.call("moveQuota", {**move, "to": here.id}, 404,
                 who=world.above_far)
        api.call("moveQuota", {**move, "to": here.id}, 400)  # who sees both
        equal(api.call("showOrganisationProfile", {
            "organisation": other["id"], "profile": LDEVID})["left"], 5)


def test_a_device_of_one_is_nobody_to_the_other():
    with admin.serve(name="devices") as srv:
        world = World(srv)
        here, there = world.here, world.there
        # A label whose profile its own organisation may not use.
        stranger = new_key("north-3")
        answer = srv.enrol(stranger, "many", cert=here.key.pair())
        equal(answer.status, 403, repr(answer))
        # The other's token is for the other's device alone.
        answer = srv.enrol(new_key("x", "/serialNumber=north-1"), "many",
                           token=("north-1", there.token["secret"]))
        holds(answer.status in (401, 403), repr(answer))
        # An identifier is one device's for all of them; whose is not told.
        mine = new_key("mine", "/serialNumber=south-1")
        refused = here.call(world.api, "issueCertificate",
                            {"profile": LDEVID, "csr": csr_of(mine)}, 409)
        holds(there.serial not in refused["detail"], refused)
        # A name is each organisation's own.
        made = here.call(world.api, "createToken",
                         {"profile": LDEVID, "device": "south-1"})
        equal(made["device"], "south-1")
        equal([d["name"] for d in
               there.call(world.api, "listDevices")["items"]],
              ["south-expected", "south-1"])
        # The token's own device gets what it is for.
        key = new_key("t", "/serialNumber=south-expected")
        answer = srv.enrol(key, "many",
                           token=("south-expected", there.token["secret"]))
        equal(answer.status, 200, repr(answer))
        contains(pem_of_certs_only(answer.body), "BEGIN CERTIFICATE")
        # Of a member that is suspended nothing is issued or renewed, and
        # everything else goes on.
        place = {"organisation": there.id}
        world.api.call("suspendOrganisation", place)
        world.api.call("suspendOrganisation", place, 409)
        answer = srv.enrol(new_key("r", "/serialNumber=south-1"), LDEVID,
                           cert=there.key.pair(), operation="simplereenroll")
        equal((answer.status, answer.headers["Retry-After"]), (429, "3600"),
              repr(answer))
        there.call(world.api, "issueCertificate", {
            "profile": LDEVID, "csr": csr_of(new_key("n"))}, 409)
        there.call(world.api, "createToken", {"profile": LDEVID,
                                              "device": "n"}, 409)
        there.call(world.api, "revokeCertificate", {"serial": there.serial})
        world.api.call("resumeOrganisation", place)
        there.call(world.api, "issueCertificate", {
            "profile": LDEVID, "csr": csr_of(new_key("n"))})
        srv.stop()
        out, err = srv.birthmark("ledger", "verify", "--dir", srv.dir,
                                 check=False)[1:]
        # All of it is on record, but the root that was slipped in.
        contains(out, ": 1 findings")
        contains(err, "ca other is not on record")


main()
