# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_birth()
{
    act 'Birth' \
        'Meanwhile the two boards have booted for the first time. Each made its own key,' \
        'and got the identity of its maker (IEEE 802.1AR IDevID) by a token that is good' \
        'once; with that it proved itself to its owner, and got the identity that it' \
        'works with. Nobody else ever holds its key.'
    for name in SN-1 SN-2; do
        told $name started
        told $name born
        told $name active
    done
    run birthmark device list --dir site | grep -v GEAR
    run birthmark device show --dir site SN-1
}
