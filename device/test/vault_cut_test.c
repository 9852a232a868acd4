/* SPDX-License-Identifier: Apache-2.0 */
#include "device/vault.h"

#include "device/test/vault_world.h"

/*
 * The power fails at every program, erase and increment of the counter, and
 * again while the vault is opened and the step is done again: the vault opens
 * always, and holds what it held before the step or what it holds after it.
 */
#if BM_TEST_ON_BOARD /* QEMU is slow */
#define SECOND_EACH 29
#define STEPS       5
#else
#define SECOND_EACH 3
#define STEPS       (sizeof steps / sizeof *steps)
#endif

static const char large[] =
    "0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789";

/* A step: put, or delete without a value, or wipe without a name. */
static const struct step {
    const char *name, *value;
} steps[] = {
    { "a", "1" },   { "b", large }, { "a", "2" },   { "b", NULL },
    { "a", NULL },  { "c", large }, { "a", large }, { NULL, NULL },
    { "b", "x" },   { "c", "y" },   { "b", large }, { "c", large },
    { "a", large }, { "b", large }, { NULL, NULL },
};

static struct world before, again;
static unsigned cuts, second_cuts;

/* The value of a name after so many steps. */
static const char *value_after(size_t n, char name)
{
    const char *value = NULL;

    for (size_t i = 0; i < n; i++) {
        if (steps[i].name == NULL) {
            value = NULL;
        } else if (steps[i].name[0] == name) {
            value = steps[i].value;
        }
    }
    return value;
}

static bool is_state(struct world *w, size_t n)
{
    return world_has(w, "a", value_after(n, 'a')) &&
           world_has(w, "b", value_after(n, 'b')) &&
           world_has(w, "c", value_after(n, 'c'));
}

static bm_status do_step(struct world *w, const struct step *s)
{
    if (s->name == NULL) {
        return bm_vault_wipe(&w->vault);
    }
    return s->value == NULL ? bm_vault_delete(&w->vault, s->name)
                            : world_put(w, s->name, s->value);
}

/* Power is back: whole before or after step `i`, which can be done again. */
static void must_be_whole(struct world *w, size_t i)
{
    CHECK_STATUS(world_open(w), BM_OK);
    CHECK(is_state(w, i) || is_state(w, i + 1));
    CHECK_STATUS(do_step(w, &steps[i]), BM_OK);
    CHECK(is_state(w, i + 1));
    CHECK(!w->sim.broken && (!w->counted || w->count == w->vault.head));
}

static void set_cut(struct world *w, uint32_t in, int mode)
{
    /* The whole of it is done, and the power fails all the same. */
    flash_sim_cut(&w->sim, in, (enum flash_cut)mode, UINT32_MAX);
}

static void cut_again(size_t i, uint32_t first)
{
    for (uint32_t in = 1 + first % SECOND_EACH;; in += SECOND_EACH) {
        bm_status rc;

        world_copy(&again, &now);
        flash_sim_on(&again.sim);
        set_cut(&again, in, (int)(in % FLASH_CUTS));
        rc = bm_log_open(&again.log, &again.sim.flash);
        if (rc == BM_OK) {
            struct bm_vault_config config = again.vault.config;

            rc = bm_vault_open(&again.vault, &config);
        }
        if (rc == BM_OK) {
            rc = do_step(&again, &steps[i]);
        }
        if (!again.sim.off) {
            CHECK_STATUS(rc, BM_OK);
            return;
        }
        second_cuts++;
        must_be_whole(&again, i);
    }
}

static void cut_step(size_t i)
{
    for (uint32_t in = 1;; in++) {
        for (int mode = 0; mode < FLASH_CUTS; mode++) {
            world_copy(&now, &before);
            set_cut(&now, in, mode);
            if (do_step(&now, &steps[i]) == BM_OK || !now.sim.off) {
                return;
            }
            cuts++;
            cut_again(i, in);
            must_be_whole(&now, i);
        }
    }
}

static void a_cut_leaves_the_old_vault_or_the_new(void)
{
    for (int counted = 0; counted < 2; counted++) {
        cuts = 0;
        second_cuts = 0;
        world_begin(&before, counted == 1);
        for (size_t i = 0; i < STEPS; i++) {
            cut_step(i);
            CHECK_STATUS(do_step(&before, &steps[i]), BM_OK);
            CHECK(is_state(&before, i + 1));
        }
        printf("# %s: %u cuts, %u second cuts, seed 0x20261126\n",
               counted == 1 ? "with a counter" : "without a counter", cuts,
               second_cuts);
        CHECK(cuts > 50 && second_cuts > 50);
    }
}

int main(void)
{
    RUN(a_cut_leaves_the_old_vault_or_the_new);
    return bm_test_done();
}
