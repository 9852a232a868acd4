/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <string.h>

/*
 * Identifiers that must be unique, as octets to hash:
 *
 *     kind NUL scope NUL value
 *
 * Kind is "subject", "dns", ... or "attribute"; scope is the name of the CA
 * for subjects and attributes, which mean something below one CA only, and
 * empty for names that mean the same everywhere. Values that RFC 5280 7
 * takes for equal have the same octets, as far as they are ASCII: beyond,
 * case and composition of characters make a difference.
 */

#define IDENTIFIER_MAX (PROFILE_NAME_OCTETS + 512)

struct emitting {
    const struct ca_profile *profile;
    void *arg;
    bm_status (*one)(void *arg, struct bm_bytes identifier);
    uint8_t buf[IDENTIFIER_MAX];
    struct bm_wr w;
};

static void begin(struct emitting *e, const char *kind, const char *scope)
{
    bm_wr_init(&e->w, e->buf, sizeof e->buf);
    bm_wr_str(&e->w, kind);
    bm_wr_u8(&e->w, 0);
    bm_wr_str(&e->w, scope);
    bm_wr_u8(&e->w, 0);
}

static bm_status end(struct emitting *e)
{
    size_t n;

    BM_TRY(bm_wr_finish(&e->w, &n));
    return e->one(e->arg, bm_wr_bytes(&e->w));
}

static void put_lower(struct bm_wr *w, struct bm_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        bm_wr_u8(w, c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c);
    }
}

/* RFC 5280 7.1: without case, and with single spaces inside only. */
static void put_folded(struct bm_wr *w, struct bm_bytes text)
{
    size_t from = 0;
    size_t to = text.n;

    while (from < to && text.p[from] == ' ') {
        from++;
    }
    while (to > from && text.p[to - 1] == ' ') {
        to--;
    }
    for (size_t i = from; i < to; i++) {
        if (text.p[i] != ' ' || text.p[i - 1] != ' ') {
            put_lower(w, (struct bm_bytes){ text.p + i, 1 });
        }
    }
}

/* Type and folded value, each with its length before it. */
static void put_attribute(struct bm_wr *w, const struct bm_attr *attr)
{
    bool folds = attr->tag == BM_DER_UTF8_STRING ||
                 attr->tag == BM_DER_PRINTABLE_STRING ||
                 attr->tag == BM_DER_IA5_STRING;
    size_t m;

    bm_der_put_oid(w, attr->type);
    m = bm_der_open(w, folds ? BM_DER_UTF8_STRING : attr->tag);
    if (folds) {
        put_folded(w, attr->value);
    } else {
        bm_wr_put(w, attr->value);
    }
    bm_der_close(w, m);
}

static bm_status emit_subject(struct emitting *e, const struct bm_cert *cert)
{
    struct bm_name_walk walk;
    struct bm_attr attr;

    if (bm_name_is_empty(cert->subject)) {
        return BM_OK; /* names nobody */
    }
    begin(e, "subject", e->profile->policy.ca);
    bm_name_walk(&walk, cert->subject);
    while (bm_name_next(&walk, &attr)) {
        put_attribute(&e->w, &attr);
    }
    return end(e);
}

static bm_status emit_attributes(struct emitting *e, const struct bm_cert *cert,
                                 struct bm_bytes type)
{
    struct bm_name_walk walk;
    struct bm_attr attr;

    bm_name_walk(&walk, cert->subject);
    while (bm_name_next(&walk, &attr)) {
        if (bm_bytes_equal(attr.type, type)) {
            begin(e, "attribute", e->profile->policy.ca);
            put_attribute(&e->w, &attr);
            BM_TRY(end(e));
        }
    }
    return BM_OK;
}

/* ---- URIs */

static size_t find_octet(struct bm_bytes text, size_t from, const char *any)
{
    while (from < text.n && strchr(any, text.p[from]) == NULL) {
        from++;
    }
    return from;
}

/* What has no case behind the scheme: the host, or of a URN (RFC 8141 3.1) the
 * namespace. */
static void find_host(struct bm_bytes uri, size_t colon, size_t *from,
                      size_t *to)
{
    static const uint8_t urn[] = { 'u', 'r', 'n' };
    size_t at;

    *from = colon < uri.n ? colon + 1 : uri.n;
    *to = *from;
    if (uri.n - *from >= 2 && uri.p[*from] == '/' && uri.p[*from + 1] == '/') {
        *to = find_octet(uri, *from + 2, "/?#");
        at = find_octet((struct bm_bytes){ uri.p, *to }, *from, "@");
        *from = at < *to ? at + 1 : *from + 2;
    } else if (colon == sizeof urn && (uri.p[0] | 0x20) == urn[0] &&
               (uri.p[1] | 0x20) == urn[1] && (uri.p[2] | 0x20) == urn[2]) {
        *to = find_octet(uri, *from, ":");
    }
}

