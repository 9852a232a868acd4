/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

#include "core/name_constraints.h"

/*
 * Depth-first search with the path itself as the stack: step[n - 1] is the
 * certificate whose issuer is looked for, and remembers which candidate
 * comes next. A candidate is an anchor or a member of the pool; the three
 * rounds over them order by how well the key identifiers agree.
 */
enum {
    ROUND_SAME_KEY_ID,
    ROUND_NO_KEY_ID,
    ROUND_OTHER_KEY_ID, /* a hint only: RFC 5280 6.1 does not compare it */
    ROUNDS
};

/*
 * How far an attempt came, to tell the user of the best one. Within a rank
 * the longer path counts, then the smaller status, so that the order of the
 * pool has no say.
 */
enum {
    RANK_NO_ISSUER = 0,
    RANK_ISSUER = 1 << 4,
    RANK_ANCHOR = 1 << 5,
    RANK_POLICY = 1 << 6,
    RANK_SIGNATURE = 1 << 7,
    RANK_REVOCATION = 1 << 8,
    RANK_END = 1 << 9
};
_Static_assert(BM_PATH_DEPTH_MAX < RANK_ISSUER, "depth fits below a rank");

/* A device keeps one of these on the stack of its TLS thread. */
_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_path) <= 768,
               "RAM budget of one validation");

/* Critical extensions that are acted on, here or by the callback. */
#define PROCESSED                                                             \
    (1u << BM_EXT_KEY_USAGE | 1u << BM_EXT_POLICIES | 1u << BM_EXT_MAPPINGS | \
     1u << BM_EXT_SAN | 1u << BM_EXT_IAN | 1u << BM_EXT_BASIC_CONSTRAINTS |   \
     1u << BM_EXT_NAME_CONSTRAINTS | 1u << BM_EXT_POLICY_CONSTRAINTS |        \
     1u << BM_EXT_EKU | 1u << BM_EXT_CRL_DP | 1u << BM_EXT_INHIBIT_ANY |      \
     1u << BM_EXT_OCSP_NOCHECK)

static bool has_flag(const struct bm_path *path, unsigned flag)
{
    return (path->config->flags & flag) != 0;
}

/* Refuse `cert` because of what stands `at`; remember the best attempt. */
static bm_status refuse(struct bm_path *path, bm_status why,
                        const struct bm_cert *cert, const uint8_t *at)
{
    struct bm_path_fault *f = &path->fault;
    uint16_t rank = (uint16_t)(path->rank + path->n);

    if (why == BM_E_PATH_WORK) {
        rank = RANK_END;
    }
    if (f->cert == NULL || rank > f->rank ||
        (rank == f->rank && why < f->status)) {
        *f = (struct bm_path_fault){ why, cert, at, rank };
    }
    return why;
}

static bm_status refuse_ext(struct bm_path *path, bm_status why,
                            const struct bm_cert *cert, enum bm_ext_id id)
{
    return refuse(path, why, cert, cert->ext.value[id].p);
}

/* 6.1.3 (a)(2) */
static bm_status check_time(struct bm_path *path, const struct bm_cert *cert)
{
    int64_t t = path->config->time;

    if (path->n > 0 && path->config->validity == BM_PATH_AT_ISSUANCE) {
        t = path->step[0].cert->not_before;
    }
    if (t < cert->not_before) {
        return refuse(path, BM_E_PATH_NOT_YET, cert, NULL);
    }
    if (t > cert->not_after) {
        return refuse(path, BM_E_PATH_EXPIRED, cert, NULL);
    }
    return BM_OK;
}

static bm_status check_strength(struct bm_path *path,
                                const struct bm_cert *cert)
{
    if (cert->key.type == BM_KEY_UNKNOWN) {
        return refuse(path, BM_E_KEY_UNSUPPORTED, cert, cert->key.der.p);
    }
    if (bm_spki_weak(&cert->key) != BM_OK) {
        return refuse(path, BM_E_PATH_WEAK, cert, cert->key.der.p);
    }
    return BM_OK;
}

/* Where the certificate names purposes, ours must be among them. */
static bm_status check_purpose(struct bm_path *path, const struct bm_cert *cert)
{
    struct bm_bytes purpose = path->config->purpose;

    if (purpose.n > 0 && bm_exts_has(&cert->ext, BM_EXT_EKU) &&
        !bm_exts_allow_eku(&cert->ext, purpose,
                           has_flag(path, BM_PATH_ANY_EKU))) {
        return refuse_ext(path, BM_E_PATH_EKU, cert, BM_EXT_EKU);
    }
    return BM_OK;
}

