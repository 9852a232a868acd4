/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_NUMBER_H
#define BM_DEVICE_NUMBER_H

#include <stdint.h>

/* Numbers as records of the log hold them: of 1 to 8 octets, big end first. */

/* The low octets of `value`. */
void bm_number_put(uint8_t *to, unsigned octets, uint64_t value);
uint64_t bm_number_get(const uint8_t *from, unsigned octets);

#endif
