/* SPDX-License-Identifier: Apache-2.0 */
#include "device/log.h"
#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

/*
 * The power fails at every program and every erase of a workload, torn in
 * every way that flash_sim.h knows, and again while what was left is put in
 * order. After each cut the log holds the state before the step or the one
 * after it, for all keys, and the step can be done again.
 */
#define SEED         0x20261126u
#define SIZE_MAX_SIM (8u * 4096u)
#define KEYS         7

/* How much of it: QEMU is slow. */
#if BM_TEST_ON_BOARD
#define STEPS_ALL 3
#define STEPS     5
#else
#define STEPS_ALL 9
#define STEPS     14
#endif

static const struct flash_sim_shape shapes[] = {
    { 256, 2, 4 }, { 256, 3, 1 },   { 512, 2, 32 },
    { 512, 4, 8 }, { 1024, 3, 16 }, { 4096, 2, 8 },
};

/* A key's value is made from one number; 0: there is none. */
struct model {
    uint32_t value[KEYS];
    uint32_t size[KEYS];
};

struct step {
    enum {
        PUT,
        DELETE,
        SCRUB
    } what;
    uint32_t key, value, size;
};

/* All that a cut changes, to go back to. */
struct world {
    struct flash_sim sim;
    struct bm_log log;
    struct model model;
    uint8_t memory[2 * SIZE_MAX_SIM];
};

static struct world now, before, again;
static uint32_t cuts, second_cuts;

static uint32_t key_of(uint32_t i)
{
    return BM_LOG_KEY(BM_LOG_APPLICATION, i * 5 + 1);
}

static void make_value(uint32_t value, uint32_t size, uint8_t *out)
{
    for (uint32_t i = 0; i < size; i++) {
        value = value * 1103515245u + 12345u;
        out[i] = (uint8_t)(value >> 16);
    }
}

static void copy_world(struct world *to, const struct world *from)
{
    to->sim = from->sim;
    to->log = from->log;
    to->model = from->model;
    to->sim.flash.self = &to->sim;
    to->sim.octets = to->memory;
    to->sim.marks = to->memory + to->sim.size;
    to->log.flash = &to->sim.flash;
    memcpy(to->memory, from->memory, 2 * from->sim.size);
}

/* Does the log hold exactly this, by get and by next? */
static bool is_state(const struct bm_log *log, const struct model *m)
{
    static uint8_t want[BM_LOG_VALUE_MAX], got[BM_LOG_VALUE_MAX];
    uint32_t key = 0;
    bool first = true;
    size_t n;

    for (uint32_t i = 0; i < KEYS; i++) {
        bm_status rc = bm_log_get(log, key_of(i), got, sizeof got, &n);

        if (m->value[i] == 0) {
            if (rc != BM_E_NOT_FOUND) {
                return false;
            }
            continue;
        }
        make_value(m->value[i], m->size[i], want);
        if (rc != BM_OK || n != m->size[i] || memcmp(got, want, n) != 0 ||
            bm_log_next(log, &key, first, &n) != BM_OK || key != key_of(i) ||
            n != m->size[i]) {
            return false;
        }
        first = false;
    }
    return bm_log_next(log, &key, first, &n) == BM_E_END;
}

static bm_status do_step(struct world *w, const struct step *s)
{
    static uint8_t value[BM_LOG_VALUE_MAX];

    switch (s->what) {
    case PUT:
        make_value(s->value, s->size, value);
        return bm_log_put(&w->log, key_of(s->key),
                          (struct bm_bytes){ value, s->size });
    case DELETE:
        return bm_log_delete(&w->log, key_of(s->key));
    default:
        return bm_log_scrub(&w->log);
    }
}

static void apply(struct model *m, const struct step *s)
{
    if (s->what != SCRUB) {
        m->value[s->key] = s->what == PUT ? s->value : 0;
        m->size[s->key] = s->size;
    }
}

static struct step make_step(struct world *w, uint32_t number)
{
    uint32_t max = (uint32_t)bm_log_value_max(&w->log);
    uint32_t r = flash_sim_random(&w->sim) >> 4;
    struct step s = { PUT, r % KEYS, number + 1, 0 };

    r >>= 3;
    if (r % 13 == 0) {
        s.what = SCRUB;
    } else if (r % 4 == 0) {
        s.what = DELETE;
    }
    r >>= 6;
    s.size = r % 5 == 0 ? r % (max + 1) : r % (max / 4 + 1);
    return s;
}

/* How many ways there are to tear an operation of `n` octets: each of the
 * random modes, and each prefix where there are few. */
#define PREFIXES 6u
static uint32_t ways(uint32_t n)
{
    return FLASH_CUTS - 1 + (n > 24 ? PREFIXES : n + 1);
}

static void set_cut(struct flash_sim *sim, uint32_t in, uint32_t way,
                    uint32_t n)
{
    if (way < FLASH_CUTS - 1) {
        flash_sim_cut(sim, in, (enum flash_cut)(way + 1), 0);
    } else {
        uint32_t tear = way - (FLASH_CUTS - 1);

        flash_sim_cut(sim, in, FLASH_CUT_PREFIX,
                      n > 24 ? n * tear / (PREFIXES - 1) : tear);
    }
}

