#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# interop_test.sh BIRTHMARK: openssl and certtool judge what an instance issues,
# revokes and answers, and two openssl programs talk TLS with it.
# shellcheck disable=SC2317 # functions are called by yes, no and says
set -u
birthmark=$(realpath "$1")
dir=$(mktemp -d)
server=
finish() {
    test -z "$server" || kill "$server" 2> /dev/null
    rm -rf "$dir"
}
trap finish EXIT
cd "$dir" || exit 1
n=0
failed=0

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
# yes WHAT COMMAND...: the command must accept.
yes() {
    what=$1
    shift
    "$@" > out 2>&1
    report $? "$what"
}
# no WHAT PATTERN COMMAND...: it must refuse, and say what matches.
no() {
    what=$1
    pattern=$2
    shift 2
    "$@" > out 2>&1
    code=$? # above 125 it is not the program that has refused
    test "$code" -ne 0 -a "$code" -lt 126 && grep -q "$pattern" out
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
must() {
    if ! "$@" > out 2>&1; then
        sed 's/^/# /' out
        echo "Bail out! $*"
        exit 1
    fi
}
# request NAME SUBJECT [OPENSSL OPTION]...: NAME.key and NAME.csr.
request() {
    name=$1
    subject=$2
    shift 2
    must openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$name.key" -out "$name.csr" -subj "$subject" "$@"
}
# issue PROFILE NAME
issue() {
    must "$birthmark" cert issue --dir ca --profile "$1" --csr "$2.csr" \
        --out "$2.pem"
}
# verify INTERMEDIATE CERTIFICATE [OPTION]...
verify() {
    issuer=$1
    shift
    openssl verify -x509_strict -check_ss_sig -CAfile ca/ca/root.pem \
        -untrusted "ca/ca/$issuer.pem" "$@"
}
# with_crls INTERMEDIATE CERTIFICATE: of all CAs on the path.
with_crls() {
    cat "$1.crl.pem" root.crl.pem > lists.pem
    verify "$1" -crl_check_all -CRLfile lists.pem "$2"
}
chain() {
    cat "$2" "ca/ca/$1.pem" ca/ca/root.pem > chain.pem
    certtool --verify-chain --infile chain.pem
}

must "$birthmark" init ca --org Example --host localhost --host 127.0.0.1
sed -n '/BEGIN/,/END/p;/END/q' ca/ca/server.pem > server.pem
sed -n '/BEGIN/,/END/p;/END/q' ca/operator/operator.pem > operator.pem
request idevid /serialNumber=SN-1
issue ieee-802.1ar-idevid idevid
request ldevid /serialNumber=SN-1/CN=device
issue ieee-802.1ar-ldevid ldevid
request web /CN=web.example -addext subjectAltName=DNS:web.example,IP:192.0.2.1
issue tls-server web
request person /CN=Somebody
issue operator person
must "$birthmark" ca crl --dir ca
for id in root issuing operations; do
    must openssl crl -inform DER -in "ca/crl/$id.crl" -out "$id.crl.pem"
done

# kind, issuer, purpose as openssl calls it
while read -r kind issuer purpose; do
    yes "openssl verifies $kind" \
        verify "$issuer" -purpose "$purpose" "$kind.pem"
    yes "openssl verifies $kind with the lists of its path" \
        with_crls "$issuer" "$kind.pem"
    says "certtool verifies $kind" 'Chain verification output: Verified' \
        chain "$issuer" "$kind.pem"
    yes "we verify $kind" "$birthmark" cert verify --anchor ca/ca/root.pem \
        --untrusted "ca/ca/$issuer.pem" "$kind.pem"
done << 'END'
idevid issuing any
ldevid issuing sslclient
web operations sslserver
person operations sslclient
server operations sslserver
operator operations sslclient
END

for id in issuing operations; do
    says "openssl verifies the list of $id" 'verify OK' \
        openssl crl -inform DER -in "ca/crl/$id.crl" -CAfile "ca/ca/$id.pem" \
        -noout
    says "certtool reads the list of $id" 'No revoked certificates' \
        certtool --crl-info --inder --infile "ca/crl/$id.crl"
done
says "openssl verifies the list of the root" 'verify OK' \
    openssl crl -inform DER -in ca/crl/root.crl -CAfile ca/ca/root.pem -noout

# ask NAME ISSUER [OPTION]...: NAME.req, and the answer NAME.resp
ask() {
    name=$1
    issuer=$2
    shift 2
    must openssl ocsp "$@" -issuer "ca/ca/$issuer.pem" -cert "$name.pem" \
        -reqout "$name.req"
    rm -f "$name.resp"
    must "$birthmark" ca ocsp --dir ca --request "$name.req" --out "$name.resp"
}
# answer NAME ISSUER [OPTION]...: openssl's view of it
answer() {
    name=$1
    issuer=$2
    shift 2
    openssl ocsp "$@" -issuer "ca/ca/$issuer.pem" -cert "$name.pem" \
        -no_nonce -respin "$name.resp" -CAfile ca/ca/root.pem \
        -verify_other "ca/ca/$issuer.pem"
}
# status WHAT STATUS NAME ISSUER [OPTION]...
status() {
    what=$1
    pattern=$2
    name=$3
    issuer=$4
    shift 4
    ask "$name" "$issuer" "$@"
    answer "$name" "$issuer" "$@" > out 2>&1
    grep -q "^$name.pem: $pattern" out && grep -q 'Response verify OK' out
    report $? "$what"
}
status "openssl hears that the LDevID is good" good ldevid issuing
status "... by SHA-256 as well" good ldevid issuing -sha256
status "openssl hears that the server is good" good web operations
says "openssl sees its own nonce again" 'Response verify OK' \
    openssl ocsp -reqin web.req -respin web.resp -CAfile ca/ca/root.pem \
    -verify_other ca/ca/operations.pem
ask ldevid issuing
no "... and not that of another request" 'Nonce Verify error' \
    openssl ocsp -reqin web.req -respin ldevid.resp -CAfile ca/ca/root.pem

# One of each CA is revoked, one held.
serial() {
    openssl x509 -in "$1.pem" -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f'
}
must "$birthmark" cert revoke --dir ca --reason keyCompromise "$(serial ldevid)"
must "$birthmark" cert revoke --dir ca --reason certificateHold "$(serial web)"
status "openssl hears that the LDevID is revoked" revoked ldevid issuing
says "... and why" 'Reason: keyCompromise' answer ldevid issuing
status "openssl hears that the server is on hold" revoked web operations
status "openssl hears that the IDevID is good" good idevid issuing

must "$birthmark" ca crl --dir ca
for id in issuing operations; do
    must openssl crl -inform DER -in "ca/crl/$id.crl" -out "$id.crl.pem"
done
no "openssl finds the revoked one on its list" 'certificate revoked' \
    with_crls issuing ldevid.pem
no "openssl finds the held one on its list" 'certificate revoked' \
    with_crls operations web.pem
yes "openssl still verifies the IDevID" with_crls issuing idevid.pem
says "certtool finds one entry" 'Revoked certificates (1)' \
    certtool --crl-info --inder --infile ca/crl/issuing.crl
must "$birthmark" cert release --dir ca "$(serial web)"
status "openssl hears that the hold is lifted" good web operations

must openssl ocsp -issuer ca/ca/issuing.pem -serial 4711 -reqout other.req
must "$birthmark" ca ocsp --dir ca --request other.req --out other.resp
says "openssl hears that what was never issued is unknown" '^4711: unknown' \
    openssl ocsp -issuer ca/ca/issuing.pem -serial 4711 -no_nonce \
    -respin other.resp -CAfile ca/ca/root.pem

# TLS 1.3 and 1.2, each side with a certificate of ours.
port=$((20000 + $$ % 20000))
openssl s_server -accept "127.0.0.1:$port" -cert web.pem -key web.key \
    -cert_chain ca/ca/operations.pem \
    -CAfile ca/ca/root.pem -chainCAfile ca/ca/root.pem -Verify 2 \
    -verify_return_error -www -quiet > server.log 2>&1 &
server=$!
i=0
while [ $i -lt 50 ] && ! openssl s_client -connect "127.0.0.1:$port" \
    -cert person.pem -key person.key -cert_chain ca/ca/operations.pem \
    -CAfile ca/ca/root.pem \
    < /dev/null > /dev/null 2>&1; do
    sleep 0.1
    i=$((i + 1))
done
hello() {
    echo 'GET / HTTP/1.0' | openssl s_client -connect "127.0.0.1:$port" \
        -CAfile ca/ca/root.pem -verify_return_error \
        -verify_hostname web.example -ign_eof "$@"
}
for version in tls1_2 tls1_3; do
    says "server and operator talk $version" 'HTTP/1.0 200 ok' \
        hello "-$version" -cert person.pem -key person.key \
        -cert_chain ca/ca/operations.pem
    hello "-$version" > out 2>&1
    ! grep -q 'HTTP/1.0 200 ok' out
    report $? "$version without a certificate of ours is refused"
done
says "a device talks to the server, too" 'HTTP/1.0 200 ok' \
    hello -cert idevid.pem -key idevid.key -cert_chain ca/ca/issuing.pem
no "another name is refused" 'ostname mismatch' \
    openssl s_client -connect "127.0.0.1:$port" -CAfile ca/ca/root.pem \
    -verify_return_error -verify_hostname other.example \
    -cert person.pem -key person.key -cert_chain ca/ca/operations.pem

echo "1..$n"
exit $failed
