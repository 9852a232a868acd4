#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_test.sh CMAKE BUILD CC [MBEDTLS]: install, and build a program on that. TAP.
set -u
cmake=$1
build=$2
cc=$3
mbedtls=${4:-}
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

# check NAME COMMAND...
check()
{
    subject=$1
    shift
    count=$((count + 1))
    if "$@" > "$tmp/log" 2>&1; then
        echo "ok $count - $subject"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $subject"
        failed=1
    fi
}

install_tree()
{
    "$cmake" --install "$build" --prefix "$tmp/tree"
    PKG_CONFIG_PATH=$(dirname "$(find "$tmp/tree" -name birthmark-core.pc)")
    export PKG_CONFIG_PATH
}

use_tree()
{
    # shellcheck disable=SC2046  # the flags are separate words on purpose
    (cd "$tmp" && "$cc" -std=c11 -Wall -Wextra -Werror -o use "$here/use.c" \
        $(pkg-config --cflags --libs --static birthmark-keys birthmark-openssl)) &&
        test "$("$tmp/use")" = ba78
}

# The same as above, found by find_package().
found_tree()
{
    rm -rf "$tmp/found"
    "$cmake" -G Ninja -S "$here/found" -B "$tmp/found" -DCMAKE_C_COMPILER="$cc" \
        -DCMAKE_PREFIX_PATH="$tmp/tree" && "$cmake" --build "$tmp/found" &&
        test "$("$tmp/found/use")" = ba78
}

missing_part()
{
    ! "$cmake" -G Ninja -S "$here/found" -B "$tmp/missing" -DPART=none \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$tmp/tree" \
        > "$tmp/said" 2>&1 && grep -q "no none among" "$tmp/said"
}

# The SDK from its sources, in a project of somebody else.
added_tree()
{
    "$cmake" -G Ninja -S "$here/added" -B "$tmp/added" \
        -DCMAKE_C_COMPILER="$cc" && "$cmake" --build "$tmp/added" &&
        "$tmp/added/firmware"
}

added_for_arm()
{
    "$cmake" -G Ninja -S "$here/added" -B "$tmp/arm" \
        -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_C_COMPILER=arm-none-eabi-gcc \
        -DCMAKE_ASM_COMPILER=arm-none-eabi-gcc \
        -DMBEDTLS_DIR="$mbedtls" \
        -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY \
        -DCMAKE_C_FLAGS="-mcpu=cortex-m3 -mthumb -Os --specs=picolibc.specs" &&
        "$cmake" --build "$tmp/arm"
}

headers_alone()
{
    find "$tmp/tree/include/birthmark" -name '*.h' | while read -r header; do
        # shellcheck disable=SC2046
        echo "#include \"$header\"" |
            "$cc" -std=c11 -Wall -Wextra -Werror -fsyntax-only \
                $(pkg-config --cflags birthmark-openssl) -x c - || exit 1
    done
}

no_internal()
{
    ! find "$tmp/tree" -name '*internal.h' -o -path '*/test/*' | grep .
}

# Of birthmark's own pages tests/cli/show_test.py says so.
manuals_agree()
{
    man=$tmp/tree/share/man
    for program in birthmarkd:8 birthmark-agent:1 birthmark-firewall:8; do
        name=${program%:*} section=${program#*:}
        "$tmp/tree/sbin/$name" --help > "$tmp/help" 2>&1
        grep -q -e --config "$tmp/help" || return 1
        for option in $(grep -o -e '--[a-z][a-z-]*' "$tmp/help" |
            grep -v -x -e --help -e --version | sort -u); do
            grep -q "Fl -${option#--}" "$man/man$section/$name.$section" || {
                echo "$name.$section: nothing of $option"
                return 1
            }
        done
    done
}

check "the tree is installed" install_tree
check "a program builds on it and runs" use_tree
check "a program finds it by CMake" found_tree
check "a part that does not exist is named" missing_part
check "the SDK is a folder of another project" added_tree
check "and compiles for a microcontroller there" added_for_arm
check "each installed header compiles alone" headers_alone
check "what is internal stays behind" no_internal
check "the manual pages are there" \
    test -s "$tmp/tree/share/man/man1/birthmark-cert.1"
check "and name each option of each program" manuals_agree
echo "1..$count"
exit $failed
