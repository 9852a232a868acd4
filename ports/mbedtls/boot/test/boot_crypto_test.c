/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bootloader's provider: what it has is right, what it has not is refused.
 * Wycheproof's vectors go through it, too (tests/crypto).
 */
#include "ports/mbedtls/boot/boot_crypto.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/hex.h"
#include "tests/harness/test_crypto.h"
#include "tests/harness/test_signatures.h"

static const struct bm_crypto *c;
static uint8_t point[65];
static struct bm_spki key = { .type = BM_KEY_P256 };
static uint8_t digest[32];

/* The published signature in `buf`, over `digest`. */
static struct bm_bytes good_signature(uint8_t *buf, size_t cap)
{
    key.key = bm_hex(RFC6979_POINT, point, sizeof point);
    CHECK_STATUS(c->hash(c->self, BM_HASH_SHA256, BM_LIT("sample"), digest),
                 BM_OK);
    return bm_hex("30460221" R256 "0221" S256, buf, cap);
}

static bm_status verify(struct bm_bytes signature)
{
    return c->verify_hash(c->self, &key, BM_SIG_ECDSA_SHA256, BM_ARRAY(digest),
                          signature);
}

/* FIPS 180-4, the example of NIST's "abc" */
static void sha_256_is_that_of_fips_180_4(void)
{
    uint8_t want_buf[32];
    uint8_t got[32];
    struct bm_bytes want = bm_hex("ba7816bf8f01cfea414140de5dae2223"
                                  "b00361a396177a9cb410ff61f20015ad",
                                  want_buf, sizeof want_buf);

    CHECK_STATUS(c->hash(c->self, BM_HASH_SHA256, BM_LIT("abc"), got), BM_OK);
    CHECK_BYTES(got, sizeof got, want.p, want.n);
}

static void pieces_hash_like_the_whole(void)
{
    uint8_t message[200];
    uint8_t want[32];
    uint8_t got[32];

    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)i;
    }
    CHECK_STATUS(c->hash(c->self, BM_HASH_SHA256, BM_ARRAY(message), want),
                 BM_OK);
    for (size_t cut = 0; cut <= sizeof message; cut++) {
        struct bm_hash_state s;

        CHECK_STATUS(c->hash_begin(c->self, &s, BM_HASH_SHA256), BM_OK);
        CHECK_STATUS(
            c->hash_more(c->self, &s, (struct bm_bytes){ message, cut }),
            BM_OK);
        CHECK_STATUS(c->hash_more(c->self, &s,
                                  (struct bm_bytes){ message + cut,
                                                     sizeof message - cut }),
                     BM_OK);
        CHECK_STATUS(c->hash_end(c->self, &s, got), BM_OK);
        CHECK_BYTES(got, sizeof got, want, sizeof want);
    }
}

static void a_hash_may_be_abandoned(void)
{
    struct bm_hash_state s;
    uint8_t out[32];

    CHECK_STATUS(c->hash_begin(c->self, &s, BM_HASH_SHA256), BM_OK);
    CHECK_STATUS(c->hash_end(c->self, &s, NULL), BM_OK);
    CHECK_STATUS(c->hash_end(c->self, &s, NULL), BM_OK);
    CHECK_STATUS(c->hash_end(c->self, &s, out), BM_E_ARGUMENT);
    CHECK_STATUS(c->hash_more(c->self, &s, BM_LIT("abc")), BM_E_ARGUMENT);
}

static void a_published_signature_verifies(void)
{
    uint8_t buf[80];
    struct bm_bytes sig = good_signature(buf, sizeof buf);

    CHECK_STATUS(verify(sig), BM_OK);
    digest[31] ^= 1;
    CHECK_STATUS(verify(sig), BM_E_SIGNATURE);
}

static void no_flipped_bit_and_no_other_length_verifies(void)
{
    size_t step = sizeof(void *) < 8 ? 37 : 5; /* fewer in QEMU */
    uint8_t buf[80] = { 0 };
    struct bm_bytes sig = good_signature(buf, sizeof buf);

    for (size_t bit = 0; bit < 8 * sig.n; bit += step) {
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_STATUS(verify(sig), BM_E_SIGNATURE);
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < sizeof buf; n++) {
        CHECK_STATUS(verify((struct bm_bytes){ buf, n }),
                     n == sig.n ? BM_OK : BM_E_SIGNATURE);
    }
}

