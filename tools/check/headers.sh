#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone: on the host, and with the microcontroller's
# compiler where its folder is freestanding. headers.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
warnings="-std=c11 -Wpedantic -Wall -Wextra -Werror -Wundef -Wstrict-prototypes"
riscv="-march=rv32imac -misa-spec=2.2 -mabi=ilp32 --specs=picolibc.specs"
board="-mcpu=cortex-m3 -mthumb --specs=picolibc.specs"
libraries=$(pkg-config --cflags p11-kit-1)
freestanding=$(awk '$2 == "freestanding" { print $1 }' tools/layers.txt)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

failed=0
# alone HEADER COMPILER FLAG...: twice, so that its guard is tried as well.
alone()
{
    header=$1
    shift
    printf '#include "%s"\n#include "%s"\ntypedef int not_empty;\n' \
        "$header" "$header" > "$tmp/alone.c"
    # shellcheck disable=SC2086  # lists of words
    "$@" $warnings -I. -fsyntax-only "$tmp/alone.c" || {
        echo "$header does not compile alone with $1"
        failed=1
    }
}

for header in $(find . \( -path ./build -o -path ./.git \) -prune -o \
    -name '*.h' -print | sed 's,^\./,,' | sort); do
    case $header in
        ports/mps2/*) alone "$header" arm-none-eabi-gcc $board ;;
        ports/virt/*) alone "$header" riscv64-unknown-elf-gcc $riscv ;;
        # These need headers of their libraries.
        ports/mbedtls/* | ports/lwip/* | examples/sensor-node/* | tests/net/*) ;;
        # These compile against what their tests declare.
        ports/freertos-tcp/* | ports/zephyr/*)
            alone "$header" gcc -isystem \
                "$(echo "$header" | cut -d / -f 1-2)/test/api" ;;
        *) alone "$header" gcc -D_POSIX_C_SOURCE=200809L $libraries ;;
    esac
    for folder in $freestanding; do
        case $header in
            "$folder"/*)
                alone "$header" arm-none-eabi-gcc $board -ffreestanding ;;
        esac
    done
done
[ $failed -eq 0 ] && echo "headers: ok"
exit $failed
