/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_BATCH_LIST_H
#define BM_PROTOCOLS_ADMIN_BATCH_LIST_H

#include "core/crypto.h"

/*
 * Is this CMS message a signature over the list of a batch, which has this
 * SHA-256? Or it is not this batch. Who signed it a verifier finds out: its
 * certificate is in the message.
 */
BM_MUST_CHECK bm_status admin_batch_list_check(const struct bm_crypto *crypto,
                                               struct bm_bytes message,
                                               const uint8_t digest[32]);

#endif
