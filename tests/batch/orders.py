# SPDX-License-Identifier: Apache-2.0
"""Orders for tests of batches, in every form; and what came of them."""
import base64
import csv
import io
import json
import os
import sqlite3
import sys
import tarfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../service"))
from service import run  # noqa: E402

ORDERS = os.path.abspath(os.environ["BATCH_ORDERS"])


def table(n, prefix):
    """A table of n rows, as octets."""
    return run(ORDERS, str(n), prefix)[1].encode()


def rows(octets):
    """[(device, CSR in DER)] of a table."""
    read = csv.reader(io.StringIO(octets.decode(), newline=""))
    next(read)
    return [(device, base64.b64decode(csr)) for device, csr in read]


def pem(der):
    text = base64.encodebytes(der).decode()
    return ("-----BEGIN CERTIFICATE REQUEST-----\n%s"
            "-----END CERTIFICATE REQUEST-----\n" % text).encode()


def as_json(some):
    return json.dumps([{"device": d, "csr": pem(c).decode()}
                       for d, c in some]).encode()


def as_lines(some):
    return "".join(json.dumps({"csr": base64.b64encode(c).decode()}) + "\n"
                   for _, c in some).encode()


def as_zip(some, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        z.writestr("csrs/", b"")
        for d, c in some:
            z.writestr("csrs/%s.csr" % d, pem(c))
    return out.getvalue()


def as_tar(some, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for d, c in some:
            info = tarfile.TarInfo(d + ".der")
            info.size = len(c)
            t.addfile(info, io.BytesIO(c))
    return out.getvalue()


def store(srv, question, *args):
    """Rows of the store, read from outside."""
    with sqlite3.connect("file:%s?mode=ro" % os.path.join(
            srv.dir, "birthmark.db"), uri=True, timeout=60) as db:
        return db.execute(question, args).fetchall()
