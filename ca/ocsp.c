/* SPDX-License-Identifier: Apache-2.0 */

/* OCSP answers (RFC 6960, RFC 9654, RFC 9919), from the store as it is now. */
#include <string.h>

#include "ca/internal.h"
#include "ca/revoke.h"
#include "core/ocsp.h"

struct answer {
    struct ca *ca;
    const struct ca_ocsp_responder *responder;
    int64_t now;
    size_t n;
    struct bm_ocsp_single single[BM_OCSP_CERTIDS_MAX];
    struct ca_ocsp_served *served;
};

static bm_status is_about(const struct answer *a,
                          const struct ca_ocsp_responder *r,
                          const struct bm_ocsp_certid *id, bool *yes)
{
    struct bm_ocsp_target target = { .issuer = r->issuer->subject,
                                     .issuer_key = &r->issuer->key,
                                     .serial = id->serial };
    bm_status rc = bm_ocsp_certid_match(id, a->ca->c.crypto, &target);

    *yes = rc == BM_OK;
    return rc == BM_E_OCSP_MISSING ? BM_OK : rc;
}

/* RFC 6960 2.2: "good" is said of what was issued, and is not revoked. */
static bm_status look_up(struct answer *a, const struct bm_ocsp_certid *id,
                         struct bm_ocsp_single *single)
{
    const struct store *s = a->ca->c.store;
    struct store_cert row;
    bm_status rc = s->cert_find(s->self, &ca_everything, a->responder->ca,
                                id->serial, &row);

    if (rc == BM_E_NOT_FOUND) {
        single->status = BM_OCSP_UNKNOWN;
        return BM_OK;
    }
    BM_TRY(rc);
    switch (row.status) {
    case STORE_CERT_VALID:
    case STORE_CERT_PENDING:
    case STORE_CERT_REPLACED:
        single->status = BM_OCSP_GOOD;
        return BM_OK;
    default:
        single->status = BM_OCSP_REVOKED;
        single->revoked_at = row.revoked;
        single->reason = row.reason;
        return BM_OK;
    }
}

static void count(struct ca_ocsp_served *served, enum bm_ocsp_cert_status st)
{
    served->good += st == BM_OCSP_GOOD;
    served->revoked += st == BM_OCSP_REVOKED;
    served->unknown += st == BM_OCSP_UNKNOWN;
}

static bm_status answer_one(struct answer *a, const struct bm_ocsp_certid *id)
{
    struct bm_ocsp_single *single = &a->single[a->n];
    bool ours;

    memset(single, 0, sizeof *single);
    single->id = *id;
    single->status = BM_OCSP_UNKNOWN;
    single->this_update = a->now;
    single->has_next_update = true;
    single->next_update = a->now + a->ca->c.ocsp_lifetime;
    /* The signer's word ends with its certificate. */
    if (single->next_update > a->responder->cert->not_after) {
        single->next_update = a->responder->cert->not_after;
    }
    BM_TRY(is_about(a, a->responder, id, &ours));
    if (ours) {
        BM_TRY(look_up(a, id, single));
    }
    count(a->served, single->status);
    a->served->this_update = single->this_update;
    a->served->next_update = single->next_update;
    a->n++;
    return BM_OK;
}

/* The first CertID that is about a CA of ours decides who answers. */
static bm_status choose(struct answer *a, const struct ca_ocsp_responder *all,
                        size_t n, struct bm_bytes list)
{
    struct bm_ocsp_certid id;
    bool yes;

    while (bm_ocsp_request_next(&list, &id)) {
        for (size_t i = 0; i < n; i++) {
            BM_TRY(is_about(a, &all[i], &id, &yes));
            if (yes) {
                a->responder = &all[i];
                return BM_OK;
            }
        }
    }
    return BM_OK;
}

static bm_status build(struct answer *a, const struct bm_ocsp_request *request,
                       struct bm_wr *response)
{
    struct bm_ocsp_response_config config = { .produced_at = a->now,
                                              .singles = a->single,
                                              .nonce = request->nonce };
    struct bm_bytes list = request->list;
    struct bm_ocsp_certid id;

    while (bm_ocsp_request_next(&list, &id)) {
        BM_TRY(answer_one(a, &id));
    }
    config.n = a->n;
    config.certs = a->responder->cert->der;
    return bm_ocsp_response_build(&config, a->ca->c.crypto,
                                  a->responder->signer, response);
}

static void refuse(struct answer *a, struct bm_wr *response,
                   enum bm_ocsp_response_status status)
{
    memset(a->served, 0, sizeof *a->served);
    a->served->response = (uint8_t)status;
    bm_ocsp_error_put(response, status);
}

bm_status ca_ocsp_answer(struct ca *ca,
                         const struct ca_ocsp_responder *responders, size_t n,
                         struct bm_bytes request, int64_t now,
                         struct bm_wr *response, struct ca_ocsp_served *served)
{
    const struct store *s = ca->c.store;
    struct answer a = { .ca = ca, .now = now, .served = served };
    struct bm_ocsp_request r;
    size_t start = response->len;
    bm_status rc;

    memset(served, 0, sizeof *served);
    if (bm_ocsp_request_parse(request, NULL, &r) != BM_OK ||
        r.unknown_critical.n != 0) {
        refuse(&a, response, BM_OCSP_MALFORMED_REQUEST);
        return BM_OK;
    }
    rc = choose(&a, responders, n, r.list);
    if (rc == BM_OK && a.responder == NULL) {
        refuse(&a, response, BM_OCSP_UNAUTHORIZED);
        return BM_OK;
    }
    if (rc == BM_OK && ca->restored) {
        rc = BM_E_CA_RESTORED; /* it may not know what is revoked */
    }
    if (rc == BM_OK && (now < a.responder->cert->not_before ||
                        now >= a.responder->cert->not_after)) {
        rc = BM_E_CA_UNAVAILABLE;
    }
    if (rc == BM_OK) {
        rc = s->begin(s->self, STORE_READ);
    }
    if (rc == BM_OK) {
        rc = build(&a, &r, response);
        s->rollback(s->self);
    }
    if (rc != BM_OK) {
        /* RFC 6960 2.3: the client may try elsewhere, or later. */
        response->len = start;
        refuse(&a, response,
               rc == BM_E_CA_UNAVAILABLE || rc == BM_E_CA_RESTORED
                   ? BM_OCSP_TRY_LATER
                   : BM_OCSP_INTERNAL_ERROR);
    }
    return rc;
}
