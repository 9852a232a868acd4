#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device behind its policy, on an Ethernet with somebody who means it ill:

    policy_test.py GUARDED.elf BIRTHMARK

BIRTHMARK compiles the policy.
"""
import os
import re
import subprocess
import sys
import time

import attacker
import net
from attacker import FLOODS, SCANS, SERVER, Attacker, Flood
from net import Device, Echo, contains, exchange, free_port, holds, pattern

PROGRAM = os.path.abspath(sys.argv[1])
BIRTHMARK = os.path.abspath(sys.argv[2])

POLICY = """\
policy: net-test
version: 1
floor: 1
flows: 16
builtin: [{name: arp, peer: [10.0.2.2, 10.0.2.100]}]
rules:
- name: service
  direction: in
  protocol: tcp
  port: 4433
  peer: 10.0.2.2
  connections: 4
  verdict: allow
- name: server
  direction: out
  protocol: tcp
  port: 8443
  peer: 10.0.2.100
  verdict: allow
%s"""
TELNET = """\
- name: telnet
  direction: in
  protocol: tcp
  port: [23, 2323]
  verdict: reset
"""

FLOOD = 200  # frames a second; the emulated interface holds some 100
REASONS = ("rule flow quote default malformed fragment extension state rate "
           "threshold cap full filter").split()


def compiled(world, folder, more=""):
    """Its table, as a file of the device's folder."""
    if not os.path.exists(BIRTHMARK):
        raise net.Skip("no birthmark: preset release builds it")
    text = world.path("policy.yaml")
    with open(text, "w", encoding="ascii") as f:
        f.write(POLICY % more)
    table = os.path.join(folder, "policy.bin")
    if os.path.exists(table):
        os.unlink(table)
    done = subprocess.run([BIRTHMARK, "policy", "compile", "--out", table, text],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    holds(done.returncode == 0, done.stdout.decode())
    return "policy.bin"


class Story:
    """A device that serves, and the attacker."""

    def __init__(self, world, policy=True, more="", **words):
        folder = world.device("device", "root")
        self.world, self.port, self.served = world, free_port(), 0
        self.attacker = Attacker(self.port)
        self.context = world.context(False, "device")
        if policy:
            words["policy"] = compiled(world, folder, more=more)
        self.device = Device(world, PROGRAM, folder, do="server",
                             port=net.GUEST_PORT,
                             network=self.attacker.network, **words)
        self.attacker.meet()
        self.device.wait_for("listening")
        self.device.wait_for("up address")

    def request(self):
        """Seconds that a session takes: handshake, 200 octets out and back."""
        begun = time.monotonic()
        exchange(self.context, self.port, pattern(200))
        took = time.monotonic() - begun
        self.served += 1
        end = begun + net.PATIENCE
        while self.device.text().count("done octets") < self.served:
            holds(time.monotonic() < end, "a session does not end")
            time.sleep(0.005)
        return took

    def send_all(self, make, n):
        """In bursts that the interface can hold."""
        for i in range(n):
            self.attacker.send(make(i))
            if i % 16 == 15:
                time.sleep(0.02)

    def wait_for_neighbour(self):
        """Until its address of IPv6 is its own: it asks around first."""
        end = time.monotonic() + net.PATIENCE
        while not any(a[20] == attacker.ICMP6 and a[54] == 136
                      for a in self.attacker.heard if a[12] == 0x86):
            holds(time.monotonic() < end, "it is no neighbour")
            self.attacker.send(attacker.solicitation())
            time.sleep(0.1)

    def lost(self, text):
        """Frames that the emulated interface had no room for."""
        return self.attacker.device.n - int(
            re.search(r"received=(\d+)", text).group(1))

    def close(self):
        self.device.kill()
        self.attacker.close()


def counted(text):
    """Frames by reason."""
    numbers = re.search(r"reasons=([\d,]+)", text).group(1).split(",")
    return dict(zip(REASONS, map(int, numbers)))


def of_rule(text, name):
    return tuple(map(int, re.search(
        r"^rule %s passed=(\d+) dropped=(\d+)" % name, text, re.M).groups()))


def test_without_a_policy_a_scan_is_answered(world):
    """Or the next test would find nothing whatever happened."""
    story = Story(world, policy=False, conns=1)
    try:
        story.attacker.send(attacker.arp_request())
        story.wait_for_neighbour()
        for kind in ("syn", "udp", "echo request", "IPv6 neighbour",
                     "IPv6 syn"):
            story.send_all(SCANS[kind], 16)
        story.request()
        contains(story.device.end(), "status=0x0000")
        answers = story.attacker.answers()
    finally:
        story.close()
    ip = [a for a in answers if a[12:14] == b"\x08\0"]
    ipv6 = [a for a in answers if a[12:14] == b"\x86\xdd"]
    kinds = {"arp": len(answers) - len(ip) - len(ipv6),
             "neighbour": sum(a[20] == 58 and a[54] == 136 for a in ipv6),
             "reset of IPv6": sum(a[20] == 6 for a in ipv6),
             "reset": sum(a[23] == 6 and a[47] & attacker.RST for a in ip) // 4,
             "unreachable": sum(a[23] == 1 and a[34] == 3 for a in ip),
             "echo": sum(a[23] == 1 and a[34] == 0 for a in ip)}
    holds(all(kinds.values()), kinds)


def test_a_scan_finds_nothing(world):
    story = Story(world, conns=2)
    try:
        story.request()
        time.sleep(3)  # as above, of which nobody hears
        for make in SCANS.values():
            story.send_all(make, 48)
        story.request()
        text = story.device.end()
        answers = story.attacker.answers()
        holds(not answers, "answered: %s" % [a.hex() for a in answers[:3]])
    finally:
        story.close()
    got = counted(text)
    print("# %d frames of %d kinds, none answered: %s"
          % (story.attacker.sent, len(SCANS),
             " ".join("%s=%d" % r for r in got.items() if r[1])))
    lost = story.lost(text)
    holds(48 - lost <= got["fragment"] <= 48, "fragments")
    holds(got["malformed"] >= 48 * 3 - lost, "malformed ones")
    contains(text, "event in rule=- reason=3 type=0800 proto=6 port=1 ")
    holds(of_rule(text, "service")[0] >= 2, "service")


def test_telnet_is_reset_where_the_policy_says_so(world):
    story = Story(world, more=TELNET, conns=1)
    try:
        story.send_all(SCANS["syn to telnet"], 3)
        story.request()
        text = story.device.end()
        answers = story.attacker.answers()
    finally:
        story.close()
    contains(text, "resets=3")
    holds([a[47] for a in answers] == [attacker.RST | attacker.ACK] * 3,
          [a.hex() for a in answers])
    holds(of_rule(text, "telnet") == (0, 3), text)


def test_every_request_completes_in_a_flood(world):
    """And what is outside of the policy is not answered then, either."""
    each = 2
    story = Story(world, conns=each * (1 + len(FLOODS)))
    times = {}
    try:
        times["quiet"] = [story.request() for _ in range(each)]
        for name, make in FLOODS.items():
            flood = Flood(story.attacker, make, FLOOD)
            flood.start()
            times[name] = [story.request() for _ in range(each)]
            holds(flood.stop() > 20, "no flood: " + name)
        text = story.device.end()
        answers = story.attacker.answers()
    finally:
        story.close()
    holds(not answers, "answered: %s" % [a.hex() for a in answers[:3]])
    for name, took in times.items():
        print("# %-9s %s ms a request" % (
            name, " ".join("%d" % (1000 * t) for t in took)))
    print("# %d frames at %d/s, none answered, %d lost by the interface: %s"
          % (story.attacker.sent, FLOOD, story.lost(text), " ".join(
              "%s=%d" % r for r in counted(text).items() if r[1])))
    holds(of_rule(text, "service")[1] == 0, "the service was refused")
    holds(counted(text)["default"] > 100, "no flood")
    holds(counted(text)["fragment"] > 10, "no fragments")


def test_an_application_that_was_taken_over_calls_nobody(world):
    """It looks for telnet; what the policy names goes on beside it."""
    echo = Echo(world.context(True, "server"))
    ears = Attacker(server=echo.port)
    folder = world.device("device", "root")
    try:
        d = Device(world, PROGRAM, folder, do="client", host=SERVER[0],
                   port=SERVER[1], octets=200000, scan=5,
                   policy=compiled(world, folder), network=ears.network)
        ears.meet()
        text = d.end()
    finally:
        ears.close()
    contains(text, "done octets=200000")
    holds(echo.done().octets == 200000, echo.error)
    tcp = [f for f in ears.heard
           if f[12:14] == b"\x08\0" and f[23] == 6]
    ports = {int.from_bytes(f[36:38], "big") for f in tcp}
    holds(ports == {SERVER[1]}, "it called at %s" % ports)
    attempts = int(re.search(r"attempts=(\d+)", text).group(1))
    got = counted(text)
    told = sum(int(n) for n in re.findall(
        r"^event out rule=- reason=3 .*count=(\d+)", text, re.M))
    print("# %d attempts, %d frames dropped, events tell of %d"
          % (attempts, got["default"], told))
    holds(10 < attempts <= got["default"] + 2, text)
    contains(text, "event out rule=- reason=3 type=0800 proto=6 port=23 ",
             "lost=0")
    holds(told == got["default"], text)


def test_a_mode_without_rules_is_silence(world):
    folder = world.device("device", "root")
    silence = Attacker()
    try:
        d = Device(world, PROGRAM, folder, do="client", host=SERVER[0],
                   port=SERVER[1], policy=compiled(world, folder), mode="lockdown",
                   patience=500, network=silence.network)
        silence.meet()
        text = d.end(1)
    finally:
        silence.close()
    contains(text, "refused status=0x2906")
    holds(not silence.heard, "it spoke")


net.run_tests(sys.modules[__name__])
