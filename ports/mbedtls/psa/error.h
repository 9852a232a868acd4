/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_PSA_ERROR_H
#define BM_PORTS_MBEDTLS_PSA_ERROR_H

/* The status codes that all PSA interfaces share (PSA Certified Status code
 * API 1.0), under the name that Mbed TLS asks for them by. */
#include <psa/crypto_types.h>
#include <psa/crypto_values.h>

#endif
