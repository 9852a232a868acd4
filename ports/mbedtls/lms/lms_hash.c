/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Mbed TLS's lms.c and lmots.c ask of the library around them: SHA-256
 * through PSA, and errors translated. Without PSA there is one hash and no
 * key store; the functions below are all of it.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <common.h> /* of the library, as its own sources do */
#include <mbedtls/platform_util.h>

#include <mbedtls/lms.h>
#include <mbedtls/platform.h>
#include <mbedtls/sha256.h>
#include <psa/crypto.h>
#include <psa_util_internal.h>

static mbedtls_sha256_context *context(psa_hash_operation_t *op)
{
    return &op->ctx.mbedtls_ctx.ctx.sha256;
}

psa_status_t psa_hash_setup(psa_hash_operation_t *operation,
                            psa_algorithm_t alg)
{
    if (alg != PSA_ALG_SHA_256) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    operation->id = 1;
    return mbedtls_sha256_starts(context(operation), 0) == 0
               ? PSA_SUCCESS
               : PSA_ERROR_GENERIC_ERROR;
}

psa_status_t psa_hash_update(psa_hash_operation_t *operation,
                             const uint8_t *input, size_t input_length)
{
    if (operation->id != 1) {
        return PSA_ERROR_BAD_STATE;
    }
    return mbedtls_sha256_update(context(operation), input, input_length) == 0
               ? PSA_SUCCESS
               : PSA_ERROR_GENERIC_ERROR;
}

psa_status_t psa_hash_finish(psa_hash_operation_t *operation, uint8_t *hash,
                             size_t hash_size, size_t *hash_length)
{
    if (operation->id != 1 || hash_size < PSA_HASH_LENGTH(PSA_ALG_SHA_256)) {
        return PSA_ERROR_BAD_STATE;
    }
    operation->id = 0;
    *hash_length = PSA_HASH_LENGTH(PSA_ALG_SHA_256);
    return mbedtls_sha256_finish(context(operation), hash) == 0
               ? PSA_SUCCESS
               : PSA_ERROR_GENERIC_ERROR;
}

psa_status_t psa_hash_abort(psa_hash_operation_t *operation)
{
    operation->id = 0;
    return PSA_SUCCESS;
}

const mbedtls_error_pair_t psa_to_lms_errors[3] = { { 0, 0 } };

/* 0 stays 0, and what else it is nobody asks. */
int psa_status_to_mbedtls(psa_status_t status,
                          const mbedtls_error_pair_t *local_translations,
                          size_t local_errors_num,
                          int (*fallback_f)(psa_status_t))
{
    (void)local_translations;
    (void)local_errors_num;
    (void)fallback_f;
    return status == PSA_SUCCESS ? 0 : MBEDTLS_ERR_LMS_VERIFY_FAILED;
}

int psa_generic_status_to_mbedtls(psa_status_t status)
{
    return status == PSA_SUCCESS ? 0 : MBEDTLS_ERR_LMS_VERIFY_FAILED;
}

void mbedtls_zeroize_and_free(void *buf, size_t len)
{
    if (buf != NULL) {
        mbedtls_platform_zeroize(buf, len);
        mbedtls_free(buf);
    }
}
