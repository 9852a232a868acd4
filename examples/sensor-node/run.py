#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sensor node with a live log, among a birthmarkd, a broker and a service that
it reports to, all of them started here and gone at the end: `make mcu-run`.

    run.py BIRTHMARK BIRTHMARKD FOLDER [SECONDS]

FOLDER is what preset cortex-m3 built. Without SECONDS it runs until Ctrl-C.
"""
import os
import sys
import tempfile
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(TOP, "tests/mcu"))
FOLDER = os.path.abspath(sys.argv.pop(3))
SECONDS = float(sys.argv.pop(3)) if len(sys.argv) > 3 else 86400
# pylint: disable=wrong-import-position
import world  # noqa: F401  (it finds the other areas of tests/)
import stage


def follow(start, seconds):
    """Print the console as it grows, until the node ends or time is up."""
    end = time.monotonic() + seconds
    shown = 0
    while start.process.poll() is None and time.monotonic() < end:
        text = start.text()
        sys.stdout.write(text[shown:])
        sys.stdout.flush()
        shown = len(text)
        time.sleep(0.1)


def main():
    print("# a site with factory, owner, broker and service", flush=True)
    node = stage.STAGE.node("SN-1", interval=5, refresh=30)
    print("# " + " ".join(node.command([], paint=False)), flush=True)
    with node.begin(seconds=int(SECONDS) + 60) as start:
        follow(start, SECONDS)
    print("# what the inventory says")
    print(stage.STAGE.site.command("device", "show", "SN-1")[1])


if __name__ == "__main__":
    stage.FOLDER = FOLDER
    with tempfile.TemporaryDirectory() as where:
        os.chdir(where)
        try:
            main()
        except KeyboardInterrupt:
            pass
        finally:
            stage.STAGE.close()
            os.chdir("/")
