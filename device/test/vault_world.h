/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TEST_VAULT_WORLD_H
#define BM_DEVICE_TEST_VAULT_WORLD_H

#include "device/test/flash_sim.h"
#include "device/vault.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * A device with a vault, for tests: flash, a secret, and a counter whose
 * increments are operations of the simulator, so that the power fails there
 * too. One per program.
 */
#define WORLD_SECTOR  2048
#define WORLD_SECTORS 3

struct world {
    struct flash_sim sim;
    struct bm_log log;
    struct bm_vault vault;
    uint64_t count;
    bm_status count_rc; /* what an increment says instead */
    uint8_t prk[32];    /* of the secret */
    struct bm_secret secret;
    struct bm_counter counter;
    bool counted; /* there is a counter */
    uint8_t work[BM_VAULT_WORK_SIZE(BM_VAULT_VALUE_MAX)];
    uint8_t memory[FLASH_SIM_SIZE(WORLD_SECTOR, WORLD_SECTORS)];
};

static struct world now;

/* HKDF-Expand of one block (RFC 5869 2.3). */
static bm_status world_derive(void *self, struct bm_bytes label,
                              uint8_t out[32])
{
    const struct bm_crypto *crypto = bm_test_crypto();
    const struct world *w = self;
    uint8_t info[128];
    struct bm_wr wr;

    bm_wr_init(&wr, info, sizeof info);
    bm_wr_put(&wr, label);
    bm_wr_u8(&wr, 1);
    return crypto->hmac(crypto->self, BM_HASH_SHA256, BM_ARRAY(w->prk),
                        bm_wr_bytes(&wr), out);
}

static bm_status world_read(void *self, uint64_t *value)
{
    const struct world *w = self;

    *value = w->count;
    return w->sim.off ? BM_E_FLASH_POWER : BM_OK;
}

static bm_status world_increment(void *self)
{
    struct world *w = self;

    if (w->sim.off) {
        return BM_E_FLASH_POWER;
    }
    BM_TRY(w->count_rc);
    if (flash_sim_fails(&w->sim, 1)) {
        w->count += w->sim.mode == FLASH_CUT_PREFIX ? 1 : 0;
        return BM_E_FLASH_POWER;
    }
    w->count++;
    return BM_OK;
}

/* Power on: log and vault as the flash has them. */
static bm_status world_open(struct world *w)
{
    struct bm_vault_config config = { .log = &w->log,
                                      .crypto = bm_test_crypto(),
                                      .secret = &w->secret,
                                      .counter =
                                          w->counted ? &w->counter : NULL,
                                      .work = w->work,
                                      .work_size = sizeof w->work };

    flash_sim_on(&w->sim);
    BM_TRY(bm_log_open(&w->log, &w->sim.flash));
    return bm_vault_open(&w->vault, &config);
}

/* A new device. */
static void world_begin(struct world *w, bool counted)
{
    static const struct flash_sim_shape shape = { WORLD_SECTOR, WORLD_SECTORS,
                                                  8 };

    memset(w, 0, sizeof *w);
    flash_sim_init(&w->sim, w->memory, &shape, 0x20261126);
    w->secret = (struct bm_secret){ w, BM_VAULT_OPAQUE, world_derive };
    w->counter = (struct bm_counter){ w, world_read, world_increment };
    w->counted = counted;
    CHECK_STATUS(world_open(w), BM_OK);
}

/* What points into the world points into its copy. */
static inline void world_copy(struct world *to, const struct world *from)
{
    memcpy(to, from, sizeof *to);
    to->sim.flash.self = &to->sim;
    to->sim.octets = to->memory;
    to->sim.marks = to->memory + to->sim.size;
    to->log.flash = &to->sim.flash;
    to->secret.self = to;
    to->counter.self = to;
    to->vault.config.log = &to->log;
    to->vault.config.secret = &to->secret;
    to->vault.config.counter = to->counted ? &to->counter : NULL;
    to->vault.config.work = to->work;
}

static inline bm_status world_put(struct world *w, const char *name,
                                  const char *value)
{
    return bm_vault_put(
        &w->vault, name,
        (struct bm_bytes){ (const uint8_t *)value, strlen(value) });
}

/* Does the vault say that this is the value, or with NULL that there is
 * none? */
static inline bool world_has(struct world *w, const char *name,
                             const char *value)
{
    static uint8_t out[BM_VAULT_VALUE_MAX];
    size_t n;
    bm_status rc = bm_vault_get(&w->vault, name, out, sizeof out, &n);

    if (value == NULL) {
        return rc == BM_E_NOT_FOUND;
    }
    return rc == BM_OK && n == strlen(value) && memcmp(out, value, n) == 0;
}

#endif
