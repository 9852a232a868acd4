#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the publisher hands out, and what it does not.

    site_test.py BIRTHMARK BIRTHMARKD
"""
import http.client
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "service"))

import service  # noqa: E402
from service import (PATIENCE, Answer, Key, Service, contains, equal, holds,
                     listening, openssl, read, run, serial_of, wait_until,
                     write)  # noqa: E402

WORLD = []


class World:
    """An instance with a certificate that is revoked, and one that is not."""

    def __init__(self):
        self.svc = Service()
        self.key = {}
        for name in ("good", "bad"):
            self.key[name] = Key(".", name, "/serialNumber=SN-" + name)
            self.svc.issue("ieee-802.1ar-idevid", self.key[name])
        self.svc.birthmark("cert", "revoke", "--dir", self.svc.dir, serial_of(
            openssl("x509", "-in", self.key["bad"].cert)))
        self.svc.start(wait=False)
        wait_until("the publisher listens",
                   lambda: listening(self.svc.ports["public"]))
        wait_until("all rooms are up",
                   lambda: self.get("/healthz").status == 200)

    def get(self, path, method="GET", **headers):
        return self.svc.public(method, path, None, {
            k.replace("_", "-"): v for k, v in headers.items()})

    def metrics(self, path="/metrics"):
        c = http.client.HTTPConnection("127.0.0.1", self.svc.ports["metrics"],
                                       timeout=PATIENCE)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            c.close()


def world():
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


def test_a_list_refuses_what_is_revoked():
    """RFC 5280 5, fetched and used as a relying party does."""
    w = world()
    lists = ""
    for ca in ("root", "issuing"):
        answer = w.get("/crl/%s.crl" % ca)
        equal(answer.status, 200, answer)
        equal(answer.headers["Content-Type"], "application/pkix-crl")
        lists += openssl("crl", "-inform", "DER", stdin=answer.body)
    write("lists.pem", lists)
    for name, code in (("good", 0), ("bad", 2)):
        got, out, err = run("openssl", "verify", "-crl_check", "-CAfile",
                            w.svc.root, "-untrusted", w.svc.issuing,
                            "-CRLfile", "lists.pem", w.key[name].cert,
                            check=False)
        equal(got, code, out + err)
        contains(out + err, "OK" if code == 0 else "certificate revoked")


def test_ca_certificates_are_der():
    """RFC 2585 4.1"""
    w = world()
    for ca in ("root", "issuing", "operations"):
        answer = w.get("/ca/%s.crt" % ca)
        equal(answer.status, 200, answer)
        equal(answer.headers["Content-Type"], "application/pkix-cert")
        write(ca + ".der", answer.body)
        equal(openssl("x509", "-inform", "DER", "-in", ca + ".der"),
              openssl("x509", "-in", os.path.join(w.svc.dir, "ca",
                                                  ca + ".pem")))


def test_the_ledger_is_as_on_disk():
    w = world()
    top = os.path.join(w.svc.dir, "ledger")
    seen = 0
    for where, _, names in os.walk(top):
        for name in names:
            path = os.path.relpath(os.path.join(where, name), top)
            answer = w.get("/ledger/" + path)
            equal(answer.status, 200, path)
            equal(answer.body, read(os.path.join(top, path)), path)
            equal(answer.headers["Cache-Control"],
                  "no-cache" if path == "checkpoint" else
                  "public, max-age=31536000, immutable", path)
            seen += 1
    holds(seen >= 3, "checkpoint, tile and entries")


def test_what_the_client_has_is_not_sent_again():
    w = world()
    for path in ("/crl/issuing.crl", "/ca/issuing.crt", "/ledger/checkpoint"):
        first = w.get(path)
        equal(first.status, 200, path)
        again = w.get(path, If_None_Match=first.headers["ETag"])
        equal((again.status, again.body), (304, b""), path)
        equal(again.headers["ETag"], first.headers["ETag"])
        equal(w.get(path, If_None_Match='"other"').status, 200, path)
        head = w.get(path, "HEAD")
        equal((head.status, head.body), (200, b""), path)
        equal(head.headers["Content-Length"], str(len(first.body)))
    path = "/crl/issuing.crl"
    date = w.get(path).headers["Last-Modified"]
    equal(w.get(path, If_Modified_Since=date).status, 304)
    equal(w.get(path, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT"
                ).status, 200)


def test_a_new_file_is_handed_out_at_once():
    w = world()
    path = os.path.join(w.svc.dir, "crl/root.crl")
    first = w.get("/crl/root.crl")
    write(path + ".new", b"another list")
    os.rename(path + ".new", path)
    try:
        again = w.get("/crl/root.crl",
                      If_None_Match=first.headers["ETag"])
        equal((again.status, again.body), (200, b"another list"))
    finally:
        write(path + ".new", first.body)
        os.rename(path + ".new", path)


def test_nothing_else_is_handed_out():
    w = world()
    os.symlink(os.path.join(w.svc.dir, "birthmark.yaml"),
               os.path.join(w.svc.dir, "crl/operations.crl.new"))
    os.rename(os.path.join(w.svc.dir, "crl/operations.crl.new"),
              os.path.join(w.svc.dir, "crl/operations.crl"))
    write(os.path.join(w.svc.dir, "crl/nobody.crl"), b"of no CA")
    os.makedirs(os.path.join(w.svc.dir, "ledger/tile/0/001"))
    for path in ("/", "/crl/", "/crl/nobody.crl", "/crl/operations.crl",
                 "/crl/../birthmark.yaml", "/crl/%2e%2e/birthmark.yaml",
                 "/crl/..%2fkeys/unlock.crl", "/ca/server.crt",
                 "/ca/root.pem", "/ca/../keys/unlock", "/birthmark.db",
                 "/keys/unlock", "/ledger/", "/ledger/tile/0/001",
                 "/ledger/tile/0/999", "/ledger/../birthmark.yaml",
                 "//crl/issuing.crl", "/metrics", "/api/v1/certificates",
                 "/.well-known/est/cacerts"):
        answer = w.get(path)
        holds(answer.status in (400, 404), "%s: %r" % (path, answer))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = w.get("/crl/issuing.crl", method)
        equal(answer.status, 405, method)
        equal(answer.headers["Allow"], "GET, HEAD")


def value(w, name, **labels):
    """Of a metric, or None."""
    want = ["%s=\"%s\"" % label for label in labels.items()]
    for line in w.metrics().body.decode().splitlines():
        if line.startswith(name + "{") and all(p in line for p in want):
            return int(line.rpartition(" ")[2])
    return None


def test_metrics_tell_what_happened():
    w = world()
    answer = w.metrics()
    equal(answer.status, 200)
    contains(answer.headers["Content-Type"], "text/plain; version=0.0.4")
    # a table of docs/metrics.md is what there is
    names = set(re.findall(r"^# TYPE (\S+)", answer.body.decode(), re.M))
    manual = read(os.path.join(service.TOP, "docs/metrics.md")).decode()
    equal(names, set(re.findall(r"^\| `(birthmark_\w+)`", manual, re.M)))
    before = value(w, "birthmark_http_responses_total", room="publisher",
                   status="404")
    w.get("/nothing")
    equal(value(w, "birthmark_http_responses_total", room="publisher",
                status="404"), before + 1)
    for ca in ("root", "issuing", "server"):
        until = openssl("x509", "-in", os.path.join(
            w.svc.dir, "ca", ca + ".pem"), "-noout", "-enddate")
        end = run("date", "-d", until.split("=")[1].strip(), "+%s")[1].strip()
        equal(value(w, "birthmark_expiry_timestamp_seconds", ca=ca,
                    room="publisher"), int(end))
    # The issuer looks at its operators when it is at work, not at its start.
    wait_until("the end of the operator's certificate", lambda: value(
        w, "birthmark_expiry_timestamp_seconds", room="issuer",
        ca="operator-first"))
    holds(value(w, "birthmark_crl_next_update_timestamp_seconds", ca="root"),
          "the end of the root's list")
    equal(w.metrics("/healthz").status, 200)
    equal(w.metrics("/crl/issuing.crl").status, 404)


def test_health_names_the_room_that_is_not_well():
    w = world()
    pid = w.svc.rooms()["signer"][0]
    os.kill(pid, signal.SIGSTOP)
    try:
        def ill():
            answer = w.get("/healthz")
            return answer.status == 503 and answer
        answer = wait_until("health has noticed", ill)
        contains(answer.body.decode(), "signer 0 does not answer")
        equal(answer.headers["Cache-Control"], "no-store")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until("all is well again", lambda: w.get("/healthz").status == 200)


def test_a_reload_brings_another_one_and_drops_nobody():
    w = world()
    before = w.svc.rooms()["publisher"]
    kept = http.client.HTTPConnection("127.0.0.1", w.svc.ports["public"],
                                      timeout=PATIENCE)
    kept.request("GET", "/healthz")
    kept.getresponse().read()
    w.svc.process.send_signal(signal.SIGHUP)

    def replaced():
        equal(w.get("/crl/root.crl").status, 200)
        return w.svc.rooms().get("publisher", before) not in ([], before) \
            and before[0] not in w.svc.rooms()["publisher"]
    wait_until("another publisher", replaced)
    kept.close()
    wait_until("its connections are counted from 0",
               lambda: value(w, "birthmark_connections", room="publisher") == 1)


def test_the_service_stops():
    w = world()
    equal(w.svc.stop(), 0, "exit code")


if __name__ == "__main__":
    try:
        service.main()
    finally:
        for made in WORLD:
            made.svc.__exit__(None, None, None)
