#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark policy sign and show, and what release create takes.

policy_sign_test.py PROGRAM
"""
import json
import os

import cli
from cli import contains, equal, openssl, run, write

SIGNING = "policy-signing"
POLICY = ("policy: sensor\nversion: 3\nfloor: 2\nflows: 8\n"
          "builtin: [arp, dns]\n")


def ok(*args):
    code, out, err = run(*args)
    equal(code, 0, " ".join(args) + ": " + err)
    return out


def refused(words, *args, code=1):
    got, _, err = run(*args)
    equal(got, code, " ".join(args) + ": " + err)
    contains(err, words)


def made():
    """An instance, whose profile policy-signing is the one that ships, without
    approval; a key and its certificate."""
    if os.path.exists("acme"):
        return
    ok("init", "acme", "--org", "Acme", "--host", "ca.example.com")
    text = ok("profile", "show", SIGNING)
    contains(text, "approval: true\n")
    write("acme/profiles/%s.yaml" % SIGNING,
          text.replace("approval: true\n", ""))
    write("p.yaml", POLICY)
    certified("fw", SIGNING)


def certified(name, profile, subject="CN=Firewall"):
    ok("image", "keygen", "--dir", "acme", "--out", name + ".pub",
       "file:%s.key" % name)
    ok("image", "request", "--dir", "acme", "--subject", subject,
       "--out", name + ".csr", "file:%s.key" % name)
    ok("cert", "issue", "--dir", "acme", "--profile", profile, "--csr",
       name + ".csr", "--chain", "--out", name + ".crt")


def sign(out, policy="p.yaml", key="fw", cert="fw"):
    return ["policy", "sign", "--dir", "acme", "--key", "file:%s.key" % key,
            "--cert", cert + ".crt", "--out", out, policy]


def test_a_signed_policy_is_a_message_that_openssl_verifies():
    made()
    ok(*sign("p.signed"))
    openssl("cms", "-verify", "-inform", "DER", "-in", "p.signed",
            "-noverify", "-binary", "-out", "p.content")
    ok("policy", "compile", "--out", "p.fw", "p.yaml")
    equal(cli.read("p.content"), cli.read("p.fw"))
    contains(openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in",
                     "p.signed").decode(),
             "2.25.43662891130725046516998155922503964190.2.3")


def test_show_says_who_signed_and_what():
    made()
    ok(*sign("shown"))
    told = json.loads(ok("policy", "show", "--json", "shown"))
    equal((told["signed"], told["signer"]), (True, "CN=Firewall"))
    equal((told["version"], told["floor"]), (3, 2))
    equal([r["name"] for r in told["rules"]], ["arp-in", "arp-out", "dns"])
    equal(told["rules"][2], {"name": "dns", "verdict": "allow", "modes":
                             ["normal", "repair"], "flows": True})
    contains(ok("policy", "show", "shown"), "CN=Firewall")
    ok("policy", "compile", "--out", "shown.fw", "p.yaml")
    told = json.loads(ok("policy", "show", "--json", "shown.fw"))
    equal((told["signed"], "signer" in told), (False, False))


def test_what_was_changed_is_not_shown():
    made()
    ok(*sign("good"))
    octets = cli.read("good")
    at = octets.index(b"BMFW")
    for i in (at + 12, len(octets) - 1):
        write("changed", octets[:i] + bytes([octets[i] ^ 1]) + octets[i + 1:])
        refused("", "policy", "show", "changed")
    refused("changed", "policy", "show", "changed")
    ok("policy", "compile", "--out", "good.fw", "p.yaml")
    write("cut.fw", cli.read("good.fw")[:-4])
    refused("malformed firewall table", "policy", "show", "cut.fw")


def test_only_a_certificate_for_policies_signs_them():
    made()
    certified("web", "tls-client")
    refused("extKeyUsage", *sign("none", key="web", cert="web"))
    certified("other", SIGNING, "CN=Other")
    refused("", *sign("none", key="other", cert="fw"))
    equal(os.path.exists("none"), False)
    write("q.yaml", POLICY + "rules: [{}]\n")
    refused("q.yaml:6:9:", *sign("none", policy="q.yaml"))
    ok(*sign("once"))
    refused("once", *sign("once"), code=3)
    refused("", *sign("none")[:-1], code=2)


def test_a_release_takes_no_policy_that_is_not_signed():
    made()
    ok(*sign("released"))
    ok("policy", "compile", "--out", "released.fw", "p.yaml")
    for name in ("released.fw", "p.yaml"):
        refused("a policy is what birthmark policy sign makes", "release",
                "create", "--dir", "acme", "--policy", name, "r-0")
    ok("release", "create", "--dir", "acme", "--policy", "released", "r-1")
    item, = json.loads(ok("release", "show", "--dir", "acme", "--json",
                          "r-1"))["items"]
    equal((item["kind"], item["version"]), ("policy", "3 floor 2"))
    ok("ledger", "verify", "--dir", "acme")


def release(name, policy):
    return ["release", "create", "--dir", "acme", "--policy", policy, name]


def test_a_release_takes_no_policy_whose_signer_is_not_good():
    made()
    certified("weak", SIGNING, "CN=Weak")
    ok(*sign("weak.signed", key="weak", cert="weak"))
    # Without the CA above it no device could tell whose it is.
    write("alone.crt", cli.read("weak.crt").split(b"-----END")[0] +
          b"-----END CERTIFICATE-----\n")
    ok(*sign("alone.signed", key="weak", cert="alone"))
    refused("policy, signed by CN=Weak: the message has no chain to a root of "
            "this authority", *release("r-2", "alone.signed"))
    ok(*release("r-3", "weak.signed"))
    serial = openssl("x509", "-noout", "-serial", "-in",
                     "weak.crt").decode().strip().split("=")[1]
    ok("cert", "revoke", "--dir", "acme", serial)
    refused(serial.lower() + " of the signing key is revoked",
            *release("r-4", "weak.signed"))
    refused("release r-4", "release", "show", "--dir", "acme", "r-4")
    # The earlier one was right when it was made.
    ok("ledger", "verify", "--dir", "acme")


def test_a_release_takes_no_policy_of_another_authority():
    made()
    ok("init", "other", "--org", "Other", "--host", "ca.example.org")
    write("other/profiles/%s.yaml" % SIGNING,
          cli.read("acme/profiles/%s.yaml" % SIGNING))
    for args in (
            ["image", "keygen", "--out", "o.pub", "file:o.key"],
            ["image", "request", "--subject", "CN=Firewall", "--out", "o.csr",
             "file:o.key"],
            ["cert", "issue", "--profile", SIGNING, "--csr", "o.csr",
             "--chain", "--out", "o.crt"],
            ["policy", "sign", "--key", "file:o.key", "--cert", "o.crt",
             "--out", "o.signed", "p.yaml"]):
        ok(*args[:2], "--dir", "other", *args[2:])
    refused("no path to an anchor", *release("r-5", "o.signed"))


cli.main()
