#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first service, played: demo.sh [DIR]. Its files stay in DIR, or
# build/demo/service.
set -eu
cd "$(dirname "$0")/../.."

bin=build/bin
. examples/play.sh

dir=${1:-build/demo/service}
rm -rf "$dir"
mkdir -p "$dir"
ca=$dir/instance

# Four ports that nobody has just now.
ports()
{
    python3 - << 'END'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
print(*(s.getsockname()[1] for s in sockets))
END
}
read -r devices operators public metrics << END
$(ports)
END

server=
stop()
{
    if [ -n "$server" ]; then
        kill "$server" 2> /dev/null || true
        wait "$server" || true
    fi
    server=
}
trap stop EXIT

# Until a command succeeds: for half a minute at most.
await()
{
    for _ in $(seq 300); do
        if "$@" > /dev/null 2>&1; then
            return
        fi
        sleep 0.1
    done
    echo "demo: waited in vain: $*" >&2
    cat "$dir/log" >&2
    exit 1
}

est=https://localhost:$devices/.well-known/est
api=https://localhost:$operators/api/v1
operator=(--cert "$ca/operator/operator.pem" --key "$ca/operator/operator.key")

# ask NAME URL CSR [CURL OPTION]...: enrol, and keep the certificate as NAME.pem
ask()
{
    name=$1 url=$2 csr=$3
    shift 3
    openssl req -in "$csr" -outform der | openssl base64 -A > "$dir/body"
    run curl -sS --fail-with-body --cacert "$ca/ca/root.pem" "$@" \
        -H 'Content-Type: application/pkcs10' --data-binary "@$dir/body" \
        -D "$dir/head" -o "$dir/reply" "$url" || return 1
    openssl base64 -d -A -in "$dir/reply" | openssl pkcs7 -inform der \
        -print_certs -out "$dir/$name.pem"
    openssl x509 -in "$dir/$name.pem" -noout -subject -serial -enddate
}

serial()
{
    openssl x509 -in "$1" -noout -serial | sed 's/.*=//' | tr A-F a-f
}

new_key()
{
    run openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$dir/$1.key" -subj /serialNumber=SN-1 -out "$dir/$1.csr" \
        2> "$dir/openssl.log"
}

status()
{
    run openssl ocsp -issuer "$ca/ca/issuing.pem" -cert "$dir/$1.pem" \
        -CAfile "$ca/ca/root.pem" -verify_other "$ca/ca/issuing.pem" \
        -url "http://localhost:$public/ocsp"
}

say '1. A certificate authority, and birthmarkd to serve it: a process each for' \
    'devices, operators, the public, decisions and keys, each in a sandbox.'
run $bin/birthmark init "$ca" --org 'Example' --host localhost 2> "$dir/hints"
cat >> "$ca/birthmark.yaml" << END

listen:
  devices: 127.0.0.1:$devices
  operators: 127.0.0.1:$operators
  public: 127.0.0.1:$public
  metrics: 127.0.0.1:$metrics
END
if [ "$(id -u)" -eq 0 ]; then
    echo 'user: root' >> "$ca/birthmark.yaml"
fi
# LDevIDs may be renewed in their last thirty days: here, at once
sed -i 's/for: 90d/for: 30d/' "$ca/profiles/ieee-802.1ar-ldevid.yaml"
sed -i "s/^public_url:.*/public_url: http:\/\/localhost:$public/" \
    "$ca/birthmark.yaml"
run $bin/birthmarkd --config "$ca/birthmark.yaml" --check
run exec $bin/birthmarkd --config "$ca/birthmark.yaml" 2> "$dir/log" &
server=$!
await curl -sf --cacert "$ca/ca/root.pem" "$est/cacerts"
await curl -sf "http://localhost:$public/healthz"

say '2. The operator, with a certificate and no password, asks the API for a' \
    'token: good once, for one device.'
run curl -sS --fail-with-body --cacert "$ca/ca/root.pem" "${operator[@]}" \
    -H 'Content-Type: application/json' \
    -d '{"profile":"ieee-802.1ar-ldevid","device":"SN-1"}' \
    -o "$dir/token.json" "$api/tokens"
cat "$dir/token.json"
echo
token=$(python3 -c 'import json, sys
print(json.load(sys.stdin)["secret"])' < "$dir/token.json")

say '3. The device makes its key and enrols over EST, with the token.'
new_key first
ask first "$est/simpleenroll" "$dir/first.csr" -u "SN-1:$token"
grep -i '^birthmark-renewal' "$dir/head"

say '4. The reply could have been lost: the same request gets the same' \
    'certificate. The token with another key gets nothing.'
ask again "$est/simpleenroll" "$dir/first.csr" -u "SN-1:$token"
run cmp "$dir/first.pem" "$dir/again.pem"
new_key thief
if ask thief "$est/simpleenroll" "$dir/thief.csr" -u "SN-1:$token"; then
    echo "demo: expected a refusal" >&2
    exit 1
fi
cat "$dir/reply"
echo

say '5. It renews, over mutual TLS with what it has and with a new key.'
new_key second
ask second "$est/simplereenroll" "$dir/second.csr" \
    --cert "$dir/first.pem" --key "$dir/first.key"
run curl -sS --cacert "$ca/ca/root.pem" --cert "$dir/second.pem" \
    --key "$dir/second.key" -o /dev/null "$est/cacerts"

say '6. Everybody may ask whether it is good.'
status second

say '7. Trouble: the device is lost. The command line finds the server, which' \
    'holds the instance, and goes over its API.'
run $bin/birthmark cert revoke --dir "$ca" --reason keyCompromise \
    "$(serial "$dir/second.pem")"
status second

say '8. What it has now opens no door.'
new_key third
if ask third "$est/simplereenroll" "$dir/third.csr" \
    --cert "$dir/second.pem" --key "$dir/second.key"; then
    echo "demo: expected a refusal" >&2
    exit 1
fi
cat "$dir/reply"
echo

say '9. Proof: all of it is on record, whoever asked for it.'
run curl -sS "http://localhost:$public/ledger/checkpoint"
stop
run $bin/birthmark ledger verify --dir "$ca"

say 'Done.' "The files are in $dir."
