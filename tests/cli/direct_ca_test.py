#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark ca and birthmark token on an instance.

direct_ca_test.py PROGRAM
"""
import os
import pty
import subprocess

import cli
from cli import contains, equal, openssl, read, run, write
from direct import (LDEVID, checkpoint_size, crl_number, database, issue,
                    made, misused, objects, ok, refused, serial_of)

AT = ("--dir", "acme")


# ca list, ca show

CA_KEYS = ["id", "kind", "status", "parent", "subject", "serial_number",
           "not_before", "not_after", "fingerprint_sha256", "key_uri",
           "ocsp_responder", "crl"]


def test_the_authorities_are_listed():
    made()
    out, err = ok("ca", "list", *AT)
    equal((err, [line.split()[:3] for line in out.splitlines()]),
          ("", [["issuing", "issuing", "active"],
                ["operations", "operations", "active"],
                ["root", "root", "active"]]))
    contains(out, "  CN=Acme Ltd Root CA,O=Acme Ltd\n")


def test_the_members_of_json_stay():
    made()
    found = {o["id"]: o for o in objects("ca", "list", *AT)}
    equal(sorted(found), ["issuing", "operations", "root"])
    equal(list(found["issuing"]), CA_KEYS)
    equal(list(found["issuing"]["ocsp_responder"]),
          ["serial_number", "not_after", "key_uri"])
    equal(list(found["issuing"]["crl"]),
          ["crl_number", "this_update", "next_update"])
    equal(sorted(set(CA_KEYS) - set(found["root"])),
          ["key_uri", "ocsp_responder", "parent"])
    issuing = found["issuing"]
    equal(issuing["serial_number"], serial_of("acme/ca/issuing.pem"))
    text = openssl("x509", "-in", "acme/ca/issuing.pem", "-noout",
                   "-fingerprint", "-sha256").decode()
    equal(issuing["fingerprint_sha256"],
          text.strip().split("=")[1].replace(":", "").lower())
    equal((issuing["parent"], issuing["key_uri"]),
          ("root", "file:issuing.key"))
    equal(objects("ca", "show", *AT), objects("ca", "list", *AT))


def test_what_is_shown_can_be_chosen():
    made()
    out, err = ok("ca", "show", *AT, "root", "issuing")
    equal(err, "")
    contains(out, "root: certification authority\n",
             "\nissuing: certification authority\n",
             "  key uri                   file:issuing.key\n")
    equal("operations: " in out, False)
    code, out, err = run("ca", "show", *AT, "nobody", "root")
    equal((code, err), (1, "birthmark ca show: there is no such thing: "
                           "CA nobody\n"))
    contains(out, "root: certification authority\n")
    equal([o["id"] for o in objects("ca", "show", *AT, "root")], ["root"])
    misused("'root' is no option", "ca", "list", *AT, "root")


# ca crl

def test_lists_are_made_and_published():
    made()
    before = [crl_number("acme", n) for n in ("root", "issuing",
                                              "operations")]
    out, err = ok("ca", "crl", *AT)
    equal((out, err), ("acme/crl/issuing.crl\nacme/crl/operations.crl\n", ""))
    equal([crl_number("acme", n) for n in ("root", "issuing", "operations")],
          [before[0], before[1] + 1, before[2] + 1])
    equal(ok("ca", "crl", *AT, "issuing")[0], "acme/crl/issuing.crl\n")
    equal(objects("ca", "show", *AT, "issuing")[0]["crl"]["crl_number"],
          before[1] + 2)
    refused("CA nobody", "ca", "crl", *AT, "nobody")
    refused("CA is not active", "ca", "crl", *AT, "root")


def root_list(path, number, key="other"):
    """A list that another CA than those of the instance has signed."""
    write("index.other", "")
    write("number.other", "%02x\n" % number)
    write("other.cnf", cli.EXTENSIONS.replace("index.txt", "index.other")
          .replace("crlnumber = crlnumber", "crlnumber = number.other"))
    openssl("ca", "-config", "other.cnf", "-gencrl", "-keyfile", key + ".key",
            "-cert", key + ".pem", "-out", path)


def with_root(where):
    """The instance `where` with a root whose key OpenSSL can use."""
    made(where)
    if not os.path.exists("other.key"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                "other.key")
        openssl("req", "-new", "-x509", "-key", "other.key", "-subj",
                "/O=Acme Ltd/CN=Acme Ltd Root CA", "-days", "3650",
                "-set_serial", "7", "-out", "other.pem", "-config", "x.cnf",
                "-extensions", "root")
    der = openssl("x509", "-in", "other.pem", "-outform", "DER")
    with database(where) as db:
        db.execute("UPDATE ca SET cert = ? WHERE id = 'root'", (der,))
    return where


def test_the_list_of_a_cold_root_is_brought_in():
    where = with_root("cold")
    size = checkpoint_size(where)
    root_list("root-2.crl", 20)
    out, err = ok("ca", "crl", "--dir", where, "--import", "root-2.crl")
    equal((out, err), ("cold/crl/root.crl\n", ""))
    equal(read("cold/crl/root.crl"),
          openssl("crl", "-in", "root-2.crl", "-outform", "DER"))
    equal(objects("ca", "show", "--dir", where, "root")[0]["crl"]
          ["crl_number"], 20)
    equal(checkpoint_size(where) > size, True)
    root_list("root-3.crl", 30)
    der = openssl("crl", "-in", "root-3.crl", "-outform", "DER")
    equal(run("ca", "crl", "--dir", where, "--import", "-", stdin=der)[0], 0)
    equal(read("cold/crl/root.crl"), der)


def test_a_list_that_is_old_or_strange_is_refused():
    where = with_root("strange")
    root_list("new.crl", 20)
    ok("ca", "crl", "--dir", where, "--import", "new.crl")
    kept = read("strange/crl/root.crl")
    root_list("old.crl", 19)
    root_list("strange.crl", 40, key="root")
    false = bytearray(kept)
    false[-1] ^= 1
    write("false.crl", bytes(false))
    write("cut.crl", kept[:-5])
    write("empty.crl", "")
    for name, words in (
            ("old.crl", ""), ("new.crl", ""),
            ("strange.crl", "no CA of this instance"),
            ("false.crl", "no CA of this instance"),
            ("cut.crl", "cut.crl: "), ("empty.crl", "empty.crl: empty"),
            ("nosuch", "nosuch: No such file"),
            ("other.pem", "other.pem: a certificate revocation list is "
             "wanted, not a certificate"),
            ("other.key", "other.key: ")):
        err = refused(words, "ca", "crl", "--dir", where, "--import", name)
        equal(read("strange/crl/root.crl"), kept, err)
    misused("--import finds the CA by itself", "ca", "crl", "--import", "x",
            "root")


# ca ocsp

def ocsp_request(pem, path, *options):
    openssl("ocsp", "-issuer", "acme/ca/issuing.pem", "-cert", pem, "-reqout",
            path, *options)
    return path


def ocsp_says(response, pem, request=None):
    """What OpenSSL takes from a response, after verifying it."""
    words = ("-reqin", request, "-resp_text") if request else ("-cert", pem)
    done = subprocess.run(
        ["openssl", "ocsp", "-respin", response, "-issuer",
         "acme/ca/issuing.pem", *words, "-CAfile", "acme/ca/root.pem",
         "-verify_other", "acme/ca/issuing.pem"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    contains(done.stderr.decode(), "Response verify OK")
    equal("nonce" in done.stderr.decode().lower(), request is None)
    return done.stdout.decode()


def test_a_request_is_answered():
    serial = issue(made(), "oc")
    ocsp_request("oc.pem", "oc.req", "-no_nonce")
    out, err = ok("ca", "ocsp", *AT, "--request", "oc.req", "--out", "g.resp")
    equal((out, err), ("", "birthmark ca ocsp: successful: 1 good, 0 revoked, "
                           "0 unknown\n"))
    contains(ocsp_says("g.resp", "oc.pem"), "oc.pem: good")
    ok("cert", "revoke", *AT, "--reason", "keyCompromise", serial)
    ok("ca", "ocsp", *AT, "--request", "oc.req", "--out", "r.resp")
    contains(ocsp_says("r.resp", "oc.pem"), "oc.pem: revoked",
             "Reason: keyCompromise")


def test_a_nonce_is_repeated_and_standard_streams_do():
    issue(made(), "on")
    ocsp_request("on.pem", "on.req")
    done = subprocess.run(
        [cli.PROGRAM, "ca", "ocsp", *AT, "--request", "-"],
        input=read("on.req"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=True)
    write("on.resp", done.stdout)
    contains(ocsp_says("on.resp", "on.pem", request="on.req"),
             "Cert Status: good", "OCSP Nonce:")


def test_what_is_no_request_gets_an_error_as_its_answer():
    made()
    write("no.req", b"\x30\x03\x02\x01\x00")
    code, out, err = run("ca", "ocsp", *AT, "--request", "no.req", "--out",
                         "no.resp")
    equal((code, out), (1, ""))
    contains(err, "malformedRequest")
    equal(read("no.resp").hex(), "30030a0101")
    openssl("ocsp", "-issuer", "root.pem", "-cert", "sub.pem", "-reqout",
            "else.req")
    code, _, err = run("ca", "ocsp", *AT, "--request", "else.req", "--out",
                       "else.resp")
    equal((code, read("else.resp").hex()), (1, "30030a0106"))
    contains(err, "unauthorized")
    refused("nosuch: No such file", "ca", "ocsp", *AT, "--request", "nosuch",
            "--out", "x.resp")
    equal(os.path.exists("x.resp"), False)
    write("mine", "mine\n")
    refused("not overwritten: mine", "ca", "ocsp", *AT, "--request", "no.req",
            "--out", "mine", code=3)
    equal(read("mine"), b"mine\n")
    misused("no --request", "ca", "ocsp", *AT)


def test_a_response_never_goes_to_a_terminal():
    made()
    write("tty.req", b"x")
    master, slave = pty.openpty()
    code, _, err = run("ca", "ocsp", *AT, "--request", "tty.req",
                       stdout=slave)
    os.close(slave)
    os.close(master)
    equal(code, 2)
    contains(err, "no --out, and stdout is a terminal")


def test_a_responder_that_is_about_to_end_is_renewed():
    where = made("responder")
    issue(where, "re")
    old = objects("ca", "show", "--dir", where,
                  "issuing")[0]["ocsp_responder"]
    openssl("ocsp", "-issuer", where + "/ca/issuing.pem", "-cert", "re.pem",
            "-reqout", "re.req")
    ok("ca", "ocsp", "--dir", where, "--request", "re.req", "--out", "re1")
    equal(objects("ca", "show", "--dir", where,
                  "issuing")[0]["ocsp_responder"], old)
    with database(where) as db:
        db.execute("UPDATE ca SET ocsp_cert = x'', ocsp_key_uri = '' "
                   "WHERE id = 'issuing'")
    ok("ca", "ocsp", "--dir", where, "--request", "re.req", "--out", "re2")
    new = objects("ca", "show", "--dir", where, "issuing")[0]["ocsp_responder"]
    equal(new["serial_number"] != old["serial_number"], True)
    contains(openssl("ocsp", "-respin", "re2", "-noverify",
                     "-resp_text").decode(), "Cert Status: good")


def test_a_responder_that_was_revoked_does_not_speak_again():
    where = made("silenced")
    issue(where, "si")
    old = objects("ca", "show", "--dir", where,
                  "issuing")[0]["ocsp_responder"]["serial_number"]
    openssl("ocsp", "-issuer", where + "/ca/issuing.pem", "-cert", "si.pem",
            "-reqout", "si.req")
    ok("cert", "revoke", "--dir", where, "--reason", "keyCompromise", old)
    ok("ca", "ocsp", "--dir", where, "--request", "si.req", "--out", "si1")
    new = objects("ca", "show", "--dir", where,
                  "issuing")[0]["ocsp_responder"]["serial_number"]
    equal(new != old, True)
    text = openssl("ocsp", "-respin", "si1", "-noverify",
                   "-resp_text").decode()
    contains(text, "Cert Status: good")
    serials = [x.split(":", 1)[1].strip().replace(":", "").lower()
               for x in text.replace("Serial Number:\n", "Serial Number:")
               .splitlines() if "Serial Number:" in x]
    equal((old in serials, new in serials), (False, True), serials)
    ok("ca", "ocsp", "--dir", where, "--request", "si.req", "--out", "si2")
    equal(objects("ca", "show", "--dir", where, "issuing")[0]
          ["ocsp_responder"]["serial_number"], new)


# token

TOKEN_KEYS = ["id", "status", "profile", "device", "created", "expires"]


def token(where, device, *args):
    out, err = ok("token", "create", "--dir", where, "--profile", LDEVID,
                  "--device", device, *args)
    contains(err, "birthmark token create: token ", " for %s, until " %
             device)
    return out, err.split(" token ")[2].split()[0]


def test_a_token_is_printed_once_and_kept_nowhere():
    made()
    secret, name = token("acme", "tk1")
    equal((len(secret), secret[-1]), (33, "\n"))
    equal(set(secret.strip()) <= set("abcdefghijklmnopqrstuvwxyz234567"), True)
    secret = secret.strip().encode()
    for folder, _, files in os.walk("acme"):
        for f in files:
            equal(secret in read(os.path.join(folder, f)), False, f)
    found = [o for o in objects("token", "list", *AT) if o["id"] == name]
    equal([list(o) for o in found], [TOKEN_KEYS])
    equal((found[0]["status"], found[0]["device"], found[0]["profile"]),
          ("open", "tk1", LDEVID))
    line = [x for x in ok("token", "list", *AT)[0].splitlines()
            if x.startswith(name)][0].split()
    equal(line, [name, "open", found[0]["expires"], LDEVID, "tk1"])


def test_a_token_ends_when_it_is_told_to():
    made()
    _, name = token("acme", "tk2", "--expires", "2099-01-02")
    found = {o["id"]: o for o in objects("token", "list", *AT)}
    equal(found[name]["expires"], "2099-01-02T00:00:00Z")
    _, name = token("acme", "tk2", "--expires", "12h")
    equal(ok("token", "revoke", *AT, name), ("", ""))
    found = {o["id"]: o for o in objects("token", "list", *AT)}
    equal((found[name]["status"], list(found[name])),
          ("revoked", TOKEN_KEYS + ["revoked"]))
    refused("token is unknown, used or expired: %s is revoked" % name,
            "token", "revoke", *AT, name)
    where = made("tokens")
    with database(where) as db:
        db.execute("UPDATE token SET revoked = 0, expires = 1 WHERE id = ?",
                   (name,))
    found = {o["id"]: o for o in objects("token", "list", "--dir", where)}
    equal(found[name]["status"], "expired")
    with database(where) as db:
        db.execute("UPDATE token SET used = 2 WHERE id = ?", (name,))
    found = {o["id"]: o for o in objects("token", "list", "--dir", where)}
    equal((found[name]["status"], found[name]["used"]),
          ("used", "1970-01-01T00:00:02Z"))


def test_one_that_cannot_be_revoked_does_not_keep_the_others():
    made()
    _, one = token("acme", "tk3")
    _, two = token("acme", "tk3")
    refused("token nobody", "token", "revoke", *AT, one, "nobody", two)
    found = {o["id"]: o["status"] for o in objects("token", "list", *AT)}
    equal((found[one], found[two]), ("revoked", "revoked"))


def test_what_no_token_is_for_is_refused():
    made()
    create = ("token", "create", *AT, "--device", "x", "--profile")
    refused("profile nobody", *create, "nobody")
    refused("tls-server is not issued for tokens", *create, "tls-server")
    refused("it does not match", "token", "create", *AT, "--profile", LDEVID,
            "--device", "a b")
    refused("a token that has expired", *create, LDEVID, "--expires",
            "2020-01-01")
    misused("no --profile", "token", "create", "--device", "x")
    misused("no --device", "token", "create", "--profile", "x")
    misused("--expires wants a time like", *create, LDEVID, "--expires", "x")
    misused("no ID named", "token", "revoke", *AT)
    refused("no command 'x'", "token", "x", code=2)
    refused("no command 'x'", "ca", "x", code=2)


def test_the_name_of_a_device_cannot_act_on_a_terminal():
    where = made("escape")
    code, out, err = run("token", "create", "--dir", where, "--profile",
                         LDEVID, "--device", "a\033[1m\u202eb")
    equal((code, out), (1, ""))
    token(where, "plain")
    with database(where) as db:
        db.execute("UPDATE token SET device = ?", ("a\033[1m\u202eb",))
    out = ok("token", "list", "--dir", where)[0]
    contains(out, "a\\u{1b}[1m")
    for text in (out, err):
        equal(("\033" in text, "\u202e" in text), (False, False))


cli.main()
