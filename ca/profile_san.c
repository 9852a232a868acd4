/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

/*
 * subjectAltName, made of the one that is asked for. A row of the profile
 * takes all names of its kind that match and that no row before it has taken;
 * what is left over is refused.
 */

struct wish {
    struct bm_general_name gn[PROFILE_SAN_NAMES];
    bool used[PROFILE_SAN_NAMES];
    size_t n;
};

struct bm_bytes profile_wanted_san(const struct ca_profile_request *r)
{
    return r->san.n != 0 ? r->san : r->csr->ext.value[BM_EXT_SAN];
}

static bm_status refuse(const struct profile_filling *f, unsigned line,
                        const char *words, const struct bm_general_name *gn)
{
    uint8_t buf[PROFILE_VALUE_MAX];
    char quoted[PROFILE_QUOTE_MAX];
    int kind = profile_san_kind(gn);

    return profile_refuse(
        f->profile, f->why, BM_E_PROFILE_SAN, line, "%s \"%s\" %s",
        kind < 0 ? "a name of another kind" : profile_san_words((unsigned)kind),
        kind < 0 ? "" : profile_quote(profile_san_text(gn, buf), quoted),
        words);
}

static bm_status take_wish(const struct profile_filling *f, struct wish *wish)
{
    unsigned line = f->profile->rules.line[PROFILE_RULE_SAN];
    struct bm_bytes value = profile_wanted_san(f->request);
    struct bm_der d;
    struct bm_bytes list;

    wish->n = 0;
    if (value.n == 0) {
        return BM_OK;
    }
    bm_der_init(&d, value, NULL);
    if (bm_general_names_take(&d, BM_DER_SEQUENCE, &list) != BM_OK ||
        bm_der_left(&d) != 0) {
        return profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN, line,
                              "malformed names");
    }
    while (list.n != 0) {
        if (wish->n == PROFILE_SAN_NAMES) {
            return profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN, line,
                                  "more than %d names", PROFILE_SAN_NAMES);
        }
        (void)bm_general_name_next(&list, &wish->gn[wish->n]);
        wish->used[wish->n++] = false;
    }
    for (size_t i = 1; i < wish->n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (wish->gn[i].kind == wish->gn[k].kind &&
                bm_bytes_equal(wish->gn[i].value, wish->gn[k].value) &&
                bm_bytes_equal(wish->gn[i].type, wish->gn[k].type)) {
                return refuse(f, line, "is asked for twice", &wish->gn[i]);
            }
        }
    }
    return BM_OK;
}

static void put_name(const struct bm_general_name *gn, struct bm_wr *w)
{
    struct bm_hardware_module_name hw;
    struct bm_permanent_identifier id;

    switch (profile_san_kind(gn)) {
    case PROFILE_SAN_DIRECTORY:
        bm_general_name_put_directory(w, gn->value);
        break;
    case PROFILE_SAN_HARDWARE:
        if (bm_hardware_module_name_parse(gn->value, NULL, &hw) == BM_OK) {
            bm_general_name_put_hardware(w, &hw);
        }
        break;
    case PROFILE_SAN_PERMANENT:
        if (bm_permanent_identifier_parse(gn->value, NULL, &id) == BM_OK) {
            bm_general_name_put_permanent(w, &id);
        }
        break;
    default:
        bm_general_name_put(w, gn->kind, gn->value);
        break;
    }
}

/* A name of ours. */
static void put_value(const struct profile_san *san, struct bm_bytes value,
                      struct bm_wr *w)
{
    static const enum bm_gn_kind kinds[] = {
        [PROFILE_SAN_DNS] = BM_GN_DNS,
        [PROFILE_SAN_URI] = BM_GN_URI,
        [PROFILE_SAN_IP] = BM_GN_IP,
        [PROFILE_SAN_EMAIL] = BM_GN_EMAIL,
    };
    const struct bm_hardware_module_name hw = { san->type, value };
    const struct bm_permanent_identifier id = { value, san->type };

    switch (san->kind) {
    case PROFILE_SAN_HARDWARE:
        bm_general_name_put_hardware(w, &hw);
        break;
    case PROFILE_SAN_PERMANENT:
        bm_general_name_put_permanent(w, &id);
        break;
    case PROFILE_SAN_DIRECTORY:
        bm_general_name_put_directory(w, value);
        break;
    default:
        bm_general_name_put(w, kinds[san->kind], value);
        break;
    }
}

/* Equal names have equal encodings, but for the case of a host. */
static bool is_wished(const struct bm_general_name *gn, struct bm_bytes ours)
{
    struct bm_general_name own;
    struct bm_der d;

    bm_der_init(&d, ours, NULL);
    return bm_general_name_take(&d, BM_GN_IN_NAME, &own) == BM_OK &&
           own.kind == gn->kind && bm_bytes_equal(own.value, gn->value) &&
           bm_bytes_equal(own.type, gn->type);
}

/* RFC 9525 6.3: a device called "*" would be any other's host, too. */
static bm_status check_host_of_device(const struct profile_filling *f,
                                      const struct profile_san *san)
{
    for (size_t i = 0; san->kind == PROFILE_SAN_DNS && i < f->device.n; i++) {
        if (f->device.p[i] == '*') {
            return profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN,
                                  san->line,
                                  "a device's name with '*' in it would be a "
                                  "wildcard");
        }
    }
    return BM_OK;
}

