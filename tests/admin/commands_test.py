# SPDX-License-Identifier: Apache-2.0
"""The same command, the same output: in the directory itself, and over the API
of the server that works there.

    commands_test.py BIRTHMARK BIRTHMARKD
"""
import fcntl
import http.server
import json
import os
import re
import shutil
import ssl
import threading

from api import LDEVID, service
from service import PROGRAM, contains, equal, main, openssl, read, run, write


def birthmark(*args, stdin=b""):
    return run(PROGRAM, *args, check=False, stdin=stdin)


def fill(srv):
    """Something of everything, and a request to come."""
    at = ("--dir", srv.dir)
    for i in range(3):
        key = service.Key(srv.dir, "dev-%d" % i, "/serialNumber=dev-%d" % i)
        srv.issue(LDEVID, key)
        srv.birthmark("token", "create", *at, "--profile", LDEVID, "--device",
                      "tok-%d" % i)
    service.Key(srv.dir, "new", "/serialNumber=new")
    # A key that signs firmware, and something to be signed.
    srv.birthmark("image", "keygen", "--out", srv.dir + "/fw.pub", *at,
                  "file:fw.key")
    srv.birthmark("image", "keygen", *at, "file:root-a.key")
    write(srv.dir + "/program", "a program\n")
    # The misuse of a key, which is an event.
    equal(birthmark("cert", "issue", *at, "--profile", LDEVID, "--csr",
                    srv.dir + "/dev-0.csr", "--device", "thief", "--subject",
                    "serialNumber=thief")[0], 1)
    srv.birthmark("ledger", "checkpoint", *at)


def filled(name, made=[]):
    """An instance of its own for each test, filled once."""
    if not made:
        made.append(service.Service(name="filled", listeners=1,
                                    limits_identity=100000,
                                    limits_organisation=100000))
        fill(made[0])
    srv = service.Service.__new__(service.Service)
    srv.__dict__.update(made[0].__dict__)
    srv.dir = os.path.abspath(name)
    srv.log = srv.dir + ".log"
    shutil.copytree(made[0].dir, srv.dir)
    return srv


def url_of(srv):
    return "https://localhost:%d" % srv.ports["operators"]


def reads(srv):
    serials = [c["serial_number"] for c in srv.certs()]
    last = serials[-1]
    for words in (("ca", "list"), ("ca", "show"), ("token", "list"),
                  ("device", "list"), ("device", "events"), ("cert", "list"),
                  ("cert", "show", "01", last, "x")):
        yield words
        yield words + ("--json",)
    yield ("ca", "show", "none", "issuing")
    yield ("device", "events", "--device", "dev-0")
    yield ("device", "events", "--device", "none")
    yield ("cert", "list", "--newest", "--limit", "2")
    yield ("cert", "list", "--status", "revoked")
    yield ("cert", "list", "--limit", "1", "--status", "valid")
    yield ("cert", "list", "--profile", LDEVID, "--after", "5")
    yield ("cert", "list", "--device", "dev-1")
    yield ("cert", "list", "--device", "none")
    yield ("cert", "list", "--ca", "none")
    yield ("cert", "list", "--expires-before", "2026-11-27")
    for words in (("ecosystem", "list"), ("ecosystem", "show", "1"),
                  ("org", "list"), ("org", "show", "1"),
                  ("org", "profiles", "1")):
        yield words
        yield words + ("--json",)
    yield ("org", "show", "2")
    yield ("profile", "diff", "--from", "1", LDEVID)
    yield ("profile", "diff", "--from", "2", LDEVID)
    yield ("profile", "list")
    yield ("profile", "show", LDEVID)
    yield ("ledger", "prove", last)
    yield ("ledger", "prove", "01")
    yield ("ledger", "prove", "x")


def test_what_is_read_is_the_same():
    with filled("reads") as srv:
        srv.start()
        for words in reads(srv):
            here = birthmark(*words, "--dir", srv.dir)
            there = birthmark(*words, "--dir", srv.dir, "--url", url_of(srv))
            equal(there, here, words)
            equal(here[0] in (0, 1), True, words)
        # Where the file is, only the owner of the directory sees.
        here, there = (
            [json.loads(line) for line in birthmark(
                "profile", "list", "--json", "--dir", srv.dir, *more)[1]
             .splitlines()] for more in ((), ("--url", url_of(srv))))
        for a, b in zip(here, there):
            equal(a.pop("file"), srv.dir + "/profiles/" + b.pop("file"))
        equal(there, here)


