/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signatures: what every provider accepts, and how it refuses. One table of
 * key types; a row that the platform has no key of is passed over, P-256 it
 * must have.
 */
#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"
#include "tests/harness/test_signatures.h"

static const struct bm_crypto *c;

static const enum bm_key_type types[] = {
    BM_KEY_P256,
    BM_KEY_P384,
    BM_KEY_ED25519,
    BM_KEY_RSA,
};
#define TYPES (sizeof types / sizeof types[0])

static struct bm_bytes sign(const struct bm_signer *s, struct bm_bytes message,
                            uint8_t *buf, size_t cap)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, cap);
    CHECK_STATUS(s->sign(s->self, message, &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    return bm_wr_bytes(&w);
}

static bm_status verify(const struct bm_signer *s, struct bm_bytes message,
                        struct bm_bytes signature)
{
    return c->verify(c->self, &s->key, s->alg, message, signature);
}

static void there_is_a_p256_key(void)
{
    CHECK(bm_test_signer(BM_KEY_P256) != NULL);
    CHECK(bm_test_signer(BM_KEY_UNKNOWN) == NULL);
    for (size_t i = 0; i < BM_TEST_P256_KEYS; i++) {
        const struct bm_signer *s = bm_test_signer_nth(BM_KEY_P256, i);

        CHECK(s != NULL);
        for (size_t k = 0; k < i; k++) {
            const struct bm_signer *other = bm_test_signer_nth(BM_KEY_P256, k);

            CHECK(!bm_bytes_equal(s->key.key, other->key.key));
        }
    }
    CHECK(bm_test_signer_nth(BM_KEY_P256, BM_TEST_P256_KEYS) == NULL);
}

/* The public half is what RFC 5280 wants to see, to the last octet. */
static void a_signer_knows_its_public_key(void)
{
    for (size_t i = 0; i < TYPES; i++) {
        const struct bm_signer *s = bm_test_signer(types[i]);
        struct bm_spki key;
        struct bm_wr w;
        uint8_t buf[600];
        size_t n;

        if (s == NULL) {
            continue;
        }
        CHECK(s->key.type == types[i]);
        CHECK(s->alg == bm_sig_alg_for(types[i]));
        CHECK_STATUS(bm_spki_parse(s->key.der, NULL, &key), BM_OK);
        CHECK(key.key.p == s->key.key.p && key.key.n == s->key.key.n);
        bm_wr_init(&w, buf, sizeof buf);
        bm_spki_put(&w, types[i], s->key.key);
        CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
        CHECK_BYTES(buf, n, s->key.der.p, s->key.der.n);
        CHECK_STATUS(c->check_key(c->self, &s->key), BM_OK);
    }
}

static void what_is_signed_verifies(void)
{
    const struct bm_bytes messages[] = { { NULL, 0 },
                                         BM_LIT("a"),
                                         BM_LIT("a longer message") };

    for (size_t i = 0; i < TYPES; i++) {
        const struct bm_signer *s = bm_test_signer(types[i]);
        uint8_t buf[BM_SIGNATURE_MAX];

        for (size_t k = 0; s != NULL && k < 3; k++) {
            struct bm_bytes sig = sign(s, messages[k], buf, sizeof buf);

            CHECK_STATUS(verify(s, messages[k], sig), BM_OK);
            CHECK_STATUS(verify(s, BM_LIT("another"), sig), BM_E_SIGNATURE);
        }
    }
}

static void another_key_does_not_verify(void)
{
    const struct bm_signer *a = bm_test_signer_nth(BM_KEY_P256, 0);
    const struct bm_signer *b = bm_test_signer_nth(BM_KEY_P256, 1);
    uint8_t buf[BM_SIGNATURE_MAX];
    struct bm_bytes sig = sign(a, BM_LIT("abc"), buf, sizeof buf);

    /* The provider keeps key objects: they must not remember. */
    CHECK_STATUS(verify(a, BM_LIT("abc"), sig), BM_OK);
    CHECK_STATUS(verify(b, BM_LIT("abc"), sig), BM_E_SIGNATURE);
    CHECK_STATUS(verify(a, BM_LIT("abc"), sig), BM_OK);
}

static void a_hash_signs_and_verifies_like_its_message(void)
{
    for (size_t i = 0; i < TYPES; i++) {
        const struct bm_signer *s = bm_test_signer(types[i]);
        uint8_t digest_buf[BM_HASH_MAX];
        uint8_t buf[BM_SIGNATURE_MAX];
        struct bm_bytes digest;
        struct bm_bytes sig;
        struct bm_wr w;

        if (s == NULL) {
            continue;
        }
        digest = (struct bm_bytes){ digest_buf,
                                    bm_hash_len(bm_sig_alg_hash(s->alg)) };
        if (digest.n == 0) {
            CHECK(s->sign_hash == NULL);
            CHECK_STATUS(c->verify_hash(c->self, &s->key, s->alg,
                                        BM_LIT("0123456789abcdef"),
                                        BM_LIT("signature")),
                         BM_E_ARGUMENT);
            continue;
        }
        CHECK_STATUS(c->hash(c->self, bm_sig_alg_hash(s->alg), BM_LIT("abc"),
                             digest_buf),
                     BM_OK);
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(s->sign_hash(s->self, digest, &w), BM_OK);
        sig = bm_wr_bytes(&w);
        CHECK_STATUS(verify(s, BM_LIT("abc"), sig), BM_OK);
        CHECK_STATUS(c->verify_hash(c->self, &s->key, s->alg, digest, sig),
                     BM_OK);
        digest_buf[0] ^= 1;
        CHECK_STATUS(c->verify_hash(c->self, &s->key, s->alg, digest, sig),
                     BM_E_SIGNATURE);
        digest.n--;
        CHECK_STATUS(c->verify_hash(c->self, &s->key, s->alg, digest, sig),
                     BM_E_ARGUMENT);
        CHECK_STATUS(s->sign_hash(s->self, digest, &w), BM_E_ARGUMENT);
    }
}

static void a_signature_is_appended(void)
{
    const struct bm_signer *s = bm_test_signer(BM_KEY_P256);
    uint8_t buf[100];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, sizeof buf);
    bm_wr_str(&w, "head");
    CHECK_STATUS(s->sign(s->self, BM_LIT("abc"), &w), BM_OK);
    CHECK(memcmp(buf, "head", 4) == 0);
    CHECK_STATUS(
        verify(s, BM_LIT("abc"), (struct bm_bytes){ buf + 4, w.len - 4 }),
        BM_OK);
    bm_wr_init(&w, buf, 60); /* room for less than a signature */
    CHECK_STATUS(s->sign(s->self, BM_LIT("abc"), &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_E_BUFFER);
}

static void algorithms_stay_with_their_keys(void)
{
    for (size_t i = 0; i < TYPES; i++) {
        const struct bm_signer *s = bm_test_signer(types[i]);
        uint8_t buf[BM_SIGNATURE_MAX];
        struct bm_bytes sig;

        if (s == NULL) {
            continue;
        }
        sig = sign(s, BM_LIT("abc"), buf, sizeof buf);
        for (int alg = BM_SIG_UNKNOWN; alg <= BM_SIG_MLDSA87; alg++) {
            enum bm_sig_alg a = (enum bm_sig_alg)alg;
            bm_status rc = c->verify(c->self, &s->key, a, BM_LIT("abc"), sig);

            if (a == s->alg) {
                CHECK_STATUS(rc, BM_OK);
            } else if (!bm_sig_alg_fits(a, types[i])) {
                CHECK_STATUS(rc, BM_E_KEY_MISMATCH);
            } else {
                CHECK(rc == BM_E_SIGNATURE || rc == BM_E_CRYPTO_UNSUPPORTED);
            }
        }
    }
}

/* All bits where a verification is quick; P-384 and QEMU: some. */
static void no_flipped_bit_verifies(void)
{
    for (size_t i = 0; i < TYPES; i++) {
        const struct bm_signer *s = bm_test_signer(types[i]);
        size_t step = types[i] == BM_KEY_P384 ? 9 : sizeof(void *) < 8 ? 5 : 1;
        uint8_t buf[BM_SIGNATURE_MAX];
        struct bm_bytes sig;

        if (s == NULL) {
            continue;
        }
        sig = sign(s, BM_LIT("abc"), buf, sizeof buf);
        for (size_t bit = 0; bit < 8 * sig.n; bit += step) {
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_STATUS(verify(s, BM_LIT("abc"), sig), BM_E_SIGNATURE);
            buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        CHECK_STATUS(verify(s, BM_LIT("abc"), sig), BM_OK);
    }
}

static void no_prefix_and_no_longer_signature_verifies(void)
{
    for (size_t i = 0; i < TYPES; i++) {
        const struct bm_signer *s = bm_test_signer(types[i]);
        uint8_t buf[BM_SIGNATURE_MAX + 1] = { 0 };
        struct bm_bytes sig;

        if (s == NULL) {
            continue;
        }
        sig = sign(s, BM_LIT("abc"), buf, BM_SIGNATURE_MAX);
        for (size_t n = 0; n < sig.n; n++) {
            CHECK_STATUS(
                verify(s, BM_LIT("abc"), (struct bm_bytes){ sig.p, n }),
                BM_E_SIGNATURE);
        }
        CHECK_STATUS(
            verify(s, BM_LIT("abc"), (struct bm_bytes){ sig.p, sig.n + 1 }),
            BM_E_SIGNATURE);
        CHECK_STATUS(verify(s, BM_LIT("abc"),
                            (struct bm_bytes){ buf, BM_SIGNATURE_MAX + 1 }),
                     BM_E_SIGNATURE);
    }
}

static struct bm_spki rfc6979_key(uint8_t point[65])
{
    struct bm_spki key = { .type = BM_KEY_P256 };

    key.key = bm_hex(RFC6979_POINT, point, 65);
    return key;
}

static void a_published_signature_verifies(void)
{
    static const struct {
        enum bm_sig_alg alg;
        const char *sig;
    } rows[] = {
        { BM_SIG_ECDSA_SHA256, "30460221" R256 "0221" S256 },
        { BM_SIG_ECDSA_SHA384,
          "3044"
          "0220"
          "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
          "0220"
          "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954" },
        { BM_SIG_ECDSA_SHA512,
          "3045"
          "022100"
          "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
          "0220"
          "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe" },
    };
    uint8_t point[65];
    struct bm_spki key = rfc6979_key(point);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t buf[80];
        struct bm_bytes sig = bm_hex(rows[i].sig, buf, sizeof buf);
        bm_status rc =
            c->verify(c->self, &key, rows[i].alg, BM_LIT("sample"), sig);

        if (i == 0 || rc != BM_E_CRYPTO_UNSUPPORTED) {
            CHECK_STATUS(rc, BM_OK);
        }
    }
}

static void a_malformed_signature_is_a_wrong_one(void)
{
    uint8_t point[65];
    struct bm_spki key = rfc6979_key(point);

    for (size_t i = 0; i < MALFORMED; i++) {
        uint8_t buf[100];
        struct bm_bytes sig = bm_hex(malformed[i].sig, buf, sizeof buf);
        bm_status rc = c->verify(c->self, &key, BM_SIG_ECDSA_SHA256,
                                 BM_LIT("sample"), sig);

        bm_check_status((unsigned)rc, BM_E_SIGNATURE, malformed[i].why,
                        __FILE__, __LINE__);
    }
}

static void points_off_the_curve_are_refused(void)
{
    uint8_t good_point[65];
    struct bm_spki good = rfc6979_key(good_point);
    uint8_t sig_buf[80];
    struct bm_bytes sig =
        bm_hex("30460221" R256 "0221" S256, sig_buf, sizeof sig_buf);

    for (size_t i = 0; i < POINTS; i++) {
        uint8_t point[65];
        struct bm_spki key = { .type = BM_KEY_P256 };

        key.key = bm_hex(bad_points[i], point, sizeof point);
        CHECK_STATUS(c->check_key(c->self, &key), BM_E_KEY_POINT);
        CHECK_STATUS(c->verify(c->self, &key, BM_SIG_ECDSA_SHA256,
                               BM_LIT("sample"), sig),
                     BM_E_SIGNATURE);
        /* and the good key is still good */
        CHECK_STATUS(c->verify(c->self, &good, BM_SIG_ECDSA_SHA256,
                               BM_LIT("sample"), sig),
                     BM_OK);
    }
}

static void unknown_keys_are_refused(void)
{
    struct bm_spki key = { .type = BM_KEY_UNKNOWN };

    CHECK_STATUS(c->check_key(c->self, &key), BM_E_KEY_UNSUPPORTED);
    CHECK_STATUS(
        c->verify(c->self, &key, BM_SIG_ECDSA_SHA256, BM_LIT("a"), BM_LIT("b")),
        BM_E_KEY_MISMATCH);
    CHECK_STATUS(
        c->verify(c->self, &key, BM_SIG_UNKNOWN, BM_LIT("a"), BM_LIT("b")),
        BM_E_KEY_MISMATCH);
}

int main(void)
{
    c = bm_test_crypto();
    RUN(there_is_a_p256_key);
    RUN(a_signer_knows_its_public_key);
    RUN(what_is_signed_verifies);
    RUN(another_key_does_not_verify);
    RUN(a_hash_signs_and_verifies_like_its_message);
    RUN(a_signature_is_appended);
    RUN(algorithms_stay_with_their_keys);
    RUN(no_flipped_bit_verifies);
    RUN(no_prefix_and_no_longer_signature_verifies);
    RUN(a_published_signature_verifies);
    RUN(a_malformed_signature_is_a_wrong_one);
    RUN(points_off_the_curve_are_refused);
    RUN(unknown_keys_are_refused);
    return bm_test_done();
}
