# SPDX-License-Identifier: Apache-2.0
"""What a root signs, and what it refuses."""
import os

from root import (ISSUING, REHEARSE, ceremony, cli, der_sha256, established,
                  first_cert, folder, good, leaf, refused, request, root,
                  serial, sha256, sign, verify)
from root import contains, equal, write

FULL = """\
sign:
  - step: issuing
    kind: subordinate
    request: issuing.csr
    subject: [ { O: %(org)s }, { CN: %(org)s Issuing CA } ]
    validity: { for: 15y }
    path_len: 0
    name_constraints:
      permitted: [ { kind: dns, value: example.com } ]
      excluded: [ { kind: ip, value: 10.0.0.0/8 } ]
    policies: [ { oid: 1.3.6.1.4.1.99999.7 } ]
    public_url: http://ca.example.com:8080
"""


def test_a_subordinate_has_what_the_file_says():
    established("Acme", steps=FULL, algorithm="p384")
    text = cli.openssl("x509", "-in", "Acme.out/issuing.pem", "-noout",
                       "-text").decode()
    contains(text, "CA:TRUE, pathlen:0", "DNS:example.com",
             "IP:10.0.0.0/255.0.0.0", "1.3.6.1.4.1.99999.7",
             "URI:http://ca.example.com:8080/crl/root.crl",
             "URI:http://ca.example.com:8080/ca/root.crt",
             "ecdsa-with-SHA384")
    equal(verify("Acme.out/issuing.pem", "Acme/root.pem"), "OK")


def test_path_length_and_name_constraints_bind():
    issuing = first_cert("Acme.out/issuing.pem", "issuing.pem")
    leaf("good.pem", "Acme")
    equal(verify("good.pem", "Acme/root.pem", issuing), "OK")
    leaf("outside.pem", "Acme", host="a.example.org")
    contains(verify("outside.pem", "Acme/root.pem", issuing),
             "permitted subtree violation")
    leaf("sub.pem", "Acme", section="ca")
    write("below.cnf", "[leaf]\nbasicConstraints=CA:FALSE\n")
    request("below.csr", "/CN=below")
    cli.openssl("x509", "-req", "-in", "below.csr", "-CA", "sub.pem",
                "-CAkey", "sub.pem.csr.key", "-CAcreateserial", "-days", "9",
                "-extfile", "below.cnf", "-extensions", "leaf", "-out",
                "below.pem")
    contains(verify("below.pem", "Acme/root.pem", issuing, "sub.pem"),
             "path length constraint exceeded")


ARGS = ("sign", "Acme.yaml", "--dir", "Acme", "--in", "Acme.in", "--out",
        "Acme.out")


def test_the_same_request_needs_a_word():
    before = cli.read("Acme.out/issuing.pem")
    refused(3, "signed already", "--again", args=ARGS)
    os.rename("Acme.out/issuing.pem", "lost.pem")
    equal(good(*ARGS, "--again"), ["Acme.out/issuing.pem"])
    equal(cli.read("Acme.out/issuing.pem"), before)


def test_an_answer_never_takes_the_place_of_a_file():
    os.rename("Acme.out/issuing.pem", "lost.pem")
    write("Acme.out/issuing.pem", "mine\n")
    refused(3, "something else", args=ARGS + ("--again",))
    equal(cli.read("Acme.out/issuing.pem"), b"mine\n")
    os.rename("lost.pem", "Acme.out/issuing.pem")


def test_a_step_is_for_one_request():
    os.rename("Acme.in/issuing.csr", "first.csr")
    request("Acme.in/issuing.csr", "/O=Acme/CN=Acme Issuing CA")
    for more in ((), ("--again",)):
        refused(3, "for another issuing.csr", args=ARGS + more)
    os.rename("first.csr", "Acme.in/issuing.csr")


