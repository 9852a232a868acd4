/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include "core/oid.h"

#include <string.h>

/*
 * RFC 4514, both ways. The string has the last RDN first, so writing either
 * form walks the other one from its end.
 */

static const char hex_digits[] = "0123456789abcdef";

static void put_hex(struct bm_wr *w, uint8_t octet)
{
    bm_wr_u8(w, (uint8_t)hex_digits[octet >> 4]);
    bm_wr_u8(w, (uint8_t)hex_digits[octet & 15]);
}

/*
 * Characters that a terminal acts on instead of showing: controls, and the
 * format characters that join, hide or reorder (Unicode general categories
 * Cc, Zl, Zp, and Cf as far as it can deceive).
 */
static bool is_unsafe(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        { 0x0000, 0x001f }, { 0x007f, 0x009f },   { 0x00ad, 0x00ad },
        { 0x061c, 0x061c }, { 0x180e, 0x180e },   { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0xfeff, 0xfeff },
        { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
    };

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

/* RFC 3629 3: the octets of a character; returns how many. */
static size_t utf8_encode(uint32_t c, uint8_t out[4])
{
    static const uint8_t lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1;) {
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

/* Take a character of well-formed UTF-8. */
static uint32_t utf8_take(struct bm_bytes *s)
{
    uint32_t c = *s->p++;
    size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

    s->n--;
    if (more > s->n) {
        more = s->n; /* not well-formed: an unchecked name */
    }
    c &= more == 0 ? 0x7fu : 0x3fu >> more;
    for (; more != 0; more--) {
        c = c << 6 | (*s->p++ & 0x3fu);
        s->n--;
    }
    return c;
}

/* Take a character of a string of type `tag` from the front of `*s`. */
static uint32_t take_character(uint8_t tag, struct bm_bytes *s)
{
    size_t width = tag == BM_DER_BMP_STRING         ? 2
                   : tag == BM_DER_UNIVERSAL_STRING ? 4
                                                    : 1;
    uint32_t c = 0;

    if (tag == BM_DER_UTF8_STRING) {
        return utf8_take(s);
    }
    for (; width != 0 && s->n != 0; width--) {
        c = c << 8 | *s->p++;
        s->n--;
    }
    return c;
}

/* RFC 4514 2.4: characters with a meaning of their own. */
static bool is_special(uint32_t c)
{
    return c != 0 && c < 0x80 && strchr("\"+,;<>\\", (int)c) != NULL;
}

static void put_string(struct bm_wr *w, uint8_t tag, struct bm_bytes s)
{
    bool first = true;

    while (s.n != 0) {
        uint32_t c = take_character(tag, &s);
        uint8_t octets[4];
        size_t n = utf8_encode(c, octets);
        bool unsafe = is_unsafe(c);

        if (is_special(c) || (c == ' ' && (first || s.n == 0)) ||
            (c == '#' && first)) {
            bm_wr_u8(w, '\\');
        }
        for (size_t i = 0; i < n; i++) {
            if (unsafe) {
                bm_wr_u8(w, '\\');
                put_hex(w, octets[i]);
            } else {
                bm_wr_u8(w, octets[i]);
            }
        }
        first = false;
    }
}

/* RFC 4514 2.4: "#" and the hexadecimal form of the DER of the value. */
static void put_der_hex(struct bm_wr *w, const struct bm_attr *attr)
{
    uint8_t header[1 + 1 + sizeof(size_t)];
    struct bm_wr h;

    bm_wr_init(&h, header, sizeof header);
    bm_der_put_header(&h, attr->tag, attr->value.n);
    bm_wr_u8(w, '#');
    for (size_t i = 0; i < h.len; i++) {
        put_hex(w, header[i]);
    }
    for (size_t i = 0; i < attr->value.n; i++) {
        put_hex(w, attr->value.p[i]);
    }
}

static bool is_string(uint8_t tag)
{
    switch (tag) {
    case BM_DER_UTF8_STRING:
    case BM_DER_NUMERIC_STRING:
    case BM_DER_PRINTABLE_STRING:
    case BM_DER_TELETEX_STRING:
    case BM_DER_IA5_STRING:
    case BM_DER_VISIBLE_STRING:
    case BM_DER_UNIVERSAL_STRING:
    case BM_DER_BMP_STRING:
        return true;
    default:
        return false;
    }
}

static void put_attr(struct bm_wr *w, const struct bm_attr *attr)
{
    const char *keyword = bm_oid_attribute_name(attr->type);
    size_t start = w->len;

    if (keyword != NULL) {
        bm_wr_str(w, keyword);
    } else {
        bm_oid_put_dotted(w, attr->type);
    }
    if (w->len == start) {
        bm_wr_u8(w, '?'); /* an arc too wide for bm_oid_put_dotted() */
    }
    bm_wr_u8(w, '=');
    if (keyword != NULL && is_string(attr->tag)) {
        put_string(w, attr->tag, attr->value);
    } else {
        put_der_hex(w, attr);
    }
}

static size_t count_rdns(struct bm_bytes name)
{
    struct bm_name_walk walk;
    struct bm_bytes rdn;
    size_t n = 0;

    bm_name_walk(&walk, name);
    while (bm_der_take(&walk.rdns, BM_DER_SET, &rdn) == BM_OK) {
        n++;
    }
    return n;
}

/* Write the attributes of the RDN that comes after `index` others. */
static void put_rdn(struct bm_wr *w, struct bm_bytes name, size_t index)
{
    struct bm_name_walk walk;
    struct bm_bytes rdn;
    struct bm_attr attr;
    bool more = true;

    bm_name_walk(&walk, name);
    for (; more && index != 0; index--) {
        more = bm_der_take(&walk.rdns, BM_DER_SET, &rdn) == BM_OK;
    }
    more = more && bm_name_next(&walk, &attr);
    while (more) {
        put_attr(w, &attr);
        more = bm_name_next(&walk, &attr) && !attr.starts_rdn;
        if (more) {
            bm_wr_u8(w, '+');
        }
    }
}

void bm_name_put_text(struct bm_wr *w, struct bm_bytes name)
{
    for (size_t i = count_rdns(name); i-- > 0;) {
        put_rdn(w, name, i);
        if (i != 0) {
            bm_wr_u8(w, ',');
        }
    }
}

/* Where reading stands in the text. */
struct reader {
    const uint8_t *p;
    const uint8_t *end; /* of the RDN */
    const uint8_t *bad; /* the attribute that is being read */
    size_t attrs;       /* read so far */
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take two hexadecimal digits. */
static bool take_hex(struct reader *r, uint8_t *octet)
{
    int high;
    int low;

    if (r->end - r->p < 2) {
        return false;
    }
    high = hex_value(r->p[0]);
    low = hex_value(r->p[1]);
    if (high < 0 || low < 0) {
        return false;
    }
    *octet = (uint8_t)(high << 4 | low);
    r->p += 2;
    return true;
}

/*
 * RFC 4514 3
 *
 *   pair = ESC ( ESC / special / hexpair )
 *   special = escaped / SPACE / SHARP / EQUALS
 */
static bool take_pair(struct reader *r, uint8_t *octet)
{
    uint8_t c;

    if (take_hex(r, octet)) {
        return true;
    }
    if (r->p == r->end) {
        return false;
    }
    c = *r->p;
    if (!is_special(c) && c != ' ' && c != '#' && c != '=') {
        return false;
    }
    *octet = c;
    r->p++;
    return true;
}

/*
 *   string = [ ( leadchar / pair ) [ *( stringchar / pair )
 *              ( trailchar / pair ) ] ]
 *
 * Anything but NUL and what is special, and no space at either end.
 */
static bool read_string(struct reader *r, struct bm_wr *w)
{
    bool space = false; /* was the last character one? */

    if (r->p != r->end && (*r->p == ' ' || *r->p == '#')) {
        return false;
    }
    while (r->p != r->end && *r->p != '+') {
        uint8_t c = *r->p++;

        space = c == ' ';
        if (c == '\\' ? !take_pair(r, &c) : c == 0 || is_special(c)) {
            return false;
        }
        bm_wr_u8(w, c);
    }
    return !space;
}

/* What the writer holds from `mark` on; false if it is not there. */
static bool written(const struct bm_wr *w, size_t mark, struct bm_bytes *out)
{
    struct bm_bytes all = bm_wr_bytes(w);

    if (w->len > w->cap) {
        return false;
    }
    *out = (struct bm_bytes){ all.p + mark, all.n - mark };
    return true;
}

/*
 *   hexstring = SHARP 1*hexpair
 *
 * It holds one DER element.
 */
static bool read_hexstring(struct reader *r, struct bm_wr *w)
{
    size_t mark = w->len;
    struct bm_bytes der;
    struct bm_bytes body;
    struct bm_der d;
    uint8_t octet;
    uint8_t tag;

    while (r->p != r->end && *r->p != '+') {
        if (!take_hex(r, &octet)) {
            return false;
        }
        bm_wr_u8(w, octet);
    }
    if (!written(w, mark, &der)) {
        return w->len != mark;
    }
    bm_der_init(&d, der, NULL);
    return bm_der_take_any(&d, &tag, &body) == BM_OK && bm_der_end(&d) == BM_OK;
}

/* Octets of the longest attribute type that is read. */
#define TYPE_MAX 64

/*
 *   attributeTypeAndValue = attributeType EQUALS attributeValue
 *   attributeValue = string / hexstring
 */
static bm_status read_type_and_value(struct reader *r, struct bm_wr *w)
{
    uint8_t buf[TYPE_MAX];
    struct bm_bytes keyword = { r->p, 0 };
    struct bm_wr type;
    size_t value;
    bool good;

    while (r->p != r->end && *r->p != '=') {
        r->p++;
    }
    if (r->p == r->end) {
        return BM_E_NAME_TEXT;
    }
    keyword.n = (size_t)(r->p - keyword.p);
    r->p++;

    bm_wr_init(&type, buf, sizeof buf);
    BM_TRY(bm_oid_from_attribute(keyword, &type));
    if (type.len > type.cap) {
        return BM_E_LIMIT;
    }
    bm_der_put_oid(w, bm_wr_bytes(&type));
    if (r->p != r->end && *r->p == '#') {
        r->p++;
        good = read_hexstring(r, w);
    } else {
        value = bm_der_open(w, bm_name_string_type(bm_wr_bytes(&type)));
        good = read_string(r, w);
        bm_der_close(w, value);
    }
    return good ? BM_OK : BM_E_NAME_TEXT;
}

/* Check the contents of an AttributeTypeAndValue that has been written. */
static bm_status check_written(struct bm_bytes contents)
{
    struct bm_attr attr = { 0 };
    struct bm_der d;

    bm_der_init(&d, contents, NULL);
    BM_TRY(bm_der_take_oid(&d, &attr.type));
    BM_TRY(bm_der_take_any(&d, &attr.tag, &attr.value));
    return bm_name_check_attr(&d, &attr);
}

static bm_status read_attr(struct reader *r, struct bm_wr *w)
{
    struct bm_bytes contents;
    size_t attr;

    while (r->p != r->end && *r->p == ' ') {
        r->p++;
    }
    r->bad = r->p;
    r->attrs++;
    if (r->attrs > BM_NAME_RDNS_MAX) {
        return BM_E_LIMIT;
    }
    attr = bm_der_open(w, BM_DER_SEQUENCE);
    BM_TRY(read_type_and_value(r, w));
    if (written(w, attr, &contents)) {
        BM_TRY(check_written(contents));
    }
    bm_der_close(w, attr);
    return BM_OK;
}

/*
 *   relativeDistinguishedName = attributeTypeAndValue
 *                               *( PLUS attributeTypeAndValue )
 */
static bm_status read_rdn(struct reader *r, struct bm_wr *w)
{
    size_t rdn = bm_der_open(w, BM_DER_SET);

    BM_TRY(read_attr(r, w));
    while (r->p != r->end) {
        r->p++; /* the plus */
        BM_TRY(read_attr(r, w));
    }
    return bm_der_close_set(w, rdn);
}

/*
 *   distinguishedName = [ relativeDistinguishedName
 *                         *( COMMA relativeDistinguishedName ) ]
 *
 * Note where the RDNs end: at a comma, or with the text.
 */
static bm_status find_rdns(struct bm_bytes text, size_t ends[BM_NAME_RDNS_MAX],
                           size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\') {
            i++; /* whatever is escaped, it does not separate */
        } else if (text.p[i] == ',') {
            if (*n == BM_NAME_RDNS_MAX - 1) {
                return BM_E_LIMIT;
            }
            ends[*n] = i;
            *n += 1;
        }
    }
    if (text.n != 0) {
        ends[*n] = text.n;
        *n += 1;
    }
    return BM_OK;
}

static bm_status read_name(struct bm_bytes text, struct reader *r,
                           struct bm_wr *w)
{
    size_t name = bm_der_open(w, BM_DER_SEQUENCE);
    size_t ends[BM_NAME_RDNS_MAX];
    size_t n;

    BM_TRY(find_rdns(text, ends, &n));
    while (n-- > 0) {
        r->p = text.p + (n == 0 ? 0 : ends[n - 1] + 1);
        r->end = text.p + ends[n];
        BM_TRY(read_rdn(r, w));
    }
    bm_der_close(w, name);
    return BM_OK;
}

bm_status bm_name_from_text(struct bm_bytes text, struct bm_wr *w, size_t *bad)
{
    size_t start = w->len;
    struct reader r = { text.p, text.p, text.p, 0 };
    bm_status rc = read_name(text, &r, w);

    *bad = 0;
    if (rc != BM_OK) {
        *bad = text.n == 0 ? 0 : (size_t)(r.bad - text.p);
        w->len = start;
    }
    return rc;
}
