# SPDX-License-Identifier: Apache-2.0
"""birthmark unlock: an instance whose unlock secret is shared.

    unlock_test.py BIRTHMARK
"""
import glob
import os
import re
import shutil
import signal
import stat
import subprocess
import termios

import shamir
from custodians import (NAMES, Terminal, contains, equal, holds, main, read,
                        run, write)

THREE_OF_FIVE = ["--threshold", "3"] + [
    word for name in NAMES for word in ("--custodian", name)]


def prepare():
    run("init", "ca", "--host", "ca.example.com")
    run("unlock", "split", "--dir", "ca", "--out", "shares", *THREE_OF_FIVE)
    shutil.copytree("ca", "plain")
    unlock_by("shares")
    os.rename("ca/keys/unlock", "unlock")


def unlock_by(what):
    text = read("ca/birthmark.yaml")
    write("ca/birthmark.yaml", re.sub("(?m)^unlock: .*", "unlock: " + what,
                                      text))


def share(i, folder="shares"):
    """The file of custodian `i`, counted from 0."""
    found = glob.glob(f"{folder}/{i + 1}-*.share")
    equal(len(found), 1, "files of a custodian")
    return found[0]


def text(i, folder="shares"):
    return read(share(i, folder))


def put_together(folder, *files):
    """A custodian's stick after the other, into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o700)
    for file in files:
        write(os.path.join(folder, os.path.basename(file)), read(file), 0o400)
    return folder


def secret():
    return shamir.read_secret(read("unlock"))


# ---- split

def shares_are_files_to_be_handed_out():
    files = sorted(os.listdir("shares"))
    equal(files, ["1-alice-archer.share", "1-alice-archer.svg",
                  "2-bob-baker.share", "2-bob-baker.svg",
                  "3-carol-carter.share", "3-carol-carter.svg",
                  "4-dave-dyer.share", "4-dave-dyer.svg",
                  "5-eve-easton.share", "5-eve-easton.svg"])
    for file in files:
        equal(stat.S_IMODE(os.stat("shares/" + file).st_mode), 0o400, file)
    equal(stat.S_IMODE(os.stat("shares").st_mode), 0o700)
    for i, name in enumerate(NAMES):
        got = shamir.read(text(i))
        equal((got["custodian"], got["x"], got["n"], got["k"], got["owner"]),
              (name, i + 1, 5, 3, "ca.example.com/ledger"))
        contains(read(share(i)[:-6] + ".svg"), name)


def the_manual_is_enough_to_combine_them():
    equal(shamir.combine([text(4), text(0), text(2)]), secret())
    equal(shamir.combine([text(1), text(2), text(3)]), secret())


def shares_by_the_manual_open_it():
    for i, made in enumerate(shamir.split("Somebody", ["X", "Y", "Z"], 2,
                                          secret(), os.urandom)):
        write(f"foreign-{i}", made, 0o400)
    contains(run("unlock", "check", "--dir", "ca", "foreign-0",
                 "foreign-2")[0], "2 shares open ca/keys/kek")
    # On a stick, which knows no modes, by an editor of another system.
    upper = read("foreign-0").upper().replace("\n", "\r\n\n")
    os.remove("foreign-0")
    write("foreign-0", upper, 0o755)
    run("unlock", "check", "--dir", "ca", "foreign-1", "foreign-0")


def shares_are_never_overwritten():
    before = text(0)
    _, err = run("unlock", "split", "--dir", "plain", "--out", "shares",
                 *THREE_OF_FIVE, want=3)
    contains(err, "shares/1-alice-archer.share", "not overwritten")
    equal(text(0), before)
    equal(len(os.listdir("shares")), 10)


def what_makes_no_sense_is_refused():
    for words in (["--threshold", "1"] + THREE_OF_FIVE[2:],
                  ["--threshold", "6"] + THREE_OF_FIVE[2:],
                  ["--threshold", "2", "--custodian", "A"],
                  ["--threshold", "2"],
                  THREE_OF_FIVE + ["--shares", "4"],
                  THREE_OF_FIVE[2:],
                  ["--threshold", "2"] + ["--custodian", "A"] * 17):
        run("unlock", "split", "--dir", "plain", "--out", "none", *words,
            want=2)
    for name in ("", "J\u00fcrgen", "A  B", "x" * 65):
        code = 2 if name == "" else 1
        run("unlock", "split", "--dir", "plain", "--out", "none",
            "--threshold", "2", "--custodian", "A", "--custodian", name,
            want=code)
    _, err = run("unlock", "split", "--dir", "none", "--out", "x",
                 *THREE_OF_FIVE, want=1)
    contains(err, "none/birthmark.yaml")
    holds(not os.path.exists("none"), "nothing was made")


# ---- check and combine

def what_is_wrong_with_shares_is_told():
    def check(*files):
        return run("unlock", "check", "--dir", "ca", *files, want=1)[1]

    contains(check(share(0), share(1)), "too few shares",
             "2 of 3 are there, 1 more is needed")
    contains(check(share(0), share(0)), "same share a second time",
             "share 1 (Alice Archer)")
    wrong = write("typo", text(2).replace("a", "b", 40), 0o400)
    contains(check(share(0), share(1), wrong), "typo", "mistyped")
    later = write("later", text(2).replace("share 1", "share 7"), 0o400)
    contains(check(later), "later", "newer version")
    run("unlock", "split", "--dir", "plain", "--out", "again", *THREE_OF_FIVE)
    contains(check(share(0), share(1), share(2, "again")),
             "belongs to another set", "again/3-carol-carter.share",
             "share 3 (Carol Carter) of ca.example.com/ledger is of set ")
    forged = shamir.read(text(3))
    forged["value"] = bytes([forged["value"][0] ^ 1]) + forged["value"][1:]
    write("forged", shamir.write(**forged), 0o400)
    contains(check(share(0), share(1), "forged"), "a share is false",
             "cannot be told from 3 shares")
    contains(check(share(0), share(1), "forged", share(2)),
             "a share is false", "share 4 (Dave Dyer)")
    contains(check("nowhere"), "nowhere")
    # A secret, but of another instance.
    for i, made in enumerate(shamir.split("Other", ["X", "Y"], 2,
                                          os.urandom(32), os.urandom)):
        write(f"other-{i}", made, 0o400)
    contains(check("other-0", "other-1"), "unlock secret is wrong")


def a_secret_is_combined_where_one_is_needed():
    out, _ = run("unlock", "combine", "--dir", "ca", "--out", "combined",
                 share(4), share(3), share(2))
    equal(out, "combined\n")
    equal(read("combined"), read("unlock"))
    equal(stat.S_IMODE(os.stat("combined").st_mode), 0o400)
    run("unlock", "combine", "--dir", "ca", "--out", "combined", share(4),
        share(3), share(2), want=3)
    run("unlock", "combine", "--dir", "ca", "--out", "never", share(4),
        want=1)
    run("unlock", "combine", "--dir", "ca", "--out", "never", "other-0",
        "other-1", want=1)
    holds(not os.path.exists("never"), "no secret that opens nothing")


# ---- unlock: shares

def is_in_memory(path):
    """What goes with the machine's power: tmpfs, as doctor sees it."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", path], check=True,
                          capture_output=True, text=True).stdout.strip()
    return kind in ("tmpfs", "ramfs")