/* Power comes back: the log is whole. */
static void must_be_whole(struct world *w, const struct model *after)
{
    flash_sim_on(&w->sim);
    CHECK_STATUS(bm_log_open(&w->log, &w->sim.flash), BM_OK);
    CHECK(is_state(&w->log, &w->model) || is_state(&w->log, after));
    CHECK(!w->sim.broken);
}

/* Nothing depends on one mark: whichever of the newest sector's cannot be
 * read then, the step that was done is done. */
static void loses_no_sector(const struct world *w, const struct model *after)
{
    uint32_t s = w->log.sequence % w->sim.flash.sectors;

    for (uint32_t copy = 0; copy < 2; copy++) {
        uint8_t *mark;

        copy_world(&again, w);
        mark = again.sim.marks + (size_t)s * again.sim.flash.sector +
               (size_t)copy * again.log.slot;
        mark[0] = FLASH_SIM_ECC;
        again.sim.strange = true;
        must_be_whole(&again, after);
        CHECK(is_state(&again.log, after));
    }
}

/* Power fails again in operation `in` of putting it in order. */
static bool cut_again(const struct step *s, const struct model *after,
                      uint32_t in, uint32_t way)
{
    bm_status rc;

    copy_world(&again, &now);
    flash_sim_on(&again.sim);
    set_cut(&again.sim, in, way, 0);
    if (way == FLASH_CUTS) {
        again.sim.tear = UINT32_MAX; /* all of it is done */
    }
    rc = bm_log_open(&again.log, &again.sim.flash);
    if (rc == BM_OK) {
        rc = do_step(&again, s);
    }
    if (!again.sim.off) {
        return false;
    }
    CHECK_STATUS(rc, BM_E_FLASH_POWER);
    second_cuts++;
    must_be_whole(&again, after);
    CHECK_STATUS(do_step(&again, s), BM_OK);
    CHECK(is_state(&again.log, after));
    return true;
}

static void cut_recovery(const struct step *s, const struct model *after,
                         bool all)
{
    if (!all) {
        (void)cut_again(s, after, 1 + flash_sim_random(&now.sim) % 6,
                        flash_sim_random(&now.sim) % 8);
        return;
    }
    for (uint32_t in = 1;; in++) {
        for (uint32_t way = 0; way < FLASH_CUTS + 1; way++) {
            if (!cut_again(s, after, in, way)) {
                return;
            }
        }
    }
}

/* One cut of a step from the state `before`. */
static bool cut_once(const struct step *s, const struct model *after,
                     uint32_t in, uint32_t way, bool all)
{
    uint32_t n = now.sim.torn;

    copy_world(&now, &before);
    set_cut(&now.sim, in, way, n);
    if (do_step(&now, s) == BM_OK || !now.sim.off) {
        return false;
    }
    cuts++;
    if (way < FLASH_CUTS + 1) {
        cut_recovery(s, after, all);
    }
    must_be_whole(&now, after);
    CHECK_STATUS(do_step(&now, s), BM_OK);
    CHECK(is_state(&now.log, after));
    CHECK(!now.sim.broken);
    if (s->what != SCRUB) {
        loses_no_sector(&now, after);
    }
    return true;
}

static void cut_everywhere(const struct step *s, const struct model *after,
                           bool all)
{
    for (uint32_t in = 1;; in++) {
        for (uint32_t way = 0;; way++) {
            if (!cut_once(s, after, in, way, all)) {
                return;
            }
            if (way + 1 >= ways(now.sim.torn)) {
                break;
            }
        }
    }
}

static void run_shape(const struct flash_sim_shape *shape, bool all)
{
    cuts = 0;
    second_cuts = 0;
    memset(&before, 0, sizeof before);
    flash_sim_init(&before.sim, before.memory, shape, SEED);
    CHECK_STATUS(bm_log_open(&before.log, &before.sim.flash), BM_OK);
    for (uint32_t i = 0; i < (all ? STEPS_ALL : STEPS); i++) {
        struct step s = make_step(&before, i);
        struct model after = before.model;
        bm_status rc;

        copy_world(&now, &before);
        rc = do_step(&now, &s);
        if (rc == BM_E_LOG_FULL) {
            CHECK(is_state(&now.log, &before.model));
            continue;
        }
        CHECK_STATUS(rc, BM_OK);
        apply(&after, &s);
        CHECK(is_state(&now.log, &after));
        cut_everywhere(&s, &after, all);
        CHECK_STATUS(do_step(&before, &s), BM_OK);
        before.model = after;
    }
    printf("# %u sectors of %u, unit %u: %u cuts, %u second cuts, seed 0x%x\n",
           (unsigned)shape->sectors, (unsigned)shape->sector,
           (unsigned)shape->unit, (unsigned)cuts, (unsigned)second_cuts, SEED);
    CHECK(cuts > 20 && second_cuts > 10);
}

static void a_cut_leaves_the_old_state_or_the_new(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        run_shape(&shapes[i], i == 0);
    }
}

int main(void)
{
    RUN(a_cut_leaves_the_old_state_or_the_new);
    return bm_test_done();
}
