# SPDX-License-Identifier: Apache-2.0
"""Roots that vouch for each other, and a root that follows another."""
import os

from root import (REHEARSE, ceremony, cli, der_sha256, established,
                  first_cert, folder, good, leaf, refused, request, sign,
                  verify)
from root import contains, equal, write

CROSS = """\
sign:
  - step: ours
    kind: request
  - step: theirs
    kind: cross
    certificate: theirs.pem
    certificate_sha256: %(pin)s
    validity: { for: 5y }
    path_len: 1
    name_constraints:
      permitted: [ { kind: dns, value: example.com } ]
"""

FOR_THEM = """\
sign:
  - step: co-root
    kind: subordinate
    request: co-root.csr
    subject: [ { O: %(them)s }, { CN: %(them)s Root CA } ]
    validity: { for: 5y }
    path_len: 1
"""


def copy(path, to):
    write(to, cli.read(path))


def test_a_co_root_is_certified_and_certifies_us():
    established("One")
    established("Two")
    pin = der_sha256("Two/root.pem")
    ceremony("One", steps=CROSS.replace("%(pin)s", pin))
    folder("cross.in", "cross.out")
    copy("Two/root.pem", "cross.in/theirs.pem")
    good("sign", "One.yaml", "--dir", "One", "--in", "cross.in", "--out",
         "cross.out")
    equal(sorted(os.listdir("cross.out")), ["ours.csr", "theirs.pem"])
    # A request of our own is in nobody's way, where one stick is for both.
    copy("cross.out/ours.csr", "cross.in/ours.csr")
    good("sign", "One.yaml", "--dir", "One", "--in", "cross.in", "--out",
         "cross.out", "--again")

    # What Two issued is good for who trusts One alone.
    leaf("two-leaf.pem", "Two")
    cross = first_cert("cross.out/theirs.pem", "cross.pem")
    issuing = first_cert("Two.out/issuing.pem", "two-issuing.pem")
    equal(verify("two-leaf.pem", "One/root.pem", issuing, cross), "OK")
    contains(verify("two-leaf.pem", "One/root.pem", issuing), "error")

    # But not beyond the constraints.
    leaf("outside.pem", "Two", host="a.example.org")
    contains(verify("outside.pem", "One/root.pem", issuing, cross),
             "permitted subtree violation")
    equal(verify("outside.pem", "Two/root.pem", issuing), "OK")

    # The other direction, from the request that One wrote.
    ceremony("Two", steps=FOR_THEM.replace("%(them)s", "One"))
    folder("back.in", "back.out")
    copy("cross.out/ours.csr", "back.in/co-root.csr")
    good("sign", "Two.yaml", "--dir", "Two", "--in", "back.in", "--out",
         "back.out")
    leaf("one-leaf.pem", "One")
    back = first_cert("back.out/co-root.pem", "back.pem")
    issuing = first_cert("One.out/issuing.pem", "one-issuing.pem")
    equal(verify("one-leaf.pem", "Two/root.pem", issuing, back), "OK")


def test_a_cross_certificate_is_for_the_root_that_was_reviewed():
    pin = der_sha256("One/root.pem")
    ceremony("Two", steps=CROSS.replace("%(pin)s", pin))
    folder("pin.in", "pin.out")
    copy("Two/root.pem", "pin.in/theirs.pem")
    args = ("sign", "Two.yaml", "--dir", "Two", "--in", "pin.in", "--out",
            "pin.out")
    refused(3, "not what the ceremony file names", args=args)
    equal(os.listdir("pin.out"), [])
    # Nor for its own key, pinned or not.
    ceremony("Two", steps=CROSS.replace("%(pin)s",
                                        der_sha256("Two/root.pem")))
    refused(3, "the root's own key", args=args)
    # Nor for what is no root.
    ceremony("Two", steps=CROSS.replace(
        "%(pin)s", der_sha256("One.out/issuing.pem")))
    first_cert("One.out/issuing.pem", "pin.in/theirs.pem")
    refused(3, "no certificate of a root", args=args)


def test_requests_are_written_by_their_own_verb_too():
    ceremony("Two", steps="sign: [ { step: ours, kind: request } ]\n")
    folder("req.out")
    equal(good("request", "Two.yaml", "--dir", "Two", "--out", "req.out"),
          ["req.out/ours.csr"])
    text = cli.openssl("req", "-in", "req.out/ours.csr", "-noout", "-verify",
                       "-subject")
    contains(text.decode(), "Two Root CA")
    refused(3, "signed already",
            args=("request", "Two.yaml", "--dir", "Two", "--out", "req.out"))


