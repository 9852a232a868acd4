# SPDX-License-Identifier: Apache-2.0
"""A ceremony from its rehearsal to the audit, as its custodians play it:
five of them, any three open the root, and what goes wrong does.

    ceremony_test.py BIRTHMARK
"""
import base64
import glob
import hashlib
import os
import re
import shutil
import stat
import subprocess

import shamir
from custodians import (NAMES, Skip, Terminal, contains, equal, holds, main,
                        read, run, write)

CEREMONY = """\
ceremony: acme-root
title: The root of Acme Sensors
root:
  subject: [ { O: Acme }, { CN: Acme Root CA } ]
  key: { algorithm: p256, place: file }
  validity: { for: 30y }
custodians:
  threshold: 3
  names: [ %s ]
sign:
  - step: issuing
    kind: subordinate
    request: issuing.csr
    subject: [ { O: Acme }, { CN: Acme Issuing CA } ]
    validity: { for: 15y }
    path_len: 0
    name_constraints:
      permitted: [ { kind: dns, value: acme.example } ]
  - step: factory
    kind: subordinate
    request: factory.csr
    subject: [ { O: Acme }, { CN: Acme Factory CA } ]
    validity: { for: 10y }
    path_len: 0
crl:
  lifetime: 400d
"""
PEOPLE = ["--operator", "Olga", "--witness", "Walter", "--witness", "Wanda"]

# The first octets of a private key of P-256: PKCS#8, and RFC 5915.
PRIVATE = [bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d"
                         "030107046d306b0201010420"),
           bytes.fromhex("30770201010420")]


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    equal(done.returncode, 0, done.stdout.decode())
    return done.stdout.decode()


def request(path, name):
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key",
            "-subj", "/O=Acme/CN=" + name, "-out", path)


def stick(i, folder="stick"):
    """What custodian `i`, counted from 0, carries: one file."""
    return glob.glob(f"{folder}-{i}/*.share")[0]


def sticks(*custodians, folder="stick"):
    return [word for i in custodians
            for word in ("--share", stick(i, folder))]


def hand_out(where, folder):
    """Each custodian takes his share and goes; the folder is removed."""
    for i in range(5):
        os.mkdir(f"{folder}-{i}")
        for file in glob.glob(f"{where}/*{i + 1}-*"):
            shutil.move(file, f"{folder}-{i}")
    os.rmdir(where)


def sign(*words, root="root", carried="in", out="out", want=0):
    return run("root", "sign", "ceremony.yaml", "--dir", root, "--in", carried,
               "--out", out, *PEOPLE, *words, want=want)


def state(root="root"):
    return {name: read_octets(os.path.join(root, name))
            for name in os.listdir(root)}


def read_octets(path):
    with open(path, "rb") as f:
        return f.read()


def prepare():
    os.environ["TMPDIR"] = os.getcwd()  # what leaks, leaks here
    write("ceremony.yaml", CEREMONY % ", ".join(NAMES))
    os.mkdir("in")
    os.mkdir("out")
    os.mkdir("elsewhere")
    request("elsewhere/issuing.csr", "Acme Issuing CA")
    request("elsewhere/factory.csr", "Acme Factory CA")
    request("elsewhere/stranger.csr", "Acme Stranger CA")


# ---- Making

def it_is_rehearsed_first():
    _, err = run("root", "init", "ceremony.yaml", "--out", "rehearsed",
                 "--rehearse", *PEOPLE)
    contains(err, "REHEARSAL")
    for file in os.listdir("rehearsed/shares"):
        holds(file.startswith("REHEARSAL-"), file)
        contains(read("rehearsed/shares/" + file), "REHEARSAL")
    hand_out("rehearsed/shares", "rehearsal")
    shutil.copy("elsewhere/issuing.csr", "in")
    os.mkdir("rehearsed-out")
    _, err = sign("--rehearse", *sticks(0, 1, 2, folder="rehearsal"),
                  root="rehearsed", out="rehearsed-out")
    contains(err, "REHEARSAL")
    text = run("root", "transcript", "--dir", "rehearsed")[0]
    contains(text, "REHEARSAL")


