/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"

#include <string.h>

/* RFC 5280 4.1.2.1: Version ::= INTEGER { v1(0), v2(1), v3(2) } */
#define V1 1
#define V2 2
#define V3 3

/* version [0] EXPLICIT Version DEFAULT v1 */
static bm_status take_version(struct bm_der *tbs, struct bm_cert *cert)
{
    const uint8_t *start = tbs->p;
    struct bm_der in;
    uint32_t number;

    cert->version = V1;
    if (!bm_der_at(tbs, BM_DER_CONSTRUCTED(0))) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(tbs, BM_DER_CONSTRUCTED(0), &in));
    BM_TRY(bm_der_take_u32(&in, &number));
    BM_TRY(bm_der_end(&in));
    if (number == 0) {
        return bm_der_fail_at(tbs, start, BM_E_DER_DEFAULT);
    }
    if (number >= V3) {
        return bm_der_fail_at(tbs, start, BM_E_CERT_VERSION);
    }
    cert->version = (uint8_t)(number + 1);
    return BM_OK;
}

/* RFC 5280 4.1.2.2: positive, at most 20 octets. */
static bm_status take_serial(struct bm_der *tbs, unsigned tolerate,
                             struct bm_cert *cert)
{
    const uint8_t *start = tbs->p;
    struct bm_bytes v;

    BM_TRY(bm_der_take_integer(tbs, BM_DER_INTEGER, &v));
    if (v.n > BM_SERIAL_MAX ||
        ((tolerate & BM_TOLERATE_SERIAL) == 0 &&
         (v.p[0] >= 0x80 || (v.n == 1 && v.p[0] == 0)))) {
        return bm_der_fail_at(tbs, start, BM_E_CERT_SERIAL);
    }
    cert->serial = v;
    return BM_OK;
}

static bm_status take_time(struct bm_der *d, unsigned tolerate, int64_t *t)
{
    if ((tolerate & BM_TOLERATE_TIME_TYPE) != 0 &&
        bm_der_at(d, BM_DER_GENERALIZED_TIME)) {
        return bm_time_take_generalized(d, BM_DER_GENERALIZED_TIME, t);
    }
    return bm_time_take(d, t);
}

/*
 *   Validity ::= SEQUENCE {
 *       notBefore  Time,
 *       notAfter   Time }
 */
static bm_status take_validity(struct bm_der *tbs, unsigned tolerate,
                               struct bm_cert *cert)
{
    const uint8_t *start = tbs->p;
    struct bm_der in;

    BM_TRY(bm_der_enter(tbs, BM_DER_SEQUENCE, &in));
    BM_TRY(take_time(&in, tolerate, &cert->not_before));
    BM_TRY(take_time(&in, tolerate, &cert->not_after));
    if (cert->not_after < cert->not_before) {
        return bm_der_fail_at(tbs, start, BM_E_CERT_VALIDITY);
    }
    return bm_der_end(&in);
}

/*
 * issuerUniqueID [1], subjectUniqueID [2] IMPLICIT BIT STRING OPTIONAL, not
 * in version 1. RFC 5280 4.1.2.8: never made, but read; nothing uses them.
 */
static bm_status skip_unique_id(struct bm_der *tbs, uint8_t tag,
                                const struct bm_cert *cert)
{
    struct bm_bytes body;

    if (!bm_der_at(tbs, tag)) {
        return BM_OK;
    }
    if (cert->version == V1) {
        return bm_der_fail(tbs, BM_E_CERT_VERSION);
    }
    return bm_der_take_bits(tbs, tag, &body);
}

/* extensions [3] EXPLICIT Extensions OPTIONAL, in version 3 only */
static bm_status take_extensions(struct bm_der *tbs, unsigned tolerate,
                                 struct bm_cert *cert)
{
    struct bm_der in;

    cert->ext.path_len = BM_PATH_LEN_NONE;
    if (!bm_der_at(tbs, BM_DER_CONSTRUCTED(3))) {
        return BM_OK;
    }
    if (cert->version != V3) {
        return bm_der_fail(tbs, BM_E_CERT_VERSION);
    }
    BM_TRY(bm_der_enter(tbs, BM_DER_CONSTRUCTED(3), &in));
    BM_TRY(bm_exts_take(&in, tolerate, &cert->ext));
    return bm_der_end(&in);
}

/* Where an extension stands, for the diag. */
static const uint8_t *place(const struct bm_cert *cert, enum bm_ext_id id)
{
    return cert->ext.value[id].p;
}

/* What RFC 5280 demands of several fields together. */
static bm_status check_rules(const struct bm_der *d, unsigned tolerate,
                             const struct bm_cert *cert)
{
    const struct bm_exts *e = &cert->ext;
    bool signs = (e->key_usage & BM_KU_KEY_CERT_SIGN) != 0;

    /* 4.1.2.6: no subject, then a critical subjectAltName, and no CA */
    if (bm_name_is_empty(cert->subject) &&
        (e->ca || !bm_exts_is_critical(e, BM_EXT_SAN))) {
        return bm_der_fail_at(d, cert->subject.p, BM_E_CERT_SUBJECT_EMPTY);
    }
    /* 4.2.1.9: pathLenConstraint needs cA and keyCertSign */
    if (e->path_len != BM_PATH_LEN_NONE &&
        (!e->ca || (bm_exts_has(e, BM_EXT_KEY_USAGE) && !signs))) {
        return bm_der_fail_at(d, place(cert, BM_EXT_BASIC_CONSTRAINTS),
                              BM_E_EXT_PATHLEN);
    }
    /* 4.2.1.3, 4.2.1.9: keyCertSign needs cA */
    if (signs && !e->ca && (tolerate & BM_TOLERATE_CERT_SIGN) == 0) {
        return bm_der_fail_at(d, place(cert, BM_EXT_KEY_USAGE),
                              BM_E_EXT_CERTSIGN);
    }
    /* RFC 5280 4.2.1.10 MUST: be used only in a CA certificate */
    if (bm_exts_has(e, BM_EXT_NAME_CONSTRAINTS) && !e->ca) {
        return bm_der_fail_at(d, place(cert, BM_EXT_NAME_CONSTRAINTS),
                              BM_E_EXT_NC_CA);
    }
    return BM_OK;
}

