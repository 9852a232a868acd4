# SPDX-License-Identifier: Apache-2.0
"""birthmark-firewall alone, as a device has it: what nftables cannot do, which
it judges itself, and what it does when things go wrong. Real connections, from
the other end of the device's cable.

    python3 queue_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...
"""
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import netns  # first: it begins this script anew, in a namespace

# pylint: disable=wrong-import-position
import agent
from netns import DEVICE, inside, make_namespace, queue_env
import service
from service import equal, holds, read, run, wait_until, write

FIREWALL = os.path.join(os.path.dirname(agent.AGENT), "birthmark-firewall")

PASSED, DROPPED, LIMITED, REASON = range(4)
NORMAL, LOCKDOWN, REPAIR = range(3)

POLICY = """\
policy: queue
version: %d
floor: 1
flows: 64
builtin: [{name: arp, modes: [normal, lockdown, repair]}]
rules:
- {name: plain, direction: in, protocol: tcp, port: 80, verdict: allow}
"""
MODBUS = """\
- {name: plc, direction: in, protocol: tcp, port: 502, verdict: allow,
   modes: [normal, lockdown],
   modbus: {mode: active, allow: [{functions: 3, addresses: 100-199}]}}
"""
FLOOD = """\
- {name: flood, direction: in, protocol: udp, port: 9, flows: false,
   verdict: allow, threshold: {high: %d/s, low: %d/s}}
"""

# Each a server of its own, in the device.
ECHO = """\
import socket, threading
def serve(client):
    with client:
        while True:
            octets = client.recv(4096)
            if not octets:
                return
            client.sendall(octets)
s = socket.create_server(("", %d))
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""
COUNT = """\
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 9))
while True:
    print(s.recv(100), flush=True)
