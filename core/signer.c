/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crypto.h"

bm_status bm_signer_put(const struct bm_signer *signer, struct bm_bytes tbs,
                        struct bm_wr *w)
{
    size_t bits;

    bm_sig_alg_put(w, signer->alg);
    bits = bm_der_open(w, BM_DER_BIT_STRING);
    bm_wr_u8(w, 0); /* no unused bits */
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    BM_TRY(signer->sign(signer->self, tbs, w));
    bm_der_close(w, bits);
    return w->len > w->cap ? BM_E_BUFFER : BM_OK;
}
