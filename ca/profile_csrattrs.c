/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

/*
 * What a profile wants to see in a request, as EST tells it to clients:
 *
 *     CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID
 *     AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute }
 *                                                          (RFC 8951 4)
 *
 * Older clients read hints: key types, and an extensionReq with what the
 * profile fixes. Newer ones read a template of the whole request, and nothing
 * beside it (RFC 9908 3.4, 4):
 *
 *     CertificationRequestInfoTemplate ::= SEQUENCE {
 *       version INTEGER { v1(0) }, subject NameTemplate OPTIONAL,
 *       subjectPKInfo [0] SubjectPublicKeyInfoTemplate OPTIONAL,
 *       attributes [1] Attributes }
 *
 * A template is a demand and a hint is a wish: so the template names a key
 * type only where the profile has one alone, the hints name all.
 */

/* AlgorithmIdentifier contents of each PROFILE_KEY_..., by bit; and the hint:
 * an attribute of the type with its one value, or the type alone. */
#define EC   "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
#define P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define P384 "\x06\x05\x2b\x81\x04\x00\x22"
#define ED   "\x06\x03\x2b\x65\x70"
#define RSA  "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define ML   "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03"

static const struct {
    struct bm_bytes algorithm;
    struct bm_bytes hint;
    size_t modulus; /* RSA: octets */
} keys[] = {
    { BM_LIT_INIT(EC P256), BM_LIT_INIT("\x30\x15" EC "\x31\x0a" P256), 0 },
    { BM_LIT_INIT(EC P384), BM_LIT_INIT("\x30\x12" EC "\x31\x07" P384), 0 },
    { BM_LIT_INIT(ED), BM_LIT_INIT(ED), 0 },
    { BM_LIT_INIT(RSA "\x05\x00"),
      BM_LIT_INIT("\x30\x11" RSA "\x31\x04\x02\x02\x08\x00"), 256 },
    { BM_LIT_INIT(RSA "\x05\x00"),
      BM_LIT_INIT("\x30\x11" RSA "\x31\x04\x02\x02\x0c\x00"), 384 },
    { BM_LIT_INIT(RSA "\x05\x00"),
      BM_LIT_INIT("\x30\x11" RSA "\x31\x04\x02\x02\x10\x00"), 512 },
    { BM_LIT_INIT(ML "\x11"), BM_LIT_INIT(ML "\x11"), 0 },
    { BM_LIT_INIT(ML "\x12"), BM_LIT_INIT(ML "\x12"), 0 },
    { BM_LIT_INIT(ML "\x13"), BM_LIT_INIT(ML "\x13"), 0 },
};
#define KEYS_N (sizeof keys / sizeof keys[0])

/* ---- Extensions */

/*
 * Must the client say names of its own? Yes, where the profile has a name that
 * a request must bring, or wants one, whichever, and adds none itself.
 */
static bool wants_san(const struct profile_rules *r)
{
    const struct profile_san *san = r->san.names.items;
    bool any = r->has_san && !r->san.optional;

    for (size_t i = 0; r->has_san && i < r->san.names.n; i++) {
        if (san[i].from == PROFILE_REQUEST && !san[i].optional) {
            return true;
        }
        any = any &&
              (san[i].from == PROFILE_REQUEST || san[i].from == PROFILE_OTHERS);
    }
    return any;
}

static bool fixes_extensions(const struct profile_rules *r)
{
    return (r->key_usage != 0 && r->key_usage_of_rsa == 0) || r->eku.n != 0;
}

/* Extension elements whose values the profile fixes. */
static void put_fixed(const struct profile_rules *r, struct bm_wr *w)
{
    struct bm_ext_mark mark;
    size_t list;

    if (r->key_usage != 0 && r->key_usage_of_rsa == 0) {
        bm_ext_put_key_usage(w, (uint16_t)r->key_usage);
    }
    if (r->eku.n != 0) {
        mark = bm_ext_open(w, BM_LIT(BM_OID_CE_EKU), r->eku.critical);
        list = bm_der_open(w, BM_DER_SEQUENCE);
        for (size_t i = 0; i < r->eku.n; i++) {
            bm_der_put_oid(w, r->eku.oids[i]);
        }
        bm_der_close(w, list);
        bm_ext_close(w, &mark);
    }
}

/* RFC 9908 3.4: ExtensionTemplate without extnValue: the client says it. */
static void put_open_san(const struct profile_rules *r, struct bm_wr *w)
{
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put_oid(w, BM_LIT(BM_OID_CE_SAN));
    if (r->san.critical == PROFILE_CRITICAL) {
        bm_der_put_bool(w, true);
    }
    bm_der_close(w, m);
}

/*
 * RFC 9908 3.2 MUST: at most one extensionReq attribute, with exactly one
 * value.
 */
static void put_extension_hint(const struct profile_rules *r, struct bm_wr *w)
{
    struct bm_attribute_mark m;
    size_t list;

    if (!fixes_extensions(r)) {
        return;
    }
    m = bm_attribute_open(w, BM_LIT(BM_OID_P9_EXTENSIONS));
    list = bm_der_open(w, BM_DER_SEQUENCE);
    put_fixed(r, w);
    bm_der_close(w, list);
    bm_attribute_close(w, &m);
}

