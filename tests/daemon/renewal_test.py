# SPDX-License-Identifier: Apache-2.0
"""birthmarkd renews what is its own: an instance that has slept for 300 days.

    renewal_test.py BIRTHMARK BIRTHMARKD CLOCK
"""
import os
import re
import signal
import ssl
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
CLOCK = os.path.abspath(sys.argv.pop(3))
import service  # noqa: E402
from service import (Key, Service, contains, equal, holds, read,
                     wait_until)

# Of a server certificate of 13 months more than two thirds, but not all.
SLEPT = 300 * 24 * 3600


def sleeper():
    """An instance that was made long ago."""
    # The shim comes before the sanitizers, which do not like that.
    long_ago = {"LD_PRELOAD": CLOCK, "SHIFT": str(-SLEPT),
                "ASAN_OPTIONS": "verify_asan_link_order=0"}
    os.environ.update(long_ago)
    try:
        return Service(name="sleeper", listeners=2)
    finally:
        for name in long_ago:
            del os.environ[name]


def shown(s, port):
    """The certificate that a server shows."""
    pem = ssl.get_server_certificate(("127.0.0.1", s.ports[port]),
                                     ca_certs=None)
    return service.serial_of(pem)


def visits(s):
    """How often the keeper was there, as Prometheus is told."""
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" %
                                s.ports["metrics"]) as answer:
        found = re.search(rb'birthmark_starts_total{room="keeper".*} (\d+)',
                          answer.read())
    return int(found.group(1)) if found else 0


def begin_request(s, key, token):
    """All but the end of a request is sent: (connection, the end)."""
    both = service.base64.b64encode(":".join(token).encode()).decode()
    head = ("POST /.well-known/est/many/simpleenroll HTTP/1.1\r\n"
            "Host: localhost\r\nContent-Type: application/pkcs10\r\n"
            "Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n" %
            (both, len(key.body()))).encode()
    tls = s.tls().wrap_socket(service.socket.create_connection(
        ("127.0.0.1", s.ports["devices"]), timeout=service.PATIENCE),
        server_hostname="localhost")
    tls.sendall(head + key.body()[:10])
    return tls, key.body()[10:]


def test_what_is_due_is_renewed_and_no_request_is_lost():
    s = sleeper()
    device, secret = "SN-1", None
    secret = s.birthmark("token", "create", "--dir", s.dir, "--profile",
                         "many", "--device", device)[1].strip()
    key = Key(".", device, "/serialNumber=" + device)
    old = service.serial_of(read(s.dir + "/ca/server.pem").decode())
    with s.start():
        tls, rest = begin_request(s, key, (device, secret))
        for port in ("devices", "operators"):
            wait_until(port + " shows another certificate",
                       lambda p=port: shown(s, p) != old)
        new = service.serial_of(read(s.dir + "/ca/server.pem").decode())
        wait_until("all listeners show the same one", lambda: {
            shown(s, port) for port in ("devices", "operators")} == {new})
        tls.sendall(rest)
        answer = tls.recv(65536)
        holds(answer.startswith(b"HTTP/1.1 200 "), repr(answer[:100]))
        body = answer.partition(b"\r\n\r\n")[2]
        serial = service.serial_of(service.pem_of_certs_only(body))
        wait_until("OCSP says good again",
                   lambda: s.ocsp(serial) == "good")
        contains(s.words(), "event=keeper.")
        equal(s.words().count("event=room.died"), 0)
        equal(s.stop(), 0)
    contains(s.verify_ledger(), "")


def test_what_is_not_due_is_left_alone():
    s = Service(name="young")
    with s.start():
        old = read(s.dir + "/ca/server.pem")
        wait_until("the keeper has come", lambda: visits(s) == 1)
        wait_until("and gone", lambda: "keeper" not in s.rooms())
        s.process.send_signal(signal.SIGUSR1)
        wait_until("it comes again", lambda: visits(s) == 2)
        wait_until("and goes", lambda: "keeper" not in s.rooms())
        equal(read(s.dir + "/ca/server.pem"), old)
        equal(shown(s, "devices"), service.serial_of(old.decode()))
        equal(s.words().count("event=room.died"), 0)
        equal(s.stop(), 0)


service.main()
