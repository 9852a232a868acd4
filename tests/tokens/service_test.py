# SPDX-License-Identifier: Apache-2.0
"""birthmarkd with a CA whose key was made in SoftHSM, which is taken away and
brought back.

    python3 service_test.py BIRTHMARK BIRTHMARKD [TEST]...
"""
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (DAEMON, MANY, Key, Service, contains, equal, have, holds,
                     openssl, run, wait_until, write)

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "4321"
URI = "pkcs11:token=factory;object=line"

ROOT = """\
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class TokenService(Service):
    """An instance below a root of OpenSSL's, with a CA "line" whose key is in
    a token."""

    def __init__(self, name):
        have("softhsm2-util", "pkcs11-tool")
        self.here = os.path.abspath(name)
        self.tokens = self.here + "-tokens"
        self.away = self.here + "-away"
        self.conf = write(self.here + "-softhsm.conf",
                          "directories.tokendir = %s\n"
                          "objectstore.backend = file\n"
                          "log.level = ERROR\n" % self.tokens)
        os.mkdir(self.tokens)
        self.env = dict(os.environ, SOFTHSM2_CONF=self.conf)
        self.softhsm("--init-token", "--free", "--label", "factory",
                     "--so-pin", "87654321", "--pin", PIN)
        self.dir = self.here
        self.make()
        super().__init__(name=name, log_level="info", listeners=1,
                         limits_identity=60000)
        self.name_tokens()
        write(os.path.join(self.dir, "profiles/many.yaml"),
              MANY.replace("ca: issuing", "ca: line"))

    def make(self):
        self.birthmark("init", self.dir, "--subordinate", "--org", "Example",
                       "--host", "localhost", "--host", "127.0.0.1")
        self.put_pin(PIN)
        self.name_tokens()
        self.birthmark("ca", "create", "--dir", self.dir, "--key", URI, "line")
        self.birthmark("ca", "install", "--dir", self.dir, self.make_root(),
                       *[self.sign(ca) for ca in ("issuing", "operations",
                                                  "line")])

    def make_root(self):
        self.conf_of_root = write(self.here + "-root.cnf", ROOT)
        openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.here + "-root.key", "-subj", "/O=Maker/CN=Root", "-days",
                "7000", "-config", self.conf_of_root, "-extensions", "root",
                "-out", self.here + "-root.pem")
        return self.here + "-root.pem"

    def sign(self, ca):
        out = "%s-%s.pem" % (self.here, ca)
        openssl("x509", "-req", "-in",
                os.path.join(self.dir, "ca", ca + ".csr"), "-CA",
                self.here + "-root.pem", "-CAkey", self.here + "-root.key",
                "-CAcreateserial", "-days", "3650", "-extfile",
                self.conf_of_root, "-extensions", "ca", "-out", out)
        return out

    def softhsm(self, *args):
        return run("softhsm2-util", *args, env=self.env)[1]

    def pkcs11(self, *args):
        """A foreign witness of what is in the token."""
        return run("pkcs11-tool", "--module", MODULE, "--login", "--pin", PIN,
                   *args, env=self.env)

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
        with open(os.path.join(self.dir, "birthmark.yaml"), "a",
                  encoding="utf-8") as f:
            f.write("tokens: %s\n" % json.dumps(rows))

    def leave(self):
        os.rename(self.tokens, self.away)

    def come_back(self):
        os.rename(self.away, self.tokens)


def health(s):
    answer = s.public("GET", "/healthz")
    return answer.status, answer.body.decode()


# docs/ledger.md: octets of one entry
JOURNAL_ENTRY = 128


def journal(s):
    """Octets of the signer's journal."""
    where = os.path.join(s.dir, "journal")
    return sum(os.path.getsize(os.path.join(where, name))
               for name in os.listdir(where))


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
        equal(s.public("GET", "/crl/line.crl").status, 200)
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


def test_a_wrong_pin_is_told_and_tried_once():
    s = TokenService("wrong")
    prepare(s, "one")
    s.put_pin("1111")
    with s.start():
        wait_until("/healthz says so", lambda: health(s)[0] == 503)
        contains(s.words(), "event=key.away", "no PIN, or not this one")
        equal(enrol(s, "one").status, 503)
        s.put_pin(PIN)  # another file of that name
        wait_until("/healthz is well", lambda: health(s)[0] == 200)
        wait_until("it enrols", lambda: enrol(s, "one").status == 200)
    s.verify_ledger()


