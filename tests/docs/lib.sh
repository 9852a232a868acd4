# SPDX-License-Identifier: Apache-2.0
# What the pages find around them; functions for their set-up. Sourced by bash.
# shellcheck shell=bash
ip link set lo up
printf '%s\n' '127.0.0.1 localhost ca.example.com ca.plant.example' \
    > "$WORK/.hosts"
mount --bind "$WORK/.hosts" /etc/hosts

# Nobody is at the terminal, the token that is printed is needed again, and a service
# that root starts stays root.
birthmark()
{
    case "$1 ${2:-}" in
        "root init" | "root sign" | "root crl") command birthmark "$@" --yes ;;
        "init "*) command birthmark "$@" && echo "user: root" >> "$2/birthmark.yaml" ;;
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

# service DIR: birthmarkd of that instance runs, and answers
service()
{
    command birthmarkd --config "$1/birthmark.yaml" > "$WORK/.birthmarkd.log" 2>&1 &
    for _ in $(seq 200); do
        if curl -s -o /dev/null http://ca.example.com:8080/healthz; then
            return 0
        fi
        sleep 0.1
    done
    cat "$WORK/.birthmarkd.log"
    return 1
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
