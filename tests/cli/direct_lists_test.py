# SPDX-License-Identifier: Apache-2.0
"""Revocation lists in shards, and deltas: OpenSSL and GnuTLS judge them.

    direct_lists_test.py BIRTHMARK
"""
import glob
import os
import re
import shutil
import subprocess

import cli
from cli import contains, equal, openssl
from direct import issue, made, ok, refused, serial_of

SHARDS = 4
MADE = {}


def settings(where, lines):
    """What birthmark.yaml says of lists."""
    path = where + "/birthmark.yaml"
    text = cli.read(path).decode()
    text, n = re.subn(r"(?m)^crl:\n(  .*\n)+", "crl:\n" + "".join(
        "  %s\n" % line for line in lines), text)
    equal(n, 1, text)
    cli.write(path, text)


def shard_of(name):
    text = openssl("x509", "-in", name + ".pem", "-noout", "-ext",
                   "crlDistributionPoints").decode()
    return int(re.search(r"/crl/issuing/(\d+)\.crl", text).group(1))


def world():
    """An instance with shards and deltas, and a device in each shard: names
    by shard."""
    if not MADE:
        made()
        settings(made("lists"), ["lifetime: 7d", "shards: %d" % SHARDS,
                                 "delta_every: 1h"])
        for n in range(200):
            name = "SN-%d" % n
            issue("lists", name)
            MADE.setdefault(shard_of(name), name)
            if len(MADE) == SHARDS:
                break
        equal(sorted(MADE), list(range(1, SHARDS + 1)))
        ok("ca", "crl", "--dir", "lists")
    return MADE


def path_of(what):
    return "lists/crl/issuing%s.crl" % what


def pem_of(*files):
    """Lists one behind the other, as verifiers want them."""
    text = b"".join(openssl("crl", "-inform", "DER", "-in", f) for f in files)
    return cli.write("given.pem", text)


def text_of(path):
    return openssl("crl", "-inform", "DER", "-in", path, "-noout",
                   "-text").decode()


