#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receivers of events: webhooks at port 443 and syslog at 6514, over TLS.

receivers.py CERTIFICATE KEY OUT: what is taken is a line in OUT each, "webhook PATH TYPE"
or "syslog KIND". While there is a file OUT.down, webhooks are answered with 503.
"""
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain(sys.argv[1], sys.argv[2])
OUT = sys.argv[3]


def took(*words):
    with open(OUT, "a", encoding="utf-8") as f:
        print(*words, file=f)


class Webhook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        down = os.path.exists(OUT + ".down")
        if not down:
            took("webhook", self.path, event["type"])
        self.send_response(503 if down else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Syslog(socketserver.StreamRequestHandler):
    def handle(self):
        length = b""
        while octet := self.rfile.read(1):
            length += octet
            if octet == b" ":
                took("syslog", self.rfile.read(int(length)).split()[5].decode())
                length = b""


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def get_request(self):
        cable, peer = self.socket.accept()
        return CONTEXT.wrap_socket(cable, server_side=True,
                                   do_handshake_on_connect=False), peer

    def handle_error(self, request, client_address):
        pass  # whoever leaves in a handshake


threading.Thread(target=Server(("", 6514), Syslog).serve_forever).start()
Server(("", 443), Webhook).serve_forever()
