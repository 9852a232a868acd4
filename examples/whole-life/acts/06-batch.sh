# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_batch()
{
    act 'A batch' \
        "A production line has $many devices; each has made its own key, and nobody else" \
        'ever holds it. Their requests are ordered at once: all are looked at before' \
        'anything is issued, and a power cut in between costs nothing.'
    note "$many keys and requests, made by the line"
    "$top/build/release/tests/batch/tests_batch_orders" "$many" GEAR > lot-17.csv
    run birthmark batch create "${api[@]}" --identity sue.who \
        --profile ieee-802.1ar-idevid lot-17.csv
    run birthmark batch get "${api[@]}" --identity sue.who --out lot-17.zip 1
    run python3 -m zipfile -e lot-17.zip lot-17
    note 'One file, with a list that is signed:'
    run openssl cms -verify -binary -inform DER -in lot-17/list.p7s \
        -content lot-17/list.jsonl -CAfile site/ca/root.pem -purpose any -out /dev/null
    note 'The quota is used up. One more:'
    "$top/build/release/tests/batch/tests_batch_orders" 1 EXTRA > one.csv
    refused birthmark batch create "${api[@]}" --identity sue.who \
        --profile ieee-802.1ar-idevid one.csv
    must_say "$many" birthmark org profiles --dir site 2
}
