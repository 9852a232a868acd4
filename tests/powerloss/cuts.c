/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/cuts.h"

#include <stdio.h>

const char *const tear_names[TEARS] = { "before", "prefix",   "after",
                                        "bits",   "unstable", "ecc" };
bool cuts_quiet;

/* Saved lives. */
enum save {
    BEFORE_PHASE,
    AFTER_PHASE,
    AFTER_CUT
};
_Static_assert(AFTER_CUT < SAVES, "the world can be saved so often");

#define STORM_CUTS 12

/* Where in the enumeration we are, for a finding. */
struct at {
    const struct scenario *scenario;
    const struct geometry *geometry;
    const struct plan *plan;
    struct counts *counts;
    uint32_t seed;
    unsigned phase;
    enum tear tear;
    uint32_t first;
    uint32_t second; /* 0: none */
    unsigned lost;   /* trials, in this phase and by this tear */
};

/* Drawn by where we are, so that one cut can be had again alone. */
static uint32_t lot(const struct at *at, uint32_t what)
{
    const uint32_t parts[] = { at->phase, at->tear, at->first, at->second,
                               what };
    uint32_t mixed = at->seed;

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        mixed = (mixed ^ parts[i]) * 0x85ebca6bu;
        mixed ^= mixed >> 13;
        mixed *= 0xc2b2ae35u;
        mixed ^= mixed >> 16;
    }
    return mixed;
}

enum lots {
    LOT_DRAWN,
    LOT_SIZE,
    LOT_OCTETS,
    LOT_TEAR,
    LOT_WHEN,
    LOT_FLASH
};

static bool drawn(const struct at *at, uint32_t one_of)
{
    return one_of == 1 || (one_of != 0 && lot(at, LOT_DRAWN) % one_of == 0);
}

static void finding(const struct at *at, const struct life *l)
{
    if (++at->counts->failures > FINDINGS_SHOWN || cuts_quiet) {
        return;
    }
    printf("# %s, %s, %s, phase %u, cut %u, second %u: %s (0x%04x, line %u)\n",
           at->scenario->name, at->geometry->name, tear_names[at->tear],
           at->phase, (unsigned)at->first, (unsigned)at->second, l->why,
           (unsigned)l->status, l->line);
}

static void plan_cut(const struct at *at, struct life *l, uint32_t in)
{
    static const enum flash_cut modes[TEARS] = {
        FLASH_CUT_PREFIX, FLASH_CUT_PREFIX,   FLASH_CUT_PREFIX,
        FLASH_CUT_BITS,   FLASH_CUT_UNSTABLE, FLASH_CUT_ECC
    };
    uint32_t tear = at->tear == TEAR_AFTER ? UINT32_MAX : 0;

    if (at->tear == TEAR_PREFIX) {
        /* Short ones as often as long ones. */
        tear = 1 + lot(at, LOT_OCTETS) % (2u << lot(at, LOT_SIZE) % 12);
    }
    for (unsigned i = 0; i < RANGES; i++) {
        l->world->sims[i].random = lot(at, LOT_FLASH + i) | 1;
    }
    flash_sim_cut(&l->world->supply, in, modes[at->tear], tear);
}

/* Live to the end. */
static void live_on(struct life *l)
{
    if (l->why == NULL) {
        life_finish(l);
    }
}

/* What came of it. */
static void note(const struct at *at, const struct life *l)
{
    at->counts->starts += l->world->starts;
    if (l->why != NULL) {
        finding(at, l);
    } else {
        at->counts->ended[l->runs[0]]++;
    }
}

static void finish(const struct at *at, struct life *l)
{
    live_on(l);
    note(at, l);
}

/* One phase with a cut in its operation number `in`. */
static void cut_phase(const struct at *at, struct life *l, uint32_t in)
{
    plan_cut(at, l, in);
    (void)life_phase(l);
    if (l->why == NULL && !l->cut) {
        l->why = "the cut did not come: another run has other operations";
    }
}

