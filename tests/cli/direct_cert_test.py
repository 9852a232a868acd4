#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark cert on an instance: issue, list, show, revoke, release, export.

direct_cert_test.py PROGRAM
"""
import datetime
import json
import os
import pty
import resource
import signal
import subprocess

import cli
from cli import contains, equal, openssl, read, run, write
from direct import (IDEVID, LDEVID, clone, crl, crl_number, database, issue, leaves,
                    made, misused, objects, ok, refused, request, serial_of)

AT = ("--dir", "acme")
ISSUE = ("cert", "issue") + AT + ("--profile", LDEVID, "--csr")


def listed(*args, where="acme"):
    return [o["serial_number"]
            for o in objects("cert", "list", "--dir", where, *args)]


def first(*args, where="acme"):
    """The same where a limit may leave some out."""
    out, _ = ok("cert", "list", "--dir", where, "--json", *args)
    return [json.loads(line)["serial_number"] for line in out.splitlines()]


def utc(days):
    when = datetime.datetime.now(datetime.timezone.utc)
    when += datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


# issue

def test_a_certificate_is_issued_as_the_profile_says():
    made()
    request("i1", "/CN=pump/serialNumber=SN-1")
    out, err = ok(*ISSUE, "i1.csr")
    equal(err, "")
    write("i1.pem", out)
    openssl("verify", "-CAfile", "acme/ca/root.pem", "-untrusted",
            "acme/ca/issuing.pem", "-purpose", "sslclient", "i1.pem")
    text = openssl("x509", "-in", "i1.pem", "-noout", "-text").decode()
    contains(text, "serialNumber = SN-1", "CN = pump",
             "http://ca.example.com:8080/crl/issuing.crl")
    key = openssl("pkey", "-in", "i1.key", "-pubout")
    equal(openssl("x509", "-in", "i1.pem", "-noout", "-pubkey"), key)


def test_out_is_a_new_file_and_stdout_its_serial_number():
    serial = issue(made(), "i2")
    equal(read("i2.pem").count(b"BEGIN CERTIFICATE"), 1)
    equal(serial in listed(), True)


def test_a_request_may_be_der_or_standard_input():
    for name, form in (("i3", "DER"), ("i4", "PEM")):
        request(name, "/serialNumber=" + name, "-outform", form)
        out, _ = ok(*ISSUE, "-", stdin=read(name + ".csr"))
        write(name + ".pem", out)
        serial_of(name + ".pem")
    request("i5", "/serialNumber=i5", "-outform", "DER")
    ok(*ISSUE, "i5.csr", "--out", "-")


def test_a_chain_leads_to_the_root():
    made()
    request("i6", "/serialNumber=i6")
    out, _ = ok(*ISSUE, "i6.csr", "--chain")
    equal(out.count("BEGIN CERTIFICATE"), 2)
    write("i6.pem", out)
    openssl("verify", "-CAfile", "acme/ca/root.pem", "-untrusted", "i6.pem",
            "i6.pem")


def test_the_operator_may_say_device_subject_and_end():
    made()
    request("i7", "/CN=whatever")
    end = utc(30)
    out, _ = ok(*ISSUE, "i7.csr", "--device", "SN-7", "--subject",
                "CN=valve,serialNumber=SN-7", "--not-after", end)
    write("i7.pem", out)
    text = openssl("x509", "-in", "i7.pem", "-noout", "-subject", "-nameopt",
                   "RFC2253", "-enddate", "-dateopt", "iso_8601").decode()
    contains(text, "CN=valve", "SN-7",
             "notAfter=" + end.replace("T", " "))
    equal(objects("cert", "list", *AT, "--device", "SN-7")[0]["device"],
          "SN-7")
    request("i8", "/serialNumber=i8")
    out, _ = ok(*ISSUE, "i8.csr", "--not-after", "2h")
    write("i8.pem", out)
    openssl("x509", "-in", "i8.pem", "-noout", "-checkend", "7000")


def refused_issue(words, csr, *args, signals=0):
    """Nothing is on record but, where that is one, the sign of misuse."""
    before = leaves("acme") + signals
    err = refused(words, *ISSUE, csr, "--out", "refused.pem", *args)
    equal((os.path.exists("refused.pem"), leaves("acme")), (False, before))
    return err


def test_what_the_profile_forbids_is_refused_with_its_rule():
    made()
    request("n1", "/O=Other/serialNumber=n1")
    err = refused_issue("subject is outside the profile: O \"Other\"", "n1.csr")
    equal(err.count("\n"), 1)
    contains(err, "birthmark cert issue: ", LDEVID + ".yaml:")
    request("n2", "/serialNumber=n2")
    refused_issue("validity is outside the profile", "n2.csr", "--not-after",
                  "10y")
    refused_issue("n2", "n2.csr", "--device", "n3")
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout",
            "n4.key", "-subj", "/serialNumber=n4", "-out", "n4.csr")
    refused_issue("key is outside the profile", "n4.csr")
    issue("acme", "n5")
    openssl("req", "-new", "-key", "n5.key", "-subj",
            "/serialNumber=n5/CN=other", "-out", "n5b.csr")
    refused_issue("profile forbids the same key again", "n5b.csr")
    openssl("req", "-new", "-key", "n5.key", "-subj", "/serialNumber=n6",
            "-out", "n6.csr")
    # One for the device that has the key, and one for who asked.
    refused_issue("public key belongs to another device", "n6.csr", signals=2)
    refused_issue("public key belongs to another device", "n6.csr")


def test_the_same_request_again_gets_the_same_certificate():
    made()
    issue("acme", "twice")
    count = leaves("acme")
    code, out, err = run("cert", "issue", "--dir", "acme", "--profile", LDEVID,
                         "--csr", "twice.csr", "--out", "again.pem")
    equal((code, out.strip()), (0, serial_of("twice.pem")), err)
    contains(err, "same request before")
    equal(read("again.pem"), read("twice.pem"))
    equal(leaves("acme"), count)


def test_words_from_a_request_cannot_act_on_a_terminal():
    made()
    request("esc", "/O=\033[1m/serialNumber=esc")
    err = refused_issue("\\u{1b}[1m", "esc.csr")
    equal("\033" in err, False)


def test_a_file_without_one_good_request_is_refused():
    made()
    issue("acme", "f1")
    data = bytearray(openssl("req", "-in", "f1.csr", "-outform", "DER"))
    data[-1] ^= 1
    write("false.csr", bytes(data))
    write("cut.csr", bytes(data[:-9]))
    write("empty.csr", "")
    write("both.csr", read("f1.csr") * 2)
    for name, words in (("nosuch.csr", "nosuch.csr: No such file"),
                        ("empty.csr", "empty.csr: empty"),
                        ("f1.pem", "f1.pem: a certification request is wanted, "
                         "not a certificate"),
                        ("both.csr", "both.csr: there is more than one object "
                         "in it"),
                        ("cut.csr", "cut.csr: "),
                        ("f1.key", "f1.key: "),
                        (".", ".: Is a directory"),
                        ("false.csr", "RFC 2986 4.2: proof of possession")):
        refused_issue(words, name)


def test_an_unknown_profile_is_refused():
    made()
    request("p1", "/serialNumber=p1")
    refused("profile no-such", "cert", "issue", *AT, "--profile", "no-such",
            "--csr", "p1.csr")
    refused("requester may not have this profile", "cert", "issue", *AT,
            "--profile", "ocsp-responder", "--csr", "p1.csr")


def test_an_existing_file_is_never_touched_and_nothing_is_issued():
    made()
    request("o1", "/serialNumber=o1")
    write("mine.pem", "mine\n")
    os.symlink("nowhere", "link.pem")
    before = leaves("acme")
    for name in ("mine.pem", "link.pem", "/dev/full", "acme"):
        refused("exists already, and is not overwritten: " + name, *ISSUE,
                "o1.csr", "--out", name, code=3)
    refused("no/such: No such file", *ISSUE, "o1.csr", "--out", "no/such")
    equal((read("mine.pem"), os.path.exists("nowhere"), leaves("acme")),
          (b"mine\n", False, before))


def test_a_certificate_that_could_not_be_printed_is_not_lost():
    made()
    request("d1", "/serialNumber=d1")
    with open("/dev/full", "wb") as full:
        code, _, err = run(*ISSUE, "d1.csr", stdout=full)
    equal(code, 1)
    contains(err, "the certificate is issued, but not written",
             "birthmark: stdout: ")
    serial = objects("cert", "list", *AT, "--device", "d1")
    equal(len(serial), 1)
    contains(err, serial[0]["serial_number"])


def test_a_second_certificate_of_a_device_is_pending():
    old = issue(made(), "two")
    request("two-b", "/serialNumber=two")
    code, out, err = run(*ISSUE, "two-b.csr", "--out", "two-b.pem")
    equal((code, out), (0, serial_of("two-b.pem") + "\n"))
    contains(err, "pending: the predecessor is good until this one is used")
    new = out.strip()
    equal([o["status"] for o in objects("cert", "list", *AT, "--device",
                                        "two")], ["valid", "pending"])
    first = objects("cert", "show", *AT, old)[0]["items"][0]
    second = objects("cert", "show", *AT, new)[0]["items"][0]
    equal((first["successor"], second["predecessor"]), (new, old))


def test_wrong_use_of_issue():
    misused("no --profile", "cert", "issue", "--csr", "x")
    misused("no --csr", "cert", "issue", "--profile", "x")
    misused("--csr is given twice", *ISSUE, "a", "--csr", "b")
    misused("--out is empty", *ISSUE, "a", "--out", "")
    misused("'x' is no option", *ISSUE, "a", "x")
    misused("--subject is no name as RFC 4514 has it, at 'no name'", *ISSUE,
            "i1.csr", "--subject", "CN=a,no name")
    for value in ("tomorrow", "3", "3x", "-3d", "2031-02-30", "9" * 30 + "d"):
        misused("--not-after wants a time like", *ISSUE, "a", "--not-after",
                value)


# list

CERT_KEYS = ["serial_number", "status", "device", "profile",
             "profile_version", "ca", "subject",
             "issued", "not_before", "not_after", "ledger", "id"]


def test_a_listing_has_a_line_for_each():
    serial = issue(made(), "l1")
    out, err = ok("cert", "list", *AT)
    equal(err, "")
    line = [x for x in out.splitlines() if x.startswith(serial)][0].split()
    equal(line[1:2] + line[3:], ["valid", LDEVID, "l1"])
    equal([x.split()[0] for x in out.splitlines()], listed())
    server = [x for x in out.splitlines() if " tls-server " in x][0]
    contains(server, "CN=Acme Ltd server,O=Acme Ltd")


def test_the_members_of_json_stay():
    serial = issue(made(), "l2")
    found = [o for o in objects("cert", "list", *AT)
             if o["serial_number"] == serial][0]
    equal(list(found), CERT_KEYS)
    equal((found["status"], found["device"], found["profile"], found["ca"],
           found["subject"]),
          ("valid", "l2", LDEVID, "issuing", "CN=l2,serialNumber=l2"))
    equal(sorted(found["ledger"]), ["leaf", "tree"])
    operator = objects("cert", "list", *AT, "--profile", "operator")[0]
    equal("device" in operator, False)


def test_filters_leave_out_what_does_not_match():
    serial = issue(made(), "l3")
    equal(listed("--device", "l3"), [serial])
    equal(serial in listed("--profile", LDEVID, "--ca", "issuing"), True)
    equal(listed("--profile", LDEVID, "--ca", "operations"), [])
    equal(listed("--profile", "none"), [])
    equal(set(o["ca"] for o in objects("cert", "list", *AT, "--ca",
                                       "operations")), {"operations"})
    equal(serial in listed("--expires-before", "80d"), False)
    equal(serial in listed("--expires-before", "91d"), True)
    equal(serial in listed("--expires-before", utc(91)), True)
    equal(serial in listed("--expires-before", utc(91)[:10]), True)
    equal(listed("--status", "valid", "--device", "l3"), [serial])
    equal(listed("--status", "revoked", "--device", "l3"), [])
    refused("device nobody", "cert", "list", *AT, "--device", "nobody")
    refused("CA nobody", "cert", "list", *AT, "--ca", "nobody")


def test_every_status_can_be_asked_for():
    where = made("statuses")
    words = ("valid", "pending", "replaced", "held", "revoked", "abandoned")
    for n, word in enumerate(words, 1):
        serial = issue(where, "s" + word)
        with database(where) as db:
            db.execute("UPDATE certificate SET status = ? WHERE serial = ?",
                       (n, bytes.fromhex(serial)))
    devices = ["s" + word for word in words]
    late = issue(where, "slate")
    with database(where) as db:
        db.execute("UPDATE certificate SET not_after = 1 WHERE serial = ?",
                   (bytes.fromhex(late),))
    for word in words[1:]:
        found = objects("cert", "list", "--dir", where, "--status", word)
        equal({o["status"] for o in found}, {word})
        equal([o["device"] for o in found if o["device"] in devices],
              ["s" + word])
    equal(listed("--status", "expired", where=where), [late])
    equal(late in listed("--status", "valid", where=where), False)
    equal(listed("--status", "revoked", "--expires-before", "1d",
                 where=where), [])
    misused("--status is valid, pending, ", "cert", "list", "--status", "good")


def test_pages_follow_each_other():
    made()
    everything = listed()
    for order in ((), ("--newest",)):
        got, after = [], ()
        while True:
            out, err = ok("cert", "list", *AT, "--json", "--limit", "3",
                          *order, *after)
            page = [json.loads(line) for line in out.splitlines()]
            got += [o["serial_number"] for o in page]
            if not err:
                break
            equal(len(page), 3)
            contains(err, "there are more: --after %d\n" % page[-1]["id"])
            after = ("--after", str(page[-1]["id"]))
        equal(got, everything[::-1] if order else everything)
    equal(first("--newest", "--limit", "1"), everything[-1:])
    equal(ok("cert", "list", *AT, "--limit", str(len(everything)))[1], "")
    for option in ("--limit", "--after"):
        for value in ("0", "-1", "x", "9" * 30):
            misused(option + " wants a number above 0", "cert", "list", option,
                    value)


def test_long_listings_come_in_pages_too():
    where = made("long")
    n = len(listed(where=where))
    clone(where, 700)
    got = listed(where=where)
    equal((len(got), len(set(got))), (n + 700, n + 700))
    equal(listed("--newest", where=where), got[::-1])
    equal(first("--limit", "600", where=where), got[:600])
    out, _ = ok("cert", "export", "--dir", where)
    equal(out.count("BEGIN CERTIFICATE"), n + 700)


# show

def test_a_stored_certificate_is_shown_with_its_fate():
    serial = issue(made(), "w1")
    out, err = ok("cert", "show", *AT, serial)
    equal(err, "")
    contains(out, serial + ": stored certificate\n", serial +
             ": certificate\n", "  status                    valid\n",
             "  device                    w1\n",
             "  issuer                    CN=Acme Ltd Issuing CA,O=Acme Ltd\n")
    shown = out.split(serial + ": certificate\n")[1]
    contains(ok("cert", "show", "w1.pem")[0], shown)
    ok("cert", "revoke", *AT, "--reason", "superseded", serial)
    found = objects("cert", "show", *AT, serial)
    equal([list(found[0]), [i["type"] for i in found[0]["items"]]],
          [["serial", "items"], ["stored_certificate", "certificate"]])
    stored = found[0]["items"][0]
    equal(sorted(stored), sorted(CERT_KEYS + ["type", "issuer",
                                              "revocation_date",
                                              "reason_code"]))
    equal((stored["status"], stored["reason_code"]), ("revoked", "superseded"))


def test_a_serial_number_may_be_written_in_several_ways():
    serial = issue(made(), "w2")
    colons = ":".join(serial[i:i + 2] for i in range(0, len(serial), 2))
    for text in (serial, serial.upper(), colons, "00" + serial,
                 serial.lstrip("0")):
        equal(ok("cert", "show", *AT, text)[0].count("certificate\n"), 2)


def test_what_was_not_issued_here_is_said():
    serial = issue(made(), "w3")
    code, out, err = run("cert", "show", *AT, "--json", "0102", "xyz", serial)
    found = [json.loads(line) for line in out.splitlines()]
    equal((code, len(found)), (1, 3))
    equal(found[0]["items"][0]["error"]["name"], "BM_E_NOT_FOUND")
    equal(found[1]["items"], [{"error": {"text": "no serial number"}}])
    equal(len(found[2]["items"]), 2)
    contains(err, "0102: there is no such thing: no such certificate was "
             "issued here\n", "xyz: no serial number\n")
    for bad in ("", "0102:0g", "01" * 21 + "ff", "ff" * 20):
        refused("no serial number", "cert", "show", *AT, bad)


def test_wrong_use_of_show():
    misused("no serial number named", "cert", "show", *AT)
    misused("--max does not go with --dir", "cert", "show", *AT, "--max", "1",
            "01")
    misused("--tolerant does not go with --dir", "cert", "show", *AT,
            "--tolerant", "01")


# revoke and release

REASONS = (("unspecified", ""), ("keyCompromise", "Key Compromise"),
           ("affiliationChanged", "Affiliation Changed"),
           ("superseded", "Superseded"),
           ("cessationOfOperation", "Cessation Of Operation"),
           ("privilegeWithdrawn", "Privilege Withdrawn"))


def test_each_reason_reaches_the_list():
    made()
    for reason, words in REASONS:
        serial = issue("acme", "rv-" + reason)
        equal(ok("cert", "revoke", *AT, "--reason", reason, serial), ("", ""))
        equal(crl("acme")[serial], words, reason)
    serial = issue("acme", "rv")
    equal(ok("cert", "revoke", *AT, serial), ("", ""))
    equal(crl("acme")[serial], "")
    contains(refused("it is revoked already: unspecified", "cert", "revoke",
                     *AT, serial), "birthmark cert revoke: %s: " % serial)


def test_reasons_that_do_not_apply_are_refused():
    serial = issue(made(), "rx")
    for reason in ("removeFromCRL", "cACompromise", "aACompromise"):
        refused("RFC 5280 5.3.1: reason does not apply here", "cert",
                "revoke", *AT, "--reason", reason, serial)
    misused("--reason is one of RFC 5280 5.3.1", "cert", "revoke", *AT,
            "--reason", "lost", serial)
    equal(objects("cert", "list", *AT, "--device", "rx")[0]["status"], "valid")


def test_a_hold_can_be_lifted_and_a_revocation_cannot():
    serial = issue(made(), "h1")
    ok("cert", "revoke", *AT, "--reason", "certificateHold", serial)
    equal(crl("acme")[serial], "Certificate Hold")
    equal(objects("cert", "list", *AT, "--device", "h1")[0]["status"], "held")
    number = crl_number("acme")
    equal(ok("cert", "release", *AT, serial), ("", ""))
    equal((serial in crl("acme"), crl_number("acme")), (False, number + 1))
    refused("it is not on hold", "cert", "release", *AT, serial)
    ok("cert", "revoke", *AT, "--reason", "certificateHold", serial)
    ok("cert", "revoke", *AT, "--reason", "keyCompromise", serial)
    equal(crl("acme")[serial], "Key Compromise")
    refused("it is not on hold", "cert", "release", *AT, serial)


def test_the_time_of_a_loss_is_in_the_list():
    serial = issue(made(), "t1")
    ok("cert", "revoke", *AT, "--reason", "keyCompromise", "--invalid-since",
       "2026-01-02T03:04:05Z", serial)
    text = openssl("crl", "-inform", "DER", "-in", "acme/crl/issuing.crl",
                   "-noout", "-text").decode()
    contains(text, "Invalidity Date: \n                Jan  2 03:04:05 2026")
    late = issue("acme", "t2")
    refused("invalidityDate is in the future", "cert", "revoke", *AT,
            "--invalid-since", utc(5), late)
    misused("--invalid-since wants a time like", "cert", "revoke", *AT,
            "--invalid-since", "3d", late)


def test_one_that_cannot_be_revoked_does_not_keep_the_others():
    one, two = issue(made(), "m1"), issue("acme", "m2")
    err = refused("0102: there is no such thing", "cert", "revoke", *AT, one,
                  "0102", two)
    equal(err.count("\n"), 1)
    equal((one in crl("acme"), two in crl("acme")), (True, True))
    three = issue("acme", "m3")
    misused("'01x' is no serial number", "cert", "revoke", *AT, three, "01x")
    equal(three in crl("acme"), False)
    misused("no SERIAL named", "cert", "revoke", *AT)
    misused("no SERIAL named", "cert", "release", *AT)


def test_a_ca_can_be_named():
    serial = issue(made(), "c1")
    refused("there is no such thing", "cert", "revoke", *AT, "--ca",
            "operations", serial)
    ok("cert", "revoke", *AT, "--ca", "issuing", "--reason",
       "certificateHold", serial)
    refused("there is no such thing", "cert", "release", *AT, "--ca",
            "operations", serial)
    ok("cert", "release", *AT, "--ca", "issuing", serial)


def test_the_list_of_the_other_ca_is_left_alone():
    made()
    before = crl_number("acme", "operations")
    ok("cert", "revoke", *AT, issue("acme", "lone"))
    equal(crl_number("acme", "operations"), before)


# export

def test_an_export_is_the_certificates_that_were_issued():
    serial = issue(made(), "e1")
    out, err = ok("cert", "export", *AT, "--device", "e1")
    equal(out, read("e1.pem").decode())
    equal(err, "birthmark cert export: 1 written\n")
    out, err = ok("cert", "export", *AT, "--out", "all.pem")
    equal(out, "")
    text = read("all.pem").decode()
    equal(text.count("BEGIN CERTIFICATE"), len(listed()))
    contains(text, read("e1.pem").decode())
    contains(err, "%d written" % len(listed()))
    contains(ok("cert", "export", *AT, "--limit", "2")[1],
             "there are more: --after 2")
    equal(serial in first("--newest", "--limit", "1"), True)


def test_an_export_overwrites_nothing():
    made()
    write("mine", "mine\n")
    refused("exists already, and is not overwritten: mine", "cert", "export",
            *AT, "--out", "mine", code=3)
    equal(read("mine"), b"mine\n")
    refused("device nobody", "cert", "export", *AT, "--out", "none.pem",
            "--device", "nobody")
    equal(os.path.exists("none.pem"), False)


def test_a_long_export_shows_its_progress_on_a_terminal():
    made()
    master, slave = pty.openpty()
    subprocess.run([cli.PROGRAM, "cert", "export", *AT], check=True,
                   stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    contains(os.read(master, 1000).decode(), "\r1 certificates\r",
             "birthmark cert export: %d written" % len(listed()))
    os.close(master)


def limited():
    """As on a full disk: no file may grow above 64 KB, of which SQLite needs
    half."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))


