# SPDX-License-Identifier: Apache-2.0
# What the pages find around them; functions for their set-up. Sourced by bash.
# shellcheck shell=bash
ip link set lo up
# In memory: no page is about what a disk does.
mount -t tmpfs page "$WORK"
cd "$WORK" || exit
printf '127.0.0.1 %s\n' 'localhost ca.example.com ca.plant.example ca.acme.example' \
    'broker.example.com hooks.example.test stock.example.test siem.example.test' \
    > "$WORK/.hosts"
mount --bind "$WORK/.hosts" /etc/hosts

# What each instance that is made has in its birthmark.yaml.
settings=

# Nobody is at the terminal, the token that is printed is needed again, and a service
# that root starts stays root.
birthmark()
{
    case "$1 ${2:-}" in
        "root init" | "root sign" | "root crl") command birthmark "$@" --yes ;;
        "init "*) command birthmark "$@" && printf '%s\n' "user: root" "$settings" \
            >> "$2/birthmark.yaml" ;;
        "token create") command birthmark "$@" | tee "$WORK/.token" ;;
        *) command birthmark "$@" ;;
    esac
}

at()
{
    echo "== line $1"
}

# instance DIR [OPTION]...: as `birthmark init` makes it, for host ca.example.com
instance()
{
    birthmark init "$1" --org Acme --host ca.example.com "${@:2}" > /dev/null
}

# await COMMAND...: until it succeeds
await()
{
    for _ in $(seq 200); do
        if "$@" > /dev/null 2>&1; then
            return 0
        fi
        sleep 0.1
    done
    echo "waited in vain: $*"
    tail -n 20 "$WORK"/.*.log
    return 1
}

# service DIR: birthmarkd of that instance runs, and answers
service()
{
    command birthmarkd --config "$1/birthmark.yaml" > "$WORK/.birthmarkd.log" 2>&1 &
    service=$!
    await curl -s -o /dev/null http://ca.example.com:8080/healthz
}

# stop: the service ends
stop()
{
    kill "$service" && wait "$service"
}

# What a page shows at a terminal of its own runs in the background here.
birthmarkd()
{
    service "$(dirname "$2")"
}

# request NAME [SUBJECT]: NAME.key and NAME.csr
request()
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$1.key" -subj "${2:-/serialNumber=$1}" -out "$1.csr" 2> /dev/null
}

# device DIR NAME: NAME.pem, issued by the instance to NAME.key
device()
{
    request "$2"
    birthmark cert issue --dir "$1" --profile ieee-802.1ar-ldevid \
        --csr "$2.csr" --out "$2.pem" > /dev/null
}

# serial FILE: of a certificate, as birthmark writes it
serial()
{
    openssl x509 -in "$1" -noout -serial | cut -d = -f 2 | tr 'A-F' 'a-f'
}

# prints COMMAND TEXT: the command, whatever its exit code, says TEXT, in which `...`
# stands for anything
prints()
{
    local said want
    said=$(eval "$1" 2>&1) || true
    want=$(printf %s "$2" | sed 's/[][*?\\]/\\&/g; s/\.\.\./*/g')
    # shellcheck disable=SC2053 # a pattern
    [[ $said == $want ]] || {
        printf '%s\nprints:\n%s\nand the page says:\n%s\n' "$1" "$said" "$2"
        return 1
    }
}

# hsm TOKEN...: tokens of SoftHSM, with a PIN that instances which are made now know
hsm()
{
    local module token
    module=$(find /usr/lib -name libsofthsm2.so | head -n 1)
    mkdir -p "$WORK/.hsm/tokens"
    export SOFTHSM2_CONF="$WORK/.hsm/softhsm2.conf"
    echo "directories.tokendir = $WORK/.hsm/tokens" > "$SOFTHSM2_CONF"
    (umask 377 && echo 47110815 > "$WORK/.hsm/pin")
    for token in "$@"; do
        softhsm2-util --init-token --free --label "$token" --so-pin 47110815 \
            --pin 47110815 > /dev/null
    done
    settings="tokens:
  modules: [$module]
  pin: $WORK/.hsm/pin
  environment: [SOFTHSM2_CONF=$SOFTHSM2_CONF]
  read: [$SOFTHSM2_CONF]
  write: [$WORK/.hsm/tokens]"
}

