/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/identity_cuts.h"

/* Over a keystore that takes no time: see identity_cuts.h. */

static void start_keys(struct world *w)
{
    unsigned made = w->keys.made;

    test_keys_init(&w->keys, &w->log);
    w->keys.made = made;
    w->life.keys = &w->keys.keystore;
}

/*
 * By default all first cuts on the smallest flash and a sample of the others;
 * with FAULT_FULL all of the first, and on the smallest all of the second.
 */
#ifdef __arm__
static const struct plan plans[] = { { { 2048, 2, 4 }, 31, 100 } };
static const struct plan *const full_plans = NULL;
#else
static const struct plan plans[] = {
    { { 2048, 2, 4 }, 1, 1000 },
    { { 512, 8, 1 }, 17, 300 },
    { { 2048, 4, 32 }, 17, 300 },
    { { 4096, 2, 8 }, 17, 300 },
};
static const struct plan full_plans[] = {
    { { 2048, 2, 4 }, 1, 1 },
    { { 512, 8, 1 }, 1, 100 },
    { { 2048, 4, 32 }, 1, 100 },
    { { 4096, 2, 8 }, 1, 100 },
};
#endif
#define PLANS (sizeof plans / sizeof plans[0])

static void a_power_cut_leaves_one_complete_generation(void)
{
    for (size_t i = 0; i < PLANS; i++) {
        live_on(full ? &full_plans[i] : &plans[i]);
    }
}

int main(void)
{
    keys_start = start_keys;
#ifndef __arm__
    full = getenv("FAULT_FULL") != NULL;
#endif
    RUN(a_power_cut_leaves_one_complete_generation);
    return bm_test_done();
}
