#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The list in the tree is what the script writes, and a stale one is found.
set -u
here=$(dirname "$0")
n=0
rc=0

check() {
    n=$((n + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        rc=1
    fi
}

"$here/bad_keys.py" --check
check "ca/bad-keys.txt is what bad_keys.py writes" $?
dir=$(mktemp -d)
mkdir "$dir/ca" "$dir/tests" "$dir/tools"
cp -R "$here" "$dir/tools/bad_keys"
cp -R "$here/../../tests/harness" "$dir/tests/harness"
sed '$d' "$here/../../ca/bad-keys.txt" > "$dir/ca/bad-keys.txt"
! "$dir/tools/bad_keys/bad_keys.py" --check > "$dir/out"
check "a list that lacks a key is out of date" $?
rm -rf "$dir"
echo "1..$n"
exit $rc
