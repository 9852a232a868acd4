/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/sensor-node/moment.h"

#include <string.h>

/* Seconds that have a meaning in certificates: to the end of the year 9999. */
#define TIME_DIGITS_MAX 12

void moment_put_nonce(struct bm_wr *w, const uint8_t nonce[MOMENT_NONCE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < MOMENT_NONCE; i++) {
        bm_wr_u8(w, (uint8_t)digits[nonce[i] >> 4]);
        bm_wr_u8(w, (uint8_t)digits[nonce[i] & 15]);
    }
}

/* Moves `*text` behind `what`, or is false. */
static bool skip(struct bm_bytes *text, struct bm_bytes what)
{
    if (text->n < what.n || memcmp(text->p, what.p, what.n) != 0) {
        return false;
    }
    text->p += what.n;
    text->n -= what.n;
    return true;
}

static bool take_digits(struct bm_bytes *text, int64_t *value)
{
    size_t digits = 0;

    *value = 0;
    while (text->n != 0 && text->p[0] >= '0' && text->p[0] <= '9') {
        if (++digits > TIME_DIGITS_MAX) {
            return false;
        }
        *value = 10 * *value + (text->p[0] - '0');
        text->p++;
        text->n--;
    }
    return digits != 0;
}

bool moment_parse(struct bm_bytes text, const uint8_t nonce[MOMENT_NONCE],
                  int64_t *time)
{
    uint8_t hex[2 * MOMENT_NONCE];
    struct bm_wr w;

    bm_wr_init(&w, hex, sizeof hex);
    moment_put_nonce(&w, nonce);
    if (!skip(&text, BM_LIT("{\"nonce\":\"")) || !skip(&text, BM_ARRAY(hex)) ||
        !skip(&text, BM_LIT("\",\"time\":")) || !take_digits(&text, time) ||
        !skip(&text, BM_LIT("}"))) {
        return false;
    }
    return text.n == 0 || bm_bytes_are(text, "\n", 1);
}
