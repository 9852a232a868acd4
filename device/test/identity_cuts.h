/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_IDENTITY_CUTS_H
#define BM_DEVICE_TEST_IDENTITY_CUTS_H

#include <stdlib.h>

#include "device/test/flash_sim.h"
#include "device/test/identity_life.h"
#include "device/test/test_keys_in_log.h"

/*
 * The power fails at every program and every erase of a device's life, torn in
 * every way that flash_sim.h knows, and again in every program and erase of
 * what follows: putting things in order and doing the step once more. Whatever
 * was cut, the device is who it was or who it was to become, and lives on.
 *
 * A test that includes this says which keystore it is: keys_start.
 */
#define SEED         0x20261126u
#define SIZE_MAX_SIM 8192u

struct world {
    struct flash_sim sim;
    struct bm_log log;
    struct test_keys keys;
    struct life life;
    uint8_t memory[2 * SIZE_MAX_SIM];
};

/* How many of the first and second cuts are tried: 1 of so many. */
struct plan {
    struct flash_sim_shape shape;
    uint32_t first, second;
};

static const struct {
    enum flash_cut mode;
    uint32_t tear;
} ways[] = {
    { FLASH_CUT_PREFIX, 0 },      { FLASH_CUT_PREFIX, 9 },
    { FLASH_CUT_PREFIX, 100000 }, { FLASH_CUT_BITS, 0 },
    { FLASH_CUT_UNSTABLE, 0 },    { FLASH_CUT_ECC, 0 },
};
#define WAYS (sizeof ways / sizeof ways[0])

static struct world now, cut, again;
static uint32_t cuts, second_cuts;
static bool full; /* FAULT_FULL in the environment: make fault */

/* The device starts: its keystore lies in `w->log`; sets w->life.keys. */
static void (*keys_start)(struct world *w);

static void point(struct world *w)
{
    w->sim.flash.self = &w->sim;
    w->sim.octets = w->memory;
    w->sim.marks = w->memory + w->sim.size;
    w->log.flash = &w->sim.flash;
    w->life.log = &w->log;
    w->life.id.log = &w->log;
    w->life.vault.config.log = &w->log;
}

static void copy_world(struct world *to, const struct world *from)
{
    to->sim = from->sim;
    to->log = from->log;
    to->keys = from->keys;
    to->life = from->life;
    memcpy(to->memory, from->memory, 2 * from->sim.size);
    point(to);
}

static void power_on(struct world *w)
{
    flash_sim_on(&w->sim);
    CHECK_STATUS(bm_log_open(&w->log, &w->sim.flash), BM_OK);
    keys_start(w);
}

/* All is well, and goes on: for some steps, or to the end. */
static void lives_on(struct world *w, uint32_t some)
{
    bm_status rc = BM_OK;

    power_on(w);
    life_recover(&w->life);
    while (some-- > 0 && rc == BM_OK) {
        rc = life_step(&w->life);
    }
    CHECK(rc == BM_OK || rc == LIFE_DONE);
    power_on(w);
    life_recover(&w->life);
    CHECK(!w->sim.broken);
}

/* Cut operation `in` of what follows a cut; false when there are fewer. */
static bool cut_again(uint32_t in, size_t way)
{
    copy_world(&again, &cut);
    flash_sim_on(&again.sim);
    flash_sim_cut(&again.sim, in, ways[way].mode, ways[way].tear);
    if (bm_log_open(&again.log, &again.sim.flash) == BM_OK) {
        keys_start(&again);
        if (life_open(&again.life) == BM_OK) {
            life_settle(&again.life);
            (void)life_step(&again.life);
        }
    }
    if (!again.sim.off) {
        return false;
    }
    second_cuts++;
    lives_on(&again, 1);
    return true;
}

/* From one cut that is tried to the next, `every` on average. */
static uint32_t skip(uint32_t every)
{
    return every == 1 ? 1 : 1 + flash_sim_random(&now.sim) % (2 * every - 1);
}

/* No step, with what comes before it after a cut, has more operations than
 * that: the sample is not taken from beyond. */
#define STEP_MAX 150

static void cut_again_everywhere(uint32_t every)
{
    for (size_t way = 0; way < WAYS; way++) {
        uint32_t in = skip(every);

        while (in <= STEP_MAX && cut_again(in, way)) {
            in += skip(every);
        }
    }
    CHECK(every != 1 || !cut_again(STEP_MAX, 0));
}

/* Cut operation `in` of the next step; false when it has fewer. */
static bool cut_step(uint32_t in, size_t way, uint32_t every)
{
    copy_world(&cut, &now);
    keys_start(&cut);
    cut.life.id.keys = cut.life.keys;
    flash_sim_cut(&cut.sim, in, ways[way].mode, ways[way].tear);
    (void)life_step(&cut.life);
    if (!cut.sim.off) {
        return false;
    }
    cuts++;
    cut_again_everywhere(every);
    lives_on(&cut, full ? 100 : 1);
    return true;
}

static void cut_everywhere(const struct plan *plan)
{
    for (size_t way = 0; way < WAYS; way++) {
        uint32_t in = skip(plan->first);

        while (in <= STEP_MAX && cut_step(in, way, plan->second)) {
            in += skip(plan->first);
        }
    }
    CHECK(plan->first != 1 || !cut_step(STEP_MAX, 0, plan->second));
}

static void born_on(const struct flash_sim_shape *shape)
{
    flash_sim_init(&now.sim, now.memory, shape, SEED);
    now.keys = (struct test_keys){ 0 };
    now.life = (struct life){ 0 };
    point(&now);
    power_on(&now);
    life_recover(&now.life);
}

/* Once it is in order, starting writes nothing: flash wears. */
static void starts_without_writing(void)
{
    uint32_t operations;

    power_on(&now);
    life_recover(&now.life);
    operations = now.sim.operations;
    power_on(&now);
    life_recover(&now.life);
    CHECK(now.sim.operations == operations);
}

static void live_on(const struct plan *plan)
{
    bm_status rc = BM_OK;
    unsigned steps = 0;

    born_on(&plan->shape);
    cuts = 0;
    second_cuts = 0;
    for (int failed = bm_test_failed; rc == BM_OK; steps++) {
        cut_everywhere(plan);
        keys_start(&now);
        now.life.id.keys = now.life.keys;
        rc = life_step(&now.life);
        if (failed != bm_test_failed) {
            printf("# in step %u\n", steps);
            break;
        }
    }
    CHECK_STATUS(rc, LIFE_DONE);
    starts_without_writing();
    CHECK(now.life.id.head.generation == LIFE_GENERATIONS);
    printf("# %u sectors of %u, unit %u: %u steps, %u operations\n",
           (unsigned)plan->shape.sectors, (unsigned)plan->shape.sector,
           (unsigned)plan->shape.unit, steps, (unsigned)now.sim.operations);
    printf("# %u cuts (1 of %u), %u second cuts (1 of %u), seed 0x%08x\n",
           (unsigned)cuts, (unsigned)plan->first, (unsigned)second_cuts,
           (unsigned)plan->second, SEED);
}

#endif
