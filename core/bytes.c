/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bytes.h"

#include <string.h>

bool bm_bytes_are(struct bm_bytes b, const void *p, size_t n)
{
    return b.n == n && (n == 0 || memcmp(b.p, p, n) == 0);
}

bool bm_bytes_equal(struct bm_bytes a, struct bm_bytes b)
{
    return bm_bytes_are(a, b.p, b.n);
}

bool bm_bytes_equal_secret(struct bm_bytes a, struct bm_bytes b)
{
    volatile uint8_t difference = 0;

    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        difference = (uint8_t)(difference | (a.p[i] ^ b.p[i]));
    }
    return difference == 0;
}

void bm_wipe(void *p, size_t n)
{
    volatile uint8_t *byte = p;

    while (n != 0) {
        *byte++ = 0;
        n--;
    }
}

void bm_wr_init(struct bm_wr *w, uint8_t *buf, size_t cap)
{
    *w = (struct bm_wr){ buf, cap, 0 };
}

void bm_wr_put(struct bm_wr *w, struct bm_bytes b)
{
    if (b.n != 0 && w->len <= w->cap && b.n <= w->cap - w->len) {
        memcpy(w->buf + w->len, b.p, b.n);
    }
    w->len = b.n > SIZE_MAX - w->len ? SIZE_MAX : w->len + b.n;
}

/* By itself, not by bm_wr_put(): DER is made of single octets. */
void bm_wr_u8(struct bm_wr *w, uint8_t b)
{
    if (w->len < w->cap) {
        w->buf[w->len] = b;
    }
    w->len += w->len != SIZE_MAX;
}

void bm_wr_str(struct bm_wr *w, const char *s)
{
    bm_wr_put(w, (struct bm_bytes){ (const uint8_t *)s, strlen(s) });
}

bm_status bm_wr_finish(const struct bm_wr *w, size_t *len)
{
    *len = w->len;
    return w->len <= w->cap ? BM_OK : BM_E_BUFFER;
}

struct bm_bytes bm_wr_bytes(const struct bm_wr *w)
{
    if (w->len > w->cap) {
        return (struct bm_bytes){ NULL, 0 };
    }
    return (struct bm_bytes){ w->buf, w->len };
}
