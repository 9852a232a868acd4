/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/keyset.h"
#include "core/fuzz/must.h"

/*
 * The input is a flash with a key set, for a provider that takes every
 * signature and whose hashes are easy to come by: of a key, its x; of an
 * image, zeros. So what is behind the signature is reached, too. A root has
 * the x of 32 times 'r'.
 *
 * A set that verifies is written again as it was; of any other no key stays.
 */
#define SECTOR  1024u
#define SECTORS 2u

static struct bm_bytes content;

static bm_status flash_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    (void)self;
    must(at <= SECTOR * SECTORS && n <= SECTOR * SECTORS - at);
    memset(out, 0xff, n);
    if (at < content.n) {
        memcpy(out, content.p + at, n < content.n - at ? n : content.n - at);
    }
    return BM_OK;
}

static bm_status hash(void *self, enum bm_hash alg, struct bm_bytes message,
                      uint8_t *out)
{
    (void)self;
    (void)alg;
    must(message.n == 91);
    memcpy(out, message.p + 27, 32);
    return BM_OK;
}

static bm_status hash_begin(void *self, struct bm_hash_state *state,
                            enum bm_hash alg)
{
    (void)self;
    state->hash = alg;
    return BM_OK;
}

static bm_status hash_more(void *self, struct bm_hash_state *state,
                           struct bm_bytes data)
{
    (void)self;
    (void)data;
    must(state->hash == BM_HASH_SHA256);
    return BM_OK;
}

static bm_status hash_end(void *self, struct bm_hash_state *state, uint8_t *out)
{
    (void)self;
    state->hash = BM_HASH_NONE;
    memset(out, 0, 32);
    return BM_OK;
}

static bm_status verify_hash(void *self, const struct bm_spki *key,
                             enum bm_sig_alg alg, struct bm_bytes digest,
                             struct bm_bytes signature)
{
    (void)self;
    (void)signature;
    must(key->key.n == 65 && alg == BM_SIG_ECDSA_SHA256 && digest.n == 32);
    return BM_OK;
}

static const struct bm_crypto crypto = { .hash = hash,
                                         .hash_begin = hash_begin,
                                         .hash_more = hash_more,
                                         .hash_end = hash_end,
                                         .verify_hash = verify_hash };

static bool is_zero(const void *p, size_t n)
{
    const uint8_t *octets = p;

    while (n > 0 && octets[n - 1] == 0) {
        n--;
    }
    return n == 0;
}

/* What stands in the flash, from the keys that were read. */
static void check_ring(const struct bm_ring *ring, const struct bm_roots *roots)
{
    uint8_t octets[BM_KEYSET_PAYLOAD];
    uint32_t at = content.p[8] | (uint32_t)content.p[9] << 8;
    struct bm_wr w;

    must(ring->n > 0 && ring->n <= BM_BOOT_KEYS);
    for (unsigned i = 0; i < ring->n; i++) {
        must(memcmp(ring->keys[i].id, ring->keys[i].point + 1, 32) == 0);
        must(memcmp(ring->keys[i].id, roots->ids[0], 32) != 0);
        must(memcmp(ring->keys[i].id, roots->ids[1], 32) != 0);
    }
    bm_wr_init(&w, octets, sizeof octets);
    if (bm_keyset_put(&w, ring) == BM_OK) { /* no key is there twice */
        must(at + w.len <= content.n);
        must(memcmp(octets, content.p + at, w.len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_flash flash = {
        .sector = SECTOR, .sectors = SECTORS, .unit = 8, .read = flash_read
    };
    static struct bm_verify_work work;
    static struct bm_ring ring;
    struct bm_roots roots = { .required = BM_BOOT_P256 };
    struct bm_verify v = {
        .crypto = &crypto, .flash = &flash, .least = { 2, 2 }, .work = &work
    };
    struct bm_keyset set;

    content = (struct bm_bytes){ data, size };
    memset(roots.ids[1], 'r', sizeof roots.ids[1]);
    memset(&ring, 0xee, sizeof ring);
    if (bm_keyset_verify(&v, &roots, BM_KEYSET_FIELD, &ring, &set) == BM_OK) {
        must(set.epoch >= 2 && set.epoch <= BM_KEYSET_EPOCH_MAX);
        must(set.size <= BM_KEYSET_MAX && is_zero(set.digest, 32));
        check_ring(&ring, &roots);
    } else {
        must(is_zero(&ring, sizeof ring) && is_zero(&set, sizeof set));
    }
    return 0;
}
