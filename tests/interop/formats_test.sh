#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# formats_test.sh TOOL: openssl and certtool judge what TOOL writes, and TOOL
# judges what openssl and certtool write.
set -u
tool=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0
failed=0

# yes WHAT COMMAND...: the command must accept; no: it must refuse.
report() {
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        sed 's/^/# /' out
        echo "not ok $n - $2"
        failed=1
    fi
}
yes() {
    what=$1
    shift
    "$@" > out 2>&1
    report $? "$what"
}
no() {
    what=$1
    shift
    "$@" > out 2>&1
    code=$? # above 125 it is not the program that has refused
    test "$code" -ne 0 -a "$code" -lt 126
    report $? "$what"
}
# says WHAT PATTERN COMMAND...: accepts, and prints what matches.
says() {
    what=$1
    pattern=$2
    shift 2
    { "$@" > out 2>&1 && grep -q "$pattern" out; }
    report $? "$what"
}
# damage FILE OFFSET-FROM-END: FILE.bad, with one bit changed.
damage() {
    python3 -c 'import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[-int(sys.argv[2])] ^= 1
open(sys.argv[1] + ".bad", "wb").write(b)' "$1" "$2"
}
pem() {
    openssl x509 -inform DER -in "$1" -out "$1.pem"
}
# shellcheck disable=SC2317 # called by yes and no
cms_verify() {
    openssl cms -verify -binary -inform DER -certfile "$k.leaf.pem" \
        -CAfile "$k.root.pem" -purpose any -out /dev/null -in "$@"
}

have_certtool() {
    command -v certtool > /dev/null
}

ours() {
    k=$1
    yes "$k: we make one of everything" "$tool" make . "$k"
    [ -s "$k.key.pem" ] || exit 1
    pem "$k.root"
    pem "$k.leaf"

    yes "$k: openssl verifies our request" \
        openssl req -verify -noout -inform DER -in "$k.csr"
    says "$k: openssl reads the extensions of our request" device.example \
        openssl req -text -noout -inform DER -in "$k.csr"
    says "$k: openssl reads the challenge of our request" 'open sesame' \
        openssl req -text -noout -inform DER -in "$k.csr"
    yes "$k: openssl verifies our certificates" \
        openssl verify -x509_strict -check_ss_sig -CAfile "$k.root.pem" \
        "$k.leaf.pem"
    says "$k: openssl reads our subjectAltName" \
        'IP Address:192.0.2.7, URI:urn:dev:7, email:device@example.com' \
        openssl x509 -noout -ext subjectAltName -in "$k.leaf.pem"
    says "$k: openssl reads our validity" 'notAfter=Oct  2 07:06:40 2096 GMT' \
        openssl x509 -noout -enddate -in "$k.leaf.pem"
    says "$k: openssl reads our end of time" 'notAfter=Dec 31 23:59:59 9999' \
        openssl x509 -noout -enddate -in "$k.root.pem"
    openssl x509 -inform DER -in "$k.leaf" -outform DER -out again
    yes "$k: openssl writes our certificate as we do" cmp "$k.leaf" again

    says "$k: openssl finds the certificates in our certs-only message" \
        'Interop Root' openssl pkcs7 -print_certs -inform DER -in "$k.p7c"
    openssl pkcs7 -inform DER -in "$k.p7c" -outform DER -out again
    yes "$k: openssl writes our certs-only message as we do" cmp "$k.p7c" again

    damage "$k.attached.cms" 3
    yes "$k: we verify our own message" "$tool" cms "$k.attached.cms"
    no "$k: we refuse it with damage" "$tool" cms "$k.attached.cms.bad"
}

# OpenSSL 3.0 has no Ed25519 in CMS, neither to sign nor to verify.
our_messages() {
    k=$1
    for shape in attached keyid firmware; do
        yes "$k: openssl verifies our message ($shape)" \
            cms_verify "$k.$shape.cms"
    done
    yes "$k: openssl verifies our message (detached)" \
        cms_verify "$k.detached.cms" -content "$k.content"
    no "$k: openssl refuses our message with damage" \
        cms_verify "$k.attached.cms.bad"
}

