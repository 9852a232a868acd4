# SPDX-License-Identifier: Apache-2.0
"""Keys that are made for a batch: encrypted as soon as they are there, handed
out until they have arrived, and in no process and no file but the recipient's.

    BATCH_ORDERS=ORDERS keys_test.py BIRTHMARK BIRTHMARKD
"""
import json
import os
import signal
import subprocess
import zipfile

import orders
from orders import store
from made_keys import (LDEVID, ROWS, devices, get, kill_all, memory_of, secret_of,
                  show)
from service import (PROGRAM, Service, contains, equal, holds, main, openssl,
                     read, run, wait_until, write)

RECIPIENTS = {
    "rsa": ["-newkey", "rsa:2048", "-addext", "keyUsage=keyEncipherment"],
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384",
             "-addext", "keyUsage=keyAgreement"],
}


def recipient(name, *more):
    """Files with a certificate and its key."""
    openssl("req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=" + name,
            "-keyout", name + ".key", "-out", name + ".crt",
            *(more or RECIPIENTS[name]))
    return name


def create(srv, name, to, *more, check=True, type_="p256"):
    code, out, err = srv.birthmark("batch", "create", "--dir", srv.dir,
                                   "--profile", LDEVID, "--keys", type_,
                                   "--recipient", to + ".crt", *more, name,
                                   check=check)
    return code, out.strip(), err


def opened(zipped, to, row, device):
    """PKCS #8 of a key, which OpenSSL has decrypted, and which is that of the
    certificate."""
    with zipfile.ZipFile(zipped) as z:
        write("one.pem", z.read("certificates/%06d_%s.pem" % (row, device)))
        write("one.p7m", z.read("keys/%06d_%s.p7m" % (row, device)))
    openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in", "one.p7m",
            "-recip", to + ".crt", "-inkey", to + ".key", "-out", "one.p8")
    public = run("openssl", "pkey", "-inform", "DER", "-in", "one.p8",
                 "-pubout")[1]
    equal(public, run("openssl", "x509", "-in", "one.pem", "-noout",
                      "-pubkey")[1], "the key of the certificate")
    return read("one.p8")


def test_each_key_is_the_recipients_alone():
    with Service() as srv:
        srv.start()
        for to in RECIPIENTS:
            recipient(to)
            type_ = {"rsa": "p256", "p256": "p384", "p384": "ed25519"}[to]
            write(to + ".csv", devices("K" + to, 3))
            code, number, err = create(srv, to + ".csv", to, type_=type_,
                                       check=False)
            shown = show(srv, number)
            if type_ == "ed25519" and shown["state"] == "rejected":
                contains(err, "key is outside the profile")
                continue
            equal((code, shown["state"], shown["keys"]), (0, "ready", type_),
                  err)
            get(srv, number, to + ".zip")
            for row in (1, 2, 3):
                opened(to + ".zip", to, row, "K%s-%d" % (to, row))
            # The signed list covers them.
            with zipfile.ZipFile(to + ".zip") as z:
                lines = [json.loads(line) for line in
                         z.read("list.jsonl").decode().splitlines()]
                digest = run("openssl", "dgst", "-sha256", write(
                    "two.p7m", z.read("keys/000002_K%s-2.p7m" % to)))[1]
            equal(lines[2]["key_sha256"], digest.split()[-1])
        # Whom they are for is on record.
        digest = run("openssl", "x509", "-in", "rsa.crt", "-noout",
                     "-fingerprint", "-sha256")[1]
        digest = digest.strip().split("=")[1].replace(":", "").lower()
        shown = show(srv, "1")
        equal(shown["recipient"], digest)
        contains(shown["history"][0]["reason"], "p256 keys are made here",
                 digest)


def test_keys_can_be_fetched_until_they_have_arrived():
    with Service(name="arrive") as srv:
        srv.start()
        recipient("p256")
        write("arrive.csv", devices("A", 2))
        number = create(srv, "arrive.csv", "p256")[1]
        err = get(srv, number, "first.zip")[2]
        contains(err, "birthmark batch confirm " + number)
        equal(show(srv, number)["state"], "ready")
        get(srv, number, "second.zip")
        equal(opened("first.zip", "p256", 1, "A-1"),
              opened("second.zip", "p256", 1, "A-1"))
        kept = store(srv, "SELECT length(key) > 0 FROM batch_row")
        equal(kept, [(1,), (1,)])
        srv.birthmark("batch", "confirm", "--dir", srv.dir, number)
        equal(show(srv, number)["state"], "downloaded")
        equal(store(srv, "SELECT DISTINCT length(key) FROM batch_row"), [(0,)])
        code, _, err = get(srv, number, "third.zip", check=False)
        equal((code, os.path.exists("third.zip")), (1, False))
        contains(err, "its keys are gone")
        # What was issued is good still.
        write("a1.pem", zipfile.ZipFile("first.zip").read(
            "certificates/000001_A-1.pem"))
        openssl("verify", "-CAfile", srv.root, "-untrusted", srv.issuing,
                "a1.pem")