def a_root_is_made_and_each_custodian_gets_a_share():
    _, err = run("root", "init", "ceremony.yaml", "--out", "root", *PEOPLE)
    contains(err, "hand each custodian the share")
    files = sorted(os.listdir("root/shares"))
    equal(len(files), 10, "a text and a page each")
    for file in files:
        equal(stat.S_IMODE(os.stat("root/shares/" + file).st_mode), 0o400)
    hand_out("root/shares", "stick")
    for i, name in enumerate(NAMES):
        share = shamir.read(read(stick(i)))
        equal((share["custodian"], share["owner"], share["n"], share["k"]),
              (name, "Acme Root CA", 5, 3))
        contains(read(stick(i)[:-6] + ".svg"), name, "Acme Root CA")


def two_custodians_of_three_are_nobody():
    before = state()
    contains(sign(want=1)[1], "too few shares", "there is none")
    contains(sign(*sticks(0, 4), want=1)[1], "too few shares",
             "2 of 3 are there, 1 more is needed")
    equal(state(), before, "the root")


def a_wrong_share_is_named():
    before = state()
    contains(sign(*sticks(0, 4), *sticks(2, folder="rehearsal"), want=1)[1],
             "belongs to another set", "rehearsal-2/REHEARSAL-3-carol-carter",
             "share 3 (Carol Carter) of REHEARSAL Acme Root CA")
    write("mistyped", re.sub("(?m)^(check ..)..", r"\1zz", read(stick(2))))
    contains(sign(*sticks(0, 4), "--share", "mistyped", want=1)[1],
             "mistyped")
    forged = shamir.read(read(stick(2)))
    forged["value"] = forged["value"][::-1]
    write("forged", shamir.write(**forged))
    contains(sign(*sticks(0, 4), "--share", "forged", want=1)[1],
             "a share is false", "cannot be told from 3 shares")
    contains(sign(*sticks(0, 4, 1), "--share", "forged", want=1)[1],
             "a share is false", "share 3 (Carol Carter)")
    equal(state(), before, "the root")


# ---- Signing

def a_share_is_lost_and_the_others_suffice():
    shutil.rmtree("stick-1")  # Bob's dog
    out, err = sign(*sticks(0, 3, 4), "--step", "issuing")
    equal(out, "out/issuing.pem\n")
    contains(err, "to be signed: issuing (subordinate)",
             "issuing signed", "the transcript ends with ")
    contains(openssl("verify", "-CAfile", "root/root.pem", "-no_check_time",
                     "-partial_chain", "out/issuing.pem"), "OK")
    text = openssl("x509", "-in", "out/issuing.pem", "-noout", "-text")
    contains(text, "pathlen:0", "DNS:acme.example", "CN = Acme Issuing CA")


def a_request_that_comes_again_needs_a_word():
    before = read_octets("out/issuing.pem")
    os.mkdir("again")
    _, err = sign(*sticks(0, 3, 4), "--step", "issuing", out="again", want=3)
    contains(err, "--again")
    equal(os.listdir("again"), [])
    _, err = sign(*sticks(0, 3, 4), "--step", "issuing", "--again",
                  out="again")
    contains(err, "the same answer again")
    equal(read_octets("again/issuing.pem"), before)
    # The same step for another key is another thing, whatever the word.
    os.mkdir("other")
    request("other/issuing.csr", "Acme Issuing CA")
    sign(*sticks(0, 3, 4), "--again", "--step", "issuing", carried="other",
         out="again", want=3)


def what_the_ceremony_does_not_name_is_not_signed():
    shutil.copy("elsewhere/factory.csr", "in")
    shutil.copy("elsewhere/stranger.csr", "in")
    _, err = sign(*sticks(0, 3, 4), "--step", "factory", want=3)
    contains(err, "in/stranger.csr is a request")
    os.remove("in/stranger.csr")
    sign(*sticks(0, 3, 4), "--step", "stranger", want=3)
    equal(os.listdir("out"), ["issuing.pem"])


