/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_noise.h"

#include "ports/mbedtls/mbedtls.h"
#include "tests/harness/bm_test.h"

/* A source that looks well, and dies when it is told to. */
struct source {
    struct bm_noise noise;
    uint32_t state;
    size_t taken;
    size_t dies_at;
    bm_status broken;
};

static bm_status read_source(void *self, uint8_t *out, size_t n)
{
    struct source *s = self;

    if (s->broken != BM_OK) {
        return s->broken;
    }
    for (size_t i = 0; i < n; i++) {
        if (s->taken++ < s->dies_at) {
            s->state = s->state * 1664525u + 1013904223u;
        }
        out[i] = (uint8_t)(s->state >> 24);
    }
    return BM_OK;
}

static struct source source;
static struct bm_mbedtls_noise noise;

static void begin(uint16_t claim)
{
    source = (struct source){
        { &source, read_source, claim }, 1, 0, SIZE_MAX, BM_OK
    };
}

static void a_seed_takes_as_many_samples_as_the_claim_demands(void)
{
    static const struct {
        uint16_t claim;
        size_t digest; /* samples of 320 bits */
    } cases[] = { { 2048, 40 }, { 256, 320 }, { 128, 640 }, { 300, 274 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t before;

        begin(cases[i].claim);
        CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise), BM_OK);
        /* 256 bits and a nonce are two digests or three. */
        CHECK(source.taken >= BM_ENTROPY_STARTUP + 2 * cases[i].digest);
        CHECK((source.taken - BM_ENTROPY_STARTUP) % cases[i].digest == 0);
        before = source.taken;
        CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_OK);
        CHECK(source.taken >= before + cases[i].digest);
        bm_mbedtls_noise_close(&noise);
    }
}

static void what_comes_out_follows_from_all_samples(void)
{
    uint8_t a[3][40], b[1500], c[1500];

    /* The same, the same, and one that differs in what came last. */
    for (size_t i = 0; i < 3; i++) {
        begin(512);
        CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise), BM_OK);
        if (i == 2) {
            source.state ^= 1u << 24;
        }
        CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_OK);
        CHECK_STATUS(bm_mbedtls_noise_random(&noise, a[i], sizeof a[i]), BM_OK);
    }
    CHECK_BYTES(a[0], sizeof a[0], a[1], sizeof a[1]);
    CHECK(memcmp(a[0], a[2], sizeof a[0]) != 0);

    /* More than the generator gives at once; all of it is new. */
    memset(b, 0, sizeof b);
    CHECK_STATUS(bm_mbedtls_noise_random(&noise, b, sizeof b), BM_OK);
    CHECK_STATUS(bm_mbedtls_noise_random(&noise, c, sizeof c), BM_OK);
    CHECK(memcmp(b, c, 32) != 0 && memcmp(b + 1024, c + 1024, 32) != 0);
    CHECK(memcmp(b, b + 1024, 32) != 0);
    CHECK_STATUS(bm_mbedtls_noise_random(&noise, b, 0), BM_OK);
}

static void after_a_failed_test_there_is_no_randomness(void)
{
    uint8_t out[16], zero[16] = { 0 };

    begin(512);
    CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise), BM_OK);
    source.dies_at = source.taken + 60;
    CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_E_ENTROPY_REPEAT);
    memset(out, 1, sizeof out);
    CHECK_STATUS(bm_mbedtls_noise_random(&noise, out, sizeof out),
                 BM_E_ENTROPY_REPEAT);
    CHECK_BYTES(out, sizeof out, zero, sizeof zero);
    /* It is well again, but nobody has looked. */
    source.dies_at = SIZE_MAX;
    CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_E_ENTROPY_REPEAT);
    CHECK_STATUS(bm_mbedtls_noise_random(&noise, out, sizeof out),
                 BM_E_ENTROPY_REPEAT);
    bm_mbedtls_noise_close(&noise);
    CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise), BM_OK);
    CHECK_STATUS(bm_mbedtls_noise_random(&noise, out, sizeof out), BM_OK);
}

static void a_source_that_dies_early_gives_no_generator(void)
{
    /* In the start-up test, and in the samples of the first seed. */
    static const size_t dies_at[] = { 500, BM_ENTROPY_STARTUP + 50 };
    uint8_t out[16];

    for (size_t i = 0; i < 2; i++) {
        begin(512);
        source.dies_at = dies_at[i];
        CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise),
                     BM_E_ENTROPY_REPEAT);
        CHECK_STATUS(bm_mbedtls_noise_random(&noise, out, sizeof out),
                     BM_E_ENTROPY_REPEAT);
        bm_mbedtls_noise_close(&noise);
    }
}

static void a_source_that_cannot_be_read_is_read_again(void)
{
    begin(512);
    CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise), BM_OK);
    source.broken = BM_E_FLASH_POWER;
    CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_E_RANDOM);
    source.broken = BM_OK;
    CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_OK);
}

static void psa_makes_no_key_of_bad_noise(void)
{
    static const struct bm_mbedtls_port port = { bm_mbedtls_noise_random,
                                                 &noise };
    static struct bm_mbedtls_signer signer;
    struct bm_crypto crypto;
    uint8_t out[8];

    begin(512);
    CHECK_STATUS(bm_mbedtls_noise_open(&noise, &source.noise), BM_OK);
    CHECK_STATUS(bm_mbedtls_open(&port, &crypto), BM_OK);
    CHECK_STATUS(crypto.random(crypto.self, out, sizeof out), BM_OK);
    CHECK_STATUS(bm_mbedtls_signer_generate(&signer), BM_OK);
    bm_mbedtls_signer_close(&signer);
    source.dies_at = source.taken + 1;
    CHECK_STATUS(bm_mbedtls_noise_fresh(&noise), BM_E_ENTROPY_REPEAT);
    CHECK_STATUS(crypto.random(crypto.self, out, sizeof out), BM_E_RANDOM);
    CHECK_STATUS(bm_mbedtls_signer_generate(&signer), BM_E_CRYPTO);
    CHECK(signer.signer.sign == NULL);
    bm_mbedtls_close(&crypto);
    bm_mbedtls_noise_close(&noise);
}

int main(void)
{
    RUN(a_seed_takes_as_many_samples_as_the_claim_demands);
    RUN(what_comes_out_follows_from_all_samples);
    RUN(after_a_failed_test_there_is_no_randomness);
    RUN(a_source_that_dies_early_gives_no_generator);
    RUN(a_source_that_cannot_be_read_is_read_again);
    RUN(psa_makes_no_key_of_bad_noise);
    return bm_test_done();
}
