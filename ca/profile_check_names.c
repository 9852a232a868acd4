/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_checking.h"

#include <string.h>

/* Subject, subjectAltName and the device that they name, in a certificate. */

/* ---- The device */

/* What stands in the template's hole; false if the rest does not fit. */
static bool device_in(const struct profile_template *t, struct bm_bytes value,
                      struct bm_bytes *device)
{
    size_t fixed = t->before.n + t->after.n;

    if (value.n <= fixed ||
        (t->before.n != 0 && memcmp(value.p, t->before.p, t->before.n) != 0) ||
        (t->after.n != 0 &&
         memcmp(value.p + value.n - t->after.n, t->after.p, t->after.n) != 0)) {
        return false;
    }
    *device = (struct bm_bytes){ value.p + t->before.n, value.n - fixed };
    return true;
}

static bm_status refuse_device(const struct profile_checking *k,
                               const char *words)
{
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_DEVICE,
                          k->profile->rules.line[PROFILE_RULE_DEVICE], "%s",
                          words);
}

/* All that is made of the device's name must be made of the same. */
static bm_status same_device(const struct profile_checking *k,
                             const struct profile_template *t,
                             struct bm_bytes value, struct bm_bytes *device)
{
    const struct profile_device *d = &k->profile->rules.device;
    struct bm_bytes found;

    if (!device_in(t, value, &found)) {
        return BM_OK; /* subject and names have their own rules */
    }
    if (found.n > PROFILE_DEVICE_MAX || !ca_pattern_match(d->pattern, found)) {
        return refuse_device(k, "the device's name does not match its pattern");
    }
    if (device->n != 0 && !bm_bytes_equal(*device, found)) {
        return refuse_device(k, "two devices are named");
    }
    *device = found;
    return BM_OK;
}

static const struct profile_rdn *device_row(const struct profile_rules *r,
                                            struct bm_bytes type)
{
    const struct profile_rdn *rdn = r->subject.items;

    for (size_t i = 0; i < r->subject.n; i++) {
        if (rdn[i].from == PROFILE_DEVICE &&
            bm_bytes_equal(rdn[i].type, type)) {
            return &rdn[i];
        }
    }
    return NULL;
}

static bm_status device_in_subject(const struct profile_checking *k,
                                   struct bm_bytes *device)
{
    struct bm_name_walk walk;
    struct bm_attr attr;

    bm_name_walk(&walk, k->cert->subject);
    while (bm_name_next(&walk, &attr)) {
        const struct profile_rdn *row =
            device_row(&k->profile->rules, attr.type);

        if (row != NULL && !(k->foreign && row->others == PROFILE_OTHERS_ANY)) {
            BM_TRY(same_device(k, &row->template, attr.value, device));
        }
    }
    return BM_OK;
}

/* `buf` is for text that has to be made; `device` may be a view of it. */
static bm_status device_in_names(const struct profile_checking *k,
                                 uint8_t buf[PROFILE_VALUE_MAX],
                                 struct bm_bytes *device)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_san *san = r->san.names.items;
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_SAN);
    struct bm_general_name gn;

    while (bm_general_name_next(&list, &gn)) {
        for (size_t i = 0; i < r->san.names.n; i++) {
            if (san[i].from == PROFILE_DEVICE &&
                !(k->foreign && san[i].others == PROFILE_OTHERS_ANY) &&
                profile_san_kind(&gn) == (int)san[i].kind) {
                BM_TRY(same_device(k, &san[i].template,
                                   profile_san_text(&gn, buf), device));
            }
        }
    }
    return BM_OK;
}

/*
 * The signature of an anchor on itself is looked at by nobody; any other is to
 * be verified on the device.
 */
bool profile_fits_mcu(const struct bm_cert *ca)
{
    return ca->key.type == BM_KEY_P256 &&
           (ca->sig_alg == BM_SIG_ECDSA_SHA256 || bm_cert_is_self_issued(ca));
}

bm_status profile_check_device(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    struct bm_bytes device = { NULL, 0 };
    uint8_t buf[PROFILE_VALUE_MAX];

    if (!r->has_device) {
        return BM_OK;
    }
    if (r->device.mcu != 0 && k->cert->key.type != BM_KEY_P256) {
        return refuse_device(k, "class: mcu needs a P-256 key");
    }
    if (r->device.mcu != 0 && k->foreign && k->issuer.is &&
        !profile_fits_mcu(k->issuer.cert)) {
        return refuse_device(k, "class: mcu needs an issuer with ECDSA P-256 "
                                "and SHA-256");
    }
    BM_TRY(device_in_subject(k, &device));
    return device_in_names(k, buf, &device);
}