def a_dead_stick_is_said():
    contains(sign(*sticks(0, 3, 4), carried="nowhere", want=1)[1], "nowhere")
    contains(sign(*sticks(0, 3, 4), "--step", "factory", out="nowhere",
                  want=1)[1], "nowhere")
    os.mkdir("dead")
    contains(sign(*sticks(0, 3, 4), "--step", "factory", carried="dead",
                  want=1)[1], "factory.csr")
    whole = read_octets("elsewhere/factory.csr")
    for part in (b"", whole[:len(whole) // 2]):
        with open("dead/factory.csr", "wb") as f:
            f.write(part)
        contains(sign(*sticks(0, 3, 4), "--step", "factory", carried="dead",
                      want=1)[1], "dead/factory.csr")
    os.remove("dead/factory.csr")
    os.mkdir("dead/factory.csr")  # a file system that is beyond repair
    contains(sign(*sticks(0, 3, 4), "--step", "factory", carried="dead",
                  want=1)[1], "dead/factory.csr")
    # A custodian's
    share = stick(3)
    os.rename(share, "aside")
    os.symlink("/nonexistent", share)
    sign(*sticks(0, 3, 4), "--step", "factory", want=1)
    os.remove(share)
    write(share, read("aside")[:150])
    contains(sign(*sticks(0, 3, 4), "--step", "factory", want=1)[1],
             share, "mistyped or cut short")
    os.remove(share)
    os.rename("aside", share)
    equal(os.listdir("out"), ["issuing.pem"])


def a_full_stick_loses_nothing():
    """The answer has no room; on another stick it is the one that was made."""
    os.mkdir("full")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3",
                           "tmpfs", "full"], stderr=subprocess.DEVNULL,
                          check=False)
    if done.returncode != 0:
        raise Skip("no small disk can be mounted")
    try:
        with open("full/photos", "wb") as f:
            f.write(bytes(4096))
        _, err = sign(*sticks(0, 2, 4), "--step", "factory", out="full",
                      want=1)
        contains(err, "full")
        equal(os.listdir("full"), ["photos"])
    finally:
        subprocess.run(["umount", "full"], check=True)
    made = re.findall("(?m)^certificate-sha256: ([0-9a-f]+)$",
                      run("root", "transcript", "--dir", "root")[0])
    _, err = sign(*sticks(0, 2, 4), "--step", "factory")
    contains(err, "was interrupted, and is finished")
    der = base64.b64decode("".join(
        read("out/factory.pem").split("-----")[2].split()))
    equal(made[-1], hashlib.sha256(der).hexdigest(), "what was signed then")


def shares_are_typed_where_nobody_has_a_stick():
    t = Terminal("root", "crl", "ceremony.yaml", "--dir", "root", "--out",
                 "out", "--yes", *sticks(0), *PEOPLE)
    t.wait_for("one by one").wait_for("2 more are needed")
    t.type(read(stick(2)).replace("0", "1").replace("7", "4"))
    t.wait_for("mistyped or cut short; again")
    t.type(read(stick(2, "rehearsal"))).wait_for("another set")
    t.type(read(stick(4))).wait_for("1 more is needed")
    t.type(read(stick(4))).wait_for("same share a second time")
    t.type(read(stick(2)))
    contains(t.end(), "out/")
    lists = glob.glob("out/*.crl")
    equal(len(lists), 1, "lists")
    contains(openssl("crl", "-in", lists[0], "-inform", "DER", "-noout",
                     "-CAfile", "root/root.pem", "-verify")
             if not read_octets(lists[0]).startswith(b"-") else
             openssl("crl", "-in", lists[0], "-noout", "-CAfile",
                     "root/root.pem", "-verify"), "verify OK")


def after_the_loss_all_get_new_shares():
    words = ["root", "shares", "ceremony.yaml", "--dir", "root", *PEOPLE]
    run(*words, "--check", *sticks(0, 2, 3))
    os.mkdir("new")
    run(*words, "--out", "new", *sticks(0, 2, 4))
    hand_out("new", "renewed")
    contains(run(*words, "--check", *sticks(0, 2, 3), want=1)[1],
             "unlock secret is wrong")
    contains(run(*words, "--check", *sticks(0, 1, folder="renewed"),
                 *sticks(2), want=1)[1], "another set", "share 3 (Carol")
    run(*words, "--check", *sticks(1, 2, 3, folder="renewed"))


# ---- Afterwards

