/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/lms/lms.h"
#include "ports/mbedtls/lms/test/lms_sample.h"
#include "tests/harness/bm_test.h"

static const struct bm_bytes message = BM_LIT_INIT("the digest of an image");
static uint8_t signature[BM_LMS_SIGNATURE_SIZE];

static void a_signature_is_verified_on_a_device(void)
{
    memcpy(signature, sample_signature, sizeof(signature));
    CHECK_STATUS(bm_lms_verify(sample_key, message, BM_ARRAY(signature)),
                 BM_OK);
    CHECK_STATUS(
        bm_lms_verify(sample_key, BM_LIT("another"), BM_ARRAY(signature)),
        BM_E_SIGNATURE);
}

static void each_part_of_it_counts(void)
{
    /* index, type, randomiser, first and last chain, type, path */
    static const size_t parts[] = { 3, 7, 8, 40, 1127, 1131, 1132, 1451 };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        signature[parts[i]] ^= 1;
        CHECK_STATUS(bm_lms_verify(sample_key, message, BM_ARRAY(signature)),
                     BM_E_SIGNATURE);
        signature[parts[i]] ^= 1;
    }
}

int main(void)
{
    RUN(a_signature_is_verified_on_a_device);
    RUN(each_part_of_it_counts);
    return bm_test_done();
}
