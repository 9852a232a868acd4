#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of one preset, which is built.
#   test.sh PRESET JOBS
# The areas of tests/ hold processes, sockets and emulated machines against the
# clock, and a machine that others load as well has moments in which nothing on
# it moves. So up to FEW of them get a second chance, alone; who needed it is
# named at the end, since one that needs it often hides a fault. Units have no
# such excuse, nor has what a sanitizer found.
set -eu
FEW=3
preset=$1
jobs=$2
root=$(cd "$(dirname "$0")/.." && pwd)
log=$root/build/$preset/Testing/Temporary

cd "$root"
rm -f "$log/LastTestsFailed.log"
if ctest --preset "$preset" --no-tests=error -j "$jobs"; then
    exit 0
fi

# A line is NUMBER:NAME.
failed=$(cut -d : -f 2 "$log/LastTestsFailed.log" 2> /dev/null | tr '\n' ' ')
count=0
for name in $failed; do
    count=$((count + 1))
    case $name in
        tests_*) ;;
        *) exit 1 ;;
    esac
done
if [ "$count" -eq 0 ] || [ "$count" -gt $FEW ] ||
    grep -Eq 'runtime error:|ERROR: (Address|Leak)Sanitizer' "$log/LastTest.log"; then
    exit 1
fi
echo "test.sh: once more, alone: $failed"
cp "$log/LastTest.log" "$log/first.log"
status=0
ctest --preset "$preset" --rerun-failed -j 1 || status=1
# Both: what was skipped in the first run counts as well (check/skips.sh).
cat "$log/LastTest.log" >> "$log/first.log"
mv "$log/first.log" "$log/LastTest.log"
if [ $status -eq 0 ]; then
    echo "test.sh: $preset: passed at the second try: $failed" |
        tee -a "$root/build/second-tries.log"
fi
exit $status
