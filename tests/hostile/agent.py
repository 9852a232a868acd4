# SPDX-License-Identifier: Apache-2.0
"""birthmark-agent as the client that is tried."""
import dataclasses
import json
import os
import subprocess

# What the agent's patience is set to, in seconds: a hostile server uses all of
# it.
TIMEOUT = 2

SETTINGS = """\
version: 1
server:
  url: https://127.0.0.1:%d
  anchors: %s
  timeout: %ds
state: %s
device:
  name: device-1
  token_file: %s
"""


@dataclasses.dataclass
class Done:
    code: int
    out: str
    err: str


class Agent:
    """A device of its own in `where`."""

    def __init__(self, program, where, port, anchor):
        self.program = os.path.abspath(program)
        self.where = where
        self.anchor = anchor
        os.makedirs(where, exist_ok=True)
        token = os.path.join(where, "token")
        with open(token, "w", encoding="ascii") as f:
            f.write("one-time-secret\n")
        os.chmod(token, 0o600)
        self.configure(port)

    def configure(self, port):
        self.config = os.path.join(self.where, "agent.yaml")
        with open(self.config, "w", encoding="ascii") as f:
            f.write(SETTINGS % (port, self.anchor, TIMEOUT,
                                os.path.join(self.where, "state"),
                                os.path.join(self.where, "token")))

    def run(self, *args, timeout):
        done = subprocess.run([self.program, *args, "--config", self.config],
                              stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout)
        return Done(done.returncode, done.stdout.decode("utf-8", "replace"),
                    done.stderr.decode("utf-8", "replace"))

    def enrol(self, timeout):
        """One try: where it would wait, it says so and ends."""
        return self.run("enroll", "--no-wait", timeout=timeout)

    def start(self):
        """As a service."""
        return subprocess.Popen([self.program, "run", "--config", self.config],
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def has_identity(self):
        """A current one, with a certificate."""
        done = self.run("status", "--json", timeout=60)
        try:
            return json.loads(done.out)["current"]["state"] == "certificate"
        except (ValueError, KeyError):
            return False
