/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ocsp.h"
#include "core/ocsp_internal.h"
#include "core/oid.h"

/* The grammar is quoted in ocsp_response.c. */

static void tagged_time_put(struct bm_wr *w, uint8_t tag, int64_t t)
{
    size_t mark = bm_der_open(w, tag);

    bm_time_put_generalized(w, BM_DER_GENERALIZED_TIME, t);
    bm_der_close(w, mark);
}

static void revoked_put(struct bm_wr *w, const struct bm_ocsp_single *s)
{
    size_t info = bm_der_open(w, BM_DER_CONSTRUCTED(1));

    bm_time_put_generalized(w, BM_DER_GENERALIZED_TIME, s->revoked_at);
    if (s->reason != BM_REASON_UNSPECIFIED) {
        size_t reason = bm_der_open(w, BM_DER_CONSTRUCTED(0));

        bm_der_put(w, BM_DER_ENUMERATED, (struct bm_bytes){ &s->reason, 1 });
        bm_der_close(w, reason);
    }
    bm_der_close(w, info);
}

static bm_status single_put(struct bm_wr *w, const struct bm_ocsp_single *s)
{
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    bm_wr_put(w, s->id.der);
    switch (s->status) {
    case BM_OCSP_GOOD:
        bm_der_put_header(w, BM_DER_CONTEXT(0), 0);
        break;
    case BM_OCSP_REVOKED:
        revoked_put(w, s);
        break;
    case BM_OCSP_UNKNOWN:
        bm_der_put_header(w, BM_DER_CONTEXT(2), 0);
        break;
    default:
        return BM_E_ARGUMENT;
    }
    bm_time_put_generalized(w, BM_DER_GENERALIZED_TIME, s->this_update);
    if (s->has_next_update) {
        tagged_time_put(w, BM_DER_CONSTRUCTED(0), s->next_update);
    }
    bm_der_close(w, seq);
    return BM_OK;
}

static bm_status responder_put(struct bm_wr *w, struct bm_bytes by_name,
                               const struct bm_crypto *crypto,
                               const struct bm_spki *key)
{
    uint8_t id[BM_HASH_MAX];
    size_t mark;

    if (by_name.n != 0) {
        bm_der_put(w, BM_DER_CONSTRUCTED(1), by_name);
        return BM_OK;
    }
    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA1, key->key, id));
    mark = bm_der_open(w, BM_DER_CONSTRUCTED(2));
    bm_der_put(w, BM_DER_OCTET_STRING, (struct bm_bytes){ id, BM_SKI_SIZE });
    bm_der_close(w, mark);
    return BM_OK;
}

static void extensions_put(struct bm_wr *w,
                           const struct bm_ocsp_response_config *c)
{
    size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(1));
    size_t exts = bm_der_open(w, BM_DER_SEQUENCE);
    struct bm_ext_mark m;

    if (c->nonce.n != 0) {
        bm_ocsp_nonce_put(w, c->nonce);
    }
    if (c->extended_revoked) {
        m = bm_ext_open(w, BM_LIT(BM_OID_OCSP_EXT_REVOKED), false);
        bm_der_put_null(w);
        bm_ext_close(w, &m);
    }
    bm_der_close(w, exts);
    bm_der_close(w, outer);
}

static bm_status data_put(struct bm_wr *w,
                          const struct bm_ocsp_response_config *c,
                          const struct bm_crypto *crypto,
                          const struct bm_spki *key)
{
    size_t data = bm_der_open(w, BM_DER_SEQUENCE);
    size_t list;

    BM_TRY(responder_put(w, c->by_name, crypto, key));
    bm_time_put_generalized(w, BM_DER_GENERALIZED_TIME, c->produced_at);
    list = bm_der_open(w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < c->n; i++) {
        BM_TRY(single_put(w, &c->singles[i]));
    }
    bm_der_close(w, list);
    if (c->nonce.n != 0 || c->extended_revoked) {
        extensions_put(w, c);
    }
    bm_der_close(w, data);
    return BM_OK;
}

static bm_status basic_put(struct bm_wr *w,
                           const struct bm_ocsp_response_config *c,
                           const struct bm_crypto *crypto,
                           const struct bm_signer *signer)
{
    size_t basic = bm_der_open(w, BM_DER_SEQUENCE);
    size_t start = w->len;

    BM_TRY(data_put(w, c, crypto, &signer->key));
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    BM_TRY(bm_signer_put(
        signer, (struct bm_bytes){ w->buf + start, w->len - start }, w));
    if (c->certs.n != 0) {
        size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(0));

        bm_der_put(w, BM_DER_SEQUENCE, c->certs);
        bm_der_close(w, outer);
    }
    bm_der_close(w, basic);
    return BM_OK;
}

static void status_put(struct bm_wr *w, enum bm_ocsp_response_status status)
{
    uint8_t octet = (uint8_t)status;

    bm_der_put(w, BM_DER_ENUMERATED, (struct bm_bytes){ &octet, 1 });
}

bm_status bm_ocsp_response_build(const struct bm_ocsp_response_config *config,
                                 const struct bm_crypto *crypto,
                                 const struct bm_signer *signer,
                                 struct bm_wr *w)
{
    size_t response = bm_der_open(w, BM_DER_SEQUENCE);
    size_t outer;
    size_t bytes;
    size_t octets;

    if (config->n == 0 || config->n > BM_OCSP_CERTIDS_MAX ||
        config->nonce.n > BM_OCSP_NONCE_MAX) {
        return BM_E_ARGUMENT;
    }
    status_put(w, BM_OCSP_SUCCESSFUL);
    outer = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    bytes = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_oid(w, BM_LIT(BM_OID_OCSP_BASIC));
    octets = bm_der_open(w, BM_DER_OCTET_STRING);
    BM_TRY(basic_put(w, config, crypto, signer));
    bm_der_close(w, octets);
    bm_der_close(w, bytes);
    bm_der_close(w, outer);
    bm_der_close(w, response);
    return w->len <= w->cap ? BM_OK : BM_E_BUFFER;
}

void bm_ocsp_error_put(struct bm_wr *w, enum bm_ocsp_response_status status)
{
    size_t response = bm_der_open(w, BM_DER_SEQUENCE);

    status_put(w, status);
    bm_der_close(w, response);
}
