/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/adopt.h"

static bm_status install(struct state *state, const struct anchors *chain)
{
    struct bm_identity *id = &state->identity;
    size_t n =
        chain->n < BM_IDENTITY_CERTS_MAX ? chain->n : BM_IDENTITY_CERTS_MAX;

    if (bm_identity_state(id, BM_IDENTITY_IDEVID) == BM_IDENTITY_EMPTY) {
        BM_TRY(bm_identity_begin(id, BM_IDENTITY_IDEVID));
    }
    return bm_identity_install(id, BM_IDENTITY_IDEVID, chain->cert, n);
}

bm_status adopt_idevid(struct state *state, const char **what)
{
    const struct settings_idevid *s = &state->settings->idevid;
    struct anchors chain;
    bm_status rc;

    *what = s->certificate;
    if (s->key == NULL ||
        bm_identity_state(&state->identity, BM_IDENTITY_IDEVID) ==
            BM_IDENTITY_CERT) {
        return BM_OK;
    }
    BM_TRY(anchors_load(s->certificate, &chain));
    *what = s->key;
    rc = install(state, &chain);
    bm_identity_close(&state->identity, BM_IDENTITY_IDEVID);
    anchors_free(&chain);
    return rc;
}
