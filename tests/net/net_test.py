#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network of a microcontroller, with real peers:

    net_test.py DEVICE.elf LEAST.elf

DEVICE has TLS 1.3 and 1.2 and IPv6, LEAST has TLS 1.3 and IPv4 alone.
"""
import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time

import net
from net import Device, Echo, contains, exchange, free_port, holds, pattern
from stranger import ACK, ADDRESS, FIN, PSH, RST, Stranger

PROGRAM = os.path.abspath(sys.argv[1])
LEAST = os.path.abspath(sys.argv[2])
VERSIONS = {"13": ssl.TLSVersion.TLSv1_3, "12": ssl.TLSVersion.TLSv1_2}
FALSE = bytes((10, 0, 2, 98))


def device(world, identity="device", anchor="root", program=PROGRAM, **words):
    return Device(world, program, world.device(identity, anchor), **words)


def client(world, port, **words):
    return device(world, do="client", host="10.0.2.2", port=port, **words)


def server(world, **words):
    forward = free_port()
    d = device(world, do="server", port=net.GUEST_PORT, forward=forward,
               **words)
    d.wait_for("listening")
    d.wait_for("up address")
    return d, forward


def test_a_client_and_a_server_of_python_agree_in_both_versions(world):
    for tls, version in VERSIONS.items():
        echo = Echo(world.context(True, "server", version=version))
        text = client(world, echo.port, tls=tls).end()
        contains(text, "connected tls=030%d" % (int(tls) - 9), "octets=16")
        holds(echo.done().octets == 16, echo.error)


def test_a_server_of_openssl_is_judged_and_judges(world):
    port = free_port()
    peer = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-cert",
         world.path("server.pem"), "-key", world.path("server.key"),
         "-CAfile", world.path("root.pem"), "-Verify", "1",
         "-verify_return_error", "-WWW", "-naccept", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=world.dir)
    try:
        for line in peer.stdout:
            if b"ACCEPT" in line:
                break
        # It sends nothing back, and does not need to.
        contains(client(world, port, idle=1000).end(1), "connected tls=0304")
    finally:
        peer.kill()
        out = peer.communicate()[0].decode()
    contains(out, "depth=0 CN = device\nverify return:1")


def test_a_client_of_openssl_is_judged_and_judges(world):
    d, port = server(world)
    done = subprocess.run(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-cert",
         world.path("device.pem"), "-key", world.path("device.key"),
         "-CAfile", world.path("root.pem"), "-verify_return_error", "-quiet",
         "-no_ign_eof"],
        input=b"hello\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=net.PATIENCE, check=False)
    holds(done.returncode == 0, done.stderr.decode())
    contains(d.end(), "connected tls=0304")


def test_who_is_of_another_root_is_refused_by_each_side(world):
    # The server is not ours.
    echo = Echo(world.context(True, "false-server"))
    text = client(world, echo.port).end(1)
    contains(text, "refused status=0x0d")
    holds("unknown ca" in str(echo.done().error), echo.error)
    # We are not the server's.
    for tls, version in VERSIONS.items():
        echo = Echo(world.context(True, "server", version=version))
        d = device(world, "false-device", do="client", host="10.0.2.2",
                   port=echo.port, tls=tls)
        contains(d.end(1), "refused status=0x1f04 alert=48")
        holds(echo.done().error is not None, "it was let in")
    # A client is not ours; and the next one is served.
    for version in VERSIONS.values():
        d, port = server(world, conns=2)
        try:
            exchange(world.context(False, "false-device", version=version),
                     port, pattern(16))
            raise AssertionError("a stranger was served")
        except (OSError, ssl.SSLError):
            pass
        net.insist(world.context(False, "device", version=version), port,
                   pattern(16))
        contains(d.end(), "refused status=0x0d", "octets=16")
    # We are not the client's.
    d, port = server(world)
    try:
        exchange(world.context(False, "device", anchor="other"), port, b"x")
        raise AssertionError("a stranger was believed")
    except ssl.SSLError:
        pass
    contains(d.end(), "refused status=0x1f04 alert=48")


def test_a_server_of_another_name_is_refused(world):
    echo = Echo(world.context(True, "server"))
    text = client(world, echo.port, name="x.example.test").end(1)
    contains(text, "refused status=0x0d")
    holds(echo.done().error is not None, "it was let in")


def test_who_has_tls_1_3_alone_asks_for_short_records_too(world):
    """And gets them: 20,000 octets come back in records that fit."""
    echo = Echo(world.context(True, "server"), gather=20000)
    d = client(world, echo.port, program=LEAST, octets=20000)
    contains(d.end(), "connected tls=0304", "done octets=20000")
    echo = Echo(world.context(True, "server",
                              version=ssl.TLSVersion.TLSv1_2))
    contains(client(world, echo.port, program=LEAST).end(1), "refused status")


def test_a_megabyte_goes_out_and_comes_back(world):
    echo = Echo(world.context(True, "server"))
    text = client(world, echo.port, octets=1000000).end()
    contains(text, "done octets=1000000")
    holds(echo.done().octets == 1000000, echo.error)
    print("# client: " + text.strip().split("\n")[-1])


def test_a_megabyte_comes_in_and_goes_back(world):
    d, port = server(world)
    exchange(world.context(False, "device"), port, pattern(1000000))
    text = d.end()
    contains(text, "done octets=1000000")
    print("# server: " + text.strip().split("\n")[-1])


def test_a_device_that_looks_away_loses_nothing(world):
    """A window of octets waits in the controller, and finds room in lwIP when
    it is looked at again."""
    d, port = server(world, deaf=800)
    exchange(world.context(False, "device"), port, pattern(100000))
    contains(d.end(), "done octets=100000", "dropped=0")


def test_small_segments_do_not_take_all_buffers(world):
    """Of one octet each, many times more of them than there are buffers, which
    nobody reads yet: each is acknowledged, and no frame found no room."""
    peer = Stranger()
    d = device(world, do="server", port=net.GUEST_PORT, network=peer.network,
               hoard=600, patience=net.PATIENCE * 1000)
    try:
        d.wait_for("up address")
        peer.meet()
        peer.connect(net.GUEST_PORT)
        for _ in range(60):
            for _ in range(10):
                peer.give(b"\0")
            peer.acknowledged()
        text = d.end()
    finally:
        d.kill()
        peer.close()
    contains(text, "refused status=", "dropped=0")


def test_a_flood_of_connections_leaves_the_outbound_one_alone(world):
    """Before it is made as well as afterwards."""
    echo = Echo(world.context(True, "server"))
    forward = free_port()
    d = client(world, echo.port, octets=100000, listen=net.GUEST_PORT,
               forward=forward)
    d.wait_for("listening")
    # Without waiting for any of them: where the machine is busy, this side's
    # queue is full for a second at a time, and one who waits there is no flood.
    crowd = []
    while d.process.poll() is None:
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", forward))
        crowd.append(s)
        if len(crowd) > 200:
            crowd.pop(0).close()
        time.sleep(0.005)
    for s in crowd:
        s.close()
    text = d.end()
    contains(text, "done octets=100000")
    refused = int(re.search(r"refused=(\d+)", text).group(1))
    holds(refused > 20, "no flood: %d" % refused)


def test_a_pulled_cable_costs_time_alone(world):
    echo = Echo(world.context(True, "server"))
    d = client(world, echo.port, octets=400000, monitor=True)
    d.wait_for("connected")
    d.link(False)
    time.sleep(0.3)  # retransmissions into nothing
    d.link(True)
    contains(d.end(), "done octets=400000")
    holds(echo.done().octets == 400000, echo.error)


def test_without_a_link_the_reason_is_told(world):
    d = client(world, 9, patience=300, arguments="-S", monitor=True)
    wait_for_file(d.monitor)
    d.link(False)
    d.qmp(execute="cont")
    contains(d.end(1), "refused status=0x2903")


def test_nobody_at_a_port_is_told(world):
    contains(client(world, free_port()).end(1), "refused status=0x2905")


def test_a_name_without_dns_is_told(world):
    d = device(world, do="client", host="server.example.test", port=9)
    contains(d.end(1), "refused status=0x2904")


def test_a_name_is_looked_up(world):
    """Though the first question was lost, somebody who does not know its number
    answered first, and there is room for one question at a time."""
    peer = Stranger()
    d = device(world, do="client", host="server.example.test", port=7,
               also="other.example.test", dns="10.0.2.99",
               network=peer.network)
    try:
        d.wait_for("up address")
        peer.meet()
        peer.query()
        for name in ("other.example.test", "server.example.test"):
            question = peer.query()
            holds(question.name == name, question.name)
            peer.answer(question, address=FALSE, number=question.number ^ 1)
            peer.answer(question, address=ADDRESS)
            number, port = peer.syn()
            holds(port == 7 and number, "connects to %d" % port)
        holds("refused" not in d.text(), d.text())
    finally:
        d.kill()
        peer.close()


def test_a_name_that_does_not_exist_is_told(world):
    peer = Stranger()
    d = device(world, do="client", host="server.example.test", port=7,
               dns="10.0.2.99", network=peer.network)
    try:
        d.wait_for("up address")
        peer.meet()
        peer.answer(peer.query())
        d.wait_for("refused")
        contains(d.end(1), "refused status=0x2904")
    finally:
        d.kill()
        peer.close()


def echo6(world, **words):
    """An exchange over the IPv6 network that QEMU announces, fec0::/64; it
    brings fec0::2 to this host's ::1."""
    try:
        echo = Echo(world.context(True, "server"), family=socket.AF_INET6)
    except OSError as why:
        raise net.Skip("no IPv6 here: %s" % why) from None
    text = device(world, do="client", host="fec0::2", port=echo.port,
                  octets=20000, **words).end()
    contains(text, "connected tls=0304", "done octets=20000")
    holds(echo.done().octets == 20000, echo.error)
    return text


