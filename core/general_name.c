/* SPDX-License-Identifier: Apache-2.0 */
#include "core/general_name.h"

#include "core/oid.h"

#include <string.h>

#define DNS_MAX       253 /* RFC 1035 2.3.4, in characters */
#define DNS_LABEL_MAX 63
#define LOCAL_MAX     64 /* RFC 2821 4.5.3.1 */

/*
 * RFC 5280 4.2.1.6
 *
 *   GeneralName ::= CHOICE {
 *       otherName                  [0] OtherName,
 *       rfc822Name                 [1] IA5String,
 *       dNSName                    [2] IA5String,
 *       x400Address                [3] ORAddress,
 *       directoryName              [4] Name,
 *       ediPartyName               [5] EDIPartyName,
 *       uniformResourceIdentifier  [6] IA5String,
 *       iPAddress                  [7] OCTET STRING,
 *       registeredID               [8] OBJECT IDENTIFIER }
 *
 * The module is IMPLICIT TAGS, but [4] is explicit: Name is a CHOICE.
 */
#define CONSTRUCTED_KINDS                                           \
    (1u << BM_GN_OTHER | 1u << BM_GN_X400 | 1u << BM_GN_DIRECTORY | \
     1u << BM_GN_EDI)

static uint8_t tag_of(unsigned kind)
{
    return (CONSTRUCTED_KINDS >> kind & 1) != 0 ? BM_DER_CONSTRUCTED(kind)
                                                : BM_DER_CONTEXT(kind);
}

static bool is_alnum(uint8_t c)
{
    uint8_t letter = c | 0x20;

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9');
}

/* A letter, a digit or one of `others`. */
static bool is_char(uint8_t c, const char *others)
{
    return is_alnum(c) || (c != 0 && strchr(others, c) != NULL);
}

static bool is_visible(struct bm_bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~') {
            return false;
        }
    }
    return true;
}

/* The rest of `s` from `i` on. */
static struct bm_bytes from(struct bm_bytes s, size_t i)
{
    return (struct bm_bytes){ s.p + i, s.n - i };
}

/*
 * Labels of a host: "preferred name syntax", RFC 1034 3.5 with RFC 1123 2.1,
 * so letters, digits and inner hyphens; no trailing dot, no underscore.
 * Atoms of a mailbox: RFC 2821 4.1.2, any of atext.
 */
static bool is_dotted(struct bm_bytes s, bool host)
{
    const char *others = host ? "-" : "!#$%&'*+-/=?^_`{|}~";
    uint8_t before = '.';
    size_t label = 0; /* length so far */

    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];

        if (c == '.' ? before == '.' : !is_char(c, others)) {
            return false;
        }
        if (host && (c == '.' || before == '.') &&
            (c == '-' || before == '-')) {
            return false; /* a hyphen at either end of a label */
        }
        label = c == '.' ? 0 : label + 1;
        if (label > (host ? DNS_LABEL_MAX : LOCAL_MAX)) {
            return false;
        }
        before = c;
    }
    return s.n <= DNS_MAX && label != 0 && !(host && before == '-');
}

static bool is_host(struct bm_bytes s)
{
    return is_dotted(s, true);
}

/* RFC 5280 4.2.1.10: a host, ".domain", or "", which holds all or nothing. */
static bool is_host_constraint(struct bm_bytes s)
{
    return s.n == 0 || is_host(s.p[0] == '.' ? from(s, 1) : s);
}

/* RFC 9525 6.3: a wildcard is the whole left-most label, before others. */
static bool is_dns(struct bm_bytes s, enum bm_gn_use use)
{
    if (use == BM_GN_IN_CONSTRAINT) {
        return is_host_constraint(s);
    }
    return is_host(s.n > 2 && s.p[0] == '*' && s.p[1] == '.' ? from(s, 2) : s);
}

/* RFC 2821 4.1.2: Dot-string or Quoted-string. */
static bool is_local_part(struct bm_bytes s)
{
    bool quoted = s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"';

    return quoted ? is_visible(s) : is_dotted(s, false);
}

/* RFC 2821 4.1.2: Mailbox = Local-part "@" Domain. */
static bool is_email(struct bm_bytes s, enum bm_gn_use use)
{
    size_t at = s.n;

    while (at != 0 && s.p[at - 1] != '@') {
        at--;
    }
    if (at == 0) { /* RFC 5280 4.2.1.10: a constraint may name hosts */
        return use == BM_GN_IN_CONSTRAINT && is_host_constraint(s);
    }
    return is_host(from(s, at)) &&
           is_local_part((struct bm_bytes){ s.p, at - 1 });
}

