# SPDX-License-Identifier: Apache-2.0
"""birthmark-agent connect: programs that know no TPM are the device.

    python3 connect_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...
"""
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from agent import Agent, make_service, token
from tokens_test import Tpm
import service
from service import (PATIENCE, Key, contains, equal, free_port, have, holds,
                     listening, run, wait_until, write)

WORLD = {}
LARGE = bytes(range(256)) * 4096


def world():
    if not WORLD:
        WORLD["service"] = make_service().start()
    return WORLD["service"]


def device(name, more=""):
    s = world()
    a = Agent(s, name, "early", token(s, name, "early"), more)
    a.enroll()
    return a


def certificate(name, san):
    """Of a server, and what stands above it."""
    if name not in WORLD:
        WORLD[name] = Key(os.path.abspath("."), name, "/CN=" + name, san)
        world().issue("tls-server", WORLD[name], "--chain")
    return WORLD[name].pair()


class Server:
    """Mutual TLS: `serve` gets each connection, in a thread of its own."""

    def __init__(self, serve, name="server", san="IP:127.0.0.1",
                 anchors=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(name, san))
        context.load_verify_locations(anchors or world().root)
        if anchors is None:
            context.load_verify_locations(world().issuing)
        context.verify_mode = ssl.CERT_REQUIRED
        self.context = context
        self.serve = serve
        self.failed = []
        self.peers = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.take, daemon=True,
                                 args=(self.listener.accept()[0],)).start()

    def take(self, cable):
        cable.settimeout(PATIENCE)
        try:
            with self.context.wrap_socket(cable, server_side=True) as s:
                subject = dict(x[0] for x in s.getpeercert()["subject"])
                self.peers.append(subject["serialNumber"])
                self.serve(s)
                if s.fileno() >= 0:
                    s.unwrap()  # close_notify
        except OSError as e:
            self.failed.append(e)

    def place(self):
        return "127.0.0.1:%d" % self.port

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.listener.close()


def all_of(s):
    """What comes until the peer says that it ends."""
    parts = []
    while True:
        part = s.recv(65536)
        if not part:
            return b"".join(parts)
        parts.append(part)


def echo(s):
    while True:
        part = s.recv(65536)
        if not part:
            return
        s.sendall(part)


class Pipe:
    """birthmark-agent connect, between a socket of ours and a server, as a
    socket unit starts it."""

    def __init__(self, a, place):
        ours, theirs = socket.socketpair()
        self.cable = ours
        self.cable.settimeout(PATIENCE)
        self.process = subprocess.Popen(
            a.command("connect", place), stdin=theirs, stdout=theirs,
            stderr=subprocess.PIPE, env=a.env)
        theirs.close()

    def end(self):
        """(exit code, its words)"""
        try:
            words = self.process.communicate(timeout=PATIENCE)[1]
            return self.process.returncode, words.decode()
        finally:
            self.process.kill()
            self.process.wait()


def test_octets_go_both_ways_unchanged():
    a = device("both")

    def reply(s):
        got = b""
        while len(got) < len(LARGE):
            got += s.recv(65536)
        s.sendall(got[::-1])
    with Server(reply) as server:
        # The answer comes after the input has ended.
        out = subprocess.run(a.command("connect", server.place()),
                             input=LARGE, stdout=subprocess.PIPE, check=True,
                             timeout=4 * PATIENCE).stdout
        holds(out == LARGE[::-1], "the answer, octet by octet")
        equal(server.peers, ["both"])


def test_who_writes_much_before_reading_does_not_stand_still():
    a = device("much")
    with Server(echo) as server:
        pipe = Pipe(a, server.place())
        threading.Thread(target=pipe.cable.sendall, args=(LARGE,)).start()
        got = b""
        while len(got) < len(LARGE):
            got += pipe.cable.recv(65536)
        holds(got == LARGE, "the echo, octet by octet")
        pipe.cable.close()
        equal(pipe.end(), (0, ""))


def test_what_a_client_sent_last_arrives_though_it_has_gone():
    a = device("last")
    heard = []
    with Server(lambda s: (s.sendall(b"unread"), heard.append(all_of(s)))) as \
            server:
        pipe = Pipe(a, server.place())
        pipe.cable.sendall(LARGE)
        pipe.cable.close()
        equal(pipe.end(), (0, ""))
        wait_until("the server has heard it", lambda: heard)
        holds(heard[0] == LARGE, "all of it")


def test_the_end_of_the_server_is_the_end():
    a = device("end")
    with Server(lambda s: s.sendall(b"bye")) as server:
        pipe = Pipe(a, server.place())
        equal(pipe.cable.recv(10), b"bye")
        equal(pipe.cable.recv(10), b"")
        equal(pipe.end(), (0, ""))