def test_a_server_is_reached_by_ipv6_beside_ipv4(world):
    contains(echo6(world), "up address=10.0.2.15")


def test_ipv6_alone_is_ready_when_a_prefix_was_announced(world):
    """A link-local address is no address to talk from."""
    contains(echo6(world, address="", network="user,id=net0,ipv4=off").lower(),
             "up address=fec0::")


def test_dhcp_gives_an_address(world):
    echo = Echo(world.context(True, "server"))
    d = client(world, echo.port, address="")
    contains(d.end(), "up address=10.0.2.15", "octets=16")


def test_a_silent_peer_loses_its_place(world):
    d, port = server(world, conns=2, patience=2000)
    with socket.create_connection(("127.0.0.1", port), net.PATIENCE) as s:
        holds(s.recv(1) == b"", "something came")
    net.insist(world.context(False, "device"), port, pattern(16))
    contains(d.end(), "refused status=0x2906", "octets=16")


def test_who_acknowledges_no_end_is_reset(world):
    """It would hold one of few connections for minutes."""
    peer = Stranger()
    d = device(world, do="server", port=net.GUEST_PORT, network=peer.network,
               conns=2)
    try:
        d.wait_for("up address")
        peer.meet()
        peer.connect(net.GUEST_PORT)
        peer.send(PSH | ACK, b"not TLS.")
        peer.wait(FIN)
        peer.wait(RST)
        contains(d.text(), "refused status=")
    finally:
        d.kill()
        peer.close()


