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
_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_path) <= 512,
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

/* The attempt failed because of path->suspect: remember the best one. */
static void refuse(struct bm_path *path, bm_status why)
{
    struct bm_path_fault *f = &path->fault;
    uint16_t rank = (uint16_t)(path->rank + path->n);

    if (why == BM_E_PATH_WORK) {
        rank = RANK_END;
    }
    if (f->cert == NULL || rank > f->rank ||
        (rank == f->rank && why < f->status)) {
        *f = (struct bm_path_fault){ why, path->suspect, path->at, rank };
    }
}

/*
 * Is there a moment, not before config.time, at which `cert` and all of the
 * path so far are valid? Notice that a certificate which begins in the future
 * moves that moment for all the others.
 */
static bool has_moment(const struct bm_path *path, const struct bm_cert *cert)
{
    int64_t from = path->config->time;
    int64_t until = cert->not_after;

    for (size_t i = 0; i <= path->n; i++) {
        const struct bm_cert *c = i < path->n ? path->step[i].cert : cert;

        from = c->not_before > from ? c->not_before : from;
        until = c->not_after < until ? c->not_after : until;
    }
    return from <= until;
}

/* 6.1.3 (a)(2) */
static bm_status check_time(const struct bm_path *path,
                            const struct bm_cert *cert)
{
    int64_t t = path->config->time;

    switch (path->config->validity) {
    case BM_PATH_ANY_TIME:
        return BM_OK;
    case BM_PATH_AT_LEAST:
        return has_moment(path, cert) ? BM_OK : BM_E_PATH_EXPIRED;
    case BM_PATH_AT_ISSUANCE:
        t = path->n > 0 ? path->step[0].cert->not_before : t;
        break;
    case BM_PATH_NOW:
        break;
    }
    if (t < cert->not_before) {
        return BM_E_PATH_NOT_YET;
    }
    return t > cert->not_after ? BM_E_PATH_EXPIRED : BM_OK;
}

/* Section 4.2, where a MUST for the issuer is no rule of section 6. */
static bool has_profile(const struct bm_cert *cert, bool is_ca)
{
    const struct bm_exts *e = &cert->ext;
    uint32_t present = 0;
    uint32_t critical = 0;

    if (!bm_cert_is_self_issued(cert)) {
        present |= 1u << BM_EXT_AKI;
    }
    if (is_ca) {
        present |= 1u << BM_EXT_SKI;
        critical |= 1u << BM_EXT_BASIC_CONSTRAINTS;
    }
    critical |= e->present &
                (1u << BM_EXT_NAME_CONSTRAINTS |
                 1u << BM_EXT_POLICY_CONSTRAINTS | 1u << BM_EXT_INHIBIT_ANY);
    return (e->present & present) == present &&
           (e->critical & critical) == critical;
}

/* What holds for every certificate, leaf, intermediate and anchor. */
static bm_status check_any(const struct bm_path *path,
                           const struct bm_cert *cert, bool is_ca)
{
    const struct bm_exts *e = &cert->ext;
    struct bm_bytes purpose = path->config->purpose;

    if (e->unknown_critical.n > 0 || (e->critical & ~PROCESSED) != 0) {
        return BM_E_PATH_CRITICAL;
    }
    BM_TRY(bm_spki_weak(&cert->key));
    if (purpose.n > 0 && bm_exts_has(e, BM_EXT_EKU) &&
        !bm_exts_allow_eku(e, purpose, has_flag(path, BM_PATH_ANY_EKU))) {
        return BM_E_PATH_EKU;
    }
    if (has_flag(path, BM_PATH_PROFILE) && cert->der.n > 0 &&
        !has_profile(cert, is_ca)) {
        return BM_E_PATH_PROFILE;
    }
    return BM_OK;
}

/* keyUsage, where there is one, must have all of `need`. */
static bool lacks_usage(const struct bm_exts *e, uint16_t need)
{
    return bm_exts_has(e, BM_EXT_KEY_USAGE) && (e->key_usage & need) != need;
}

static bm_status check_leaf(const struct bm_path *path,
                            const struct bm_cert *leaf)
{
    const struct bm_path_config *c = path->config;

    BM_TRY(check_any(path, leaf, leaf->ext.ca));
    BM_TRY(check_time(path, leaf));
    if (lacks_usage(&leaf->ext, c->key_usage)) {
        return BM_E_PATH_KEY_USAGE;
    }
    if (c->purpose.n > 0 && !bm_exts_has(&leaf->ext, BM_EXT_EKU) &&
        has_flag(path, BM_PATH_NEED_EKU)) {
        return BM_E_PATH_EKU;
    }
    return BM_OK;
}

/* 6.1.4 (k) to (n) */
static bm_status check_ca(const struct bm_path *path, const struct bm_cert *ca)
{
    const struct bm_exts *e = &ca->ext;

    if (ca->version != 3) {
        return BM_E_PATH_VERSION;
    }
    if (!e->ca) {
        return BM_E_PATH_CA;
    }
    if (e->path_len != BM_PATH_LEN_NONE &&
        path->step[path->n - 1].length > e->path_len) {
        return BM_E_PATH_LEN;
    }
    return lacks_usage(e, BM_KU_KEY_CERT_SIGN) ? BM_E_PATH_KEY_USAGE : BM_OK;
}

/* 6.1.3 (b), (c): the names below, but for self-issued intermediates. */
static bm_status check_names(struct bm_path *path, const struct bm_cert *ca)
{
    for (size_t i = 0; i < path->n; i++) {
        const struct bm_path_step *step = &path->step[i];

        if (i == 0 || !step->self_issued) {
            path->suspect = step->cert;
            BM_TRY(bm_name_constraints_check(&ca->ext, step->cert, &path->names,
                                             &path->at));
        }
    }
    return BM_OK;
}

