/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ocsp.h"
#include "core/ocsp_internal.h"
#include "core/oid.h"

/* A GeneralizedTime under an explicit tag. */
static bm_status take_tagged_time(struct bm_der *d, uint8_t tag, int64_t *t)
{
    struct bm_der inside;

    BM_TRY(bm_der_enter(d, tag, &inside));
    BM_TRY(bm_time_take_generalized(&inside, BM_DER_GENERALIZED_TIME, t));
    return bm_der_end(&inside);
}

/*
 * RFC 6960 4.2.1
 *
 *   RevokedInfo ::= SEQUENCE {
 *       revocationTime    GeneralizedTime,
 *       revocationReason  [0] EXPLICIT CRLReason OPTIONAL }
 */
static bm_status read_revoked(struct bm_der *d, struct bm_ocsp_single *single)
{
    struct bm_der inside;
    struct bm_bytes reason;

    BM_TRY(bm_time_take_generalized(d, BM_DER_GENERALIZED_TIME,
                                    &single->revoked_at));
    if (bm_der_left(d) == 0) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &inside));
    BM_TRY(bm_der_take_integer(&inside, BM_DER_ENUMERATED, &reason));
    if (reason.n != 1 || !bm_crl_reason_valid(reason.p[0])) {
        return bm_der_fail_at(d, reason.p, BM_E_CRL_REASON);
    }
    single->reason = reason.p[0];
    BM_TRY(bm_der_end(&inside));
    return bm_der_end(d);
}

/*
 *   CertStatus ::= CHOICE {
 *       good     [0] IMPLICIT NULL,
 *       revoked  [1] IMPLICIT RevokedInfo,
 *       unknown  [2] IMPLICIT UnknownInfo } -- NULL
 */
static bm_status take_status(struct bm_der *d, struct bm_ocsp_single *single)
{
    struct bm_bytes nothing;
    struct bm_der revoked;
    uint8_t tag = BM_DER_CONTEXT(2);

    if (bm_der_at(d, BM_DER_CONSTRUCTED(1))) {
        single->status = BM_OCSP_REVOKED;
        BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(1), &revoked));
        return read_revoked(&revoked, single);
    }
    single->status = BM_OCSP_UNKNOWN;
    if (bm_der_at(d, BM_DER_CONTEXT(0))) {
        single->status = BM_OCSP_GOOD;
        tag = BM_DER_CONTEXT(0);
    }
    BM_TRY(bm_der_take(d, tag, &nothing));
    return nothing.n == 0 ? BM_OK : bm_der_fail_at(d, nothing.p, BM_E_DER_NULL);
}

/*
 *   SingleResponse ::= SEQUENCE {
 *       certID            CertID,
 *       certStatus        CertStatus,
 *       thisUpdate        GeneralizedTime,
 *       nextUpdate        [0] EXPLICIT GeneralizedTime OPTIONAL,
 *       singleExtensions  [1] EXPLICIT Extensions OPTIONAL }
 */
static bm_status read_single(struct bm_der *d, struct bm_ocsp_single *single)
{
    struct bm_ocsp_exts exts;

    BM_TRY(bm_ocsp_certid_take(d, &single->id));
    BM_TRY(take_status(d, single));
    BM_TRY(bm_time_take_generalized(d, BM_DER_GENERALIZED_TIME,
                                    &single->this_update));
    single->has_next_update = bm_der_at(d, BM_DER_CONSTRUCTED(0));
    if (single->has_next_update) {
        BM_TRY(
            take_tagged_time(d, BM_DER_CONSTRUCTED(0), &single->next_update));
    }
    BM_TRY(bm_ocsp_exts_take(d, BM_DER_CONSTRUCTED(1), &exts));
    single->unknown_critical = exts.unknown_critical;
    return bm_der_end(d);
}

static bm_status take_single(struct bm_der *list, struct bm_ocsp_single *single)
{
    struct bm_der d = *list;
    bm_status rc;

    *single = (struct bm_ocsp_single){ 0 };
    rc = bm_der_enter(list, BM_DER_SEQUENCE, &d);
    if (rc == BM_OK) {
        rc = read_single(&d, single);
    }
    return bm_der_within(list, BM_E_OCSP_SINGLE, rc);
}

static bm_status read_list(struct bm_der *d, struct bm_bytes *singles)
{
    struct bm_ocsp_single single;
    struct bm_der list;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &list));
    if (bm_der_left(&list) == 0) {
        return bm_der_fail(&list, BM_E_DER_EMPTY);
    }
    *singles = (struct bm_bytes){ list.p, bm_der_left(&list) };
    for (unsigned n = 0; bm_der_left(&list) != 0; n++) {
        if (n == BM_OCSP_CERTIDS_MAX) {
            return bm_der_fail(&list, BM_E_LIMIT);
        }
        BM_TRY(take_single(&list, &single));
    }
    return BM_OK;
}

/*
 *   ResponderID ::= CHOICE {
 *       byName  [1] Name,
 *       byKey   [2] KeyHash } -- SHA-1 of the key bits; tags are EXPLICIT
 */
static bm_status take_responder(struct bm_der *d,
                                struct bm_ocsp_response *response)
{
    struct bm_der inside;

