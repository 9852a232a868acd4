# SPDX-License-Identifier: Apache-2.0
"""The house of birthmarkd: who runs, in which sandbox, and what happens when
somebody dies, is reloaded, or stopped.

    house_test.py BIRTHMARK BIRTHMARKD
"""
import copy
import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
import service  # noqa: E402
from service import (DAEMON, PROGRAM, Key, Service, Skip, contains, equal,
                     holds, read, wait_until, write)

ROOMS = {"signer", "issuer", "status", "publisher", "operators", "devices",
         "reader", "keygen", "courier"}


TEMPLATE = []


def house(name, **settings):
    """A Service on a copy of one instance: to make one takes seconds."""
    if not TEMPLATE:
        TEMPLATE.append(Service(name="template"))
    s = copy.copy(TEMPLATE[0])
    s.dir = os.path.abspath(name)
    s.log = s.dir + ".log"
    shutil.copytree(TEMPLATE[0].dir, s.dir)
    for word in ("root", "issuing", "operations"):
        setattr(s, word, os.path.join(s.dir, "ca/%s.pem" % word))
    s.ports = {}
    settings.setdefault("ledger_origin", s.settings["ledger_origin"])
    settings.setdefault("listeners", 1)
    s.settings = settings
    s.configure()
    return s


def alive(pid):
    try:
        return read("/proc/%d/stat" % pid).rpartition(b")")[2].split()[0] \
            != b"Z"
    except OSError:
        return False


def status_of(pid):
    rows = read("/proc/%d/status" % pid).decode().splitlines()
    return {row.split(":")[0]: row.split(":")[1].split() for row in rows}


def rooms(s):
    """All there are but the keeper, which comes and goes."""
    found = s.rooms()
    found.pop("keeper", None)
    return found


def config(s):
    return os.path.join(s.dir, "birthmark.yaml")


def serial_numbers(n):
    return ["SN-%d" % i for i in range(n)]


def enrolled(s, name):
    """A device gets a certificate: listener, issuer and signer work."""
    secret = s.birthmark("token", "create", "--dir", s.dir, "--profile",
                         "many", "--device", name)[1].strip()
    return name, secret


def count(s, words):
    return s.words().count(words)


# ---- Who runs

def test_each_process_is_in_a_sandbox_and_has_no_rights():
    with house("walls").start() as s:
        found = rooms(s)
        equal(set(found) - {"supervisor"}, ROOMS)
        for name, pids in found.items():
            for pid in pids:
                row = status_of(pid)
                equal(row["NoNewPrivs"], ["1"], name)
                if name == "supervisor":
                    continue
                equal(row["Seccomp"], ["2"], name)
                equal(int(row["CapEff"][0], 16), 0, name)
                equal(int(row["CapPrm"][0], 16), 0, name)
                limits = read("/proc/%d/limits" % pid).decode()
                holds(re.search(r"Max core file size +0 +0", limits), name)


def only_root_sees():
    """A room is traced by nobody, so what is in /proc of it is root's."""
    if os.geteuid() != 0:
        raise Skip("only root sees what a room has")


def descriptors(pid):
    only_root_sees()
    return os.listdir("/proc/%d/fd" % pid)


def test_who_only_reads_the_store_cannot_write_to_it():
    with house("reader").start() as s:
        pid = rooms(s)["status"][0]
        open_for_writing = set()
        for fd in descriptors(pid):
            name = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            info = read("/proc/%d/fdinfo/%s" % (pid, fd)).decode()
            flags = int(re.search(r"flags:\s+(\d+)", info).group(1), 8)
            if name.startswith(s.dir + "/") and flags & os.O_ACCMODE:
                open_for_writing.add(os.path.basename(name))
        # The log SQLite opens so; a second filter keeps it (sandbox_test.c).
        holds(open_for_writing <= {"birthmark.db-wal"}, open_for_writing)
        equal(status_of(pid).get("Seccomp_filters"), ["2"])


