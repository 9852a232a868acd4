#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark init, and who may do what with an instance and when.

direct_test.py PROGRAM
"""
import hashlib
import os
import shutil
import stat
import subprocess
import time

import cli
from cli import contains, equal, openssl, read, run, write
from direct import (AUDITOR, FACTORY, LDEVID, READ_ONLY, REGISTRAR,
                    checkpoint_size, database, issue, last_records, leaves,
                    made, misused, ok, refused, request, serial_of, set_roles,
                    somebody_writes)

READS = (("cert", "list"), ("cert", "export"), ("ca", "list"),
         ("ca", "show"), ("token", "list"))


def write_verbs(serial):
    request("other", "/CN=other/serialNumber=other")
    write("any.ocsp", b"0")
    return (("cert", "issue", "--profile", LDEVID, "--csr", "other.csr"),
            ("cert", "revoke", serial), ("cert", "release", serial),
            ("ca", "crl"), ("ca", "ocsp", "--request", "any.ocsp"),
            ("token", "create", "--profile", LDEVID, "--device", "other"),
            ("token", "revoke", "0123"))


# init

def test_an_instance_is_made_within_seconds():
    start = time.monotonic()
    out, err = ok("init", "first", "--org", "Acme Ltd", "--host",
                  "ca.example.com")
    if time.monotonic() - start > 5:
        raise AssertionError("it took %s s" % (time.monotonic() - start))
    equal(out, "first\n")
    contains(err, "made for Acme Ltd", "carry first/root away",
             "move first/keys/unlock off this disk")
    if "warning" in err:
        raise AssertionError(err)
    for name in ("birthmark.yaml", "birthmark.db", "ca/root.pem",
                 "ca/issuing.pem", "ca/operations.pem", "ca/server.pem",
                 "crl/root.crl", "crl/issuing.crl", "crl/operations.crl",
                 "keys/unlock", "root/root.key", "operator/operator.pem",
                 "operator/operator.key", "ledger/checkpoint", "ledger.pub",
                 "profiles/%s.yaml" % LDEVID):
        if not os.path.isfile("first/" + name):
            raise AssertionError("no " + name)
    equal(os.path.exists("first.new"), False)


def test_secrets_are_for_the_owner_alone():
    made()
    for name, mode in (("", 0o700), ("root", 0o700), ("keys", 0o700),
                       ("operator", 0o700), ("keys/unlock", 0o400),
                       ("root/unlock", 0o400),
                       ("operator/operator.key", 0o400)):
        equal(stat.S_IMODE(os.stat("acme/" + name).st_mode), mode, name)


def test_what_was_made_verifies_elsewhere():
    made()
    root = ("-CAfile", "acme/ca/root.pem")
    for name in ("issuing", "operations"):
        openssl("verify", *root, "acme/ca/%s.pem" % name)
    below = root + ("-untrusted", "acme/ca/operations.pem")
    for host in (("-verify_hostname", "ca.example.com"),
                 ("-verify_ip", "192.0.2.1"), ("-purpose", "sslserver")):
        openssl("verify", *below, *host, "acme/ca/server.pem")
    openssl("verify", *below, "-purpose", "sslclient",
            "acme/operator/operator.pem")
    text = openssl("x509", "-in", "acme/ca/issuing.pem", "-noout", "-subject",
                   "-nameopt", "RFC2253").decode()
    equal(text, "subject=CN=Acme Ltd Issuing CA,O=Acme Ltd\n")
    contains(read("acme/birthmark.yaml").decode(),
             "public_url: http://ca.example.com:8080\n")


def test_nothing_is_ever_overwritten():
    os.mkdir("full")
    write("full/mine", "mine\n")
    write("file", "mine\n")
    made()
    for name in ("full", "file", "acme"):
        before = sorted(os.listdir(name)) if name != "file" else read(name)
        refused("exists already, and is not overwritten: " + name, "init",
                name, "--host", "a.example", code=3)
        after = sorted(os.listdir(name)) if name != "file" else read(name)
        equal(after, before, name)
    equal(read("full/mine"), b"mine\n")
    os.mkdir("empty")
    ok("init", "empty", "--host", "a.example")


def test_a_failure_leaves_nothing():
    err = refused("No such file or directory", "init", "no/such",
                  "--host", "a.example")
    contains(err, "birthmark init: ", "no/such")
    equal(os.path.exists("no"), False)


def test_defaults_are_the_names_at_hand():
    os.mkdir("sub")
    out, err = ok("init", "sub/Widgets", "--host", "ca.example.com")
    equal(out, "sub/Widgets\n")
    contains(err, "made for Widgets:")
    contains(openssl("x509", "-in", "sub/Widgets/ca/root.pem", "-noout",
                     "-subject").decode(), "CN = Widgets Root CA")
    out, err = ok("init", "sub/Gadgets//")
    contains(err, "made for Gadgets:")
    contains(read("sub/Gadgets/birthmark.yaml").decode(),
             "public_url: http://%s:8080\n" % os.uname().nodename)


def test_a_name_that_means_nothing_elsewhere_is_warned_about():
    for i, host in enumerate(("localhost", "127.0.0.1", "::1",
                              "a.localhost")):
        _, err = ok("init", "w%d" % i, "--host", host)
        contains(err, "warning: public_url is http://", host,
                 "is this machine only")
    _, err = ok("init", "w9", "--host", "ca", "--host", "ca.example.com")
    contains(err, "ca is a bare name", "begin again with --host NAME")


def test_wrong_use_of_init():
    misused("no DIR named", "init")
    misused("one DIR at a time", "init", "a", "b")
    refused("did you mean '--host'?", "init", "a", "--hots", "b", code=2)
    misused("'a b' is no host name and no address", "init", "x", "--host",
            "a b")
    misused("--host is empty", "init", "x", "--host", "")
    misused("--org is empty", "init", "x", "--org", "")
    misused("has 1 to 64 characters", "init", "x", "--org", "a" * 65)
    misused("is plain UTF-8", "init", "x", "--org", "a\033[1m")
    misused("--org is given twice", "init", "x", "--org", "a", "--org", "b")
    for name in (".", "..", "/", "first/..", "first/.//"):
        misused("DIR needs a name of its own", "init", name, "--org", "x")
    misused("DIR is empty or too long", "init", "a" * 5000, "--org", "x")
    misused("more than 16 of --host", "init", "x",
            *["--host", "a.example"] * 17)
    equal(os.path.exists("x"), False)


def test_a_long_name_of_an_organisation_fits():
    for i, name in enumerate(("ü" * 64, "a" * 48, "b" * 49)):
        ok("init", "long%d" % i, "--org", name, "--host", "a.example")


# Opening

def test_the_current_directory_is_the_default():
    made()
    want = ok("ca", "list", "--dir", "acme")
    os.chdir("acme")
    try:
        equal(ok("ca", "list"), want)
    finally:
        os.chdir("..")


def test_what_is_no_instance_is_named():
    os.makedirs("none", exist_ok=True)
    for args in READS:
        contains(refused("none is not an instance", *args, "--dir", "none"),
                 "birthmark " + " ".join(args) + ": ")
    refused("nowhere is not an instance", "ca", "list", "--dir", "nowhere")


def version_of(where, *to):
    with database(where) as db:
        if to:
            db.execute("PRAGMA user_version = %d" % to)
        return db.execute("PRAGMA user_version").fetchone()[0]


def test_a_store_of_another_version_is_told_from_which_side_it_is():
    where = made("versions")
    now = version_of(where)
    version_of(where, now + 1)
    for args in READS + (("ledger", "checkpoint"),):
        contains(refused("made by a newer version", *args, "--dir", where),
                 "birthmark.db: upgrade this program")
    version_of(where, now - 1)  # its last step may be taken twice
    for args in READS:
        contains(refused("made by an older version", *args, "--dir", where),
                 "or by birthmark ledger checkpoint")
    equal(version_of(where), now - 1)
    ok("ledger", "checkpoint", "--dir", where)
    equal((version_of(where), os.path.exists("%s/birthmark.db.v%d.bak" %
                                             (where, now - 1))), (now, True))
    for args in READS:
        ok(*args, "--dir", where)


def test_a_ledger_folder_that_is_gone_is_made_again():
    where = made("unpublished")
    shutil.rmtree(where + "/ledger")
    ok("token", "create", "--dir", where, "--profile", LDEVID, "--device", "x")
    ok("ledger", "verify", "--dir", where, "--against",
       where + "/ledger/checkpoint")


def test_the_origin_of_the_ledger_never_changes():
    where = made("renamed")
    text = read(where + "/birthmark.yaml").decode()
    write(where + "/birthmark.yaml",
          text.replace("origin: ca.example.com", "origin: ca.example.org"))
    for verb in ("cert", "list"), ("ledger", "verify"):
        refused("is not that of its ledger, which is ca.example.com/ledger",
                *verb, "--dir", where)


def test_a_broken_setting_is_named_with_its_line():
    where = made("broken")
    text = read(where + "/birthmark.yaml").decode()
    write(where + "/birthmark.yaml", text + "pubic_url: x\n")
    line = text.count("\n") + 1
    refused("broken/birthmark.yaml:%d:1: " % line, "ca", "list", "--dir",
            where)


def test_reading_needs_no_secret_and_no_root():
    where = made("moved")
    serial = issue(where, "m1")
    os.rename(where + "/keys/unlock", "unlock.moved")
    shutil.rmtree(where + "/root")
    for args in READS:
        ok(*args, "--dir", where)
    for args in write_verbs(serial):
        refused("keys are locked", *args, "--dir", where)
    text = read(where + "/birthmark.yaml").decode()
    write(where + "/birthmark.yaml",
          text.replace("unlock: file\n", "unlock: file:%s\n" %
                       os.path.abspath("unlock.moved")))
    issue(where, "m2")
    os.chmod("unlock.moved", 0o444)
    refused("secret may be read by others", "ca", "crl", "--dir", where)


def test_readers_work_beside_a_writer_and_writers_are_told():
    serial = issue(made(), "b1")
    with somebody_writes("acme"):
        for args in READS + (("cert", "show", serial),):
            ok(*args, "--dir", "acme")
        for args in write_verbs(serial):
            err = refused("in use by another process: the instance acme",
                          *args, "--dir", "acme")
            equal(err.count("\n"), 1, err)
    ok("ca", "crl", "--dir", "acme")


# Roles

def may(where, roles, serial):
    """The verbs that are not forbidden to somebody with these roles."""
    set_roles(where, roles)
    found = set()
    for args in READS + write_verbs(serial):
        code, out, err = run(*args, "--dir", where)
        if "role does not allow this" not in err:
            found.add(" ".join(args[:2]))
        else:
            equal((code, out), (1, ""), args)
            contains(err, "operator:first may not ", "; needed: admin")
    return found


def test_roles_decide_who_may_do_what():
    where = made("roles")
    serial = issue(where, "r1")
    reads = {"cert list", "cert export", "ca list", "ca show", "ca ocsp"}
    equal(may(where, AUDITOR, serial), reads | {"token list"})
    equal(may(where, READ_ONLY, serial), reads)
    equal(may(where, FACTORY, serial), reads | {
        "token list", "cert issue", "token create"})
    equal(may(where, REGISTRAR, serial), reads | {
        "token list", "cert issue", "token create", "cert revoke",
        "cert release", "ca crl", "token revoke"})
    equal(may(where, 0, serial), set())


def test_a_refusal_changes_nothing():
    where = made("auditor")
    serial = issue(where, "a1")
    set_roles(where, AUDITOR)
    before = (leaves(where), read(where + "/ledger/checkpoint"),
              read(where + "/crl/issuing.crl"))
    for args in write_verbs(serial):
        if args[:2] != ("ca", "ocsp"):
            refused("operator:first may not", *args, "--dir", where)
    equal((leaves(where), read(where + "/ledger/checkpoint"),
           read(where + "/crl/issuing.crl")), before)


def test_only_a_good_operator_acts():
    where = made("strangers")
    issue(where, "st")
    path = where + "/operator/operator.pem"
    kept = read(path)
    os.remove(path)
    write(path, read("st.pem"))
    refused("the certificate shown is no operator's here", "ca", "list",
            "--dir", where)
    write(path, "nonsense\n")
    refused(path, "ca", "list", "--dir", where)
    os.remove(path)
    refused(path + ": No such file", "ca", "list", "--dir", where)
    write(path, kept)
    ok("ca", "list", "--dir", where)
    with database(where) as db:
        db.execute("UPDATE operator SET disabled = 1")
    refused("operator first is disabled", "ca", "list", "--dir", where)
    with database(where) as db:
        db.execute("UPDATE operator SET disabled = 0")
    write("op.pem", kept)
    refused("no administrator would be left", "cert", "revoke", "--dir",
            where, serial_of("op.pem"))
    set_roles(where, REGISTRAR)
    ok("cert", "revoke", "--dir", where, serial_of("op.pem"))
    refused("certificate is not in a state for this: it is revoked", "ca",
            "list", "--dir", where)


def test_every_act_is_on_record_and_published():
    where = made("record")
    serial = issue(where, "rec")
    size = checkpoint_size(where)
    equal(size, leaves(where))
    contains(last_records(where, 3).decode("latin-1"), "operator:first",
             "direct", LDEVID)
    for args in (("cert", "revoke", "--reason", "certificateHold", serial),
                 ("cert", "release", serial), ("ca", "crl", "issuing"),
                 ("token", "create", "--profile", LDEVID, "--device", "t")):
        ok(*args, "--dir", where)
        if checkpoint_size(where) <= size:
            raise AssertionError("not on record: %s" % (args,))
        size = checkpoint_size(where)
        equal(size, leaves(where), args)
        contains(last_records(where, 3).decode("latin-1"), "operator:first")


def test_a_changed_profile_is_on_record_before_it_is_used():
    where = made("changed")
    path = "%s/profiles/%s.yaml" % (where, LDEVID)
    text = read(path).decode().replace("for: 90d", "for: 80d")
    write(path, text)
    before = leaves(where)
    ok("cert", "list", "--dir", where)
    set_roles(where, AUDITOR)
    refused("may not create tokens", "token", "create", "--dir", where,
            "--profile", LDEVID, "--device", "c")
    equal(leaves(where), before)
    set_roles(where, FACTORY)
    issue(where, "changed-1")
    contains(last_records(where, leaves(where) - before).decode("latin-1"),
             hashlib.sha256(text.encode()).digest().decode("latin-1"))
    before = leaves(where)
    issue(where, "changed-2")
    if hashlib.sha256(text.encode()).digest() in last_records(
            where, leaves(where) - before):
        raise AssertionError("twice")


# Descriptors

def test_what_is_printed_goes_into_no_file_of_the_instance():
    where = made("closed")
    for i, streams in enumerate(("2>&-", ">&-", ">&- 2>&-", "<&-",
                                 "<&- >&- 2>&-")):
        device = "closed-%d" % i
        done = subprocess.run(
            ["sh", "-c", '"$@" ' + streams, "sh", cli.PROGRAM, "token",
             "create", "--dir", where, "--profile", LDEVID, "--device",
             device], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False)
        # The secret has not arrived.
        equal(done.returncode, 1 if ">&-" in streams.split() else 0, streams)
        equal(read(where + "/run/lock"), b"", streams)
        for folder, _, files in os.walk(where):
            for name in files:
                if b"birthmark token create:" in read(
                        os.path.join(folder, name)):
                    raise AssertionError("%s: in %s" % (streams, name))


cli.main()
