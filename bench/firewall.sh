#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the firewall's engine takes for a frame, under policies of 10 to 10,000
# rules on this machine, and of 100 on a Cortex-M3, where instructions are
# counted by QEMU and are the same each time: firewall.sh.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
board=$top/build/cortex-m3/bench/firewall/bm_bench_firewall
host=$top/build/release/bench/firewall/bm_bench_firewall

echo
echo "firewall: ns for a frame on this machine, by rules; in-turn: the same"
echo "rules one after another"
"$host" | awk '
    $3 == "probes" { probes[$1] = $4; next }
    { if (!(($2 $3) in seen)) { order[++n] = $2 " " $3 }
      seen[$2 $3] = 1; value[$2 " " $3, $1] = $4 }
    END {
        printf "%-22s %8d %8d %8d %8d\n", "rules", 10, 100, 1000, 10000
        for (i = 1; i <= n; i++) {
            printf "%-22s", order[i]
            for (r = 10; r <= 10000; r *= 10) {
                printf " %8d", value[order[i], r]
            }
            printf "\n"
        }
        printf "%-22s", "comparisons, at most"
        for (r = 10; r <= 10000; r *= 10) { printf " %8d", probes[r] }
        printf "\n"
    }'
if [ ! -x "$board" ]; then
    echo "firewall: compile preset cortex-m3 first"
    exit 0
fi
echo
echo "firewall: instructions for a frame, Cortex-M3, 100 rules; ratio is"
echo "target / ours"
BM_QEMU_ARGS='-icount shift=0' "$top/ports/mps2/run.sh" "$board" | awk '
    $1 == 100 && $3 != "probes" {
        target = $3 == "stateless" || $3 == "dropped" ? 300 : 600
        if ($2 == "IPv6") { target = target == 300 ? 500 : 900 }
        printf "%-22s %8d  target %4d  %5.2f\n", $2 " " $3, $4, target,
            target / $4
    }'