TRACE = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
done = libc.ptrace(16, int(sys.argv[1]), None, None)
print(ctypes.get_errno() if done else 0)
"""


def traced(pid):
    """errno of PTRACE_ATTACH, by the same user without further rights."""
    return int(service.run(*without_rights(
        sys.executable, "-c", TRACE, str(pid)))[1])


def without_rights(*words):
    if os.geteuid() == 0:
        service.have("setpriv")
        return ["setpriv", "--bounding-set=-all"] + list(words)
    return list(words)


def test_nobody_of_the_same_user_can_trace_a_room():
    with house("trace").start() as s:
        # Without a sandbox it can be done. Once setpriv has become sleep.
        sleeper = subprocess.Popen(without_rights("sleep", "600"))
        try:
            wait_until("sleep runs", lambda: b"sleep" == read(
                "/proc/%d/cmdline" % sleeper.pid).split(b"\0")[0])
            if traced(sleeper.pid) != 0:
                raise Skip("nobody can trace anybody here")
        finally:
            sleeper.kill()
            sleeper.wait()
        for name, pids in rooms(s).items():
            if name != "supervisor":
                for pid in pids:
                    equal(traced(pid), 1, name)


def test_a_room_inherits_only_what_it_is_given():
    only_root_sees()
    with house("clean") as s:
        os.environ["BM_CANARY"] = "1"
        r, w = os.pipe()
        os.set_inheritable(w, True)
        try:
            s.process = subprocess.Popen([DAEMON, "--config", config(s)],
                                         close_fds=False,
                                         stderr=open(s.log, "ab"))
            s.wait_ready()
            pipe = os.readlink("/proc/self/fd/%d" % w)
            for name, pids in rooms(s).items():
                if name == "supervisor":
                    continue
                for pid in pids:
                    holds(b"BM_CANARY" not in read("/proc/%d/environ" % pid),
                          name)
                    for fd in descriptors(pid):
                        link = os.readlink("/proc/%d/fd/%s" % (pid, fd))
                        holds(link != pipe, "%s has the pipe" % name)
        finally:
            del os.environ["BM_CANARY"]
            os.close(r)
            os.close(w)


def chown_tree(top, uid, gid):
    os.chown(top, uid, gid)
    for where, dirs, files in os.walk(top):
        for name in dirs + files:
            os.chown(os.path.join(where, name), uid, gid)


def test_root_is_given_up():
    if os.geteuid() != 0:
        raise Skip("not root")
    who = pwd.getpwnam("nobody")
    s = house("drop", user="nobody")
    os.chmod(".", 0o755)
    code, _, err = service.run(DAEMON, "--config", config(s), check=False)
    equal(code, 1)
    contains(err, "does not belong to user nobody")
    chown_tree(s.dir, who.pw_uid, who.pw_gid)
    with s.start():
        for name, pids in rooms(s).items():
            want = "0" if name == "supervisor" else str(who.pw_uid)
            for pid in pids:
                equal(status_of(pid)["Uid"], [want] * 4, name)
                if name != "supervisor":
                    equal(status_of(pid)["Gid"], [str(who.pw_gid)] * 4, name)
                    equal(status_of(pid)["Groups"], [], name)
        equal(os.stat(s.dir + "/run/lock").st_uid, who.pw_uid)
        equal(s.ask("GET", "/.well-known/est/cacerts").status, 200)
        equal(s.stop(), 0)
    write(config(s), read(config(s)).decode().replace(
        "user: nobody", "user: bm-not-there"))
    code, _, err = service.run(DAEMON, "--config", config(s), check=False)
    equal(code, 1)
    contains(err, "useradd --system bm-not-there")


USERS = {"issuer": 40001, "signer": 40002, "status": 40003,
         "publisher": 40004, "operators": 40005, "devices": 40006,
         "reader": 40007, "keygen": 40008, "courier": 40009}


def test_each_process_is_a_user_of_its_own_where_there_are_such():
    """docs/instance.md, "Whose it is"; /etc/passwd is ours for the time."""
    if os.geteuid() != 0:
        raise Skip("not root")
    passwd = read("/etc/passwd").decode()
    for room, uid in USERS.items():
        name = "birthmark" if room == "issuer" else "birthmark-" + room
        passwd += "%s:x:%d:40001::/:/usr/sbin/nologin\n" % (name, uid)
    prefix = ["unshare", "-m", "sh", "-c",
              "mount --bind \"$0\" /etc/passwd && exec \"$@\"",
              os.path.abspath(write("passwd", passwd))]
    if subprocess.call(prefix + ["true"], stderr=subprocess.DEVNULL) != 0:
        raise Skip("no mount namespaces")
    os.chmod(".", 0o755)
    s = house("users", user="birthmark")
    device, secret = enrolled(s, "SN-7")
    key = Key(".", device, "/serialNumber=" + device)
    chown_tree(s.dir, 40001, 40001)
    os.chmod(s.dir, 0o710)
    for name in ("ca", "crl", "ledger"):
        os.chmod(os.path.join(s.dir, name), 0o750)
    chown_tree(s.dir + "/journal", 40002, 40001)
    service.run("chmod", "-R", "g+rX", s.dir + "/journal")
    with s.start(prefix=prefix):
        for name, pids in rooms(s).items():
            for pid in pids:
                want = str(USERS.get(name, 0))
                equal(status_of(pid)["Uid"], [want] * 4, name)
        equal(s.enrol(key, "many", (device, secret)).status, 200)
        equal(s.public("GET", "/crl/issuing.crl").status, 200)
        equal(s.public("GET", "/ledger/checkpoint").status, 200)
        equal(s.ocsp(service.serial_of(read(s.issuing).decode()))[:4],
              "unkn")
        equal(s.api("GET", "/cas").status, 200)
        equal(s.stop(), 0)
        # and once more, on what these users have written
        s.start(prefix=prefix)
        equal(s.stop(), 0)


# ---- What dies is started again

def test_what_dies_is_started_again_and_joined():
    s = house("deaths", listeners=2)
    secrets = [enrolled(s, name) for name in serial_numbers(len(ROOMS))]
    with s.start():
        for name in sorted(ROOMS):
            before = rooms(s)
            for pid in before[name]:
                os.kill(pid, signal.SIGKILL)
            wait_until(name + " is back", lambda n=name, b=before: set(
                rooms(s).get(n, [])).isdisjoint(b[n]) and
                len(rooms(s).get(n, [])) == len(b[n]))
            for other, pids in rooms(s).items():
                if other != name:
                    equal(sorted(pids), sorted(before[other]), other)
            device, secret = secrets.pop()
            key = Key(".", device, "/serialNumber=" + device)
            answer = wait_until("enrolment", lambda k=key, d=device, c=secret:
                                attempt(s, k, (d, c)))
            equal(answer.status, 200, name)
        contains(s.words(), "event=room.died", "signal=9")
        equal(s.stop(), 0)


def cut_links(pid):
    """Shut down all links of a room that lives: what throws out the other end
    does no more."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    try:
        for number in map(int, descriptors(pid)):
            fd = libc.syscall(438, pidfd, number, 0)  # pidfd_getfd
            if fd < 0:
                raise Skip("pidfd_getfd: " + os.strerror(ctypes.get_errno()))
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.close(fd)
                continue
            with socket.socket(fileno=fd) as link:
                if (link.family, link.type) == (socket.AF_UNIX,
                                                socket.SOCK_STREAM):
                    link.shutdown(socket.SHUT_RDWR)
    finally:
        os.close(pidfd)


