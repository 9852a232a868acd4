# SPDX-License-Identifier: Apache-2.0
"""A sensor node in QEMU: its flash is a file, its network is QEMU's, its console
a file that is read line by line. Power comes and goes as a test likes.
"""
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "ports/mps2/boot/test"))
# pylint: disable=wrong-import-position
import board
import service
from board import MAP, SECTOR
from direct import ok
from service import equal, holds, read, wait_until, write

PROVISION = os.path.join(TOP, "examples/sensor-node/provision.py")
BUILT = b"1.0.0"  # what the node's program calls itself
POWER_CUT = 98  # exit code of a board whose flash driver cut the power
# Of one start: whatever hangs is ended. More than what a test waits for in one
# of them, all together: under load it would end a node that is only slow, in the
# middle of whatever it does.
MAX_SECONDS = 600


# ---- Firmware

class Maker:
    """Who makes the node's firmware: a station with its keys, and what it has
    signed. `folder` is where the build left programs."""

    def __init__(self, folder, where="station"):
        self.folder = os.path.abspath(folder)
        self.where = where
        self.boot = board.Program(os.path.join(
            self.folder, "ports/mps2/boot/boot-swap.elf"))
        self.program = os.path.join(
            self.folder, "examples/sensor-node/sensor-node.bin")
        if not os.path.exists(self.program):
            raise service.Skip("no sensor-node.bin: `make mcu` builds it")
        ok("init", where, "--subordinate", "--org", "Maker", "--host",
           "localhost")
        for name, key in (("firmware", "firmware"), ("other", "firmware2"),
                          ("root", "root0")):
            ok("image", "keygen", "--dir", where, "--from", board.key(key),
               "--out", self.path(name + ".pub"), "file:%s.key" % name)
        self.keys = self.keyset(1, "firmware")

    def path(self, name):
        return os.path.join(self.where, name)

    def keyset(self, epoch, *names):
        """The path of a set with these keys, signed by the root."""
        path = self.path("keys-%d.set" % epoch)
        more = sum((["--key", self.path(n + ".pub")] for n in names), [])
        ok("keyset", "make", "--dir", self.where, "--root", "file:root.key",
           "--epoch", str(epoch), *more, "--out", path)
        return path

    def built(self, version):
        """The path of the node's program, as if built for that version: the
        text of it is exchanged for another one."""
        program = read(self.program)
        equal(program.count(BUILT + b"\0"), 1, "where its version is")
        other = program.replace(BUILT + b"\0", version.encode() + b"\0")
        equal(len(other), len(program), "size of another version")
        return write(self.path("node-%s.bin" % version), other)

    def image(self, version, key="firmware", program=None):
        """The path of the node's program as an image of that version."""
        path = self.path("%s-%s%s.img" % (
            key, version, "-" + os.path.basename(program) if program else ""))
        if not os.path.exists(path):
            program = program or self.built(version)
            ok("image", "sign", "--dir", self.where, "--key",
               "file:%s.key" % key, "--version", version,
               "--security-counter", "auto", "--header-size", "0x200",
               "--pad-header", "--boot-record", "APP", "--out", path,
               program)
        return path


# ---- The board

class Event:
    """A line of the console: `node: WORD key=value ...`"""

    def __init__(self, text):
        self.text = text
        words = text.split()
        self.word = words[1]
        self.fields = dict(w.split("=", 1) for w in words[2:] if "=" in w)
        self.words = [w for w in words[2:] if "=" not in w]

    def is_(self, word, fields):
        first, *more = word.split()
        return (self.word == first and self.words[:len(more)] == more and
                all(self.fields.get(k) == str(v) for k, v in fields.items()))


class Start:
    """The power is on, until it is cut or the node ends."""

    def __init__(self, node, command):
        self.node = node
        self.log = node.console
        self.at = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def text(self):
        return read(self.log)[self.at:].decode("utf-8", "replace")

    def lines(self):
        """Events so far; a line that is not whole yet is none."""
        whole = self.text().rpartition("\n")[0]
        return [Event(line) for line in whole.splitlines()
                if re.match(r"node: \S", line)]

    def seen(self, word, **fields):
        return [e for e in self.lines() if e.is_(word, fields)]

    def wait(self, word, count=1, patience=service.PATIENCE, **fields):
        """Until the node has said so `count` times since this start: the
        last of them."""
        def there():
            found = self.seen(word, **fields)
            if len(found) >= count:
                return found[count - 1]
            code = self.process.poll()
            holds(code is None, "the node has ended, exit code %s%s" % (
                code, ", by the clock" if code in (137, -9) else ""))
            return None
        try:
            return wait_until("node: %s %s" % (word, fields), there, patience)
        except AssertionError as e:
            # It may have said so with its last breath.
            found = self.seen(word, **fields)
            if len(found) >= count:
                return found[count - 1]
            raise AssertionError("%s\nthe console:\n%s" % (
                e, self.text()[-3000:])) from None

    def end(self, want=0, patience=service.PATIENCE):
        """Wait for the node to end, with that exit code: itself."""
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            code = "it went on and on"
        if want not in (None, code):
            raise AssertionError("exit code %s, want %s; the console:\n%s" % (
                code, want, self.text()[-3000:]))
        return self

    def cut(self):
        """The power goes."""
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()


