# SPDX-License-Identifier: Apache-2.0
"""Servers of somebody else, for the tests beside this file."""
import os
import signal
import subprocess

import service
from service import holds, read, wait_until


class Other:
    """A server of somebody else as a child, in a `with`."""

    def __init__(self, name, *args, port):
        self.name = name
        self.args = args
        self.port = port
        self.log = os.path.abspath(name + ".log")

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.args, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)

        def up():
            holds(self.process.poll() is None, "%s has ended:\n%s" % (
                self.name, read(self.log).decode()))
            return service.listening(self.port)
        wait_until(self.name + " listens", up)
        return self

    def __exit__(self, *why):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(service.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
