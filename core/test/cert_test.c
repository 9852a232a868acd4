/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"

#include "core/test/cert_views.h"
#include "core/test/damage.h"

#define TOLERATE_ALL                                                           \
    (BM_TOLERATE_EXPLICIT_FALSE | BM_TOLERATE_SERIAL | BM_TOLERATE_TIME_TYPE | \
     BM_TOLERATE_CERT_SIGN)

static void parse(const char *name, struct bm_cert *cert)
{
    CHECK_STATUS(bm_cert_parse(bm_sample("cert", name), BM_STRICT, NULL, cert),
                 BM_OK);
}

/* What may be accepted, strictly or not, is whole; what is not is nothing. */
static bool whole_or_nothing(struct bm_bytes in)
{
    static const struct bm_cert zero;
    struct bm_cert strict;
    struct bm_cert cert;
    bm_status rc = bm_cert_parse(in, BM_STRICT, NULL, &strict);
    bm_status lenient = bm_cert_parse(in, TOLERATE_ALL, NULL, &cert);

    if (rc != BM_OK) {
        CHECK(memcmp(&strict, &zero, sizeof zero) == 0);
    } else {
        CHECK(lenient == BM_OK);
    }
    if (lenient != BM_OK) {
        CHECK(memcmp(&cert, &zero, sizeof zero) == 0);
        return false;
    }
    CHECK(views_in_cert(in, &cert));
    return true;
}

static void damage_is_all_or_nothing(void)
{
    /* A microcontroller in QEMU is a hundred times slower. */
    damage_step = sizeof(void *) < 8 ? 11 : 1;
    CHECK(damage_all("cert", whole_or_nothing) >= 25);
}

static void every_sample_parses(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        bool tolerant = strcmp(s->name, "ek-explicit-false") == 0;
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_cert cert;
        bm_status rc;

        if (strcmp(s->kind, "cert") != 0) {
            continue;
        }
        rc = bm_cert_parse((struct bm_bytes){ s->p, s->n },
                           tolerant ? BM_TOLERATE_EXPLICIT_FALSE : BM_STRICT,
                           &diag, &cert);
        if (rc != BM_OK) {
            printf("# %s\n", s->name);
        }
        CHECK_STATUS(rc, BM_OK);
        CHECK(diag.at == NULL); /* a success leaves it untouched */
    }
}

static void fields_are_what_the_certificate_says(void)
{
    struct bm_cert cert;
    struct bm_attr attr;

    parse("idevid", &cert);
    CHECK(cert.version == 3);
    CHECK_BYTES(cert.serial.p, cert.serial.n,
                "\x01\x98\xab\xcd\xef\x01\x01\x23\x45\x67\x89\xab\xcd\xef\x01"
                "\x23",
                16);
    CHECK(cert.sig_alg == BM_SIG_ECDSA_SHA256);
    CHECK(cert.key.type == BM_KEY_P256);
    CHECK(cert.not_before == INT64_C(1767225600));
    CHECK(cert.not_after == BM_TIME_NEVER);
    CHECK(!bm_cert_is_self_issued(&cert));
    CHECK(bm_name_find(cert.subject, BM_LIT("\x55\x04\x05"), &attr));
    CHECK_BYTES(attr.value.p, attr.value.n, "SN-0001", 7);

    parse("idevid-ca", &cert);
    CHECK(bm_cert_is_self_issued(&cert));
    CHECK(cert.ext.ca && cert.ext.path_len == 0);
    CHECK(cert.ext.key_usage == BM_KU_KEY_CERT_SIGN);
}

static void a_tbs_is_judged_like_its_certificate(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_cert cert;
        struct bm_cert tbs;

        if (strcmp(s->kind, "cert") != 0 ||
            bm_cert_parse((struct bm_bytes){ s->p, s->n }, BM_STRICT, NULL,
                          &cert) != BM_OK) {
            continue;
        }
        CHECK_STATUS(bm_cert_parse_tbs(cert.tbs, NULL, &tbs), BM_OK);
        CHECK(tbs.der.n == 0 && tbs.signature.n == 0);
        CHECK(tbs.sig_alg_id.n == 0 && tbs.sig_alg == cert.sig_alg);
        CHECK(tbs.ext.present == cert.ext.present);
        CHECK(tbs.key.key.p == cert.key.key.p);
    }
}

