/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_OCSP_INTERNAL_H
#define BM_CORE_OCSP_INTERNAL_H

#include "core/ocsp.h"

/* What requests and responses share (ocsp.c). */

/* CertID ::= SEQUENCE { ... } */
BM_MUST_CHECK bm_status bm_ocsp_certid_take(struct bm_der *d,
                                            struct bm_ocsp_certid *id);

/* version [0] EXPLICIT Version DEFAULT v1: nothing but v1, so nothing. */
BM_MUST_CHECK bm_status bm_ocsp_version_take(struct bm_der *d);

/* What extensions of a message can say to us. */
struct bm_ocsp_exts {
    struct bm_bytes all;
    struct bm_bytes nonce;
    struct bm_bytes unknown_critical;
    bool extended_revoked;
};

/* Extensions under the explicit `tag`, if they are there. */
BM_MUST_CHECK bm_status bm_ocsp_exts_take(struct bm_der *d, uint8_t tag,
                                          struct bm_ocsp_exts *exts);
void bm_ocsp_nonce_put(struct bm_wr *w, struct bm_bytes nonce);

/*
 * AlgorithmIdentifier, BIT STRING and certs [0]: the end of a signed request
 * and of a response.
 */
struct bm_ocsp_signed {
    struct bm_bytes sig_alg_id;
    struct bm_bytes signature;
    struct bm_bytes certs;
    enum bm_sig_alg sig_alg;
};
BM_MUST_CHECK bm_status bm_ocsp_signed_take(struct bm_der *d,
                                            struct bm_ocsp_signed *s);

#endif
