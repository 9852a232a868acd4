/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bundle.h"
#include "core/oid.h"
#include "core/signed.h"

bm_status bm_bundle_open(struct bm_bytes message,
                         const struct bm_crypto *crypto, struct bm_cert *signer,
                         struct bm_bytes *certs, struct bm_bundle *bundle)
{
    struct bm_cms cms;
    bm_status rc;

    *certs = (struct bm_bytes){ NULL, 0 };
    *bundle = (struct bm_bundle){ 0 };
    BM_TRY(bm_signed_open(message, BM_LIT(BM_OID_CT_BUNDLE), crypto, signer,
                          &cms));
    rc = bm_bundle_parse(cms.content, NULL, bundle);
    if (rc != BM_OK) {
        *signer = (struct bm_cert){ 0 };
        return rc;
    }
    *certs = cms.certs;
    return BM_OK;
}

bm_status bm_bundle_signer_check(const struct bm_cert *cert)
{
    return bm_signed_purpose(cert, BM_LIT(BM_OID_KP_BUNDLE));
}
