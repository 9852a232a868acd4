# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_revocation()
{
    act 'Revocation' \
        'The owner ends what SN-2 has, the copy with it. Whoever must know learns it: the' \
        'broker by a list, the other devices by their trust bundle, the rest of the' \
        'world by OCSP. The next handshake comes to nothing, whoever of the two it is.'
    run birthmark device resume --dir site SN-2
    revoked=$(serial_of SN-2)
    run birthmark cert revoke --dir site --reason keyCompromise "$revoked"
    note 'Lists and bundles follow within seconds; here, at once:'
    run birthmark ca crl --dir site issuing
    show birthmark bundle make --dir site
    birthmark bundle make --dir site > logs/bundle
    fetch_list
    note '$ kill -HUP MOSQUITTO   # it reads the list again'
    kill -HUP "$mosquitto"
    birthmark cert export --dir site --device SN-2 --profile node \
        --status revoked --newest --limit 1 --out sn-2.pem 2> logs/export
    run openssl ocsp -issuer site/ca/issuing.pem -cert sn-2.pem \
        -CAfile site/ca/root.pem -verify_other site/ca/issuing.pem \
        -url "http://localhost:$public/ocsp"
    await is_denied "$revoked"
    await trusts_as_of SN-1 "$(birthmark bundle show --dir site |
        sed -n 's/^version  *//p')"
    grep '^node: bundle' SN-1.console | tail -n 1 | sed 's/^node:/SN-1 │/'
    power_on SN-2 peer=10.0.2.15:4433 name=SN-1
    told SN-2 'failed what=mqtt'
    told SN-2 'failed what=delivery'
    told SN-1 'refused peer side=server status=0x1d01'
    power_off SN-2
}

# The newest trust bundle says so.
is_denied()
{
    birthmark bundle show --dir site | grep -q "$1"
}

# trusts_as_of BOARD VERSION: it has that bundle, or a later one.
trusts_as_of()
{
    [ "$(sed -n 's/^node: bundle version=//p' "$1.console" | tail -n 1)" -ge "$2" ]
}
