/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_PATH_MAKER_H
#define BM_CORE_TEST_PATH_MAKER_H

/*
 * Certificates made to order, so that a test of path validation is a table
 * of what they say. The keys are numbers in the shape of Ed25519 keys, the
 * cryptography only compares them: real signatures are for other tests.
 *
 * Names are short texts: "Root", or "Org/Unit/Host" for three RDNs, of which
 * one with an '@' is an emailAddress, one that begins with '#' a serialNumber.
 * A list of names looks like "dns:example.com ip:10.0.0.0/8 hw:SN-1".
 */
#include <stdlib.h>

#include "core/oid.h"
#include "core/path.h"
#include "tests/harness/bm_test.h"

#define MAKER_ROOM  ((size_t)256 * 1024)
#define MAKER_CERTS 300

/* 2026-01-01, the "now" of these tests, and the usual validity around it. */
#define MAKER_NOW   INT64_C(1767225600)
#define MAKER_YEAR  INT64_C(31536000)
#define MAKER_START (MAKER_NOW - 5 * MAKER_YEAR)
#define MAKER_END   (MAKER_NOW + 5 * MAKER_YEAR)

/* keyUsage of a spec: 0 is the usual one. */
#define MAKER_NO_KEY_USAGE 0x8000

enum maker_quirk {
    MAKER_NO_SKI = 1 << 0,
    MAKER_NO_AKI = 1 << 1,
    MAKER_VERSION_1 = 1 << 2, /* and no extensions */
    MAKER_UNKNOWN_CRITICAL = 1 << 3,
    MAKER_UNKNOWN_NOT_CRITICAL = 1 << 4,
    MAKER_RSA_1024 = 1 << 5,
    MAKER_UNKNOWN_KEY = 1 << 6,
    MAKER_SHA1 = 1 << 7,
    MAKER_NC_NOT_CRITICAL = 1 << 8,
    MAKER_BC_NOT_CRITICAL = 1 << 9,
    MAKER_NO_BC = 1 << 10,
    MAKER_CRITICAL_TLS_FEATURE = 1 << 11,
    MAKER_RSA_SIGNED = 1 << 12,
    MAKER_PC_NOT_CRITICAL = 1 << 13 /* policyConstraints, inhibitAnyPolicy */
};

struct spec {
    const char *subject;
    const char *issuer;
    uint8_t key;    /* number of its key */
    uint8_t signer; /* number of the key that signed it */
    uint8_t aki;    /* 0: the signer's */
    bool ca;
    uint8_t path_len; /* plus 1; 0: absent */
    uint16_t key_usage;
    /* "s" serverAuth, "c" clientAuth, "r" cmcRA, "b" bundles, "p" policies,
     * "*" any */
    const char *eku;
    const char *san;       /* list of names */
    const char *permitted; /* list of names */
    const char *excluded;
    const char *policies;     /* "12*": 1.2.1, 1.2.2, anyPolicy */
    const char *mappings;     /* "1234": 1 to 2, 3 to 4 */
    uint8_t require_explicit; /* each plus 1; 0: absent */
    uint8_t inhibit_mapping;
    uint8_t inhibit_any;
    int64_t not_before; /* 0: MAKER_START */
    int64_t not_after;  /* 0: MAKER_END */
    unsigned quirks;
};

static uint8_t maker_room[MAKER_ROOM];
static size_t maker_used;
static uint32_t maker_serial;
static unsigned maker_verified; /* signatures checked so far */

/* If set, keys and signatures are those of the signer of that number. */
static const struct bm_signer *(*maker_signer)(uint8_t number);

static inline struct bm_bytes maker_text(const char *s, size_t n)
{
    return (struct bm_bytes){ (const uint8_t *)s, n };
}

/* Octets up to one of `stops` or the end. */
static inline size_t maker_span(const char *s, const char *stops)
{
    return strcspn(s, stops);
}

static inline void maker_name(struct bm_wr *w, const char *text)
{
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    while (*text != '\0' && *text != ' ') {
        size_t n = maker_span(text, "/ ");
        struct bm_bytes value = maker_text(text, n);

        if (memchr(text, '@', n) != NULL) {
            bm_name_put_rdn(w, BM_LIT(BM_OID_AT_EMAIL), BM_DER_IA5_STRING,
                            value);
        } else if (*text == '#') {
            value = maker_text(text + 1, n - 1);
            bm_name_put_rdn(w, BM_LIT(BM_OID_AT_SERIAL),
                            BM_DER_PRINTABLE_STRING, value);
        } else {
            bm_name_put_rdn(w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, value);
        }
        text += n + (text[n] == '/');
    }
    bm_der_close(w, seq);
}

