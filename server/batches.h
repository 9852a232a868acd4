/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_BATCHES_H
#define BM_SERVER_BATCHES_H

#include "ca/batch.h"

/*
 * Have rows looked at that another process has read (intake/row.h). What is no
 * row is BM_E_CA_ORDER: the file is to be given up.
 */
BM_MUST_CHECK bm_status batches_take(struct ca_batch_check *check,
                                     struct bm_bytes rows, int64_t now,
                                     struct ca_refusal *why);

#endif
