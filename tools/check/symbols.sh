#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Objects for the device need nothing but symbols.txt, above all no allocator,
# and keep no state: no .data, no .bss.
#   symbols.sh [OBJECT OR ARCHIVE]...   default: the freestanding folders'
#                                       libraries in build/cortex-m3
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
if [ $# -eq 0 ]; then
    for folder in $(awk '$2 == "freestanding" { print $1 }' \
        "$root/tools/layers.txt"); do
        archive=$root/build/cortex-m3/libbm_$folder.a
        [ ! -f "$archive" ] || set -- "$@" "$archive"
    done
fi
if [ $# -eq 0 ]; then
    echo "symbols: nothing is built for Cortex-M3" >&2
    exit 1
fi

allowed="$(grep -v '^#' "$here/symbols.txt" | tr '\n' '|')bm_.*"
arm-none-eabi-nm -A "$@" | awk -v allowed="^(${allowed})\$" '
    { name = $NF; type = $(NF - 1); file = $1; sub(/:[^:]*$/, "", file) }
    type == "U" && name !~ allowed {
        print file ": uses " name; bad = 1
    }
    type ~ /^[bBdDC]$/ {
        print file ": keeps state in " name; bad = 1
    }
    END { exit bad }' || { echo "symbols: not allowed on a device"; exit 1; }
echo "symbols: ok"
