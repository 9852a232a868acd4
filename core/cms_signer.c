/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms_internal.h"
#include "core/oid.h"

/*
 * RFC 5652 5.3
 *
 *   SignerIdentifier ::= CHOICE {              version
 *       issuerAndSerialNumber  SEQUENCE {      1
 *           issuer        Name,
 *           serialNumber  INTEGER },
 *       subjectKeyIdentifier   [0] OCTET STRING }  3
 */
static bm_status take_sid(struct bm_der *d, struct bm_cms_signer *s)
{
    struct bm_der inside;

    if (s->version == 3) {
        BM_TRY(bm_der_take(d, BM_DER_CONTEXT(0), &s->key_id));
        return s->key_id.n != 0 ? BM_OK : bm_der_fail(d, BM_E_DER_EMPTY);
    }
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &inside));
    BM_TRY(bm_name_take(&inside, &s->issuer));
    BM_TRY(bm_der_take_integer(&inside, BM_DER_INTEGER, &s->serial));
    return bm_der_end(&inside);
}

/* One signed attribute; those we do not know say nothing to us. */
static bm_status read_attribute(struct bm_der *d, const struct bm_attribute *a,
                                struct bm_cms_signer *s)
{
    struct bm_der value;

    bm_der_init(&value, a->values, d->diag);
    if (bm_oid_is(a->type, BM_OID_P9_CONTENT_TYPE)) {
        BM_TRY(bm_der_take_oid(&value, &s->content_type));
    } else if (bm_oid_is(a->type, BM_OID_P9_DIGEST)) {
        BM_TRY(bm_der_take(&value, BM_DER_OCTET_STRING, &s->digest));
    } else if (bm_oid_is(a->type, BM_OID_P9_SIGNING_TIME)) {
        BM_TRY(bm_time_take(&value, &s->signing_time));
    } else {
        return BM_OK;
    }
    return bm_der_end(&value); /* RFC 5652 11.1-11.3: single-valued */
}

/*
 * RFC 5652 5.3: SignedAttributes ::= SET SIZE (1..MAX) OF Attribute, in DER
 * even where the rest is not; contentType and messageDigest MUST be there;
 * 11: no attribute MUST occur twice (we say so of unknown ones too).
 */
static bm_status take_signed_attrs(struct bm_der *d, struct bm_cms_signer *s)
{
    const uint8_t *start = d->p;
    struct bm_attribute a;
    struct bm_der list;

    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(0), &list));
    s->signed_attrs = (struct bm_bytes){ start, (size_t)(d->p - start) };
    s->attributes = (struct bm_bytes){ list.p, bm_der_left(&list) };
    BM_TRY(bm_der_check_set(&list));
    while (bm_der_left(&list) != 0) {
        BM_TRY(bm_attribute_take(&list, &a));
        BM_TRY(bm_attribute_once(&list, s->attributes, &a, BM_E_CMS_DUPLICATE));
        BM_TRY(read_attribute(&list, &a, s));
    }
    if (s->content_type.n == 0 || s->digest.n == 0) {
        return bm_der_fail_at(d, start, BM_E_CMS_ATTRS);
    }
    return BM_OK;
}

/*
 * RFC 5652 11: these three MUST NOT be unsigned attributes. Others may even
 * occur twice (countersignature, 11.4), and nothing here depends on them.
 */
static bm_status take_unsigned_attrs(struct bm_der *d, struct bm_cms_signer *s)
{
    struct bm_attribute a;
    struct bm_der list;

    BM_TRY(bm_der_enter(d, BM_DER_CONSTRUCTED(1), &list));
    s->unsigned_attrs = (struct bm_bytes){ list.p, bm_der_left(&list) };
    if (s->unsigned_attrs.n == 0) {
        return bm_der_fail(&list, BM_E_DER_EMPTY);
    }
    while (bm_der_left(&list) != 0) {
        BM_TRY(bm_attribute_take(&list, &a));
        if (bm_oid_is(a.type, BM_OID_P9_CONTENT_TYPE) ||
            bm_oid_is(a.type, BM_OID_P9_DIGEST) ||
            bm_oid_is(a.type, BM_OID_P9_SIGNING_TIME)) {
            return bm_der_fail_at(d, a.type.p, BM_E_CMS_ATTRS);
        }
    }
    return BM_OK;
}

/*
 * RFC 3370 3.2: rsaEncryption as signature algorithm leaves it to the digest
 * algorithm which RSA signature it is.
 */
static bm_status take_sig_alg(struct bm_der *d, struct bm_cms_signer *s)
{
    static const char rsa_encryption[] =
        "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

    BM_TRY(bm_sig_alg_take(d, &s->sig_alg_id, &s->sig_alg));
    if (s->hash >= BM_HASH_SHA256 &&
        bm_bytes_equal(s->sig_alg_id, BM_LIT(rsa_encryption))) {
        s->sig_alg =
            (enum bm_sig_alg)(BM_SIG_RSA_SHA256 + (s->hash - BM_HASH_SHA256));
    }
    return BM_OK;
}

/*
 * Which digest goes with which signature: the one inside it (RFC 5753 2.1.1,
 * RFC 5754 3); over signed attributes SHA-512 for Ed25519 (RFC 8419 3.1) and
 * a hash of the parameter set's strength for ML-DSA (RFC 9882 3.3).
 */