def commands_open_by_a_folder_of_shares():
    put_together("stick", share(1), share(4))
    unlock_by("shares:" + os.path.abspath("stick"))
    _, err = run("ca", "crl", "--dir", "ca", want=1)
    contains(err, "too few shares", "2 of 3 are there")
    put_together("stick", share(1), share(4), share(0))
    run("ca", "crl", "--dir", "ca")
    equal("shares that lie together" in run("doctor", "--dir", "ca")[0],
          not is_in_memory("stick"), "doctor on shares that stay")
    os.chmod("stick/" + os.path.basename(share(0)), 0o440)
    contains(run("ca", "crl", "--dir", "ca", want=1)[1],
             "may be read by others", "1-alice-archer.share")
    put_together("stick", share(1), share(4), share(0))
    write("stick/x.share", text(2, "again"), 0o400)
    contains(run("ca", "crl", "--dir", "ca", want=1)[1],
             "belongs to another set", "x.share")


def doctor_is_content_once_the_secret_is_not_on_the_disk():
    out = run("doctor", "--dir", "plain")[0]
    contains(out, "keys/unlock is on this disk")
    unlock_by("shares")
    out = run("doctor", "--dir", "ca")[0]
    holds("keys/unlock" not in out, out)
    holds("shares" not in out, out)


def without_a_terminal_shares_cannot_be_asked_for():
    unlock_by("shares")
    _, err = run("ca", "crl", "--dir", "ca", want=1)
    contains(err, "nobody can be asked for shares", "shares:DIR", "fd:N")


def custodians_type_their_shares():
    unlock_by("shares")
    mistyped = text(1).replace("0", "1").replace("8", "3")
    t = Terminal("ca", "crl", "--dir", "ca")
    t.wait_for("one by one")
    t.type(text(0)).wait_for("2 more are needed")
    t.type(mistyped).wait_for("mistyped or cut short; again")
    t.type(text(0)).wait_for("same share a second time")
    t.type(text(1, "again")).wait_for("belongs to another set")
    t.type("birthmark share 1\n\n").wait_for("begun anew")
    t.type(text(1)).wait_for("1 more is needed")
    t.type(text(3).upper())
    screen = t.end()
    contains(screen, "ca/crl/issuing.crl")
    for line in (text(0) + text(1) + text(3) + mistyped).splitlines():
        if re.match("[0-9a-f]{4} ", line):
            holds(line not in screen, "what is typed is not shown")


