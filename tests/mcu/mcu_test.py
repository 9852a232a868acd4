#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A microcontroller from the reset vector to the cloud: what nodes in QEMU and
the services around them show together. TAP.

    mcu_test.py BIRTHMARK BIRTHMARKD FOLDER [TEST]...

FOLDER is what preset cortex-m3 built.
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
from birth import (test_a_device_asks_for_its_address_where_it_has_none,
                   test_a_fresh_device_is_born)
from cuts import test_power_cuts_in_enrolment
from secure import test_the_same_node_keeps_its_keys_in_a_secure_world

if __name__ == "__main__":
    try:
        service.main()
    finally:
        stage.STAGE.close()
