# SPDX-License-Identifier: Apache-2.0
"""Transcripts: what they say, and that nobody can make them say otherwise."""
import fcntl
import os
import re

import transcript
from root import (REHEARSE, ceremony, cli, der_sha256, established, folder,
                  good, refused, request, root, sha256)
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


# ---- Until a session is closed, its entries take no key to be written

def forge(name, *bodies, keep=None):
    """The transcript of NAME, cut to `keep` entries, with others behind them
    whose hashes are right."""
    head, parts = transcript.split(cli.read(name + "/transcript"))
    parts = parts[:keep]
    out = head + b"".join(b"\n" + part for part in parts)
    before = parts[-1].strip().split(b"hash: ")[-1]
    for number, body in enumerate(bodies, len(parts) + 1):
        entry = b"entry: %d\nbefore: %s\n%s" % (number, before, body)
        before = transcript.hashlib.sha256(entry).hexdigest().encode()
        out += b"\n" + entry + b"hash: " + before + b"\n"
    write(name + "/transcript", out)


def body_of(name, event, step):
    """The last entry of that kind, from its time on, and its number."""
    _, parts = transcript.split(cli.read(name + "/transcript"))
    want = b"event: %s\nstep: %s\n" % (event, step)
    at = max(i for i, part in enumerate(parts) if want in part)
    return re.search(b"time: .*\n(?=hash: )", parts[at], re.S).group(0), at


def other_tbs(body, new):
    """The plan with other octets."""
    out = re.sub(b"\ntbs: .*\n", b"\ntbs: %s\n" %
                 transcript.base64.b64encode(new), body)
    return re.sub(b"\ntbs-sha256: .*\n", b"\ntbs-sha256: %s\n" %
                  transcript.hashlib.sha256(new).hexdigest().encode(), out)


def tbs_of(body):
    return transcript.base64.b64decode(
        re.search(b"\ntbs: (.*)\n", body).group(1))


DCME = ("Dcme.yaml", "--dir", "Dcme", "--out", "Dcme.fresh")


def test_a_plan_that_somebody_put_there_is_not_signed():
    established("Dcme")
    folder("Dcme.fresh")
    whole = cli.read("Dcme/transcript")
    plan, at = body_of("Dcme", b"plan", b"issuing")
    tbs = tbs_of(plan)
    request("other.csr", "/CN=x")
    ours, theirs = (re.search(b"\x03\x42\x00\x04.{64}", der, re.S).group(0)
                    for der in (tbs, cli.openssl("req", "-in", "other.csr",
                                                 "-outform", "DER")))
    for old, new in ((b"Issuing", b"Evilest"),
                     (ours, theirs),
                     (b"\x02\x01\x00", b"\x02\x01\x05")):
        evil = tbs.replace(old, new)
        equal(evil != tbs, True)
        forge("Dcme", other_tbs(plan, evil), keep=at)
        refused(3, "what was planned for issuing",
                args=("sign", *DCME, "--in", "Dcme.in"))
        equal(os.listdir("Dcme.fresh"), [])
        write("Dcme/transcript", whole)
    # A certificate is no list.
    forge("Dcme", body_of("Dcme", b"plan", b"issuing")[0].replace(
        b"step: issuing", b"step: crl-1\nnumber: 1"), keep=at)
    refused(3, "what was planned for crl-1", args=("crl", *DCME))
    equal(os.listdir("Dcme.fresh"), [])
    write("Dcme/transcript", whole)


def test_a_signature_that_somebody_put_there_is_not_handed_out():
    whole = cli.read("Dcme/transcript")
    plan, at = body_of("Dcme", b"plan", b"issuing")
    signed = body_of("Dcme", b"signed", b"issuing")[0]
    der = bytearray(transcript.base64.b64decode(
        re.search(b"certificate: (.*)\n", signed).group(1)))
    der[-1] ^= 1
    forge("Dcme", plan, re.sub(b"certificate: .*\n", b"certificate: %s\n" %
                               transcript.base64.b64encode(der), signed),
          keep=at)
    refused(1, "signature", args=("sign", *DCME, "--in", "Dcme.in"))
    equal(os.listdir("Dcme.fresh"), [])
    write("Dcme/transcript", whole)


