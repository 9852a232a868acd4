#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark cert verify: what is valid, what is not, and why.

verify_test.py PROGRAM
"""
import datetime
import json
import re

import cli
from cli import contains, equal, verify, write

ROOT = ("--anchor", "root.pem")
BOTH = ROOT + ("--untrusted", "sub.pem")


def valid(*args):
    code, out, err = verify(*args)
    equal((code, err), (0, ""), args)
    contains(out, ": valid\n")
    return out


def refused(words, *args):
    """Refused with these words, by the clause that JSON names too."""
    code, out, err = verify(*args)
    equal((code, out), (1, ""), args)
    contains(err, words)
    code, out, _ = verify("--json", *args)
    result = json.loads(out)
    equal((code, result["valid"]), (1, False), args)
    if result["error"].get("clause"):
        contains(err, result["error"]["clause"])
    contains(err, result["error"]["text"])
    return result


def misused(words, *args):
    code, out, err = verify(*args)
    equal((code, out), (2, ""), args)
    contains(err, words)


def test_a_path_is_found_and_printed():
    out = valid(*BOTH, "leaf.pem")
    for line in (r"  leaf +CN=dev,O=Example", r"  issuer 1 +CN=Sub,O=Example",
                 r"  anchor +CN=Root,O=Example"):
        if not re.search(line, out.replace('"', "")):
            raise AssertionError("no %r in %s" % (line, out))
    code, out, err = verify("--json", *BOTH, "leaf.der")
    equal((code, err), (0, ""))
    result = json.loads(out)
    equal((result["file"], result["valid"]), ("leaf.der", True))
    equal([c["subject"] for c in result["path"]],
          ["CN=dev,O=Example", "CN=Sub,O=Example"])
    equal(result["anchor"]["subject"], "CN=Root,O=Example")


def test_intermediates_may_follow_the_certificate():
    valid(*ROOT, "chain.pem")
    write("mark.pem", b"\xef\xbb\xbf" + cli.read("leaf.pem"))
    valid(*BOTH, "mark.pem")
    cli.openssl("crl2pkcs7", "-nocrl", "-certfile", "sub.pem", "-certfile",
                "root.pem", "-outform", "DER", "-out", "sub.p7b")
    valid(*ROOT, "--untrusted", "sub.p7b", "leaf.pem")
    refused("RFC 5280 6.1: no path to an anchor", *ROOT, "leaf.pem")


def test_standard_input_is_a_file_too():
    code, out, err = verify(*BOTH, "-", stdin=cli.read("leaf.der"))
    equal((code, err), (0, ""))
    contains(out, "-: valid\n")


def test_another_anchor_does_not_do():
    cli.openssl("req", "-new", "-x509", "-key", "leaf.key", "-subj",
                "/O=Example/CN=Root", "-config", "x.cnf", "-extensions",
                "root", "-out", "false-root.pem")
    refused("RFC 5280 6.1", "--anchor", "false-root.pem", "--untrusted",
            "sub.pem", "leaf.pem")
    valid("--anchor", "false-root.pem", *BOTH, "leaf.pem")


def test_time_decides():
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    valid(*BOTH, "--at", (now + 400 * day).strftime("%Y-%m-%dT%H:%M:%SZ"),
          "leaf.pem")
    refused("RFC 5280 6.1.3 (a)(2): expired", *BOTH, "--at",
            (now + 600 * day).strftime("%Y-%m-%d"), "leaf.pem")
    refused("RFC 5280 6.1.3 (a)(2): not yet valid", *BOTH, "--at",
            (now - 600 * day).strftime("%Y-%m-%d"), "leaf.pem")


def test_the_issuance_model_lets_devices_outlive_their_ca():
    """The leaf has no end; the CA has been over for long."""
    write("never.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=never.txt\n"
          "new_certs_dir=.\nserial=never.srl\ndefault_md=sha256\n"
          "policy=p\n[p]\ncommonName=supplied\norganizationName=optional\n" +
          cli.EXTENSIONS.split("[ca]")[0])
    write("never.txt", "")
    write("never.srl", "1234\n")
    cli.openssl("ca", "-batch", "-notext", "-config", "never.cnf", "-in",
                "leaf.csr", "-cert", "sub.pem", "-keyfile", "sub.key",
                "-extensions", "leaf", "-enddate", "99991231235959Z", "-out",
                "never.pem")
    late = BOTH + ("--at", "2060-01-01")
    refused("expired", *late, "never.pem")
    valid(*late, "--model", "issuance", "never.pem")
    refused("expired", *late, "--model", "issuance", "leaf.pem")


def test_purpose_host_and_policy_are_checked():
    valid(*BOTH, "--purpose", "serverAuth", "--host", "dev.example.com",
          "--policy", "1.3.6.1.4.1.99999.7", "leaf.pem")
    valid(*BOTH, "--purpose", "1.3.6.1.5.5.7.3.2", "--host", "192.0.2.7",
          "leaf.pem")
    refused("RFC 5280 4.2.1.12", *BOTH, "--purpose", "codeSigning",
            "leaf.pem")
    refused("RFC 9525 6: no subjectAltName matches", *BOTH, "--host",
            "example.com", "leaf.pem")
    refused("RFC 9525 6", *BOTH, "--host", "192.0.2.8", "leaf.pem")
    refused("RFC 9525 6", *BOTH, "--host", "::1", "leaf.pem")
    refused("no acceptable policy", *BOTH, "--policy", "1.2.3.4", "leaf.pem")


def test_crls_decide():
    lists = BOTH + ("--crl", "root.crl")
    valid(*lists, "--crl", "sub.crl", "leaf.pem")
    result = refused("RFC 5280 6.1.3 (a)(3): revoked", *lists, "--crl",
                     "revoked.crl", "leaf.pem")
    equal(result["error"]["name"], "BM_E_PATH_REVOKED")
    refused("revocation status could not be determined", *lists, "leaf.pem")
    refused("revocation status could not be determined", *lists, "--crl",
            "sub.crl", "--at",
            (datetime.date.today() + datetime.timedelta(days=90)).isoformat(),
            "leaf.pem")


def test_a_crl_of_a_false_signer_says_nothing():
    data = bytearray(cli.openssl("crl", "-in", "sub.crl", "-outform", "DER"))
    data[-1] ^= 1
    write("false.crl", bytes(data))
    refused("revocation status could not be determined", *BOTH, "--crl",
            "root.crl", "--crl", "false.crl", "leaf.pem")
    write("broken.crl", bytes(data[:-5]))
    refused("broken.crl: ", *BOTH, "--crl", "broken.crl", "leaf.pem")


def test_a_crl_too_large_for_memory_decides():
    data = cli.large_crl()
    write("large.crl", data)
    write("large.pem", cli.pem("X509 CRL", data))
    for name in ("large.crl", "large.pem"):
        refused("revoked", *BOTH, "--crl", "root.crl", "--crl", name,
                "leaf.pem")
        valid(*BOTH, "--crl", "root.crl", "--crl", name, "sub.pem")
        valid(*BOTH, name)
    data = bytearray(data)
    data[-1] ^= 1
    write("false.crl", bytes(data))
    refused("CRL signature is wrong", *BOTH, "false.crl")
    refused("revocation status could not be determined", *BOTH, "--crl",
            "root.crl", "--crl", "false.crl", "leaf.pem")


def test_a_request_needs_no_anchor():
    contains(valid("leaf.csr"), "proof of possession       verified")
    data = bytearray(cli.openssl("req", "-in", "leaf.csr", "-outform", "DER"))
    data[data.index(b"dev")] ^= 1
    write("bad.csr", bytes(data))
    refused("RFC 2986 4.2: proof of possession failed", "bad.csr")


def test_a_message_is_verified_with_its_signer():
    valid(*ROOT, "signed.der")
    valid(*ROOT, "--content", "content", "detached.pem")
    refused("RFC 5652 5.2: content missing", *ROOT, "detached.pem")
    refused("RFC 5652 5.2", *ROOT, "--content", "content", "signed.der")
    write("other", "HELLO\n")
    refused("RFC 5652 11.2: messageDigest", *ROOT, "--content", "other",
            "detached.pem")
    refused("nosuch: No such file", *ROOT, "--content", "nosuch",
            "detached.pem")
    refused("no path to an anchor", "--anchor", "leaf.pem", "signed.der")
    refused("revoked", *ROOT, "--crl", "root.crl", "--crl", "revoked.crl",
            "signed.der")
    cli.openssl("crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-out",
                "chain.p7b")
    refused("nobody has signed this message", *ROOT, "chain.p7b")


def test_a_crl_is_verified_with_its_signer():
    contains(valid(*ROOT, "root.crl"), "  number of entries         0\n")
    valid(*BOTH, "revoked.crl")
    refused("no path to an anchor", *ROOT, "revoked.crl")
    later = datetime.date.today() + datetime.timedelta(days=90)
    result = refused("RFC 5280 6.3.3", *BOTH, "--at", later.isoformat(),
                     "revoked.crl")
    equal(result["error"]["name"], "BM_E_CRL_TIME")


def test_every_flipped_bit_is_noticed():
    data = cli.read("leaf.der")
    for bit in range(5, 8 * len(data), 211):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        write("flip.der", bytes(flipped))
        equal(verify(*BOTH, "flip.der")[0], 1, "bit %d" % bit)


def test_refusals_name_certificate_file_and_block():
    bad = cli.read(cli.sample("cert/ek-explicit-false.der"))
    write("pile.pem", cli.pem("CERTIFICATE", bad) +
          cli.read("sub.pem").decode())
    code, _, err = verify(*ROOT, "--untrusted", "pile.pem", "leaf.pem")
    equal(code, 0)
    contains(err, "pile.pem: block 1: RFC 5280 4.2.1.9")
    late = ["--at", "2031-01-01"]
    _, _, err = verify(*late, *ROOT, "--untrusted", "pile.pem",
                       "--model", "now", "leaf.pem")
    contains(err, "leaf.pem: block 1: RFC 5280 6.1.3 (a)(2): expired: CN=")
    write("bad.der", bad)
    _, _, err = verify(*ROOT, "bad.der")
    equal(err, "bad.der: RFC 5280 4.2.1.9: malformed basicConstraints: "
          "DEFAULT value is encoded (X.690 11.5) at 226\n")


def place(*args):
    """What is at the offset that a refusal names, in hexadecimal."""
    code, out, err = verify("--json", *args)
    equal(code, 1, args)
    at = json.loads(out)["error"]["offset"]
    contains(err, " at %d" % at)
    return at


def test_refusals_name_the_place():
    leaf = cli.read("leaf.der")
    csr = cli.openssl("req", "-in", "leaf.csr", "-outform", "DER")
    crl = cli.openssl("crl", "-in", "root.crl", "-outform", "DER")
    write("place.csr", csr[:-1] + bytes([csr[-1] ^ 1]))
    write("place.crl", crl)
    write("place.der", leaf[:-1] + bytes([leaf[-1] ^ 1]))

    at = place(*BOTH, "--at", "2100-01-01", "leaf.der")
    equal(leaf[at:at + 4].hex(), "301e170d", "validity")
    at = place(*BOTH, "--host", "x.example", "leaf.der")
    contains(leaf[at:at + 20].decode("latin-1"), "dev.example.com")
    at = place(*BOTH, "--purpose", "codeSigning", "leaf.der")
    equal(leaf[at:at + 4].hex(), "30140608", "extKeyUsage")
    at = place(*BOTH, "place.der")
    equal(leaf[at:at + 1].hex(), "30", "signature")
    at = place("place.csr")
    equal(csr[at - 1:at + 1].hex(), "0030", "signature")
    at = place(*ROOT, "--at", "2100-01-01", "place.crl")
    equal(crl[at:at + 2].hex(), "170d", "thisUpdate")
    at = place("--anchor", "sub.pem", "place.crl")
    contains(crl[at:at + 40].decode("latin-1"), "Example")
    signed = cli.read("signed.der")
    at = place(*ROOT, "--content", "content", "signed.der")
    equal(signed[at:at + 9].hex(), "2a864886f70d010701", "eContentType")
    equal(place(*ROOT, "x.cnf"), 0)


def test_files_of_no_use_stop_everything():
    for option in ("--anchor", "--untrusted", "--crl"):
        refused("nosuch: No such file", *ROOT, option, "nosuch", "leaf.pem")
        refused("leaf.key: ", *ROOT, option, "leaf.key", "leaf.pem")
    refused("no certificate in it", *ROOT, "--untrusted", "sub.crl",
            "leaf.pem")
    refused("no CRL in it", *ROOT, "--crl", "sub.pem", "leaf.pem")
    refused("nosuch: No such file", *ROOT, "nosuch")


def test_wrong_use_is_explained():
    misused("no file named", *ROOT)
    misused("one FILE at a time", *ROOT, "leaf.pem", "leaf.der")
    misused("no --anchor", "leaf.pem")
    misused("--at wants a time", *ROOT, "--at", "tomorrow", "leaf.pem")
    misused("--at wants a time", *ROOT, "--at", "2026-02-30", "leaf.pem")
    misused("--at wants a time", *ROOT, "--at", "2" * 100, "leaf.pem")
    misused("--model is now or issuance", *ROOT, "--model", "x", "leaf.pem")
    misused("does not know that name or OID", *ROOT, "--purpose", "server",
            "leaf.pem")
    misused("does not know that name or OID", *ROOT, "--policy", "1.99.3",
            "leaf.pem")
    misused("--host wants a host name", *ROOT, "--host", "a b", "leaf.pem")
    misused("--host wants a host name", *ROOT, "--host", "", "leaf.pem")
    for option, value in (("--at", "2026-01-01"), ("--model", "now"),
                          ("--purpose", "serverAuth"), ("--host", "a"),
                          ("--content", "content")):
        misused(option + " is given twice", *ROOT, option, value, option,
                value, "leaf.pem")
    misused("more than", *ROOT * 80, "leaf.pem")
    misused("did you mean '--anchor'?", "--ancor", "x", "leaf.pem")


def test_a_check_that_will_not_be_made_is_not_asked_for():
    asks = (("--content", "content"), ("--host", "a"),
            ("--purpose", "serverAuth"), ("--policy", "1.2.3"),
            ("--crl", "root.crl"))
    for name, n in (("leaf.pem", 1), ("sub.crl", 3), ("leaf.csr", 5)):
        for ask in asks[:n]:
            misused(ask[0] + " does not apply to a cert", *BOTH, *ask, name)


cli.main()
