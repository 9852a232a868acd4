/* SPDX-License-Identifier: Apache-2.0 */
#include "core/path.h"

#include <stdlib.h>

#include "core/name_constraints.h"
#include "core/test/path_maker.h"

/*
 * The input chooses what a handful of certificates say, how they are checked
 * and against which anchor. The verdict must be that of trying every chain
 * there is and judging each from the anchor down, as RFC 5280 6.1 is written.
 * (Bytes that are no certificates are cert_fuzz's business.)
 */

#define POOL_MAX 5

struct input {
    const uint8_t *p;
    size_t n;
};

/* The next `bits` of the input; zeros when it has ended. */
static unsigned take(struct input *in, unsigned bits)
{
    unsigned value = 0;

    if (in->n > 0) {
        value = *in->p++;
        in->n--;
    }
    return value & ((1u << bits) - 1);
}

static const char *pick(struct input *in, const char *const from[4])
{
    return from[take(in, 2)];
}

static void choose_names(struct input *in, struct spec *s)
{
    static const char *const constraints[] = { NULL, "dns:a.org",
                                               "dir:A dir:B dir:Leaf",
                                               "hw:1 dns:b.org" };
    static const char *const sans[] = { NULL, "dns:x.a.org", "dns:*.org",
                                        "hw:1" };

    s->san = pick(in, sans);
    if (s->ca) {
        s->permitted = pick(in, constraints);
        s->excluded = pick(in, constraints);
    }
}

static void choose_policies(struct input *in, struct spec *s)
{
    static const char *const policies[] = { NULL, "1", "12", "*" };
    static const char *const mappings[] = { NULL, "12", "1221", "1*" };

    s->policies = pick(in, policies);
    if (s->ca) {
        s->mappings = pick(in, mappings);
    }
    s->require_explicit = (uint8_t)take(in, 2);
    s->inhibit_mapping = (uint8_t)take(in, 2);
    s->inhibit_any = (uint8_t)take(in, 2);
}

static void choose(struct input *in, struct spec *s, bool is_leaf)
{
    static const char *const names[] = { "Root", "A", "B", "C" };
    static const char *const ekus[] = { NULL, "s", "c", "*" };
    unsigned rare = take(in, 8);

    *s = (struct spec){ .subject = is_leaf ? "Leaf" : pick(in, names) };
    s->issuer = pick(in, names);
    s->key = (uint8_t)(is_leaf ? 9 : take(in, 2));
    s->signer = (uint8_t)take(in, 2);
    s->aki = (uint8_t)take(in, 2);
    s->ca = take(in, 4) != (is_leaf ? 1 : 0) && !is_leaf;
    if (s->ca) {
        s->path_len = (uint8_t)take(in, 2);
        s->key_usage = s->path_len == 0 && rare == 1 ? BM_KU_CRL_SIGN : 0;
    }
    s->eku = pick(in, ekus);
    s->not_before = rare == 2 ? MAKER_NOW + 1 : 0;
    s->not_after = rare == 3 ? MAKER_NOW - 1 : 0;
    s->quirks = rare == 4   ? MAKER_NO_SKI
                : rare == 5 ? MAKER_NO_AKI
                : rare == 6 ? MAKER_UNKNOWN_CRITICAL
                : rare == 7 ? MAKER_RSA_1024
                : rare == 8 ? MAKER_SHA1
                : rare == 9 ? MAKER_VERSION_1
                            : 0;
    choose_names(in, s);
    choose_policies(in, s);
}

/* The naive judge. */

static struct bm_cert anchor;
static struct bm_cert pool[POOL_MAX];
static struct bm_cert leaf;
static const struct bm_path_config *config;

/* A chain from the anchor's child, chain[n - 1], to the leaf, chain[0]. */
static const struct bm_cert *chain[POOL_MAX + 1];

static bool flag(unsigned f)
{
    return (config->flags & f) != 0;
}

static bool is_good_alone(const struct bm_cert *c, bool is_anchor)
{
    int64_t t = config->time;

    if (c != &leaf && config->validity == BM_PATH_AT_ISSUANCE) {
        t = leaf.not_before;
    }
    if (is_anchor && flag(BM_PATH_ANCHOR_BARE)) {
        return bm_spki_weak(&c->key) == BM_OK;
    }
    if (!(is_anchor && flag(BM_PATH_ANCHOR_ANY_TIME)) &&
        config->validity <= BM_PATH_AT_ISSUANCE &&
        (t < c->not_before || t > c->not_after)) {
        return false;
    }
    return c->ext.unknown_critical.n == 0 && bm_spki_weak(&c->key) == BM_OK &&
           (!bm_exts_has(&c->ext, BM_EXT_EKU) || config->purpose.n == 0 ||
            bm_exts_allow_eku(&c->ext, config->purpose, flag(BM_PATH_ANY_EKU)));
}

static bool is_good_ca(const struct bm_cert *c)
{
    return c->version == 3 && c->ext.ca &&
           (!bm_exts_has(&c->ext, BM_EXT_KEY_USAGE) ||
            (c->ext.key_usage & BM_KU_KEY_CERT_SIGN) != 0);
}

