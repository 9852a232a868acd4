/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crl.h"

#include "core/crl_internal.h"
#include "core/oid.h"

/* Version ::= INTEGER { v1(0), v2(1) }: the only one a list may write. */
#define VERSION_2 1

bool bm_crl_reason_valid(unsigned reason)
{
    return reason <= BM_REASON_AA_COMPROMISE && reason != 7;
}

/*
 * RFC 5280 5.1
 *
 *   version     Version OPTIONAL,   -- if present, MUST be v2
 *   signature   AlgorithmIdentifier,
 *   issuer      Name,
 *   thisUpdate  Time,
 *   nextUpdate  Time OPTIONAL,
 */
static bm_status take_version(struct bm_der *d, uint8_t *version)
{
    struct bm_der start = *d;
    uint32_t number;

    *version = 1;
    if (!bm_der_at(d, BM_DER_INTEGER)) {
        return BM_OK;
    }
    BM_TRY(bm_der_take_u32(d, &number));
    if (number != VERSION_2) {
        return bm_der_fail(&start, BM_E_CRL_VERSION);
    }
    *version = 2;
    return BM_OK;
}

static bm_status take_issuer(struct bm_der *d, struct bm_bytes *issuer)
{
    struct bm_der start = *d;

    BM_TRY(bm_name_take(d, issuer));
    if (bm_name_is_empty(*issuer)) {
        return bm_der_fail(&start, BM_E_CRL_ISSUER);
    }
    return BM_OK;
}

static bm_status take_updates(struct bm_der *d, struct bm_crl_head *head)
{
    struct bm_der start;

    BM_TRY(bm_time_take(d, &head->this_update));
    if (!bm_der_at(d, BM_DER_UTC_TIME) &&
        !bm_der_at(d, BM_DER_GENERALIZED_TIME)) {
        return BM_OK;
    }
    start = *d;
    BM_TRY(bm_time_take(d, &head->next_update));
    head->has_next_update = true;
    if (head->next_update < head->this_update) {
        return bm_der_fail(&start, BM_E_CRL_UPDATE);
    }
    return BM_OK;
}

bm_status bm_crl_head_take(struct bm_der *d, struct bm_crl_head *head)
{
    BM_TRY(bm_der_within(d, BM_E_CRL_VERSION, take_version(d, &head->version)));
    BM_TRY(bm_der_within(
        d, BM_E_CRL, bm_sig_alg_take(d, &head->sig_alg_id, &head->sig_alg)));
    BM_TRY(bm_der_within(d, BM_E_CRL_ISSUER, take_issuer(d, &head->issuer)));
    return bm_der_within(d, BM_E_CRL_UPDATE, take_updates(d, head));
}

/* RFC 5280 5.3.1: CRLReason ::= ENUMERATED */
static bm_status take_reason(struct bm_der *d, struct bm_crl_entry *entry)
{
    struct bm_der start = *d;
    struct bm_bytes number;

    BM_TRY(bm_der_take_integer(d, BM_DER_ENUMERATED, &number));
    if (number.n != 1 || !bm_crl_reason_valid(number.p[0])) {
        return bm_der_fail(&start, BM_E_CRL_REASON);
    }
    entry->reason = number.p[0];
    return bm_der_end(d);
}

/* RFC 5280 5.3.2: InvalidityDate ::= GeneralizedTime */
static bm_status take_invalidity(struct bm_der *d, struct bm_crl_entry *entry)
{
    BM_TRY(bm_time_take_generalized(d, BM_DER_GENERALIZED_TIME,
                                    &entry->invalid_since));
    entry->has_invalid_since = true;
    return bm_der_end(d);
}

/* RFC 5280 5.3.3: CertificateIssuer ::= GeneralNames */
static bm_status take_cert_issuer(struct bm_der *d, struct bm_crl_entry *entry)
{
    BM_TRY(bm_general_names_take(d, BM_DER_SEQUENCE, &entry->cert_issuer));
    return bm_der_end(d);
}

static bm_status read_entry_ext(const struct bm_der *in,
                                const struct bm_ext *ext,
                                struct bm_crl_entry *entry)
{
    struct bm_der d;

