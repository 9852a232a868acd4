/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_TEST_SIGNED_IMAGE_H
#define BM_BOOT_TEST_SIGNED_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "boot/image.h"
#include "boot/verify.h"
#include "tests/harness/test_crypto.h"

/*
 * Images for tests, signed with keys of the harness: octet by octet, so that
 * they can be wrong in any way. Parts are appended in the order of the file:
 *
 *     signed_image_begin(&w, &header, payload);
 *     signed_image_info(&w, 0x6908, 12);        if it has a protected area
 *     signed_image_counter(&w, 7);
 *     signed_image_digest(&w);                  begins the other area
 *     signed_image_key(&w, 0);
 *     signed_image_sign(&w, 0);
 *     signed_image_end(&w);                     lengths that were left open
 */

struct signed_image {
    uint8_t octets[4096];
    size_t n;
    size_t signed_n; /* what the digest is over */
};

static inline void signed_image_put(struct signed_image *w, const void *p,
                                    size_t n)
{
    if (n > sizeof w->octets - w->n) {
        exit(1);
    }
    if (n != 0) {
        memcpy(w->octets + w->n, p, n);
    }
    w->n += n;
}

static inline void signed_image_le(struct signed_image *w, uint32_t value,
                                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t octet = (uint8_t)(value >> (8 * i));

        signed_image_put(w, &octet, 1);
    }
}

static inline void signed_image_tlv(struct signed_image *w, uint32_t type,
                                    const void *p, size_t n)
{
    signed_image_le(w, type, 2);
    signed_image_le(w, (uint32_t)n, 2);
    signed_image_put(w, p, n);
}

/* Header, what fills it up to its size, payload. */
static inline void signed_image_begin(struct signed_image *w,
                                      const struct bm_image_header *header,
                                      struct bm_bytes payload)
{
    w->n = w->signed_n = 0;
    signed_image_le(w, BM_IMAGE_MAGIC, 4);
    signed_image_le(w, header->load_address, 4);
    signed_image_le(w, header->header_size, 2);
    signed_image_le(w, header->protected_size, 2);
    signed_image_le(w, (uint32_t)payload.n, 4);
    signed_image_le(w, header->flags, 4);
    signed_image_le(w, header->version.major, 1);
    signed_image_le(w, header->version.minor, 1);
    signed_image_le(w, header->version.revision, 2);
    signed_image_le(w, header->version.build, 4);
    signed_image_le(w, 0, 4);
    while (w->n < header->header_size) {
        signed_image_le(w, 0xff, 1);
    }
    signed_image_put(w, payload.p, payload.n);
}

static inline void signed_image_info(struct signed_image *w, uint32_t magic,
                                     uint32_t size)
{
    signed_image_le(w, magic, 2);
    signed_image_le(w, size, 2);
}

static inline void signed_image_counter(struct signed_image *w, uint32_t value)
{
    signed_image_le(w, BM_IMAGE_TLV_COUNTER, 2);
    signed_image_le(w, 4, 2);
    signed_image_le(w, value, 4);
}

/* Here ends what is signed. */
static inline void signed_image_digest(struct signed_image *w)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t digest[32];

    w->signed_n = w->n;
    if (crypto->hash(crypto->self, BM_HASH_SHA256,
                     (struct bm_bytes){ w->octets, w->n }, digest) != BM_OK) {
        exit(1);
    }
    signed_image_info(w, BM_IMAGE_MAGIC_TLVS, 0);
    signed_image_tlv(w, BM_IMAGE_TLV_SHA256, digest, sizeof digest);
}

/* KEYHASH's value: SHA-256 of the SubjectPublicKeyInfo. */
static inline void signed_image_key_id(size_t key, uint8_t id[32])
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct bm_signer *signer = bm_test_signer_nth(BM_KEY_P256, key);

    if (signer == NULL || crypto->hash(crypto->self, BM_HASH_SHA256,
                                       signer->key.der, id) != BM_OK) {
        exit(1);
    }
}

static inline void signed_image_key(struct signed_image *w, size_t key)
{
    uint8_t id[32];

    signed_image_key_id(key, id);
    signed_image_tlv(w, BM_IMAGE_TLV_KEYHASH, id, sizeof id);
}

/* For key sets: the key itself. */
static inline void signed_image_pubkey(struct signed_image *w, size_t key)
{
    struct bm_bytes der = bm_test_signer_nth(BM_KEY_P256, key)->key.der;

    signed_image_tlv(w, BM_IMAGE_TLV_PUBKEY, der.p, der.n);
}

static inline void signed_image_sign(struct signed_image *w, size_t key)
{
    const struct bm_signer *signer = bm_test_signer_nth(BM_KEY_P256, key);
    uint8_t signature[80];
    struct bm_wr out;

    bm_wr_init(&out, signature, sizeof signature);
    if (signer->sign(signer->self, (struct bm_bytes){ w->octets, w->signed_n },
                     &out) != BM_OK) {
        exit(1);
    }
    signed_image_tlv(w, BM_IMAGE_TLV_ECDSA, signature, out.len);
}

static inline void signed_image_end(struct signed_image *w)
{
    size_t size = w->n - w->signed_n;

    w->octets[w->signed_n + 2] = (uint8_t)size;
    w->octets[w->signed_n + 3] = (uint8_t)(size >> 8);
}

/* The usual one: a counter, signed with test key `key`. */
static inline void signed_image_make(struct signed_image *w,
                                     const struct bm_image_header *header,
                                     struct bm_bytes payload, uint32_t counter,
                                     size_t key)
{
    struct bm_image_header h = *header;

    h.protected_size = 12;
    signed_image_begin(w, &h, payload);
    signed_image_info(w, BM_IMAGE_MAGIC_PROTECTED, 12);
    signed_image_counter(w, counter);
    signed_image_digest(w);
    signed_image_key(w, key);
    signed_image_sign(w, key);
    signed_image_end(w);
}

/* Test key `key` as one that may sign. */
static inline void signed_image_ring_key(struct bm_boot_key *out, size_t key)
{
    const struct bm_signer *signer = bm_test_signer_nth(BM_KEY_P256, key);

    memset(out, 0, sizeof *out);
    signed_image_key_id(key, out->id);
    memcpy(out->point, signer->key.key.p, sizeof out->point);
}

#endif
