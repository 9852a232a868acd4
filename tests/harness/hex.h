/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_HEX_H
#define BM_TESTS_HARNESS_HEX_H

#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"

/* Test vectors as specifications print them. */

static inline uint8_t bm_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return (uint8_t)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (uint8_t)(c - 'a' + 10);
    }
    printf("Bail out! not a hexadecimal digit\n");
    exit(1);
}

/* Decode lower-case hexadecimal into `buf`; too much ends the program. */
static inline struct bm_bytes bm_hex(const char *text, uint8_t *buf, size_t cap)
{
    size_t n = 0;

    for (; text[0] != '\0'; text += 2) {
        if (n == cap) {
            printf("Bail out! vector longer than its buffer\n");
            exit(1);
        }
        buf[n] = (uint8_t)(bm_hex_digit(text[0]) << 4 | bm_hex_digit(text[1]));
        n++;
    }
    return (struct bm_bytes){ buf, n };
}

#endif
