# SPDX-License-Identifier: Apache-2.0
"""The firewall of a Linux device: a policy that is signed, assigned, fetched by
birthmark-agent, and put in force by birthmark-firewall, in the kernel.

    python3 firewall_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...

The device is a network namespace; what reaches it, and what it reaches, is
tried from the other end of its cable. All of it is in a namespace of this
test's own.
"""
import atexit
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import netns  # first: it begins this script anew, in a namespace

# pylint: disable=wrong-import-position
import agent
from agent import LDEVID, Agent, make_service, token
from netns import DEVICE, HOST, inside, make_namespace, queue_env
import service
from service import (Key, PATIENCE, contains, equal, holds, read, run,
                     wait_until, write)

FIREWALL = os.path.join(os.path.dirname(agent.AGENT), "birthmark-firewall")
POLICY = """\
policy: gateway
version: %(version)d
floor: %(floor)d
flows: 64
builtin: [{name: arp, modes: [normal, lockdown, repair]}]
rules:
- {name: server, direction: out, protocol: tcp, port: %(server)d,
   peer: 10.77.0.1, verdict: allow, modes: [normal, lockdown, repair]}
%(rules)s"""
WEB = """\
- {name: web, direction: in, protocol: tcp, port: %d, verdict: allow}
- {name: telnet, direction: in, protocol: tcp, port: 23, verdict: drop,
   log: count}
"""

WORLD = {}


# ---- The world

class Forwarder:
    """What the device's cable leads to: the server, which listens on the
    loopback device of this namespace. `cut`: nobody listens any more."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server((HOST, port), reuse_port=True)
        self.accepted = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                return
            self.accepted += 1
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(a, b),
                                 daemon=True).start()

    @staticmethod
    def copy(a, b):
        with contextlib.suppress(OSError):
            while True:
                octets = a.recv(65536)
                if not octets:
                    break
                b.sendall(octets)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)


def allow_signers(s):
    text = s.birthmark("profile", "show", "policy-signing")[1]
    write(s.dir + "/profiles/policy-signing.yaml",
          text.replace("approval: true\n", "").encode())


def make_signer(s, name):
    """A key that may sign policies, of the service's own authority."""
    s.birthmark("image", "keygen", "--dir", s.dir, "--out", name + ".pub",
                "file:%s.key" % name)
    s.birthmark("image", "request", "--dir", s.dir, "--subject", "CN=" + name,
                "--out", name + ".csr", "file:%s.key" % name)
    s.birthmark("cert", "issue", "--dir", s.dir, "--profile", "policy-signing",
                "--csr", name + ".csr", "--out", name + ".crt")
    with open(name + ".crt", "ab") as f:
        f.write(read(s.dir + "/ca/operations.pem"))


def world():
    if not WORLD:
        make_namespace()
        WORLD["in"] = netns.COMMAND
        s = WORLD["service"] = make_service()
        allow_signers(s)
        make_signer(s, "fw")
        WORLD["far"] = Forwarder(s.ports["devices"])
        s.start()
        WORLD["server"] = socket.create_server(("0.0.0.0", 0))
    return WORLD["service"]


def release(*args):
    s = world()
    return s.birthmark("release", args[0], "--dir", s.dir, *args[1:])


def text_of(version, rules, floor=1):
    return POLICY % {"version": version, "floor": floor, "rules": rules,
                     "server": world().ports["devices"]}


def signed(name, version, rules, floor=1):
    """The file of a signed policy."""
    s = world()
    write(name + ".yaml", text_of(version, rules, floor))
    s.birthmark("policy", "sign", "--dir", s.dir, "--key", "file:fw.key",
                "--cert", "fw.crt", "--out", name + ".pol", name + ".yaml")
    return name + ".pol"


def assign(device, name, version, rules, floor=1):
    release("create", name, "--policy", signed(name, version, rules, floor))
    release("assign", name, "--device", device.name)


