#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every "# SKIP" in the last ctest run of each preset must be a line of
# .ci/expected-skips: a test that silently stops running is a lost test.
#   skips.sh [BUILD [EXPECTED]]
# Lines: PRESET TEST CASE [without-vectors], where * stands for any; with the
# last word the line holds only where the folder BM_VECTORS does not exist. A
# test that skips itself whole ("1..0 # SKIP") is of case "all".
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build}
expected=${2:-$root/.ci/expected-skips}
vectors=absent
[ ! -d "${BM_VECTORS:-$root/../shared/vectors}" ] || vectors=present

found=0
for log in "$build"/*/Testing/Temporary/LastTest.log; do
    [ -f "$log" ] || continue
    [ $found -ne 0 ] || found=1
    preset=${log%/Testing/Temporary/LastTest.log}
    awk -v preset="${preset##*/}" -v list="$expected" -v vectors="$vectors" '
        function fits(pattern, word) { return pattern == "*" || pattern == word }
        FILENAME == list {
            sub(/#.*/, "")
            if (NF == 3 || ($4 == "without-vectors" && vectors == "absent")) {
                n++
                presets[n] = $1; tests[n] = $2; cases[n] = $3
            }
            next
        }
        /^[0-9]+\/[0-9]+ Testing: / { test = $3 }
        /^(ok [0-9]+ .*|1\.\.0 )# SKIP/ {
            skipped = $1 == "ok" ? $4 : "all"
            for (i = 1; i <= n; i++) {
                if (fits(presets[i], preset) && fits(tests[i], test) &&
                    fits(cases[i], skipped)) { next }
            }
            reason = $0
            sub(/.*# SKIP */, "", reason)
            print preset ": " test ": " skipped " is skipped: " reason
            bad = 1
        }
        END { exit bad }' "$expected" "$log" || found=2
done
case $found in
    0) echo "skips: no test has run yet" >&2; exit 1 ;;
    2) echo "skips: not listed in ${expected#"$root"/}" >&2; exit 1 ;;
esac
echo "skips: ok"