static void second_cut(struct at *at, struct life *l)
{
    enum tear first = at->tear;

    for (unsigned tear = 0; tear < TEARS; tear++) {
        if (at->plan->all_tears || tear == first) {
            at->tear = (enum tear)tear;
            life_restore(l, AFTER_CUT);
            cut_phase(at, l, at->second);
            finish(at, l);
            at->counts->second[first]++;
        }
    }
    at->tear = first;
}

static void second_cuts(struct at *at, struct life *l)
{
    uint32_t before = l->world->supply.operations;
    uint32_t n;

    (void)life_phase(l);
    n = l->world->supply.operations - before;
    for (at->second = 1; at->second <= n; at->second++) {
        if (drawn(at, at->plan->second)) {
            second_cut(at, l);
        }
    }
    at->second = 0;
}

static void first_cut(struct at *at, struct life *l)
{
    life_restore(l, BEFORE_PHASE);
    l->world->starts = 0;
    l->lost = false;
    cut_phase(at, l, at->first);
    if (at->plan->second != 0 && l->why == NULL) {
        life_save(l, AFTER_CUT);
        second_cuts(at, l);
        life_restore(l, AFTER_CUT);
    }
    live_on(l);
    if (l->lost && ++at->lost > 1 && l->why == NULL) {
        l->why = "another operation that loses a trial";
    }
    note(at, l);
    at->counts->first[at->tear]++;
}

static void cuts_of_phase(struct at *at, struct life *l, uint32_t operations)
{
    for (unsigned tear = 0; tear < TEARS; tear++) {
        at->tear = (enum tear)tear;
        at->lost = 0;
        for (at->first = 1; at->first <= operations; at->first++) {
            if (drawn(at, at->plan->first)) {
                first_cut(at, l);
            }
        }
    }
}

/* Cut after cut, none of them chosen; with each, torn in another way. */
static void storm(struct at *at, struct life *l)
{
    life_begin(l, at->scenario, at->geometry);
    for (at->phase = 0; at->phase < 8 * STORM_CUTS; at->phase++) {
        at->tear = (enum tear)(lot(at, LOT_TEAR) % TEARS);
        at->first = 1 + lot(at, LOT_WHEN) % 64;
        if (at->phase % 8 < 6) {
            plan_cut(at, l, at->first);
        }
        if (!life_phase(l)) {
            break;
        }
    }
    l->world->supply.cut_in = 0;
    finish(at, l);
    at->counts->storms++;
}

bool cuts_one(const struct scenario *scenario, const struct geometry *geometry,
              const struct cut *cut, uint32_t seed)
{
    struct counts counts = { 0 };
    struct at at = { .scenario = scenario,
                     .geometry = geometry,
                     .counts = &counts,
                     .seed = seed };
    static struct life l;

    life_begin(&l, scenario, geometry);
    while (at.phase < cut->phase && life_phase(&l)) {
        at.phase++;
    }
    at.tear = cut->tear;
    at.first = cut->first;
    if (cut->first != 0) {
        cut_phase(&at, &l, cut->first);
    }
    at.second = cut->second;
    if (cut->second != 0) {
        cut_phase(&at, &l, cut->second);
    }
    finish(&at, &l);
    return counts.failures == 0;
}

void cuts_run(const struct scenario *scenario, const struct geometry *geometry,
              const struct plan *plan, uint32_t seed, struct counts *counts)
{
    struct at at = { .scenario = scenario,
                     .geometry = geometry,
                     .plan = plan,
                     .counts = counts,
                     .seed = seed };
    static struct life l;
    uint32_t before;
    bool more = true;

    life_begin(&l, scenario, geometry);
    for (; more; at.phase++) {
        life_save(&l, BEFORE_PHASE);
        before = l.world->supply.operations;
        at.first = 0;
        more = life_phase(&l);
        life_save(&l, AFTER_PHASE);
        if (l.why == NULL) {
            cuts_of_phase(&at, &l, l.world->supply.operations - before);
        }
        life_restore(&l, AFTER_PHASE);
    }
    counts->operations += l.world->supply.operations;
    finish(&at, &l);
    for (unsigned i = 0; i < plan->storms; i++) {
        at.seed = seed + i;
        storm(&at, &l);
    }
}
