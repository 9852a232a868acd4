#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What systemd does first of all with a unit: unit.py FILE makes its folders, starts its
program, whose id is printed, and ends when that says that it is ready."""
import os
import socket
import subprocess
import sys

with open(sys.argv[1], encoding="utf-8") as unit:
    service = dict(line.strip().split("=", 1) for line in unit
                   if "=" in line and not line.startswith("#"))
for key, top in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
    for name in service.get(key, "").split():
        os.makedirs(os.path.join(top, name), exist_ok=True)
command = service["ExecStart"].split()
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
    where = os.path.join(os.environ["WORK"], ".notify")
    if os.path.exists(where):
        os.remove(where)
    notified.bind(where)
    notified.settimeout(20)
    with open(os.path.join(os.environ["WORK"], ".unit.log"), "ab") as log:
        process = subprocess.Popen([os.path.basename(command[0])] + command[1:],
                                   env=dict(os.environ, NOTIFY_SOCKET=where),
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    while b"READY=1" not in notified.recv(4096).split(b"\n"):
        pass
print(process.pid)
