# SPDX-License-Identifier: Apache-2.0
"""birthmarkd and devices with TPMs of swtpm, which show it where their keys
were made.

    python3 service_test.py BIRTHMARK BIRTHMARKD TOOL [TEST]...
"""
import atexit
import base64
import os
import signal
import subprocess
import sys

TOOL = os.path.abspath(sys.argv.pop(3))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, contains, equal, have, holds,
                     pem_of_certs_only, run, wait_until, write)

PROFILE = """\
profile: %s
about: keys of a TPM
ca: issuing
by: [idevid, token, current]
idevid_of: [ieee-802.1ar-idevid]
attestation: %s
device:
  from: [serialNumber]
  identity: owner
  key_sharing: [of-tpm]
validity: { for: 90d, nested: true, backdate: 5m }
renewal: { before: 90d }
keys: [p256]
subject:
  - { attribute: serialNumber, from: device }
basic_constraints: { ca: false }
key_usage: [digitalSignature]
extended_key_usage: { purposes: [clientAuth] }
subject_key_id: none
authority_key_id: true
crl: true
"""

CHALLENGE = "/device/v1/attest/challenge"
ACTIVATE = "/device/v1/attest/activate"
CBOR = {"Content-Type": "application/cbor"}

KEY = "0x81020001"
SECOND = "0x81020002"
THIRD = "0x81020003"
FOURTH = "0x81020004"
LOOSE = "0x81020005"


class Maker:
    """A maker of TPMs: swtpm's, which signs certificates as makers do."""

    def __init__(self, name):
        have("swtpm", "swtpm_setup", "swtpm_localca", "tpm2_createprimary")
        self.dir = os.path.abspath(name)
        self.ca = os.path.join(self.dir, "issuercert.pem")
        os.mkdir(self.dir)
        p = self.dir
        write(p + "/localca.conf", "statedir = %s\nsigningkey = %s/sign.pem\n"
              "issuercert = %s\ncertserial = %s/serial\n" % (p, p, self.ca, p))
        write(p + "/localca.options", "--platform-manufacturer Birthmark\n"
              "--platform-version 1\n--platform-model test\n")
        self.conf = write(p + "/setup.conf",
                          "create_certs_tool = /usr/bin/swtpm_localca\n"
                          "create_certs_tool_config = %s/localca.conf\n"
                          "create_certs_tool_options = %s/localca.options\n"
                          % (p, p))


class Device:
    """A TPM with the certificate of its endorsement key, and an IDevID."""

    def __init__(self, maker, s, name):
        self.name = name
        self.dir = s.dir + "-" + name
        self.tcti = "swtpm:path=" + self.dir + "/sock"
        state = self.dir + "/state"
        os.makedirs(state)
        run("swtpm_setup", "--tpm2", "--tpmstate", state, "--config",
            maker.conf, "--create-ek-cert", "--lock-nvram")
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state,
             "--server", "type=unixio,path=" + self.dir + "/sock",
             "--ctrl", "type=unixio,path=" + self.dir + "/sock.ctrl",
             "--flags", "not-need-init,startup-clear"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_until("swtpm listens",
                   lambda: os.path.exists(self.dir + "/sock"))
        self.idevid = s.issue("ieee-802.1ar-idevid",
                              Key(self.dir, "idevid", "/serialNumber=" + name))

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def tool(self, verb, key, *more, stdin=b""):
        done = subprocess.run([TOOL, verb, self.tcti, key, *more],
                              input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False,
                              timeout=service.PATIENCE)
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (verb, done.stderr.decode()))
        return done.stdout

    def tpm2(self, *args):
        env = dict(os.environ, TPM2TOOLS_TCTI=self.tcti)
        return run(*args, env=env)[1]

    def csr(self, key=KEY):
        """As service.Key has it."""
        return TpmKey(self.tool("csr", key, self.name))


class TpmKey:
    def __init__(self, der):
        self.der = der

    def body(self):
        return base64.b64encode(self.der)


class Attested(Service):
    def __init__(self, maker, **settings):
        settings.setdefault("limits_identity", 60000)
        settings["attestation_ek_cas"] = maker.dir + "/believed"
        os.makedirs(maker.dir + "/believed")
        super().__init__(listeners=1, log_level="info", **settings)
        for name, kind in (("of-tpm", "tpm"), ("of-any", "any-tpm")):
            write(os.path.join(self.dir, "profiles/%s.yaml" % name),
                  PROFILE % (name, kind))

    @staticmethod
    def believe(maker):
        write(maker.dir + "/believed/maker.pem", service.read(maker.ca))

    def post(self, path, body, cert=None, token=None, headers=None):
        headers = dict(headers or CBOR)
        if token is not None:
            both = base64.b64encode(":".join(token).encode()).decode()
            headers["Authorization"] = "Basic " + both
        return self.ask("POST", path, body, headers, cert=cert)

    def attest(self, device, key=KEY, claim=None, answer=None, **who):
        """The answer to the last message that was posted."""
        if not who:
            who = {"cert": device.idevid.pair()}
        got = self.post(CHALLENGE, claim or device.tool("claim", key), **who)
        if got.status != 200:
            return got
        equal(got.headers["Content-Type"], "application/cbor", "type")
        body = answer or device.tool("answer", key, stdin=got.body)
        return self.post(ACTIVATE, body, **who)

    def get(self, device, key=KEY, label="of-tpm", **who):
        if not who:
            who = {"cert": device.idevid.pair()}
        return self.enrol(device.csr(key), label, **who)


