/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_TEST_VERIFY_WORLD_H
#define BM_BOOT_TEST_VERIFY_WORLD_H

#include "boot/harden.h"
#include "boot/test/signed_image.h"
#include "tests/harness/bm_test.h"

/*
 * A slot that counts how often each octet is read and may be changed between
 * two reads, a provider whose calls fail or lie, and all that is needed to
 * verify an image of test key 0.
 */

#define SLOT_SIZE   4096u
#define SLOT_SECTOR 1024u
#define RAM_SIZE    1024u
#define RAM_ADDRESS 0x20008000u
#define ADDRESS     0x00010000u

static const uint8_t payload[] = "a program that was signed";

static struct world {
    struct signed_image made;
    uint8_t slot[SLOT_SIZE];
    uint8_t times[SLOT_SIZE]; /* that an octet was read */
    unsigned reads;
    unsigned fail_read;              /* this one fails; from 1 */
    void (*before_read)(unsigned i); /* the slot may change */
    bool altered;                    /* something else was read than was made */
    unsigned calls;                  /* of the provider */
    unsigned fail_call;
    bool lie;    /* ... and says BM_OK, having done nothing */
    bool recall; /* a signature is right if it is as when it was made */
    unsigned verified;
    uint8_t ram[RAM_SIZE];
    struct bm_flash flash;
    struct bm_crypto crypto;
    struct bm_ring ring;
    uint8_t ids[3][32];
    struct bm_signers signers;
    struct bm_verify_work work;
    struct bm_verify v;
    struct bm_image image;
    struct bm_verdict verdict;
} world;

static inline bm_status world_read(void *self, uint32_t at, uint8_t *out,
                                   size_t n)
{
    (void)self;
    world.reads++;
    if (world.before_read != NULL) {
        world.before_read(world.reads);
    }
    if (world.reads == world.fail_read) {
        return BM_E_FLASH_READ;
    }
    if (at > SLOT_SIZE || n > SLOT_SIZE - at) {
        return BM_E_FLASH_RANGE;
    }
    for (size_t i = 0; i < n; i++) {
        world.times[at + i]++;
        out[i] = world.slot[at + i];
        if (at + i < world.made.n && out[i] != world.made.octets[at + i]) {
            world.altered = true;
        }
    }
    return BM_OK;
}

/* Is this call the one to fail? Then `*rc` is what it returns. */
static inline bool world_fails(bm_status *rc)
{
    if (++world.calls != world.fail_call) {
        return false;
    }
    *rc = world.lie ? BM_OK : BM_E_CRYPTO;
    return true;
}

static inline bm_status world_hash(void *self, enum bm_hash hash,
                                   struct bm_bytes message, uint8_t *out)
{
    bm_status rc;

    (void)self;
    return world_fails(&rc) ? rc
                            : bm_test_crypto()->hash(bm_test_crypto()->self,
                                                     hash, message, out);
}

static inline bm_status world_begin(void *self, struct bm_hash_state *state,
                                    enum bm_hash hash)
{
    bm_status rc;

    (void)self;
    return world_fails(&rc) ? rc
                            : bm_test_crypto()->hash_begin(
                                  bm_test_crypto()->self, state, hash);
}

static inline bm_status world_more(void *self, struct bm_hash_state *state,
                                   struct bm_bytes data)
{
    bm_status rc;

    (void)self;
    return world_fails(&rc) ? rc
                            : bm_test_crypto()->hash_more(
                                  bm_test_crypto()->self, state, data);
}

/* One that fails releases the state, as the contract wants it. */
static inline bm_status world_end(void *self, struct bm_hash_state *state,
                                  uint8_t *out)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    bm_status rc;

    (void)self;
    if (world_fails(&rc)) {
        (void)crypto->hash_end(crypto->self, state, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, state, out);
}

/* What P-256 would say of the usual image, in less than seconds of QEMU. */
static inline bm_status world_recall(const struct bm_spki *key,
                                     struct bm_bytes digest,
                                     struct bm_bytes signature)
{
    const struct signed_image *made = &world.made;

    return bm_bytes_are(key->key, world.ring.keys[1].point, 65) &&
                   bm_bytes_are(digest, made->octets + made->signed_n + 8,
                                32) &&
                   bm_bytes_are(signature, made->octets + made->n - signature.n,
                                signature.n)
               ? BM_OK
               : BM_E_SIGNATURE;
}

static inline bm_status world_verify(void *self, const struct bm_spki *key,
                                     enum bm_sig_alg alg,
                                     struct bm_bytes digest,
                                     struct bm_bytes signature)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    bm_status rc;

    (void)self;
    world.verified++;
    if (world_fails(&rc)) {
        return rc;
    }
    return world.recall
               ? world_recall(key, digest, signature)
               : crypto->verify_hash(crypto->self, key, alg, digest, signature);
}

static inline void world_start(void)
{
    memset(&world, 0, sizeof world);
    memset(world.slot, 0xff, sizeof world.slot);
    world.flash = (struct bm_flash){
        .sector = SLOT_SECTOR,
        .sectors = SLOT_SIZE / SLOT_SECTOR,
        .unit = 4,
        .read = world_read,
    };
    world.crypto = (struct bm_crypto){
        .hash = world_hash,
        .hash_begin = world_begin,
        .hash_more = world_more,
        .hash_end = world_end,
        .verify_hash = world_verify,
    };
    world.ring = (struct bm_ring){ .required = BM_BOOT_P256, .n = 2 };
    signed_image_ring_key(&world.ring.keys[0], 1);
    signed_image_ring_key(&world.ring.keys[1], 0);
    world.v = (struct bm_verify){
        .crypto = &world.crypto,
        .ring = &world.ring,
        .flash = &world.flash,
        .address = ADDRESS,
        .ram = world.ram,
        .ram_address = RAM_ADDRESS,
        .ram_size = sizeof world.ram,
        .work = &world.work,
    };
}

/* What was made lies in the slot. */
static inline void world_put(void)
{
    memset(world.slot, 0xff, sizeof world.slot);
    memcpy(world.slot, world.made.octets, world.made.n);
}

/* Its header; with RAM_LOAD the payload is that far behind load_address. */
#define HEADER_SIZE 40u

/* The usual image lies in the slot. */
static inline void world_image(uint32_t flags, uint32_t load_address)
{
    const struct bm_image_header header = {
        .load_address = load_address,
        .header_size = HEADER_SIZE,
        .flags = flags,
        .version = { 1, 2, 3, 4 },
    };

    world_start();
    signed_image_make(&world.made, &header, BM_ARRAY(payload), 7, 0);
    world_put();
}

static inline bm_status world_judge(void)
{
    world.reads = world.calls = world.verified = 0;
    memset(world.times, 0, sizeof world.times);
    world.altered = false;
    world.verdict =
        (struct bm_verdict){ BM_VERDICT_YES, ~BM_VERDICT_YES, ADDRESS, NULL };
    return bm_verify_image(&world.v, &world.image, &world.verdict);
}

/* Refused for `why`, with no word that is left of a yes. */
static inline void world_refuses(bm_status why)
{
    CHECK_STATUS(world_judge(), why);
    CHECK(world.verdict.yes == 0 && world.verdict.no == 0);
    CHECK(world.verdict.address == 0);
    CHECK(!bm_verdict_yes(&world.verdict));
}

static inline void world_takes(void)
{
    CHECK_STATUS(world_judge(), BM_OK);
    CHECK(world.verdict.yes == BM_VERDICT_YES);
    CHECK(world.verdict.no == ~BM_VERDICT_YES);
    CHECK(bm_verdict_yes(&world.verdict));
}

#endif