def test_an_export_to_a_full_disk_leaves_nothing():
    where = made("export")
    clone(where, 300)
    done = subprocess.run(
        [cli.PROGRAM, "cert", "export", "--dir", where, "--out", "big.pem"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        preexec_fn=limited)
    equal((done.returncode, done.stdout), (1, b""))
    contains(done.stderr.decode(), "birthmark cert export: ", "big.pem: ")
    equal(os.path.exists("big.pem"), False)
    with open("/dev/full", "wb") as full:
        code, _, err = run("cert", "export", "--dir", where, stdout=full)
    equal(code, 1)
    contains(err, "birthmark: stdout: ")


def test_what_was_never_handed_out_is_not_exported():
    where = made("abandoned")
    issue(where, "ab")
    with database(where) as db:
        db.execute("UPDATE certificate SET status = 6, der = x'' "
                   "WHERE id = (SELECT max(id) FROM certificate)")
    n = len(listed(where=where))
    equal(ok("cert", "export", "--dir", where)[0].count("BEGIN"), n - 1)
    found = objects("cert", "list", "--dir", where, "--status", "abandoned")
    equal("subject" in found[0], False)
    serial = found[0]["serial_number"]
    equal([i["type"] for i in objects("cert", "show", "--dir", where,
                                      serial)[0]["items"]],
          ["stored_certificate"])


def test_an_idevid_and_a_server_come_from_their_profiles():
    made()
    request("id1", "/serialNumber=id1")
    out, _ = ok("cert", "issue", *AT, "--profile", IDEVID, "--csr", "id1.csr",
                "--device", "id1")
    write("id1.pem", out)
    request("srv", "/CN=srv", "-addext", "subjectAltName=DNS:srv.example.com")
    issue("acme", "srv", profile="tls-server")
    openssl("verify", "-CAfile", "acme/ca/root.pem", "-untrusted",
            "acme/ca/operations.pem", "-verify_hostname", "srv.example.com",
            "srv.pem")


cli.main()
