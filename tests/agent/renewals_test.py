# SPDX-License-Identifier: Apache-2.0
"""An agent renews when its server says so: the profile's window, and what was
pulled forward because its CA is replaced.

    python3 renewals_test.py BIRTHMARK BIRTHMARKD BIRTHMARK_AGENT [TEST]...
"""
import calendar
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
from agent import PROFILE, Agent, make_service, token
import service
from service import equal, holds, write

DAY = 86400


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def add_profile(s, name, **values):
    row = {"name": name, "life": "90d", "before": "30d", "grace": "14d",
           "more": "", **values}
    text = PROFILE % row
    if "window" in values:
        text = text.replace("grace: " + row["grace"], "grace: %s, window: %s" %
                            (row["grace"], values["window"]))
    write(os.path.join(s.dir, "profiles", name + ".yaml"), text)


def test_an_agent_obeys_the_window_of_its_profile():
    s = make_service(name="window")
    add_profile(s, "tight", life="90d", before="80d",
                window="{ from: 41d, until: 40d }")
    # Over at once: two seconds after its birth, for one second.
    add_profile(s, "soon", life="1000s", before="999s",
                window="{ from: 998s, until: 997s }")
    with s.start():
        a = Agent(s, "tight", "tight", token(s, "tight", "tight"))
        a.enroll()
        born = time.time()
        when = seconds(a.status()["current"]["renewal"])
        holds(born + 49 * DAY - 99 <= when <= born + 50 * DAY + 99,
              when - born)
        with Agent(s, "soon", "soon", token(s, "soon", "soon")) as b:
            b.start()
            b.wait_for("event=identity.enrolled", "event=identity.renewed")


def test_an_agent_comes_when_its_ca_is_pulled():
    s = make_service(name="pulled")
    add_profile(s, "usual")
    with s.start():
        with Agent(s, "P-1", "usual", token(s, "P-1", "usual")) as a:
            a.start()
            a.wait_for("event=identity.enrolled")
            first = a.serial()
            holds(seconds(a.status()["current"]["renewal"]) >
                  time.time() + 59 * DAY, "far off")
            equal(a.stop(), 0)
            answer = s.api("POST", "/pulls", {"ca": "issuing", "over": 2})
            equal(answer.status, 200, repr(answer))
            # It asks when it starts, and once in half a day.
            a.start()
            a.wait_for("event=identity.renewed")
            holds(a.serial() != first, "another certificate")
            holds(seconds(a.status()["current"]["renewal"]) >
                  time.time() + 59 * DAY, "and that is all")
            equal(a.stop(), 0)
            equal(a.words().count("event=identity.renewed"), 1)


service.main()