"""

WORLD = {}


def world():
    if not WORLD:
        make_namespace()
        WORLD["env"] = queue_env()


class Firewall:
    """The process, in the device."""

    def __init__(self, name, rules, version=2, start=True):
        world()
        self.where = os.path.abspath(name)
        os.makedirs(self.where)
        self.settings = self.where + "/firewall.yaml"
        self.socket = self.where + "/socket"
        self.log = self.where + "/log"
        self.process = None
        self.helpers = []
        self.compiled("builtin", rules, version)
        write(self.settings, "version: 1\ninterfaces: [eth0]\nbuiltin: %s/"
              "builtin.bin\nstate: %s/state\nsocket: %s\n" % (
                  self.where, self.where, self.socket))
        if start:
            self.start()

    def compiled(self, name, rules, version=2):
        """The octets of a table."""
        path = self.where + "/" + name
        with contextlib.suppress(FileNotFoundError):
            os.remove(path + ".bin")
        write(path + ".yaml", POLICY % version + rules)
        run(service.PROGRAM, "policy", "compile", "--out", path + ".bin",
            path + ".yaml")
        return read(path + ".bin")

    def __enter__(self):
        return self

    def __exit__(self, *why):
        for p in self.helpers:
            p.kill()
            p.wait()
        self.end(signal.SIGKILL)
        inside("nft flush ruleset")

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.socket)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                netns.COMMAND + [FIREWALL, "--config", self.settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=WORLD["env"])
        def ready():
            holds(self.process.poll() is None, self.words())
            return os.path.exists(self.socket)
        wait_until("birthmark-firewall listens", ready)

    def words(self):
        return read(self.log).decode()

    def end(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def runs(self, script):
        p = subprocess.Popen(netns.COMMAND + [sys.executable, "-c", script],
                             stdout=subprocess.PIPE)
        self.helpers.append(p)
        return p

    def echoes(self, port):
        self.runs(ECHO % port)
        wait_until("it listens", lambda: ":%d " % port in inside(
            "ss -Hltn")[1])

    def ask(self, what, word, octets=b""):
        """(status, octets)"""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.socket)
            s.sendall(struct.pack(">BBHI", what, word, 0, len(octets)) + octets)
            status, n = struct.unpack(">II", s.recv(8, socket.MSG_WAITALL))
            return status, s.recv(n, socket.MSG_WAITALL) if n else b""

    def apply(self, table, mode=NORMAL):
        equal(self.ask(1, mode, table)[0], 0, self.words())

    def counts(self):
        """{(kind, name): frames}, all of them."""
        found = {}
        status, octets = self.ask(2, 0)
        while octets and status == 0:
            at = 0
            while at < len(octets):
                kind, frames, n = struct.unpack_from(">BQB", octets, at)
                name = octets[at + 10:at + 10 + n].decode()
                found[kind, name] = found.get((kind, name), 0) + frames
                at += 10 + n
            status, octets = self.ask(2, 1)
        equal(status, 0)
        return found


# ---- Clients

def adu(function, first, n, transaction=1):
    return struct.pack(">HHHBBHH", transaction, 0, 6, 9, function, first, n)


READ = adu(3, 100, 2)
WRITE = adu(6, 100, 7)


def connection(port=502, patience=10):
    s = socket.create_connection((DEVICE, port), timeout=patience)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def heard(s, octets, patience=10):
    """Do these octets come back?"""
    s.settimeout(patience)
    got = b""
    try:
        while len(got) < len(octets):
            more = s.recv(4096)
            if not more:
                return False
            got += more
    except OSError:
        return False
    return got == octets


def asked(s, octets, patience=10):
    s.sendall(octets)
    return heard(s, octets, patience)


def connects(port, patience=0.7):
    try:
        connection(port, patience).close()
        return True
    except OSError:
        return False


def opens(port):
    """It does, now or when the neighbours know each other again."""
    return wait_until("a connection", lambda: connects(port), 20)


def datagrams(n):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for i in range(n):
            s.sendto(b"%d" % i, (DEVICE, 9))


# ---- Tests

def test_a_function_that_is_allowed_passes_and_another_does_not():
    with Firewall("functions", MODBUS) as f:
        f.echoes(502)
        with connection() as s:
            for i in range(20):
                holds(asked(s, adu(3, 100 + i, 2, i)), "a read")
        with connection() as s:
            holds(asked(s, READ), "a read")
            holds(not asked(s, WRITE, 1), "a write")
        with connection() as s:
            holds(not asked(s, adu(3, 199, 2), 0.5), "beyond what it may read")
        counts = f.counts()
        holds(counts.get((LIMITED, "in-plc"), 0) >= 2, counts)
        holds(set(counts) <= {(LIMITED, "in-plc"), (REASON, "default"),
                              (REASON, "state")}, counts)


def test_a_request_that_comes_in_parts_waits_until_it_comes_whole():
    with Firewall("parts", MODBUS) as f:
        f.echoes(502)
        with connection() as s:
            s.sendall(READ[:7])
            holds(not heard(s, READ[:7], 0.1), "half of it")
            s.sendall(READ[7:])
            # What was not acknowledged TCP sends again, then in one.
            holds(heard(s, READ, 5), "all of it, sent again")
            holds(asked(s, READ), "and so on")
        holds(f.counts()[LIMITED, "in-plc"] >= 1, "the first part")


def test_two_requests_in_one_segment_do_not_pass():
    with Firewall("two", MODBUS) as f:
        f.echoes(502)
        with connection() as s:
            holds(not asked(s, READ + WRITE, 0.7), "a write behind a read")
        with connection() as s:
            holds(not asked(s, READ + READ[:5], 0.7), "one and a half")


def test_a_connection_goes_on_when_the_mode_changes():
    with Firewall("mode", MODBUS) as f:
        f.echoes(502)
        f.echoes(80)
        table = read(f.where + "/builtin.bin")
        with connection() as s, connection(80) as plain:
            holds(asked(s, READ) and asked(plain, b"hello"), "normal")
            f.apply(table, LOCKDOWN)
            holds(asked(s, READ), "its rule is in this mode")
            holds(not asked(plain, b"hello", 0.7), "not this one")
            f.apply(table, REPAIR)
            holds(not asked(s, READ, 0.7), "over")


def test_under_load_a_reload_loses_no_connection_that_is_not_over():
    with Firewall("swap", MODBUS) as f:
        f.echoes(502)
        table = read(f.where + "/builtin.bin")
        with connection() as s:
            for i in range(6):
                # On its way, in the queue, as the ruleset is replaced.
                s.sendall(adu(3, 100, 2, i))
                f.apply(table, LOCKDOWN if i % 2 == 0 else NORMAL)
                holds(heard(s, adu(3, 100, 2, i), 5), "sent again, at worst")
        equal(f.process.poll(), None)


def test_flows_of_another_policy_are_over_though_its_version_is_the_same():
    with Firewall("same", MODBUS) as f:
        f.echoes(80)
        f.echoes(502)
        with connection(80) as s, connection() as inspected:
            holds(asked(s, b"hello") and asked(inspected, READ), "one")
            f.apply(f.compiled("other", MODBUS.replace("199", "198")))
            holds(not asked(s, b"hello", 0.7), "another")
            holds(not asked(inspected, READ, 0.7), "another")
        with connection(80) as s, connection() as inspected:
            holds(asked(s, b"hello") and asked(inspected, READ), "anew")


def test_who_keeps_his_port_goes_on_under_another_policy():
    # Conntrack still has what was of the policy before, as long as he sends.
    rules = ("- {name: log, direction: in, protocol: udp, port: 9,"
             " verdict: allow}\n")
    with Firewall("port", rules) as f, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        p = f.runs(COUNT)
        wait_until("it listens", lambda: ":9 " in inside("ss -Hlun")[1])
        s.sendto(b"one", (DEVICE, 9))
        f.apply(f.compiled("other", rules, 3))
        s.sendto(b"another", (DEVICE, 9))
        s.sendto(b"and on", (DEVICE, 9))
        time.sleep(0.5)
        p.kill()
        equal(len(p.stdout.read().split(b"\n")[:-1]), 3, "all are heard")


def test_a_threshold_trips_and_recovers():
    with Firewall("threshold", FLOOD % (20, 5)) as f:
        p = f.runs(COUNT)
        wait_until("it listens", lambda: ":9 " in inside("ss -Hlun")[1])
        datagrams(60)
        time.sleep(0.2)
        datagrams(1)  # within the interval, or in the next: over
        time.sleep(2.2)
        datagrams(10)
        wait_until("it is heard", lambda: f.counts() is not None)
        p.kill()
        got = p.stdout.read().split(b"\n")[:-1]
        equal(len(got), 30, "20 of the first, and 10 afterwards")


def test_where_nobody_reads_nothing_passes_until_somebody_does():
    with Firewall("killed", MODBUS) as f:
        f.echoes(502)
        f.echoes(80)
        with connection() as s:
            holds(asked(s, READ), "a read")
            f.end(signal.SIGKILL)
            holds(not asked(s, READ, 1), "nobody reads")
        holds(not connects(502), "nor does a new one")
        holds(opens(80), "what nftables does alone")
        f.start()
        with connection() as s:
            holds(asked(s, READ), "it is back")


def test_what_comes_faster_than_it_is_read_is_dropped_and_counted():
    with Firewall("overflow", FLOOD % (1000000, 1)) as f:
        p = f.runs(COUNT)
        wait_until("it listens", lambda: ":9 " in inside("ss -Hlun")[1])
        f.process.send_signal(signal.SIGSTOP)
        wait_until("it stands", lambda: b"\nState:\tT" in read(
            "/proc/%d/status" % f.process.pid))
        datagrams(20000)
        f.process.send_signal(signal.SIGCONT)
        def told():
            """A gap shows when the next one comes."""
            datagrams(1)
            return f.counts().get((REASON, "queue"), 0)
        lost = wait_until("it is told", told)
        holds(0 < lost < 20000, lost)
        time.sleep(0.3)
        p.kill()
        got = p.stdout.read().split(b"\n")[:-1]
        holds(got[-1] == b"b'0'", "and what comes now passes")
        holds(len(got) + lost <= 20100 and len(got) > 100, len(got))
        print("# of 20,000 frames %d had no place in the queue" % lost)


def test_a_client_that_says_nothing_holds_nobody():
    with Firewall("slow", MODBUS) as f:
        f.echoes(502)
        slow = []
        for octets in (b"", b"\1", b"\1\0\0\0\0\1\0\0only this"):
            s = socket.socket(socket.AF_UNIX)
            s.connect(f.socket)
            s.sendall(octets)
            slow.append(s)
        began = time.monotonic()
        f.counts()
        with connection() as s:
            holds(asked(s, READ), "packets neither")
        holds(time.monotonic() - began < 5, "at once")
        for s in slow:
            s.settimeout(30)
            equal(s.recv(1), b"", "and is not waited for, for ever")


def closed():
    """Does nothing get in, not even the answer to who has its address?"""
    run("ip", "neigh", "flush", "dev", "cable")
    return not connects(80) and "REACHABLE" not in run(
        "ip", "neigh", "show", DEVICE)[1]


def test_settings_that_cannot_be_read_close_a_machine_without_rules():
    with Firewall("bad", MODBUS, start=False) as f:
        f.echoes(80)
        holds(opens(80), "no rules yet")
        good = read(f.settings)
        write(f.settings, b"version: 1\ninterfaces: [eth0\n")
        equal(inside("LD_PRELOAD= %s --config %s 2>> %s || true" % (
            FIREWALL, f.settings, f.log))[0], 0)
        holds("firewall.blocks" in f.words(), f.words())
        holds(closed(), "closed")
        # And rules that are there stay what they are.
        write(f.settings, good)
        f.start()
        holds(opens(80), "open for what the policy says")
        f.end()
        write(f.settings, b"")
        inside("%s --config %s 2>> %s || true" % (FIREWALL, f.settings, f.log))
        holds(opens(80), "still")


def test_what_was_closed_is_closed_again_when_somebody_flushes():
    with Firewall("closed", MODBUS, start=False) as f:
        f.echoes(80)
        write(f.where + "/builtin.bin", b"none")
        f.start()
        holds(closed(), "nothing can be loaded")
        inside("nft flush ruleset")
        wait_until("it is there again", lambda: "was_flushed" in f.words())
        holds(closed(), "again")
        # An interface that comes later is closed, too.
        inside("ip link add later type veth peer name other")
        wait_until("it is", lambda: "later" in inside(
            "nft list table netdev birthmark")[1])
        inside("ip link del later")
        f.compiled("builtin", MODBUS)
        f.apply(read(f.where + "/builtin.bin"))
        holds(opens(80), "until a table comes")


if __name__ == "__main__":
    service.main()
