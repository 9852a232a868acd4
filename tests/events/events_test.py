# SPDX-License-Identifier: Apache-2.0
"""Events that go out: each is received, in the order of its device, whatever
becomes of the receiver, the courier, or birthmarkd.

    events_test.py BIRTHMARK BIRTHMARKD
"""
import json
import os
import random
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
import receivers  # noqa: E402
import service  # noqa: E402
from receivers import Rsyslog, Syslog, Webhook, signature_of  # noqa: E402
from service import Service, contains, equal, holds, wait_until  # noqa: E402

CA = []
MANY = int(os.environ.get("EVENTS", "1000"))


def ca():
    if not CA:
        CA.append(receivers.make_ca("events"))
    return CA[0]


def serve(name, **settings):
    settings.setdefault("courier_reach", "local")
    settings.setdefault("courier_retry_first", "1s")
    settings.setdefault("courier_retry_last", "1s")
    settings.setdefault("courier_timeout", "2s")
    settings.setdefault("listeners", 1)
    return Service(name=name, **settings)


def create(s, name, url, *more):
    """The secret; by the command, which asks the server where one runs."""
    return s.birthmark("destination", "create", "--dir", s.dir, name, url,
                       "--ca", ca() + "-ca.pem", *more)[1].strip()


def show(s, name):
    return json.loads(s.birthmark("destination", "show", "--dir", s.dir,
                                  "--json", name)[1])


def dead(s, name):
    out = s.birthmark("destination", "dead", "--dir", s.dir, "--json",
                      name)[1]
    return [json.loads(line) for line in out.splitlines()]


def put_devices(s, n):
    """Devices that are expected: their ids."""
    for i in range(n):
        s.birthmark("token", "create", "--dir", s.dir, "--profile", "many",
                    "--device", "SN-%d" % i)
    with sqlite3.connect(os.path.join(s.dir, "birthmark.db")) as db:
        return [row[0] for row in
                db.execute("SELECT id FROM device ORDER BY id")]


def put_events(s, devices, n, kind="fork", text="event %d"):
    """Rows as acts write them, many at once, while nobody runs."""
    with sqlite3.connect(os.path.join(s.dir, "birthmark.db")) as db:
        db.executemany(
            "INSERT INTO event (organisation, at, kind, device, text, claimed)"
            " VALUES (1, ?, ?, ?, ?, 0)",
            [(int(time.time()), kind, devices[i % len(devices)], text % i)
             for i in range(n)])


def number(event):
    return event["data"]["number"]


def check_all(taken, n, last=None):
    """Each of n events, the first time in the order of its device; what came
    twice is the same, by its id."""
    seen = {}
    order = {}
    for event in taken:
        same = seen.setdefault(event["id"], event)
        equal(event, same, "what came twice")
        if same is event:
            device = event.get("subject")
            holds(order.get(device, 0) < number(event),
                  "%s: %d behind %d" % (device, number(event),
                                        order.get(device, 0)))
            order[device] = number(event)
    equal(len(seen), n, "events")
    return len(taken) - n


# ---- What is sent

def test_a_webhook_is_signed_and_says_what_happened():
    hook = Webhook(ca())
    with serve("signed").start() as s:
        secret = create(s, "ops", hook.url)
        holds(secret.startswith("whsec_"), secret)
        maker = service.openssl(
            "req", "-new", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "maker.key",
            "-subj", "/CN=Maker", "-days", "30", "-addext",
            "basicConstraints=critical,CA:true")
        service.write("maker.pem", maker)
        s.birthmark("manufacturer", "add", "--dir", s.dir, "acme", "--anchor",
                    "maker.pem")
        wait_until("the event", lambda: hook.taken)
        event = hook.taken[0]
        headers, want = signature_of(secret, *hook.headers[0])
        equal(headers["webhook-signature"], want)
        equal(headers["webhook-id"], event["id"])
        holds(abs(int(headers["webhook-timestamp"]) - time.time()) < 60,
              "the time of the try")
        contains(headers["content-type"], "application/cloudevents+json")
        equal({k: event[k] for k in ("specversion", "type", "source")},
              {"specversion": "1.0", "type": "birthmark.manufacturer-added",
               "source": "http://127.0.0.1:%d" % s.ports["public"]})
        equal(event["data"]["text"], "acme")
        equal(event["data"]["organisation"], "Example")
        equal(event["data"]["source"], "noticed")
        s.birthmark("destination", "test", "--dir", s.dir, "ops")
        wait_until("the test", lambda: len(hook.taken) == 2)
        equal(hook.taken[1]["type"], "birthmark.destination-test")
        wait_until("the count", lambda: show(s, "ops")["delivered"] == 2)
        row = show(s, "ops")
        equal((row["state"], row["behind"], row["dead"], row["put_aside"]),
              ("delivering", 0, 0, 0))
        holds("secret" not in json.dumps(row), "the secret is shown once")
        s.birthmark("destination", "disable", "--dir", s.dir, "ops")
        code, _, err = s.birthmark("destination", "test", "--dir", s.dir,
                                   "ops", check=False)
        equal(code, 1)
        contains(err, "disabled")
        equal(s.stop(), 0)
        s.verify_ledger()
    hook.stop()


