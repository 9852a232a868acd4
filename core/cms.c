/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms_internal.h"
#include "core/oid.h"

/* The least SignedData version that each context tag of a set asks for. */
#define TAGS_MAX 4
typedef uint8_t versions[TAGS_MAX];

/*
 * RFC 5652 10.2.2, 10.2.1
 *
 *   CertificateChoices ::= CHOICE {          version (5.1)
 *       certificate              Certificate,
 *       extendedCertificate  [0] ...         obsolete: refused
 *       v1AttrCert           [1] ...         3
 *       v2AttrCert           [2] ...         4
 *       other                [3] ... }       5
 *
 *   RevocationInfoChoice ::= CHOICE {
 *       crl                      CertificateList,
 *       other                [1] ... }       5
 */
static const versions cert_versions = { 0, 3, 4, 5 };
static const versions crl_versions = { 0, 5, 0, 0 };
static const versions none = { 0, 0, 0, 0 };

/*
 * Take a SET OF under `tag`: SEQUENCEs, and the context tags that `allowed`
 * has a version for; `*version` is raised to that.
 */
static bm_status take_set(struct bm_der *d, uint8_t tag, const versions allowed,
                          struct bm_bytes *contents, uint8_t *version)
{
    struct bm_der set;
    struct bm_bytes body;
    uint8_t kind;

    BM_TRY(bm_der_enter(d, tag, &set));
    *contents = (struct bm_bytes){ set.p, bm_der_left(&set) };
    while (bm_der_left(&set) != 0) {
        const uint8_t *start = set.p;

        BM_TRY(bm_der_take_any(&set, &kind, &body));
        if (kind == BM_DER_SEQUENCE) {
            continue;
        }
        kind ^= BM_DER_CONSTRUCTED(0);
        if (kind >= TAGS_MAX || allowed[kind] == 0) {
            return bm_der_fail_at(d, start, BM_E_DER_TAG);
        }
        if (allowed[kind] > *version) {
            *version = allowed[kind];
        }
    }
    return BM_OK;
}

/*
 * RFC 5652 5.2
 *
 *   EncapsulatedContentInfo ::= SEQUENCE {
 *       eContentType  ContentType,
 *       eContent      [0] EXPLICIT OCTET STRING OPTIONAL }
 */
static bm_status take_content(struct bm_der *d, struct bm_cms *cms)
{
    struct bm_der info;
    struct bm_der octets;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &info));
    BM_TRY(bm_der_take_oid(&info, &cms->content_type));
    if (bm_der_left(&info) == 0) {
        return BM_OK;
    }
    BM_TRY(bm_der_enter(&info, BM_DER_CONSTRUCTED(0), &octets));
    BM_TRY(bm_der_take(&octets, BM_DER_OCTET_STRING, &cms->content));
    BM_TRY(bm_der_end(&octets));
    cms->has_content = true;
    return bm_der_end(&info);
}

/*
 * RFC 5652 5.1
 *
 *   SignedData ::= SEQUENCE {
 *       version           CMSVersion,
 *       digestAlgorithms  SET OF DigestAlgorithmIdentifier,
 *       encapContentInfo  EncapsulatedContentInfo,
 *       certificates      [0] IMPLICIT CertificateSet OPTIONAL,
 *       crls              [1] IMPLICIT RevocationInfoChoices OPTIONAL,
 *       signerInfos       SET OF SignerInfo }
 */
static bm_status take_signed_data(struct bm_der *d, struct bm_cms *cms)
{
    struct bm_der s;
    struct bm_bytes digests;
    uint32_t version;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &s));
    BM_TRY(bm_der_take_u32(&s, &version));
    cms->version = version < 0x100 ? (uint8_t)version : 0;
    cms->choices_version = 1;
    BM_TRY(take_set(&s, BM_DER_SET, none, &digests, &cms->choices_version));
    BM_TRY(take_content(&s, cms));
    if (bm_der_at(&s, BM_DER_CONSTRUCTED(0))) {
        BM_TRY(take_set(&s, BM_DER_CONSTRUCTED(0), cert_versions, &cms->certs,
                        &cms->choices_version));
    }
    if (bm_der_at(&s, BM_DER_CONSTRUCTED(1))) {
        BM_TRY(take_set(&s, BM_DER_CONSTRUCTED(1), crl_versions, &cms->crls,
                        &cms->choices_version));
    }
    BM_TRY(
        take_set(&s, BM_DER_SET, none, &cms->signers, &cms->choices_version));
    return bm_der_end(&s);
}

/*
 * RFC 5652 3
 *
 *   ContentInfo ::= SEQUENCE {
 *       contentType  ContentType,
 *       content      [0] EXPLICIT ANY DEFINED BY contentType }
 */
bm_status bm_cms_take_signed_data(struct bm_der *d, struct bm_cms *cms)
{
    struct bm_der info;
    struct bm_der content;
    struct bm_bytes type;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &info));
    BM_TRY(bm_der_end(d));
    BM_TRY(bm_der_take_oid(&info, &type));
    if (!bm_oid_is(type, BM_OID_CMS_SIGNED)) {
        return bm_der_fail_at(d, type.p, BM_E_CMS_TYPE);
    }
    BM_TRY(bm_der_enter(&info, BM_DER_CONSTRUCTED(0), &content));
    BM_TRY(bm_der_end(&info));
    BM_TRY(bm_der_within(d, BM_E_CMS_SIGNED_DATA,
                         take_signed_data(&content, cms)));
    return bm_der_end(&content);
}

/* RFC 7030 4.1.3, RFC 5272 4.1, RFC 5652 5.2: the degenerate case. */
static bm_status take_certs_only(struct bm_der *d, struct bm_cms *cms)
{
    const uint8_t *start = d->p;

    BM_TRY(bm_cms_take_signed_data(d, cms));
    if (cms->version != 1) {
        return bm_der_fail_at(d, start, BM_E_CMS_VERSION);
    }
    if (cms->choices_version != 1 || cms->has_content || cms->signers.n != 0 ||
        cms->certs.n == 0 || !bm_oid_is(cms->content_type, BM_OID_CMS_DATA)) {
        return bm_der_fail_at(d, start, BM_E_CMS_CERTS_ONLY);
    }
    return BM_OK;
}

bm_status bm_cms_parse_certs(struct bm_bytes der, struct bm_diag *diag,
                             struct bm_cms *cms)
{
    struct bm_der d;
    bm_status rc;

    *cms = (struct bm_cms){ 0 };
    bm_der_init(&d, der, diag);
    rc = bm_der_within(&d, BM_E_CMS, take_certs_only(&d, cms));
    if (rc != BM_OK) {
        *cms = (struct bm_cms){ 0 };
    }
    return rc;
}

bool bm_cms_next(struct bm_bytes *set, struct bm_bytes *element)
{
    struct bm_der d;
    struct bm_bytes body;
    uint8_t kind;

    bm_der_init(&d, *set, NULL);
    do {
        element->p = d.p;
        if (bm_der_take_any(&d, &kind, &body) != BM_OK) {
            return false;
        }
        element->n = (size_t)(d.p - element->p);
    } while (kind != BM_DER_SEQUENCE);
    *set = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}