def rollover(kind, pin):
    return ("sign: [ { step: link, kind: %s, certificate: link.pem, "
            "certificate_sha256: %s } ]\n" % (kind, pin))


def test_a_new_root_follows_the_old_one():
    """RFC 4210 4.4: NewWithOld for who trusts the old root, OldWithNew for
    who trusts the new one."""
    established("Old")
    established("New")
    leaf("old-leaf.pem", "Old")
    leaf("new-leaf.pem", "New")
    for ours, theirs, kind in (("Old", "New", "new-with-old"),
                               ("New", "Old", "old-with-new")):
        ceremony(ours, steps=rollover(kind, der_sha256(theirs + "/root.pem")))
        folder(kind + ".in")
        copy(theirs + "/root.pem", kind + ".in/link.pem")
        sign(ours, where=kind)
        link = first_cert(kind + ".out/link.pem", kind + ".pem")
        issuing = first_cert(theirs + ".out/issuing.pem", "issuing.pem")
        target = theirs.lower() + "-leaf.pem"
        equal(verify(target, ours + "/root.pem", issuing, link), "OK", kind)
        contains(verify(target, ours + "/root.pem", issuing), "error")
        text = [cli.openssl("x509", "-in", path, "-noout", "-subject",
                            "-dates", "-ext", "subjectKeyIdentifier")
                for path in (link, theirs + "/root.pem")]
        if kind == "old-with-new":
            # All of the old certificate's life, and under its name.
            equal(text[0], text[1])
        else:
            equal(text[0].split(b"notBefore")[0], text[1].split(b"not")[0])


def test_a_link_goes_no_further_than_the_root_it_links():
    limits = "    permitted: [ { kind: dns, value: example.com } ]\n"
    for name, more in (("Len", ""), ("Con", "  name_constraints:\n" + limits)):
        text = cli.read(ceremony(name, steps="")).decode()
        write(name + ".yaml", text + "  path_len: 1\n" + more)
        good("init", name + ".yaml", "--out", name, *REHEARSE)
        folder(name + ".in", name + ".out")
        copy(name + "/root.pem", name + ".in/link.pem")
        steps = rollover("new-with-old", der_sha256(name + "/root.pem"))
        ceremony("Old", steps=steps.replace("step: link", "step: " +
                                            name.lower()))
        args = ("sign", "Old.yaml", "--dir", "Old", "--in", name + ".in",
                "--out", name + ".out")
        if more:
            refused(3, "link.pem has name constraints", args=args)
            equal(os.listdir("Con.out"), [])
        else:
            equal(good(*args), ["Len.out/len.pem"])
            contains(cli.openssl("x509", "-in", "Len.out/len.pem", "-noout",
                                 "-text").decode(), "CA:TRUE, pathlen:1")


def test_a_key_is_certified_once():
    steps = """\
sign:
  - { step: a, kind: subordinate, request: a.csr, subject: [ { CN: A } ],
      validity: { for: 1y } }
  - { step: b, kind: subordinate, request: b.csr, subject: [ { CN: B } ],
      validity: { for: 1y } }
  - { step: c, kind: subordinate, request: c.csr, subject: [ { CN: A } ],
      validity: { for: 2y }, renews: a }
  - { step: d, kind: subordinate, request: d.csr, subject: [ { CN: A } ],
      validity: { for: 3y }, renews: c }
"""
    ceremony("One", steps=steps)
    folder("twice.in", "twice.out")
    request("twice.in/a.csr", "/CN=A")
    request("twice.in/b.csr", "/CN=B", "twice.in/a.csr.key")
    args = ("sign", "One.yaml", "--dir", "One", "--in", "twice.in", "--out",
            "twice.out")
    refused(3, "b.csr has the key of step a", args=args)
    equal(os.listdir("twice.out"), [])
    os.remove("twice.in/b.csr")
    good(*args)
    # Later as well, unless the file says that it is to be renewed.
    request("twice.in/b.csr", "/CN=B", "twice.in/a.csr.key")
    refused(3, "b.csr has the key of step a", args=args + ("--step", "b"))
    # It is that key then, and no other; and so on.
    request("twice.in/c.csr", "/CN=A")
    refused(3, "c.csr has not the key of step a", args=args + ("--step", "c"))
    request("twice.in/c.csr", "/CN=A", "twice.in/a.csr.key")
    equal(good(*args, "--step", "c"), ["twice.out/c.pem"])
    request("twice.in/d.csr", "/CN=A", "twice.in/a.csr.key")
    equal(good(*args, "--step", "d"), ["twice.out/d.pem"])


if __name__ == "__main__":
    cli.main()
