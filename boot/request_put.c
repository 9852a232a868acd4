/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/request.h"

/* What is asked anew, over what was asked and is still to be read. */
static void merge(struct bm_request *all, const struct bm_request *more)
{
    all->flags |= more->flags;
    all->images |= more->images;
    if ((more->flags & BM_REQUEST_CONFIRM) != 0) {
        memcpy(all->running, more->running, sizeof all->running);
    }
    if ((more->flags & BM_REQUEST_KEYSET) != 0) {
        memcpy(all->keyset, more->keyset, sizeof all->keyset);
    }
    if ((more->flags & BM_REQUEST_INSTALL) == 0) {
        return;
    }
    /* With a trial or without is said by who asked last. */
    if ((more->flags & BM_REQUEST_PERMANENT) == 0) {
        all->flags &= (uint8_t)~BM_REQUEST_PERMANENT;
    }
    for (unsigned i = 0; i < 2; i++) {
        if ((more->images >> i & 1) != 0) {
            memcpy(all->update[i], more->update[i], sizeof all->update[i]);
        }
    }
}

static bm_status append(const struct bm_flash *mailbox, uint32_t consumed,
                        const struct bm_request *all)
{
    struct bm_request newest;
    struct bm_journal journal;
    bm_status rc = bm_journal_open(&journal, mailbox, &newest, sizeof newest);

    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    /* The mailbox may have been erased since: number on from what was read. */
    if (bm_journal_later(consumed, journal.last)) {
        journal.last = consumed;
    }
    return bm_journal_put(&journal, all);
}

static bm_status erase(const struct bm_flash *mailbox)
{
    for (uint32_t i = 0; i < mailbox->sectors; i++) {
        BM_TRY(mailbox->erase(mailbox->self, i * mailbox->sector));
    }
    return BM_OK;
}

bm_status bm_request_put(const struct bm_flash *mailbox, uint32_t consumed,
                         const struct bm_request *request)
{
    struct bm_request all;
    struct bm_request read;
    uint32_t sequence;
    bm_status rc = bm_request_get(mailbox, consumed, &all, &sequence);

    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    merge(&all, request);
    BM_TRY(append(mailbox, consumed, &all));
    rc = bm_request_get(mailbox, consumed, &read, &sequence);
    if (rc == BM_OK && memcmp(&read, &all, sizeof all) == 0) {
        return BM_OK;
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    /* Numbers that nobody counted up to, half way round the circle, hide what
     * comes behind them: nothing in there was to be read. */
    BM_TRY(erase(mailbox));
    return append(mailbox, consumed, &all);
}
