/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CRL_INTERNAL_H
#define BM_CORE_CRL_INTERNAL_H

#include "core/crl.h"

/*
 * The grammar of a list, as crl.c (all in memory) and crl_read.c (a stream)
 * share it. Each takes one thing whose octets are all there.
 */

/* version, signature, issuer, thisUpdate, nextUpdate */
BM_MUST_CHECK bm_status bm_crl_head_take(struct bm_der *d,
                                         struct bm_crl_head *head);

/* One element of revokedCertificates in a list of that version. */
BM_MUST_CHECK bm_status bm_crl_entry_take(struct bm_der *d, uint8_t version,
                                          struct bm_crl_entry *entry);

/* crlExtensions, from its [0] on. */
BM_MUST_CHECK bm_status bm_crl_exts_take(struct bm_der *d, uint8_t version,
                                         struct bm_crl_exts *exts);

/* What entries can demand of the extensions that come after them. */
enum {
    BM_CRL_SEEN_REMOVE = 1 << 0,     /* removeFromCRL: a delta CRL */
    BM_CRL_SEEN_CERT_ISSUER = 1 << 1 /* certificateIssuer: an indirect CRL */
};
uint8_t bm_crl_entry_demands(const struct bm_crl_entry *entry);
BM_MUST_CHECK bm_status bm_crl_check_demands(uint8_t seen,
                                             const struct bm_crl_exts *exts);

/* BM_E_SIGNATURE under the name it has here. */
bm_status bm_crl_signature_status(bm_status rc);

#endif
