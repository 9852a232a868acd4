# SPDX-License-Identifier: Apache-2.0
"""An inventory of ROWS devices behind a running birthmarkd: what searches, a
device and an export cost over the API, against the limits they are held to.

    measure.py BIRTHMARK BIRTHMARKD FILLER ROWS [DIR]

With DIR the instance is kept there, and taken from there if it is there.
"""
import os
import statistics
import subprocess
import sys
import time
import urllib.parse

TOP = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.abspath(sys.argv.pop()) if len(sys.argv) > 5 else None
ROWS = int(sys.argv.pop())
FILLER = os.path.abspath(sys.argv.pop())
sys.path.insert(0, os.path.join(TOP, "../../tests/admin"))
import api as admin  # noqa: E402
import service  # noqa: E402
from cost import Meter, forget  # noqa: E402
from service import equal, holds, main  # noqa: E402

NOW = 1790000000  # of fill.c
DAY = 86400
SEARCH_MS = 20
DEVICE_MS = 5
ROUNDS = 31


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def ask(api, path):
    answer = api.ask(api.srv.operator, "GET", "/api/v1" + path)
    equal(answer.status, 200, repr(answer))
    return answer.json()


def spread(i):
    return (i * 2654435761 + 12345) % ROWS


def query(**params):
    return "/devices?" + urllib.parse.urlencode(params)


