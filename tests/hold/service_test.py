# SPDX-License-Identifier: Apache-2.0
"""Hostile load on a running birthmarkd. Attackers come from addresses of their
own, 127.0.0.66 and on; an honest device from 127.0.0.1 enrols meanwhile. Each
attack gets a clear answer or a closed connection, no process dies of it, and
memory stays bounded.

    python3 service_test.py BIRTHMARK BIRTHMARKD [TEST]...
"""
import base64
import http.client
import os
import select
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, der, equal, holds, pem_of_certs_only,
                     resident, serial_of, wait_until)

# An honest device gets its certificate within this many seconds, whatever
# else goes on: generous, for slow machines and sanitizers.
DEADLINE = 30

# Sockets that an attacker has at a time.
SOCKETS = 150

# What all attacks together may leave behind in memory.
GROWTH = 64 << 20

ENROL = "/.well-known/est/many/simpleenroll"
WORLD = []


class World:
    def __init__(self):
        self.svc = Service(limits_identity=60, limits_connections=400,
                           listeners=2)
        self.honest = self.born("honest")
        self.greedy = self.born("greedy")
        self.svc.start()
        self.made = 0
        self.enrol_honestly()
        self.rooms = self.lasting()
        self.memory = resident(self.pids())
        self.sanitized = b"__asan_" in service.read(service.DAEMON)

    def born(self, name):
        key = Key(".", name, "/serialNumber=SN-" + name)
        return self.svc.issue("ieee-802.1ar-idevid", key)

    def lasting(self):
        """All rooms but the keeper, which comes and goes."""
        return {name: pids for name, pids in self.svc.rooms().items()
                if name != "keeper"}

    def pids(self):
        return [pid for pids in self.lasting().values() for pid in pids]

    def new_key(self, who):
        self.made += 1
        return Key(".", "key-%d" % self.made, "/serialNumber=SN-" + who)

    def enrol_honestly(self):
        key = self.new_key("honest")
        began = time.monotonic()

        def asks():
            try:
                answer = self.svc.enrol(key, "many", cert=self.honest.pair())
            except (OSError, http.client.HTTPException):
                return None
            return answer if answer.status == 200 else None
        answer = wait_until("an honest device is served", asks, DEADLINE)
        print("# the honest device waited %.0f ms" % (
            (time.monotonic() - began) * 1e3))
        return serial_of(pem_of_certs_only(answer.body))

    def check(self):
        """Nothing has died, and nothing has grown without bound."""
        equal(self.lasting(), self.rooms, "processes")
        grown = resident(self.pids()) - self.memory
        print("# resident: %+.1f MB" % (grown / 1e6))
        # sanitizers keep what is freed
        holds(grown < GROWTH or self.sanitized,
              "memory has grown by %d octets" % grown)


def world():
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


# ---- Attackers

def dial(port, number=0):
    """A connected socket from one of the attackers' addresses."""
    s = socket.socket()
    s.settimeout(service.PATIENCE)
    s.bind(("127.0.0.%d" % (66 + number % 8), 0))
    try:
        s.connect(("127.0.0.1", world().svc.ports[port]))
    except OSError:
        pass
    return s


def dial_tls(number=0, cert=None):
    s = dial("devices", number)
    try:
        return world().svc.tls(cert).wrap_socket(s, server_hostname="localhost")
    except OSError:
        return s


def whole_answer(s):
    """All that comes until the other side closes or a limit."""
    got = b""
    try:
        while len(got) < 1 << 20:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
            if b"\r\n\r\n" in got and b"Connection: close" not in got:
                break
    except OSError:
        pass
    return got


def status(got):
    """Of an answer of HTTP/1.1; None: closed without a word."""
    words = got.split(b" ", 2)
    return int(words[1]) if words[0] == b"HTTP/1.1" else None


