/* SPDX-License-Identifier: Apache-2.0 */

/* What only this provider has: RSA, other curves, key files. */
#include "ports/openssl/openssl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"

static const struct bm_crypto *c;

static struct bm_bytes sign_with(const struct bm_signer *s, uint8_t *buf)
{
    struct bm_wr w;

    bm_wr_init(&w, buf, BM_SIGNATURE_MAX);
    CHECK_STATUS(s->sign(s->self, BM_LIT("abc"), &w), BM_OK);
    return bm_wr_bytes(&w);
}

static bm_status verify(const struct bm_signer *s, enum bm_sig_alg alg,
                        struct bm_bytes sig)
{
    return c->verify(c->self, &s->key, alg, BM_LIT("abc"), sig);
}

static void a_private_key_survives_its_pem(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P384,
                                              BM_KEY_ED25519, BM_KEY_RSA };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint8_t pem[4096];
        uint8_t sig[BM_SIGNATURE_MAX];
        struct bm_signer *made = NULL;
        struct bm_signer *read = NULL;
        struct bm_wr w;
        size_t n;

        CHECK_STATUS(bm_openssl_signer_generate(types[i], 2048, &made), BM_OK);
        bm_wr_init(&w, pem, sizeof pem);
        CHECK_STATUS(bm_openssl_signer_put_pem(made, &w), BM_OK);
        CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
        CHECK(memcmp(pem, "-----BEGIN PRIVATE KEY-----", 27) == 0);
        CHECK_STATUS(
            bm_openssl_signer_from_pem((struct bm_bytes){ pem, n }, &read),
            BM_OK);
        CHECK(bm_bytes_equal(made->key.der, read->key.der));
        CHECK_STATUS(verify(made, made->alg, sign_with(read, sig)), BM_OK);
        bm_openssl_signer_free(made);
        bm_openssl_signer_free(read);
    }
}

static void what_is_no_private_key_does_not_load(void)
{
    static const char *const texts[] = {
        "",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBKrsc2NXJvIT+4qeZNo7hjLkFJWp\n"
        "RNAEW1IuunJA+tWH2TFXmKqjpboBd1eHztBeqve04J/IHW0apUboNl1SXQ==\n"
        "-----END PUBLIC KEY-----\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bm_bytes text = { (const uint8_t *)texts[i], strlen(texts[i]) };
        struct bm_signer *s = NULL;

        CHECK_STATUS(bm_openssl_signer_from_pem(text, &s),
                     BM_E_KEY_UNSUPPORTED);
        CHECK(s == NULL);
    }
}

/* A service must not stop to ask a terminal that is not there. */
static void an_encrypted_key_does_not_ask(void)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    struct bm_signer *s = NULL;
    char *p = NULL;
    char pass[] = "secret";
    long n;

    CHECK(PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), pass,
                                        sizeof pass - 1, NULL, NULL) == 1);
    n = BIO_get_mem_data(bio, &p);
    CHECK_STATUS(bm_openssl_signer_from_pem(
                     (struct bm_bytes){ (const uint8_t *)p, (size_t)n }, &s),
                 BM_E_KEY_UNSUPPORTED);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static void curves_that_no_profile_has_are_refused(void)
{
    static const char *const curves[] = { "secp256k1", "P-521" };

    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[i]);
        struct bm_signer *s = NULL;

        CHECK_STATUS(bm_openssl_signer_from_pkey(pkey, &s),
                     BM_E_KEY_UNSUPPORTED);
        CHECK(s == NULL);
        EVP_PKEY_free(pkey);
    }
}

/* RFC 5480 2.2 wants the uncompressed form; a key file may say otherwise. */
static void a_compressed_key_is_written_out(void)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    struct bm_signer *s = NULL;

    CHECK(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "compressed") ==
          1);
    CHECK_STATUS(bm_openssl_signer_from_pkey(pkey, &s), BM_OK);
    CHECK(s->key.key.n == 65);
    bm_openssl_signer_free(s);
    EVP_PKEY_free(pkey);
}

static void sizes_of_rsa_keys_are_bounded(void)
{
    struct bm_signer *s = NULL;

    CHECK_STATUS(bm_openssl_signer_generate(BM_KEY_RSA, 1024, &s),
                 BM_E_ARGUMENT);
    CHECK_STATUS(bm_openssl_signer_generate(BM_KEY_RSA, 16384, &s),
                 BM_E_ARGUMENT);
    CHECK_STATUS(bm_openssl_signer_generate(BM_KEY_UNKNOWN, 0, &s),
                 BM_E_KEY_UNSUPPORTED);
    CHECK(s == NULL);
}