    bm_der_init(&d, ext->value, in->diag);
    if (bm_oid_is(ext->oid, BM_OID_CE_REASON)) {
        return bm_der_within(in, BM_E_CRL_REASON, take_reason(&d, entry));
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_INVALIDITY)) {
        return bm_der_within(in, BM_E_CRL_INVALIDITY,
                             take_invalidity(&d, entry));
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_CERT_ISSUER)) {
        return bm_der_within(in, BM_E_CRL_CERT_ISSUER,
                             take_cert_issuer(&d, entry));
    }
    if (ext->critical && entry->unknown_critical.n == 0) {
        entry->unknown_critical = ext->oid;
    }
    return BM_OK;
}

/*
 * RFC 5280 5.1
 *
 *   SEQUENCE {
 *       userCertificate     CertificateSerialNumber,
 *       revocationDate      Time,
 *       crlEntryExtensions  Extensions OPTIONAL  -- if present, MUST be v2
 *   }
 */
static bm_status read_entry(struct bm_der *d, uint8_t version,
                            struct bm_crl_entry *entry)
{
    struct bm_bytes list;
    struct bm_ext ext;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, &entry->serial));
    BM_TRY(bm_time_take(d, &entry->revoked_at));
    if (bm_der_left(d) == 0) {
        return BM_OK;
    }
    if (version < 2) {
        return bm_der_fail(d, BM_E_CRL_VERSION);
    }
    BM_TRY(bm_ext_list_take(d, &entry->extensions));
    list = entry->extensions;
    while (bm_ext_next(&list, &ext)) {
        BM_TRY(read_entry_ext(d, &ext, entry));
    }
    return bm_der_end(d);
}

bm_status bm_crl_entry_take(struct bm_der *d, uint8_t version,
                            struct bm_crl_entry *entry)
{
    struct bm_der inside = *d;
    bm_status rc;

    *entry = (struct bm_crl_entry){ 0 };
    rc = bm_der_enter(d, BM_DER_SEQUENCE, &inside);
    if (rc == BM_OK) {
        rc = read_entry(&inside, version, entry);
    }
    return bm_der_within(d, BM_E_CRL_ENTRY, rc);
}

/*
 * RFC 5280 5.2.5
 *
 *   IssuingDistributionPoint ::= SEQUENCE {
 *       distributionPoint           [0] DistributionPointName OPTIONAL,
 *       onlyContainsUserCerts       [1] BOOLEAN DEFAULT FALSE,
 *       onlyContainsCACerts         [2] BOOLEAN DEFAULT FALSE,
 *       onlySomeReasons             [3] ReasonFlags OPTIONAL,
 *       indirectCRL                 [4] BOOLEAN DEFAULT FALSE,
 *       onlyContainsAttributeCerts  [5] BOOLEAN DEFAULT FALSE }
 */
static bm_status take_idp_flag(struct bm_der *d, unsigned n, bool *flag)
{
    struct bm_der start = *d;

    if (!bm_der_at(d, BM_DER_CONTEXT(n))) {
        return BM_OK;
    }
    BM_TRY(bm_der_take_bool(d, BM_DER_CONTEXT(n), flag));
    return *flag ? BM_OK : bm_der_fail(&start, BM_E_DER_DEFAULT);
}

static bm_status take_idp_name(struct bm_der *d, struct bm_crl_idp *idp)
{
    struct bm_der inside;

    if (!bm_der_at(d, BM_DER_CONSTRUCTED(0))) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &inside));
    BM_TRY(
        bm_dist_point_name_take(&inside, &idp->full_name, &idp->relative_name));
    return bm_der_end(&inside);
}

