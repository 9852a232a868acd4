/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/trust_internal.h"

/*
 * Roots that follow a root we have (RFC 7030 4.1.3, RFC 4210 4.4.1). What is
 * kept is the new root and its proof, NewWithOld, in one record; the proof is
 * verified at each start, so that whoever writes to the flash makes no anchor.
 */

/* Certificates in one answer: a root, its successor, two that link them, and
 * the CAs below. Each pair of them is looked at. */
#define ANSWER_MAX 16

/* Places in the working memory. */
enum {
    ROOT,   /* NewWithNew */
    PROOF,  /* NewWithOld */
    ANCHORS /* and on */
};

static size_t capacity(const struct bm_trust *trust)
{
    size_t n = trust->config.learned == NULL
                   ? 0
                   : trust->config.learned_n / BM_TRUST_LEARNED_SIZE;

    return n < BM_TRUST_LEARNED_MAX ? n : BM_TRUST_LEARNED_MAX;
}

/* A root CA that signed itself. */
static bool is_root(const struct bm_crypto *crypto, const struct bm_cert *cert)
{
    return cert->version == 3 && cert->ext.ca && bm_cert_is_self_issued(cert) &&
           bm_sig_alg_fits(cert->sig_alg, cert->key.type) &&
           crypto->verify(crypto->self, &cert->key, cert->sig_alg, cert->tbs,
                          cert->signature) == BM_OK;
}

#define NARROWING                                              \
    (1u << BM_EXT_NAME_CONSTRAINTS | 1u << BM_EXT_EKU |        \
     1u << BM_EXT_POLICY_CONSTRAINTS | 1u << BM_EXT_MAPPINGS | \
     1u << BM_EXT_INHIBIT_ANY)

/*
 * Does `proof` speak of `root`, without taking anything back? A root that may
 * do less in the eyes of the old one is a cross-certified CA, and no anchor of
 * ours. Neither is one at the bottom: with pathLen 0 in its own certificate, a
 * CA that issues to devices could make itself a root by signing itself.
 */
static bool is_about(const struct bm_cert *proof, const struct bm_cert *root)
{
    return bm_bytes_equal(proof->key.der, root->key.der) &&
           bm_name_equal(proof->subject, root->subject) &&
           !bm_bytes_equal(proof->der, root->der) && proof->version == 3 &&
           proof->ext.ca && (proof->ext.present & NARROWING) == 0 &&
           proof->ext.path_len != 0 &&
           (proof->ext.path_len == BM_PATH_LEN_NONE ||
            (root->ext.path_len != BM_PATH_LEN_NONE &&
             root->ext.path_len <= proof->ext.path_len));
}

/*
 * Was the proof issued by an anchor we have? At a start its dates are past
 * deciding, and what is denied is judged when it is used.
 */
static bm_status check_proof(struct bm_trust *trust, size_t anchors_n,
                             bool again, uint32_t uptime)
{
    struct bm_trust_work *work = trust->config.work;
    struct bm_trust_check check = {
        .trust = trust,
        .anchors = work->cert + ANCHORS,
        .anchors_n = anchors_n,
        .now = bm_clock_now(trust->config.clock, uptime),
    };
    const struct bm_revocation asked = { &check, bm_trust_revoked };
    const struct bm_path_config config = {
        .crypto = trust->config.crypto,
        .anchors = work->cert + ANCHORS,
        .anchors_n = anchors_n,
        .time = check.now,
        .validity = again ? BM_PATH_ANY_TIME : BM_PATH_AT_LEAST,
        .key_usage = BM_KU_KEY_CERT_SIGN,
        .revocation = again ? NULL : &asked,
    };

    return bm_path_find(&work->path, &config, &work->cert[PROOF]);
}

static void load_record(struct bm_trust *trust, uint32_t record)
{
    struct bm_trust_work *work = trust->config.work;
    size_t i = trust->learned;
    uint8_t *room = trust->config.learned + i * BM_TRUST_LEARNED_SIZE;
    size_t anchors_n =
        bm_trust_anchors(trust, BM_TRUST_OWN_ANCHORS, work->cert + ANCHORS);
    size_t n = 0;

    if (bm_log_get(trust->config.log, record, room, BM_TRUST_LEARNED_SIZE,
                   &n) != BM_OK) {
        return;
    }
    trust->learned_size[i] = (uint16_t)n;
    if (bm_cert_parse(bm_trust_learned_cert(trust, i, 0), BM_STRICT, NULL,
                      &work->cert[ROOT]) == BM_OK &&
        bm_cert_parse(bm_trust_learned_cert(trust, i, 1), BM_STRICT, NULL,
                      &work->cert[PROOF]) == BM_OK &&
        !bm_trust_is_anchor(work->cert + ANCHORS, anchors_n,
                            &work->cert[ROOT]) &&
        is_about(&work->cert[PROOF], &work->cert[ROOT]) &&
        is_root(trust->config.crypto, &work->cert[ROOT]) &&
        check_proof(trust, anchors_n, true, 0) == BM_OK) {
        trust->learned++;
    }
}

