#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Instructions that a microcontroller takes for a handshake of mutual TLS, and
# the most of them in one piece, while nothing else is looked at: net.sh. They
# are counted by QEMU; what the peer takes is not among them.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
program=$top/build/cortex-m3/tests/net/tests_net_device

if [ ! -x "$program" ]; then
    echo "net: compile preset cortex-m3 first"
    exit 0
fi
exec python3 "$top/tests/net/net_bench.py" "$program"