    if (bm_der_at(d, BM_DER_CONSTRUCTED(1))) {
        BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(1), &inside));
        BM_TRY(bm_name_take(&inside, &response->responder_name));
        return bm_der_end(&inside);
    }
    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(2), &inside));
    BM_TRY(bm_der_take(&inside, BM_DER_OCTET_STRING, &response->responder_key));
    if (response->responder_key.n != BM_SKI_SIZE) {
        return bm_der_fail_at(d, response->responder_key.p, BM_E_OCSP_BASIC);
    }
    return bm_der_end(&inside);
}

/*
 *   ResponseData ::= SEQUENCE {
 *       version             [0] EXPLICIT Version DEFAULT v1,
 *       responderID         ResponderID,
 *       producedAt          GeneralizedTime,
 *       responses           SEQUENCE OF SingleResponse,
 *       responseExtensions  [1] EXPLICIT Extensions OPTIONAL }
 */
static bm_status read_data(struct bm_der *d, struct bm_ocsp_response *response)
{
    struct bm_ocsp_exts exts;

    BM_TRY(bm_ocsp_version_take(d));
    BM_TRY(take_responder(d, response));
    BM_TRY(bm_time_take_generalized(d, BM_DER_GENERALIZED_TIME,
                                    &response->produced_at));
    BM_TRY(read_list(d, &response->list));
    BM_TRY(bm_ocsp_exts_take(d, BM_DER_CONSTRUCTED(1), &exts));
    response->extensions = exts.all;
    response->nonce = exts.nonce;
    response->extended_revoked = exts.extended_revoked;
    response->unknown_critical = exts.unknown_critical;
    return bm_der_end(d);
}

/*
 *   BasicOCSPResponse ::= SEQUENCE {
 *       tbsResponseData     ResponseData,
 *       signatureAlgorithm  AlgorithmIdentifier,
 *       signature           BIT STRING,
 *       certs               [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
 */
static bm_status read_basic(struct bm_der *in,
                            struct bm_ocsp_response *response)
{
    struct bm_ocsp_signed s;
    struct bm_der d;
    struct bm_der tbs;

    BM_TRY(bm_der_enter(in, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(in));
    tbs = d;
    BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &response->tbs));
    BM_TRY(bm_der_enter(&tbs, BM_DER_SEQUENCE, &tbs));
    BM_TRY(read_data(&tbs, response));
    BM_TRY(bm_ocsp_signed_take(&d, &s));
    response->sig_alg_id = s.sig_alg_id;
    response->sig_alg = s.sig_alg;
    response->signature = s.signature;
    response->certs = s.certs;
    return BM_OK;
}

/*
 *   ResponseBytes ::= SEQUENCE {
 *       responseType  OBJECT IDENTIFIER,
 *       response      OCTET STRING }
 */
static bm_status read_bytes(struct bm_der *d, struct bm_ocsp_response *response)
{
    struct bm_der start;
    struct bm_der inside;
    struct bm_der basic;
    struct bm_bytes type;

    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &inside));
    BM_TRY(bm_der_end(d));
    BM_TRY(bm_der_enter(&inside, BM_DER_SEQUENCE, &start));
    BM_TRY(bm_der_end(&inside));
    inside = start;
    BM_TRY(bm_der_take_oid(&inside, &type));
    if (!bm_oid_is(type, BM_OID_OCSP_BASIC)) {
        return bm_der_fail(&start, BM_E_OCSP_TYPE);
    }
    BM_TRY(bm_der_enter(&inside, BM_DER_OCTET_STRING, &basic));
    BM_TRY(bm_der_end(&inside));
    return bm_der_within(d, BM_E_OCSP_BASIC, read_basic(&basic, response));
}

/*
 *   OCSPResponse ::= SEQUENCE {
 *       responseStatus  ENUMERATED,
 *       responseBytes   [0] EXPLICIT ResponseBytes OPTIONAL }
 *
 * RFC 6960 4.2.1: bytes come with status successful, and with no other.
 */
static bm_status read_response(struct bm_der *in,
                               struct bm_ocsp_response *response)
{
    struct bm_bytes status;
    struct bm_der d;

    BM_TRY(bm_der_enter(in, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(in));
    BM_TRY(bm_der_take_integer(&d, BM_DER_ENUMERATED, &status));
    if (status.n != 1 || status.p[0] > BM_OCSP_UNAUTHORIZED ||
        status.p[0] == 4 || (status.p[0] == 0) != (bm_der_left(&d) != 0)) {
        return bm_der_fail_at(in, status.p, BM_E_OCSP_STATUS);
    }
    response->status = (enum bm_ocsp_response_status)status.p[0];
    return status.p[0] == 0 ? read_bytes(&d, response) : BM_OK;
}

bm_status bm_ocsp_response_parse(struct bm_bytes der, struct bm_diag *diag,
                                 struct bm_ocsp_response *response)
{
    struct bm_der d;
    bm_status rc;

    *response = (struct bm_ocsp_response){ 0 };
    bm_der_init(&d, der, diag);
    rc = bm_der_within(&d, BM_E_OCSP_RESPONSE, read_response(&d, response));
    if (rc != BM_OK) {
        *response = (struct bm_ocsp_response){ 0 };
        return rc;
    }
    response->der = der;
    return BM_OK;
}

bool bm_ocsp_single_next(struct bm_bytes *list, struct bm_ocsp_single *single)
{
    struct bm_der d;

    bm_der_init(&d, *list, NULL);
    if (bm_der_left(&d) == 0 || take_single(&d, single) != BM_OK) {
        return false;
    }
    *list = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}