/*
 * RFC 9908 3.4 MUST: at most one extensionReqTemplate, with exactly one value,
 * and never beside an extensionReq in the same template.
 */
static void put_extension_template(const struct profile_rules *r,
                                   struct bm_wr *w)
{
    struct bm_attribute_mark m;
    size_t list;

    if (!fixes_extensions(r) && !wants_san(r)) {
        return;
    }
    m = bm_attribute_open(w, BM_LIT(BM_OID_AA_EXT_TEMPLATE));
    list = bm_der_open(w, BM_DER_SEQUENCE);
    put_fixed(r, w);
    if (wants_san(r)) {
        put_open_san(r, w);
    }
    bm_der_close(w, list);
    bm_attribute_close(w, &m);
}

/* ---- Subject */

/* What the authority adds by itself is not asked of the client. */
static bool is_asked(const struct profile_rdn *row)
{
    return row->from == PROFILE_FIXED ||
           ((row->from == PROFILE_DEVICE || row->from == PROFILE_REQUEST) &&
            !row->optional);
}

/* RFC 9908 3.4: SingleAttributeTemplate ::= SEQUENCE { type, value OPTIONAL }
 */
static void put_subject(const struct profile_rules *r, struct bm_wr *w)
{
    const struct profile_rdn *row = r->subject.items;
    size_t start = w->len;
    size_t name = bm_der_open(w, BM_DER_SEQUENCE);
    bool some = false;

    for (size_t i = 0; i < r->subject.n; i++) {
        if (is_asked(&row[i])) {
            size_t rdn = bm_der_open(w, BM_DER_SET);
            size_t one = bm_der_open(w, BM_DER_SEQUENCE);

            bm_der_put_oid(w, row[i].type);
            if (row[i].from == PROFILE_FIXED) {
                bm_der_put(w, row[i].tag, row[i].value);
            }
            bm_der_close(w, one);
            bm_der_close(w, rdn);
            some = true;
        }
    }
    bm_der_close(w, name);
    if (!some) {
        w->len = start;
    }
}

/* ---- Key */

/* RFC 9908 3.4: a size of RSA is told by a placeholder of a key. */
static void put_placeholder(struct bm_wr *w, size_t octets)
{
    uint8_t modulus[512] = { 0x80 };
    uint8_t key[600];
    struct bm_wr k;
    size_t m;

    modulus[octets - 1] = 1;
    bm_wr_init(&k, key, sizeof key);
    m = bm_der_open(&k, BM_DER_SEQUENCE);
    bm_der_put_unsigned(&k, (struct bm_bytes){ modulus, octets });
    bm_der_put_u32(&k, 65537);
    bm_der_close(&k, m);
    bm_der_put_octet_bits(w, bm_wr_bytes(&k));
}

static void put_key(const struct profile_rules *r, struct bm_wr *w)
{
    for (size_t i = 0; i < KEYS_N; i++) {
        if (r->keys == 1u << i) {
            size_t m = bm_der_open(w, BM_DER_CONSTRUCTED(0));

            bm_der_put(w, BM_DER_SEQUENCE, keys[i].algorithm);
            if (keys[i].modulus != 0) {
                put_placeholder(w, keys[i].modulus);
            }
            bm_der_close(w, m);
        }
    }
}

static void put_key_hints(const struct profile_rules *r, struct bm_wr *w)
{
    for (size_t i = 0; i < KEYS_N; i++) {
        if ((r->keys & 1u << i) != 0) {
            bm_wr_put(w, keys[i].hint);
        }
    }
}

/* ---- All of it */

static void put_template(const struct profile_rules *r, struct bm_wr *w)
{
    struct bm_attribute_mark m =
        bm_attribute_open(w, BM_LIT(BM_OID_AA_CSR_TEMPLATE));
    size_t info = bm_der_open(w, BM_DER_SEQUENCE);
    size_t attributes;

    /* RFC 9908 3.4 MUST: version v1(0). */
    bm_der_put_u32(w, 0);
    put_subject(r, w);
    put_key(r, w);
    attributes = bm_der_open(w, BM_DER_CONSTRUCTED(1));
    put_extension_template(r, w);
    bm_der_close(w, attributes);
    bm_der_close(w, info);
    bm_attribute_close(w, &m);
}

void ca_profile_put_csrattrs(const struct ca_profile *profile, struct bm_wr *w)
{
    const struct profile_rules *r = &profile->rules;
    size_t m = bm_der_open(w, BM_DER_SEQUENCE);

    if (profile->policy.est.binding) {
        /*
         * RFC 7030 3.5: challengePassword here asks for channel binding. A
         * template has no way to ask, and would be all that is read.
         */
        bm_der_put_oid(w, BM_LIT(BM_OID_P9_CHALLENGE));
    } else {
        put_template(r, w);
    }
    put_key_hints(r, w);
    put_extension_hint(r, w);
    bm_der_close(w, m);
}
