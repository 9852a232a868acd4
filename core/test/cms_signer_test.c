/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "core/oid.h"
#include "core/test/damage.h"

static const struct {
    const char *name;
    enum bm_sig_alg sig_alg;
    enum bm_hash hash;
    uint8_t version; /* of the message */
    uint8_t signers;
    bool detached;
    bool attributes;
} good[] = {
    { "signed-ed25519", BM_SIG_ED25519, BM_HASH_SHA512, 1, 1, false, true },
    { "signed-ed25519-no-attributes", BM_SIG_ED25519, BM_HASH_SHA256, 1, 1,
      false, false },
    { "signed-p256", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256, 1, 1, false, true },
    { "signed-p256-and-rsa-detached", BM_SIG_UNKNOWN, BM_HASH_SHA256, 1, 2,
      true, true },
    { "signed-p256-detached", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256, 1, 1, true,
      true },
    { "signed-p256-firmware", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256, 3, 1, false,
      true },
    { "signed-p256-key-id", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256, 3, 1, false,
      true },
    { "signed-p256-no-attributes", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256, 1, 1,
      false, false },
    { "signed-p256-no-attributes-detached", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256,
      1, 1, true, false },
    { "signed-p256-no-certificates", BM_SIG_ECDSA_SHA256, BM_HASH_SHA256, 1, 1,
      false, true },
    { "signed-p256-sha1", BM_SIG_UNKNOWN, BM_HASH_SHA1, 1, 1, false, true },
    { "signed-p384", BM_SIG_ECDSA_SHA384, BM_HASH_SHA384, 1, 1, false, true },
    { "signed-rsa", BM_SIG_RSA_SHA256, BM_HASH_SHA256, 1, 1, false, true },
    { "signed-rsa-pss", BM_SIG_RSA_PSS_SHA256, BM_HASH_SHA256, 1, 1, false,
      true },
};
#define GOOD_N (sizeof good / sizeof good[0])

static void check_signer(size_t row, const struct bm_cms_signer *s)
{
    CHECK(s->hash == good[row].hash);
    CHECK(s->sig_alg == good[row].sig_alg ||
          good[row].sig_alg == BM_SIG_UNKNOWN);
    CHECK((s->signed_attrs.n != 0) == good[row].attributes);
    CHECK((s->key_id.n != 0) == (s->version == 3));
    CHECK((s->issuer.n != 0) == (s->version == 1));
    if (good[row].attributes) {
        CHECK(s->signed_attrs.p[0] == BM_DER_CONSTRUCTED(0));
        CHECK(s->digest.n == bm_hash_len(s->hash));
        CHECK(s->signing_time > INT64_C(1700000000));
    } else {
        CHECK(s->signing_time == BM_CMS_NO_TIME && s->digest.n == 0);
    }
}

static void signed_messages_of_every_kind_are_taken_apart(void)
{
    for (size_t i = 0; i < GOOD_N; i++) {
        struct bm_cms_signer signer;
        struct bm_cms cms;
        unsigned n = 0;

        CHECK_STATUS(bm_cms_parse(bm_sample("cms", good[i].name), NULL, &cms),
                     BM_OK);
        CHECK(cms.version == good[i].version);
        CHECK(cms.has_content == !good[i].detached);
        if (cms.has_content) {
            CHECK_BYTES(cms.content.p, cms.content.n, "birthmark says hello\n",
                        21);
        }
        while (bm_cms_signer_next(&cms.signers, &signer)) {
            check_signer(i, &signer);
            n++;
        }
        CHECK(n == good[i].signers && cms.signers.n == 0);
    }
}

/* A message without signers is SignedData as well. */
static void certs_only_messages_parse_too(void)
{
    struct bm_cms cms;

    CHECK_STATUS(bm_cms_parse(bm_sample("cms", "certs-and-crl"), NULL, &cms),
                 BM_OK);
    CHECK(cms.signers.n == 0 && cms.certs.n != 0 && cms.crls.n != 0);
}

