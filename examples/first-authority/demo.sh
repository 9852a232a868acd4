#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first authority, played: demo.sh [DIR]. Its files stay in DIR, or
# build/demo/authority.
set -eu
cd "$(dirname "$0")/../.."

bin=build/bin
elf=build/cortex-m3/examples/first-chain/first-chain-device
. examples/play.sh

dir=${1:-build/demo/authority}
rm -rf "$dir"
mkdir -p "$dir"
ca=$dir/instance

device()
{
    ports/mps2/run.sh "$elf" "$@"
}

say '1. A certificate authority, in one step: a cold root, an issuing and an' \
    'operations CA, profiles, the first operator, and a ledger.'
run $bin/birthmark init "$ca" --org 'Example' --host ca.example.com
run $bin/birthmark ca list --dir "$ca"

say '2. Birth: a Cortex-M3 boots in QEMU and makes its own key. Its maker gives' \
    'it an identity for life (IEEE 802.1AR IDevID): no shared secret, anywhere.'
run device do=request id=SN-1 csr="$dir/device.csr"
run $bin/birthmark cert issue --dir "$ca" --profile ieee-802.1ar-idevid \
    --csr "$dir/device.csr" --out "$dir/idevid.pem"
run $bin/birthmark cert show "$dir/idevid.pem"

say '3. The device judges its own certificate, with the code that wrote it.'
openssl x509 -in "$ca/ca/root.pem" -outform der -out "$dir/root.der"
openssl x509 -in "$dir/idevid.pem" -outform der -out "$dir/idevid.der"
openssl crl2pkcs7 -nocrl -certfile "$ca/ca/issuing.pem" -outform der \
    -out "$dir/bundle.p7c"
run device do=judge anchor="$dir/root.der" bundle="$dir/bundle.p7c" \
    leaf="$dir/idevid.der" at="$(date -u +%Y-%m-%dT%H:%M:%SZ)"

say '4. A gateway asks for an operational identity, with nothing but openssl.'
run openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$dir/gateway.key" -subj /CN=GW-1 -out "$dir/gateway.csr"
run $bin/birthmark cert issue --dir "$ca" --profile ieee-802.1ar-ldevid \
    --csr "$dir/gateway.csr" --out "$dir/gateway.pem"
run openssl verify -x509_strict -CAfile "$ca/ca/root.pem" \
    -untrusted "$ca/ca/issuing.pem" "$dir/gateway.pem"

say '5. The same key for another device: a key belongs to one device for ever.'
run openssl req -new -key "$dir/gateway.key" -subj /CN=GW-2 \
    -out "$dir/stolen.csr"
refused $bin/birthmark cert issue --dir "$ca" \
    --profile ieee-802.1ar-ldevid --csr "$dir/stolen.csr" \
    --out "$dir/stolen.pem"

say '6. Trouble: the gateway was opened. It is revoked, and whoever asks by CRL' \
    'or OCSP learns it.'
serial=$(openssl x509 -in "$dir/gateway.pem" -noout -serial | sed 's/.*=//' |
    tr A-F a-f)
run $bin/birthmark cert revoke --dir "$ca" --reason keyCompromise "$serial"
openssl ocsp -sha256 -issuer "$ca/ca/issuing.pem" -cert "$dir/gateway.pem" \
    -reqout "$dir/request.der" > "$dir/openssl.log" 2>&1
run $bin/birthmark ca ocsp --dir "$ca" --request "$dir/request.der" \
    --out "$dir/response.der"
run openssl ocsp -no_nonce -sha256 -issuer "$ca/ca/issuing.pem" \
    -cert "$dir/gateway.pem" -reqin "$dir/request.der" \
    -respin "$dir/response.der" -CAfile "$ca/ca/root.pem" \
    -verify_other "$ca/ca/issuing.pem"

say '7. Proof: everything that happened is a leaf of a Merkle tree. An auditor' \
    'needs the key of the ledger, the proof, the certificate, and no secret.'
run $bin/birthmark ledger verify --dir "$ca"
born=$(openssl x509 -in "$dir/idevid.pem" -noout -serial | sed 's/.*=//' |
    tr A-F a-f)
run $bin/birthmark ledger prove --dir "$ca" --out "$dir/idevid.proof" "$born"
run $bin/birthmark ledger check --key "$ca/ledger.pub" "$dir/idevid.proof" \
    "$dir/idevid.pem"
cp "$ca/ledger/checkpoint" "$dir/checkpoint"

say '8. Trouble: somebody with the database at hand makes the revocation' \
    'disappear. The ledger knows better.'
python3 examples/first-authority/tamper.py "$ca/birthmark.db" "$serial"
refused $bin/birthmark ledger verify --dir "$ca" --against "$dir/checkpoint"

say 'Done.' "The files are in $dir. Try it yourself: $bin/birthmark help"
