# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_tampered()
{
    act 'Altered firmware' \
        'Somebody who has a board in hand changes one octet of its program. The' \
        'bootloader verifies what it starts, each time: nothing runs that the maker has' \
        'not signed.'
    power_off SN-2
    cp SN-2.nor altered.nor
    note "\$ printf '\\377' | dd of=altered.nor bs=1 seek=$((slot0_at + 0x5000)) conv=notrunc"
    printf '\377' | dd of=altered.nor bs=1 seek=$((slot0_at + 0x5000)) \
        conv=notrunc status=none
    run cmp -l SN-2.nor altered.nor || true
    power_on altered
    await test -s altered.console
    sleep 1 # to say more, if it had more to say
    printf 'altered │ %s\n' "$(head -n 1 altered.console)"
    grep -q '^2309' altered.console || fail 'it was not refused'
    ! grep -q '^node:' altered.console || fail 'it has started'
    power_off altered
    rm altered.nor
    note '0x2309: the image is not what was signed. And it did not start.'
}
