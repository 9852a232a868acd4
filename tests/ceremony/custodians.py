# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: running the program, typing at its terminal
as a custodian would, TAP.
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ["Alice Archer", "Bob Baker", "Carol Carter", "Dave Dyer",
         "Eve Easton"]

# How long anything may take on a slow machine under sanitizers, in seconds.
PATIENCE = 60


class Skip(Exception):
    """The reason why a test cannot run here."""


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def holds(value, what):
    if not value:
        raise AssertionError(what)


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in:\n{text}")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def run(*args, want=0, under=()):
    """(stdout, stderr) of birthmark, which has no terminal and must end with
    `want`; `under` is a program that runs it."""
    done = subprocess.run([*under, PROGRAM, *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=4 * PATIENCE,
                          start_new_session=True)
    out, err = done.stdout.decode(), done.stderr.decode()
    if done.returncode != want:
        raise AssertionError(f"{args}: exit code {done.returncode}, want {want}"
                             f"\n{out}{err}")
    return out, err


class Terminal:
    """birthmark at a terminal, and who sits there."""

    def __init__(self, *args):
        self.screen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(PROGRAM, [PROGRAM, *args])
        self.before = termios.tcgetattr(self.fd)
        self.code = None

    def _look(self, patience):
        ready = select.select([self.fd], [], [], patience)[0]
        try:
            got = os.read(self.fd, 65536) if ready else None
        except OSError:  # its other end is closed
            got = b""
        if got:
            self.screen += got.decode().replace("\r\n", "\n")
        return got

    def wait_for(self, words, times=1):
        end = time.monotonic() + PATIENCE
        while self.screen.count(words) < times:
            got = self._look(1)
            if got == b"" or time.monotonic() > end:
                raise AssertionError(f"{words!r} never came:\n{self.screen}")
        return self

    def type(self, text):
        while text:
            n = os.write(self.fd, text[:1024].encode())
            text = text[n:]
        return self

    def end(self, want=0):
        """Read to the end; all that was on the screen."""
        end = time.monotonic() + PATIENCE
        while self._look(1) != b"":
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError("it does not end:\n" + self.screen)
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        if self.code != want:
            raise AssertionError(f"exit code {self.code}, want {want}:\n"
                                 + self.screen)
        return self.screen


def main(tests, *prepare):
    """Run them in a folder of their own, in order; TAP."""
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        for step in prepare:
            step()
        failed = skipped = 0
        for i, test in enumerate(tests, 1):
            name = f"{i} - {test.__name__}"
            try:
                test()
                print("ok", name, flush=True)
            except Skip as e:
                skipped += 1
                print(f"ok {name} # SKIP {e}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(re.sub("^", "# ", traceback.format_exc(), flags=re.M))
                print("not ok", name, flush=True)
        print(f"1..{len(tests)}")
        os.chdir("/")
    sys.exit(1 if failed else 77 if skipped == len(tests) else 0)
