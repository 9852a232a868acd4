#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two ecosystems on one server: each has a trust list of its own, with its own
members' CAs, under its own path; a device is told that of the ecosystem which
its organisation is of, and who is above one ecosystem neither sees nor changes
that of the other.

    ecosystem_test.py BIRTHMARK BIRTHMARKD
"""
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../admin"), HERE]
# pylint: disable=wrong-import-position
import api as admin
from api import LDEVID, csr_of, new_key
from bundles import ANCHORS, NAME, item
from service import (PROGRAM, Service, contains, equal, holds, main, openssl, read, run,
                     wait_until, write)

MEMBER = """\
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


CRLS = """\
[ca]
default_ca = member
[member]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
"""


def certify(name, key, path):
    """A certificate of that name for a key that is there, in PEM and DER."""
    openssl("req", "-new", "-x509", "-key", key, "-subj", "/CN=" + name,
            "-days", "365", "-config", "member.cnf", "-extensions", "ca",
            "-out", path)
    openssl("x509", "-in", path, "-outform", "DER", "-out", path + ".der")
    return path, read(path + ".der")


def make_ca(name):
    """A CA that a member runs elsewhere: its certificate, in PEM and DER."""
    write("member.cnf", MEMBER)
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", name + ".key")
    return certify(name, name + ".key", name + ".pem")


def make_list(name, number):
    """Its revocation list, of that number."""
    write("crl.cnf", CRLS)
    write("index.txt", "")
    write("crlnumber", "%02x\n" % number)
    openssl("ca", "-gencrl", "-config", "crl.cnf", "-cert", name + ".pem",
            "-keyfile", name + ".key", "-out", name + ".crl")
    return name + ".crl"


class Lists:
    """The bundles of a service, as they are published."""

    def __init__(self, srv):
        self.srv = srv

    def get(self, path):
        return self.srv.public("GET", path)

    def content(self, message):
        """Of a bundle that is good under the root."""
        path = write("got.bundle", message)
        run(PROGRAM, "bundle", "verify", "--root", self.srv.root, path)
        openssl("cms", "-verify", "-inform", "DER", "-in", path, "-CAfile",
                self.srv.root, "-purpose", "any", "-binary", "-out",
                "got.cbor")
        return item(read("got.cbor"))[0]

    def told(self, path):
        got = self.get(path)
        return self.content(got.body) if got.status == 200 else None

    def anchors(self, path):
        told = self.told(path)
        return {a[1] for a in told[ANCHORS]} if told else set()


def install(srv, *args, code=0):
    got = run(PROGRAM, "ca", "install", "--dir", srv.dir, *args, check=False)
    equal(got[0], code, got)
    return got[1] + got[2]


def make_member(api, name, ecosystem):
    """An organisation, its operator, and a device with a certificate."""
    org = api.call("createOrganisation", {"name": name,
                                          "ecosystem": ecosystem})["id"]
    who = admin.make_operator(api, name + "-admin", ["administrator"],
                              organisation=org)
    place = {"organisation": org, "profile": LDEVID}
    api.call("enableProfile", place)
    api.call("giveQuota", {**place, "amount": 10})
    key = new_key(name + "-1")
    made = api.call("issueCertificate", {"profile": LDEVID,
                                         "csr": csr_of(key)}, who=who)
    key.put(made["pem"] + "".join(made["chain"]))
    return org, who, key.pair()


def test_each_ecosystem_has_a_list_of_its_own():
    with Service(name="two", limits_identity=100000,
                 limits_organisation=100000, listeners=1) as srv:
        lists = Lists(srv)
        one, two = make_ca("member-of-one"), make_ca("member-of-two")
        srv.start()
        api = admin.Api(srv)
        # The list of an ecosystem is there soon after it was made.
        second = api.call("createEcosystem", {"name": "Second"})["id"]
        path = "/bundle/%d" % second
        wait_until("a list", lambda: lists.get(path).status == 200)
        equal(lists.get("/bundle/%d" % (second + 1)).status, 404)
        first_org, first_who, first_device = make_member(api, "north", 1)
        org, who, device = make_member(api, "south", second)
        above = admin.make_operator(api, "above", ["administrator"],
                                    ecosystem=second)
        srv.stop()
        contains(install(srv, "--ecosystem", "2", one[0], code=2),
                 "--cross or --member")
        contains(install(srv, "--member", "--ecosystem", "77", one[0], code=1),
                 "ecosystem 77")
        contains(install(srv, "--member", "--organisation", str(org),
                         "--ecosystem", "1", one[0], code=1), "ecosystem 1")
        install(srv, "--member", one[0])
        install(srv, "--member", "--organisation", str(org), two[0])
        srv.start()
        api = admin.Api(srv)
        wait_until("the first list", lambda: one[1] in lists.anchors("/bundle"))
        wait_until("the other list", lambda: two[1] in lists.anchors(path))
        equal(lists.get("/bundle/1").body, lists.get("/bundle").body)
        holds(two[1] not in lists.anchors("/bundle"), "it is of another")
        holds(one[1] not in lists.anchors(path), "it is of another")
        first, other = lists.told("/bundle"), lists.told(path)
        equal(other[NAME], first[NAME] + b"/%d" % second)
        # Under the same root, and yet no device of one takes the other's.
        series = first[NAME].decode()
        write("two.bundle", lists.get(path).body)
        verify = ["bundle", "verify", "--root", srv.root, "--series"]
        run(PROGRAM, *verify, other[NAME].decode(), "two.bundle")
        code, _, err = run(PROGRAM, *verify, series, "two.bundle", check=False)
        equal(code, 1)
        contains(err, "series")
        devices_are_told(srv, lists, {"/bundle": first_device, path: device})
        operators_see_their_own(api, second, who, above, first_who)
        equal(api.call("listCAs", {}, who=first_who)["items"],
              [c for c in api.call("listCAs")["items"]
               if c.get("ecosystem") in (None, 1)])
        shown = api.call("showCA", {"ca": "member-2"}, who=who)
        equal((shown["ecosystem"], shown["organisation"]), (second, org))
        api.call("showCA", {"ca": "member-2"}, 404, who=first_who)
        srv.stop()
        the_command_line_says_whose(srv, second, two[1])
        contains(srv.verify_ledger(), "valid")


