#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Linux devices, played: demo.sh [DIR]. Their files stay in DIR, or
# build/demo/gateway.
set -eu
cd "$(dirname "$0")/../.."

bin=$PWD/build/bin
. examples/play.sh

dir=${1:-build/demo/gateway}
rm -rf "$dir"
mkdir -p "$dir"
dir=$(realpath "$dir")
ca=$dir/instance
here=$PWD/examples/first-gateway
export PATH=$PATH:/usr/sbin

# Ports that nobody has just now.
ports()
{
    python3 - << 'END'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
print(*(s.getsockname()[1] for s in sockets))
END
}
read -r devices operators public metrics https mqtt << END
$(ports)
END

started=
stop()
{
    # shellcheck disable=SC2086 # a list
    kill $started 2> /dev/null || true
    wait
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
    tail "$dir"/*.log >&2
    exit 1
}

# agent NAME ARG...
agent()
{
    name=$1
    shift
    run "$bin/birthmark-agent" --config "$dir/$name.yaml" "$@"
}

token()
{
    "$bin/birthmark" token create --dir "$ca" --profile gateway \
        --device "$1" > "$dir/$1.token"
    chmod 600 "$dir/$1.token"
}

# The settings of an agent; further lines from standard input.
settings()
{
    cat - > "$dir/$1.more"
    cat > "$dir/$1.yaml" << END
version: 1
server:
  url: https://localhost:$devices
  label: gateway
  anchors: $ca/ca/root.pem
state: $dir/$1
device:
  name: $1
  token_file: $dir/$1.token
END
    cat "$dir/$1.more" >> "$dir/$1.yaml"
}

# fill FILE PORT: an example's file, with what it leaves open.
fill()
{
    sed "s|@DIR@|$dir|g; s|@PORT@|$2|g" "$here/$1" > "$dir/$1"
}

say '1. An authority with a profile for gateways: client and server, with a' \
    'name in the DNS that follows from the device.'
"$bin/birthmark" init "$ca" --org 'Example' --host localhost \
    2> "$dir/init.log"
cp "$here/gateway.yaml" "$ca/profiles/"
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
sed -i "s/^public_url:.*/public_url: http:\/\/localhost:$public/" \
    "$ca/birthmark.yaml"
token gw-1
token gw-2
"$bin/birthmarkd" --config "$ca/birthmark.yaml" 2> "$dir/birthmarkd.log" &
started="$started $!"
await curl -sf --cacert "$ca/ca/root.pem" \
    "https://localhost:$devices/.well-known/est/cacerts"

say '2. gw-1 makes its key and gets its identity; the agent writes the files' \
    'that nginx and mosquitto expect, all of a kind at once.'
settings gw-1 << END
layouts:
  - { kind: nginx, dir: $dir/nginx, export_key: true }
  - { kind: mosquitto, dir: $dir/mosquitto, export_key: true }
hooks:
  - { name: reload, run: ["$dir/reload"] }
END
cat > "$dir/reload" << END
#!/bin/sh
# Both read their certificates again.
for file in $dir/nginx.pid $dir/mosquitto.pid; do
    if [ -f "\$file" ]; then
        kill -HUP "\$(cat "\$file")"
    fi
done
END
chmod 755 "$dir/reload"
agent gw-1 enroll
agent gw-1 status

say '3. gw-2 does the same, but its keys are born in a TPM and stay there.'
mkdir -p "$dir/tpm"
swtpm socket --tpm2 --tpmstate "dir=$dir/tpm" \
    --server "type=unixio,path=$dir/tpm/sock" \
    --ctrl "type=unixio,path=$dir/tpm/sock.ctrl" \
    --flags not-need-init,startup-clear > "$dir/swtpm.log" 2>&1 &
started="$started $!"
await test -S "$dir/tpm/sock"
settings gw-2 << END
keys:
  uri: tpm2:0x81020100
  tcti: swtpm:path=$dir/tpm/sock
END
agent gw-2 enroll
agent gw-2 status

say '4. From now on the agents run as services. They renew in time, and fetch' \
    'the trust bundle: anchors, and the list of whom not to believe any more.'
for name in gw-1 gw-2; do
    "$bin/birthmark-agent" --config "$dir/$name.yaml" run \
        2> "$dir/$name.log" &
    started="$started $!"
done
has_bundle()
{
    "$bin/birthmark-agent" --config "$dir/$1.yaml" status |
        grep -q '^trust bundle version *[1-9]'
}
await has_bundle gw-1
await has_bundle gw-2
agent gw-2 status | grep trust

say '5. nginx with the certificate of gw-1; a client without one is turned' \
    'away, gw-1 itself is not.'
fill nginx.conf "$https"
nginx -c "$dir/nginx.conf" -p "$dir" 2> "$dir/nginx.log" &
started="$started $!"
await test -s "$dir/nginx.pid"
url=https://gw-1.things.example:$https/
ask=(curl -sS --resolve "gw-1.things.example:$https:127.0.0.1"
    --cacert "$ca/ca/root.pem")
files=$dir/nginx/current
await "${ask[@]}" "$url"
run "${ask[@]}" "$url" | grep -o '<title>.*</title>'
run "${ask[@]}" --cert "$files/fullchain.pem" --key "$files/key.pem" "$url"

say '6. mosquitto: MQTT over mutual TLS. The name in the certificate is the' \
    'name of the user; there is no password to steal.'
fill mosquitto.conf "$mqtt"
printf 'pattern readwrite things/%%u/#\n' > "$dir/acl"
echo "pid_file $dir/mosquitto.pid" >> "$dir/mosquitto.conf"
if [ "$(id -u)" -eq 0 ]; then
    echo 'user root' >> "$dir/mosquitto.conf"
fi
mosquitto -c "$dir/mosquitto.conf" > "$dir/mosquitto.log" 2>&1 &
started="$started $!"
await test -s "$dir/mosquitto.pid"
client=(-h localhost -p "$mqtt" --insecure --cafile "$ca/ca/root.pem"
    --cert "$files/fullchain.pem" --key "$files/key.pem")
topic='things/serialNumber=gw-1/door'
await mosquitto_pub "${client[@]}" -t "$topic" -m ready
mosquitto_sub "${client[@]}" -t "$topic" -C 1 -W 20 > "$dir/heard" &
heard=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    mosquitto_pub "${client[@]}" -t "$topic" -m open
    kill -0 $heard 2> /dev/null || break
    sleep 0.2
done
wait $heard
echo "heard on $topic: $(cat "$dir/heard")"

say '7. gw-1 renews: a new key, a new certificate, proven before the old one' \
    'goes; the hook has nginx take it.'
before=$(openssl x509 -in "$files/fullchain.pem" -noout -serial)
agent gw-1 renew
after=$(openssl x509 -in "$files/fullchain.pem" -noout -serial)
echo "before: $before, after: $after"
served()
{
    openssl s_client -connect "localhost:$https" -servername gw-1 \
        < /dev/null 2> /dev/null | openssl x509 -noout -serial |
        grep -qx "$after"
}
await served
echo "nginx serves: $after"

say '8. The two devices talk to each other. Each knows the other by its' \
    'certificate; gw-2 signs in its TPM.'
peer=$PWD/build/release/examples/first-gateway/first-gateway-peer
"$peer" "$dir/gw-1.yaml" listen gw-2 > "$dir/peer.log" 2> "$dir/peer.err" &
listener=$!
await test -s "$dir/peer.log"
port=$(head -n 1 "$dir/peer.log")
echo 'the door is open' |
    run "$peer" "$dir/gw-2.yaml" connect 127.0.0.1 "$port" gw-1
wait $listener
cat "$dir/peer.err"

say '9. A setting is sealed to the TPM of gw-2.'
echo 'the password of the wireless network' | agent gw-2 seal wifi
agent gw-2 unseal wifi
if grep -r 'wireless network' "$dir/gw-2" > /dev/null; then
    echo "demo: found in the clear" >&2
    exit 1
fi
echo 'On the disk there is no such text.'
