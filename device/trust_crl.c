/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/trust_internal.h"

/*
 * A CRL, read for one certificate in question. The list may be of any length:
 * what is kept of it is one answer.
 */

_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_trust_crl) <= 3456,
               "RAM budget of a CRL that is being read");

/* The issuer of a certificate in the path that was found. */
static const struct bm_cert *issuer_of(const struct bm_path *path,
                                       const struct bm_cert *cert)
{
    size_t i = 0;

    while (i < path->n && path->step[i].cert != cert) {
        i++;
    }
    if (i >= path->n) {
        return NULL;
    }
    return i + 1 < path->n ? path->step[i + 1].cert : path->anchor;
}

static bool may_sign_lists(const struct bm_cert *issuer)
{
    return !bm_exts_has(&issuer->ext, BM_EXT_KEY_USAGE) ||
           (issuer->ext.key_usage & BM_KU_CRL_SIGN) != 0;
}

/* Pinned or learned? Others are listed to be our peers, not our clock. */
static bool is_own(const struct bm_trust *trust, const struct bm_cert *anchor)
{
    bool own = false;

    for (size_t i = 0; i < trust->config.anchors_n; i++) {
        own = own || bm_bytes_equal(trust->config.anchors[i], anchor->der);
    }
    for (size_t i = 0; i < trust->learned; i++) {
        own = own ||
              bm_bytes_equal(bm_trust_learned_cert(trust, i, 0), anchor->der);
    }
    return own;
}

bm_status bm_trust_crl_open(struct bm_trust_crl *crl, struct bm_trust *trust,
                            const struct bm_bytes *certs, size_t n,
                            size_t which, const struct bm_trust_expect *expect)
{
    const struct bm_trust_work *work = trust->config.work;
    struct bm_trust_verdict verdict;
    const struct bm_cert *issuer;

    crl->trust = NULL;
    BM_TRY(bm_trust_find(trust, certs, n, expect, false, &verdict));
    issuer = which < n ? issuer_of(&work->path, &work->cert[which]) : NULL;
    if (issuer == NULL) {
        return BM_E_ARGUMENT; /* none of the path: a root that was sent along */
    }
    if (!may_sign_lists(issuer)) {
        return BM_E_PATH_KEY_USAGE;
    }
    if (work->cert[which].serial.n > BM_BUNDLE_SERIAL_MAX) {
        return BM_E_LIMIT;
    }
    BM_TRY(bm_bundle_key(trust->config.crypto, &issuer->key, crl->issuer));
    bm_crl_query_cert(&crl->query, &work->cert[which]);
    bm_crl_find_init(&crl->find, &crl->query);
    crl->key = issuer->key;
    crl->tells_time = !verdict.expired && is_own(trust, work->path.anchor);
    crl->trust = trust;
    bm_crl_reader_open(&crl->reader, trust->config.crypto);
    return BM_OK;
}

bm_status bm_trust_crl_feed(struct bm_trust_crl *crl, struct bm_bytes octets)
{
    enum bm_crl_event event = BM_CRL_MORE;

    if (crl->trust == NULL) {
        return BM_E_CRL_STATE;
    }
    bm_crl_reader_feed(&crl->reader, octets);
    do {
        BM_TRY(bm_crl_reader_next(&crl->reader, &event));
        bm_crl_find_see(&crl->find, &crl->reader, event);
    } while (event != BM_CRL_MORE);
    return BM_OK;
}

static bool is_about(const struct bm_trust_known *k,
                     const struct bm_trust_crl *crl)
{
    return k->serial_n != 0 &&
           bm_bytes_are(crl->query.serial, k->serial, k->serial_n) &&
           memcmp(k->issuer, crl->issuer, sizeof k->issuer) == 0;
}

/*
 * Where to keep the answer: where the last one about this certificate is, a
 * free place, or in the place of another. A word against a certificate is the
 * last to go, or whoever shows us enough chains could have it forgotten.
 */
static struct bm_trust_known *place_for(struct bm_trust *trust,
                                        const struct bm_trust_crl *crl)
{
    struct bm_trust_known *best = NULL;

    for (size_t i = 0; i < BM_TRUST_KNOWN_MAX; i++) {
        size_t at = (trust->known_next + i) % BM_TRUST_KNOWN_MAX;
        struct bm_trust_known *k = &trust->known[at];

        if (is_about(k, crl)) {
            return k;
        }
        if (best == NULL || (best->serial_n != 0 && k->serial_n == 0) ||
            (best->serial_n != 0 && best->revoked && !k->revoked)) {
            best = k;
        }
    }
    trust->known_next =
        (uint8_t)((best - trust->known + 1) % BM_TRUST_KNOWN_MAX);
    return best;
}

static bm_status keep(struct bm_trust_crl *crl,
                      const struct bm_crl_answer *answer)
{
    const struct bm_crl_head *head = &crl->reader.head;
    struct bm_trust_known *k = place_for(crl->trust, crl);

    if (is_about(k, crl) && head->this_update < k->this_update) {
        return BM_E_TRUST_ROLLBACK;
    }
    *k = (struct bm_trust_known){
        .serial_n = (uint8_t)crl->query.serial.n,
        .revoked = answer->state == BM_CRL_REVOKED,
        .this_update = head->this_update,
        .next_update = head->next_update,
    };
    memcpy(k->issuer, crl->issuer, sizeof k->issuer);
    memcpy(k->serial, crl->query.serial.p, crl->query.serial.n);
    return BM_OK;
}

/*
 * A list past its nextUpdate is kept, too: it is not the reader's to decide how
 * old is too old, and if it revokes, it revokes. So it is asked at a moment at
 * which it was current.
 */
static bm_status finish(struct bm_trust_crl *crl, uint32_t connection,
                        uint32_t uptime)
{
    int64_t moment = crl->reader.head.this_update;
    struct bm_crl_answer answer;

    BM_TRY(bm_crl_find_result(&crl->find, &crl->reader, &crl->key, moment,
                              &answer));
    if (answer.state != BM_CRL_GOOD && answer.state != BM_CRL_REVOKED) {
        return BM_E_PATH_STATUS_UNKNOWN;
    }
    BM_TRY(keep(crl, &answer));
    if (crl->tells_time) {
        bm_trust_tell_clock(crl->trust, moment, connection, uptime);
    }
    return BM_OK;
}

bm_status bm_trust_crl_end(struct bm_trust_crl *crl, uint32_t connection,
                           uint32_t uptime)
{
    bm_status rc =
        crl->trust == NULL ? BM_E_CRL_STATE : finish(crl, connection, uptime);

    bm_trust_crl_close(crl);
    return rc;
}

void bm_trust_crl_close(struct bm_trust_crl *crl)
{
    if (crl->trust != NULL) {
        bm_crl_reader_close(&crl->reader);
        crl->trust = NULL;
    }
}
