/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include "core/host.h"

/*
 * What a request says besides subject and key. The rule: nothing that is
 * asked for is passed over in silence. An extension is accepted where it asks
 * for no more than what the profile issues anyway, and refused where it asks
 * for something else; what is neither in the profile nor in its
 * `ignored_extensions` is refused.
 */

static bm_status refuse(const struct profile_filling *f, enum profile_rule rule,
                        const char *words)
{
    return profile_refuse(f->profile, f->why, BM_E_PROFILE_EXTENSION,
                          f->profile->rules.line[rule],
                          "the request asks for %s", words);
}

/* basicConstraints: OpenSSL's users put CA:FALSE there. */
static bm_status check_basic(const struct profile_filling *f)
{
    const struct profile_basic *basic = &f->profile->rules.basic;
    const struct bm_exts *ext = &f->request->csr->ext;

    if (ext->ca != basic->ca) {
        return refuse(f, PROFILE_RULE_BASIC,
                      ext->ca ? "a CA's certificate"
                              : "a certificate that is not a CA's");
    }
    if (ext->path_len != BM_PATH_LEN_NONE && ext->path_len != basic->path_len) {
        return refuse(f, PROFILE_RULE_BASIC, "another path length");
    }
    return BM_OK;
}

static bm_status check_key_usage(const struct profile_filling *f)
{
    unsigned usage =
        profile_key_usage(&f->profile->rules, &f->request->csr->key);

    if ((f->request->csr->ext.key_usage & ~usage) != 0) {
        return refuse(f, PROFILE_RULE_KEY_USAGE,
                      "more key usage than the profile has");
    }
    return BM_OK;
}

static bm_status check_eku(const struct profile_filling *f)
{
    const struct profile_eku *eku = &f->profile->rules.eku;
    struct bm_bytes list = bm_exts_list(&f->request->csr->ext, BM_EXT_EKU);
    char dotted[BM_OID_DOTTED_MAX];
    struct bm_bytes oid;

    while (bm_eku_next(&list, &oid)) {
        size_t i = 0;

        while (i < eku->n && !bm_bytes_equal(eku->oids[i], oid)) {
            i++;
        }
        if (i == eku->n) {
            return refuse(f, PROFILE_RULE_EKU, profile_oid_words(oid, dotted));
        }
    }
    return BM_OK;
}

/* The value is the one that the profile has. */
static bm_status check_same(const struct profile_filling *f,
                            enum profile_rule rule, const struct bm_ext *ext,
                            struct bm_bytes value)
{
    char dotted[BM_OID_DOTTED_MAX];

    return bm_bytes_equal(ext->value, value)
               ? BM_OK
               : refuse(f, rule, profile_oid_words(ext->oid, dotted));
}

static bm_status check_other(const struct profile_filling *f,
                             const struct bm_ext *ext)
{
    const struct profile_rules *r = &f->profile->rules;
    const struct profile_ext *own = r->extensions.items;
    char dotted[BM_OID_DOTTED_MAX];

    for (size_t i = 0; i < r->extensions.n; i++) {
        if (own[i].from != PROFILE_OTHERS &&
            bm_bytes_equal(ext->oid, own[i].oid)) {
            return own[i].from == PROFILE_REQUEST
                       ? BM_OK /* see profile_find_open() */
                       : check_same(f, PROFILE_RULE_EXTENSIONS, ext,
                                    own[i].value);
        }
    }
    for (size_t i = 0; i < r->ignored_n; i++) {
        if (bm_bytes_equal(ext->oid, r->ignored[i])) {
            return BM_OK;
        }
    }
    return profile_refuse(f->profile, f->why, BM_E_PROFILE_EXTENSION, 0,
                          "the request asks for extension %s, which is not in "
                          "the profile",
                          profile_oid_words(ext->oid, dotted));
}

static bm_status check_ext(const struct profile_filling *f,
                           const struct bm_ext *ext)
{
    const struct profile_rules *r = &f->profile->rules;

    if (bm_oid_is(ext->oid, BM_OID_CE_SAN)) {
        return BM_OK; /* see profile_put_san() */
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_BASIC)) {
        return check_basic(f);
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_KEY_USAGE)) {
        return check_key_usage(f);
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_EKU)) {
        return check_eku(f);
    }
    if (bm_oid_is(ext->oid, BM_OID_CE_POLICIES) && r->policies.n != 0) {
        return check_same(f, PROFILE_RULE_POLICIES, ext, r->policies_value);
    }
    if (bm_oid_is(ext->oid, BM_OID_OCSP_NOCHECK) && r->ocsp_nocheck) {
        return BM_OK;
    }
    /* A name for the key, which the profile may give it or not. */
    if (bm_oid_is(ext->oid, BM_OID_CE_SKI) && !ext->critical) {
        return BM_OK;
    }
    return check_other(f, ext);
}

