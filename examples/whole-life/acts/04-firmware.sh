# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154

act_firmware()
{
    act 'The firmware' \
        'The maker signs what his devices run. A key set says which keys may sign, and' \
        'the bootloader knows only who may sign key sets: a key can be replaced in the' \
        'field. (The root here is a published one, for tests: yours goes into an HSM.)'
    run birthmark init maker --subordinate --org Maker --host localhost \
        2>> logs/init
    run birthmark image keygen --dir maker --out firmware.pub \
        file:firmware.key
    birthmark image keygen --dir maker --out root.pub --from \
        "$top/ports/mps2/boot/test/keys/root0.pem" file:root.key
    run birthmark keyset make --dir maker --root file:root.key --epoch 1 \
        --key firmware.pub --out keys-1.set
    sign 1.0.0 sensor-node.bin
    run birthmark image verify --keyset keys-1.set --root root.pub \
        node-1.0.0.img
}

# sign VERSION PROGRAM: as node-VERSION.img
sign()
{
    run birthmark image sign --dir maker --key file:firmware.key \
        --version "$1" --security-counter auto --header-size 0x200 \
        --pad-header --boot-record APP --out "node-$1.img" "$2"
}
