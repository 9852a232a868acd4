#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the code that ships; the rules are in .clang-tidy.
#   tidy.sh [BUILD [ROOT]]   BUILD holds compile_commands.json of a clang build
set -eu
# One file per process: clang-tidy 14 confuses va_lists of several.
here=$(cd "$(dirname "$0")" && pwd)
cd "${2:-$here/../..}"
build=${1:-build/asan}
# Which of them it is: another with each commit.
turn=$(($(git rev-list --count HEAD 2> /dev/null || echo 0) % ${TIDY_EVERY:-1}))
sed -n 's/^  "file": "\(.*\)".*/\1/p' "$build/compile_commands.json" |
    grep "^$(pwd)/.*\.c\$" |
    grep -v -e "^$(pwd)/build/" -e '/test/' -e '/tests/' -e '/fuzz/' \
        -e '/bench/' | sort -u |
    awk -v every="${TIDY_EVERY:-1}" -v turn="$turn" 'NR % every == turn' |
    xargs -r -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build" 2> /dev/null
echo "tidy: ok"