# tpm_maker: ek-cas has the CA of who makes the next TPM
tpm_maker()
{
    local made="$WORK/.tpm-maker"
    mkdir "$made" "$WORK/.tpm"
    printf '%s\n' "statedir = $made" "signingkey = $made/sign.pem" "issuercert = $made/ca.pem" \
        "certserial = $made/serial" > "$made/localca.conf"
    printf '%s\n' "--platform-manufacturer Birthmark" "--platform-version 1" \
        "--platform-model docs" > "$made/localca.options"
    printf '%s\n' "create_certs_tool = /usr/bin/swtpm_localca" \
        "create_certs_tool_config = $made/localca.conf" \
        "create_certs_tool_options = $made/localca.options" > "$made/setup.conf"
    swtpm_setup --tpm2 --tpmstate "$WORK/.tpm" --config "$made/setup.conf" \
        --create-ek-cert --lock-nvram > "$WORK/.swtpm_setup.log"
    mkdir ek-cas
    cp "$made/ca.pem" ek-cas
}

# tpm: one in software; TCTI says where it is
tpm()
{
    mkdir -p "$WORK/.tpm"
    swtpm socket --tpm2 --tpmstate "dir=$WORK/.tpm" \
        --server "type=unixio,path=$WORK/.tpm/sock" \
        --ctrl "type=unixio,path=$WORK/.tpm/sock.ctrl" \
        --flags not-need-init,startup-clear > "$WORK/.swtpm.log" 2>&1 &
    await test -S "$WORK/.tpm/sock"
    export TCTI=swtpm:path=$WORK/.tpm/sock
}

if ! command -v unzip > /dev/null; then
    unzip()
    {
        python3 -m zipfile -e "$1" "${3:-.}"
    }
fi

# own FOLDER: from here on it is the page's, with what is in it
own()
{
    mkdir -p "$WORK/.own"
    cp -a "$1" "$WORK/.own/" 2> /dev/null || true # what others may not read
    mount --bind "$WORK/.own/$(basename "$1")" "$1"
}

# receivers: of webhooks and syslog, trusted by this machine; what they take is in `received`
receivers()
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=receivers \
        -addext "subjectAltName=DNS:hooks.example.test,DNS:stock.example.test,DNS:siem.example.test" \
        -keyout .receivers.key -out receivers.pem 2> /dev/null
    own /etc
    mkdir -p /etc/ssl/certs
    cp receivers.pem /etc/ssl/certs/ca-certificates.crt
    : > received
    python3 "$TOP/tests/docs/receivers.py" receivers.pem .receivers.key received \
        2> .receivers.log &
}

# pin FILE: of a certificate, as ceremony files name it
pin()
{
    openssl x509 -in "$1" -outform DER | sha256sum | cut -d ' ' -f 1
}

# ceremony FILE CN STEP...: of a root of that name, with these steps
ceremony()
{
    printf '%s\n' "ceremony: docs" "title: $2" \
        "root: { subject: [ { O: Acme }, { CN: $2 } ], validity: { for: 30y }," \
        "        key: { algorithm: p384, place: file } }" \
        "crl: { lifetime: 400d }" "sign:" > "$1"
    printf '  - { step: %s }\n' "${@:3}" >> "$1"
}

# openssl_ca DIR: an authority that `openssl ca` has run, with two certificates of which
# one is revoked
openssl_ca()
(
    mkdir -p "$1/newcerts" && cd "$1" || exit
    printf '%s\n' "[ca]" "default_ca = d" "[d]" "dir = ." "database = index.txt" \
        "new_certs_dir = newcerts" "serial = serial" "crlnumber = number" \
        "certificate = ca.pem" "private_key = ca.p8" "default_md = sha256" \
        "default_days = 900" "default_crl_days = 30" "policy = p" "x509_extensions = leaf" \
        "crl_extensions = crl" "[p]" "commonName = supplied" \
        "[leaf]" "basicConstraints = critical, CA:FALSE" "authorityKeyIdentifier = keyid" \
        "[crl]" "authorityKeyIdentifier = keyid" > ca.cnf
    : > index.txt
    echo 01 > serial
    echo 2A > number
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3000 \
            -subj "/CN=Old CA" -addext keyUsage=critical,keyCertSign,cRLSign \
            -keyout ca.p8 -out ca.pem
        for name in one two; do
            request "$name" "/CN=$name"
            openssl ca -config ca.cnf -batch -in "$name.csr" -out "$name.pem"
        done
        openssl ca -config ca.cnf -revoke one.pem -crl_reason keyCompromise
        openssl ca -config ca.cnf -gencrl -out ca.crl
    } 2> ca.log
)

