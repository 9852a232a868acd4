/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "device/http.h"

/* Property: a response is read the same however its octets are cut. The first
 * octet of the input says how. */

struct outcome {
    bm_status status;
    struct bm_http h;
    uint8_t *body;
    size_t n;
};

static void respond(struct outcome *o, struct bm_bytes in, size_t step)
{
    size_t at = 0;

    o->n = 0;
    o->body = must_have_room(in.n);
    o->status = BM_OK;
    bm_http_init(&o->h);
    while (at < in.n && !o->h.done && o->status == BM_OK) {
        size_t n = in.n - at < step ? in.n - at : step;
        struct bm_bytes piece = { in.p + at, n };
        struct bm_bytes body;

        o->status = bm_http_read(&o->h, &piece, &body);
        must(body.n <= n && o->n + body.n <= in.n);
        if (body.n != 0) {
            memcpy(o->body + o->n, body.p, body.n);
            o->n += body.n;
        }
        at += n - piece.n;
    }
    if (o->status == BM_OK) {
        o->status = bm_http_end(&o->h);
    }
    must((o->status == BM_OK) == o->h.done);
    must(!o->h.done || (o->h.head && o->h.status >= 200));
    must(o->h.location.n <= BM_HTTP_LINE_MAX);
    must(strlen(o->h.type) <= BM_HTTP_TYPE_MAX);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->n == b->n &&
           memcmp(a->body, b->body, a->n) == 0 && a->h.status == b->h.status &&
           a->h.close == b->h.close && a->h.retry_after == b->h.retry_after &&
           strcmp(a->h.type, b->h.type) == 0 &&
           bm_bytes_equal(a->h.location, b->h.location) &&
           a->h.renewal.start == b->h.renewal.start &&
           a->h.renewal.end == b->h.renewal.end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole;
    struct outcome cut;
    struct bm_bytes in;

    if (size == 0) {
        return 0;
    }
    in = (struct bm_bytes){ data + 1, size - 1 };
    respond(&whole, in, in.n + 1);
    respond(&cut, in, (size_t)data[0] + 1);
    must(same(&whole, &cut));
    free(whole.body);
    free(cut.body);
    return 0;
}
