#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM.elf [WORD]...: boot a program on mps2-an385 in QEMU; its exit
# code is the program's. WORDs reach it as bm_board_arg().
#   BM_SECURE=FILE     a secure image: the board is mps2-an505, which starts with
#                      it, and PROGRAM.elf one of its other world
#   BM_NOR=FILE        16 MB file behind the flash; made, erased, if absent
#   BM_NOISE=DEVICE    what is connected to UART 1 (noise.h): a character device
#                      of the host, default /dev/urandom; or none
#   BM_QEMU_TIMEOUT=S  give up after S seconds (exit code 124), default 240
#   BM_QEMU_ARGS=...   further arguments, for example '-icount shift=0'
set -eu
elf=$1
shift

nor_bytes=16777216
config=enable=on,target=native,arg=program
for word in "$@"; do
    config=$config,arg=$word
done

if [ -n "${BM_SECURE:-}" ]; then
    set -- -M mps2-an505 -kernel "$BM_SECURE" -device "loader,file=$elf"
else
    set -- -M mps2-an385 -kernel "$elf"
fi
set -- "$@" -display none -monitor none -serial stdio \
    -semihosting-config "$config"
if [ -n "${BM_NOR:-}" ]; then
    if [ ! -e "$BM_NOR" ]; then
        head -c $nor_bytes /dev/zero | tr '\0' '\377' > "$BM_NOR.new"
        mv "$BM_NOR.new" "$BM_NOR"
    fi
    set -- "$@" -machine memory-backend=nor -object \
        "memory-backend-file,id=nor,size=16M,mem-path=$BM_NOR,share=on"
fi
noise=${BM_NOISE:-/dev/urandom}
if [ "$noise" != none ]; then
    set -- "$@" -chardev "serial,id=noise,path=$noise" -serial chardev:noise
fi
# shellcheck disable=SC2086  # words of BM_QEMU_ARGS are separate on purpose
exec timeout "${BM_QEMU_TIMEOUT:-240}" \
    qemu-system-arm "$@" ${BM_QEMU_ARGS:-} < /dev/null