/* RFC 5652 5.1: attribute certificates and other kinds raise the version. */
static const struct {
    struct bm_bytes der;
    bm_status want;
} versions[] = {
#define MESSAGE(version, certs)                                                \
    BM_LIT_INIT("\x30\x21\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x14" \
                "\x30\x12\x02\x01" version "\x31\x00\x30\x05\x06\x03\x2a\x03"  \
                "\x04" certs "\x31\x00")
    { MESSAGE("\x03", "\xa0\x02\x30\x00"), BM_OK },
    { MESSAGE("\x01", "\xa0\x02\x30\x00"), BM_E_CMS_VERSION },
    { MESSAGE("\x03", "\xa0\x02\xa1\x00"), BM_OK },
    { MESSAGE("\x04", "\xa0\x02\xa2\x00"), BM_OK },
    { MESSAGE("\x03", "\xa0\x02\xa2\x00"), BM_E_CMS_VERSION },
    { MESSAGE("\x05", "\xa0\x02\xa3\x00"), BM_OK },
    { MESSAGE("\x05", "\xa1\x02\xa1\x00"), BM_OK },
    { MESSAGE("\x03", "\xa1\x02\x30\x00"), BM_OK },
    { MESSAGE("\x03", "\xa1\x02\xa1\x00"), BM_E_CMS_VERSION },
    { MESSAGE("\x05", "\xa1\x02\xa2\x00"), BM_E_DER_TAG },
};

static void the_version_follows_from_what_is_inside(void)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct bm_cms cms;

        CHECK_STATUS(bm_cms_parse(versions[i].der, NULL, &cms),
                     versions[i].want);
    }
}

/* Among them, RFC 5652 5.3: no signedAttrs though the content is not data. */
static void bad_messages_are_refused_with_their_reason(void)
{
    static const struct bm_cms zero;
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_cms cms;

        if (strcmp(s->kind, "cms-bad") == 0 &&
            strncmp(s->name + 10, "signed-", 7) == 0) {
            damage_check_bad(
                s, bm_cms_parse((struct bm_bytes){ s->p, s->n }, &diag, &cms),
                &diag);
            CHECK(memcmp(&cms, &zero, sizeof cms) == 0);
            n++;
        }
    }
    CHECK(n >= 20);
}

/* A SignerInfo made to order; `unsigned_attrs` is the contents of [1]. */
static bool signer_parses(enum bm_hash hash, enum bm_sig_alg alg,
                          struct bm_bytes unsigned_attrs)
{
    static uint8_t room[300];
    static const uint8_t digest[BM_HASH_MAX];
    struct bm_attribute_mark a;
    struct bm_cms_signer signer;
    struct bm_bytes walk;
    struct bm_wr w;
    size_t attrs;
    size_t info;

    bm_wr_init(&w, room, sizeof room);
    info = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_der_put_u32(&w, 3);
    bm_der_put(&w, BM_DER_CONTEXT(0), BM_LIT("key"));
    bm_hash_alg_put(&w, hash);
    attrs = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    a = bm_attribute_open(&w, BM_LIT(BM_OID_P9_CONTENT_TYPE));
    bm_der_put_oid(&w, BM_LIT(BM_OID_CMS_DATA));
    bm_attribute_close(&w, &a);
    a = bm_attribute_open(&w, BM_LIT(BM_OID_P9_DIGEST));
    bm_der_put(&w, BM_DER_OCTET_STRING,
               (struct bm_bytes){ digest, bm_hash_len(hash) });
    bm_attribute_close(&w, &a);
    bm_der_close(&w, attrs);
    bm_sig_alg_put(&w, alg);
    bm_der_put(&w, BM_DER_OCTET_STRING, BM_LIT("signature"));
    if (unsigned_attrs.p != NULL) {
        bm_der_put(&w, BM_DER_CONSTRUCTED(1), unsigned_attrs);
    }
    bm_der_close(&w, info);
    walk = bm_wr_bytes(&w);
    CHECK(walk.n != 0);
    return bm_cms_signer_next(&walk, &signer);
}

