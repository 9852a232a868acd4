# SPDX-License-Identifier: Apache-2.0
"""The result of a batch as one file that the service answers with: what is in
it, who gets it, and what is left when somebody hangs up.

    BATCH_ORDERS=ORDERS result_test.py BIRTHMARK BIRTHMARKD
"""
import csv
import hashlib
import io
import json
import os
import signal
import socket
import sqlite3
import ssl
import zipfile
from urllib.parse import urlencode

import orders
from made_keys import devices
from orders import store
from service import (Key, Service, contains, equal, holds, main, openssl, read,
                     run, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"
ROWS = 250  # three pages
MANY = 4000  # with their chains, more than the kernel takes at once


def create(srv, name, *more):
    return srv.birthmark("batch", "create", "--dir", srv.dir, "--profile",
                         LDEVID, *more, name)[1].strip()


def show(srv, number):
    return json.loads(srv.birthmark("batch", "show", "--dir", srv.dir,
                                    "--json", number)[1])


def path_of(number, query=""):
    return "/api/v1/batches/%s/result%s" % (number, query)


def fetch(srv, number, query="", who=None):
    """The answer over a connection of its own."""
    over = srv.connect("operators", cert=who or srv.operator)
    try:
        return srv.ask("GET", path_of(number, query), over=over)
    finally:
        over.close()


def unpacked(octets):
    """{name: octets} of an archive that is whole."""
    with zipfile.ZipFile(io.BytesIO(octets)) as z:
        equal(z.testzip(), None)
        return {name: z.read(name) for name in z.namelist()}


def got(srv, number, name, *more):
    srv.birthmark("batch", "get", "--dir", srv.dir, "--out", name, *more,
                  number)
    return unpacked(read(name))


def the_list(srv, files):
    """Its lines, verified by OpenSSL with the root."""
    write("list.jsonl", files["list.jsonl"])
    write("list.p7s", files["list.p7s"])
    openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", "list.p7s",
            "-content", "list.jsonl", "-CAfile", srv.root, "-purpose", "any",
            "-out", os.devnull)
    holds(files["list.jws"].count(b".") == 2, files["list.jws"])
    return [json.loads(line) for line in
            files["list.jsonl"].decode().splitlines()]


def digest_of(pem):
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    return hashlib.sha256(der).hexdigest()


def test_one_get_has_what_the_command_makes_in_every_form():
    with Service(limits_organisation=100000) as srv:
        srv.start()
        write("many.csv", orders.table(ROWS, "R"))
        number = create(srv, "many.csv")
        for i, (query, more) in enumerate((
                ("", []), ("?form=der", ["--form", "der"]),
                ("?form=pem&chain=true", ["--chain"]),
                ("?form=p7b&chain=true", ["--form", "p7b", "--chain"]),
                ("?form=table", ["--form", "table"]))):
            answer = fetch(srv, number, query)
            equal((answer.status, answer.headers["Content-Type"],
                   answer.headers["Transfer-Encoding"]),
                  (200, "application/zip", "chunked"))
            contains(answer.headers["Content-Disposition"],
                     "batch-%s.zip" % number)
            files = unpacked(answer.body)
            # As the state is that in which the command finds it.
            equal(show(srv, number)["state"],
                  "ready" if i == 0 else "downloaded")
            equal(files, got(srv, number, "%d.zip" % i, *more), query)
            lines = the_list(srv, files)
            equal([line["row"] for line in lines[1:]],
                  list(range(1, ROWS + 1)))
        # Two of them by what they are.
        pem = unpacked(fetch(srv, number).body)
        for line in lines[1:]:
            equal(digest_of(pem["certificates/%06d_%s.pem" % (
                line["row"], line["device"])]), line["sha256"])
        table = list(csv.DictReader(io.StringIO(
            files["certificates.csv"].decode(), newline="")))
        equal([digest_of(row["certificate"].encode()) for row in table],
              [line["sha256"] for line in lines[1:]])
        write("one.p7b", unpacked(fetch(
            srv, number, "?form=p7b&chain=true").body)[
                "certificates/000250_R-250.p7b"])
        equal(run("openssl", "pkcs7", "-inform", "DER", "-in", "one.p7b",
                  "-print_certs")[1].count("BEGIN"), 2)
        # A HEAD is told as much as is known before.
        over = srv.connect("operators", cert=srv.operator)
        answer = srv.ask("HEAD", path_of(number), over=over)
        equal((answer.status, answer.headers["Content-Type"], answer.body),
              (200, "application/zip", b""))
        equal(srv.ask("GET", path_of(77), over=over).status, 404)
        over.close()


