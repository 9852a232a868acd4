/* SPDX-License-Identifier: Apache-2.0 */

/* Secrets as text that people copy by hand. */
#include "keys/internal.h"

/* All ones where a < b, for small numbers; as all of this, without a branch
 * or a table that is looked up by a secret. */
static uint32_t below(uint32_t a, uint32_t b)
{
    return 0 - ((a - b) >> 31);
}

static uint8_t to_digit(uint32_t d)
{
    return (uint8_t)('0' + d + (below(9, d) & ('a' - '0' - 10)));
}

/* 16 for what is none. */
static uint32_t from_digit(uint8_t c)
{
    uint32_t number = (uint8_t)(c - '0');
    uint32_t letter = (uint8_t)((c | 0x20) - 'a');
    uint32_t is_number = below(number, 10);
    uint32_t is_letter = below(letter, 6);

    return (number & is_number) | ((letter + 10) & is_letter) |
           (16 & ~is_number & ~is_letter);
}

void text_put_row(struct bm_wr *w, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i != 0 && i % 2 == 0) {
            bm_wr_u8(w, ' ');
        }
        bm_wr_u8(w, to_digit(p[i] >> 4));
        bm_wr_u8(w, to_digit(p[i] & 15));
    }
    bm_wr_u8(w, '\n');
}

bool text_is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

void text_skip_space(struct bm_bytes *text)
{
    while (text->n != 0 && text_is_space(*text->p)) {
        text->p++;
        text->n--;
    }
}

uint8_t text_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool text_take_words(struct bm_bytes *text, const char *words)
{
    for (; *words != '\0'; words++) {
        text_skip_space(text);
        if (*words == ' ') {
            continue;
        }
        if (text->n == 0 || text_lower(*text->p) != (uint8_t)*words) {
            return false;
        }
        text->p++;
        text->n--;
    }
    return true;
}

bool text_take_octets(struct bm_bytes *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        uint32_t d;

        text_skip_space(text);
        d = text->n == 0 ? 16 : from_digit(*text->p);
        if (d > 15) {
            return false;
        }
        out[i / 2] = (uint8_t)(i % 2 == 0 ? d << 4 : out[i / 2] | d);
        text->p++;
        text->n--;
    }
    return true;
}
