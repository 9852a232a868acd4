/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "core/oid.h"
#include "core/tbs.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define MESSAGE_MAX 2048 /* RSA, certificate included */
#define NAME        "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01s"
#define FIRMWARE    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x10"
#define SIGNED_AT   INT64_C(1800000000)
/* 1.2.3 with the value NULL */
#define ATTRIBUTE "\x30\x08\x06\x02\x2a\x03\x31\x02\x05\x00"

static uint8_t cert_der[1024];
static uint8_t scratch[256];
static uint8_t buf[MESSAGE_MAX];

/* A certificate for the signer, by itself; with a key identifier or not. */
static void make_cert(const struct bm_signer *signer, bool key_id,
                      struct bm_cert *cert)
{
    struct bm_tbs_ext ski = { .kind = BM_TBS_SKI };
    struct bm_tbs_config config = { .sig_alg = signer->alg,
                                    .issuer = BM_LIT(NAME),
                                    .subject = BM_LIT(NAME),
                                    .exts = &ski,
                                    .exts_n = key_id ? 1 : 0 };
    struct bm_tbs_values v = { .serial = BM_LIT("\x81"),
                               .not_after = BM_TIME_NEVER,
                               .spki = signer->key.der,
                               .key_id = BM_LIT("12345678901234567890") };
    struct bm_tbs_template t;
    uint8_t mem[128];
    struct bm_wr w;

    v.key_id.n = key_id ? v.key_id.n : 0;
    bm_wr_init(&w, cert_der, sizeof cert_der);
    CHECK_STATUS(bm_tbs_compile(&config, mem, sizeof mem, &t), BM_OK);
    CHECK_STATUS(bm_cert_build(&t, &v, signer, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, NULL, cert), BM_OK);
}

static struct bm_cms_sign_config usual(const struct bm_signer *signer,
                                       const struct bm_cert *cert)
{
    return (struct bm_cms_sign_config){ .crypto = bm_test_crypto(),
                                        .signer = signer,
                                        .cert = cert,
                                        .content = BM_LIT("hello"),
                                        .certs = cert->der,
                                        .signing_time = SIGNED_AT };
}

/* Sign, parse, verify; the message and its one signer are handed out. */
static void round_trip(const struct bm_cms_sign_config *config,
                       struct bm_cms *cms, struct bm_cms_signer *s)
{
    struct bm_cms_verify_config how = { .crypto = bm_test_crypto(),
                                        .certs = config->cert->der,
                                        .scratch = scratch,
                                        .scratch_n = sizeof scratch };
    struct bm_bytes walk;
    struct bm_cert cert;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_cms_sign(config, &w), BM_OK);
    CHECK_STATUS(bm_cms_parse(bm_wr_bytes(&w), NULL, cms), BM_OK);
    walk = cms->signers;
    CHECK(bm_cms_signer_next(&walk, s) && walk.n == 0);
    if (config->detached) {
        how.content = BM_LIT("hello");
    }
    CHECK_STATUS(bm_cms_verify(cms, s, &how, &cert), BM_OK);
    CHECK(bm_bytes_equal(cert.der, config->cert->der));
}

static void what_is_signed_verifies_with_every_kind_of_key(void)
{
    unsigned n = 0;

    for (enum bm_key_type type = BM_KEY_P256; type <= BM_KEY_RSA; type++) {
        const struct bm_signer *signer = bm_test_signer(type);
        struct bm_cms_sign_config config;
        struct bm_cms_signer s;
        struct bm_cert cert;
        struct bm_cms cms;

        if (signer == NULL) {
            continue;
        }
        make_cert(signer, true, &cert);
        config = usual(signer, &cert);
        round_trip(&config, &cms, &s);
        CHECK(cms.version == 1 && s.version == 1);
        CHECK(s.sig_alg == signer->alg);
        CHECK(s.hash == bm_cms_hash_for(signer->alg));
        CHECK(s.signing_time == SIGNED_AT);
        CHECK(cms.has_content);
        CHECK_BYTES(cms.content.p, cms.content.n, "hello", 5);
        n++;
    }
    CHECK(n >= 1);
}

/* RFC 5652 5.1, 5.3: the versions follow from what is inside. */
static void each_way_to_sign_gives_the_right_versions(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_cms_sign_config config;
    struct bm_cms_signer s;
    struct bm_cert cert;
    struct bm_cms cms;

    make_cert(signer, true, &cert);
    for (unsigned i = 0; i < 16; i++) {
        config = usual(signer, &cert);
        config.by_key_id = (i & 1) != 0;
        config.detached = (i & 2) != 0;
        if ((i & 4) != 0) {
            config.content_type = BM_LIT(FIRMWARE);
        }
        if ((i & 8) != 0) {
            config.certs.n = 0;
            config.signing_time = BM_CMS_NO_TIME;
        }
        round_trip(&config, &cms, &s);
        CHECK(s.version == (config.by_key_id ? 3 : 1));
        CHECK(cms.version == ((i & 5) != 0 ? 3 : 1));
        CHECK((s.key_id.n != 0) == config.by_key_id);
        CHECK(cms.has_content == !config.detached);
        CHECK((cms.certs.n == 0) == ((i & 8) != 0));
        CHECK(s.signing_time == config.signing_time);
        CHECK(bm_bytes_equal(s.content_type, cms.content_type));
    }
}

