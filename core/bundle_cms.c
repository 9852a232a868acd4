/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bundle.h"
#include "core/oid.h"

/* Certificates in a message: the signer's chain, not a directory. */
#define CERTS_MAX 8

static bm_status check_message(const struct bm_cms *cms)
{
    struct bm_bytes certs = cms->certs;
    struct bm_bytes der;
    unsigned n = 0;

    if (!bm_oid_is(cms->content_type, BM_OID_CT_BUNDLE) || !cms->has_content ||
        cms->crls.n != 0) {
        return BM_E_TRUST_BUNDLE;
    }
    while (bm_cms_next(&certs, &der)) {
        n++;
    }
    return n <= CERTS_MAX ? BM_OK : BM_E_LIMIT;
}

/*
 * One signer, in the algorithms every reader has. That there are signed
 * attributes follows from the content type (RFC 5652 5.3), and bm_cms_parse()
 * has seen to it.
 */
static bm_status take_signer(const struct bm_cms *cms, struct bm_cms_signer *s)
{
    struct bm_bytes signers = cms->signers;

    if (!bm_cms_signer_next(&signers, s) || signers.n != 0) {
        return BM_E_TRUST_BUNDLE;
    }
    if (s->hash != BM_HASH_SHA256 || s->sig_alg != BM_SIG_ECDSA_SHA256) {
        return BM_E_ALG_UNSUPPORTED;
    }
    return BM_OK;
}

static bm_status open_message(struct bm_bytes message,
                              const struct bm_crypto *crypto,
                              struct bm_cert *signer, struct bm_cms *cms)
{
    struct bm_cms_verify_config config = { .crypto = crypto };
    struct bm_cms_signer s;

    BM_TRY(bm_cms_parse(message, NULL, cms));
    BM_TRY(check_message(cms));
    BM_TRY(take_signer(cms, &s));
    BM_TRY(bm_cms_verify(cms, &s, &config, signer));
    return signer->key.type == BM_KEY_P256 ? BM_OK : BM_E_KEY_UNSUPPORTED;
}

bm_status bm_bundle_open(struct bm_bytes message,
                         const struct bm_crypto *crypto, struct bm_cert *signer,
                         struct bm_bytes *certs, struct bm_bundle *bundle)
{
    struct bm_cms cms;
    bm_status rc;

    *signer = (struct bm_cert){ 0 };
    *certs = (struct bm_bytes){ NULL, 0 };
    *bundle = (struct bm_bundle){ 0 };
    rc = open_message(message, crypto, signer, &cms);
    if (rc == BM_OK) {
        rc = bm_bundle_parse(cms.content, NULL, bundle);
    }
    if (rc != BM_OK) {
        *signer = (struct bm_cert){ 0 };
        return rc;
    }
    *certs = cms.certs;
    return BM_OK;
}

bm_status bm_bundle_signer_check(const struct bm_cert *cert)
{
    struct bm_bytes list = bm_exts_list(&cert->ext, BM_EXT_EKU);
    struct bm_bytes oid;

    if (!bm_exts_has(&cert->ext, BM_EXT_EKU) || !bm_eku_next(&list, &oid) ||
        list.n != 0 || !bm_oid_is(oid, BM_OID_KP_BUNDLE)) {
        return BM_E_PATH_EKU;
    }
    if (cert->ext.ca ||
        (bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) &&
         (cert->ext.key_usage & BM_KU_DIGITAL_SIGNATURE) == 0)) {
        return BM_E_PATH_KEY_USAGE;
    }
    return BM_OK;
}
