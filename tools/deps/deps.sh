#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages of packages.txt and unpack the sources of
# sources.txt into build/deps. A second run finds nothing to do.
#   DEPS_STRICT=1    refuse source versions other than the pinned ones
#   DEPS_MIRROR=URI  take sources from this Debian archive instead of the one
#                    the machine's apt uses
#   BM_MBEDTLS_DIR, BM_LWIP_DIR   an existing copy: it is not fetched
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/lib.sh"

mkdir -p "$root/build/deps"
install_packages "$root/build/deps/packages.log"
fetch_sources "$root/build/deps" "$here/sources.txt"
say "everything is here"