def test_what_is_not_named_is_not_signed():
    request("Acme.in/more.csr", "/CN=More")
    refused(3, "more.csr is a request", args=ARGS + ("--again",))
    os.remove("Acme.in/more.csr")
    refused(3, "step other", args=ARGS + ("--step", "other"))
    # What is no request may lie there.
    write("Acme.in/readme.txt", "hello\n")
    good(*ARGS, "--again")


STEP = """\
sign:
  - { step: x, kind: subordinate, request: x.csr, subject: [ { CN: X } ],
      validity: { for: 1y }%s }
"""


def x_args(where):
    return ("sign", "X.yaml", "--dir", "X", "--in", where + ".in", "--out",
            where + ".out", *REHEARSE)


def test_bad_requests_are_refused_and_nothing_is_signed():
    ceremony("X", steps=STEP % "")
    good("init", "X.yaml", "--out", "X", *REHEARSE)
    folder("x.in", "x.out")
    args = x_args("x")

    request("x.in/x.csr", "/CN=Y")
    refused(3, "x.csr asks for another subject, CN=Y: step x says CN=X",
            args=args)
    cli.openssl("req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout",
                os.devnull, "-subj", "/CN=X", "-out", "x.in/x.csr")
    refused(1, "x.in/x.csr", args=args)
    os.remove("x.in/x.csr")
    os.mkfifo("x.in/x.csr")
    refused(1, "x.csr is no file", args=args)
    os.remove("x.in/x.csr")
    request("x.in/x.csr", "/CN=X")
    good_request = cli.read("x.in/x.csr")
    der = bytearray(cli.openssl("req", "-in", "x.in/x.csr", "-outform",
                                "DER"))
    der[-1] ^= 1
    write("x.in/x.csr", bytes(der))
    refused(1, "x.in/x.csr", args=args)
    write("x.in/x.csr", good_request + good_request)
    refused(1, "one request is expected", args=args)
    write("x.in/x.csr", cli.read("X/root.pem"))
    refused(1, "one request is expected", args=args)
    write("x.in/x.csr", "no request\n")
    refused(1, "x.in/x.csr", args=args)
    equal(os.listdir("x.out"), [])
    equal(root("transcript", "--dir", "X")[1].count("event: plan"), 1)


def test_a_request_can_be_pinned():
    folder("pin.in", "pin.out")
    request("pin.in/x.csr", "/CN=X")
    right = der_sha256("pin.in/x.csr", "req")
    write("spki", cli.openssl("pkey", "-in", "pin.in/x.csr.key", "-pubout",
                              "-outform", "DER"))
    for pin in (", request_sha256: " + "0" * 64, ", key_sha256: " + "0" * 64):
        ceremony("X", steps=STEP % pin)
        refused(3, "not what the ceremony file names", args=x_args("pin"))
    pins = ", request_sha256: %s, key_sha256: %s" % (right, sha256("spki"))
    ceremony("X", steps=STEP % pins)
    equal(good(*x_args("pin")), ["pin.out/REHEARSAL-x.pem"])


def test_der_is_as_good_as_pem():
    ceremony("X", steps=(STEP % "").replace("step: x", "step: der"))
    folder("der.in", "der.out")
    request("der.csr", "/CN=X")
    write("der.in/x.csr", cli.openssl("req", "-in", "der.csr", "-outform",
                                      "DER"))
    equal(good(*x_args("der")), ["der.out/REHEARSAL-der.pem"])


def test_the_root_is_the_one_of_the_file():
    write("wrong.yaml", cli.read("Acme.yaml").replace(b"Acme Root", b"Bcme"))
    refused(3, "another root",
            args=("sign", "wrong.yaml") + ARGS[2:])
    code, _, err = root("init", "Acme.yaml", "--out", "Acme")
    equal(code, 3, err)


