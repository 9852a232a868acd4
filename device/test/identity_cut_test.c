/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/identity_cuts.h"

/* Over a keystore that takes no time: see identity_cuts.h. */

static bool with_vault;

/* HKDF-Expand of one block (RFC 5869 2.3) under a secret that is published. */
static bm_status derive(void *self, struct bm_bytes label, uint8_t out[32])
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t info[128];
    struct bm_wr w;

    (void)self;
    bm_wr_init(&w, info, sizeof info);
    bm_wr_put(&w, label);
    bm_wr_u8(&w, 1);
    return crypto->hmac(crypto->self, BM_HASH_SHA256, BM_LIT("a secret"),
                        bm_wr_bytes(&w), out);
}
static const struct bm_secret secret = { NULL, BM_VAULT_PLAINTEXT, derive };

static void start_keys(struct world *w)
{
    unsigned made = w->keys.made;

    test_keys_init(&w->keys, &w->log);
    w->keys.made = made;
    w->life.keys = &w->keys.keystore;
    w->life.crypto = bm_test_crypto();
    w->life.secret = with_vault ? &secret : NULL;
}

/*
 * By default all first cuts on the smallest flash and a sample of the others;
 * with FAULT_FULL all of the first, and on the smallest all of the second.
 */
#if BM_TEST_ON_BOARD
static const struct plan plans[] = { { { 2048, 2, 4 }, 31, 100 } };
static const struct plan *const full_plans = NULL;
static const struct plan vault_plan = { { 2048, 2, 4 }, 100, 300 };
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
static const struct plan vault_plan = { { 2048, 2, 4 }, 5, 300 };
#endif
static const struct plan full_vault_plan = { { 2048, 2, 4 }, 1, 20 };
#define PLANS (sizeof plans / sizeof plans[0])

static void a_power_cut_leaves_one_complete_generation(void)
{
    for (size_t i = 0; i < PLANS; i++) {
        live_on(full ? &full_plans[i] : &plans[i]);
    }
}

static void the_vault_beside_it_is_whole_too(void)
{
    with_vault = true;
    live_on(full ? &full_vault_plan : &vault_plan);
}

int main(void)
{
    keys_start = start_keys;
#if !BM_TEST_ON_BOARD
    full = getenv("FAULT_FULL") != NULL;
#endif
    RUN(a_power_cut_leaves_one_complete_generation);
    RUN(the_vault_beside_it_is_whole_too);
    return bm_test_done();
}