def test_no_key_is_anywhere_but_where_it_is_made():
    with Service(name="nowhere") as srv:
        srv.start()
        recipient("p256")
        write("nowhere.csv", devices("N", 3))
        number = create(srv, "nowhere.csv", "p256")[1]
        get(srv, number, "nowhere.zip")
        secrets = [secret_of(opened("nowhere.zip", "p256", i, "N-%d" % i))
                   for i in (1, 2, 3)]
        seen = 0
        for room, pids in srv.rooms().items():
            for pid in pids: # that where it was made, too: it is wiped
                memory = memory_of(pid)
                if memory is None:
                    continue
                seen += 1
                for secret in secrets:
                    holds(secret not in memory, "a key is in %s" % room)
        holds(seen > 0 or os.geteuid() != 0, "no memory was looked at")
        for folder, _, names in os.walk(srv.dir):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    octets = read(path)
                    for secret in secrets:
                        holds(secret not in octets, path)
        holds(secrets[0] in read("one.p8") + opened(
            "nowhere.zip", "p256", 1, "N-1"), "the search finds what is there")


def test_what_is_killed_on_the_way_is_gone_on_with():
    with Service(name="killed", limits_organisation=100000) as srv:
        srv.start()
        recipient("p256")
        write("killed.csv", devices("D", ROWS))
        number = create(srv, "killed.csv", "p256", "--no-wait")[1]

        def rows():
            return store(srv, "SELECT count(*) FROM batch_row")[0][0]
        wait_until("some keys are made", lambda: rows() > 0)
        for victim in ("keygen", "issuer"):
            os.kill(srv.rooms()[victim][0], signal.SIGKILL)
            wait_until("it is back", lambda victim=victim:
                       victim in srv.rooms())
        wait_until("some are issued", lambda: store(
            srv, "SELECT issued FROM batch")[0][0] > 0)
        kill_all(srv)
        srv.start()
        wait_until("it is ready", lambda: show(srv, number)["state"] ==
                   "ready")
        shown = show(srv, number)
        equal((shown["issued"], shown["refused"]), (ROWS, 0))
        get(srv, number, "killed.zip")
        with zipfile.ZipFile("killed.zip") as z:
            equal(len([n for n in z.namelist() if n.startswith("keys/")]),
                  ROWS)
        for row in (1, ROWS // 2, ROWS):
            opened("killed.zip", "p256", row, "D-%d" % row)
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def test_without_a_server_the_command_has_a_process_for_them():
    with Service(name="direct") as srv:
        recipient("rsa")
        write("direct.csv", devices("C", 300))
        number = create(srv, "direct.csv", "rsa")[1]
        get(srv, number, "direct.zip")
        for row in (1, 300):
            opened("direct.zip", "rsa", row, "C-%d" % row)


def test_what_does_not_fit_is_refused_and_nothing_is_issued():
    with Service(name="refused") as srv:
        srv.start()
        recipient("ed", "-newkey", "ed25519")
        recipient("signs", "-newkey", "rsa:2048", "-addext",
                  "keyUsage=digitalSignature")
        recipient("old", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-not_before", "20200101000000Z",
                  "-not_after", "20210101000000Z") if b"-not_before" in \
            subprocess.run(["openssl", "req", "-help"], check=False,
                           capture_output=True).stderr else None
        recipient("p256")
        write("some.csv", devices("R", 2))
        for to, words in (("ed", "is wanted"), ("signs", "is wanted"),
                          ("old", "not valid at this time")):
            if not os.path.exists(to + ".crt"):
                continue
            code, number, err = create(srv, "some.csv", to, check=False)
            equal((code, number), (1, ""), to)
            contains(err, words)
        write("csrs.csv", orders.table(2, "R"))
        code, number, err = create(srv, "csrs.csv", "p256", check=False)
        equal((code, show(srv, number)["state"]), (1, "rejected"))
        contains(err, "its key is made here")
        write("csrs.zip", orders.as_zip(orders.rows(orders.table(2, "R"))))
        code, number, err = create(srv, "csrs.zip", "p256", check=False)
        equal((code, show(srv, number)["state"]), (1, "rejected"))
        contains(err, "a list of devices is a table or JSON")
        code, _, err = srv.birthmark("batch", "create", "--dir", srv.dir,
                                     "--profile", LDEVID, "some.csv",
                                     check=False)
        contains(err, "there is no column csr")
        code = run(PROGRAM, "batch", "create", "--dir", srv.dir, "--profile",
                   LDEVID, "--keys", "p256", "some.csv", check=False)[0]
        equal(code, 2)
        equal(store(srv, "SELECT count(*) FROM batch_row WHERE state = 2"),
              [(0,)])


main()
