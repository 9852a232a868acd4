# SPDX-License-Identifier: Apache-2.0
"""birthmarkd as its users see it, for tests: an instance in a temporary
directory, the service on free ports, devices that enrol, operators, TAP.

    service.py's scripts: python3 x_test.py BIRTHMARK BIRTHMARKD
"""
import base64
import http.client
import inspect
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests/harness"))
from tcp_port import free_port  # noqa: E402,F401

PROGRAM = os.path.abspath(sys.argv[1])
DAEMON = os.path.abspath(sys.argv[2])

# How long anything may take on a slow machine under sanitizers, in seconds.
PATIENCE = 60

# Those that run.
STARTED = set()


class Skip(Exception):
    """The reason why a test cannot run here."""


def equal(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def holds(value, what):
    if not value:
        raise AssertionError(what)


def contains(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError("%r is not in:\n%s" % (part, text))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)
    return path


def run(*args, stdin=b"", check=True, env=None, timeout=4 * PATIENCE):
    """(exit code, stdout, stderr) of a program; it must succeed where
    `check`."""
    done = subprocess.run(args, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, env=env,
                          timeout=timeout)
    out = done.stdout.decode("utf-8", "replace")
    err = done.stderr.decode("utf-8", "replace")
    if check and done.returncode != 0:
        raise AssertionError("%s: exit code %d\n%s%s" % (
            " ".join(args), done.returncode, out, err))
    return done.returncode, out, err


def openssl(*args, stdin=b"", check=True):
    return run("openssl", *args, stdin=stdin, check=check)[1]


def wait_until(what, condition, patience=PATIENCE):
    """Poll; the value that is true at last."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain: " + what)
        time.sleep(0.01)


def listening(port):
    with socket.socket() as s:
        s.settimeout(PATIENCE)
        return s.connect_ex(("127.0.0.1", port)) == 0


def have(*programs):
    """Skip where one of them is not installed."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in programs:
        if shutil.which(program) is None:
            raise Skip(program + " is not installed")


# ---- Requests and certificates

class Key:
    """A private key and a request for a certificate with it."""

    def __init__(self, where, name, subject, san=None, algorithm="P-256"):
        self.key = os.path.join(where, name + ".key")
        self.csr = os.path.join(where, name + ".csr")
        self.cert = os.path.join(where, name + ".pem")
        more = ["-addext", "subjectAltName=" + san] if san else []
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:" + algorithm, "-nodes", "-keyout",
                self.key, "-subj", subject, "-out", self.csr, *more)

    def body(self):
        """The request as EST sends it: base64 of DER."""
        text = read(self.csr).decode()
        return "".join(text.split("\n")[1:-2]).encode() + b"\n"

    def put(self, pem):
        write(self.cert, pem)
        return self

    def pair(self):
        return self.cert, self.key


def pem_of_certs_only(body):
    """The one certificate of an EST reply, as PEM."""
    out = openssl("pkcs7", "-inform", "DER", "-print_certs",
                  stdin=base64.b64decode(body))
    found = re.findall("-----BEGIN.*?-----END CERTIFICATE-----\n", out, re.S)
    holds(found, "a certificate in the reply")
    return found[0]


def serial_of(pem):
    out = openssl("x509", "-noout", "-serial", stdin=pem.encode())
    return out.strip().split("=")[1].lower()


def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    n = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | n]) + len(body).to_bytes(n, "big") + body


def der_integer(octets):
    return der(2, octets if octets[0] < 0x80 else b"\0" + octets)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body.decode())

    def __repr__(self):
        return "%d %r" % (self.status, self.body[:300])


# ---- The service

MANY = """\
profile: many
about: identities of a device, any number at a time
ca: issuing
by: [idevid, token]
idevid_of: [ieee-802.1ar-idevid]
device:
  from: [serialNumber]
  identity: owner
validity: { for: 90d, nested: true, backdate: 5m }
keys: [p256]
subject:
  - { attribute: serialNumber, from: device }
basic_constraints: { ca: false }
key_usage: [digitalSignature]
extended_key_usage: { purposes: [clientAuth] }
subject_key_id: none
authority_key_id: true
crl: true
ocsp: true
"""


