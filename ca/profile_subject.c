/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

/*
 * The subject of a certificate, made of the one that is asked for. A row of
 * the profile takes the first attribute of its type that no row before it has
 * taken; what is left over is refused.
 */

struct wish {
    struct bm_attr attr[BM_NAME_RDNS_MAX];
    bool used[BM_NAME_RDNS_MAX];
    size_t n;
};

struct bm_bytes profile_wanted_subject(const struct ca_profile_request *r)
{
    return r->subject.n != 0 ? r->subject : r->csr->subject;
}

static bm_status refuse(const struct profile_filling *f, unsigned line,
                        const char *format, struct bm_bytes type,
                        struct bm_bytes value)
{
    char dotted[BM_OID_DOTTED_MAX];
    char quoted[PROFILE_QUOTE_MAX];

    return profile_refuse(f->profile, f->why, BM_E_PROFILE_SUBJECT, line,
                          "%s \"%s\" %s", profile_attribute_words(type, dotted),
                          profile_quote(value, quoted), format);
}

static bm_status take_wish(const struct profile_filling *f, struct wish *wish)
{
    struct bm_bytes name = profile_wanted_subject(f->request);
    struct bm_name_walk walk;

    wish->n = 0;
    bm_name_walk(&walk, name);
    while (wish->n < BM_NAME_RDNS_MAX &&
           bm_name_next(&walk, &wish->attr[wish->n])) {
        const struct bm_attr *attr = &wish->attr[wish->n];

        if (!attr->starts_rdn) {
            return refuse(f, f->profile->rules.line[PROFILE_RULE_SUBJECT],
                          "shares its RDN with another attribute", attr->type,
                          attr->value);
        }
        wish->used[wish->n++] = false;
    }
    return BM_OK;
}

/* The first attribute of that type that no row has taken, or wish->n. */
static size_t find(const struct wish *wish, struct bm_bytes type)
{
    size_t i = 0;

    while (i < wish->n &&
           (wish->used[i] || !bm_bytes_equal(wish->attr[i].type, type))) {
        i++;
    }
    return i;
}

/* String types that go on into a certificate as they are. */
static bool is_good_type(const struct bm_attr *attr)
{
    return attr->tag == BM_DER_UTF8_STRING ||
           attr->tag == BM_DER_PRINTABLE_STRING ||
           attr->tag == bm_name_string_type(attr->type);
}

/* A value of ours, which a wish may name, too, but not otherwise. */
static bm_status put_ours(const struct profile_filling *f,
                          const struct profile_rdn *rdn, struct wish *wish,
                          const struct bm_attr *ours, struct bm_wr *w)
{
    size_t i = find(wish, rdn->type);
    struct bm_der d;

    bm_der_init(&d, ours->value, NULL);
    if (bm_name_check_attr(&d, ours) != BM_OK) {
        return refuse(f, rdn->line, "is not what the attribute can hold",
                      ours->type, ours->value);
    }
    if (i < wish->n) {
        if (!profile_same_attribute(&wish->attr[i], ours)) {
            return refuse(f, rdn->line, "is not what the profile issues",
                          rdn->type, wish->attr[i].value);
        }
        wish->used[i] = true;
    }
    bm_name_put_rdn(w, ours->type, ours->tag, ours->value);
    return BM_OK;
}

static bm_status put_device(const struct profile_filling *f,
                            const struct profile_rdn *rdn, struct wish *wish,
                            struct bm_wr *w)
{
    uint8_t buf[PROFILE_VALUE_MAX];
    struct bm_attr ours = { rdn->type, { NULL, 0 }, rdn->tag, true };
    size_t i = find(wish, rdn->type);

    BM_TRY(profile_expand(&rdn->template, f->device, buf, &ours.value));
    if (i < wish->n && bm_bytes_equal(wish->attr[i].value, f->device)) {
        wish->used[i] = true; /* the plain name stands for what it becomes */
    }
    return put_ours(f, rdn, wish, &ours, w);
}