/* RFC 3986 2: the characters of a URI; two hexadecimal digits behind "%". */
static bool is_uri_text(struct bm_bytes s)
{
    unsigned digits = 0; /* that are to come */

    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];

        if (digits != 0 ? !is_alnum(c) || (c | 0x20) > 'f'
                        : !is_char(c, "-._~:/?#[]@!$&'()*+,;=%")) {
            return false;
        }
        digits = c == '%' ? 2 : digits - (digits != 0);
    }
    return digits == 0;
}

/* RFC 3986 3: absolute, so a scheme, ":" and something behind it. */
static bool is_uri(struct bm_bytes s, enum bm_gn_use use)
{
    size_t scheme = 0;

    if (use == BM_GN_IN_CONSTRAINT) {
        return is_host_constraint(s);
    }
    while (scheme < s.n && is_char(s.p[scheme], "+-.")) {
        scheme++;
    }
    return scheme != 0 && s.p[0] >= 'A' && scheme + 1 < s.n &&
           s.p[scheme] == ':' && is_uri_text(from(s, scheme));
}

/*
 * RFC 5280 4.2.1.6: 4 or 16 octets. 4.2.1.10: in a constraint twice that,
 * address and mask "in the style of RFC 4632", so ones before zeros.
 */
static bool is_ip(struct bm_bytes s, enum bm_gn_use use)
{
    bool masked = use == BM_GN_IN_CONSTRAINT;
    size_t n = masked ? s.n / 2 : s.n;
    unsigned before = 0; /* zeros of the mask so far, inverted */

    if ((n != 4 && n != 16) || s.n != (masked ? 2 * n : n)) {
        return false;
    }
    for (size_t i = n; i < s.n; i++) {
        unsigned zeros = s.p[i] ^ 0xffu;

        if ((before != 0 && zeros != 0xff) || (zeros & (zeros + 1)) != 0) {
            return false;
        }
        before = zeros;
    }
    return true;
}

/*
 * RFC 4108 5
 *
 *   HardwareModuleName ::= SEQUENCE {
 *       hwType       OBJECT IDENTIFIER,
 *       hwSerialNum  OCTET STRING }
 */
static bm_status take_hardware(struct bm_der *in,
                               struct bm_hardware_module_name *hw)
{
    BM_TRY(bm_der_take_oid(in, &hw->type));
    BM_TRY(bm_der_take(in, BM_DER_OCTET_STRING, &hw->serial));
    return bm_der_end(in);
}

bm_status bm_hardware_module_name_parse(struct bm_bytes value,
                                        struct bm_diag *diag,
                                        struct bm_hardware_module_name *hw)
{
    struct bm_der in;
    bm_status rc = bm_der_open_whole(value, BM_DER_SEQUENCE, diag, &in);

    if (rc == BM_OK) {
        rc = take_hardware(&in, hw);
    }
    if (rc != BM_OK) {
        *hw = (struct bm_hardware_module_name){ 0 };
    }
    return bm_der_within(&in, BM_E_GN_HARDWARE, rc);
}

/*
 * RFC 4043 2
 *
 *   PermanentIdentifier ::= SEQUENCE {
 *       identifierValue  UTF8String OPTIONAL,
 *       assigner         OBJECT IDENTIFIER OPTIONAL }
 */
static bm_status take_permanent(struct bm_der *in,
                                struct bm_permanent_identifier *id)
{
    *id = (struct bm_permanent_identifier){ 0 };
    if (bm_der_at(in, BM_DER_UTF8_STRING)) {
        BM_TRY(bm_der_take(in, BM_DER_UTF8_STRING, &id->value));
        BM_TRY(bm_der_check_string(in, BM_DER_UTF8_STRING, id->value));
    }
    if (bm_der_left(in) != 0) {
        BM_TRY(bm_der_take_oid(in, &id->assigner));
    }
    return bm_der_end(in);
}

bm_status bm_permanent_identifier_parse(struct bm_bytes value,
                                        struct bm_diag *diag,
                                        struct bm_permanent_identifier *id)
{
    struct bm_der in;
    bm_status rc = bm_der_open_whole(value, BM_DER_SEQUENCE, diag, &in);

    if (rc == BM_OK) {
        rc = take_permanent(&in, id);
    }
    if (rc != BM_OK) {
        *id = (struct bm_permanent_identifier){ 0 };
    }
    return bm_der_within(&in, BM_E_GN_PERMANENT, rc);
}

/*
 * RFC 5280 4.2.1.6
 *
 *   OtherName ::= SEQUENCE {
 *       type-id  OBJECT IDENTIFIER,
 *       value    [0] EXPLICIT ANY DEFINED BY type-id }
 */
static bm_status split_other(struct bm_der *d, struct bm_general_name *gn)
{
    BM_TRY(bm_der_take_oid(d, &gn->type));
    BM_TRY(bm_der_take(d, BM_DER_CONSTRUCTED(0), &gn->value));
    return bm_der_end(d);
}

