#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark cert show, and what all commands have in common.

show_test.py PROGRAM; with GOLDEN=write in the environment the golden files
are written instead of compared.
"""
import json
import os
import re
import shutil
import subprocess

import cli
from cli import contains, equal, run, show, show_json, write

# Copies of samples: those of core/ may be made anew.
FOLDER = os.path.join(cli.HERE, "golden")
GOLDEN = ("ca-constrained", "ca-policies", "client-ed25519", "code-signing",
          "dist-points", "idevid", "matter-dac", "mldsa44", "names",
          "permanent-id", "root-p521", "root-rsa", "tls-server",
          "unknown-otherName", "v2-unique-ids", "wide-subject",
          "wisun-idevid")


def golden(name, text):
    path = os.path.join(FOLDER, name)
    if os.environ.get("GOLDEN") == "write":
        write(path, text)
    equal(text, cli.read(path).decode(), name)


def test_text_is_as_agreed():
    for name in GOLDEN:
        with open(os.path.join(FOLDER, name + ".der"), "rb") as f:
            code, out, err = show("-", stdin=f.read())
        equal((code, err), (0, ""), name)
        golden(name + ".txt", out)


def test_json_is_as_agreed():
    for name in GOLDEN:
        with open(os.path.join(FOLDER, name + ".der"), "rb") as f:
            code, out, err = show_json("-", stdin=f.read())
        equal((code, err, len(out)), (0, "", 1), name)
        golden(name + ".json",
               json.dumps(out[0], indent=1, ensure_ascii=False) + "\n")


def test_every_sample_that_parses_is_shown():
    for kind in ("cert", "csr", "crl", "cms"):
        folder = os.path.join(cli.SAMPLES, kind)
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            code, out, err = show("--tolerant", path)
            equal((code, err), (0, ""), path)
            contains(out, path + ": ")
            code, out, err = show_json("--tolerant", path)
            equal((code, len(out[0]["items"])), (0, 1), path)


def test_a_refusal_has_clause_and_offset():
    path = cli.sample("cert/ek-explicit-false.der")
    code, out, err = show(path)
    equal((code, out), (1, ""))
    equal(err, path + ": RFC 5280 4.2.1.9: malformed basicConstraints: "
          "DEFAULT value is encoded (X.690 11.5) at 226\n")
    code, out, _ = show_json(path)
    equal(out, [{"file": path, "items": [{"error": {
        "clause": "RFC 5280 4.2.1.9", "text": "DEFAULT value is encoded",
        "status": "0x0109", "name": "BM_E_DER_DEFAULT",
        "within": "malformed basicConstraints", "offset": 226}}]}])
    equal(show("--tolerant", path)[0], 0)


def test_a_refusal_in_pem_names_the_block():
    bad = cli.read(cli.sample("cert/ek-explicit-false.der"))
    write("b.pem", cli.read("root.pem").decode() +
          cli.pem("CERTIFICATE", bad) + cli.read("sub.pem").decode())
    code, out, err = show("b.pem")
    equal(code, 1)
    equal(err, "b.pem: block 2: RFC 5280 4.2.1.9: malformed "
          "basicConstraints: DEFAULT value is encoded (X.690 11.5) "
          "at 226 of its DER\n")
    contains(out, "b.pem: block 1: certificate\n",
             "b.pem: block 3: certificate\n")
    _, out, _ = show_json("b.pem")
    equal([sorted(i)[0] if "error" in i else i["block"]
           for i in out[0]["items"]], [1, "error", 3])
    equal(out[0]["items"][1]["error"]["block"], 2)


def test_refused_samples_are_refused_with_their_status():
    """Names of refused samples begin with the status in hex. Those with
    "certs" or "verify" in it parse: they are refused for what they say."""
    n = 0
    for kind in ("csr-bad", "cms-bad", "crl-bad"):
        folder = os.path.join(cli.SAMPLES, kind)
        for name in sorted(os.listdir(folder)):
            words = name.split(".")[0].split("-")
            if "certs" in words or "verify" in words:
                continue
            path = os.path.join(folder, name)
            code, out, err = show_json(path)
            item = out[0]["items"][0]
            equal((code, item["error"]["status"]), (1, "0x" + words[0]),
                  path)
            contains(err, path + ": ")
            n += 1
    if n < 20:
        raise AssertionError("only %d refused samples" % n)


def test_pem_text_and_der_show_the_same():
    text = show("leaf.der")[1]
    write("text.pem", b"some words\n" + cli.read("leaf.pem") + b"more words")
    code, out, err = show("text.pem")
    equal((code, err), (0, ""))
    equal(out.replace("text.pem: block 1:", "leaf.der:"), text)
    code, out, err = show("-", stdin=cli.read("leaf.pem"))
    equal((code, err), (0, ""))
    equal(out.replace("-: block 1:", "leaf.der:"), text)


def test_contents_decide_not_names_nor_labels():
    write("is-a.csr", cli.read("leaf.der"))
    contains(show("is-a.csr")[1], "is-a.csr: certificate\n")
    write("label.pem", cli.pem("X509 CRL", cli.read("leaf.der")))
    contains(show("label.pem")[1], "label.pem: block 1: certificate\n")


def test_a_request_tells_whether_its_key_signed_it():
    contains(show("leaf.csr")[1], "  proof of possession       verified\n",
             "  subject                   CN=dev,O=Example\n")
    data = bytearray(cli.openssl("req", "-in", "leaf.csr", "-outform", "DER"))
    data[data.index(b"dev")] ^= 1
    write("bad.csr", bytes(data))
    code, out, _ = show_json("bad.csr")
    equal(code, 0)
    equal(out[0]["items"][0]["proof_of_possession"], "failed")


def test_a_crl_shows_its_entries_up_to_the_limit():
    code, out, _ = show("revoked.crl")
    equal(code, 0)
    contains(out, "  revoked certificates\n", ", keyCompromise\n",
             "  number of entries         1\n", "cRLNumber ")
    code, out, _ = show("--max", "0", "revoked.crl")
    contains(out, "    ... and 1 more (--max)\n")
    _, out, _ = show_json("--max", "0", "revoked.crl")
    item = out[0]["items"][0]
    equal(item["type"], "certificate_revocation_list")
    equal(len(item["revoked_certificates"]), 1)
    equal(item["revoked_certificates"][0]["reason_code"], "keyCompromise")
    equal(item["number_of_entries"], 1)
    data = cli.openssl("crl", "-in", "revoked.crl", "-outform", "DER")
    if not data.hex().endswith(item["signature_value"]):
        raise AssertionError("not the signature of the list")


def test_a_message_shows_certificates_and_signers():
    code, out, err = show_json("signed.der", "detached.pem")
    equal((code, err), (0, ""))
    for line, check in zip(out, ("verified", "not checked: detached")):
        item = line["items"][0]
        equal(item["type"], "signed_data")
        equal(sorted(c["subject"] for c in item["certificates"]),
              ["CN=Sub,O=Example", "CN=dev,O=Example"])
        equal(item["signer_infos"][0]["signature_check"], check)
    equal(out[0]["items"][0]["encap_content_info"]["e_content"],
          b"hello\n".hex())
    data = bytearray(cli.read("signed.der"))
    data[data.index(b"hello")] ^= 1
    write("signed-bad.der", bytes(data))
    contains(show("signed-bad.der")[1], "  signature check         failed\n")


def test_certs_only_messages_are_shown():
    cli.openssl("crl2pkcs7", "-certfile", "chain.pem", "-in", "sub.crl",
                "-out", "chain.p7b")
    code, out, err = show_json("chain.p7b")
    equal((code, err), (0, ""))
    item = out[0]["items"][0]
    equal((len(item["certificates"]), len(item["crls"])), (2, 1))
    equal(item["signer_infos"], [])


def test_private_keys_are_passed_over():
    write("both.pem", cli.read("leaf.key") + cli.read("leaf.pem"))
    code, out, err = show("both.pem")
    equal((code, err), (0, "both.pem: block 1: EC PRIVATE KEY, passed over\n"))
    contains(out, "both.pem: block 2: certificate\n")
    code, out, err = show("leaf.key")
    equal((code, out), (1, ""))
    contains(err, "leaf.key: no certificate, request, CRL nor CMS message")


def test_many_files_go_on_after_a_bad_one():
    code, out, err = show("leaf.der", "nosuch", ".", "root.pem")
    equal(code, 1)
    contains(out, "leaf.der: certificate", "root.pem: block 1: certificate")
    equal(err, "nosuch: No such file or directory\n.: Is a directory\n")
    code, out, _ = show_json("leaf.der", "nosuch", "root.pem")
    equal(code, 1)
    equal([o["file"] for o in out], ["leaf.der", "nosuch", "root.pem"])
    equal(out[1]["items"],
          [{"error": {"text": "No such file or directory"}}])


def test_garbage_is_refused_in_words():
    write("empty", b"")
    write("zeros", b"\0" * 100)
    write("text", "nothing in here\n")
    write("cut.der", cli.read("leaf.der")[:100])
    write("tail.der", cli.read("leaf.der") + b"x")
    write("noend.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n")
    write("base64.pem", "-----BEGIN CERTIFICATE-----\nMI*B\n"
          "-----END CERTIFICATE-----\n")
    for name, words in (
            ("empty", "empty: empty\n"),
            ("zeros", "zeros: RFC 7468 2: no BEGIN line: neither PEM nor DER "
             "at 0\n"),
            ("text", "no BEGIN line: neither PEM nor DER at 0\n"),
            ("cut.der", "element runs past the end (X.690 8.1.3) at 0\n"),
            ("tail.der", "bytes after the last element"),
            ("noend.pem", "noend.pem: block 1: RFC 7468 2: no END line at "),
            ("base64.pem", "RFC 4648 3: malformed base64 at 30\n")):
        code, out, err = show(name)
        equal((code, out), (1, ""), name)
        contains(err, words)


def test_every_bit_flip_leaves_json_whole():
    data = cli.read("leaf.der")
    names = []
    for bit in range(0, 8 * len(data), 37):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        names.append(write("flip-%d" % bit, bytes(flipped)))
    code, out, _ = show_json(*names)
    equal((code, len(out)), (1, len(names)))
    equal([len(o["items"]) for o in out], [1] * len(names))


def test_foreign_text_cannot_move_the_cursor():
    name = "a\x1b[31mb\u202ec\u0085d\u200be\u0007"
    write("evil.cnf", cli.EXTENSIONS.replace("[dn]", "[dn]\nCN=x"))
    cli.openssl("req", "-new", "-utf8", "-key", "leaf.key", "-subj",
                "/CN=" + name, "-config", "evil.cnf", "-out", "evil.csr")
    evil = write("e\x1b[2J\u202e.csr", cli.read("evil.csr"))
    for args in (["evil.csr"], ["--json", "evil.csr"], [evil],
                 ["--json", evil], ["no\x1b[2Jsuch\u202e"], ["--\x1b[2J"]):
        _, out, err = show(*args)
        for c in out + err:
            if c != "\n" and (ord(c) < 32 or ord(c) in range(127, 160) or
                              c in "\u202e\u200b"):
                raise AssertionError("%r in output of %r" % (c, args))
    contains(show("evil.csr")[1], "CN=a\\1b[31mb\\e2\\80\\aec")
    contains(show(evil)[1], "e\\u{1b}[2J\\u{202e}.csr: ")
    equal(show_json("evil.csr")[1][0]["items"][0]["subject_rdns"]
          [0][0]["value"], name)


def test_a_list_element_cannot_pose_as_two():
    write("san.cnf", cli.EXTENSIONS + "[san]\nsubjectAltName=@names\n"
          "[names]\nURI=http://a/,DNS:b.example\n")
    cli.openssl("req", "-new", "-x509", "-key", "leaf.key", "-subj", "/CN=x",
                "-config", "san.cnf", "-extensions", "san", "-out",
                "san.pem")
    code, out, err = show("san.pem")
    equal((code, err), (0, ""))
    contains(out, ' URI:"http://a/,DNS:b.example"\n')


def test_only_crls_may_be_huge():
    with open("huge.der", "wb") as f:
        f.write(cli.read("leaf.der"))
        f.truncate(17 << 20)
    code, out, err = show("huge.der")
    equal((code, out), (1, ""))
    contains(err, "huge.der: larger than 16 MiB, which only CRLs may be")
    write("huge.pem", "-----BEGIN CERTIFICATE-----\n" +
          cli.pem("X", cli.read("leaf.der") * 9)[18:-17] * (3 << 10) +
          "-----END CERTIFICATE-----\n")
    code, out, err = show("huge.pem")
    equal((code, out), (1, ""))
    contains(err, "larger than 16 MiB")


def check_large(path, block):
    code, out, err = show("--max", "2", path)
    equal((code, err), (0, ""))
    contains(out, "    ... and %d more (--max)\n" % (cli.LARGE_ENTRIES - 2),
             "  number of entries         %d\n" % cli.LARGE_ENTRIES)
    _, lines, _ = show_json(path)
    item = lines[0]["items"][0]
    equal(item.get("block"), block)
    equal(len(item["revoked_certificates"]), cli.LARGE_ENTRIES)
    return item["fingerprint_sha256"]


def test_a_crl_of_any_size_is_streamed():
    data = cli.large_crl()
    write("large.crl", data)
    write("large.pem", "words\n" + cli.pem("X509 CRL", data))
    equal(check_large("large.crl", None), check_large("large.pem", 1))


def test_a_large_crl_that_ends_early_keeps_json_whole():
    data = cli.read("large.crl")
    write("cut.crl", data[:17 << 20 if len(data) > 17 << 20 else -1000])
    code, out, err = show_json("cut.crl")
    equal(code, 1)
    error = out[0]["items"][0]["error"]
    equal(error["status"], "0x0101")
    contains(err, "cut.crl: ", "element runs past the end")
    text = cli.read("large.pem")
    for name, bad, words in (
            ("noend.crl", text[:-200], "no END line"),
            ("star.crl", text[:-200] + b"*" + text[-199:], "base64"),
            ("more.crl", text + text[:1000], "more text after")):
        write(name, bad)
        code, out, err = show_json(name)
        equal((code, sorted(out[0]["items"][0])[0]), (1, "block"), name)
        contains(err, name + ": block 1: ", words)


def test_unreadable_files_are_named():
    code, out, err = show("/proc/self/mem", "leaf.pem")
    equal((code, err), (1, "/proc/self/mem: Input/output error\n"))
    contains(out, "leaf.pem: block 1: certificate\n")
    write("secret.pem", cli.read("leaf.pem"))
    os.chmod("secret.pem", 0)
    if not os.access("secret.pem", os.R_OK):  # root may read everything
        code, out, err = show("secret.pem")
        equal((code, out, err), (1, "", "secret.pem: Permission denied\n"))


def test_results_that_do_not_arrive_are_a_failure():
    if not os.path.exists("/dev/full"):
        raise cli.Skip("no /dev/full")
    with open("/dev/full", "wb") as full:
        for args in (["--version"], ["help"], ["cert", "show", "leaf.pem"],
                     ["cert", "show", "--json", "leaf.pem"],
                     ["cert", "show", "--json", "large.crl"],
                     ["cert", "show", "--help"]):
            code, _, err = run(*args, stdout=full)
            equal(code, 1, args)
            contains(err, "birthmark: stdout: ")
    reader, writer = os.pipe()
    os.close(reader)
    code, _, err = show("leaf.pem", stdout=writer)
    os.close(writer)
    equal((code, err), (1, "birthmark: stdout: Broken pipe\n"))


def test_the_command_line_explains_itself():
    for args in (["help"], ["--help"], ["cert", "--help"], ["cert", "help"],
                 ["cert", "show", "--help"], ["cert", "verify", "-h"]):
        code, out, err = run(*args)
        equal((code, err), (0, ""), args)
        contains(out, "usage:")
    code, out, err = run("--version")
    equal((code, err), (0, ""))
    equal(out.split()[0], "birthmark")
    for args, words in (
            ([], "usage:"), (["cert"], "usage:"),
            (["crt"], "did you mean 'cert'?"),
            (["cert", "shwo"], "did you mean 'show'?"),
            (["cert", "x"], "no command 'x' (try: birthmark cert --help)"),
            (["cert", "show"], "no file named"),
            (["cert", "show", "--jsn", "x"], "did you mean '--json'?"),
            (["cert", "show", "--quite-different"], "no option"),
            (["cert", "show", "--json=1", "x"], "--json takes no value"),
            (["cert", "show", "--max"], "--max wants N"),
            (["cert", "show", "--max", "-1", "x"], "--max wants a number"),
            (["cert", "show", "--max", "9" * 30, "x"], "wants a number"),
            (["cert", "show", "--max", "\033[1m", "x"], "\\u{1b}[1m")):
        code, out, err = run(*args)
        equal((code, out), (2, ""), args)
        contains(err, words)


def test_options_and_files_mix():
    one = show("--max=3", "leaf.pem", "root.pem")
    equal(show("leaf.pem", "--max", "3", "--", "root.pem"), one)
    write("--json", cli.read("leaf.pem"))
    contains(show("--", "--json")[1], "--json: block 1: certificate")


def verbs_of(noun):
    """As the help has them; None for a noun that is a verb itself."""
    found = re.findall(r"^  birthmark %s (\w+) " % noun,
                       run(noun, "--help")[1], re.M)
    return found or [None]


def test_help_and_manual_agree():
    nouns = re.findall(r"^  birthmark ([a-z]+) ", run("--help")[1], re.M)
    contains(" ".join(nouns), "init", "ca", "token", "cert")
    for noun in nouns:
        path = os.path.join(cli.TOP, "docs/man/birthmark-%s.1" % noun)
        page = cli.read(path).decode()
        for verb in verbs_of(noun):
            words = [noun] + ([verb] if verb else [])
            contains(page, ".Nm birthmark " + " ".join(words))
            for line in run(*words, "--help")[1].splitlines():
                if line.startswith("  --") and "--help" not in line:
                    contains(page, "Fl -" + line.split()[0][2:])


def test_what_an_option_is_stands_in_one_column():
    out = run("destination", "create", "--help")[1]
    options = out.split("\n\n")[2].splitlines()
    equal(len(options) > out.count("\n  --"), True, "one has several lines")
    for line in options:
        equal((line[:3] in ("  -", "   "), line[27] != " "), (True, True), line)


def test_manual_pages_are_clean():
    if shutil.which("mandoc") is None:
        raise cli.Skip("no mandoc")
    folder = os.path.join(cli.TOP, "docs/man")
    for name in sorted(os.listdir(folder)):
        done = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", os.path.join(folder, name)],
            stdout=subprocess.PIPE, check=False)
        equal((done.returncode, done.stdout), (0, b""), name)


def test_the_readme_shows_what_is_printed():
    text = cli.read(os.path.join(cli.TOP, "README.md")).decode()
    name, printed = re.search(
        r"\$ cd \S+ && birthmark cert show (\S+)\n(.*\n)",
        text).group(1, 2)
    write(name, cli.read(cli.sample("cert-bad/" + name)))
    equal(show(name), (1, "", printed))


cli.main()
