#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian packages of this tree, into DIR: deb.sh DIR
#   DEB_TREE=PATH  programs that are built already: no libbirthmark-dev then
# They are built in a copy: nothing is left in the tree, and its path is in no
# package.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?usage: deb.sh DIR}

die()
{
    echo "deb: $*" >&2
    exit 1
}

command -v dh > /dev/null || die "no debhelper: run 'make deps'"
# Without these sources birthmark is built without LMS, and says nothing.
: "${BM_MBEDTLS_DIR:=$top/build/deps/mbedtls}"
[ -n "${DEB_TREE:-}" ] || [ -d "$BM_MBEDTLS_DIR/library" ] ||
    die "no Mbed TLS sources in $BM_MBEDTLS_DIR: run 'make deps'"
export BM_MBEDTLS_DIR
# What a cache of the compiler's has kept may name the paths of another tree.
export CCACHE_DISABLE=1

mkdir -p "$out"
DEB_OUT=$(realpath "$out")
export DEB_OUT
rm -rf "$DEB_OUT/source" "$DEB_OUT"/*.deb
mkdir "$DEB_OUT/source"
tar -C "$top" -c --exclude=./build --exclude=./.git . |
    tar -C "$DEB_OUT/source" -x
cd "$DEB_OUT/source"
dpkg-checkbuilddeps debian/control || die "run 'make deps'"

not=
[ -z "${DEB_TREE:-}" ] || not=-Nlibbirthmark-dev
DEB_RULES_REQUIRES_ROOT=no DH_OPTIONS=$not debian/rules binary \
    > "$DEB_OUT/log" 2>&1 || { tail -n 30 "$DEB_OUT/log" >&2; die "see $out/log"; }
rm -rf "$DEB_OUT/source"
ls "$DEB_OUT"/*.deb
