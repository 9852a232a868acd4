# SPDX-License-Identifier: Apache-2.0
"""An inventory of ROWS devices behind a running birthmarkd: what searches and
a device cost over the API, against the limits they are held to.

    measure.py BIRTHMARK BIRTHMARKD FILLER ROWS
"""
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.parse

TOP = os.path.dirname(os.path.abspath(__file__))
ROWS = int(sys.argv.pop())
FILLER = os.path.abspath(sys.argv.pop())
sys.path.insert(0, os.path.join(TOP, "../../tests/admin"))
import api as admin  # noqa: E402
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


def times(api, paths):
    """Milliseconds of each, in the order in which they were asked for."""
    took = []
    for path in paths:
        start = time.perf_counter()
        ask(api, path)
        took.append((time.perf_counter() - start) * 1000)
    return took


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
    ("what nobody has", lambda n: query(model="none%d" % n, state="active"),
     0),
    ("expiry window", lambda n: query(
        expires_from=when(NOW + 90 * DAY + n),
        expires_before=when(NOW + 90 * DAY + n + 3600)), None),
    ("model and expiry", lambda n: query(
        model="M%d" % (n % 50), expires_before=when(NOW + 91 * DAY + n)),
     None),
    ("batch", lambda n: query(batch=1 + n // 10000), 100),
]


def right(api):
    """What is measured is what was asked for."""
    n = spread(7)
    equal([d["name"] for d in ask(api, query(mac="02%010x" % n))["items"]],
          ["D-%012d" % n])
    found = ask(api, query(model="M3", lot="L1"))["items"]
    equal([d["name"] for d in found],
          ["D-%012d" % i for i in range(1003, 2000, 50)])


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


def measure(api):
    print("\nover the API, ms%38s%10s%10s" % ("median", "longest", "limit"))
    worst = True
    for name, path, first in SEARCHES:
        paths = [path(spread(i)) for i in range(ROUNDS)]
        took = times(api, paths)
        items = len(ask(api, paths[0])["items"])
        if first is not None:
            equal(items, first, name)
        line(name, took, SEARCH_MS)
        worst = worst and statistics.median(took) < SEARCH_MS
    took = times(api, ["/devices/D-%012d" % spread(i) for i in range(ROUNDS)])
    line("one device", took, DEVICE_MS)
    worst = worst and statistics.median(took) < DEVICE_MS
    print("within the limits" if worst else "NOT within the limits")
    n, took = through(api, query(model="M3", limit=1000))
    print("all %d of a model, in pages: %.2f s" % (n, took))
    equal(n, len(range(3, ROWS, 50)))


def line(name, took, limit):
    print("  %-44s %8.2f %9.2f %9d" % (name, statistics.median(took),
                                       max(took), limit))


def test_an_inventory():
    with admin.serve() as srv:
        srv.start()
        srv.stop()
        db = os.path.join(srv.dir, "birthmark.db")
        before = os.path.getsize(db)
        start = time.perf_counter()
        subprocess.run([FILLER, db, str(ROWS)], check=True)
        print("\n%d devices, %d octets each, put in %.0f s" % (
            ROWS, (os.path.getsize(db) - before) // ROWS,
            time.perf_counter() - start))
        srv.start()
        api = admin.Api(srv)
        right(api)
        measure(api)
        holds(json.dumps(api.call("showDevice", {"device": "D-%012d" % 1})),
              "one as the document says")


main()