def encodings(octets):
    """What `octets` may look like in a file."""
    yield octets
    yield octets.hex().encode()
    yield octets.hex().upper().encode()
    yield shamir.groups(octets)[:39].encode()
    for skip in range(3 if len(octets) >= 16 else 0):  # fewer are chance
        body = octets[skip:]
        yield base64.b64encode(body[:len(body) // 3 * 3])


def every_file():
    for folder, _, files in os.walk("."):
        for file in files:
            path = os.path.join(folder, file)
            if not path.startswith(("./elsewhere/", "./other/")):
                yield path


def the_key_is_nowhere_in_plain():
    secrets = [shamir.combine([read(stick(i, folder)) for i in (0, 2, 3)])
               for folder in ("stick", "renewed")]
    kek = [p for p in every_file() if "KEY ENCRYPTION KEY" in
           read_octets(p).decode("latin-1")]
    holds("./root/kek" in kek or "./root/keys/kek" in kek, kek)
    for path in every_file():
        octets = read_octets(path)
        holds(b"PRIVATE KEY" not in octets, path)
        for pattern in PRIVATE + secrets + [s[16:] for s in secrets]:
            for form in encodings(pattern):
                holds(form not in octets, f"a secret is in {path}")
    holds(not os.path.exists("root/unlock"), "the secret is a file")


def the_transcript_tells_it_to_who_has_only_the_certificate():
    """An auditor's machine: an empty folder, and no network."""
    os.mkdir("auditor")
    for path in ("root/root.pem", "root/transcript", "ceremony.yaml",
                 "out/issuing.pem"):
        shutil.copy(path, "auditor")
    os.chdir("auditor")
    words = ["root", "transcript", "--verify", "transcript", "--root",
             "root.pem"]
    alone = ["unshare", "-n"]
    if subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        alone = []
    try:
        head, err = run(*words, "ceremony.yaml", under=alone)
        contains(err, "signed sessions")
        run(*words, "--head", head.strip(), under=alone)
        run(*words, "--head", "0" * 64, want=1, under=alone)
        text = read("transcript")
        for name in ("Olga", "Walter", "Wanda", "Alice Archer", "Eve Easton"):
            contains(text, name)
        for old, new in (("Walter", "Werner"), ("Acme Factory", "Acme Fabric"),
                         (NAMES[3], NAMES[1])):
            write("changed", text.replace(old, new, 1))
            run(*words[:3], "changed", *words[4:], want=1, under=alone)
        # Whole sessions are missing: only the hash that was written down
        # tells.
        entries = text.split("\nentry: ")
        last = max(i for i, entry in enumerate(entries[:-1])
                   if "\nevent: closed\n" in entry)
        write("changed", "\nentry: ".join(entries[:last + 1]))
        run(*words[:3], "changed", *words[4:], under=alone)
        run(*words[:3], "changed", *words[4:], "--head", head.strip(), want=1,
            under=alone)
        shutil.copy("../rehearsed/root.pem", "wrong.pem")
        run(*words[:5], "wrong.pem", want=1, under=alone)
    finally:
        os.chdir("..")


def no_verb_opens_a_socket():
    trace = ["strace", "-f", "-qq", "-o", "calls", "-e",
             "trace=socket,socketpair,connect,bind,sendto,sendmsg,execve"]
    if shutil.which("strace") is None or subprocess.run(
            [*trace, "true"], stderr=subprocess.DEVNULL,
            check=False).returncode != 0:
        raise Skip("nobody can be traced here")
    new = sticks(0, 2, 3, folder="renewed")
    # LeakSanitizer does not work under a tracer.
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
    for words in (["init", "ceremony.yaml", "--out", "traced", *PEOPLE],
                  ["sign", "ceremony.yaml", "--dir", "root", "--in", "in",
                   "--out", "again", "--again", *new, *PEOPLE],
                  ["crl", "ceremony.yaml", "--dir", "root", "--out", "again",
                   *new, *PEOPLE],
                  ["shares", "ceremony.yaml", "--dir", "root", "--check",
                   *new, *PEOPLE],
                  ["transcript", "--verify", "root/transcript", "--root",
                   "root/root.pem"]):
        run("root", *words, under=trace)
        calls = re.findall(r"(?m)^\d+ +(\w+)\(", read("calls"))
        equal(calls, ["execve"], "calls of root " + words[0])
    os.environ.pop("ASAN_OPTIONS")


if __name__ == "__main__":
    main([it_is_rehearsed_first,
          a_root_is_made_and_each_custodian_gets_a_share,
          two_custodians_of_three_are_nobody,
          a_wrong_share_is_named,
          a_share_is_lost_and_the_others_suffice,
          a_request_that_comes_again_needs_a_word,
          what_the_ceremony_does_not_name_is_not_signed,
          a_dead_stick_is_said,
          a_full_stick_loses_nothing,
          shares_are_typed_where_nobody_has_a_stick,
          after_the_loss_all_get_new_shares,
          the_key_is_nowhere_in_plain,
          the_transcript_tells_it_to_who_has_only_the_certificate,
          no_verb_opens_a_socket], prepare)