class Service:
    """An instance, and birthmarkd on it. Use it in a `with`."""

    def __init__(self, where=".", name="instance", **settings):
        """`settings`: limits_identity=60, listeners=1, ...; an instance that
        is there is taken as it is."""
        self.dir = os.path.abspath(os.path.join(where, name))
        self.log = self.dir + ".log"
        self.process = None
        self.ports = {}
        self.settings = dict(settings)
        if not os.path.exists(self.dir):
            self.birthmark("init", self.dir, "--org", "Example", "--host",
                           "localhost", "--host", "127.0.0.1")
        self.root = os.path.join(self.dir, "ca/root.pem")
        self.issuing = os.path.join(self.dir, "ca/issuing.pem")
        self.operations = os.path.join(self.dir, "ca/operations.pem")
        self.operator = (os.path.join(self.dir, "operator/operator.pem"),
                         os.path.join(self.dir, "operator/operator.key"))
        write(os.path.join(self.dir, "profiles/many.yaml"), MANY)
        self.configure()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.stop(signal.SIGKILL)
        if why[0] is not None and os.path.exists(self.log):
            tail = read(self.log).decode("utf-8", "replace")[-4000:]
            print("# " + tail.replace("\n", "\n# "))

    def configure(self):
        """birthmark.yaml anew, with ports that stay."""
        path = os.path.join(self.dir, "birthmark.yaml")
        if not self.ports:
            origin = re.search(r"origin: (\S+)", read(path).decode()).group(1)
            self.settings.setdefault("ledger_origin", origin)
            for port in ("devices", "operators", "public", "metrics"):
                self.ports[port] = free_port()
                self.settings.setdefault("listen_" + port, "127.0.0.1:%d" %
                                         self.ports[port])
            if os.geteuid() == 0:
                self.settings.setdefault("user", "root")
        sections = {}
        lines = ["version: 1", "public_url: http://127.0.0.1:%d" %
                 self.ports["public"]]
        for key, value in self.settings.items():
            section, _, word = key.partition("_")
            if section in ("listen", "limits", "ledger", "crl", "ocsp", "log",
                           "est", "bundle", "attestation", "courier"):
                sections.setdefault(section, []).append(
                    "  %s: %s" % (word, value))
            else:
                lines.append("%s: %s" % (key, value))
        for section, rows in sections.items():
            lines += [section + ":"] + rows
        write(path, "\n".join(lines) + "\n")

    # -- life

    def start(self, wait=True, prefix=()):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                list(prefix) + [DAEMON, "--config",
                                os.path.join(self.dir, "birthmark.yaml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        STARTED.add(self)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        """Until devices are answered, the issuer asked."""
        def ready():
            holds(self.process.poll() is None,
                  "birthmarkd has ended: %s" % self.words()[-500:])
            return self.try_get("/.well-known/est/cacerts") == 200
        wait_until("birthmarkd answers", ready)
        wait_until("the publisher listens",
                   lambda: listening(self.ports["public"]))

    def try_get(self, path, **how):
        """The status, or None where there is no answer."""
        try:
            return self.ask("GET", path, **how).status
        except (OSError, http.client.HTTPException):
            return None

    def stop(self, how=signal.SIGTERM, patience=PATIENCE):
        """The exit code; None when it did not run. Its rooms have ended then, too,
        and their ports are free."""
        if self.process is None:
            return None
        rooms = descendants(self.process.pid)
        self.process.send_signal(how)
        try:
            code = self.process.wait(patience)
            wait_until("its rooms follow it", lambda: not any(
                runs(pid) for pid in rooms))
            return code
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("birthmarkd does not stop") from None
        finally:
            self.process = None
            STARTED.discard(self)

    def restart(self):
        self.stop()
        return self.start()

    def words(self):
        """What it has logged."""
        return read(self.log).decode("utf-8", "replace")

    def rooms(self):
        """{name: [pid, ...]}, the supervisor as "supervisor"."""
        found = {"supervisor": [self.process.pid]}
        for pid in descendants(self.process.pid):
            name = room_of(pid)
            if name:
                found.setdefault(name, []).append(pid)
        return found

    # -- direct mode, while it does not run

    def birthmark(self, *args, check=True, stdin=b""):
        return run(PROGRAM, *args, check=check, stdin=stdin)

    def issue(self, profile, key, *more):
        """To a Key, as the operator."""
        self.birthmark("cert", "issue", "--dir", self.dir, "--profile",
                       profile, "--csr", key.csr, "--out", key.cert, *more)
        return key

    def make_policy_signer(self, name="fw"):
        """A key that signs policies, and its certificate with those that
        lead to the root; before the service starts, which reads profiles."""
        text = self.birthmark("profile", "show", "policy-signing")[1]
        write(os.path.join(self.dir, "profiles/policy-signing.yaml"),
              text.replace("approval: true\n", ""))
        key = "file:%s.key" % name
        self.birthmark("image", "keygen", "--dir", self.dir, "--out",
                       name + ".pub", key)
        self.birthmark("image", "request", "--dir", self.dir, "--subject",
                       "CN=Firewall" if name == "fw" else "CN=" + name,
                       "--out", name + ".csr", key)
        self.birthmark("cert", "issue", "--dir", self.dir, "--profile",
                       "policy-signing", "--csr", name + ".csr", "--chain",
                       "--out", name + ".crt")

    def sign_policy(self, name, text, signer="fw"):
        """The name of a file with the policy, signed, as releases take it."""
        write(name + ".yaml", text)
        self.birthmark("policy", "sign", "--dir", self.dir, "--key",
                       "file:%s.key" % signer, "--cert", signer + ".crt",
                       "--out", name, name + ".yaml")
        return name

    def certs(self):
        """Rows of all certificates."""
        out = self.birthmark("cert", "list", "--dir", self.dir, "--json")[1]
        return [json.loads(line) for line in out.splitlines()]

    def verify_ledger(self):
        return self.birthmark("ledger", "verify", "--dir", self.dir)[1]

    # -- over the network

    def tls(self, cert=None, version=None):
        context = ssl.create_default_context(cafile=self.root)
        if cert is not None:
            context.load_cert_chain(*cert)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def connect(self, port="devices", cert=None, source=None,
                timeout=PATIENCE, context=None):
        """A kept connection; `source` is an address of ours."""
        return http.client.HTTPSConnection(
            "127.0.0.1", self.ports[port], timeout=timeout,
            context=context or self.tls(cert),
            source_address=(source, 0) if source else None)

    def ask(self, method, path, body=None, headers=None, over=None, **how):
        """One request, on a connection of its own unless `over`."""
        connection = over or self.connect(**how)
        try:
            connection.request(method, path, body, headers or {})
            r = connection.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            if over is None:
                connection.close()

    def enrol(self, key, label=None, token=None, over=None,
              operation="simpleenroll", **how):
        """EST. `token`: (device, secret). The Answer."""
        headers = {"Content-Type": "application/pkcs10"}
        if token is not None:
            both = base64.b64encode(":".join(token).encode()).decode()
            headers["Authorization"] = "Basic " + both
        path = "/.well-known/est/%s%s" % (label + "/" if label else "",
                                          operation)
        return self.ask("POST", path, key.body(), headers, over, **how)

    def api(self, method, path, params=None, octets=None, **how):
        """The operators' REST, as the first operator: JSON, or octets."""
        headers = {}
        body = octets
        if octets is not None:
            headers["Content-Type"] = "application/octet-stream"
        if params is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(params).encode()
        how.setdefault("cert", self.operator)
        return self.ask(method, "/api/v1" + path, body, headers,
                        port="operators", **how)

    def public(self, method, path, body=None, headers=None, source=None):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.ports["public"], timeout=PATIENCE,
            source_address=(source, 0) if source else None)
        try:
            connection.request(method, path, body, headers or {})
            r = connection.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            connection.close()

    def ocsp_request(self, serial, nonce=b""):
        """RFC 6960 4.1.1, about a certificate of the issuing CA."""
        out = openssl("x509", "-in", self.issuing, "-noout", "-ocspid")
        name, key = re.findall(r"hash: ([0-9A-F]+)", out)
        sha1 = der(0x30, der(6, b"\x2b\x0e\x03\x02\x1a"), der(5))
        cert_id = der(0x30, sha1, der(4, bytes.fromhex(name)),
                      der(4, bytes.fromhex(key)),
                      der_integer(bytes.fromhex(serial)))
        more = []
        if nonce:
            more = [der(0xa2, der(0x30, der(
                0x30, der(6, b"\x2b\x06\x01\x05\x05\x07\x30\x01\x02"),
                der(4, der(4, nonce)))))]
        return der(0x30, der(0x30, der(0x30, der(0x30, cert_id)), *more))

    def ocsp(self, serial, nonce=b"", **how):
        """"good", "revoked", "unknown", or what else came; with a nonce it is
        signed for this question, without it may be some minutes old."""
        answer = self.public("POST", "/ocsp",
                             self.ocsp_request(serial, nonce),
                             {"Content-Type": "application/ocsp-request"},
                             **how)
        # certStatus follows certID, which ends with the serial number
        number = der_integer(bytes.fromhex(serial))
        at = answer.body.find(number)
        if answer.status != 200 or at < 0:
            return repr(answer)
        return {0x80: "good", 0xa1: "revoked", 0x82: "unknown"}.get(
            answer.body[at + len(number)], repr(answer))


# ---- Processes

def descendants(pid):
    found = []
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as f:
                    fields = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(entry))
    todo = [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


def runs(pid):
    """One that has ended and was not asked for does not."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def room_of(pid):
    try:
        words = read("/proc/%d/cmdline" % pid).split(b"\0")
    except OSError:
        return None
    if b"--room" not in words[:-1]:
        return None
    return words[words.index(b"--room") + 1].decode()


def resident(pids):
    """Octets in memory, shared ones counted for each."""
    pages = 0
    for pid in pids:
        try:
            pages += int(read("/proc/%d/statm" % pid).split()[1])
        except OSError:
            pass
    return pages * os.sysconf("SC_PAGESIZE")


# ---- TAP: every function named test_* of the calling script, in its order

def stop_all():
    """A service that several tests share is nobody's to stop."""
    for s in list(STARTED):
        s.stop(signal.SIGKILL)


def main():
    caller = inspect.getmodule(inspect.stack()[1][0])
    tests = {n[len("test_"):]: f for n, f in vars(caller).items()
             if n.startswith("test_")}
    only = sys.argv[3:]
    unknown = [words for words in only if words not in tests]
    if unknown:
        sys.stderr.write("no such test: %s\n" % ", ".join(unknown))
        sys.exit(2)
    if only:
        tests = {words: f for words, f in tests.items() if words in only}
    failed = 0
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        for i, (words, test) in enumerate(tests.items(), 1):
            began = time.monotonic()
            try:
                test()
                print("ok %d - %s" % (i, words))
            except Skip as reason:
                print("ok %d - %s # SKIP %s" % (i, words, reason))
            except (AssertionError, KeyError, IndexError, OSError, ValueError,
                    AttributeError, http.client.HTTPException,
                    subprocess.SubprocessError) as e:
                failed += 1
                print("# " + repr(e).replace("\\n", "\n# "))
                print("not ok %d - %s" % (i, words))
            print("# %.1f s" % (time.monotonic() - began))
            sys.stdout.flush()
        stop_all()
        os.chdir(HERE)
    print("1..%d" % len(tests))
    sys.exit(1 if failed else 0)
