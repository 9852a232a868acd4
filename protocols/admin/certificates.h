/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_CERTIFICATES_H
#define BM_PROTOCOLS_ADMIN_CERTIFICATES_H

#include "protocols/admin/internal.h"

/* In a transaction: all that is known of the certificate `id`, as members of
 * `result`. */
BM_MUST_CHECK bm_status admin_give_cert(struct admin_context *c, uint64_t id,
                                        json_t *result);

#endif
