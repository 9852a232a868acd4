/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/trace.h"

#include <stdio.h>

static const char *const names[RANGES] = {
    "slot 0",    "slot 1",    "slot 0 of image 1", "slot 1 of image 1",
    "scratch",   "journal",   "mailbox",           "key set 0",
    "key set 1", "candidate", "counters"
};
static struct world *traced;

static const char *name_of(const struct flash_sim *sim)
{
    return names[sim - traced->sims];
}

static bm_status program(void *self, uint32_t at, struct bm_bytes data)
{
    bm_status rc = flash_sim_program(self, at, data);

    printf("#   %4u program %-8s 0x%05x, %u: 0x%04x\n",
           (unsigned)traced->supply.operations, name_of(self), (unsigned)at,
           (unsigned)data.n, (unsigned)rc);
    return rc;
}

static bm_status erase(void *self, uint32_t at)
{
    bm_status rc = flash_sim_erase(self, at);

    printf("#   %4u erase   %-8s 0x%05x: 0x%04x\n",
           (unsigned)traced->supply.operations, name_of(self), (unsigned)at,
           (unsigned)rc);
    return rc;
}

static void trace(enum range range, struct bm_flash *flash)
{
    (void)range;
    flash->program = program;
    flash->erase = erase;
}

static void insert(struct world *w)
{
    traced = w;
    world_each_flash(w, trace);
}

static void on(struct world *w)
{
    printf("# start %u\n", w->starts);
}

static bm_status done(struct world *w)
{
    (void)w;
    printf("# runs\n");
    return BM_OK;
}

const struct world_double trace_double = { insert, on, done };
