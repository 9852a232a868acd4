# SPDX-License-Identifier: Apache-2.0
"""Devices that change hands: what each side can do and see before and after,
how devices renew, and that nothing is ever half done.

    transfers_test.py BIRTHMARK BIRTHMARKD
"""
import json
import os
import signal
import sqlite3
import threading
import time

import api as admin
from api import LDEVID, csr_of, new_key
from service import Service, contains, equal, holds, main, read, wait_until
from service import serial_of, write

IDEVID = "ieee-802.1ar-idevid"


def serve(name):
    return Service(name=name, listeners=1, limits_identity=100000,
                   limits_organisation=100000)


class Member:
    def __init__(self, api, name, quota=50, ecosystem=1):
        self.api, self.name = api, name
        self.id = api.call("createOrganisation", {
            "name": name, "ecosystem": ecosystem})["id"]
        self.who = admin.make_operator(api, name.lower(), ["registrar"],
                                       organisation=self.id)
        for profile in (LDEVID, IDEVID, "many"):
            place = {"organisation": self.id, "profile": profile}
            api.call("enableProfile", place)
            if quota:
                api.call("giveQuota", {**place, "amount": quota})

    def call(self, name, params=None, want=None):
        return self.api.call(name, params, want, who=self.who)

    def left(self, profile=LDEVID):
        return self.api.call("showOrganisationProfile", {
            "organisation": self.id, "profile": profile})["left"]

    def issue(self, name, profile=LDEVID, key=None, want=None, **more):
        key = key or new_key(name + "-" + profile, "/serialNumber=" + name)
        made = self.call("issueCertificate", {
            "profile": profile, "csr": csr_of(key), **more}, want)
        if want is None:
            key.put(made["pem"] + "".join(made["chain"]))
            key.serial = made["serial_number"]
        return key

    def device(self, name, want=None):
        return self.call("showDevice", {"device": name}, want)

    def offer(self, to, *names, want=None, **more):
        return self.call("offerTransfer", {
            "receiver": to.id, "devices": list(names), **more}, want)

    def accept(self, offer, want=None, **more):
        return self.call("acceptTransfer", {"transfer": offer["id"], **more},
                         want)

    def events(self, name=None):
        params = {"device": name} if name else {}
        return [e["event"] for e in self.call(
            "listDeviceEvents" if name else "listEvents", params)["items"]]


def world(srv):
    srv.start()
    api = admin.Api(srv)
    return api, Member(api, "North"), Member(api, "South")


def renew(srv, key, label, want=200):
    """By what it has: its next key, where it gets one."""
    new = new_key("next-%d" % time.monotonic_ns(), key.subject)
    answer = srv.enrol(new, label, cert=key.pair(), operation="simplereenroll")
    equal(answer.status, want, repr(answer))
    if want == 200:
        new.put(admin.service.pem_of_certs_only(answer.body))
    return new


def asks(srv, key, want=200):
    answer = srv.ask("GET", "/device/v1/status", cert=key.pair())
    equal(answer.status, want, repr(answer))
    return answer.json() if want == 200 else None


def subject(key, text):
    key.subject = text
    return key