def masked(text, srv):
    """Without what is another each time."""
    text = text.replace(srv.dir, "DIR")
    text = re.sub(r"[0-9]{4}-[0-9-]{5}T[0-9:]{8}Z", "TIME", text)
    text = re.sub(r"-----BEGIN .*?-----END [A-Z ]+-----\n", "PEM\n", text, flags=re.S)
    text = re.sub(r"\b[0-9a-f]{16,40}\b", "HEX", text)
    text = re.sub(r"^[a-z2-7]{32}$", "SECRET", text, flags=re.M)
    return re.sub(r"(ledger\n)\d+\n\S+\n\n.*\n", r"\1NOTE\n", text)


def writes(srv):
    """A day's work; what it is about stands in files of the instance."""
    serial = service.serial_of(read(srv.dir + "/dev-1.pem").decode())
    token = birthmark("token", "list", "--dir", srv.dir)[1].split()[0]
    write(srv.dir + "/bad.csr", "no request\n")
    write(srv.dir + "/wrong.csv", "device,serial,mac\na,1,\nb,1,\nc,,zz\n,,\n")
    write(srv.dir + "/list.json", '[{"device": "l-1", "serial": "l-1", '
          '"labels": ["room=12"]}, {"name": "l-2", "model": "a,\\"b\\""}]')
    issue = ("cert", "issue", "--profile", LDEVID, "--csr")
    sign = ("image", "sign", "--key", "file:fw.key", "--version", "1.2.3+4",
            "--pad-header", "--ledger", srv.dir + "/program", "--out")
    return (
        ("token", "create", "--profile", LDEVID, "--device", "tok-9"),
        # Keys are here, the ledger is there.
        sign + (srv.dir + "/a.img",), sign + (srv.dir + "/a.img",),
        ("keyset", "make", "--root", "file:root-a.key", "--epoch", "1",
         "--key", srv.dir + "/fw.pub", "--ledger", "--out",
         srv.dir + "/a.set"),
        ("token", "create", "--profile", "none", "--device", "tok-9"),
        ("token", "create", "--profile", LDEVID, "--device", "no such name"),
        ("token", "revoke", token), ("token", "revoke", token, "none"),
        issue + (srv.dir + "/new.csr",),
        issue + (srv.dir + "/new.csr", "--chain"),
        issue + (srv.dir + "/new.csr", "--out", srv.dir + "/new.pem"),
        issue + (srv.dir + "/new.csr", "--out", srv.dir + "/new.pem"),
        issue + (srv.dir + "/new.csr", "--device", "other", "--subject",
                 "serialNumber=other"),
        issue + (srv.dir + "/bad.csr",),
        issue + (srv.dir + "/new.csr", "--subject", "CN"),
        ("cert", "issue", "--profile", "none", "--csr", srv.dir + "/new.csr"),
        ("cert", "revoke", serial, "--reason", "certificateHold"),
        ("cert", "release", serial), ("cert", "release", serial),
        ("cert", "revoke", serial, "01", "--reason", "keyCompromise",
         "--invalid-since", "2026-11-01"),
        ("cert", "revoke", serial), ("cert", "revoke", "x"),
        ("cert", "revoke", "01", "--reason", "removeFromCRL"),
        ("device", "suspend", "dev-2", "none"), ("device", "suspend", "dev-2"),
        ("device", "resume", "dev-2"), ("device", "resume", "dev-2"),
        ("device", "add", "own", "serial=7", "mac=00-00-00-00-00-01"),
        ("device", "add", "bare"), ("device", "add", "own"),
        ("device", "add", "other", "serial=7"),
        ("device", "set", "own", "serial=", "label.room=12"),
        ("device", "set", "own", "mac=1"), ("device", "show", "own"),
        ("device", "list", "--label", "room=12"),
        ("device", "list", "--mac", "x"), ("device", "list", "--batch", "9"),
        ("device", "list", "--state", "active", "--expires-from", "2026-01-01"),
        ("device", "expect", srv.dir + "/wrong.csv"),
        ("device", "expect", srv.dir + "/list.json"),
        ("device", "expect", srv.dir + "/list.json"),
        ("device", "export"), ("device", "export", "--format", "json"),
        ("device", "revoke", "--reason", "superseded", "dev-2"),
        ("device", "retire", "dev-2", "none"), ("device", "retire", "dev-2"),
        ("ecosystem", "create", "Wide"), ("ecosystem", "create", "Wide"),
        ("org", "create", "South"), ("org", "create", "South"),
        ("org", "create", "--ecosystem", "2", "South"),
        ("org", "rename", "2", "South Gears"), ("org", "suspend", "2"),
        ("org", "suspend", "2"), ("org", "resume", "2"),
        ("org", "quota", "--add", "5", "2", LDEVID),
        ("org", "enable", "2", LDEVID), ("org", "enable", "2", LDEVID),
        ("org", "quota", "--add", "5", "2", LDEVID),
        ("org", "quota", "--take", "6", "2", LDEVID),
        ("org", "move", "--to", "1", "--amount", "1", "2", LDEVID),
        ("org", "quota", "--unlimited", "1", LDEVID),
        ("org", "quota", "2", LDEVID), ("org", "stay", "2", LDEVID),
        ("org", "follow", "2", LDEVID), ("org", "disable", "2", LDEVID),
        ("ca", "crl"), ("ca", "crl", "issuing"), ("ca", "crl", "root"),
        ("ca", "crl", "none"), ("ledger", "checkpoint"),
    )


