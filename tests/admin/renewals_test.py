# SPDX-License-Identifier: Apache-2.0
"""When devices renew: what each is told, what is pulled forward, and the
report about it, by the real service.

    renewals_test.py BIRTHMARK BIRTHMARKD
"""
import calendar
import json
import os
import re
import time

import api as admin
from service import Key, Service, contains, equal, holds, main, wait_until, write

PROFILE = """\
profile: %(name)s
about: of a test
ca: issuing
by: [token, current]
device: { identity: owner, one_active: true }
validity: { for: %(life)s, nested: true, backdate: 0s }
renewal: { before: %(before)s, grace: 1h%(more)s }
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

DAY = 86400


def add_profile(srv, name, life, before, more=""):
    write(os.path.join(srv.dir, "profiles", name + ".yaml"), PROFILE % {
        "name": name, "life": life, "before": before, "more": more})


def serve(name):
    return Service(name=name, listeners=1, limits_identity=100000,
                   limits_organisation=100000)


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def hint(answer):
    """(start, end) of the header."""
    found = re.match(r"start=(\S+), end=(\S+)$",
                     answer.headers["Birthmark-Renewal"])
    return seconds(found.group(1)), seconds(found.group(2))


class Device:
    def __init__(self, api, srv, profile, name):
        self.srv, self.profile, self.name = srv, profile, name
        self.keys = 0
        self.key = Key(".", name + "-0", "/serialNumber=" + name)
        secret = api.call("createToken", {"profile": profile,
                                          "device": name})["secret"]
        self.take(srv.enrol(self.key, profile, token=(name, secret)))

    def take(self, answer):
        equal(answer.status, 200, repr(answer))
        self.key.put(admin.service.pem_of_certs_only(answer.body))
        self.enrolled = time.time()
        self.told = hint(answer)

    def asks(self):
        answer = self.srv.ask("GET", "/device/v1/renewal",
                              cert=self.key.pair())
        equal(answer.status, 200, repr(answer))
        window = answer.json()
        both = seconds(window["start"]), seconds(window["end"])
        equal(hint(answer), both, "header and body")
        return both

    def renews(self, want=200):
        self.keys += 1
        new = Key(".", "%s-%d" % (self.name, self.keys),
                  "/serialNumber=" + self.name)
        answer = self.srv.enrol(new, self.profile, operation="simplereenroll",
                                cert=self.key.pair())
        equal(answer.status, want, repr(answer))
        if want == 200:
            self.key = new
            self.take(answer)
            self.asks()  # which confirms it


def test_a_fleet_is_spread_and_pulled_forward():
    with serve("fleet") as srv:
        add_profile(srv, "fleet", "100d", "60d",
                    ", window: { from_part: 50, until: 10d }")
        add_profile(srv, "other", "100d", "60d")
        srv.start()
        api = admin.Api(srv)
        fleet = [Device(api, srv, "fleet", "F-%d" % i) for i in range(16)]
        for d in fleet:
            born = d.enrolled
            holds(born + 50 * DAY - 9 <= d.told[0] < d.told[1] <=
                  born + 90 * DAY + 9, d.told)
            holds(d.told[1] - d.told[0] < DAY, "a slice of it")
            equal(d.asks(), d.told, "the same each time")
        middle = fleet[0].enrolled + 70 * DAY
        early = [d for d in fleet if d.told[0] < middle]
        holds(0 < len(early) < len(fleet), "all on one side")
        holds(len({d.told[0] for d in fleet}) > 12, "hardly any differ")

        # Without a window of its own: two thirds of what is left.
        lone = Device(api, srv, "other", "O-1")
        holds(lone.enrolled + 40 * DAY - 9 <= lone.told[0] <
              lone.enrolled + 80 * DAY + 9, lone.told)

        fleet[0].renews(403)  # it is not time yet
        api.call("pullRenewals", {}, 400)
        api.call("pullRenewals", {"profile": "none"}, 404)
        api.call("pullRenewals", {"ca": "none"}, 404)
        api.call("pullRenewals", {"devices": "("}, 400)
        pull = api.call("pullRenewals", {"profile": "fleet", "ca": "issuing",
                                         "devices": "F-[0-9]", "over": 7200})
        now = time.time()
        for d in fleet[:10]:
            start, end = d.asks()
            holds(now - 9 <= start < end <= now + 7209, (start, end))
        holds(len({d.asks()[0] for d in fleet[:10]}) > 6, "not spread")
        equal(fleet[10].asks(), fleet[10].told, "F-10 was not meant")
        equal(lone.asks(), lone.told, "nor was another profile")
        lone.renews(403)
        fleet[10].renews(403)

        # Whoever renews is done with it.
        fleet[0].renews()
        holds(fleet[0].asks()[0] > time.time() + 40 * DAY, fleet[0].asks())

        # The last one that was pulled is late when its time is over.
        equal(api.call("listRenewals", {"about": "late"})["items"], [])
        short = api.call("pullRenewals", {"devices": "F-1", "over": 1})
        wait_until("F-1 is late", lambda: [
            i["device"] for i in api.call(
                "listRenewals", {"about": "late"})["items"]] == ["F-1"])
        row, = api.call("listRenewals", {"about": "late"})["items"]
        equal((row["pull"], row["profile"]), (short["id"], "fleet"))

        api.call("cancelPull", {"pull": pull["id"]})
        api.call("cancelPull", {"pull": pull["id"]}, 409)
        equal(fleet[2].asks(), fleet[2].told, "let go")
        fleet[2].renews(403)
        fleet[1].renews()  # pulled by the other one
        equal([p["status"] for p in api.call("listPulls")["items"]],
              ["cancelled", "in force"])
        for _ in range(63):
            api.call("pullRenewals", {"devices": "X"})
        api.call("pullRenewals", {"devices": "X"}, 422)
        srv.stop()
        contains(srv.verify_ledger(), "")

        # The same in direct mode, by words.
        number = srv.birthmark("renewal", "list", "--dir", srv.dir,
                               "--json")[1].count("\n")
        equal(number, 65)
        srv.birthmark("renewal", "cancel", "--dir", srv.dir, str(short["id"]))
        code = srv.birthmark("renewal", "pull", "--dir", srv.dir, check=False)
        holds(code[0] != 0 and "say which" in code[2], code)


def of_batch(api, srv, profile, name):
    """(number of the batch, a device that has the certificate of its row)"""
    device = Device.__new__(Device)
    device.srv, device.profile, device.name, device.keys = srv, profile, name, 0
    device.key = Key(".", name + "-0", "/serialNumber=" + name)
    with open(device.key.csr, encoding="ascii") as f:
        write(name + ".csv", 'csr\n"%s"\n' % f.read())
    number = int(srv.birthmark("batch", "create", "--dir", srv.dir, "--profile",
                               profile, name + ".csv")[1])
    wait_until("the batch is ready", lambda: api.call(
        "showBatch", {"batch": number})["state"] == "ready")
    cert, = api.call("listCertificates", {"device": name})["items"]
    device.key.put(api.call("showCertificate", {
        "serial": cert["serial_number"]})["pem"].encode())
    device.told = device.asks()
    return number, device


def test_models_lots_and_batches_are_pulled():
    with serve("groups") as srv:
        add_profile(srv, "fleet", "100d", "60d")
        path = os.path.join(srv.dir, "profiles", "fleet.yaml")
        with open(path, encoding="ascii") as f:
            write(path, f.read().replace("[token,", "[operator, token,"))
        srv.start()
        api = admin.Api(srv)
        for name, known in (("G-0", ["model=M1", "lot=7"]),
                            ("G-1", ["model=M1", "lot=8"]),
                            ("G-2", ["model=M2", "lot=7"])):
            api.call("createDevice", {"device": name, "set": known})
        fleet = [Device(api, srv, "fleet", "G-%d" % i) for i in range(4)]
        batch, made = of_batch(api, srv, "fleet", "G-B")
        fleet.append(made)

        def pulled(**which):
            """Who is told so, while this is in force."""
            pull = api.call("pullRenewals", {"over": 7200, **which})
            equal({k: pull[k] for k in which}, which)
            who = [d.name for d in fleet if d.asks() != d.told]
            api.call("cancelPull", {"pull": pull["id"]})
            holds(all(d.asks() == d.told for d in fleet), "let go")
            return who

        equal(pulled(model="M1"), ["G-0", "G-1"])
        equal(pulled(lot="7"), ["G-0", "G-2"])
        equal(pulled(model="M1", lot="7", ca="issuing", profile="fleet"),
              ["G-0"])
        equal(pulled(model="M3"), [])
        equal(pulled(firmware="1.0"), [])
        equal(pulled(batch=batch), ["G-B"])
        api.call("pullRenewals", {"batch": 999}, 404)
        # By what is on record when it asks; and a batch by its past.
        api.call("describeDevice", {"device": "G-3", "set": ["model=M3"]})
        equal(pulled(model="M3"), ["G-3"])
        pull = api.call("pullRenewals", {"batch": batch, "over": 7200})
        made.renews()
        api.call("cancelPull", {"pull": pull["id"]})
        equal(pulled(batch=batch), ["G-B"])

        # It ends: nobody is told any more, and nobody may come early.
        now = int(time.time())
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 4))
        api.call("pullRenewals", {"model": "M1", "over": 7200, "ends": at}, 400)
        pull = api.call("pullRenewals", {"model": "M1", "over": 1, "ends": at})
        equal(pull["ends"], at)
        holds(fleet[0].asks()[0] < now + 9, "it is pulled")
        wait_until("it ended", lambda: api.call(
            "showPull", {"pull": pull["id"]})["status"] == "ended")
        equal(fleet[0].asks(), fleet[0].told)
        fleet[0].renews(403)
        api.call("cancelPull", {"pull": pull["id"]}, 409)
        equal(api.call("listRenewals", {"about": "late"})["items"], [])

        # The record has all of it, and by words.
        srv.birthmark("renewal", "pull", "--dir", srv.dir, "--model", "M1",
                      "--lot", "7", "--firmware", "1.0", "--batch", str(batch),
                      "--devices", "G-.*", "--ends", "900d")
        out = srv.birthmark("renewal", "list", "--dir", srv.dir)[1]
        contains(out.splitlines()[-1], "in force", "M1", "7", "G-.*")
        srv.stop()
        srv.verify_ledger()


def report(srv, *more):
    out = srv.birthmark("renewal", "report", "--dir", srv.dir, "--json",
                        *more)[1]
    return [json.loads(line) for line in out.splitlines()]


def test_a_report_says_who_is_late_who_is_lost_and_what_ends():
    with serve("report") as srv:
        add_profile(srv, "slow", "400s", "399s",
                    ", window: { from_part: 1, until: 395s }")
        add_profile(srv, "brief", "3s", "2s")
        add_profile(srv, "long", "300d", "60d")
        srv.start()
        api = admin.Api(srv)
        late = Device(api, srv, "slow", "late")
        fine = Device(api, srv, "long", "fine")
        lost = Device(api, srv, "brief", "lost")
        back = Device(api, srv, "brief", "back")
        wait_until("it may renew", lambda: time.time() > back.enrolled + 1.2)
        back.renews()
        holds(fine.told[0] > time.time(), fine.told)

        def who(about, **more):
            return [i["device"] for i in api.call(
                "listRenewals", {"about": about, **more})["items"]]

        wait_until("both are over", lambda: sorted(who("lost")) ==
                   ["back", "lost"])
        back.renews()  # within its grace
        equal(who("lost"), ["lost"])
        equal(who("lost", since="2100-01-01T00:00:00Z"), [])
        wait_until("one is late", lambda: "late" in who("late"))
        row = api.call("listRenewals", {"about": "late"})["items"][0]
        holds(seconds(row["renew_until"]) < time.time(), row)
        late.renews()
        wait_until("it is not any more",
                   lambda: "late" not in who("late") or time.time() <
                   late.enrolled, 1)

        equal([d for d in who("expiring", horizon=200 * DAY) if d == "fine"],
              [])
        holds("fine" in who("expiring", horizon=301 * DAY), "it ends then")
        whole = api.call("listRenewals",
                         {"about": "expiring", "horizon": 301 * DAY})["items"]
        paged, after = [], None
        while True:
            page = api.call("listRenewals", {
                "about": "expiring", "horizon": 301 * DAY, "limit": 1,
                **({"after": after} if after else {})})
            paged += page["items"]
            after = page.get("next")
            if after is None:
                break
        equal(paged, whole, "in pages")
        for after in ("x", "1", "1-", "1-x", "-"):
            api.call("listRenewals", {"about": "lost", "after": after}, 400)

        # A path ends with its CA: the root outlives it, or not.
        cas = {i["ca"]: i for i in api.call("listRenewals", {
            "about": "authorities", "horizon": 50 * 366 * DAY})["items"]}
        holds({"root", "issuing"} <= set(cas), cas)
        equal(api.call("listRenewals", {"about": "authorities",
                                          "horizon": 1})["items"], [])
        srv.stop()
        rows = report(srv, "--horizon", "18250d")
        holds({"lost", "expiring", "authorities"} <=
              {r["about"] for r in rows}, rows)
        equal([r["device"] for r in report(srv, "--about", "lost",
                                           "--since", "2100-01-01")], [])


main()