class World:
    """Made once, since makers, TPMs and instances take their seconds: a
    service that believes a maker, and two devices with TPMs of his."""

    def __init__(self):
        self.maker = Maker("maker")
        self.s = Attested(self.maker, name="instance")
        self.devices = []
        atexit.register(self.stop)
        self.d = self.device("SN-1")
        self.e = self.device("SN-2")
        self.s.believe(self.maker)
        self.s.start()

    def device(self, name, maker=None):
        made = Device(maker or self.maker, self.s, name)
        self.devices.append(made)
        made.tool("generate", KEY)
        return made

    def stop(self):
        self.s.stop(signal.SIGKILL)
        for device in self.devices:
            device.stop()

    def token(self, device):
        return device, self.s.api("POST", "/tokens", {
            "profile": "of-tpm", "device": device}).json()["secret"]


WORLD = []


def world():
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


def refused(answer, status, *words):
    equal(answer.status, status, repr(answer))
    contains(answer.body.decode(), *words)


def test_a_key_of_a_tpm_gets_a_certificate_that_no_other_gets():
    w = world()
    s, d = w.s, w.d
    who = {"cert": d.idevid.pair()}
    missing = (403, "demands a key that a TPM has attested")
    refused(s.get(d), *missing)
    loose = Key(d.dir, "loose", "/serialNumber=SN-1")
    refused(s.enrol(loose, "of-tpm", **who), *missing)
    equal(s.attest(d).status, 200, "attested")
    # what is shown of one key does not count for another
    refused(s.enrol(loose, "of-tpm", **who), *missing)
    # nor for somebody else
    key = TpmKey(d.tool("csr", KEY, "SN-3"))
    refused(s.enrol(key, "of-tpm", token=w.token("SN-3")), *missing)
    got = s.get(d)
    equal(got.status, 200, repr(got))
    pem_of_certs_only(got.body)
    shown = s.api("GET", "/devices/SN-1").json()
    equal(shown["key"]["place"], "tpm", "place")
    equal(shown["key"]["attested"], True, "attested")
    equal(len(shown["key"]["ek"]), 64, "ek")
    out = s.birthmark("device", "show", "--dir", s.dir, "SN-1")[1]
    contains(out, "attested", "tpm", shown["key"]["ek"])


def test_a_token_attests_before_it_enrols():
    w = world()
    s, d = w.s, w.d
    d.tool("generate", SECOND)
    token = w.token("SN-1")
    equal(s.get(d, SECOND, token=token).status, 403, "not attested")
    refused(s.attest(d, SECOND, token=("SN-1", "a" * len(token[1]))), 401)
    refused(s.attest(d, SECOND, token=("SN-7", token[1])), 401)
    equal(s.attest(d, SECOND, token=token).status, 200, "attested")
    equal(s.get(d, SECOND, token=token).status, 200, "enrolled")


def test_an_answer_is_good_once_for_whom_it_was_asked():
    w = world()
    s, d = w.s, w.d
    who = {"cert": d.idevid.pair()}
    none = (400, "answers no open challenge")
    claim = d.tool("claim", KEY)
    first = s.post(CHALLENGE, claim, **who)
    answer = d.tool("answer", KEY, stdin=first.body)
    refused(s.post(ACTIVATE, answer, cert=w.e.idevid.pair()), *none)
    equal(s.post(ACTIVATE, answer, **who).status, 200, "answered")
    refused(s.post(ACTIVATE, answer, **who), *none)
    fresh = s.post(CHALLENGE, claim, **who)
    refused(s.post(ACTIVATE, answer, **who), *none)
    # altered: the last octet is of the signature
    answer = d.tool("answer", KEY, stdin=fresh.body)
    bad = answer[:-1] + bytes([answer[-1] ^ 1])
    refused(s.post(ACTIVATE, bad, **who), 400, "signature")
    refused(s.post(ACTIVATE, answer, **who), *none)


