/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/batch_list.h"

#include "core/cms.h"

bm_status admin_batch_list_check(const struct bm_crypto *crypto,
                                 struct bm_bytes message,
                                 const uint8_t digest[32])
{
    const struct bm_cms_verify_config config = {
        .crypto = crypto,
        .digest = { digest, 32 },
        .digest_hash = BM_HASH_SHA256,
    };
    struct bm_cms_signer signer;
    struct bm_bytes signers;
    struct bm_cert cert;
    struct bm_cms cms;

    BM_TRY(bm_cms_parse(message, NULL, &cms));
    signers = cms.signers;
    if (!bm_cms_signer_next(&signers, &signer)) {
        return BM_E_CMS_FORM;
    }
    return bm_cms_verify(&cms, &signer, &config, &cert);
}
