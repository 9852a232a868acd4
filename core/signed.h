/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_SIGNED_H
#define BM_CORE_SIGNED_H

#include "core/cms.h"

/*
 * The one form in which contents of our own are signed: CMS SignedData in DER
 * with one signer, signed attributes, ECDSA P-256 and SHA-256, at most 8
 * certificates and no CRL. What tells a trust bundle from a delivery manifest
 * is the content type, which is a signed attribute: so none can be passed off
 * as the other, although the same key may sign both.
 *
 * Not here: whether that signer may (bm_trust_signer() in device/trust.h), and
 * what the content says.
 */

/* Certificates in a message: the signer's chain, not a directory. */
#define BM_SIGNED_CERTS_MAX 8

/*
 * Open a message of this content type (OID contents) and verify its signature.
 * `*signer` is the certificate that signed; cms->content is what was signed,
 * cms->certs all that the message carries. On error both are all zero:
 * BM_E_CMS_..., BM_E_CMS_FORM, BM_E_LIMIT, BM_E_ALG_UNSUPPORTED,
 * BM_E_KEY_UNSUPPORTED.
 */
BM_MUST_CHECK bm_status bm_signed_open(struct bm_bytes message,
                                       struct bm_bytes content_type,
                                       const struct bm_crypto *crypto,
                                       struct bm_cert *signer,
                                       struct bm_cms *cms);

/*
 * May a certificate sign what this purpose is about, by its extKeyUsage? It has
 * that one purpose (OID contents) and no other: BM_E_PATH_EKU; and it is no
 * CA's, and of no key that does not sign: BM_E_PATH_KEY_USAGE. Chain, dates and
 * revocation are path.h's.
 */
BM_MUST_CHECK bm_status bm_signed_purpose(const struct bm_cert *cert,
                                          struct bm_bytes purpose);

/* Who signs. */
struct bm_signed_by {
    const struct bm_crypto *crypto;
    const struct bm_signer *signer; /* ECDSA P-256, SHA-256 */
    const struct bm_cert *cert;     /* its one purpose is this */
    struct bm_bytes chain; /* DER, the signer's own first, one after another,
                              without the anchor */
};

/* Append the message. On error `*w` is as it was. */
BM_MUST_CHECK bm_status bm_signed_put(const struct bm_signed_by *by,
                                      struct bm_bytes content_type,
                                      struct bm_bytes content,
                                      int64_t signing_time, struct bm_wr *w);

#endif