def test_an_offer_is_seen_by_its_two_sides_and_changes_nothing():
    with serve("offer") as srv:
        api, north, south = world(srv)
        far = Member(api, "Far", ecosystem=api.call(
            "createEcosystem", {"name": "Other"})["id"])
        third = Member(api, "Third")
        key = north.issue("N-1")
        north.call("describeDevice", {"device": "N-1", "set": [
            "serial=S-1", "model=M", "key-method=salak", "label.room=7"]})
        before = north.device("N-1")
        offer = north.offer(south, "N-1", words="as agreed")
        equal((offer["state"], offer["giver_name"], offer["receiver_name"],
               offer["devices"], offer["certificates"], offer["labels"]),
              ("offered", "North", "South", 1, "revoke", False))
        equal(offer["creator"], "operator:north")

        # The other side sees what it is to judge, and no more.
        at = {"transfer": offer["id"]}
        seen = south.call("showTransfer", at)
        equal((seen["words"], "creator" in seen), ("as agreed", False))
        equal(south.call("listTransferredDevices", at)["items"],
              [{"device": "N-1", "state": "active"}])
        equal([t["id"] for t in south.call("listTransfers")["items"]],
              [offer["id"]])
        south.device("N-1", 404)
        equal(south.call("listDevices")["items"], [])
        equal(south.events(), ["transfer-offered"])
        # Nobody else does.
        for other in (third, far):
            equal(other.call("listTransfers")["items"], [])
            for name in ("showTransfer", "listTransferredDevices",
                         "acceptTransfer", "refuseTransfer",
                         "withdrawTransfer"):
                other.call(name, at, 404)
        # Each does what is for its side.
        north.accept(offer, 403)
        north.call("refuseTransfer", at, 403)
        south.call("withdrawTransfer", at, 403)
        # Who is above both is still one person.
        mine = api.call("createDevice", {"device": "mine"})
        equal(mine["state"], "expected")
        own = api.call("offerTransfer", {"receiver": south.id,
                                         "devices": ["mine"]})
        api.call("acceptTransfer", {"transfer": own["id"]}, 403)
        api.call("withdrawTransfer", {"transfer": own["id"]})

        refused = south.call("refuseTransfer", {**at, "reason": "too many"})
        equal((refused["state"], refused["reason"], refused["decider"]),
              ("refused", "too many", "operator:south"))
        seen = north.call("showTransfer", at)
        equal((seen["state"], seen["reason"], "decider" in seen),
              ("refused", "too many", False))
        equal(north.device("N-1"), before)
        equal(south.call("listTransferredDevices", at)["items"],
              [{"device": "N-1"}])  # how it is now is nobody's business
        for name in ("acceptTransfer", "refuseTransfer"):
            south.call(name, at, 409)
        north.call("withdrawTransfer", at, 409)
        holds("transfer-refused" in north.events(), north.events())

        # What cannot be offered.
        for params, want in (
                ({"receiver": far.id}, 404), ({"receiver": 999}, 404),
                ({"receiver": north.id}, 400), ({"devices": ["none"]}, 404),
                ({"devices": []}, 400), ({"devices": ["N-1", "N-1"]}, 400),
                ({"devices": ["N-%d" % i for i in range(1001)]}, 400)):
            north.call("offerTransfer", {"receiver": south.id,
                                         "devices": ["N-1"], **params}, want)
        third.offer(south, "N-1", want=404)
        north.call("suspendDevice", {"device": "N-1"})
        contains(north.offer(south, "N-1", want=409)["detail"], "suspended")
        north.call("resumeDevice", {"device": "N-1"})
        second = north.offer(south, "N-1")
        contains(north.offer(third, "N-1", want=409)["detail"],
                 "on offer by transfer %d" % second["id"])
        # What has happened since decides.
        north.call("suspendDevice", {"device": "N-1"})
        contains(south.accept(second, 409)["detail"], "suspended")
        north.call("resumeDevice", {"device": "N-1"})
        equal(north.call("withdrawTransfer",
                         {"transfer": second["id"]})["state"], "withdrawn")
        # An offer is not for ever, and a device is free again at once.
        brief = north.offer(south, "N-1", open_for=1)
        wait_until("it has lapsed", lambda: south.call(
            "showTransfer", {"transfer": brief["id"]})["state"] == "lapsed")
        contains(south.accept(brief, 409)["detail"], "lapsed")
        api.call("suspendOrganisation", {"organisation": south.id})
        north.offer(south, "N-1", want=409)
        api.call("resumeOrganisation", {"organisation": south.id})
        north.offer(south, "N-1")
        srv.restart()
        api = north.api = south.api = admin.Api(srv)
        wait_until("it is written down", lambda: "transfer-lapsed" in
                   north.events() and "transfer-lapsed" in south.events())
        asks(srv, key)
        for i in range(63):
            north.call("createDevice", {"device": "E-%d" % i})
            north.offer(south, "E-%d" % i)
        north.call("createDevice", {"device": "E"})
        north.offer(south, "E", want=409)
        srv.stop()
        srv.verify_ledger()


