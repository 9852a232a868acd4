/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset.h"

#include <string.h>

/* RFC 5480 2: SubjectPublicKeyInfo of P-256 up to its point. KEYHASH names a
 * key by the hash of the whole. */
static const uint8_t spki_head[26] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
};

static bm_status identify(const struct bm_crypto *crypto,
                          struct bm_boot_key *key)
{
    uint8_t spki[sizeof spki_head + sizeof key->point];

    key->point[0] = 0x04; /* SEC 1 2.3.3: uncompressed */
    memcpy(spki, spki_head, sizeof spki_head);
    memcpy(spki + sizeof spki_head, key->point, sizeof key->point);
    return crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(spki), key->id);
}

/*
 * The table grows to the back, so the last key goes to its place first, and of
 * each key what lies last: nothing is overwritten that is still to be moved.
 */
static bm_status spread(const struct bm_crypto *crypto, struct bm_ring *ring,
                        const uint8_t *table, unsigned n, bool lms)
{
    const size_t each = lms ? 64 + sizeof ring->keys[0].lms : 64;

    for (unsigned i = n; i-- > 0;) {
        struct bm_boot_key *key = &ring->keys[i];
        const uint8_t *from = table + i * each;

        if (lms) {
            memmove(key->lms, from + 64, sizeof key->lms);
        }
        memmove(key->point + 1, from, 64);
        BM_TRY(identify(crypto, key));
    }
    return BM_OK;
}

bm_status bm_keyset_parse(const struct bm_crypto *crypto,
                          struct bm_bytes payload, struct bm_ring *ring)
{
    const uint8_t *p = payload.p;
    uint32_t required = payload.n >= BM_KEYSET_HEAD ? p[1] : 0;
    unsigned n = required != 0 ? p[2] : 0;
    bool lms = required == (BM_BOOT_P256 | BM_BOOT_LMS);
    bm_status rc = BM_E_KEYSET;

    if (n != 0 && n <= BM_BOOT_KEYS && p[0] == BM_KEYSET_VERSION && p[3] == 0 &&
        (lms || required == BM_BOOT_P256) &&
        payload.n == BM_KEYSET_HEAD + n * (lms ? 120u : 64u)) {
        rc = spread(crypto, ring, p + BM_KEYSET_HEAD, n, lms);
    }
    ring->required = required;
    ring->n = rc == BM_OK ? n : 0;
    return rc;
}