/* Take a GeneralName apart, no further: all that a walk needs. */
static bm_status split(struct bm_der *d, struct bm_general_name *gn)
{
    const uint8_t *start = d->p;
    uint8_t tag;
    unsigned kind;
    struct bm_der in;

    *gn = (struct bm_general_name){ 0 };
    BM_TRY(bm_der_take_any(d, &tag, &gn->value));
    kind = tag & 0x1fu;
    if (kind > BM_GN_RID || tag != tag_of(kind)) {
        return bm_der_fail_at(d, start, BM_E_GN_FORM);
    }
    gn->kind = (enum bm_gn_kind)kind;
    if (kind != BM_GN_OTHER) {
        return BM_OK;
    }
    bm_der_init(&in, gn->value, d->diag);
    return bm_der_within(d, BM_E_GN_OTHER, split_other(&in, gn));
}

static bm_status check_other(const struct bm_der *d,
                             const struct bm_general_name *gn)
{
    struct bm_hardware_module_name hw;
    struct bm_permanent_identifier id;
    struct bm_bytes body;
    struct bm_der in;
    uint8_t tag;

    if (bm_oid_is(gn->type, BM_OID_ON_HARDWARE)) {
        return bm_hardware_module_name_parse(gn->value, d->diag, &hw);
    }
    if (bm_oid_is(gn->type, BM_OID_ON_PERMANENT_ID)) {
        return bm_permanent_identifier_parse(gn->value, d->diag, &id);
    }
    bm_der_init(&in, gn->value, d->diag);
    BM_TRY(bm_der_take_any(&in, &tag, &body));
    return bm_der_end(&in);
}

/* Only a constraint may be the empty name, which is above all others. */
static bm_status check_directory(const struct bm_der *d, struct bm_bytes value,
                                 enum bm_gn_use use)
{
    struct bm_bytes name;
    struct bm_der in;

    bm_der_init(&in, value, d->diag);
    BM_TRY(bm_name_take(&in, &name));
    if (use == BM_GN_IN_NAME && bm_name_is_empty(name)) {
        return bm_der_fail_at(d, value.p, BM_E_GN_FORM);
    }
    return bm_der_end(&in);
}

static bm_status check(const struct bm_der *d, enum bm_gn_use use,
                       const struct bm_general_name *gn)
{
    bm_status why;
    bool good;

    switch (gn->kind) {
    case BM_GN_OTHER:
        return bm_der_within(d, BM_E_GN_OTHER, check_other(d, gn));
    case BM_GN_DIRECTORY:
        return check_directory(d, gn->value, use);
    case BM_GN_EMAIL:
        good = is_email(gn->value, use);
        why = BM_E_GN_EMAIL;
        break;
    case BM_GN_DNS:
        good = is_dns(gn->value, use);
        why = BM_E_GN_DNS;
        break;
    case BM_GN_URI:
        good = is_uri(gn->value, use);
        why = BM_E_GN_URI;
        break;
    case BM_GN_IP:
        good = is_ip(gn->value, use);
        why = BM_E_GN_IP;
        break;
    case BM_GN_RID:
        good = bm_der_is_oid(gn->value);
        why = BM_E_DER_OID;
        break;
    default:
        return BM_OK; /* X400, EDI */
    }
    return good ? BM_OK : bm_der_fail_at(d, gn->value.p, why);
}

bm_status bm_general_name_take(struct bm_der *d, enum bm_gn_use use,
                               struct bm_general_name *gn)
{
    struct bm_general_name got;
    struct bm_der rest = *d;

    BM_TRY(split(&rest, &got));
    BM_TRY(check(d, use, &got));
    *gn = got;
    *d = rest;
    return BM_OK;
}

bm_status bm_general_names_take(struct bm_der *d, uint8_t tag,
                                struct bm_bytes *names)
{
    struct bm_general_name gn;
    struct bm_der rest = *d;
    struct bm_bytes body;
    struct bm_der in;

    BM_TRY(bm_der_take(&rest, tag, &body));
    if (body.n == 0) {
        return bm_der_fail(d, BM_E_DER_EMPTY);
    }
    bm_der_init(&in, body, d->diag);
    while (bm_der_left(&in) != 0) {
        BM_TRY(bm_general_name_take(&in, BM_GN_IN_NAME, &gn));
    }
    *names = body;
    *d = rest;
    return BM_OK;
}

bool bm_general_name_next(struct bm_bytes *names, struct bm_general_name *gn)
{
    struct bm_der d;

    bm_der_init(&d, *names, NULL);
    if (split(&d, gn) != BM_OK) {
        return false;
    }
    *names = from(*names, (size_t)(d.p - names->p));
    return true;
}
