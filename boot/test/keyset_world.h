/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_TEST_KEYSET_WORLD_H
#define BM_BOOT_TEST_KEYSET_WORLD_H

#include "boot/counter.h"
#include "boot/image_put.h"
#include "boot/keyset_start.h"
#include "boot/request.h"
#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * A device for tests of key sets: two slots of up to two images, two places
 * for sets, a candidate, counters and a journal, all on one supply. What it
 * does in a start is what a bootloader does about key sets, and no more.
 *
 *     world_init(&world, &(struct flash_sim_shape){ 512, 4, 8 });
 *     world_put(&world.keyset[0], make_set(...));
 *     world_put(&world.slot[0][0], make_firmware(...));
 *     CHECK_STATUS(world_start(&world), BM_OK);
 *
 * A world can be copied by world_copy(), and nothing is in it but what it
 * remembers.
 */

/* Of the published test keys. ROOT_OTHER never signs. */
enum world_key {
    ROOT,
    RESCUE,
    SIGNER_A,
    SIGNER_B
};

#define RANGE_MAX   2048u /* octets of a range */
#define EPOCH_OLD   5u
#define COUNTER_OLD 5u

struct world_state {
    uint8_t place;
    uint8_t done; /* the request was read */
    uint8_t zero[2];
};

struct world {
    struct flash_sim supply;
    struct flash_sim slot[BM_BOOT_IMAGES][2];
    struct flash_sim keyset[2];
    struct flash_sim candidate, counters, journal;
    struct bm_boot boot;
    struct bm_counter counter;
    struct bm_journal log;
    struct world_state state;
    struct bm_ring ring;
    struct bm_keyset_now now;
    struct bm_verify_work work;
    const struct bm_keyset_offer *offer; /* NULL: nobody asks */
    unsigned running;                    /* slot */
    bool on_trial;
    bm_status refusal;
    uint8_t memory[BM_BOOT_IMAGES * 2 + 5][FLASH_SIM_SIZE(RANGE_MAX, 1)];
};

#define WORLD_RANGES 9

static inline struct flash_sim *world_range(struct world *w, unsigned i)
{
    struct flash_sim *const all[WORLD_RANGES] = {
        &w->slot[0][0], &w->slot[0][1], &w->slot[1][0],
        &w->slot[1][1], &w->keyset[0],  &w->keyset[1],
        &w->candidate,  &w->counters,   &w->journal,
    };

    return all[i];
}

/* The result of a signature is remembered: hashes are computed each time. */
static struct {
    uint8_t point[65], digest[32], signature[80];
    size_t n;
    bm_status rc;
} world_memo[64];
static unsigned world_memos;

static inline bm_status world_verify_hash(void *self, const struct bm_spki *key,
                                          enum bm_sig_alg alg,
                                          struct bm_bytes digest,
                                          struct bm_bytes signature)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    bm_status rc;

    (void)self;
    for (unsigned i = 0; i < world_memos; i++) {
        if (bm_bytes_are(key->key, world_memo[i].point, 65) &&
            bm_bytes_are(digest, world_memo[i].digest, 32) &&
            bm_bytes_are(signature, world_memo[i].signature, world_memo[i].n)) {
            return world_memo[i].rc;
        }
    }
    rc = crypto->verify_hash(crypto->self, key, alg, digest, signature);
    if (world_memos < sizeof world_memo / sizeof world_memo[0] &&
        signature.n <= 80 && key->key.n == 65 && digest.n == 32) {
        memcpy(world_memo[world_memos].point, key->key.p, 65);
        memcpy(world_memo[world_memos].digest, digest.p, 32);
        memcpy(world_memo[world_memos].signature, signature.p, signature.n);
        world_memo[world_memos].n = signature.n;
        world_memo[world_memos].rc = rc;
        world_memos++;
    }
    return rc;
}

static inline const struct bm_crypto *world_crypto(void)
{
    static struct bm_crypto crypto;

    if (crypto.hash == NULL) {
        crypto = *bm_test_crypto();
        crypto.verify_hash = world_verify_hash;
    }
    return &crypto;
}

static inline const struct bm_roots *world_roots(void)
{
    static struct bm_roots roots;

    if (roots.required == 0) {
        roots.required = BM_BOOT_P256;
        memset(roots.ids[0], 0x77, sizeof roots.ids[0]);
        CHECK_STATUS(
            bm_image_keyhash(bm_test_crypto(),
                             &bm_test_signer_nth(BM_KEY_P256, ROOT)->key,
                             roots.ids[1]),
            BM_OK);
        CHECK_STATUS(
            bm_image_keyhash(bm_test_crypto(),
                             &bm_test_signer_nth(BM_KEY_P256, RESCUE)->key,
                             roots.ids[BM_ROOT_RESCUE]),
            BM_OK);
    }
    return &roots;
}