def test_a_link_that_is_lost_between_the_living_is_made_again():
    s = house("links")
    device, secret = enrolled(s, "SN-1")
    with s.start():
        before = rooms(s)
        for name in ("devices", "operators", "publisher"):
            cut_links(before[name][0])
            wait_until(name, lambda n=name: count(
                s, "event=room.linked-again room=%s" % n))
        answer = wait_until("enrolment", lambda: attempt(
            s, Key(".", device, "/serialNumber=" + device), (device, secret)))
        equal(answer.status, 200)
        equal(s.api("GET", "/whoami").status, 200)
        contains(s.ocsp("01"), "unknown")
        equal({n: p for n, p in rooms(s).items() if n != "keeper"}, before)
        equal(s.stop(), 0)


def attempt(s, key, token):
    try:
        answer = s.enrol(key, "many", token)
    except (OSError, service.http.client.HTTPException):
        return None
    return answer if answer.status == 200 else None


def test_nobody_outlives_the_supervisor():
    with house("orphans").start() as s:
        pids = [pid for some in rooms(s).values() for pid in some]
        s.stop(signal.SIGKILL)
        wait_until("all have ended", lambda: not any(map(alive, pids)))
        s.start()
        equal(s.stop(), 0)


def test_what_keeps_dying_is_started_less_and_less_often():
    with house("backoff").start() as s:
        def kill():
            for pid in rooms(s).get("status", []):
                os.kill(pid, signal.SIGKILL)
            return count(s, "event=room.died room=status") >= 6
        wait_until("six deaths", kill)
        # 0, 0.1, 0.2, 0.4, 0.8 seconds lie between them at least
        times = re.findall(r"(\S+)Z error event=room.died room=status",
                           s.words())
        holds(times[0] != times[5], "six deaths in one second: %s" % times)
        wait_until("it is back", lambda: "status" in rooms(s))


