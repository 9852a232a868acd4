/* SPDX-License-Identifier: Apache-2.0 */
#include "core/general_name.h"

#include "core/oid.h"

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

static bool is_visible(uint8_t c)
{
    return c > ' ' && c <= '~';
}

/*
 * "Preferred name syntax", RFC 1034 3.5 with RFC 1123 2.1: labels of letters,
 * digits and inner hyphens; no trailing dot, no underscore.
 */
static bool is_host(const uint8_t *p, size_t n)
{
    bool may_end = false; /* a label, here */
    size_t label = 0;     /* its length so far */

    for (size_t i = 0; i < n; i++) {
        if (p[i] == '.' && may_end) {
            may_end = false;
            label = 0;
            continue;
        }
        may_end = is_alnum(p[i]);
        if ((!may_end && (p[i] != '-' || label == 0)) ||
            ++label > DNS_LABEL_MAX) {
            return false;
        }
    }
    return may_end && n <= DNS_MAX;
}

/* RFC 5280 4.2.1.10: a host, ".domain", or "", which holds all or nothing. */
static bool is_host_constraint(const uint8_t *p, size_t n)
{
    if (n != 0 && p[0] == '.') {
        return is_host(p + 1, n - 1);
    }
    return n == 0 || is_host(p, n);
}

/* RFC 9525 6.3: a wildcard is the whole left-most label, before others. */
static bool is_dns(const uint8_t *p, size_t n)
{
    if (n > 2 && p[0] == '*' && p[1] == '.') {
        return is_host(p + 2, n - 2);
    }
    return is_host(p, n);
}

/*
 * RFC 2821 4.1.2: Local-part, a Quoted-string or a Dot-string. Which visible
 * characters an atom of that has is left to its domain, but for '@' and '"'.
 */
static bool is_local_part(const uint8_t *p, size_t n)
{
    bool quoted = n > 1 && p[0] == '"' && p[n - 1] == '"';
    uint8_t before = '.';

    for (size_t i = 0; i < n; i++) {
        uint8_t c = p[i];

        if (!is_visible(c) && !(quoted && c == ' ')) {
            return false;
        }
        if (!quoted && (c == '@' || c == '"' || (c == '.' && before == c))) {
            return false;
        }
        before = c;
    }
    return before != '.' && n <= LOCAL_MAX;
}

/* RFC 2821 4.1.2: Mailbox = Local-part "@" Domain. */
static bool is_mailbox(const uint8_t *p, size_t n)
{
    size_t at = n;

    while (at != 0 && p[at - 1] != '@') {
        at--;
    }
    return at != 0 && is_host(p + at, n - at) && is_local_part(p, at - 1);
}

/*
 * RFC 3986 3: absolute, so a scheme, ":" and something behind it, which is
 * visible and has two hexadecimal digits behind each "%".
 */
static bool is_uri(const uint8_t *p, size_t n)
{
    unsigned digits = 0; /* that are to come */
    size_t i = 0;

    while (i < n &&
           (is_alnum(p[i]) || p[i] == '+' || p[i] == '-' || p[i] == '.')) {
        i++;
    }
    if (i == 0 || p[0] < 'A' || i + 1 >= n || p[i] != ':') {
        return false;
    }
    for (; i < n; i++) {
        if (digits != 0 ? !is_alnum(p[i]) || (p[i] | 0x20) > 'f'
                        : !is_visible(p[i])) {
            return false;
        }
        digits = p[i] == '%' ? 2 : digits - (digits != 0);
    }
    return digits == 0;
}

/*
 * RFC 5280 4.2.1.6: 4 or 16 octets. 4.2.1.10: in a constraint twice that,
 * address and mask "in the style of RFC 4632", so ones before zeros.
 */
static bool is_ip(const uint8_t *p, size_t n, bool masked)
{
    size_t len = masked ? n / 2 : n; /* of the address */
    unsigned before = 0;             /* zeros of the mask so far, inverted */

    if ((len != 4 && len != 16) || (masked && n % 2 != 0)) {
        return false;
    }
    for (size_t i = len; i < n; i++) {
        unsigned zeros = p[i] ^ 0xffu;

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
static bm_status take_hardware(struct bm_der *d,
                               struct bm_hardware_module_name *hw)
{
    struct bm_der in;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    BM_TRY(bm_der_take_oid(&in, &hw->type));
    BM_TRY(bm_der_take(&in, BM_DER_OCTET_STRING, &hw->serial));
    BM_TRY(bm_der_end(&in));
    return bm_der_end(d);
}

bm_status bm_hardware_module_name_parse(struct bm_bytes value,
                                        struct bm_diag *diag,
                                        struct bm_hardware_module_name *hw)
{
    struct bm_der d;
    bm_status rc;

    bm_der_init(&d, value, diag);
    rc = take_hardware(&d, hw);
    if (rc != BM_OK) {
        *hw = (struct bm_hardware_module_name){ 0 };
    }
    return bm_der_within(&d, BM_E_GN_HARDWARE, rc);
}

/*
 * RFC 4043 2
 *
 *   PermanentIdentifier ::= SEQUENCE {
 *       identifierValue  UTF8String OPTIONAL,
 *       assigner         OBJECT IDENTIFIER OPTIONAL }
 */
static bm_status take_permanent(struct bm_der *d,
                                struct bm_permanent_identifier *id)
{
    struct bm_der in;

    *id = (struct bm_permanent_identifier){ 0 };
    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &in));
    if (bm_der_at(&in, BM_DER_UTF8_STRING)) {
        BM_TRY(bm_der_take(&in, BM_DER_UTF8_STRING, &id->value));
        BM_TRY(bm_der_check_string(&in, BM_DER_UTF8_STRING, id->value));
    }
    if (bm_der_left(&in) != 0) {
        BM_TRY(bm_der_take_oid(&in, &id->assigner));
    }
    BM_TRY(bm_der_end(&in));
    return bm_der_end(d);
}

