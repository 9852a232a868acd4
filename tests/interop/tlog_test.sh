#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tlog_test.sh TOOL: golang.org/x/mod/sumdb reads what TOOL publishes, and TOOL
# reads what it signs.
set -u
tool=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! command -v go > /dev/null ||
    [ ! -d /usr/share/gocode/src/golang.org/x/mod/sumdb ]; then
    echo "ok 1 - tlog # SKIP no golang.org/x/mod: make deps"
    echo "1..1"
    exit 77
fi
# Debian keeps sources of libraries under this path; no network is needed.
export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' HOME="$dir"
export GOCACHE="${BM_GOCACHE:-$dir/cache}"
n=0
failed=0

check() {
    n=$((n + 1))
    what=$1
    shift
    if "$@" > "$dir/out" 2>&1; then
        echo "ok $n - $what"
    else
        sed 's/^/# /' "$dir/out"
        echo "not ok $n - $what"
        failed=1
    fi
}
no() {
    ! "$@"
}
says() {
    want=$1
    shift
    "$@" | grep -qxF -- "$want"
}

check "the judge compiles" go build -o "$dir/tlog" "$here/tlog.go" \
    "$here/tlog_entry.go"
tlog="$dir/tlog"
mkdir "$dir/ledger"
"$tool" make "$dir/ledger" > "$dir/vkeys" || exit 1
first=$(sed -n 1p "$dir/vkeys")
second=$(sed -n 2p "$dir/vkeys")

check "every entry of the first tree is where the checkpoint says" \
    says 1000 "$tlog" read "$dir/ledger" "$first"
check "a later tree is read in the same way" \
    says 10 "$tlog" read "$dir/ledger/2" "$second"
check "the key of one tree does not open the other" \
    no "$tlog" read "$dir/ledger/2" "$first"
check "proof files verify" "$tlog" proof "$first" "$dir"/ledger/proof-*
sed 's/^index 255$/index 254/' "$dir/ledger/proof-255" > "$dir/moved"
check "a proof of another index does not" no "$tlog" proof "$first" \
    "$dir/moved"
printf 'x' | dd of="$dir/ledger/tile/0/001" bs=1 seek=77 conv=notrunc \
    2> "$dir/out"
check "a changed tile is found" no "$tlog" read "$dir/ledger" "$first"

"$tlog" sign ca.example/go "$dir/note" > "$dir/signed" || exit 1
read -r key root < "$dir/signed"
check "a checkpoint that sumdb signed is read" says "1234 $root" \
    "$tool" open ca.example/go "$key" "$dir/note"
check "not under another origin" \
    no "$tool" open ca.example/other "$key" "$dir/note"
echo "1..$n"
exit $failed
