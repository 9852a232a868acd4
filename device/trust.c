/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust.h"

#include "core/oid.h"
#include "device/trust_internal.h"

/*
 * The judgement itself. Which anchors there are is below; what is revoked is
 * trust_revoked.c; who the peer is, trust_name.c.
 */

_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_trust_work) <= 5376,
               "RAM budget of a judgement");
_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_trust) <= 896,
               "RAM budget of trust");

/* Take one certificate off a row of them, as bm_cms_next() does. */
struct bm_bytes bm_trust_learned_cert(const struct bm_trust *trust, size_t i,
                                      unsigned which)
{
    struct bm_bytes row = { trust->config.learned + i * BM_TRUST_LEARNED_SIZE,
                            trust->learned_size[i] };
    struct bm_bytes der = { NULL, 0 };

    do {
        if (!bm_cms_next(&row, &der)) {
            return (struct bm_bytes){ NULL, 0 };
        }
    } while (which-- > 0);
    return der;
}

bool bm_trust_has_der(const struct bm_cert *anchors, size_t n,
                      struct bm_bytes der)
{
    size_t i = 0;

    while (i < n && !bm_bytes_equal(anchors[i].der, der)) {
        i++;
    }
    return i < n;
}

/* What does not parse is no anchor. */
static void add_anchor(struct bm_cert *to, size_t *n, struct bm_bytes der)
{
    if (*n < BM_TRUST_ANCHORS_MAX && !bm_trust_has_der(to, *n, der) &&
        bm_cert_parse(der, BM_STRICT, NULL, &to[*n]) == BM_OK) {
        ++*n;
    }
}

/*
 * Is the proof of a learned root denied by now, or the root that gave it none
 * any more? A denied key of who gave it does not count: a root that was stolen
 * is followed by the next. to[n] is free.
 */
static bool is_taken_back(const struct bm_trust *trust, size_t i,
                          struct bm_cert *to, size_t n)
{
    uint8_t key[BM_BUNDLE_KEY_SIZE];
    bool found = false;

    if (n == BM_TRUST_ANCHORS_MAX ||
        bm_cert_parse(bm_trust_learned_cert(trust, i, 1), BM_STRICT, NULL,
                      &to[n]) != BM_OK) {
        return true;
    }
    for (size_t k = 0; k < n; k++) {
        if (!bm_name_equal(to[k].subject, to[n].issuer)) {
            continue;
        }
        if (bm_bundle_key(trust->config.crypto, &to[k].key, key) != BM_OK ||
            bm_bundle_ask(&trust->bundle, key, to[n].serial) ==
                BM_BUNDLE_DENIED) {
            return true;
        }
        found = true;
    }
    return !found;
}

size_t bm_trust_anchors(const struct bm_trust *trust, unsigned uses,
                        struct bm_cert *to)
{
    struct bm_bytes list = trust->bundle.anchors;
    struct bm_bundle_anchor anchor;
    size_t n = 0;

    for (size_t i = 0; i < trust->config.anchors_n; i++) {
        add_anchor(to, &n, trust->config.anchors[i]);
    }
    for (size_t i = 0; i < trust->learned; i++) {
        if (!is_taken_back(trust, i, to, n)) {
            add_anchor(to, &n, bm_trust_learned_cert(trust, i, 0));
        }
    }
    while (uses != BM_TRUST_OWN_ANCHORS &&
           bm_bundle_anchor_next(&list, &anchor)) {
        if (anchor.status == BM_BUNDLE_ACTIVE && (anchor.uses & uses) != 0) {
            add_anchor(to, &n, anchor.cert);
        }
    }
    return n;
}

bool bm_trust_is_anchor(const struct bm_cert *anchors, size_t n,
                        const struct bm_cert *cert)
{
    size_t i = 0;

    while (i < n && !(bm_bytes_equal(anchors[i].key.der, cert->key.der) &&
                      bm_name_equal(anchors[i].subject, cert->subject))) {
        i++;
    }
    return i < n;
}

size_t bm_trust_pool(struct bm_bytes certs, struct bm_cert *to, size_t max)
{
    struct bm_bytes der;
    size_t n = 0;

    while (n < max && bm_cms_next(&certs, &der)) {
        n += bm_cert_parse(der, BM_STRICT, NULL, &to[n]) == BM_OK;
    }
    return n;
}

