/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ocsp.h"
#include "core/ocsp_internal.h"

/*
 * RFC 6960 4.1.1
 *
 *   Request ::= SEQUENCE {
 *       reqCert                  CertID,
 *       singleRequestExtensions  [0] EXPLICIT Extensions OPTIONAL }
 */
static bm_status take_one(struct bm_der *list, struct bm_ocsp_certid *id,
                          struct bm_ocsp_exts *exts)
{
    struct bm_der d;

    BM_TRY(bm_der_enter(list, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_ocsp_certid_take(&d, id));
    BM_TRY(bm_ocsp_exts_take(&d, BM_DER_CONSTRUCTED(0), exts));
    return bm_der_end(&d);
}

static void keep_critical(struct bm_ocsp_request *request,
                          const struct bm_ocsp_exts *exts)
{
    if (request->unknown_critical.n == 0) {
        request->unknown_critical = exts->unknown_critical;
    }
}

static bm_status read_list(struct bm_der *d, struct bm_ocsp_request *request)
{
    struct bm_ocsp_certid id;
    struct bm_ocsp_exts exts;
    struct bm_der list;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &list));
    if (bm_der_left(&list) == 0) {
        return bm_der_fail(&list, BM_E_DER_EMPTY);
    }
    request->list = (struct bm_bytes){ list.p, bm_der_left(&list) };
    for (unsigned n = 0; bm_der_left(&list) != 0; n++) {
        if (n == BM_OCSP_CERTIDS_MAX) {
            return bm_der_fail(&list, BM_E_LIMIT);
        }
        BM_TRY(take_one(&list, &id, &exts));
        keep_critical(request, &exts);
    }
    return BM_OK;
}

/* requestorName [1] EXPLICIT GeneralName OPTIONAL */
static bm_status take_requestor(struct bm_der *d, struct bm_bytes *requestor)
{
    struct bm_general_name name;
    struct bm_der inside;

    if (!bm_der_at(d, BM_DER_CONSTRUCTED(1))) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(1), &inside));
    *requestor = (struct bm_bytes){ inside.p, bm_der_left(&inside) };
    BM_TRY(bm_general_name_take(&inside, BM_GN_IN_NAME, &name));
    return bm_der_end(&inside);
}

/*
 * RFC 6960 4.1.1
 *
 *   TBSRequest ::= SEQUENCE {
 *       version            [0] EXPLICIT Version DEFAULT v1,
 *       requestorName      [1] EXPLICIT GeneralName OPTIONAL,
 *       requestList        SEQUENCE OF Request,
 *       requestExtensions  [2] EXPLICIT Extensions OPTIONAL }
 */
static bm_status read_tbs(struct bm_der *d, struct bm_ocsp_request *request)
{
    struct bm_ocsp_exts exts;

    BM_TRY(bm_ocsp_version_take(d));
    BM_TRY(take_requestor(d, &request->requestor));
    BM_TRY(read_list(d, request));
    BM_TRY(bm_ocsp_exts_take(d, BM_DER_CONSTRUCTED(2), &exts));
    request->extensions = exts.all;
    request->nonce = exts.nonce;
    keep_critical(request, &exts);
    return bm_der_end(d);
}

/* optionalSignature [0] EXPLICIT Signature OPTIONAL */
static bm_status take_signature(struct bm_der *d,
                                struct bm_ocsp_request *request)
{
    struct bm_ocsp_signed s;
    struct bm_der outer;
    struct bm_der inside;

    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &outer));
    BM_TRY(bm_der_enter(&outer, BM_DER_SEQUENCE, &inside));
    BM_TRY(bm_der_end(&outer));
    BM_TRY(bm_ocsp_signed_take(&inside, &s));
    request->sig_alg_id = s.sig_alg_id;
    request->sig_alg = s.sig_alg;
    request->signature = s.signature;
    request->certs = s.certs;
    request->is_signed = true;
    return BM_OK;
}

/*
 *   OCSPRequest ::= SEQUENCE {
 *       tbsRequest         TBSRequest,
 *       optionalSignature  [0] EXPLICIT Signature OPTIONAL }
 */
static bm_status read_request(struct bm_der *in,
                              struct bm_ocsp_request *request)
{
    struct bm_der d;
    struct bm_der tbs;

    BM_TRY(bm_der_enter(in, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(in));
    tbs = d;
    BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &request->tbs));
    BM_TRY(bm_der_enter(&tbs, BM_DER_SEQUENCE, &tbs));
    BM_TRY(read_tbs(&tbs, request));
    if (bm_der_left(&d) != 0) {
        BM_TRY(take_signature(&d, request));
    }
    return bm_der_end(&d);
}

bm_status bm_ocsp_request_parse(struct bm_bytes der, struct bm_diag *diag,
                                struct bm_ocsp_request *request)
{
    struct bm_der d;
    bm_status rc;

    *request = (struct bm_ocsp_request){ 0 };
    bm_der_init(&d, der, diag);
    rc = bm_der_within(&d, BM_E_OCSP_REQUEST, read_request(&d, request));
    if (rc != BM_OK) {
        *request = (struct bm_ocsp_request){ 0 };
        return rc;
    }
    request->der = der;
    return BM_OK;
}

bool bm_ocsp_request_next(struct bm_bytes *list, struct bm_ocsp_certid *id)
{
    struct bm_ocsp_exts exts;
    struct bm_der d;

    bm_der_init(&d, *list, NULL);
    if (bm_der_left(&d) == 0 || take_one(&d, id, &exts) != BM_OK) {
        return false;
    }
    *list = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}

static void extensions_put(struct bm_wr *w, struct bm_bytes nonce)
{
    size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(2));
    size_t exts = bm_der_open(w, BM_DER_SEQUENCE);

    bm_ocsp_nonce_put(w, nonce);
    bm_der_close(w, exts);
    bm_der_close(w, outer);
}

bm_status bm_ocsp_request_build(const struct bm_ocsp_request_config *config,
                                const struct bm_crypto *crypto, struct bm_wr *w)
{
    size_t request = bm_der_open(w, BM_DER_SEQUENCE);
    size_t tbs = bm_der_open(w, BM_DER_SEQUENCE);
    size_t list = bm_der_open(w, BM_DER_SEQUENCE);

    if (config->n == 0 || config->n > BM_OCSP_CERTIDS_MAX ||
        config->nonce.n > BM_OCSP_NONCE_MAX) {
        return BM_E_ARGUMENT;
    }
    for (size_t i = 0; i < config->n; i++) {
        size_t one = bm_der_open(w, BM_DER_SEQUENCE);

        BM_TRY(
            bm_ocsp_certid_put(w, crypto, config->hash, &config->targets[i]));
        bm_der_close(w, one);
    }
    bm_der_close(w, list);
    if (config->nonce.n != 0) {
        extensions_put(w, config->nonce);
    }
    bm_der_close(w, tbs);
    bm_der_close(w, request);
    return w->len <= w->cap ? BM_OK : BM_E_BUFFER;
}
