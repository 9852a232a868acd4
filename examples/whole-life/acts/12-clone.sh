# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_clone()
{
    act 'A clone' \
        'Somebody has copied the whole flash of SN-2, its key included. Keys do not stay:' \
        'SN-2 renews, and the one before has ended. Whoever comes with it then has a' \
        'copy, and gives himself away. (From a TPM he would have copied nothing.)'
    note '$ cp SN-2.nor SN-2-copy.nor'
    cp SN-2.nor SN-2-copy.nor
    run birthmark device renew --dir site SN-2
    power_on SN-2 now=renew
    told SN-2 renewed
    told SN-2 'report'
    note 'Elsewhere, the copy is switched on:'
    power_off SN-2
    power_on SN-2-copy
    told SN-2-copy started
    await is_noticed
    run birthmark device events --dir site --device SN-2 | grep -v claimed
    run birthmark device list --dir site | grep -v GEAR
    power_off SN-2-copy
}

is_noticed()
{
    birthmark device events --dir site --device SN-2 | grep -q 'fork'
}