def test_a_device_that_keeps_its_certificate_renews_with_its_new_owner():
    with serve("keep") as srv:
        api, north, south = world(srv)
        key = subject(north.issue("K-1"), "/serialNumber=K-1")
        north.call("describeDevice", {"device": "K-1", "set": [
            "serial=S-1", "mac=020000000001", "model=M", "key-method=salak",
            "label.room=7"]})
        offer = north.offer(south, "K-1", certificates="keep")
        # The receiver names the profile, and has room for it.
        south.accept(offer, 404, profile="none")
        south.accept(offer, 400, profile=IDEVID)  # never renewed
        pair = {"organisation": south.id, "profile": LDEVID}
        api.call("giveQuota", {**pair, "amount": -50})
        contains(south.accept(offer, 409, profile=LDEVID)["detail"], "0 of")
        api.call("giveQuota", {**pair, "amount": 2})
        done = south.accept(offer, profile=LDEVID)
        equal((done["state"], done["profile"], done["decider"]),
              ("accepted", LDEVID, "operator:south"))
        seen = north.call("showTransfer", {"transfer": offer["id"]})
        holds(not {"profile", "decider"} & set(seen), seen)

        # Two books: what is known of it goes, what was done to it does not.
        got = south.device("K-1")
        equal((got["state"], got["serial"], got["mac"], got["model"],
               got["key_method"], got["transfer"], got["certificates"]),
              ("born", "S-1", ["02:00:00:00:00:01"], "M", "salak", offer["id"], []))
        holds("labels" not in got, got)
        equal(south.events("K-1"), ["received"])
        gone = north.device("K-1")
        equal((gone["state"], gone["labels"]), ("transferred", ["room=7"]))
        equal(north.events("K-1")[0], "given")
        holds("described" in north.events("K-1"), north.events("K-1"))
        equal([c["status"] for c in gone["certificates"]], ["valid"])
        equal(south.call("listCertificates", {"profile": LDEVID})["items"], [])
        south.call("showCertificate", {"serial": key.serial}, 404)
        south.call("revokeCertificate", {"serial": key.serial}, 404)
        equal([d["name"] for d in south.call("listDevices", {
            "serial": "S-1"})["items"]], ["K-1"])

        # Its former owner does nothing with it any more.
        device = {"device": "K-1"}
        for name, params in (
                ("suspendDevice", {}), ("renewDevice", {}), ("shipDevice", {}),
                ("revokeDevice", {}), ("retireDevice", {}),
                ("describeDevice", {"set": ["lot=1"]}),
                ("createToken", {"profile": LDEVID})):
            north.call(name, {**device, **params}, 409)
        north.offer(south, "K-1", want=409)
        north.issue("K-1", key=new_key("thief", "/serialNumber=K-1"), want=409)
        # Not by the key under another name, which its owner learns of.
        forged = new_key("forged", "/serialNumber=F-1")
        made = admin.openssl("req", "-new", "-key", key.key, "-subj",
                             "/serialNumber=F-1")
        write(forged.csr, made)
        north.issue("F-1", key=forged, want=409)
        wait_until("its owner knows", lambda: "key-misuse" in
                   south.events("K-1"))
        holds("key-misuse" not in north.events("K-1"), north.events("K-1"))

        # The hint is about the new owner's profile, from today.
        answer = srv.ask("GET", "/device/v1/renewal", cert=key.pair())
        holds(answer.json()["start"] < time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 8 * 86400)),
            answer.json())
        equal(north.call("listRenewals", {
            "about": "expiring", "horizon": 100 * 86400})["items"], [])
        # Renewal is on the new owner's account, and counts.
        equal((north.left(), south.left()), (49, 2))
        new = renew(srv, key, LDEVID)
        equal((north.left(), south.left()), (49, 1))
        equal(asks(srv, key)["device"]["name"], "K-1")  # not confirmed yet
        equal(asks(srv, new)["device"]["state"], "active")
        made, = south.call("listCertificates", {"profile": LDEVID})["items"]
        equal(made["status"], "valid")
        equal([c["serial_number"] for c in
               south.device("K-1")["certificates"]], [made["serial_number"]])
        old = north.call("showCertificate", {"serial": key.serial})
        equal((old["status"], old["reason_code"]), ("revoked", "superseded"))
        # A copy of the old key gives itself away to who has the device.
        renew(srv, key, LDEVID, 403)
        holds("fork" in south.events("K-1"), south.events("K-1"))
        holds("fork" not in north.events("K-1"), north.events("K-1"))
        equal({s["signal"] for s in south.call("listSignals", device)["items"]},
              {"fork", "same-key"})
        # From now on it is a device of its owner as any.
        south.call("renewDevice", device)
        new = renew(srv, subject(new, "/serialNumber=K-1"), LDEVID)
        equal((north.left(), south.left()), (49, 1))
        asks(srv, new)
        srv.stop()
        srv.verify_ledger()


