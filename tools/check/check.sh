#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run every checker and say which failed. check.sh [NAME]... runs only those.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1
log=build/check
mkdir -p $log

[ $# -gt 0 ] || set -- text links spelling format scripts layers banned length fuzzed \
    clauses rfc headers symbols cppcheck tidy
failed=
for name in "$@"; do
    script=$(ls "$here/$name".sh "$here/$name".py 2> /dev/null)
    if "$script" > "$log/$name" 2>&1; then
        cat "$log/$name"
    else
        cat "$log/$name"
        echo "$name: FAILED"
        failed="$failed $name"
    fi
done
if [ -n "$failed" ]; then
    echo "check: failed:$failed"
    exit 1
fi
echo "check: all passed"