static bm_status take_idp(struct bm_der *in, struct bm_crl_idp *idp)
{
    struct bm_der d;

    BM_TRY(bm_der_enter(in, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(in));
    if (bm_der_left(&d) == 0) {
        return bm_der_fail(&d, BM_E_CRL_IDP); /* MUST NOT be empty */
    }
    BM_TRY(take_idp_name(&d, idp));
    BM_TRY(take_idp_flag(&d, 1, &idp->only_user_certs));
    BM_TRY(take_idp_flag(&d, 2, &idp->only_ca_certs));
    if (bm_der_at(&d, BM_DER_CONTEXT(3))) {
        BM_TRY(bm_der_take_flags(&d, BM_DER_CONTEXT(3), &idp->reasons));
        idp->has_reasons = true;
    }
    BM_TRY(take_idp_flag(&d, 4, &idp->indirect));
    BM_TRY(take_idp_flag(&d, 5, &idp->only_attribute_certs));
    /* At most one of these three may be TRUE */
    if (idp->only_user_certs + idp->only_ca_certs + idp->only_attribute_certs >
        1) {
        return bm_der_fail(in, BM_E_CRL_IDP);
    }
    return bm_der_end(&d);
}

/* RFC 5280 5.2.3: CRLNumber ::= INTEGER (0..MAX), at most 20 octets */
static bm_status take_number(struct bm_der *d, bm_status why,
                             struct bm_bytes *number)
{
    struct bm_der start = *d;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, number));
    if (number->p[0] >= 0x80 || number->n > BM_CRL_NUMBER_MAX) {
        return bm_der_fail(&start, why);
    }
    return bm_der_end(d);
}

/* Those that mean in a list what they mean in a certificate. */
static bool is_common(struct bm_bytes oid)
{
    return bm_oid_is(oid, BM_OID_CE_AKI) || bm_oid_is(oid, BM_OID_CE_IAN) ||
           bm_oid_is(oid, BM_OID_CE_FRESHEST) || bm_oid_is(oid, BM_OID_PE_AIA);
}

static bm_status read_crl_ext(const struct bm_der *in, const struct bm_ext *ext,
                              struct bm_crl_exts *exts)
{
    struct bm_der d;

    bm_der_init(&d, ext->value, in->diag);
    if (bm_oid_is(ext->oid, BM_OID_CE_CRL_NUMBER)) {
        return bm_der_within(in, BM_E_CRL_NUMBER,
                             take_number(&d, BM_E_CRL_NUMBER, &exts->number));
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_DELTA_CRL)) {
        return bm_der_within(in, BM_E_CRL_DELTA,
                             take_number(&d, BM_E_CRL_DELTA, &exts->base));
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_IDP)) {
        exts->has_idp = true;
        return bm_der_within(in, BM_E_CRL_IDP, take_idp(&d, &exts->idp));
    }
    if (ext->critical && !is_common(ext->oid) &&
        exts->unknown_critical.n == 0) {
        exts->unknown_critical = ext->oid;
    }
    return BM_OK;
}

bm_status bm_crl_exts_take(struct bm_der *d, uint8_t version,
                           struct bm_crl_exts *exts)
{
    struct bm_der inside;
    struct bm_bytes list;
    struct bm_ext ext;

    if (version < 2) {
        return bm_der_fail(d, BM_E_CRL_VERSION);
    }
    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &inside));
    BM_TRY(bm_exts_take(&inside, BM_STRICT, &exts->common));
    list = exts->common.all;
    while (bm_ext_next(&list, &ext)) {
        BM_TRY(read_crl_ext(d, &ext, exts));
    }
    return bm_der_end(&inside);
}

uint8_t bm_crl_entry_demands(const struct bm_crl_entry *entry)
{
    unsigned seen = 0;

    if (entry->reason == BM_REASON_REMOVE) {
        seen |= BM_CRL_SEEN_REMOVE;
    }
    if (entry->cert_issuer.n != 0) {
        seen |= BM_CRL_SEEN_CERT_ISSUER;
    }
    return (uint8_t)seen;
}

bm_status bm_crl_check_demands(uint8_t seen, const struct bm_crl_exts *exts)
{
    if ((seen & BM_CRL_SEEN_REMOVE) != 0 && exts->base.n == 0) {
        return BM_E_CRL_REASON;
    }
    if ((seen & BM_CRL_SEEN_CERT_ISSUER) != 0 && !exts->idp.indirect) {
        return BM_E_CRL_CERT_ISSUER;
    }
    return BM_OK;
}

/* RFC 5280 5.1.2.6 MUST: revokedCertificates is absent when empty. */
static bm_status read_entries(struct bm_der *d, struct bm_crl *crl,
                              uint8_t *seen)
{
    struct bm_der list;
    struct bm_crl_entry entry;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &list));
    if (bm_der_left(&list) == 0) {
        return bm_der_fail(&list, BM_E_CRL_REVOKED_EMPTY);
    }
    crl->entries = (struct bm_bytes){ list.p, bm_der_left(&list) };
    while (bm_der_left(&list) != 0) {
        BM_TRY(bm_crl_entry_take(&list, crl->head.version, &entry));
        *seen |= bm_crl_entry_demands(&entry);
    }
    return BM_OK;
}