def test_a_rehearsal_is_no_root_and_a_root_no_rehearsal():
    folder("Acme.try")
    good("init", "Acme.yaml", "--out", "Try", "--rehearse")
    args = ("sign", "Acme.yaml", "--dir", "Try", "--in", "Acme.in", "--out",
            "Acme.try")
    refused(3, "is of a rehearsal", args=args)
    refused(3, "real root", args=ARGS + ("--rehearse", "--again"))
    code, out, err = root(*args, "--rehearse")
    equal((code, out), (0, "Acme.try/REHEARSAL-issuing.pem\n"), err)
    contains(err, "REHEARSAL: throw-away keys")
    # Nor does it pass for one by its exit code.
    write("try.t", root("transcript", "--dir", "Try")[1])
    verify_try = ("transcript", "--verify", "try.t", "--root", "Try/root.pem")
    refused(3, "try.t is of a REHEARSAL", args=verify_try)
    good(*verify_try, "--rehearse")
    write("acme.t", root("transcript", "--dir", "Acme")[1])
    refused(3, "acme.t is of a real root",
            args=("transcript", "--verify", "acme.t", "--root",
                  "Acme/root.pem", "--rehearse"))
    for path in ("Try/root.pem", "Acme.try/REHEARSAL-issuing.pem"):
        text = cli.openssl("x509", "-in", path, "-noout", "-subject",
                           "-issuer").decode()
        equal(text.count("CN = REHEARSAL - "), 2, text)
    contains(root("transcript", "--dir", "Try")[1],
             "REHEARSAL with throw-away keys", "rehearsal: yes")


def test_what_waits_is_said_and_harms_nothing():
    more = ISSUING % {"org": "Acme"} + (STEP % "").replace("sign:\n", "")
    ceremony("Wait", steps=more)
    good("init", "Wait.yaml", "--out", "Wait")
    folder("Wait.in", "Wait.out")
    request("Wait.in/x.csr", "/CN=X")
    code, out, err = root("sign", "Wait.yaml", "--dir", "Wait", "--in",
                          "Wait.in", "--out", "Wait.out")
    equal((code, out), (0, "Wait.out/x.pem\n"), err)
    contains(err, "issuing waits")
    # Named, it has to be there.
    refused(1, "issuing.csr",
            args=("sign", "Wait.yaml", "--dir", "Wait", "--in", "Wait.in",
                  "--out", "Wait.out", "--step", "issuing"))


# ---- Revocation

CRL = """\
crl:
  lifetime: 90d
  revoked: [ %s ]
"""


def revoked(number, reason="keyCompromise", date="2026-01-02T03:04:05Z"):
    return "{ serial: %s, date: %s, reason: %s }" % (number, date, reason)


def crl(entries, code=0, *words):
    ceremony("Acme", steps=FULL, more=CRL % ", ".join(entries),
             algorithm="p384")
    args = ("crl", "Acme.yaml", "--dir", "Acme", "--out", "Acme.out")
    if code != 0:
        return refused(code, *words, args=args)
    return good(*args)[0]


def test_revocation_lists_go_on_from_each_other():
    number = serial("Acme.out/issuing.pem")
    issuing = first_cert("Acme.out/issuing.pem", "issuing.pem")
    check = ("-crl_check", "-CRLfile")
    equal(crl([]), "Acme.out/crl-1.crl")
    equal(verify(issuing, "Acme/root.pem", args=check +
                 ("Acme.out/crl-1.crl",)), "OK")
    equal(crl([revoked(number)]), "Acme.out/crl-2.crl")
    contains(verify(issuing, "Acme/root.pem",
                    args=check + ("Acme.out/crl-2.crl",)),
             "certificate revoked")
    text = cli.openssl("crl", "-in", "Acme.out/crl-2.crl", "-noout", "-text",
                       "-verify", "-CAfile", "Acme/root.pem").decode()
    contains(text, "Key Compromise", "Jan  2 03:04:05 2026")
    # Nobody comes back, and nobody is revoked who was never signed.
    crl([], 3, "crl-2 revoked a certificate that Acme.yaml does not name")
    crl([revoked(number, "superseded")], 3, "another date or reason")
    crl([revoked(number), revoked("0102")], 3,
        "item 2 is no certificate of this root")
    crl([revoked(number, date="2999-01-01T00:00:00Z")], 3, "of the future")
    equal(crl([revoked(number)]), "Acme.out/crl-3.crl")