/*
 * In the order in which they were learned, since the second may have its proof
 * from the first. A root that the firmware pins by now is not counted again,
 * and its record is free for the next.
 */
bm_status bm_trust_load_learned(struct bm_trust *trust)
{
    if (trust->config.log == NULL) {
        return BM_OK;
    }
    for (uint32_t i = 0; i < BM_TRUST_LEARNED_MAX; i++) {
        if (trust->learned < capacity(trust)) {
            load_record(trust, TRUST_LEARNED(i));
        }
    }
    return BM_OK;
}

/*
 * Write all that is held, so that the records are those in memory: a record
 * that is left out at the start makes no hole that the next is lost in.
 */
static bm_status store(struct bm_trust *trust, size_t n)
{
    for (size_t i = 0; trust->config.log != NULL && i < n; i++) {
        BM_TRY(bm_log_put(trust->config.log, TRUST_LEARNED((uint32_t)i),
                          (struct bm_bytes){ trust->config.learned +
                                                 i * BM_TRUST_LEARNED_SIZE,
                                             trust->learned_size[i] }));
    }
    return BM_OK;
}

/* Keep the pair in the working memory as one more root. */
static bm_status keep(struct bm_trust *trust)
{
    const struct bm_trust_work *work = trust->config.work;
    size_t i = trust->learned;
    struct bm_wr w;
    size_t n = 0;

    if (i >= capacity(trust)) {
        return BM_E_LIMIT;
    }
    bm_wr_init(&w, trust->config.learned + i * BM_TRUST_LEARNED_SIZE,
               BM_TRUST_LEARNED_SIZE);
    bm_wr_put(&w, work->cert[ROOT].der);
    bm_wr_put(&w, work->cert[PROOF].der);
    if (bm_wr_finish(&w, &n) != BM_OK) {
        return BM_E_LIMIT;
    }
    trust->learned_size[i] = (uint16_t)n;
    BM_TRY(store(trust, i + 1));
    trust->learned++;
    return BM_OK;
}

/* Look for a proof of work->cert[ROOT] in the answer; BM_E_NOT_FOUND. */
static bm_status find_proof(struct bm_trust *trust, struct bm_bytes certs,
                            size_t anchors_n, uint32_t uptime)
{
    struct bm_trust_work *work = trust->config.work;
    struct bm_bytes der;

    while (bm_cms_next(&certs, &der)) {
        if (bm_cert_parse(der, BM_STRICT, NULL, &work->cert[PROOF]) == BM_OK &&
            is_about(&work->cert[PROOF], &work->cert[ROOT]) &&
            check_proof(trust, anchors_n, false, uptime) == BM_OK) {
            return BM_OK;
        }
    }
    return BM_E_NOT_FOUND;
}

/* One certificate of the answer: a root that is new to us, with a proof? */
static bm_status learn_one(struct bm_trust *trust, struct bm_bytes certs,
                           struct bm_bytes der, uint32_t uptime)
{
    struct bm_trust_work *work = trust->config.work;
    size_t anchors_n =
        bm_trust_anchors(trust, BM_TRUST_OWN_ANCHORS, work->cert + ANCHORS);
    bm_status rc = bm_cert_parse(der, BM_STRICT, NULL, &work->cert[ROOT]);

    if (rc != BM_OK ||
        bm_trust_is_anchor(work->cert + ANCHORS, anchors_n,
                           &work->cert[ROOT]) ||
        !is_root(trust->config.crypto, &work->cert[ROOT])) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(find_proof(trust, certs, anchors_n, uptime));
    return keep(trust);
}

bm_status bm_trust_learn(struct bm_trust *trust, struct bm_bytes certs,
                         uint32_t uptime, size_t *learned)
{
    struct bm_bytes rest = certs;
    struct bm_bytes der;
    size_t n = 0;

    *learned = 0;
    while (bm_cms_next(&rest, &der)) {
        if (++n > ANSWER_MAX) {
            return BM_E_LIMIT;
        }
    }
    /* Again as long as one was found: a successor may be the proof of the
     * next, and the order says nothing. */
    for (bool more = true; more;) {
        more = false;
        rest = certs;
        while (bm_cms_next(&rest, &der)) {
            bm_status rc = learn_one(trust, certs, der, uptime);

            if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
                return rc;
            }
            more = more || rc == BM_OK;
            *learned += rc == BM_OK;
        }
    }
    return BM_OK;
}
