#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shell script passes shellcheck. scripts.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
find . \( -path ./build -o -path ./.git \) -prune -o -type f \( -name '*.sh' -o -path ./demo -o -path ./test -o \
    -path ./.ci/run \) -print0 |
    xargs -0 -r shellcheck -S warning -e SC1091
echo "scripts: ok"
