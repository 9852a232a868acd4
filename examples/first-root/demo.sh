#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first root, played: demo.sh [DIR]. Its files stay in DIR, or
# build/demo/root.
set -eu
cd "$(dirname "$0")/../.."

PATH=$PWD/build/bin:$PATH
. examples/play.sh

dir=${1:-build/demo/root}
rm -rf "$dir"
mkdir -p "$dir/tokens" "$dir/stick"
cp examples/first-root/ceremony.yaml "$dir"
cd "$dir"
here=$PWD
module=$(find /usr/lib -name libsofthsm2.so | head -n 1)

say '1. A factory without internet gets an instance. It has no root: its CAs' \
    'wait until somebody above signs them.'
run birthmark init factory --subordinate --org Example \
    --host factory.example.com

say '2. The key of its issuing CA is to be in an HSM, here SoftHSM: made there,' \
    'and never outside of it. The PIN is in a file, the HSM in birthmark.yaml.'
printf 'directories.tokendir = %s/tokens\n' "$here" > softhsm2.conf
export SOFTHSM2_CONF="$here/softhsm2.conf"
pin=$(od -An -N8 -tu8 /dev/urandom | tr -d ' ')
softhsm2-util --init-token --free --label factory --so-pin "$pin" \
    --pin "$pin" > softhsm.log
(umask 277 && printf %s "$pin" > factory/keys/pin)
cat >> factory/birthmark.yaml << YAML

tokens:
  modules: [$module]
  pin: keys/pin
  environment: [SOFTHSM2_CONF=$SOFTHSM2_CONF]
  read: [$SOFTHSM2_CONF]
  write: [$here/tokens]
YAML
run birthmark ca create --dir factory --again \
    --key 'pkcs11:token=factory;object=issuing' issuing
run birthmark ca request --dir factory --out stick/issuing.csr issuing
run birthmark ca request --dir factory --out stick/operations.csr operations

say '3. The ceremony, on another machine, without a network. What it will do is' \
    'in a file that anybody can read beforehand; it is played first with' \
    'throw-away keys.'
run birthmark root init ceremony.yaml --out rehearsal --rehearse --yes
say '4. And now for real. No one person has the root: any two of three can.'
run birthmark root init ceremony.yaml --out root --yes \
    --operator Kay --witness Lee
mv root/shares .
cat shares/1-ada.share
refused birthmark root sign ceremony.yaml --dir root --yes \
    --in stick --out stick --share shares/1-ada.share
run birthmark root sign ceremony.yaml --dir root --yes --operator Kay \
    --in stick --out stick --share shares/1-ada.share --share shares/3-hedy.share
run birthmark root crl ceremony.yaml --dir root --yes --out stick \
    --share shares/1-ada.share --share shares/3-hedy.share

say '5. Everybody who has the root certificate can check what was done with it.'
run birthmark root transcript --verify root/transcript --root root/root.pem

say '6. Back in the factory the certificates are taken into use.'
run birthmark ca install --dir factory stick/issuing.pem stick/operations.pem
run birthmark ca crl --dir factory --import stick/crl-1.crl
run birthmark ca list --dir factory

say '7. The HSM signs the first device.'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout SN-1.key -subj /CN=SN-1 -out SN-1.csr 2> openssl.log
run birthmark cert issue --dir factory --profile ieee-802.1ar-ldevid \
    --csr SN-1.csr --out SN-1.pem
run openssl verify -x509_strict -CAfile root/root.pem \
    -untrusted factory/ca/issuing.pem SN-1.pem
run birthmark cert lint SN-1.pem

say '8. A machine of the line wants a certificate for OPC UA, with a name that the' \
    'ceremony file does not allow: it is refused before anything is signed.'
for name in press.factory.example.com www.example.org; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout $name.key -subj "/O=Example/CN=Press" \
        -addext "subjectAltName=URI:urn:$name:press,DNS:$name" \
        -out $name.csr 2>> openssl.log
done
run birthmark cert issue --dir factory --profile opcua-app-ecc \
    --csr press.factory.example.com.csr --out press.pem
refused birthmark cert issue --dir factory --profile opcua-app-ecc \
    --csr www.example.org.csr --out never.pem
run birthmark ledger verify --dir factory

say 'Done.' "The files are in $dir. Read the ceremony file: $dir/ceremony.yaml"
