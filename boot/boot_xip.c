/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/harden.h"
#include "boot/state.h"

/*
 * One start with two slots whose images run where they are. The newest that
 * verifies runs, on trial if it is not the one that was confirmed. What was not
 * confirmed by the next start has failed: it runs again only if nothing else
 * verifies, or if it is asked for by a request.
 *
 * Which of two is newer is said by headers that nobody has verified yet: it is
 * the order in which they are tried, and no more.
 */

static uint8_t *confirmed(struct bm_start *start)
{
    return start->state.part[0].name[0];
}

static uint8_t *failed(struct bm_start *start)
{
    return start->state.part[0].name[1];
}

static bool is_name(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, BM_REQUEST_NAME) == 0;
}

static bool has_confirmed(struct bm_start *start)
{
    static const uint8_t none[BM_REQUEST_NAME];

    return !is_name(confirmed(start), none);
}

static void version_of(const struct bm_boot *boot, unsigned slot,
                       struct bm_image_version *version)
{
    const struct bm_flash *flash = &boot->slot[0][slot].flash;
    uint8_t *octets = boot->work->header;

    memset(version, 0, sizeof *version);
    if (flash->read(flash->self, 0, octets, BM_IMAGE_HEADER_SIZE) == BM_OK) {
        bm_image_version_get(octets + 20, version);
    }
}

/* The slot to try first: that of the confirmed image, if the other is not
 * newer. */
static unsigned newest(const struct bm_start *start)
{
    unsigned slot = start->state.image & 1;
    struct bm_image_version mine, other;

    version_of(start->boot, slot, &mine);
    version_of(start->boot, slot ^ 1, &other);
    return bm_image_version_compare(&other, &mine) > 0 ? slot ^ 1 : slot;
}

/* Verify the image that is to run; one that has failed is the last resort. */
static bm_status choose(struct bm_start *start)
{
    struct bm_boot_result *result = start->result;
    unsigned first = newest(start);
    bm_status rc = BM_E_BOOT_NONE;

    for (unsigned i = 0; i < 4; i++) {
        unsigned slot = first ^ (i & 1);

        result->slot = slot;
        rc = bm_start_verify(start->boot, BM_WHICH(0, slot), &result->image,
                             &result->verdict);
        BM_CHECK_FAULT(result->slot == slot);
        if (rc == BM_OK &&
            bm_verdict_yes_of(&result->verdict,
                              &start->boot->slot[0][slot].flash) &&
            (i >= 2 || !is_name(result->image.digest.p, failed(start)))) {
            return BM_OK;
        }
        BM_VERDICT_NO(&result->verdict);
    }
    return rc;
}

/* The trial is over, one way or the other. */
static bm_status end_trial(struct bm_start *start)
{
    start->state.phase = BM_PHASE_IDLE;
    start->result->event = BM_BOOT_REVERTED;
    if (bm_start_confirms(start)) {
        start->state.image = start->state.stage;
        memcpy(confirmed(start), failed(start), BM_REQUEST_NAME);
        memset(failed(start), 0, BM_REQUEST_NAME);
        start->result->event = BM_BOOT_CONFIRMED;
    }
    return bm_start_put(start);
}

/* The image that runs: the one that was confirmed, the first of all, or one on
 * trial. */
static bm_status enter(struct bm_start *start)
{
    const struct bm_boot_counters *counters = &start->boot->counters;
    const struct bm_image *image = &start->result->image;
    struct bm_boot_state *state = &start->state;

    if (!has_confirmed(start)) {
        state->image = (uint8_t)start->result->slot;
        memcpy(confirmed(start), image->digest.p, BM_REQUEST_NAME);
        BM_TRY(bm_start_put(start));
    }
    if (is_name(confirmed(start), image->digest.p)) {
        return counters->raise(counters->self, BM_COUNTER_IMAGE,
                               image->counter);
    }
    state->phase = BM_PHASE_TRIAL;
    state->images = 1;
    state->stage = (uint8_t)start->result->slot;
    memcpy(failed(start), image->digest.p, BM_REQUEST_NAME);
    start->result->event = BM_BOOT_TRIAL;
    return bm_start_put(start);
}

/* Inlined, so that nothing about key sets is linked where keys are fixed. */
BM_HARDEN_INLINE bm_status decide(struct bm_start *start, bool fixed)
{
    if (!fixed) {
        BM_TRY(bm_start_keys(start));
    }
    if (start->state.phase != BM_PHASE_IDLE) {
        BM_TRY(end_trial(start));
    }
    if ((start->request.flags & BM_REQUEST_INSTALL) != 0 &&
        is_name(start->request.update[0], failed(start))) {
        memset(failed(start), 0, BM_REQUEST_NAME);
    }
    if (!fixed && has_confirmed(start)) {
        BM_TRY(bm_start_keyset(start, start->state.image & 1));
    }
    BM_TRY(bm_start_consume(start));
    BM_TRY(choose(start));
    return enter(start);
}

bm_status bm_boot_xip(const struct bm_boot *boot, struct bm_boot_result *result)
{
    struct bm_start start;
    bm_status rc = bm_start_begin(&start, boot, result);

    if (rc == BM_OK) {
        rc = decide(&start, false);
    }
    return bm_start_end(&start, rc);
}

bm_status bm_boot_xip_fixed(const struct bm_boot *boot,
                            struct bm_boot_result *result)
{
    struct bm_start start;
    bm_status rc = bm_start_begin(&start, boot, result);

    if (rc == BM_OK) {
        rc = decide(&start, true);
    }
    return bm_start_end(&start, rc);
}
