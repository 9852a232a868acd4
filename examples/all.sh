#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plays the small stories; with EXAMPLES_EVERY=N every Nth of them alone,
# beginning with another one at each commit.
set -eu
cd "$(dirname "$0")/.."
turn=$(($(git rev-list --count HEAD 2> /dev/null || echo 0) % ${EXAMPLES_EVERY:-1}))
for story in examples/first-*/demo.sh; do
    if [ $((turn % ${EXAMPLES_EVERY:-1})) -eq 0 ]; then
        "$story"
    fi
    turn=$((turn + 1))
done
