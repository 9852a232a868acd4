# SPDX-License-Identifier: Apache-2.0
"""Devices on their way to and from AWS IoT and Azure, in files: what is written
is what the services' public documents describe, what is read becomes the same
devices, and what is wrong changes nothing. No account of either was used.

    clouds_test.py BIRTHMARK BIRTHMARKD
"""
import json

import api as admin
from service import (PROGRAM, Key, Service, contains, equal, holds, main, read,
                     run, write)

# ---- What the documents say, written down by hand

# AWS IoT API reference: Parameters of RegisterThing (Value: 4,096 octets at
# most), ThingName, and Attributes for those that a template puts there.
ATTRIBUTE = {"type": "string", "maxLength": 800,
             "pattern": r"^[a-zA-Z0-9_.,@/:#=\[\]-]*$"}
AWS = {"type": "object", "required": ["ThingName", "CertificatePem"],
       "properties": {
           "ThingName": {"type": "string", "minLength": 1, "maxLength": 128,
                         "pattern": "^[a-zA-Z0-9:_-]+$"},
           "CertificatePem": {"type": "string", "maxLength": 4096,
                              "pattern": "^-----BEGIN CERTIFICATE-----\n"},
           **{name: ATTRIBUTE for name in (
               "SerialNumber", "HardwareId", "Mac", "Imei", "Uuid",
               "SecureElement", "Tpm", "Model", "Lot", "HardwareVersion",
               "Firmware", "KeyMethod", "KeyTransfer", "KeySite",
               "label.site")}}}

# Azure device twins: a key has no dot, dollar sign or space; lists are fine.
LABELS = {"type": "object"}
TAGS = {"type": "object", "properties": {
    **{name: {"type": "string", "maxLength": 4096} for name in (
        "serial", "hardware_id", "uuid", "secure_element", "tpm", "model",
        "lot", "hardware_version", "firmware", "key_method", "key_transfer",
        "key_site")},
    "mac": {"type": "array", "items": {"type": "string"}},
    "imei": {"type": "array", "items": {"type": "string"}},
    "labels": LABELS}}

# Azure DPS, API version 2021-10-01: IndividualEnrollment, of a device that
# shows a certificate.
CERTIFICATE = {"type": "object", "required": ["certificate"], "properties": {
    "certificate": {"type": "string",
                    "pattern": "^-----BEGIN CERTIFICATE-----\n"}}}
DPS = {"type": "object", "required": ["registrationId", "attestation"],
       "properties": {
           "registrationId": {"type": "string", "maxLength": 128,
                              "pattern": "^[A-Za-z0-9._:-]*[A-Za-z0-9-]$"},
           "deviceId": {"type": "string"},
           "provisioningStatus": {"type": "string",
                                  "enum": ["enabled", "disabled"]},
           "attestation": {
               "type": "object", "required": ["type", "x509"], "properties": {
                   "type": {"type": "string", "enum": ["x509"]},
                   "x509": {"type": "object", "properties": {
                       "clientCertificates": {
                           "type": "object", "required": ["primary"],
                           "properties": {"primary": CERTIFICATE,
                                          "secondary": CERTIFICATE}}}}}},
           "initialTwin": {"type": "object", "properties": {"tags": TAGS}}}}

# Azure IoT Hub: ExportImportDevice.
HUB = {"type": "object", "required": ["id"], "properties": {
    "id": {"type": "string", "maxLength": 128,
           "pattern": r"^[A-Za-z0-9.%_*?!(),:=@$'-]+$"},
    "importMode": {"type": "string", "enum": [
        "create", "update", "updateIfMatchETag", "delete", "deleteIfMatchETag",
        "updateTwin", "updateTwinIfMatchETag"]},
    "status": {"type": "string", "enum": ["enabled", "disabled"]},
    "statusReason": {"type": "string", "maxLength": 128},
    "authentication": {"type": "object", "required": ["type"], "properties": {
        "type": {"type": "string", "enum": [
            "sas", "selfSigned", "certificateAuthority", "none"]}}},
    "tags": TAGS}}

FORMATS = {"aws-iot": AWS, "azure-dps": DPS, "azure-hub": HUB}


def check(form, line):
    item = json.loads(line)
    admin.Schemas(FORMATS[form]).check(item, FORMATS[form], form)
    tags = item.get("tags", item.get("initialTwin", {}).get("tags", {}))
    for key in list(tags) + list(tags.get("labels", {})):
        holds(not set(key) & set(". $"), key)
    return item


# ---- An instance, and what is done to it

def birthmark(*args):
    return run(PROGRAM, *args, check=False)


def instance(name):
    return Service(name=name, listeners=1, limits_identity=100000,
                   limits_organisation=100000)


def export(srv, form, *more):
    code, out, err = birthmark("device", "export", "--dir", srv.dir, "--format",
                               form, *more)
    return code, [check(form, line) for line in out.splitlines()], err


def expect(srv, form, text, *more):
    write(srv.dir + "/list", text)
    return birthmark("device", "expect", "--dir", srv.dir, "--format", form,
                     srv.dir + "/list", *more)