def test_only_what_is_wanted_is_sent_and_of_whom_it_is():
    hook = Webhook(ca())
    other = Webhook(ca())
    s = serve("wanted")
    devices = put_devices(s, 1)
    with s.start():
        create(s, "forks", hook.url, "--kind", "fork", "--kind", "restore")
        create(s, "claims", other.url, "--kind", "claimed")
        equal(s.stop(), 0)
        put_events(s, devices, 1, "key-misuse")
        put_events(s, devices, 1, "fork")
        with sqlite3.connect(os.path.join(s.dir, "birthmark.db")) as db:
            # of another organisation, and what a device said
            now = int(time.time())
            db.execute("INSERT INTO event (organisation, at, kind, device, "
                       "text, claimed) VALUES (7, ?, 'fork', 0, 'theirs', 0)",
                       (now,))
            db.execute("INSERT INTO event (organisation, at, kind, device, "
                       "text, claimed) VALUES (1, ?, 'started', ?, "
                       "'evil \x01 \" ] \\', 1)", (now, devices[0]))
        put_events(s, devices, 1, "restore")
        s.start()
        wait_until("the last", lambda: len(hook.taken) == 2)
        wait_until("the claim", lambda: other.taken)
        equal([e["type"] for e in hook.taken],
              ["birthmark.fork", "birthmark.restore"])
        equal(hook.taken[0]["subject"], "SN-0")
        equal(other.taken[0]["data"]["source"], "claimed")
        equal(other.taken[0]["data"]["text"], "evil \x01 \" ] \\")
        equal(len(other.seen), 1)
    hook.stop()
    other.stop()


def test_the_age_of_events_is_typed_and_shown_in_the_same_units():
    s = serve("age")
    at = ("destination", "create", "--dir", s.dir)
    for wrong, words in (
            ("31d", "give_up_after is outside of 1s to 30d"),
            ("721h", "give_up_after is outside of 1s to 30d"),
            ("3", "--give-up-after takes a duration, like 3d")):
        code, _, err = s.birthmark(*at, "no", "https://127.0.0.1:9/",
                                   "--give-up-after", wrong, check=False)
        holds(code != 0, wrong)
        contains(err, words)
    for name, given, shown in (("usual", (), "7d"), ("most", ("30d",), "30d"),
                               ("mixed", ("90m",), "90m")):
        s.birthmark(*at, name, "https://127.0.0.1:9/",
                    *[w for g in given for w in ("--give-up-after", g)])
        out = s.birthmark("destination", "show", "--dir", s.dir, name)[1]
        equal([l.split()[-1] for l in out.splitlines() if "give up" in l],
              [shown])
    equal(show(s, "usual")["give_up_after"], 604800)  # programs count


