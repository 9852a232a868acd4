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
    NF < 3 { next } # between the archives
    { name = $NF; type = $(NF - 1); file = $1; sub(/:[^:]*$/, "", file) }
    type == "U" { if (name !~ allowed) { uses[name] = file } }
    type != "U" { has[name] = 1 } # of ours, whatever it is called
    type ~ /^[bBdDC]$/ {
        print file ": keeps state in " name; bad = 1
    }
    END {
        for (name in uses) {
            if (!(name in has)) { print uses[name] ": uses " name; bad = 1 }
        }
        exit bad
    }' || { echo "symbols: not allowed on a device"; exit 1; }
echo "symbols: ok"