def test_keys_come_encrypted_until_they_have_arrived():
    with Service(name="keys") as srv:
        srv.start()
        openssl("req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=to",
                "-newkey", "rsa:2048", "-addext", "keyUsage=keyEncipherment",
                "-keyout", "to.key", "-out", "to.crt")
        write("keys.csv", devices("K", 120))
        number = create(srv, "keys.csv", "--keys", "p256", "--recipient",
                        "to.crt")
        files = unpacked(fetch(srv, number).body)
        # In a table, too, and as files beside it.
        tabled = unpacked(fetch(srv, number, "?form=table").body)
        for row in (1, 120):
            name = "%06d_K-%d" % (row, row)
            equal(tabled["keys/%s.p7m" % name], files["keys/%s.p7m" % name])
            write("one.p7m", files["keys/%s.p7m" % name])
            write("one.pem", files["certificates/%s.pem" % name])
            openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in",
                    "one.p7m", "-recip", "to.crt", "-inkey", "to.key", "-out",
                    "one.p8")
            equal(run("openssl", "pkey", "-inform", "DER", "-in", "one.p8",
                      "-pubout")[1],
                  run("openssl", "x509", "-in", "one.pem", "-noout",
                      "-pubkey")[1])
        for line in the_list(srv, tabled)[1:]:
            equal(hashlib.sha256(tabled["keys/%06d_%s.p7m" % (
                line["row"], line["device"])]).hexdigest(),
                  line["key_sha256"])
        equal(show(srv, number)["state"], "ready")  # nobody said so
        srv.birthmark("batch", "confirm", "--dir", srv.dir, number)
        answer = fetch(srv, number)
        equal(answer.status, 409, repr(answer))
        contains(answer.json()["detail"], "its keys are gone")


class Slow:
    """A client that takes what it is told to take."""

    def __init__(self, srv, number, who=None):
        over = srv.connect("operators", cert=who or srv.operator)
        over.connect()
        self.socket = over.sock
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.socket.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n"
                              "Connection: close\r\n\r\n" %
                             path_of(number, "?chain=true")).encode())
        self.over = over

    def take(self, n):
        octets = b""
        while len(octets) < n:
            some = self.socket.recv(min(65536, n - len(octets)))
            if not some:
                break
            octets += some
        return octets

    def all(self):
        return self.take(1 << 30)

    def close(self):
        self.over.close()


def whole(octets):
    return octets.endswith(b"\r\n0\r\n\r\n")


def body_of(octets):
    """Out of its chunks."""
    octets = octets[octets.index(b"\r\n\r\n") + 4:]
    body = b""
    while True:
        at = octets.index(b"\r\n")
        n = int(octets[:at], 16)
        if n == 0:
            return body
        body += octets[at + 2:at + 2 + n]
        octets = octets[at + 2 + n + 2:]


def who_hangs_up_changes_nothing(srv, number):
    before = store(srv, "SELECT count(*) FROM ledger")
    for n in (1, 500, 200000):
        client = Slow(srv, number)
        client.take(n)
        client.close()
    # Two of one operator's at a time, and no third.
    slow = [Slow(srv, number), Slow(srv, number)]
    for client in slow:
        contains(client.take(15), b"200 OK")
    answer = fetch(srv, number)
    equal((answer.status, answer.headers["Retry-After"]), (429, "10"))
    # Others are served.
    equal(show(srv, number)["state"], "ready")
    for client in slow:
        client.close()
    equal(store(srv, "SELECT count(*) FROM ledger"), before)
    equal(show(srv, number)["state"], "ready")


def an_issuer_that_dies_is_asked_again(srv, number):
    def is_free():
        over = srv.connect("operators", cert=srv.operator)
        try:
            return srv.ask("HEAD", path_of(number), over=over).status == 200
        finally:
            over.close()
    wait_until("there is a place again", is_free)
    client = Slow(srv, number)
    began = client.take(1000)
    os.kill(srv.rooms()["issuer"][0], signal.SIGKILL)
    octets = began + client.all()
    client.close()
    holds(whole(octets), "an end")
    equal(len(unpacked(body_of(octets))), MANY + 4)


