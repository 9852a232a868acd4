#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first chain, played: demo.sh [DIR]. Its files stay in DIR, or build/demo.
set -eu
cd "$(dirname "$0")/../.."

bin=build/bin
ca=build/release/examples/first-chain/first-chain
elf=build/cortex-m3/examples/first-chain/first-chain-device
at=$(date -u +%Y-%m-%dT%H:%M:%SZ)

dir=${1:-build/demo}
mkdir -p "$dir"

. examples/play.sh

device()
{
    ports/mps2/run.sh "$elf" "$@"
}

# flip IN OUT OFFSET: one bit of one byte.
flip()
{
    cp "$1" "$2"
    byte=$(od -An -tu1 -j "$3" -N 1 "$1")
    # shellcheck disable=SC2059  # the format is the octal byte
    printf "\\$(printf '%03o' $((byte ^ 1)))" |
        dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}

say '1. Birth: a Cortex-M3 boots in QEMU and makes its own key.' \
    'Nobody else ever holds it; only a signed request leaves the device.'
run device do=request id=SN-1 csr="$dir/device.csr"

say '2. The request, read by the command-line tool.'
run $bin/birthmark cert show "$dir/device.csr"

say '3. A root, an issuing CA, and a certificate for the device.' \
    'Written by the same library that the device is linked with.'
run $ca "$dir" "$dir/device.csr" "$at"
run $bin/birthmark cert show "$dir/device.der"

say '4. Three judges of one chain: this host, OpenSSL, and the device itself.'
run $bin/birthmark cert verify --anchor "$dir/root.der" \
    --untrusted "$dir/bundle.p7c" --purpose clientAuth "$dir/device.der"
for name in root issuing device; do
    openssl x509 -inform der -in "$dir/$name.der" -out "$dir/$name.pem"
done
run openssl verify -x509_strict -purpose sslclient -CAfile "$dir/root.pem" \
    -untrusted "$dir/issuing.pem" "$dir/device.pem"
run device do=judge anchor="$dir/root.der" bundle="$dir/bundle.p7c" \
    leaf="$dir/device.der" at="$at"

say '5. Trouble: one bit of the signature flipped.' \
    'The device refuses, and names the clause.'
size=$(wc -c < "$dir/device.der")
flip "$dir/device.der" "$dir/forged.der" $((size - 1))
refused device do=judge anchor="$dir/root.der" bundle="$dir/bundle.p7c" \
    leaf="$dir/forged.der" at="$at"
refused $bin/birthmark cert verify --anchor "$dir/root.der" \
    --untrusted "$dir/bundle.p7c" "$dir/forged.der"

say '6. Trouble: the clock says ten years later. The device has no expiry;' \
    'its issuing CA has.'
later=$(date -u -d "$at + 4000 days" +%Y-%m-%dT%H:%M:%SZ)
refused device do=judge anchor="$dir/root.der" bundle="$dir/bundle.p7c" \
    leaf="$dir/device.der" at="$later"

say '7. Trouble: a byte that is not DER. The refusal has a clause and an offset.'
flip "$dir/device.der" "$dir/broken.der" 4
refused $bin/birthmark cert show "$dir/broken.der"

say 'Done.' "The files are in $dir. Try it yourself: $bin/birthmark help"
