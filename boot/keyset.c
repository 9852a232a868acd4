/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/keyset.h"

#include <string.h>

#include "boot/harden.h"
#include "boot/le.h"

#define POINT 64u /* x | y */

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
                        const uint8_t *table, unsigned n, size_t each)
{
    while (n-- > 0) {
        struct bm_boot_key *key = &ring->keys[n];
        const uint8_t *from = table + n * each;

        if (each != POINT) {
            memmove(key->lms, from + POINT, sizeof key->lms);
        }
        memmove(key->point + 1, from, POINT);
        BM_TRY(identify(crypto, key));
    }
    return BM_OK;
}

bm_status bm_keyset_parse(const struct bm_crypto *crypto,
                          struct bm_bytes payload, struct bm_ring *ring)
{
    /* u8 version | u8 required | u8 n | u8 0, from the lowest on */
    uint32_t head = payload.n >= BM_KEYSET_HEAD ? bm_le32(payload.p) : 0;
    uint32_t required = head >> 8 & 0xff;
    unsigned n = head >> 16 & 0xff;
    size_t each = POINT;
    bm_status rc = BM_E_KEYSET;

    if (required == (BM_BOOT_P256 | BM_BOOT_LMS)) {
        each += sizeof ring->keys[0].lms;
    } else if (required != BM_BOOT_P256) {
        n = 0;
    }
    if ((head & 0xff0000ffu) == BM_KEYSET_VERSION && n != 0 &&
        n <= BM_BOOT_KEYS && payload.n == BM_KEYSET_HEAD + n * each) {
        rc = spread(crypto, ring, payload.p + BM_KEYSET_HEAD, n, each);
    }
    ring->required = required;
    ring->n = rc == BM_OK ? n : 0;
    return rc;
}

/* Roots sign sets and nothing else: no set may make one sign firmware. */
static bool has_root(const struct bm_ring *ring, const struct bm_roots *roots)
{
    for (unsigned i = 0; i < ring->n; i++) {
        for (unsigned k = 0; k < BM_ROOTS + 1; k++) {
            if (memcmp(ring->keys[i].id, roots->ids[k], 32) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Ids of roots that are hybrid are of both halves, and no key's of a ring. Of
 * the one that signed the first half is here. */
static bool has_signer(const struct bm_ring *ring, const struct bm_image *image)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;

    while (bm_image_tlv_next(image->tlvs, &at, &tlv) == BM_OK) {
        for (unsigned i = 0; tlv.type == BM_IMAGE_TLV_PUBKEY && i < ring->n;
             i++) {
            size_t n = sizeof spki_head + sizeof ring->keys[i].point;

            if (tlv.value.n >= n &&
                memcmp(tlv.value.p + sizeof spki_head, ring->keys[i].point,
                       sizeof ring->keys[i].point) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* The payload is at the start of `ring`, and verified with all else. */
static bm_status take(const struct bm_crypto *crypto,
                      const struct bm_roots *roots,
                      const struct bm_image *image, struct bm_ring *ring,
                      struct bm_keyset *set)
{
    const struct bm_bytes payload = { (const uint8_t *)ring,
                                      image->header.payload_size };

    set->epoch = image->counter;
    set->size = bm_image_digest_end(&image->header) + (uint32_t)image->tlvs.n;
    memcpy(set->digest, image->digest.p, sizeof set->digest);
    if (image->header.flags != BM_IMAGE_NON_BOOTABLE || !image->has_counter ||
        set->epoch > BM_KEYSET_EPOCH_MAX || set->size > BM_KEYSET_MAX) {
        return BM_E_KEYSET;
    }
    BM_TRY(bm_keyset_parse(crypto, payload, ring));
    return has_root(ring, roots) || (BM_IMAGE_TLVS_MAX > BM_IMAGE_LMS_SIZE &&
                                     has_signer(ring, image))
               ? BM_E_KEYSET
               : BM_OK;
}

bm_status bm_keyset_verify(struct bm_verify *v, const struct bm_roots *roots,
                           enum bm_keyset_road road, struct bm_ring *ring,
                           struct bm_keyset *set)
{
    const struct bm_signers signers = { roots->required, (unsigned)road,
                                        roots->ids };
    struct bm_verdict verdict;
    struct bm_image image;
    bm_status rc;

    v->ring = NULL;
    v->signers = &signers;
    v->ram = (uint8_t *)ring;
    v->ram_size = sizeof *ring;
    BM_VERDICT_NO(&verdict);
    rc = bm_verify_image(v, &image, &verdict);
    v->signers = NULL;
    if (rc == BM_OK && bm_verdict_yes(&verdict)) {
        rc = take(v->crypto, roots, &image, ring, set);
        if (rc == BM_OK) {
            return rc;
        }
    }
    /* What was copied there is no ring, and nobody's. */
    memset(ring, 0, sizeof *ring);
    memset(set, 0, sizeof *set);
    switch (rc) {
    case BM_OK:
        return BM_E_BOOT_FAULT;
    case BM_E_IMAGE_KEY:
        return BM_E_KEYSET_ROOT;
    case BM_E_BOOT_DOWNGRADE:
        return BM_E_KEYSET_EPOCH;
    default:
        return rc;
    }
}
