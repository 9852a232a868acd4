# SPDX-License-Identifier: Apache-2.0
"""Batches from order to end: in the directory itself and through a running
server, which is killed on the way.

    BATCH_ORDERS=ORDERS batch_test.py BIRTHMARK BIRTHMARKD
"""
import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import time
import zipfile

import orders
from orders import store
from service import (PROGRAM, Key, Service, contains, equal, holds, main, openssl,
                     read, run, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"
ROWS = int(os.environ.get("BATCH_ROWS", "1000"))

APPROVED = """\
profile: approved
about: what two operators must agree to
ca: issuing
by: [operator]
approval: true
device:
  from: [serialNumber]
  identity: owner
validity: { for: 90d, nested: true, backdate: 5m }
keys: [p256]
subject:
  - { attribute: serialNumber, from: device }
basic_constraints: { ca: false }
key_usage: [digitalSignature]
subject_key_id: none
authority_key_id: true
"""


def create(srv, name, *more, check=True):
    """(exit code, number of the batch, words)"""
    code, out, err = srv.birthmark("batch", "create", "--dir", srv.dir,
                                   "--profile", LDEVID, *more, name,
                                   check=check)
    return code, out.strip(), err


def show(srv, number):
    return json.loads(srv.birthmark("batch", "show", "--dir", srv.dir,
                                    "--json", number)[1])


def every_row_once(srv, prefix, n):
    """Each device has one certificate, and each row names it."""
    found = store(srv, "SELECT d.name, count(*) FROM certificate c JOIN device"
                  " d ON d.id = c.device WHERE d.name LIKE ? GROUP BY d.name",
                  prefix + "-%")
    equal(sorted(found), sorted(("%s-%d" % (prefix, i), 1)
                                for i in range(1, n + 1)), "certificates")
    linked = store(srv, "SELECT count(DISTINCT c.id) FROM batch_row r JOIN"
                   " certificate c ON c.id = r.cert JOIN device d ON"
                   " d.id = c.device WHERE r.state = 2 AND d.name = r.device"
                   " AND d.name LIKE ?", prefix + "-%")
    equal(linked, [(n,)], "rows that name their certificate")


def issued(srv):
    return store(srv, "SELECT issued FROM batch ORDER BY id DESC LIMIT 1")[0][0]


def test_a_thousand_rows_are_issued_once_whatever_is_killed():
    with Service(limits_organisation=100000) as srv:
        srv.start()
        write("many.csv", orders.table(ROWS, "K"))
        _, number, _ = create(srv, "many.csv", "--no-wait")
        # The process that reads, the one that decides, the one that signs.
        os.kill(srv.rooms()["reader"][0], signal.SIGSTOP)
        os.kill(srv.rooms()["issuer"][0], signal.SIGKILL)
        os.kill(srv.rooms()["reader"][0], signal.SIGCONT)
        kills = 0
        for part in (8, 4, 3):
            wait_until("a part is issued",
                       lambda part=part: issued(srv) >= ROWS // part)
            if issued(srv) == ROWS:
                break
            kills += 1
            # All of it first: that is sure to be in the middle.
            victim = (None, "issuer", "signer")[kills - 1]
            if victim:
                os.kill(srv.rooms()[victim][0], signal.SIGKILL)
                wait_until("it is back", lambda: "issuer" in srv.rooms())
            else:
                for pids in srv.rooms().values():
                    for pid in pids:
                        try:
                            os.kill(pid, signal.SIGKILL)
                        except ProcessLookupError:
                            pass
                srv.stop(signal.SIGKILL)
                srv.start()
        holds(kills >= 1, "it was quicker than the test")
        wait_until("it is ready", lambda: store(
            srv, "SELECT state FROM batch WHERE id = ?", number) == [(4,)])
        equal(show(srv, number)["issued"], ROWS)
        every_row_once(srv, "K", ROWS)
        srv.birthmark("batch", "get", "--dir", srv.dir, "--out", "many.zip",
                      number)
        listed = the_list("many.zip", srv)
        equal([line["row"] for line in listed[1:]],
              list(range(1, ROWS + 1)))
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def the_list(name, srv):
    """Its lines, verified by OpenSSL with the root."""
    with zipfile.ZipFile(name) as z:
        write("list.jsonl", z.read("list.jsonl"))
        write("list.p7s", z.read("list.p7s"))
        equal(z.testzip(), None)
    openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", "list.p7s",
            "-content", "list.jsonl", "-CAfile", srv.root, "-purpose", "any",
            "-out", os.devnull)
    with zipfile.ZipFile(name) as z:
        jws = z.read("list.jws")
    payload = verified(jws)
    digest = hashlib.sha256(read("list.jsonl")).hexdigest()
    equal(payload["list_sha256"], digest)
    return [json.loads(line) for line in
            read("list.jsonl").decode().splitlines()]


def verified(jws):
    """The payload of a JWS, verified by Debian's jose with the key of the
    first certificate in it."""
    header = json.loads(unbase64(jws.split(b".")[0]))
    equal((header["alg"], header["typ"]), ("ES256", "birthmark-batch+jws"))
    write("signer.der", base64.b64decode(header["x5c"][0]))
    spki = subprocess.check_output(
        "openssl x509 -inform DER -in signer.der -noout -pubkey |"
        " openssl pkey -pubin -outform DER", shell=True)
    write("signer.jwk", json.dumps(
        {"kty": "EC", "crv": "P-256", "x": base64url(spki[-64:-32]),
         "y": base64url(spki[-32:])}).encode())
    payload = subprocess.check_output(
        ["jose", "jws", "ver", "-i", write("list.jws", jws), "-k",
         "signer.jwk", "-O-"])
    # And what it says is held against it.
    parts = jws.split(b".")
    other = base64url(unbase64(parts[1]).replace(b"sha256", b"sha257"))
    write("other.jws", b".".join((parts[0], other.encode(), parts[2])))
    holds(subprocess.call(["jose", "jws", "ver", "-i", "other.jws", "-k",
                           "signer.jwk", "-O", os.devnull],
                          stderr=subprocess.DEVNULL) != 0, "it is believed")
    return json.loads(payload)


def unbase64(text):
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def test_a_command_that_is_killed_can_be_gone_on_with():
    with Service(name="direct") as srv:
        write("direct.csv", orders.table(ROWS, "D"))
        command = subprocess.Popen(
            [PROGRAM, "batch", "create", "--dir", srv.dir, "--profile",
             LDEVID, "direct.csv"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def under_way():
            holds(command.poll() is None, "it was quicker than the test")
            return store(srv, "SELECT count(*) FROM batch") == [(1,)] and \
                issued(srv) > 0
        wait_until("some are issued", under_way)
        command.kill()
        command.wait()
        equal(show(srv, "1")["state"], "issuing")
        code, _, err = srv.birthmark("batch", "resume", "--dir", srv.dir, "1")
        equal(code, 0)
        contains(err, "batch 1 is ready (%d of %d rows issued)" % (ROWS, ROWS))
        every_row_once(srv, "D", ROWS)
        contains(srv.verify_ledger(), ": valid")


def test_what_a_batch_can_be_ordered_from():
    with Service(name="forms") as srv:
        srv.start()
        os.mkdir("folder")
        for d, c in orders.rows(orders.table(3, "FOLDER")):
            write("folder/%s.pem" % d, orders.pem(c))
        for name, make in (("list.json", orders.as_json),
                           ("lines.json", orders.as_lines),
                           ("csrs.zip", orders.as_zip),
                           ("csrs.tar.gz", orders.as_tar),
                           ("csrs.tar", lambda r: orders.as_tar(r, "w"))):
            some = orders.rows(orders.table(3, name.replace(".", "")))
            write(name, make(some))
            code, number, err = create(srv, name)
            equal((code, show(srv, number)["issued"]), (0, 3), err)
        code, number, err = create(srv, "folder")
        equal((code, show(srv, number)["issued"]), (0, 3), err)
        code, number, _ = create(srv, "-", check=False)
        equal((code, number), (1, ""))  # there is nothing
        code, out, _ = run(PROGRAM, "batch", "create", "--dir", srv.dir,
                           "--profile", LDEVID, "-",
                           stdin=orders.table(2, "STDIN"))
        equal((code, show(srv, out.strip())["issued"]), (0, 2))
        equal(os.listdir(os.path.join(srv.dir, "uploads")), [])


def test_what_it_can_be_fetched_as():
    with Service(name="fetched") as srv:
        srv.start()
        write("three.csv", orders.table(3, "F"))
        number = create(srv, "three.csv")[1]
        for form, name in (("pem", "certificates/000002_F-2.pem"),
                           ("der", "certificates/000002_F-2.der"),
                           ("p7b", "certificates/000002_F-2.p7b"),
                           ("table", "certificates.csv")):
            srv.birthmark("batch", "get", "--dir", srv.dir, "--form", form,
                          "--chain", "--out", form + ".zip", number)
            with zipfile.ZipFile(form + ".zip") as z:
                write("one", z.read(name))
                contains(z.read("chain.pem").decode(), "BEGIN CERTIFICATE")
            listed = the_list(form + ".zip", srv)
        equal(show(srv, number)["state"], "downloaded")
        equal((listed[0]["issued"], listed[2]["device"]), (3, "F-2"))
        # Nothing is written over, and a position is where it says.
        code, _, _ = srv.birthmark("batch", "get", "--dir", srv.dir, "--out",
                                   "pem.zip", number, check=False)
        equal(code, 3)
        with zipfile.ZipFile("pem.zip") as z:
            write("f2.pem", z.read("certificates/000002_F-2.pem"))
        openssl("verify", "-CAfile", srv.root, "-untrusted", "f2.pem",
                "f2.pem")
        srv.birthmark("ledger", "checkpoint", "--dir", srv.dir)
        srv.birthmark("ledger", "prove", "--dir", srv.dir, "--out", "f2.proof",
                      listed[2]["serial"])
        out = srv.birthmark("ledger", "check", "--key", os.path.join(
            srv.dir, "ledger.pub"), "f2.proof", "f2.pem")[1]
        equal(re.search(r"index +(\d+)", out).group(1),
              str(listed[2]["leaf"]), out)


def test_a_batch_is_stopped_gone_on_with_and_revoked():
    with Service(name="stopped", limits_organisation=100000) as srv:
        srv.start()
        write("stop.csv", orders.table(ROWS, "S"))
        number = create(srv, "stop.csv", "--no-wait")[1]
        wait_until("some are issued", lambda: issued(srv) > 0)
        code, _, _ = srv.birthmark("batch", "abort", "--dir", srv.dir,
                                   "--reason", "the line stands", number,
                                   check=False)
        if code == 0:  # or it was quicker
            before = issued(srv)
            time.sleep(1)
            equal(issued(srv), before)
            equal(show(srv, number)["reason"], "the line stands")
            equal(srv.birthmark("batch", "resume", "--dir", srv.dir,
                                number)[0], 0)
        every_row_once(srv, "S", ROWS)
        srv.birthmark("batch", "revoke", "--dir", srv.dir, "--code",
                      "keyCompromise", "--reason", "a thief", number)
        shown = show(srv, number)
        equal((shown["state"], shown["revoked"]), ("revoked", ROWS))
        equal(store(srv, "SELECT count(*) FROM certificate c JOIN batch_row r"
                    " ON r.cert = c.id WHERE c.status = 5 AND c.reason = 1"),
              [(ROWS,)])
        states = [e["state"] for e in shown["history"]]
        equal((states[0], states[1], states[-2:]),
              ("created", "issuing", ["revoking", "revoked"]))
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def test_duplicates_are_wrong_or_skipped_as_was_ordered():
    with Service(name="twice") as srv:
        srv.start()
        table = orders.table(4, "T")
        lines = table.split(b"\r\n")
        write("first.csv", b"\r\n".join(lines[:3]) + b"\r\n")
        create(srv, "first.csv")
        # Two have certificates, one comes twice.
        again = lines + [lines[3]]
        write("again.csv", b"\r\n".join(x for x in again if x) + b"\r\n")
        before = store(srv, "SELECT count(*) FROM certificate")
        code, number, err = create(srv, "again.csv", check=False)
        equal(code, 1)
        contains(err, "row 1, column csr", "row 2, column csr",
                 "row 5, column csr", "row 3 has it", "3 of 5 rows are wrong",
                 "batch %s is rejected" % number)
        equal(store(srv, "SELECT count(*) FROM certificate"), before)
        code, number, err = create(srv, "again.csv", "--skip-duplicates")
        shown = show(srv, number)
        equal((code, shown["state"], shown["issued"], shown["skipped"]),
              (0, "ready", 2, 3), err)
        contains(err, "row 5, column csr: skipped: ")


def test_a_second_operator_agrees_where_the_profile_wants_one():
    with Service(name="approved") as srv:
        write(os.path.join(srv.dir, "profiles/approved.yaml"), APPROVED)
        srv.start()
        write("two.csv", orders.table(2, "A"))
        code, out, err = srv.birthmark(
            "batch", "create", "--dir", srv.dir, "--profile", "approved",
            "two.csv")
        number = out.strip()
        contains(err, "is awaiting approval")
        equal(show(srv, number)["issued"], 0)
        # He sees what he agrees to, page by page.
        _, out, err = srv.birthmark("batch", "show", "--dir", srv.dir,
                                    "--rows", "waiting", "--limit", "1",
                                    "--json", number)
        row = json.loads(out)
        equal((row["row"], row["subject"]), (1, "serialNumber=A-1"))
        equal(len(row["key"]), 64)
        contains(err, "--after 1")
        out = srv.birthmark("batch", "show", "--dir", srv.dir, "--rows",
                            "all", "--after", "1", number)[1]
        contains(out, "waiting", "A-2", "serialNumber=A-2")
        code, _, err = srv.birthmark("batch", "approve", "--dir", srv.dir,
                                     number, check=False)
        equal(code, 1)
        contains(err, "another operator decides")
        second = Key(".", "second", "/CN=second")
        srv.birthmark("operator", "create", "--dir", srv.dir, "--id", "second",
                      "--roles", "registrar", "--csr", second.csr, "--chain",
                      "--out", second.cert)
        write("identity.pem", read(second.cert) + read(second.key))
        srv.birthmark("batch", "approve", "--dir", srv.dir, "--identity",
                      "identity.pem", number)
        shown = show(srv, number)
        equal((shown["state"], shown["issued"]), ("ready", 2))
        equal([e["by"] for e in shown["history"]][-2:],
              ["operator:second", "authority"])


def member(srv, name, profile):
    """(number, options) of an organisation, and of its registrar."""
    def org(*args):
        return srv.birthmark("org", args[0], "--dir", srv.dir,
                             *args[1:])[1].strip()

    number = org("create", name)
    org("enable", number, profile)
    key = Key(".", name, "/CN=" + name)
    srv.birthmark("operator", "create", "--dir", srv.dir, "--id", name,
                  "--roles", "registrar", "--organisation", number, "--csr",
                  key.csr, "--chain", "--out", key.cert)
    write(name + "-id.pem", read(key.cert) + read(key.key))
    return number, ["--dir", srv.dir, "--identity", name + "-id.pem"]


def give(srv, number, amount, profile):
    srv.birthmark("org", "quota", "--dir", srv.dir, "--add", str(amount),
                  number, profile)


def order(srv, who, profile, name):
    """(number of the batch, words)"""
    _, out, err = srv.birthmark("batch", "create", *who, "--profile", profile,
                                name, check=False)
    return out.strip(), err


def test_rows_for_which_there_is_no_quota_wait_for_it():
    with Service(name="quota") as srv:
        srv.start()
        number, who = member(srv, "counted", LDEVID)
        give(srv, number, 3, LDEVID)
        write("five.csv", orders.table(5, "Q"))
        batch, err = order(srv, who, LDEVID, "five.csv")
        contains(err, "batch %s is aborted: " % batch,
                 "no certificates of this profile are left")
        shown = show(srv, batch)
        equal((shown["state"], shown["issued"], shown["refused"]),
              ("aborted", 3, 0))
        # Too little again, then enough.
        for more, want in ((1, ("aborted", 4, 0)), (1, ("ready", 5, 0))):
            give(srv, number, more, LDEVID)
            srv.birthmark("batch", "resume", *who, batch, check=False)
            shown = show(srv, batch)
            equal((shown["state"], shown["issued"], shown["refused"]), want)
        every_row_once(srv, "Q", 5)
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def test_approval_is_by_the_version_that_is_issued_by():
    with Service(name="versions") as srv:
        path = os.path.join(srv.dir, "profiles/approved.yaml")
        free = APPROVED.replace("approval: true\n", "")
        write(path, APPROVED)
        srv.start()
        stays, who_stays = member(srv, "stays", "approved")
        follows, who = member(srv, "follows", "approved")
        give(srv, stays, 9, "approved")
        give(srv, follows, 1, "approved")
        srv.birthmark("org", "stay", "--dir", srv.dir, stays, "approved")
        write(path, free)
        srv.restart()
        # It wants none now, but where somebody stays.
        write("stays.csv", orders.table(2, "W"))
        batch, err = order(srv, who_stays, "approved", "stays.csv")
        contains(err, "batch %s is awaiting approval" % batch)
        srv.birthmark("batch", "approve", "--dir", srv.dir, batch)
        equal(show(srv, batch)["state"], "ready")
        # It wants it while a batch is under way that nobody has approved.
        write("follows.csv", orders.table(2, "X"))
        batch, err = order(srv, who, "approved", "follows.csv")
        equal((show(srv, batch)["state"], show(srv, batch)["issued"]),
              ("aborted", 1), err)
        give(srv, follows, 1, "approved")
        for text, want in ((APPROVED, ("aborted", 1)), (free, ("ready", 2))):
            write(path, text)
            srv.restart()
            _, _, err = srv.birthmark("batch", "resume", *who, batch,
                                      check=False)
            shown = show(srv, batch)
            equal((shown["state"], shown["issued"]), want, err)
            holds(want[1] == 2 or "wants it" in shown["reason"], shown)
        every_row_once(srv, "X", 2)
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def state_of(srv, number):
    return store(srv, "SELECT state FROM batch WHERE id = ?", number)[0][0]


def test_an_operator_who_is_disabled_while_his_file_is_read():
    with Service(name="disabled") as srv:
        srv.start()
        who = member(srv, "leaves", LDEVID)[1]
        write("leaves.csv", orders.table(2, "L"))
        reader, = srv.rooms()["reader"]
        os.kill(reader, signal.SIGSTOP)
        number = run(PROGRAM, "batch", "create", *who, "--profile", LDEVID,
                     "--no-wait", "leaves.csv")[1].strip()
        srv.birthmark("operator", "disable", "--dir", srv.dir, "leaves")
        os.kill(reader, signal.SIGCONT)
        wait_until("it is rejected", lambda: state_of(srv, number) == 8)
        contains(show(srv, number)["reason"], "no operator any more")


def test_a_file_that_is_ordered_anew_stays_while_the_first_is_given_up():
    with Service(name="anew") as srv:
        srv.start()
        write("anew.csv", orders.table(2, "N"))
        reader, = srv.rooms()["reader"]
        os.kill(reader, signal.SIGSTOP)
        first = create(srv, "anew.csv", "--no-wait")[1]
        srv.birthmark("batch", "abort", "--dir", srv.dir, "--reason", "wrong",
                      first)
        second = create(srv, "anew.csv", "--no-wait")[1]
        os.kill(reader, signal.SIGKILL)
        wait_until("it is ready", lambda: state_of(srv, second) in (4, 8))
        equal(show(srv, second)["state"], "ready")
        equal(os.listdir(os.path.join(srv.dir, "uploads")), [])


main()
