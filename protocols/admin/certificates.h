/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PROTOCOLS_ADMIN_CERTIFICATES_H
#define BM_PROTOCOLS_ADMIN_CERTIFICATES_H

#include "ca/issue.h"
#include "protocols/admin/internal.h"

/* In a transaction: all that is known of the certificate `id`, as members of
 * `result`. */
BM_MUST_CHECK bm_status admin_give_cert(struct admin_context *c, uint64_t id,
                                        json_t *result);

/* What came of asking for a certificate: the certificate, with the CAs above
 * it, or why there is none. */
BM_MUST_CHECK bm_status admin_give_issued(struct admin_context *c, bm_status rc,
                                          const struct ca_issue_result *issued,
                                          json_t *result,
                                          struct ca_refusal *why);

#endif
