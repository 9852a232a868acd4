#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# board_test.sh EQUAL PROGRAM RUN: what EQUAL shows and the reference says of it
# goes to files, which PROGRAM takes on the board that RUN starts.
set -eu
equal=$1
program=$2
run=$3

if [ ! -x "$equal" ]; then
    echo "1..0 # SKIP preset release has not built $equal"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$equal" 2 "$folder" > "$folder/log" || {
    cat "$folder/log"
    exit 1
}
"$run" "$program" "folder=$folder"
