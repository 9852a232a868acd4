/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_AN505_CLIENT_H
#define BM_PORTS_MPS2_AN505_CLIENT_H

#include "ports/mbedtls/element/element.h"
#include "ports/mbedtls/mbedtls.h"

/*
 * The secure world as the program sees it: an element for
 * bm_element_open(), with the keys AN505_FIRST_KEY and following (secure.h),
 * and a port of randomness for bm_mbedtls_open().
 */
extern const struct bm_element an505_element;
extern const struct bm_mbedtls_port an505_port;

#endif
