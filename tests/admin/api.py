# SPDX-License-Identifier: Apache-2.0
"""The API as its own document describes it: a client that is made from that
document alone, and checks each answer against it.
"""
import base64
import json
import os
import re
import sqlite3
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
import service  # noqa: E402
from service import equal, holds, openssl, write  # noqa: E402

LDEVID = "ieee-802.1ar-ldevid"

# A profile whose certificates a second operator must approve.
APPROVED = service.MANY.replace("profile: many", "profile: approved").replace(
    "by: [idevid, token]\nidevid_of: [ieee-802.1ar-idevid]\n",
    "by: [operator, token]\napproval: true\n")

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

OTHER_CA = """\
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = other
[other]
database = index.other
crlnumber = number.other
default_md = sha256
default_crl_days = 30
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
"""


# ---- JSON Schema, as much of it as the document uses

class Schemas:
    def __init__(self, doc):
        self.doc = doc

    def follow(self, schema):
        while "$ref" in schema:
            at = self.doc
            for word in schema["$ref"].split("/")[1:]:
                at = at[word]
            schema = at
        return schema

    def check(self, value, schema, where="answer"):
        """Every keyword is known here: one that is not must not be passed
        over."""
        schema = self.follow(schema)
        for word in schema:
            getattr(self, "check_" + word.strip("$"))(value, schema, where)

    def check_type(self, value, schema, where):
        types = {"string": str, "integer": int, "boolean": bool,
                 "object": dict, "array": list}
        holds(isinstance(value, types[schema["type"]]) and
              not (schema["type"] == "integer" and isinstance(value, bool)),
              "%s: %r is no %s" % (where, value, schema["type"]))

    def check_description(self, value, schema, where):
        holds(schema["description"], where)

    def check_properties(self, value, schema, where):
        for name, inner in value.items():
            holds(name in schema["properties"], "%s: %s is not described" %
                  (where, name))
            self.check(inner, schema["properties"][name], where + "." + name)

    def check_required(self, value, schema, where):
        for name in schema["required"]:
            holds(name in value, "%s: %s is missing" % (where, name))

    def check_additionalProperties(self, value, schema, where):
        equal(schema["additionalProperties"], False, where)

    def check_items(self, value, schema, where):
        for i, item in enumerate(value):
            self.check(item, schema["items"], "%s[%d]" % (where, i))

    def check_enum(self, value, schema, where):
        holds(value in schema["enum"], "%s: %r" % (where, value))

    def check_format(self, value, schema, where):
        equal(schema["format"], "date-time", where)
        holds(TIME.match(value), "%s: %r" % (where, value))

    def check_pattern(self, value, schema, where):
        holds(re.search(schema["pattern"], value), "%s: %r" % (where, value))

    def check_minLength(self, value, schema, where):
        holds(len(value) >= schema["minLength"], "%s: %r" % (where, value))

    def check_maxLength(self, value, schema, where):
        holds(len(value) <= schema["maxLength"], "%s: %r" % (where, value))

    def check_minimum(self, value, schema, where):
        holds(value >= schema["minimum"], "%s: %r" % (where, value))

    def check_maximum(self, value, schema, where):
        holds(value <= schema["maximum"], "%s: %r" % (where, value))


# ---- The client

OCTETS = "application/octet-stream"


class Operation:
    def __init__(self, path, method, what):
        self.id = what["operationId"]
        self.path = path
        self.method = method.upper()
        self.what = what
        self.places = {p["name"]: p for p in what["parameters"]
                       if "$ref" not in p}
        body = what.get("requestBody")
        self.octets = bool(body) and OCTETS in body["content"]
        self.body = {"required": [], "properties": {}} if self.octets else \
            body["content"]["application/json"]["schema"] if body else None

    def success(self):
        return min(int(s) for s in self.what["responses"] if s != "default")

    def refusals(self):
        return {int(s) for s in self.what["responses"]
                if s != "default"} - {self.success()}


