/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CERT_H
#define BM_CORE_CERT_H

#include "core/alg.h"
#include "core/ext.h"
#include "core/time.h"

/*
 * A certificate, taken apart (RFC 5280 4.1). Every view points into the
 * buffer that was parsed; keep it alive for as long as the struct is used.
 *
 * Parsing checks the syntax of every field and known extension, and the
 * rules a certificate can break by itself (version against fields, serial
 * number, matching algorithms, critical empty-subject rule, pathLen without
 * cA). It verifies no signature and knows no time: see path.h.
 */

#define BM_SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */

struct bm_cert {
    struct bm_bytes der;        /* Certificate, as parsed */
    struct bm_bytes tbs;        /* tbsCertificate, with header: as signed */
    struct bm_bytes serial;     /* INTEGER contents */
    struct bm_bytes sig_alg_id; /* signatureAlgorithm, with header */
    struct bm_bytes issuer;     /* Name, with header */
    struct bm_bytes subject;    /* Name, with header */
    int64_t not_before;         /* seconds, see time.h */
    int64_t not_after;
    struct bm_spki key;
    struct bm_exts ext;
    struct bm_bytes signature; /* BIT STRING, unused-bits octet off */
    enum bm_sig_alg sig_alg;
    uint8_t version; /* 1, 2 or 3 */
};

/*
 * Parse one DER certificate. `tolerate` is BM_STRICT or BM_TOLERATE_...;
 * `diag` may be NULL. On error `*cert` is all zero.
 */
BM_MUST_CHECK bm_status bm_cert_parse(struct bm_bytes der, unsigned tolerate,
                                      struct bm_diag *diag,
                                      struct bm_cert *cert);

/*
 * The same rules for a to-be-signed certificate before it is signed: what a
 * CA checks last. `der`, `sig_alg_id` and `signature` of `*cert` are empty;
 * `sig_alg` is tbsCertificate.signature.
 */
BM_MUST_CHECK bm_status bm_cert_parse_tbs(struct bm_bytes tbs,
                                          struct bm_diag *diag,
                                          struct bm_cert *cert);

/* subject equals issuer by RFC 5280 7.1. */
bool bm_cert_is_self_issued(const struct bm_cert *cert);

#endif
