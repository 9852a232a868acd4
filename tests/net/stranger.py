# SPDX-License-Identifier: Apache-2.0
"""A peer that makes its own frames, and so can do what no kernel does: hear the
end of a connection and acknowledge nothing.
"""
import socket
import struct
import time

from net import PATIENCE, holds

MAC = bytes.fromhex("525400000001")
EVERYBODY = b"\xff" * 6
ADDRESS, DEVICE = bytes((10, 0, 2, 99)), bytes((10, 0, 2, 15))
PORT = 40000
ARP, IPV4, TCP = 0x0806, 0x0800, 6
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


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
        self.end = time.monotonic() + PATIENCE

    def close(self):
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

    def send(self, flags, octets=b""):
        octets += b"\0" * (len(octets) & 1)
        head = struct.pack("!HHIIBBHHH", PORT, self.port, self.sent,
                           self.heard, 5 << 4, flags, 8192, 0, 0)
        pseudo = struct.pack("!4s4sHH", ADDRESS, DEVICE, TCP,
                             len(head + octets))
        head = head[:16] + checksum(pseudo + head + octets) + head[18:]
        ip = struct.pack("!BBHIBBH4s4s", 0x45, 0, 40 + len(octets), 0, 64, TCP,
                         0, ADDRESS, DEVICE)
        ip = ip[:10] + checksum(ip) + ip[12:]
        self.put(self.mac, IPV4, ip + head + octets)

    def segment(self):
        """The next one that is for us: its flags and sequence number. The
        device is told who we are when it asks."""
        while True:
            kind, octets = self.frame()
            if kind == ARP and octets[6:8] == b"\0\1":
                self.arp(2, octets[8:14])
            elif kind == IPV4 and octets[9] == TCP:
                number, = struct.unpack("!I", octets[24:28])
                return octets[33], number

    def wait(self, flag):
        flags = 0
        while not flags & flag:
            flags, number = self.segment()
        return number

    def connect(self, port):
        self.cable, _ = self.listener.accept()
        self.cable.settimeout(PATIENCE)
        self.stream = self.cable.makefile("rb")
        self.port, self.sent, self.heard = port, 1, 0
        self.arp(1, EVERYBODY)
        kind, octets = self.frame()
        while kind != ARP or octets[6:8] != b"\0\2":
            kind, octets = self.frame()
        self.mac = octets[8:14]
        self.send(SYN)
        self.heard = self.wait(SYN) + 1
        self.sent += 1
        self.send(ACK)
