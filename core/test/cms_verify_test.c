/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cms.h"
#include "core/test/damage.h"
#include "tests/harness/test_crypto.h"

#define CONTENT "birthmark says hello\n"

static uint8_t scratch[512];

static struct bm_cms_verify_config usual(void)
{
    return (struct bm_cms_verify_config){ .crypto = bm_test_crypto(),
                                          .scratch = scratch,
                                          .scratch_n = sizeof scratch };
}

/* Parse a sample and take its first signer. */
static void open_message(const char *kind, const char *name, struct bm_cms *cms,
                         struct bm_cms_signer *signer)
{
    struct bm_bytes walk;

    CHECK_STATUS(bm_cms_parse(bm_sample(kind, name), NULL, cms), BM_OK);
    walk = cms->signers;
    CHECK(bm_cms_signer_next(&walk, signer));
}

/* Verify the first signer; on failure nothing is left of the certificate. */
static bm_status verify(const char *kind, const char *name,
                        const struct bm_cms_verify_config *config)
{
    static const struct bm_cert zero;
    struct bm_cms_signer signer;
    struct bm_cert cert;
    struct bm_cms cms;
    bm_status rc;

    open_message(kind, name, &cms, &signer);
    rc = bm_cms_verify(&cms, &signer, config, &cert);
    CHECK((rc == BM_OK) == (memcmp(&cert, &zero, sizeof cert) != 0));
    return rc;
}

static const struct {
    const char *name;
    enum bm_key_type key; /* what the platform must be able to do */
    bool detached;
} good[] = {
    { "signed-ed25519", BM_KEY_ED25519, false },
    { "signed-ed25519-no-attributes", BM_KEY_ED25519, false },
    { "signed-p256", BM_KEY_P256, false },
    { "signed-p256-detached", BM_KEY_P256, true },
    { "signed-p256-firmware", BM_KEY_P256, false },
    { "signed-p256-key-id", BM_KEY_P256, false },
    { "signed-p256-no-attributes", BM_KEY_P256, false },
    { "signed-p256-no-attributes-detached", BM_KEY_P256, true },
    { "signed-p384", BM_KEY_P384, false },
    { "signed-rsa", BM_KEY_RSA, false },
    { "signed-rsa-pss", BM_KEY_RSA, false },
};

static void what_openssl_signs_verifies(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct bm_cms_verify_config config = usual();

        if (bm_test_signer(good[i].key) == NULL) {
            continue; /* this platform has no such keys */
        }
        if (good[i].detached) {
            config.content = BM_LIT(CONTENT);
        }
        CHECK_STATUS(verify("cms", good[i].name, &config), BM_OK);
    }
}

static void each_of_several_signers_verifies_by_itself(void)
{
    struct bm_cms_verify_config config = usual();
    struct bm_cms_signer signer;
    struct bm_cert cert;
    struct bm_cms cms;
    unsigned n = 0;

    config.content = BM_LIT(CONTENT);
    open_message("cms", "signed-p256-and-rsa-detached", &cms, &signer);
    while (bm_cms_signer_next(&cms.signers, &signer)) {
        if (bm_test_signer(signer.sig_alg == BM_SIG_RSA_SHA256
                               ? BM_KEY_RSA
                               : BM_KEY_P256) != NULL) {
            CHECK_STATUS(bm_cms_verify(&cms, &signer, &config, &cert), BM_OK);
            CHECK(bm_cms_signer_is(&signer, &cert));
        }
        n++;
    }
    CHECK(n == 2);
}

/* RFC 5652 5.2: content inside, or given, or its digest: exactly one. */
static void detached_content_is_given_exactly_once(void)
{
    struct bm_cms_verify_config config = usual();
    uint8_t digest[BM_HASH_MAX];

    CHECK_STATUS(config.crypto->hash(config.crypto->self, BM_HASH_SHA256,
                                     BM_LIT(CONTENT), digest),
                 BM_OK);
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DETACHED);
    config.digest = (struct bm_bytes){ digest, 32 };
    config.digest_hash = BM_HASH_SHA256;
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config), BM_OK);
    CHECK_STATUS(verify("cms", "signed-p256-no-attributes-detached", &config),
                 BM_OK);
    CHECK_STATUS(verify("cms", "signed-p256", &config), BM_E_CMS_DETACHED);
    config.content = BM_LIT(CONTENT);
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DETACHED);
    config.digest.n = 0;
    CHECK_STATUS(verify("cms", "signed-p256", &config), BM_E_CMS_DETACHED);
    config.content = BM_LIT("something else"); /* RFC 5652 11.2 */
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DIGEST);
    CHECK_STATUS(verify("cms", "signed-p256-no-attributes-detached", &config),
                 BM_E_CMS_SIGNATURE);
    config.content = BM_LIT(""); /* given, though empty */
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DIGEST);
}

