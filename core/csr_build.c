/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csr.h"
#include "core/oid.h"

/* An attribute of PKCS #9, whose OIDs all have nine octets. */
static void put_attribute(struct bm_wr *w, const char *oid, uint8_t tag,
                          struct bm_bytes value)
{
    struct bm_attribute_mark m;

    m = bm_attribute_open(w, (struct bm_bytes){ (const uint8_t *)oid, 9 });
    bm_der_put(w, tag, value);
    bm_attribute_close(w, &m);
}

/*
 * RFC 2985 5.4.1: a DirectoryString, PrintableString where the characters
 * allow it, since that is what every reader understands.
 */
static bm_status put_challenge(struct bm_wr *w, struct bm_bytes challenge)
{
    static const struct bm_der silent = { NULL, NULL, NULL };
    uint8_t tag = BM_DER_PRINTABLE_STRING;

    if (challenge.n == 0) {
        return BM_OK;
    }
    if (challenge.n > BM_CSR_CHALLENGE_MAX) {
        return BM_E_CSR_CHALLENGE;
    }
    if (bm_der_check_string(&silent, tag, challenge) != BM_OK) {
        tag = BM_DER_UTF8_STRING;
        BM_TRY(bm_der_check_string(&silent, tag, challenge));
    }
    put_attribute(w, BM_OID_P9_CHALLENGE, tag, challenge);
    return BM_OK;
}

/* The grammar stands in csr.c. */
static bm_status put_info(struct bm_wr *w, const struct bm_csr_config *config,
                          const struct bm_signer *signer)
{
    size_t info = bm_der_open(w, BM_DER_SEQUENCE);
    size_t attributes;

    bm_der_put_u32(w, 0); /* v1 */
    bm_wr_put(w, config->subject);
    bm_wr_put(w, signer->key.der);
    attributes = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    if (config->extensions.n != 0) { /* SEQUENCE SIZE (1..MAX) OF */
        put_attribute(w, BM_OID_P9_EXTENSIONS, BM_DER_SEQUENCE,
                      config->extensions);
    }
    BM_TRY(put_challenge(w, config->challenge));
    bm_wr_put(w, config->attributes);
    BM_TRY(bm_der_close_set(w, attributes));
    bm_der_close(w, info);
    return BM_OK;
}

static bm_status put_request(struct bm_wr *w,
                             const struct bm_csr_config *config,
                             const struct bm_signer *signer)
{
    size_t request = bm_der_open(w, BM_DER_SEQUENCE);
    struct bm_bytes tbs;

    BM_TRY(put_info(w, config, signer));
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    tbs = (struct bm_bytes){ w->buf + request, w->len - request };
    BM_TRY(bm_signer_put(signer, tbs, w));
    bm_der_close(w, request);
    return w->len > w->cap ? BM_E_BUFFER : BM_OK;
}

bm_status bm_csr_build(const struct bm_csr_config *config,
                       const struct bm_signer *signer, struct bm_wr *w)
{
    size_t start = w->len;
    bm_status rc;

    if (config->subject.n == 0) {
        return BM_E_ARGUMENT;
    }
    rc = put_request(w, config, signer);
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}
