/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include <string.h>

int bm_der_set_order(struct bm_bytes a, struct bm_bytes b)
{
    size_t common = a.n < b.n ? a.n : b.n;
    int order = common == 0 ? 0 : memcmp(a.p, b.p, common);

    if (order != 0 || a.n == b.n) {
        return order;
    }
    return a.n < b.n ? -1 : 1;
}

static bm_status take_whole(struct bm_der *d, struct bm_bytes *element)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;
    uint8_t tag;

    BM_TRY(bm_der_take_any(d, &tag, &body));
    *element = (struct bm_bytes){ start, (size_t)(d->p - start) };
    return BM_OK;
}

bm_status bm_der_check_set(const struct bm_der *set)
{
    struct bm_der rest = *set;
    struct bm_bytes last = { NULL, 0 };
    struct bm_bytes element;

    if (bm_der_left(set) == 0) {
        return bm_der_fail(set, BM_E_DER_EMPTY);
    }
    while (bm_der_left(&rest) != 0) {
        BM_TRY(take_whole(&rest, &element));
        if (bm_der_set_order(last, element) > 0) {
            return bm_der_fail_at(set, element.p, BM_E_DER_SET_ORDER);
        }
        last = element;
    }
    return BM_OK;
}

static void reverse(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t swap = p[i];

        p[i] = p[n - 1 - i];
        p[n - 1 - i] = swap;
    }
}

/* Move the last `k` of `n` bytes to the front, without a second buffer. */
static void rotate(uint8_t *p, size_t n, size_t k)
{
    reverse(p, n - k);
    reverse(p + n - k, k);
    reverse(p, n);
}

/* The least of the elements in `all`, which must not be empty. */
static bm_status take_least(struct bm_bytes all, struct bm_bytes *least)
{
    struct bm_bytes element;
    struct bm_der d;

    bm_der_init(&d, all, NULL);
    BM_TRY(take_whole(&d, least));
    while (bm_der_left(&d) != 0) {
        BM_TRY(take_whole(&d, &element));
        if (bm_der_set_order(element, *least) < 0) {
            *least = element;
        }
    }
    return BM_OK;
}

/* By selection: sets that we write have a handful of elements. */
bm_status bm_der_close_set(struct bm_wr *w, size_t mark)
{
    size_t at = mark;

    while (w->len <= w->cap && at < w->len) {
        struct bm_bytes all = { w->buf + at, w->len - at };
        struct bm_bytes least;

        if (take_least(all, &least) != BM_OK) {
            return BM_E_ARGUMENT;
        }
        if (least.p != all.p) {
            rotate(w->buf + at, (size_t)(least.p - all.p) + least.n, least.n);
        }
        at += least.n;
    }
    bm_der_close(w, mark);
    return BM_OK;
}
