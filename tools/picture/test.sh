#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What record.py draws is what the program printed, and XML. TAP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

n=0
ok()
{
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        failed=yes
    fi
}
failed=

# texts: what stands in the picture, line by line.
texts()
{
    python3 -c '
import sys, xml.etree.ElementTree as xml
for text in xml.parse(sys.argv[1]).iter("{http://www.w3.org/2000/svg}text"):
    print("".join(text.itertext()))' "$1"
}

printf '10%%\r100%%\n<&>"\n\033[1mbold\033[0m plain\n' > printed
"$here/record.py" out.svg 'a title' cat printed > log
printf 'a title\n100%%\n<&>"\nbold plain\n' > want
texts out.svg > got

what='lines are drawn as a terminal shows them'
ok cmp -s want got
what='what is bold is bold'
ok grep -q '<tspan class="b">bold</tspan> plain' out.svg
what='it follows light and dark, and stands still for who wants that'
ok grep -q 'prefers-color-scheme:dark.*' out.svg
ok grep -q 'prefers-reduced-motion' out.svg

rm out.svg
rc=0
"$here/record.py" out.svg title false > log 2>&1 || rc=$?
what='a program that fails leaves no picture'
ok [ "$rc" -ne 0 -a ! -e out.svg ]

echo "1..$n"
[ -z "$failed" ]
