# SPDX-License-Identifier: Apache-2.0
"""Somebody on the device's Ethernet who sends whatever frames he likes, and
hears each frame that the device sends, whomever it is for. QEMU's own network is
on it, too: 10.0.2.2, from where forwarded ports come, and SERVER. It takes what is
for anybody, so it gets from the device what is for it, and of him nothing.
"""
import contextlib
import random
import socket
import struct
import threading
import time

from net import GUEST_PORT, PATIENCE, holds
from stranger import ACK, ARP, DEVICE, EVERYBODY, FIN, IPV4, RST, SYN, TCP, UDP, \
    checksum

DEVICE_MAC = b"\2bm\0\0\1"
OWN_MAC = bytes.fromhex("525400000063")
OWN = bytes((10, 0, 2, 99))
SERVER = ("10.0.2.100", 8443)
ICMP = 1
ICMP6, IPV6 = 58, 0x86dd
# RFC 4291 2.5.6, appendix A: what an interface with that MAC calls itself.
DEVICE6 = bytes.fromhex("fe80" + 12 * "0" + "00626dfffe000001")
OWN6 = bytes.fromhex("fe80" + 12 * "0" + "505400fffe000063")
ALL6 = bytes.fromhex("ff02" + 26 * "0" + "01")
ALL6_MAC = bytes.fromhex("333300000001")


def ethernet(kind, octets, to=DEVICE_MAC):
    return to + OWN_MAC + kind.to_bytes(2, "big") + octets


def ipv4(protocol, octets, source=OWN, to=DEVICE, fragment=0, options=b"",
         mac=DEVICE_MAC):
    """RFC 791."""
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0,
                       4 * words + len(octets), random.getrandbits(16),
                       fragment, 64, protocol, 0, source, to) + options
    head = head[:10] + checksum(head) + head[12:]
    return ethernet(IPV4, head + octets, mac)


def summed(protocol, octets, at, source=OWN, to=DEVICE):
    """With the checksum over addresses and all (RFC 9293 3.1) at `at`."""
    pseudo = struct.pack("!4s4sHH", source, to, protocol, len(octets))
    total = checksum(pseudo + octets + b"\0" * (len(octets) & 1))
    return octets[:at] + total + octets[at + 2:]


def tcp(port, flags, source=OWN, sport=None, number=None, **words):
    octets = struct.pack("!HHIIBBHHH", sport or random.randint(1024, 65535),
                         port, random.getrandbits(32) if number is None
                         else number, 1, 5 << 4, flags, 8192, 0, 0)
    return ipv4(TCP, summed(TCP, octets, 16, source), source, **words)


def udp(port, source=OWN, octets=b"hello", **words):
    octets = struct.pack("!HHHH", random.randint(1024, 65535), port,
                         8 + len(octets), 0) + octets
    return ipv4(UDP, summed(UDP, octets, 6, source), source, **words)


def echo_request(**words):
    octets = struct.pack("!BBHHH", 8, 0, 0, 1, 1) + b"ping"
    return ipv4(ICMP, octets[:2] + checksum(octets) + octets[4:], **words)


def arp_request(asked=DEVICE, source=OWN):
    """RFC 826."""
    return ethernet(ARP, struct.pack("!HHBBH", 1, IPV4, 6, 4, 1) + OWN_MAC +
                    source + bytes(6) + asked, EVERYBODY)


def ipv6(protocol, octets, at, to=DEVICE6, mac=DEVICE_MAC):
    """RFC 8200, its checksum at `at` of what is inside (8.1)."""
    pseudo = OWN6 + to + struct.pack("!II", len(octets), protocol)
    total = checksum(pseudo + octets)
    return ethernet(IPV6, struct.pack("!IHBB", 6 << 28, len(octets), protocol,
                                      255) + OWN6 + to + octets[:at] + total +
                    octets[at + 2:], mac)


def tcp6(port, flags):
    return ipv6(TCP, struct.pack("!HHIIBBHHH", random.randint(1024, 65535),
                                 port, 1, 1, 5 << 4, flags, 8192, 0, 0), 16)


def solicitation():
    """RFC 4861 4.3: who has DEVICE6?"""
    return ipv6(ICMP6, struct.pack("!BBHI", 135, 0, 0, 0) + DEVICE6 +
                b"\1\1" + OWN_MAC, 2)


def echo_request6(to=DEVICE6, mac=DEVICE_MAC):
    return ipv6(ICMP6, struct.pack("!BBHHH", 128, 0, 0, 1, 1), 2, to, mac)


def mirai_syn(port):
    """Mirai's scanner gives its SYN the address as sequence number."""
    return tcp(port, SYN, number=int.from_bytes(DEVICE, "big"))


def stray(network=b"\x0a\0\2"):
    """An address in the device's subnet, of nobody."""
    return network + bytes((random.randint(100, 254),))


