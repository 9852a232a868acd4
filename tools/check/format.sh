#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-format would change nothing. format.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
find . \( -path ./build -o -path ./.git \) -prune -o -name '*.[ch]' -print0 |
    xargs -0 -r clang-format --dry-run -Werror --ferror-limit=1 --style=file
echo "format: ok"
