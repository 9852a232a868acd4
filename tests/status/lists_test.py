#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists in shards, and deltas, as birthmarkd makes and publishes them.

    lists_test.py BIRTHMARK BIRTHMARKD
"""
import glob
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "service"))

import service  # noqa: E402
from service import (Key, Service, contains, equal, holds, openssl, run,
                     serial_of, wait_until, write)  # noqa: E402

SHARDS = 3
WORLD = []


class World:
    """A service with a device in each shard."""

    def __init__(self):
        self.svc = Service(crl_lifetime="7d", crl_shards=SHARDS,
                           crl_delta_every="60s", listeners=1)
        self.key = {}
        for n in range(100):
            key = Key(".", "SN-%d" % n, "/serialNumber=SN-%d" % n)
            self.svc.issue("ieee-802.1ar-idevid", key)
            self.key.setdefault(self.shard(key), key)
            if len(self.key) == SHARDS:
                break
        equal(sorted(self.key), list(range(1, SHARDS + 1)))
        self.svc.start()

    @staticmethod
    def shard(key):
        text = openssl("x509", "-in", key.cert, "-noout", "-ext",
                       "crlDistributionPoints")
        return int(re.search(r"/crl/issuing/(\d+)\.crl", text).group(1))

    def get(self, what):
        """A list as it is published; None: there is none."""
        answer = self.svc.public("GET", "/crl/issuing%s.crl" % what)
        if answer.status != 200:
            return None
        equal(answer.headers["Content-Type"], "application/pkix-crl")
        return answer.body

    def text(self, what):
        der = self.get(what)
        return der and openssl("crl", "-inform", "DER", "-noout", "-text",
                               stdin=der)

    def number(self, what):
        text = self.text(what)
        return text and int(re.search(r"CRL Number: *\n +(\d+)",
                                      text).group(1))

    def verify(self, key, *lists):
        write("lists.pem", "".join(openssl("crl", "-inform", "DER", stdin=der)
                                   for der in lists))
        return run("openssl", "verify", "-crl_check", "-extended_crl",
                   "-use_deltas", "-CAfile", self.svc.root, "-untrusted",
                   self.svc.issuing, "-CRLfile", "lists.pem", key.cert,
                   check=False)[0]


def world():
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


def revoke(w, n, reason):
    serial = serial_of(openssl("x509", "-in", w.key[n].cert))
    answer = w.svc.api("POST", "/certificates/%s/revocation" % serial,
                       {"reason": reason})
    holds(answer.status in (200, 201), answer)


def test_a_revocation_is_told_by_its_shard_and_by_the_delta():
    w = world()
    # One that says where its delta is, so that OpenSSL looks for it.
    equal(w.svc.api("POST", "/cas/issuing/crl", {}).status, 201)
    old = w.get("")
    revoke(w, 2, "keyCompromise")
    wait_until("shard 2 tells", lambda: w.get("/2") and
               w.verify(w.key[2], w.get("/2")) == 2)
    wait_until("the list tells", lambda: w.verify(w.key[2], w.get("")) == 2)
    wait_until("the delta tells", lambda: w.get("-delta") and
               w.verify(w.key[2], old, w.get("-delta")) == 2)
    equal(w.verify(w.key[2], old), 0)


def test_every_list_is_published():
    w = world()
    for n, key in w.key.items():
        wait_until("there is a list of shard %d" % n,
                   lambda what="/%d" % n: w.get(what))
        contains(w.text("/%d" % n), "Distribution Point: critical",
                 "/crl/issuing/%d.crl" % n)
    for n, key in w.key.items():
        for other in w.key:
            equal(w.verify(key, w.get("/%d" % other)),
                  0 if other == n != 2 else 2)
    for what in ("/0", "/%d" % (SHARDS + 1), "/01", "/1-delta"):
        equal(w.get(what), None)


def test_a_service_that_is_killed_goes_on_with_higher_numbers():
    w = world()
    before = w.number("/1"), w.number("/2")
    pids = [pid for room in w.svc.rooms().values() for pid in room]
    w.svc.stop(signal.SIGKILL)
    wait_until("its rooms have ended", lambda: not any(
        os.path.exists("/proc/%d" % pid) for pid in pids))
    w.svc.start()
    revoke(w, 1, "superseded")
    wait_until("shard 1 tells", lambda: w.verify(w.key[1], w.get("/1")) == 2)
    holds(w.number("/1") > max(before), "the number grows")
    # Nothing is made again that has nothing new.
    equal(w.number("/2"), before[1])
    equal(w.verify(w.key[2], w.get("/2")), 2)


def test_all_of_it_is_on_record():
    w = world()
    equal(w.svc.stop(), 0)
    contains(w.svc.verify_ledger(), "valid")
    equal(glob.glob(os.path.join(w.svc.dir, "crl/**/*.tmp"), recursive=True),
          [])


if __name__ == "__main__":
    try:
        service.main()
    finally:
        for made in WORLD:
            made.svc.__exit__(None, None, None)
