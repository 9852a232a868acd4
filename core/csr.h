/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CSR_H
#define BM_CORE_CSR_H

#include "core/alg.h"
#include "core/crypto.h"
#include "core/ext.h"

/*
 * PKCS#10 certification requests (RFC 2986), taken apart and built.
 */

#define BM_CSR_CHALLENGE_MAX 255 /* RFC 2985 5.4.1: pkcs-9-ub-challenge... */

/* Views into the buffer that was parsed. */
struct bm_csr {
    struct bm_bytes der;
    struct bm_bytes tbs;     /* certificationRequestInfo, as signed */
    struct bm_bytes subject; /* Name, with header */
    struct bm_spki key;
    struct bm_bytes attributes; /* contents of [0], unknown ones included */
    struct bm_bytes challenge;  /* challengePassword characters, or empty */
    struct bm_exts ext;         /* extensionRequest; present == 0 if none */
    struct bm_bytes sig_alg_id;
    struct bm_bytes signature;
    enum bm_sig_alg sig_alg;
};

/*
 * Parse a DER request. Checks syntax and that no attribute type occurs
 * twice; the caller must still call bm_csr_verify() and apply policy.
 * On error `*csr` is all zero.
 */
BM_MUST_CHECK bm_status bm_csr_parse(struct bm_bytes der, struct bm_diag *diag,
                                     struct bm_csr *csr);

/* Proof of possession: BM_E_CSR_SIGNATURE unless the key made the signature. */
BM_MUST_CHECK bm_status bm_csr_verify(const struct bm_csr *csr,
                                      const struct bm_crypto *crypto);

/* One attribute as it stands. */
struct bm_csr_attribute {
    struct bm_bytes type;   /* OID contents */
    struct bm_bytes values; /* contents of the SET */
};
bool bm_csr_attribute_next(struct bm_bytes *attributes,
                           struct bm_csr_attribute *attribute);

/* What goes into a request. Views; all optional but subject and signer. */
struct bm_csr_config {
    struct bm_bytes subject;    /* Name, with header */
    struct bm_bytes extensions; /* Extension elements, concatenated */
    struct bm_bytes challenge;  /* challengePassword, or empty */
    struct bm_bytes attributes; /* further Attribute elements */
};

/*
 * Build and sign a request with `signer`, whose public key goes in. The
 * attributes are written in the order DER demands. On error nothing usable
 * is in `w`.
 */
BM_MUST_CHECK bm_status bm_csr_build(const struct bm_csr_config *config,
                                     const struct bm_signer *signer,
                                     struct bm_wr *w);

#endif
