/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_BOOT_DESCRIBE_H
#define BM_PORTS_MPS2_BOOT_DESCRIBE_H

#include "ports/mbedtls/boot/boot_crypto.h"
#include "ports/mps2/boot/flash.h"
#include "ports/mps2/boot/internal.h"
#include "ports/mps2/boot/map.h"

/* The lines of struct bm_boot that are the same in every bootloader. */
#define MPS2_BOOT_COMMON                                \
    .crypto = &bm_boot_crypto,                          \
    .journal = MPS2_FLASH(MAP_JOURNAL, MAP_SMALL_SIZE), \
    .mailbox = MPS2_FLASH(MAP_MAILBOX, MAP_SMALL_SIZE), \
    .counters = { .self = &mps2_boot_counter,           \
                  .read = bm_counter_value,             \
                  .raise = bm_counter_raise },          \
    .ring = &mps2_boot_front.ring, .work = &mps2_boot_work

/* ... in every one with key sets. */
#define MPS2_BOOT_KEYSETS                                  \
    .roots = &mps2_boot_roots,                             \
    .keyset = { MPS2_FLASH(MAP_KEYSET0, MAP_SMALL_SIZE),   \
                MPS2_FLASH(MAP_KEYSET1, MAP_SMALL_SIZE) }, \
    .candidate = MPS2_FLASH(MAP_CANDIDATE, MAP_SMALL_SIZE)

/* A slot in flash that only the CPU writes, and where what is in it runs. */
#define MPS2_BOOT_SLOT(base, size, runs)                                     \
    {                                                                        \
        .flash = MPS2_FLASH(base, size), .address = (runs), .internal = true \
    }

#endif