class Node(board.Board):
    """A board as the factory's station leaves it. `settings` are those that
    provision.py takes."""

    def __init__(self, maker, name, version="1.0.0", life=True):
        self.name = name
        self.maker = maker
        self.where = os.path.abspath("node-" + name)
        os.makedirs(self.where)
        super().__init__(maker.boot, self.where)
        self.console = os.path.join(self.where, "console")
        self.put("KEYSET0", read(maker.keys), 2 * SECTOR)
        self.slot(0, read(maker.image(version)))
        if life:
            self.put("LIFECYCLE", bytes(4))

    def provision(self, settings):
        """`settings`: arguments of provision.py; the token goes by a file."""
        settings = dict(settings)
        token = settings.pop("token", None)
        args = sum((["--" + key.replace("_", "-"), str(value)]
                    for key, value in settings.items()), [])
        if token is not None:
            args += ["--token-file", write(os.path.join(self.where, "token"),
                                           token + "\n")]
        service.run(sys.executable, PROVISION, self.nor, *args)
        return self

    def begin(self, *words, net=None, seconds=MAX_SECONDS):
        """Switch it on: a Start. `words` are for tests, see the README of
        the node; `net` are QEMU's arguments about the network."""
        if net is None:
            net = user_net()
        command = self.command(words, paint=False)
        command[:2] = ["timeout", "-s", "KILL", str(seconds)]
        return Start(self, command + net)

    def run(self, *words, want=0, **how):
        """One start to its end, with that exit code: the Start."""
        with self.begin(*words, **how) as start:
            return start.end(want)

    def copy(self):
        """The flash, to be put back by restore()."""
        return bytes(self.flash)

    def restore(self, flash):
        self.flash[:] = flash

    def remove(self):
        """No one looks at it any more: 16 MB are free again."""
        self.close()
        shutil.rmtree(self.where)


# ---- Networks

def user_net(forward=None, more=""):
    """QEMU's own network: DHCP, this machine as 10.0.2.2. `forward`: port
    here, port of the node."""
    text = "user,id=n0" + more
    if forward:
        text += ",hostfwd=tcp:127.0.0.1:%d-:%d" % forward
    return ["-netdev", text, "-net", "nic,netdev=n0"]


class Segment:
    """One Ethernet for several nodes, and QEMU's network, where this machine
    is. A switch, and not a hub of QEMU's: its network answers whatever it
    sees, also what one node says to another."""

    def __init__(self):
        self.port = service.free_port()  # of QEMU's network
        self.args = ["timeout", "-s", "KILL", str(MAX_SECONDS),
                     "qemu-system-arm", "-M", "none", "-nodefaults",
                     "-display", "none", "-monitor", "none",
                     "-netdev", "user,id=u",
                     "-netdev", "hubport,id=hu,hubid=0,netdev=u", "-netdev",
                     "socket,id=s,listen=127.0.0.1:%d" % self.port,
                     "-netdev", "hubport,id=hs,hubid=0,netdev=s"]
        self.cables = []
        self.learned = {}  # address of Ethernet: cable
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))

    def net(self, i):
        """The arguments of node `i`; addresses of Ethernet are told apart."""
        return ["-netdev", "socket,id=n0,connect=127.0.0.1:%d" %
                self.listener.getsockname()[1], "-net",
                "nic,netdev=n0,macaddr=52:54:00:12:34:%02x" % (0x60 + i)]

    def plug(self, cable):
        with self.lock:
            self.cables.append(cable)
        threading.Thread(target=self.carry, args=(cable,),
                         daemon=True).start()

    def carry(self, cable):
        """Frames as QEMU sends them: length, then octets."""
        stream = cable.makefile("rb")
        while True:
            try:
                head = stream.read(4)
                frame = stream.read(int.from_bytes(head, "big"))
            except OSError:
                head = b""
            if len(head) < 4:
                break
            with self.lock:
                self.learned[frame[6:12]] = cable
                to = self.learned.get(frame[:6])
                for other in [to] if to else self.cables:
                    if other is not cable:
                        with contextlib.suppress(OSError):
                            other.sendall(head + frame)
        with self.lock:
            self.cables.remove(cable)
            self.learned = {k: v for k, v in self.learned.items()
                            if v is not cable}

    def accept(self):
        while True:
            try:
                self.plug(self.listener.accept()[0])
            except OSError:
                return

    def __enter__(self):
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until("the network is there", lambda: bound(self.port))
        self.plug(socket.create_connection(("127.0.0.1", self.port)))
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()


def bound(port):
    """Whether somebody listens; connecting would take the only place."""
    text = read("/proc/net/tcp").decode()
    return ":%04X 00000000:0000 0A" % port in text