def devices_are_told(srv, lists, devices):
    """Each that of its own ecosystem, on one connection and by a manifest."""
    for path, device in devices.items():
        public = lists.get(path).body
        connection = srv.connect(cert=device)
        for _ in range(2):
            got = srv.ask("GET", "/device/v1/bundle", over=connection)
            equal((got.status, got.body), (200, public), path)
        same = srv.ask("GET", "/device/v1/bundle", None,
                       {"If-None-Match": got.headers["ETag"]}, over=connection)
        equal((same.status, same.body), (304, b""))


def operators_see_their_own(api, second, who, above, first_who):
    equal(api.call("showBundle")["ecosystem"], 1)
    equal(api.call("showBundle", {"ecosystem": second})["ecosystem"], second)
    equal(api.call("showBundle", who=who)["ecosystem"], second)
    equal(api.call("showBundle", who=first_who)["ecosystem"], 1)
    equal(api.call("showBundle", who=above)["ecosystem"], second)
    before = api.call("showBundle", {"ecosystem": 1})
    made = api.call("makeBundle", who=above)
    equal(made["ecosystem"], second)
    holds(made["version"] > before["version"], "versions are for all")
    equal(api.call("showBundle", {"ecosystem": 1}), before)
    for actor, params, status in (
            (above, {"ecosystem": 1}, 404), (who, {"ecosystem": 1}, 404),
            (who, {}, 403), (who, {"ecosystem": second}, 403),
            (first_who, {"ecosystem": second}, 404)):
        api.call("makeBundle", params, status, who=actor)
    api.call("makeBundle", {"ecosystem": 77}, 404)
    api.call("showBundle", {"ecosystem": 77}, 404)


def the_command_line_says_whose(srv, second, ca):
    digest = hashlib.sha256(ca).hexdigest()
    show = [PROGRAM, "bundle", "show", "--dir", srv.dir, "--json"]
    holds(digest not in run(*show)[1], "the first one's is shown")
    contains(run(*show, "--ecosystem", str(second))[1], digest)
    make = [PROGRAM, "bundle", "make", "--dir", srv.dir, "--json"]
    before = read(os.path.join(srv.dir, "crl/trust.bundle"))
    contains(run(*make, "--ecosystem", str(second))[1], digest)
    equal(read(os.path.join(srv.dir, "crl/trust.bundle")), before)
    code, _, err = run(*make, "--ecosystem", "77", check=False)
    equal(code, 1)
    contains(err, "ecosystem 77")
    # Retired: that is said on the list where it is, and on no other.
    retire = [PROGRAM, "ca", "retire", "--dir", srv.dir, "member-2"]
    run(*retire)
    run(*make, "--ecosystem", str(second))
    contains(run(*show, "--ecosystem", str(second))[1], "withdrawn")
    holds("withdrawn" not in run(*show)[1], "nothing is withdrawn there")


def test_a_members_ca_is_renewed_with_its_key():
    run(PROGRAM, "init", "one", "--org", "One", "--host", "localhost")
    place = ["--dir", "one"]
    install = ["ca", "install", *place, "--member"]
    first = make_ca("gears")
    later = certify("gears", "gears.key", "later.pem")
    other = certify("wheels", "gears.key", "other.pem")
    crl = ["ca", "crl", *place, "--import"]
    run(PROGRAM, *install, first[0])
    run(PROGRAM, *crl, make_list("gears", 1))
    # Whoever has the key has not the name, and is told so.
    code, out, err = run(PROGRAM, *install, other[0], check=False)
    equal(code, 1, err)
    contains(out, "its key is that of another CA here")
    contains(run(PROGRAM, *install, later[0])[1], "member-2")
    show = ["bundle", "show", *place, "--json"]
    run(PROGRAM, "bundle", "make", *place)
    shown = run(PROGRAM, *show)[1]
    for ca in (first, later):
        contains(shown, hashlib.sha256(ca[1]).hexdigest())
    # One list is that of both.
    run(PROGRAM, *crl, make_list("gears", 2))
    equal(read("one/crl/member.crl"), read("one/crl/member-2.crl"))
    run(PROGRAM, "ca", "retire", *place, "member")
    run(PROGRAM, "bundle", "make", *place)
    equal(run(PROGRAM, *show)[1].count("withdrawn"), 1)
    contains(run(PROGRAM, "ledger", "verify", *place)[1], "valid")


main()
