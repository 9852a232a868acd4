#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A microcontroller from the reset vector to the cloud: what nodes in QEMU and
the services around them show together. TAP.

    mcu_test.py BIRTHMARK BIRTHMARKD FOLDER [sample | TEST]...

FOLDER is what preset cortex-m3 built. Without names of tests it is all of them;
`sample` is those that every change has to pass, and some of the others in turn.
"""
# pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
import os
import subprocess
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
from policy import *
from largest import *
from cuts import *
from renewals import *  # the last: CAs are not what they were, then

# Every change has to pass these: a life, from birth to an update; whom a node
# refuses and who refuses it; what may not run; a policy, in force, taken back and
# refused; the power.
SAMPLE = ("a_fresh_device_is_born", "it_becomes_active_and_reports",
          "its_key_record_says_how_and_where_the_key_was_made",
          "the_ledger_has_the_leaves",
          "a_site_without_names_addresses_or_clock_will_do",
          "the_owner_took_it_for_what_its_maker_said",
          "two_nodes_talk_to_each_other",
          "a_node_refuses_servers_of_another_root",
          "all_refuse_a_node_that_was_revoked",
          "a_good_update_is_fetched_tried_and_confirmed",
          "what_nobody_signed_does_not_boot", "what_is_older_does_not_boot",
          "what_does_not_confirm_is_taken_back",
          "a_policy_that_locks_the_node_out_is_taken_back_once",
          "power_cuts_in_enrolment")
# And of the others every so many, beginning with another one at each change.
EVERY = 8


def sample():
    """Names, in their order. In turn by the number of commits, as clang-tidy's
    sources are (tools/check/tidy.sh)."""
    count = subprocess.run(
        ["git", "-C", os.path.dirname(FOLDER), "rev-list", "--count", "HEAD"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    turn = int(count.stdout or 0) % EVERY
    names = [n[len("test_"):] for n in globals() if n.startswith("test_")]
    others = [n for n in names if n not in SAMPLE]
    return list(SAMPLE) + others[turn::EVERY]


if __name__ == "__main__":
    if sys.argv[3:] == ["sample"]:
        sys.argv[3:] = sample()
    try:
        service.main()
    finally:
        stage.STAGE.close()
