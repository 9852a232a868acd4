# SPDX-License-Identifier: Apache-2.0
"""What tests of keys that are made for batches share."""
import json
import os
import re
import signal

from service import read, run, write

LDEVID = "ieee-802.1ar-ldevid"
ROWS = int(os.environ.get("BATCH_ROWS", "400"))


def devices(prefix, n):
    return ("device\r\n" + "".join("%s-%d\r\n" % (prefix, i)
                                   for i in range(1, n + 1))).encode()


def show(srv, number):
    return json.loads(srv.birthmark("batch", "show", "--dir", srv.dir,
                                    "--json", number)[1])


def get(srv, number, out, *more, check=True):
    return srv.birthmark("batch", "get", "--dir", srv.dir, "--out", out, *more,
                         number, check=check)


def secret_of(p8):
    """The octets of a private key on P-256."""
    write("secret.p8", p8)
    text = run("openssl", "pkey", "-inform", "DER", "-in", "secret.p8",
               "-noout", "-text")[1]
    digits = re.search(r"priv:\s*([0-9a-f:\s]+)", text).group(1)
    return bytes.fromhex("".join(digits.replace(":", "").split()))[-32:]


def memory_of(pid):
    """All that is in the memory of a process; None: one may not look."""
    parts = []
    try:
        with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, \
                open("/proc/%d/mem" % pid, "rb") as mem:
            for line in maps:
                bounds, mode = line.split()[:2]
                first, last = (int(v, 16) for v in bounds.split("-"))
                # Not the shadow of a sanitizer, which is terabytes.
                if "rw" not in mode or last - first > 1 << 26:
                    continue
                try:
                    mem.seek(first)
                    parts.append(mem.read(last - first))
                except (OSError, ValueError, OverflowError):
                    pass
    except OSError:
        return None
    return b"".join(parts)


def kill_all(srv):
    """As a loss of power: every process, at once."""
    for pids in srv.rooms().values():
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    srv.stop(signal.SIGKILL)