/* Section 4.2, where a MUST for the issuer is no rule of section 6. */
static bm_status check_profile(struct bm_path *path, const struct bm_cert *cert,
                               bool is_ca)
{
    const struct bm_exts *e = &cert->ext;
    enum bm_ext_id bad = BM_EXT_COUNT;
    struct bm_aki aki;

    bm_exts_aki(e, &aki);
    if (aki.key_id.n == 0 && !bm_cert_is_self_issued(cert)) {
        bad = BM_EXT_AKI;
    } else if (is_ca && bm_exts_ski(e).n == 0) {
        bad = BM_EXT_SKI;
    } else if (is_ca && !bm_exts_is_critical(e, BM_EXT_BASIC_CONSTRAINTS)) {
        bad = BM_EXT_BASIC_CONSTRAINTS;
    } else if (bm_exts_has(e, BM_EXT_NAME_CONSTRAINTS) &&
               !(is_ca && bm_exts_is_critical(e, BM_EXT_NAME_CONSTRAINTS))) {
        bad = BM_EXT_NAME_CONSTRAINTS;
    }
    return bad == BM_EXT_COUNT ? BM_OK
                               : refuse_ext(path, BM_E_PATH_PROFILE, cert, bad);
}

/* What holds for every certificate, leaf, intermediate and anchor. */
static bm_status check_any(struct bm_path *path, const struct bm_cert *cert,
                           bool is_ca)
{
    const struct bm_exts *e = &cert->ext;

    if (e->unknown_critical.n > 0) {
        return refuse(path, BM_E_PATH_CRITICAL, cert, e->unknown_critical.p);
    }
    if ((e->critical & ~PROCESSED) != 0) {
        return refuse(path, BM_E_PATH_CRITICAL, cert, e->all.p);
    }
    BM_TRY(check_strength(path, cert));
    BM_TRY(check_purpose(path, cert));
    if (has_flag(path, BM_PATH_PROFILE) && cert->der.n > 0) {
        BM_TRY(check_profile(path, cert, is_ca));
    }
    return BM_OK;
}

static bm_status check_leaf(struct bm_path *path, const struct bm_cert *leaf)
{
    const struct bm_exts *e = &leaf->ext;
    uint16_t need = path->config->key_usage;

    BM_TRY(check_any(path, leaf, e->ca));
    BM_TRY(check_time(path, leaf));
    if (bm_exts_has(e, BM_EXT_KEY_USAGE) && (e->key_usage & need) != need) {
        return refuse_ext(path, BM_E_PATH_KEY_USAGE, leaf, BM_EXT_KEY_USAGE);
    }
    if (path->config->purpose.n > 0 && !bm_exts_has(e, BM_EXT_EKU) &&
        has_flag(path, BM_PATH_NEED_EKU)) {
        return refuse(path, BM_E_PATH_EKU, leaf, NULL);
    }
    return BM_OK;
}

/* Intermediates so far that count for a length: the self-issued do not. */
static unsigned length(const struct bm_path *path)
{
    unsigned n = 0;

    for (size_t i = 1; i < path->n; i++) {
        n += !path->step[i].self_issued;
    }
    return n;
}

/* 6.1.4 (k) to (n) */
static bm_status check_ca(struct bm_path *path, const struct bm_cert *ca)
{
    const struct bm_exts *e = &ca->ext;

    if (ca->version != 3) {
        return refuse(path, BM_E_PATH_VERSION, ca, NULL);
    }
    if (!e->ca) {
        return refuse_ext(path, BM_E_PATH_CA, ca, BM_EXT_BASIC_CONSTRAINTS);
    }
    if (e->path_len != BM_PATH_LEN_NONE &&
        length(path) > (unsigned)e->path_len) {
        return refuse_ext(path, BM_E_PATH_LEN, ca, BM_EXT_BASIC_CONSTRAINTS);
    }
    if (bm_exts_has(e, BM_EXT_KEY_USAGE) &&
        (e->key_usage & BM_KU_KEY_CERT_SIGN) == 0) {
        return refuse_ext(path, BM_E_PATH_KEY_USAGE, ca, BM_EXT_KEY_USAGE);
    }
    return BM_OK;
}

/* 6.1.3 (b), (c): the names below, but for self-issued intermediates. */
static bm_status check_names(struct bm_path *path, const struct bm_cert *ca)
{
    for (size_t i = 0; i < path->n; i++) {
        const struct bm_path_step *step = &path->step[i];
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        bm_status rc;

        if (i > 0 && step->self_issued) {
            continue;
        }
        rc = bm_name_constraints_check(&ca->ext, step->cert, &path->names,
                                       &diag);
        if (rc != BM_OK) {
            return refuse(path, rc, step->cert, diag.at);
        }
    }
    return BM_OK;
}