def test_closed_sessions_are_signed_by_the_root():
    whole = cli.read("Dcme/transcript")
    closed = re.search(b"time: .*\n(?=hash: )",
                       transcript.split(whole)[1][-1], re.S).group(0)
    forge("Dcme", closed, keep=-1)
    good("crl", *DCME)  # the same entry again
    os.remove("Dcme.fresh/crl-1.crl")
    write("Dcme/transcript", whole)
    forge("Dcme", closed.split(b"\n")[0] + b"\nevent: session\n", closed)
    refused(1, "not signed by this root", args=("crl", *DCME))
    write("Dcme/transcript", whole)


def test_what_was_planned_is_finished_by_the_file_it_was_planned_by():
    old = cli.read("Dcme.yaml")
    plan, at = body_of("Dcme", b"plan", b"issuing")
    forge("Dcme", plan, keep=at)  # interrupted there
    write("Dcme.yaml", old.replace(b"for: 15y", b"for: 5y"))
    then = transcript.hashlib.sha256(old).hexdigest()
    args = ("sign", *DCME, "--in", "Dcme.in")
    refused(3, "what was planned for issuing", "Dcme.yaml",
            "ceremony file with SHA-256 %s finishes it" % then, args=args)
    equal(os.listdir("Dcme.fresh"), [])
    write("Dcme.yaml", old)
    code, out, err = root(*args)
    equal((code, out), (0, "Dcme.fresh/issuing.pem\n"), err)
    contains(err, "to be signed: issuing", "was interrupted, and is finished")
    write("d", cli.openssl("x509", "-in", "Dcme.fresh/issuing.pem", "-outform",
                           "DER"))
    equal(tbs_of(plan) in cli.read("d"), True)


def test_an_older_transcript_is_known_by_what_people_wrote_down():
    """It is signed as well as the newer one, and knows less."""
    whole = cli.read("Dcme/transcript")
    _, parts = transcript.split(whole)
    ends = [i + 1 for i, part in enumerate(parts)
            if b"\nevent: closed\n" in part]
    heads = [parts[i - 1].split(b"hash: ")[-1].strip().decode() for i in ends]
    forge("Dcme", keep=ends[-2])
    args = ("transcript", "--verify", "Dcme/transcript", "--root",
            "Dcme/root.pem")
    equal(good(*args), [heads[-2]])
    refused(1, "it ends with " + heads[-2], args=args + ("--head", heads[-1]))
    for act in (("sign", *DCME, "--in", "Dcme.in"), ("crl", *DCME),
                ("request", *DCME), ("shares", *DCME)):
        refused(3, "no session ended with that hash",
                "the last session ended with " + heads[-2],
                args=act + ("--head", heads[-1]))
    refused(2, "64 hexadecimal", args=("crl", *DCME, "--head", "x" * 64))
    # Time does not go back in a transcript either.
    forge("Dcme", b"time: 2020-01-01T00:00:00Z\nevent: session\n")
    refused(3, "clock is behind", args=("crl", *DCME))
    write("Dcme/transcript", whole)
    good("crl", *DCME, "--head", heads[0])
    # The first one can be written down as well.
    ceremony("Ecme", steps="")
    code, _, err = root("init", "Ecme.yaml", "--out", "Ecme", *REHEARSE)
    equal(code, 0, err)
    end = cli.read("Ecme/transcript").split(b"hash: ")[-1].strip().decode()
    contains(err, "the transcript ends with " + end)


def test_a_root_is_believed_no_more_than_it_signed():
    """Its certificate limits what is signed, and goes out as the chain."""
    true = cli.read("Dcme/root.pem")
    der = cli.openssl("x509", "-in", "Dcme/root.pem", "-outform", "DER")
    year = re.findall(b"\x18\x0f(20[0-9]{2})", der)[0]
    write("false.der", der.replace(b"\x18\x0f" + year, b"\x18\x0f2099"))
    os.chmod("Dcme/root.pem", 0o644)
    write("Dcme/root.pem", cli.openssl("x509", "-inform", "DER", "-in",
                                       "false.der"))
    refused(1, "root.pem is not signed by itself", args=("crl", *DCME))
    write("Dcme/root.pem", true)
    good("crl", *DCME)


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
    # Nor are two roots made in one folder at once.
    folder("busy.made")
    lock = os.open("busy.made", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    made = ("init", "Ecme.yaml", "--out", "busy.made/root", *REHEARSE)
    refused(1, "busy.made is in use", args=made)
    os.close(lock)
    equal(good(*made), ["busy.made/root"])


if __name__ == "__main__":
    cli.main()