gnutls() {
    k=$1
    says "$k: certtool verifies our request" 'Self signature: verified' \
        certtool --crq-info --inder --infile "$k.csr"
    says "$k: certtool verifies our certificates" 'Chain verification output: Verified' \
        certtool --verify --verify-profile low --infile "$k.leaf.pem" \
        --load-ca-certificate "$k.root.pem"
    says "$k: certtool finds both certificates" 'Number of certificates: 2' \
        certtool --p7-info --inder --infile "$k.p7c"
    if [ "$k" != pss ]; then # GnuTLS wants PSS keys for PSS signatures in CMS
        says "$k: certtool verifies our message" 'Signature status: ok' \
            certtool --p7-verify --inder --infile "$k.attached.cms" \
            --load-ca-certificate "$k.root.pem"
        no "$k: certtool refuses it with damage" \
            certtool --p7-verify --inder --infile "$k.attached.cms.bad" \
            --load-ca-certificate "$k.root.pem"
    fi
}

# The same kind of key, but openssl writes.
theirs() {
    k=$1
    shift
    yes "$k: openssl makes a request" \
        openssl req -new -key "$k.key.pem" -subj "/C=DE/CN=theirs" \
        -addext subjectAltName=DNS:a.example -outform DER -out their.csr "$@"
    yes "$k: we verify a request of openssl" "$tool" csr their.csr
    damage their.csr 3
    no "$k: we refuse it with damage to the signature" \
        "$tool" csr their.csr.bad
    damage their.csr 150
    no "$k: we refuse it with damage inside" "$tool" csr their.csr.bad
    openssl crl2pkcs7 -nocrl -certfile "$k.leaf.pem" -certfile "$k.root.pem" \
        -outform DER -out their.p7c
    says "$k: we read a certs-only message of openssl" \
        '2 certificates, 0 CRLs' "$tool" certs their.p7c
}

# shellcheck disable=SC2086 # $sign and $how are words, not a word
their_messages() {
    k=$1
    shift
    sign="openssl cms -sign -binary -outform DER -in $k.content
        -signer $k.leaf.pem -inkey $k.key.pem"
    for how in "" -keyid -noattr -noattr\ -keyid -nosmimecap; do
        yes "$k: openssl signs ($how)" $sign -nodetach $how "$@" -out m
        yes "$k: we verify that" "$tool" cms m
        damage m 3
        no "$k: we refuse it with damage" "$tool" cms m.bad
        yes "$k: openssl signs detached ($how)" $sign $how "$@" -out m
        yes "$k: we verify that" "$tool" cms m -c "$k.content"
        no "$k: we refuse other content" "$tool" cms m -c "$k.leaf"
        no "$k: we refuse no content" "$tool" cms m
    done
    yes "$k: openssl signs without certificates" \
        $sign -nodetach -nocerts "$@" -out m
    yes "$k: we verify that, given the certificate" \
        "$tool" cms m -C "$k.root" -C "$k.leaf"
    no "$k: we refuse it, given another one" "$tool" cms m -C "$k.root"
}

for kind in p256 p384 ed25519 rsa pss; do
    ours $kind
    [ $kind = ed25519 ] || our_messages $kind
    if have_certtool; then
        gnutls $kind
    fi
done
if ! have_certtool; then
    n=$((n + 1))
    echo "ok $n - certtool # SKIP no certtool (gnutls-bin)"
fi
theirs p256
theirs p384 -sha384
theirs ed25519
theirs rsa
theirs pss -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
their_messages p256
their_messages p384 -md sha384
their_messages rsa
their_messages pss -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest

yes "openssl signs with two keys" openssl cms -sign -binary -outform DER \
    -in p256.content -nodetach -out m -signer p256.leaf.pem \
    -inkey p256.key.pem -signer rsa.leaf.pem -inkey rsa.key.pem
says "we verify both" '2 signers' "$tool" cms m
yes "openssl signs a message in BER" openssl cms -sign -binary -stream \
    -outform DER -in p256.content -nodetach -out m -signer p256.leaf.pem \
    -inkey p256.key.pem
no "we refuse BER" "$tool" cms m
echo "1..$n"
exit $failed
