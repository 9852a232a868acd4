/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CSR_H
#define BM_CORE_CSR_H

#include "core/alg.h"
#include "core/attribute.h"
#include "core/crypto.h"
#include "core/ext.h"

/*
 * PKCS#10 certification requests (RFC 2986), taken apart and built.
 */

/* Characters of a challengePassword: pkcs-9-ub-challengePassword, RFC 2985. */
#define BM_CSR_CHALLENGE_MAX 255

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
 * Parse a DER request. No attribute type may occur twice; extensionRequest
 * and challengePassword hold one value each; attributes we do not know are
 * kept. The caller must still call bm_csr_verify() and apply policy.
 * On error `*csr` is all zero.
 *
 * Two liberties, because requests in the field need them and neither gives
 * the bytes a second meaning: the attributes may stand in any order though
 * DER sorts a SET OF (most writers append them as they come), and `[0]` may
 * be missing where there are none (RFC 2986 4.1 has it always; old writers
 * and OpenSSL's reader do not).
 */
BM_MUST_CHECK bm_status bm_csr_parse(struct bm_bytes der, struct bm_diag *diag,
                                     struct bm_csr *csr);

/*
 * Proof of possession: BM_E_CSR_SIGNATURE unless the key made the signature.
 * A key or an algorithm we do not know is BM_E_KEY_UNSUPPORTED or
 * BM_E_ALG_UNSUPPORTED. Whether the key is strong enough is policy, see
 * bm_spki_weak().
 */
BM_MUST_CHECK bm_status bm_csr_verify(const struct bm_csr *csr,
                                      const struct bm_crypto *crypto);

/* What goes into a request. Views; all optional but subject. */
struct bm_csr_config {
    struct bm_bytes subject;    /* Name, with header */
    struct bm_bytes extensions; /* Extension elements, concatenated */
    struct bm_bytes challenge;  /* challengePassword, UTF-8, or empty */
    struct bm_bytes attributes; /* further Attribute elements */
};

/*
 * Append a request signed by `signer`, whose public key goes in. Attributes
 * are written in the order DER demands. Works in the writer's buffer alone:
 * BM_E_BUFFER when that is too small (there is no measuring: nobody knows
 * how long a signature will be). On error `*w` is as it was.
 */
BM_MUST_CHECK bm_status bm_csr_build(const struct bm_csr_config *config,
                                     const struct bm_signer *signer,
                                     struct bm_wr *w);

#endif
