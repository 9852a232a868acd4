# SPDX-License-Identifier: Apache-2.0
"""Devices of other makers: an owner's birthmarkd takes IDevIDs that a CA made
which it does not run. One of the makers is a birthmarkd instance of its own,
with a root of its own; the hostile ones are OpenSSL's.

    python3 manufacturer_test.py BIRTHMARK BIRTHMARKD [TEST]...

One owner serves all tests.
"""
import hashlib
import json
import os
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import (Key, Service, contains, equal, holds, openssl,
                     pem_of_certs_only, read, wait_until, write)

LDEVID = "ieee-802.1ar-ldevid"
IDEVID = "ieee-802.1ar-idevid"
WORLD = {}

CA = """\
basicConstraints=critical,CA:true%s
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
%s
"""
DEVICE = """\
keyUsage=critical,digitalSignature
authorityKeyIdentifier=keyid
%s
"""


class Owner(Service):
    def command(self, *args, check=True):
        """birthmark, as a client of the running service."""
        both = write(os.path.join(self.dir, "both.pem"),
                     read(self.operator[0]) + read(self.operator[1]))
        os.chmod(both, 0o600)
        return self.birthmark(
            *args, "--url", "https://127.0.0.1:%d" % self.ports["operators"],
            "--identity", both, "--server-ca", self.root, check=check)

    def show(self, *args):
        return json.loads(self.command(*args, "--json")[1])

    def events(self):
        rows = self.command("device", "events", "--json")[1].splitlines()
        return [json.loads(row)["event"] for row in rows]


def owner():
    if "owner" not in WORLD:
        WORLD["owner"] = Owner(name="owner", log_level="info", listeners=1,
                               limits_identity=6000).start()
    return WORLD["owner"]


def factory():
    """A birthmarkd instance that makes devices, and whose service need not
    run for it."""
    if "factory" not in WORLD:
        made = Service(name="factory")
        WORLD["factory"] = made
        owner().command(
            "manufacturer", "add", "factory", "--anchor", made.root, "--ca",
            made.issuing, "--serial", "F-[0-9a-z-]+", "--profile", LDEVID)
    return WORLD["factory"]


def lists(*names):
    made = factory()
    made.birthmark("ca", "crl", "--dir", made.dir, "issuing")
    owner().command("manufacturer", "crl", "factory", *[
        os.path.join(made.dir, "crl", name + ".crl") for name in names])


def born(name):
    """A device with the identity that the factory gave it."""
    return factory().issue(IDEVID, Key(".", name, "/serialNumber=" + name))


def comes(idevid, name=None, label=LDEVID, chain=None, **how):
    """It asks for its first LDevID: the answer, and the key it asked for."""
    key = Key(".", (name or "x") + "-l", "/serialNumber=" + name
              if name else "/")
    pair = idevid.pair()
    if chain:
        pair = (write("chain.pem", read(pair[0]) + chain), pair[1])
    return owner().enrol(key, label, cert=pair, **how), key


def refused(answer, words):
    equal(answer.status, 403, repr(answer))
    contains(answer.body.decode(), words)


# ---- A factory that runs birthmarkd, too

def test_without_lists_nobody_comes():
    idevid = born("F-1")
    for known in ("issuing", "root"):
        answer, _ = comes(idevid, "F-1")
        refused(answer, "revocation status could not be determined")
        lists(known)
    answer, _ = comes(idevid, "F-1")
    equal(answer.status, 200, repr(answer))


def test_a_device_of_the_factory_becomes_the_owners():
    idevid = born("F-2")
    answer, key = comes(idevid, "F-2")
    equal(answer.status, 200, repr(answer))
    key.put(pem_of_certs_only(answer.body))
    contains(openssl("x509", "-noout", "-subject", "-in", key.cert), "F-2")
    openssl("verify", "-CAfile", owner().root, "-untrusted",
            owner().issuing, key.cert)
    found = owner().show("device", "show", "F-2")
    equal(found["state"], "active")
    der = ssl.PEM_cert_to_DER_cert(read(idevid.cert).decode())
    equal((found["idevid"]["manufacturer"], found["idevid"]["serial_number"],
           found["idevid"]["certificate_sha256"]),
          ("factory", "F-2", hashlib.sha256(der).hexdigest()))
    WORLD["F-2"] = (idevid, key)


def test_from_then_on_it_goes_by_what_the_owner_gave_it():
    idevid, key = WORLD["F-2"]
    answer = owner().ask("GET", "/device/v1/renewal", cert=key.pair())
    equal(answer.status, 200, repr(answer))
    # Of the IDevID nothing else can be asked for.
    answer = owner().ask("GET", "/device/v1/renewal", cert=idevid.pair())
    equal(answer.status, 403, repr(answer))
    answer = owner().enrol(key, LDEVID, operation="simplereenroll",
                           cert=idevid.pair())
    equal(answer.status, 403, repr(answer))