/* "10.0.0.1", with "/8" behind it as a mask; or hexadecimal digits. */
static inline size_t maker_ip(const char *text, uint8_t out[32])
{
    size_t n = 0;
    char *end;

    if (maker_span(text, ". ") > 3) {
        while (*text != ' ' && *text != '\0') {
            char digits[3] = { text[0], text[1], '\0' };

            out[n++] = (uint8_t)strtoul(digits, NULL, 16);
            text += 2;
        }
        return n;
    }
    for (n = 0; n < 4; n++) {
        out[n] = (uint8_t)strtoul(text, &end, 10);
        text = end + (*end == '.');
    }
    if (*text == '/') {
        uint32_t bits = (uint32_t)strtoul(text + 1, NULL, 10);
        uint32_t mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);

        for (; n < 8; n++) {
            out[n] = (uint8_t)(mask >> (8 * (7 - n)));
        }
    }
    return n;
}

/* An otherName of a type that has no rules: 1.2.9, UTF8String. */
static inline void maker_other(struct bm_wr *w, struct bm_bytes value)
{
    size_t name = bm_der_open(w, BM_DER_CONSTRUCTED(BM_GN_OTHER));
    size_t inner;

    bm_der_put_oid(w, BM_LIT("\x2a\x09"));
    inner = bm_der_open(w, BM_DER_CONSTRUCTED(0));
    bm_der_put(w, BM_DER_UTF8_STRING, value);
    bm_der_close(w, inner);
    bm_der_close(w, name);
}

static inline void maker_special_name(struct bm_wr *w, const char *kind,
                                      struct bm_bytes value)
{
    struct bm_hardware_module_name hw = { BM_LIT("\x2a\x03"), value };
    struct bm_permanent_identifier id = { value, { NULL, 0 } };

    if (strncmp(kind, "hw:", 3) == 0) {
        bm_general_name_put_hardware(w, &hw);
    } else if (strncmp(kind, "perm:", 5) == 0) {
        bm_general_name_put_permanent(w, &id);
    } else if (strncmp(kind, "other:", 6) == 0) {
        maker_other(w, value);
    } else {
        CHECK(!"a kind of name that we know");
    }
}

static inline void maker_general_name(struct bm_wr *w, const char *text)
{
    static const struct {
        const char *prefix;
        enum bm_gn_kind kind;
    } plain[] = { { "dns:", BM_GN_DNS },
                  { "email:", BM_GN_EMAIL },
                  { "uri:", BM_GN_URI } };
    size_t skip = maker_span(text, ":") + 1;
    struct bm_bytes value =
        maker_text(text + skip, maker_span(text + skip, " "));
    uint8_t room[128];
    struct bm_wr name;

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strncmp(text, plain[i].prefix, skip) == 0) {
            bm_general_name_put(w, plain[i].kind, value);
            return;
        }
    }
    if (strncmp(text, "ip:", skip) == 0) {
        value = (struct bm_bytes){ room, maker_ip(text + skip, room) };
        bm_general_name_put(w, BM_GN_IP, value);
    } else if (strncmp(text, "rid:", skip) == 0) {
        bm_general_name_put(w, BM_GN_RID, BM_LIT("\x2a\x03"));
    } else if (strncmp(text, "dir:", skip) == 0) {
        bm_wr_init(&name, room, sizeof room);
        maker_name(&name, text + skip);
        bm_general_name_put_directory(w, bm_wr_bytes(&name));
    } else {
        maker_special_name(w, text, value);
    }
}

/* The names one after the other, each as a GeneralSubtree if `subtree`. */
static inline void maker_names(struct bm_wr *w, const char *list, bool subtree)
{
    while (*list != '\0') {
        size_t seq = subtree ? bm_der_open(w, BM_DER_SEQUENCE) : 0;

        maker_general_name(w, list);
        if (subtree) {
            bm_der_close(w, seq);
        }
        list += maker_span(list, " ");
        list += *list == ' ';
    }
}

