/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/message.h"

#include "core/oid.h"

bm_status bm_fw_signer_check(const struct bm_cert *cert)
{
    return bm_signed_purpose(cert, BM_LIT(BM_OID_KP_POLICY));
}

bm_status bm_fw_message_open(struct bm_bytes message,
                             const struct bm_crypto *crypto,
                             struct bm_cert *signer, struct bm_bytes *certs,
                             struct bm_bytes *table)
{
    struct bm_cms cms;
    bm_status rc;

    *certs = (struct bm_bytes){ NULL, 0 };
    *table = (struct bm_bytes){ NULL, 0 };
    BM_TRY(bm_signed_open(message, BM_LIT(BM_OID_CT_POLICY), crypto, signer,
                          &cms));
    rc = bm_fw_signer_check(signer);
    if (rc != BM_OK) {
        *signer = (struct bm_cert){ 0 };
        return rc;
    }
    *certs = cms.certs;
    *table = cms.content;
    return BM_OK;
}

bm_status bm_fw_message_sign(const struct bm_signed_by *by,
                             struct bm_bytes table, int64_t signing_time,
                             struct bm_wr *w)
{
    BM_TRY(bm_fw_signer_check(by->cert));
    return bm_signed_put(by, BM_LIT(BM_OID_CT_POLICY), table, signing_time, w);
}