def test_what_cannot_start_ends_the_service_with_the_reason():
    s = house("broken")
    write(os.path.join(s.dir, "profiles/many.yaml"), "profile: [\n")
    code, _, err = service.run(DAEMON, "--config", config(s), check=False)
    equal(code, 1)
    contains(err, "event=room.failed", "many.yaml:")
    holds(not os.path.exists(s.dir + "/run/addresses"), "run/addresses")


# ---- Reload

def test_reload_loses_no_request_and_keeps_the_processes_that_can():
    with house("reload").start() as s:
        before = rooms(s)
        kept = s.connect()
        equal(s.ask("GET", "/.well-known/est/cacerts", over=kept).status, 200)
        s.process.send_signal(signal.SIGHUP)

        def done():
            answer = s.ask("GET", "/.well-known/est/cacerts")
            equal(answer.status, 200)
            return count(s, "event=reloaded") == 1
        wait_until("reloaded", done)
        after = rooms(s)
        equal({n: len(p) for n, p in after.items()},
              {n: len(p) for n, p in before.items()})
        equal(after["supervisor"], before["supervisor"])
        equal(count(s, "event=room.died"), 0)
        equal(s.stop(), 0)


def test_a_broken_configuration_is_refused_and_the_service_goes_on():
    with house("refuse").start() as s:
        good = read(config(s))
        before = rooms(s)
        write(config(s), good + b"typo: 1\n")
        s.process.send_signal(signal.SIGHUP)
        wait_until("refused", lambda: count(s, "event=reload.refused"))
        contains(s.words(), "typo")
        equal(s.ask("GET", "/.well-known/est/cacerts").status, 200)
        equal(rooms(s), before)
        write(config(s), good)
        s.process.send_signal(signal.SIGHUP)
        wait_until("reloaded", lambda: count(s, "event=reloaded"))


def test_addresses_change_at_the_next_start_and_it_says_so():
    with house("moved").start() as s:
        text = read(config(s)).decode()
        write(config(s), text.replace("devices: 127.0.0.1:%d" %
                                      s.ports["devices"],
                                      "devices: 127.0.0.1:0"))
        s.process.send_signal(signal.SIGHUP)
        wait_until("reloaded", lambda: count(s, "event=reloaded"))
        contains(s.words(), "event=reload.address port=devices")
        equal(s.ask("GET", "/.well-known/est/cacerts").status, 200)


# ---- Start and stop

def test_the_lock_is_held_as_long_as_it_runs():
    with house("lock").start() as s:
        code, _, err = service.run(DAEMON, "--config", config(s), check=False)
        equal(code, 1)
        contains(err, "BM_E_BUSY")
        equal(s.ask("GET", "/.well-known/est/cacerts").status, 200)
        equal(s.stop(), 0)
    s.birthmark("ca", "crl", "--dir", s.dir, "issuing")


def test_stopping_finishes_what_was_accepted():
    s = house("stop")
    device, secret = enrolled(s, "SN-9")
    key = Key(".", device, "/serialNumber=" + device)
    with s.start():
        head = ("POST /.well-known/est/many/simpleenroll HTTP/1.1\r\n"
                "Host: localhost\r\nContent-Type: application/pkcs10\r\n"
                "Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n" % (
                    service.base64.b64encode(
                        ("%s:%s" % (device, secret)).encode()).decode(),
                    len(key.body()))).encode()
        plain = socket.create_connection(("127.0.0.1", s.ports["devices"]),
                                         timeout=service.PATIENCE)
        tls = s.tls().wrap_socket(plain, server_hostname="localhost")
        tls.sendall(head + key.body()[:10])
        # the listener has read the head when it has read another request
        equal(s.ask("GET", "/.well-known/est/cacerts").status, 200)
        s.process.send_signal(signal.SIGTERM)
        wait_until("nobody listens", lambda: not service.listening(
            s.ports["devices"]))
        tls.sendall(key.body()[10:])
        answer = tls.recv(65536)
        holds(answer.startswith(b"HTTP/1.1 200 "), repr(answer[:100]))
        tls.close()
        equal(s.process.wait(service.PATIENCE), 0)
        equal(count(s, "event=room.stuck"), 0)
        s.process = None


def test_ports_that_are_free_are_told():
    s = house("ports", listen_devices="127.0.0.1:0",
                listen_operators="127.0.0.1:0", listen_public="127.0.0.1:0",
                listen_metrics="none")
    path = s.dir + "/run/addresses"
    with s.start(wait=False):
        rows = wait_until("run/addresses", lambda: os.path.exists(path) and
                          dict(row.split() for row in
                               read(path).decode().splitlines()))
        equal(set(rows), {"devices", "operators", "public"})
        for name, address in rows.items():
            s.ports[name] = int(address.rpartition(":")[2])
        s.wait_ready()
        equal(s.stop(), 0)
    holds(not os.path.exists(path), "run/addresses is still there")


