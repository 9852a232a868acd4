#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh fails when a target fails, and when there is none. The targets here
# are scripts that end as libFuzzer would. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export BM_FUZZ_BUILD="$tmp" BM_VECTORS="$tmp/none" FUZZ_SECONDS=1
count=0
failed=0

# target NAME EXIT_CODE
target()
{
    printf '#!/bin/sh\necho "#9 DONE cov: 7 ft: 9"\nexit %d\n' "$2" \
        > "$tmp/fuzzers/$1"
    chmod +x "$tmp/fuzzers/$1"
    echo "$1 $tmp/corpus" >> "$tmp/fuzzers.txt"
}

# expect NAME EXIT_CODE MESSAGE ARGUMENT...
expect()
{
    name=$1 code=$2 message=$3
    shift 3
    "$here/fuzz.sh" "$@" > "$tmp/log" 2>&1
    got=$?
    count=$((count + 1))
    if [ $got -eq "$code" ] && grep -q "$message" "$tmp/log"; then
        echo "ok $count - $name"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $name: exit code $got"
        failed=1
    fi
}

mkdir "$tmp/fuzzers"
: > "$tmp/fuzzers.txt"
expect "no target at all fails" 1 "no fuzz target"
target good 0
expect "a target without a finding passes" 0 "1 targets"
expect "a name that does not exist fails" 1 "no fuzz target" other
target bad 77
target last 0
expect "a target with a finding fails" 1 "failed: bad "
expect "one can be chosen" 0 "1 targets" last

echo "1..$count"
exit $failed
