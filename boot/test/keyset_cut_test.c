/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/test/keyset_world.h"

/*
 * The power fails at every program and every erase of the commit of a key set,
 * torn in every way that flash_sim.h knows, and again at every one of the
 * starts that follow. Whatever was cut, an image runs that verifies under the
 * set that counts, which is the old one or the new one; the counter of epochs
 * is never ahead of it; and one start with power finishes.
 */
static const struct {
    enum flash_cut mode;
    uint32_t tear;
} ways[] = {
    { FLASH_CUT_PREFIX, 0 },          { FLASH_CUT_PREFIX, 9 },
    { FLASH_CUT_PREFIX, UINT32_MAX }, { FLASH_CUT_BITS, 0 },
    { FLASH_CUT_UNSTABLE, 0 },        { FLASH_CUT_ECC, 0 },
};
#define WAYS (sizeof ways / sizeof ways[0])

#define A KEY(SIGNER_A)
#define B KEY(SIGNER_B)

static const struct bm_keyset_offer field = { .road = BM_KEYSET_FIELD };
static const struct bm_keyset_offer recovery = { .road = BM_KEYSET_RECOVERY };

/* What is offered to whom, and whether what waits in slot 1 survives it. */
static const struct scenario {
    const char *name;
    const struct bm_keyset_offer *how;
    unsigned images;
    unsigned old, new;
    uint32_t epoch;
    enum world_key signer;
    bool update_stays;
} scenarios[] = {
    { "a key is revoked", &field, 1, A | B, A, 6, ROOT, false },
    { "a key is added", &field, 1, A, A | B, 6, ROOT, true },
    { "of two images, too", &field, 2, A | B, A, 9, ROOT, false },
    { "through recovery", &recovery, 1, A | B, A, 6, RESCUE, false },
    { "at the same epoch", &recovery, 1, B | A, A, 5, RESCUE, true },
};

static struct world before, cut, again, peek;
static uint32_t cuts, second_cuts;

/* What would run if nobody asked for anything. */
static void check_runs(const struct world *w, const struct scenario *s)
{
    world_copy(&peek, w);
    flash_sim_on(&peek.supply);
    peek.offer = NULL;
    peek.on_trial = true; /* so that nothing is settled */
    CHECK_STATUS(world_start(&peek), BM_OK);
    CHECK(peek.now.epoch == EPOCH_OLD || peek.now.epoch == s->epoch);
    CHECK(peek.now.epoch >= world_counter(&peek));
    CHECK(peek.supply.operations == w->supply.operations);
}

/* The commit is done, wholly, and there is no way back. */
static void check_done(struct world *w, const struct scenario *s)
{
    CHECK_STATUS(w->refusal, BM_OK);
    CHECK(w->now.epoch == s->epoch && w->state.done == 1);
    CHECK(world_counter(w) == s->epoch);
    for (unsigned i = 0; i < w->boot.images; i++) {
        CHECK(world_is_blank(&w->slot[i][1]) == !s->update_stays);
    }
    CHECK(!world_broken(w));
    if (s->epoch > EPOCH_OLD) {
        world_copy(&peek, w);
        memset(peek.memory[4 + w->now.place], 0, 64);
        CHECK_STATUS(world_start(&peek), BM_E_KEYSET_EPOCH);
    }
}

static void finish(struct world *w, const struct scenario *s)
{
    check_runs(w, s);
    flash_sim_on(&w->supply);
    CHECK_STATUS(world_start(w), BM_OK);
    check_done(w, s);
}

/* Cut each operation of the start after a cut. */
static void cut_again(const struct scenario *s, uint32_t every)
{
    for (size_t way = 0; way < WAYS; way++) {
        uint32_t in = every == 1 ? 1 : 1 + cuts % every;

        for (;; in += every) {
            world_copy(&again, &cut);
            flash_sim_on(&again.supply);
            flash_sim_cut(&again.supply, in, ways[way].mode, ways[way].tear);
            (void)world_start(&again);
            if (!again.supply.off) {
                break;
            }
            second_cuts++;
            finish(&again, s);
        }
    }
}

static void cut_everywhere(const struct scenario *s, uint32_t every)
{
    for (size_t way = 0; way < WAYS; way++) {
        for (uint32_t in = 1;; in++) {
            world_copy(&cut, &before);
            flash_sim_cut(&cut.supply, in, ways[way].mode, ways[way].tear);
            (void)world_start(&cut);
            if (!cut.supply.off) {
                CHECK(in > 4); /* set, journal: each at least two */
                check_done(&cut, s);
                break;
            }
            cuts++;
            cut_again(s, every);
            finish(&cut, s);
        }
    }
}

static void try_scenario(const struct scenario *s,
                         const struct flash_sim_shape *shape, uint32_t every)
{
    int failed = bm_test_failed;

    world_live(&before, shape, s->old);
    before.boot.images = s->images;
    world_put(&before.candidate, make_set(s->epoch, s->new, s->signer));
    before.offer = s->how;
    cuts = 0;
    second_cuts = 0;
    cut_everywhere(s, every);
    CHECK(cuts > 20 && second_cuts > 5);
    printf("# %s, sectors of %u, unit %u: %u cuts, %u second cuts (1 of %u)\n",
           s->name, (unsigned)shape->sector, (unsigned)shape->unit,
           (unsigned)cuts, (unsigned)second_cuts, (unsigned)every);
    if (failed != bm_test_failed) {
        printf("# failed: %s\n", s->name);
    }
}

#if BM_TEST_ON_BOARD /* QEMU is slow */
#define SCENARIOS 1
#define EVERY     31
#else
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])
#define EVERY     1
#endif

static void a_cut_leaves_the_old_keys_or_the_new_ones(void)
{
    static const struct flash_sim_shape small = { 256, 4, 8 };

    for (size_t i = 0; i < SCENARIOS; i++) {
        try_scenario(&scenarios[i], &small, EVERY);
    }
}

static void whatever_the_flash_is_made_of(void)
{
    static const struct flash_sim_shape shapes[] = {
        { 256, 3, 1 }, { 384, 5, 16 }, { 512, 4, 32 }, { 1024, 2, 4 }
    };

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        try_scenario(&scenarios[0], &shapes[i], 3 * EVERY);
    }
}

int main(void)
{
    RUN(a_cut_leaves_the_old_keys_or_the_new_ones);
    RUN(whatever_the_flash_is_made_of);
    return bm_test_done();
}
