# SPDX-License-Identifier: Apache-2.0
"""The demonstration ends as it says: whoever interrupts it, in whatever act,
has no process and no file left; kept, it runs until then.

    python3 demo_test.py STORY [TEST]...

STORY is examples/whole-life/story.sh, whose programs are built. It plays on a
terminal of its own. Whatever it starts and loses becomes a child of this
process, which therefore sees it.
"""
import ctypes
import fcntl
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

STORY = os.path.abspath(sys.argv[1])
PATIENCE = 240
PR_SET_CHILD_SUBREAPER = 36
INTERRUPT = b"\x03"


def holds(value, what):
    if not value:
        raise AssertionError(what)


def wait_until(what, condition, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        holds(time.monotonic() < end, "waited in vain: " + what)
        time.sleep(0.05)


def at_a_terminal():
    """As a shell of somebody has it: also where this test runs in the background
    of a script, which ignores what is typed."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for of_terminals in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(of_terminals, signal.SIG_DFL)


class Story:
    """The story on a terminal, in a folder for temporary files of its own."""

    def __init__(self, *words):
        self.where = tempfile.mkdtemp()
        self.text = b""
        self.terminal, theirs = os.openpty()
        self.process = subprocess.Popen(
            [STORY, *words], stdin=theirs, stdout=theirs, stderr=theirs,
            env=dict(os.environ, DEMO_FAST="1", TMPDIR=self.where),
            start_new_session=True, preexec_fn=at_a_terminal)
        os.close(theirs)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                part = os.read(self.terminal, 65536)
            except OSError:  # nobody has the other end any more
                return
            if not part:
                return
            self.text += part

    def wait_for(self, words):
        def said():
            holds(words in self.text or self.process.poll() is None,
                  "the story has ended: " + self.text[-2000:].decode(errors="replace"))
            return words in self.text
        wait_until("the story says %r" % words, said)

    def type(self, octets):
        os.write(self.terminal, octets)

    def wait(self):
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.where)


def command_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def children():
    """Those of this process, and those below them."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="ascii", errors="replace") as f:
                pid, rest = f.read().split(" ", 1)
        except OSError:
            continue
        parents.setdefault(int(rest.rsplit(")", 1)[1].split()[1]), []).append(
            int(pid))
    found = [os.getpid()]
    for pid in found:
        found += parents.get(pid, [])
    return [pid for pid in found[1:] if command_of(pid)]


def nobody_is_left():
    """Also collects who has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return not children()


def nothing_is_left(story, files=True):
    try:
        wait_until("nobody is left", nobody_is_left, 10)
    except AssertionError:
        left = children()
        words = [command_of(pid) for pid in left]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        raise AssertionError("left behind: %s" % words) from None
    if files:
        holds(not os.listdir(story.where), "files are left: %s" %
              os.listdir(story.where))


def interrupted(words, act=lambda story: story.type(INTERRUPT)):
    """The story, ended by `act` when it has said `words`."""
    with Story() as story:
        story.wait_for(words)
        act(story)
        code = story.wait()
        nothing_is_left(story)
        return code


def test_kept_it_runs_until_it_is_interrupted():
    with Story("--keep") as story:
        story.wait_for(b"tail -f SN-1.console")
        text = story.text.decode(errors="replace")
        there = re.search(r"^  cd (\S+)", text, re.M).group(1)
        env = dict(os.environ, PATH="%s/bin:%s" % (there, os.environ["PATH"]))
        # What it says to type, in another terminal.
        out = subprocess.run(shlex.split(
            "birthmark device events --dir site --device SN-1"), cwd=there,
            env=env, stdout=subprocess.PIPE, check=True).stdout
        holds(b"claimed" in out, "events of SN-1: %r" % out)
        # Boards and the service are there: a reading comes, after all.
        console = os.path.join(there, "SN-1.console")
        size = os.path.getsize(console)
        wait_until("SN-1 goes on", lambda: os.path.getsize(console) > size, 30)
        out = subprocess.run(["birthmark", "ca", "list", "--dir", "site"],
                             cwd=there, env=env, stdout=subprocess.PIPE,
                             check=True).stdout
        holds(b"issuing" in out, "CAs: %r" % out)
        story.type(INTERRUPT)
        holds(story.wait() == 130, "its exit code")
        nothing_is_left(story)


def test_interrupted_at_the_beginning_nothing_is_left():
    holds(interrupted(b"birthmarkd --config") == 130, "its exit code")


def test_interrupted_with_all_parts_running_nothing_is_left():
    holds(interrupted(b"mosquitto_sub --unix") == 130, "its exit code")


def test_two_interrupts_are_one():
    def twice(story):
        story.type(INTERRUPT)
        time.sleep(0.2)
        story.type(INTERRUPT)
    holds(interrupted(b"7. Birth", twice) == 130, "its exit code")


def test_a_terminal_that_is_closed_ends_it():
    def close(story):
        os.close(story.terminal)
        story.terminal = os.open("/dev/null", os.O_RDONLY)
    interrupted(b"7. Birth", close)


def test_when_it_is_killed_no_process_is_left():
    with Story() as story:
        story.wait_for(b"mosquitto_sub --unix")
        story.process.kill()
        story.wait()
        nothing_is_left(story, files=False)


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    tests = {n[len("test_"):]: f for n, f in globals().items()
             if n.startswith("test_")}
    only = sys.argv[2:] or list(tests)
    failed = 0
    for i, words in enumerate(only, 1):
        began = time.monotonic()
        try:
            tests[words]()
            print("ok %d - %s" % (i, words))
        except (AssertionError, OSError, AttributeError,
                subprocess.SubprocessError) as e:
            failed += 1
            print("# %s" % str(e).replace("\n", "\n# "))
            print("not ok %d - %s" % (i, words))
        print("# %.1f s" % (time.monotonic() - began), flush=True)
    print("1..%d" % len(only))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
