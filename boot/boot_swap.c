/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/harden.h"
#include "boot/state.h"

/*
 * One start with two slots that change places. In the order of what may happen:
 *
 *  1. a move that a cut ended is finished, and nothing but that is done;
 *  2. the keys that count are read;
 *  3. a trial ends: confirmed, or with the way back;
 *  4. what is confirmed may get a new key set, then updates;
 *  5. the images in slot 0 are verified, whatever was said of them before, and
 *     run. Where they do not verify, those in slot 1 come instead.
 */

#define TRIES 3 /* at verifying slot 0; the last is after a fallback */

/* From here on there is nothing but this move, whatever the power does. */
static bm_status move(struct bm_start *start, enum bm_boot_event event)
{
    start->state.phase = BM_PHASE_MOVING;
    start->state.event = (uint8_t)event;
    start->state.consumed = start->sequence;
    BM_TRY(bm_start_put(start));
    return bm_start_move(start);
}

static bm_status raise_confirmed(struct bm_start *start);

/* Who asked, by request or trailer, does so once. */
static bm_status refuse(struct bm_start *start, unsigned set, bm_status why)
{
    bool permanent;

    bm_start_refuse(start, why);
    BM_TRY(bm_start_consume(start));
    set &= bm_start_trailers(start->boot, &permanent);
    /* Where the sector is worn, the trailer asks again at each start and is
     * refused: no reason not to run what is in slot 0. */
    (void)!bm_start_trailers_drop(start->boot, set);
    return BM_OK;
}

static bm_status install(struct bm_start *start)
{
    const struct bm_request *request = &start->request;
    bool asked = (request->flags & BM_REQUEST_INSTALL) != 0;
    bool permanent = (request->flags & BM_REQUEST_PERMANENT) != 0;
    unsigned set = request->images & ((1u << start->boot->images) - 1);
    const struct bm_boot_state before = start->state;
    bm_status rc;
    bool lossy;

    if (!asked) {
        set = bm_start_trailers(start->boot, &permanent);
    }
    if (set == 0) {
        return bm_start_consume(start);
    }
    BM_TRY(raise_confirmed(start));
    rc = bm_start_plan(start, set, asked ? request->update[0] : NULL, &lossy);
    if (rc != BM_OK) {
        start->state = before; /* a trial goes on with what it had */
        return refuse(start, set, rc);
    }
    /* What there is no way back from needs no trial. */
    return move(start, lossy       ? BM_BOOT_FALLBACK
                       : permanent ? BM_BOOT_CONFIRMED
                                   : BM_BOOT_TRIAL);
}

/* The trial is over. Without the image before it, which the application may
 * have overwritten, it goes on; or what recovery wrote there comes instead. */
static bm_status end_trial(struct bm_start *start)
{
    struct bm_boot_state *state = &start->state;
    uint8_t names[BM_BOOT_IMAGES * BM_REQUEST_NAME];
    bm_status rc;
    bool lossy;

    if (bm_start_confirms(start)) {
        state->phase = BM_PHASE_IDLE;
        start->result->event = BM_BOOT_CONFIRMED;
        return bm_start_put(start);
    }
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        memcpy(names + i * BM_REQUEST_NAME, state->part[i].name[0],
               BM_REQUEST_NAME);
    }
    rc = bm_start_plan(start, state->images, names, &lossy);
    if (rc == BM_OK || rc == BM_E_BOOT_DEPENDENCY) {
        return move(start, BM_BOOT_REVERTED);
    }
    start->result->event = BM_BOOT_TRIAL;
    if ((~start->request.flags & (BM_REQUEST_INSTALL | BM_REQUEST_PERMANENT)) ==
        0) {
        return install(start);
    }
    bm_start_refuse(start, rc);
    return bm_start_consume(start);
}

static void measure(const struct bm_boot *boot, unsigned number,
                    const struct bm_image *image)
{
    if (boot->measured != NULL) {
        boot->measured(boot->measured_self, number, image);
    }
}

/* Verify what is to run, image 0 last: its verdict and its views are what the
 * port gets. Gives the images that do not verify. */
static unsigned verify_all(struct bm_start *start,
                           uint32_t counters[BM_BOOT_IMAGES], bm_status *why)
{
    unsigned broken = (1u << start->boot->images) - 1;

    measure(start->boot, 0, NULL);
    for (unsigned i = start->boot->images; i-- > 0;) {
        struct bm_verdict *verdict = &start->result->verdict;
        bm_status rc = bm_start_verify(start->boot, BM_WHICH(i, 0),
                                       &start->result->image, verdict);

        if (rc == BM_OK &&
            bm_verdict_yes_of(verdict, &start->boot->slot[i][0].flash)) {
            broken &= ~(1u << i);
        } else {
            *why = rc;
        }
        counters[i] = start->result->image.counter;
        measure(start->boot, i, &start->result->image);
    }
    if (!bm_sure_equal(broken, 0)) {
        BM_VERDICT_NO(&start->result->verdict);
    }
    return broken;
}

