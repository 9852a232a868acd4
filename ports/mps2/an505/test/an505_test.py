#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What keeps a device's keys on mps2-an505: they survive restarts and leave
when they are destroyed; a program that was taken over reads, writes and jumps
into faults; and no octet of a private key is in anything that the program can
read, which is looked for by a search that does find what was planted.

an505_test.py SECURE.elf STEPS.elf ATTACK.elf
"""
import inspect
import itertools
import os
import re
import subprocess
import sys
import tempfile

from search import NOR_SIZE, Qmp, places_of, private_keys, public_of

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = os.path.join(HERE, "../../run.sh")
SECURE, STEPS, ATTACK = sys.argv[1:4]
PATIENCE = 60  # seconds for one start on a busy machine

FAULT, POWER = 99, 98

PLANTED = bytes((i * 37 + 11) & 0xff for i in range(32))


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def holds(value, what):
    if not value:
        raise AssertionError(what)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def start(program, step, args="", words=()):
    env = dict(os.environ, BM_SECURE=SECURE, BM_NOR="nor.bin",
               BM_QEMU_ARGS=args, BM_QEMU_TIMEOUT=str(PATIENCE))
    return subprocess.Popen([RUN, program, "do=" + step, *words], env=env,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run(program, step, want=0):
    """Boot it, and what it printed."""
    process = start(program, step)
    out = process.communicate()[0].decode(errors="replace")
    equal(process.returncode, want, step + ": " + out)
    return out


def secure_flash():
    return read("nor.bin")[NOR_SIZE:]


def cuts(step):
    """For operations of the secure flash that a step takes, with the power
    failing in it: what the program finds at the next start. The flash is each
    time as it was before. All of the first ones, of the many later ones some:
    device/test/log_cut_test.c has each of them."""
    before = secure_flash()
    for n in itertools.chain(range(1, 9), itertools.count(9, 6)):
        with open("nor.bin", "r+b") as f:
            f.seek(NOR_SIZE)
            f.write(before)
        process = start(STEPS, step, words=("secure-cut=%d" % n,
                                            "secure-tear=%d" % (n * 37)))
        out = process.communicate()[0].decode(errors="replace")
        if process.returncode == 0:
            break
        equal(process.returncode, POWER, "%s, cut %d: %s" % (step, n, out))
        yield n, run(STEPS, "look")
    holds(n > 2, "no cuts")


def word(out, name):
    return bytes.fromhex(re.search(r"^%s ([0-9a-f]+)$" % name, out,
                                   re.M).group(1))


def all_of_it(step):
    """What a program printed, and all memory that it may read: RAM, and flash
    with its own image."""
    process = start(STEPS, step, "-qmp unix:qmp,server=on,wait=off")
    out = ""
    for line in process.stdout:
        out += line.decode(errors="replace")
        if line.strip() == b"idle":
            break
    else:
        raise AssertionError("it does not idle: " + out)
    qmp = Qmp("qmp")
    ram = qmp.memory("ram.bin")
    qmp.close()
    process.communicate()
    flash = read("nor.bin")
    return out, {"ram": ram, "flash": flash[:NOR_SIZE],
                 "image": read(STEPS)}, flash[NOR_SIZE:]


def keys_are_born_and_there_at_the_next_start():
    born = run(STEPS, "born")
    again = run(STEPS, "again")
    for name in ("public idevid", "public a", "derived"):
        equal(word(again, name), word(born, name), name)


def no_octet_of_a_key_is_where_the_program_can_read():
    out, memories, secure = all_of_it("plant")
    keys = private_keys(secure)
    equal(len(keys), 3, "IDevID, slot A, secret")
    holds(word(out, "public idevid") in [public_of(k) for k in keys],
          "these are the keys in use")
    for key in keys:
        equal(len(key), 32)
        equal(places_of(key, memories), [], "a private key")
        equal(places_of(key, {"secure": secure}), ["secure"])
    # The same search finds what was planted, and what is public.
    equal(places_of(PLANTED, memories), ["flash", "ram"], "planted")
    public = word(out, "public idevid")[1:33]
    holds("ram" in places_of(public, memories), "the public key")


def of_a_destroyed_key_no_octet_is_left():
    before = private_keys(secure_flash())
    run(STEPS, "destroy")
    run(STEPS, "gone")
    secure = secure_flash()
    left = private_keys(secure)
    equal(len(left), 2, "keys")
    for key in before:
        equal(key in left, bool(places_of(key, {"secure": secure})))


def a_power_cut_leaves_a_key_whole_or_absent():
    seen = set()
    for _, out in cuts("make"):  # slot A was destroyed
        absent = "absent a" in out
        seen.add(absent)
        if absent:
            run(STEPS, "make")
    scalars = private_keys(secure_flash())
    a = word(run(STEPS, "look"), "public a")
    key, = [k for k in scalars if len(k) == 32 and public_of(k) == a]
    for n, out in cuts("destroy"):
        absent = "absent a" in out
        seen.add(absent)
        if absent:
            equal(places_of(key, {"secure": secure_flash()}), [],
                  "left of it after cut %d" % n)
        else:
            equal(word(out, "public a"), a, "the key after cut %d" % n)
    equal(seen, {True, False}, "what is found")


def what_is_secure_cannot_be_touched():
    text = read(os.path.join(HERE, "attack.c")).decode()
    steps = re.findall(r'^    \{ "([a-z-]+)", ', text, re.M)
    holds(len(steps) > 8, steps)
    for step in steps:
        out = run(ATTACK, step, FAULT)
        holds("Bail out! fault" in out, out)


def the_veneers_take_nothing_that_is_not_the_callers():
    out = run(ATTACK, "calls")
    holds("not ok" not in out, out)


TESTS = [
    keys_are_born_and_there_at_the_next_start,
    what_is_secure_cannot_be_touched,
    the_veneers_take_nothing_that_is_not_the_callers,
    no_octet_of_a_key_is_where_the_program_can_read,
    of_a_destroyed_key_no_octet_is_left,
    a_power_cut_leaves_a_key_whole_or_absent,
]


def main():
    failed = False
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        for i, test in enumerate(TESTS):
            try:
                test()
                print("ok %d - %s" % (i + 1, test.__name__), flush=True)
            except Exception as e:  # a test's, whatever it is
                failed = True
                line = inspect.trace()[-1].lineno
                print("# line %d: %s" % (line, str(e).replace("\n", "\n# ")))
                print("not ok %d - %s" % (i + 1, test.__name__), flush=True)
        os.chdir("/")
    print("1..%d" % len(TESTS))
    sys.exit(failed)


main()