def test_other_cas_work_while_a_token_is_away():
    s = TokenService("others")
    write(os.path.join(s.dir, "profiles/file.yaml"),
          MANY.replace("profile: many", "profile: file"))
    prepare(s, "one", "two")
    other = s.birthmark("token", "create", "--dir", s.dir, "--profile",
                        "file", "--device", "other")[1].split()[-1]
    key_of_other = Key(s.dir + "-keys", "other", "/serialNumber=other")
    with s.start():
        s.leave()
        equal(enrol(s, "one").status, 503)
        with ThreadPoolExecutor(8) as pool:  # in groups, with others
            away = [pool.submit(enrol, s, name) for name in ("one", "two") * 8]
            good = s.enrol(key_of_other, "file", token=("other", other))
            equal({a.result().status for a in away}, {503})
        equal(good.status, 200)
        before = journal(s)
        for _ in range(20):
            equal(enrol(s, "one").status, 503)
        # nothing is put on record for them; a checkpoint may have been
        holds(journal(s) < before + 10 * JOURNAL_ENTRY, "the journal grows")
        s.come_back()
        wait_until("it enrols", lambda: enrol(s, "one").status == 200)
    s.verify_ledger()


def test_check_tells_where_keys_are_and_what_they_need():
    s = TokenService("told")
    code, out, err = run(DAEMON, "--config",
                         os.path.join(s.dir, "birthmark.yaml"), "--check")
    equal((code, err), (0, ""))
    contains(out, "key of line " + URI +
             " (provider pkcs11, sandbox class module)",
             "key of operations file:operations.key (provider file, sandbox "
             "class memory)",
             "sandbox class module: threads; reads " + s.conf + ", pin; "
             "writes " + s.tokens)


def test_a_foreign_witness_finds_the_key_captive():
    s = TokenService("kept")
    out = s.pkcs11("--list-objects", "--type", "privkey")[1]
    contains(out, "label:      line", "sensitive, always sensitive, never "
             "extractable, local", "Usage:      sign\n")


# ---- birthmark key

def key(s, verb, *args, check=True):
    return s.birthmark("key", verb, "--dir", s.dir, *args, check=check)


def test_keys_are_made_and_shown_by_their_uri():
    s = TokenService("made")
    for i, (kind, name) in enumerate((("p384", "ECDSA P-384"),
                                      ("rsa2048", "RSA 2048"))):
        uri = "pkcs11:token=factory;object=key%d;id=%%0%d" % (i, i)
        pem, words = key(s, "generate", "--type", kind, uri)[1:]
        equal(words, "token factory, key key%d, %s, never outside of it\n" %
              (i, name))
        equal(key(s, "show", uri)[1:], (pem, words))
        openssl("pkey", "-pubin", "-noout", stdin=pem.encode())
        row = json.loads(key(s, "show", "--json", uri)[1])
        equal((row["uri"], row["provider"], row["sandbox"]),
              (uri, "pkcs11", "module"))
        code, out, err = key(s, "generate", uri, check=False)
        equal((code, out), (3, ""))
        contains(err, "exists already", uri)
    contains(s.pkcs11("--list-objects", "--type", "privkey")[1],
             "label:      key0", "label:      key1")


def test_why_a_key_is_not_had_is_said():
    s = TokenService("refused")
    for uri, words in (
            ("pkcs11:token=factory;object=none", "there is no such thing"),
            ("pkcs11:token=none;object=line", "not there at present"),
            ("pkcs11:token=factory", "not understood"),
            ("pkcs11:object=line?pin-value=4321", "not understood"),
            ("pkcs11:object=line?module-path=/none.so", "module of the token"),
            ("pkcs11:object=line?pin-source=file:/none", "no PIN"),
            ("none:x", "not understood")):
        code, out, err = key(s, "show", uri, check=False)
        equal((code, out), (1, ""), uri)
        contains(err, words)
    s.put_pin("1111")
    contains(key(s, "show", URI, check=False)[2], "no PIN, or not this one")
    s.put_pin(PIN)
    os.chmod(os.path.join(s.dir, "pin"), 0o440)
    contains(key(s, "show", URI, check=False)[2], "may be read by others")
    os.chmod(os.path.join(s.dir, "pin"), 0o400)
    equal(key(s, "show", URI)[0], 0)
    s.configure()  # without tokens
    contains(key(s, "show", URI, check=False)[2], "tokens.modules")


service.main()
