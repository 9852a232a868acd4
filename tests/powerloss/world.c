/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/powerloss/memo.h"

/* What the largest geometry takes, with marks. */
#define MEMORY (7u * 1024u * 1024u)

static struct world the_world;
static uint8_t memory[MEMORY];
static size_t memory_used;
static struct world saved_worlds[SAVES];
static uint8_t saved_memory[SAVES][MEMORY];

const struct world_double *world_double;

static void add_range(struct world *w, enum range range, uint32_t sector,
                      uint32_t sectors)
{
    const struct flash_sim_shape shape = { sector, sectors, w->geometry->unit };
    struct flash_sim *sim = &w->sims[range];

    if (MEMORY - memory_used < FLASH_SIM_SIZE(sector, sectors)) {
        printf("Bail out! the world is too small\n");
        exit(1);
    }
    flash_sim_init(sim, memory + memory_used, &shape, WORLD_SEED + range);
    memset(sim->marks, FLASH_SIM_USED, sim->size);
    sim->supply = &w->supply;
    memory_used += FLASH_SIM_SIZE(sector, sectors);
}

static void add_ranges(struct world *w, unsigned images)
{
    const struct geometry *g = w->geometry;

    memory_used = 0;
    for (unsigned i = 0; i < 2 * images; i++) {
        enum range range = (enum range)(RANGE_SLOT + i);
        unsigned slot = i % 2;

        add_range(w, range, g->sector[slot], g->sectors[slot]);
    }
    add_range(w, RANGE_SCRATCH, g->scratch[0], g->scratch[1]);
    for (enum range range = RANGE_JOURNAL; range < RANGES; range++) {
        add_range(w, range, g->small[0], g->small[1]);
    }
}

/* The counters of boot/counter.h, watched. */
static bm_status counter_read(void *self, unsigned number, uint32_t *value)
{
    struct world *w = self;

    BM_TRY(w->ram.counters.read(w->ram.counters.self, number, value));
    if (number < COUNTERS &&
        (*value < w->seen.floor[number] || *value > w->seen.asked[number])) {
        w->strange_counter = true;
    }
    return BM_OK;
}

static bm_status counter_raise(void *self, unsigned number, uint32_t value)
{
    struct world *w = self;

    if (number < COUNTERS && value > w->seen.asked[number]) {
        w->seen.asked[number] = value;
    }
    BM_TRY(w->ram.counters.raise(w->ram.counters.self, number, value));
    if (number < COUNTERS && value > w->seen.floor[number]) {
        w->seen.floor[number] = value;
    }
    return BM_OK;
}

static uint32_t slot_size(const struct geometry *g, unsigned slot)
{
    return g->sector[slot] * g->sectors[slot];
}

static void describe(struct world *w, unsigned images)
{
    struct bm_boot *boot = &w->boot;

    boot->crypto = memo_crypto();
    boot->images = images;
    for (unsigned i = 0; i < 2 * images; i++) {
        struct bm_boot_slot *slot = &boot->slot[i / 2][i % 2];

        slot->flash = w->sims[RANGE_SLOT + i].flash;
        slot->internal = true;
        slot->address = 0x10000000u + i * 0x01000000u;
    }
    boot->scratch = w->sims[RANGE_SCRATCH].flash;
    boot->journal = w->sims[RANGE_JOURNAL].flash;
    boot->mailbox = w->sims[RANGE_MAILBOX].flash;
    boot->keyset[0] = w->sims[RANGE_KEYSET].flash;
    boot->keyset[1] = w->sims[RANGE_KEYSET + 1].flash;
    boot->candidate = w->sims[RANGE_CANDIDATE].flash;
    boot->counters =
        (struct bm_boot_counters){ w, counter_read, counter_raise };
    w->counters = w->sims[RANGE_COUNTERS].flash;
    boot->roots = images_roots();
    boot->ring = &w->ram.ring;
    boot->work = &w->ram.work;
    if (world_double != NULL) {
        world_double->insert(w);
    }
}

