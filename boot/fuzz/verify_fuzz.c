/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/harden.h"
#include "core/fuzz/must.h"

/*
 * A slot with any content. The first octet says what is asked: firmware or a
 * key set, and with how much RAM; the rest is flash. The provider is one that
 * a fuzzer can forge: a hash is the exclusive or of all octets, 32 times, and a
 * signature is that octet behind its head, so that all of the code is reached.
 * What is taken is signed; what is not has no word of a yes.
 */

#define RAM_ADDRESS 0x20000000u
#define ADDRESS     0x8000u
#define COUNTER     5u

static struct bm_bytes flash_octets;

static bm_status flash_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    (void)self;
    must(at <= flash_octets.n && n <= flash_octets.n - at);
    if (n != 0) {
        memcpy(out, flash_octets.p + at, n);
    }
    return BM_OK;
}

static uint8_t sum(uint8_t so_far, struct bm_bytes octets)
{
    for (size_t i = 0; i < octets.n; i++) {
        so_far ^= octets.p[i];
    }
    return so_far;
}

static bm_status hash(void *self, enum bm_hash which, struct bm_bytes message,
                      uint8_t *out)
{
    (void)self;
    must(which == BM_HASH_SHA256);
    memset(out, sum(0, message), 32);
    return BM_OK;
}

static bm_status hash_begin(void *self, struct bm_hash_state *state,
                            enum bm_hash which)
{
    (void)self;
    must(which == BM_HASH_SHA256);
    state->u.room[0] = 0;
    return BM_OK;
}

static bm_status hash_more(void *self, struct bm_hash_state *state,
                           struct bm_bytes data)
{
    (void)self;
    state->u.room[0] = sum(state->u.room[0], data);
    return BM_OK;
}

static bm_status hash_end(void *self, struct bm_hash_state *state, uint8_t *out)
{
    (void)self;
    memset(out, state->u.room[0], 32);
    return BM_OK;
}

static unsigned verified;

static bm_status verify_hash(void *self, const struct bm_spki *key,
                             enum bm_sig_alg alg, struct bm_bytes digest,
                             struct bm_bytes signature)
{
    (void)self;
    must(alg == BM_SIG_ECDSA_SHA256 && key->type == BM_KEY_P256);
    must(key->key.n == 65 && digest.n == 32 && signature.n <= 72);
    (void)sum(0, key->key); /* all of it can be read */
    (void)sum(0, signature);
    if (signature.n < 3 || signature.p[2] != digest.p[0]) {
        return BM_E_SIGNATURE;
    }
    verified++;
    return BM_OK;
}

static const struct bm_crypto crypto = {
    .hash = hash,
    .hash_begin = hash_begin,
    .hash_more = hash_more,
    .hash_end = hash_end,
    .verify_hash = verify_hash,
};

/* What was taken is as it was asked for, and was signed in both passes. */
static void must_be_right(const struct bm_verify *v,
                          const struct bm_image *image)
{
    const struct bm_image_header *h = &image->header;
    uint32_t end = bm_image_digest_end(h);
    struct bm_bytes is_signed = { flash_octets.p, end };

    must(verified >= 2);
    must(end <= flash_octets.n && image->digest.n == 32);
    must(sum(0, is_signed) == image->digest.p[0]);
    must(image->counter >= COUNTER);
    must(((h->flags & BM_IMAGE_NON_BOOTABLE) != 0) == (v->ring == NULL));
    must((h->flags & BM_IMAGE_ROM_FIXED) == 0 || h->load_address == ADDRESS);
    if (v->ring == NULL) {
        must(h->payload_size <= v->ram_size);
        must(h->payload_size == 0 ||
             memcmp(v->ram, flash_octets.p + h->header_size, h->payload_size) ==
                 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_ring ring = {
        .required = BM_BOOT_P256,
        .n = 2,
        .keys = { { .id = { 1 } }, { .id = { 0 } } },
    };
    static const uint8_t ids[1][32] = { { 0 } };
    static const struct bm_signers signers = { BM_BOOT_P256, 1, ids };
    static struct bm_verify_work work;
    struct bm_verdict verdict = { BM_VERDICT_YES, ~BM_VERDICT_YES, 1, NULL };
    struct bm_image image;
    struct bm_flash flash = { .read = flash_read, .sectors = 1 };
    struct bm_verify v = { .crypto = &crypto,
                           .flash = &flash,
                           .address = ADDRESS,
                           .least = { COUNTER, COUNTER },
                           .ram_address = RAM_ADDRESS,
                           .work = &work };
    bm_status rc;

    if (size < 1 + BM_IMAGE_HEADER_SIZE) {
        return 0; /* no flash is that small */
    }
    v.ring = (data[0] & 1) != 0 ? &ring : NULL;
    v.signers = (data[0] & 1) != 0 ? NULL : &signers;
    v.ram_size = data[0] >> 1;
    v.ram = must_have_room(v.ram_size);
    flash_octets = (struct bm_bytes){ data + 1, size - 1 };
    flash.sector = (uint32_t)flash_octets.n;
    verified = 0;
    rc = bm_verify_image(&v, &image, &verdict);
    must((rc == BM_OK) == bm_verdict_yes(&verdict));
    if (rc == BM_OK) {
        must_be_right(&v, &image);
    } else {
        must(verdict.yes == 0 && verdict.no == 0 && verdict.address == 0);
    }
    free(v.ram);
    return 0;
}
