# SPDX-License-Identifier: Apache-2.0
"""Is a secret where a program may read? What an505_test.py and the stories of
the sensor node (tests/mcu/secure.py) share.
"""
import json
import os
import re
import socket
import subprocess
import time

PATIENCE = 60  # seconds

# an505.h
RAM, RAM_SIZE = 0x28200000, 0x200000
NOR_SIZE = 0xf00000  # then the secure part


class Qmp:
    """QEMU's monitor, for a look at memory."""

    def __init__(self, path):
        end = time.monotonic() + PATIENCE
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > end:
                    raise AssertionError("no monitor") from None
                time.sleep(0.05)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name,
                                    "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise AssertionError(answer)
            if "return" in answer:
                return

    def memory(self, path):
        """All RAM that the program may read; it stands still from then on."""
        self.command("stop")
        self.command("memsave", val=RAM, size=RAM_SIZE,
                     filename=os.path.abspath(path))
        with open(path, "rb") as f:
            return f.read()

    def close(self):
        self.command("quit")
        self.file.close()
        self.socket.close()


def forms(secret):
    """The ways in which arithmetic may have left it: octets and words, either
    end first; half of it is enough."""
    words = [secret[i:i + 4] for i in range(0, len(secret), 4)]
    for whole in (secret, secret[::-1], b"".join(w[::-1] for w in words),
                  b"".join(reversed(words))):
        yield whole[:16]
        yield whole[16:]


def places_of(secret, memories):
    return sorted(name for name, octets in memories.items()
                  if any(form in octets for form in forms(secret)))


def private_keys(secure):
    """Scalars and secrets in the secure flash, as Mbed TLS stores them: after
    its magic word (psa_crypto_storage.c)."""
    found = []
    for match in re.finditer(rb"PSA\0KEY\0", secure):
        head = secure[match.start():match.start() + 36]
        size = int.from_bytes(head[32:36], "little")
        found.append(secure[match.start() + 36:match.start() + 36 + size])
    return found


def public_of(scalar):
    """The point, uncompressed."""
    der = bytes.fromhex("30310201010420") + scalar + bytes.fromhex(
        "a00a06082a8648ce3d030107")
    out = subprocess.run(["openssl", "ec", "-inform", "DER", "-pubout",
                          "-outform", "DER"], input=der, check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return out.stdout[-65:]
