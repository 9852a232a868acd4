#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cppcheck over what is shipped. cppcheck.sh [ROOT]. Tests run under the
# sanitizers of two compilers, which see more.
set -eu
cd "${1:-$(dirname "$0")/../..}"
find . \( -path ./build -o -path ./.git \) -prune -o -name '*.c' -print |
    grep -v -e '/test/' -e '^./tests/' -e '/fuzz/' -e '^./bench/' |
    cppcheck -q -j "$(nproc)" --std=c11 --platform=unix64 -I . \
        --enable=warning,performance,portability --inline-suppr \
        --suppress=missingIncludeSystem --suppress=unknownMacro \
        --error-exitcode=1 --template='{file}:{line}: {message} [{id}]' \
        --file-list=-
echo "cppcheck: ok"