static void an_rsa_key_signs_with_every_padding_and_hash(void)
{
    struct bm_signer *s = NULL;
    uint8_t sig_buf[BM_SIGNATURE_MAX];

    CHECK_STATUS(bm_openssl_signer_generate(BM_KEY_RSA, 2048, &s), BM_OK);
    for (int alg = BM_SIG_RSA_SHA256; alg <= BM_SIG_RSA_PSS_SHA512; alg++) {
        struct bm_bytes sig;

        CHECK_STATUS(bm_openssl_signer_use(s, (enum bm_sig_alg)alg), BM_OK);
        CHECK((int)s->alg == alg);
        sig = sign_with(s, sig_buf);
        for (int other = BM_SIG_RSA_SHA256; other <= BM_SIG_RSA_PSS_SHA512;
             other++) {
            CHECK_STATUS(verify(s, (enum bm_sig_alg)other, sig),
                         other == alg ? BM_OK : BM_E_SIGNATURE);
        }
    }
    CHECK_STATUS(bm_openssl_signer_use(s, BM_SIG_ECDSA_SHA256),
                 BM_E_KEY_MISMATCH);
    CHECK_STATUS(bm_openssl_signer_use(s, BM_SIG_UNKNOWN), BM_E_KEY_MISMATCH);
    bm_openssl_signer_free(s);
}

/* Any hash of the table goes with either curve (RFC 5758 3.2). */
static void an_ec_key_signs_with_every_hash(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P384 };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct bm_signer *s = NULL;
        uint8_t sig[BM_SIGNATURE_MAX];

        CHECK_STATUS(bm_openssl_signer_generate(types[i], 0, &s), BM_OK);
        for (int alg = BM_SIG_ECDSA_SHA256; alg <= BM_SIG_ECDSA_SHA512; alg++) {
            CHECK_STATUS(bm_openssl_signer_use(s, (enum bm_sig_alg)alg), BM_OK);
            CHECK_STATUS(verify(s, (enum bm_sig_alg)alg, sign_with(s, sig)),
                         BM_OK);
        }
        bm_openssl_signer_free(s);
    }
}

/* Sign "abc" with a salt of `salt` octets and MGF1 over `mgf1`. */
static struct bm_bytes pss_sign(const struct bm_signer *s, int salt,
                                const EVP_MD *mgf1, uint8_t *buf)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    size_t n = BM_SIGNATURE_MAX;

    CHECK(EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL,
                             bm_openssl_signer_pkey(s)) == 1 &&
          EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1 &&
          EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, mgf1) == 1 &&
          EVP_DigestSign(ctx, buf, &n, (const uint8_t *)"abc", 3) == 1);
    EVP_MD_CTX_free(ctx);
    return (struct bm_bytes){ buf, n };
}

/* core/alg.h: MGF1 with the same hash, salt of its length; no other. */
static void pss_parameters_are_what_the_identifier_says(void)
{
    const struct bm_signer *s = bm_test_signer(BM_KEY_RSA);
    uint8_t buf[BM_SIGNATURE_MAX];
    static const int salts[] = { 0, 20, 31, 33, 64 };

    CHECK_STATUS(
        verify(s, BM_SIG_RSA_PSS_SHA256, pss_sign(s, 32, EVP_sha256(), buf)),
        BM_OK);
    for (size_t i = 0; i < sizeof salts / sizeof salts[0]; i++) {
        CHECK_STATUS(verify(s, BM_SIG_RSA_PSS_SHA256,
                            pss_sign(s, salts[i], EVP_sha256(), buf)),
                     BM_E_SIGNATURE);
    }
    CHECK_STATUS(
        verify(s, BM_SIG_RSA_PSS_SHA256, pss_sign(s, 32, EVP_sha1(), buf)),
        BM_E_SIGNATURE);
}