def test_certificates_are_told_to_those_who_ask_for_them():
    asked = Webhook(ca())
    plain = Webhook(ca())
    with serve("asked").start() as s:
        code, _, err = s.birthmark("destination", "create", "--dir", s.dir,
                                   "x", asked.url, "--kind", "issued",
                                   check=False)
        equal(code, 1)
        contains(err, "no kind of events: 'issued'")
        kinds = s.birthmark("destination", "kinds")[1]
        contains(kinds, "certificate.issued")
        create(s, "asked", asked.url, "--kind", "certificate")
        create(s, "plain", plain.url)
        key = service.Key(s.dir, "SN-1", "/serialNumber=SN-1")
        serial = s.birthmark("cert", "issue", "--dir", s.dir, "--profile",
                             "ieee-802.1ar-ldevid", "--csr", key.csr, "--out",
                             key.cert)[1].strip()
        wait_until("the certificate", lambda: asked.taken)
        event = asked.taken[0]
        equal((event["type"], event["subject"]),
              ("birthmark.certificate.issued", "SN-1"))
        details = event["data"]["details"]
        equal(sorted(details), ["ca", "profile", "serial", "until"])
        equal((details["serial"], details["profile"]),
              (serial, "ieee-802.1ar-ldevid"))
        s.birthmark("cert", "revoke", "--dir", s.dir, "--reason",
                    "keyCompromise", serial)
        wait_until("its end", lambda: len(asked.taken) == 2)
        end = asked.taken[1]
        equal((end["type"], end["data"]["details"]["reason"]),
              ("birthmark.certificate.revoked", "keyCompromise"))
        equal(end["data"]["details"]["serial"], serial)
        s.birthmark("destination", "test", "--dir", s.dir, "plain")
        wait_until("the test", lambda: plain.taken)
        equal([e["type"] for e in plain.taken], ["birthmark.destination-test"])
        wait_until("the count", lambda: show(s, "asked")["delivered"] == 2)
        equal(s.stop(), 0)
        with sqlite3.connect(os.path.join(s.dir, "birthmark.db")) as db:
            equal(db.execute("SELECT count(*) FROM event WHERE asked != 0")
                  .fetchone()[0], 0, "what was given is gone")
    asked.stop()
    plain.stop()


# ---- What fails

def test_a_device_whose_event_fails_holds_up_no_other():
    # Until all others' events are here, the first of SN-0 is refused.
    def judge(event):
        waits = event["subject"] == "SN-0" and len(hook.taken) < 20
        return 500 if waits else 204

    hook = Webhook(ca(), judge)
    s = serve("holds")
    devices = put_devices(s, 3)
    create(s, "ops", hook.url)
    put_events(s, devices, 30)
    with s.start():
        wait_until("all", lambda: len({e["id"] for e in hook.taken}) == 30)
        check_all(hook.taken, 30)
        holds(len(hook.seen) > 30, "it was refused")
        wait_until("the store", lambda: show(s, "ops")["put_aside"] == 0)
        equal(show(s, "ops")["delivered"], 30)
    hook.stop()


def test_what_is_given_up_can_be_tried_again_or_dropped():
    accept = []
    hook = Webhook(ca(), lambda e: 204 if accept or "SN-1" in e["subject"]
                   else 400)
    s = serve("dead")
    devices = put_devices(s, 2)
    create(s, "ops", hook.url, "--tries", "2")
    put_events(s, devices, 6)
    with s.start():
        wait_until("three dead", lambda: show(s, "ops")["dead"] == 3)
        wait_until("the others", lambda: len(hook.taken) == 3)
        rows = dead(s, "ops")
        equal([r["why"] for r in rows], ["HTTP 400"] * 3)
        equal([r["tries"] for r in rows], [2] * 3)
        equal([r["device"] for r in rows], ["SN-0"] * 3)
        s.birthmark("destination", "drop", "--dir", s.dir, "ops",
                    "--event", str(rows[0]["id"]))
        code, _, err = s.birthmark("destination", "drop", "--dir",
                                   s.dir, "ops", "--event",
                                   str(rows[0]["id"]), check=False)
        equal(code, 1)
        contains(err, "was not given up")
        accept.append(True)
        s.birthmark("destination", "retry", "--dir", s.dir, "ops",
                    "--all")
        wait_until("two more", lambda: len(hook.taken) == 5)
        equal([number(e) for e in hook.taken[3:]],
              [r["id"] for r in rows[1:]])
        equal(dead(s, "ops"), [])
        equal(s.stop(), 0)
    hook.stop()


def test_receivers_that_misbehave_cost_tries_and_lose_nothing():
    tries = []
    ways = ["hang", "close", "flood", "https://localhost:1/elsewhere", 500,
            503, 204]

    def judge(event):
        tries.append(event["id"])
        return ways[len(tries) - 1] if len(tries) <= len(ways) else 204

    hook = Webhook(ca(), judge)
    s = serve("misbehave")
    devices = put_devices(s, 1)
    create(s, "ops", hook.url)
    put_events(s, devices, 3)
    with s.start():
        words = set()

        def through():
            words.add(show(s, "ops").get("why"))
            return len(hook.taken) == 3
        wait_until("all three", through)
        check_all(hook.taken, 3)
        equal(tries[:len(ways)], [tries[0]] * len(ways))
        holds({"HTTP 307", "HTTP 500"} & words, words)
    hook.stop()