def test_what_is_done_is_the_same():
    here = filled("here")
    with filled("served") as there:
        both = list(zip(writes(here), writes(there)))
        there.start()
        for mine, other in both:
            got = [(code, masked(out, srv), masked(err, srv))
                   for srv, (code, out, err) in (
                       (here, birthmark(*mine, "--dir", here.dir)),
                       (there, birthmark(*other, "--dir", there.dir)))]
            equal(got[1], got[0], mine)
        # It was the server who did it: the ledger says so.
        out = birthmark("cert", "list", "--dir", there.dir, "--json")[1]
        equal(len(out.splitlines()),
              len(birthmark("cert", "list", "--dir", here.dir)[1]
                  .splitlines()))
        there.stop()
        for where in (here.dir, there.dir):
            equal(birthmark("ledger", "verify", "--dir", where)[0], 0, where)


def leaves_of(srv):
    return json.loads(birthmark("ledger", "verify", "--dir", srv.dir,
                                "--json")[1])["leaves"]


def table(rows):
    return "device,serial,mac,label.site,hardware-version\r\n" + "".join(
        "%s,%s,%s,%s,%s\r\n" % row for row in rows)


def test_a_list_of_devices_goes_out_as_it_came():
    with filled("list") as srv:
        at = ("--dir", srv.dir)
        file = srv.dir + "/devices.csv"
        rows = [("d-%04d" % i, "s-%d" % i, "%012x" % i, '"here, there"', "\xfc")
                for i in range(2500)]
        # Twice, in rows that no request has together: nothing is changed.
        before = birthmark("device", "export", *at)
        write(file, table(rows + [("d-9999", "s-3", "", "", "")]))
        code, out, err = birthmark("device", "expect", *at, file)
        equal((code, out), (1, ""), err)
        contains(err, "row 2501, column serial: as in row 4")
        contains(err, "1 rows are wrong: nothing was changed")
        equal(birthmark("device", "export", *at), before)
        write(file, table(rows))
        leaves = leaves_of(srv)
        srv.start()  # by a server, in pieces
        equal(birthmark("device", "expect", *at, "--url", url_of(srv), file)[:2],
              (0, "2500 expected, 0 already\n"))
        equal(birthmark("device", "expect", *at, "--url", url_of(srv), file)[:2],
              (0, "0 expected, 2500 already\n"))
        srv.stop()
        # A turn of the server for each 64 KiB, with a record of its own.
        octets = sum(len("%s\nserial=%s\nmac=%s\nlabel.site=%s\n"
                         "hardware-version=%s" % row) for row in rows)
        contains(range(octets // 65536 + 1, octets // 60000 + 2),
                 leaves_of(srv) - leaves)
        for form in ("csv", "json"):
            code, out, err = birthmark("device", "export", *at, "--format",
                                       form)
            equal(code, 0, err)
            lines = [l for l in out.splitlines() if "d-" in l]
            equal(len(lines), 2500)
            # To an instance that knows none of them.
            other = filled("other-" + form)
            write(file, out.splitlines()[0] + "\n" + "\n".join(lines) + "\n"
                  if form == "csv" else "\n".join(lines) + "\n")
            equal(birthmark("device", "expect", "--dir", other.dir, file)[:2],
                  (0, "2500 expected, 0 already\n"))
            again = birthmark("device", "export", "--dir", other.dir,
                              "--format", form)[1]
            equal([masked(re.sub(r'"id":\d+', "", l), srv)
                   for l in again.splitlines() if "d-" in l],
                  [masked(re.sub(r'"id":\d+', "", l), srv) for l in lines])
            equal(birthmark("ledger", "verify", "--dir", other.dir)[0], 0)


def test_an_identity_works_from_anywhere():
    with filled("anywhere") as srv:
        srv.start()
        os.mkdir("elsewhere")
        write("elsewhere/me.pem", read(srv.operator[0]) + read(srv.operator[1]))
        shutil.copy(srv.root, "elsewhere/root.pem")
        os.chdir("elsewhere")
        try:
            far = ("--url", url_of(srv), "--identity", "me.pem",
                   "--server-ca", "root.pem")
            equal(birthmark("device", "list", *far),
                  birthmark("device", "list", "--dir", srv.dir))
            code, out, err = birthmark("token", "create", "--profile", LDEVID,
                                       "--device", "far", *far)
            equal((code, len(out)), (0, 33), err)
            equal(birthmark("ca", "crl", "issuing", *far),
                  (0, "issuing.crl\n", ""))
        finally:
            os.chdir("..")


def refused(words, *args, code=1):
    got, out, err = birthmark(*args)
    equal((got, out), (code, ""), (args, err))
    contains(err, words)


def test_what_cannot_be_asked_is_said():
    with filled("silent") as srv:
        at = ("--dir", srv.dir)
        url = ("--url", url_of(srv))
        # Nobody is there; somebody else holds the lock.
        refused("onnect", "ca", "list", *at, *url)
        with open(srv.dir + "/run/lock", "r+b") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            refused("run/lock is locked), and no server answers", "token",
                    "create", "--profile", LDEVID, "--device", "x", *at)
            refused("while a server is at work", "cert", "import", *at,
                    srv.dir + "/dev-0.pem")
        srv.start()
        refused("this is not done while a server is at work", "cert",
                "import", *at, srv.dir + "/dev-0.pem")
        refused("certificate", "ca", "list", *at, *url, "--server-ca",
                srv.dir + "/dev-0.pem")
        write("stranger.pem", read(srv.dir + "/dev-0.pem") +
              read(srv.dir + "/dev-0.key"))
        refused("role does not allow this", "ca", "list", *at, *url,
                "--identity", "stranger.pem")
        for wrong in ("http://localhost", "https://", "https://localhost/x",
                      "https://me@localhost", "localhost:8444"):
            refused("is not https://HOST", "ca", "list", *at, "--url", wrong)
        refused("no-such.pem", "ca", "list", *at, *url, "--identity",
                "no-such.pem")


# ---- A server that is not one of ours

class Answers(http.server.BaseHTTPRequestHandler):
    """Gives the answers that a test has laid out, and notes the requests."""
    todo = []
    seen = []

    def answer(self):
        n = int(self.headers.get("Content-Length", 0))
        self.seen.append((self.command, self.path,
                          self.headers.get("Idempotency-Key"),
                          self.rfile.read(n)))
        status, headers, body = self.todo.pop(0)
        if status is None:
            return  # closes without a word
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


TOKEN = {"secret": "a" * 32, "id": "i", "status": "open", "profile": "p",
         "device": "d", "created": "2026-11-25T00:00:00Z",
         "expires": "2026-12-25T00:00:00Z"}


def as_json(value):
    return json.dumps(value).encode()


def test_a_strange_server_is_not_believed():
    openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "fake.key",
            "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-out", "fake.crt")
    write("fake.pem", read("fake.crt") + read("fake.key"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("fake.crt", "fake.key")
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    args = ("token", "create", "--profile", "p", "--device", "d", "--url",
            "https://localhost:%d" % server.server_port, "--identity",
            "fake.pem", "--server-ca", "fake.crt")
    done = (201, {}, as_json(TOKEN))

    def tell(*answers):
        Answers.todo[:] = answers
        Answers.seen[:] = []
        got = birthmark(*args)
        equal(Answers.todo, [], "answers that were not asked for")
        return got

    try:
        equal(tell(done)[:2], (0, "a" * 32 + "\n"))
        # Patience, and an answer that got lost: the same request, with the
        # same key, again.
        for first in ((503, {"Retry-After": "1"}, b""),
                      (429, {"Retry-After": "1"}, b""), (None, {}, b"")):
            equal(tell(first, done)[0], 0, first)
            one, two = Answers.seen
            equal(two, one)
            equal(len(one[2]), 32)
        # Another one has another key.
        key = Answers.seen[0][2]
        tell(done)
        equal(Answers.seen[0][2] == key, False)
        # And what makes no sense is refused, with nothing on stdout.
        for answer, words in (
                ((201, {}, b""), "the answer of"),
                ((201, {}, b"[]"), "not an object"),
                ((201, {}, b"{}"), "is missing"),
                ((201, {}, as_json({**TOKEN, "x": 1})), "x is unknown"),
                ((201, {}, as_json({**TOKEN, "id": "\x1b[2J"})),
                 "id has control characters"),
                ((200, {}, as_json(TOKEN)), "status 200"),
                ((302, {"Location": "https://localhost/"}, b""), "status 302"),
                ((503, {}, b""), "status 503"),
                ((503, {"Retry-After": "100000"}, b""), "status 503"),
                ((403, {}, b"<html>"), "status 403"),
                ((403, {}, as_json({"detail": "\x1b[2Jgo"})),
                 "status 403: \\u{1b}[2Jgo"),
                ((409, {}, as_json({"code": "0x150d", "words": "w"})),
                 "token is unknown, used or expired: w"),
                ((500, {}, as_json({"code": "zz"})), "status 500"),
                ((201, {}, b" " * (17 << 20)), "more than")):
            code, out, err = tell(answer)
            equal((code, out), (1, ""), answer[2][:100])
            contains(err, words)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


main()
