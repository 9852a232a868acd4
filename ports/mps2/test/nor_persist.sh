#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the flash holds survives the end of QEMU; a power cut leaves what was
# whole; a write past the driver faults. nor_persist.sh NOR_STEPS.elf
set -u
run=$(dirname "$0")/../run.sh
elf=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export BM_NOR="$tmp/nor.bin"
count=0
failed=0

# step NAME WORD EXIT_CODE
step()
{
    "$run" "$elf" "do=$2" > "$tmp/log" 2>&1
    got=$?
    count=$((count + 1))
    if [ $got -eq "$3" ]; then
        echo "ok $count - $1"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $1: exit code $got"
        failed=1
    fi
}

step "a new file is erased flash" erased 0
step "the power fails while a word is written" fail 98
step "another run finds what was whole" kept 0
step "a write past the driver faults" stray 99
step "and changes nothing" kept 0

echo "1..$count"
exit $failed