static int hex_digit(uint8_t c)
{
    uint8_t lower = c | 0x20;

    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* RFC 3986 2.3 */
static bool is_unreserved(uint8_t c)
{
    uint8_t lower = c | 0x20;

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

/* The octet at `*i`, unescaped where that changes nothing: RFC 3986 6.2.2. */
static bool take_octet(struct bm_bytes uri, size_t *i, uint8_t *c)
{
    int high = uri.n - *i > 2 ? hex_digit(uri.p[*i + 1]) : -1;
    int low = high >= 0 ? hex_digit(uri.p[*i + 2]) : -1;

    *c = uri.p[*i];
    if (*c != '%' || low < 0) {
        (*i)++;
        return false;
    }
    *c = (uint8_t)(high << 4 | low);
    *i += 3;
    return !is_unreserved(*c);
}

/* RFC 5280 7.4: by case, and by escapes; segments like ".." stay. */
static void put_uri(struct bm_wr *w, struct bm_bytes uri)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t colon = find_octet(uri, 0, ":");
    size_t from;
    size_t to;
    size_t i = 0;

    find_host(uri, colon, &from, &to);
    while (i < uri.n) {
        bool folds = i < colon || (i >= from && i < to);
        uint8_t c;

        if (take_octet(uri, &i, &c)) {
            bm_wr_u8(w, '%');
            bm_wr_u8(w, (uint8_t)digits[c >> 4]);
            bm_wr_u8(w, (uint8_t)digits[c & 15]);
        } else if (folds) {
            put_lower(w, (struct bm_bytes){ &c, 1 });
        } else {
            bm_wr_u8(w, c);
        }
    }
}

/* Hosts have no case; mailboxes have it before the '@' only. */
static void put_san(struct bm_wr *w, const struct bm_general_name *gn)
{
    struct bm_name_walk walk;
    struct bm_attr attr;
    size_t at = 0;

    switch (gn->kind) {
    case BM_GN_DNS:
        put_lower(w, gn->value);
        break;
    case BM_GN_EMAIL:
        while (at < gn->value.n && gn->value.p[at] != '@') {
            at++;
        }
        bm_wr_put(w, (struct bm_bytes){ gn->value.p, at });
        put_lower(w, (struct bm_bytes){ gn->value.p + at, gn->value.n - at });
        break;
    case BM_GN_URI:
        put_uri(w, gn->value);
        break;
    case BM_GN_DIRECTORY:
        bm_name_walk(&walk, gn->value);
        while (bm_name_next(&walk, &attr)) {
            put_attribute(w, &attr);
        }
        break;
    default:
        bm_wr_put(w, gn->value);
        break;
    }
}

static bm_status emit_sans(struct emitting *e, const struct bm_cert *cert,
                           unsigned kind)
{
    struct bm_bytes list = bm_exts_list(&cert->ext, BM_EXT_SAN);
    struct bm_general_name gn;

    while (bm_general_name_next(&list, &gn)) {
        if (profile_san_kind(&gn) == (int)kind) {
            begin(e, profile_san_words(kind), "");
            put_san(&e->w, &gn);
            BM_TRY(end(e));
        }
    }
    return BM_OK;
}

bm_status ca_profile_identifiers(const struct ca_profile *profile,
                                 const struct bm_cert *cert, void *arg,
                                 bm_status (*one)(void *arg,
                                                  struct bm_bytes identifier))
{
    struct emitting e;
    const struct profile_rules *r = &profile->rules;

    e.profile = profile; /* the buffer is left as it is */
    e.arg = arg;
    e.one = one;
    for (size_t i = 0; i < r->unique_n; i++) {
        const struct profile_unique *u = &r->unique[i];

        switch (u->what) {
        case PROFILE_UNIQUE_SUBJECT:
            BM_TRY(emit_subject(&e, cert));
            break;
        case PROFILE_UNIQUE_ATTRIBUTE:
            BM_TRY(emit_attributes(&e, cert, u->type));
            break;
        default:
            BM_TRY(emit_sans(&e, cert, u->kind));
            break;
        }
    }
    return BM_OK;
}
