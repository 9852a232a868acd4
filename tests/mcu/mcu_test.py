#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A microcontroller from the reset vector to the cloud: what nodes in QEMU and
the services around them show together. TAP.

    mcu_test.py BIRTHMARK BIRTHMARKD FOLDER [TEST]...

FOLDER is what preset cortex-m3 built. Without names of tests, and without
MCU_TEST=all, those of LONG are left out.
"""
# pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
import os
import sys

FOLDER = os.path.abspath(sys.argv.pop(3))
import world  # noqa: F401  (it finds the other areas of tests/)
import service
import stage

stage.FOLDER = FOLDER
from around import *
from birth import *
from peers import *
from refusals import *
from secure import *
from updates import *
from cuts import *
from renewals import *  # the last: CAs are not what they were, then

# They mostly wait, or repeat; `make mcu-test` has them.
LONG = ("a_node_renews_in_time_and_by_itself",
        "a_reply_that_was_lost_costs_nothing",
        "power_cuts_in_renewal", "power_cuts_in_an_update",
        "kills_at_any_instant")

if __name__ == "__main__":
    if len(sys.argv) == 3 and os.environ.get("MCU_TEST") != "all":
        for name in LONG:
            del globals()["test_" + name]
    try:
        service.main()
    finally:
        stage.STAGE.close()
