/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/admin/batch_list.h"

#include "core/cms.h"
#include "core/tbs.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define NAME "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01s"
#define LIST BM_LIT("{\"row\":1}\n")

static uint8_t cert_der[1024];
static uint8_t message[4096];
static uint8_t digest[BM_HASH_MAX];

/* The signature of a list of batches, as it comes: detached, over the hash. */
static struct bm_bytes sign(bool with_cert)
{
    struct bm_tbs_ext ski = { .kind = BM_TBS_SKI };
    struct bm_cms_sign_config how = { .crypto = bm_test_crypto(),
                                      .by_key_id = true,
                                      .detached = true,
                                      .digest = { digest, 32 },
                                      .signing_time = BM_CMS_NO_TIME };
    struct bm_tbs_values v = { .serial = BM_LIT("\x81"),
                               .not_after = BM_TIME_NEVER,
                               .key_id = BM_LIT("12345678901234567890") };
    struct bm_tbs_config config = { .issuer = BM_LIT(NAME),
                                    .subject = BM_LIT(NAME),
                                    .exts = &ski,
                                    .exts_n = 1 };
    const struct bm_signer *signer = bm_test_signer(BM_KEY_P256);
    struct bm_tbs_template t;
    struct bm_cert cert;
    uint8_t mem[128];
    struct bm_wr w;

    CHECK(signer != NULL);
    config.sig_alg = signer->alg;
    v.spki = signer->key.der;
    bm_wr_init(&w, cert_der, sizeof cert_der);
    CHECK_STATUS(bm_tbs_compile(&config, mem, sizeof mem, &t), BM_OK);
    CHECK_STATUS(bm_cert_build(&t, &v, signer, &w), BM_OK);
    CHECK_STATUS(bm_cert_parse(bm_wr_bytes(&w), BM_STRICT, NULL, &cert), BM_OK);
    how.signer = signer;
    how.cert = &cert;
    how.certs = with_cert ? cert.der : (struct bm_bytes){ NULL, 0 };
    bm_wr_init(&w, message, sizeof message);
    CHECK_STATUS(bm_cms_sign(&how, &w), BM_OK);
    return bm_wr_bytes(&w);
}

static void hash_list(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();

    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256, LIST, digest),
                 BM_OK);
}

static void a_signature_is_over_its_list_and_no_other(void)
{
    struct bm_bytes signed_list;

    hash_list();
    signed_list = sign(true);
    CHECK_STATUS(admin_batch_list_check(bm_test_crypto(), signed_list, digest),
                 BM_OK);
    for (size_t i = 0; i < 32; i++) {
        digest[i] ^= 1;
        CHECK(admin_batch_list_check(bm_test_crypto(), signed_list, digest) !=
              BM_OK);
        digest[i] ^= 1;
    }
}

static void no_part_of_the_message_may_be_missing_or_change(void)
{
    struct bm_bytes whole;

    hash_list();
    whole = sign(true);
    for (size_t n = 0; n < whole.n; n++) {
        CHECK(admin_batch_list_check(bm_test_crypto(),
                                     (struct bm_bytes){ whole.p, n },
                                     digest) != BM_OK);
    }
    message[whole.n - 1] ^= 1; /* of the signature */
    CHECK(admin_batch_list_check(bm_test_crypto(), whole, digest) != BM_OK);
}

static void who_signed_must_be_in_the_message(void)
{
    hash_list();
    CHECK(admin_batch_list_check(bm_test_crypto(), sign(false), digest) !=
          BM_OK);
}

int main(void)
{
    RUN(a_signature_is_over_its_list_and_no_other);
    RUN(no_part_of_the_message_may_be_missing_or_change);
    RUN(who_signed_must_be_in_the_message);
    return bm_test_done();
}
