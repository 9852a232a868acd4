#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Instructions that a bootloader takes to verify an image of 100 KB, on a
# Cortex-M3, and how many of them are cryptography: boot.sh. They are counted by
# QEMU, so that they are the same each time.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
boot=$top/ports/mps2/boot/test
program=$top/build/cortex-m3/ports/mps2/boot/test/verify_bench

if [ ! -x "$program" ]; then
    echo "boot: compile preset cortex-m3 first"
    exit 0
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$boot"
python3 - "$tmp" << 'END'
import random
import sys
import board
pem = board.key("firmware")
with open(sys.argv[1] + "/image", "wb") as f:
    f.write(board.image(random.Random(1).randbytes(100 * 1024), pem, counter=1))
with open(sys.argv[1] + "/point", "wb") as f:
    f.write(board.spki(pem)[-65:])
END
BM_QEMU_ARGS='-icount shift=0' "$top/ports/mps2/run.sh" "$program" \
    image="$tmp/image" point="$tmp/point" > "$tmp/out"
read -r octets all sha p256 < "$tmp/out"
echo
echo "verifying an image of $octets octets, Cortex-M3, twice as it is done"
awk -v all="$all" -v sha="$sha" -v p256="$p256" 'BEGIN {
    rest = all - sha - p256
    row = "%-22s %9.2f M %6.1f %%\n"
    printf row, "instructions", all / 1e6, 100
    printf row, "  SHA-256", sha / 1e6, 100 * sha / all
    printf row, "  P-256", p256 / 1e6, 100 * p256 / all
    printf row, "  everything else", rest / 1e6, 100 * rest / all
    printf "%-22s %9.2f   (cryptography alone / all)\n", "ratio",
        (sha + p256) / all
}'
