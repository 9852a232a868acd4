/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *profile_quote(struct bm_bytes value, char buf[PROFILE_QUOTE_MAX])
{
    size_t n = value.n;

    if (n > PROFILE_QUOTE_MAX - 4) {
        n = PROFILE_QUOTE_MAX - 4;
        while (n != 0 && (value.p[n] & 0xc0) == 0x80) {
            n--; /* not within a character */
        }
    }
    if (n != 0) {
        memcpy(buf, value.p, n);
    }
    memcpy(buf + n, n < value.n ? "..." : "\0\0\0", 3);
    buf[n + (n < value.n ? 3 : 0)] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (buf[i] == '\0') {
            buf[i] = '?';
        }
    }
    return buf;
}

static const char *dotted(struct bm_bytes oid, char buf[BM_OID_DOTTED_MAX])
{
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)buf, BM_OID_DOTTED_MAX - 1);
    bm_oid_put_dotted(&w, oid);
    if (w.len == 0 || w.len > w.cap) {
        return "an object identifier";
    }
    buf[w.len] = '\0';
    return buf;
}

const char *profile_attribute_words(struct bm_bytes type,
                                    char buf[BM_OID_DOTTED_MAX])
{
    const char *name = bm_oid_attribute_name(type);

    return name != NULL ? name : dotted(type, buf);
}

const char *profile_oid_words(struct bm_bytes oid, char buf[BM_OID_DOTTED_MAX])
{
    const char *name = bm_oid_name(oid);

    return name != NULL ? name : dotted(oid, buf);
}

const char *profile_san_words(unsigned kind)
{
    static const char *const names[] = {
        [PROFILE_SAN_DNS] = "dns",
        [PROFILE_SAN_URI] = "uri",
        [PROFILE_SAN_IP] = "ip",
        [PROFILE_SAN_EMAIL] = "email",
        [PROFILE_SAN_HARDWARE] = "hardwareModuleName",
        [PROFILE_SAN_PERMANENT] = "permanentIdentifier",
        [PROFILE_SAN_DIRECTORY] = "directoryName",
    };

    return kind < sizeof names / sizeof names[0] ? names[kind]
                                                 : "another kind of name";
}

const char *profile_rule_words(enum profile_rule rule)
{
    static const char *const names[PROFILE_RULES] = {
        [PROFILE_RULE_VERSION] = "version",
        [PROFILE_RULE_SERIAL] = "serial",
        [PROFILE_RULE_SIGNATURE] = "signature",
        [PROFILE_RULE_ISSUER] = "issuer",
        [PROFILE_RULE_VALIDITY] = "validity",
        [PROFILE_RULE_SUBJECT] = "subject",
        [PROFILE_RULE_KEYS] = "keys",
        [PROFILE_RULE_BASIC] = "basic_constraints",
        [PROFILE_RULE_KEY_USAGE] = "key_usage",
        [PROFILE_RULE_EKU] = "extended_key_usage",
        [PROFILE_RULE_SAN] = "subject_alt_name",
        [PROFILE_RULE_SKI] = "subject_key_id",
        [PROFILE_RULE_AKI] = "authority_key_id",
        [PROFILE_RULE_NAME_CONSTRAINTS] = "name_constraints",
        [PROFILE_RULE_POLICIES] = "policies",
        [PROFILE_RULE_CRL] = "crl",
        [PROFILE_RULE_OCSP] = "ocsp",
        [PROFILE_RULE_CA_ISSUERS] = "ca_issuers",
        [PROFILE_RULE_NOCHECK] = "ocsp_nocheck",
        [PROFILE_RULE_EXTENSIONS] = "extensions",
        [PROFILE_RULE_OTHERS] = "other extensions",
        [PROFILE_RULE_DEVICE] = "device",
        [PROFILE_RULE_SIZE] = "max_octets",
    };

    return names[rule];
}

void profile_rule_place(const struct ca_profile *profile,
                        enum profile_rule rule,
                        char words[CA_REFUSAL_WORDS_MAX])
{
    unsigned line = profile->rules.line[rule];
    const char *name = profile_rule_words(rule);

    if (line == 0) {
        (void)snprintf(words, CA_REFUSAL_WORDS_MAX, "%s", name);
    } else {
        (void)snprintf(words, CA_REFUSAL_WORDS_MAX, "%s (%s:%u)", name,
                       profile->file, line);
    }
}

bm_status profile_refuse(const struct ca_profile *profile,
                         struct ca_refusal *why, bm_status status,
                         unsigned line, const char *format, ...)
{
    char words[CA_REFUSAL_WORDS_MAX];
    va_list args;

    if (why == NULL) {
        return status;
    }
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (line == 0) {
        return ca_refuse(why, status, "%s (%s)", words, profile->file);
    }
    return ca_refuse(why, status, "%s (%s:%u)", words, profile->file, line);
}

static const struct {
    enum bm_key_type type;
    unsigned bits; /* RSA */
    unsigned bit;
    const char *name;
} key_types[] = {
    { BM_KEY_P256, 0, PROFILE_KEY_P256, "p256" },
    { BM_KEY_P384, 0, PROFILE_KEY_P384, "p384" },
    { BM_KEY_ED25519, 0, PROFILE_KEY_ED25519, "ed25519" },
    { BM_KEY_RSA, 2048, PROFILE_KEY_RSA2048, "rsa2048" },
    { BM_KEY_RSA, 3072, PROFILE_KEY_RSA3072, "rsa3072" },
    { BM_KEY_RSA, 4096, PROFILE_KEY_RSA4096, "rsa4096" },
    { BM_KEY_MLDSA44, 0, PROFILE_KEY_MLDSA44, "mldsa44" },
    { BM_KEY_MLDSA65, 0, PROFILE_KEY_MLDSA65, "mldsa65" },
    { BM_KEY_MLDSA87, 0, PROFILE_KEY_MLDSA87, "mldsa87" },
};

unsigned profile_key_bit(const struct bm_spki *key)
{
    for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++) {
        if (key->type == key_types[i].type &&
            (key_types[i].bits == 0 ||
             key_types[i].bits == bm_spki_bits(key))) {
            return bm_spki_weak(key) == BM_OK ? key_types[i].bit : 0;
        }
    }
    return 0;
}

const char *profile_key_words(unsigned bit)
{
    for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++) {
        if (bit == key_types[i].bit) {
            return key_types[i].name;
        }
    }
    return "unknown";
}