# init_ceremony FILE DIR STEP...: of the root that `init` made in DIR
init_ceremony()
{
    local end
    end=$(openssl x509 -in "$2/ca/root.pem" -noout -enddate -dateopt iso_8601)
    end=${end#*=}
    ceremony "$1" "Acme Root CA" "${@:3}"
    sed -i "s/for: 30y/until: \"${end/ /T}\"/; s/p384/p256/" "$1"
}

# operator DIR ID ROLE: ID.pem has certificate and key of a new one
operator()
{
    request "$2" "/CN=$2"
    birthmark operator create --dir "$1" --id "$2" --roles "$3" --csr "$2.csr" --out "$2.crt"
    cat "$2.crt" "$2.key" > "$2.pem"
    chmod 600 "$2.pem"
}

# machine: /etc, /var/lib and /run are the page's own, and the users of the packages are root
machine()
{
    own /etc
    mount -t tmpfs lib /var/lib
    mount -t tmpfs run /run
    printf '%s:x:0:0::/:/bin/sh\n' birthmark-agent birthmark-firewall >> /etc/passwd
    mkdir -p /etc/birthmark
}

# agent NAME DIR: settings of a device, which the instance DIR has a token for
agent()
{
    machine
    cp "$2/ca/root.pem" /etc/birthmark
    (umask 077 && birthmark token create --dir "$2" --profile ieee-802.1ar-ldevid \
        --device "$1" > /etc/birthmark/token)
    printf '%s\n' "version: 1" "server:" "  url: https://ca.example.com:8443" \
        "  anchors: /etc/birthmark/root.pem" "device:" "  name: $1" \
        "  token_file: /etc/birthmark/token" > /etc/birthmark/agent.yaml
}

# What a page shows as a service that goes on runs in the background here, and who is
# connected to a broker says in MQTT that it has come and goes, and is answered.
birthmark-agent()
{
    case "$1" in
        run)
            command birthmark-agent run 2> "$WORK/.agent.log" &
            await command birthmark-agent status
            ;;
        connect)
            printf '\x10\x10\0\4MQTT\4\2\0\x3c\0\4docs\xe0\0' |
                command birthmark-agent "$@" | od -An -tx1 | grep -qx ' 20 02 00 00'
            ;;
        *) command birthmark-agent "$@" ;;
    esac
}

# broker DIR: mosquitto at broker.example.com, with a certificate of the instance DIR; what
# is published is in `heard`
broker()
{
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker \
        -addext subjectAltName=DNS:broker.example.com -keyout .broker.key -out .broker.csr \
        2> /dev/null
    birthmark cert issue --dir "$1" --profile tls-server --chain --csr .broker.csr \
        --out .broker.pem > /dev/null
    cat "$1/ca/root.pem" "$1/ca/issuing.pem" > .broker-anchors.pem
    printf '%s\n' "per_listener_settings true" "user root" "log_type all" "log_dest stderr" \
        "listener 8883" "cafile $WORK/.broker-anchors.pem" "certfile $WORK/.broker.pem" \
        "keyfile $WORK/.broker.key" "require_certificate true" \
        "use_subject_as_username true" "listener 1883 127.0.0.1" "allow_anonymous true" \
        > .broker.conf
    mosquitto -c .broker.conf > "$WORK/.broker.log" 2>&1 &
    await mosquitto_pub -t ready -m yes
    mosquitto_sub -t '#' -v > heard &
}

# recovery: a device that waits at a serial line, whose name is in .line; what it takes is in
# .received
recovery()
{
    python3 "$TOP/tests/docs/recovery.py" .line .received > "$WORK/.recovery.log" 2>&1 &
    await test -s .line
}

# systemctl enable --now UNIT... and systemctl stop UNIT: a stand-in, which has no sandbox
# and no users
systemctl()
{
    local unit
    if [ "$1" = stop ]; then
        kill "$(cat "$WORK/.$2.pid")"
        return
    fi
    [ "$1 $2" = "enable --now" ]
    for unit in "${@:3}"; do
        "$TOP/tests/docs/unit.py" "$TOP/agent/systemd/$unit.service" > "$WORK/.$unit.pid"
    done
}

# clouds: stand-ins for aws and az
clouds()
{
    mkdir .clouds
    ln -s "$TOP/tests/docs/clouds.py" .clouds/aws
    ln -s "$TOP/tests/docs/clouds.py" .clouds/az
    PATH="$WORK/.clouds:$PATH"
}