/* The CA `c` over the certificates below it, chain[0] to chain[n - 1]. */
static bool allows_below(const struct bm_cert *c, size_t n)
{
    int length = 0;
    uint32_t work = UINT32_MAX;
    const uint8_t *at;

    for (size_t i = 0; i < n; i++) {
        bool self_issued = i > 0 && bm_cert_is_self_issued(chain[i]);

        length += i > 0 && !self_issued;
        if (!self_issued &&
            bm_name_constraints_check(&c->ext, chain[i], &work, &at) != BM_OK) {
            return false;
        }
    }
    return c->ext.path_len == BM_PATH_LEN_NONE || length <= c->ext.path_len;
}

static bool policies_are_good(size_t n)
{
    static struct bm_policies p;

    bm_policies_init(&p, &config->policy);
    if (!flag(BM_PATH_ANCHOR_BARE)) {
        bm_policies_tighten(&p, &anchor.ext);
    }
    for (size_t i = n; i-- > 0;) {
        if (bm_policies_step(&p, chain[i], i == 0) != BM_OK) {
            return false;
        }
    }
    return bm_policies_accept(&p, &config->policy) == BM_OK;
}

static bool is_signed_by(const struct bm_cert *c, const struct bm_cert *issuer)
{
    return c->sig_alg == BM_SIG_ED25519 && issuer->key.type == BM_KEY_ED25519 &&
           bm_name_equal(c->issuer, issuer->subject) &&
           c->signature.p[0] == issuer->key.key.p[0];
}

/* The two moments between which the dates above change anything. */
static bool valid_at(int64_t t, size_t n)
{
    bool all = (flag(BM_PATH_ANCHOR_BARE) || flag(BM_PATH_ANCHOR_ANY_TIME) ||
                (t >= anchor.not_before && t <= anchor.not_after));

    for (size_t i = 0; i < n; i++) {
        all = all && t >= chain[i]->not_before && t <= chain[i]->not_after;
    }
    return all;
}

static bool times_are_good(size_t n)
{
    return config->validity != BM_PATH_AT_LEAST || valid_at(MAKER_NOW, n) ||
           valid_at(MAKER_NOW + 1, n);
}

static bool chain_is_good(size_t n)
{
    unsigned counted = 1;

    if (!is_good_alone(&anchor, true) ||
        (!flag(BM_PATH_ANCHOR_BARE) &&
         !(is_good_ca(&anchor) && allows_below(&anchor, n))) ||
        !is_signed_by(chain[n - 1], &anchor)) {
        return false;
    }
    for (size_t i = n; i-- > 0;) {
        if (!is_good_alone(chain[i], false) ||
            (i > 0 && !(is_good_ca(chain[i]) && allows_below(chain[i], i) &&
                        is_signed_by(chain[i - 1], chain[i])))) {
            return false;
        }
        counted += i > 0 && !bm_cert_is_self_issued(chain[i]);
    }
    return (config->depth == 0 || counted <= config->depth) &&
           times_are_good(n) && policies_are_good(n);
}

static bool occurs(const struct bm_cert *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bm_bytes_equal(chain[i]->key.der, c->key.der) &&
            bm_name_equal(chain[i]->subject, c->subject)) {
            return true;
        }
    }
    return false;
}

/* Is there any good chain that begins with the first `n`? */
static bool any_chain_is_good(size_t n)
{
    if (chain_is_good(n)) {
        return true;
    }
    for (size_t i = 0; i < config->pool_n; i++) {
        if (bm_name_equal(chain[n - 1]->issuer, pool[i].subject) &&
            !occurs(&pool[i], n)) {
            chain[n] = &pool[i];
            if (any_chain_is_good(n + 1)) {
                return true;
            }
        }
    }
    return false;
}

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void must_be_what_was_asked_for(const struct bm_path *path)
{
    must(path->n >= 1 && path->n <= POOL_MAX + 1);
    must(path->step[0].cert == &leaf && path->anchor == &anchor);
    for (size_t i = 0; i < path->n; i++) {
        chain[i] = path->step[i].cert;
    }
    must(chain_is_good(path->n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bm_path path;
    struct input in = { data, size };
    const struct bm_bytes wanted = maker_policy('1');
    struct bm_path_config c = { .crypto = &maker_crypto,
                                .anchors = &anchor,
                                .anchors_n = 1,
                                .pool = pool,
                                .time = MAKER_NOW };
    struct spec s;
    bm_status rc;

    maker_reset();
    c.flags = take(&in, 3);
    c.depth = take(&in, 2);
    c.validity = (enum bm_path_validity)take(&in, 2);
    c.purpose = take(&in, 1) ? BM_LIT(BM_OID_KP_SERVER_AUTH) : c.purpose;
    c.policy.set = &wanted;
    c.policy.set_n = take(&in, 1);
    c.policy.explicit_policy = take(&in, 1) != 0;
    c.pool_n = take(&in, 8) % (POOL_MAX + 1);
    choose(&in, &s, true);
    make(&leaf, &s);
    choose(&in, &s, false);
    s.subject = "Root";
    make(&anchor, &s);
    for (size_t i = 0; i < c.pool_n; i++) {
        choose(&in, &s, false);
        make(&pool[i], &s);
    }
    must(bm_test_failed == 0);

    rc = bm_path_find(&path, &c, &leaf);
    must(rc != BM_E_PATH_WORK && maker_verified <= BM_PATH_SIGNATURES_MAX);
    must(rc == path.fault.status && (rc == BM_OK) == (path.n > 0));
    config = &c;
    chain[0] = &leaf;
    must((rc == BM_OK) == any_chain_is_good(1));
    if (rc == BM_OK) {
        must_be_what_was_asked_for(&path);
    }
    return 0;
}