def devices(srv):
    """What is on record of each, without what belongs to this instance."""
    out = birthmark("device", "export", "--dir", srv.dir, "--format", "json")[1]
    found = {}
    for line in out.splitlines():
        item = json.loads(line)
        for word in ("id", "created", "changed", "state"):
            item.pop(word, None)
        found[item.pop("name")] = item
    return found


KNOWN = {
    "d-1": ["serial=s-1", "hardware-id=h/1", "mac=00:1b:44:11:3a:b7",
            "mac=00:1b:44:11:3a:b8", "uuid=6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "model=M1", "lot=2026-07", "key-method=salak",
            "key-transfer=mechanical", "key-site=line_3", "label.site=north",
            "label.a.b=c"],
    "d-2": ["serial=s-2", "key-site=line 3", "label.site=S\xfcd"],
    "d-3": ["serial=s-3"],
    "not a name": ["serial=s-4"],
}


def filled(name, profile):
    """Devices, the first three with a certificate of that profile."""
    srv = instance(name)
    for device, known in KNOWN.items():
        srv.birthmark("device", "add", "--dir", srv.dir, device, *known)
    for device in ("d-1", "d-2", "d-3"):
        srv.issue(profile, Key(srv.dir, device, "/CN=" + device))
    return srv


def test_things_are_registered_with_their_certificates():
    srv = filled("aws", "aws-iot")
    srv.birthmark("device", "suspend", "--dir", srv.dir, "d-3")
    code, items, err = export(srv, "aws-iot", "--label", "site")
    equal([i["ThingName"] for i in items], ["d-1", "d-2"])
    # A space and a letter of German are none of the service's.
    contains(err, "d-2, KeySite: left out", "d-2, label.site: left out",
             "2 written; 1 suspended or ended; 1 without a certificate that is "
             "good; 2 values that it does not take")
    equal(code, 0)
    equal({k: v for k, v in items[0].items() if k != "CertificatePem"}, {
        "ThingName": "d-1", "SerialNumber": "s-1", "HardwareId": "h/1",
        "Mac": "00:1b:44:11:3a:b7,00:1b:44:11:3a:b8",
        "Uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "Model": "M1",
        "Lot": "2026-07", "KeyMethod": "salak", "KeyTransfer": "mechanical",
        "KeySite": "line_3", "label.site": "north"})
    for item in items:
        equal(item["CertificatePem"].encode(),
              read(srv.dir + "/%s.pem" % item["ThingName"]))
    # It comes back, but for what was not asked to go.
    other = instance("aws-back")
    equal(expect(other, "aws-iot", "\n".join(map(json.dumps, items)))[:2],
          (0, "2 expected, 0 already\n"))
    want = devices(srv)
    want["d-1"]["labels"].remove("a.b=c")
    equal(devices(other), {"d-1": want["d-1"], "d-2": {"serial": "s-2"}})


def test_a_profile_chooses_which_certificates_go():
    srv = instance("chosen")
    for profile in ("aws-iot", "ieee-802.1ar-ldevid"):
        key = Key(srv.dir, profile, "/CN=d-1" if profile == "aws-iot"
                  else "/serialNumber=d-1")
        srv.issue(profile, key)
        code, items, err = export(srv, "aws-iot", "--profile", profile)
        equal((code, len(items)), (0, 1), err)
        equal(items[0]["CertificatePem"].encode(), read(key.cert))
    code, items, err = export(srv, "aws-iot", "--profile", "azure-dps")
    equal((code, items), (0, []), err)
    # No file that looks like an answer, where there is nobody to ask for.
    code, items, err = export(srv, "aws-iot", "--profile", "aws_iot")
    equal((code, items), (1, []), err)
    contains(err, "profile aws_iot")
    # By the name in its certificate alone the service could not find it.
    code, items, err = export(srv, "azure-dps")
    equal((code, items), (1, []))
    contains(err, "d-1: left out: its name is not the CN of its certificate")