static void implausible_rsa_keys_are_refused(void)
{
    const struct bm_spki *good = &bm_test_signer(BM_KEY_RSA)->key;
    static uint8_t n[BM_RSA_BITS_MAX / 8 + 1];
    uint8_t e[1] = { 3 };
    struct bm_spki key = { .type = BM_KEY_RSA };

    memcpy(n, good->rsa_n.p, good->rsa_n.n);
    key.rsa_n = (struct bm_bytes){ n, good->rsa_n.n };
    key.rsa_e = good->rsa_e;
    CHECK_STATUS(c->check_key(c->self, &key), BM_OK);
    n[key.rsa_n.n - 1] ^= 1; /* even */
    CHECK(c->check_key(c->self, &key) != BM_OK);
    memset(n, 0xff, sizeof n); /* 2^2048 - 1 has small factors */
    CHECK(c->check_key(c->self, &key) != BM_OK);
    key.rsa_n.n = 128;
    CHECK_STATUS(c->check_key(c->self, &key), BM_E_PATH_WEAK);
    key.rsa_n.n = sizeof n;
    CHECK(c->check_key(c->self, &key) != BM_OK);
    key.rsa_e = (struct bm_bytes){ e, 1 };
    CHECK_STATUS(c->verify(c->self, &key, BM_SIG_RSA_SHA256, BM_LIT("abc"),
                           BM_LIT("signature")),
                 BM_E_SIGNATURE);
}

/* A library older than 3.5 says so; a newer one signs and verifies. */
static void ml_dsa_works_or_is_unsupported(void)
{
    static const enum bm_key_type types[] = { BM_KEY_MLDSA44, BM_KEY_MLDSA65,
                                              BM_KEY_MLDSA87 };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct bm_signer *s = NULL;
        static const uint8_t zeros[2592];
        static const size_t sizes[] = { 1312, 1952, 2592 };
        struct bm_spki key = { .type = types[i], .key = { zeros, sizes[i] } };
        bm_status rc = bm_openssl_signer_generate(types[i], 0, &s);
        uint8_t buf[BM_SIGNATURE_MAX];
        struct bm_bytes sig;

        if (rc == BM_E_CRYPTO_UNSUPPORTED) {
            CHECK(OPENSSL_VERSION_NUMBER < 0x30500000L);
            CHECK_STATUS(c->verify(c->self, &key, bm_sig_alg_for(types[i]),
                                   BM_LIT("abc"), BM_LIT("signature")),
                         BM_E_CRYPTO_UNSUPPORTED);
            CHECK_STATUS(c->check_key(c->self, &key), BM_E_CRYPTO_UNSUPPORTED);
            continue;
        }
        CHECK_STATUS(rc, BM_OK);
        CHECK(s->sign_hash == NULL);
        sig = sign_with(s, buf);
        CHECK_STATUS(verify(s, s->alg, sig), BM_OK);
        buf[100] ^= 1;
        CHECK_STATUS(verify(s, s->alg, sig), BM_E_SIGNATURE);
        bm_openssl_signer_free(s);
    }
}

/* RFC 8032 7.1, test 2; and the same with S + L, which is malleable. */
static void ed25519_is_that_of_rfc_8032(void)
{
    uint8_t key_buf[32];
    uint8_t buf[64];
    struct bm_spki key = { .type = BM_KEY_ED25519 };
    struct bm_bytes sig;

    key.key = bm_hex(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        key_buf, sizeof key_buf);
    sig = bm_hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        buf, sizeof buf);
    CHECK_STATUS(c->verify(c->self, &key, BM_SIG_ED25519, BM_LIT("r"), sig),
                 BM_OK);
    sig = bm_hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "f52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10",
        buf, sizeof buf);
    CHECK_STATUS(c->verify(c->self, &key, BM_SIG_ED25519, BM_LIT("r"), sig),
                 BM_E_SIGNATURE);
    key.key.n--;
    CHECK_STATUS(c->verify(c->self, &key, BM_SIG_ED25519, BM_LIT("r"), sig),
                 BM_E_SIGNATURE);
    CHECK_STATUS(c->check_key(c->self, &key), BM_E_KEY_SIZE);
}

static void freeing_nothing_is_fine(void)
{
    bm_openssl_free(NULL);
    bm_openssl_signer_free(NULL);
}

int main(void)
{
    c = bm_test_crypto();
    RUN(a_private_key_survives_its_pem);
    RUN(what_is_no_private_key_does_not_load);
    RUN(an_encrypted_key_does_not_ask);
    RUN(curves_that_no_profile_has_are_refused);
    RUN(a_compressed_key_is_written_out);
    RUN(sizes_of_rsa_keys_are_bounded);
    RUN(an_rsa_key_signs_with_every_padding_and_hash);
    RUN(an_ec_key_signs_with_every_hash);
    RUN(pss_parameters_are_what_the_identifier_says);
    RUN(implausible_rsa_keys_are_refused);
    RUN(ml_dsa_works_or_is_unsupported);
    RUN(ed25519_is_that_of_rfc_8032);
    RUN(freeing_nothing_is_fine);
    return bm_test_done();
}
