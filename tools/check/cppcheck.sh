#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cppcheck over all of our C. cppcheck.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
find . \( -path ./build -o -path ./.git \) -prune -o -name '*.c' -print |
    cppcheck -q -j "$(nproc)" --std=c11 --platform=unix64 -I . \
        --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=unknownMacro \
        --error-exitcode=1 --template='{file}:{line}: {message} [{id}]' \
        --file-list=-
echo "cppcheck: ok"