static inline void world_point(struct world *w)
{
    for (unsigned i = 0; i < WORLD_RANGES; i++) {
        struct flash_sim *sim = world_range(w, i);

        sim->flash.self = sim;
        sim->supply = &w->supply;
        sim->octets = w->memory[i];
        sim->marks = w->memory[i] + sim->size;
    }
    for (unsigned i = 0; i < 4; i++) {
        w->boot.slot[i / 2][i % 2].flash = w->slot[i / 2][i % 2].flash;
    }
    w->boot.keyset[0] = w->keyset[0].flash;
    w->boot.keyset[1] = w->keyset[1].flash;
    w->boot.candidate = w->candidate.flash;
    w->boot.work = &w->work;
    w->boot.ring = &w->ring;
    w->boot.counters.self = &w->counter;
    w->counter.journal.flash = &w->counters.flash;
    w->log.flash = &w->journal.flash;
}

static inline void world_copy(struct world *to, const struct world *from)
{
    *to = *from;
    world_point(to);
}

/* A device that has nothing yet; each range is of that shape. */
static inline void world_init(struct world *w,
                              const struct flash_sim_shape *shape)
{
    memset(w, 0, sizeof *w);
    w->supply.random = 0x20261126u;
    for (unsigned i = 0; i < WORLD_RANGES; i++) {
        flash_sim_init(world_range(w, i), w->memory[i], shape, 7 * i + 1);
    }
    w->boot.crypto = world_crypto();
    w->boot.images = 1;
    for (unsigned i = 0; i < 2 * BM_BOOT_IMAGES; i++) {
        w->boot.slot[i / 2][i % 2].internal = true;
    }
    w->boot.roots = world_roots();
    world_point(w);
}

/* Put octets at the start of a range. */
static inline void world_put(struct flash_sim *sim, struct bm_bytes octets)
{
    const struct bm_flash *flash = &sim->flash;
    uint8_t unit[BM_FLASH_UNIT_MAX];

    for (uint32_t at = 0; at < octets.n; at += flash->unit) {
        size_t n = octets.n - at < flash->unit ? octets.n - at : flash->unit;

        if (at % flash->sector == 0) {
            CHECK_STATUS(flash->erase(sim, at), BM_OK);
        }
        memset(unit, 0xff, sizeof unit);
        memcpy(unit, octets.p + at, n);
        CHECK_STATUS(
            flash->program(sim, at, (struct bm_bytes){ unit, flash->unit }),
            BM_OK);
    }
}

/* What was signed once is there for ever: signing takes its time in QEMU. */
struct world_made {
    uint8_t octets[1100];
    size_t n;
    uint8_t digest[BM_IMAGE_DIGEST_SIZE];
    enum world_key signer;
    enum bm_image_tlv_type form;
};
static struct world_made world_made[64];

static inline bool world_is_made(const struct world_made *made,
                                 const struct world_made *like)
{
    return memcmp(made->digest, like->digest, sizeof made->digest) == 0 &&
           made->signer == like->signer && made->form == like->form;
}

/* An image of `config`, signed. */
static inline struct bm_bytes make_image(const struct bm_image_config *config,
                                         enum world_key signer,
                                         enum bm_image_tlv_type form)
{
    static struct world_made next;
    struct world_made *made = world_made;
    struct bm_image_put put;
    struct bm_wr w;

    bm_wr_init(&w, next.octets, sizeof next.octets);
    CHECK_STATUS(bm_image_put_begin(&put, bm_test_crypto(), config, &w), BM_OK);
    memcpy(next.digest, put.digest, sizeof next.digest);
    next.signer = signer;
    next.form = form;
    while (made->n != 0 && !world_is_made(made, &next)) {
        made++;
        CHECK(made < world_made + 64);
    }
    if (made->n == 0) {
        CHECK_STATUS(
            bm_image_put_signer(&put, bm_test_crypto(),
                                bm_test_signer_nth(BM_KEY_P256, signer), form),
            BM_OK);
        CHECK_STATUS(bm_image_put_end(&put), BM_OK);
        next.n = w.len;
        *made = next;
    }
    return (struct bm_bytes){ made->octets, made->n };
}

static inline struct bm_bytes make_firmware(uint8_t text, enum world_key signer)
{
    uint8_t payload[70];
    struct bm_image_config config = { .payload = BM_ARRAY(payload),
                                      .has_counter = true,
                                      .counter = 1 };

    memset(payload, text, sizeof payload);
    return make_image(&config, signer, BM_IMAGE_TLV_KEYHASH);
}