/* May `ca` have issued the last certificate of the path, signature apart? */
static bm_status check_issuer(struct bm_path *path, const struct bm_cert *ca,
                              bool is_anchor)
{
    const struct bm_cert *cert = path->step[path->n - 1].cert;

    if (!bm_sig_alg_fits(cert->sig_alg, ca->key.type)) {
        return refuse(path,
                      cert->sig_alg == BM_SIG_UNKNOWN ? BM_E_ALG_UNSUPPORTED
                                                      : BM_E_KEY_MISMATCH,
                      cert, cert->sig_alg_id.p);
    }
    if (is_anchor && has_flag(path, BM_PATH_ANCHOR_BARE)) {
        return check_strength(path, ca);
    }
    BM_TRY(check_any(path, ca, true));
    if (!is_anchor || !has_flag(path, BM_PATH_ANCHOR_ANY_TIME)) {
        BM_TRY(check_time(path, ca));
    }
    BM_TRY(check_ca(path, ca));
    return check_names(path, ca);
}

/* 6.1.3 (d) to (f), from the anchor down. */
static bm_status check_policies(struct bm_path *path)
{
    const struct bm_policy_demand *demand = &path->config->policy;
    bm_status rc = BM_OK;
    size_t i = path->n;

    bm_policies_init(&path->policies, demand);
    if (!has_flag(path, BM_PATH_ANCHOR_BARE)) {
        bm_policies_anchor(&path->policies, &path->anchor->ext);
    }
    while (rc == BM_OK && --i > 0) {
        rc = bm_policies_ca(&path->policies, path->step[i].cert);
    }
    if (rc == BM_OK) {
        rc = bm_policies_leaf(&path->policies, path->step[0].cert, demand);
    }
    return rc == BM_OK
               ? rc
               : refuse_ext(path, rc, path->step[i].cert, BM_EXT_POLICIES);
}

static const struct bm_cert *issuer_of(const struct bm_path *path, size_t i)
{
    return i + 1 < path->n ? path->step[i + 1].cert : path->anchor;
}

/*
 * 6.1.3 (a)(1), from the leaf up. A wrong one ends all paths with this pair
 * of certificates, so the search goes on with the next issuer of that one.
 */
static bm_status verify_signatures(struct bm_path *path)
{
    const struct bm_crypto *crypto = path->config->crypto;

    for (size_t i = 0; i < path->n; i++) {
        struct bm_path_step *step = &path->step[i];
        const struct bm_cert *c = step->cert;
        bm_status rc;

        if (step->verified) {
            continue;
        }
        if (path->signatures == 0) {
            return refuse(path, BM_E_PATH_WORK, c, NULL);
        }
        path->signatures--;
        rc = crypto->verify(crypto->self, &issuer_of(path, i)->key, c->sig_alg,
                            c->tbs, c->signature);
        if (rc != BM_OK) {
            rc = rc == BM_E_SIGNATURE ? BM_E_PATH_SIGNATURE : rc;
            rc = refuse(path, rc, c, c->signature.p);
            path->n = i + 1;
            return rc;
        }
        step->verified = true;
    }
    return BM_OK;
}

/* 6.1.3 (a)(3). Any other issuer will not help what is revoked. */
static bm_status check_revocation(struct bm_path *path)
{
    const struct bm_revocation *r = path->config->revocation;

    for (size_t i = path->n; r != NULL && i-- > 0;) {
        const struct bm_cert *c = path->step[i].cert;
        bm_status rc = r->check(r->self, c, issuer_of(path, i));

        if (rc != BM_OK) {
            rc = refuse(path, rc, c, c->serial.p);
            path->n = rc == BM_E_PATH_REVOKED ? i : i + 1;
            return rc;
        }
    }
    return BM_OK;
}

/* An anchor has been reached. On failure path->n is where to go on. */
static bm_status check_whole(struct bm_path *path)
{
    path->rank = RANK_POLICY;
    BM_TRY(check_policies(path));
    path->rank = RANK_SIGNATURE;
    BM_TRY(verify_signatures(path));
    path->rank = RANK_REVOCATION;
    return check_revocation(path);
}

static void push(struct bm_path *path, const struct bm_cert *cert)
{
    struct bm_path_step *step = &path->step[path->n++];
    struct bm_aki aki;

    bm_exts_aki(&cert->ext, &aki);
    *step = (struct bm_path_step){ .cert = cert, .issuer_key_id = aki.key_id };
    step->self_issued = bm_cert_is_self_issued(cert);
}

/* One more intermediate, if there is room for it. */
static bm_status extend(struct bm_path *path, const struct bm_cert *ca)
{
    unsigned depth = path->config->depth;

    if (path->n == BM_PATH_DEPTH_MAX) {
        return refuse(path, BM_E_PATH_DEPTH, ca, NULL);
    }
    push(path, ca);
    if (depth > 0 && length(path) + 1 > depth) {
        path->n--;
        return refuse(path, BM_E_PATH_DEPTH, ca, NULL);
    }
    return BM_OK;
}