static bool hash_fits(const struct bm_cms_signer *s)
{
    if (s->sig_alg == BM_SIG_UNKNOWN) {
        return true; /* bm_cms_verify() refuses it */
    }
    if (bm_sig_alg_hash(s->sig_alg) != BM_HASH_NONE) {
        return bm_sig_alg_hash(s->sig_alg) == s->hash;
    }
    if (s->signed_attrs.n == 0) {
        return true; /* the content itself is signed */
    }
    if (s->sig_alg >= BM_SIG_MLDSA44) {
        return s->hash >= BM_HASH_SHA256 &&
               s->hash - BM_HASH_SHA256 >=
                   (enum bm_hash)(s->sig_alg - BM_SIG_MLDSA44);
    }
    return s->hash == BM_HASH_SHA512;
}

/*
 * RFC 5652 5.3
 *
 *   SignerInfo ::= SEQUENCE {
 *       version             CMSVersion,
 *       sid                 SignerIdentifier,
 *       digestAlgorithm     DigestAlgorithmIdentifier,
 *       signedAttrs         [0] IMPLICIT SignedAttributes OPTIONAL,
 *       signatureAlgorithm  SignatureAlgorithmIdentifier,
 *       signature           OCTET STRING,
 *       unsignedAttrs       [1] IMPLICIT UnsignedAttributes OPTIONAL }
 */
static bm_status take_signer(struct bm_der *d, struct bm_cms_signer *s)
{
    const uint8_t *start = d->p;
    struct bm_der info;
    uint32_t version;

    *s = (struct bm_cms_signer){ .signing_time = BM_CMS_NO_TIME };
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &info));
    BM_TRY(bm_der_take_u32(&info, &version));
    if (version != 1 && version != 3) {
        return bm_der_fail_at(d, start, BM_E_CMS_VERSION);
    }
    s->version = (uint8_t)version;
    BM_TRY(take_sid(&info, s));
    BM_TRY(bm_hash_alg_take(&info, &s->hash));
    if (bm_der_at(&info, BM_DER_CONSTRUCTED(0))) {
        BM_TRY(bm_der_within(d, BM_E_CMS_ATTRS, take_signed_attrs(&info, s)));
    }
    BM_TRY(take_sig_alg(&info, s));
    if (!hash_fits(s)) {
        return bm_der_fail_at(d, s->sig_alg_id.p, BM_E_CMS_ALG);
    }
    BM_TRY(bm_der_take(&info, BM_DER_OCTET_STRING, &s->signature));
    if (bm_der_at(&info, BM_DER_CONSTRUCTED(1))) {
        BM_TRY(bm_der_within(d, BM_E_CMS_ATTRS, take_unsigned_attrs(&info, s)));
    }
    return bm_der_end(&info);
}

bool bm_cms_signer_next(struct bm_bytes *signers, struct bm_cms_signer *signer)
{
    struct bm_der d;

    bm_der_init(&d, *signers, NULL);
    if (take_signer(&d, signer) != BM_OK) {
        return false;
    }
    *signers = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}

/*
 * RFC 5652 5.3 MUST: signedAttrs are there unless the content is id-data.
 * Without this, attributes could be passed off as content. 11.1: contentType
 * MUST be the same as eContentType.
 */
static bm_status check_signer(struct bm_der *d, const struct bm_cms *cms,
                              struct bm_cms_signer *s)
{
    const uint8_t *start = d->p;

    BM_TRY(take_signer(d, s));
    if (s->signed_attrs.n == 0) {
        return bm_oid_is(cms->content_type, BM_OID_CMS_DATA)
                   ? BM_OK
                   : bm_der_fail_at(d, start, BM_E_CMS_ATTRS);
    }
    if (!bm_bytes_equal(s->content_type, cms->content_type)) {
        return bm_der_fail_at(d, s->content_type.p, BM_E_CMS_CONTENT_TYPE);
    }
    return BM_OK;
}

/* RFC 5652 5.1: the version is a function of what is inside. */
static bm_status take_cms(struct bm_der *d, struct bm_cms *cms)
{
    const uint8_t *start = d->p;
    struct bm_cms_signer s;
    struct bm_der signers;
    uint8_t version;

    BM_TRY(bm_cms_take_signed_data(d, cms));
    version = cms->choices_version;
    if (version < 3 && !bm_oid_is(cms->content_type, BM_OID_CMS_DATA)) {
        version = 3;
    }
    bm_der_init(&signers, cms->signers, d->diag);
    while (bm_der_left(&signers) != 0) {
        BM_TRY(bm_der_within(d, BM_E_CMS_SIGNER_INFO,
                             check_signer(&signers, cms, &s)));
        if (version < s.version) {
            version = s.version;
        }
    }
    if (cms->version != version) {
        return bm_der_fail_at(d, start, BM_E_CMS_VERSION);
    }
    return BM_OK;
}

bm_status bm_cms_parse(struct bm_bytes der, struct bm_diag *diag,
                       struct bm_cms *cms)
{
    struct bm_der d;
    bm_status rc;

    *cms = (struct bm_cms){ 0 };
    bm_der_init(&d, der, diag);
    rc = bm_der_within(&d, BM_E_CMS, take_cms(&d, cms));
    if (rc != BM_OK) {
        *cms = (struct bm_cms){ 0 };
    }
    return rc;
}
