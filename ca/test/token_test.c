/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/token.h"

#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static bm_status hash_of(const char *secret, uint8_t hash[STORE_HASH_SIZE])
{
    return ca_token_hash(
        bm_test_crypto(),
        (struct bm_bytes){ (const uint8_t *)secret, strlen(secret) }, hash);
}

#define SECRET "abcdefghijklmnopqrstuvwxyz234567"

/* As people type and paste it. */
static void a_secret_is_the_same_however_it_is_written(void)
{
    static const char *const same[] = {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "abcd efgh ijkl mnop qrst uvwx yz23 4567",
        "abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567",
        "\t" SECRET "\r\n",
        " aBcDeFgHiJkLmNoPqRsTuVwXyZ234567 ",
    };
    uint8_t want[STORE_HASH_SIZE];
    uint8_t got[STORE_HASH_SIZE];

    CHECK_STATUS(hash_of(SECRET, want), BM_OK);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        CHECK_STATUS(hash_of(same[i], got), BM_OK);
        CHECK_BYTES(got, sizeof got, want, sizeof want);
    }
}

static void the_hash_is_sha256_of_the_characters(void)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    uint8_t want[BM_HASH_MAX];
    uint8_t got[STORE_HASH_SIZE];

    CHECK_STATUS(crypto->hash(crypto->self, BM_HASH_SHA256,
                              (struct bm_bytes){ (const uint8_t *)SECRET, 32 },
                              want),
                 BM_OK);
    CHECK_STATUS(hash_of(SECRET, got), BM_OK);
    CHECK_BYTES(got, sizeof got, want, 32);
}

static void another_secret_is_another(void)
{
    static const char *const other[] = {
        "",
        "a",
        "abcdefghijklmnopqrstuvwxyz23456",
        "abcdefghijklmnopqrstuvwxyz234568",
        "abcdefghijklmnopqrstuvwxyz_34567",
    };
    uint8_t want[STORE_HASH_SIZE];
    uint8_t got[STORE_HASH_SIZE];

    CHECK_STATUS(hash_of(SECRET, want), BM_OK);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        CHECK_STATUS(hash_of(other[i], got), BM_OK);
        CHECK(memcmp(got, want, sizeof got) != 0);
    }
    CHECK_STATUS(hash_of(SECRET "a", got), BM_E_CA_TOKEN);
}

int main(void)
{
    RUN(a_secret_is_the_same_however_it_is_written);
    RUN(the_hash_is_sha256_of_the_characters);
    RUN(another_secret_is_another);
    return bm_test_done();
}