class Gateway(Agent):
    """A device with its firewall: both programs, in the namespace."""

    def __init__(self, name, trial="5s"):
        s = world()
        where = os.path.abspath("device-" + name)
        os.makedirs(where)
        self.settings = where + "/firewall.yaml"
        self.socket = where + "/socket"
        write(where + "/builtin.yaml", text_of(1, WEB % 8000))
        s.birthmark("policy", "compile", "--out", where + "/builtin.bin",
                    where + "/builtin.yaml")
        write(self.settings, """\
version: 1
interfaces: [eth0]
builtin: %s/builtin.bin
state: %s/firewall
socket: %s
""" % (where, where, self.socket))
        self.firewall = None
        super().__init__(
            s, name, "early", token(s, name, "early"),
            "firewall: { settings: %s, trial: %s, every: 1s }\n"
            % (self.settings, trial), prefix=WORLD["in"])
        write(self.config, read(self.config).decode().replace(
            "https://127.0.0.1", "https://localhost"))

    def start_firewall(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.socket)
        with open(self.log, "ab") as log:
            self.firewall = subprocess.Popen(
                WORLD["in"] + [FIREWALL, "--config", self.settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=queue_env())
        def ready():
            holds(self.firewall.poll() is None, "it has ended:\n" +
                  self.words())
            return os.path.exists(self.socket)
        wait_until("birthmark-firewall listens", ready)
        return self

    def end_firewall(self, how=signal.SIGTERM):
        if self.firewall is not None:
            self.firewall.send_signal(how)
            self.firewall.wait()
            self.firewall = None

    def start_both(self):
        self.start_firewall()
        return self.start()

    def __exit__(self, *why):
        super().__exit__(*why)
        self.end_firewall(signal.SIGKILL)
        inside("nft flush ruleset")

    def happened(self):
        """[(kind, text)] of its events, in their order, as the server has
        them."""
        s = self.service
        out = s.birthmark("device", "events", "--dir", s.dir, "--device",
                          self.name, "--json")[1]
        rows = [e for e in map(json.loads, out.splitlines())
                if e["source"] == "claimed"]
        return [(e["event"], e["text"]) for e in reversed(rows)]

    def wait_happened(self, kind, words="", count=1):
        def there():
            return len([1 for k, t in self.happened()
                        if k == kind and words in t]) >= count
        try:
            wait_until("event %s %s" % (kind, words), there)
        except AssertionError:
            print("# " + repr(self.happened()))
            raise


def served(port):
    """A server inside, which takes connections."""
    script = ("import socket,time\ns = socket.create_server(('', %d))\n"
              "while True:\n s.accept()[0].close()\n" % port)
    return subprocess.Popen(WORLD["in"] + [sys.executable, "-c", script])


def answers(port, patience=0.7):
    """Does the device let a connection in?"""
    try:
        socket.create_connection((DEVICE, port), timeout=patience).close()
        return True
    except OSError:
        return False


def reaches(port):
    """Does the device let a connection out, to here?"""
    script = ("import socket,sys\n"
              "socket.create_connection(('%s', %d), timeout=0.7)\n"
              % (HOST, port))
    return subprocess.run(WORLD["in"] + [sys.executable, "-c", script],
                          check=False, stderr=subprocess.DEVNULL
                          ).returncode == 0


@contextlib.contextmanager
def servers(*ports):
    running = [served(p) for p in ports]
    try:
        wait_until("they listen", lambda: all(
            (":%d " % p) in inside("ss -Hltn")[1] for p in ports))
        yield
    finally:
        for p in running:
            p.kill()
            p.wait()


def in_force():
    """Names of counters in the kernel: which rules it has."""
    rows = json.loads(inside("nft -j list ruleset")[1])["nftables"]
    return {r["counter"]["name"] for r in rows if "counter" in r}


# ---- Tests

def test_a_device_without_a_policy_has_its_builtin_one():
    world()
    with Gateway("first") as g, servers(8000, 8001):
        holds(answers(8001), "nothing is filtered yet")
        g.start_firewall()
        holds(answers(8000), "what the builtin policy opens")
        holds(not answers(8001), "and nothing else")
        equal(reaches(WORLD["server"].getsockname()[1]), False)
        # It ends, and the kernel keeps what it has.
        g.end_firewall()
        holds(answers(8000) and not answers(8001), "as before")


def test_a_policy_is_fetched_put_in_force_and_confirmed():
    with Gateway("taken") as g, servers(8000, 8001):
        g.start_both()
        g.wait_for("event=identity.enrolled")
        assign(g, "taken-2", 2, WEB % 8001)
        g.wait_for("event=policy.tried", "event=policy.taken")
        holds(answers(8001), "what it opens")
        holds(not answers(8000), "and nothing else")
        g.wait_happened("taken", "policy")
        equal([k for k, _ in g.happened() if k in (
            "fetched", "tried", "taken", "reverted", "refused")
               ][-3:], ["fetched", "tried", "taken"])
        # It stays, for the next start of the machine too.
        g.stop()
        g.end_firewall(signal.SIGKILL)
        inside("nft flush ruleset")
        holds(answers(8000), "a machine that starts")
        g.start_firewall()
        holds(answers(8001) and not answers(8000), "before anything else")
        # And nothing is fetched twice.
        g.start()
        g.wait_for("event=start", count=2)
        time.sleep(1.5)
        equal(g.words().count("event=policy.tried"), 1)


def test_what_is_dropped_is_told():
    with Gateway("told") as g, servers(8000):
        g.start_both()
        g.wait_for("event=identity.enrolled")
        holds(not answers(23, 0.3), "a rule drops it")
        holds(not answers(99, 0.3), "no rule names it")
        g.wait_happened("dropped", "in n=1 rule=telnet")
        g.wait_happened("dropped", "why=default")


def test_a_policy_that_locks_the_device_out_is_taken_back_once():
    with Gateway("locked", trial="2s") as g, servers(8000, 8001):
        g.start_both()
        g.wait_for("event=identity.enrolled")
        s = world()
        write("locked.yaml", text_of(2, WEB % 8001).replace(
            "port: %d" % s.ports["devices"], "port: 1"))
        s.birthmark("policy", "sign", "--dir", s.dir, "--key", "file:fw.key",
                    "--cert", "fw.crt", "--out", "locked.pol", "locked.yaml")
        release("create", "locked-2", "--policy", "locked.pol")
        release("assign", "locked-2", "--device", "locked")
        g.wait_for("event=policy.tried")
        wait_until("it is in force", lambda: answers(8001))
        g.wait_for("event=policy.reverted")
        wait_until("what was before is in force",
                   lambda: answers(8000) and not answers(8001))
        g.wait_happened("reverted")
        time.sleep(1.5)
        equal(g.words().count("event=policy.tried"), 1)


def test_what_is_below_the_floor_is_refused():
    with Gateway("floor") as g, servers(8000, 8001):
        g.start_both()
        g.wait_for("event=identity.enrolled")
        assign(g, "floor-5", 5, WEB % 8001, floor=4)
        g.wait_for("event=policy.taken")
        assign(g, "floor-3", 3, WEB % 8000)
        g.wait_for("event=blob.refused", "below the floor")
        g.wait_happened("refused")
        holds(answers(8001) and not answers(8000), "what was in force is")
        # Down to the floor is permitted, and the floor stays.
        assign(g, "floor-4", 4, WEB % 8000)
        g.wait_for("event=policy.taken", count=2)
        assign(g, "floor-3b", 3, WEB % 8001 + "- {name: x, direction: in, "
               "protocol: tcp, port: 7, verdict: allow}\n")
        g.wait_for("event=blob.refused", count=2)


def test_no_way_back_leads_below_the_floor_of_what_is_on_trial():
    with Gateway("jammed", trial="2s") as g, servers(8000, 8001):
        g.start_both()
        g.wait_for("event=identity.enrolled")
        assign(g, "jammed-2", 2, WEB % 8000)
        g.wait_for("event=policy.taken")
        signed("jammed-3", 3, WEB % 8001, floor=3)
        release("create", "jammed-3", "--policy", "jammed-3.pol")
        # Whoever can jam the server cannot bring the laxer one back.
        g.stop()
        release("assign", "jammed-3", "--device", "jammed")
        g.start()
        g.wait_for("event=policy.tried", count=2)
        time.sleep(4)
        equal(g.words().count("event=policy.reverted"), 0)
        holds(answers(8001) and not answers(8000), "the strict one")


def test_what_cannot_be_done_is_refused_before_it_is_tried():
    with Gateway("inexact") as g:
        g.start_both()
        g.wait_for("event=identity.enrolled")
        assign(g, "inexact", 2, "- {name: flood, direction: in, protocol: arp,"
               " priority: 1, verdict: allow, threshold: {high: 9/s, low: 2/s}}\n")
        g.wait_for("event=blob.refused")
        contains(g.words(), "nftables cannot do this exactly")
        g.wait_happened("refused")
        equal(g.words().count("event=policy.tried"), 0)


def test_what_the_engine_judges_comes_by_delivery_too_and_is_told():
    with Gateway("inspected") as g:
        g.start_both()
        g.wait_for("event=identity.enrolled")
        assign(g, "inspected-2", 2, "- {name: plc, direction: in, protocol: "
               "tcp, port: 502, verdict: allow, threshold: {high: 2/s, "
               "low: 1/s}}\n")
        g.wait_for("event=policy.taken")
        with servers(502):
            holds(answers(502), "the first one")
            holds(not all([answers(502, 0.2) for _ in range(5)]),
                  "not so many")
        g.wait_happened("limited", "rule=plc")


def test_the_mode_of_the_manifest_holds_and_a_suspended_device_is_for_repair():
    with Gateway("modes") as g, servers(8000):
        g.start_both()
        g.wait_for("event=identity.enrolled")
        holds(answers(8000), "normal")
        release("create", "lock", "--mode", "lockdown")
        release("assign", "lock", "--device", "modes")
        g.wait_happened("mode", "lockdown")
        holds(not answers(8000), "a rule of normal alone")
        release("create", "normal", "--mode", "normal")
        release("assign", "normal", "--device", "modes")
        g.wait_happened("mode", "normal")
        wait_until("as before", lambda: answers(8000))
        s = world()
        s.birthmark("device", "suspend", "--dir", s.dir, "modes")
        g.wait_happened("mode", "repair")
        holds(not answers(8000), "for repair alone")
        # It outlives a start, and ends with the suspension.
        g.end_firewall(signal.SIGKILL)
        inside("nft flush ruleset")
        g.start_firewall()
        holds(not answers(8000), "still")
        s.birthmark("device", "resume", "--dir", s.dir, "modes")
        wait_until("as before", lambda: answers(8000))


def test_tables_of_others_stay_and_one_that_was_flushed_comes_back():
    with Gateway("others") as g, servers(8000, 8001):
        inside("nft add table inet theirs",
               "nft add chain inet theirs kept")
        g.start_both()
        g.wait_for("event=identity.enrolled")
        assign(g, "others-2", 2, WEB % 8001)
        g.wait_for("event=policy.taken")
        contains(inside("nft list tables")[1], "inet theirs")
        inside("nft flush ruleset")
        g.wait_for("event=firewall.was_flushed")
        wait_until("it is back", lambda: not answers(8000))
        holds(answers(8001), "what is in force")


def test_an_address_that_is_new_is_of_the_subnet():
    with Gateway("subnet") as g:
        g.start_firewall()
        contains(inside("nft list set inet birthmark subnet4")[1], "10.77.0.0/24")
        inside("ip -6 addr add 2001:db8:7::1/64 dev eth0 nodad")
        wait_until("it is known", lambda: "2001:db8:7::/64" in
                   inside("nft list set inet birthmark subnet6")[1])
        inside("ip -6 addr del 2001:db8:7::1/64 dev eth0")
        wait_until("it is gone", lambda: "2001:db8:7::/64" not in
                   inside("nft list set inet birthmark subnet6")[1])


def test_an_interface_that_appears_is_taken_up():
    with Gateway("appears") as g:
        write(g.settings, read(g.settings).decode().replace(
            "[eth0]", "[eth0, later]"))
        g.start_firewall()
        hook = "nft list chain netdev birthmark in"
        holds("later" not in inside(hook)[1], "it is not there")
        inside("ip link add later type veth peer name other")
        wait_until("it is taken up", lambda: "later" in inside(hook)[1])
        inside("ip link del later")
        wait_until("it is gone", lambda: "later" not in inside(hook)[1])
        contains(inside(hook)[1], "eth0")


def test_settings_are_checked_with_what_they_name():
    with Gateway("checked") as g:
        contains(g.run("--check")[1], "builtin policy " + g.where)
        equal(run(FIREWALL, "--config", g.settings, "--check")[0], 0)
        write(g.where + "/builtin.bin", b"BMFW")
        for command in (g.command("--check"),
                        [FIREWALL, "--config", g.settings, "--check"]):
            code, _, err = run(*command, check=False)
            equal(code, 1)
            contains(err, "builtin.bin", "malformed firewall table")
        write(g.settings, b"version: 1\ninterfaces: [lo]\nbuiltin: /b\n")
        code, _, err = run(FIREWALL, "--config", g.settings, "--check",
                           check=False)
        equal(code, 1)
        contains(err, "line=2", "not of lo")


def test_the_process_has_one_capability_and_no_way_to_more():
    with Gateway("caps") as g:
        g.start_firewall()
        pid = [p for p in service.descendants(os.getpid())
               if b"birthmark-firewall" in read("/proc/%d/cmdline" % p)][-1]
        words = dict(line.split(":\t", 1) for line in
                     read("/proc/%d/status" % pid).decode().splitlines()
                     if ":\t" in line)
        for name in ("CapPrm", "CapEff", "CapBnd"):
            equal(int(words[name], 16), 1 << 12, name)
        equal(int(words["CapAmb"], 16), 0)
        equal(words["NoNewPrivs"], "1")


def test_killed_at_any_step_the_next_start_has_one_whole_policy_in_force():
    """Both programs are killed at random, while policies come, until one more
    start. Always one of the policies that were assigned is in force, whole."""
    seed = random.randrange(1 << 32)
    print("# seed %d" % seed)
    rng = random.Random(seed)
    ports = {1: 8000}
    with Gateway("killed") as g:
        g.start_both()
        g.wait_for("event=identity.enrolled")
        for version in range(2, 7):
            ports[version] = 8000 + version
            assign(g, "killed-%d" % version, version, WEB % (8000 + version))
            time.sleep(rng.uniform(0.0, 1.6))
            for p in rng.sample([g.process, g.firewall], rng.choice([1, 2])):
                p.kill()
            g.stop(signal.SIGKILL)
            g.end_firewall(signal.SIGKILL)
            inside("nft flush ruleset")
            g.start_firewall()
            text = inside("nft list chain inet birthmark in4-tcp")[1]
            there = [v for v, port in ports.items() if "dport { %d }" % port
                     in text or "dport %d " % port in text]
            equal(len(there), 1, text)
            holds("rule-in-telnet" in text, "all of it")
            g.start()
        g.wait_for("event=start", count=6)
        with servers(8006):
            wait_until("the last one is in force", lambda: answers(8006))
        g.wait_happened("taken", "policy")


if __name__ == "__main__":
    try:
        service.main()
    finally:
        if "service" in WORLD:
            WORLD["service"].stop(signal.SIGKILL)