def test_whom_the_destination_does_not_trust_gets_nothing():
    hook = Webhook(receivers.make_ca("other"))
    here = serve("trust")
    with here.start() as s:
        create(s, "ops", hook.url)
        s.birthmark("destination", "create", "--dir", s.dir, "system",
                    hook.url)
        for name in ("ops", "system"):
            s.birthmark("destination", "test", "--dir", s.dir, name)
            row = wait_until("a failure", lambda n=name: "why" in show(s, n)
                             and show(s, n))
            contains(row["why"].lower(), "certificate")
        equal(hook.seen, [])
    hook.stop()



def test_anchors_that_cannot_be_read_are_no_other_destinations_trouble():
    hook = Webhook(ca())
    with serve("anchors").start() as s:
        s.birthmark("destination", "create", "--dir", s.dir, "odd", hook.url,
                    "--ca", receivers.make_odd_ca("odd"))
        create(s, "ops", hook.url)
        s.birthmark("destination", "test", "--dir", s.dir, "odd")
        row = wait_until("a failure", lambda: "why" in show(s, "odd") and
                         show(s, "odd"))
        contains(row["why"], "anchors")
        s.birthmark("destination", "test", "--dir", s.dir, "ops")
        wait_until("the event", lambda: hook.taken)
    hook.stop()


def test_this_machine_is_out_of_reach_unless_it_is_configured():
    hook = Webhook(ca())
    plain = Syslog(ca())
    with serve("reach", courier_reach="private").start() as s:
        urls = {"name": hook.url,
                "four": "https://127.0.0.1:%d/" % hook.port,
                "six": "https://[::1]:%d/" % hook.port,
                "mapped": "https://[::ffff:127.0.0.1]:%d/" % hook.port,
                "link": "https://169.254.169.254/latest/meta-data",
                "syslog": plain.url}
        for name, url in urls.items():
            create(s, name, url)
            s.birthmark("destination", "test", "--dir", s.dir, name)
        for name in urls:
            row = wait_until(name, lambda n=name: "why" in show(s, n) and
                             show(s, n))
            contains(row["why"], "may not be reached")
        equal((hook.seen, plain.connections), ([], 0))
        for url in ("http://localhost/", "https://user@localhost/",
                    "https://localhost", "ftp://localhost/",
                    "https://local host/", "syslog+tls://localhost/x",
                    "file:///etc/passwd"):
            code, _, err = s.birthmark("destination", "create", "--dir", s.dir,
                                       "bad", url, check=False)
            equal(code, 1, url)
            contains(err, "no URL that events go to")
    hook.stop()
    plain.stop()


# ---- What dies