def a_false_share_is_left_out_and_another_asked_for():
    t = Terminal("unlock", "check", "--dir", "ca").wait_for("one by one")
    t.type(text(0)).wait_for("2 more are needed")
    t.type(read("forged")).wait_for("1 more is needed")
    t.type(text(1)).wait_for("cannot be told from 3 shares")
    t.type(text(2)).wait_for("FALSE, and left out: share 4 (Dave Dyer)")
    contains(t.end(), "3 shares open ca/keys/kek")


def the_terminal_is_given_back_as_it_was():
    for how, code in (("\x03", 1), ("\x04", 1), (signal.SIGTERM, -15),
                      (signal.SIGHUP, -1)):
        t = Terminal("unlock", "check", "--dir", "ca")
        before = t.before
        t.wait_for("one by one").wait_for("anew")
        t.type("birthmark share 1\n")
        if isinstance(how, str):
            t.type(how)
        else:
            os.kill(t.pid, how)
        # Its settings are looked at while the terminal is there.
        _, status = os.waitpid(t.pid, 0)
        equal(os.waitstatus_to_exitcode(status), code, repr(how))
        equal(termios.tcgetattr(t.fd), before, "terminal after " + repr(how))
        os.close(t.fd)


# ---- Another set, another secret

def a_set_issued_anew_opens_too():
    """From the shares that are left, by whoever brings them."""
    unlock_by("shares:" + put_together("stick", share(0), share(1), share(2)))
    run("unlock", "split", "--dir", "ca", "--out", "new", "--name", "New Set",
        "--threshold", "2", "--custodian", "Xavier", "--custodian", "Yvonne",
        "--custodian", "Zoe", "--shares", "3")
    run("unlock", "check", "--dir", "ca", share(0, "new"), share(2, "new"))
    equal(shamir.combine([text(0, "new"), text(1, "new")]), secret())
    contains(run("unlock", "check", "--dir", "ca", share(0, "new"), share(1),
                 want=1)[1], "another set", "New Set")


def after_a_rotation_the_old_shares_are_worthless():
    def keys():
        return {name: read("ca/keys/" + name)
                for name in os.listdir("ca/keys") if name != "kek"}

    before = keys()
    kek = read("ca/keys/kek")
    unlock_by("shares:" + put_together("stick", share(0), share(1), share(2)))
    _, err = run("unlock", "rotate", "--dir", "ca", "--out", "rotated",
                 "--threshold", "2", "--custodian", "Xavier", "--custodian",
                 "Yvonne")
    contains(err, "burn the old shares")
    holds(read("ca/keys/kek") != kek, "another secret over the keys")
    equal(keys(), before, "keys")
    contains(run("unlock", "check", "--dir", "ca", share(0), share(1),
                 share(2), want=1)[1], "unlock secret is wrong")
    contains(run("ca", "crl", "--dir", "ca", want=1)[1], "secret is wrong")
    unlock_by("shares:" + put_together("stick", share(0, "rotated"),
                                       share(1, "rotated")))
    run("ca", "crl", "--dir", "ca")
    holds(shamir.combine([text(0, "rotated"), text(1, "rotated")])
          != secret(), "a secret of its own")


def a_rotation_that_fails_changes_nothing():
    kek = read("ca/keys/kek")
    words = ["unlock", "rotate", "--dir", "ca", "--threshold", "2",
             "--custodian", "Xavier", "--custodian", "Yvonne", "--out"]
    contains(run(*words, "rotated", want=3)[1], "not overwritten")
    write("file", "")
    run(*words, "file", want=1)
    run(*words, "no/such/folder", want=1)
    equal(read("ca/keys/kek"), kek)
    run("ca", "crl", "--dir", "ca")


if __name__ == "__main__":
    main([shares_are_files_to_be_handed_out,
          the_manual_is_enough_to_combine_them,
          shares_by_the_manual_open_it,
          shares_are_never_overwritten,
          what_makes_no_sense_is_refused,
          what_is_wrong_with_shares_is_told,
          a_secret_is_combined_where_one_is_needed,
          commands_open_by_a_folder_of_shares,
          doctor_is_content_once_the_secret_is_not_on_the_disk,
          without_a_terminal_shares_cannot_be_asked_for,
          custodians_type_their_shares,
          a_false_share_is_left_out_and_another_asked_for,
          the_terminal_is_given_back_as_it_was,
          a_set_issued_anew_opens_too,
          after_a_rotation_the_old_shares_are_worthless,
          a_rotation_that_fails_changes_nothing], prepare)
