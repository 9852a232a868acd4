# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_ceremony()
{
    act 'The ceremony' \
        'On a machine without a network a cold root is made. Its key is split: any two' \
        'of three custodians can use it, and one alone can not. It is a rehearsal, as' \
        'one is held before the real thing: the same steps, throw-away keys.'
    run birthmark root init ceremony.yaml --out root --rehearse --yes \
        2>&1 | grep -v '^REHEARSAL:'
    mv root/shares .
    run birthmark init site --subordinate --org Harbour --host localhost \
        --host 127.0.0.1 --host 10.0.2.2 2> logs/init
    run birthmark ca create --dir site factory 2>> logs/init
    for ca in factory issuing operations; do
        run birthmark ca request --dir site --out stick/$ca.csr $ca
    done
    note 'One share is not enough:'
    one_share root sign ceremony.yaml --dir root --rehearse --yes \
        --in stick --out stick --share shares/REHEARSAL-1-ada.share
    note 'Two are:'
    run birthmark root sign ceremony.yaml --dir root --rehearse --yes \
        --in stick --out stick --share shares/REHEARSAL-1-ada.share \
        --share shares/REHEARSAL-3-hedy.share 2> signed
    grep -E 'to be signed|subject|path|root sign' signed
    note 'And that none of these is revoked, which somebody has to say:'
    run birthmark root crl ceremony.yaml --dir root --rehearse --yes \
        --out stick --share shares/REHEARSAL-1-ada.share \
        --share shares/REHEARSAL-2-grace.share 2>> signed
    note 'What was done stands in a transcript, for anybody who has the root:'
    run birthmark root transcript --verify root/transcript --root \
        root/root.pem --rehearse
}

# It is refused. (Without a terminal, on which it would ask for the other one.)
one_share()
{
    show birthmark "$@"
    rc=0
    setsid -w birthmark "$@" 2> signed || rc=$?
    grep -v '^REHEARSAL:' signed
    [ "$rc" -eq 1 ] || fail 'one share was enough'
}