def client_hello():
    """The first flight of a real client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing,
                                                server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def closed_at_last(sockets, patience):
    """How many of them the other side has closed by then."""
    left = list(sockets)
    end = time.monotonic() + patience
    while left and time.monotonic() < end:
        ready = select.select(left, [], [], 0.2)[0]
        for s in ready:
            try:
                if not s.recv(65536):
                    left.remove(s)
            except ssl.SSLWantReadError:
                pass
            except OSError:
                left.remove(s)
    return len(sockets) - len(left)


def test_connections_that_say_nothing_give_way():
    w = world()
    sockets = [dial("devices", i) for i in range(SOCKETS)]
    sockets += [dial("public", i) for i in range(SOCKETS)]
    sockets += [dial("operators", i) for i in range(SOCKETS)]
    w.enrol_honestly()
    for s in sockets:
        s.close()
    w.check()


def test_half_a_handshake_gives_way():
    w = world()
    hello = client_hello()
    sockets = []
    for i in range(SOCKETS):
        s = dial("devices", i)
        try:
            s.sendall(hello[:1 + i % (len(hello) - 1)])
        except OSError:
            pass
        sockets.append(s)
    w.enrol_honestly()
    # not for ever: handshakes have a deadline
    closed = closed_at_last(sockets, service.PATIENCE)
    for s in sockets:
        s.close()
    equal(closed, SOCKETS, "half handshakes that were closed")
    w.check()


def test_slow_writers_are_cut_off():
    """An octet now and then keeps no connection open for ever."""
    w = world()
    request = (b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n" %
               ENROL.encode())
    sockets = [dial_tls(i) for i in range(40)]
    sent = 0
    end = time.monotonic() + 2 * service.PATIENCE
    left = list(sockets)
    honest = False
    while left and time.monotonic() < end:
        for s in list(left):
            try:
                s.send(request[sent:sent + 1] or b"X")
            except OSError:
                left.remove(s)
        sent += 1
        for s in select.select(left, [], [], 0.5)[0] if left else []:
            try:
                if s in left and not s.recv(4096):
                    left.remove(s)
            except ssl.SSLWantReadError:
                pass
            except OSError:
                left.remove(s)
        if not honest:
            w.enrol_honestly()
            honest = True
    for s in sockets:
        s.close()
    equal(len(left), 0, "slow writers that are still there")
    w.check()


def test_slow_readers_cost_a_bounded_amount():
    """Requests sent one after another whose answers nobody takes."""
    w = world()
    request = b"GET /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\n\r\n" * 50
    sockets = [dial_tls(i) for i in range(40)]
    for s in sockets:
        s.setblocking(False)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for s in sockets:
            try:
                s.send(request)
            except (OSError, ValueError):
                pass
    w.enrol_honestly()
    for s in sockets:
        s.close()
    w.check()


LONG = b"x" * 100_000
HTTP = [
    # what is sent behind the handshake, and which answers are fine; None is a
    # connection that was closed without one
    ("no HTTP", b"\x00\x01\x02\x03\r\n\r\n", (400, None)),
    ("no version", b"GET /\r\n\r\n", (400, 505, None)),
    ("a later version", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", (400, 505)),
    ("no Host", b"GET / HTTP/1.1\r\n\r\n", (400,)),
    ("a long path", b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
     (400, 414, 431)),
    ("a long header", b"GET / HTTP/1.1\r\nHost: x\r\nA: " + LONG + b"\r\n\r\n",
     (400, 431)),
    ("many headers", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 10_000 +
     b"\r\n", (400, 431)),
    ("a header that ends nowhere", b"GET / HTTP/1.1\r\nHost: x\r\n" + LONG,
     (400, 431)),
    ("a body of a terabyte", b"POST %s HTTP/1.1\r\nHost: x\r\n"
     b"Content-Length: 1099511627776\r\n\r\n" % ENROL.encode(), (413,)),
    ("a length beyond numbers", b"POST %s HTTP/1.1\r\nHost: x\r\n"
     b"Content-Length: 99999999999999999999999\r\n\r\n" % ENROL.encode(),
     (400, 413)),
    ("a negative length", b"POST %s HTTP/1.1\r\nHost: x\r\n"
     b"Content-Length: -1\r\n\r\n" % ENROL.encode(), (400,)),
    ("two lengths", b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
     b"Content-Length: 2\r\n\r\nxx" % ENROL.encode(), (400,)),
    ("length and chunks", b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % ENROL.encode(), (400,)),
    ("a chunk beyond numbers", b"POST %s HTTP/1.1\r\nHost: x\r\n"
     b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n" %
     ENROL.encode(), (400, 413)),
    ("a body that never fits", b"POST %s HTTP/1.1\r\nHost: x\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n" % ENROL.encode() +
     (b"186a0\r\n" + LONG + b"\r\n") * 20, (400, 413)),
    ("another method", b"BREW /.well-known/est/cacerts HTTP/1.1\r\nHost: x\r\n"
     b"\r\n", (400, 405, 501)),
    ("a path out of the tree", b"GET /.well-known/est/../../etc/passwd "
     b"HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404)),
    ("a NUL", b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404)),
]


def test_malformed_http_is_refused_in_words():
    w = world()
    wrong = []
    for name, octets, fine in HTTP:
        s = dial_tls()
        try:
            s.sendall(octets)
        except OSError:
            pass
        got = status(whole_answer(s))
        s.close()
        if got not in fine:
            wrong.append("%s: %r" % (name, got))
    equal(wrong, [], "answers")
    w.enrol_honestly()
    w.check()


def bodies(w):
    """What a device could send instead of a request for a certificate."""
    good = base64.b64decode(w.new_key("honest").body())
    flipped = bytearray(good)
    flipped[-1] ^= 1
    yield "nothing", b""
    yield "no base64", b"!!!!"
    yield "no DER", base64.b64encode(b"hello")
    yield "half of it", base64.b64encode(good[:len(good) // 2])
    yield "something behind it", base64.b64encode(good + b"\0")
    yield "a signature that is wrong", base64.b64encode(bytes(flipped))
    yield "a length that lies", base64.b64encode(
        good[:2] + b"\xff\xff" + good[4:])
    yield "a deep nest", base64.b64encode(nest(3000))
    yield "another one's name", w.new_key("greedy").body()


def nest(depth):
    inner = b""
    for _ in range(depth):
        inner = der(0x30, inner)
    return inner


def test_malformed_requests_are_refused_in_words():
    w = world()
    for name, body in bodies(w):
        answer = w.svc.ask("POST", ENROL, body,
                           {"Content-Type": "application/pkcs10"},
                           cert=w.honest.pair())
        holds(answer.status in (400, 403), "%s: %r" % (name, answer))
        holds(len(answer.body) > 0, name + ": no words")
    w.enrol_honestly()
    w.check()


def test_no_tls_and_broken_tls_are_closed():
    w = world()
    hello = client_hello()
    attacks = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff",
               b"\x80\x2e\x01\x00\x02", b"\xff" * 4096, b"\x15\x03\x03\x00\x02"
               b"\x02\x28"]
    for i in range(0, len(hello), 7):
        broken = bytearray(hello)
        broken[i] ^= 0xff
        attacks.append(bytes(broken))
    for port in ("devices", "operators"):
        sockets = []
        for i, octets in enumerate(attacks):
            s = dial(port, i)
            try:
                s.sendall(octets)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            sockets.append(s)
        equal(closed_at_last(sockets, service.PATIENCE), len(sockets),
              "connections that were closed")
        for s in sockets:
            s.close()
    w.enrol_honestly()
    w.check()


class Flood(threading.Thread):
    """The same again and again, as fast as it goes, in a `with`."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act = act
        self.ends = False
        self.seen = {}

    def run(self):
        number = 0
        while not self.ends:
            number += 1
            try:
                what = self.act(number)
            except (OSError, http.client.HTTPException) as e:
                what = type(e).__name__
            self.seen[what] = self.seen.get(what, 0) + 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.ends = True
        self.join()
        print("# the flood saw %r" % self.seen)

    def total(self):
        return sum(self.seen.values())


