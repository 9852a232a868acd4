#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An Ethernet on which boards in QEMU meet: a switch, with QEMU's own network
(where this machine is 10.0.2.2) on one of its cables.

    wire.py PORT [HERE:ADDRESS:THERE]

It listens at PORT of this machine for boards (-netdev socket,connect=...).
Who connects to the port HERE is led to the port THERE of the board at ADDRESS.
It runs until it is ended, and its network with it.
"""
import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Switch:
    """Frames come as QEMU sends them: four octets of length, then the frame.
    They go where their destination was last heard, else everywhere. (A hub of
    QEMU's would not do: its network answers what one board says to another.)"""

    def __init__(self):
        self.cables = []
        self.learned = {}
        self.lock = threading.Lock()

    def plug(self, cable):
        with self.lock:
            self.cables.append(cable)
        threading.Thread(target=self.carry, args=(cable,), daemon=True).start()

    def carry(self, cable):
        stream = cable.makefile("rb")
        with contextlib.suppress(OSError):
            while True:
                head = stream.read(4)
                frame = stream.read(int.from_bytes(head, "big"))
                if len(head) < 4 or len(frame) < 14:
                    break
                self.forward(cable, head, frame)
        self.unplug(cable)

    def forward(self, cable, head, frame):
        with self.lock:
            self.learned[frame[6:12]] = cable
            to = self.learned.get(frame[:6])
            for other in [to] if to else self.cables:
                if other is not cable:
                    with contextlib.suppress(OSError):
                        other.sendall(head + frame)

    def unplug(self, cable):
        with self.lock:
            self.cables.remove(cable)
            self.learned = {address: at for address, at in self.learned.items()
                            if at is not cable}


def outside(port, forward):
    """QEMU's network, which connects to `port` as a board does."""
    user = "user,id=u"
    if forward:
        here, address, there = forward.split(":")
        user += ",hostfwd=tcp:127.0.0.1:%s-%s:%s" % (here, address, there)
    return subprocess.Popen(
        ["qemu-system-arm", "-M", "none", "-nodefaults", "-display", "none",
         "-monitor", "none",
         "-netdev", user, "-netdev", "hubport,id=hu,hubid=0,netdev=u",
         "-netdev", "socket,id=s,connect=127.0.0.1:%d" % port,
         "-netdev", "hubport,id=hs,hubid=0,netdev=s"],
        stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)


def main():
    port = int(sys.argv[1])
    switch = Switch()
    listener = socket.create_server(("127.0.0.1", port))
    network = outside(port, sys.argv[2] if len(sys.argv) > 2 else None)

    def take():
        while True:
            switch.plug(listener.accept()[0])
    threading.Thread(target=take, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while network.poll() is None:
            time.sleep(0.2)
        sys.exit("wire.py: QEMU's network has ended")
    finally:
        network.kill()
        network.wait()


if __name__ == "__main__":
    main()
