#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions of a handshake on a Cortex-M3, in each role and version, and the
most of them between two turns of the main loop: net_bench.py DEVICE.elf"""
import os
import re
import ssl
import sys

import net

PROGRAM = os.path.abspath(sys.argv[1])
# QEMU's -icount shift=0: one tick of the counter is so many instructions.
TICK = 40
ICOUNT = "-icount shift=0"
VERSIONS = {"13": ssl.TLSVersion.TLSv1_3, "12": ssl.TLSVersion.TLSv1_2}


def number(text, key):
    return int(re.search(r"\b%s=(\d+)" % key, text).group(1)) * TICK


def client(world, tls):
    echo = net.Echo(world.context(True, "server", version=VERSIONS[tls]))
    return net.Device(world, PROGRAM, world.device("device", "root"),
                      do="client", host="10.0.2.2", port=echo.port, tls=tls,
                      arguments=ICOUNT).end()


def server(world, tls):
    port = net.free_port()
    d = net.Device(world, PROGRAM, world.device("device", "root"), do="server",
                   port=net.GUEST_PORT, forward=port, arguments=ICOUNT)
    d.wait_for("up address")
    net.exchange(world.context(False, "device", version=VERSIONS[tls]), port,
                 net.pattern(16))
    return d.end()


def main():
    world = net.World()
    try:
        raw = net.Device(world, PROGRAM, world.device("device", "root"),
                         do="raw", arguments=ICOUNT).end()
        # Each end: a key, a secret, a signature; the peer's certificate and
        # what it signed.
        limit = sum(number(raw, word) for word in
                    ("generate", "agree", "sign", "verify", "verify"))
        print("\nmutual TLS handshake, Cortex-M3, in millions of instructions")
        print("%-28s %9s %9s %9s" % ("", "all", "ratio", "longest"))
        print("%-28s %9.1f %9s %9.1f" % (
            "P-256 alone", limit / 1e6, "1.00",
            max(number(raw, w) for w in ("sign", "verify")) / 1e6))
        for role in (client, server):
            for tls in VERSIONS:
                text = role(world, tls)
                ticks = number(text, "ticks")
                print("%-28s %9.1f %9.2f %9.1f" % (
                    "%s, TLS 1.%d" % (role.__name__, int(tls) % 10),
                    ticks / 1e6, limit / ticks, number(text, "longest") / 1e6))
    finally:
        world.close()


main()
