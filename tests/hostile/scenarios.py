# SPDX-License-Identifier: Apache-2.0
"""What a hostile EST server does wrong. One row each: the operations it
strikes at, how often, and what a client must make of it:

    through   it comes through: what is odd here is allowed, or passes
    refused   it refuses, with an error of its own, and gives up or comes later
    either    both are right; hanging and crashing are not

Whatever happened, a client must later get its certificate from an honest
server, with the key that it has.
"""
import base64
import dataclasses
import os
import ssl
import time
import typing

import pki as pki_of
from wire import CERTS, Reply

ENROL = ("simpleenroll", "simplereenroll")
CA = ("cacerts",)
ATTRS = ("csrattrs",)
PROOF = ("status", "renewal")
ANY = ENROL + CA + ATTRS + PROOF

# Pauses of slow servers, in seconds, and pieces until it gives up itself.
DRIP = 0.5
DRIPS = 200
# Octets of a body that nobody should read to its end.
ENDLESS = 64 << 20


@dataclasses.dataclass
class Scenario:
    name: str
    outcome: str
    about: str
    at: tuple = ()
    spoil: typing.Optional[typing.Callable] = None
    times: typing.Optional[int] = None  # None: always
    server: str = "server"  # whose certificate the server shows
    version: typing.Optional[ssl.TLSVersion] = None
    below: typing.Optional[typing.Callable] = None  # instead of TLS


# ---- Replies, spoiled. Each takes (server, request, reply).

def with_headers(*pairs, drop=()):
    def spoil(_, __, reply):
        reply.headers = [h for h in reply.headers
                         if h[0].lower() not in drop] + list(pairs)
        return reply
    return spoil


def status(code, body=b"no\n", *headers):
    def spoil(_, __, ___):
        return Reply(code, body, "text/plain", headers)
    return spoil


def body(change):
    """Another encoding of the same body."""
    def spoil(_, __, reply):
        reply.body = change(reply.body)
        return reply
    return spoil


def raw(change):
    """Other octets on the wire."""
    def spoil(_, __, reply):
        reply.raw = change(reply)
        reply.close = True
        return reply
    return spoil


def der_of(text):
    return base64.b64decode(text)


def one_line(text):
    return base64.b64encode(der_of(text))


def crlf(text):
    return text.replace(b"\n", b"\r\n")


def odd_white(text):
    plain = one_line(text)
    lines = [plain[i:i + 7] for i in range(0, len(plain), 7)]
    return b"\r\n \t" + b" \t\r\n".join(lines) + b"\n\n"


def pem(text):
    return (b"-----BEGIN PKCS7-----\n" + text +
            b"-----END PKCS7-----\n")


def chunks(octets, n):
    out = b""
    for i in range(0, len(octets), n):
        part = octets[i:i + n]
        out += b"%x\r\n" % len(part) + part + b"\r\n"
    return out + b"0\r\n\r\n"


def chunked(n=17, extra=b"", trailer=b"", upper=False):
    def spoil(_, __, reply):
        coded = chunks(reply.body, n)
        if extra:
            coded = coded.replace(b"\r\n", extra + b"\r\n", 1)
        if upper:
            coded = b"0000" + coded
        if trailer:
            coded = coded[:-2] + trailer + b"\r\n"
        head = Reply.head(Reply(reply.status, b"", None, reply.headers +
                                [("Transfer-Encoding", "chunked")]),
                          length=False)
        reply.raw = head + coded
        return reply
    return spoil


def bad_chunks(coded):
    def spoil(_, __, reply):
        head = Reply.head(Reply(reply.status, b"", None, reply.headers +
                                [("Transfer-Encoding", "chunked")]),
                          length=False)
        reply.raw = head + coded
        reply.close = True
        return reply
    return spoil


def until_close(_, __, reply):
    reply.raw = Reply.head(reply, length=False, version="HTTP/1.0") + \
        reply.body
    reply.close = True
    return reply


def http_10(_, __, reply):
    reply.raw = Reply.head(reply, version="HTTP/1.0") + reply.body
    reply.close = True
    return reply


def interim(_, __, reply):
    reply.before = b"HTTP/1.1 100 Continue\r\n\r\n" \
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    return reply


def interim_storm(_, __, reply):
    def pieces():
        for _ in range(100000):
            yield b"HTTP/1.1 100 Continue\r\n\r\n"
    reply.pieces = pieces()
    reply.close = True
    return reply


