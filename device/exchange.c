/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/exchange.h"

/*
 *   NEED ------> CONNECTING --> NEED --> SEND --> RECEIVE --> OVER
 *     (no connection, or one that carries no more: CLOSE)
 *
 * A failure anywhere is OVER, too, with its reason.
 */
enum state {
    CONNECTING = BM_JOB_CONNECT,
    SEND = BM_JOB_SEND,
    RECEIVE = BM_JOB_RECEIVE,
    NEED = BM_JOB_CLOSE,
    OVER = BM_JOB_DONE
};

void bm_exchange_init(struct bm_exchange *x,
                      const struct bm_exchange_config *config)
{
    *x = (struct bm_exchange){ .config = config,
                               .state = OVER,
                               .why = BM_E_END };
}

static void end(struct bm_exchange *x, bm_status why)
{
    x->state = OVER;
    x->why = why;
}

/* What was half said cannot be taken back: such a connection is of no use. */
static void fail(struct bm_exchange *x, bm_status why)
{
    x->closing = x->open;
    end(x, why);
}

static void be_patient(struct bm_exchange *x)
{
    uint16_t seconds = x->config->patience;

    x->until = x->at + (seconds == 0 ? BM_EXCHANGE_PATIENCE : seconds);
    x->piece = 0;
}

/* ---- The request */

/* RFC 9110 14.2: Range: bytes=FROM-; 13.1.5: only of what we have begun. */
static void put_range(struct bm_wr *w, const struct bm_exchange_request *r)
{
    bm_wr_str(w, "\r\nRange: bytes=");
    bm_http_put_number(w, r->from);
    bm_wr_u8(w, '-');
    if (r->same.n != 0) {
        bm_wr_str(w, "\r\nIf-Range: ");
        bm_wr_put(w, r->same);
    }
}

static bm_status put_head(struct bm_exchange *x,
                          const struct bm_exchange_request *r)
{
    struct bm_wr w;

    bm_wr_init(&w, x->config->room, x->config->room_n);
    bm_wr_str(&w, r->method);
    bm_wr_u8(&w, ' ');
    bm_wr_put(&w, r->path);
    bm_wr_str(&w, " HTTP/1.1\r\nHost: ");
    bm_http_put_authority(&w, x->config->host, x->config->port);
    if (r->unless.n != 0) {
        bm_wr_str(&w, "\r\nIf-None-Match: ");
        bm_wr_put(&w, r->unless);
    }
    if (r->from != 0) {
        put_range(&w, r);
    }
    if (r->type != NULL) {
        bm_wr_str(&w, "\r\nContent-Type: ");
        bm_wr_str(&w, r->type);
        bm_wr_str(&w, "\r\nContent-Length: ");
        bm_http_put_number(&w, r->body.n);
    }
    bm_wr_str(&w, "\r\n");
    if (r->lines != NULL) {
        bm_wr_str(&w, r->lines);
    }
    bm_wr_str(&w, "\r\n");
    return bm_wr_finish(&w, &x->head_n);
}

/* ---- Headers of the answer */

static void take_etag(struct bm_exchange *x, struct bm_bytes value)
{
    x->etag_n = 0;
    if (value.n <= sizeof x->etag) {
        memcpy(x->etag, value.p, value.n);
        x->etag_n = (uint8_t)value.n;
    }
}

/* What stands before `end`, which is passed, as a number. */
static bool number_to(struct bm_bytes *text, uint8_t end, uint32_t *value)
{
    size_t n = 0;

    while (n < text->n && text->p[n] != end) {
        n++;
    }
    if (n == text->n ||
        !bm_http_number((struct bm_bytes){ text->p, n }, value)) {
        return false;
    }
    text->p += n + 1;
    text->n -= n + 1;
    return true;
}

/* RFC 9110 14.4: "bytes" SP first-pos "-" last-pos "/" complete-length, which
 * we know, so the server has to. */
static void take_range(struct bm_exchange *x, struct bm_bytes value)
{
    static const char unit[] = "bytes ";
    struct bm_exchange_range r = { .there = false };

    if (value.n > sizeof unit - 1 &&
        memcmp(value.p, unit, sizeof unit - 1) == 0) {
        value.p += sizeof unit - 1;
        value.n -= sizeof unit - 1;
        r.there = number_to(&value, '-', &r.first) &&
                  number_to(&value, '/', &r.last) &&
                  bm_http_number(value, &r.total) && r.first <= r.last &&
                  r.last < r.total;
    }
    /* Two that differ leave it open which one counts. */
    if (x->ranged) {
        r.there = r.there && x->range.there && r.first == x->range.first &&
                  r.last == x->range.last && r.total == x->range.total;
    }
    x->ranged = true;
    x->range = r;
}

static void take_field(void *self, enum bm_http_field field,
                       struct bm_bytes value)
{
    struct bm_exchange *x = self;

    if (x->reply.status < 200) {
        return; /* interim */
    }
    if (field == BM_HTTP_ETAG) {
        take_etag(x, value);
    } else {
        take_range(x, value);
    }
}

/* ---- An exchange */

