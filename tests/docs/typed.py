#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody at a terminal: typed.py COMMAND... runs it on one, and answers each prompt,
which ends with a colon, by the next line of standard input."""
import os
import pty
import sys

answers = sys.stdin.read().splitlines()
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b""
while True:
    try:
        octets = os.read(terminal, 4096)
    except OSError:  # it has ended
        break
    sys.stdout.buffer.write(octets)
    said += octets
    if answers and said.rstrip().endswith(b":"):
        os.write(terminal, answers.pop(0).encode() + b"\n")
        said = b""
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
