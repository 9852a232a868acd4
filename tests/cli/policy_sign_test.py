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
       name + ".csr", "--out", name + ".crt")


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


cli.main()