static void a_digest_stands_for_detached_content(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    const struct bm_crypto *crypto = bm_test_crypto();
    struct bm_cms_sign_config config;
    struct bm_cms_signer s;
    uint8_t digest[BM_HASH_MAX];
    struct bm_cert cert;
    struct bm_cms cms;
    struct bm_wr w;

    make_cert(signer, false, &cert);
    config = usual(signer, &cert);
    CHECK_STATUS(
        crypto->hash(crypto->self, BM_HASH_SHA256, config.content, digest),
        BM_OK);
    config.content = (struct bm_bytes){ NULL, 0 };
    config.digest = (struct bm_bytes){ digest, 32 };
    config.detached = true;
    round_trip(&config, &cms, &s);

    bm_wr_init(&w, buf, sizeof buf);
    config.digest.n = 31;
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_E_ARGUMENT);
    config.digest.n = 32;
    config.detached = false;
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_E_ARGUMENT);
    CHECK(w.len == 0);
}

static void further_attributes_are_signed_and_sorted_in(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_cms_sign_config config;
    struct bm_attribute a;
    struct bm_cms_signer s;
    struct bm_cert cert;
    struct bm_cms cms;

    make_cert(signer, false, &cert);
    config = usual(signer, &cert);
    config.attributes = BM_LIT(ATTRIBUTE);
    round_trip(&config, &cms, &s);
    CHECK(bm_attribute_find(s.attributes, BM_LIT("\x2a\x03"), &a));
    CHECK_BYTES(a.values.p, a.values.n, "\x05\x00", 2);
}

static const struct bm_bytes bad_attributes[] = {
    BM_LIT_INIT(ATTRIBUTE ATTRIBUTE),
    BM_LIT_INIT("\x30\x09\x06\x02\x2a\x03\x31\x02\x05\x00"),
    BM_LIT_INIT("\x30\x11\x06\x09" BM_OID_P9_DIGEST "\x31\x04\x04\x02xy"),
};

static void what_cannot_be_signed_leaves_nothing(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_cms_sign_config config;
    struct bm_cert cert;
    struct bm_cert other;
    struct bm_wr w;

    make_cert(signer, false, &cert);
    bm_wr_init(&w, buf, sizeof buf);
    bm_wr_u8(&w, 7);
    config = usual(signer, &cert);
    config.by_key_id = true; /* the certificate has none */
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_E_ARGUMENT);

    for (size_t i = 0; i < sizeof bad_attributes / sizeof bad_attributes[0];
         i++) {
        config = usual(signer, &cert);
        config.attributes = bad_attributes[i];
        CHECK(bm_cms_sign(&config, &w) != BM_OK);
    }
    config = usual(signer, &cert);
    config.certs.n--;
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_E_ARGUMENT);

    other = cert; /* another's certificate */
    other.key = bm_test_signer_nth(BM_KEY_P256, 1)->key;
    config = usual(signer, &other);
    CHECK_STATUS(bm_cms_sign(&config, &w), BM_E_ARGUMENT);
    CHECK(w.len == 1);
}

static void too_small_a_buffer_is_an_error_and_nothing_else(void)
{
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_cms_sign_config config;
    struct bm_cert cert;
    unsigned fits = 0;

    make_cert(signer, false, &cert);
    config = usual(signer, &cert);
    for (size_t cap = 0; cap <= 640; cap += cap < 500 ? 13 : 1) {
        struct bm_wr w;
        bm_status rc;

        memset(buf, 0x5a, sizeof buf);
        bm_wr_init(&w, buf, cap);
        rc = bm_cms_sign(&config, &w);
        if (rc == BM_OK) {
            CHECK(w.len <= cap);
            fits++;
        } else {
            CHECK_STATUS(rc, BM_E_BUFFER);
            CHECK(w.len == 0);
        }
        for (size_t i = cap; i < sizeof buf; i++) {
            CHECK(buf[i] == 0x5a);
        }
    }
    CHECK(fits != 0);
}

int main(void)
{
    RUN(what_is_signed_verifies_with_every_kind_of_key);
    RUN(each_way_to_sign_gives_the_right_versions);
    RUN(a_digest_stands_for_detached_content);
    RUN(further_attributes_are_signed_and_sorted_in);
    RUN(what_cannot_be_signed_leaves_nothing);
    RUN(too_small_a_buffer_is_an_error_and_nothing_else);
    return bm_test_done();
}
