#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# faults.sh PROGRAM...: each ends in a fault that is printed, with the exit code
# that board.h gives it, and soon.
set -u
run=$(dirname "$0")/../run.sh
n=0
failed=0
for program in "$@"; do
    n=$((n + 1))
    said=$(BM_QEMU_TIMEOUT=30 "$run" "$program")
    rc=$?
    case $rc:$said in
        99:*"Bail out! fault"*) echo "ok $n - $(basename "$program")" ;;
        *)
            echo "not ok $n - $(basename "$program"): exit code $rc, $said"
            failed=1
            ;;
    esac
done
echo "1..$n"
exit $failed
