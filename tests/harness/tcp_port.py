# SPDX-License-Identifier: Apache-2.0
"""TCP ports for servers that tests start, each of one test at a time.

A port that can be bound now may be somebody else's by the time a server has
been made and started: tests run beside each other. So who is given one holds a
lock for it, an octet of a file that all of them share, until its process ends.
"""
import fcntl
import os
import random
import socket
import tempfile

# Below those that the kernel gives to connections.
PORTS = range(10000, 32768)

_GIVEN = set()  # by this process, whose own locks do not stop it
_FILE = []


def _lock(port):
    if not _FILE:
        path = os.path.join(tempfile.gettempdir(),
                            "birthmark-ports-%d" % os.geteuid())
        _FILE.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC |
                             os.O_NOFOLLOW, 0o600))
    fcntl.lockf(_FILE[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)


def free_port():
    while True:
        port = random.choice(PORTS)
        if port in _GIVEN:
            continue
        with socket.socket() as s:
            try:
                _lock(port)
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        _GIVEN.add(port)
        return port