def activated(s, names, notify):
    """Start as systemd does: sockets from descriptor 3 on, by name."""
    opened = []
    for name in names:
        opened.append(socket.create_server(("127.0.0.1", 0)))
        s.ports[name] = opened[-1].getsockname()[1]
    # high numbers first: what is put at 3 must not be in the way
    high = [os.dup2(o.fileno(), 100 + i) for i, o in enumerate(opened)]
    words = "".join(" %d<&%d" % (3 + i, fd) for i, fd in enumerate(high))
    env = dict(os.environ, LISTEN_FDS=str(len(names)),
               LISTEN_FDNAMES=":".join(names), NOTIFY_SOCKET=notify)
    with open(s.log, "ab") as log:
        s.process = subprocess.Popen(
            ["bash", "-c", "LISTEN_PID=$$ exec \"$@\"" + words, "bash",
             DAEMON, "--config", config(s)], env=env, pass_fds=high,
            stderr=log)
    for fd in high:
        os.close(fd)
    for o in opened:
        o.close()


def said(s, *events):
    """What it has logged of these, in that order."""
    return [e for e in re.findall(r"event=([a-z.-]+)", s.words())
            if e in events]


def is_answered(s):
    """Of the issuer, at once: who was told to wait for it may come now."""
    equal(s.try_get("/.well-known/est/cacerts"), 200)


def test_sockets_of_systemd_are_taken_and_it_is_told():
    s = house("systemd")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear, s:
        path = os.path.abspath("notify")
        ear.bind(path)
        ear.settimeout(service.PATIENCE)
        before = dict(s.ports)
        activated(s, ["public", "devices"], path)
        contains(ear.recv(4096).decode(), "READY=1")
        is_answered(s)
        equal(said(s, "issuer.ready", "started"), ["issuer.ready", "started"])
        holds(s.ports["devices"] != before["devices"], "another port")
        s.wait_ready()
        s.process.send_signal(signal.SIGHUP)
        contains(ear.recv(4096).decode(), "RELOADING=1", "MONOTONIC_USEC=")
        contains(ear.recv(4096).decode(), "READY=1")
        is_answered(s)
        equal(said(s, "issuer.ready", "reloaded")[-2:],
              ["issuer.ready", "reloaded"])
        equal(s.stop(), 0)
        contains(ear.recv(4096).decode(), "STOPPING=1")


# ---- --check, and the rest of the command line

def test_check_tells_what_would_run_and_what_would_not():
    s = house("check")
    code, out, err = service.run(DAEMON, "--config", config(s), "--check")
    equal((code, err), (0, ""))
    for room in ROOMS:
        contains(out, "\n" + room)
    contains(out, "Landlock", "server certificate until", "devices 127.0.0.1")
    good = read(config(s)).decode()
    for text, words in ((good + "est: { default_profile: none-such }\n",
                         "none-such"),
                        (good + "listen_: 1\n", "listen_"),
                        (good.replace("127.0.0.1:", "localhost:"),
                         "birthmark.yaml:")):
        write(config(s), text)
        code, _, err = service.run(DAEMON, "--config", config(s), "--check",
                                   check=False)
        equal(code, 1)
        contains(err, words)
    write(config(s), good)
    os.rename(s.dir + "/ca/server.pem", s.dir + "/ca/server.away")
    code, _, err = service.run(DAEMON, "--config", config(s), "--check",
                               check=False)
    equal(code, 1)
    contains(err, "server.pem")


def test_the_command_line_is_strict():
    for words, code in ((["--version"], 0), (["--help"], 0), ([], 2),
                        (["--config"], 2), (["--check"], 2),
                        (["--config", "a", "--config", "b"], 2),
                        (["--config", "a", "--what"], 2),
                        (["--config", "a", "--room", "x", "--instance", "0"],
                         2),
                        (["--config", "none/birthmark.yaml"], 1),
                        (["--config", PROGRAM], 1)):
        equal(service.run(DAEMON, *words, check=False)[0], code, words)
    contains(service.run(DAEMON, "--config", "a", "--what", check=False)[2],
             "--what: not an option")


def test_a_room_alone_is_no_service():
    s = house("alone")
    code, _, _ = service.run(DAEMON, "--config", config(s), "--room",
                             "issuer", "--instance", "0", check=False)
    holds(code not in (0, None), "a room without a supervisor")


service.main()