def test_an_end_that_was_cut_is_not_taken_for_one():
    a = device("cut")

    def cut(s):
        s.sendall(b"half of it")
        with socket.socket(fileno=s.detach()):
            pass
    with Server(cut) as server:
        code, out, err = a.run("connect", server.place(), check=False)
        equal((code, out), (1, "half of it"))
        contains(err, server.place())


def test_nothing_is_said_to_a_server_that_is_not_the_one():
    a = device("wary")
    heard = []
    with Server(lambda s: heard.append(all_of(s)), "other",
                "DNS:other.example") as server:
        code, out, err = a.run("connect", server.place(), stdin=b"secret",
                               check=False)
        equal((code, out), (1, ""))
        contains(err, server.place(), "RFC 9525")
        wait_until("the server has seen the end",
                   lambda: heard or server.failed)
        equal([x for x in heard if x], [])


def test_a_server_that_refuses_the_device_is_told_of():
    a = device("stranger")
    with Server(echo, anchors=world().operations) as server:
        code, out, err = a.run("connect", server.place(), stdin=b"hello",
                               check=False)
        equal((code, out), (1, ""))
        contains(err, server.place())
        equal(server.peers, [])


def test_without_an_identity_there_is_no_connection():
    s = world()
    a = Agent(s, "nobody", "early", token(s, "nobody", "early"))
    with Server(echo) as server:
        code, _, err = a.run("connect", server.place(), check=False)
        equal(code, 1)
        contains(err, a.state + ": there is no identity", "enroll")
        a.run("seal", "x", stdin=b"x")  # a state, and no identity in it
        code, _, err = a.run("connect", server.place(), check=False)
        equal(code, 1)
        contains(err, "no identity")
        equal(server.peers, [])


def test_places_are_read_strictly():
    a = device("places")
    for place in ("", "host:", "host:0", "host:65536", "host:1x", "a b:1",
                  "[::1:1", "-x:1"):
        code, _, err = a.run("connect", place, check=False)
        equal(code, 2, place)
    equal(a.run("connect", check=False)[0], 2)
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    code, _, err = a.run("connect", "127.0.0.1:%d" % port, check=False)
    equal(code, 1)
    contains(err, "127.0.0.1:%d" % port)


def with_broker(publish):
    """mosquitto, which knows devices by their certificates."""
    s = world()
    port = free_port()
    cert, key = certificate("broker", "IP:127.0.0.1")
    anchors = write(os.path.abspath("anchors.pem"),
                    service.read(s.root) + service.read(s.issuing))
    acl = write(os.path.abspath("acl"), "pattern readwrite things/%u/#\n")
    conf = write(os.path.abspath("mosquitto.conf"), """\
per_listener_settings true
listener %d 127.0.0.1
cafile %s
certfile %s
keyfile %s
require_certificate true
use_subject_as_username true
allow_anonymous false
acl_file %s
%s""" % (port, anchors, cert, key, acl,
         "user root\n" if os.geteuid() == 0 else ""))
    with subprocess.Popen(["mosquitto", "-v", "-c", conf],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as broker:
        try:
            wait_until("mosquitto listens", lambda: listening(port))
            publish(port)
        finally:
            broker.kill()


def talk(path):
    """One connection stands, and another is made beside it."""
    topic = "things/serialNumber=gw/door"
    with subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "--unix", path,
                           "-t", topic, "-C", "1", "-d"],
                          stdout=subprocess.PIPE) as listener:
        try:
            for line in listener.stdout:
                if b"SUBACK" in line:
                    break
            run("mosquitto_pub", "--unix", path, "-t", topic, "-m", "open")
            contains(listener.stdout.read().decode(), "open")
            equal(listener.wait(PATIENCE), 0)
        finally:
            listener.kill()


def test_clients_of_mosquitto_are_a_device_whose_key_is_in_a_tpm():
    have("mosquitto", "mosquitto_pub", "systemd-socket-activate")
    tpm = Tpm("tpm")
    a = device("gw", "keys: { uri: \"tpm2:0x81020100\", tcti: \"%s\" }\n" %
               tpm.tcti)

    def publish(port):
        path = os.path.abspath("broker.sock")
        with subprocess.Popen(
                ["systemd-socket-activate", "--accept", "--inetd",
                 "--listen=" + path,
                 *a.command("connect", "127.0.0.1:%d" % port)],
                stderr=subprocess.DEVNULL) as door:
            try:
                wait_until("there is a socket", lambda: os.path.exists(path))
                talk(path)
            finally:
                door.terminate()
    with_broker(publish)


if __name__ == "__main__":
    try:
        service.main()
    finally:
        if WORLD:
            WORLD["service"].stop(signal.SIGKILL)