static bm_status put_ours(const struct profile_filling *f,
                          const struct profile_san *san, struct wish *wish,
                          struct bm_wr *w)
{
    uint8_t buf[PROFILE_VALUE_MAX];
    struct bm_bytes value = san->value;
    struct bm_general_name gn;
    struct bm_bytes ours;
    size_t from = w->len;
    struct bm_der d;

    if (san->from == PROFILE_DEVICE) {
        BM_TRY(check_host_of_device(f, san));
        BM_TRY(profile_expand(&san->template, f->device, buf, &value));
    }
    put_value(san, value, w);
    if (w->len > w->cap) {
        return BM_E_BUFFER;
    }
    ours = (struct bm_bytes){ w->buf + from, w->len - from };
    bm_der_init(&d, ours, NULL);
    if (bm_general_name_take(&d, BM_GN_IN_NAME, &gn) != BM_OK) {
        char quoted[PROFILE_QUOTE_MAX];

        return profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN, san->line,
                              "\"%s\" cannot be a name of kind %s",
                              profile_quote(value, quoted),
                              profile_san_words(san->kind));
    }
    for (size_t i = 0; i < wish->n; i++) {
        if (is_wished(&wish->gn[i], ours)) {
            wish->used[i] = true;
        }
    }
    return BM_OK;
}

/*
 * A name of the device whose type the request chooses, below an arc: issued
 * where it is asked for.
 */
static bm_status put_typed(const struct profile_filling *f,
                           const struct profile_san *san, struct wish *wish,
                           struct bm_wr *w)
{
    uint8_t buf[PROFILE_VALUE_MAX];
    uint8_t text[PROFILE_VALUE_MAX];
    struct bm_bytes value;

    BM_TRY(profile_expand(&san->template, f->device, buf, &value));
    for (size_t i = 0; i < wish->n; i++) {
        const struct bm_general_name *gn = &wish->gn[i];

        if (!wish->used[i] && profile_san_kind(gn) == (int)san->kind &&
            profile_oid_is_under(profile_san_type(gn), san->under) &&
            bm_bytes_equal(profile_san_text(gn, text), value)) {
            wish->used[i] = true;
            put_name(gn, w);
            return BM_OK;
        }
    }
    return san->optional
               ? BM_OK
               : profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN, san->line,
                                "a name of kind %s for the device is missing",
                                profile_san_words(san->kind));
}

static bm_status put_request(const struct profile_filling *f,
                             const struct profile_san *san, struct wish *wish,
                             struct bm_wr *w)
{
    int64_t n = 0;

    for (size_t i = 0; i < wish->n && n < san->max; i++) {
        if (!wish->used[i] &&
            profile_san_kind(&wish->gn[i]) == (int)san->kind &&
            profile_san_matches(san, &wish->gn[i])) {
            wish->used[i] = true;
            put_name(&wish->gn[i], w);
            n++;
        }
    }
    if (n == 0 && !san->optional) {
        return profile_refuse(
            f->profile, f->why, BM_E_PROFILE_SAN, san->line,
            "a name of kind %s%s%s is missing", profile_san_words(san->kind),
            san->pattern_text != NULL ? " that matches " : "",
            san->pattern_text != NULL ? san->pattern_text : "");
    }
    return BM_OK;
}

static bm_status put_row(const struct profile_filling *f,
                         const struct profile_san *san, struct wish *wish,
                         struct bm_wr *w)
{
    if (san->from == PROFILE_OTHERS) {
        return BM_OK;
    }
    if (san->from == PROFILE_REQUEST) {
        return put_request(f, san, wish, w);
    }
    return san->under.n != 0 ? put_typed(f, san, wish, w)
                             : put_ours(f, san, wish, w);
}

/* Words for a name that no row took. */
static bm_status refuse_left(const struct profile_filling *f,
                             const struct bm_general_name *gn)
{
    const struct profile_rules *r = &f->profile->rules;
    const struct profile_san *san = r->san.names.items;
    int kind = profile_san_kind(gn);

    for (size_t i = 0; i < r->san.names.n; i++) {
        if (san[i].kind == (unsigned)kind && san[i].from == PROFILE_REQUEST) {
            return refuse(f, san[i].line,
                          profile_san_matches(&san[i], gn)
                              ? "is one name too many"
                              : "does not match the profile",
                          gn);
        }
    }
    return refuse(f, r->line[PROFILE_RULE_SAN], "is not in the profile", gn);
}

bm_status profile_put_san(const struct profile_filling *f, struct bm_wr *w)
{
    const struct profile_rules *r = &f->profile->rules;
    const struct profile_san *san = r->san.names.items;
    struct wish wish;
    size_t m;
    size_t from = w->len;

    BM_TRY(take_wish(f, &wish));
    m = bm_der_open(w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < r->san.names.n; i++) {
        BM_TRY(put_row(f, &san[i], &wish, w));
    }
    for (size_t i = 0; i < wish.n; i++) {
        if (!wish.used[i]) {
            return refuse_left(f, &wish.gn[i]);
        }
    }
    if (w->len == m) {
        w->len = from; /* SIZE (1..MAX): none at all is no extension */
        return r->san.optional || !r->has_san
                   ? BM_OK
                   : profile_refuse(f->profile, f->why, BM_E_PROFILE_SAN,
                                    r->line[PROFILE_RULE_SAN],
                                    "the request has no names");
    }
    bm_der_close(w, m);
    return BM_OK;
}
