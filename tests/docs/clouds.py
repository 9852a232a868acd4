#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the commands `aws` and `az`, under whose names it is called. It reaches
nobody: it knows the commands of docs/connect.md and their options, as the public
references have them, and looks at each file that is handed over. What a service answers
is put together from what it has seen (in $WORK/.cloud)."""
import argparse
import json
import os
import subprocess
import sys

SEEN = os.path.join(os.environ["WORK"], ".cloud")


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def certificate(path):
    """A CA's, as a file in PEM."""
    text = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-ext",
                           "basicConstraints"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    if "CA:TRUE" not in text:
        raise ValueError("no certificate of a CA")
    return path


def by_url(of):
    def read(value):
        if not value.startswith("file://"):
            raise ValueError("not file://")
        return of(value[len("file://"):])
    read.__name__ = of.__name__
    return read


def template(path):
    """A provisioning template: what it refers to is a parameter."""
    with open(path, encoding="utf-8") as f:
        read = json.load(f)

    def references(value):
        if isinstance(value, dict):
            return ([value["Ref"]] if "Ref" in value else
                    sum(map(references, value.values()), []))
        return []
    for name in references(read["Resources"]):
        if name not in read["Parameters"]:
            raise ValueError("no parameter " + name)
    return read


def stored(path):
    """Lines of JSON, which are kept as the blob."""
    found = lines(path)
    if not found:
        raise ValueError("empty")
    with open(SEEN, "w", encoding="utf-8") as f:
        json.dump(found, f)
    return found


def operation(value):
    """A bulk operation of the provisioning service, of ten enrolments at most."""
    with open(value.removeprefix("@"), encoding="utf-8") as f:
        read = json.load(f)
    if read["mode"] not in ("create", "update") or not 1 <= len(read["enrollments"]) <= 10:
        raise ValueError("no operation")
    with open(SEEN, "w", encoding="utf-8") as f:
        json.dump(read["enrollments"], f)
    return read


def seen():
    with open(SEEN, encoding="utf-8") as f:
        return json.load(f)


def start_task(given):
    """Each device has what the template does not have a default for, and nothing that it
    does not declare."""
    declared = given["template_body"]["Parameters"]
    for row in seen():
        for name in row:
            if name not in declared:
                sys.exit("%s is not declared" % name)
        for name, how in declared.items():
            if "Default" not in how and name not in row:
                sys.exit("%s is missing" % name)


def things(given):
    assert given["query"] == "things"
    return [{"thingName": "thing-%d" % i, "thingTypeName": "M1", "attributes": {"site": "south"},
             "thingArn": "arn:aws:iot:eu-west-1:1:thing/thing-%d" % i, "version": 1}
            for i in (1, 2)]


def enrolments(_):
    """Such as were handed over, of devices that nobody here knows."""
    return [dict(row, registrationId="there-%d" % i, deviceId="there-%d" % i,
                 initialTwin={"tags": {"site": "south"}}, etag="1")
            for i, row in enumerate(seen(), 1)]


COMMANDS = {
    "aws iot register-ca-certificate": {
        "--ca-certificate": by_url(certificate), "--certificate-mode": str,
        "--set-as-active": None},
    "aws s3 cp": {"FROM": stored, "TO": str},
    "aws iot start-thing-registration-task": {
        "--template-body": by_url(template), "--input-file-bucket": str,
        "--input-file-key": str, "--role-arn": str, "then": start_task},
    "aws iot list-things": {"--query": str, "then": things},
    "az iot dps certificate create": {
        "--dps-name": str, "--resource-group": str, "--certificate-name": str,
        "--path": certificate},
    "az iot dps enrollment-group create": {
        "--dps-name": str, "--resource-group": str, "--enrollment-id": str, "--ca-name": str},
    "az rest": {"--method": str, "--body": operation, "--resource": str, "--uri": str},
    "az iot dps enrollment list": {
        "--dps-name": str, "--resource-group": str, "then": enrolments},
    "az storage blob upload": {
        "--account-name": str, "--container-name": str, "--name": str, "--file": stored},
    "az iot hub device-identity import": {
        "--hub-name": str, "--input-blob-container": str, "--input-storage-account": str,
        "--output-blob-container": str, "--output-storage-account": str},
}

words = [os.path.basename(sys.argv[0])] + sys.argv[1:]
named = next((n for n in COMMANDS if words[:len(n.split())] == n.split()), None)
if named is None:
    sys.exit("no command that is known here: " + " ".join(words))
options = dict(COMMANDS[named])
then = options.pop("then", None)
parser = argparse.ArgumentParser(prog=named, allow_abbrev=False)
for option, kind in options.items():
    how = {"action": "store_true"} if kind is None else {"type": kind}
    if option.startswith("--"):
        how["required"] = kind is not None
    parser.add_argument(option, **how)
given = parser.parse_args(words[len(named.split()):])
answer = then(vars(given)) if then else None
if answer is not None:
    json.dump(answer, sys.stdout)
