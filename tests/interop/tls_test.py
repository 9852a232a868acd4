# SPDX-License-Identifier: Apache-2.0
"""What others think of the TLS of a running birthmarkd: testssl.sh looks for
what is weaker than intended, and clients with a TLS of their own, as browsers
have, use the operators' API.

    python3 tls_test.py BIRTHMARK BIRTHMARKD [TEST]...
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import Service, equal, have, holds, run

HERE = os.path.dirname(os.path.abspath(__file__))
WORLD = []

# What testssl.sh would have otherwise, and we mean to have as it is.
INTENDED = {
    "cert_chain_of_trust": "the root is the operator's own",
    "OCSP_stapling": "clients of a CA ask the CA",
    "DNS_CAArecord": "no public CA issues for the name",
    "certificate_transparency": "the ledger is ours",
    "HSTS": "the same host publishes on plain HTTP, as RFC 5280 8 wants it",
    "security_headers": "no pages are served here",
    "engine_problem": "of its own openssl, which knows no GOST",
}


def world():
    if not WORLD:
        WORLD.append(Service(listeners=1, limits_identity=1000).start())
    return WORLD[0]


def test_testssl_finds_nothing_weaker_than_intended():
    have("testssl")
    run("testssl", "--quiet", "--color", "0", "--warnings", "off", "-p", "-s",
        "-P", "-S", "-U", "--jsonfile", "found.json",
        "127.0.0.1:%d" % world().ports["devices"], check=False, timeout=1500)
    with open("found.json", encoding="utf-8") as f:
        found = json.load(f)
    weak = [x for x in found if x["severity"] not in ("OK", "INFO", "DEBUG")
            and x["id"] not in INTENDED]
    equal([(x["id"], x["finding"]) for x in weak], [], "findings")
    said = {x["id"]: x["finding"] for x in found}
    for name, what in (("TLS1_3", "offered"), ("TLS1_2", "offered"),
                       ("TLS1_1", "not offered"), ("heartbleed", "not vuln"),
                       ("LUCKY13", "not vuln")):
        holds(said.get(name, "").startswith(what), "%s: %s" % (
            name, said.get(name)))


def test_curl_offers_http_2_and_takes_http_1_1():
    have("curl")
    w = world()
    url = "https://localhost:%d/api/v1/whoami" % w.ports["operators"]
    out = run("curl", "-sS", "--http2", "--cacert", w.root, "--cert",
              w.operator[0], "--key", w.operator[1], "-w",
              "\\n%{http_code} %{http_version} %{num_connects}\\n", url, url)[1]
    equal(out.splitlines()[1::2], ["200 1.1 1", "200 1.1 0"],
          "status, version, new connections")


def test_go_uses_the_api():
    have("go")
    w = world()
    env = dict(os.environ, GO111MODULE="off", GOFLAGS="", HOME=os.getcwd())
    env["GOCACHE"] = os.environ.get("BM_GOCACHE", os.path.abspath("cache"))
    run("go", "run", os.path.join(HERE, "api.go"), w.root, *w.operator,
        "https://localhost:%d/api/v1/whoami" % w.ports["operators"], env=env,
        timeout=600)


def test_it_stops_in_order():
    equal(world().stop(), 0, "exit code")


if __name__ == "__main__":
    service.main()
