#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_test.sh CMAKE BUILD CC: install, and build a program on that. TAP.
set -u
cmake=$1
build=$2
cc=$3
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

# check NAME COMMAND...
check()
{
    name=$1
    shift
    count=$((count + 1))
    if "$@" > "$tmp/log" 2>&1; then
        echo "ok $count - $name"
    else
        sed 's/^/# /' "$tmp/log"
        echo "not ok $count - $name"
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

check "the tree is installed" install_tree
check "a program builds on it and runs" use_tree
check "each installed header compiles alone" headers_alone
check "what is internal stays behind" no_internal
check "the manual pages are there" \
    test -s "$tmp/tree/share/man/man1/birthmark-cert.1"
echo "1..$count"
exit $failed
