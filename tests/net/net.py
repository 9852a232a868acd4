# SPDX-License-Identifier: Apache-2.0
"""A device in QEMU and its peers on this host: certificates, TLS servers and
clients of Python's ssl, QEMU's monitor, TAP. For net_test.py and net_bench.py.
"""
import contextlib
import inspect
import json
import os
import random
import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RUN = os.path.join(TOP, "ports/mps2/run.sh")
sys.path.insert(0, os.path.join(TOP, "tests/harness"))
from tcp_port import free_port  # noqa: E402,F401

# How long anything may take on a slow machine, in seconds.
PATIENCE = 60

NAME = "server.example.test"
GUEST_PORT = 4433


class Skip(Exception):
    """The reason why a test cannot run here."""


def holds(value, what):
    if not value:
        raise AssertionError(what)


def contains(text, *parts):
    for part in parts:
        holds(part in text, "%r is not in:\n%s" % (part, text))


def pattern(n):
    """device_pattern() of device.c."""
    return bytes((i * 7 + (i >> 8) * 13 + (i >> 16)) & 255 for i in range(n))


def have(program):
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if shutil.which(program) is None:
        raise Skip(program + " is not installed")


# ---- Certificates

def openssl(*args, stdin=b""):
    return subprocess.run(("openssl",) + args, input=stdin, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


class World:
    """A folder with a root, a server, a device; and those of another root."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="bm-net-")
        for root in ("root", "other"):
            self.issue(root, None, "basicConstraints=critical,CA:TRUE",
                       "keyUsage=critical,keyCertSign,cRLSign")
        both = ("keyUsage=critical,digitalSignature",
                "extendedKeyUsage=serverAuth,clientAuth")
        host = "subjectAltName=DNS:%s,IP:10.0.2.2" % NAME
        self.issue("server", "root", host, *both)
        self.issue("false-server", "other", host, *both)
        self.issue("device", "root", *both)
        self.issue("false-device", "other", *both)

    def path(self, name):
        return os.path.join(self.dir, name)

    def issue(self, name, issuer, *exts):
        key, pem = self.path(name + ".key"), self.path(name + ".pem")
        more = []
        for ext in exts:
            more += ["-addext", ext]
        if issuer:
            more += ["-CA", self.path(issuer + ".pem"),
                     "-CAkey", self.path(issuer + ".key")]
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", pem,
                "-subj", "/CN=" + name, "-days", "3650", *more)

    def device(self, name, anchor):
        """A folder as device.c wants it."""
        folder = self.path(name + "-under-" + anchor)
        if os.path.isdir(folder):
            return folder
        os.mkdir(folder)
        for pem, der in ((anchor, "anchor"), (name, "cert")):
            openssl("x509", "-in", self.path(pem + ".pem"), "-outform", "DER",
                    "-out", os.path.join(folder, der + ".der"))
        text = openssl("ec", "-in", self.path(name + ".key"), "-text",
                       "-noout").decode()
        octets = re.search(r"priv:\s+([0-9a-f:\s]+)", text).group(1)
        scalar = int(re.sub(r"[:\s]", "", octets), 16).to_bytes(32, "big")
        with open(os.path.join(folder, "key.bin"), "wb") as f:
            f.write(scalar)
        return folder

    def context(self, server, name, anchor="root", version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server
                                 else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.path(name + ".pem"),
                                self.path(name + ".key"))
        context.load_verify_locations(self.path(anchor + ".pem"))
        if version:
            context.minimum_version = version
            context.maximum_version = version
        return context

    def close(self):
        shutil.rmtree(self.dir)


# ---- The device

class Device:
    """tests_net_device in QEMU. forward: a host's port to GUEST_PORT."""

    def __init__(self, world, program, folder, forward=None, monitor=False,
                 network=None, arguments="", **words):
        self.log = tempfile.TemporaryFile("w+")
        words = {"dir": folder, "address": "10.0.2.15", "name": NAME, **words}
        user = network or "user,id=net0,restrict=off"
        if forward:
            user += ",hostfwd=tcp:127.0.0.1:%d-:%d" % (forward, GUEST_PORT)
        self.monitor = world.path("monitor%d" % random.getrandbits(48))
        args = "-netdev %s -net nic,netdev=net0,model=lan9118 %s" % (
            user, arguments)
        if monitor:
            args += " -qmp unix:%s,server=on,wait=off" % self.monitor
        env = dict(os.environ, BM_QEMU_ARGS=args,
                   BM_QEMU_TIMEOUT=str(PATIENCE))
        self.process = subprocess.Popen(
            [RUN, program] + ["%s=%s" % (k, v) for k, v in words.items() if v],
            stdout=self.log, stderr=subprocess.STDOUT, env=env)

    def text(self):
        # Not by seeking: QEMU writes where this file stands.
        return os.pread(self.log.fileno(), 1 << 20, 0).decode()

    def wait_for(self, part):
        end = time.monotonic() + PATIENCE
        while part not in self.text():
            holds(self.process.poll() is None and time.monotonic() < end,
                  "no %r:\n%s" % (part, self.text()))
            time.sleep(0.01)

    def end(self, code=0):
        """What it printed, once it has ended with this code."""
        got = self.process.wait(PATIENCE + 10)
        text = self.text()
        holds(got == code, "exit code %d:\n%s" % (got, text))
        return text

    def kill(self):
        self.process.terminate()  # it is `timeout`, which tells QEMU
        self.process.wait()

    def qmp(self, **command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(self.monitor)
            lines = s.makefile("rw")
            lines.readline()
            for c in ({"execute": "qmp_capabilities"}, command):
                lines.write(json.dumps(c) + "\n")
                lines.flush()
                answer = {}
                while not answer.keys() & {"return", "error"}:
                    answer = json.loads(lines.readline())
                holds("return" in answer, answer)

    def link(self, up):
        self.qmp(execute="set_link", arguments={"name": "net0", "up": up})


# ---- Peers

class Echo(threading.Thread):
    """A TLS server on this host that sends back what it gets; `gather` octets
    of it first and in one go, in records as long as the client takes."""

    def __init__(self, context, gather=0, family=socket.AF_INET):
        super().__init__(daemon=True)
        self.context = context
        self.gather = gather
        self.socket = socket.create_server(
            ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0),
            family=family)
        self.socket.settimeout(PATIENCE)
        self.port = self.socket.getsockname()[1]
        self.octets = 0
        self.error = None
        self.start()

    def run(self):
        try:
            raw, _ = self.socket.accept()
            raw.settimeout(PATIENCE)
            held = b""
            with self.context.wrap_socket(raw, server_side=True) as s:
                while True:
                    piece = s.recv(65536)
                    if not piece:
                        break
                    self.octets += len(piece)
                    held += piece
                    if self.octets >= self.gather:
                        s.sendall(held)
                        held = b""
        except (OSError, ssl.SSLError) as e:
            self.error = e
        finally:
            self.socket.close()

    def done(self):
        self.join(PATIENCE)
        return self


def talk(s, octets, size):
    """Send in records of `size`, and take what comes meanwhile: in one thread,
    since OpenSSL does not let two use a connection."""
    s.setblocking(False)
    at, got = 0, b""
    while len(got) < len(octets):
        try:
            if at < len(octets):
                at += s.send(octets[at:at + size])
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            ready = select.select([s], [s] if at < len(octets) else [], [],
                                  PATIENCE)
            if ready == ([], [], []):
                raise TimeoutError("%d octets came" % len(got)) from None
    s.settimeout(PATIENCE)
    return got


def exchange(context, port, octets, size=4096):
    """As a client of the device: send in records of `size`, of which it takes
    4,096 and no longer, get the same back, close."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as raw:
        with context.wrap_socket(raw, server_hostname=NAME) as s:
            got = talk(s, octets, size)
            holds(got == octets, "%d octets of %d came back"
                  % (len(got), len(octets)))
            with contextlib.suppress(ssl.SSLError):
                s.unwrap()  # it closes without saying so, then


def insist(context, port, octets):
    """The same, of a device whose only place may be taken for a moment."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            exchange(context, port, octets)
            return
        except (OSError, AssertionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


# ---- TAP

def run_tests(module):
    world = World()
    failed = 0
    tests = [(n, t) for n, t in vars(module).items()
             if n.startswith("test_") and inspect.isfunction(t)]
    try:
        for i, (name, test) in enumerate(tests, 1):
            try:
                test(world)
                print("ok %d - %s" % (i, name[5:]))
            except Skip as why:
                print("ok %d - %s # SKIP %s" % (i, name[5:], why))
            except Exception as e:  # pylint: disable=broad-except
                failed = 1
                print("# " + str(e).replace("\n", "\n# "))
                print("not ok %d - %s" % (i, name[5:]))
            sys.stdout.flush()
    finally:
        world.close()
    print("1..%d" % len(tests))
    sys.exit(failed)
