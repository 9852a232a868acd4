#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every "# SKIP" in the last ctest run of each preset must be a line of
# .ci/expected-skips: a test that silently stops running is a lost test.
#   skips.sh [BUILD [EXPECTED]]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build}
expected=${2:-$root/.ci/expected-skips}

found=0
for log in "$build"/*/Testing/Temporary/LastTest.log; do
    [ -f "$log" ] || continue
    found=1
    preset=${log%/Testing/Temporary/LastTest.log}
    awk -v preset="${preset##*/}" -v list="$expected" '
        FILENAME == list {
            sub(/#.*/, "")
            if (NF >= 3) { expected[$1 " " $2 " " $3] = 1 }
            next
        }
        /^[0-9]+\/[0-9]+ Testing: / { test = $3 }
        /^ok [0-9]+ .*# SKIP/ {
            name = $4
            if ((preset " " test " " name) in expected ||
                ("* " test " " name) in expected) { next }
            reason = $0
            sub(/.*# SKIP */, "", reason)
            print preset ": " test ": " name " is skipped: " reason
            bad = 1
        }
        END { exit bad }' "$expected" "$log" || found=2
done
case $found in
    0) echo "skips: no test has run yet" >&2; exit 1 ;;
    2) echo "skips: not listed in ${expected#"$root"/}" >&2; exit 1 ;;
esac
echo "skips: ok"
