#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# wycheproof.sh PROGRAM: feed it the vectors of BM_VECTORS/wycheproof.
set -eu
vectors=${BM_VECTORS:-}/wycheproof
if [ ! -d "$vectors" ]; then
    echo "ok 1 - wycheproof # SKIP no vectors in $vectors (BM_VECTORS)"
    echo "1..1"
    exit 77
fi
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
python3 "$(dirname "$0")/wycheproof.py" "$vectors"/*.json > "$lines"
"$1" "$lines"