static unsigned round_of(const struct bm_path_step *step,
                         const struct bm_cert *ca)
{
    struct bm_bytes key_id = bm_exts_ski(&ca->ext);

    if (step->issuer_key_id.n == 0 || key_id.n == 0) {
        return ROUND_NO_KEY_ID;
    }
    return bm_bytes_equal(step->issuer_key_id, key_id) ? ROUND_SAME_KEY_ID
                                                       : ROUND_OTHER_KEY_ID;
}

/*
 * Is this CA, by whatever certificate, in the path already? Then the path
 * is a loop, and the shorter one without it is as good.
 */
static bool is_in_path(const struct bm_path *path, const struct bm_cert *ca)
{
    size_t i = 0;

    while (i < path->n &&
           !(bm_bytes_equal(path->step[i].cert->key.der, ca->key.der) &&
             bm_name_equal(path->step[i].cert->subject, ca->subject))) {
        i++;
    }
    return i < path->n;
}

/* The next candidate of the right name, or NULL. */
static const struct bm_cert *next_issuer(const struct bm_path *path,
                                         struct bm_path_step *step,
                                         bool *is_anchor)
{
    const struct bm_path_config *c = path->config;
    size_t all = c->anchors_n + c->pool_n;

    while (step->next < ROUNDS * all) {
        size_t i = step->next % all;
        unsigned round = (unsigned)(step->next / all);
        const struct bm_cert *ca = c->anchors + i;

        step->next++;
        *is_anchor = i < c->anchors_n;
        if (!*is_anchor) {
            ca = c->pool + (i - c->anchors_n);
        }
        if (round_of(step, ca) == round &&
            bm_name_equal(step->cert->issuer, ca->subject) &&
            (*is_anchor || !is_in_path(path, ca))) {
            return ca;
        }
    }
    return NULL;
}

/*
 * Try the next issuer of the last certificate. BM_OK when a path is found;
 * BM_E_END when the search has to go on.
 */
static bm_status advance(struct bm_path *path)
{
    struct bm_path_step *step = &path->step[path->n - 1];
    bool is_anchor;
    const struct bm_cert *ca = next_issuer(path, step, &is_anchor);
    bm_status rc;

    step->verified = false;
    if (ca == NULL) {
        path->rank = RANK_NO_ISSUER;
        rc =
            refuse(path, BM_E_PATH_NO_ISSUER, step->cert, step->cert->issuer.p);
        path->n--;
        return BM_E_END;
    }
    path->rank = is_anchor ? RANK_ANCHOR : RANK_ISSUER;
    if (path->steps == 0) {
        return refuse(path, BM_E_PATH_WORK, ca, NULL);
    }
    path->steps--;
    rc = check_issuer(path, ca, is_anchor);
    if (rc == BM_OK && !is_anchor) {
        rc = extend(path, ca);
    } else if (rc == BM_OK) {
        path->anchor = ca;
        rc = check_whole(path);
        return rc == BM_OK || rc == BM_E_PATH_WORK ? rc : BM_E_END;
    }
    return rc == BM_E_PATH_WORK ? rc : BM_E_END;
}

bm_status bm_path_find(struct bm_path *path,
                       const struct bm_path_config *config,
                       const struct bm_cert *leaf)
{
    bm_status rc;

    *path = (struct bm_path){ .config = config };
    path->names = BM_PATH_NAMES_MAX;
    path->steps = BM_PATH_STEPS_MAX;
    path->signatures = BM_PATH_SIGNATURES_MAX;
    if (config->anchors_n > BM_PATH_CERTS_MAX ||
        config->pool_n > BM_PATH_CERTS_MAX) {
        return refuse(path, BM_E_LIMIT, leaf, NULL);
    }
    BM_TRY(check_leaf(path, leaf));
    push(path, leaf);
    do {
        rc = advance(path);
    } while (rc == BM_E_END && path->n > 0);
    if (rc == BM_OK) {
        path->fault = (struct bm_path_fault){ BM_OK, NULL, NULL, 0 };
        return BM_OK;
    }
    path->n = 0;
    path->anchor = NULL;
    return path->fault.status;
}

void bm_anchor_init(struct bm_cert *anchor, struct bm_bytes subject,
                    const struct bm_spki *key)
{
    *anchor = (struct bm_cert){ .subject = subject, .key = *key };
    anchor->version = 3;
    anchor->not_before = INT64_MIN;
    anchor->not_after = BM_TIME_NEVER;
    anchor->ext.ca = true;
    anchor->ext.path_len = BM_PATH_LEN_NONE;
}
