#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of lib.sh that need no network: which version is taken, what a wrong
# file does. TAP on stdout.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

# expect NAME WANTED GOT
expect()
{
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1: wanted '$2', got '$3'"
        failed=1
    fi
}

choose()
{
    choose_version lib 3.6.5-1 3.6.4 '3.6.*' 2> /dev/null || echo refused
}

expect "the pinned version comes first" 3.6.5-1 \
    "$(printf '3.6.9-1\n3.6.5-1\n' | choose)"
expect "a newer one is taken where the pinned one is gone" 3.6.9-1 \
    "$(printf '3.6.9-1\n3.6.7-1\n' | choose)"
expect "a strict run refuses it" refused \
    "$(printf '3.6.9-1\n' | DEPS_STRICT=1 choose)"
expect "a version below the floor is refused" refused \
    "$(printf '3.6.2-3\n' | choose)"
expect "another line is refused" refused "$(printf '4.0.0-1\n' | choose)"
expect "an empty archive is refused" refused "$(choose < /dev/null)"

echo "whole" > "$tmp/a.tar"
sum=$(sha256sum "$tmp/a.tar" | cut -d' ' -f1)
printf 'lib 1 1 1.* VAR\n%s a.tar\n' "$sum" > "$tmp/sources.txt"
check_pins "$tmp/sources.txt" "$tmp" > "$tmp/log" 2>&1
expect "a file with its pinned sum passes" 0 $?
echo "damaged" > "$tmp/a.tar"
check_pins "$tmp/sources.txt" "$tmp" > "$tmp/log" 2>&1
expect "a damaged file fails" 1 $?

echo "# comment" > "$tmp/rows"
echo "word # and a comment" >> "$tmp/rows"
expect "comments and blank lines are no rows" "word " "$(rows "$tmp/rows")"

echo "1..$count"
exit $failed