/* Where nothing is made of the name, it is what a request is asked for. */
static void device_as_asked(const struct profile_checking *k,
                            struct bm_bytes *device)
{
    const struct profile_device *d = &k->profile->rules.device;
    struct bm_attr attr;

    for (size_t i = 0; i < d->types_n && device->n == 0; i++) {
        if (bm_name_find(k->cert->subject, d->types[i], &attr)) {
            *device = attr.value;
        }
    }
}

bm_status ca_profile_cert_device(const struct ca_profile *profile,
                                 const struct bm_cert *cert, char *name,
                                 size_t cap, struct ca_refusal *why)
{
    const struct profile_checking k = { .profile = profile,
                                        .cert = cert,
                                        .why = why };
    const struct profile_rules *r = &profile->rules;
    struct bm_bytes device = { NULL, 0 };
    uint8_t buf[PROFILE_VALUE_MAX];

    if (r->has_device) {
        BM_TRY(device_in_subject(&k, &device));
    }
    if (r->has_device && device.n == 0) {
        BM_TRY(device_in_names(&k, buf, &device));
    }
    if (r->has_device && device.n == 0) {
        device_as_asked(&k, &device);
    }
    if (device.n == 0 || device.n >= cap ||
        !ca_pattern_match(r->device.pattern, device)) {
        return refuse_device(&k, "the certificate names no device");
    }
    memcpy(name, device.p, device.n);
    name[device.n] = '\0';
    return BM_OK;
}

/* ---- Subject */

static bm_status refuse_attr(const struct profile_checking *k, unsigned line,
                             const struct bm_attr *attr, const char *words)
{
    char dotted[BM_OID_DOTTED_MAX];
    char quoted[PROFILE_QUOTE_MAX];

    return profile_refuse(k->profile, k->why, BM_E_PROFILE_SUBJECT, line,
                          "%s \"%s\" %s",
                          profile_attribute_words(attr->type, dotted),
                          profile_quote(attr->value, quoted), words);
}

/* The types of strings that pass everywhere, and that of the attribute. */
static bool is_good_tag(const struct profile_rdn *row,
                        const struct bm_attr *attr)
{
    return attr->tag == BM_DER_UTF8_STRING ||
           attr->tag == BM_DER_PRINTABLE_STRING || attr->tag == row->tag;
}

/* What is of our making has our type of string; of others, any good one. */
static bool is_our_tag(const struct profile_checking *k,
                       const struct profile_rdn *row,
                       const struct bm_attr *attr)
{
    return k->foreign ? is_good_tag(row, attr) : attr->tag == row->tag;
}

/* Of a value that the request or somebody else has chosen. */
static const char *misfit_chosen(const struct profile_checking *k,
                                 const struct profile_rdn *row,
                                 const struct bm_attr *attr)
{
    struct bm_attr issuers;

    if (!is_good_tag(row, attr)) {
        return "is neither UTF8String nor PrintableString";
    }
    if (row->as_issuer && bm_name_find(k->cert->issuer, row->type, &issuers) &&
        !profile_same_attribute(attr, &issuers)) {
        return "is not the issuer's";
    }
    return row->pattern == NULL || ca_pattern_match(row->pattern, attr->value)
               ? NULL
               : "does not match its pattern";
}

/* The value against its row; NULL if it fits. */
static const char *misfit(const struct profile_checking *k,
                          const struct profile_rdn *row,
                          const struct bm_attr *attr)
{
    struct bm_attr issuers;
    struct bm_bytes device;

    if (k->foreign && row->others == PROFILE_OTHERS_ANY) {
        return NULL;
    }
    switch (row->from) {
    case PROFILE_FIXED:
        return is_our_tag(k, row, attr) &&
                       bm_bytes_equal(attr->value, row->value)
                   ? NULL
                   : "is not the fixed value";
    case PROFILE_DEVICE:
        return is_our_tag(k, row, attr) &&
                       device_in(&row->template, attr->value, &device)
                   ? NULL
                   : "is not made of a device's name";
    case PROFILE_ISSUER:
        return bm_name_find(k->cert->issuer, row->type, &issuers) &&
                       (k->foreign
                            ? profile_same_attribute(attr, &issuers)
                            : attr->tag == issuers.tag &&
                                  bm_bytes_equal(attr->value, issuers.value))
                   ? NULL
                   : "is not the issuer's";
    default:
        return misfit_chosen(k, row, attr);
    }
}

