/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/harden.h"
#include "boot/state.h"

_Static_assert(sizeof(struct bm_boot_state) == 60 &&
                   sizeof(struct bm_boot_state) <= BM_JOURNAL_RECORD_MAX,
               "docs/boot.md has its layout");

bm_status bm_start_begin(struct bm_start *start, const struct bm_boot *boot,
                         struct bm_boot_result *result)
{
    struct bm_boot_state *state = &start->state;
    bm_status rc;

    memset(start, 0, sizeof *start);
    memset(result, 0, sizeof *result);
    start->boot = boot;
    start->result = result;
    rc = bm_journal_open(&start->journal, &boot->journal, state, sizeof *state);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    /* Who can write the flash can forge a state: none may be a dead end. */
    if (state->phase >= BM_PHASES) {
        state->phase = BM_PHASE_IDLE;
    }
    start->sequence = state->consumed;
    rc = bm_request_get(&boot->mailbox, state->consumed, &start->request,
                        &start->sequence);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status bm_start_end(struct bm_start *start, bm_status rc)
{
    struct bm_boot_result *result = start->result;

    result->consumed = start->state.consumed;
    if (rc != BM_OK) {
        BM_VERDICT_NO(&result->verdict);
    }
    result->address = result->verdict.address;
    return rc;
}

/* A place that is worn is no reason to stop: the next one is taken. */
bm_status bm_start_put(struct bm_start *start)
{
    bm_status rc = BM_E_INTERNAL;

    for (int i = 0; i < 4 && rc != BM_OK; i++) {
        rc = bm_journal_put(&start->journal, &start->state);
    }
    return rc;
}

bm_status bm_start_consume(struct bm_start *start)
{
    if (start->state.consumed == start->sequence) {
        return BM_OK;
    }
    start->state.consumed = start->sequence;
    return bm_start_put(start);
}

void bm_start_refuse(struct bm_start *start, bm_status why)
{
    if (start->result->event == BM_BOOT_NORMAL) {
        start->result->event = BM_BOOT_REFUSED;
    }
    start->result->refusal = why;
}

bool bm_start_confirms(const struct bm_start *start)
{
    const struct bm_boot_state *state = &start->state;

    for (unsigned i = 0; i < start->boot->images; i++) {
        if ((state->images >> i & 1) != 0 &&
            memcmp(start->request.running[i], state->part[i].name[1],
                   BM_REQUEST_NAME) != 0) {
            return false;
        }
    }
    return (start->request.flags & BM_REQUEST_CONFIRM) != 0;
}

bm_status bm_start_verify(const struct bm_boot *boot, unsigned which,
                          struct bm_image *image, struct bm_verdict *verdict)
{
    const struct bm_boot_slot *slot = &boot->slot[which >> 1][which & 1];
    const struct bm_boot_counters *counters = &boot->counters;
    struct bm_verify v = { .crypto = boot->crypto,
                           .lms = boot->lms,
                           .ring = boot->ring,
                           .flash = &slot->flash,
                           .address = slot->address,
                           .least = { UINT32_MAX, UINT32_MAX },
                           .ram = boot->ram,
                           .ram_address = boot->ram_address,
                           .ram_size = boot->ram_size,
                           .work = boot->work };
    bm_status rc;

    BM_VERDICT_NO(verdict);
    for (unsigned i = 0; i < 2; i++) {
        unsigned counter = which >> 1;

        BM_OPAQUE(counter); /* or one sum would be for both */
        counter += BM_COUNTER_IMAGE;
        BM_TRY(counters->read(counters->self, counter, &v.least[i]));
    }
    rc = bm_verify_image(&v, image, verdict);
    bm_wipe(&v, sizeof v);
    if ((image->header.flags & BM_IMAGE_RAM_LOAD) == 0 &&
        !bm_sure_equal(slot->internal, true)) {
        BM_VERDICT_NO(verdict); /* it could change after the check */
        rc = rc != BM_OK ? rc : BM_E_BOOT_ADDRESS;
    }
    return rc;
}