static void a_digest_by_another_hash_is_no_content(void)
{
    static const uint8_t digest[BM_HASH_MAX];
    struct bm_cms_verify_config config = usual();

    config.digest = (struct bm_bytes){ digest, 48 };
    config.digest_hash = BM_HASH_SHA384;
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DETACHED);
    CHECK_STATUS(verify("cms", "signed-p256-no-attributes-detached", &config),
                 BM_E_CMS_DETACHED);
    config.digest_hash = BM_HASH_SHA256; /* of that length? */
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DETACHED);
    CHECK_STATUS(verify("cms", "signed-p256-no-attributes-detached", &config),
                 BM_E_CMS_DETACHED);
    config.digest.n = 32;
    CHECK_STATUS(verify("cms", "signed-p256-detached", &config),
                 BM_E_CMS_DIGEST);
}

/* The certificate may come from elsewhere, behind ones that do not parse. */
static void the_signers_certificate_may_be_given(void)
{
    static uint8_t pool[1024];
    struct bm_cms_verify_config config = usual();
    struct bm_cms_signer signer;
    struct bm_cms cms;
    struct bm_wr w;

    CHECK_STATUS(verify("cms", "signed-p256-no-certificates", &config),
                 BM_E_CMS_SIGNER);
    open_message("cms", "signed-p256", &cms, &signer);
    bm_wr_init(&w, pool, sizeof pool);
    bm_wr_put(&w, BM_LIT("\x30\x00\xa2\x00"));
    bm_wr_put(&w, cms.certs);
    config.certs = bm_wr_bytes(&w);
    CHECK_STATUS(verify("cms", "signed-p256-no-certificates", &config), BM_OK);
    CHECK_STATUS(verify("cms-bad", "0c0a-0000-verify-no-certificate", &config),
                 BM_OK);
}

/* The same name on several certificates: all are tried, but not for ever. */
static void a_name_need_not_be_unique(void)
{
    static uint8_t pool[6 * 400];
    static uint8_t forged[400];
    struct bm_cms_verify_config config = usual();
    struct bm_cms_signer signer;
    struct bm_cert cert;
    struct bm_cms cms;
    struct bm_wr w;

    open_message("cms", "signed-p256", &cms, &signer);
    memcpy(forged, cms.certs.p, cms.certs.n);
    CHECK_STATUS(bm_cert_parse((struct bm_bytes){ forged, cms.certs.n },
                               BM_STRICT, NULL, &cert),
                 BM_OK);
    memcpy(forged + (cert.key.key.p - forged),
           bm_test_signer(BM_KEY_P256)->key.key.p, cert.key.key.n);

    bm_wr_init(&w, pool, sizeof pool);
    for (unsigned i = 0; i < 3; i++) {
        bm_wr_put(&w, cert.der);
    }
    config.certs = bm_wr_bytes(&w);
    CHECK_STATUS(verify("cms", "signed-p256-no-certificates", &config),
                 BM_E_CMS_SIGNATURE);
    bm_wr_put(&w, cms.certs);
    config.certs = bm_wr_bytes(&w);
    CHECK_STATUS(verify("cms", "signed-p256-no-certificates", &config), BM_OK);

    bm_wr_init(&w, pool, sizeof pool);
    for (unsigned i = 0; i < 5; i++) {
        bm_wr_put(&w, cert.der);
    }
    bm_wr_put(&w, cms.certs);
    config.certs = bm_wr_bytes(&w);
    CHECK_STATUS(verify("cms", "signed-p256-no-certificates", &config),
                 BM_E_LIMIT);
}

