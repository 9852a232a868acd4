#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run the benchmarks of preset release. No result makes this fail.
set -eu
exec "$(dirname "$0")/../build/release/bench/bm_bench" "$@"