def by_openssl(name, *lists, options=()):
    """What OpenSSL says of a certificate."""
    done = subprocess.run(
        ["openssl", "verify", "-crl_check", *options, "-CAfile",
         "lists/ca/root.pem", "-untrusted", "lists/ca/issuing.pem",
         "-CRLfile", pem_of(*lists), name + ".pem"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    if done.returncode == 0:
        return "good"
    found = re.search(r"error \d+ at 0 depth lookup: (.*)", text)
    return found.group(1) if found else text


def by_us(name, *lists):
    # Each certificate of the path needs a list: the CA's is the root's.
    given = []
    for path in lists + ("lists/crl/root.crl",):
        given += ["--crl", path]
    code, out, err = cli.verify("--anchor", "lists/ca/root.pem", "--untrusted",
                                "lists/ca/issuing.pem", *given, name + ".pem")
    if code == 0:
        return "good"
    for words, what in (("revoked", "revoked"), ("status", "unknown")):
        if words in err:
            return what
    return out + err


def by_gnutls(name, *lists):
    if shutil.which("certtool") is None:
        return None
    cli.write("chain.pem", cli.read(name + ".pem") +
              cli.read("lists/ca/issuing.pem"))
    done = subprocess.run(
        ["certtool", "--verify", "--load-ca-certificate", "lists/ca/root.pem",
         "--load-crl", pem_of(*lists), "--infile", "chain.pem"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    return "revoked" if "revoked" in text else (
        "good" if "Chain verification output: Verified" in text else text)


def judged(name, want, *lists, options=()):
    got = by_openssl(name, *lists, options=options)
    equal(got, {"good": "good", "revoked": "certificate revoked",
                "unknown": "different CRL scope"}[want],
          "OpenSSL of %s by %s" % (name, lists))
    equal(by_us(name, *lists), want, "%s by %s" % (name, lists))


def test_each_shard_has_a_critical_distribution_point():
    """RFC 5280 5.2.5"""
    world()
    equal(sorted(glob.glob("lists/crl/issuing/*")),
          ["lists/crl/issuing/%d.crl" % n for n in range(1, SHARDS + 1)])
    for n in range(1, SHARDS + 1):
        text = text_of(path_of("/%d" % n))
        contains(text, "Issuing Distribution Point: critical",
                 "/crl/issuing/%d.crl" % n, "Only User Certificates")
        equal("Freshest" in text, False)
    text = text_of(path_of(""))
    contains(text, "Freshest CRL", "/crl/issuing-delta.crl")
    equal("Issuing Distribution" in text, False)


def test_a_shard_tells_of_its_own_and_of_nobody_else():
    """CA/B SC-58: one list cannot be handed out in place of another."""
    shards = world()
    ok("cert", "revoke", "--dir", "lists", serial_of(shards[2] + ".pem"))
    for n, name in shards.items():
        want = "revoked" if n == 2 else "good"
        judged(name, want, path_of("/%d" % n))
        judged(name, want, path_of("/%d" % n), options=["-extended_crl"])
        judged(name, want, path_of(""))
        equal(by_gnutls(name, path_of("")) in (None, want), True)
        for other in shards:
            if other != n:
                judged(name, "unknown", path_of("/%d" % other))
    judged(shards[2], "revoked", *[path_of("/%d" % n) for n in shards])


def test_a_delta_brings_an_older_list_up_to_date():
    """RFC 5280 5.2.4: a revocation, and a hold that was lifted."""
    shards = world()
    issue("lists", "held")
    issue("lists", "lost")
    held, lost = serial_of("held.pem"), serial_of("lost.pem")
    ok("cert", "revoke", "--dir", "lists", held, "--reason",
       "certificateHold")
    old = shutil.copy(path_of(""), "old.crl")
    judged("held", "revoked", old)
    judged("lost", "good", old)
    ok("cert", "release", "--dir", "lists", held)
    ok("cert", "revoke", "--dir", "lists", lost)
    text = text_of(path_of("-delta"))
    contains(text, "Delta CRL Indicator: critical", "Remove From CRL")
    deltas = ["-extended_crl", "-use_deltas"]
    for name, want in (("held", "good"), ("lost", "revoked"),
                       (shards[1], "good"), (shards[2], "revoked")):
        judged(name, want, old, path_of("-delta"), options=deltas)
        judged(name, want, path_of(""), path_of("-delta"), options=deltas)
        judged(name, want, path_of(""))
    # A client without deltas sees what the list says that it has.
    judged("lost", "good", old)


def numbers(path):
    text = text_of(path)
    number = re.search(r"CRL Number: *\n +(\d+)", text)
    base = re.search(r"Delta CRL Indicator: critical *\n +(\d+)", text)
    return int(number.group(1)), int(base.group(1)) if base else None


def test_a_delta_beside_a_list_has_its_number():
    """RFC 5280 5.2.3"""
    world()
    before = numbers(path_of(""))[0]
    ok("ca", "crl", "--dir", "lists", "issuing")
    number, base = numbers(path_of("-delta"))
    equal(number, numbers(path_of(""))[0])
    equal(base <= before < number, True)


def test_all_of_it_is_on_record():
    world()
    out, _ = ok("ledger", "verify", "--dir", "lists")
    contains(out, "valid")


def test_shards_stay_when_they_are_given_up():
    """What is set later is for later certificates."""
    shards = world()
    shutil.copytree("lists", "later")
    settings("later", ["lifetime: 7d"])
    issue("later", "after")
    text = openssl("x509", "-in", "after.pem", "-noout", "-ext",
                   "crlDistributionPoints").decode()
    contains(text, "/crl/issuing.crl")
    before = cli.read("later/crl/issuing/3.crl")
    ok("cert", "revoke", "--dir", "later", serial_of(shards[3] + ".pem"))
    equal(before != cli.read("later/crl/issuing/3.crl"), True)
    equal(numbers("later/crl/issuing/3.crl")[0] >
          numbers("lists/crl/issuing/3.crl")[0], True)
    contains(text_of("later/crl/issuing/3.crl"),
             serial_of(shards[3] + ".pem").upper())


def test_settings_that_cannot_be_are_refused():
    made("wrong")
    for line, words in (("shards: 1025", "birthmark.yaml:"),
                        ("shards: -1", "birthmark.yaml:"),
                        ("delta_every: 4d", "at most half of crl.lifetime"),
                        ("delta_every: 59s", "birthmark.yaml:")):
        settings("wrong", ["lifetime: 7d", line])
        refused(words, "ca", "crl", "--dir", "wrong")
        equal(os.path.exists("wrong/crl/issuing"), False)


cli.main()