void world_each_flash(struct world *w,
                      void (*visit)(enum range range, struct bm_flash *flash))
{
    struct bm_boot *boot = &w->boot;

    for (unsigned i = 0; i < 2 * boot->images; i++) {
        visit((enum range)(RANGE_SLOT + i), &boot->slot[i / 2][i % 2].flash);
    }
    visit(RANGE_SCRATCH, &boot->scratch);
    visit(RANGE_JOURNAL, &boot->journal);
    visit(RANGE_MAILBOX, &boot->mailbox);
    visit(RANGE_KEYSET, &boot->keyset[0]);
    visit((enum range)(RANGE_KEYSET + 1), &boot->keyset[1]);
    visit(RANGE_CANDIDATE, &boot->candidate);
    visit(RANGE_COUNTERS, &w->counters);
}

struct world *world_make(const struct geometry *geometry, unsigned images,
                         bool xip)
{
    struct world *w = &the_world;
    uint32_t slot = slot_size(geometry, 0);

    memset(w, 0, sizeof *w);
    w->geometry = geometry;
    w->supply.random = WORLD_SEED;
    w->xip = xip;
    if (slot > slot_size(geometry, 1)) {
        slot = slot_size(geometry, 1);
    }
    add_ranges(w, images);
    describe(w, images);
    images_make(slot, xip ? (uint32_t[2]){ w->boot.slot[0][0].address,
                                           w->boot.slot[0][1].address }
                          : (uint32_t[2]){ 0, 0 });
    return w;
}

void world_place(struct world *w, enum range range,
                 const struct image_made *image)
{
    struct flash_sim *sim = &w->sims[range];

    memset(sim->octets, POISON, sim->size);
    memcpy(sim->octets, image->octets.p, image->octets.n);
    if (range <= RANGE_SCRATCH && (range - RANGE_SLOT) % 2 == 0) {
        /* Only what is behind an image in slot 1 must stay where it is. */
        memset(sim->octets + image->octets.n, 0xff,
               sim->size - image->octets.n);
    }
}

/* What RAM has when the power comes: anything. */
static void scramble(struct world *w)
{
    memset(&w->ram, (int)(flash_sim_random(&w->supply) & 0xff), sizeof w->ram);
}

static bm_status start(struct world *w, struct bm_boot_result *result)
{
    BM_TRY(bm_counter_open(&w->ram.counter, &w->counters, &w->ram.counters));
    return w->xip ? bm_boot_xip(&w->boot, result)
                  : bm_boot_swap(&w->boot, result);
}

bm_status world_start(struct world *w, struct bm_boot_result *result)
{
    bm_status rc;

    w->supply.off = false; /* a cut that is planned stays */
    memset(result, 0x5a, sizeof *result);
    scramble(w);
    w->starts++;
    if (world_double == NULL) {
        return start(w, result);
    }
    world_double->on(w);
    rc = start(w, result);
    return rc == BM_OK ? world_double->done(w) : rc;
}

bool world_alive(const struct world *w)
{
    return !w->supply.off;
}

bool world_has(const struct world *w, enum range range,
               const struct image_made *image)
{
    const struct flash_sim *sim = &w->sims[range];

    return image->octets.n <= sim->size &&
           memcmp(sim->octets, image->octets.p, image->octets.n) == 0;
}

/* So many octets of POISON in a row no torn program makes of an image: each of
 * them by one chance in 32 where its bits suit. */
#define POISON_RUN 8u

static bool poisoned(const struct flash_sim *sim)
{
    size_t run = 0;

    for (size_t i = 0; i < sim->size; i++) {
        run = sim->octets[i] == POISON ? run + 1 : 0;
        if (run == POISON_RUN) {
            return true;
        }
    }
    return false;
}

const char *world_wrong(const struct world *w)
{
    for (unsigned i = 0; i < RANGES; i++) {
        if (w->sims[i].broken) {
            return "a rule of flash was broken";
        }
    }
    if (w->strange_counter) {
        return "a counter that nobody raised to that, or that fell";
    }
    for (unsigned i = 0; !w->xip && i < w->boot.images; i++) {
        if (poisoned(&w->sims[RANGE_SLOT + 2 * i])) {
            return "octets from behind an image in slot 0";
        }
    }
    return NULL;
}

void world_save(const struct world *w, unsigned save)
{
    saved_worlds[save] = *w;
    memcpy(saved_memory[save], memory, memory_used);
}

void world_restore(struct world *w, unsigned save)
{
    *w = saved_worlds[save];
    memcpy(memory, saved_memory[save], memory_used);
}
