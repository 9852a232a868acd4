#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a bot of the Mirai family does when it has got into a network: it looks
who is there, and knocks at the doors that such devices leave open.

    bot.py WIRE PORT...

WIRE is the port of wire.py, on which it is a station of its own, with frames
that it makes itself. As Mirai's scanner does, it sends SYN segments without a
connection, with the address of whom it asks for their sequence number. Of each
station one line: how many ports were asked, and which answered.
"""
import socket
import struct
import sys
import threading
import time

MAC = bytes.fromhex("525400666666")
ADDRESS = "10.0.2.66"
NEIGHBOURS = ["10.0.2.%d" % i for i in range(1, 32)]
NETWORK = {"10.0.2.2", "10.0.2.3"}  # QEMU's own stations
SYN, RST, ACK = 0x02, 0x04, 0x10
ROUNDS, PATIENCE = 3, 0.5


def checksum(octets):
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def arp(address):
    return b"\xff" * 6 + MAC + struct.pack(
        "!HHHBBH6s4s6s4s", 0x0806, 1, 0x0800, 6, 4, 1, MAC,
        socket.inet_aton(ADDRESS), bytes(6), socket.inet_aton(address))


def segment(mac, address, ports, sequence, flags):
    """A frame with a TCP segment that carries nothing."""
    ends = socket.inet_aton(ADDRESS) + socket.inet_aton(address)
    tcp = struct.pack("!HHIIBBHHH", *ports, sequence, 0, 5 << 4, flags, 14600,
                      0, 0)
    pseudo = ends + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64,
                     socket.IPPROTO_TCP, 0) + ends
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return mac + MAC + struct.pack("!H", 0x0800) + ip + tcp


class Bot:
    def __init__(self, wire):
        self.cable = socket.create_connection(("127.0.0.1", wire))
        self.stations = {}  # address: that of Ethernet
        self.answers = {}   # (address, port): flags
        threading.Thread(target=self.listen, daemon=True).start()

    def send(self, frame):
        self.cable.sendall(struct.pack("!I", len(frame)) + frame)

    def listen(self):
        stream = self.cable.makefile("rb")
        while True:
            head = stream.read(4)
            if len(head) < 4:
                return
            self.hear(stream.read(int.from_bytes(head, "big")))

    def hear(self, frame):
        kind = frame[12:14]
        if kind == b"\x08\x06" and frame[20:22] == b"\0\2":
            self.stations[socket.inet_ntoa(frame[28:32])] = frame[22:28]
        elif kind == b"\x08\x00" and frame[0:6] == MAC and frame[23] == 6:
            address = socket.inet_ntoa(frame[26:30])
            tcp = frame[14 + (frame[14] & 15) * 4:]
            port, own, _, sequence = struct.unpack("!HHII", tcp[:12])
            self.answers[address, port] = tcp[13]
            if tcp[13] & SYN:
                self.send(segment(frame[6:12], address, (own, port), sequence,
                                  RST))

    def look_around(self):
        for _ in range(ROUNDS):
            for address in NEIGHBOURS:
                if address not in self.stations:
                    self.send(arp(address))
            time.sleep(PATIENCE)
        return sorted(set(self.stations) - NETWORK)

    def knock(self, stations, ports):
        """{station: its ports that answered}"""
        for attempt in range(ROUNDS):
            for address in stations:
                signature, = struct.unpack("!I", socket.inet_aton(address))
                for port in ports:
                    if (address, port) not in self.answers:
                        self.send(segment(self.stations[address], address,
                                          (40000 + attempt, port), signature,
                                          SYN))
            time.sleep(PATIENCE)
        return {address: [port for port in ports if
                          self.answers.get((address, port), 0) & SYN]
                for address in stations}


def main():
    bot = Bot(int(sys.argv[1]))
    ports = [int(port) for port in sys.argv[2:]]
    stations = bot.look_around()
    if not stations:
        sys.exit("bot.py: nobody is there")
    for address, opened in bot.knock(stations, ports).items():
        print("%s: %d ports asked, open: %s" % (
            address, len(ports), " ".join(map(str, opened)) or "none"))


if __name__ == "__main__":
    main()
