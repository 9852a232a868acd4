# SPDX-License-Identifier: Apache-2.0
"""birthmarkd with the issuing CA's key in a TPM (swtpm), which is pulled out
and put back.

    python3 tpm_test.py BIRTHMARK BIRTHMARKD EXPORT_TOOL [TEST]...
"""
import atexit
import os
import socket
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
EXPORT = os.path.abspath(sys.argv.pop(3))
# pylint: disable=wrong-import-position
import service
from service import (DAEMON, Key, Service, contains, equal, have, holds, run,
                     wait_until, write)

HANDLE = "0x81020001"
URI = "tpm2:" + HANDLE


class Tpm:
    """A TPM in software, whose state lies in `path`."""

    def __init__(self, path):
        have("swtpm", "tpm2_import", "setpriv")
        self.path = path
        self.sock = path + ".sock"
        self.tcti = "swtpm:path=" + self.sock
        self.env = dict(os.environ, TPM2TOOLS_TCTI=self.tcti)
        self.process = None
        os.mkdir(path)
        atexit.register(self.leave)
        self.come_back()

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            try:
                s.connect(self.sock)
            except OSError:
                return False
        return True

    def come_back(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2",
             "--tpmstate", "dir=" + self.path,
             "--ctrl", "type=unixio,path=%s.ctrl" % self.sock,
             "--server", "type=unixio,path=" + self.sock,
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("the TPM answers", self.answers)

    def leave(self):
        """Pulled out: no shutdown, no word to anybody."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            for name in (self.sock, self.sock + ".ctrl"):
                if os.path.exists(name):
                    os.remove(name)

    def tool(self, *args):
        """One of tpm2-tools. There is no resource manager to clean up."""
        out = run(*args, env=self.env)[1]
        run("tpm2_flushcontext", "-t", env=self.env)
        return out

    def count(self, kind):
        return self.tool("tpm2_getcap", kind).count("0x")


class TpmService(Service):
    """An instance whose issuing CA has its key in a TPM."""

    def __init__(self, name):
        super().__init__(name=name, log_level="info", listeners=1,
                         limits_identity=6000)
        self.tpm = Tpm(self.dir + "-tpm")
        self.set_tpm(self.tpm.tcti)

    def set_tpm(self, tcti):
        with open(os.path.join(self.dir, "birthmark.yaml"), "a") as f:
            f.write("tokens:\n  tpm: \"%s\"\n" % tcti)

    def move_key(self):
        """Of the issuing CA: from its file into the TPM."""
        tool = self.tpm.tool
        pem = write(self.dir + "-issuing.pem",
                    run(EXPORT, self.dir, "issuing.key")[1])
        at = self.dir + "-import."
        tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c",
             at + "parent")
        tool("tpm2_import", "-Q", "-C", at + "parent", "-G", "ecc", "-i", pem,
             "-u", at + "pub", "-r", at + "priv", "-a", "userwithauth|sign")
        tool("tpm2_load", "-Q", "-C", at + "parent", "-u", at + "pub", "-r",
             at + "priv", "-c", at + "key")
        tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", at + "key", HANDLE)
        os.remove(pem)
        os.remove(os.path.join(self.dir, "keys/issuing.key"))
        with sqlite3.connect(os.path.join(self.dir, "birthmark.db")) as db:
            done = db.execute("UPDATE ca SET key_uri = ? WHERE id = 'issuing'",
                              (URI,))
            equal(done.rowcount, 1)


def health(s):
    answer = s.public("GET", "/healthz")
    return answer.status, answer.body.decode()


def enrol(s, name):
    """With a one-time token, as a device on the production line."""
    return s.enrol(s.keys[name], "many", token=(name, s.secrets[name]))


def prepare(s, *names):
    os.mkdir(s.dir + "-keys")
    s.secrets = {}
    s.keys = {}
    for name in names:
        out = s.birthmark("token", "create", "--dir", s.dir, "--profile",
                          "many", "--device", name)[1]
        s.secrets[name] = out.split()[-1]
        s.keys[name] = Key(s.dir + "-keys", name, "/serialNumber=" + name)


def test_a_tpm_that_is_pulled_out_is_used_again():
    s = TpmService("pulled")
    s.move_key()
    prepare(s, "one", "two", "three")
    with s.start():
        equal(health(s), (200, "ok\n"))
        equal(enrol(s, "one").status, 200)
        s.tpm.leave()
        answer = enrol(s, "two")
        equal(answer.status, 503)
        holds(int(answer.headers["Retry-After"]) > 0, "Retry-After")
        wait_until("/healthz says so", lambda: health(s)[0] == 503)
        contains(health(s)[1], "signer 0 misses a key")
        s.tpm.come_back()
        wait_until("/healthz is well", lambda: health(s)[0] == 200)
        equal(enrol(s, "two").status, 200)
        equal(enrol(s, "three").status, 200)
        contains(s.words(), "event=key.away", "event=key.back")
        holds("room.died" not in s.words(), "a room has died")
        equal(s.tpm.count("handles-transient"), 0)
    s.verify_ledger()
    equal(len([r for r in s.certs() if r["profile"] == "many"]), 3)


def test_birthmarkd_starts_without_its_tpm():
    s = TpmService("absent")
    s.move_key()
    prepare(s, "one")
    s.tpm.leave()
    with s.start():
        wait_until("/healthz says so", lambda: health(s)[0] == 503)
        contains(s.words(), "event=key.away")
        equal(enrol(s, "one").status, 503)
        s.tpm.come_back()
        wait_until("/healthz is well", lambda: health(s)[0] == 200)
        wait_until("it enrols", lambda: enrol(s, "one").status == 200)
        holds("room.died" not in s.words(), "a room has died")
    s.verify_ledger()


def test_check_tells_where_keys_are_and_what_they_need():
    s = TpmService("told")
    s.move_key()
    code, out, err = run(DAEMON, "--config",
                         os.path.join(s.dir, "birthmark.yaml"), "--check")
    equal((code, err), (0, ""))
    contains(out, "key of issuing " + URI +
             " (provider tpm2, sandbox class device)",
             "sandbox class device: connects to local sockets, as " +
             s.tpm.sock)


def test_a_ca_is_made_with_its_key_in_the_tpm():
    s = TpmService("made")
    csr = s.dir + "-second.csr"
    create = ("ca", "create", "--dir", s.dir, "--key", URI, "second")
    s.birthmark(*create)
    s.birthmark("ca", "request", "--dir", s.dir, "second", "--out", csr)
    contains(run("openssl", "req", "-in", csr, "-noout", "-verify")[2],
             "verify OK")
    public = s.tpm.tool("tpm2_readpublic", "-c", HANDLE, "-f", "pem", "-o",
                        s.dir + "-second.pub")
    contains(public, "fixedtpm|fixedparent|sensitivedataorigin")
    with open(s.dir + "-second.pub") as f:
        equal(run("openssl", "req", "-in", csr, "-noout", "-pubkey")[1],
              f.read())
    equal(s.tpm.count("handles-transient"), 0)
    # Somebody else's TPM, which no sandbox would lead to.
    code, _, err = s.birthmark("ca", "create", "--dir", s.dir, "--key",
                               URI + "?tcti=swtpm:path=/nonexistent", "third",
                               check=False)
    holds(code != 0, "it was taken")
    contains(err, "key URI is not understood")


service.main()
