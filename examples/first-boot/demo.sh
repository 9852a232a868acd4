#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first boot, played: demo.sh [DIR]. Its files stay in DIR, or
# build/demo/boot.
set -eu
cd "$(dirname "$0")/../.."

bin=build/bin
boot=build/cortex-m3/ports/mps2/boot
keys=ports/mps2/boot/test/keys
. examples/play.sh

dir=${1:-build/demo/boot}
rm -rf "$dir"
mkdir -p "$dir"
ca=$dir/instance
nor=$dir/nor.bin

# Where things are in the flash of the board: ports/mps2/boot/map.h.
keyset_at=$((0x2000)) slot0_at=$((0x100000))

# starts LABEL EVENT [WORD]...: a start of the board, that must come to this;
# WORDs are what the application does then.
starts()
{
    want="$1 $2"
    shift 2
    printf '%s\n' "${dim}\$ power on${*:+, application: $*}$plain"
    line=$(BM_NOR=$nor ports/mps2/run.sh "$boot/boot-swap.elf" "$@" |
        grep '^app ')
    # shellcheck disable=SC2086  # words, as they were printed
    set -- $line
    label=$2
    event=${4#event=}
    refusal=${5#refusal=}
    case $event in
        0) event=normal ;;
        1) event=trial ;;
        2) event=confirmed ;;
        3) event=reverted ;;
        4) event=refused:$refusal ;;
    esac
    echo "$label runs: $event, ${6#epoch=} is the epoch of its keys"
    [ "$label $event" = "$want" ] || {
        echo "demo: expected $want, got: $line" >&2
        exit 1
    }
}

# program FILE OFFSET: what the production line does.
program()
{
    dd if="$1" of="$nor" bs=4096 seek=$(($2 / 4096)) conv=notrunc status=none
}

# journal: what the bootloader notes of a move in progress, in short.
journal()
{
    head -c "$keyset_at" "$nor" | cksum
}

# power_cut: a start that ends with the first thing moved.
power_cut()
{
    before=$(journal)
    BM_NOR=$nor ports/mps2/run.sh "$boot/boot-swap.elf" > "$dir/cut.log" 2>&1 &
    while [ "$(journal)" = "$before" ] && kill -0 $! 2> /dev/null; do
        :
    done
    kill $! 2> /dev/null || true
    wait $! || true
    printf '%s\n' "${dim}cut, with $(missing) octets still to be moved$plain"
}

# missing: how many octets of slot 0 are not yet those of version4.
missing()
{
    cmp -l "$dir/version4.bin" "$nor" 0 "$slot0_at" 2> /dev/null | wc -l
}

# sign VERSION LABEL [SIZE]: the program of that label, as an image; SIZE is how
# many octets it is padded with.
sign()
{
    {
        sed "s/label:--------/label:$2/" "$boot/test/boot-app-slot0.bin"
        head -c "${3:-0}" /dev/urandom
    } > "$dir/$2.program"
    run $bin/birthmark image sign --dir "$ca" --key file:firmware.key \
        --version "$1" --security-counter auto --header-size 0x200 \
        --pad-header --boot-record APP --out "$dir/$2.bin" "$dir/$2.program"
}

digest()
{
    $bin/birthmark image show --json "$1" |
        sed 's/.*"digest": *"\([0-9a-f]\{16\}\).*/\1/'
}

say '1. A key that signs firmware, and a key set that says so. The root of the' \
    'bootloader signs sets and nothing else (here a published one, for tests).'
$bin/birthmark init "$ca" --org Example > /dev/null 2>&1
run $bin/birthmark image keygen --dir "$ca" --out "$dir/firmware.pub" \
    file:firmware.key
run $bin/birthmark image keygen --dir "$ca" --from "$keys/root0.pem" \
    --out "$dir/root.pub" file:root.key
run $bin/birthmark keyset make --dir "$ca" --root file:root.key --epoch 1 \
    --key "$dir/firmware.pub" --out "$dir/keys-1.set"

say '2. The first image, signed. Its format is that of MCUboot and imgtool.'
sign 1.0.0 version1
run $bin/birthmark image verify --keyset "$dir/keys-1.set" \
    --root "$dir/root.pub" "$dir/version1.bin"

say '3. The production line programs a board; a Cortex-M3 in QEMU starts it.' \
    'What the bootloader hands over, the application tells.'
head -c 16777216 /dev/zero | tr '\0' '\377' > "$nor"
program "$dir/keys-1.set" "$keyset_at"
program "$dir/version1.bin" "$slot0_at"
starts version1 normal

say '4. An update. The application puts it into slot 1 and asks for it; the next' \
    'start verifies it, moves it, and runs it on trial.'
sign 1.1.0 version2
starts version1 normal "load=$dir/version2.bin" \
    "install=$(digest "$dir/version2.bin")"
starts version2 trial

say '5. Nobody confirmed it: the start after that goes back.'
starts version1 reverted

say '6. Again, and now it is confirmed. From then on nothing older runs.'
starts version1 normal "install=$(digest "$dir/version2.bin")"
starts version2 trial confirm=yes
starts version2 confirmed

say '7. The old version, validly signed, is refused: its counter is lower.'
starts version2 normal "load=$dir/version1.bin" \
    "install=$(digest "$dir/version1.bin")"
starts version2 refused:2402
refused $bin/birthmark image verify --keyset "$dir/keys-1.set" \
    --counter $((0x01010000)) "$dir/version1.bin"

say '8. One bit of the update altered: the tool and the device refuse it.'
sign 1.2.0 version3
size=$(wc -c < "$dir/version3.program")
cp "$dir/version3.bin" "$dir/altered.bin"
printf '\377\377' | dd of="$dir/altered.bin" bs=1 seek=$((0x200 + size / 2)) \
    conv=notrunc status=none
refused $bin/birthmark image verify --keyset "$dir/keys-1.set" \
    "$dir/altered.bin"
starts version2 normal "load=$dir/altered.bin" \
    "install=$(digest "$dir/version3.bin")"
starts version2 refused:2309

say '9. A larger update, and the power goes while it is being moved. The next' \
    'start goes on.'
sign 1.3.0 version4 400000
starts version2 normal "load=$dir/version4.bin" \
    "install=$(digest "$dir/version4.bin")"
power_cut
power_cut
# On a machine that moves all of it between two looks, the cut came too late.
if grep -q '^app ' "$dir/cut.log"; then
    starts version2 reverted
else
    starts version4 trial confirm=yes
fi