def test_a_suspension_by_the_new_owner_holds_what_was_kept():
    with serve("hold") as srv:
        _, north, south = world(srv)
        key = north.issue("H-1")
        south.accept(north.offer(south, "H-1", certificates="keep"))
        asks(srv, key)
        renew(srv, subject(key, "/serialNumber=H-1"), LDEVID, 403)  # no profile
        south.call("suspendDevice", {"device": "H-1"})
        equal(north.call("showCertificate", {"serial": key.serial})["status"],
              "held")
        north.call("releaseCertificate", {"serial": key.serial}, 409)
        south.call("resumeDevice", {"device": "H-1"})
        equal(north.call("showCertificate", {"serial": key.serial})["status"],
              "valid")
        south.call("retireDevice", {"device": "H-1"})
        equal(north.call("showCertificate", {"serial": key.serial})["status"],
              "revoked")
        equal(north.device("H-1")["state"], "transferred")
        # The giver may end what it gave, at any time.
        key = north.issue("H-2")
        south.accept(north.offer(south, "H-2", certificates="keep"))
        north.call("revokeCertificate", {"serial": key.serial})
        srv.stop()
        srv.verify_ledger()


def test_a_device_of_birth_enrols_with_its_new_owner():
    with serve("birth") as srv:
        api, north, south = world(srv)
        birth = north.issue("B-1", IDEVID)
        work = subject(north.issue("B-1"), "/serialNumber=B-1")
        north.call("stockDevice", {"device": "B-1"})
        north.call("describeDevice", {"device": "B-1", "set": ["label.a=1"]})
        token = north.call("createToken", {"profile": LDEVID, "device": "B-1"})
        south.accept(north.offer(south, "B-1", labels=True), profile=LDEVID)
        equal(south.device("B-1")["labels"], ["a=1"])
        # Revoked is what was for operation; what it was born with stays.
        old = north.call("showCertificate", {"serial": work.serial})
        equal((old["status"], old["reason_code"]), ("revoked", "affiliationChanged"))
        equal(north.call("showCertificate", {"serial": birth.serial})["status"],
              "valid")
        renew(srv, work, LDEVID, 403)
        new = new_key("owned", "/serialNumber=B-1")
        answer = srv.enrol(new, LDEVID, token=("B-1", token["secret"]))
        equal(answer.status, 403, repr(answer))  # the giver's token is void
        answer = srv.enrol(new, LDEVID, cert=birth.pair())
        equal(answer.status, 200, repr(answer))
        new.put(admin.service.pem_of_certs_only(answer.body))
        equal((asks(srv, new)["device"]["state"], south.left()),
              ("active", 49))
        equal(north.call("listSignals")["items"], [])  # it has left the stock
        # A token of the new owner works as well.
        token = south.call("createToken", {"profile": "many", "device": "B-1"})
        answer = srv.enrol(new_key("more", "/serialNumber=B-1"), "many",
                           token=("B-1", token["secret"]))
        equal(answer.status, 200, repr(answer))

        # Back again: the row that it had, with what it had.
        north.accept(south.offer(north, "B-1"))
        back = north.device("B-1")
        equal((back["state"], back["labels"]), ("born", ["a=1"]))
        equal(north.events("B-1")[0], "received")
        equal(south.device("B-1")["state"], "transferred")
        asks(srv, new, 403)
        equal(south.call("showCertificate", {
            "serial": serial_of(read(new.cert).decode())})["status"],
            "revoked")
        answer = srv.enrol(new_key("again", "/serialNumber=B-1"), LDEVID,
                           cert=birth.pair())
        equal((answer.status, south.left(), north.left()), (200, 49, 48))
        srv.stop()
        srv.verify_ledger()


