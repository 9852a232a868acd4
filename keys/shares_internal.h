/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_SHARES_INTERNAL_H
#define BM_KEYS_SHARES_INTERNAL_H

#include "keys/shares.h"

/*
 * shares_field.c: polynomials over GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
 * Time depends on no value, only on how many there are and on the numbers of
 * shares, which are public.
 */
uint8_t field_mul(uint8_t a, uint8_t b);
uint8_t field_inverse(uint8_t a); /* of 0: 0 */

/*
 * The polynomial through the points (point[i]->x, value), of lowest degree, at
 * `at`; octet by octet. The numbers x are different from each other.
 */
void field_interpolate(const struct bm_share *const *point, size_t count,
                       uint8_t at, uint8_t value[BM_SHARE_VALUE_SIZE]);

#endif
