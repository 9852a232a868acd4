# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_consortium()
{
    act 'The consortium' \
        'Others join: an organisation gets profiles and a quota, and an operator of its' \
        'own, who sees what is hers and nothing else. No passwords: people show' \
        'certificates, as devices do.'
    run birthmark org create --dir site 'South Gears'
    run birthmark org enable --dir site 2 ieee-802.1ar-idevid
    run birthmark org quota --dir site --add "$many" 2 ieee-802.1ar-idevid
    run birthmark org list --dir site
    operator sue --roles administrator --organisation 2
    operator grace --roles administrator
    api=(--url "https://localhost:$operators" --server-ca site/ca/root.pem)
    run birthmark operator list --dir site
    note 'What Sue sees of it, from wherever she is:'
    run birthmark org list "${api[@]}" --identity sue.who
    run birthmark org profiles "${api[@]}" --identity sue.who 2
}

# operator NAME ARG...: a key, a certificate, and NAME.who with both in it.
operator()
{
    name=$1
    shift
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$name.key" -subj "/CN=$name" -out "$name.csr" 2>> logs/openssl
    run birthmark operator create --dir site --id "$name" "$@" \
        --csr "$name.csr" --chain --out "$name.crt"
    (umask 077 && cat "$name.crt" "$name.key" > "$name.who")
}
