# SPDX-License-Identifier: Apache-2.0
"""What members of a consortium may have: quota to the last certificate, and
the versions of profiles.

    consortium_test.py BIRTHMARK BIRTHMARKD
"""
import os
import re
import signal
import threading

import api as admin
from api import LDEVID, csr_of, new_key
from service import contains, equal, holds, main, read, write


def member(api, name, profiles):
    """(number, operator) of an organisation for which they are enabled."""
    number = api.call("createOrganisation", {"name": name})["id"]
    for profile in profiles:
        api.call("enableProfile", {"organisation": number, "profile": profile})
    return number, admin.make_operator(api, name.lower(), ["administrator"],
                                       organisation=number)


def standing(api, number, profile=LDEVID):
    row = api.call("showOrganisationProfile", {"organisation": number,
                                               "profile": profile})
    return row["left"], row["issued"]


def verify(srv):
    """All of it is on record, but the root that was slipped in."""
    out, err = srv.birthmark("ledger", "verify", "--dir", srv.dir,
                             check=False)[1:]
    contains(out, ": 1 findings")
    contains(err, "ca other is not on record")


def issue(api, who, name, want=None, profile=LDEVID, **more):
    key = more.pop("key", None) or new_key(name)
    made = api.call("issueCertificate", {"profile": profile,
                                         "csr": csr_of(key), **more}, want,
                    who=who)
    return key, made


def test_quota_is_given_taken_and_ends():
    with admin.serve() as srv:
        srv.start()
        api = admin.Api(srv)
        number, who = member(api, "Counted", [LDEVID])
        pair = {"organisation": number, "profile": LDEVID}
        refused = issue(api, who, "Q-0", 409)[1]
        contains(refused["detail"], "no certificates of this profile are left")
        api.call("giveQuota", {**pair, "amount": 2})
        key, made = issue(api, who, "Q-1")
        equal(standing(api, number), (1, 1))
        # The same again is the same certificate.
        again = issue(api, who, "Q-1", key=key)[1]
        equal((again["repeated"], standing(api, number)), (True, (1, 1)))
        # The renewal of what is in force does not count, over EST neither.
        key.put(made["pem"] + "".join(made["chain"]))
        api.call("renewDevice", {"device": "Q-1"}, who=who)
        successor = new_key("R-1", "/serialNumber=Q-1")
        answer = srv.enrol(successor, LDEVID, cert=key.pair(),
                           operation="simplereenroll")
        equal((answer.status, standing(api, number)), (200, (1, 1)),
              repr(answer))
        # A request that waits for approval takes nothing.
        issue(api, who, "Q-2")
        equal(standing(api, number), (0, 2))
        issue(api, who, "Q-3", 409)
        # Revocation gives nothing back.
        api.call("revokeCertificate", {"serial": made["serial_number"]},
                 who=who)
        equal(standing(api, number), (0, 2))
        # A token asks in vain, and is good later.
        token = api.call("createToken", {"profile": LDEVID, "device": "Q-4"},
                         who=who)
        key = new_key("Q-4")
        answer = srv.enrol(key, LDEVID, token=("Q-4", token["secret"]))
        equal((answer.status, answer.headers["Retry-After"]), (429, "3600"),
              repr(answer))
        contains(answer.body.decode(), "no certificates of this profile")
        api.call("giveQuota", {**pair, "amount": 1})
        answer = srv.enrol(key, LDEVID, token=("Q-4", token["secret"]))
        equal((answer.status, standing(api, number)), (200, (0, 3)),
              repr(answer))
        # Who does not count out goes on counting.
        api.call("giveQuota", {**pair, "unlimited": True})
        issue(api, who, "Q-5")
        equal(api.call("showOrganisationProfile", pair)["issued"], 4)
        equal(api.call("giveQuota", {**pair, "amount": 1})["left"], 1)
        srv.stop()
        verify(srv)


ASKING = 24
GIVEN = 9


def test_many_at_once_get_no_more_than_there_is():
    with admin.serve(name="many") as srv:
        srv.start()
        api = admin.Api(srv)
        number, who = member(api, "Busy", [LDEVID])
        pair = {"organisation": number, "profile": LDEVID}
        names = ["B-%d" % i for i in range(ASKING)]
        tokens = {n: api.call("createToken", {"profile": LDEVID, "device": n},
                              who=who)["secret"] for n in names}
        keys = {n: new_key(n) for n in names}
        api.call("giveQuota", {**pair, "amount": GIVEN})
        got = {}

        def enrol(name):
            got[name] = srv.enrol(keys[name], LDEVID,
                                  token=(name, tokens[name])).status

        threads = [threading.Thread(target=enrol, args=(n,)) for n in names]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal(sorted(got.values()), [200] * GIVEN + [429] * (ASKING - GIVEN))
        equal(standing(api, number), (0, GIVEN))
        # Killed in the middle of it, it is exact as well.
        api.call("giveQuota", {**pair, "amount": 3})
        late = [n for n in names if got[n] == 429]
        threads = [threading.Thread(target=ignore, args=(enrol, n))
                   for n in late]
        for t in threads:
            t.start()
        srv.stop(signal.SIGKILL)
        for t in threads:
            t.join()
        srv.start()
        api = admin.Api(srv)
        for name in late:
            srv.enrol(keys[name], LDEVID, token=(name, tokens[name]))
        left, issued = standing(api, number)
        rows = api.call("listCertificates", {"profile": LDEVID}, who=who)
        good = [c for c in rows["items"] if c["status"] == "valid"]
        equal((left, issued, len(good)), (0, GIVEN + 3, GIVEN + 3))
        srv.stop()
        verify(srv)