# What is asked for, by a number; and how many devices a first page has.
SEARCHES = [
    ("serial number", lambda n: query(serial="SN-%012d" % n), 1),
    ("MAC address", lambda n: query(mac="02%010x" % n), 1),
    ("model", lambda n: query(model="M%d" % (n % 50)), 100),
    ("lot", lambda n: query(lot="L%d" % (n // 1000)), 100),
    ("label", lambda n: query(label="site=s%d" % (n % 20)), 100),
    ("firmware", lambda n: query(firmware="1.%d" % (n % 7)), 100),
    ("state", lambda n: query(state=["active", "born", "expected"][n % 3]),
     100),
    ("a rare state", lambda n: query(state="suspended"), None),
    ("model, lot and state", lambda n: query(
        model="M%d" % (n % 50), lot="L%d" % (n // 1000), state="active"),
     None),
    ("firmware and label", lambda n: query(
        firmware="1.%d" % (n % 7), label="site=s%d" % (n % 20)), None),
    ("model and label, of which none has both", lambda n: query(
        model="M%d" % (n % 50), label="site=s%d" % ((n + 1) % 20)), 0),
    ("what nobody has", lambda n: query(model="none%d" % n, state="active"),
     0),
    ("expiry window", lambda n: query(
        expires_from=when(NOW + 90 * DAY + n),
        expires_before=when(NOW + 90 * DAY + n + 3600)), None),
    ("model and expiry", lambda n: query(
        model="M%d" % (n % 50), expires_before=when(NOW + 91 * DAY + n)),
     None),
    ("batch", lambda n: query(batch=1 + n // 10000), 100),
    ("batch and model", lambda n: query(
        batch=1 + n // 10000, model="M%d" % (n % 50)), None),
]
ONE = ("one device", lambda n: "/devices/D-%012d" % n, None)


def right(api):
    """What is measured is what was asked for."""
    n = spread(7)
    equal([d["name"] for d in ask(api, query(mac="02%010x" % n))["items"]],
          ["D-%012d" % n])
    found = ask(api, query(model="M3", lot="L1"))["items"]
    equal([d["name"] for d in found],
          ["D-%012d" % i for i in range(1003, 2000, 50)])
    for name, path, first in SEARCHES:
        if first is not None:
            equal(len(ask(api, path(n))["items"]), first, name)


def through(api, first):
    """All pages of a search, to its end."""
    n, page, start = 0, ask(api, first), time.perf_counter()
    names = set()
    while True:
        n += len(page["items"])
        names |= {d["name"] for d in page["items"]}
        if "next" not in page:
            break
        page = ask(api, first + "&after=" + page["next"])
    equal(len(names), n, "a device twice")
    return n, time.perf_counter() - start


def head(words):
    """The CPU time of all, and what the one that took longest was doing."""
    print("\n%-42s%8s%8s%8s | %8s%8s%8s%8s" % (
        words, "limit", "median", "CPU", "longest", "CPU", "waited", "disk"))


def measure_one(api, meter, what, limit):
    """Is its median within the limit?"""
    name, path, _ = what
    costs = [meter.measure(lambda i=i: ask(api, path(spread(i))))
             for i in range(ROUNDS)]
    middle = statistics.median(c.took for c in costs)
    worst = max(costs, key=lambda c: c.took)
    print("  %-40s%8d%8.2f%8.2f | %8.2f%8.2f%8.2f%8s" % (
        name, limit, middle, statistics.median(c.cpu for c in costs),
        worst.took, worst.cpu, worst.waited, "%dK" % (worst.disk >> 10)))
    return middle < limit


def measure(api, words):
    meter = Meter(api.srv.rooms())
    head(words)
    within = [measure_one(api, meter, what, SEARCH_MS) for what in SEARCHES]
    within.append(measure_one(api, meter, ONE, DEVICE_MS))
    print("within the limits" if all(within) else "NOT within the limits")


def peak(pid):
    """Octets that a process had in memory at most."""
    with open("/proc/%d/status" % pid) as f:
        return next(int(row.split()[1]) << 10 for row in f
                    if row.startswith("VmHWM"))


def export(srv):
    """All devices as a table, over the API: first octet, all of them, memory
    at most of the client, and of the issuer that served it."""
    issuer, = srv.rooms()["issuer"]
    before = peak(issuer)
    start = time.perf_counter()
    client = subprocess.Popen(
        [service.PROGRAM, "device", "export", "--url",
         "https://localhost:%d" % srv.ports["operators"], "--identity",
         both(srv), "--server-ca", srv.root], stdout=subprocess.PIPE)
    client.stdout.read(1)
    first = time.perf_counter() - start
    lines = sum(piece.count(b"\n") for piece in
                iter(lambda: client.stdout.read(1 << 16), b""))
    _, code, usage = os.wait4(client.pid, 0)
    equal((code, lines), (0, ROWS + 1), "export")
    print("\nexport of %d: first octet %.0f ms, all %.0f s; the client has "
          "%.1f MiB at most, the issuer %.1f MiB more than before" % (
              ROWS, first * 1e3, time.perf_counter() - start,
              usage.ru_maxrss / 1024,
              (peak(issuer) - before) / 2**20))


def both(srv):
    """Certificate and key of the operator in a file."""
    path = srv.dir + ".both.pem"
    service.write(path, b"".join(service.read(p) for p in srv.operator))
    os.chmod(path, 0o600)
    return path


def fill(srv):
    srv.start()
    srv.stop()
    db = os.path.join(srv.dir, "birthmark.db")
    before = os.path.getsize(db)
    start = time.perf_counter()
    subprocess.run([FILLER, db, str(ROWS)], check=True)
    print("\n%d devices, %d octets each, put in %.0f s" % (
        ROWS, (os.path.getsize(db) - before) // ROWS,
        time.perf_counter() - start))


def start(srv):
    """Seconds until the issuer is ready: who asks before waits for it."""
    ready = srv.words().count("issuer.ready") if os.path.exists(srv.log) else 0
    begin = time.perf_counter()
    srv.start()
    service.wait_until("the issuer is ready", lambda:
                       srv.words().count("issuer.ready") > ready)
    return time.perf_counter() - begin


def test_an_inventory():
    where = KEPT or "."
    full = os.path.exists(os.path.join(where, "instance"))
    with service.Service(where, limits_identity=100000,
                         limits_organisation=100000, listeners=1) as srv:
        if not full:
            fill(srv)
        forget(os.path.join(srv.dir, "birthmark.db"))
        print("\nready in %.0f ms" % (start(srv) * 1e3))
        api = admin.Api(srv)
        measure(api, "just started, nothing in memory: ms")
        right(api)
        measure(api, "and again: ms")
        n, took = through(api, query(model="M3", limit=1000))
        print("all %d of a model, in pages: %.2f s" % (n, took))
        equal(n, len(range(3, ROWS, 50)))
        export(srv)


main()