def in_pieces(_, __, reply):
    octets = reply.octets()
    reply.pieces = (octets[i:i + 1] for i in range(len(octets)))
    return reply


def drip(_, __, reply):
    octets = reply.octets()

    def pieces():
        for i in range(min(DRIPS, len(octets))):
            yield octets[i:i + 1]
            time.sleep(DRIP)
    reply.pieces = pieces()
    reply.close = True
    return reply


def silence(_, __, reply):
    def pieces():
        time.sleep(DRIP * DRIPS)
        yield b""
    reply.pieces = pieces()
    reply.close = True
    return reply


def lost(_, __, ___):
    """The answer is lost: what was asked has been done."""
    return None


def truncated(reply):
    octets = reply.octets()
    return octets[:len(octets) - len(reply.body) // 2]


def longer(reply):
    return reply.head() + reply.body + b"AAAA" * 100


def endless(_, __, reply):
    head = Reply.head(reply, length=False)

    def pieces():
        yield head
        for _ in range(ENDLESS >> 12):
            yield b"MIIB" * 1024
    reply.pieces = pieces()
    reply.close = True
    return reply


def endless_header(_, __, reply):
    def pieces():
        yield b"HTTP/1.1 200 OK\r\nX-Pad: "
        for _ in range(ENDLESS >> 12):
            yield b"a" * 4096
    reply.pieces = pieces()
    reply.close = True
    return reply


def many_headers(_, __, reply):
    reply.headers = [("X-%d" % i, "v") for i in range(5000)] + reply.headers
    return reply


def huge_claim(_, __, reply):
    def pieces():
        yield Reply.head(reply, length=False)[:-2]
        yield b"Content-Length: 99999999999999999999\r\n\r\n"
        yield reply.body
    reply.pieces = pieces()
    reply.close = True
    return reply


def lengths(*values):
    def spoil(_, __, reply):
        head = Reply.head(reply, length=False)[:-2]
        for value in values:
            head += b"Content-Length: " + value + b"\r\n"
        reply.raw = head + b"\r\n" + reply.body
        reply.close = True
        return reply
    return spoil


def both_lengths(_, __, reply):
    head = Reply.head(reply)[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
    reply.raw = head + chunks(reply.body, 100)
    reply.close = True
    return reply


# ---- Certificates, spoiled

def certificates(make):
    """A certs-only reply of make(server, request)'s DERs."""
    def spoil(server, request, reply):
        message = pki_of.certs_only(make(server, request))
        reply.body = base64.encodebytes(message)
        return reply
    return spoil


def message(make):
    """Other DER in the body."""
    def spoil(server, request, reply):
        reply.body = base64.encodebytes(make(server, request))
        return reply
    return spoil


def of_another_key(server, _):
    if not os.path.exists(server.pki.path("another.pem")):
        server.pki.leaf("another", "issuing", "/CN=another", pki_of.CLIENT)
    return [server.pki.der("another"), server.pki.der("issuing")]


def of_foreign_ca(server, request):
    return [server.certificate(request, by="foreign"),
            server.pki.der("foreign")]


def foreign_extra(server, request):
    return [server.pki.der("foreign"), server.certificate(request),
            server.pki.der("issuing")]


def leaf_last(server, request):
    return [server.pki.der("root"), server.pki.der("issuing"),
            server.certificate(request)]


def leaf_alone(server, request):
    return [server.certificate(request)]


def twice(server, request):
    return [server.certificate(request)] * 2 + [server.pki.der("issuing")]


def many(server, request):
    return [server.pki.der("foreign")] * 200 + [server.certificate(request)]


def as_ca(server, request):
    return [server.certificate(request, extensions=pki_of.CA),
            server.pki.der("issuing")]


UNKNOWN_CRITICAL = pki_of.CLIENT + "1.2.3.4=critical,DER:0500\n"


def critical(server, request):
    return [server.certificate(request, extensions=UNKNOWN_CRITICAL),
            server.pki.der("issuing")]


def expired(server, request):
    return [server.certificate(request, days="-1"),
            server.pki.der("issuing")]


def damaged(server, request):
    der = bytearray(server.certificate(request))
    der[-10] ^= 1
    return [bytes(der), server.pki.der("issuing")]


def roots(*names):
    def make(server, _):
        return [server.pki.der(n) for n in names]
    return make


# ---- What csrattrs may hold (RFC 8951 4, RFC 9908)

def attrs(hexadecimal):
    def spoil(_, __, ___):
        return Reply(200, base64.encodebytes(bytes.fromhex(hexadecimal)),
                     "application/csrattrs")
    return spoil


# An OID that nobody knows, and ecdsa-with-SHA256.
UNKNOWN_OIDS = "3014" "06082a0304050607080a" "06082a8648ce3d040302"
# challengePassword
CHALLENGE = "300b" "06092a864886f70d010907"
# id-ecPublicKey with secp384r1, which the client has not
P384 = "3016" "301406072a8648ce3d0201310906052b81040022" "0500"
# extensionRequest { subjectAltName DNS:asked.example }
SAN = ("302e" "302c" "06092a864886f70d01090e" "311f" "301d" "301b"
       "0603551d11" "0414" "3012" "8210"
       "61736b65642e6578616d706c652e636f")


# ---- Below HTTP

def plain_http(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def noise(connection):
    connection.sendall(bytes(range(256)) * 16)


def hang_up(connection):
    connection.recv(1)


def tls_alert(connection):
    connection.recv(4096)
    connection.sendall(bytes.fromhex("15030300020228"))


def half_hello(connection):
    connection.recv(4096)
    connection.sendall(bytes.fromhex("160303007a02000076"))
    time.sleep(DRIP * DRIPS)


def deaf(connection):
    time.sleep(DRIP * DRIPS)
    connection.close()


# ---- Redirects

def redirect(code, where):
    def spoil(server, request, _):
        place = where.format(port=server.port, path=request.path)
        return Reply(code, b"", None, [("Location", place)])
    return spoil


LATER = [("Retry-After", "1")]


def later_in_days(_, __, ___):
    return Reply(202, b"", None, [("Retry-After", "99999999999999999999")])


def later_by_date(_, __, ___):
    return Reply(202, b"", None,
                 [("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
                  ("Retry-After", "Thu, 01 Jan 2026 00:00:01 GMT")])


def row(name, outcome, about, at=(), spoil=None, **more):
    return Scenario(name, outcome, about, at, spoil, **more)


SCENARIOS = [
    row("honest", "through", "nothing is wrong"),

    # Odd, and allowed
    row("tls-1.2", "through", "TLS 1.2 only",
        version=ssl.TLSVersion.TLSv1_2),
    row("one-line", "through", "base64 in one line", CA + ENROL,
        body(one_line)),
    row("crlf", "through", "base64 with CRLF", CA + ENROL, body(crlf)),
    row("odd-white", "through", "white space all over the base64",
        CA + ENROL, body(odd_white)),
    row("chunked", "through", "chunks of 17 octets", CA + ENROL, chunked()),
    row("chunked-one", "through", "chunks of one octet", CA + ENROL,
        chunked(1)),
    row("chunk-extension", "through", "a chunk extension", ENROL,
        chunked(extra=b";name=value")),
    row("chunk-trailer", "through", "a trailer behind the chunks", ENROL,
        chunked(trailer=b"Expires: never\r\n")),
    row("until-close", "through", "HTTP/1.0, body ends with the connection",
        CA + ENROL, until_close),
    row("http-1.0", "through", "HTTP/1.0 with a length", CA + ENROL,
        http_10),
    row("interim", "through", "100 and 103 before the answer", ENROL,
        interim),
    row("octet-by-octet", "through", "each octet by itself", ENROL,
        in_pieces),
    row("lower-case", "through", "header names in lower case", ENROL,
        with_headers(("content-type", CERTS), drop=("content-type",))),
    row("no-encoding", "through", "a transfer encoding that is no base64",
        ENROL, with_headers(("Content-Transfer-Encoding", "binary"))),
    row("leaf-last", "through", "its certificate comes last", ENROL,
        certificates(leaf_last)),
    row("leaf-alone", "through", "its certificate comes alone", ENROL,
        certificates(leaf_alone)),
    row("foreign-extra", "through", "a foreign certificate beside its own",
        ENROL, certificates(foreign_extra)),
    row("attrs-404", "through", "csrattrs is not known", ATTRS, status(404)),
    row("attrs-unknown", "through", "csrattrs that nobody knows", ATTRS,
        attrs(UNKNOWN_OIDS)),
    row("attrs-challenge", "through", "csrattrs wants channel binding",
        ATTRS, attrs(CHALLENGE)),
    row("pending-once", "through", "202, then the certificate", ENROL,
        status(202, b"", *LATER), times=1),
    row("busy-once", "through", "503, then the certificate", ENROL,
        status(503, b"", *LATER), times=1),
    row("slow-down-once", "through", "429, then the certificate", ENROL,
        status(429, b"", *LATER), times=1),
    row("lost-reply", "through", "the reply is lost; the next is the same",
        ENROL, lost, times=1),
    row("lost-twice", "through", "two replies are lost", ENROL, lost,
        times=2),
    row("half-reply-once", "through", "half a reply, then a whole one",
        ENROL, raw(truncated), times=1),
    row("redirect-inside", "through", "307 within the origin", CA,
        redirect(307, "https://127.0.0.1:{port}/.well-known/est/again/"
                 "cacerts"), times=1),
    row("proof-404", "through", "no /device/v1/status: a plain EST server",
        PROOF, status(404)),
    row("rollover", "through", "cacerts with both roots and both links", CA,
        certificates(roots("next", "old_with_new", "issuing", "root",
                           "new_with_old"))),

    # Either way is right
    row("pem", "either", "PEM armour around the base64", ENROL, body(pem)),
    row("der", "either", "DER as it is", ENROL, body(der_of)),
    row("wrong-type", "either", "the right body, called text/html", ENROL,
        with_headers(("Content-Type", "text/html"),
                     drop=("content-type",))),
    row("no-type", "either", "no Content-Type", ENROL,
        with_headers(drop=("content-type",))),
    row("twice", "either", "its certificate twice", ENROL,
        certificates(twice)),
    row("attrs-garbage", "either", "csrattrs is no DER", ATTRS,
        attrs("ff00ff00")),
    row("attrs-san", "either", "csrattrs wants a subjectAltName", ATTRS,
        attrs(SAN)),
    row("attrs-p384", "either", "csrattrs wants a key it cannot have",
        ATTRS, attrs(P384)),
    row("attrs-500", "either", "csrattrs fails", ATTRS, status(500)),
    row("longer", "either", "octets behind the body", ENROL, raw(longer)),
    row("many-headers", "either", "5,000 headers", ENROL, many_headers),

    # Wrong bodies
    row("html", "refused", "a page of HTML with 200", ENROL,
        status(200, b"<html>Welcome</html>\n")),
    row("empty", "refused", "nothing with 200", ENROL, status(200, b"")),
    row("bad-base64", "refused", "base64 that is none", ENROL,
        body(lambda text: b"!!" + text)),
    row("padding-inside", "refused", "padding within the base64", ENROL,
        body(lambda text: text[:40] + b"=" + text[41:])),
    row("garbage", "refused", "base64 of garbage", ENROL,
        message(lambda *_: os.urandom(700))),
    row("half-der", "refused", "half a message, well encoded", ENROL,
        body(lambda text: base64.encodebytes(
            der_of(text)[:len(der_of(text)) // 2]))),
    row("truncated", "refused", "the connection ends within the body", ENROL,
        raw(truncated)),
    row("endless", "refused", "a body without end", ENROL, endless),
    row("endless-cacerts", "either", "CA certificates without end", CA,
        endless),
    row("endless-header", "refused", "a header without end", ENROL,
        endless_header),
    row("huge-claim", "refused", "a length of 10^20", ENROL, huge_claim),
    row("negative", "refused", "a negative length", ENROL, lengths(b"-1")),
    row("two-lengths", "refused", "two lengths that differ", ENROL,
        lengths(b"10", b"20")),
    row("word-length", "refused", "a length in words", ENROL,
        lengths(b"ten")),
    row("both-lengths", "refused", "a length, and chunks", ENROL,
        both_lengths),
    row("chunk-overflow", "refused", "a chunk of 2^64 octets", ENROL,
        bad_chunks(b"10000000000000000\r\nAAAA\r\n0\r\n\r\n")),
    row("chunk-words", "refused", "a chunk length that is none", ENROL,
        bad_chunks(b"zz\r\nAAAA\r\n0\r\n\r\n")),
    row("chunk-short", "refused", "a chunk that is shorter than it says",
        ENROL, bad_chunks(b"20\r\nAAAA\r\n0\r\n\r\n")),
    row("chunk-cut", "refused", "the last chunk is missing", ENROL,
        bad_chunks(b"4\r\nAAAA\r\n")),
    row("no-http", "refused", "no HTTP within TLS", ENROL,
        raw(lambda _: b"220 mail.example ESMTP\r\n")),
    row("status-word", "refused", "a status that is no number", ENROL,
        raw(lambda _: b"HTTP/1.1 OK\r\n\r\n")),
    row("interim-storm", "refused", "100 Continue, for ever", ENROL,
        interim_storm),

    # Wrong certificates
    row("another-key", "refused", "a certificate of another key", ENROL,
        certificates(of_another_key)),
    row("foreign-ca", "refused", "a certificate of a foreign CA", ENROL,
        certificates(of_foreign_ca)),
    row("expired", "refused", "a certificate that has expired", ENROL,
        certificates(expired)),
    row("damaged", "refused", "a signature with a wrong bit", ENROL,
        certificates(damaged)),
    row("critical", "refused", "an unknown critical extension", ENROL,
        certificates(critical)),
    row("as-ca", "refused", "a CA certificate for a device", ENROL,
        certificates(as_ca)),
    row("no-certs", "refused", "a message without certificates", ENROL,
        certificates(lambda *_: [])),
    row("only-cas", "refused", "CA certificates alone", ENROL,
        certificates(roots("issuing", "root"))),
    row("many", "either", "two hundred certificates", ENROL,
        certificates(many)),
    row("foreign-root", "either", "cacerts with another root of that name",
        CA, certificates(roots("foreign"))),
    row("self-made-link", "either", "a new root without the old one's word",
        CA, certificates(roots("next", "issuing", "root"))),

    # Never an answer
    row("pending-storm", "refused", "202, for ever", ENROL,
        status(202, b"", *LATER)),
    row("pending-no-time", "refused", "202 without Retry-After, for ever",
        ENROL, status(202, b"")),
    row("pending-ages", "refused", "202 for 10^20 seconds", ENROL,
        later_in_days),
    row("pending-date", "refused", "202 until a date", ENROL,
        later_by_date),
    row("busy", "refused", "503, for ever", ENROL, status(503, b"", *LATER)),
    row("lost-always", "refused", "each reply is lost", ENROL, lost),
    row("drip", "refused", "an octet now and then", ENROL, drip),
    row("silence", "refused", "no octet at all", ENROL, silence),

    # No
    row("401", "refused", "who are you?", ENROL,
        status(401, b"", ("WWW-Authenticate", 'Basic realm="estrealm"'))),
    row("403", "refused", "forbidden", ENROL, status(403)),
    row("400", "refused", "a bad request", ENROL, status(400)),
    row("500", "refused", "an error of the server", ENROL, status(500)),
    row("100-only", "refused", "an interim answer and no other", ENROL,
        raw(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n")),
    row("204", "refused", "204 for a certificate", ENROL,
        status(204, b"")),

    # Redirects
    row("redirect-host", "refused", "to another host", ENROL,
        redirect(302, "https://localhost:{port}{path}")),
    row("redirect-port", "refused", "to another port", ENROL,
        redirect(307, "https://127.0.0.1:1{path}")),
    row("redirect-plain", "refused", "to plain HTTP", ENROL,
        redirect(307, "http://127.0.0.1:{port}{path}")),
    row("redirect-loop", "refused", "to itself, for ever", ENROL,
        redirect(307, "{path}")),
    row("redirect-nowhere", "refused", "without a Location", ENROL,
        status(302, b"")),
    row("redirect-long", "refused", "to a path of 100,000 octets", ENROL,
        redirect(307, "{path}" + "x" * 100000)),

    # Not the server
    row("stranger", "refused", "a server of a foreign CA",
        server="stranger"),
    row("misnamed", "refused", "a server of another name",
        server="misnamed"),
    row("no-server", "refused", "a certificate that is for clients",
        server="no_server"),
    row("plain-http", "refused", "HTTP without TLS", below=plain_http),
    row("noise", "refused", "noise instead of TLS", below=noise),
    row("hang-up", "refused", "hangs up at once", below=hang_up),
    row("alert", "refused", "a fatal alert", below=tls_alert),
    row("half-hello", "refused", "half a ServerHello", below=half_hello),
    row("deaf", "refused", "accepts, and says nothing", below=deaf),
]
