/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "device/exchange.h"

/* Property: an answer is the same however its octets are cut. The first octet
 * of the input says how. */

struct outcome {
    struct bm_exchange x;
    bm_status status;
    uint8_t *body;
    size_t n;
    size_t cap;
    unsigned heads;
};

static bm_status take_head(void *self, const struct bm_exchange *x)
{
    struct outcome *o = self;

    must(x->reply.head && x->reply.status >= 200 && o->n == 0);
    must(x->etag_n <= BM_EXCHANGE_ETAG_MAX);
    must(!x->range.there ||
         (x->range.first <= x->range.last && x->range.last < x->range.total));
    o->heads++;
    return BM_OK;
}

static bm_status take_body(void *self, struct bm_bytes octets)
{
    struct outcome *o = self;

    must(o->heads == 1 && octets.n <= o->cap - o->n && octets.n != 0);
    memcpy(o->body + o->n, octets.p, octets.n);
    o->n += octets.n;
    return BM_OK;
}

static void respond(struct outcome *o, struct bm_bytes in, size_t step)
{
    static uint8_t room[256];
    static const struct bm_trust trust;
    const struct bm_exchange_config config = { .trust = &trust,
                                               .host = "h",
                                               .port = 443,
                                               .room = room,
                                               .room_n = sizeof room };
    const struct bm_exchange_request request = { .method = "GET",
                                                 .path = BM_LIT("/") };
    const struct bm_exchange_sink sink = { o, take_head, take_body };
    struct bm_job_ask ask;

    *o = (struct outcome){ .body = must_have_room(in.n), .cap = in.n };
    bm_exchange_init(&o->x, &config);
    must(bm_exchange_start(&o->x, &request, &sink, 0) == BM_OK);
    bm_exchange_next(&o->x, 0, &ask);
    must(ask.want == BM_JOB_CONNECT);
    bm_exchange_connected(&o->x, false);
    bm_exchange_next(&o->x, 0, &ask);
    must(ask.want == BM_JOB_SEND && ask.octets.n != 0);
    bm_exchange_sent(&o->x, ask.octets.n);
    while (in.n != 0 && bm_exchange_over(&o->x) == BM_E_TLS_AGAIN) {
        size_t n = in.n < step ? in.n : step;

        bm_exchange_received(&o->x, (struct bm_bytes){ in.p, n });
        in.p += n;
        in.n -= n;
    }
    if (bm_exchange_over(&o->x) == BM_E_TLS_AGAIN) {
        bm_exchange_failed(&o->x, BM_E_TLS_CLOSED);
    }
    o->status = bm_exchange_over(&o->x);
    must(o->status != BM_E_TLS_AGAIN);
    must(o->status != BM_OK || o->heads == 1);
    bm_exchange_next(&o->x, 0, &ask);
    must(ask.want >= BM_JOB_CLOSE);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->heads == b->heads && a->n == b->n &&
           memcmp(a->body, b->body, a->n) == 0 &&
           a->x.reply.status == b->x.reply.status &&
           a->x.etag_n == b->x.etag_n &&
           memcmp(a->x.etag, b->x.etag, a->x.etag_n) == 0 &&
           a->x.range.there == b->x.range.there &&
           a->x.range.first == b->x.range.first &&
           a->x.range.last == b->x.range.last &&
           a->x.range.total == b->x.range.total;
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
