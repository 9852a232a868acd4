#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run the benchmarks of preset release: run.sh [NAME]..., those of the library;
# run.sh service [NAME]..., those of birthmarkd; none: all. No result makes this
# fail.
set -eu
top=$(dirname "$0")/..
if [ "${1:-}" != service ]; then
    "$top/build/release/bench/bm_bench" "$@"
fi
if [ "${1:-service}" = service ]; then
    [ $# -eq 0 ] || shift
    "$top/build/release/bench/bm_bench_server" "$top/build/bin/birthmarkd" "$@"
fi
if [ $# -eq 0 ]; then
    "$top/bench/boot.sh"
    "$top/bench/net.sh"
    "$top/bench/firewall.sh"
fi
