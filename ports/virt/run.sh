#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PROGRAM.elf: boot a program on riscv32 `virt` in QEMU; its exit code is
# the program's.
#   BM_QEMU_TIMEOUT=S  give up after S seconds (exit code 124), default 240
#   BM_QEMU_ARGS=...   further arguments, for example '-icount shift=0'
set -eu
# shellcheck disable=SC2086  # words of BM_QEMU_ARGS are separate on purpose
exec timeout "${BM_QEMU_TIMEOUT:-240}" \
    qemu-system-riscv32 -M virt -m 16M -bios none -display none \
    -monitor none -serial stdio -global virtio-mmio.force-legacy=false \
    -device virtio-rng-device -kernel "$1" ${BM_QEMU_ARGS:-} < /dev/null
