# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

# Where things are in the flash of a board: ports/mps2/boot/map.h.
keyset_at=$((0x2000)) slot0_at=$((0x100000))

act_line()
{
    act 'The production line' \
        'Two boards with a Cortex-M3 (in QEMU) are programmed, and told who they are,' \
        'where they will be born and whose they will be: all that a line has to do. It' \
        'handles no key, so there is none to leak. Then the power is switched on, and' \
        'they see to themselves while we go on.'
    broker
    station SN-1 10.0.2.15
    station SN-2 10.0.2.16
    note "\$ wire $wire $sn1:10.0.2.15:4433 &   # the Ethernet that they share"
    in_background logs/wire wire "$wire" "$sn1:10.0.2.15:4433"
    await listens "$wire"
    power_on SN-1
    power_on SN-2
}

# station NAME ADDRESS: what the production line does. Flash is a file.
station()
{
    head -c 16777216 /dev/zero | tr '\0' '\377' > "$1.nor"
    program "$1.nor" keys-1.set "$keyset_at"
    program "$1.nor" node-1.0.0.img "$slot0_at"
    note "\$ birthmark token create --dir site --profile ieee-802.1ar-idevid \
--device $1 > token"
    (
        umask 077
        birthmark token create --dir site --profile ieee-802.1ar-idevid \
            --device "$1" > token
    )
    run provision "$1.nor" --device "$1" --token-file token \
        --factory "10.0.2.2:$devices/ieee-802.1ar-idevid" \
        --factory-anchor site/ca/root.pem \
        --owner "10.0.2.2:$devices/node" --owner-anchor site/ca/root.pem \
        --mqtt "10.0.2.2:$mqtt/things/serialNumber=$1/temperature" \
        --address "$2/24" --gateway 10.0.2.2 --peer-port 4433 --interval 4 \
        --refresh 1
    rm token
}

# program FLASH FILE OFFSET
program()
{
    dd if="$2" of="$1" bs=4096 seek=$(($3 / 4096)) conv=notrunc status=none
}

# listens PORT: somebody does, on this machine.
listens()
{
    grep -q "$(printf ':%04X 00000000:0000 0A' "$1")" /proc/net/tcp
}

# mosquitto, which knows its clients by certificate, and whom not any more.
broker()
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout server.key -subj /CN=10.0.2.2 -addext \
        'subjectAltName=IP:10.0.2.2,IP:127.0.0.1,DNS:localhost' \
        -out server.csr 2>> logs/openssl
    run birthmark cert issue --dir site --profile tls-server \
        --csr server.csr --out server.pem
    cat site/ca/operations.pem >> server.pem
    cat site/ca/root.pem site/ca/issuing.pem > anchors.pem
    cat > acl << END
pattern readwrite things/%u/#
user serialNumber=GW-1
topic read things/+/temperature
END
    sed "s|@DIR@|$dir|g; s|@PORT@|$mqtt|g" \
        "$top/examples/first-device/mosquitto.conf" > mosquitto.conf
    {
        echo "crlfile $dir/issuing.crl"
        if [ "$(id -u)" -eq 0 ]; then
            echo 'user root'
        fi
    } >> mosquitto.conf
    fetch_list
    note '$ mosquitto -v -c mosquitto.conf &'
    in_background logs/mosquitto mosquitto -v -c mosquitto.conf
    mosquitto=$!
    await listens "$mqtt"
}

# The revocation list, as a cron job would fetch it.
fetch_list()
{
    curl -sf "http://localhost:$public/crl/issuing.crl" |
        openssl crl -inform DER -out issuing.crl
}
