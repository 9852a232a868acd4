/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_LMS_BM_LMS_PSA_CONFIG_H
#define BM_PORTS_MBEDTLS_LMS_BM_LMS_PSA_CONFIG_H

#define PSA_WANT_ALG_SHA_256 1

#endif
