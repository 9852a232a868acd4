# SPDX-License-Identifier: Apache-2.0
"""Whoever receives events, for tests: webhooks and syslog, real ones, on
loopback with TLS, that can be told to behave badly."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import threading

import service


def make_ca(name):
    """A CA, and a server's certificate for localhost below it."""
    service.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    name + "-ca.key", "-out", name + "-ca.pem", "-subj",
                    "/CN=CA of " + name, "-days", "30")
    for who, use in (("server", "serverAuth"), ("client", "clientAuth")):
        stem = "%s-%s" % (name, who)
        service.openssl("req", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        stem + ".key", "-out", stem + ".csr", "-subj",
                        "/CN=" + who)
        service.write(stem + ".cnf", "subjectAltName=DNS:localhost,"
                      "IP:127.0.0.1\nextendedKeyUsage=%s\n" % use)
        service.openssl("x509", "-req", "-in", stem + ".csr", "-CA",
                        name + "-ca.pem", "-CAkey", name + "-ca.key",
                        "-CAcreateserial", "-days", "30", "-extfile",
                        stem + ".cnf", "-out", stem + ".pem")
        service.write(stem + "-both.pem", service.read(stem + ".pem") +
                      service.read(stem + ".key"))
        os.chmod(stem + "-both.pem", 0o600)
    return name


def make_odd_ca(name):
    """A certificate that we can read and OpenSSL cannot: an attribute of its
    name is a number."""
    service.write(name + ".cnf", "oid_section=oids\n[oids]\nodd=1.2.3.4\n"
                  "[req]\ndistinguished_name=dn\nprompt=no\n"
                  "string_mask=utf8only\n[dn]\nCN=odd\nodd=A\n"
                  "[ext]\nbasicConstraints=critical,CA:true\n")
    text = service.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                           name + ".key", "-config", name + ".cnf",
                           "-extensions", "ext", "-days", "30")
    der = ssl.PEM_cert_to_DER_cert(text).replace(
        bytes.fromhex("06032a03040c0141"), bytes.fromhex("06032a0304020141"))
    service.write(name + ".pem", ssl.DER_cert_to_PEM_cert(der))
    return name + ".pem"


