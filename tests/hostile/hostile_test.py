# SPDX-License-Identifier: Apache-2.0
"""The agent against an EST server that misbehaves in every way that
scenarios.py names. Each scenario is a test: the agent comes through or refuses
by name, as the row says, ends in time, and gets its certificate from an honest
server afterwards, with the state that it then has.

    python3 hostile_test.py BIRTHMARK-AGENT [SCENARIO]...
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
# pylint: disable=wrong-import-position
import hostile_est
import scenarios
from agent import Agent

# Agents at a time: they mostly wait.
WORKERS = 4
# No scenario may take the agent longer than this, in seconds, on a slow
# machine under sanitizers; its own patience is set to far less (agent.py).
PATIENCE = 120
# What is allowed to fail fails twice at most, and the agent is started again
# rather than waited for: its waits grow.
TRIES = 4


class Failed(Exception):
    """What a test says of its failure."""


def holds(value, what):
    if not value:
        raise Failed(what)


def copy_of_pki(made, where):
    shutil.copytree(made, where, dirs_exist_ok=True)
    return where


def serve(scenario, where):
    return hostile_est.Server(scenario, where)


def enrol(agent, tries):
    """Until it comes through; each try that does not says why."""
    done = agent.enrol(PATIENCE)
    while done.code != 0 and tries > 1:
        holds(named(done), "a try ended without a word: exit code %d\n%s" %
              (done.code, done.err))
        tries -= 1
        done = agent.enrol(PATIENCE)
    return done


def named(done):
    """Does it say why, in words, and in no words of a crash?"""
    holds(not re.search(r"AddressSanitizer|runtime error|Assertion", done.err),
          "it crashed:\n" + done.err)
    holds(done.code >= 0, "killed by signal %d" % -done.code)
    return done.code != 0 and bool(re.search(r"birthmark-agent: .{8,}",
                                             done.err))


def try_scenario(s, made, top):
    where = os.path.join(top, s.name)
    server = serve(s, copy_of_pki(made, os.path.join(where, "pki")))
    agent = Agent(sys.argv[1], where, server.port, server.pki.path("root.pem"))
    try:
        done = enrol(agent, TRIES if s.outcome == "through" else 1)
    finally:
        server.close()
    if s.spoil or s.below:
        holds(server.struck > 0, "the scenario never came into force")
    if s.outcome == "through":
        holds(done.code == 0, "it should come through:\n" + done.err)
    elif s.outcome == "refused":
        holds(named(done), "it should refuse by name: exit code %d\n%s" %
              (done.code, done.err))
        holds(not agent.has_identity(), "it took what it should refuse")
    else:
        holds(done.code == 0 or named(done), "neither through nor refused: "
              "exit code %d\n%s" % (done.code, done.err))
    if done.code != 0:
        recover(agent, where)
    holds(agent.has_identity(), "no identity at the end")
    return done.err.strip().splitlines()[:1] if done.code else []


def recover(agent, where):
    """What happened has done no harm: an honest server comes next."""
    honest = [x for x in scenarios.SCENARIOS if x.name == "honest"][0]
    server = serve(honest, os.path.join(where, "pki"))
    try:
        agent.configure(server.port)
        done = agent.enrol(PATIENCE)
    finally:
        server.close()
    holds(done.code == 0, "an honest server afterwards: exit code %d\n%s" %
          (done.code, done.err))


class Closing(hostile_est.Server):
    """Honest, and closes after each answer."""

    def spoil(self, request, reply):
        self.struck += 1
        reply.close = True
        return reply

    def asked(self):
        with self.lock:
            return [operation.split("?")[0] for operation, _ in self.requests]


def try_closing(s, made, top):
    """A service asks for all that it wants, over as many connections."""
    where = os.path.join(top, s.name)
    server = Closing(s, copy_of_pki(made, os.path.join(where, "pki")))
    agent = Agent(sys.argv[1], where, server.port, server.pki.path("root.pem"))
    process = None
    try:
        done = enrol(agent, TRIES)
        holds(done.code == 0, "it should come through:\n" + done.err)
        process = agent.start()
        end = time.monotonic() + PATIENCE
        while not {"time", "bundle", "renewal"} <= set(server.asked()):
            holds(process.poll() is None, "the service has ended")
            holds(time.monotonic() < end, "asked: %s" % server.asked())
            time.sleep(0.1)
    finally:
        if process is not None:
            process.kill()
            process.wait()
        server.close()
    return []


CLOSING = scenarios.Scenario(
    "closing-refresh", "through",
    "each answer of a refresh is the last of its connection")


def one(number, s, made, top):
    began = time.monotonic()
    lines = []
    try:
        act = try_closing if s is CLOSING else try_scenario
        for line in act(s, made, top):
            lines.append("# " + line)
        lines.append("ok %d - %s" % (number, s.name))
    except (Failed, OSError, subprocess.SubprocessError) as e:
        lines.append("# " + str(e).replace("\n", "\n# "))
        lines.append("not ok %d - %s: %s" % (number, s.name, s.about))
    lines.append("# %.1f s" % (time.monotonic() - began))
    return "\n".join(lines)


def main():
    only = sys.argv[2:]
    rows = [s for s in [*scenarios.SCENARIOS, CLOSING]
            if not only or s.name in only]
    bad = False
    with tempfile.TemporaryDirectory() as top:
        made = os.path.join(top, "made")
        hostile_est.pki_of.Pki(made)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for text in pool.map(one, range(1, len(rows) + 1), rows,
                                 [made] * len(rows), [top] * len(rows)):
                print(text, flush=True)
                bad = bad or "\nnot ok" in "\n" + text
    print("1..%d" % len(rows))
    # Threads of connections that still drip do not keep us.
    sys.stdout.flush()
    os._exit(1 if bad else 0)


if __name__ == "__main__":
    main()