def test_enrolments_have_both_certificates_of_a_renewal():
    srv = filled("dps", "azure-dps")
    code, items, err = export(srv, "azure-dps")
    equal((code, [i["registrationId"] for i in items]),
          (0, ["d-1", "d-2", "d-3"]), err)
    want = devices(srv)
    for item in items:
        name = item["registrationId"]
        certs = item["attestation"]["x509"]["clientCertificates"]
        equal(certs["primary"]["certificate"].encode(),
              read(srv.dir + "/%s.pem" % name))
        holds("secondary" not in certs, certs)
        tags = item["initialTwin"]["tags"]
        equal({k.replace("/", ".") + "=" + v
               for k, v in tags.pop("labels", {}).items()},
              set(want[name].pop("labels", [])))
        equal(tags, want[name])
    other = instance("dps-back")
    equal(expect(other, "azure-dps", json.dumps(export(srv, "azure-dps")[1]))
          [:2], (0, "3 expected, 0 already\n"))
    want = devices(srv)
    del want["not a name"]
    equal(devices(other), want)
    # Renewed: the one before stands beside, until the device shows the new one.
    old = read(srv.dir + "/d-1.pem")
    srv.start()
    api = admin.Api(srv)
    api.call("renewDevice", {"device": "d-1"})
    key = Key(srv.dir, "d-1-new", "/CN=d-1")
    with srv:
        answer = srv.ask("POST", "/.well-known/est/azure-dps/simplereenroll",
                         key.body(), {"Content-Type": "application/pkcs10"},
                         cert=(srv.dir + "/d-1.pem", srv.dir + "/d-1.key"))
        equal(answer.status, 200, answer)
    code, items, err = export(srv, "azure-dps")
    certs = items[0]["attestation"]["x509"]["clientCertificates"]
    equal(certs["secondary"]["certificate"].encode(), old)
    holds(certs["primary"]["certificate"].encode() != old, certs)
    # Suspended: its enrolment is shut, with the certificate that it has.
    srv.birthmark("device", "suspend", "--dir", srv.dir, "d-2")
    statuses = [i["provisioningStatus"] for i in export(srv, "azure-dps")[1]]
    equal(statuses, ["enabled", "disabled", "enabled"])
    code, out, err = expect(instance("dps-shut"), "azure-dps",
                            birthmark("device", "export", "--dir", srv.dir,
                                      "--format", "azure-dps")[1])
    equal((code, out), (1, ""))
    contains(err, "row 2, column provisioningStatus: not enabled",
             "1 rows are wrong: nothing was changed")


def test_identities_of_all_devices_go_out_and_come_back():
    srv = filled("hub", "azure-dps")
    code, items, err = export(srv, "azure-hub")
    equal(code, 1)  # of one the service has no such name
    contains(err, "not a name: left out: the service has no such name")
    equal([(i["id"], i["status"], i["importMode"], i["authentication"])
           for i in items],
          [(d, "enabled", "create", {"type": "certificateAuthority"})
           for d in ("d-1", "d-2", "d-3")])
    want = devices(srv)
    del want["not a name"]
    for form in ("lines", "list"):
        other = instance("hub-" + form)
        text = json.dumps(items) if form == "list" else "\n".join(
            map(json.dumps, items))
        equal(expect(other, "azure-hub", text)[:2],
              (0, "3 expected, 0 already\n"))
        equal(expect(other, "azure-hub", text)[:2],
              (0, "0 expected, 3 already\n"))
        equal(devices(other), want)
        equal(birthmark("ledger", "verify", "--dir", other.dir)[0], 0)
    srv.birthmark("device", "retire", "--dir", srv.dir, "d-3")
    equal([(i["status"], i["statusReason"]) for i in export(srv, "azure-hub")
           [1]][2], ("disabled", "retired"))


def test_what_is_wrong_with_a_foreign_file_changes_nothing():
    srv = instance("wrong")
    for form, text, words in (
            ("aws-iot", '{"ThingName":"a"}\n{"ThingName":"b","Mac":"1,2"}',
             "row 2, column Mac: 1 is no mac"),
            ("aws-iot", '{"ThingName":"a"}\n{"thingName":"b","x":1}',
             "row 2, column x: no member of this format"),
            ("azure-dps", '[{"registrationId":"a"},{"deviceId":"b"}]',
             "row 2, column registrationId: not a line of"),
            ("azure-hub", '{"id":"a"}{"id":"a"}',
             "row 2, column device"),
            ("azure-hub", '{"id":"a","tags":{"serial":"1"}}'
             '{"id":"b","tags":{"serial":"1"}}', "row 2, column serial"),
            ("azure-hub", '{"id":"a"}\n{"id":"b"', "row 2: it ends within"),
            ("azure-hub", '{"id":"a"}\n{"id":"%s"}' % ("b" * 70000),
             "row 2: the row is longer than"),
            ("azure-hub", "device\na\n", "this format is JSON")):
        code, out, err = expect(srv, form, text)
        equal((code, out), (1, ""), (text[:80], err))
        contains(err, words)
        equal(devices(srv), {})
    equal(birthmark("device", "expect", "--dir", srv.dir, "--format", "x",
                    srv.dir + "/list")[0], 2)
    for wrong in (("--format", "x"), ("--label", "a"), ("--profile", "b"),
                  ("--format", "azure-hub", "--profile", "b")):
        equal(birthmark("device", "export", "--dir", srv.dir, *wrong)[0], 2)


def test_more_devices_than_a_page_go_over_the_api():
    srv = instance("many")
    rows = ["m-%05d,s-%05d" % (i, i) for i in range(2500)]
    write(srv.dir + "/list.csv", "device,serial\n" + "\n".join(rows) + "\n")
    srv.birthmark("device", "expect", "--dir", srv.dir, srv.dir + "/list.csv")
    with srv:
        srv.start()
        code, items, err = export(srv, "azure-hub")
    equal((code, len(items)), (0, 2500), err)
    other = instance("many-back")
    equal(expect(other, "azure-hub", "\n".join(map(json.dumps, items)))[:2],
          (0, "2500 expected, 0 already\n"))


main()
