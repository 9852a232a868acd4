/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_ELEMENT_FRONT_PSA_CRYPTO_DRIVER_WRAPPERS_H
#define BM_PORTS_MBEDTLS_ELEMENT_FRONT_PSA_CRYPTO_DRIVER_WRAPPERS_H

/*
 * Found by the library's sources in the place of the header of this name, which
 * has no guard and would come a second time: element_psa.h has included it.
 */
#ifndef BM_PORTS_MBEDTLS_ELEMENT_ELEMENT_PSA_H
#error "compiled without -include element_psa.h"
#endif

#endif