def server_context(ca, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca + "-server.pem", ca + "-server.key")
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Webhook:
    """Takes webhooks. `judge(event)` says what to answer: a status, "hang",
    "close" (in the middle of the answer), "flood", or a URL to go to. What
    was answered with 2xx is in `taken`, everything in `seen`."""

    def __init__(self, ca, judge=None, port=0, client_ca=None):
        self.seen = []
        self.taken = []
        self.headers = []
        self.judge = judge or (lambda event: 204)
        self.lock = threading.Lock()
        self.ending = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.serve(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass  # who connects may have been killed

            def finish_request(self, request, client_address):
                request.settimeout(service.PATIENCE)
                tls = outer.context.wrap_socket(request, server_side=True)
                super().finish_request(tls, client_address)

        self.context = server_context(ca, client_ca)
        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = "https://localhost:%d/hook?a=1" % self.port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def serve(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        event = json.loads(body)
        with self.lock:
            self.seen.append(event)
            self.headers.append((dict(request.headers), body))
            answer = self.judge(event)
            if isinstance(answer, int) and 200 <= answer <= 299:
                self.taken.append(event)
        if answer == "hang":
            self.ending.wait(service.PATIENCE)
        elif answer == "close":
            request.wfile.write(b"HTTP/1.1 20")
            request.close_connection = True
        elif answer == "flood":
            request.send_response(500)
            request.end_headers()
            try:
                while not self.ending.is_set():
                    request.wfile.write(b"x" * 65536)
            except OSError:
                pass
            request.close_connection = True
        elif isinstance(answer, str):
            request.send_response(307)
            request.send_header("Location", answer)
            request.send_header("Content-Length", "0")
            request.end_headers()
        else:
            request.send_response(answer)
            request.send_header("Content-Length", "0")
            request.end_headers()

    def stop(self):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()


def signature_of(secret, headers, body):
    """As https://www.standardwebhooks.com has it."""
    key = base64.b64decode(secret[len("whsec_"):])
    headers = {k.lower(): v for k, v in headers.items()}
    text = b"%s.%s.%s" % (headers["webhook-id"].encode(),
                          headers["webhook-timestamp"].encode(), body)
    mac = hmac.new(key, text, hashlib.sha256).digest()
    return headers, "v1," + base64.b64encode(mac).decode()


MESSAGE = re.compile(
    r'<(\d+)>1 (\S+) (\S+) birthmark - (\S+) '
    r'\[birthmark@32473((?: \w+="(?:[^"\\\]]|\\.)*")*)\] \ufeff(.*)', re.S)


def parse_syslog(message):
    """RFC 5424, strictly as far as we write it."""
    found = MESSAGE.fullmatch(message.decode("utf-8"))
    service.holds(found, "no message of RFC 5424: %r" % message)
    params = {name: re.sub(r"\\(.)", r"\1", value) for name, value in
              re.findall(r' (\w+)="((?:[^"\\\]]|\\.)*)"', found.group(5))}
    return {"priority": int(found.group(1)), "at": found.group(2),
            "host": found.group(3), "kind": found.group(4),
            "text": found.group(6), **params}


class Syslog:
    """Takes messages of RFC 5424 over TLS, counted as RFC 5425 says. `limit`:
    it closes each connection after so many."""

    def __init__(self, ca, limit=None, client_ca=None, port=0):
        self.context = server_context(ca, client_ca)
        self.limit = limit
        self.taken = []
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.url = "syslog+tls://localhost:%d" % self.port
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,),
                             daemon=True).start()

    def serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as tls:
                self.connections += 1
                self.read_all(tls.makefile("rb"))
        except OSError:
            plain.close()

    def read_all(self, stream):
        n = 0
        while self.limit is None or n < self.limit:
            length = b""
            while not length.endswith(b" "):
                octet = stream.read(1)
                if octet == b"":
                    return
                length += octet
            message = stream.read(int(length))
            if len(message) < int(length):
                return
            self.taken.append(parse_syslog(message))
            n += 1

    def stop(self):
        self.socket.close()


class Rsyslog:
    """rsyslogd with TLS by GnuTLS, which wants a client's certificate."""

    def __init__(self, ca):
        service.have("rsyslogd")
        self.port = service.free_port()
        self.file = service.os.path.abspath("rsyslog.out")
        where = service.os.getcwd()
        service.write("rsyslog.conf", """\
global(DefaultNetstreamDriver="gtls"
       DefaultNetstreamDriverCAFile="%(w)s/%(ca)s-ca.pem"
       DefaultNetstreamDriverCertFile="%(w)s/%(ca)s-server.pem"
       DefaultNetstreamDriverKeyFile="%(w)s/%(ca)s-server.key"
       workDirectory="%(w)s")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1"
       StreamDriver.AuthMode="x509/certvalid")
template(name="all" type="string"
         string="%%pri%%|%%hostname%%|%%app-name%%|%%msgid%%|%%structured-data%%|%%msg%%\\n")
input(type="imtcp" port="%(port)d" address="127.0.0.1" ruleset="r")
ruleset(name="r") { action(type="omfile" file="%(file)s" template="all") }
""" % {"w": where, "ca": ca, "port": self.port, "file": self.file})
        self.url = "syslog+tls://localhost:%d" % self.port
        self.log = open("rsyslog.log", "wb")
        self.process = subprocess.Popen(
            ["rsyslogd", "-n", "-f", "rsyslog.conf", "-i",
             where + "/rsyslog.pid"], stdout=self.log, stderr=self.log)
        service.wait_until("rsyslogd listens",
                           lambda: service.listening(self.port))

    def lines(self):
        try:
            return service.read(self.file).decode("utf-8").splitlines()
        except OSError:
            return []

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
