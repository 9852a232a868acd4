#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A microcontroller from the production line to its first update, played:
# demo.sh [DIR]. Its files stay in DIR, or build/demo/device.
set -eu
cd "$(dirname "$0")/../.."

bin=$PWD/build/bin
built=build/cortex-m3
keys=ports/mps2/boot/test/keys
. examples/play.sh

dir=${1:-build/demo/device}
rm -rf "$dir"
mkdir -p "$dir"
dir=$(realpath "$dir")
ca=$dir/instance
here=examples/first-device
nor=$dir/nor.bin
export PATH=$PATH:/usr/sbin

# Where things are in the flash of the board: ports/mps2/boot/map.h.
keyset_at=$((0x2000)) slot0_at=$((0x100000))

# Ports that nobody has just now.
ports()
{
    python3 - << 'END'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
print(*(s.getsockname()[1] for s in sockets))
END
}
read -r devices operators public metrics mqtt << END
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

# The board is switched on; its console is a file. 10.0.2.2 is this machine.
power_on()
{
    : > "$dir/console.log"
    BM_NOR=$nor BM_QEMU_TIMEOUT=120 \
        BM_QEMU_ARGS='-netdev user,id=n0 -net nic,netdev=n0' \
        exec ports/mps2/run.sh "$built/ports/mps2/boot/boot-swap.elf" \
        >> "$dir/console.log" 2>&1
}

# told WORDS: wait until the node has said so, and show it.
told()
{
    await grep -q "^node: $1" "$dir/console.log"
    grep -m 1 "^node: $1" "$dir/console.log"
}

# operator ARG...: birthmark, as the operator of the running service.
operator()
{
    run "$bin/birthmark" "$@" --url "https://localhost:$operators" \
        --identity "$dir/operator.pem" --server-ca "$ca/ca/root.pem"
}

# program FILE OFFSET: what the production line does.
program()
{
    dd if="$1" of="$nor" bs=4096 seek=$(($2 / 4096)) conv=notrunc status=none
}

# sign VERSION PROGRAM
sign()
{
    run "$bin/birthmark" image sign --dir "$ca" --key file:firmware.key \
        --version "$1" --security-counter auto --header-size 0x200 \
        --pad-header --boot-record APP --out "$dir/node-$1.img" "$2"
}

say '1. An authority; a factory and an owner are two of its profiles. A maker' \
    'with a key for firmware, and a key set that says so.'
"$bin/birthmark" init "$ca" --org Example --host localhost --host 127.0.0.1 \
    --host 10.0.2.2 2> "$dir/init.log"
cp "$here/node.yaml" "$ca/profiles/"
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
(umask 077 && cat "$ca/operator/operator.pem" "$ca/operator/operator.key" \
    > "$dir/operator.pem")
run "$bin/birthmark" image keygen --dir "$ca" --out "$dir/firmware.pub" \
    file:firmware.key
"$bin/birthmark" image keygen --dir "$ca" --from "$keys/root0.pem" \
    --out "$dir/root.pub" file:root.key
run "$bin/birthmark" keyset make --dir "$ca" --root file:root.key --epoch 1 \
    --key "$dir/firmware.pub" --out "$dir/keys-1.set"
sign 1.0.0 "$built/examples/sensor-node/sensor-node.bin"

say '2. The production line programs the board, and tells it who it is, where' \
    'it will be born, and whose it will be. The token is good once.'
head -c 16777216 /dev/zero | tr '\0' '\377' > "$nor"
program "$dir/keys-1.set" "$keyset_at"
program "$dir/node-1.0.0.img" "$slot0_at"
(umask 077 && "$bin/birthmark" token create --dir "$ca" --profile \
    ieee-802.1ar-idevid --device SN-1 > "$dir/token")
run examples/sensor-node/provision.py "$nor" --device SN-1 \
    --factory "10.0.2.2:$devices/ieee-802.1ar-idevid" \
    --factory-anchor "$ca/ca/root.pem" --token-file "$dir/token" \
    --owner "10.0.2.2:$devices/node" --owner-anchor "$ca/ca/root.pem" \
    --mqtt "10.0.2.2:$mqtt/things/serialNumber=SN-1/temperature" \
    --address 10.0.2.15/24 --gateway 10.0.2.2 --interval 1 --refresh 1
rm "$dir/token"

say '3. birthmarkd, and a broker that knows its clients by certificate.'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \
    "$dir/server.key" -subj /CN=10.0.2.2 -addext \
    'subjectAltName=IP:10.0.2.2,IP:127.0.0.1,DNS:localhost' -out \
    "$dir/server.csr" 2> /dev/null
"$bin/birthmark" cert issue --dir "$ca" --profile tls-server --csr \
    "$dir/server.csr" --out "$dir/server.pem" > /dev/null
cat "$ca/ca/operations.pem" >> "$dir/server.pem"
cat "$ca/ca/root.pem" "$ca/ca/issuing.pem" > "$dir/anchors.pem"
printf 'pattern readwrite things/%%u/#\n' > "$dir/acl"
sed "s|@DIR@|$dir|g; s|@PORT@|$mqtt|g" "$here/mosquitto.conf" > "$dir/conf"
if [ "$(id -u)" -eq 0 ]; then
    echo 'user root' >> "$dir/conf"
fi
mosquitto -v -c "$dir/conf" > "$dir/mosquitto.log" 2>&1 &
started="$started $!"
"$bin/birthmarkd" --config "$ca/birthmark.yaml" 2> "$dir/birthmarkd.log" &
started="$started $!"
await curl -sf --cacert "$ca/ca/root.pem" \
    "https://localhost:$devices/.well-known/est/cacerts"

say '4. Power on. The bootloader verifies the image; the node makes its key, is' \
    'born by its token, and becomes active by what it was given at birth.'
power_on &
board=$!
started="$started $board"
told started
told born
told active
operator device show SN-1

say '5. It measures, and says so over mutual TLS: TLS 1.3 on a Cortex-M3.'
told 'report via=mqtt'
await grep -q 'PUBLISH.*SN-1' "$dir/mosquitto.log"
grep -m 1 -o 'PUBLISH.*' "$dir/mosquitto.log"

say '6. A new version is signed, and assigned. The node asks, fetches, and hands' \
    'it to the bootloader; it runs on trial, and is confirmed when it works.'
sed 's/1\.0\.0\x00/1.1.0\x00/' \
    "$built/examples/sensor-node/sensor-node.bin" > "$dir/program-1.1.0"
sign 1.1.0 "$dir/program-1.1.0"
operator release create node-1.1.0 --firmware "$dir/node-1.1.0.img"
operator release assign node-1.1.0 --device SN-1
told 'update fetched'
told 'started version=1.1.0'
told 'update confirmed'

say '7. What the service has on record of all that, and the ledger of what was' \
    'issued.'
is_told()
{
    "$bin/birthmark" device events --device SN-1 --url \
        "https://localhost:$operators" --identity "$dir/operator.pem" \
        --server-ca "$ca/ca/root.pem" | grep -q 'started.*1\.1\.0'
}
await is_told
operator device events --device SN-1
operator release status node-1.1.0
run "$bin/birthmark" ledger verify --dir "$ca"
kill $board