/*
 * RFC 5280 5.1
 *
 *   TBSCertList ::= SEQUENCE {
 *       ...                  -- see bm_crl_head_take()
 *       revokedCertificates  SEQUENCE OF SEQUENCE { ... } OPTIONAL,
 *       crlExtensions        [0] EXPLICIT Extensions OPTIONAL }
 */
static bm_status read_tbs(struct bm_der *d, struct bm_crl *crl)
{
    struct bm_der exts;
    uint8_t seen = 0;
    bm_status rc;

    BM_TRY(bm_crl_head_take(d, &crl->head));
    if (bm_der_at(d, BM_DER_SEQUENCE)) {
        BM_TRY(read_entries(d, crl, &seen));
    }
    exts = *d;
    if (bm_der_left(d) != 0) {
        BM_TRY(bm_crl_exts_take(d, crl->head.version, &crl->ext));
    }
    rc = bm_crl_check_demands(seen, &crl->ext);
    if (rc != BM_OK) {
        return bm_der_fail(&exts, rc);
    }
    return bm_der_end(d);
}

/*
 * RFC 5280 5.1
 *
 *   CertificateList ::= SEQUENCE {
 *       tbsCertList         TBSCertList,
 *       signatureAlgorithm  AlgorithmIdentifier,
 *       signatureValue      BIT STRING }
 */
static bm_status read_crl(struct bm_der *in, struct bm_crl *crl)
{
    struct bm_der d;
    struct bm_der tbs;
    struct bm_der alg_at;
    struct bm_bytes alg_id;
    enum bm_sig_alg alg;

    BM_TRY(bm_der_enter(in, BM_DER_SEQUENCE, &d));
    BM_TRY(bm_der_end(in));
    tbs = d;
    BM_TRY(bm_der_take_element(&d, BM_DER_SEQUENCE, &crl->tbs));
    BM_TRY(bm_der_enter(&tbs, BM_DER_SEQUENCE, &tbs));
    BM_TRY(read_tbs(&tbs, crl));

    alg_at = d;
    BM_TRY(bm_sig_alg_take(&d, &alg_id, &alg));
    if (!bm_bytes_equal(alg_id, crl->head.sig_alg_id)) {
        return bm_der_fail(&alg_at, BM_E_CRL_ALG_MISMATCH);
    }
    BM_TRY(bm_der_take_octet_bits(&d, &crl->signature));
    return bm_der_end(&d);
}

bm_status bm_crl_parse(struct bm_bytes der, struct bm_diag *diag,
                       struct bm_crl *crl)
{
    struct bm_der d;
    bm_status rc;

    *crl = (struct bm_crl){ 0 };
    bm_der_init(&d, der, diag);
    rc = bm_der_within(&d, BM_E_CRL, read_crl(&d, crl));
    if (rc != BM_OK) {
        *crl = (struct bm_crl){ 0 };
        return rc;
    }
    crl->der = der;
    return BM_OK;
}

bool bm_crl_entry_next(struct bm_bytes *entries, struct bm_crl_entry *entry)
{
    struct bm_der d;

    bm_der_init(&d, *entries, NULL);
    /* The list was checked; all that version 2 allows is right in it. */
    if (bm_der_left(&d) == 0 || bm_crl_entry_take(&d, 2, entry) != BM_OK) {
        return false;
    }
    *entries = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}

bm_status bm_crl_signature_status(bm_status rc)
{
    return rc == BM_E_SIGNATURE ? BM_E_CRL_SIGNATURE : rc;
}

bm_status bm_crl_verify(const struct bm_crl *crl, const struct bm_spki *key,
                        const struct bm_crypto *crypto)
{
    if (crl->head.sig_alg == BM_SIG_UNKNOWN) {
        return BM_E_ALG_UNSUPPORTED;
    }
    return bm_crl_signature_status(crypto->verify(
        crypto->self, key, crl->head.sig_alg, crl->tbs, crl->signature));
}
