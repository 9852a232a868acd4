#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tar_test.sh TOOL: what tar(1) and we make of each other's archives. TAP.
set -u
tool=$1
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

pack()
{
    "$tool" pack "$tmp/$1.tar" "$1" "birthmark.yaml=$tmp/yaml" \
        "keys/root.key=$tmp/key" "ca/root.pem=$tmp/pem"
}

listed()
{
    printf 'manifest\nbirthmark.yaml\nca/root.pem\nkeys/root.key\n' > "$tmp/want"
    tar -tf "$tmp/$1.tar" > "$tmp/got" && diff "$tmp/want" "$tmp/got"
}

unpacked()
{
    mkdir "$tmp/$1" && tar -xf "$tmp/$1.tar" -C "$tmp/$1" &&
        cmp "$tmp/pem" "$tmp/$1/ca/root.pem" &&
        cmp "$tmp/key" "$tmp/$1/keys/root.key"
}

# The manifest's own hashes, by sha256sum.
hashes()
{
    (cd "$tmp/$1" && sed -n 's/.*"sha256": "\(.*\)".*/\1/p' manifest |
        sort > "$tmp/want" &&
        sha256sum birthmark.yaml ca/root.pem keys/root.key |
        cut -d' ' -f1 | sort > "$tmp/got" && diff "$tmp/want" "$tmp/got")
}

again()
{
    (cd "$tmp/$1" && tar --format="$2" -cf "$tmp/$1-$2.tar" manifest \
        birthmark.yaml ca/root.pem keys/root.key) &&
        "$tool" unpack "$tmp/$1-$2.tar" "$tmp/$1-$2" &&
        cmp "$tmp/key" "$tmp/$1-$2/keys/root.key"
}

refused()
{
    ! "$@"
}

with_folders()
{
    (cd "$tmp/plain" && tar -cf "$tmp/all.tar" manifest birthmark.yaml ca keys) &&
        "$tool" unpack "$tmp/all.tar" "$tmp/all"
}

seq 1000 > "$tmp/yaml"
seq 2000 > "$tmp/pem"
echo sealed > "$tmp/key"
for squeeze in plain gzip zstd; do
    check "an archive is packed: $squeeze" pack $squeeze
    check "tar lists it: $squeeze" listed $squeeze
    check "tar unpacks it: $squeeze" unpacked $squeeze
    check "its hashes are those of sha256sum: $squeeze" hashes $squeeze
done
for format in ustar pax gnu; do
    check "what tar packs in that order opens: $format" again plain $format
done
check "entries for folders are refused" refused with_folders
check "and nothing of them stays" test ! -e "$tmp/all"
echo "1..$count"
exit $failed