def spoilt_by(srv, number, act):
    """What comes when the store is changed on the way."""
    client = Slow(srv, number)
    began = client.take(1000)
    change(srv, act)
    octets = began + client.all()
    client.close()
    return octets


def change(srv, act):
    with sqlite3.connect(os.path.join(srv.dir, "birthmark.db"),
                         timeout=60) as db:
        db.execute(act)


def what_cannot_be_ended_has_no_end(srv, number):
    def told(n):
        wait_until("that is told",
                   lambda: read(srv.log).count(b"result.cut") == n)
    # A store that fails.
    holds(not whole(spoilt_by(
        srv, number, "ALTER TABLE batch_row RENAME TO gone")), "an end")
    told(1)
    change(srv, "ALTER TABLE gone RENAME TO batch_row")
    # A list that is not the one that is signed.
    holds(not whole(spoilt_by(
        srv, number, "UPDATE batch_row SET device = 'other' WHERE"
        " device = 'M-%d'" % MANY)), "an end")
    told(2)
    change(srv, "UPDATE batch_row SET device = 'M-%d' WHERE"
           " device = 'other'" % MANY)


def what_is_revoked_meanwhile_has_no_end(srv, number):
    client = Slow(srv, number)
    client.take(1000)
    srv.birthmark("batch", "revoke", "--dir", srv.dir, "--code", "superseded",
                  number)
    holds(not whole(client.all()), "an end")
    client.close()


def test_what_happens_while_it_is_taken():
    with Service(name="while", limits_organisation=100000,
                 listeners=1) as srv:
        srv.start()
        write("many.csv", orders.table(MANY, "M"))
        number = create(srv, "many.csv")
        who_hangs_up_changes_nothing(srv, number)
        an_issuer_that_dies_is_asked_again(srv, number)
        what_cannot_be_ended_has_no_end(srv, number)
        what_is_revoked_meanwhile_has_no_end(srv, number)


def is_refused(srv, number, state, query=""):
    answer = fetch(srv, number, query)
    equal(answer.status, 409, repr(answer))
    contains(answer.json()["detail"], "batch %s is %s" % (number, state))


def registrar(srv, name, number):
    """An operator of an organisation: certificate and key."""
    key = Key(".", name, "/CN=" + name)
    srv.birthmark("operator", "create", "--dir", srv.dir, "--id", name,
                  "--roles", "registrar", "--organisation", number, "--csr",
                  key.csr, "--chain", "--out", key.cert)
    write(name + "-id.pem", read(key.cert) + read(key.key))
    return key.cert, key.key


def member(srv, name, quota):
    """(number, registrar) of an organisation."""
    def org(*args):
        return srv.birthmark("org", args[0], "--dir", srv.dir,
                             *args[1:])[1].strip()

    number = org("create", name)
    org("enable", number, LDEVID)
    org("quota", "--add", str(quota), number, LDEVID)
    return number, registrar(srv, name, number)


def test_slow_operators_of_one_organisation_keep_no_other_from_its_own():
    with Service(name="slow", limits_organisation=100000,
                 listeners=1) as srv:
        srv.start()
        owner, first = member(srv, "slow", MANY)
        write("slow.csv", orders.table(MANY, "S"))
        theirs = srv.birthmark(
            "batch", "create", "--dir", srv.dir, "--identity", "slow-id.pem",
            "--profile", LDEVID, "slow.csv")[1].strip()
        write("ours.csv", orders.table(3, "O"))
        ours = create(srv, "ours.csv")
        second = registrar(srv, "second", owner)
        slow = [Slow(srv, theirs, who)
                for who in (first, first, second, second)]
        for client in slow:
            contains(client.take(15), b"200 OK")
        third = registrar(srv, "third", owner)
        equal(fetch(srv, theirs, who=third).status, 429)
        equal(len([n for n in unpacked(fetch(srv, ours).body)
                   if n.startswith("certificates/")]), 3)
        for client in slow:
            client.close()
        wait_until("there is a place again", lambda: fetch(
            srv, theirs, "?form=table", who=third).status == 200)


