#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""birthmark policy check, compile, explain and test.

policy_test.py PROGRAM
"""
import json
import os
import struct

import cli
from cli import contains, equal, run, write

HEAD = "policy: sensor\nversion: 3\nfloor: 2\nflows: 8\n"
POLICY = HEAD + """builtin: [arp, dns]
rules:
- {name: web, direction: in, protocol: tcp, port: 80, peer: 10.0.0.0/8,
   verdict: allow}
- {name: telnet, direction: in, protocol: tcp, port: [23, 2323],
   verdict: reset, modes: [normal, lockdown]}
"""


def policy(*args, **kw):
    return run("policy", *args, **kw)


def write_policy(name="p.yaml", text=POLICY):
    write(name, text)
    return name


def test_check_says_what_is_open_and_what_it_takes():
    code, out, err = policy("check", write_policy())
    equal((code, err), (0, ""))
    contains(out, "p.yaml: sensor, version 3, floor 2\n")
    contains(out, "  normal    in   arp-in web\n            out  arp-out dns\n")
    contains(out, "  lockdown  in   nothing\n")
    code, out, err = policy("check", "--json", "p.yaml")
    equal((code, err), (0, ""))
    told = json.loads(out)
    equal(told["modes"]["repair"], {"in": ["arp-in"], "out": ["arp-out", "dns"]})
    equal((told["rules"], told["never"]), (5, []))


def test_check_names_the_place_of_what_is_wrong():
    write_policy("q.yaml", HEAD + "rules:\n- {name: a, port: 7}\n")
    equal(policy("check", "q.yaml")[0], 1)
    contains(policy("check", "q.yaml")[2],
             'q.yaml:6:3: "direction" is missing')
    contains(policy("check", "nothing.yaml")[2], "nothing.yaml: No such file")
    equal(policy("check")[0], 2)


def test_rules_that_contradict_each_other_are_told_with_a_packet():
    write_policy("q.yaml", POLICY + "- {name: all, direction: in, protocol: "
                 "tcp, verdict: drop}\n")
    code, out, err = policy("check", "q.yaml")
    equal((code, out), (1, ""))
    contains(err, "q.yaml:11:3: all contradicts telnet of line 9")
    packet = err.strip().split("mode normal: ")[1].split()
    code, out, err = policy("explain", write_policy(), *packet)
    equal((code, err), (0, ""))
    contains(out, "telnet, line 9: decides")


def test_a_rule_that_never_decides_is_warned_about():
    write_policy("q.yaml", HEAD + "rules:\n"
                 "- {name: a, direction: in, protocol: udp, verdict: drop}\n"
                 "- {name: b, direction: in, protocol: ip, verdict: drop,\n"
                 "   priority: 1}\n")
    code, _, err = policy("check", "q.yaml")
    equal(code, 0)
    contains(err, "q.yaml:6:3: warning: a never decides")


def test_compile_writes_the_one_table_there_is():
    write_policy()
    for name in ("a.fw", "b.fw"):
        code, out, err = policy("compile", "--out", name, "p.yaml")
        equal((code, out), (0, ""))
        contains(err, "probes at most")
    equal(cli.read("a.fw")[:4], b"BMFW")
    equal(cli.read("a.fw"), cli.read("b.fw"))
    equal(policy("compile", "--out", "a.fw", "p.yaml")[0], 3)
    code, out, _ = policy("compile", "--json", "--out", "c.fw", "p.yaml")
    equal(code, 0)
    equal(json.loads(out)["flash"], os.path.getsize("c.fw"))
    equal(policy("compile", "p.yaml")[0], 2)


def test_explain_says_which_rule_decides_and_why():
    write_policy()
    code, out, err = policy("explain", "p.yaml", "in", "tcp", "port=80",
                            "peer=10.0.0.9")
    equal((code, err), (0, ""))
    contains(out, "  allow: the verdict of the rule (web, line 7)\n")
    contains(out, "  web, line 7: decides\n")
    code, out, _ = policy("explain", "p.yaml", "in tcp port=80 peer=11.0.0.9")
    contains(out, "  drop: no rule names it\n")
    contains(out, "  web, line 7: would hold, but for its peer\n")
    code, out, _ = policy("explain", "--json", "--mode", "lockdown", "p.yaml",
                          "in arp")
    told = json.loads(out)
    equal((told["verdict"], told["reason"]), ("drop", "default"))
    equal(told["rules"], [{"rule": "arp-in", "line": 5, "part": "mode",
                           "builtin": "arp"}])


def test_explain_refuses_what_is_no_packet():
    write_policy()
    contains(policy("explain", "p.yaml", "in tcp")[2], "port is missing")
    equal(policy("explain", "p.yaml")[0], 2)
    equal(policy("explain", "--mode", "none", "p.yaml", "in arp")[0], 2)
    equal(policy("explain", "--pcap", "x", "p.yaml")[0], 2)
    equal(policy("explain", "--subnet", "10.0.0.0-10.0.0.9", "p.yaml",
                 "in arp")[0], 2)


def udp(source, target, sport, port, out):
    """A frame of UDP over IPv4; the device is 02:...:02."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0,
                     bytes(source), bytes(target))
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xffff) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xffff) + ip[12:]
    macs = [b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"]
    return (macs[0 if out else 1] + macs[1 if out else 0] + b"\x08\0" + ip +
            struct.pack("!HHHH", sport, port, 8, 0))


def write_pcap(name, frames):
    with open(name, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for second, frame in frames:
            f.write(struct.pack("<IIII", second, 0, len(frame), len(frame)))
            f.write(frame)


def test_explain_goes_through_a_capture_with_its_flows():
    write_policy()
    me, server = (10, 0, 0, 2), (10, 0, 0, 53)
    answer = udp(server, me, 53, 5000, False)
    write_pcap("c.pcap", [(100, answer),
                          (101, udp(me, server, 5000, 53, True)),
                          (102, answer), (200, answer)])
    code, out, err = policy("explain", "--json", "--pcap", "c.pcap", "--mac",
                            "02:00:00:00:00:02", "--subnet", "10.0.0.0/24",
                            "p.yaml")
    equal((code, err), (0, ""))
    told = [json.loads(line) for line in out.splitlines()]
    equal([t["reason"] for t in told], ["default", "rule", "flow", "default"])
    contains(told[0]["packet"], "in udp port=5000 sport=53 peer=10.0.0.53 "
             "subnet=yes")
    with open("c.pcap", "ab") as f:
        f.write(b"x")
    code, _, err = policy("explain", "--pcap", "c.pcap", "--mac",
                          "02:00:00:00:00:02", "p.yaml")
    equal(code, 1)
    contains(err, "c.pcap: malformed capture file")


def test_a_policy_is_held_against_what_is_expected():
    write_policy()
    write("p.expect.yaml", "expect:\n"
          "- {packet: in tcp port=80 peer=10.0.0.9, verdict: allow, rule: web}\n"
          "- {packet: in tcp port=23, verdict: reset}\n")
    code, out, err = policy("test", "p.yaml")
    equal((code, out, err), (0, "2 of 2 as expected\n", ""))
    write("q.expect.yaml", "expect:\n"
          "- {packet: in tcp port=81 peer=10.0.0.9, verdict: allow}\n")
    code, out, err = policy("test", "p.yaml", "q.expect.yaml")
    equal((code, err), (1, ""))
    contains(out, "q.expect.yaml:2: in tcp port=81 peer=10.0.0.9: allow "
             "expected; it is drop, for the reason default, by rule none\n")
    code, out, err = policy("test", "--json", "p.yaml", "q.expect.yaml")
    equal((code, json.loads(out)["ok"]), (1, False))
    write("q.expect.yaml", "expect:\n- {packet: in tcp, verdict: allow}\n")
    code, out, err = policy("test", "p.yaml", "q.expect.yaml")
    equal((code, out), (1, ""))
    contains(err, "q.expect.yaml:2:12: port is missing")


def test_a_ruleset_of_nftables_is_printed():
    write_policy()
    code, out, err = policy("nft", "--device", "eth0", "--subnet",
                            "10.1.0.0/16", "--subnet", "fd00:1::/64", "p.yaml")
    equal((code, err), (0, ""))
    contains(out, "# sysctl net.netfilter.nf_conntrack_tcp_loose=0\n")
    contains(out, "table inet birthmark {")
    contains(out, 'devices = { "eth0" }')
    contains(out, "elements = { 10.1.0.0/16 }")
    contains(out, "elements = { fe80::/64, fd00:1:0:0:0:0:0:0/64 }")
    contains(out, "reject with tcp reset")
    code, out, err = policy("nft", "--device", "eth0", "--mode", "repair",
                            "--table", "fw", "p.yaml")
    equal((code, err), (0, ""))
    contains(out, "table inet fw {")
    equal("reject with tcp reset" in out, False)


def test_what_nftables_cannot_do_is_told():
    write_policy("q.yaml", HEAD + "rules:\n- {name: a, direction: in, protocol: "
                 "icmp, kind: 9, verdict: allow,\n   threshold: {high: 5/s, "
                 "low: 1/s}}\n")
    code, out, err = policy("nft", "--device", "eth0", "q.yaml")
    equal((code, out), (1, ""))
    contains(err, 'q.yaml:6:3: rule "a": nftables has no thresholds')
    equal(policy("nft", "q.yaml")[0], 2)
    equal(policy("nft", "--device", "eth 0", "q.yaml")[0], 2)
    equal(policy("nft", "--device", "eth0", "--mode", "x", "q.yaml")[0], 2)
    equal(policy("nft", "--device", "eth0", "--subnet", "x", "q.yaml")[0], 2)


BULB = os.path.join(cli.TOP, "policy/fuzz/corpus/mud/bulb")


def test_what_a_maker_says_becomes_a_policy():
    code, out, err = policy("import", BULB)
    equal((code, out), (1, ""))
    contains(err, "names without addresses", "\nmy-controller\n",
             "\ntest.example.com\n")
    names = ["--resolve", "test.example.com=2001:db8::7", "--resolve",
             "my-controller=10.9.0.1,10.9.1.0/24"]
    code, out, err = policy("import", *names, "--out", "bulb.yaml", BULB)
    equal((code, out, err), (0, "", ""))
    equal(policy("import", *names, "--out", "bulb.yaml", BULB)[0], 3)
    code, out, err = policy("explain", "bulb.yaml", "out tcp port=443 "
                            "peer=2001:db8::7")
    equal((code, err), (0, ""))
    contains(out, "  allow: the verdict of the rule (mud-1s-cl0-frdev,")
    code, out, _ = policy("explain", "bulb.yaml", "in tcp port=443 "
                          "peer=2001:db8::7")
    contains(out, "  drop: no rule names it\n")
    equal(policy("import", "--resolve", "x", BULB)[0], 2)
    equal(policy("import", "--resolve", "x=y", BULB)[0], 2)
    write("no.json", "{]")
    contains(policy("import", "no.json")[2], "no.json:1:2: ")


cli.main()
