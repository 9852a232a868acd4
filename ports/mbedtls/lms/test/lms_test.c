/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/lms/lms.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* RFC 8554 leaves it to the signer what these are. */
static const struct bm_lms_secret secret = {
    "an identifier..", "a seed of thirty-two octets...."
};
static struct bm_lms_signer *signer;
static uint8_t key[BM_LMS_KEY_SIZE];
static uint8_t signature[BM_LMS_SIGNATURE_SIZE];
static const struct bm_bytes message = BM_LIT_INIT("the digest of an image");

static bm_status verify(void)
{
    return bm_lms_verify(key, message, BM_ARRAY(signature));
}

static bm_status sign(uint32_t index)
{
    return bm_lms_sign(signer, bm_test_crypto(), index, message, signature);
}

static void a_key_is_made_of_its_seed_alone(void)
{
    static const uint8_t types[] = { 0, 0, 0, 6, 0, 0, 0, 4 };
    uint8_t again[BM_LMS_KEY_SIZE];
    struct bm_lms_signer *other;

    CHECK_STATUS(bm_lms_signer_new(&secret, &signer), BM_OK);
    CHECK_STATUS(bm_lms_signer_key(signer, key), BM_OK);
    CHECK(memcmp(key, types, sizeof(types)) == 0);
    CHECK(memcmp(key + 8, secret.id, sizeof(secret.id)) == 0);
    CHECK_STATUS(bm_lms_signer_new(&secret, &other), BM_OK);
    CHECK_STATUS(bm_lms_signer_key(other, again), BM_OK);
    CHECK(memcmp(key, again, sizeof(key)) == 0);
    bm_lms_signer_free(other);
}

static void first_and_last_one_time_keys_sign(void)
{
    static const uint32_t indexes[] = { BM_LMS_SIGNATURES - 1, 512, 1, 0 };

    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        CHECK_STATUS(sign(indexes[i]), BM_OK);
        CHECK(signature[2] == indexes[i] >> 8);
        CHECK(signature[3] == (indexes[i] & 0xff));
        CHECK_STATUS(verify(), BM_OK);
    }
    CHECK_STATUS(sign(BM_LMS_SIGNATURES), BM_E_ARGUMENT);
}

static void each_octet_of_a_signature_counts(void)
{
    CHECK_STATUS(sign(7), BM_OK);
    for (size_t i = 0; i < sizeof(signature); i += 3) {
        signature[i] ^= (uint8_t)(1u << i % 8);
        CHECK_STATUS(verify(), BM_E_SIGNATURE);
        signature[i] ^= (uint8_t)(1u << i % 8);
    }
    CHECK_STATUS(verify(), BM_OK);
}

static void each_octet_of_a_key_counts(void)
{
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] ^= (uint8_t)(1u << i % 8);
        CHECK_STATUS(verify(), BM_E_SIGNATURE);
        key[i] ^= (uint8_t)(1u << i % 8);
    }
    CHECK_STATUS(verify(), BM_OK);
}

static void another_message_and_another_length_are_refused(void)
{
    static uint8_t longer[BM_LMS_SIGNATURE_SIZE + 1];

    memcpy(longer, signature, sizeof(signature));
    CHECK_STATUS(bm_lms_verify(key, BM_LIT("another"), BM_ARRAY(signature)),
                 BM_E_SIGNATURE);
    CHECK_STATUS(bm_lms_verify(key, message, BM_ARRAY(longer)), BM_E_SIGNATURE);
    for (size_t n = 0; n < sizeof(signature); n += 97) {
        CHECK_STATUS(
            bm_lms_verify(key, message, (struct bm_bytes){ signature, n }),
            BM_E_SIGNATURE);
    }
}

int main(void)
{
    RUN(a_key_is_made_of_its_seed_alone);
    RUN(first_and_last_one_time_keys_sign);
    RUN(each_octet_of_a_signature_counts);
    RUN(each_octet_of_a_key_counts);
    RUN(another_message_and_another_length_are_refused);
    bm_lms_signer_free(signer);
    return bm_test_done();
}
