# SPDX-License-Identifier: Apache-2.0
"""birthmarkd with the issuing CA's key in SoftHSM, which is taken away and
brought back.

    python3 service_test.py BIRTHMARK BIRTHMARKD EXPORT_TOOL [TEST]...
"""
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
EXPORT = os.path.abspath(sys.argv.pop(3))
# pylint: disable=wrong-import-position
import service
from service import (DAEMON, Key, Service, contains, equal, have, holds, run,
                     wait_until, write)

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4321"
URI = "pkcs11:token=factory;object=issuing"


class TokenService(Service):
    """An instance whose issuing CA has its key in a token."""

    def __init__(self, name):
        have("softhsm2-util", "pkcs11-tool")
        super().__init__(name=name, log_level="info", listeners=1,
                         limits_identity=6000)
        self.tokens = self.dir + "-tokens"
        self.away = self.dir + "-away"
        self.conf = write(self.dir + "-softhsm.conf",
                          "directories.tokendir = %s\n"
                          "objectstore.backend = file\n"
                          "log.level = ERROR\n" % self.tokens)
        os.mkdir(self.tokens)
        self.env = dict(os.environ, SOFTHSM2_CONF=self.conf)
        self.softhsm("--init-token", "--free", "--label", "factory",
                     "--so-pin", "87654321", "--pin", PIN)
        self.put_pin(PIN)
        self.name_tokens()
        self.move_key()

    def softhsm(self, *args):
        return run("softhsm2-util", *args, env=self.env)[1]

    def put_pin(self, pin):
        path = os.path.join(self.dir, "pin")
        if os.path.exists(path):
            os.remove(path)
        os.close(os.open(path, os.O_CREAT, 0o600))
        write(path, pin + "\n")
        os.chmod(path, 0o400)

    def name_tokens(self, **more):
        rows = {"modules": [MODULE], "pin": "pin",
                "environment": ["SOFTHSM2_CONF=" + self.conf],
                "read": [self.conf], "write": [self.tokens]}
        rows.update(more)
        with open(os.path.join(self.dir, "birthmark.yaml"), "a") as f:
            f.write("tokens: %s\n" % json.dumps(rows))

    def move_key(self):
        """Of the issuing CA: from its file into the token."""
        pem = write(self.dir + "-issuing.pem",
                    run(EXPORT, self.dir, "issuing.key")[1])
        self.softhsm("--import", pem, "--token", "factory", "--label",
                     "issuing", "--id", "01", "--pin", PIN)
        os.remove(pem)
        os.remove(os.path.join(self.dir, "keys/issuing.key"))
        with sqlite3.connect(os.path.join(self.dir, "birthmark.db")) as db:
            done = db.execute("UPDATE ca SET key_uri = ? WHERE id = 'issuing'",
                              (URI,))
            equal(done.rowcount, 1)

    def leave(self):
        os.rename(self.tokens, self.away)

    def come_back(self):
        os.rename(self.away, self.tokens)


def health(s):
    answer = s.public("GET", "/healthz")
    return answer.status, answer.body.decode()


def enrol(s, name):
    """With a one-time token, as a device on the production line."""
    secret = s.secrets[name]
    return s.enrol(s.keys[name], "many", token=(name, secret))


def prepare(s, *names):
    os.mkdir(s.dir + "-keys")
    s.secrets = {}
    s.keys = {}
    for name in names:
        out = s.birthmark("token", "create", "--dir", s.dir, "--profile",
                          "many", "--device", name)[1]
        s.secrets[name] = out.split()[-1]
        s.keys[name] = Key(s.dir + "-keys", name, "/serialNumber=" + name)


def test_a_token_that_is_pulled_out_is_used_again():
    s = TokenService("pulled")
    prepare(s, "one", "two", "three")
    with s.start():
        equal(health(s), (200, "ok\n"))
        equal(enrol(s, "one").status, 200)
        s.leave()
        answer = enrol(s, "two")
        equal(answer.status, 503)
        holds(int(answer.headers["Retry-After"]) > 0, "Retry-After")
        wait_until("/healthz says so", lambda: health(s)[0] == 503)
        contains(health(s)[1], "signer 0 misses a key")
        contains(s.public("GET", "/crl/issuing.crl").headers["Content-Type"],
                 "pkix-crl")
        s.come_back()
        wait_until("/healthz is well", lambda: health(s)[0] == 200)
        equal(enrol(s, "two").status, 200)
        equal(enrol(s, "three").status, 200)
        contains(s.words(), "event=key.away", "event=key.back")
        holds("room.died" not in s.words(), "a room has died")
    s.verify_ledger()
    equal(len([r for r in s.certs() if r["profile"] == "many"]), 3)


def test_birthmarkd_starts_without_its_token():
    s = TokenService("absent")
    prepare(s, "one")
    s.leave()
    with s.start():
        wait_until("/healthz says so", lambda: health(s)[0] == 503)
        contains(s.words(), "event=key.away")
        equal(enrol(s, "one").status, 503)
        s.come_back()
        wait_until("/healthz is well", lambda: health(s)[0] == 200)
        wait_until("it enrols", lambda: enrol(s, "one").status == 200)
    s.verify_ledger()


def test_check_tells_where_keys_are_and_what_they_need():
    s = TokenService("told")
    code, out, err = run(DAEMON, "--config",
                         os.path.join(s.dir, "birthmark.yaml"), "--check")
    equal((code, err), (0, ""))
    contains(out, "key of issuing " + URI +
             " (provider pkcs11, sandbox class module)",
             "key of operations file:operations.key (provider file, sandbox "
             "class memory)",
             "sandbox class module: threads; reads " + s.conf + ", pin; "
             "writes " + s.tokens)


service.main()