def test_mosquitto_takes_and_gives_by_mqtt(world):
    net.have("mosquitto")
    net.have("mosquitto_pub")
    port, local = free_port(), free_port()
    config = world.path("mosquitto.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write("user root\nper_listener_settings true\nlistener %d 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\n"
                "require_certificate true\nuse_identity_as_username true\n"
                "listener %d 127.0.0.1\nallow_anonymous true\n"
                % (port, world.path("root.pem"), world.path("server.pem"),
                   world.path("server.key"), local))
    log = world.path("mosquitto.log")
    with open(log, "wb") as f:
        broker = subprocess.Popen(["mosquitto", "-v", "-c", config],
                                  stdout=f, stderr=f)
    try:
        wait_listening(local)
        listener = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(local), "-t",
             "from/device-1", "-C", "2", "-W", str(net.PATIENCE)],
            stdout=subprocess.PIPE)
        wait_for_text(log, "Sending SUBACK")
        d = device(world, do="mqtt", host="10.0.2.2", port=port)
        d.wait_for("published err=0")
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(local),
                        "-t", "to/device-1", "-q", "1", "-m", "open"],
                       check=True)
        contains(d.end(), "mqtt status=0", "subscribed err=0",
                 "incoming topic=to/device-1")
        holds(listener.communicate()[0] == b"hello\nopen\n", "what was heard")
        refused = device(world, "false-device", do="mqtt", host="10.0.2.2",
                         port=port)
        contains(refused.end(1), "refused status=0x1f04")
    finally:
        broker.kill()
        broker.wait()


def wait_for_file(path):
    end = time.monotonic() + net.PATIENCE
    while not os.path.exists(path):
        holds(time.monotonic() < end, "no " + path)
        time.sleep(0.01)


def wait_for_text(path, part):
    end = time.monotonic() + net.PATIENCE
    while True:
        with open(path, encoding="utf-8", errors="replace") as f:
            if part in f.read():
                return
        holds(time.monotonic() < end, "no %s in %s" % (part, path))
        time.sleep(0.01)


def wait_listening(port):
    end = time.monotonic() + net.PATIENCE
    while True:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        holds(time.monotonic() < end, "nobody listens")
        time.sleep(0.01)


net.run_tests(sys.modules[__name__])