static bm_status put_issuer(const struct profile_filling *f,
                            const struct profile_rdn *rdn, struct wish *wish,
                            struct bm_wr *w)
{
    struct bm_attr ours;
    char dotted[BM_OID_DOTTED_MAX];

    if (bm_name_find(f->profile->bound.issuer, rdn->type, &ours)) {
        return put_ours(f, rdn, wish, &ours, w);
    }
    return rdn->optional
               ? BM_OK
               : profile_refuse(f->profile, f->why, BM_E_PROFILE_SUBJECT,
                                rdn->line, "the issuer has no %s",
                                profile_attribute_words(rdn->type, dotted));
}

static bm_status check_as_issuer(const struct profile_filling *f,
                                 const struct profile_rdn *rdn,
                                 const struct bm_attr *attr)
{
    struct bm_attr issuers;

    if (!rdn->as_issuer ||
        !bm_name_find(f->profile->bound.issuer, rdn->type, &issuers) ||
        profile_same_attribute(attr, &issuers)) {
        return BM_OK;
    }
    return refuse(f, rdn->line, "is not the issuer's", attr->type, attr->value);
}

static bm_status put_request(const struct profile_filling *f,
                             const struct profile_rdn *rdn, struct wish *wish,
                             struct bm_wr *w)
{
    size_t i = find(wish, rdn->type);
    const struct bm_attr *attr = &wish->attr[i < wish->n ? i : 0];
    char dotted[BM_OID_DOTTED_MAX];
    char quoted[PROFILE_QUOTE_MAX];
    bool matches = i < wish->n && is_good_type(attr) &&
                   ca_pattern_match(rdn->pattern, attr->value);

    if (rdn->optional && (i == wish->n || (!matches && rdn->more))) {
        return BM_OK;
    }
    if (i == wish->n) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_SUBJECT,
                              rdn->line, "%s is missing",
                              profile_attribute_words(rdn->type, dotted));
    }
    if (!is_good_type(attr)) {
        return refuse(f, rdn->line, "is neither UTF8String nor PrintableString",
                      attr->type, attr->value);
    }
    if (!matches) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_SUBJECT,
                              rdn->line, "%s \"%s\" does not match %s",
                              profile_attribute_words(rdn->type, dotted),
                              profile_quote(attr->value, quoted),
                              rdn->pattern_text);
    }
    BM_TRY(check_as_issuer(f, rdn, attr));
    wish->used[i] = true;
    bm_name_put_rdn(w, attr->type, attr->tag, attr->value);
    return BM_OK;
}

static bm_status put_row(const struct profile_filling *f,
                         const struct profile_rdn *rdn, struct wish *wish,
                         struct bm_wr *w)
{
    struct bm_attr fixed = { rdn->type, rdn->value, rdn->tag, true };
    size_t i;

    switch (rdn->from) {
    case PROFILE_FIXED:
        return put_ours(f, rdn, wish, &fixed, w);
    case PROFILE_DEVICE:
        return put_device(f, rdn, wish, w);
    case PROFILE_REQUEST:
        return put_request(f, rdn, wish, w);
    case PROFILE_ISSUER:
        return put_issuer(f, rdn, wish, w);
    case PROFILE_OTHERS:
        return BM_OK;
    default: /* PROFILE_DROPPED */
        while ((i = find(wish, rdn->type)) < wish->n) {
            wish->used[i] = true;
        }
        return BM_OK;
    }
}

bm_status profile_put_subject(const struct profile_filling *f, struct bm_wr *w)
{
    const struct profile_rules *r = &f->profile->rules;
    const struct profile_rdn *rdn = r->subject.items;
    struct wish wish;
    size_t m;

    BM_TRY(take_wish(f, &wish));
    m = bm_der_open(w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < r->subject.n; i++) {
        BM_TRY(put_row(f, &rdn[i], &wish, w));
    }
    bm_der_close(w, m);
    for (size_t i = 0; i < wish.n; i++) {
        if (!wish.used[i]) {
            return refuse(f, r->line[PROFILE_RULE_SUBJECT],
                          "is not in the profile", wish.attr[i].type,
                          wish.attr[i].value);
        }
    }
    return BM_OK;
}
