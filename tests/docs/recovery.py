#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device in recovery at a serial line: recovery.py LINE RECEIVED writes the line's name
into LINE, what arrives into RECEIVED, and tells when it would start again."""
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../cli"))
# pylint: disable=wrong-import-position
from recovery_device import RESET, Device

device = Device()
with open(sys.argv[1], "w", encoding="ascii") as f:
    f.write(device.port)
while RESET not in device.kinds:
    time.sleep(0.02)
with open(sys.argv[2], "wb") as f:
    f.write(device.got)
print("reset", flush=True)
signal.pause()  # the line stays
