/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/time.h"
#include "device/renewal.h"

/* "2031-02-03T04:05:06Z" */
#define TEXT_N 20

/* ---- The moment */

/* The key as a fraction of 2^16: spread also where keys differ in few bits
 * (Knuth's multiplier). */
static uint32_t fraction(struct bm_bytes key)
{
    uint32_t f = 0;

    for (size_t i = 0; i < key.n; i++) {
        f = f * 31 + key.p[i];
    }
    return f * UINT32_C(2654435761) >> 16;
}

int64_t bm_renewal_moment(int64_t not_before, int64_t not_after,
                          const struct bm_renewal_window *said,
                          struct bm_bytes key)
{
    int64_t third = (not_after - not_before) / 3;
    int64_t start = not_before + 2 * third;
    uint64_t span = (uint64_t)third / 4;

    if (said != NULL && said->start >= not_before && said->end <= not_after &&
        said->start < said->end) {
        start = said->start;
        span = (uint64_t)(said->end - start);
    }
    /* In two steps of 16 bits: spans of centuries stay below 2^64. */
    return start + (int64_t)((span >> 16) * fraction(key) +
                             ((span & 0xffff) * fraction(key) >> 16));
}

/* ---- What a server says */

static bool is_between(uint8_t c)
{
    return c == '"' || c == ' ' || c == ':' || c == '=';
}

/* The time behind the first `name` that has one. */
static bool find_time(struct bm_bytes text, const char *name, int64_t *t)
{
    size_t n = strlen(name);

    for (size_t i = 0; i + n + TEXT_N <= text.n; i++) {
        size_t at = i + n;

        if (memcmp(text.p + i, name, n) != 0) {
            continue;
        }
        while (at < text.n && is_between(text.p[at])) {
            at++;
        }
        if (text.n - at >= TEXT_N &&
            bm_time_from_text((struct bm_bytes){ text.p + at, TEXT_N }, t) ==
                BM_OK) {
            return true;
        }
    }
    return false;
}

bool bm_renewal_parse(struct bm_bytes text, struct bm_renewal_window *window)
{
    if (find_time(text, "start", &window->start) &&
        find_time(text, "end", &window->end) && window->start < window->end) {
        return true;
    }
    *window = (struct bm_renewal_window){ 0, 0 };
    return false;
}

/* ---- Backing off */

uint32_t bm_backoff(const struct bm_crypto *crypto, unsigned failures)
{
    uint32_t whole = BM_BACKOFF_FLOOR;
    uint8_t octets[4];
    uint32_t part = 0;

    while (failures > 1 && whole < BM_BACKOFF_CAP) {
        whole *= 2;
        failures--;
    }
    if (whole > BM_BACKOFF_CAP) {
        whole = BM_BACKOFF_CAP;
    }
    if (crypto->random(crypto->self, octets, sizeof octets) == BM_OK) {
        memcpy(&part, octets, sizeof part);
    }
    return whole - part % (whole / 2 + 1);
}