static inline void maker_san(struct bm_wr *w, const struct spec *s)
{
    struct bm_ext_mark m =
        bm_ext_open(w, BM_LIT(BM_OID_CE_SAN), s->subject[0] == '\0');
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    maker_names(w, s->san, false);
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

static inline void maker_constraints(struct bm_wr *w, const struct spec *s)
{
    bool critical = (s->quirks & MAKER_NC_NOT_CRITICAL) == 0;
    struct bm_ext_mark m =
        bm_ext_open(w, BM_LIT(BM_OID_CE_NAME_CONSTR), critical);
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);
    size_t list;

    if (s->permitted != NULL) {
        list = bm_der_open(w, BM_DER_CONSTRUCTED(0));
        maker_names(w, s->permitted, true);
        bm_der_close(w, list);
    }
    if (s->excluded != NULL) {
        list = bm_der_open(w, BM_DER_CONSTRUCTED(1));
        maker_names(w, s->excluded, true);
        bm_der_close(w, list);
    }
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

static inline void maker_eku(struct bm_wr *w, const char *list)
{
    struct bm_ext_mark m = bm_ext_open(w, BM_LIT(BM_OID_CE_EKU), false);
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    for (; *list != '\0'; list++) {
        bm_der_put_oid(w, *list == 's'   ? BM_LIT(BM_OID_KP_SERVER_AUTH)
                          : *list == 'c' ? BM_LIT(BM_OID_KP_CLIENT_AUTH)
                          : *list == 'r' ? BM_LIT(BM_OID_KP_CMC_RA)
                          : *list == 'b' ? BM_LIT(BM_OID_KP_BUNDLE)
                          : *list == 'p' ? BM_LIT(BM_OID_KP_POLICY)
                                         : BM_LIT(BM_OID_ANY_EKU));
    }
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

/* Policy '*' is anyPolicy, any other character c is 1.2.c */
static inline struct bm_bytes maker_policy(char c)
{
    static uint8_t room[256][2];
    uint8_t *oid = room[(uint8_t)c];

    if (c == '*') {
        return BM_LIT(BM_OID_ANY_POLICY);
    }
    oid[0] = 0x2a;
    oid[1] = (uint8_t)c & 0x7f;
    return (struct bm_bytes){ oid, 2 };
}

/* certificatePolicies, or policyMappings with two in each SEQUENCE. */
static inline void maker_policies(struct bm_wr *w, struct bm_bytes id,
                                  const char *list, size_t each)
{
    struct bm_ext_mark m = bm_ext_open(w, id, each == 2);
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    for (; *list != '\0'; list += each) {
        size_t inner = bm_der_open(w, BM_DER_SEQUENCE);

        for (size_t i = 0; i < each; i++) {
            bm_der_put_oid(w, maker_policy(list[i]));
        }
        bm_der_close(w, inner);
    }
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

static inline void maker_policy_constraints(struct bm_wr *w,
                                            const struct spec *s)
{
    bool critical = (s->quirks & MAKER_PC_NOT_CRITICAL) == 0;
    struct bm_ext_mark m;
    size_t seq;

    if (s->require_explicit != 0 || s->inhibit_mapping != 0) {
        const uint8_t values[2] = { s->require_explicit, s->inhibit_mapping };

        m = bm_ext_open(w, BM_LIT(BM_OID_CE_POLICY_CONSTR), critical);
        seq = bm_der_open(w, BM_DER_SEQUENCE);
        for (unsigned i = 0; i < 2; i++) {
            uint8_t skip = (uint8_t)(values[i] - 1);

            if (values[i] != 0) {
                bm_der_put(w, BM_DER_CONTEXT(i), (struct bm_bytes){ &skip, 1 });
            }
        }
        bm_der_close(w, seq);
        bm_ext_close(w, &m);
    }
    if (s->inhibit_any != 0) {
        m = bm_ext_open(w, BM_LIT(BM_OID_CE_INHIBIT_ANY), critical);
        bm_der_put_u32(w, s->inhibit_any - 1u);
        bm_ext_close(w, &m);
    }
}

static inline void maker_basic(struct bm_wr *w, const struct spec *s)
{
    struct bm_ext_mark m;
    size_t seq;

    if ((s->quirks & MAKER_BC_NOT_CRITICAL) == 0) {
        bm_ext_put_basic(w, s->ca, (int)s->path_len - 1);
        return;
    }
    m = bm_ext_open(w, BM_LIT(BM_OID_CE_BASIC), false);
    seq = bm_der_open(w, BM_DER_SEQUENCE);
    bm_der_put_bool(w, true);
    bm_der_close(w, seq);
    bm_ext_close(w, &m);
}

static inline void maker_key_extensions(struct bm_wr *w, const struct spec *s)
{
    uint8_t key_id[20] = { s->key };
    uint16_t usage = s->key_usage;

    if (usage == 0) {
        usage = s->ca ? BM_KU_KEY_CERT_SIGN : BM_KU_DIGITAL_SIGNATURE;
    }
    if ((usage & MAKER_NO_KEY_USAGE) == 0) {
        bm_ext_put_key_usage(w, usage);
    }
    if ((s->quirks & MAKER_NO_SKI) == 0) {
        bm_ext_put_ski(w, BM_ARRAY(key_id));
    }
    key_id[0] = s->aki != 0 ? s->aki : s->signer;
    if ((s->quirks & MAKER_NO_AKI) == 0) {
        bm_ext_put_aki(w, BM_ARRAY(key_id));
    }
}

static inline void maker_odd_extensions(struct bm_wr *w, const struct spec *s)
{
    struct bm_ext_mark m;

    if ((s->quirks & (MAKER_UNKNOWN_CRITICAL | MAKER_UNKNOWN_NOT_CRITICAL)) !=
        0) {
        m = bm_ext_open(w, BM_LIT("\x2a\x07"),
                        (s->quirks & MAKER_UNKNOWN_CRITICAL) != 0);
        bm_der_put_null(w);
        bm_ext_close(w, &m);
    }
    if ((s->quirks & MAKER_CRITICAL_TLS_FEATURE) != 0) {
        m = bm_ext_open(w, BM_LIT(BM_OID_PE_TLS_FEATURE), true);
        bm_wr_put(w, BM_LIT("\x30\x03\x02\x01\x05"));
        bm_ext_close(w, &m);
    }
}

static inline void maker_extensions(struct bm_wr *w, const struct spec *s)
{
    size_t outer = bm_der_open(w, BM_DER_CONSTRUCTED(3));
    size_t seq = bm_der_open(w, BM_DER_SEQUENCE);

    if ((s->quirks & MAKER_NO_BC) == 0) {
        maker_basic(w, s);
    }
    maker_key_extensions(w, s);
    if (s->eku != NULL) {
        maker_eku(w, s->eku);
    }
    if (s->san != NULL) {
        maker_san(w, s);
    }
    if (s->permitted != NULL || s->excluded != NULL) {
        maker_constraints(w, s);
    }
    if (s->policies != NULL) {
        maker_policies(w, BM_LIT(BM_OID_CE_POLICIES), s->policies, 1);
    }
    if (s->mappings != NULL) {
        maker_policies(w, BM_LIT(BM_OID_CE_MAPPINGS), s->mappings, 2);
    }
    maker_policy_constraints(w, s);
    maker_odd_extensions(w, s);
    bm_der_close(w, seq);
    bm_der_close(w, outer);
}

static inline void maker_key(struct bm_wr *w, const struct spec *s)
{
    uint8_t key[32] = { s->key };
    uint8_t rsa[160];
    struct bm_wr n;
    size_t seq;

    if ((s->quirks & MAKER_RSA_1024) != 0) {
        uint8_t modulus[128];

        memset(modulus, 0xc5, sizeof modulus);
        bm_wr_init(&n, rsa, sizeof rsa);
        seq = bm_der_open(&n, BM_DER_SEQUENCE);
        bm_der_put_unsigned(&n, BM_ARRAY(modulus));
        bm_der_put_u32(&n, 3);
        bm_der_close(&n, seq);
        bm_spki_put(w, BM_KEY_RSA, bm_wr_bytes(&n));
    } else if ((s->quirks & MAKER_UNKNOWN_KEY) != 0) {
        seq = bm_der_open(w, BM_DER_SEQUENCE);
        bm_wr_put(w, BM_LIT("\x30\x04\x06\x02\x2a\x0b"));
        bm_der_put_octet_bits(w, BM_ARRAY(key));
        bm_der_close(w, seq);
    } else if (maker_signer != NULL) {
        bm_wr_put(w, maker_signer(s->key)->key.der);
    } else {
        bm_spki_put(w, BM_KEY_ED25519, BM_ARRAY(key));
    }
}

static inline void maker_sig_alg(struct bm_wr *w, const struct spec *s)
{
    if ((s->quirks & MAKER_SHA1) != 0) { /* ecdsa-with-SHA1 */
        bm_wr_put(w, BM_LIT("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"));
    } else if (maker_signer != NULL) {
        bm_sig_alg_put(w, maker_signer(s->signer)->alg);
    } else {
        bm_sig_alg_put(w, (s->quirks & MAKER_RSA_SIGNED) != 0
                              ? BM_SIG_RSA_SHA256
                              : BM_SIG_ED25519);
    }
}

static inline void maker_tbs(struct bm_wr *w, const struct spec *s)
{
    bool v1 = (s->quirks & MAKER_VERSION_1) != 0;
    size_t tbs = bm_der_open(w, BM_DER_SEQUENCE);
    size_t inner;

    if (!v1) {
        bm_wr_put(w, BM_LIT("\xa0\x03\x02\x01\x02"));
    }
    bm_der_put_u32(w, ++maker_serial);
    maker_sig_alg(w, s);
    maker_name(w, s->issuer);
    inner = bm_der_open(w, BM_DER_SEQUENCE);
    bm_time_put(w, s->not_before != 0 ? s->not_before : MAKER_START);
    bm_time_put(w, s->not_after != 0 ? s->not_after : MAKER_END);
    bm_der_close(w, inner);
    maker_name(w, s->subject);
    maker_key(w, s);
    if (!v1) {
        maker_extensions(w, s);
    }
    bm_der_close(w, tbs);
}

/* Sign what has been written since `start`: tbsCertificate comes first. */
static inline void maker_signature(struct bm_wr *w, const struct spec *s,
                                   size_t start)
{
    uint8_t octets[128] = { s->signer };
    struct bm_bytes written = bm_wr_bytes(w);
    struct bm_bytes tbs;
    struct bm_wr sig;
    struct bm_der d;

    bm_wr_init(&sig, octets, sizeof octets);
    sig.len = 64;
    if (maker_signer != NULL) {
        const struct bm_signer *signer = maker_signer(s->signer);

        sig.len = 0;
        written.p += start;
        written.n -= start;
        bm_der_init(&d, written, NULL);
        CHECK_STATUS(bm_der_take_element(&d, BM_DER_SEQUENCE, &tbs), BM_OK);
        CHECK_STATUS(signer->sign(signer->self, tbs, &sig), BM_OK);
    }
    bm_der_put_octet_bits(w, bm_wr_bytes(&sig));
}

/* Make the certificate and parse it. Lives until maker_reset(). */
static inline void make(struct bm_cert *cert, const struct spec *s)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_wr w;
    size_t seq;
    bm_status rc;

    bm_wr_init(&w, maker_room + maker_used, sizeof maker_room - maker_used);
    seq = bm_der_open(&w, BM_DER_SEQUENCE);
    maker_tbs(&w, s);
    maker_sig_alg(&w, s);
    maker_signature(&w, s, seq);
    bm_der_close(&w, seq);
    rc = bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, &diag, cert);
    CHECK_STATUS(rc, BM_OK);
    if (rc != BM_OK) {
        printf("# %s: within 0x%04x at %d\n", s->subject, (unsigned)diag.within,
               (int)bm_diag_offset(&diag, w.buf, w.len));
    }
    maker_used += w.len;
}

/* Forget all certificates made. */
static inline void maker_reset(void)
{
    maker_used = 0;
    maker_serial = 0;
    maker_verified = 0;
}

/* The signature is good if it bears the number of the key. */
static inline bm_status maker_verify(void *self, const struct bm_spki *key,
                                     enum bm_sig_alg alg,
                                     struct bm_bytes message,
                                     struct bm_bytes signature)
{
    (void)self;
    (void)alg;
    (void)message;
    maker_verified++;
    return key->key.p[0] == signature.p[0] ? BM_OK : BM_E_SIGNATURE;
}

static const struct bm_crypto maker_crypto = { .verify = maker_verify };

#endif
