/* SPDX-License-Identifier: Apache-2.0 */
#include "server/batches.h"

#include "intake/row.h"

bm_status batches_take(struct ca_batch_check *check, struct bm_bytes rows,
                       int64_t now, struct ca_refusal *why)
{
    struct ca_batch_row some[CA_BATCH_STEP];
    bm_status rc = BM_OK;

    while (rc == BM_OK) {
        size_t n = 0;

        while (n < CA_BATCH_STEP && rc == BM_OK) {
            rc = intake_row_next(&rows, &some[n]);
            n += rc == BM_OK;
        }
        if (rc != BM_OK && rc != BM_E_END) {
            return ca_refuse_plain(why, rc);
        }
        if (n != 0) {
            BM_TRY(ca_batch_check_rows(check, some, n, now, why));
        }
    }
    return BM_OK;
}