size_t bm_trust_cross(const struct bm_trust *trust, struct bm_cert *to)
{
    struct bm_bytes list = trust->bundle.cross;
    struct bm_bytes der;
    size_t n = 0;

    while (n < BM_TRUST_CROSS_MAX && bm_bundle_cross_next(&list, &der)) {
        n += bm_cert_parse(der, BM_STRICT, NULL, &to[n]) == BM_OK;
    }
    return n;
}

bm_status bm_trust_open(struct bm_trust *trust,
                        const struct bm_trust_config *config)
{
    size_t series_n = 0;

    *trust = (struct bm_trust){ .config = *config };
    if (config->crypto == NULL || config->clock == NULL ||
        config->work == NULL || config->anchors_n == 0) {
        return BM_E_ARGUMENT;
    }
    if (config->anchors_n > BM_TRUST_ANCHORS_MAX) {
        return BM_E_LIMIT;
    }
    for (size_t i = 0; i < config->anchors_n; i++) {
        BM_TRY(bm_cert_parse(config->anchors[i], BM_STRICT, NULL,
                             &config->work->cert[0]));
    }
    while (config->series != NULL && config->series[series_n] != '\0') {
        if (series_n == sizeof trust->series) {
            return BM_E_ARGUMENT;
        }
        trust->series[series_n] = (uint8_t)config->series[series_n];
        series_n++;
    }
    trust->series_n = (uint8_t)series_n;
    BM_TRY(bm_trust_load_learned(trust));
    return bm_trust_load_bundle(trust);
}

/* What each use asks of a path. */
static const struct demand {
    struct bm_bytes purpose;
    unsigned flags;
    uint16_t key_usage;
    unsigned uses; /* anchors of the bundle */
} demands[BM_TRUST_USES] = {
    /*
     * Who is a server by its host name has the purpose spelt out. A device's
     * certificate often has none, which allows all; so it must not be able to
     * pass for the server of its own enrolment.
     */
    [BM_TRUST_ENROL] = { BM_LIT_INIT(BM_OID_KP_SERVER_AUTH), BM_PATH_NEED_EKU,
                         BM_KU_DIGITAL_SIGNATURE, BM_BUNDLE_ENROL },
    [BM_TRUST_CLOUD] = { BM_LIT_INIT(BM_OID_KP_SERVER_AUTH), BM_PATH_NEED_EKU,
                         BM_KU_DIGITAL_SIGNATURE, BM_BUNDLE_CLOUD },
    [BM_TRUST_DEVICE] = { BM_LIT_INIT(BM_OID_KP_SERVER_AUTH), 0,
                          BM_KU_DIGITAL_SIGNATURE, BM_BUNDLE_DEVICE },
    [BM_TRUST_SERVE] = { BM_LIT_INIT(BM_OID_KP_CLIENT_AUTH), 0,
                         BM_KU_DIGITAL_SIGNATURE, BM_BUNDLE_SERVE },
    [BM_TRUST_OWN] = { { NULL, 0 }, 0, 0, BM_BUNDLE_ENROL },
};

/* May dates be set aside? Never where a secret would follow. */
static bool is_repair(const struct bm_trust_expect *expect)
{
    return expect->use == BM_TRUST_OWN ||
           (expect->use == BM_TRUST_ENROL && !expect->secret);
}

/*
 * Parse what the peer sent. A certificate beside its own that does not parse is
 * no help, and no reason to refuse: its place in the pool stays empty, `*bad`
 * remembers the first.
 */
static bm_status parse_chain(struct bm_cert *to, const struct bm_bytes *certs,
                             size_t n, struct bm_trust_verdict *bad)
{
    *bad = (struct bm_trust_verdict){ .status = BM_OK };
    for (size_t i = 0; i < n; i++) {
        bm_status rc = bm_cert_parse(certs[i], BM_STRICT, NULL, &to[i]);

        if (rc != BM_OK && bad->status == BM_OK) {
            bad->status = rc;
            bad->cert = i;
        }
    }
    return n > 0 && to[0].der.n == 0 ? bad->status : BM_OK;
}

/*
 * The policy on staleness. That of enrolment is not the caller's to choose, or
 * a device whose bundle is too old could not get to the next one.
 */
static struct bm_trust_policy policy_of(const struct bm_trust *trust,
                                        enum bm_trust_use use)
{
    struct bm_trust_policy warn = { BM_TRUST_WARN, 0 };

    return use == BM_TRUST_ENROL || use == BM_TRUST_OWN
               ? warn
               : trust->config.policy[use];
}