/* A set of the keys in `keys`, 1 << SIGNER_A and so on. */
static inline void make_ring(struct bm_ring *ring, unsigned keys)
{
    *ring = (struct bm_ring){ .required = BM_BOOT_P256 };
    for (unsigned i = 0; i < BM_TEST_P256_KEYS; i++) {
        if ((keys & 1u << i) != 0) {
            memcpy(ring->keys[ring->n++].point,
                   bm_test_signer_nth(BM_KEY_P256, i)->key.key.p, 65);
        }
    }
}

static inline struct bm_bytes make_set(uint32_t epoch, unsigned keys,
                                       enum world_key signer)
{
    static struct bm_ring ring;
    uint8_t payload[BM_KEYSET_PAYLOAD];
    struct bm_image_config config = { .header.flags = BM_IMAGE_NON_BOOTABLE,
                                      .has_counter = true,
                                      .counter = epoch };
    struct bm_wr w;

    make_ring(&ring, keys);
    bm_wr_init(&w, payload, sizeof payload);
    CHECK_STATUS(bm_keyset_put(&w, &ring), BM_OK);
    config.payload = bm_wr_bytes(&w);
    return make_image(&config, signer, BM_IMAGE_TLV_PUBKEY);
}

#define KEY(signer) (1u << (signer))

static inline bm_status world_runs(struct world *w)
{
    for (unsigned i = 0; i < w->boot.images; i++) {
        const struct bm_verify v = { .crypto = w->boot.crypto,
                                     .ring = &w->ring,
                                     .flash = &w->slot[i][w->running].flash,
                                     .work = &w->work };
        struct bm_verdict verdict;
        struct bm_image image;

        BM_TRY(bm_verify_image(&v, &image, &verdict));
    }
    return BM_OK;
}

/* What is read once: the request, with its answer and what came of it in one
 * record. */
static inline bm_status world_offer(struct world *w)
{
    if (w->offer == NULL || w->state.done != 0) {
        return BM_OK;
    }
    w->refusal = BM_E_KEYSET_RUNNING;
    if (!w->on_trial || w->offer->road == BM_KEYSET_RECOVERY) {
        w->refusal = bm_keyset_accept(&w->boot, w->offer, &w->now);
    }
    if (w->refusal == BM_E_FLASH_POWER) {
        return w->refusal;
    }
    w->state =
        (struct world_state){ .place = (uint8_t)w->now.place, .done = 1 };
    return bm_journal_put(&w->log, &w->state);
}

static inline bm_status world_start(struct world *w)
{
    bm_status rc;

    w->refusal = BM_OK;
    BM_TRY(bm_counter_open(&w->counter, &w->counters.flash, &w->boot.counters));
    rc =
        bm_journal_open(&w->log, &w->journal.flash, &w->state, sizeof w->state);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    w->now.place = w->state.place;
    BM_TRY(bm_keyset_load(&w->boot, &w->now));
    BM_TRY(world_offer(w));
    if (!w->on_trial) {
        BM_TRY(bm_keyset_settle(&w->boot, &w->now, w->running));
    }
    return world_runs(w);
}

static inline uint32_t world_counter(struct world *w)
{
    uint32_t value = 0;

    CHECK_STATUS(w->boot.counters.read(&w->counter, BM_COUNTER_EPOCH, &value),
                 BM_OK);
    return value;
}

static inline bool world_broken(struct world *w)
{
    for (unsigned i = 0; i < WORLD_RANGES; i++) {
        if (world_range(w, i)->broken) {
            return true;
        }
    }
    return false;
}

static inline bool world_is_blank(const struct flash_sim *sim)
{
    for (unsigned i = 0; i < sim->flash.sector; i++) {
        if (sim->octets[i] != 0xff) {
            return false;
        }
    }
    return true;
}

/*
 * A device in the field: image A runs from slot 0, an image of signer B waits
 * in slot 1, keys `old` count at EPOCH_OLD, and the counter says so.
 */
static inline void world_live(struct world *w,
                              const struct flash_sim_shape *shape, unsigned old)
{
    world_init(w, shape);
    world_put(&w->keyset[0], make_set(EPOCH_OLD, old, ROOT));
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        world_put(&w->slot[i][0], make_firmware((uint8_t)('a' + i), SIGNER_A));
    }
    CHECK_STATUS(world_start(w), BM_OK);
    CHECK(world_counter(w) == EPOCH_OLD);
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        world_put(&w->slot[i][1], make_firmware((uint8_t)('n' + i), SIGNER_B));
    }
}

#endif