bm_status bm_exchange_start(struct bm_exchange *x,
                            const struct bm_exchange_request *request,
                            const struct bm_exchange_sink *sink,
                            uint32_t uptime)
{
    const struct bm_exchange_config *c = x->config;

    if (x->state != OVER || c->room == NULL || c->host == NULL ||
        c->trust == NULL || request->method == NULL || request->path.n == 0 ||
        request->body.n > UINT32_MAX ||
        (request->type == NULL && request->body.n != 0)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(put_head(x, request));
    x->body = request->body;
    x->sink = sink;
    x->at = uptime;
    x->sent = 0;
    x->etag_n = 0;
    x->ranged = false;
    x->range = (struct bm_exchange_range){ .there = false };
    bm_http_init(&x->reply);
    x->reply.field = take_field;
    x->reply.self = x;
    x->state = NEED;
    x->why = BM_E_TLS_AGAIN;
    return BM_OK;
}

bm_status bm_exchange_over(const struct bm_exchange *x)
{
    return x->state == OVER ? x->why : BM_E_TLS_AGAIN;
}

bm_status bm_exchange_status(unsigned http)
{
    switch (http) {
    case 404:
    case 410:
        return BM_E_DELIVER_NONE;
    case 401:
    case 403:
        return BM_E_DELIVER_FORBIDDEN;
    case 408:
    case 429:
        return BM_E_DELIVER_SERVER;
    default:
        return http >= 500 ? BM_E_DELIVER_SERVER : BM_E_DELIVER_ANSWER;
    }
}

void bm_exchange_connected(struct bm_exchange *x, bool expired)
{
    if (x->state == CONNECTING) {
        x->state = NEED;
        x->expired = expired;
    }
}

void bm_exchange_sent(struct bm_exchange *x, size_t n)
{
    size_t all = x->head_n + x->body.n;

    if (x->state != SEND || n > all - x->sent) {
        return;
    }
    x->sent += n;
    if (x->sent == all) {
        x->state = RECEIVE;
    }
}

static bm_status take_body(struct bm_exchange *x, struct bm_bytes body)
{
    x->piece += (uint32_t)body.n;
    if (x->piece >= BM_EXCHANGE_PIECE) {
        be_patient(x);
    }
    return x->sink != NULL ? x->sink->body(x->sink->self, body) : BM_OK;
}

static bm_status take(struct bm_exchange *x, struct bm_bytes *in)
{
    bool head = x->reply.head;
    struct bm_bytes body;

    BM_TRY(bm_http_read(&x->reply, in, &body));
    if (x->reply.head && !head) {
        be_patient(x);
        if (x->sink != NULL) {
            BM_TRY(x->sink->head(x->sink->self, x));
        }
    }
    return body.n == 0 ? BM_OK : take_body(x, body);
}

void bm_exchange_received(struct bm_exchange *x, struct bm_bytes octets)
{
    bm_status rc = BM_OK;

    if (x->state != RECEIVE) {
        return;
    }
    while (rc == BM_OK && octets.n != 0 && !x->reply.done) {
        rc = take(x, &octets);
    }
    if (rc != BM_OK) {
        fail(x, rc);
    } else if (x->reply.done) {
        /* Octets behind the answer: nobody asked for more. */
        x->closing = x->reply.close || octets.n != 0;
        end(x, BM_OK);
    }
}

void bm_exchange_failed(struct bm_exchange *x, bm_status why)
{
    x->open = false;
    x->closing = false;
    if (x->state == OVER) {
        return;
    }
    if (x->state == RECEIVE && why == BM_E_TLS_CLOSED && x->reply.status != 0) {
        why = bm_http_end(&x->reply);
    }
    end(x, why);
}

/* Go on as far as nobody has to be asked. */
static void advance(struct bm_exchange *x)
{
    if (x->state <= RECEIVE && (int32_t)(x->until - x->at) <= 0) {
        fail(x, BM_E_DELIVER_TIMEOUT);
    }
    if (x->state != NEED || (x->open && x->closing)) {
        return;
    }
    x->state = x->open ? SEND : CONNECTING;
    x->open = true;
    be_patient(x);
}

static struct bm_bytes to_send(const struct bm_exchange *x)
{
    size_t sent = x->sent;

    if (sent < x->head_n) {
        return (struct bm_bytes){ x->config->room + sent, x->head_n - sent };
    }
    sent -= x->head_n;
    return sent == x->body.n
               ? (struct bm_bytes){ NULL, 0 }
               : (struct bm_bytes){ x->body.p + sent, x->body.n - sent };
}

void bm_exchange_next(struct bm_exchange *x, uint32_t uptime,
                      struct bm_job_ask *ask)
{
    x->at = uptime;
    advance(x);
    *ask = (struct bm_job_ask){
        .want = (enum bm_job_want)x->state,
        .show = x->config->identity != NULL,
        .place = x->config->place,
        .octets = to_send(x),
        .seconds = x->until - x->at,
        .status = x->why,
    };
    if (x->state != OVER && x->state != NEED) {
        return;
    }
    if (x->open) {
        x->open = false;
        x->closing = false;
        ask->want = BM_JOB_CLOSE;
    } else if (x->why != BM_OK) {
        ask->want = BM_JOB_STOPPED;
    }
}

/* ---- As a job */

static void job_next(void *self, uint32_t uptime, struct bm_job_ask *ask)
{
    bm_exchange_next(self, uptime, ask);
}

static void job_connected(void *self, struct bm_bytes binding, bool expired)
{
    (void)binding;
    bm_exchange_connected(self, expired);
}

static void job_sent(void *self, size_t n)
{
    bm_exchange_sent(self, n);
}

static void job_received(void *self, struct bm_bytes octets)
{
    bm_exchange_received(self, octets);
}

static void job_failed(void *self, bm_status why)
{
    bm_exchange_failed(self, why);
}

void bm_exchange_as_job(struct bm_exchange *x, struct bm_job *job)
{
    static const struct bm_job_calls calls = {
        .next = job_next,
        .connected = job_connected,
        .sent = job_sent,
        .received = job_received,
        .failed = job_failed,
    };

    *job = (struct bm_job){ .self = x,
                            .calls = &calls,
                            .identity = x->config->identity,
                            .trust = x->config->trust,
                            .use = x->config->use,
                            .host = x->config->host,
                            .port = x->config->port };
}
