/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signed.h"

static bm_status check_form(const struct bm_cms *cms,
                            struct bm_bytes content_type)
{
    struct bm_bytes certs = cms->certs;
    struct bm_bytes der;
    unsigned n = 0;

    if (!bm_bytes_equal(cms->content_type, content_type) || !cms->has_content ||
        cms->crls.n != 0) {
        return BM_E_CMS_FORM;
    }
    while (bm_cms_next(&certs, &der)) {
        n++;
    }
    return n <= BM_SIGNED_CERTS_MAX ? BM_OK : BM_E_LIMIT;
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
        return BM_E_CMS_FORM;
    }
    if (s->hash != BM_HASH_SHA256 || s->sig_alg != BM_SIG_ECDSA_SHA256) {
        return BM_E_ALG_UNSUPPORTED;
    }
    return BM_OK;
}

static bm_status open_message(struct bm_bytes message,
                              struct bm_bytes content_type,
                              const struct bm_crypto *crypto,
                              struct bm_cert *signer, struct bm_cms *cms)
{
    struct bm_cms_verify_config config = { .crypto = crypto };
    struct bm_cms_signer s;

    BM_TRY(bm_cms_parse(message, NULL, cms));
    BM_TRY(check_form(cms, content_type));
    BM_TRY(take_signer(cms, &s));
    BM_TRY(bm_cms_verify(cms, &s, &config, signer));
    return signer->key.type == BM_KEY_P256 ? BM_OK : BM_E_KEY_UNSUPPORTED;
}

bm_status bm_signed_open(struct bm_bytes message, struct bm_bytes content_type,
                         const struct bm_crypto *crypto, struct bm_cert *signer,
                         struct bm_cms *cms)
{
    bm_status rc;

    *signer = (struct bm_cert){ 0 };
    rc = open_message(message, content_type, crypto, signer, cms);
    if (rc != BM_OK) {
        *signer = (struct bm_cert){ 0 };
        *cms = (struct bm_cms){ 0 };
    }
    return rc;
}

bm_status bm_signed_purpose(const struct bm_cert *cert, struct bm_bytes purpose)
{
    struct bm_bytes list = bm_exts_list(&cert->ext, BM_EXT_EKU);
    struct bm_bytes oid;

    if (!bm_exts_has(&cert->ext, BM_EXT_EKU) || !bm_eku_next(&list, &oid) ||
        list.n != 0 || !bm_bytes_equal(oid, purpose)) {
        return BM_E_PATH_EKU;
    }
    if (cert->ext.ca ||
        (bm_exts_has(&cert->ext, BM_EXT_KEY_USAGE) &&
         (cert->ext.key_usage & BM_KU_DIGITAL_SIGNATURE) == 0)) {
        return BM_E_PATH_KEY_USAGE;
    }
    return BM_OK;
}

bm_status bm_signed_put(const struct bm_signed_by *by,
                        struct bm_bytes content_type, struct bm_bytes content,
                        int64_t signing_time, struct bm_wr *w)
{
    const struct bm_cms_sign_config config = {
        .crypto = by->crypto,
        .signer = by->signer,
        .cert = by->cert,
        .content_type = content_type,
        .content = content,
        .certs = by->chain,
        .signing_time = signing_time,
    };

    if (by->signer->alg != BM_SIG_ECDSA_SHA256) {
        return BM_E_ALG_UNSUPPORTED;
    }
    return bm_cms_sign(&config, w);
}
