/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/revocation.h"

/*
 * 6.3.3 (f): does `signer` bear the name of the CRL issuer, may it sign
 * CRLs, and has it a valid path?
 */
static bool may_sign(struct revocation_level *r, const struct bm_crl *crl,
                     const struct bm_cert *signer, bool is_anchor)
{
    if (!bm_name_equal(crl->head.issuer, signer->subject) ||
        (bm_exts_has(&signer->ext, BM_EXT_KEY_USAGE) &&
         (signer->ext.key_usage & BM_KU_CRL_SIGN) == 0)) {
        return false;
    }
    return is_anchor || bm_path_find(&r->path, &r->config, signer) == BM_OK;
}

/* What one list says, if somebody who may has signed it. */
static bm_status ask_list(struct revocation_level *r, const struct bm_crl *crl,
                          const struct bm_crl_query *query,
                          struct bm_crl_answer *answer)
{
    const struct store *s = r->store;
    struct bm_crl_trust trust = { .crypto = r->config.crypto,
                                  .now = r->config.time };

    for (size_t i = 0; i < s->anchors_n + s->pool_n; i++) {
        bool is_anchor = i < s->anchors_n;
        const struct bm_cert *signer =
            is_anchor ? &s->anchors[i] : &s->pool[i - s->anchors_n];

        trust.key = &signer->key;
        if (may_sign(r, crl, signer, is_anchor) &&
            bm_crl_find(crl, &trust, query, answer) == BM_OK) {
            return BM_OK;
        }
    }
    return BM_E_PATH_STATUS_UNKNOWN;
}

static void update_by_deltas(struct revocation_level *r,
                             const struct bm_crl_query *query,
                             struct bm_crl_answer *answer)
{
    const struct store *s = r->store;
    struct bm_crl_answer delta;

    for (size_t i = 0; i < s->crls_n; i++) {
        if (s->crls[i].ext.base.n > 0 &&
            ask_list(r, &s->crls[i], query, &delta) == BM_OK) {
            (void)!bm_crl_answer_update(answer, &delta);
        }
    }
}

static bm_status check(void *self, const struct bm_cert *cert,
                       const struct bm_cert *issuer)
{
    struct revocation_level *r = self;
    const struct store *s = r->store;
    struct bm_crl_answer answer = { 0 };
    struct bm_crl_answer one;
    struct bm_crl_query query;

    (void)issuer;
    bm_crl_query_cert(&query, cert);
    for (size_t i = 0; i < s->crls_n; i++) {
        if (s->crls[i].ext.base.n == 0 &&
            ask_list(r, &s->crls[i], &query, &one) == BM_OK) {
            update_by_deltas(r, &query, &one);
            bm_crl_answer_join(&answer, &one);
        }
    }
    if (answer.state == BM_CRL_REVOKED) {
        return BM_E_PATH_REVOKED;
    }
    return answer.state == BM_CRL_GOOD ? BM_OK : BM_E_PATH_STATUS_UNKNOWN;
}

static void level_init(struct revocation_level *r, const struct store *store,
                       const struct bm_path_config *like)
{
    r->store = store;
    r->config = (struct bm_path_config){ .crypto = like->crypto,
                                         .anchors = like->anchors,
                                         .anchors_n = like->anchors_n,
                                         .pool = like->pool,
                                         .pool_n = like->pool_n,
                                         .time = like->time,
                                         .key_usage = BM_KU_CRL_SIGN };
}

struct bm_revocation revocation_init(struct revocation *r,
                                     const struct store *store,
                                     const struct bm_path_config *like)
{
    level_init(&r->of_path, store, like);
    level_init(&r->of_signers, store, like);
    r->of_path.signers = (struct bm_revocation){ &r->of_signers, check };
    r->of_path.config.revocation = &r->of_path.signers;
    return (struct bm_revocation){ &r->of_path, check };
}