def test_what_was_aborted_or_has_lapsed_is_not_handed_out():
    with Service(name="stopped") as srv:
        srv.start()
        owner, who = member(srv, "counted", 3)
        identity = "counted-id.pem"

        def ordered(name, n):
            write(name + ".csv", orders.table(n, name))
            return srv.birthmark("batch", "create", "--dir", srv.dir,
                                 "--identity", identity, "--profile", LDEVID,
                                 name + ".csv", check=False)[1].strip()

        def states(*numbers):
            return [show(srv, n)["state"] for n in numbers]

        ready = ordered("A", 1)
        stopped = ordered("B", 4)  # two are issued, and two wait
        never = ordered("C", 1)
        equal(states(ready, stopped, never), ["ready", "aborted", "aborted"])
        equal(show(srv, stopped)["issued"], 2)
        leaves = store(srv, "SELECT count(*) FROM ledger")
        for query in ("", "?form=table", "?form=p7b&chain=true"):
            is_refused(srv, stopped, "aborted", query)
        is_refused(srv, never, "aborted")
        equal(store(srv, "SELECT count(*) FROM ledger"), leaves)
        # At its end all of it is there, what was issued before included.
        srv.birthmark("org", "quota", "--dir", srv.dir, "--add", "2", owner,
                      LDEVID)
        srv.birthmark("batch", "resume", "--dir", srv.dir, "--identity",
                      identity, stopped)
        files = unpacked(fetch(srv, stopped, who=who).body)
        equal([n for n in sorted(files) if n.startswith("certificates/")],
              ["certificates/%06d_B-%d.pem" % (i, i) for i in range(1, 5)])
        srv.birthmark("batch", "confirm", "--dir", srv.dir, "--identity",
                      identity, stopped)
        # Their time is over: of one that nobody fetched, one that has
        # arrived, and one that nobody resumed.
        equal(states(ready, stopped, never),
              ["ready", "downloaded", "aborted"])
        srv.stop()
        change(srv, "UPDATE batch SET expires = 1000000000")
        srv.start()
        ordered("D", 1)  # with each of its turns one lapses
        wait_until("they lapse",
                   lambda: states(ready, stopped, never) == ["expired"] * 3)
        equal(show(srv, never)["reason"], "nobody resumed it in time")
        for number in (ready, stopped, never):
            is_refused(srv, number, "expired")
            code, _, err = srv.birthmark(
                "batch", "get", "--dir", srv.dir, "--out", "gone.zip", number,
                check=False)
            equal((code, os.path.exists("gone.zip")), (1, False), err)
        contains(srv.verify_ledger(), ": valid")


def test_what_is_not_handed_out_is_refused():
    with Service(name="refused") as srv:
        srv.start()
        os.kill(srv.rooms()["reader"][0], signal.SIGSTOP)
        write("r.csv", orders.table(3, "F"))
        number = create(srv, "r.csv", "--no-wait")
        answer = fetch(srv, number)
        equal(answer.status, 409, repr(answer))
        contains(answer.json()["detail"], "is created")
        os.kill(srv.rooms()["reader"][0], signal.SIGCONT)
        wait_until("it is ready",
                   lambda: show(srv, number)["state"] == "ready")
        equal(fetch(srv, number).status, 200)
        equal(fetch(srv, number, "?form=p12").status, 400)
        srv.birthmark("batch", "revoke", "--dir", srv.dir, "--code",
                      "superseded", number)
        wait_until("it is revoked",
                   lambda: show(srv, number)["state"] == "revoked")
        equal(fetch(srv, number).status, 409)


def test_a_state_that_no_row_is_in_is_looked_for_a_page_at_a_time():
    with Service(name="sought") as srv:
        srv.start()
        write("s.csv", orders.table(3, "G"))
        number = int(create(srv, "s.csv"))
        srv.stop()
        change(srv, "WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1"
               " FROM n WHERE i < 25000) INSERT INTO batch_row SELECT"
               " (%d << 20) + i, 5, 0, '', '', '', 'no', x'', x'', x''"
               " FROM n" % number)
        srv.start()

        def pages(path, **params):
            n, found, after = 0, [], None
            while n == 0 or after:
                more = {"after": after} if after else {}
                answer = srv.api("GET", "%s?%s" % (path, urlencode(
                    {**params, **more}))).json()
                found += answer["items"]
                after = answer.get("next")
                n += 1
            return n, len(found)
        path = "/batches/%d/" % number
        equal(pages(path + "rows", state="wrong"), (3, 0))
        equal(pages(path + "rows", state="issued"), (3, 3))
        equal(pages(path + "certificates"), (3, 3))
        equal(pages("/devices", batch=number), (3, 3))


main()
