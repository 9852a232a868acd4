/* SPDX-License-Identifier: Apache-2.0 */
#include "core/csr.h"
#include "core/oid.h"

/* Characters in a checked string: fixed width, or UTF-8 lead octets. */
static size_t count_characters(uint8_t tag, struct bm_bytes s)
{
    size_t n = 0;

    if (tag == BM_DER_BMP_STRING) {
        return s.n / 2;
    }
    if (tag == BM_DER_UNIVERSAL_STRING) {
        return s.n / 4;
    }
    for (size_t i = 0; i < s.n; i++) {
        n += tag != BM_DER_UTF8_STRING || (s.p[i] & 0xc0) != 0x80;
    }
    return n;
}

/*
 * RFC 2985 5.4.1
 *
 *   challengePassword ATTRIBUTE ::= {
 *       WITH SYNTAX DirectoryString { pkcs-9-ub-challengePassword }
 *       EQUALITY MATCHING RULE caseExactMatch
 *       SINGLE VALUE TRUE }
 *
 * A DirectoryString is one of five types; IA5String is not among them.
 */
static bm_status take_challenge(struct bm_der *values,
                                struct bm_bytes *challenge)
{
    const uint8_t *start = values->p;
    size_t n;
    uint8_t tag;

    BM_TRY(bm_der_take_any(values, &tag, challenge));
    if (tag != BM_DER_TELETEX_STRING && tag != BM_DER_PRINTABLE_STRING &&
        tag != BM_DER_UNIVERSAL_STRING && tag != BM_DER_UTF8_STRING &&
        tag != BM_DER_BMP_STRING) {
        return bm_der_fail_at(values, start, BM_E_CSR_CHALLENGE);
    }
    BM_TRY(bm_der_check_string(values, tag, *challenge));
    n = count_characters(tag, *challenge);
    if (n == 0 || n > BM_CSR_CHALLENGE_MAX) {
        return bm_der_fail_at(values, start, BM_E_CSR_CHALLENGE);
    }
    return bm_der_end(values); /* single-valued */
}

/*
 * RFC 2985 5.4.2
 *
 *   extensionRequest ATTRIBUTE ::= {
 *       WITH SYNTAX ExtensionRequest
 *       SINGLE VALUE TRUE }
 *
 *   ExtensionRequest ::= Extensions
 */
static bm_status take_extensions(struct bm_der *values, struct bm_exts *ext)
{
    BM_TRY(bm_exts_take(values, BM_STRICT, ext));
    return bm_der_end(values);
}

/* RFC 2986 4.1: Attributes ::= SET OF Attribute */
static bm_status read_attributes(struct bm_der *d, struct bm_csr *csr)
{
    struct bm_attribute a;
    struct bm_der values;

    csr->attributes = (struct bm_bytes){ d->p, bm_der_left(d) };
    while (bm_der_left(d) != 0) {
        BM_TRY(bm_attribute_take(d, &a));
        BM_TRY(bm_attribute_once(d, csr->attributes, &a, BM_E_CSR_DUPLICATE));
        bm_der_init(&values, a.values, d->diag);
        if (bm_oid_is(a.type, BM_OID_P9_EXTENSIONS)) {
            BM_TRY(bm_der_within(d, BM_E_CSR_EXTENSIONS,
                                 take_extensions(&values, &csr->ext)));
        } else if (bm_oid_is(a.type, BM_OID_P9_CHALLENGE)) {
            BM_TRY(bm_der_within(d, BM_E_CSR_CHALLENGE,
                                 take_challenge(&values, &csr->challenge)));
        }
    }
    return BM_OK;
}

/*
 * RFC 2986 4.1
 *
 *   CertificationRequestInfo ::= SEQUENCE {
 *       version        INTEGER { v1(0) },
 *       subject        Name,
 *       subjectPKInfo  SubjectPublicKeyInfo,
 *       attributes     [0] Attributes }
 */
static bm_status take_info(struct bm_der *d, struct bm_csr *csr)
{
    const uint8_t *start = d->p;
    struct bm_der info;
    struct bm_der attributes;
    uint32_t version;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &info));
    csr->tbs = (struct bm_bytes){ start, (size_t)(d->p - start) };
    start = info.p;
    BM_TRY(bm_der_take_u32(&info, &version));
    if (version != 0) {
        return bm_der_fail_at(d, start, BM_E_CSR_VERSION);
    }
    BM_TRY(bm_name_take(&info, &csr->subject));
    BM_TRY(bm_spki_take(&info, &csr->key));
    if (bm_der_left(&info) == 0) {
        return BM_OK; /* see the header: same meaning as an empty [0] */
    }
    BM_TRY(bm_der_enter(&info, BM_DER_CONSTRUCTED(0), &attributes));
    BM_TRY(bm_der_within(d, BM_E_CSR_ATTRIBUTES,
                         read_attributes(&attributes, csr)));
    return bm_der_end(&info);
}

/*
 * RFC 2986 4.2
 *
 *   CertificationRequest ::= SEQUENCE {
 *       certificationRequestInfo  CertificationRequestInfo,
 *       signatureAlgorithm        AlgorithmIdentifier,
 *       signature                 BIT STRING }
 */
static bm_status take_request(struct bm_der *d, struct bm_csr *csr)
{
    struct bm_der request;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &request));
    BM_TRY(bm_der_end(d));
    BM_TRY(take_info(&request, csr));
    BM_TRY(bm_sig_alg_take(&request, &csr->sig_alg_id, &csr->sig_alg));
    BM_TRY(bm_der_take_octet_bits(&request, &csr->signature));
    return bm_der_end(&request);
}

bm_status bm_csr_parse(struct bm_bytes der, struct bm_diag *diag,
                       struct bm_csr *csr)
{
    struct bm_der d;
    bm_status rc;

    *csr = (struct bm_csr){ .der = der };
    bm_der_init(&d, der, diag);
    rc = bm_der_within(&d, BM_E_CSR, take_request(&d, csr));
    if (rc != BM_OK) {
        *csr = (struct bm_csr){ 0 };
    }
    return rc;
}

bm_status bm_csr_verify(const struct bm_csr *csr,
                        const struct bm_crypto *crypto)
{
    bm_status rc;

    if (csr->key.type == BM_KEY_UNKNOWN) {
        return BM_E_KEY_UNSUPPORTED;
    }
    if (csr->sig_alg == BM_SIG_UNKNOWN) {
        return BM_E_ALG_UNSUPPORTED;
    }
    rc = crypto->verify(crypto->self, &csr->key, csr->sig_alg, csr->tbs,
                        csr->signature);
    return rc == BM_E_SIGNATURE ? BM_E_CSR_SIGNATURE : rc;
}
