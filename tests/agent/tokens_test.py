# SPDX-License-Identifier: Apache-2.0
"""birthmark-agent with keys that never leave: a token (SoftHSM) and a TPM
(swtpm), against a running birthmarkd.

    python3 tokens_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...
"""
import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from agent import IDEVID, PROFILE, Agent, make_service, token
import service
from service import contains, equal, have, holds, read, run, wait_until, write

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
WORLD = {}


def world():
    if not WORLD:
        WORLD["service"] = make_service().start()
    return WORLD["service"]


class Tpm:
    """A TPM in software, whose state lies in `path`."""

    def __init__(self, path):
        have("swtpm", "tpm2_getcap", "setpriv")
        self.path = os.path.abspath(path)
        self.sock = self.path + ".sock"
        self.tcti = "swtpm:path=" + self.sock
        self.env = dict(os.environ, TPM2TOOLS_TCTI=self.tcti)
        self.process = None
        os.makedirs(self.path, exist_ok=True)
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
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            for name in (self.sock, self.sock + ".ctrl"):
                if os.path.exists(name):
                    os.remove(name)

    def handles(self):
        out = run("tpm2_getcap", "handles-persistent", env=self.env)[1]
        return sorted(line.split()[-1] for line in out.splitlines())


def device(name, more, label="early"):
    s = world()
    return Agent(s, name, label, token(s, name, label), more)


def make_token(name):
    """A SoftHSM token; (settings, environment)."""
    have("softhsm2-util", "pkcs11-tool")
    where = os.path.abspath("token-" + name)
    os.makedirs(where + "/tokens")
    conf = write(where + "/softhsm2.conf", "directories.tokendir = %s/tokens\n"
                 "objectstore.backend = file\nlog.level = ERROR\n" % where)
    write(where + "/pin", "1234\n")
    os.chmod(where + "/pin", 0o600)
    env = dict(os.environ, SOFTHSM2_CONF=conf)
    run("softhsm2-util", "--init-token", "--free", "--label", name, "--pin",
        "1234", "--so-pin", "87654321", env=env)
    return """\
keys:
  uri: "pkcs11:token=%s;object=bm-{slot}"
  modules: [%s]
  pin_file: %s/pin
""" % (name, MODULE, where), env


def objects(name, env):
    out = run("pkcs11-tool", "--module", MODULE, "--token-label", name,
              "--login", "--pin", "1234", "-O", env=env)[1]
    return sorted(line.split()[-1] for line in out.splitlines()
                  if line.strip().startswith("label:"))


def test_a_key_in_a_token_enrols_renews_and_dies():
    more, env = make_token("gw")
    a = device("hsm", more + "layouts:\n  - { kind: nginx, dir: %s }\n" %
               os.path.abspath("hsm-tls"))
    a.env = env
    a.enroll()
    equal(a.status()["current"]["key"], "pkcs11:token=gw;object=bm-a")
    equal(objects("gw", env), ["bm-a", "bm-a"])
    a.run("renew")
    equal(objects("gw", env), ["bm-b", "bm-b"])
    # No private key is written; the service is told where it is.
    equal(sorted(os.listdir("hsm-tls/current")),
          ["anchors.pem", "fullchain.pem", "key.conf", "key.uri"])
    contains(read("hsm-tls/current/key.conf").decode(),
             "engine:pkcs11:pkcs11:token=gw;object=bm-b")


def test_a_token_that_is_away_is_waited_for():
    more, env = make_token("away")
    a = device("away", more, "brief")
    a.env = env
    where = os.path.abspath("token-away/tokens")
    a.enroll()
    os.rename(where, where + ".gone")
    with a:
        a.start()
        a.wait_for("event=identity.unusable")
        os.rename(where + ".gone", where)
        a.process.send_signal(signal.SIGHUP)
        a.wait_for("event=identity.renewed")
        equal(a.stop(), 0)


def test_a_key_in_a_tpm_is_born_enrols_renews_and_dies():
    tpm = Tpm("tpm")
    s = world()
    a = Agent(s, "tpm", "early")
    a.configure(s.ports["devices"], "early", """\
keys: { uri: "tpm2:0x81020100", tcti: "%s" }
birth: { label: %s, token_file: %s }
""" % (tpm.tcti, IDEVID, a.birth_file))
    a.put_token(token(s, "tpm", IDEVID), a.birth_file)
    a.enroll("--birth")
    equal(tpm.handles(), ["0x81020100"])
    a.enroll()
    equal(tpm.handles(), ["0x81020100", "0x81020101"])
    a.run("renew")
    equal(tpm.handles(), ["0x81020100", "0x81020102"])
    equal(a.status()["current"]["key"], "tpm2:0x81020102")
    # In another machine the state is of no use.
    tpm.leave()
    other = Tpm("tpm-other")
    write(a.config, read(a.config).decode().replace(tpm.tcti, other.tcti))
    code, _, err = a.run("renew", "--no-wait", check=False)
    equal(code, 4)
    contains(err, "gone or unreadable")
    equal(other.handles(), [])


