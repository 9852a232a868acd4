# SPDX-License-Identifier: Apache-2.0
"""Keys that are made for a batch under a secret: it is told once, opens each of
them, and is nowhere in what the service keeps; a killed service goes on with
it, and what arrived leaves nothing.

    BATCH_ORDERS=ORDERS secret_test.py BIRTHMARK BIRTHMARKD
"""
import json
import os
import pty
import re
import signal
import sqlite3
import stat
import subprocess
import zipfile

from orders import store
from made_keys import (LDEVID, ROWS, devices, get, kill_all, memory_of, secret_of,
                  show)
from service import (PROGRAM, Service, contains, equal, holds, main, openssl,
                     read, run, wait_until, write)


def create(srv, name, *more, check=True, type_="p256"):
    code, out, err = srv.birthmark(
        "batch", "create", "--dir", srv.dir, "--profile", LDEVID, "--keys",
        type_, *more, name, check=check)
    return code, out.strip(), err


def files_of(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            name = os.path.join(path, name)
            if os.path.isfile(name):
                yield name, read(name)


def opens(key, secret, cert):
    """OpenSSL opens a key in PEM, which is that of the certificate; gives it as
    PKCS #8."""
    openssl("pkey", "-in", key, "-passin", "file:" + secret, "-outform", "DER",
            "-out", "one.p8")
    public = run("openssl", "pkey", "-in", key, "-passin", "file:" + secret,
                 "-pubout")[1]
    equal(public, run("openssl", "x509", "-in", cert, "-noout", "-pubkey")[1],
          "the key of the certificate")
    return read("one.p8")


def unpack(zipped, into):
    with zipfile.ZipFile(zipped) as z:
        z.extractall(into)
    return into


def test_the_secret_opens_each_key_and_no_other_does():
    with Service() as srv:
        srv.start()
        for type_ in ("p256", "p384"):
            write(type_ + ".csv", devices("S" + type_, 3))
            _, number, err = create(srv, type_ + ".csv", "--secret-out",
                                    type_ + ".secret", type_=type_)
            equal(show(srv, number)["state"], "ready", err)
            equal(stat.S_IMODE(os.stat(type_ + ".secret").st_mode), 0o600)
            holds(re.fullmatch(b"[a-z2-7]{32}\n", read(type_ + ".secret")),
                  read(type_ + ".secret"))
            get(srv, number, type_ + ".zip", "--secret", type_ + ".secret")
            unpack(type_ + ".zip", type_)
            for i in (1, 2, 3):
                name = "%06d_S%s-%d" % (i, type_, i)
                opens("%s/keys/%s.pem" % (type_, name), type_ + ".secret",
                      "%s/certificates/%s.pem" % (type_, name))
            # What protects it.
            text = run("openssl", "asn1parse", "-in",
                       "%s/keys/%s.pem" % (type_, name))[1]
            contains(text, "PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc")
        key = "p256/keys/000001_Sp256-1.pem"
        code = run("openssl", "pkey", "-in", key, "-passin",
                   "file:p384.secret", "-noout", check=False)[0]
        holds(code != 0, "another secret opens it")
        # Said before anything is written, and the batch waits still.
        code, _, err = get(srv, "1", "wrong.zip", "--secret", "p384.secret",
                           check=False)
        equal((code, os.path.exists("wrong.zip")), (1, False))
        contains(err, "secret does not open these keys")
        equal(show(srv, "1")["state"], "ready")
        shown = show(srv, "1")
        equal((shown["keys"], shown["under_secret"], "recipient" in shown,
               "secret" in shown), ("p256", True, False, False))
        contains(shown["history"][0]["reason"],
                 "p256 keys are made here, under a secret")


def test_pkcs12_has_the_key_with_its_certificate_and_chain():
    with Service(name="p12") as srv:
        srv.start()
        write("p12.csv", devices("P", 2))
        number = create(srv, "p12.csv", "--secret-out", "p12.secret")[1]
        get(srv, number, "p12.zip", "--secret", "p12.secret", "--form", "p12")
        unpack("p12.zip", "p12s")
        equal(os.path.exists("p12s/keys"), False)
        for i in (1, 2):
            name = "p12s/certificates/%06d_P-%d.p12" % (i, i)
            openssl("pkcs12", "-in", name, "-passin", "file:p12.secret",
                    "-nocerts", "-noenc", "-out", "p12.key")
            openssl("pkcs12", "-in", name, "-passin", "file:p12.secret",
                    "-clcerts", "-nokeys", "-out", "p12.pem")
            openssl("pkcs12", "-in", name, "-passin", "file:p12.secret",
                    "-cacerts", "-nokeys", "-out", "p12.chain")
            equal(run("openssl", "pkey", "-in", "p12.key", "-pubout")[1],
                  run("openssl", "x509", "-in", "p12.pem", "-noout",
                      "-pubkey")[1])
            openssl("verify", "-CAfile", srv.root, "-untrusted", "p12.chain",
                    "p12.pem")
            contains(read("p12.pem"), b"friendlyName: P-%d" % i)
        info = run("openssl", "pkcs12", "-in", name, "-passin",
                   "file:p12.secret", "-info", "-noout")[2]
        contains(info, "MAC: sha256", "PBES2", "AES-256-CBC", "hmacWithSHA256")
        write("bad.secret", b"a" * 32 + b"\n")
        code = run("openssl", "pkcs12", "-in", name, "-passin",
                   "file:bad.secret", "-noout", check=False)[0]
        holds(code != 0, "another secret opens it")


def test_neither_secret_nor_key_is_in_what_the_service_keeps():
    with Service(name="nowhere") as srv:
        srv.start()
        write("nowhere.csv", devices("N", 3))
        # Unread, it is there to be gone on with: sealed.
        os.kill(srv.rooms()["reader"][0], signal.SIGSTOP)
        number = create(srv, "nowhere.csv", "--secret-out", "nowhere.secret",
                        "--no-wait")[1]
        secret = read("nowhere.secret").strip()
        sealed = store(srv, "SELECT sealed FROM batch_secret")[0][0]
        holds(secret not in sealed and len(sealed) == 120, sealed)
        for name, octets in files_of(srv.dir):
            holds(secret not in octets, "%s has the secret" % name)
        os.kill(srv.rooms()["reader"][0], signal.SIGCONT)
        wait_until("it is ready", lambda: show(srv, number)["state"] ==
                   "ready")
        # Its keys are there: nobody needs it any more.
        equal(store(srv, "SELECT count(*) FROM batch_secret"), [(0,)])
        get(srv, number, "nowhere.zip", "--secret", "nowhere.secret")
        unpack("nowhere.zip", "nowhere")
        plain = []
        kept = []
        for i in (1, 2, 3):
            name = "%06d_N-%d.pem" % (i, i)
            plain.append(secret_of(opens("nowhere/keys/" + name,
                                         "nowhere.secret",
                                         "nowhere/certificates/" + name)))
            openssl("asn1parse", "-in", "nowhere/keys/" + name, "-out",
                    "kept.der", "-noout")
            kept.append(read("kept.der"))
        with open(srv.log, "rb") as log:
            said = log.read()
        for octets in plain + [secret]:
            holds(octets not in said, "it is in the log")
        for name, octets in files_of(srv.dir):
            for what in plain + [secret, sealed]:
                holds(what not in octets, name)
        looked = 0
        for room, pids in srv.rooms().items():
            for pid in pids:
                memory = memory_of(pid)
                if memory is None:
                    continue
                looked += 1
                # Those through which it went to who ordered have it perhaps.
                for what in plain + ([secret] if room not in
                                     ("issuer", "operators") else []):
                    holds(what not in memory, "it is in %s" % room)
        holds(looked > 0 or os.geteuid() != 0, "no memory was looked at")
        holds(any(octet in data for _, data in files_of(srv.dir)
                  for octet in kept), "the search finds what is there")
        srv.birthmark("batch", "confirm", "--dir", srv.dir, number)
        for name, octets in files_of(srv.dir):
            for what in plain + kept + [secret, sealed]:
                holds(what not in octets, "%s has what arrived" % name)


def test_what_is_killed_on_the_way_goes_on_with_the_same_secret():
    with Service(name="killed", limits_organisation=100000) as srv:
        srv.start()
        write("killed.csv", devices("D", ROWS))
        number = create(srv, "killed.csv", "--secret-out", "killed.secret",
                        "--no-wait")[1]
        wait_until("some keys are made", lambda: store(
            srv, "SELECT count(*) FROM batch_row")[0][0] > 0)
        equal(store(srv, "SELECT count(*) FROM batch_secret"), [(1,)])
        kill_all(srv)
        srv.start()
        wait_until("some are issued", lambda: store(
            srv, "SELECT issued FROM batch")[0][0] > 0)
        kill_all(srv)
        srv.start()
        wait_until("it is ready", lambda: show(srv, number)["state"] ==
                   "ready")
        shown = show(srv, number)
        equal((shown["issued"], shown["refused"]), (ROWS, 0))
        # With the secret of before: each key is opened.
        get(srv, number, "killed.zip", "--secret", "killed.secret")
        with zipfile.ZipFile("killed.zip") as z:
            equal(len([n for n in z.namelist() if n.startswith("keys/")]),
                  ROWS)
        srv.stop()
        contains(srv.verify_ledger(), ": valid")


def test_a_secret_in_the_place_of_anothers_makes_no_key():
    with Service(name="swapped") as srv:
        srv.start()
        os.kill(srv.rooms()["reader"][0], signal.SIGSTOP)
        numbers = []
        for name in ("one", "two", "three"):
            write(name + ".csv", devices(name, 2))
            numbers.append(create(srv, name + ".csv", "--secret-out",
                                  name + ".secret", "--no-wait")[1])
        kill_all(srv)
        one, two, three = numbers
        db = sqlite3.connect(os.path.join(srv.dir, "birthmark.db"))
        sealed = dict(db.execute("SELECT batch, sealed FROM batch_secret"))
        for to, of in ((one, two), (two, one)):
            db.execute("UPDATE batch_secret SET sealed = ? WHERE batch = ?",
                       (sealed[int(of)], to))
        db.commit()
        db.close()
        srv.start()
        wait_until("the third is ready", lambda: show(srv, three)["state"] ==
                   "ready")
        for number in (one, two):
            wait_until("it has ended", lambda n=number:
                       show(srv, n)["state"] == "rejected")
            shown = show(srv, number)
            equal((shown["rows"], shown["issued"]), (0, 0), shown)
            contains(shown["history"][-1]["reason"], "secret")
        get(srv, three, "three.zip", "--secret", "three.secret")
        equal(store(srv, "SELECT count(*) FROM batch_secret"), [(0,)])


def test_without_a_server_the_command_tells_it_and_makes_the_keys():
    with Service(name="direct") as srv:
        write("direct.csv", devices("C", 3))
        number = create(srv, "direct.csv", "--secret-out", "direct.secret")[1]
        get(srv, number, "direct.zip", "--secret", "direct.secret")
        unpack("direct.zip", "direct")
        opens("direct/keys/000003_C-3.pem", "direct.secret",
              "direct/certificates/000003_C-3.pem")
        equal(store(srv, "SELECT count(*) FROM batch_secret"), [(0,)])
        # As JSON, for programs.
        write("json.csv", devices("J", 1))
        told = json.loads(create(srv, "json.csv", "--secret", "--json")[1])
        holds(re.fullmatch("[a-z2-7]{32}", told["secret"]), told)
        write("json.secret", told["secret"])
        get(srv, str(told["id"]), "json.zip", "--secret", "json.secret")
        write("again.csv", devices("A", 1))
        told = json.loads(create(srv, "again.csv", "--secret-out",
                                 "again.secret", "--json")[1])
        equal("secret" in told, False)


def test_on_a_terminal_it_is_shown():
    with Service(name="terminal") as srv:
        write("terminal.csv", devices("T", 1))
        ours, theirs = pty.openpty()
        done = subprocess.run(
            [PROGRAM, "batch", "create", "--dir", srv.dir, "--profile", LDEVID,
             "--keys", "p256", "--secret", "terminal.csv"], check=False,
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        said = os.read(ours, 4096)
        os.close(ours)
        equal(done.returncode, 0, done.stderr)
        holds(re.search(rb"secret, shown this once: [a-z2-7]{32}\r\n", said),
              said)


def test_what_does_not_fit_is_refused_and_nothing_is_ordered():
    with Service(name="refused") as srv:
        srv.start()
        write("some.csv", devices("R", 2))
        write("there.secret", b"mine\n")
        code, out, err = create(srv, "some.csv", "--secret-out",
                                "there.secret", check=False)
        equal((code, out, read("there.secret")), (3, "", b"mine\n"), err)
        for more in ([], ["--secret"],
                     ["--secret-out", "x.secret", "--recipient", "some.csv"],
                     ["--secret-out", "x.secret", "--secret"]):
            code, out, err = create(srv, "some.csv", *more, check=False)
            equal((code, out), (2, ""), err)
        code = run(PROGRAM, "batch", "create", "--dir", srv.dir, "--profile",
                   LDEVID, "--secret-out", "x.secret", "some.csv",
                   check=False)[0]
        equal((code, os.path.exists("x.secret")), (2, False))
        # Refused by the server: no empty file is left.
        code, out, err = srv.birthmark(
            "batch", "create", "--dir", srv.dir, "--profile", "no-such",
            "--keys", "p256", "--secret-out", "x.secret", "some.csv",
            check=False)
        equal((code, os.path.exists("x.secret")), (1, False), err)
        equal(store(srv, "SELECT count(*) FROM batch"), [(0,)])
        # A rejected one has none any more.
        write("bad.csv", b"device,csr\r\nR-1,xx\r\n")
        code, out, err = create(srv, "bad.csv", "--secret-out", "row.secret",
                                check=False)
        holds(out != "", err)
        equal((code, show(srv, out)["state"]), (1, "rejected"), err)
        equal(store(srv, "SELECT count(*) FROM batch_secret"), [(0,)])
        for more in (["--form", "p12"],):
            code, _, err = get(srv, "1", "x.zip", *more, check=False)
            equal(code, 2, err)


main()
