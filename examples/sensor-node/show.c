/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/show.h"

bm_status show_identity(struct node *n, struct show *show,
                        struct bm_tls_config *tls)
{
    const enum bm_identity_place place = BM_IDENTITY_CURRENT;
    size_t used = 0;
    bm_status rc = BM_OK;

    if (!node_has(n, place)) {
        return BM_E_END;
    }
    tls->chain_n = 0;
    while (tls->chain_n < BM_IDENTITY_CERTS_MAX) {
        size_t len = 0;

        rc = bm_identity_cert(&n->identity, place, tls->chain_n,
                              n->chain + used, sizeof n->chain - used, &len);
        if (rc != BM_OK) {
            break;
        }
        show->certs[tls->chain_n++] = (struct bm_bytes){ n->chain + used, len };
        used += len;
    }
    if (rc != BM_OK && rc != BM_E_END) {
        return rc;
    }
    tls->trust = &n->trust;
    tls->chain = show->certs;
    return bm_identity_signer(&n->identity, place, &tls->signer);
}
