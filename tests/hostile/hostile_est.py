#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An EST server that misbehaves, to try a client against.

    hostile_est.py --list
    hostile_est.py [--scenario NAME] [--port N] [--dir DIR]

It makes a small PKI in DIR (root.pem is the anchor to give to the client),
listens on 127.0.0.1, prints "port N" and serves /.well-known/est[/LABEL]/...
and /device/v1/status. Any token is good; so is any client certificate. Except
for its scenario it is honest: what it does wrong, it does at one place. A
client must either come through or refuse with an error of its own; it must
never hang, crash, or take what it was not given. README.md has the rules.
"""
import argparse
import base64
import contextlib
import os
import socket
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pki as pki_of  # noqa: E402
import scenarios  # noqa: E402
from wire import CERTS, Reply, Request, base64_of  # noqa: E402

# How long a connection may sit here; clients are to give up earlier.
PATIENCE = 120


class Server:
    """`scenario`: a row of scenarios.SCENARIOS."""

    def __init__(self, scenario, where, port=0):
        self.scenario = scenario
        self.pki = pki_of.Pki(where)
        self.lock = threading.Lock()
        self.requests = []  # (operation, had a client certificate)
        self.issued = {}    # request -> certificate: the same again
        self.struck = 0     # how often the scenario came into force
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.context = self.make_context()
        threading.Thread(target=self.accept, daemon=True).start()

    def make_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        name = self.scenario.server
        context.load_cert_chain(self.pki.path(name + ".chain.pem"),
                                self.pki.path(name + ".key"))
        context.load_verify_locations(self.pki.path("root.pem"))
        context.load_verify_locations(self.pki.path("issuing.pem"))
        context.verify_mode = ssl.CERT_OPTIONAL
        if self.scenario.version:
            context.minimum_version = self.scenario.version
            context.maximum_version = self.scenario.version
        return context

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def close(self):
        self.listener.close()
        for s in list(self.sockets):
            with contextlib.suppress(OSError):
                s.close()

    def serve(self, connection):
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets.add(connection)
        try:
            if self.scenario.below:
                with self.lock:
                    self.struck += 1
                self.scenario.below(connection)
                return
            with self.context.wrap_socket(connection,
                                          server_side=True) as tls:
                self.converse(tls)
        except (OSError, EOFError, ValueError):
            pass
        finally:
            self.sockets.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def converse(self, tls):
        while True:
            request = Request(tls.recv)
            with self.lock:
                self.requests.append((request.operation,
                                      tls.getpeercert(True) is not None))
                reply = self.answer(request)
                reply = self.spoil(request, reply)
            if reply is None:
                return
            if reply.pieces is not None:
                for piece in reply.pieces:
                    tls.sendall(piece)
            else:
                tls.sendall(reply.octets())
            if reply.close:
                # An orderly end, so that a body may end with it.
                with contextlib.suppress(OSError):
                    tls.unwrap()
                return

    def spoil(self, request, reply):
        """Let the scenario at it, at its operation, as often as it wants."""
        s = self.scenario
        if s.spoil is None or request.operation not in s.at:
            return reply
        if s.times is not None and self.struck >= s.times:
            return reply
        self.struck += 1
        return s.spoil(self, request, reply)

    # -- an honest server

    def answer(self, request):
        honest = {
            "cacerts": self.cacerts,
            "csrattrs": self.csrattrs,
            "simpleenroll": self.enrol,
            "simplereenroll": self.enrol,
            "status": self.status,
            "renewal": self.status,
        }
        return honest.get(request.operation, self.nothing)(request)

    def nothing(self, _):
        return Reply(404, b"no\n", "text/plain")

    def status(self, _):
        return Reply(200, b'{"status":"good"}\n', "application/json")

    def cacerts(self, _):
        return Reply(200, base64_of(self.pki.certs_only(
            self.pki.der("issuing"), self.pki.der("root"))), CERTS)

    def csrattrs(self, _):
        return Reply(204)

    def enrol(self, request):
        ders = [self.certificate(request), self.pki.der("issuing")]
        return Reply(200, base64_of(self.pki.certs_only(*ders)), CERTS)

    def csr(self, request):
        der = base64.b64decode(request.body)
        return pki_of.openssl("req", "-inform", "DER", stdin=der)

    def certificate(self, request, by="issuing",
                    extensions=pki_of.CLIENT, days="90"):
        """What the client asks for; the same again for the same request."""
        pem = self.csr(request)
        key = (pem, by, extensions, days)
        if key not in self.issued:
            self.issued[key] = self.pki.sign(
                pem, by, extensions, "device%d" % len(self.issued), days)
        return self.issued[key]


def main():
    parser = argparse.ArgumentParser(
        description="An EST server that misbehaves, to try a client against.")
    parser.add_argument("--list", action="store_true",
                        help="name the scenarios, and what a client must do")
    parser.add_argument("--scenario", default="honest", metavar="NAME")
    parser.add_argument("--port", type=int, default=0, metavar="N")
    parser.add_argument("--dir", metavar="DIR",
                        help="keep the PKI here; its root.pem is the anchor")
    args = parser.parse_args()
    if args.list:
        for s in scenarios.SCENARIOS:
            print("%-26s %-8s %s" % (s.name, s.outcome, s.about))
        return 0
    found = [s for s in scenarios.SCENARIOS if s.name == args.scenario]
    if not found:
        parser.error("no scenario is called " + args.scenario)
    where = args.dir or tempfile.mkdtemp(prefix="hostile-est-")
    server = Server(found[0], where, args.port)
    print("anchor %s" % server.pki.path("root.pem"))
    print("port %d" % server.port, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