def test_a_flood_of_wrong_tokens_is_turned_away():
    w = world()
    key = w.new_key("honest")

    def guess(number):
        answer = w.svc.enrol(key, token=("SN-honest", "guess%d" % number),
                             source="127.0.0.90")
        return answer.status
    with Flood(guess) as flood:
        wait_until("guesses are made", lambda: flood.total() > 20)
        w.enrol_honestly()
        wait_until("they are turned away", lambda: any(
            seen not in (401, 403) for seen in flood.seen))
    holds(200 not in flood.seen, "a guess was right")
    w.check()


def test_a_flood_of_connections_starves_nobody():
    w = world()
    with Flood(lambda i: dial("devices", 0).close()) as flood:
        wait_until("it floods", lambda: flood.total() > 200)
        w.enrol_honestly()
    w.check()


def test_a_flood_of_questions_starves_neither_status_nor_enrolment():
    """Each asks about another serial number that nobody has issued."""
    w = world()
    good = w.enrol_honestly()

    def ask(number):
        serial = "%032x" % (0x0123 << 112 | number)
        answer = w.svc.public("POST", "/ocsp", w.svc.ocsp_request(serial),
                              {"Content-Type": "application/ocsp-request"},
                              source="127.0.0.91")
        return answer.status, answer.body[:5]
    with Flood(ask) as flood:
        wait_until("it floods", lambda: flood.total() > 40)
        equal(w.svc.ocsp(good), "good")
        w.enrol_honestly()
    w.check()


def test_a_device_in_a_loop_fills_nothing():
    """With a certificate that is good: over its limit it is told when to come
    again."""
    w = world()
    over = w.svc.connect(cert=w.greedy.pair(), source="127.0.0.92")
    statuses = []
    for _ in range(200):
        answer = w.svc.enrol(w.new_key("greedy"), "many", over=over)
        statuses.append(answer.status)
        if answer.headers.get("Connection") == "close":
            over.close()
        if answer.status == 429:
            holds(int(answer.headers["Retry-After"]) > 0, "Retry-After")
            if statuses.count(429) > 10:
                break
    over.close()
    print("# %d certificates, then 429" % statuses.count(200))
    holds(statuses.count(429) > 10, "no limit was met: %r" % statuses)
    holds(statuses.count(200) <= 120, "its limit was exceeded")
    w.enrol_honestly()
    w.check()


def test_it_stops_in_order_and_the_ledger_is_whole():
    w = world()
    equal(w.svc.stop(), 0, "exit code")
    w.svc.verify_ledger()


if __name__ == "__main__":
    try:
        service.main()
    finally:
        for made in WORLD:
            made.svc.__exit__(None, None, None)
