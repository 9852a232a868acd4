/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_BATCHES_H
#define BM_SERVER_BATCHES_H

#include "ca/batch.h"

/*
 * Have rows looked at that another process has read (intake/row.h). `keys`: the
 * pairs (keygen/keygen.h) that a third has made for those that are not wrong,
 * one each and in their order; empty where rows have requests. What is no row,
 * or no pair, is BM_E_CA_ORDER: the file is to be given up.
 */
BM_MUST_CHECK bm_status batches_take(struct ca_batch_check *check,
                                     struct bm_bytes rows, struct bm_bytes keys,
                                     int64_t now, struct ca_refusal *why);

/* How many pairs are to be made for these rows. BM_E_CA_ORDER. */
BM_MUST_CHECK bm_status batches_count(struct bm_bytes rows, unsigned *n);

#endif