/* May `ca` have issued the last certificate of the path, signature apart? */
static bm_status check_issuer(struct bm_path *path, const struct bm_cert *ca,
                              bool is_anchor)
{
    const struct bm_cert *cert = path->step[path->n - 1].cert;

    path->suspect = cert;
    if (!bm_sig_alg_fits(cert->sig_alg, ca->key.type)) {
        return cert->sig_alg == BM_SIG_UNKNOWN ? BM_E_ALG_UNSUPPORTED
                                               : BM_E_KEY_MISMATCH;
    }
    path->suspect = ca;
    if (is_anchor && has_flag(path, BM_PATH_ANCHOR_BARE)) {
        return bm_spki_weak(&ca->key);
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

    bm_policies_init(&path->policies, demand);
    if (!has_flag(path, BM_PATH_ANCHOR_BARE)) {
        bm_policies_tighten(&path->policies, &path->anchor->ext);
    }
    for (size_t i = path->n; i-- > 0;) {
        path->suspect = path->step[i].cert;
        BM_TRY(bm_policies_step(&path->policies, path->suspect, i == 0));
    }
    return bm_policies_accept(&path->policies, demand);
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
        path->suspect = c;
        path->keep = i + 1;
        if (path->signatures == 0) {
            return BM_E_PATH_WORK;
        }
        path->signatures--;
        rc = crypto->verify(crypto->self, &issuer_of(path, i)->key, c->sig_alg,
                            c->tbs, c->signature);
        if (rc != BM_OK) {
            return rc == BM_E_SIGNATURE ? BM_E_PATH_SIGNATURE : rc;
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
            path->suspect = c;
            path->keep = rc == BM_E_PATH_REVOKED ? i : i + 1;
            return rc;
        }
    }
    return BM_OK;
}

/* An anchor has been reached. On failure path->keep is where to go on. */
static bm_status check_whole(struct bm_path *path, const struct bm_cert *anchor)
{
    path->anchor = anchor;
    path->rank = RANK_POLICY;
    BM_TRY(check_policies(path));
    path->rank = RANK_SIGNATURE;
    BM_TRY(verify_signatures(path));
    path->rank = RANK_REVOCATION;
    return check_revocation(path);
}

/*
 * Put one more certificate on the path, if it may be that long. Its length
 * is the number of intermediates in it, self-issued ones not counted.
 */
static bm_status push(struct bm_path *path, const struct bm_cert *cert)
{
    struct bm_path_step *step = &path->step[path->n];
    struct bm_aki aki;
    unsigned length = 0;

    if (path->n == BM_PATH_DEPTH_MAX) {
        return BM_E_PATH_DEPTH;
    }
    bm_exts_aki(&cert->ext, &aki);
    *step = (struct bm_path_step){ .cert = cert, .issuer_key_id = aki.key_id };
    step->self_issued = bm_cert_is_self_issued(cert);
    if (path->n > 0) {
        length = step[-1].length + !step->self_issued;
    }
    if (path->config->depth > 0 && length >= path->config->depth) {
        return BM_E_PATH_DEPTH;
    }
    step->length = (uint8_t)length;
    path->n++;
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

/* Try the next issuer of the last certificate. BM_E_END: the search goes on. */
static bm_status advance(struct bm_path *path)
{
    struct bm_path_step *step = &path->step[path->n - 1];
    bool is_anchor = false;
    const struct bm_cert *ca = next_issuer(path, step, &is_anchor);

    step->verified = false;
    path->at = NULL;
    path->keep = path->n;
    path->rank = is_anchor ? RANK_ANCHOR : RANK_ISSUER;
    if (ca == NULL) {
        path->rank = RANK_NO_ISSUER;
        path->suspect = step->cert;
        path->keep = path->n - 1;
        return BM_E_PATH_NO_ISSUER;
    }
    if (path->steps == 0) {
        return BM_E_PATH_WORK;
    }
    path->steps--;
    BM_TRY(check_issuer(path, ca, is_anchor));
    path->suspect = ca;
    if (is_anchor) {
        return check_whole(path, ca);
    }
    BM_TRY(push(path, ca));
    return BM_E_END;
}

static void search(struct bm_path *path)
{
    bm_status rc = BM_E_END;

    while (path->n > 0 && rc != BM_OK && rc != BM_E_PATH_WORK) {
        rc = advance(path);
        if (rc != BM_OK && rc != BM_E_END) {
            refuse(path, rc);
            path->n = path->keep;
        }
    }
    if (rc == BM_OK) {
        path->fault = (struct bm_path_fault){ BM_OK, NULL, NULL, 0 };
    } else {
        path->n = 0;
        path->anchor = NULL;
    }
}

bm_status bm_path_find(struct bm_path *path,
                       const struct bm_path_config *config,
                       const struct bm_cert *leaf)
{
    bm_status rc = BM_E_LIMIT;

    *path = (struct bm_path){ .config = config, .suspect = leaf };
    path->fault.status = BM_E_INTERNAL;
    path->names = BM_PATH_NAMES_MAX;
    path->steps = BM_PATH_STEPS_MAX;
    path->signatures = BM_PATH_SIGNATURES_MAX;
    if (config->anchors_n <= BM_PATH_CERTS_MAX &&
        config->pool_n <= BM_PATH_CERTS_MAX) {
        rc = check_leaf(path, leaf);
    }
    if (rc == BM_OK) {
        rc = push(path, leaf);
    }
    if (rc == BM_OK) {
        search(path);
    } else {
        refuse(path, rc);
    }
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
