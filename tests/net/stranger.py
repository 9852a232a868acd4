# SPDX-License-Identifier: Apache-2.0
"""A peer that makes its own frames, and so can do what no kernel does: hear the
end of a connection and acknowledge nothing; answer for somebody else.
"""
import collections
import socket
import struct
import time

from net import PATIENCE, holds

MAC = bytes.fromhex("525400000001")
EVERYBODY = b"\xff" * 6
ADDRESS, DEVICE = bytes((10, 0, 2, 99)), bytes((10, 0, 2, 15))
PORT = 40000
ARP, IPV4, TCP, UDP = 0x0806, 0x0800, 6, 17
DNS = 53
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

# RFC 1035 4.1: the question as it stands, its number and name, who asked.
Question = collections.namedtuple("Question", "octets number name port")


def checksum(octets):
    """RFC 1071."""
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", total ^ 0xffff)


class Stranger:
    """Alone with the device, on the Ethernet that `network` says to QEMU."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.network = ("socket,id=net0,connect=127.0.0.1:%d"
                        % self.listener.getsockname()[1])
        self.listener.settimeout(PATIENCE)
        self.end = time.monotonic() + PATIENCE
        self.cable = None

    def close(self):
        if self.cable:
            self.cable.close()
        self.listener.close()

    def frame(self):
        """The next one: kind, octets. QEMU puts its length before it."""
        holds(time.monotonic() < self.end, "the device is silent")
        octets = self.stream.read(int.from_bytes(self.stream.read(4), "big"))
        holds(len(octets) >= 14, "the device is gone")
        return int.from_bytes(octets[12:14], "big"), octets[14:]

    def put(self, to, kind, octets):
        octets = to + MAC + kind.to_bytes(2, "big") + octets
        self.cable.sendall(len(octets).to_bytes(4, "big") + octets)

    def arp(self, operation, mac):
        """RFC 826."""
        self.put(mac, ARP, struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) +
                 MAC + ADDRESS + mac + DEVICE)

    def packet(self, protocol, octets):
        """RFC 791."""
        ip = struct.pack("!BBHIBBH4s4s", 0x45, 0, 20 + len(octets), 0, 64,
                         protocol, 0, ADDRESS, DEVICE)
        ip = ip[:10] + checksum(ip) + ip[12:]
        self.put(self.mac, IPV4, ip + octets)

    def send(self, flags, octets=b""):
        head = struct.pack("!HHIIBBHHH", PORT, self.port, self.sent,
                           self.heard, 5 << 4, flags, 8192, 0, 0)
        pseudo = struct.pack("!4s4sHH", ADDRESS, DEVICE, TCP,
                             len(head + octets))
        summed = pseudo + head + octets + b"\0" * (len(octets) & 1)
        head = head[:16] + checksum(summed) + head[18:]
        self.packet(TCP, head + octets)

    def received(self, protocol):
        """The next one of this protocol. The device is told who we are when it
        asks."""
        while True:
            kind, octets = self.frame()
            if kind == ARP and octets[6:8] == b"\0\1" and \
                    octets[24:28] == ADDRESS:
                self.arp(2, octets[8:14])
            elif kind == IPV4 and octets[9] == protocol:
                return octets[:int.from_bytes(octets[2:4], "big")]

    def segment(self):
        """The next one's flags and sequence number."""
        octets = self.received(TCP)
        number, = struct.unpack("!I", octets[24:28])
        return octets[33], number

    def syn(self):
        """Somebody wants a connection with us: sequence number and port."""
        octets = self.received(TCP)
        while octets[33] != SYN or octets[16:20] != ADDRESS:
            octets = self.received(TCP)
        return octets[24:28], int.from_bytes(octets[22:24], "big")

    def query(self):
        """The next question after a name."""
        octets = self.received(UDP)
        while octets[22:24] != DNS.to_bytes(2, "big"):
            octets = self.received(UDP)
        question, labels, at = octets[28:], [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        return Question(question, int.from_bytes(question[:2], "big"),
                        ".".join(labels), octets[20:22])

    def answer(self, question, address=None, number=None):
        """RFC 1035 4.1.1, 4.1.3; without an address: there is no such name."""
        number = question.number if number is None else number
        octets = struct.pack("!HHHHHH", number, 0x8180 if address else 0x8183,
                             1, 1 if address else 0, 0, 0)
        octets += question.octets[12:]
        if address:
            octets += struct.pack("!HHHIH4s", 0xc00c, 1, 1, 60, 4, address)
        self.packet(UDP, struct.pack("!H2sHH", DNS, question.port,
                                     8 + len(octets), 0) + octets)

    def wait(self, flag):
        flags = 0
        while not flags & flag:
            flags, number = self.segment()
        return number

    def meet(self):
        """The device's cable is plugged in, and each learns who the other is."""
        self.cable, _ = self.listener.accept()
        self.cable.settimeout(PATIENCE)
        self.stream = self.cable.makefile("rb")
        self.arp(1, EVERYBODY)
        kind, octets = self.frame()
        while kind != ARP or octets[6:8] != b"\0\2":
            kind, octets = self.frame()
        self.mac = octets[8:14]

    def give(self, octets):
        """Octets in their order; acknowledged() may wait for them."""
        self.send(PSH | ACK, octets)
        self.sent += len(octets)

    def acknowledged(self):
        """All that was given has been taken."""
        got = self.received(TCP)
        while int.from_bytes(got[28:32], "big") != self.sent:
            got = self.received(TCP)

    def connect(self, port):
        self.port, self.sent, self.heard = port, 1, 0
        self.send(SYN)
        self.heard = self.wait(SYN) + 1
        self.sent += 1
        self.send(ACK)