def test_it_may_come_by_tls_12_as_well():
    context = owner().tls(born("F-3").pair(), ssl.TLSVersion.TLSv1_2)
    answer = owner().enrol(Key(".", "F-3-l", "/serialNumber=F-3"), LDEVID,
                           context=context)
    equal(answer.status, 200, repr(answer))


def test_what_the_factory_revoked_does_not_come():
    idevid = born("F-4")
    serial = service.serial_of(read(idevid.cert).decode())
    factory().birthmark("cert", "revoke", "--dir", factory().dir, "--reason",
                        "keyCompromise", serial)
    lists("issuing")
    answer, _ = comes(idevid, "F-4")
    refused(answer, "revoked")


def test_other_names_and_profiles_are_refused():
    answer, _ = comes(born("G-1"), "G-1")
    refused(answer, "no IDevID that counts here")
    answer, _ = comes(born("F-5"), "F-5", label="iot-ldevid-tls")
    refused(answer, "no IDevID that counts here")
    # A profile that does not take manufacturers.
    answer, _ = comes(born("F-6"), "F-6", label="many")
    equal(answer.status, 403, repr(answer))


def test_a_clone_is_refused_and_told_of():
    made = factory()
    again = Key(".", "clone", "/serialNumber=F-2")
    # The factory would not make two of one name; whoever has its key would.
    WORLD["forger"] = forger = Maker("forger")
    owner().command("manufacturer", "add", "forger", "--anchor",
                    forger.root + ".pem", "--revocation", "none")
    forger.device(again)
    answer, _ = comes(again)
    equal(answer.status, 403, repr(answer))
    holds("idevid-name" in owner().events(), owner().events())
    twin = Key(".", "twin", "/serialNumber=Z-1")
    answer, _ = comes(forger.device(twin))
    equal(answer.status, 200, repr(answer))
    other = Key(".", "other", "/serialNumber=Z-1")
    answer, _ = comes(forger.device(other))
    refused(answer, "possible clone")
    holds("idevid-clone" in owner().events(), owner().events())
    rows = [json.loads(row) for row in owner().command(
        "signal", "list", "--kind", "clone", "--json")[1].splitlines()]
    equal({row["device"] for row in rows}, {"F-2", "Z-1"})
    holds(made is factory(), "the factory is as it was")


def test_the_key_of_an_idevid_is_told_to_whom_it_belongs():
    """Not by the organisation that runs the service: by the one whose device
    it is."""
    idevid = born("F-55")
    answer, _ = comes(idevid, "F-55")
    equal(answer.status, 200, repr(answer))
    openssl("req", "-new", "-key", idevid.key, "-subj", "/serialNumber=F-56",
            "-out", "f56.csr")
    refusal = owner().command("cert", "issue", "--profile", LDEVID, "--csr",
                              "f56.csr", "--out", "f56.pem", check=False)
    contains(refusal[2], "key")
    row, = [json.loads(row) for row in owner().command(
        "signal", "list", "--kind", "idevid-key", "--device", "F-55",
        "--json")[1].splitlines()]
    equal((row["device"], row["count"]), ("F-55", 1))
    events = [json.loads(row) for row in owner().command(
        "device", "events", "--device", "F-55", "--json")[1].splitlines()]
    holds("key-misuse" in [e["event"] for e in events], events)


# ---- Makers by OpenSSL

class Maker:
    """A root, and what it signs."""

    def __init__(self, name, subject=None):
        self.root = name + "-root"
        write(self.root + ".ext", CA % ("", ""))
        self.make(self.root, subject or "/O=%s/CN=%s Root" % (name, name),
                  None, CA % ("", ""))

    def make(self, name, subject, by, ext, days=30, key=None):
        """A certificate NAME.pem by `by`, or by itself; dates from yesterday."""
        write(name + ".ext", ext)
        if key is None:
            openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    name + ".key", "-subj", subject, "-out", name + ".csr")
        signer = ["-CA", by + ".pem", "-CAkey", by + ".key", "-set_serial",
                  str(int.from_bytes(os.urandom(8), "big") >> 1)] if by else [
                      "-signkey", name + ".key"]
        openssl("x509", "-req", "-in", key.csr if key else name + ".csr",
                *signer, "-days", str(days), "-extfile", name + ".ext",
                "-out", key.cert if key else name + ".pem")
        return name

    def ca(self, name, by=None, length="", more="", **how):
        return self.make(name, "/O=%s" % name, by or self.root,
                         CA % (length, more), **how)

    def device(self, key, by=None, more="", **how):
        self.make("device", None, by or self.root, DEVICE % more, key=key,
                  **how)
        return key


def device(name):
    return Key(".", name, "/serialNumber=" + name)


