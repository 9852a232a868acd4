# SPDX-License-Identifier: Apache-2.0
"""Both ports of the device's mutual TLS and the tools of OpenSSL and GnuTLS: as
client and as server, in TLS 1.2 and 1.3.

    python3 device_tls_test.py TOOL - [TEST]...
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
# pylint: disable=wrong-import-position
import service
from service import contains, equal, have, holds, openssl, read, run
from other import Other

TOOL = os.path.abspath(sys.argv[1])
PORTS = ("openssl", "mbedtls")
VERSIONS = ("1.2", "1.3", "any")
WORDS = "hello from a device"


def world():
    """The certificates and keys of tests/harness/test_tls.h, as PEM."""
    if os.path.exists("root.pem"):
        return
    run(TOOL, "world")
    for name in ("server", "device", "stranger", "other", "root"):
        openssl("x509", "-inform", "DER", "-in", name + ".der", "-out",
                name + ".pem")
    for name in ("server", "device"):
        openssl("pkey", "-inform", "DER", "-in", name + ".key.der", "-out",
                name + ".key")


def offered(version):
    """Options of s_server and s_client for one version alone."""
    return {"1.2": ["-tls1_2"], "1.3": ["-tls1_3"], "any": []}[version]


def agreed(version):
    return "TLS1.2" if version == "1.2" else "TLS1.3"


def each(test):
    world()
    for port in PORTS:
        for version in VERSIONS:
            test(port, version)


def s_server(version, *more):
    tcp = service.free_port()
    return Other("s_server", "openssl", "s_server", "-accept",
                 "127.0.0.1:%d" % tcp, "-cert", "server.pem", "-key",
                 "server.key", "-Verify", "2", "-verify_return_error", "-rev",
                 *offered(version), *more, port=tcp)


def test_a_device_calls_s_server():
    def call(port, version):
        with s_server(version, "-CAfile", "root.pem") as server:
            code, out, err = run(TOOL, "client", port, version,
                                 str(server.port), check=False)
            equal((code, out), (0, "ok %s %s\n" % (agreed(version),
                                                   WORDS[::-1])),
                  port + " " + version + err)
    each(call)


def test_s_server_refuses_a_device_and_it_says_so():
    def call(port, version):
        with s_server(version, "-CAfile", "other.pem") as server:
            out = run(TOOL, "client", port, version, str(server.port),
                      check=False)
            equal(out[:2], (1, "failed 0x1f04 unknown_ca\n"),
                  port + " " + version)
    each(call)


def test_a_device_calls_gnutls_serv():
    have("gnutls-serv")

    def call(port, version):
        tcp = service.free_port()
        only = {"1.2": ":-VERS-ALL:+VERS-TLS1.2",
                "1.3": ":-VERS-ALL:+VERS-TLS1.3", "any": ""}
        with Other("gnutls-serv", "gnutls-serv", "-p", str(tcp), "--echo",
                   "--x509cafile", "root.pem", "--x509certfile", "server.pem",
                   "--x509keyfile", "server.key", "--require-client-cert",
                   "--verify-client-cert", "--priority",
                   "NORMAL" + only[version], port=tcp) as server:
            code, out, err = run(TOOL, "client", port, version, str(tcp),
                                 check=False)
            equal((code, out), (0, "ok %s %s\n" % (agreed(version), WORDS)),
                  port + " " + version + err + read(server.log).decode())
    each(call)


def calls(port, version, *command):
    """A device as server and a client of somebody else: what both said."""
    with subprocess.Popen([TOOL, "server", port, version],
                          stdout=subprocess.PIPE) as device:
        tcp = device.stdout.readline().decode().strip()
        code, out, err = run(*[a.replace("TCP", tcp) for a in command],
                             stdin=b"hello from a client\n", check=False)
        said = device.stdout.read().decode()
        equal(device.wait(service.PATIENCE), 0 if said.startswith("ok") else 1)
    return said, code, out + err


def s_client(version, cert):
    return ["openssl", "s_client", "-connect", "127.0.0.1:TCP", "-cert",
            cert + ".pem", "-key", "device.key", "-CAfile", "root.pem",
            "-verify_return_error", "-verify_hostname", "server.example.test",
            "-ign_eof", *offered(version)]


def test_s_client_calls_a_device():
    def call(port, version):
        said, code, out = calls(port, version, *s_client(version, "device"))
        equal(said, "ok %s hello from a client\n" % agreed(version),
              port + " " + version + out)
        equal(code, 0, out)
        contains(out, WORDS)
    each(call)


def test_a_device_refuses_s_client_and_it_says_so():
    def call(port, version):
        said, code, out = calls(port, version, *s_client(version, "stranger"))
        equal(said.split()[:2], ["failed", "0x0d01"], port + " " + version)
        holds(code != 0, "s_client saw no refusal")
        contains(out, "unknown ca")
    each(call)


def test_gnutls_cli_calls_a_device():
    have("gnutls-cli")

    def call(port, version):
        said, code, out = calls(
            port, version, "gnutls-cli", "-p", "TCP", "127.0.0.1",
            "--x509cafile", "root.pem", "--x509certfile", "device.pem",
            "--x509keyfile", "device.key", "--sni-hostname",
            "server.example.test", "--verify-hostname", "server.example.test")
        equal(said, "ok %s hello from a client\n" % agreed(version),
              port + " " + version + out)
        equal(code, 0, out)
        contains(out, WORDS)
    each(call)


if __name__ == "__main__":
    service.main()