def test_the_tpm_of_another_device_is_refused():
    w = world()
    s, d, e = w.s, w.d, w.e
    who = {"cert": d.idevid.pair()}
    theirs = s.post(CHALLENGE, e.tool("claim", KEY), **who)
    try:
        d.tool("answer", KEY, stdin=theirs.body)
    except AssertionError as why:
        contains(str(why), "not activated")
    else:
        holds(False, "it answered for another TPM")
    # the other TPM helps, but it is of one device
    equal(s.attest(e).status, 200, "SN-2 attests")
    equal(s.get(e).status, 200, "SN-2 enrols")
    equal(s.attest(e, **who).status, 200, "SN-2's key for SN-1")
    key = TpmKey(e.tool("csr", KEY, "SN-1"))
    refused(s.enrol(key, "of-tpm", **who), 409)
    e.tool("generate", SECOND)
    equal(s.attest(e, SECOND, **who).status, 200, "another key of its TPM")
    key = TpmKey(e.tool("csr", SECOND, "SN-1"))
    refused(s.enrol(key, "of-tpm", **who), 403, "TPM of another device")


def loose_key(d):
    """In the TPM, but made to be copied out of it."""
    where = d.dir
    d.tpm2("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256", "-c",
           where + "/primary")
    d.tpm2("tpm2_create", "-Q", "-C", where + "/primary", "-G", "ecc256:ecdsa",
           "-u", where + "/pub", "-r", where + "/priv", "-a",
           "sensitivedataorigin|userwithauth|noda|sign")
    d.tpm2("tpm2_flushcontext", "-t")
    d.tpm2("tpm2_load", "-Q", "-C", where + "/primary", "-u", where + "/pub",
           "-r", where + "/priv", "-c", where + "/key")
    d.tpm2("tpm2_flushcontext", "-t")
    d.tpm2("tpm2_evictcontrol", "-Q", "-C", "o", "-c", where + "/key", LOOSE)
    d.tpm2("tpm2_flushcontext", "-t")


def test_a_key_that_may_leave_its_tpm_is_refused():
    s, d = world().s, world().d
    loose_key(d)
    refused(s.attest(d, LOOSE), 400, "key is not bound to its TPM", "fixedTPM")
    refused(s.get(d, LOOSE), 403)


def test_other_makers_and_malformed_messages_are_refused():
    w = world()
    s = w.s
    who = {"cert": w.d.idevid.pair()}
    # whose CA calls itself the same
    stranger = w.device("SN-4", Maker("stranger"))
    refused(s.attest(stranger, **who), 403, "signature does not verify")
    for path in (CHALLENGE, ACTIVATE):
        for body in (b"", b"\xa0", b"{}", b"\xff" * 16384):
            equal(s.post(path, body, **who).status, 400, repr(body[:4]))
        equal(s.post(path, b"\xa0" * 16385, **who).status, 413, "long")
        equal(s.post(path, b"\xa0").status, 401, "nobody")
        equal(s.post(path, b"\xa0", headers={"Content-Type": "text/x"},
                     **who).status, 415, "type")
        equal(s.ask("GET", path, **who).status, 405, "GET")


def test_who_may_not_ask_for_a_certificate_shows_no_key():
    w = world()
    s, d = w.s, w.d
    old = s.issue("ieee-802.1ar-idevid",
                  Key(d.dir, "gone", "/serialNumber=SN-5"))
    who = {"cert": old.pair()}
    equal(s.attest(d, **who).status, 200, "good")
    serial = service.serial_of(service.read(old.cert).decode())
    s.api("POST", "/certificates/%s/revocation" % serial,
          {"reason": "keyCompromise"})
    equal(s.attest(d, **who).status, 403, "revoked")
    made = s.api("POST", "/tokens", {"profile": "of-tpm",
                                     "device": "SN-6"}).json()
    token = ("SN-6", made["secret"])
    equal(s.attest(d, token=token).status, 200, "a token")
    gone = s.api("POST", "/tokens/%s/revocation" % made["id"])
    equal(gone.status, 200, repr(gone))
    equal(s.attest(d, token=token).status, 401, "a token that is revoked")


def test_what_was_not_used_is_forgotten_and_what_was_is_on_record():
    w = world()
    s, e = w.s, w.e
    e.tool("generate", THIRD)
    equal(s.attest(e, THIRD).status, 200, "attested")
    s.restart()
    refused(s.get(e, THIRD), 403)
    equal(s.attest(e, THIRD).status, 200, "attested again")
    equal(s.get(e, THIRD).status, 200, "enrolled")
    # a board that was changed
    who = {"cert": w.d.idevid.pair()}
    e.tool("generate", FOURTH)
    equal(s.attest(e, FOURTH, **who).status, 200, "attested for SN-1")
    key = TpmKey(e.tool("csr", FOURTH, "SN-1"))
    equal(s.enrol(key, "of-any", **who).status, 200, "enrolled")
    # nobody is believed any more: what is on record stays true
    del s.settings["attestation_ek_cas"]
    s.configure()
    s.restart()
    refused(s.attest(e, THIRD), 404, "no endorsement key is trusted here")
    equal(s.get(e, THIRD, label="of-any").status, 200, "on record")
    s.stop()
    contains(s.verify_ledger(), ": valid")


service.main()