def acme():
    if "acme" not in WORLD:
        WORLD["acme"] = made = Maker("acme")
        made.ca("acme-ca")
        owner().command("manufacturer", "add", "acme", "--anchor",
                        made.root + ".pem", "--revocation", "none",
                        "--device", "acme-{serial}")
    return WORLD["acme"]


def test_intermediates_come_in_the_handshake():
    made = acme()
    made.ca("acme-line", by="acme-ca")
    key = made.device(device("A-1"), by="acme-line")
    answer, _ = comes(key)
    refused(answer, "no IDevID that counts here")
    # In the wrong order, with one that nobody asked for.
    chain = read("acme-ca.pem") + read("acme-line.pem") + read(
        made.root + ".pem")
    answer, _ = comes(key, chain=chain)
    equal(answer.status, 200, repr(answer))
    equal(owner().show("device", "show", "acme-A-1")["state"], "active")


def test_hostile_chains_are_refused():
    made = acme()
    fake = Maker("fake", subject="/O=acme/CN=acme Root")
    fake.ca("fake-ca")
    made.ca("acme-dns", more="nameConstraints=critical,permitted;DNS:a.example")
    made.ca("acme-short", length=",pathlen:0")
    made.ca("acme-below", by="acme-short")
    made.ca("acme-over", days=0)
    made.ca("acme-web", more="extendedKeyUsage=serverAuth")
    for name, by, more, words in (
            ("H-1", "acme-ca", "extendedKeyUsage=serverAuth",
             "extkeyusage"),
            ("H-2", "acme-ca", "basicConstraints=critical,CA:true", ""),
            ("H-3", "fake-ca", "", ""),
            ("H-4", "acme-dns", "subjectAltName=DNS:b.example",
             "permitted subtree"),
            ("H-5", "acme-below", "", ""),
            ("H-6", "acme-web", "", "extkeyusage"),
            ("H-7", "acme-over", "", "expired")):
        if by == "acme-over":
            time.sleep(1.1)  # it was in force for the second it was made in
        key = made.device(device(name), by=by, more=more)
        chain = read(by + ".pem") + read(
            "acme-short.pem" if by == "acme-below" else by + ".pem")
        answer, _ = comes(key, chain=chain)
        equal(answer.status, 403, "%s: %r" % (name, answer))
        contains(answer.body.decode().lower(), words)
        code, _, _ = owner().command("device", "show", "acme-" + name,
                                     check=False)
        equal(code, 1, name)


def test_one_that_signed_itself_is_nobodys():
    key = device("S-1")
    write("self.ext", DEVICE.replace("authorityKeyIdentifier=keyid\n", "") %
          "")
    openssl("x509", "-req", "-in", key.csr, "-signkey", key.key, "-days", "9",
            "-extfile", "self.ext", "-out", key.cert)
    answer, _ = comes(key)
    refused(answer, "no IDevID that counts here")


def test_too_long_a_chain_is_refused():
    made = acme()
    key = made.device(device("L-1"), by="acme-ca")
    answer, _ = comes(key, chain=read("acme-ca.pem") * 7)
    equal(answer.status, 200, repr(answer))
    try:
        answer, _ = comes(key, chain=read("acme-ca.pem") * 9)
        equal(answer.status, 403, repr(answer))
    except OSError:
        pass  # in the handshake


def test_expected_devices_alone_come_where_that_is_set():
    made = Maker("few")
    owner().command("manufacturer", "add", "few", "--anchor",
                    made.root + ".pem", "--revocation", "none",
                    "--expected-only")
    write("few.txt", "E-1\n\n  E-2 \n")
    owner().command("manufacturer", "expect", "few", "--file", "few.txt")
    equal(owner().show("manufacturer", "show", "few")["expected"], 2)
    answer, _ = comes(made.device(device("E-1")))
    equal(answer.status, 200, repr(answer))
    answer, _ = comes(made.device(device("E-3")))
    refused(answer, "no IDevID that counts here")


def test_of_a_removed_manufacturer_devices_stay_and_none_come():
    _, key = WORLD["F-2"]
    owner().command("manufacturer", "remove", "factory")
    answer, _ = comes(born("F-9"), "F-9")
    refused(answer, "no IDevID that counts here")
    answer = owner().ask("GET", "/device/v1/renewal", cert=key.pair())
    equal(answer.status, 200, repr(answer))
    holds(owner().show("manufacturer", "show", "factory")["removed"], "when")


def test_why_is_in_the_log_and_all_is_on_record():
    wait_until("it is logged", lambda: "enrol.idevid" in owner().words())
    owner().stop()
    contains(owner().verify_ledger(), ": valid")


if __name__ == "__main__":
    try:
        service.main()
    finally:
        for name in ("owner", "factory"):
            if name in WORLD:
                WORLD[name].__exit__(None, None, None)
