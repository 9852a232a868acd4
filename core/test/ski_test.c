/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crypto.h"
#include "tests/harness/bm_test.h"

/* A provider whose hashes count up, and which says what it was asked. */
struct asked {
    enum bm_hash hash;
    struct bm_bytes message;
    bm_status answer;
};

static bm_status count_up(void *self, enum bm_hash hash,
                          struct bm_bytes message, uint8_t *out)
{
    struct asked *asked = self;

    asked->hash = hash;
    asked->message = message;
    for (size_t i = 0; i < bm_hash_len(hash); i++) {
        out[i] = (uint8_t)(i + 1);
    }
    return asked->answer;
}

static const struct {
    enum bm_ski_method method;
    enum bm_hash hash;
} methods[] = {
    { BM_SKI_SHA1, BM_HASH_SHA1 },      /* RFC 5280 4.2.1.2 (1) */
    { BM_SKI_RFC7093, BM_HASH_SHA256 }, /* RFC 7093 2 (1) */
};

static void an_identifier_is_the_start_of_the_hash_of_the_key_bits(void)
{
    static const uint8_t point[65] = { 0x04 };

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct asked asked = { BM_HASH_NONE, { NULL, 0 }, BM_OK };
        struct bm_crypto crypto = { .self = &asked, .hash = count_up };
        struct bm_spki key = { .key = BM_ARRAY(point) };
        uint8_t ski[BM_SKI_SIZE];

        CHECK_STATUS(bm_ski_make(&crypto, methods[i].method, &key, ski), BM_OK);
        CHECK(asked.hash == methods[i].hash);
        CHECK(asked.message.p == point && asked.message.n == sizeof point);
        CHECK(ski[0] == 1 && ski[BM_SKI_SIZE - 1] == BM_SKI_SIZE);
    }
}

static void a_failed_hash_leaves_zeros(void)
{
    struct asked asked = { BM_HASH_NONE, { NULL, 0 }, BM_E_CRYPTO };
    struct bm_crypto crypto = { .self = &asked, .hash = count_up };
    struct bm_spki key = { .type = BM_KEY_UNKNOWN };
    static const uint8_t zero[BM_SKI_SIZE];
    uint8_t ski[BM_SKI_SIZE];

    memset(ski, 0xff, sizeof ski);
    CHECK_STATUS(bm_ski_make(&crypto, BM_SKI_SHA1, &key, ski), BM_E_CRYPTO);
    CHECK_BYTES(ski, sizeof ski, zero, sizeof zero);
}

int main(void)
{
    RUN(an_identifier_is_the_start_of_the_hash_of_the_key_bits);
    RUN(a_failed_hash_leaves_zeros);
    return bm_test_done();
}