/* RFC 5754 3, RFC 8419 3.1, RFC 9882 3.3 table 1 */
static void a_digest_is_as_strong_as_the_signature_over_it(void)
{
    static const struct {
        enum bm_sig_alg alg;
        bool good[3]; /* SHA-256, SHA-384, SHA-512 */
    } rows[] = {
        { BM_SIG_ECDSA_SHA256, { true, false, false } },
        { BM_SIG_ECDSA_SHA384, { false, true, false } },
        { BM_SIG_RSA_SHA512, { false, false, true } },
        { BM_SIG_ED25519, { false, false, true } },
        { BM_SIG_MLDSA44, { true, true, true } },
        { BM_SIG_MLDSA65, { false, true, true } },
        { BM_SIG_MLDSA87, { false, false, true } },
    };
    const struct bm_bytes none = { NULL, 0 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned h = 0; h < 3; h++) {
            CHECK(signer_parses((enum bm_hash)(BM_HASH_SHA256 + h), rows[i].alg,
                                none) == rows[i].good[h]);
        }
        CHECK(!signer_parses(BM_HASH_SHA1, rows[i].alg, none));
    }
}

#define UNSIGNED(type) "\x30\x0f\x06\x09" type "\x31\x02\x05\x00"
#define PRIVATE        "\x30\x08\x06\x02\x2a\x03\x31\x02\x05\x00"

/* RFC 5652 11.1 to 11.3; 11.4 lets a countersignature occur twice. */
static void what_must_be_signed_is_no_unsigned_attribute(void)
{
    static const struct {
        struct bm_bytes attrs;
        bool good;
    } rows[] = {
        { { NULL, 0 }, true },
        { BM_LIT_INIT(""), false },
        { BM_LIT_INIT(PRIVATE), true },
        { BM_LIT_INIT(PRIVATE PRIVATE), true },
        { BM_LIT_INIT(UNSIGNED("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x06")),
          true }, /* countersignature, not looked into */
        { BM_LIT_INIT(UNSIGNED(BM_OID_P9_CONTENT_TYPE)), false },
        { BM_LIT_INIT(UNSIGNED(BM_OID_P9_DIGEST)), false },
        { BM_LIT_INIT(UNSIGNED(BM_OID_P9_SIGNING_TIME)), false },
        { BM_LIT_INIT(PRIVATE UNSIGNED(BM_OID_P9_DIGEST)), false },
        { BM_LIT_INIT("\x30\x06\x06\x02\x2a\x03\x31\x00"), false },
        { BM_LIT_INIT("\x05\x00"), false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(signer_parses(BM_HASH_SHA256, BM_SIG_ECDSA_SHA256,
                            rows[i].attrs) == rows[i].good);
    }
}

static bool is_whole_or_zero(struct bm_bytes in)
{
    static const struct bm_cms zero;
    struct bm_cms_signer s;
    struct bm_bytes walk;
    struct bm_cms cms;

    if (bm_cms_parse(in, NULL, &cms) != BM_OK) {
        CHECK(memcmp(&cms, &zero, sizeof cms) == 0);
        return false;
    }
    CHECK(damage_inside(in, cms.content) && damage_inside(in, cms.certs));
    CHECK(damage_inside(in, cms.signers) && damage_inside(in, cms.crls));
    walk = cms.signers;
    while (bm_cms_signer_next(&walk, &s)) {
        CHECK(damage_inside(cms.signers, s.issuer));
        CHECK(damage_inside(cms.signers, s.serial));
        CHECK(damage_inside(cms.signers, s.key_id));
        CHECK(damage_inside(cms.signers, s.signed_attrs));
        CHECK(damage_inside(s.signed_attrs, s.attributes));
        CHECK(damage_inside(s.attributes, s.content_type));
        CHECK(damage_inside(s.attributes, s.digest));
        CHECK(damage_inside(cms.signers, s.unsigned_attrs));
        CHECK(damage_inside(cms.signers, s.sig_alg_id));
        CHECK(damage_inside(cms.signers, s.signature));
    }
    CHECK(walk.n == 0);
    return true;
}

static void no_damage_leaves_half_a_result(void)
{
    CHECK(damage_all("cms", is_whole_or_zero) >= GOOD_N);
}

int main(void)
{
    RUN(signed_messages_of_every_kind_are_taken_apart);
    RUN(certs_only_messages_parse_too);
    RUN(the_version_follows_from_what_is_inside);
    RUN(a_digest_is_as_strong_as_the_signature_over_it);
    RUN(what_must_be_signed_is_no_unsigned_attribute);
    RUN(bad_messages_are_refused_with_their_reason);
    RUN(no_damage_leaves_half_a_result);
    return bm_test_done();
}