/* May this row be absent? */
static bool is_absent(const struct profile_checking *k,
                      const struct profile_rdn *row)
{
    return row->optional || row->from == PROFILE_DROPPED ||
           row->from == PROFILE_OTHERS ||
           (k->foreign && row->others != PROFILE_OTHERS_SAME);
}

/* May an attribute be there because of this row? */
static bool is_open(const struct profile_checking *k,
                    const struct profile_rdn *row)
{
    return row->from != PROFILE_DROPPED &&
           (row->from != PROFILE_OTHERS || k->foreign);
}

/*
 * Go from row `*i` on to the one that this attribute fits: rows on the way
 * must be ones that may be absent.
 */
static bm_status next_row(const struct profile_checking *k,
                          const struct bm_attr *attr, size_t *i)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_rdn *row = r->subject.items;
    char dotted[BM_OID_DOTTED_MAX];
    const char *words = "is not in the profile, or not at this place";
    unsigned line = r->line[PROFILE_RULE_SUBJECT];
    bool meant = false; /* it has the type of a row, but does not fit */

    for (; *i < r->subject.n; (*i)++) {
        if (is_open(k, &row[*i]) && bm_bytes_equal(row[*i].type, attr->type)) {
            words = misfit(k, &row[*i], attr);
            line = row[*i].line;
            meant = true;
            if (words == NULL) {
                (*i)++;
                return BM_OK;
            }
        }
        if (!is_absent(k, &row[*i])) {
            if (meant) {
                break;
            }
            return profile_refuse(
                k->profile, k->why, BM_E_PROFILE_SUBJECT, row[*i].line,
                "%s is missing, or not at its place",
                profile_attribute_words(row[*i].type, dotted));
        }
    }
    return refuse_attr(k, line, attr, words);
}

/* The first row that is still free and takes this attribute. */
static bm_status any_row(const struct profile_checking *k,
                         const struct bm_attr *attr,
                         bool taken[PROFILE_SUBJECT_MAX])
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_rdn *row = r->subject.items;
    const char *words = "is not in the profile";
    unsigned line = r->line[PROFILE_RULE_SUBJECT];

    for (size_t i = 0; i < r->subject.n; i++) {
        const char *wrong;

        if (taken[i] || !is_open(k, &row[i]) ||
            !bm_bytes_equal(row[i].type, attr->type)) {
            continue;
        }
        wrong = misfit(k, &row[i], attr);
        if (wrong == NULL) {
            taken[i] = true;
            return BM_OK;
        }
        words = wrong;
        line = row[i].line;
    }
    return refuse_attr(k, line, attr, words);
}

/* A row that no attribute has taken. */
static bm_status check_absent(const struct profile_checking *k,
                              const struct profile_rdn *row)
{
    bool issuers = row->from == PROFILE_ISSUER && row->optional;
    char dotted[BM_OID_DOTTED_MAX];
    struct bm_attr attr;

    if (is_absent(k, row) &&
        (!issuers || (k->foreign && row->others != PROFILE_OTHERS_SAME) ||
         !bm_name_find(k->cert->issuer, row->type, &attr))) {
        return BM_OK;
    }
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_SUBJECT, row->line,
                          "%s is missing",
                          profile_attribute_words(row->type, dotted));
}

/* Ours are in the order of the rows; nobody demands that of others. */
bm_status profile_check_subject(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_rdn *row = r->subject.items;
    bool taken[PROFILE_SUBJECT_MAX] = { false };
    struct bm_name_walk walk;
    struct bm_attr attr;
    size_t next = 0;

    bm_name_walk(&walk, k->cert->subject);
    while (bm_name_next(&walk, &attr)) {
        if (!attr.starts_rdn) {
            return refuse_attr(k, r->line[PROFILE_RULE_SUBJECT], &attr,
                               "shares its RDN with another attribute");
        }
        BM_TRY(k->foreign ? any_row(k, &attr, taken)
                          : next_row(k, &attr, &next));
    }
    for (size_t i = next; i < r->subject.n; i++) {
        if (!taken[i]) {
            BM_TRY(check_absent(k, &row[i]));
        }
    }
    return BM_OK;
}

/* ---- subjectAltName */

static bm_status refuse_san(const struct profile_checking *k, unsigned line,
                            const char *words)
{
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_SAN, line, "%s",
                          words);
}

