/* SPDX-License-Identifier: Apache-2.0 */
#include "server/batches.h"

#include "intake/row.h"
#include "keygen/keygen.h"

bm_status batches_count(struct bm_bytes rows, unsigned *n)
{
    struct ca_batch_row row;
    bm_status rc;

    *n = 0;
    while ((rc = intake_row_next(&rows, &row)) == BM_OK) {
        *n += row.words.n == 0;
    }
    return rc == BM_E_END ? BM_OK : rc;
}

static bm_status next(struct bm_bytes *rows, struct bm_bytes *keys,
                      struct ca_batch_row *row)
{
    struct keygen_pair pair;

    BM_TRY(intake_row_next(rows, row));
    if (keys->p == NULL || row->words.n != 0) {
        return BM_OK;
    }
    if (row->csr.n != 0 || keygen_pair_next(keys, &pair) != BM_OK) {
        return BM_E_CA_ORDER;
    }
    row->csr = pair.csr;
    row->key = pair.key;
    return BM_OK;
}

bm_status batches_take(struct ca_batch_check *check, struct bm_bytes rows,
                       struct bm_bytes keys, int64_t now,
                       struct ca_refusal *why)
{
    struct ca_batch_row some[CA_BATCH_STEP];
    bm_status rc = BM_OK;

    while (rc == BM_OK) {
        size_t n = 0;

        while (n < CA_BATCH_STEP && rc == BM_OK) {
            rc = next(&rows, &keys, &some[n]);
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