def ignore(enrol, name):
    try:
        enrol(name)
    except (OSError, admin.service.http.client.HTTPException):
        pass  # it was killed


def test_who_may_ask_is_said_by_the_version_that_an_organisation_has():
    with admin.serve(name="ways") as srv:
        path = os.path.join(srv.dir, "profiles/%s.yaml" % LDEVID)
        srv.start()
        api = admin.Api(srv)
        stays, who_stays = member(api, "Stays", [LDEVID])
        follows, who_follows = member(api, "Follows", [LDEVID])
        for number in (stays, follows):
            api.call("giveQuota", {"organisation": number, "profile": LDEVID,
                                   "amount": 10})
        api.call("stayAtVersion", {"organisation": stays, "profile": LDEVID},
                 who=who_stays)
        text = read(path).decode()
        edited = re.sub(r"(?m)^by: .*$", "by: [token, idevid, current]", text)
        holds(edited != text, "the profile has another by")
        write(path, edited)
        srv.restart()
        api = admin.Api(srv)
        made = issue(api, who_stays, "W-1")[1]
        equal(made["profile_version"], 1)
        issue(api, who_follows, "W-2", 422)
        srv.stop()
        verify(srv)


def test_an_organisation_stays_at_a_version_until_it_takes_over():
    with admin.serve(name="versions") as srv:
        path = os.path.join(srv.dir, "profiles/%s.yaml" % LDEVID)
        srv.start()
        api = admin.Api(srv)
        stays, who_stays = member(api, "Stays", [LDEVID])
        follows, who_follows = member(api, "Follows", [LDEVID])
        for number in (stays, follows):
            api.call("giveQuota", {"organisation": number, "profile": LDEVID,
                                   "amount": 10})
        pair = {"organisation": stays, "profile": LDEVID}
        # An administrator of its own says so.
        equal(api.call("stayAtVersion", pair, who=who_stays)["version"], 1)
        before = issue(api, who_stays, "V-1")[1]
        equal(before["profile_version"], 1)

        text = read(path).decode()
        edited = text.replace("for: 90d", "for: 45d")
        holds(edited != text, "the profile has another life")
        write(path, edited)
        srv.restart()
        api = admin.Api(srv)
        row = api.call("showOrganisationProfile", pair, who=who_stays)
        equal((row["version"], row["current"], row["stays"]), (1, 2, True))
        equal([v["version"] for v in api.call(
            "listProfileVersions", {"profile": LDEVID})["items"]], [1, 2])
        old = issue(api, who_stays, "V-2")[1]
        new = issue(api, who_follows, "V-3")[1]
        equal((old["profile_version"], new["profile_version"]), (1, 2))
        holds(old["not_after"] > new["not_after"], (old, new))

        # Its devices are served by it, too; each by its own organisation's.
        key, made = issue(api, who_stays, "V-4")
        key.put(made["pem"] + "".join(made["chain"]))
        api.call("renewDevice", {"device": "V-4"}, who=who_stays)
        answer = srv.enrol(new_key("V-5", "/serialNumber=V-4"), LDEVID,
                           cert=key.pair(), operation="simplereenroll")
        equal(answer.status, 200, repr(answer))

        # What it would take over is shown before.
        diff = srv.birthmark("profile", "diff", "--dir", srv.dir, "--org",
                             str(stays), LDEVID)[1]
        contains(diff, "@@ -", "\n-", "for: 90d", "\n+", "for: 45d")
        equal(srv.birthmark("profile", "diff", "--dir", srv.dir, "--org",
                            str(follows), LDEVID)[1], "")
        equal(api.call("followProfile", pair, who=who_stays)["version"], 2)
        equal(issue(api, who_stays, "V-6")[1]["profile_version"], 2)
        srv.stop()
        verify(srv)
        # A text that is made up afterwards is not signed by.
        srv.start()
        api = admin.Api(srv)
        api.call("stayAtVersion", pair, who=who_stays)
        srv.stop()
        write(path, text)
        kept = os.path.join(srv.dir, "versions/%s@2.yaml" % LDEVID)
        equal(read(kept).decode(), edited)
        os.unlink(kept)
        srv.start()
        api = admin.Api(srv)
        refused = issue(api, who_stays, "V-7", 409)[1]
        contains(refused["detail"], "version 2", "not at hand")
        srv.stop()


main()
