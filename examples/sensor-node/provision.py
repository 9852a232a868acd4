#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the factory's station does to a node: it writes the settings of
settings.h into the node's flash, here a file of 16 MB that QEMU maps.

    provision.py FLASH --device SN-1 \\
        --factory ca.factory.example:8443/ieee-802.1ar-idevid \\
        --factory-anchor root.pem --token-file token \\
        --owner ca.owner.example:8443 --owner-anchor owner.pem \\
        [--address 10.0.2.15/24 [--gateway 10.0.2.2] [--names 10.0.2.3]] \\
        [--https HOST:PORT/PATH] [--mqtt HOST:PORT/TOPIC] [--peer-port PORT] \\
        [--interval SECONDS] [--refresh SECONDS]

The token comes from a file, since command lines are seen by everybody. A node
with settings that it has not taken yet is refused (3); --replace is for that.
"""
import argparse
import ipaddress
import os
import re
import ssl
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
MAP = os.path.join(HERE, "../../ports/mps2/boot/map.h")
FLASH_SIZE = 16 * 1024 * 1024
PARTITION_SIZE = 0x2000
TEXT_MAX, ANCHOR_MAX, MAP_MAX = 64, 640, 2560


class Wrong(Exception):
    """What cannot be written into a node, and why."""


# -- CBOR, deterministic: RFC 8949 4.2.1 --------------------------------------

def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes([major << 5 | extra]) + value.to_bytes(size, "big")
    raise Wrong("%d is too large" % value)


def cbor(value):
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    pairs = sorted((cbor(k), cbor(v)) for k, v in value.items())
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


# -- settings.h ---------------------------------------------------------------

def text(value, what):
    if not re.fullmatch("[!-~]{1,%d}" % TEXT_MAX, value):
        raise Wrong("%s: 1 to %d printable characters without blanks: %r"
                    % (what, TEXT_MAX, value))
    return value


def number(value, least, most, what):
    if not re.fullmatch("[0-9]{1,9}", str(value)) or \
            not least <= int(value) <= most:
        raise Wrong("%s: from %d to %d: %r" % (what, least, most, value))
    return int(value)


def place(value, what):
    """host, port and the rest of HOST:PORT[/REST]"""
    found = re.fullmatch(r"(\[[^]]+\]|[^:/\[\]]+):([0-9]+)(?:/(.+))?", value)
    if not found:
        raise Wrong("%s: HOST:PORT or HOST:PORT/NAME: %r" % (what, value))
    return (text(found.group(1).strip("[]"), what),
            number(found.group(2), 1, 65535, what), found.group(3))


def anchor(path, what):
    """A certificate as DER, from PEM or DER."""
    try:
        with open(path, "rb") as f:
            octets = f.read()
        if b"-----BEGIN CERTIFICATE-----" in octets:
            octets = ssl.PEM_cert_to_DER_cert(octets.decode("ascii").strip())
    except (OSError, ValueError) as e:
        raise Wrong("%s: %s" % (what, e)) from e
    if not 0 < len(octets) <= ANCHOR_MAX or octets[0] != 0x30:
        raise Wrong("%s: one certificate of at most %d octets: %s"
                    % (what, ANCHOR_MAX, path))
    return octets


def server(value, root, token, what):
    host, port, label = place(value, what)
    found = {1: host, 2: port, 4: anchor(root, what + "'s anchor")}
    if label is not None:
        found[3] = text(label, what + "'s label")
    if token is not None:
        found[5] = text(token, what + "'s token")
    return found


def service(value, slash, what):
    host, port, name = place(value, what)
    if name is None:
        raise Wrong("%s: HOST:PORT/NAME: %r" % (what, value))
    return {1: host, 2: port, 3: text(slash + name, what)}


def address(args):
    try:
        node = ipaddress.IPv4Interface(args.address)
        found = {1: node.ip.packed, 2: node.network.prefixlen}
        for key, value in ((3, args.gateway), (4, args.names)):
            if value is not None:
                found[key] = ipaddress.IPv4Address(value).packed
    except ValueError as e:
        raise Wrong("address: %s" % e) from e
    return found


def read_token(path):
    try:
        with open(path, encoding="ascii") as f:
            return f.readline().rstrip("\r\n")
    except (OSError, ValueError) as e:
        raise Wrong("token: %s" % e) from e


def settings(args):
    """The map of settings.h, as octets."""
    found = {1: 1, 2: text(args.device, "device")}
    if args.factory is not None:
        if args.factory_anchor is None or args.token_file is None:
            raise Wrong("--factory needs --factory-anchor and --token-file")
        found[3] = server(args.factory, args.factory_anchor,
                          read_token(args.token_file), "factory")
    found[4] = server(args.owner, args.owner_anchor, None, "owner")
    if args.address is not None:
        found[5] = address(args)
    if args.https is not None:
        found[6] = service(args.https, "/", "https")
    if args.mqtt is not None:
        found[7] = service(args.mqtt, "", "mqtt")
    for key, name, most in ((8, "peer_port", 65535), (9, "interval", 86400),
                            (10, "refresh", 86400)):
        value = getattr(args, name)
        if value is not None:
            found[key] = number(value, 1, most, name)
    octets = cbor(found)
    if len(octets) > MAP_MAX:
        raise Wrong("%d octets of settings, of at most %d"
                    % (len(octets), MAP_MAX))
    return octets


# -- the flash ----------------------------------------------------------------

def partition():
    """Its offset in the flash: MAP_PROVISION of map.h."""
    with open(MAP, encoding="ascii") as f:
        found = re.search(r"#define MAP_PROVISION\s+\(MAP_NOR \+ "
                          r"(0x[0-9a-f]+)u\)", f.read())
    return int(found.group(1), 16)


def write(path, octets, replace):
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(b"\xff" * FLASH_SIZE)
    with open(path, "r+b") as f:
        if os.fstat(f.fileno()).st_size != FLASH_SIZE:
            raise Wrong("%s: not a flash of 16 MB" % path)
        f.seek(partition())
        if f.read(PARTITION_SIZE).strip(b"\xff") and not replace:
            return 3
        f.seek(partition())
        f.write(octets.ljust(PARTITION_SIZE, b"\xff"))
    return 0


def main():
    parser = argparse.ArgumentParser(
        description="write settings into the flash of a sensor node",
        allow_abbrev=False)
    parser.add_argument("flash")
    for name in ("device", "owner", "owner-anchor"):
        parser.add_argument("--" + name, required=True)
    for name in ("factory", "factory-anchor", "token-file", "address",
                 "gateway", "names", "https", "mqtt", "peer-port", "interval",
                 "refresh"):
        parser.add_argument("--" + name)
    parser.add_argument("--replace", action="store_true")
    args = parser.parse_args()
    try:
        code = write(args.flash, settings(args), args.replace)
    except (Wrong, OSError) as e:
        print("provision.py: %s" % e, file=sys.stderr)
        return 1
    if code != 0:
        print("provision.py: %s: there are settings that the node has not "
              "taken yet" % args.flash, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
