# SPDX-License-Identifier: Apache-2.0
"""Where birthmarkd has its unlock secret from: a folder of shares, or a
descriptor. Each process that holds keys opens them by itself.

    unlock_test.py BIRTHMARK BIRTHMARKD
"""
import os
import re
import shutil
import signal
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
import service  # noqa: E402
from service import (DAEMON, Service, Skip, contains, equal, holds, read,
                     wait_until, write)

# Those that hold keys; the publisher and the issuer have none.
HOLDERS = ["devices", "operators", "signer", "status"]
TEMPLATE = []


def house(name, unlock):
    """A service whose secret is not in keys/, but in NAME.secret, and as
    three shares, any two, in NAME.shares."""
    if not TEMPLATE:
        s = Service(name="template", listeners=1)
        shutil.rmtree(s.dir + "/root")
        service.run(service.PROGRAM, "unlock", "split", "--dir", s.dir,
                    "--threshold", "2", "--custodian", "A", "--custodian",
                    "B", "--custodian", "C", "--out", "shares")
        os.rename(s.dir + "/keys/unlock", "secret")
        TEMPLATE.append(s)
    shutil.copytree(TEMPLATE[0].dir, name)
    os.mkdir(name + ".shares", 0o700)
    for share in ("1-a", "3-c"):
        shutil.copy("shares/%s.share" % share, name + ".shares")
    s = Service(name=name, listeners=1, unlock=unlock % {
        "shares": os.path.abspath(name + ".shares")},
        ledger_origin=TEMPLATE[0].settings["ledger_origin"])
    return s


def config(s):
    return os.path.join(s.dir, "birthmark.yaml")


def kill(s, name):
    """Kill a room; its first process."""
    pid = s.rooms()[name][0]
    os.kill(pid, signal.SIGKILL)
    return pid


def is_back(s, name, pid):
    return s.rooms().get(name, [pid]) != [pid]


def who_has(s, file):
    """Root sees it of all of them; others see of the supervisor alone, since a
    room is traced by nobody."""
    found = set()
    for name, pids in s.rooms().items():
        for pid in pids:
            try:
                for fd in os.listdir("/proc/%d/fd" % pid):
                    if file in os.readlink("/proc/%d/fd/%s" % (pid, fd)):
                        found.add(name)
            except FileNotFoundError:
                pass  # closed, or gone, meanwhile
            except PermissionError:
                holds(os.geteuid() != 0 and name != "supervisor",
                      "%s cannot be looked into" % name)
    return found


def test_shares_open_each_process_and_again_after_its_death():
    with house("folder", "shares:%(shares)s").start() as s:
        for name in HOLDERS:
            pid = kill(s, name)
            wait_until(name + " is back",
                       lambda n=name, p=pid: is_back(s, n, p))
        s.wait_ready()
        wait_until("OCSP is signed", lambda: s.ocsp("01", nonce=b"n" * 16) ==
                   "unknown")
        # The folder went with the custodians, and they are called again.
        os.rename("folder.shares", "away")
        kill(s, "devices")
        wait_until("it is said", lambda: "unlock: shares:" in s.words())
        os.rename("away", "folder.shares")
        s.wait_ready()
        equal(s.stop(), 0)


def test_the_supervisor_reads_no_secret():
    trace = ["strace", "-D", "-f", "-qq", "-o", "opened", "-e",
             "trace=open,openat", "-e", "signal=none"]
    if shutil.which("strace") is None or subprocess.run(
            trace + ["true"], stderr=subprocess.DEVNULL,
            check=False).returncode != 0:
        raise Skip("nobody can be traced here")
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
    with house("traced", "shares:%(shares)s").start(prefix=trace) as s:
        supervisor = str(s.process.pid)
        equal(s.stop(), 0)
    del os.environ["ASAN_OPTIONS"]
    rows = re.findall(r"(?m)^(\d+) +open.*?\"(.*?)\"", read("opened").decode())
    who = {pid for pid, path in rows if path.endswith(".share")}
    holds(len(who) >= len(HOLDERS), "each room reads them: %r" % who)
    holds(supervisor in {pid for pid, _ in rows}, "it opens something")
    holds(supervisor not in who, "the supervisor reads shares")


def test_a_descriptor_is_read_by_each_process():
    s = house("descriptor", "fd:9")
    write("nameless", read("secret"))
    # It loses its name, so that nobody else can open it.
    hand_over = ["sh", "-c", 'exec 9<"$0"; rm "$0"; exec "$@"', "nameless"]
    with s.start(prefix=hand_over):
        holds(not os.path.exists("nameless"), "it has a name")
        for name in HOLDERS:
            pid = kill(s, name)
            wait_until(name + " is back",
                       lambda n=name, p=pid: is_back(s, n, p))
        s.wait_ready()
        # Who has read it lets go of it; the supervisor passes it on.
        wait_until("all have read it", lambda: who_has(s, "nameless") ==
                   {"supervisor"})
        equal(s.stop(), 0)


def refused(s, *words, prefix=()):
    code, _, err = service.run(*prefix, DAEMON, "--config", config(s),
                               check=False)
    equal(code, 1)
    contains(err, *words)


def test_what_cannot_be_read_by_several_is_refused():
    write("secret.copy", read("secret"))
    s = house("refused", "fd:9")
    refused(s, "fd:9", "has to be a file")
    refused(s, "fd:9", "has to be a file", prefix=[
        "bash", "-c", 'exec 9< <(cat secret.copy); exec "$@"', "x"])
    write(config(s), re.sub("(?m)^unlock: .*", "unlock: shares",
                            read(config(s)).decode()))
    refused(s, "nobody can be asked for shares", "shares:DIR", "fd:N")
    code, _, err = service.run(DAEMON, "--config", config(s), "--check",
                               check=False)
    equal(code, 1)
    contains(err, "nobody can be asked for shares")


def test_shares_that_do_not_open_it_end_the_service_with_the_reason():
    s = house("wrong", "shares:%(shares)s")
    os.remove("wrong.shares/1-a.share")
    refused(s, "too few shares", "1 of 2 are there, 1 more is needed")
    shutil.copy("shares/3-c.share", "wrong.shares/copy.share")
    refused(s, "same share a second time", "share 3 (C)")
    os.remove("wrong.shares/copy.share")
    shutil.copy("shares/1-a.share", "wrong.shares")
    os.chmod("wrong.shares/1-a.share", 0o444)
    equal(stat.S_IMODE(os.stat("wrong.shares/1-a.share").st_mode), 0o444)
    refused(s, "may be read by others", "1-a.share")


service.main()