bm_status profile_check_request(const struct profile_filling *f)
{
    struct bm_bytes all = f->request->csr->ext.all;
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        BM_TRY(check_ext(f, &ext));
    }
    return BM_OK;
}

static struct bm_bytes find_value(struct bm_bytes all, struct bm_bytes oid)
{
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        if (bm_bytes_equal(ext.oid, oid)) {
            return ext.value;
        }
    }
    return (struct bm_bytes){ NULL, 0 };
}

/* A renewal that does not ask for it keeps what there is. */
bm_status profile_find_open(const struct profile_filling *f,
                            const struct profile_ext *own,
                            struct bm_bytes *value)
{
    const struct bm_cert *current = f->request->current;
    char dotted[BM_OID_DOTTED_MAX];

    *value = find_value(f->request->csr->ext.all, own->oid);
    if (value->n == 0 && current != NULL) {
        *value = find_value(current->ext.all, own->oid);
    }
    if (value->n == 0 ? own->optional
                      : profile_shape_matches(own->shape, *value)) {
        return BM_OK;
    }
    return profile_refuse(
        f->profile, f->why, BM_E_PROFILE_EXTENSION,
        f->profile->rules.line[PROFILE_RULE_EXTENSIONS],
        "extension %s of the request %s", profile_oid_words(own->oid, dotted),
        value->n == 0 ? "is missing" : "is not as the profile wants it");
}

/* ---- Renewal */

static bool is_same_name(const struct bm_general_name *a,
                         const struct bm_general_name *b)
{
    if (a->kind != b->kind || !bm_bytes_equal(a->type, b->type)) {
        return false;
    }
    switch (a->kind) {
    case BM_GN_DNS:
        return bm_host_equal(a->value, b->value);
    case BM_GN_EMAIL:
        return bm_mailbox_equal(a->value, b->value);
    case BM_GN_DIRECTORY:
        return bm_name_equal(a->value, b->value);
    default:
        return bm_bytes_equal(a->value, b->value);
    }
}

/* Is each name of `a` one of `b`? */
static bool is_subset(struct bm_bytes a, struct bm_bytes b)
{
    struct bm_general_name x;
    struct bm_general_name y;

    for (unsigned n = 0; bm_general_name_next(&a, &x); n++) {
        struct bm_bytes rest = b;
        bool found = false;

        while (!found && bm_general_name_next(&rest, &y)) {
            found = is_same_name(&x, &y);
        }
        if (!found || n == PROFILE_SAN_NAMES) {
            return false;
        }
    }
    return true;
}

/* Values of subjectAltName; the empty view has no names. */
static bool is_same_list(struct bm_bytes a, struct bm_bytes b)
{
    struct bm_bytes list[2] = { { NULL, 0 }, { NULL, 0 } };
    struct bm_bytes value[2] = { a, b };

    for (size_t i = 0; i < 2; i++) {
        struct bm_der d;

        bm_der_init(&d, value[i], NULL);
        if (value[i].n != 0 &&
            bm_der_take(&d, BM_DER_SEQUENCE, &list[i]) != BM_OK) {
            return false;
        }
    }
    return is_subset(list[0], list[1]) && is_subset(list[1], list[0]);
}

/*
 * RFC 7030 4.2.2 MUST: subject and subjectAltName are those of the current
 * certificate. A request without subjectAltName differs in nothing: a device
 * need not know what names it was given.
 */
bm_status profile_check_renewal(const struct profile_filling *f)
{
    const struct bm_cert *current = f->request->current;
    struct bm_bytes wanted = profile_wanted_san(f->request);
    struct bm_bytes given = current->ext.value[BM_EXT_SAN];

    if (!bm_name_equal(profile_wanted_subject(f->request), current->subject)) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_SUBJECT, 0,
                              "a renewal keeps the subject of the current "
                              "certificate");
    }
    if (wanted.n != 0 && !is_same_list(wanted, given)) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN, 0,
                              "a renewal keeps the names of the current "
                              "certificate");
    }
    return BM_OK;
}
