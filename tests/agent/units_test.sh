#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemd understands the units that ship, and finds them well shut.
#
# units_test.sh BIRTHMARK_AGENT BIRTHMARK_FIREWALL
set -eu
units=$(cd "$(dirname "$0")/../../agent/systemd" && pwd)
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

echo "1..5"
if ! command -v systemd-analyze > /dev/null; then
    for i in 1 2 3 4 5; do
        echo "ok $i # SKIP systemd-analyze is not installed"
    done
    exit 77
fi

cp "$units"/*.service "$work"
sed -i "s|/usr/sbin/birthmark-agent|$1|" "$work/birthmark-agent.service"
sed -i "s|/usr/sbin/birthmark-firewall|$2|" "$work/birthmark-firewall.service"
n=0
for unit in birthmark-agent birthmark-firewall; do
    code=0
    systemd-analyze verify --man=no "$work/$unit.service" \
        > "$work/out" 2>&1 || code=$?
    # Of units of the machine it complains, too; ours shall have no complaint.
    grep -q birthmark "$work/out" && code=1
    n=$((n + 1))
    result $n "$unit.service is verified"

    code=0
    systemd-analyze security --offline=true --threshold=25 --no-pager \
        "$work/$unit.service" > "$work/out" 2>&1 || code=$?
    n=$((n + 1))
    result $n "the exposure of $unit.service is low"
done

code=0
systemd-sysusers --dry-run "$units/birthmark-agent.sysusers" > "$work/out" \
    2>&1 || code=$?
result 5 "the users are understood"
exit $failed