/* One broken rule each: what is refused, within what, and where. */
static const struct {
    const char *name;
    bm_status status;
    bm_status within;
    size_t at;
} bad[] = {
    { "trailing-octet", BM_E_DER_TRAILING, BM_E_CERT, 200 },
    { "tbs-trailing", BM_E_DER_TRAILING, BM_E_CERT, 177 },
    { "no-signature", BM_E_DER_TRUNCATED, BM_E_CERT_SIGNATURE, 189 },
    { "signature-not-octets", BM_E_DER_BITS, BM_E_CERT_SIGNATURE, 189 },
    { "after-signature", BM_E_DER_TRAILING, BM_E_CERT, 200 },
    { "length-indefinite", BM_E_DER_LENGTH, BM_E_CERT, 0 },
    { "length-not-shortest", BM_E_DER_LENGTH, BM_E_CERT, 0 },
    { "version-v1-written", BM_E_DER_DEFAULT, BM_E_CERT_VERSION, 6 },
    { "version-v4", BM_E_CERT_VERSION, BM_E_CERT_VERSION, 6 },
    { "version-v1-extensions", BM_E_CERT_VERSION, BM_E_CERT, 172 },
    { "version-v2-extensions", BM_E_CERT_VERSION, BM_E_CERT, 177 },
    { "version-v1-unique-id", BM_E_CERT_VERSION, BM_E_CERT_UNIQUE_ID, 172 },
    { "serial-zero", BM_E_CERT_SERIAL, BM_E_CERT_SERIAL, 11 },
    { "serial-negative", BM_E_CERT_SERIAL, BM_E_CERT_SERIAL, 11 },
    { "serial-21-octets", BM_E_CERT_SERIAL, BM_E_CERT_SERIAL, 11 },
    { "serial-padded", BM_E_DER_INTEGER, BM_E_CERT_SERIAL, 11 },
    /* RFC 5280 4.1.1.2 */
    { "alg-outer-differs", BM_E_CERT_ALG_MISMATCH, BM_E_CERT, 177 },
    { "alg-outer-null-differs", BM_E_CERT_ALG_MISMATCH, BM_E_CERT, 178 },
    { "alg-ecdsa-null", BM_E_ALG_PARAMS, BM_E_CERT, 26 },
    { "alg-rsa-oid-params", BM_E_ALG_PARAMS, BM_E_CERT, 27 },
    { "alg-ed25519-null", BM_E_ALG_PARAMS, BM_E_CERT, 21 },
    { "alg-two-params", BM_E_DER_TRAILING, BM_E_ALG, 22 },
    { "issuer-empty", BM_E_CERT_ISSUER_EMPTY, BM_E_CERT, 26 },
    { "issuer-printable", BM_E_DER_STRING, BM_E_NAME, 40 },
    { "issuer-rdn-order", BM_E_DER_SET_ORDER, BM_E_NAME, 40 },
    { "issuer-rdn-empty", BM_E_DER_EMPTY, BM_E_NAME, 30 },
    { "subject-country", BM_E_NAME_STRING, BM_E_NAME, 85 },
    { "subject-matter-lower", BM_E_NAME_MATTER, BM_E_NAME, 92 },
    { "subject-empty", BM_E_CERT_SUBJECT_EMPTY, BM_E_CERT, 72 },
    { "subject-empty-san-not-critical", BM_E_CERT_SUBJECT_EMPTY, BM_E_CERT,
      72 },
    { "subject-empty-ca", BM_E_CERT_SUBJECT_EMPTY, BM_E_CERT, 72 },
    { "validity-reversed", BM_E_CERT_VALIDITY, BM_E_CERT_VALIDITY, 40 },
    { "validity-no-seconds", BM_E_TIME_FORM, BM_E_CERT_VALIDITY, 42 },
    { "validity-no-zulu", BM_E_TIME_FORM, BM_E_CERT_VALIDITY, 42 },
    { "validity-early-generalized", BM_E_TIME_TYPE, BM_E_CERT_VALIDITY, 57 },
    { "validity-fraction", BM_E_TIME_FORM, BM_E_CERT_VALIDITY, 57 },
    { "validity-30-february", BM_E_TIME_RANGE, BM_E_CERT_VALIDITY, 57 },
    { "validity-one-time", BM_E_DER_TRUNCATED, BM_E_CERT_VALIDITY, 57 },
    { "validity-three-times", BM_E_DER_TRAILING, BM_E_CERT_VALIDITY, 72 },
    { "unique-id-padding", BM_E_DER_BITS, BM_E_CERT_UNIQUE_ID, 177 },
    { "unique-ids-swapped", BM_E_DER_TRAILING, BM_E_CERT, 181 },
    { "key-point-compressed", BM_E_KEY_POINT, BM_E_SPKI, 112 },
    { "key-point-hybrid", BM_E_KEY_POINT, BM_E_SPKI, 112 },
    { "key-point-long", BM_E_KEY_POINT, BM_E_SPKI, 112 },
    { "key-ec-no-curve", BM_E_ALG_PARAMS, BM_E_SPKI, 99 },
    { "key-ec-implicit-curve", BM_E_ALG_PARAMS, BM_E_SPKI, 99 },
    { "key-ec-specified-curve", BM_E_ALG_PARAMS, BM_E_SPKI, 99 },
    { "key-not-octets", BM_E_DER_BITS, BM_E_SPKI, 109 },
    { "key-after", BM_E_DER_TRAILING, BM_E_SPKI, 177 },
    { "key-rsa-no-null", BM_E_ALG_PARAMS, BM_E_SPKI, 105 },
    { "key-rsa-negative", BM_E_KEY_RSA, BM_E_KEY_RSA, 116 },
    { "key-rsa-zero-exponent", BM_E_KEY_RSA, BM_E_KEY_RSA, 377 },
    { "key-rsa-three-numbers", BM_E_DER_TRAILING, BM_E_KEY_RSA, 382 },
    { "key-ed25519-33-octets", BM_E_KEY_SIZE, BM_E_SPKI, 97 },
    { "key-ed25519-null", BM_E_ALG_PARAMS, BM_E_SPKI, 94 },
    { "key-mldsa44-short", BM_E_KEY_SIZE, BM_E_SPKI, 110 },
    { "key-mldsa44-null", BM_E_ALG_PARAMS, BM_E_SPKI, 105 },
    { "ext-none", BM_E_DER_EMPTY, BM_E_EXT, 181 },
    { "ext-critical-false", BM_E_DER_DEFAULT, BM_E_EXT, 187 },
    { "ext-critical-one", BM_E_DER_BOOLEAN, BM_E_EXT, 187 },
    { "ext-no-value", BM_E_DER_TRUNCATED, BM_E_EXT, 187 },
    { "ext-after-value", BM_E_DER_TRAILING, BM_E_EXT, 189 },
    { "ext-oid-padded", BM_E_DER_OID, BM_E_EXT, 183 },
    { "ext-twice", BM_E_EXT_DUPLICATE, BM_E_EXT, 202 },
    { "ext-unknown-twice", BM_E_EXT_DUPLICATE, BM_E_EXT, 201 },
    { "ext-too-many", BM_E_LIMIT, BM_E_EXT, 447 },
    { "ext-after-value-inside", BM_E_DER_TRAILING, BM_E_EXT_SKI, 193 },
    { "aki-critical", BM_E_EXT_CRITICAL, BM_E_EXT_AKI, 193 },
    { "aki-issuer-alone", BM_E_DER_TRUNCATED, BM_E_EXT_AKI, 205 },
    { "aki-serial-alone", BM_E_DER_TRAILING, BM_E_EXT_AKI, 192 },
    { "aki-issuer-empty", BM_E_DER_EMPTY, BM_E_EXT_AKI, 192 },
    { "ski-empty", BM_E_EXT_SKI, BM_E_EXT_SKI, 190 },
    { "ski-critical", BM_E_EXT_CRITICAL, BM_E_EXT_SKI, 193 },
    { "ku-none", BM_E_EXT_KU, BM_E_EXT_KU, 190 },
    { "ku-zero", BM_E_DER_BITS, BM_E_EXT_KU, 190 },
    { "ku-trailing-zeros", BM_E_DER_BITS, BM_E_EXT_KU, 190 },
    { "ku-unused-set", BM_E_DER_BITS, BM_E_EXT_KU, 190 },
    { "ku-unused-8", BM_E_DER_BITS, BM_E_EXT_KU, 190 },
    { "ku-17-bits", BM_E_DER_BITS, BM_E_EXT_KU, 190 },
    { "ku-sign-not-ca", BM_E_EXT_CERTSIGN, BM_E_CERT, 193 },
    { "policies-none", BM_E_DER_EMPTY, BM_E_EXT_POLICIES, 192 },
    { "policies-twice", BM_E_EXT_POLICY_TWICE, BM_E_EXT_POLICIES, 208 },
    { "policies-too-many", BM_E_LIMIT, BM_E_EXT_POLICIES, 395 },
    { "policies-no-qualifier", BM_E_DER_EMPTY, BM_E_EXT_POLICIES, 198 },
    { "policies-qualifier-bare", BM_E_DER_TRUNCATED, BM_E_EXT_POLICIES, 212 },
    { "mappings-none", BM_E_DER_EMPTY, BM_E_EXT_MAPPINGS, 192 },
    { "mappings-half", BM_E_DER_TRUNCATED, BM_E_EXT_MAPPINGS, 198 },
    { "mappings-three", BM_E_DER_TRAILING, BM_E_EXT_MAPPINGS, 202 },
    { "bc-false", BM_E_DER_DEFAULT, BM_E_EXT_BC, 192 },
    { "bc-pathlen-negative", BM_E_DER_INTEGER, BM_E_EXT_BC, 195 },
    { "bc-pathlen-not-ca", BM_E_EXT_PATHLEN, BM_E_CERT, 190 },
    { "bc-pathlen-no-sign", BM_E_EXT_PATHLEN, BM_E_CERT, 193 },
    { "bc-null", BM_E_DER_TAG, BM_E_EXT_BC, 190 },
    /* RFC 5280 4.2.1.11 */
    { "pc-none", BM_E_DER_TRUNCATED, BM_E_EXT_PC, 195 },
    { "pc-negative", BM_E_DER_INTEGER, BM_E_EXT_PC, 195 },
    { "pc-order", BM_E_DER_TRAILING, BM_E_EXT_PC, 198 },
    { "iap-negative", BM_E_DER_INTEGER, BM_E_EXT_IAP, 193 },
    { "eku-none", BM_E_DER_EMPTY, BM_E_EXT_EKU, 192 },
    { "eku-not-oid", BM_E_DER_TAG, BM_E_EXT_EKU, 192 },
    /* RFC 5280 4.2.1.13 */
    { "cdp-none", BM_E_DER_EMPTY, BM_E_EXT_CDP, 192 },
    { "cdp-empty", BM_E_EXT_CDP, BM_E_EXT_CDP, 194 },
    { "cdp-reasons-alone", BM_E_EXT_CDP, BM_E_EXT_CDP, 194 },
    { "cdp-no-names", BM_E_DER_EMPTY, BM_E_EXT_CDP, 196 },
    { "cdp-relative-order", BM_E_DER_SET_ORDER, BM_E_NAME, 208 },
    { "cdp-two-names", BM_E_DER_TRAILING, BM_E_EXT_CDP, 209 },
    { "freshest-critical", BM_E_EXT_CRITICAL, BM_E_EXT_FRESHEST, 193 },
    { "aia-none", BM_E_DER_EMPTY, BM_E_EXT_AIA, 197 },
    { "aia-critical", BM_E_EXT_CRITICAL, BM_E_EXT_AIA, 198 },
    { "aia-no-location", BM_E_DER_TRUNCATED, BM_E_EXT_AIA, 209 },
    { "sia-critical", BM_E_EXT_CRITICAL, BM_E_EXT_SIA, 198 },
    { "sda-critical", BM_E_EXT_CRITICAL, BM_E_EXT_SDA, 193 },
    { "sda-no-value", BM_E_DER_EMPTY, BM_E_EXT_SDA, 200 },
    { "sda-order", BM_E_DER_SET_ORDER, BM_E_EXT_SDA, 203 },
    { "nocheck-contents", BM_E_DER_NULL, BM_E_EXT_NOCHECK, 196 },
    { "tls-feature-string", BM_E_DER_TAG, BM_E_EXT_TLSFEATURE, 197 },
    { "san-none", BM_E_DER_EMPTY, BM_E_EXT_SAN, 192 },
    { "ian-none", BM_E_DER_EMPTY, BM_E_EXT_IAN, 192 },
    { "san-tag-9", BM_E_GN_FORM, BM_E_EXT_SAN, 192 },
    { "san-dns-constructed", BM_E_GN_FORM, BM_E_EXT_SAN, 192 },
    { "san-dns-empty", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-space", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-underscore", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-trailing-dot", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-leading-dot", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-hyphen", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-label-64", BM_E_GN_DNS, BM_E_EXT_SAN, 195 },
    { "san-dns-254", BM_E_GN_DNS, BM_E_EXT_SAN, 207 },
    { "san-dns-wildcard-alone", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-wildcard-inner", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-wildcard-part", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-dns-utf8", BM_E_GN_DNS, BM_E_EXT_SAN, 194 },
    { "san-email-no-at", BM_E_GN_EMAIL, BM_E_EXT_SAN, 194 },
    { "san-email-no-local", BM_E_GN_EMAIL, BM_E_EXT_SAN, 194 },
    { "san-email-no-host", BM_E_GN_EMAIL, BM_E_EXT_SAN, 194 },
    { "san-email-two-at", BM_E_GN_EMAIL, BM_E_EXT_SAN, 194 },
    { "san-email-dots", BM_E_GN_EMAIL, BM_E_EXT_SAN, 194 },
    { "san-email-name", BM_E_GN_EMAIL, BM_E_EXT_SAN, 194 },
    { "san-uri-relative", BM_E_GN_URI, BM_E_EXT_SAN, 194 },
    { "san-uri-no-scheme", BM_E_GN_URI, BM_E_EXT_SAN, 194 },
    { "san-uri-digit", BM_E_GN_URI, BM_E_EXT_SAN, 194 },
    { "san-uri-empty", BM_E_GN_URI, BM_E_EXT_SAN, 194 },
    { "san-uri-space", BM_E_GN_URI, BM_E_EXT_SAN, 194 },
    { "san-uri-percent", BM_E_GN_URI, BM_E_EXT_SAN, 194 },
    { "san-ip-5-octets", BM_E_GN_IP, BM_E_EXT_SAN, 194 },
    { "san-ip-with-mask", BM_E_GN_IP, BM_E_EXT_SAN, 194 },
    { "san-rid-empty", BM_E_DER_OID, BM_E_EXT_SAN, 194 },
    { "san-rid-cut", BM_E_DER_OID, BM_E_EXT_SAN, 194 },
    { "san-directory-empty", BM_E_GN_FORM, BM_E_EXT_SAN, 194 },
    { "san-directory-implicit", BM_E_DER_TAG, BM_E_NAME, 194 },
    { "san-other-no-value", BM_E_DER_TRUNCATED, BM_E_GN_OTHER, 198 },
    { "san-other-two-values", BM_E_DER_TRAILING, BM_E_GN_OTHER, 202 },
    { "san-other-empty", BM_E_DER_TRUNCATED, BM_E_GN_OTHER, 200 },
    { "san-hardware-no-serial", BM_E_DER_TRUNCATED, BM_E_GN_HARDWARE, 212 },
    { "san-hardware-string", BM_E_DER_TAG, BM_E_GN_HARDWARE, 212 },
    { "san-hardware-more", BM_E_DER_TRAILING, BM_E_GN_HARDWARE, 215 },
    { "san-permanent-order", BM_E_DER_TRAILING, BM_E_GN_PERMANENT, 212 },
    { "san-permanent-utf8", BM_E_DER_STRING, BM_E_GN_PERMANENT, 210 },
    /* RFC 5280 4.2.1.10 */
    { "nc-none", BM_E_DER_EMPTY, BM_E_EXT_NC, 210 },
    { "nc-permitted-none", BM_E_DER_EMPTY, BM_E_EXT_NC, 210 },
    { "nc-excluded-none", BM_E_DER_EMPTY, BM_E_EXT_NC, 210 },
    { "nc-order", BM_E_DER_TRAILING, BM_E_EXT_NC, 228 },
    { "nc-minimum", BM_E_DER_TRAILING, BM_E_EXT_NC, 227 },
    { "nc-maximum", BM_E_DER_TRAILING, BM_E_EXT_NC, 227 },
    { "nc-dns-wildcard", BM_E_GN_DNS, BM_E_EXT_NC, 218 },
    { "nc-email-two-at", BM_E_GN_EMAIL, BM_E_EXT_NC, 218 },
    { "nc-uri-scheme", BM_E_GN_URI, BM_E_EXT_NC, 219 },
    { "nc-ip-no-mask", BM_E_GN_IP, BM_E_EXT_NC, 218 },
    { "nc-ip-mask-hole", BM_E_GN_IP, BM_E_EXT_NC, 218 },
    { "nc-ip-mask-hole-in-octet", BM_E_GN_IP, BM_E_EXT_NC, 218 },
    { "nc-not-ca", BM_E_EXT_NC_CA, BM_E_CERT, 193 },
};

#define BAD_N (sizeof bad / sizeof bad[0])

static void each_broken_rule_is_named_and_located(void)
{
    static const struct bm_cert zero;
    size_t samples = 0;

    for (size_t i = 0; i < BAD_N; i++) {
        struct bm_bytes in = bm_sample("cert-bad", bad[i].name);
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_cert cert;
        bm_status rc = bm_cert_parse(in, BM_STRICT, &diag, &cert);

        if (rc != bad[i].status || diag.within != bad[i].within ||
            bm_diag_offset(&diag, in.p, in.n) != bad[i].at) {
            printf("# %s: 0x%04x in 0x%04x at %lu\n", bad[i].name, (unsigned)rc,
                   (unsigned)diag.within,
                   (unsigned long)bm_diag_offset(&diag, in.p, in.n));
            CHECK(!"refused as the table says");
        }
        CHECK(diag.status == rc);
        CHECK(memcmp(&cert, &zero, sizeof zero) == 0);
    }
    for (size_t i = 0; i < bm_samples_n; i++) {
        samples += strcmp(bm_samples[i].kind, "cert-bad") == 0;
    }
    CHECK(samples == BAD_N); /* none without a row */
}

/* Each tolerance lets through what it names, and nothing else. */
static const struct {
    const char *name;
    unsigned tolerate;
} tolerable[] = {
    { "bc-false", BM_TOLERATE_EXPLICIT_FALSE },
    { "ext-critical-false", BM_TOLERATE_EXPLICIT_FALSE },
    { "serial-zero", BM_TOLERATE_SERIAL },
    { "serial-negative", BM_TOLERATE_SERIAL },
    { "validity-early-generalized", BM_TOLERATE_TIME_TYPE },
    { "ku-sign-not-ca", BM_TOLERATE_CERT_SIGN },
};

static unsigned tolerance_of(const char *name)
{
    for (size_t i = 0; i < sizeof tolerable / sizeof tolerable[0]; i++) {
        if (strcmp(tolerable[i].name, name) == 0) {
            return tolerable[i].tolerate;
        }
    }
    return BM_STRICT;
}

static void a_tolerance_lets_through_what_it_names_only(void)
{
    for (size_t i = 0; i < BAD_N; i++) {
        struct bm_bytes in = bm_sample("cert-bad", bad[i].name);
        unsigned needed = tolerance_of(bad[i].name);
        struct bm_cert cert;

        CHECK_STATUS(bm_cert_parse(in, TOLERATE_ALL & ~needed, NULL, &cert),
                     bad[i].status);
        if (needed != BM_STRICT) {
            CHECK_STATUS(bm_cert_parse(in, needed, NULL, &cert), BM_OK);
        }
    }
}

int main(void)
{
    RUN(each_broken_rule_is_named_and_located);
    RUN(a_tolerance_lets_through_what_it_names_only);
    RUN(every_sample_parses);
    RUN(fields_are_what_the_certificate_says);
    RUN(a_tbs_is_judged_like_its_certificate);
    RUN(damage_is_all_or_nothing);
    return bm_test_done();
}