bm_status bm_permanent_identifier_parse(struct bm_bytes value,
                                        struct bm_diag *diag,
                                        struct bm_permanent_identifier *id)
{
    struct bm_der d;
    bm_status rc;

    bm_der_init(&d, value, diag);
    rc = take_permanent(&d, id);
    if (rc != BM_OK) {
        *id = (struct bm_permanent_identifier){ 0 };
    }
    return bm_der_within(&d, BM_E_GN_PERMANENT, rc);
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

static bm_status check_other(struct bm_der *value, struct bm_bytes type)
{
    struct bm_hardware_module_name hw;
    struct bm_permanent_identifier id;
    struct bm_bytes body;
    uint8_t tag;

    if (bm_oid_is(type, BM_OID_ON_HARDWARE)) {
        return bm_der_within(value, BM_E_GN_HARDWARE,
                             take_hardware(value, &hw));
    }
    if (bm_oid_is(type, BM_OID_ON_PERMANENT_ID)) {
        return bm_der_within(value, BM_E_GN_PERMANENT,
                             take_permanent(value, &id));
    }
    BM_TRY(bm_der_take_any(value, &tag, &body));
    return bm_der_end(value);
}

/* Only a constraint may be the empty name, which is above all others. */
static bm_status check_directory(struct bm_der *value, enum bm_gn_use use)
{
    const uint8_t *start = value->p;
    struct bm_bytes name;

    BM_TRY(bm_name_take(value, &name));
    if (use == BM_GN_IN_NAME && bm_name_is_empty(name)) {
        return bm_der_fail_at(value, start, BM_E_GN_FORM);
    }
    return bm_der_end(value);
}

/* What is wrong with a value that is not constructed, if something is. */
static const uint16_t whys[] = {
    [BM_GN_EMAIL] = BM_E_GN_EMAIL, [BM_GN_DNS] = BM_E_GN_DNS,
    [BM_GN_URI] = BM_E_GN_URI,     [BM_GN_IP] = BM_E_GN_IP,
    [BM_GN_RID] = BM_E_DER_OID,
};

/* Is this good as a value of one of these kinds? */
static bool is_value(enum bm_gn_kind kind, bool constraint, const uint8_t *p,
                     size_t n)
{
    if (kind == BM_GN_IP) {
        return is_ip(p, n, constraint);
    }
    if (kind == BM_GN_RID) {
        return bm_der_is_oid((struct bm_bytes){ p, n });
    }
    if (kind == BM_GN_EMAIL && is_mailbox(p, n)) {
        return true;
    }
    if (constraint) { /* RFC 5280 4.2.1.10: hosts, for all three */
        return is_host_constraint(p, n);
    }
    return kind == BM_GN_DNS ? is_dns(p, n) : kind == BM_GN_URI && is_uri(p, n);
}

static bm_status check(const struct bm_der *d, enum bm_gn_use use,
                       const struct bm_general_name *gn)
{
    struct bm_der value;

    bm_der_init(&value, gn->value, d->diag);
    if (gn->kind == BM_GN_OTHER) {
        return bm_der_within(d, BM_E_GN_OTHER, check_other(&value, gn->type));
    }
    if (gn->kind == BM_GN_DIRECTORY) {
        return check_directory(&value, use);
    }
    if (whys[gn->kind] == BM_OK || /* X400, EDI */
        is_value(gn->kind, use == BM_GN_IN_CONSTRAINT, gn->value.p,
                 gn->value.n)) {
        return BM_OK;
    }
    return bm_der_fail(&value, (bm_status)whys[gn->kind]);
}

bm_status bm_general_name_take(struct bm_der *d, enum bm_gn_use use,
                               struct bm_general_name *gn)
{
    const uint8_t *start = d->p;
    bm_status rc = split(d, gn);

    if (rc == BM_OK) {
        rc = check(d, use, gn);
    }
    if (rc != BM_OK) {
        d->p = start;
        *gn = (struct bm_general_name){ 0 };
    }
    return rc;
}

bm_status bm_general_names_take(struct bm_der *d, uint8_t tag,
                                struct bm_bytes *names)
{
    const uint8_t *start = d->p;
    struct bm_general_name gn;
    struct bm_bytes body;
    struct bm_der in;
    bm_status rc;

    BM_TRY(bm_der_take(d, tag, &body));
    bm_der_init(&in, body, d->diag);
    rc = body.n != 0 ? BM_OK : bm_der_fail_at(d, start, BM_E_DER_EMPTY);
    while (rc == BM_OK && bm_der_left(&in) != 0) {
        rc = bm_general_name_take(&in, BM_GN_IN_NAME, &gn);
    }
    if (rc != BM_OK) {
        d->p = start;
        return rc;
    }
    *names = body;
    return BM_OK;
}

bool bm_general_name_next(struct bm_bytes *names, struct bm_general_name *gn)
{
    struct bm_der d;

    bm_der_init(&d, *names, NULL);
    if (split(&d, gn) != BM_OK) {
        return false;
    }
    *names = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}
