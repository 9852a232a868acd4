#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the firewall's engine takes for a frame, under policies of 10 to 10,000
# rules on this machine, beside Linux under the same policies and wolfSentry; and
# of 100 on a Cortex-M3, where instructions are counted by QEMU and are the same
# each time: firewall.sh.
#
# Of wolfSentry (1.6.3) there is no measurement in this run: what it took on a
# machine with two cores of x86-64 for a route that is found, and for none. Its
# routes are a sorted list (routes.c, wolfsentry_internal.c: "once the table is
# a red-black tree"), so beyond 1,000 nothing is claimed but that.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
board=$top/build/cortex-m3/bench/firewall/bm_bench_firewall
host=$top/build/release/bench/firewall/bm_bench_firewall
linux=$top/build/release/bench/firewall/bm_bench_firewall_linux

echo
echo "firewall: ns for a frame on this machine, by rules. in-turn: the same rules"
echo "one after another. nftables: what the ruleset of the same policy adds to a"
echo "frame on its way in (median of differences, two namespaces in turns); of"
echo "wolfSentry, elsewhere: a route that is there, and none. Ratios: times ours"
{
    "$host"
    "$linux"
    printf '%s\n' '10 - wolfSentry-hit 283' '100 - wolfSentry-hit 2000' \
        '1000 - wolfSentry-hit 15300' '10 - wolfSentry-miss 302' \
        '100 - wolfSentry-miss 2600' '1000 - wolfSentry-miss 31000'
} | awk '
    $1 == "#" { next }
    $2 == "tables" { tables = $3; next }
    $2 == "nftables" { kernel = $3; next }
    $2 == "compiled" || $2 == "differ" { next }
    $3 == "probes" { probes[$1] = $4; next }
    { name = ($2 == "-" ? "" : $2 " ") $3
      if (!(name in seen)) { order[++n] = name }
      seen[name] = 1; value[name, $1] = $4 }
    function line(name, r) {
        printf "%-24s", name
        for (r = 10; r <= 10000; r *= 10) {
            printf " %11s", (name, r) in value ? value[name, r] : "-"
        }
        printf "\n"
    }
    function ratio(theirs, ours, r) {
        if (!(theirs in seen)) { return }
        printf "%-24s", theirs " x"
        for (r = 10; r <= 10000; r *= 10) {
            if (value[theirs, r] + 0 > 0 && value[ours, r] + 0 > 0) {
                printf " %11.0f", value[theirs, r] / value[ours, r]
            } else { printf " %11s", "-" }
        }
        printf "\n"
    }
    END {
        printf "%-24s %11d %11d %11d %11d\n", "rules", 10, 100, 1000, 10000
        for (i = 1; i <= n; i++) { line(order[i]) }
        printf "%-24s", "comparisons, at most"
        for (r = 10; r <= 10000; r *= 10) { printf " %11d", probes[r] }
        printf "\n"
        ratio("IPv4 nftables-stateless", "IPv4 stateless")
        ratio("IPv4 nftables-dropped", "IPv4 dropped")
        ratio("wolfSentry-hit", "IPv4 stateless")
        ratio("wolfSentry-miss", "IPv4 dropped")
        print "tables of 10, 100 and 1000 rules are those of the compiler, octet by octet: " (tables == "compiled" ? "yes" : "NO")
        if (kernel != "") {
            print "nftables: unavailable (no network namespaces, or no TAP device)"
        }
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
