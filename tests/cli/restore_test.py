#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The restore drill with the program: an instance is backed up while it works,
is lost, comes back, and goes on.

restore_test.py PROGRAM
"""
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import cli
from cli import contains, equal, openssl, read, run, write

LDEVID = "ieee-802.1ar-ldevid"


def ok(*args):
    code, out, err = run(*args)
    equal(code, 0, "%s: %s" % (args, err))
    return out, err


def refused(words, *args, code=1):
    got, out, err = run(*args)
    equal((got, out), (code, ""), "%s: %s" % (args, err))
    contains(err, words)


def issue(where, n):
    """A certificate for device SN-n, in where-n.pem: its serial number."""
    if not os.path.exists("k%d.csr" % n):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                "k%d.key" % n)
        openssl("req", "-new", "-key", "k%d.key" % n, "-subj",
                "/CN=k%d/serialNumber=SN-%d" % (n, n), "-out", "k%d.csr" % n)
    return ok("cert", "issue", "--dir", where, "--profile", LDEVID, "--csr",
              "k%d.csr" % n, "--out", "%s-%d.pem" % (where, n))[0].strip()


def crl_number(where):
    out = openssl("crl", "-inform", "DER", "-in",
                  where + "/crl/issuing.crl", "-noout", "-crlnumber")
    return int(out.decode().strip().split("=")[1], 16)


def size(checkpoint):
    return int(read(checkpoint).split(b"\n")[1])


def statuses(where):
    out, _ = ok("cert", "list", "--dir", where, "--json")
    found = {}
    for line in out.splitlines():
        row = cli.json.loads(line)
        found[row["serial_number"]] = row["status"]
    return found


SERIAL = {}


def made():
    """acme, with acme.backup; what came after it; last.txt; and lost."""
    if os.path.exists("last.txt"):
        return
    ok("init", "acme", "--org", "Acme Ltd", "--host", "ca.example.com")
    shutil.copy("acme/ledger/checkpoint", "first.txt")
    for n in (0, 1):
        SERIAL[n] = issue("acme", n)
    ok("token", "create", "--dir", "acme", "--profile", LDEVID, "--device",
       "SN-9")
    ok("ledger", "prove", "--dir", "acme", "--out", "old.proof", SERIAL[0])
    shutil.copy("acme/ledger/checkpoint", "same.txt")
    out, err = ok("backup", "--dir", "acme", "--with-keys", "acme.backup")
    equal(out, "acme.backup\n")
    contains(err, "the private keys are in it, sealed")
    for n in (2, 3):
        SERIAL[n] = issue("acme", n)
    ok("cert", "revoke", "--dir", "acme", "--reason", "keyCompromise",
       SERIAL[1])
    shutil.copy("acme/ledger/checkpoint", "last.txt")
    shutil.copy("acme/crl/issuing.crl", "last.crl")
    os.rename("acme", "lost")


def restored(where):
    made()
    out, err = ok("restore", "acme.backup", where)
    equal(out, where + "\n")
    contains(err, "tree 1 with %d leaves" % size("same.txt"),
             "birthmark restore --resume --against FILE --dir " + where)
    shutil.copy("lost/keys/unlock", where + "/keys/unlock")
    return where


def resume(where, *args):
    return ok("restore", "--resume", "--dir", where, *args)


def clean(where, *checkpoints):
    ok("ledger", "verify", "--dir", where)
    for checkpoint in checkpoints:
        ok("ledger", "verify", "--dir", where, "--against", checkpoint)


def test_a_backup_is_never_written_over_a_file():
    made()
    before = read("acme.backup")
    refused("exists already", "backup", "--dir", "lost", "acme.backup", code=3)
    equal(read("acme.backup"), before)
    names = subprocess.run(["tar", "tf", "acme.backup"], check=True,
                           stdout=subprocess.PIPE).stdout.decode().split()
    contains(names, "birthmark.db", "keys/issuing.key", "keys/kek")
    for name in ("keys/unlock", "operator/operator.key", "root/root.key"):
        equal(name in names, False, name)


def test_a_restored_instance_issues_nothing():
    where = restored("idle")
    refused("the last published checkpoint must be shown first", "cert",
            "issue", "--dir", where, "--profile", LDEVID, "--csr", "k0.csr")
    refused("must be shown first", "cert", "revoke", "--dir", where, SERIAL[0])
    refused("must be shown first", "ca", "crl", "--dir", where)
    refused("must be shown first", "ledger", "checkpoint", "--dir", where)
    refused("must be shown first", "cert", "import", "--dir", where,
            "acme-2.pem")
    equal([SERIAL[n] in statuses(where) for n in range(4)],
          [True, True, False, False])


def listed(where, path):
    text = openssl("crl", "-inform", "DER", "-in", where + "/crl/" + path,
                   "-noout", "-text").decode()
    return sorted(line.split(": ")[1].strip().lower()
                  for line in text.splitlines() if "Serial Number: " in line)


def test_lists_of_shards_come_back_with_what_was_forgotten():
    ok("init", "parts", "--org", "Acme Ltd", "--host", "ca.example.com")
    write("parts/birthmark.yaml", read("parts/birthmark.yaml").decode().replace(
        "  lifetime: 7d\n", "  lifetime: 7d\n  shards: 2\n", 1))
    ok("ca", "crl", "--dir", "parts", "issuing")
    ok("backup", "--dir", "parts", "--with-keys", "parts.backup")
    serial = issue("parts", 5)
    ok("cert", "revoke", "--dir", "parts", "--reason", "keyCompromise", serial)
    ok("ca", "crl", "--dir", "parts", "issuing")
    text = openssl("x509", "-in", "parts-5.pem", "-noout", "-text").decode()
    shard = re.search("/crl/(issuing/[12].crl)", text).group(1)
    equal(listed("parts", shard), [serial])
    ok("restore", "parts.backup", "whole")
    shutil.copy("parts/keys/unlock", "whole/keys/unlock")
    resume("whole", "--against", "parts/ledger/checkpoint", "--import",
           "parts/crl/issuing.crl")
    for path in ("issuing.crl", "issuing/1.crl", "issuing/2.crl"):
        equal(listed("whole", path), [serial], path)
    clean("whole")


def test_a_wrong_checkpoint_changes_nothing():
    where = restored("wrong")
    ok("init", "other", "--org", "Other", "--host", "ca.example.com")
    write("forged.txt", read("last.txt").replace(
        b"\n%d\n" % size("last.txt"), b"\n%d\n" % size("same.txt")))
    write("words.txt", "hello\n")
    for name in ("other/ledger/checkpoint", "forged.txt", "words.txt",
                 "nowhere.txt"):
        refused("birthmark restore: ", "restore", "--resume", "--dir", where,
                "--against", name)
    refused("must be shown first", "ca", "crl", "--dir", where)
    resume(where, "--against", "last.txt")
    refused("works again already", "restore", "--resume", "--dir", where,
            "--against", "last.txt")


def test_what_was_rolled_back_goes_on_as_a_new_tree():
    where = restored("back")
    before = crl_number(where)
    _, err = resume(where, "--against", "last.txt", "--import", "acme-2.pem",
                    "--import", "last.crl")
    contains(err, "published was tree 1 with %d leaves" % size("last.txt"),
             "tree 2 begins", "1 certificates imported",
             "1 unused tokens revoked",
             "2 revoked again" if SERIAL[3] in crl_text() else
             "1 revoked again")
    equal(crl_number(where) > before + 900000, True)
    equal(statuses(where)[SERIAL[1]], "revoked")
    equal(statuses(where)[SERIAL[2]], "valid")
    issue(where, 4)
    clean(where, "first.txt", "same.txt", "last.txt",
          where + "/ledger/2/checkpoint")
    ok("ledger", "check", "--key", where + "/ledger.pub", "old.proof",
       "acme-0.pem")
    ok("ledger", "prove", "--dir", where, "--out", "new.proof", SERIAL[2])
    ok("ledger", "check", "--key", where + "/ledger.pub", "new.proof",
       "acme-2.pem")
    code, _, err = run("ledger", "verify", "--dir", "idle", "--against",
                       where + "/ledger/2/checkpoint")
    equal(code, 1, err)


def crl_text():
    return openssl("crl", "-inform", "DER", "-in", "last.crl", "-noout",
                   "-text").decode().lower()


def test_what_lost_nothing_goes_on():
    where = restored("same")
    _, err = resume(where, "--against", "same.txt")
    contains(err, "the ledger goes on: tree 1",
             "repeat what was revoked since the backup")
    issue(where, 5)
    equal(os.path.exists(where + "/ledger/2"), False)
    clean(where, "first.txt", "same.txt")


def test_what_the_journal_knows_is_imported_or_abandoned():
    where = restored("journal")
    shutil.rmtree(where + "/journal")
    shutil.copytree("lost/journal", where + "/journal")
    _, err = resume(where, "--against", "last.txt", "--import",
                    LDEVID + "=acme-3.pem")
    contains(err, "1 certificates imported",
             "1 in the signer's journal and unknown")
    equal(statuses(where)[SERIAL[3]], "valid")
    equal(statuses(where)[SERIAL[2]], "abandoned")
    contains(openssl("crl", "-inform", "DER", "-in",
                     where + "/crl/issuing.crl", "-noout",
                     "-text").decode().lower(), SERIAL[2])
    refused("abandoned", "cert", "import", "--dir", where, "acme-2.pem")
    clean(where, "last.txt")


def test_keys_that_are_not_in_it_are_put_back_by_hand():
    made()
    ok("backup", "--dir", "lost", "late.backup")
    code, out, err = run("restore", "late.backup", "keyless", "--against",
                         "last.txt")
    equal((code, out), (1, "keyless\n"), err)
    contains(err, "no private keys were in it", "unlock")
    shutil.rmtree("keyless/keys")
    shutil.copytree("lost/keys", "keyless/keys")
    _, err = resume("keyless", "--against", "last.txt")
    contains(err, "the ledger goes on: tree 1")
    clean("keyless", "first.txt", "same.txt", "last.txt")


def test_one_step_is_as_good_as_two():
    made()
    ok("init", "root", "--org", "Root", "--host", "root.example.com")
    secret = os.path.abspath("root.secret").encode()
    write("root/birthmark.yaml", re.sub(rb"(?m)^unlock: .*$",
                                        b"unlock: file:" + secret,
                                        read("root/birthmark.yaml")))
    os.rename("root/keys/unlock", "root.secret")
    issue("root", 0)
    shutil.copy("root/ledger/checkpoint", "root.txt")
    ok("backup", "--dir", "root", "--with-keys", "root.backup")
    out, err = ok("restore", "root.backup", "root2", "--against", "root.txt")
    equal(out, "root2\n")
    contains(err, "the ledger goes on: tree 1")
    issue("root2", 1)


def test_imported_later_or_not_at_all():
    where = restored("later")
    resume(where, "--against", "last.txt")
    refused("not a certificate", "cert", "import", "--dir", where, "last.crl")
    refused("no CA of this instance", "cert", "import", "--dir", where,
            "leaf.pem")
    _, err = ok("cert", "import", "--dir", where, "acme-2.pem", "acme-3.pem")
    contains(err, "2 put on record, 0 were before")
    _, err = ok("cert", "import", "--dir", where, "--profile", LDEVID,
                "acme-2.pem")
    contains(err, "0 put on record, 1 were before")
    ok("cert", "revoke", "--dir", where, SERIAL[3])
    clean(where, "last.txt")


def test_nothing_is_restored_over_something():
    made()
    refused("exists already", "restore", "acme.backup", "lost", code=3)
    write("cut.backup", read("acme.backup")[:-100])
    refused("damaged", "restore", "cut.backup", "cut")
    equal([n for n in os.listdir(".") if n.startswith("cut") and
           n != "cut.backup"], [])


def test_wrong_use():
    made()
    for args in ((), ("acme.backup",), ("--resume",), ("--resume", "x", "y"),
                 ("acme.backup", "x", "--dir", "y"),
                 ("acme.backup", "x", "--import", "acme-2.pem")):
        code, out, err = run("restore", *args)
        equal((code, out), (2, ""), err)
        contains(err, "(try: birthmark restore --help)")
    for args in ((), ("x", "y"), ("--with-key", "x")):
        equal(run("backup", *args)[0], 2)


def marked(where):
    db = sqlite3.connect(where + "/birthmark.db")
    row = db.execute("SELECT length(value) FROM setting WHERE name = "
                     "'restored'").fetchone()
    db.close()
    return row is not None and row[0] > 0


def killed_after(seconds, *args):
    """Run and kill; True if it had ended by then."""
    with subprocess.Popen([cli.PROGRAM] + list(args), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        try:
            p.communicate(timeout=seconds)
            return True
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.communicate()
            return False


def test_killed_while_it_is_restored():
    made()
    for n in range(1, 100):
        where = "killed-%d" % n
        done = killed_after(0.03 * n, "restore", "acme.backup", where)
        if os.path.exists(where):
            equal(marked(where), True, where)
        else:
            ok("restore", "acme.backup", where)
        shutil.rmtree(where)
        if done:
            break
    else:
        raise AssertionError("it never ended")


def test_killed_while_it_resumes():
    """It is marked, and can be resumed; or it works."""
    whole = restored("resumed")
    for n in range(1, 100):
        where = "again-%d" % n
        shutil.copytree(whole, where)
        done = killed_after(0.07 * n, "restore", "--resume", "--dir", where,
                            "--against", "last.txt", "--import", "acme-2.pem")
        if marked(where):
            resume(where, "--against", "last.txt", "--import", "acme-2.pem")
        ok("ca", "crl", "--dir", where)
        equal(statuses(where)[SERIAL[2]], "valid")
        clean(where, "last.txt")
        shutil.rmtree(where)
        if done:
            break
    else:
        raise AssertionError("it never ended")


def test_a_backup_is_made_while_it_works():
    ok("init", "busy", "--org", "Busy", "--host", "busy.example.com")
    issue("busy", 0)
    child = os.fork()
    if child == 0:
        n = 100
        while True:
            n += 1
            try:
                issue("busy", n)
            except (AssertionError, OSError):
                pass
    try:
        time.sleep(0.3)
        for n in range(3):
            ok("backup", "--dir", "busy", "--with-keys", "busy-%d" % n)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    time.sleep(1)
    for n in range(3):
        where = "busy-%d.d" % n
        ok("restore", "busy-%d" % n, where)
        shutil.copy("busy/keys/unlock", where + "/keys/unlock")
        resume(where, "--against", "busy/ledger/checkpoint")
        clean(where, "busy/ledger/checkpoint")


cli.main()