/* RFC 3279 2.2.3, X.690 10.1 */
static void a_malformed_signature_is_a_wrong_one(void)
{
    for (size_t i = 0; i < MALFORMED; i++) {
        uint8_t buf[100];

        (void)good_signature(buf, sizeof buf);
        bm_check_status(
            (unsigned)verify(bm_hex(malformed[i].sig, buf, sizeof buf)),
            BM_E_SIGNATURE, malformed[i].why, __FILE__, __LINE__);
    }
}

static void points_off_the_curve_are_refused(void)
{
    uint8_t buf[80];
    struct bm_bytes sig = good_signature(buf, sizeof buf);

    for (size_t i = 0; i < POINTS; i++) {
        key.key = bm_hex(bad_points[i], point, sizeof point);
        CHECK_STATUS(verify(sig), BM_E_SIGNATURE);
    }
}

static void everything_else_is_unsupported(void)
{
    const struct bm_crypto *b = &bm_boot_crypto;
    struct bm_hash_state s = { .hash = BM_HASH_SHA256 };
    uint8_t out[BM_HASH_MAX];
    uint8_t buf[80];
    struct bm_bytes sig = good_signature(buf, sizeof buf);

    for (int i = BM_HASH_NONE; i <= BM_HASH_SHA512; i++) {
        if (i != BM_HASH_SHA256) {
            CHECK_STATUS(b->hash_begin(b->self, &s, (enum bm_hash)i),
                         BM_E_CRYPTO_UNSUPPORTED);
            CHECK(s.hash == BM_HASH_NONE);
            CHECK_STATUS(b->hash(b->self, (enum bm_hash)i, BM_LIT("a"), out),
                         BM_E_CRYPTO_UNSUPPORTED);
        }
    }
    for (int i = BM_SIG_UNKNOWN; i <= BM_SIG_MLDSA87; i++) {
        if (i != BM_SIG_ECDSA_SHA256) {
            CHECK_STATUS(b->verify_hash(b->self, &key, (enum bm_sig_alg)i,
                                        BM_ARRAY(digest), sig),
                         BM_E_CRYPTO_UNSUPPORTED);
        }
    }
    key.type = BM_KEY_P384;
    CHECK_STATUS(verify(sig), BM_E_KEY_MISMATCH);
    key.type = BM_KEY_P256;
    CHECK_STATUS(b->verify_hash(b->self, &key, BM_SIG_ECDSA_SHA256,
                                (struct bm_bytes){ digest, 31 }, sig),
                 BM_E_ARGUMENT);
    CHECK_STATUS(
        b->verify(b->self, &key, BM_SIG_ECDSA_SHA256, BM_LIT("sample"), sig),
        BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(b->check_key(b->self, &key), BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(b->random(b->self, out, 1), BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(
        b->hmac(b->self, BM_HASH_SHA256, BM_LIT("k"), BM_LIT("m"), out),
        BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(b->hkdf(b->self, NULL, out, 1), BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(b->seal(b->self, NULL, BM_LIT("plain"), out),
                 BM_E_CRYPTO_UNSUPPORTED);
    CHECK_STATUS(b->open(b->self, NULL, BM_LIT("sealed"), out),
                 BM_E_CRYPTO_UNSUPPORTED);
}

int main(void)
{
    c = bm_test_crypto();
    RUN(sha_256_is_that_of_fips_180_4);
    RUN(pieces_hash_like_the_whole);
    RUN(a_hash_may_be_abandoned);
    RUN(a_published_signature_verifies);
    RUN(no_flipped_bit_and_no_other_length_verifies);
    RUN(a_malformed_signature_is_a_wrong_one);
    RUN(points_off_the_curve_are_refused);
    RUN(everything_else_is_unsupported);
    return bm_test_done();
}
