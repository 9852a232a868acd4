# SPDX-License-Identifier: Apache-2.0
"""birthmark-agent as its users see it, for tests: a device with settings and
a state of its own, beside a birthmarkd (tests/service/service.py).

    x_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...
"""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
AGENT = os.path.abspath(sys.argv.pop(3))
# pylint: disable=wrong-import-position
from service import (PATIENCE, Service, equal, holds, read, run, wait_until,
                     write)

LDEVID = "ieee-802.1ar-ldevid"
IDEVID = "ieee-802.1ar-idevid"

# The owner's identity again, with what a test needs instead.
PROFILE = """\
profile: %(name)s
about: of a test
ca: issuing
by: [token, current, idevid]
idevid_of: [ieee-802.1ar-idevid]
device: { identity: owner, one_active: true }
validity: { for: %(life)s, nested: true, backdate: 0s }
renewal: { before: %(before)s, grace: %(grace)s }
keys: [p256]
subject:
  - { attribute: serialNumber, from: device }
basic_constraints: { ca: false }
key_usage: [digitalSignature]
extended_key_usage: { purposes: [clientAuth, serverAuth] }
subject_alt_name:
  optional: true
  names:
    - { kind: dns, from: request, pattern: "[a-z.]{1,64}", optional: true }
subject_key_id: none
authority_key_id: true
crl: true
%(more)s
"""
PROFILES = {
    # Whenever one likes.
    "early": {"before": "90d"},
    # Renewed by a service while a test looks on.
    "brief": {"life": "12s", "before": "8s", "grace": "1h"},
    # Expires while a test runs, and may be renewed after that, or may not.
    "grace": {"life": "3s", "before": "2s", "grace": "1h"},
    "strict": {"life": "3s", "before": "2s", "grace": "0s"},
    "approved": {"more": "approval: true"},
}


def with_profiles(s):
    """A Service with the profiles above."""
    for name, values in PROFILES.items():
        row = {"name": name, "life": "90d", "before": "30d", "grace": "14d",
               "more": ""}
        row.update(values)
        write(os.path.join(s.dir, "profiles", name + ".yaml"), PROFILE % row)
    return s


def make_service(**more):
    return with_profiles(Service(log_level="info", listeners=1,
                                 limits_identity=6000, **more))


def token(s, device, profile):
    answer = s.api("POST", "/tokens", {"profile": profile, "device": device})
    equal(answer.status, 201, repr(answer))
    return answer.json()["secret"]


class Agent:
    """A device named `name`. `label` is the profile, `more` further lines of
    its settings."""

    def __init__(self, s, name, label=None, secret=None, more="", **how):
        self.service = s
        self.name = name
        self.where = os.path.abspath("device-" + name)
        self.state = os.path.join(self.where, "state")
        self.config = os.path.join(self.where, "agent.yaml")
        self.token_file = os.path.join(self.where, "token")
        self.birth_file = os.path.join(self.where, "birth")
        self.log = os.path.join(self.where, "log")
        self.prefix = how.get("prefix", [])
        self.env = dict(os.environ)
        self.process = None
        os.makedirs(self.where, exist_ok=True)
        self.configure(how.get("port", s.ports["devices"]), label, more)
        if secret is not None:
            self.put_token(secret)

    def configure(self, port, label=None, more=""):
        self.label = label
        self.more = more
        write(self.config, """\
version: 1
server:
  url: https://127.0.0.1:%d
%s  anchors: %s
  timeout: 5s
state: %s
device:
  name: %s
  token_file: %s
  subject: serialNumber=%s
log_level: info
%s""" % (port, "  label: %s\n" % label if label else "", self.service.root,
         self.state, self.name, self.token_file, self.name, more))
        return self

    def put_token(self, secret, path=None):
        path = write(path or self.token_file, secret + "\n")
        os.chmod(path, 0o600)

    def command(self, *args):
        return [*self.prefix, AGENT, "--config", self.config, *args]

    def run(self, *args, check=True, stdin=b"", timeout=4 * PATIENCE):
        """(exit code, stdout, stderr)"""
        return run(*self.command(*args), check=check, stdin=stdin,
                   env=self.env, timeout=timeout)

    def enroll(self, *args, **how):
        return self.run("enroll", *args, **how)

    def status(self):
        return json.loads(self.run("status", "--json")[1])

    def serial(self, place="current"):
        return self.status()[place].get("serial_number")

    # -- as a service

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command("run"), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.env)
        return self

    def words(self):
        return read(self.log).decode("utf-8", "replace")

    def wait_for(self, *words, count=1):
        """Until the log has them; it must not end meanwhile."""
        def there():
            holds(self.process.poll() is None, "the agent has ended:\n" +
                  self.words())
            text = self.words()
            return all(text.count(w) >= count for w in words)
        try:
            wait_until("%r in the log" % (words,), there)
        except AssertionError:
            print("# " + self.words().replace("\n", "\n# "))
            raise

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the agent does not stop") from None
        finally:
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *why):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        if why[0] is not None and os.path.exists(self.log):
            print("# " + self.words()[-4000:].replace("\n", "\n# "))
