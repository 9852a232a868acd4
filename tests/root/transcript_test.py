# SPDX-License-Identifier: Apache-2.0
"""Transcripts: what they say, and that nobody can make them say otherwise."""
import fcntl
import os

import transcript
from root import (ceremony, cli, der_sha256, established, folder, good,
                  refused, root, sha256)
from root import contains, equal, write

VERIFY = ("transcript", "--verify", "t", "--root", "Acme/root.pem")


def text():
    return root("transcript", "--dir", "Acme")[1].encode()


def entries(event):
    return [dict(pairs) for pairs in transcript.verify(text(), "Acme.pub")
            if pairs[3] == ("event", event)]


def test_it_says_what_was_done():
    established("Acme")
    good("crl", "Acme.yaml", "--dir", "Acme", "--out", "Acme.out",
         "--operator", "Ada", "--witness", "B\u00f6b")
    write("Acme.pub", cli.openssl("x509", "-in", "Acme/root.pem", "-noout",
                                  "-pubkey"))
    # Verified by the second implementation.
    equal([e["act"] for e in entries("session")], ["init", "sign", "crl"])
    session = entries("session")[-1]
    equal(session["operator"], "Ada")
    equal(session["witness"], "B\u00f6b")
    equal(session["ceremony-sha256"], sha256("Acme.yaml"))
    contains(session["tool"], "birthmark ")
    equal([e["step"] for e in entries("signed")], ["root", "issuing", "crl-1"])
    plan = entries("plan")[1]
    equal(plan["input-sha256"], sha256("Acme.in/issuing.csr"))
    equal(plan["input-der-sha256"], der_sha256("Acme.in/issuing.csr", "req"))
    equal(entries("signed")[1]["certificate-sha256"],
          der_sha256("Acme.out/issuing.pem"))
    equal(entries("handed-out")[0]["output-sha256"],
          sha256("Acme.out/issuing.pem"))
    # What was planned is what was signed.
    tbs = transcript.base64.b64decode(plan["tbs"])
    der = transcript.base64.b64decode(entries("signed")[1]["certificate"])
    equal(tbs in der, True)
    equal(transcript.hashlib.sha256(tbs).hexdigest(), plan["tbs-sha256"])


def test_the_program_agrees():
    write("t", text())
    head, = good(*VERIFY, "--head", text().decode().split("hash: ")[-1][:64])
    equal(head.encode() in text(), True)
    good(*VERIFY, "Acme.yaml", "Acme.in/issuing.csr", "Acme.out/issuing.pem",
         "Acme.out/crl-1.crl")
    refused(1, "does not mention this", args=VERIFY + ("leaf.pem",))
    refused(1, "it ends with", args=VERIFY + ("--head", "0" * 64))
    refused(2, "needs --root", args=VERIFY[:3])
    refused(2, "either", args=("transcript",))


def test_another_roots_transcript_is_not_this_ones():
    ceremony("Bcme", steps="")
    good("init", "Bcme.yaml", "--out", "Bcme")
    write("t", text())
    refused(1, "not signed by this root",
            args=("transcript", "--verify", "t", "--root", "Bcme/root.pem"))


def broken(changed, words):
    """Both implementations find it."""
    write("t", changed)
    code, out, err = root(*VERIFY)
    equal((code, out), (1, ""), words + err)
    try:
        transcript.verify(changed, "Acme.pub")
    except (transcript.Bad, ValueError):
        return
    raise AssertionError("the second implementation: " + words)


def test_entries_are_not_changed_dropped_doubled_or_moved():
    head, parts = transcript.split(text())
    parts = [b"\n" + part for part in parts]
    for i, part in enumerate(parts):
        rest = parts[:i] + parts[i + 1:]
        if i + 1 != len(parts):
            broken(head + b"".join(rest), "dropped %d" % i)
            swapped = parts[:i] + [parts[i + 1], part] + parts[i + 2:]
            broken(head + b"".join(swapped), "moved %d" % i)
        broken(head + b"".join(parts[:i] + [part, part] + parts[i + 1:]),
               "doubled %d" % i)
    # The end of a session is a place to stop; any other is not.
    for i in range(1, len(parts)):
        if b"\nevent: closed\n" not in parts[i - 1]:
            broken(head + b"".join(parts[:i]), "cut after %d" % i)
    broken(head, "no entry")
    broken(b"", "nothing")


def test_who_can_hash_cannot_sign():
    """An entry is changed and all hashes are made anew."""
    head, parts = transcript.split(text())
    before = transcript.hashlib.sha256(head).hexdigest()
    out = head
    for part in parts:
        part = part.replace(b"operator: Ada", b"operator: Eve")
        lines = part.split(b"\n")
        lines[1] = b"before: " + before.encode()
        body = b"\n".join(lines[:-2]) + b"\n"
        before = transcript.hashlib.sha256(body).hexdigest()
        out += b"\n" + body + b"hash: " + before.encode() + b"\n"
    equal(b"Eve" in out, True)
    broken(out, "made anew")


def test_a_lost_transcript_is_not_begun_anew():
    os.rename("Acme/transcript", "away")
    args = ("crl", "Acme.yaml", "--dir", "Acme", "--out", "Acme.out")
    refused(1, "nobody knows what was signed", args=args)
    # Nor one that was changed, or whose end is missing.
    whole = cli.read("away")
    write("Acme/transcript", whole[:-100])
    refused(1, "malformed transcript", args=args)
    write("Acme/transcript", whole.replace(b"step: issuing", b"step: issuinG"))
    refused(1, "transcript was changed", args=args)
    os.rename("away", "Acme/transcript")


def test_one_session_at_a_time():
    folder("busy.out")
    lock = os.open("Acme/root.pem", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    refused(1, "in use",
            args=("crl", "Acme.yaml", "--dir", "Acme", "--out", "busy.out"))
    os.close(lock)


if __name__ == "__main__":
    cli.main()