def test_what_the_receiver_has_already_is_not_taken():
    with serve("taken") as srv:
        _, north, south = world(srv)
        for name in ("T-1", "T-2", "T-3"):
            north.call("createDevice", {"device": name, "set": [
                "serial=" + name]})
        south.call("createDevice", {"device": "T-1"})
        south.call("createDevice", {"device": "X", "set": ["serial=T-3"]})
        offer = north.offer(south, "T-2", "T-1")
        contains(south.accept(offer, 409)["detail"], "device T-1")
        equal(north.device("T-2")["state"], "expected")  # all of them, or none
        south.device("T-2", 404)
        contains(south.accept(north.offer(south, "T-3"), 409)["detail"],
                 "serial T-3")
        north.call("withdrawTransfer", {"transfer": offer["id"]})
        south.accept(north.offer(south, "T-2"))
        equal(south.device("T-2")["state"], "expected")
        srv.stop()
        srv.verify_ledger()
        # What was recorded cannot be made another.
        path = os.path.join(srv.dir, "birthmark.db")
        for change, undo in (
                ("UPDATE transfer SET receiver = 1 WHERE state = 2",
                 "UPDATE transfer SET receiver = %d WHERE state = 2" %
                 south.id),
                ("UPDATE transfer SET state = 3 WHERE state = 2",
                 "UPDATE transfer SET state = 2 WHERE state = 3"),
                ("UPDATE transferred SET received = device "
                 "WHERE received != 0", None)):
            with sqlite3.connect(path) as db:
                db.execute(change)
            code, _, err = srv.birthmark("ledger", "verify", "--dir", srv.dir,
                                         check=False)
            holds(code != 0 and "transfer" in err, (change, err))
            if undo:
                with sqlite3.connect(path) as db:
                    db.execute(undo)
                srv.verify_ledger()


MANY = 400


def test_killed_in_the_middle_all_devices_go_or_none():
    with serve("kill") as srv:
        api, north, south = world(srv)
        names = ["D-%d" % i for i in range(MANY)]
        north.call("createDevices", {"rows": [
            "%s\nserial=%s\nlot=9" % (n, n) for n in names]})
        outcomes = set()
        sides = north, south
        for i in range(6):
            giver, taker = sides
            offer = giver.offer(taker, *names)

            def accept():
                try:
                    taker.accept(offer)
                except (OSError, AssertionError,
                        admin.service.http.client.HTTPException):
                    pass  # it was killed

            thread = threading.Thread(target=accept)
            thread.start()
            time.sleep(0.03 * i)
            srv.stop(signal.SIGKILL)
            thread.join()
            srv.start()
            north.api = south.api = admin.Api(srv)
            state = giver.call("showTransfer",
                               {"transfer": offer["id"]})["state"]
            outcomes.add(state)
            went = [d for d in taker.call("listDevices", {
                "lot": "9", "state": "expected", "limit": 1000})["items"]]
            equal(len(went), MANY if state == "accepted" else 0, state)
            kept = [d for d in giver.call("listDevices", {
                "lot": "9", "state": "expected", "limit": 1000})["items"]]
            equal(len(kept), 0 if state == "accepted" else MANY, state)
            if state == "accepted":
                sides = taker, giver
            else:
                giver.call("withdrawTransfer", {"transfer": offer["id"]})
        holds(outcomes <= {"accepted", "offered"}, outcomes)
        srv.stop()
        srv.verify_ledger()

        # The same by words, in the directory itself.
        def do(*words, want=0):
            code, out, err = srv.birthmark("transfer", words[0], "--dir",
                                           srv.dir, *words[1:], check=False)
            equal(code, want, "%s: %s %s" % (words, out, err))
            return out if want == 0 else err

        write("c.csv", "device,model\nC-1,C\nC-2,C\nC-3,C\n")
        srv.birthmark("device", "expect", "--dir", srv.dir, "c.csv")
        srv.birthmark("device", "suspend", "--dir", srv.dir, "C-3")
        write("names", "C-1\n\nC-2\r\n")
        number = do("offer", "--to", str(south.id), "--file", "names",
                    "--words", "hello").strip()
        contains(do("list", "--state", "offered"), number, "South")
        contains(do("show", number), "hello")
        equal([json.loads(x)["device"] for x in
               do("devices", "--json", number).splitlines()], ["C-1", "C-2"])
        contains(do("accept", number, want=1), "another operator")
        do("withdraw", "--reason", "no", number)
        do("withdraw", number, want=1)
        made = json.loads(do("offer", "--to", str(south.id), "--model", "C",
                             "--json", "--keep-certificates"))
        equal((made["devices"], made["certificates"]), (2, "keep"))
        do("refuse", str(made["id"]))
        do("offer", "--to", str(south.id), want=2)
        contains(do("offer", "--to", str(south.id), "--model", "Z", want=1),
                 "none is left to offer")
        srv.verify_ledger()


main()