static void bad_signatures_are_refused_with_their_reason(void)
{
    struct bm_cms_verify_config config = usual();
    size_t n = 0;

    for (size_t i = 0; i < bm_samples_n; i++) {
        const struct bm_sample *s = &bm_samples[i];

        if (strcmp(s->kind, "cms-bad") == 0 &&
            strncmp(s->name + 10, "verify-", 7) == 0) {
            CHECK_STATUS(verify("cms-bad", s->name, &config),
                         strtoul(s->name, NULL, 16));
            n++;
        }
    }
    CHECK(n >= 5);
}

static void a_signer_is_named_by_all_of_its_name(void)
{
    static const struct bm_bytes nobody = BM_LIT_INIT("\x30\x00");
    struct bm_cms_signer signer;
    struct bm_cert cert;
    struct bm_cms cms;

    open_message("cms", "signed-p256", &cms, &signer);
    CHECK_STATUS(bm_cert_parse(cms.certs, BM_STRICT, NULL, &cert), BM_OK);
    CHECK(bm_cms_signer_is(&signer, &cert));
    signer.serial.n--;
    CHECK(!bm_cms_signer_is(&signer, &cert));
    signer.serial.n++;
    signer.issuer = nobody;
    CHECK(!bm_cms_signer_is(&signer, &cert));

    open_message("cms", "signed-p256-key-id", &cms, &signer);
    CHECK_STATUS(bm_cert_parse(cms.certs, BM_STRICT, NULL, &cert), BM_OK);
    CHECK(bm_cms_signer_is(&signer, &cert));
    signer.key_id.n--;
    CHECK(!bm_cms_signer_is(&signer, &cert));
}

static void sha1_is_not_accepted(void)
{
    struct bm_cms_verify_config config = usual();

    CHECK_STATUS(verify("cms", "signed-p256-sha1", &config),
                 BM_E_ALG_UNSUPPORTED);
}

/* Ed25519 takes the attributes in one piece. */
static void a_small_scratch_is_an_error(void)
{
    struct bm_cms_verify_config config = usual();

    config.scratch_n = 20;
    if (bm_test_signer(BM_KEY_ED25519) != NULL) {
        CHECK_STATUS(verify("cms", "signed-ed25519", &config), BM_E_BUFFER);
    }
    CHECK_STATUS(verify("cms", "signed-p256", &config), BM_OK);
}

/* Every this many bits is flipped: a prime, so that all positions occur. */
#define STRIDE 61

/* Whatever is damaged: what verifies still says what was signed. */
static void no_damage_changes_what_a_verified_message_says(void)
{
    struct bm_bytes whole = bm_sample("cms", "signed-p256");
    struct bm_cms_verify_config config = usual();
    struct bm_cms_signer was;
    struct bm_cms before;
    uint8_t *copy = damage_room;
    unsigned verified = 0;
    unsigned refused = 0;

    open_message("cms", "signed-p256", &before, &was);
    memcpy(copy, whole.p, whole.n);
    for (size_t bit = 0; bit < 8 * whole.n; bit += STRIDE) {
        struct bm_cms_signer signer;
        struct bm_cert cert;
        struct bm_cms cms;

        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bm_cms_parse((struct bm_bytes){ copy, whole.n }, NULL, &cms) ==
                BM_OK &&
            bm_cms_signer_next(&cms.signers, &signer) &&
            bm_cms_verify(&cms, &signer, &config, &cert) == BM_OK) {
            CHECK(bm_bytes_equal(cms.content, before.content));
            CHECK(bm_bytes_equal(signer.signed_attrs, was.signed_attrs));
            CHECK(bm_bytes_equal(signer.signature, was.signature));
            verified++; /* damage to the certificate's own signature */
        } else {
            refused++;
        }
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(verified != 0 && refused > verified);
}

int main(void)
{
    RUN(what_openssl_signs_verifies);
    RUN(each_of_several_signers_verifies_by_itself);
    RUN(detached_content_is_given_exactly_once);
    RUN(a_digest_by_another_hash_is_no_content);
    RUN(the_signers_certificate_may_be_given);
    RUN(a_name_need_not_be_unique);
    RUN(bad_signatures_are_refused_with_their_reason);
    RUN(a_signer_is_named_by_all_of_its_name);
    RUN(sha1_is_not_accepted);
    RUN(a_small_scratch_is_an_error);
    RUN(no_damage_changes_what_a_verified_message_says);
    return bm_test_done();
}