# What no policy of these tests names, one frame of each.
SCANS = {
    "syn": lambda i: tcp(1 + i, SYN),
    "syn to telnet": lambda i: mirai_syn(2323 if i % 10 == 0 else 23),
    "syn to the service, of a stranger": lambda i: tcp(GUEST_PORT, SYN),
    "ack": lambda i: tcp(GUEST_PORT if i % 2 else 1 + i, ACK),
    "fin": lambda i: tcp(1 + i, FIN),
    "no flag": lambda i: tcp(1 + i, 0),
    "all flags": lambda i: tcp(1 + i, 0x3f),
    "reset": lambda i: tcp(1 + i, RST),
    "udp": lambda i: udp(1 + i),
    "udp of a name server": lambda i: udp(53, octets=bytes(40)),
    "echo request": lambda i: echo_request(),
    "fragment": lambda i: tcp(GUEST_PORT, SYN, fragment=0x2000 | i % 2),
    "options": lambda i: tcp(GUEST_PORT, SYN, options=b"\1\1\1\0"),
    "protocol": lambda i: ipv4(i % 256 if i % 256 not in (TCP, UDP) else 99,
                               bytes(20)),
    "vlan": lambda i: ethernet(0x8100, b"\0\1" + tcp(GUEST_PORT, SYN)[12:]),
    "IPv6 neighbour": lambda i: solicitation(),
    "IPv6 echo request": lambda i: echo_request6() if i % 2 else
                         echo_request6(ALL6, ALL6_MAC),
    "IPv6 syn": lambda i: tcp6(1 + i, SYN),
    "IPv6 syn to the service": lambda i: tcp6(GUEST_PORT, SYN),
    "ethernet type": lambda i: ethernet(0x8800 + i, bytes(46)),
}

FLOODS = {
    "SYN": lambda i: tcp(GUEST_PORT if i % 3 == 0 else i % 1024, SYN,
                         source=stray()),
    "telnet": lambda i: mirai_syn(23),
    "UDP": lambda i: udp(i % 65535 + 1, source=stray(), octets=bytes(200)),
    "ARP": lambda i: arp_request(DEVICE if i % 2 else stray(), stray()),
    "broadcast": lambda i: udp(i % 65535 + 1, to=b"\xff" * 4, mac=EVERYBODY,
                               octets=bytes(100)),
    "fragments": lambda i: udp(7, fragment=0x2000 | i % 64,
                               octets=bytes(160)),
}


FRIENDS = (b"\x0a\0\2\2", b"\x0a\0\2\x64")


def is_to(frame, addresses):
    if frame[12:14] == b"\x08\6":
        return frame[38:42] in addresses
    return frame[12:14] == b"\x08\0" and frame[30:34] in addresses


def listen():
    s = socket.create_server(("127.0.0.1", 0))
    s.settimeout(PATIENCE)
    return s


class Cable:
    """Frames from and to a `-netdev socket`, which has their length before."""

    def __init__(self):
        self.listener = listen()
        self.network = ("connect=127.0.0.1:%d"
                        % self.listener.getsockname()[1])
        self.socket = self.thread = None
        self.lock = threading.Lock()
        self.n = 0  # sent

    def meet(self, hear):
        self.socket, _ = self.listener.accept()
        self.thread = threading.Thread(target=self.run, args=(hear,),
                                       daemon=True)
        self.thread.start()

    def run(self, hear):
        stream = self.socket.makefile("rb")
        with contextlib.suppress(OSError):
            while True:
                head = stream.read(4)
                if len(head) < 4:
                    return
                hear(stream.read(int.from_bytes(head, "big")))

    def send(self, frame):
        with self.lock, contextlib.suppress(OSError):  # the device is gone
            self.socket.sendall(len(frame).to_bytes(4, "big") + frame)
            self.n += 1

    def close(self):
        if self.socket:
            self.socket.close()
        self.listener.close()


class Attacker:
    """`network`: what it is for QEMU. Ports of this host: `forward` leads to
    the device, `server` is where SERVER leads to."""

    def __init__(self, forward=None, server=None):
        self.device, self.friend = Cable(), Cable()
        own = "user,id=own,restrict=on"
        if forward:
            own += ",hostfwd=tcp:127.0.0.1:%d-:%d" % (forward, GUEST_PORT)
        if server:
            own += ",guestfwd=tcp:%s:%d-tcp:127.0.0.1:%d" % (*SERVER, server)
        hub = "hubport,hubid=0,id="
        self.network = " -netdev ".join((
            own, "socket,id=cable," + self.friend.network,
            hub + "a,netdev=own", hub + "b,netdev=cable",
            "socket,id=net0," + self.device.network))
        self.heard = []  # frames of the device
        self.sent = 0  # his own

    def meet(self):
        self.device.meet(self.hear)
        self.friend.meet(self.device.send)

    def hear(self, frame):
        self.heard.append(frame)
        if is_to(frame, FRIENDS):
            self.friend.send(frame)

    def send(self, frame):
        self.device.send(frame)
        self.sent += 1

    def close(self):
        self.device.close()
        self.friend.close()

    def answers(self):
        """What the device, which has ended, sent to others, but for what it
        said of itself when it started (RFC 5227)."""
        self.device.thread.join(PATIENCE)
        holds(not self.device.thread.is_alive(), "the device has not ended")
        return [f for f in self.heard if not is_to(f, FRIENDS) and
                not (f[12:14] == b"\x08\6" and f[28:32] == f[38:42])]


class Flood(threading.Thread):
    """So many frames a second until it is stopped."""

    def __init__(self, attacker, make, rate):
        super().__init__(daemon=True)
        self.attacker, self.make, self.rate = attacker, make, rate
        self.over = threading.Event()
        self.n = 0

    def run(self):
        begun = time.monotonic()
        while not self.over.is_set():
            if self.n < (time.monotonic() - begun) * self.rate:
                self.attacker.send(self.make(self.n))
                self.n += 1
            else:
                time.sleep(0.001)

    def stop(self):
        self.over.set()
        self.join(PATIENCE)
        holds(not self.is_alive(), "the flood does not end")
        return self.n