class Api:
    """Operations by their ids, over kept connections."""

    def __init__(self, srv):
        self.srv = srv
        self.connections = {}
        answer = self.ask(srv.operator, "GET", "/api/v1/openapi.json")
        equal((answer.status, answer.headers["Content-Type"]),
              (200, "application/json"))
        self.doc = answer.json()
        self.schemas = Schemas(self.doc)
        self.operations = {}
        self.seen = set()  # (operation, status)
        for path, item in self.doc["paths"].items():
            for method, what in item.items():
                op = Operation(path, method, what)
                self.operations[op.id] = op

    def ask(self, who, method, path, body=None, headers=None):
        if who not in self.connections:
            self.connections[who] = self.srv.connect("operators", cert=who)
        connection = self.connections[who]
        try:
            return self.srv.ask(method, path, body, headers, over=connection)
        except (service.http.client.HTTPException, OSError):
            connection.close()  # was idle for too long: once more
            return self.srv.ask(method, path, body, headers, over=connection)

    def request(self, op, params):
        """(path, body) as the document says."""
        path = "/api/v1" + op.path
        query = {}
        body = {}
        for name, value in params.items():
            place = op.places.get(name, {"in": "body"})["in"]
            if place == "path":
                path = path.replace("{%s}" % name, urllib.parse.quote(
                    str(value), safe=""))
            elif place == "query":
                query[name] = str(value).lower() if isinstance(value, bool) \
                    else value
            else:
                body[name] = value
        holds("{" not in path, path)
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return path, body

    def call(self, name, params=None, want=None, who=None, **more):
        """The answer, checked: its JSON. `want`: the status, where it is not
        that of success. `more`: headers, or a query to be added. A body of
        octets is the parameter of that name, in base64."""
        op = self.operations[name]
        path, body = self.request(op, params or {})
        headers = dict(more.get("headers", {}))
        text = None
        if op.octets and body:
            headers["Content-Type"] = OCTETS
            text = base64.b64decode(body["octets"])
        elif body or "text" in more:
            headers.setdefault("Content-Type", "application/json")
            text = more.get("text", json.dumps(body)).encode()
        answer = self.ask(who or self.srv.operator, op.method,
                          path + more.get("query", ""), text, headers)
        want = want or op.success()
        equal(answer.status, want, "%s %s: %r" % (name, params, answer))
        kind = self.check(op, answer)
        self.seen.add((name, answer.status))
        return answer.json() if kind.endswith("json") else answer.body

    def check(self, op, answer):
        responses = op.what["responses"]
        response = self.schemas.follow(
            responses.get(str(answer.status), responses["default"]))
        kind, = response["content"]
        equal(answer.headers["Content-Type"], kind, op.id)
        schema = response["content"][kind]["schema"]
        if kind.endswith("json"):
            self.schemas.check(answer.json(), schema, op.id)
        else:
            equal(schema, {"contentMediaType": kind}, op.id)
        if kind == "application/problem+json":
            equal(answer.json()["status"], answer.status, op.id)
        equal(answer.headers["Cache-Control"], "no-store", op.id)
        return kind


# ---- What tests need of an instance

def serve(**settings):
    """A service with rates that no test comes near, a profile that needs
    approval, and a root of somebody else's whose lists can be loaded."""
    srv = service.Service(limits_identity=100000,
                          limits_organisation=100000, listeners=1, **settings)
    write(os.path.join(srv.dir, "profiles/approved.yaml"), APPROVED)
    write("other.cnf", OTHER_CA)
    write("index.other", "")
    write("number.other", "02\n")
    openssl("req", "-new", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", "other.key",
            "-subj", "/O=Other/CN=Other Root", "-days", "3650", "-config",
            "other.cnf", "-extensions", "root", "-out", "other.pem")
    openssl("x509", "-in", "other.pem", "-outform", "DER", "-out", "other.der")
    with open("other.der", "rb") as f, \
            sqlite3.connect(os.path.join(srv.dir, "birthmark.db")) as db:
        db.execute("INSERT INTO ca SELECT 'other', organisation, kind, status,"
                   " parent, ?, '', ocsp_cert, '', created, shards, ecosystem"
                   " FROM ca WHERE id = 'root'", (f.read(),))
    return srv


def other_list():
    """A revocation list of that root, in PEM; a new one each time."""
    openssl("ca", "-config", "other.cnf", "-gencrl", "-keyfile", "other.key",
            "-cert", "other.pem", "-out", "other.crl")
    with open("other.crl", encoding="ascii") as f:
        return f.read()


def csr_of(key):
    with open(key.csr, encoding="ascii") as f:
        return f.read()


def new_key(name, subject=None):
    return service.Key(".", name, subject or "/serialNumber=" + name)


def make_operator(api, name, roles, **scope):
    """Created over the API: (certificate, key), as a client shows them."""
    key = new_key(name, "/CN=" + name)
    made = api.call("createOperator", {"id": name, "roles": roles,
                                       "csr": csr_of(key), **scope})
    key.put(made["pem"] + "".join(made["chain"]))
    return key.pair()


# Parameters with which an operation gets past its reader.
SOME = {"set": ["no=1"], "rows": ["none\nno=1"], "ca": "none", "profile": "none", "token": "none", "device": "none",
        "serial": "01", "operator": "none", "request": 77, "crl": "MAA=",
        "csr": "MAA=", "text": "x", "id": "none", "roles": ["auditor"],
        "digest": "none", "sha256": "none", "release": "none", "size": 1,
        "key": "none", "version": "1.2.3+4", "manufacturer": "none",
        "name": "none", "batch": 77, "anchors": ["MAA="], "serials": ["x"],
        "ecosystem": 77, "organisation": 77, "to": 77, "amount": 1,
        "pull": 77, "transfer": 77, "receiver": 77, "devices": ["none"],
        "about": "late", "destination": "none", "url": "none"}


def some_params(op):
    names = [n for n, p in op.places.items() if p["required"]]
    if op.body is not None:
        names += op.body["required"]
        if "set" in op.body["properties"]:
            names.append("set")  # or a device would be made
    return {n: SOME[n] for n in names}