def make_maker():
    """A maker of TPMs, as swtpm has one: (settings, CA's certificate)."""
    have("swtpm_setup", "swtpm_localca")
    p = os.path.abspath("maker")
    os.mkdir(p)
    write(p + "/localca.conf", "statedir = %s\nsigningkey = %s/sign.pem\n"
          "issuercert = %s/ca.pem\ncertserial = %s/serial\n" % (p, p, p, p))
    write(p + "/localca.options", "--platform-manufacturer Birthmark\n"
          "--platform-version 1\n--platform-model test\n")
    return write(p + "/setup.conf",
                 "create_certs_tool = /usr/bin/swtpm_localca\n"
                 "create_certs_tool_config = %s/localca.conf\n"
                 "create_certs_tool_options = %s/localca.options\n"
                 % (p, p)), p + "/ca.pem"


def test_a_profile_that_wants_attested_keys_gets_them():
    setup, ca = make_maker()
    for name in ("attested-tpm", "late-tpm"):
        os.mkdir(name)
        run("swtpm_setup", "--tpm2", "--tpmstate", os.path.abspath(name),
            "--config", setup, "--create-ek-cert", "--lock-nvram")
    os.mkdir("ek-cas")
    shutil.copy(ca, "ek-cas/maker.pem")
    s = make_service(name="attesting")
    with open(s.dir + "/birthmark.yaml", "a") as f:
        f.write("attestation:\n  ek_cas: %s\n" % os.path.abspath("ek-cas"))
    write(s.dir + "/profiles/attested.yaml", PROFILE % {
        "name": "attested", "life": "90d", "before": "90d", "grace": "1d",
        "more": "attestation: tpm"})
    write(s.dir + "/profiles/fleeting.yaml", PROFILE % {
        "name": "fleeting", "life": "3s", "before": "2s", "grace": "0s",
        "more": "attestation: tpm"})
    with s.start():
        tpm = Tpm("attested-tpm")
        more = "keys: { uri: \"tpm2:0x81020100\", tcti: \"%s\"%s }\n"
        a = Agent(s, "shown", "attested", token(s, "shown", "attested"),
                  more % (tpm.tcti, ""))
        code, _, err = a.enroll("--no-wait", check=False)
        equal(code, 1)
        contains(err, "HTTP 403", "attested")
        a.configure(s.ports["devices"], "attested",
                    more % (tpm.tcti, ", attest: true"))
        a.enroll()
        a.run("renew")
        holds("0x81020102" in tpm.handles() and
              "0x81020101" not in tpm.handles(), "one key of ours")
        key = s.api("GET", "/devices/shown").json()["key"]
        equal((key["attested"], key["place"]), (True, "tpm"))
        # Too late to renew, it comes back as what its maker has made.
        c = Agent(s, "late", "fleeting")
        c.configure(s.ports["devices"], "fleeting", (more + """\
birth: { label: %s, token_file: %s }
""") % (Tpm("late-tpm").tcti, ", attest: true", IDEVID, c.birth_file))
        c.put_token(token(s, "late", IDEVID), c.birth_file)
        c.enroll("--birth")
        os.remove(c.birth_file)
        c.enroll()
        first = c.serial()
        end = time.time() + 4
        wait_until("it has expired", lambda: time.time() > end)
        c.run("renew", "--no-wait")
        holds(c.serial() != first, "another certificate")
        # A key in a file has nothing to show.
        b = Agent(s, "unshown", "attested", token(s, "unshown", "attested"))
        code, _, err = b.enroll("--no-wait", check=False)
        equal(code, 1)
        contains(err, "HTTP 403")


def test_a_vault_in_a_tpm_notices_an_older_copy():
    tpm = Tpm("vault-tpm")
    a = device("vaulted", """\
keys: { tcti: "%s" }
vault: { secret: tpm, counter: "0x01800100" }
""" % tpm.tcti)
    a.run("seal", "one", stdin=b"first")
    vault = a.status()["vault"]
    equal((vault["secret"], vault["rollback"]), ("tpm", "hardware"))
    holds(not os.path.exists(a.state + "/vault.secret"), "nothing in clear")
    equal(a.run("unseal", "one")[1], "first")
    shutil.copytree(a.state, a.state + ".old")
    a.run("seal", "one", stdin=b"second")
    equal(a.run("unseal", "one")[1], "second")
    os.rename(a.state, a.state + ".new")
    os.rename(a.state + ".old", a.state)
    code, _, err = a.run("unseal", "one", check=False)
    equal(code, 3)
    contains(err, "older than its counter")
    os.rename(a.state, a.state + ".old")
    os.rename(a.state + ".new", a.state)
    equal(a.run("unseal", "one")[1], "second")
    # And another TPM opens nothing.
    tpm.leave()
    other = Tpm("vault-other")
    write(a.config, read(a.config).decode().replace(tpm.tcti, other.tcti))
    equal(a.run("unseal", "one", check=False)[0], 1)


if __name__ == "__main__":
    try:
        service.main()
    finally:
        if WORLD:
            WORLD["service"].stop(signal.SIGKILL)
