/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/journal.h"
#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

/*
 * The power fails at every program and erase of a series of puts, torn in every
 * way that flash_sim.h knows, and a second time in the put that comes after.
 * Whatever happened, the journal holds the last state that was put or the one
 * that was being put, and goes on.
 */
#define ROOM (3u * 1024u)
#define SEED 0x20261126u

/* How much of it: QEMU is slow. */
#if BM_TEST_ON_BOARD
#define PUTS 6
#else
#define PUTS 16
#endif

static const struct {
    struct flash_sim_shape shape;
    uint32_t size;
} cases[] = {
    { { 256, 2, 4 }, 44 }, { { 256, 3, 1 }, 20 }, { { 256, 2, 32 }, 96 },
    { { 512, 2, 8 }, 72 }, { { 256, 2, 8 }, 12 }, { { 1024, 3, 16 }, 72 },
};

struct world {
    struct flash_sim sim;
    struct bm_journal journal;
    uint8_t value; /* of the last state that was put */
    uint8_t memory[2 * ROOM];
};
static struct world now, before, again;
static uint32_t cuts, second_cuts;

static void copy_world(struct world *to, const struct world *from)
{
    *to = *from;
    to->sim.flash.self = &to->sim;
    to->sim.octets = to->memory;
    to->sim.marks = to->memory + to->sim.size;
    to->journal.flash = &to->sim.flash;
}

static bm_status put(struct world *w, uint8_t value)
{
    uint8_t state[BM_JOURNAL_RECORD_MAX];

    memset(state, value, sizeof state);
    return bm_journal_put(&w->journal, state);
}

/* Which state is there after a start; 0: none, 0xff: something else. */
static uint8_t reopen(struct world *w, uint32_t size)
{
    uint8_t state[BM_JOURNAL_RECORD_MAX];
    bm_status rc = bm_journal_open(&w->journal, &w->sim.flash, state, size);

    CHECK(rc == BM_OK || rc == BM_E_NOT_FOUND);
    for (uint32_t i = 1; i < size; i++) {
        if (state[i] != state[0]) {
            return 0xff;
        }
    }
    return state[0];
}

/* Old state or new; then the next two puts are found. */
static void goes_on(struct world *w, uint32_t size, uint8_t old, uint8_t new)
{
    uint8_t found = reopen(w, size);

    CHECK(found == old || found == new);
    for (uint8_t n = 0; n < 2; n++) {
        CHECK_STATUS(put(w, (uint8_t)(0x40 + n)), BM_OK);
        CHECK(reopen(w, size) == 0x40 + n);
    }
    CHECK(!w->sim.broken);
}

static void cut_again(uint32_t size)
{
    for (uint32_t in = 1; in <= 3; in++) {
        for (uint32_t way = 0; way < FLASH_CUTS + 1; way++) {
            uint8_t found;

            copy_world(&again, &now);
            found = reopen(&again, size);
            flash_sim_cut(&again.sim, in, (enum flash_cut)(way % FLASH_CUTS),
                          way < FLASH_CUTS ? 0 : UINT32_MAX);
            if (put(&again, 0x20) == BM_OK) {
                return;
            }
            second_cuts++;
            flash_sim_on(&again.sim);
            goes_on(&again, size, found, 0x20);
        }
    }
}

static bool cut_once(uint32_t size, uint32_t in, uint32_t way)
{
    uint32_t unit = before.sim.flash.unit;
    uint32_t tears = (8 + size) / unit + 2;

    copy_world(&now, &before);
    if (way < tears) {
        flash_sim_cut(&now.sim, in, FLASH_CUT_PREFIX, way * unit);
    } else {
        now.sim.random += way * 977;
        flash_sim_cut(&now.sim, in,
                      (enum flash_cut)(1 + (way - tears) % (FLASH_CUTS - 1)),
                      0);
    }
    if (put(&now, 0x11) == BM_OK) {
        return false;
    }
    cuts++;
    flash_sim_on(&now.sim);
    cut_again(size);
    goes_on(&now, size, before.value, 0x11);
    return true;
}

static void cut_everywhere(uint32_t size)
{
    uint32_t ways = (8 + size) / before.sim.flash.unit + 2 + 9;

    for (uint32_t in = 1; in <= 2; in++) {
        for (uint32_t way = 0; way < ways; way++) {
            if (!cut_once(size, in, way)) {
                return;
            }
        }
    }
}

static void a_cut_leaves_the_old_state_or_the_new(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cuts = 0;
        second_cuts = 0;
        memset(&before, 0, sizeof before);
        flash_sim_init(&before.sim, before.memory, &cases[i].shape, SEED);
        CHECK(reopen(&before, cases[i].size) == 0);
        for (uint8_t n = 1; n < PUTS; n++) {
            cut_everywhere(cases[i].size);
            CHECK_STATUS(put(&before, n), BM_OK);
            before.value = n;
        }
        printf("# %u sectors of %u, unit %u, state of %u: %u cuts, %u second "
               "cuts, seed 0x%x\n",
               (unsigned)cases[i].shape.sectors,
               (unsigned)cases[i].shape.sector, (unsigned)cases[i].shape.unit,
               (unsigned)cases[i].size, (unsigned)cuts, (unsigned)second_cuts,
               SEED);
        CHECK(cuts > 12 * PUTS && second_cuts > 70 * PUTS);
    }
}

int main(void)
{
    RUN(a_cut_leaves_the_old_state_or_the_new);
    return bm_test_done();
}