def test_a_root_of_an_instance_is_taken_over():
    code, _, err = cli.run("init", "inst", "--org", "Acme", "--host",
                           "ca.example.com")
    equal(code, 0, err)
    ceremony("Acme", steps=STEP % "")
    folder("inst.in", "inst.out")
    request("inst.in/x.csr", "/CN=X")
    args = ("--dir", "inst/root", "--out", "inst.out")
    equal(good("crl", "Acme.yaml", *args), ["inst.out/crl-2.crl"])
    equal(good("sign", "Acme.yaml", "--in", "inst.in", *args),
          ["inst.out/x.pem"])
    equal(verify("inst.out/x.pem", "inst/ca/root.pem"), "OK")
    write("t", root("transcript", "--dir", "inst/root")[1])
    good("transcript", "--verify", "t", "--root", "inst/ca/root.pem",
         "inst.out/x.pem", "inst.out/crl-2.crl")
    # Without what it signed, a root signs nothing, and is not taken over again.
    os.rename("inst/root/transcript", "away")
    refused(1, "nobody knows what was signed",
            args=("crl", "Acme.yaml", *args))


# ---- Shares

SHARED = """\
custodians:
  threshold: 2
  names: [ Ada Lovelace, Bob, Carol ]
"""


def shares_of(where):
    return sorted(os.path.join(where, name) for name in os.listdir(where)
                  if name.endswith(".share"))


def test_custodians_open_the_root_together():
    ceremony("Kept", steps=ISSUING, more=SHARED)
    good("init", "Kept.yaml", "--out", "Kept", *REHEARSE)
    folder("Kept.in", "Kept.out", "Kept.away")
    request("Kept.in/issuing.csr", "/O=Kept/CN=Kept Issuing CA")
    shares = shares_of("Kept/shares")
    equal(os.path.exists("Kept/unlock"), False)
    args = ("sign", "Kept.yaml", "--dir", "Kept", "--in", "Kept.in", "--out",
            "Kept.out", *REHEARSE)
    refused(1, "too few shares", args=args)
    refused(1, "too few shares", args=args + ("--share", shares[0]))
    refused(1, "same share a second time",
            args=args + ("--share", shares[0], "--share", shares[0]))
    text = cli.read(shares[1]).decode()
    at = text.index("custodian") - 2
    digit = "0" if text[at] != "0" else "1"
    os.chmod(write("typo", text[:at] + digit + text[at + 1:]), 0o400)
    refused(1, "mistyped", args=args + ("--share", shares[0], "--share",
                                        "typo"))
    good("init", "Kept.yaml", "--out", "Other", *REHEARSE)
    refused(1, "another set",
            args=args + ("--share", shares[0], "--share",
                         shares_of("Other/shares")[1]))
    equal(os.listdir("Kept.out"), [])
    good(*args, "--share", shares[2], "--share", shares[0])
    contains(root("transcript", "--dir", "Kept")[1],
             "custodian: Ada Lovelace\ncustodian: Bob\ncustodian: Carol\n",
             "custodian: Carol\ncustodian: Ada Lovelace\n")
    refused(1, "unlock secret is wrong",
            args=ARGS + ("--again", "--share", shares[0], "--share",
                         shares[1]))


