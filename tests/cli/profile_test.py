#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark profile list, show, check and lint.

profile_test.py PROGRAM
"""
import json
import os
import pty
import subprocess

import cli
from cli import contains, equal, run, write

FOLDERS = {"init": "", "demand": "demand/", "built-in": "built-in/"}


def names_in(folder):
    return sorted(name[:-5] for name in
                  os.listdir(os.path.join(cli.TOP, "ca/profiles", folder))
                  if name.endswith(".yaml"))


SHIPPED = [(name, how) for how, folder in FOLDERS.items()
           for name in names_in(folder)]


def profile(*args, **kw):
    return run("profile", *args, **kw)


def text_of(name):
    folder = FOLDERS[dict(SHIPPED)[name]]
    path = os.path.join(cli.TOP, "ca/profiles", folder + name + ".yaml")
    return cli.read(path).decode()


def make_instance():
    os.makedirs("D/profiles", exist_ok=True)
    write("D/profiles/mine.yaml",
          text_of("operator").replace("profile: operator", "profile: mine"))
    write("D/profiles/a-server.yaml",
          text_of("tls-server").replace("profile: tls-server",
                                        "profile: a-server"))
    write("D/profiles/notes.txt", "no profile")
    write("D/profiles/.hidden.yaml", "no profile")


def test_list_names_what_comes_with_the_program():
    code, out, err = profile("list")
    equal((code, err), (0, ""))
    equal([tuple(line.split()[:2]) for line in out.splitlines()], SHIPPED)
    code, out, _ = profile("list", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    equal([(line["profile"], line["shipped"]) for line in lines], SHIPPED)


def test_list_names_those_of_an_instance():
    make_instance()
    code, out, err = profile("list", "--dir", "D")
    equal((code, err), (0, ""))
    equal([line.split()[0] for line in out.splitlines()], ["a-server", "mine"])
    code, out, _ = profile("list", "--dir=D", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    equal((code, len(lines)), (0, 2))
    equal(lines[1], {
        "profile": "mine", "about": "a person or a program that administers",
        "file": "D/profiles/mine.yaml", "ca": "operations",
        "by": ["operator", "authority"], "device": False, "renewable": False})


def test_list_goes_on_after_a_bad_one():
    make_instance()
    write("D/profiles/bad.yaml", "profile: bad\n")
    code, out, err = profile("list", "--dir", "D")
    os.remove("D/profiles/bad.yaml")
    equal(code, 1)
    equal([line.split()[0] for line in out.splitlines()], ["a-server", "mine"])
    equal(err, "D/profiles/bad.yaml:1:1: \"about\" is missing\n")
    code, out, err = profile("list", "--dir", "nosuch")
    equal((code, out), (1, ""))
    equal(err, "nosuch/profiles: No such file or directory\n")


def test_show_prints_the_text_as_it_is():
    for name, _ in SHIPPED:
        equal(profile("show", name), (0, text_of(name), ""), name)
    make_instance()
    mine = cli.read("D/profiles/mine.yaml").decode()
    equal(profile("show", "--dir", "D", "mine"), (0, mine, ""))
    equal(profile("show", "D/profiles/mine.yaml"), (0, mine, ""))
    code, out, err = profile("show", "--dir", "D", "operator")
    equal((code, out), (1, ""))
    equal(err, "D/profiles/operator.yaml: No such file or directory\n")
    code, out, err = profile("show", "nosuch")
    equal((code, out), (1, ""))
    equal(err, "nosuch: no such profile (try: birthmark profile list)\n")


def on_terminal(*args):
    leader, follower = pty.openpty()
    subprocess.run([cli.PROGRAM] + list(args), stdout=follower, check=False,
                   stderr=subprocess.DEVNULL)
    os.close(follower)
    out = b""
    try:
        while True:
            part = os.read(leader, 65536)
            if not part:
                break
            out += part
    except OSError:
        pass
    os.close(leader)
    return out.decode().replace("\r\n", "\n")


def test_show_keeps_a_terminal_safe():
    text = text_of("operator").replace("# Somebody", "# Some\u202ebody")
    write("evil.yaml", text)
    equal(profile("show", "./evil.yaml")[1], text)
    contains(on_terminal("profile", "show", "./evil.yaml"),
             "# Some\\u{202e}body")


def test_check_says_what_a_profile_says():
    write("p.yaml", text_of("ieee-802.1ar-ldevid"))
    code, out, err = profile("check", "p.yaml")
    equal((code, err), (0, ""))
    contains(out, "ieee-802.1ar-ldevid: owner's identity of a device",
             "  issued by           CA issuing\n",
             "  renewal             from 30d before the end until 14d after",
             "  subject             serialNumber: the device's name\n",
             "  validity            90d, within the issuer's; begins 5m",
             "  extKeyUsage         clientAuth\n",
             "  revocation          CRL, OCSP\n")


def place(text, what):
    """LINE:COLUMN of the first `what`."""
    before = text[:text.index(what)]
    return "%d:%d" % (before.count("\n") + 1,
                      len(before) - before.rfind("\n"))


def test_check_names_line_and_column():
    good = text_of("tls-server")
    cases = (
        ("crl: true", "clr: true", "clr",
         "unknown key \"clr\"; did you mean \"crl\"?"),
        ("397d", "397", "397", "for must be a duration"),
        ("ca: operations", "ca: operations\nca: issuing", "ca: issuing",
         "\"ca\" is there already, in line "),
        ("[A-Z]{2}", "[A-Z]{2", "\"[A-Z]",
         "pattern, at character 7: a repetition is {n}"),
        ("ca: operations", "ca: &a 1", "&a 1",
         "anchors, aliases and tags are refused"))
    for old, new, at, words in cases:
        text = good.replace(old, new)
        write("bad.yaml", text)
        code, out, err = profile("check", "bad.yaml")
        equal((code, out), (1, ""), words)
        contains(err, "bad.yaml:%s: %s" % (place(text, at), words))
        equal(err.count("\n"), 1, err)
    write("bad.yaml", "")
    equal(profile("check", "bad.yaml"),
          (1, "", "bad.yaml:1:1: nothing in here\n"))


def test_check_goes_on_after_a_bad_one():
    write("bad.yaml", "profile: [x]\n")
    write("good.yaml", text_of("operator"))
    code, out, err = profile("check", "bad.yaml", "good.yaml", "nosuch.yaml",
                             ".", "good.yaml")
    equal((code, out.count("operator: a person")), (1, 2))
    equal(err, "bad.yaml:1:10: profile must be a single value\n"
          "nosuch.yaml: No such file or directory\n.: Is a directory\n")


def test_a_file_that_is_too_large_is_refused():
    write("large.yaml", "#" * (64 << 10) + "\n")
    code, out, err = profile("check", "large.yaml")
    equal((code, out), (1, ""))
    equal(err, "large.yaml: larger than 64 KiB: no profile\n")
    code, _, err = profile("check", "/dev/zero")
    equal((code, err), (1, "/dev/zero: larger than 64 KiB: no profile\n"))


def test_foreign_words_cannot_move_the_cursor():
    write("evil.yaml", "profile: \"\\e[2J\"\n")
    for args in (["check", "evil.yaml"], ["list", "--dir", "\x1b[2J"],
                 ["show", "\x1b[2J"], ["show", "./\x1b[2J"]):
        code, out, err = profile(*args)
        equal((code, "\x1b" in out + err), (1, False), args)
    text = text_of("operator").replace("about: ", "about: \"\\e[2J\"  # ")
    write("evil.yaml", text)
    code, out, _ = profile("check", "evil.yaml")
    equal(code, 0)
    contains(out, "operator: \\u{1b}[2J\n")


def test_lint_tells_rule_by_rule():
    code, out, err = profile("lint", "--profile", "sub-ca", "sub.pem")
    equal((code, err), (1, ""))
    contains(out, "sub.pem: block 1: certificate\n",
             "  version              holds\n",
             "  issuer               holds; not known: whether the issuer is "
             "right (see --issuer)\n",
             "  key_usage            holds\n",
             "  policies             BROKEN: certificatePolicies is not in "
             "the profile (sub-ca)\n")
    write("mine.yaml", text_of("sub-ca") +
          "accepts: { other_values: [subject_key_id] }\n"
          "policies: [ { oid: 1.3.6.1.4.1.99999.7 } ]\n")
    code, out, err = profile("lint", "--profile=mine.yaml", "sub.pem")
    equal((code, err), (0, ""))
    equal((out.count(" holds\n"), out.count(" holds; not known: "),
           "BROKEN" in out), (20, 3, False))


def test_lint_asks_the_issuer():
    lint = ("lint", "--profile=mine.yaml", "sub.pem", "--issuer")
    code, out, err = profile(*lint, "root.pem")
    equal((code, err), (0, ""))
    equal((out.count(" holds\n"), "not known" in out), (23, False))
    code, out, err = profile(*lint, "sub.pem")
    equal((code, err), (1, ""))
    contains(out, "  issuer               BROKEN: issuer is another one")
    for issuer, words in (("nosuch.pem", "No such file or directory"),
                          ("leaf.csr", "no certificate")):
        code, out, err = profile(*lint, issuer)
        equal((code, out, err), (1, "", "%s: %s\n" % (issuer, words)))


def test_lint_has_json():
    code, out, err = profile("lint", "--json", "--profile", "mine.yaml",
                             "chain.pem", "leaf.csr")
    equal((code, err), (1, "leaf.csr: block 1: not a certificate\n"))
    lines = [json.loads(line) for line in out.splitlines()]
    equal([line["file"] for line in lines], ["chain.pem", "leaf.csr"])
    items = lines[0]["items"]
    equal([(i["block"], i["type"], i["profile"], i["holds"], i["tolerated"])
           for i in items],
          [(1, "certificate", "sub-ca", False, []),
           (2, "certificate", "sub-ca", True, [])])
    broken = [r for r in items[0]["rules"] if not r["holds"]]
    equal(sorted(broken[0]), ["holds", "rule", "text", "verdict", "why"])
    equal([(r["rule"], r["holds"]) for r in items[1]["rules"]
           if r["verdict"] == "unknown"],
          [("issuer", True), ("validity", True), ("authority_key_id", True)])
    equal(lines[1]["items"], [{"error": {"block": 1,
                                         "text": "not a certificate"}}])


def test_lint_names_what_it_tolerates():
    path = cli.sample("cert/ek-explicit-false.der")
    code, out, err = profile("lint", "--profile", "sub-ca", path)
    equal((code, err), (1, ""))
    contains(out, "  tolerated: explicit DEFAULT FALSE (X.690 11.5)\n")
    equal(out.count("tolerated"), 1)
    code, out, _ = profile("lint", "--json", "--profile", "sub-ca", path)
    equal(json.loads(out)["items"][0]["tolerated"],
          ["explicit DEFAULT FALSE (X.690 11.5)"])


def with_serial(data, serial):
    """A certificate with another serial number, of a TBS below 64 kB."""
    at = 8 + 5  # SEQUENCE, SEQUENCE, version
    end = 8 + int.from_bytes(data[6:8], "big")
    equal((data[:2], data[4:6], data[8:at + 1]),
          (b"\x30\x82", b"\x30\x82", b"\xa0\x03\x02\x01\x02\x02"))
    rest = data[at + 2 + data[at + 1]:end]
    return cli.der(0x30, cli.der(0x30, data[8:at], cli.der(2, serial), rest),
                   data[end:])


def test_lint_wants_positive_serial_numbers():
    folder = os.path.join(cli.TOP, "ca/fuzz/corpus/profile_lint")
    for name in ("tpm-ek", "matter-dac", "aws-iot"):
        good = cli.read(os.path.join(folder, name))
        for serial, holds in ((b"\x01", True), (b"\x00\x80", True),
                              (b"\x00", False), (b"\xff", False),
                              (b"\x80" + b"\x01" * 15, False)):
            write("serial.der", with_serial(good, serial))
            code, out, err = profile("lint", "--profile", name, "serial.der")
            equal((code, err), (0 if holds else 1, ""), out)
            broken = [line.split(": ", 1) for line in out.splitlines()
                      if ": " in line and line.split(": ")[0].endswith("BROKEN")]
            equal([(at.split()[0], why.startswith(
                "serial number is not positive")) for at, why in broken],
                  [] if holds else [("serial", True)], out)
            equal("tolerated: serial number that is not positive" in out,
                  not holds, out)


def test_lint_lets_no_ca_in_by_an_optional_extension():
    text = text_of("tls-client").replace("basic_constraints: { ca: false }\n",
                                         "")
    contains(text, "  optional: [basic_constraints, ")
    write("lax.yaml", text)
    leaf = os.path.join(cli.TOP, "ca/fuzz/corpus/profile_lint/tls-client")
    code, out, err = profile("lint", "--profile=lax.yaml", leaf)
    equal((code, err), (0, ""), out)
    code, out, err = profile("lint", "--profile=lax.yaml", "sub.pem")
    equal((code, err), (1, ""))
    contains(out, "  basic_constraints    BROKEN: cA is not in the profile")


def test_lint_refuses_what_does_not_parse():
    path = cli.sample("cert/ek-explicit-false.der")
    write("cut.der", cli.read(path)[:-1])
    code, out, err = profile("lint", "--profile", "sub-ca", "cut.der")
    equal((code, out), (1, ""))
    contains(err, "cut.der: ")
    code, out, err = profile("lint", "--profile", "nosuch", path)
    equal((code, out), (1, ""))
    contains(err, "nosuch: no such profile")


def test_cert_lint_finds_what_fits():
    code, out, err = run("cert", "lint", "root.pem")
    equal((code, err), (0, ""))
    contains(out, "root.pem: block 1: certificate\n  fits: ")
    fits = out.split("fits: ")[1].strip().split(", ")
    for name in fits:
        equal(profile("lint", "--profile", name, "root.pem")[0], 0, name)
    for name, _ in SHIPPED:
        if name not in fits:
            equal(profile("lint", "--profile", name, "root.pem")[0], 1, name)
    code, out, _ = run("cert", "lint", "--json", "root.pem")
    equal((code, json.loads(out)["items"][0]["fits"]), (0, fits))


def test_cert_lint_names_the_nearest():
    os.makedirs("E/profiles", exist_ok=True)
    write("E/profiles/a.yaml", text_of("operator"))
    write("E/profiles/sub-ca.yaml", text_of("sub-ca"))
    lint = ("cert", "lint", "--dir", "E")
    code, out, err = run(*lint, "sub.pem")
    equal((code, err), (1, ""))
    contains(out, "  fits none; nearest: sub-ca\n",
             "  policies             BROKEN: certificatePolicies is not in ")
    equal(" holds" in out, False)
    code, out, _ = run(*lint, "--json", "sub.pem", "--issuer", "root.pem")
    item = json.loads(out)["items"][0]
    equal((code, item["fits"], item["nearest"]), (1, [], "sub-ca"))
    equal({r["verdict"] for r in item["rules"]}, {"broken"})
    code, out, err = run(*lint, "nosuch.pem", "leaf.csr")
    equal((code, out), (1, ""))
    equal(err, "nosuch.pem: No such file or directory\n"
          "leaf.csr: block 1: not a certificate\n")
    os.makedirs("F/profiles", exist_ok=True)
    equal(run("cert", "lint", "--dir", "F", "sub.pem"),
          (1, "", "birthmark cert lint: there are no profiles\n"))
    equal(run("cert", "lint")[0], 2)
    contains(run("cert", "lint", "--help")[1], "usage: birthmark cert lint")


def test_the_command_line_explains_itself():
    for verb in ("list", "show", "check", "lint"):
        code, out, err = profile(verb, "--help")
        equal((code, err), (0, ""), verb)
        contains(out, "usage: birthmark profile " + verb)
    for args, words in (
            (["shwo"], "did you mean 'show'?"),
            (["list", "x"], "takes no argument: 'x'"),
            (["list", "--dri", "x"], "did you mean '--dir'?"),
            (["show"], "no profile named"),
            (["show", "a", "b"], "one profile at a time"),
            (["check"], "no file named"),
            (["check", "--json"], "no option '--json'"),
            (["lint", "x"], "no --profile"),
            (["lint", "--profile", "root"], "no file named"),
            (["lint", "--profile"], "--profile wants NAME|FILE")):
        code, out, err = profile(*args)
        equal((code, out), (2, ""), args)
        contains(err, words)


def test_help_and_manual_agree():
    page = cli.read(os.path.join(cli.TOP, "docs/man/birthmark-profile.1"))
    for verb in ("list", "show", "check", "lint"):
        contains(page.decode(), "birthmark profile " + verb)
        for line in profile(verb, "--help")[1].splitlines():
            if line.startswith("  --") and "--help" not in line:
                contains(page.decode(), "Fl -" + line.split()[0][2:])


def test_the_manual_shows_only_profiles_that_parse():
    """Every block of docs/profiles.md that is a whole profile."""
    text = cli.read(os.path.join(cli.TOP, "docs/profiles.md")).decode()
    n = 0
    for block in text.split("```yaml\n")[1:]:
        block = block.split("```")[0]
        if block.startswith("profile:"):
            write("doc.yaml", block)
            equal(profile("check", "doc.yaml")[::2], (0, ""), block)
            n += 1
    if n == 0:
        raise AssertionError("the manual shows no profile")


def test_every_key_is_in_the_manual():
    text = cli.read(os.path.join(cli.TOP, "docs/profiles.md")).decode()
    source = cli.read(os.path.join(cli.TOP, "ca/profile_read.c")).decode()
    names = [part.split('"')[1] for part in source.split("{ KEY(")[1:]]
    names += [part.split('"')[0] for part in source.split('{ "')[1:]]
    if len(names) < 80:
        raise AssertionError("only %d names" % len(names))
    for name in names:
        contains(text, "`%s`" % name)


cli.main()
