#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemd understands the units that ship, and finds them well shut.
#
# units_test.sh BIRTHMARKD
set -eu
units=$(cd "$(dirname "$0")/../../daemon/systemd" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# result NUMBER WHAT: of the command before it
result() {
    if [ "$code" -eq 0 ]; then
        echo "ok $1 - $2"
    else
        sed 's/^/# /' "$work/out"
        echo "not ok $1 - $2"
        failed=1
    fi
}

echo "1..4"
# What makes keys locks all of its memory, where it may (keygen/memory.h).
wanted=$(sed -n 's/^#define KEYGEN_LOCKED_MIN ((size_t)\([0-9]*\) << 20)$/\1/p' \
    "$units/../../keygen/memory.h")
given=$(sed -n 's/^LimitMEMLOCK=\([0-9]*\)M$/\1/p' "$units/birthmarkd.service")
code=0
echo "LimitMEMLOCK=${given}M, and keygen wants $wanted" > "$work/out"
[ -n "$wanted" ] && [ "${given:-0}" -ge "$wanted" ] || code=1
result 1 "the memory that keygen locks is allowed"

if ! command -v systemd-analyze > /dev/null; then
    for i in 2 3 4; do
        echo "ok $i # SKIP systemd-analyze is not installed"
    done
    exit 77
fi

cp "$units"/*.service "$units"/*.socket "$work"
sed -i "s|/usr/sbin/birthmarkd|$1|" "$work/birthmarkd.service"
code=0
systemd-analyze verify --man=no "$work"/birthmarkd*.service \
    "$work"/birthmarkd*.socket > "$work/out" 2>&1 || code=$?
# Of units of the machine it complains, too; ours shall have no complaint.
grep -q birthmark "$work/out" && code=1
result 2 "the units are verified"

code=0
systemd-analyze security --offline=true --threshold=35 --no-pager \
    "$work/birthmarkd.service" > "$work/out" 2>&1 || code=$?
result 3 "their exposure is low"

code=0
systemd-sysusers --dry-run "$units/birthmark.sysusers" > "$work/out" 2>&1 ||
    code=$?
result 4 "the users are understood"
exit $failed