/* Slot 0 does not verify, for that reason. Images that came together go
 * together. */
static bm_status fall_back(struct bm_start *start, unsigned broken,
                           bm_status why)
{
    const struct bm_boot_state *state = &start->state;
    unsigned set = state->phase == BM_PHASE_IDLE ? broken : state->images;
    bool lossy;

    if (bm_start_plan(start, set, NULL, &lossy) != BM_OK) {
        return why;
    }
    return move(start, BM_BOOT_FALLBACK);
}

/* The images that were moved, and whose slot 1 has none in its last sector. */
static unsigned free_of_images(const struct bm_start *start)
{
    unsigned set = start->state.images;

    for (unsigned i = 0; i < start->boot->images; i++) {
        const struct bm_flash *flash = &start->boot->slot[i][1].flash;
        const uint32_t *size = start->state.part[i].size;

        if ((size[0] != 0 ? size[0] : size[1]) >
            flash->sector * (flash->sectors - 1)) {
            set &= ~(1u << i);
        }
    }
    return set;
}

/* What moved is where it is to be, and verified. */
static bm_status arrive(struct bm_start *start)
{
    struct bm_boot_state *state = &start->state;

    if (state->phase != BM_PHASE_MOVING) {
        return BM_OK;
    }
    BM_TRY(bm_start_trailers_drop(start->boot, free_of_images(start)));
    state->phase =
        state->event == BM_BOOT_TRIAL ? BM_PHASE_TRIAL : BM_PHASE_IDLE;
    start->result->event = (enum bm_boot_event)state->event;
    return bm_start_put(start);
}

static bm_status raise_counters(const struct bm_start *start,
                                const uint32_t values[BM_BOOT_IMAGES])
{
    const struct bm_boot_counters *counters = &start->boot->counters;

    if (start->state.phase != BM_PHASE_IDLE) {
        return BM_OK;
    }
    for (unsigned i = 0; i < start->boot->images; i++) {
        BM_TRY(
            counters->raise(counters->self, BM_COUNTER_IMAGE + i, values[i]));
    }
    return BM_OK;
}

/* Before another image comes: nothing below what is confirmed comes with it,
 * nor while that waits in slot 1 for the end of a trial. */
static bm_status raise_confirmed(struct bm_start *start)
{
    uint32_t counters[BM_BOOT_IMAGES] = { 0 };
    bm_status why;
    unsigned broken = verify_all(start, counters, &why);

    BM_VERDICT_NO(&start->result->verdict); /* it is not what is to run */
    return broken == 0 ? raise_counters(start, counters) : BM_OK;
}

static bm_status run(struct bm_start *start)
{
    uint32_t counters[BM_BOOT_IMAGES] = { 0 };
    bm_status why = BM_E_BOOT_NONE;
    unsigned broken;

    for (int tries = 1; (broken = verify_all(start, counters, &why)) != 0;
         tries++) {
        if (tries == TRIES) {
            return why;
        }
        /* What could not be read once may be read the second time. */
        if (tries == TRIES - 1) {
            BM_TRY(fall_back(start, broken, why));
        }
    }
    BM_TRY(arrive(start));
    return raise_counters(start, counters);
}

static bm_status decide(struct bm_start *start)
{
    const struct bm_boot_state *state = &start->state;

    BM_TRY(bm_start_shapes(start->boot));
    if (state->phase == BM_PHASE_MOVING) {
        /* A record that was found today may not be found tomorrow, if it is
         * one that a cut tore: not before it is there for sure. */
        BM_TRY(bm_start_put(start));
        BM_TRY(bm_start_move(start));
    }
    BM_TRY(bm_start_keys(start));
    if (state->phase == BM_PHASE_TRIAL) {
        BM_TRY(end_trial(start));
    }
    if (state->phase == BM_PHASE_IDLE) {
        BM_TRY(bm_start_keyset(start, 0));
        BM_TRY(install(start));
    }
    return run(start);
}

bm_status bm_boot_swap(const struct bm_boot *boot,
                       struct bm_boot_result *result)
{
    struct bm_start start;
    bm_status rc = bm_start_begin(&start, boot, result);

    if (rc == BM_OK) {
        rc = decide(&start);
    }
    return bm_start_end(&start, rc);
}