/* Refused: whose fault, as the caller counts certificates. */
static void blame(struct bm_trust_verdict *verdict, const struct bm_path *path,
                  const struct bm_trust_work *work, size_t n)
{
    const struct bm_cert *cert = path->fault.cert;

    verdict->status = path->fault.status;
    verdict->cert = n;
    if (cert != NULL && (size_t)(cert - work->cert) < n) {
        verdict->cert = (size_t)(cert - work->cert);
    }
}

/*
 * A path for the certificates in `work`. Dates count, until a path that is
 * good but for them is the way to repair.
 */
static void find_path(struct bm_path_config *config,
                      const struct bm_trust_expect *expect,
                      struct bm_trust_work *work, size_t n,
                      struct bm_trust_verdict *verdict)
{
    bm_status rc = bm_path_find(&work->path, config, &work->cert[0]);

    if (rc != BM_OK && is_repair(expect)) {
        config->validity = BM_PATH_ANY_TIME;
        rc = bm_path_find(&work->path, config, &work->cert[0]);
        verdict->expired = rc == BM_OK;
    }
    if (rc != BM_OK) {
        blame(verdict, &work->path, work, n);
    } else {
        verdict->status = BM_OK;
    }
}

static void judge(const struct bm_trust *trust, size_t n,
                  const struct bm_trust_expect *expect, bool revocation,
                  struct bm_trust_verdict *verdict)
{
    const struct demand *demand = &demands[expect->use];
    struct bm_trust_work *work = trust->config.work;
    size_t all = n + bm_trust_cross(trust, work->cert + n);
    struct bm_trust_check check = {
        .trust = trust,
        .anchors = work->cert + all,
        .anchors_n = bm_trust_anchors(trust, demand->uses, work->cert + all),
        .policy = policy_of(trust, expect->use),
        .now = bm_clock_now(trust->config.clock, expect->uptime),
    };
    const struct bm_revocation asked = { &check, bm_trust_revoked };
    struct bm_path_config config = {
        .crypto = trust->config.crypto,
        .anchors = check.anchors,
        .anchors_n = check.anchors_n,
        .pool = work->cert + 1,
        .pool_n = all - 1,
        .time = check.now,
        .validity = BM_PATH_AT_LEAST,
        .flags = demand->flags,
        .purpose = demand->purpose,
        .key_usage = demand->key_usage,
        .revocation = revocation ? &asked : NULL,
    };

    find_path(&config, expect, work, n, verdict);
    verdict->stale = verdict->status == BM_OK && check.stale;
    if (verdict->status == BM_E_PATH_REVOKED && check.denied != NULL &&
        (size_t)(check.denied - work->cert) == verdict->cert) {
        verdict->status = BM_E_TRUST_DENIED;
    }
}

bm_status bm_trust_find(const struct bm_trust *trust,
                        const struct bm_bytes *certs, size_t n,
                        const struct bm_trust_expect *expect, bool revocation,
                        struct bm_trust_verdict *verdict)
{
    struct bm_trust_work *work = trust->config.work;
    struct bm_trust_verdict bad;

    *verdict = (struct bm_trust_verdict){ .status = BM_E_ARGUMENT };
    if (expect->use >= BM_TRUST_USES || n == 0) {
        return verdict->status;
    }
    if (n > BM_TRUST_CHAIN_MAX) {
        verdict->status = BM_E_LIMIT;
        verdict->cert = BM_TRUST_CHAIN_MAX;
        return verdict->status;
    }
    verdict->status = parse_chain(work->cert, certs, n, &bad);
    if (verdict->status != BM_OK) {
        return verdict->status;
    }
    verdict->status = BM_E_INTERNAL;
    judge(trust, n, expect, revocation, verdict);
    if (verdict->status == BM_E_PATH_NO_ISSUER && bad.status != BM_OK) {
        *verdict = bad;
    }
    if (verdict->status == BM_OK) {
        verdict->status = bm_trust_name(&work->cert[0], expect);
        verdict->cert = 0;
    }
    if (verdict->status != BM_OK) {
        verdict->expired = false;
        verdict->stale = false;
    }
    return verdict->status;
}

bm_status bm_trust_judge(const struct bm_trust *trust,
                         const struct bm_bytes *certs, size_t n,
                         const struct bm_trust_expect *expect,
                         struct bm_trust_verdict *verdict)
{
    return bm_trust_find(trust, certs, n, expect, true, verdict);
}
