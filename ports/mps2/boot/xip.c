/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot-xip: each slot has an image that was linked for it and runs where it
 * is; nothing is moved. The smallest one: the keys of firmware are fixed in it,
 * and none is ever revoked.
 */
#include <string.h>

#include "bm_boot_keys.h"
#include "ports/mps2/boot/describe.h"

const struct bm_boot mps2_boot = {
    MPS2_BOOT_COMMON,
    .images = 1,
    .slot = { { MPS2_BOOT_SLOT(MAP_SLOT0, MAP_SLOT_SIZE, MAP_SLOT0),
                MPS2_BOOT_SLOT(MAP_SLOT1, MAP_SLOT_SIZE, MAP_SLOT1) } },
};

/* SHA-256 of SubjectPublicKeyInfo, and its point. */
static const struct {
    uint8_t id[32];
    uint8_t point[65];
} keys[] = MPS2_BOOT_KEYS;

#define KEYS (sizeof keys / sizeof keys[0])
_Static_assert(KEYS <= BM_BOOT_KEYS, "there is no room for so many keys");

bm_status mps2_boot_decide(struct bm_boot_result *result)
{
    struct bm_ring *ring = mps2_boot.ring;

    for (size_t i = 0; i < KEYS; i++) {
        memcpy(&ring->keys[i], &keys[i], sizeof keys[i]);
    }
    ring->required = BM_BOOT_P256;
    ring->n = KEYS;
    return bm_boot_xip_fixed(&mps2_boot, result);
}
