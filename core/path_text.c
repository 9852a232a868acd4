/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

/* The extension that each of these refusals is about. */
static const struct {
    bm_status status;
    enum bm_ext_id ext;
} blamed[] = {
    { BM_E_PATH_CA, BM_EXT_BASIC_CONSTRAINTS },
    { BM_E_PATH_LEN, BM_EXT_BASIC_CONSTRAINTS },
    { BM_E_PATH_KEY_USAGE, BM_EXT_KEY_USAGE },
    { BM_E_PATH_EKU, BM_EXT_EKU },
    { BM_E_PATH_POLICY, BM_EXT_POLICIES },
    { BM_E_PATH_MAPPING, BM_EXT_MAPPINGS },
    { BM_E_PATH_HOST, BM_EXT_SAN },
};

const uint8_t *bm_path_fault_at(const struct bm_path_fault *fault)
{
    const struct bm_cert *c = fault->cert;

    if (c == NULL || fault->at != NULL) {
        return fault->at;
    }
    for (size_t i = 0; i < sizeof blamed / sizeof blamed[0]; i++) {
        if (blamed[i].status == fault->status) {
            const struct bm_bytes value = c->ext.value[blamed[i].ext];

            return value.p != NULL ? value.p : c->ext.all.p;
        }
    }
    switch (fault->status) {
    case BM_E_PATH_NO_ISSUER:
    case BM_E_PATH_DEPTH:
    case BM_E_PATH_NAME_CHAIN:
        return c->issuer.p;
    case BM_E_PATH_NOT_YET:
    case BM_E_PATH_EXPIRED:
        /* The validity comes next; an anchor without DER has none. */
        return c->der.n != 0 ? c->issuer.p + c->issuer.n : NULL;
    case BM_E_PATH_VERSION:
        return c->tbs.p;
    case BM_E_PATH_PROFILE:
        return c->ext.all.p;
    case BM_E_PATH_SIGNATURE:
        return c->signature.p;
    case BM_E_PATH_CRITICAL:
        return c->ext.unknown_critical.n > 0 ? c->ext.unknown_critical.p
                                             : c->ext.all.p;
    case BM_E_PATH_WEAK:
    case BM_E_KEY_UNSUPPORTED:
        return c->key.der.p;
    case BM_E_ALG_UNSUPPORTED:
    case BM_E_KEY_MISMATCH:
        return c->sig_alg_id.p;
    case BM_E_PATH_REVOKED:
    case BM_E_PATH_STATUS_UNKNOWN:
        return c->serial.p;
    default:
        return NULL;
    }
}
