/* SPDX-License-Identifier: Apache-2.0 */

/* What one provider makes, the other takes. */
#include "ports/mbedtls/mbedtls.h"
#include "ports/openssl/openssl.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* Enough for integers shorter than the rest to turn up. */
#define ROUNDS 100

static const struct bm_crypto *psa;
static struct bm_crypto *openssl;

static void check_round(const struct bm_crypto *verifier,
                        const struct bm_signer *signer, uint32_t round)
{
    uint8_t message[4] = { (uint8_t)round, (uint8_t)(round >> 8), 1, 2 };
    uint8_t buf[100];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(signer->sign(signer->self, BM_ARRAY(message), &w), BM_OK);
    CHECK_STATUS(verifier->verify(verifier->self, &signer->key, signer->alg,
                                  BM_ARRAY(message), bm_wr_bytes(&w)),
                 BM_OK);
    message[3] = 0;
    CHECK_STATUS(verifier->verify(verifier->self, &signer->key, signer->alg,
                                  BM_ARRAY(message), bm_wr_bytes(&w)),
                 BM_E_SIGNATURE);
}

static void openssl_verifies_what_psa_signs(void)
{
    struct bm_mbedtls_signer s;

    CHECK_STATUS(bm_mbedtls_signer_generate(&s), BM_OK);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        check_round(openssl, &s.signer, i);
    }
    bm_mbedtls_signer_close(&s);
}

static void psa_verifies_what_openssl_signs(void)
{
    struct bm_signer *s;

    CHECK_STATUS(bm_openssl_signer_generate(BM_KEY_P256, 0, &s), BM_OK);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        check_round(psa, s, i);
    }
    bm_openssl_signer_free(s);
}

static void both_read_a_scalar_as_the_same_key(void)
{
    const struct bm_signer *mine = bm_test_signer(BM_KEY_P256);

    CHECK_STATUS(openssl->check_key(openssl->self, &mine->key), BM_OK);
    check_round(openssl, mine, 1);
    check_round(psa, mine, 1);
}

static void both_seal_derive_and_authenticate_alike(void)
{
    for (int alg = BM_AEAD_AES128_GCM; alg <= BM_AEAD_CHACHA20_POLY1305;
         alg++) {
        for (size_t n = 0; n < 70; n++) {
            uint8_t secret[70];
            uint8_t a[70 + BM_AEAD_TAG_SIZE];
            uint8_t b[70 + BM_AEAD_TAG_SIZE];
            struct bm_bytes in = { secret, n };
            const struct bm_aead_config config = {
                .alg = (enum bm_aead)alg,
                .key = { secret, alg == BM_AEAD_AES128_GCM ? 16 : 32 },
                .nonce = { secret + 32, 12 },
                .aad = in,
            };
            const struct bm_hkdf_config derive = {
                .hash = BM_HASH_SHA256,
                .salt = in,
                .secret = { secret, n + 1 > 70 ? 70 : n + 1 },
                .info = in,
            };

            CHECK_STATUS(psa->random(psa->self, secret, sizeof secret), BM_OK);
            CHECK_STATUS(psa->seal(psa->self, &config, in, a), BM_OK);
            CHECK_STATUS(
                openssl->open(openssl->self, &config,
                              (struct bm_bytes){ a, n + BM_AEAD_TAG_SIZE }, b),
                BM_OK);
            CHECK_BYTES(b, n, secret, n);
            CHECK_STATUS(psa->hkdf(psa->self, &derive, a, 70), BM_OK);
            CHECK_STATUS(openssl->hkdf(openssl->self, &derive, b, 70), BM_OK);
            CHECK_BYTES(a, 70, b, 70);
            CHECK_STATUS(psa->hmac(psa->self, BM_HASH_SHA512, in, in, a),
                         BM_OK);
            CHECK_STATUS(
                openssl->hmac(openssl->self, BM_HASH_SHA512, in, in, b), BM_OK);
            CHECK_BYTES(a, 64, b, 64);
        }
    }
}

static void psa_runs_out_of_slots_without_harm(void)
{
    struct bm_mbedtls_signer s[24];
    size_t n = 0;

    while (n < 24 && bm_mbedtls_signer_generate(&s[n]) == BM_OK) {
        n++;
    }
    CHECK(n > 0 && n < 24);
    CHECK(s[n].signer.sign == NULL); /* a failure leaves zeros */
    while (n > 0) {
        bm_mbedtls_signer_close(&s[--n]);
    }
    check_round(psa, bm_test_signer(BM_KEY_P256), 1);
}

static void psa_refuses_scalars_out_of_range(void)
{
    uint8_t scalar[BM_MBEDTLS_SCALAR_SIZE] = { 0 };
    struct bm_mbedtls_signer s;

    CHECK_STATUS(bm_mbedtls_signer_import(&s, scalar), BM_E_ARGUMENT);
    memset(scalar, 0xff, sizeof scalar);
    CHECK_STATUS(bm_mbedtls_signer_import(&s, scalar), BM_E_ARGUMENT);
    CHECK_STATUS(bm_mbedtls_signer_open(&s, 12345), BM_E_KEY_UNSUPPORTED);
}

static void a_signer_borrows_a_key_that_psa_has(void)
{
    struct bm_mbedtls_signer owner;
    struct bm_mbedtls_signer guest;

    CHECK_STATUS(bm_mbedtls_signer_generate(&owner), BM_OK);
    CHECK_STATUS(bm_mbedtls_signer_open(&guest, owner.key), BM_OK);
    check_round(openssl, &guest.signer, 1);
    bm_mbedtls_signer_close(&guest);
    check_round(openssl, &owner.signer, 2); /* still there */
    bm_mbedtls_signer_close(&owner);
}

static bm_status no_entropy(void *self, uint8_t *out, size_t n)
{
    (void)self;
    memset(out, 0, n);
    return BM_E_RANDOM;
}

static void without_entropy_nothing_is_made(void)
{
    static const struct bm_mbedtls_port broken = { no_entropy, NULL };
    struct bm_crypto crypto;
    struct bm_mbedtls_signer s;
    uint8_t out[16] = { 1 };

    if (bm_mbedtls_open(&broken, &crypto) != BM_OK) {
        return; /* an implementation may ask at once */
    }
    CHECK_STATUS(crypto.random(crypto.self, out, sizeof out), BM_E_RANDOM);
    CHECK(out[0] == 0);
    CHECK_STATUS(bm_mbedtls_signer_generate(&s), BM_E_CRYPTO);
    bm_mbedtls_close(&crypto);
    CHECK(crypto.hash == NULL);
}

int main(void)
{
    psa = bm_test_crypto();
    if (bm_openssl_new(&openssl) != BM_OK) {
        return 1;
    }
    RUN(openssl_verifies_what_psa_signs);
    RUN(psa_verifies_what_openssl_signs);
    RUN(both_read_a_scalar_as_the_same_key);
    RUN(both_seal_derive_and_authenticate_alike);
    RUN(psa_runs_out_of_slots_without_harm);
    RUN(psa_refuses_scalars_out_of_range);
    RUN(a_signer_borrows_a_key_that_psa_has);
    RUN(without_entropy_nothing_is_made); /* last: it stops PSA */
    bm_openssl_free(openssl);
    return bm_test_done();
}