def test_no_event_is_lost_when_processes_are_killed():
    dice = random.Random(5)
    s = serve("killed")
    devices = put_devices(s, 7)

    def judge(event):
        return 500 if dice.random() < 0.02 else 204

    hook = Webhook(ca(), judge)
    create(s, "ops", hook.url, "--tries", "1000")
    put_events(s, devices, MANY)
    s.start()
    try:
        for step in range(1, 6):
            target = min(MANY * step // 8, MANY)
            wait_until("progress", lambda t=target: len(hook.taken) >= t)
            if step == 3:
                s.stop(signal.SIGKILL)  # all of it
                s.start()
            else:
                who = ("courier", "issuer")[step % 2]
                os.kill(s.rooms()[who][0], signal.SIGKILL)
        wait_until("all", lambda: len({e["id"] for e in hook.taken}) == MANY,
                   4 * service.PATIENCE)
        twice = check_all(hook.taken, MANY)
        wait_until("the store", lambda: show(s, "ops")["behind"] == 0 and
                   show(s, "ops")["put_aside"] == 0)
        equal(show(s, "ops")["dead"], 0)
        print("# %d events, %d of them twice" % (MANY, twice))
        equal(s.stop(), 0)
    finally:
        s.stop(signal.SIGKILL)
        hook.stop()


def memory_of(s, room):
    text = service.read("/proc/%d/status" % s.rooms()[room][0]).decode()
    return int(text.split("VmRSS:")[1].split()[0])


def test_a_receiver_that_is_down_costs_no_memory():
    hook = Webhook(ca())
    port = hook.port
    hook.stop()
    s = serve("down")
    devices = put_devices(s, 7)
    create(s, "ops", "https://localhost:%d/" % port)
    with s.start():
        time.sleep(2)
        before = {r: memory_of(s, r) for r in ("issuer", "courier")}
        equal(s.stop(), 0)
        put_events(s, devices, MANY)
        s.start()
        wait_until("failing", lambda: show(s, "ops")["state"] == "failing")
        time.sleep(3)
        row = show(s, "ops")
        holds(row["behind"] + row["put_aside"] >= MANY, row)
        after = {r: memory_of(s, r) for r in ("issuer", "courier")}
        print("# %d events wait; KiB before %r, after %r" % (MANY, before,
                                                            after))
        for room, kib in after.items():
            holds(kib < before[room] + 8192, (room, before, after))
        page = service.run("curl", "-s", "http://127.0.0.1:%d/metrics" %
                           s.ports["metrics"])[1]
        holds('birthmark_destinations_failing{room="issuer",process="0"} 1'
              in page, "the metric of a failing destination")
        start = time.monotonic()
        hook = Webhook(ca(), port=port)
        wait_until("all", lambda: len({e["id"] for e in hook.taken}) == MANY,
                   600)
        check_all(hook.taken, MANY)
        print("# then %d in %.1f s" % (MANY, time.monotonic() - start))
    hook.stop()


# ---- Syslog

def test_syslog_has_every_message_over_connections_that_end():
    sink = Syslog(ca(), limit=40)
    s = serve("syslog")
    devices = put_devices(s, 3)
    equal(create(s, "siem", sink.url, "--tries", "1000"), "")
    put_events(s, devices, 300, text='say "]\\ %d\nforged')
    with s.start():
        for _ in range(2):
            n = len(sink.taken)
            wait_until("some", lambda m=n: len(sink.taken) > m + 20)
            os.kill(s.rooms()["courier"][0], signal.SIGKILL)
        wait_until("all", lambda: len({m["id"] for m in sink.taken}) == 300)
        order = {}
        seen = set()
        for m in sink.taken:
            if m["id"] not in seen:
                holds(order.get(m["device"], 0) < int(m["number"]), m)
                order[m["device"]] = int(m["number"])
            seen.add(m["id"])
        m = sink.taken[0]
        equal((m["priority"], m["kind"], m["host"], m["device"]),
              (13 * 8 + 4, "fork", "127.0.0.1", "SN-0"))
        equal(m["text"], 'say "]\\ 0?forged')
        holds(sink.connections >= 300 // 40, sink.connections)
        wait_until("the store", lambda: show(s, "siem")["behind"] == 0)
    sink.stop()


def test_an_identity_that_others_can_read_is_refused():
    path = os.path.abspath(ca() + "-client-both.pem")
    s = serve("others", courier_identity=path)
    os.chmod(path, 0o644)
    try:
        code, _, err = service.run(service.DAEMON, "--config", os.path.join(
            s.dir, "birthmark.yaml"), check=False)
    finally:
        os.chmod(path, 0o600)
    equal(code, 1)
    contains(err, "courier.identity", "may be read by others")


def test_rsyslog_takes_it_from_who_shows_a_certificate():
    log = Rsyslog(ca())
    s = serve("rsyslog", courier_identity=os.path.abspath(
        ca() + "-client-both.pem"))
    devices = put_devices(s, 2)
    create(s, "siem", log.url, "--client-certificate")
    create(s, "anonymous", log.url)
    put_events(s, devices, 50)
    try:
        with s.start():
            wait_until("all", lambda: len(log.lines()) >= 50)
            wait_until("the store", lambda: show(s, "siem")["behind"] == 0)
            equal(len(set(log.lines())), 50)
            contains(log.lines()[0], "|127.0.0.1|birthmark|fork|"
                     '[birthmark@32473 id="evt_', 'device="SN-0"', "event 0")
            wait_until("a failure", lambda: "why" in show(s, "anonymous"))
            equal(show(s, "anonymous")["delivered"], 0)
    finally:
        log.stop()


service.main()
