# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_update()
{
    act 'An update' \
        'A new version is signed and assigned. SN-1 asks, fetches, and hands it to the' \
        'bootloader, which runs it on trial: it stays when it has reached its owner, and' \
        'is taken back when it has not. An older one never runs again.'
    sed 's/1\.0\.0\x00/1.1.0\x00/' sensor-node.bin > sensor-node-1.1.0.bin
    sign 1.1.0 sensor-node-1.1.0.bin
    run birthmark release create --dir site node-1.1.0 --firmware \
        node-1.1.0.img
    run birthmark release assign --dir site node-1.1.0 --device SN-1
    told SN-1 'update fetched what=firmware'
    told SN-1 'started version=1.1.0'
    told SN-1 'update confirmed'
    await is_taken
    run birthmark release status --dir site node-1.1.0
}

is_taken()
{
    birthmark release status --dir site node-1.1.0 | grep -q 'taken  *1'
}
