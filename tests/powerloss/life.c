/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/life.h"

#include "tests/powerloss/acts.h"

static struct life saved_lives[SAVES];

static enum range slot_range(unsigned image, unsigned slot)
{
    return (enum range)(RANGE_SLOT + 2 * image + slot);
}

static void place(struct life *l, unsigned image, unsigned slot)
{
    enum image_id id = l->scenario->slots[image][slot];

    l->belief.facts[0].at[image][slot] = (uint8_t)id;
    if (id != NOTHING) {
        world_place(l->world, slot_range(image, slot), image_get(id, slot));
    }
}

void life_begin(struct life *l, const struct scenario *scenario,
                const struct geometry *geometry)
{
    memset(l, 0, sizeof *l);
    l->scenario = scenario;
    l->device = (struct facts_device){ scenario->images, scenario->xip };
    l->world = world_make(geometry, scenario->images, scenario->xip);
    l->belief.n = 1;
    l->belief.facts[0].set = SET_ONE;
    for (unsigned i = 0; i < scenario->images; i++) {
        place(l, i, 0);
        place(l, i, 1);
    }
    world_place(l->world, RANGE_KEYSET, image_get(SET_ONE, 0));
}

/* What is wrong with a start, as seen from that state after it? */
static const char *contradicts(const struct life *l, const struct facts *f,
                               const struct seen *seen)
{
    const struct bm_boot_counters *counters = &l->world->boot.counters;
    const struct bm_boot_result *result = &l->result;

    if (!l->boots || seen->nothing) {
        return l->boots        ? "runs what may not run"
               : seen->nothing ? NULL
                               : "nothing boots";
    }
    if (result->slot != seen->slot) {
        return "runs from the other slot";
    }
    for (unsigned i = 0; i < l->device.images; i++) {
        for (unsigned slot = 0; slot < 2; slot++) {
            unsigned id = f->at[i][slot];

            if (id != NOTHING &&
                !world_has(l->world, slot_range(i, slot),
                           image_get((enum image_id)id, slot))) {
                return slot == seen->slot ? "runs another image"
                                          : "the other slot's image is gone";
            }
        }
    }
    if (result->event >= 32 || (seen->events >> result->event & 1) == 0) {
        return "tells of another event";
    }
    if (result->epoch != seen->epoch) {
        return "has another epoch";
    }
    for (unsigned i = 0; i <= l->device.images; i++) {
        uint32_t value;

        if (counters->read(counters->self, i, &value) != BM_OK ||
            value != f->counter[i]) {
            return "has another counter";
        }
    }
    return NULL;
}

/* What was possible, and agrees with what is seen. */
static void judge(struct life *l)
{
    struct belief after = { 0 };
    const char *why = NULL;

    for (unsigned i = 0; i < l->belief.n; i++) {
        struct facts chain[CHAIN];
        struct seen seen;
        unsigned n = facts_start(&l->device, &l->belief.facts[i], chain, &seen);
        const char *wrong = contradicts(l, &chain[n - 1], &seen);

        if (wrong == NULL) {
            belief_add(&after, &chain[n - 1]);
            memcpy(l->runs, seen.runs, sizeof l->runs);
        } else {
            why = wrong;
        }
    }
    if (after.n == 0) {
        l->why = why;
        return;
    }
    l->belief = after;
}

static void cut_during_start(struct life *l)
{
    struct belief after = { 0 };

    for (unsigned i = 0; i < l->belief.n; i++) {
        struct facts chain[CHAIN];
        struct seen seen;
        unsigned n = facts_start(&l->device, &l->belief.facts[i], chain, &seen);

        for (unsigned j = 0; j < n; j++) {
            belief_add(&after, &chain[j]);
        }
    }
    l->belief = after;
}

static void start(struct life *l)
{
    const struct bm_boot_slot *slots = l->world->boot.slot[0];
    struct bm_boot_result *result = &l->result;

    l->status = world_start(l->world, result);
    if (!world_alive(l->world)) {
        l->cut = true;
        cut_during_start(l);
        return;
    }
    l->boots = l->status == BM_OK && result->verdict.yes == BM_VERDICT_YES &&
               result->verdict.no == (uint32_t)~BM_VERDICT_YES;
    if (l->boots &&
        (result->slot > 1 || result->address != slots[result->slot].address +
                                                    BM_IMAGE_HEADER_SIZE)) {
        l->why = "jumps to no image";
        return;
    }
    judge(l);
    l->running = true;
    if (l->boots) {
        l->lost = l->lost || (result->event == BM_BOOT_REVERTED && !l->tried);
        l->tried = result->event == BM_BOOT_TRIAL;
        l->slot = result->slot;
    }
}

static void act(struct life *l, const struct line *line)
{
    struct belief after = { 0 };

    l->status = act_do(l, line);
    l->cut = !world_alive(l->world);
    if (!l->cut && l->status != BM_OK) {
        l->why = "the application cannot do what it should";
    }
    for (unsigned i = 0; i < l->belief.n; i++) {
        struct facts chain[ACT_CHAIN];
        unsigned n = act_facts(l, line, &l->belief.facts[i], chain);

        for (unsigned j = l->cut ? 0 : n - 1; j < n; j++) {
            belief_add(&after, &chain[j]);
        }
    }
    l->belief = after;
}

/* The next line that applies to what runs. */
static const struct line *next_line(struct life *l)
{
    const struct line *line = &l->scenario->lines[l->line];

    while (line->act != ACT_END && line->when != NOTHING &&
           line->when != l->runs[0]) {
        line = &l->scenario->lines[++l->line];
    }
    return line;
}

bool life_phase(struct life *l)
{
    const struct line *line;

    l->cut = false;
    if (!l->running) {
        start(l);
    } else {
        line = next_line(l);
        if (line->act == ACT_END) {
            return false;
        }
        act(l, line);
        if (l->cut || line->act == ACT_RESTART) {
            l->running = false;
        }
        l->line += l->cut ? 0 : 1;
    }
    if (l->why == NULL) {
        l->why = world_wrong(l->world);
    }
    return l->why == NULL;
}

void life_finish(struct life *l)
{
    uint32_t operations = 0;

    while (life_phase(l)) {
    }
    for (int i = 0; i < 3 && l->why == NULL; i++) {
        operations = l->world->supply.operations;
        l->running = false;
        (void)life_phase(l);
    }
    if (l->why == NULL && l->world->supply.operations != operations) {
        l->why = "does not come to rest";
    }
}

void life_save(const struct life *l, unsigned save)
{
    saved_lives[save] = *l;
    world_save(l->world, save);
}

void life_restore(struct life *l, unsigned save)
{
    *l = saved_lives[save];
    world_restore(l->world, save);
}
