# SPDX-License-Identifier: Apache-2.0
"""HTTP as a hostile server needs it: requests read plainly, replies that may
be any octets."""
import base64

REQUEST_MAX = 1 << 17


class Request:
    """One request, read from `read(n)`."""

    def __init__(self, read):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            octet = read(1)
            if not octet or len(head) > REQUEST_MAX:
                raise EOFError
            head += octet
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = lines[0].split(" ", 2)
        self.headers = {}
        for line in lines[1:-2]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        n = int(self.headers.get("content-length", "0"))
        self.body = b""
        while len(self.body) < n:
            more = read(n - len(self.body))
            if not more:
                raise EOFError
            self.body += more
        self.operation = self.path.rstrip("/").rsplit("/", 1)[-1]


class Reply:
    """What is to be sent; scenarios change it, or send by themselves."""

    def __init__(self, status=200, body=b"", kind=None, headers=()):
        self.status = status
        self.body = body
        self.headers = list(headers)
        if kind:
            self.headers.append(("Content-Type", kind))
        self.close = False
        self.raw = None     # these octets instead
        self.pieces = None  # or this iterator of octets
        self.before = b""   # octets in front of the status line

    def head(self, *, length=True, version="HTTP/1.1"):
        lines = ["%s %d Words" % (version, self.status)]
        lines += ["%s: %s" % pair for pair in self.headers]
        if length:
            lines.append("Content-Length: %d" % len(self.body))
        if self.close:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def octets(self):
        if self.raw is not None:
            return self.raw
        return self.before + self.head() + self.body


CERTS = "application/pkcs7-mime; smime-type=certs-only"


def base64_of(der):
    """Lines of 64 characters, as most servers send it."""
    return base64.encodebytes(der)
