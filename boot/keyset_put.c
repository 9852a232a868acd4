/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset.h"

#include <string.h>

static bool is_twice(const struct bm_ring *ring, unsigned i)
{
    for (unsigned j = 0; j < i; j++) {
        if (memcmp(ring->keys[i].point, ring->keys[j].point,
                   sizeof ring->keys[i].point) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_writable(const struct bm_ring *ring)
{
    if ((ring->required & ~(uint32_t)(BM_BOOT_P256 | BM_BOOT_LMS)) != 0 ||
        (ring->required & BM_BOOT_P256) == 0 || ring->n == 0 ||
        ring->n > BM_BOOT_KEYS) {
        return false;
    }
    for (unsigned i = 0; i < ring->n; i++) {
        if (ring->keys[i].point[0] != 0x04 || is_twice(ring, i)) {
            return false;
        }
    }
    return true;
}

bm_status bm_keyset_put(struct bm_wr *w, const struct bm_ring *ring)
{
    if (!is_writable(ring)) {
        return BM_E_KEYSET;
    }
    bm_wr_u8(w, BM_KEYSET_VERSION);
    bm_wr_u8(w, (uint8_t)ring->required);
    bm_wr_u8(w, (uint8_t)ring->n);
    bm_wr_u8(w, 0);
    for (unsigned i = 0; i < ring->n; i++) {
        const struct bm_boot_key *key = &ring->keys[i];

        bm_wr_put(w, (struct bm_bytes){ key->point + 1, 64 });
        if ((ring->required & BM_BOOT_LMS) != 0) {
            bm_wr_put(w, BM_ARRAY(key->lms));
        }
    }
    return BM_OK;
}