def test_shares_are_tried_and_made_anew():
    old = shares_of("Kept/shares")
    args = ("shares", "Kept.yaml", "--dir", "Kept", *REHEARSE)

    def with_shares(*shares):
        return [word for share in shares for word in ("--share", share)]

    code, out, err = root(*args, "--check", *with_shares(*old[1:]))
    equal((code, out), (0, ""), err)
    contains(err, "Bob\nCarol\n", "they open it")
    ceremony("Kept", steps=ISSUING,
             more=SHARED.replace("Carol", "Dora").replace("d: 2", "d: 3"))
    folder("new")
    equal(good(*args, "--out", "new", *with_shares(*old[:2])), ["new"])
    new = shares_of("new")
    refused(1, "unlock secret is wrong",
            args=args + ("--check", *with_shares(*old)))
    refused(1, "too few shares",
            args=args + ("--check", *with_shares(*new[1:])))
    good(*args, "--check", *with_shares(*new))
    contains(root("transcript", "--dir", "Kept")[1], "event: shares-valid")
    # A root whose secret is a file gets custodians later.
    refused(1, "no share opens this root",
            args=("shares", "Acme.yaml", "--dir", "Acme", "--check"))
    ceremony("Acme", steps=FULL, algorithm="p384", more=SHARED)
    folder("first")
    good("shares", "Acme.yaml", "--dir", "Acme", "--out", "first")
    equal(os.path.exists("Acme/unlock"), False)
    refused(1, "too few shares", args=ARGS + ("--again",))
    good(*ARGS, "--again", *with_shares(*shares_of("first")[:2]))


def test_a_long_name_stands_on_a_share_as_far_as_it_goes():
    """It is cut where a word ends."""
    text = cli.read(ceremony("Kept", steps="", more=SHARED))
    write("Long.yaml", text.replace(b"CN: Kept Root CA",
                                    b"CN: %s Root CA" % (b"L" * 49)))
    good("init", "Long.yaml", "--out", "Long", *REHEARSE)
    contains(cli.read(shares_of("Long/shares")[0]).decode(), "L" * 49 + "\n")


def test_a_list_lives_no_longer_than_its_root():
    ceremony("Short", steps="", more="crl: { lifetime: 400d }\n")
    write("Short.yaml", cli.read("Short.yaml").replace(b"30y", b"10d"))
    good("init", "Short.yaml", "--out", "Short", *REHEARSE)
    folder("Short.out")
    path, = good("crl", "Short.yaml", "--dir", "Short", "--out", "Short.out",
                 *REHEARSE)
    until = [cli.openssl(*words, "-noout", what).decode().split("=")[1]
             for words, what in ((("x509", "-in", "Short/root.pem"),
                                  "-enddate"),
                                 (("crl", "-in", path), "-nextupdate"))]
    equal(until[0], until[1])


# ---- The ceremony file

def test_a_ceremony_file_is_read_strictly():
    base = cli.read(ceremony("Acme")).decode()
    for old, new, words in (
            ("kind: subordinate", "kind: subordinat", "12:11"),
            ("path_len: 0", "pathlen: 0", "unknown key"),
            ("path_len: 0", "path_len: 0\n    certificate: a", "has no"),
            ("for: 15y", "for: 15 years", "must be a duration"),
            ("algorithm: p256", "algorithm: p255", "did you mean"),
            ("place: file", "place: /dev/null", "place is file"),
            ("request: issuing.csr", "request: ../issuing.csr", "folder"),
            ("step: issuing", "step: root", "name of a step"),
            ("step: issuing", "step: crl-1", "does not begin with crl-"),
            ("CN: Acme Root CA", "CM: Acme Root CA", "unknown attribute"),
            ("{ O: Acme }\n", "{ C: Germany }\n", "C cannot be"),
    ):
        if words == "12:11":
            line = [n for n, text in enumerate(base.split("\n"), 1)
                    if old in text][0]
            words = "bad.yaml:%d:11" % line
        equal(old in base, True, old)
        write("bad.yaml", base.replace(old, new))
        code, out, err = root("init", "bad.yaml", "--out", "Never")
        equal((code, out), (1, ""), err)
        contains(err, "bad.yaml:", words)
        equal(os.path.exists("Never"), False)


def test_the_example_can_be_played():
    path = os.path.join(cli.TOP, "examples/ceremony/acme.yaml")
    write("acme.yaml", cli.read(path))
    good("init", "acme.yaml", "--out", "Example", "--rehearse",
         "--operator", "Ada", "--witness", "Bob", "--witness", "Carol")
    equal(len(sha256("Example/root.pem")), 64)


if __name__ == "__main__":
    cli.main()