/*
 * RFC 5280 4.1
 *
 *   TBSCertificate ::= SEQUENCE {
 *       version               [0] EXPLICIT Version DEFAULT v1,
 *       serialNumber          CertificateSerialNumber,
 *       signature             AlgorithmIdentifier,
 *       issuer                Name,
 *       validity              Validity,
 *       subject               Name,
 *       subjectPublicKeyInfo  SubjectPublicKeyInfo,
 *       issuerUniqueID        [1] IMPLICIT UniqueIdentifier OPTIONAL,
 *       subjectUniqueID       [2] IMPLICIT UniqueIdentifier OPTIONAL,
 *       extensions            [3] EXPLICIT Extensions OPTIONAL }
 */
static bm_status take_fields(struct bm_der *tbs, unsigned tolerate,
                             struct bm_cert *cert)
{
    BM_TRY(bm_der_within(tbs, BM_E_CERT_VERSION, take_version(tbs, cert)));
    BM_TRY(
        bm_der_within(tbs, BM_E_CERT_SERIAL, take_serial(tbs, tolerate, cert)));
    BM_TRY(bm_sig_alg_take(tbs, &cert->sig_alg_id, &cert->sig_alg));
    BM_TRY(bm_name_take(tbs, &cert->issuer));
    if (bm_name_is_empty(cert->issuer)) {
        return bm_der_fail_at(tbs, cert->issuer.p, BM_E_CERT_ISSUER_EMPTY);
    }
    BM_TRY(bm_der_within(tbs, BM_E_CERT_VALIDITY,
                         take_validity(tbs, tolerate, cert)));
    BM_TRY(bm_name_take(tbs, &cert->subject));
    BM_TRY(bm_spki_take(tbs, &cert->key));
    for (unsigned tag = 1; tag <= 2; tag++) {
        BM_TRY(bm_der_within(tbs, BM_E_CERT_UNIQUE_ID,
                             skip_unique_id(tbs, BM_DER_CONTEXT(tag), cert)));
    }
    BM_TRY(take_extensions(tbs, tolerate, cert));
    BM_TRY(bm_der_end(tbs));
    return check_rules(tbs, tolerate, cert);
}

/* Take the tbsCertificate; its `signature` goes to `cert->sig_alg_id`. */
static bm_status take_tbs(struct bm_der *d, unsigned tolerate,
                          struct bm_cert *cert)
{
    const uint8_t *start = d->p;
    struct bm_der in;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    cert->tbs = (struct bm_bytes){ start, (size_t)(d->p - start) };
    return take_fields(&in, tolerate, cert);
}

/*
 *   Certificate ::= SEQUENCE {
 *       tbsCertificate      TBSCertificate,
 *       signatureAlgorithm  AlgorithmIdentifier,
 *       signatureValue      BIT STRING }
 */
static bm_status take_cert(struct bm_der *d, unsigned tolerate,
                           struct bm_cert *cert)
{
    struct bm_bytes inner;
    struct bm_der in;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    BM_TRY(bm_der_end(d));
    BM_TRY(take_tbs(&in, tolerate, cert));
    inner = cert->sig_alg_id;
    BM_TRY(bm_der_within(
        d, BM_E_ALG,
        bm_der_take_element(&in, BM_DER_SEQUENCE, &cert->sig_alg_id)));
    /* RFC 5280 4.1.1.2 MUST: contain the same algorithm identifier */
    if (!bm_bytes_equal(inner, cert->sig_alg_id)) {
        return bm_der_fail_at(d, cert->sig_alg_id.p, BM_E_CERT_ALG_MISMATCH);
    }
    BM_TRY(bm_der_within(d, BM_E_CERT_SIGNATURE,
                         bm_der_take_octet_bits(&in, &cert->signature)));
    return bm_der_end(&in);
}

/* The two ways in differ in what they take first. */
static bm_status finish(const struct bm_der *d, bm_status rc,
                        struct bm_cert *cert)
{
    if (rc != BM_OK) {
        memset(cert, 0, sizeof *cert);
    }
    return bm_der_within(d, BM_E_CERT, rc);
}

bm_status bm_cert_parse(struct bm_bytes der, unsigned tolerate,
                        struct bm_diag *diag, struct bm_cert *cert)
{
    struct bm_der d;

    memset(cert, 0, sizeof *cert);
    cert->der = der;
    bm_der_init(&d, der, diag);
    return finish(&d, take_cert(&d, tolerate, cert), cert);
}

bm_status bm_cert_parse_tbs(struct bm_bytes tbs, struct bm_diag *diag,
                            struct bm_cert *cert)
{
    struct bm_der d;
    bm_status rc;

    memset(cert, 0, sizeof *cert);
    bm_der_init(&d, tbs, diag);
    rc = take_tbs(&d, BM_STRICT, cert);
    if (rc == BM_OK) {
        rc = bm_der_end(&d);
    }
    cert->sig_alg_id = (struct bm_bytes){ NULL, 0 };
    return finish(&d, rc, cert);
}

bool bm_cert_is_self_issued(const struct bm_cert *cert)
{
    return bm_name_equal(cert->subject, cert->issuer);
}