static bool has_type(const struct profile_san *row,
                     const struct bm_general_name *gn)
{
    struct bm_bytes type = profile_san_type(gn);

    return row->under.n != 0 ? profile_oid_is_under(type, row->under)
                             : bm_bytes_equal(type, row->type);
}

static bool fits(const struct profile_checking *k,
                 const struct profile_san *row,
                 const struct bm_general_name *gn)
{
    bool typed =
        row->kind == PROFILE_SAN_HARDWARE || row->kind == PROFILE_SAN_PERMANENT;
    uint8_t buf[PROFILE_VALUE_MAX];
    struct bm_bytes device;

    if (profile_san_kind(gn) != (int)row->kind ||
        (row->from == PROFILE_OTHERS && !k->foreign)) {
        return false;
    }
    if (k->foreign && row->others == PROFILE_OTHERS_ANY) {
        return !typed || has_type(row, gn);
    }
    if (row->from == PROFILE_REQUEST || row->from == PROFILE_OTHERS) {
        return profile_san_matches(row, gn);
    }
    if (typed && !has_type(row, gn)) {
        return false;
    }
    if (row->from == PROFILE_DEVICE) {
        return device_in(&row->template, profile_san_text(gn, buf), &device) &&
               (row->kind != PROFILE_SAN_DNS ||
                memchr(device.p, '*', device.n) == NULL);
    }
    return bm_bytes_equal(typed ? profile_san_text(gn, buf) : gn->value,
                          row->value);
}

static bm_status check_names(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_san *row = r->san.names.items;
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_SAN);
    int64_t count[PROFILE_SAN_RULES] = { 0 };
    uint8_t buf[PROFILE_VALUE_MAX];
    char quoted[PROFILE_QUOTE_MAX];
    struct bm_general_name gn;

    while (bm_general_name_next(&list, &gn)) {
        size_t i = 0;

        while (i < r->san.names.n &&
               (count[i] == row[i].max || !fits(k, &row[i], &gn))) {
            i++;
        }
        if (i == r->san.names.n) {
            int kind = profile_san_kind(&gn);

            return profile_refuse(
                k->profile, k->why, BM_E_PROFILE_SAN, r->line[PROFILE_RULE_SAN],
                "%s \"%s\" is outside the profile",
                profile_san_words((unsigned)kind),
                kind < 0 ? ""
                         : profile_quote(profile_san_text(&gn, buf), quoted));
        }
        count[i]++;
    }
    for (size_t i = 0; i < r->san.names.n; i++) {
        bool optional = row[i].optional || row[i].from == PROFILE_OTHERS ||
                        (k->foreign && row[i].others != PROFILE_OTHERS_SAME);

        if (count[i] == 0 && !optional) {
            return refuse_san(k, row[i].line, "a name is missing");
        }
    }
    return BM_OK;
}

bm_status profile_check_san(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    unsigned line = r->line[PROFILE_RULE_SAN];
    bool critical = bm_exts_is_critical(&k->cert->ext, BM_EXT_SAN);
    bool must_be = r->san.critical == PROFILE_CRITICAL ||
                   (r->san.critical == PROFILE_CRITICAL_IF_EMPTY &&
                    bm_name_is_empty(k->cert->subject));

    bool optional =
        profile_accepts_rule(k, &r->accepts.optional, PROFILE_RULE_SAN);

    if (!bm_exts_has(&k->cert->ext, BM_EXT_SAN)) {
        return !r->has_san || r->san.optional || optional
                   ? BM_OK
                   : refuse_san(k, line, "subjectAltName is missing");
    }
    if (!r->has_san) {
        if (!optional) {
            return refuse_san(k, line, "subjectAltName is not in the profile");
        }
        return !critical || bm_name_is_empty(k->cert->subject) ||
                       profile_accepts_rule(k, &r->accepts.critical,
                                            PROFILE_RULE_SAN)
                   ? BM_OK
                   : refuse_san(k, line, "subjectAltName is critical");
    }
    if (critical != must_be &&
        !profile_accepts_rule(k, &r->accepts.critical, PROFILE_RULE_SAN)) {
        return refuse_san(k, line,
                          critical ? "subjectAltName is critical"
                                   : "subjectAltName is not critical");
    }
    return profile_accepts_rule(k, &r->accepts.values, PROFILE_RULE_SAN)
               ? BM_OK
               : check_names(k);
}
