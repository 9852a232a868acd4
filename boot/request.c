/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/request.h"

#include <string.h>

_Static_assert(sizeof(struct bm_request) == 44, "docs/boot.md has its layout");

bm_status bm_request_get(const struct bm_flash *mailbox, uint32_t consumed,
                         struct bm_request *request, uint32_t *sequence)
{
    struct bm_journal journal;

    BM_TRY(bm_journal_open(&journal, mailbox, request, sizeof *request));
    if (!bm_journal_later(journal.sequence, consumed)) {
        memset(request, 0, sizeof *request);
        return BM_E_NOT_FOUND;
    }
    *sequence = journal.sequence;
    return BM_OK;
}
