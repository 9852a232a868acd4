# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_proof()
{
    act 'Proof' \
        'Every issuance, revocation and administrative act was a leaf of a Merkle tree.' \
        'The whole is verified; then the service is gone, and an auditor has four files' \
        'and no secret: the key of the ledger, a checkpoint that he kept, a certificate,' \
        'and the proof that it was issued openly.'
    run birthmark ledger verify --dir site
    serial=$(serial_of SN-1)
    run birthmark cert export --dir site --device SN-1 --profile node \
        --out sn-1.pem
    show birthmark ledger checkpoint --dir site
    birthmark ledger checkpoint --dir site | tee checkpoint
    run birthmark ledger prove --dir site --out sn-1.proof "$serial"
    note '$ kill BIRTHMARKD'
    kill "$service"
    wait "$service" || true
    mkdir auditor
    cp site/ledger.pub sn-1.pem sn-1.proof checkpoint auditor
    (
        cd auditor || exit
        run birthmark ledger check --key ledger.pub --against checkpoint \
            sn-1.proof sn-1.pem
    )
    note 'Somebody with the database at hand makes the revocation disappear:'
    cp -r site tampered
    run tamper tampered/birthmark.db "$revoked"
    refused birthmark ledger verify --dir tampered --against checkpoint
}
