/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/http_internal.h"

/*
 * From octets to requests. What comes is looked at where it lies, in scratch
 * memory; only what is not yet a request is kept with the connection.
 */

/* Reads in a row of one connection, before others have their turn. */
#define READS_MAX 16

bool http_conn_is_reading(const struct http_conn *c)
{
    return c->state == HTTP_IDLE || c->state == HTTP_KNOWN ||
           c->state == HTTP_READING;
}

static void dispatch(struct http_conn *c)
{
    struct http_request *r = c->request;

    r->began = http_now();
    http_conn_enter(c, HTTP_BUSY);
    c->server->config.request_fn(c->server->config.arg, r);
}

/* A whole head of `n` octets: 0 or the status of a refusal. */
static unsigned begin_request(struct http_conn *c, const uint8_t *p, size_t n)
{
    struct http_request *r = malloc(sizeof(*r) + n);
    unsigned status;

    if (r == NULL) {
        return 503;
    }
    r->conn = c;
    r->server = c->server;
    r->chunks = (struct http_chunks){ 0 };
    r->body = (struct http_buffer){ 0 };
    r->began = 0;
    r->streaming = false;
    r->first = !c->served;
    r->text_n = n;
    memcpy(r->text, p, n);
    c->request = r;
    status = http_head_parse(r->text, n, &r->head);
    if (status == 0 && r->head.length > c->server->config.body_max) {
        status = 413;
    }
    return status;
}

static size_t take_head(struct http_conn *c, struct bm_bytes data)
{
    size_t max = c->server->config.headers_max;
    size_t n = 0;
    unsigned status;

    /* RFC 9112 2.2: an empty line before a request is read over. */
    while (c->searched == 0 && n < data.n &&
           (data.p[n] == '\r' || data.p[n] == '\n')) {
        n++;
    }
    if (n != 0) {
        return n;
    }
    if (c->state != HTTP_READING) {
        http_conn_enter(c, HTTP_READING);
    }
    n = http_head_end(data, &c->searched);
    if (n > max || (n == 0 && data.n >= max)) {
        http_conn_refuse(c, memchr(data.p, '\n', max) == NULL ? 414 : 431);
        return 0;
    }
    if (n == 0) {
        return 0;
    }
    c->searched = 0;
    status = begin_request(c, data.p, n);
    if (status != 0) {
        http_conn_refuse(c, status);
    } else if (!c->request->head.chunked && c->request->head.length == 0) {
        dispatch(c);
    } else if (c->request->head.expect && data.n == n) {
        http_conn_continue(c);
    }
    return n;
}

static size_t take_sized(struct http_conn *c, struct bm_bytes data)
{
    struct http_request *r = c->request;
    uint64_t left = r->head.length - r->body.n;

    if (data.n > left) {
        data.n = (size_t)left;
    }
    if (!http_buffer_add(c->server, &r->body, data)) {
        http_conn_refuse(c, 503);
        return 0;
    }
    if (data.n == left) {
        dispatch(c);
    }
    return data.n;
}

static size_t take_chunked(struct http_conn *c, struct bm_bytes data)
{
    struct http_request *r = c->request;
    struct bm_bytes in = data;
    struct bm_bytes piece;
    uint64_t room;
    size_t before;
    unsigned status;

    do {
        before = in.n;
        room = c->server->config.body_max - r->body.n;
        status = http_chunks_take(&r->chunks, &in, &piece);
        if (status == 0 && piece.n + r->chunks.left > room) {
            status = 413; /* as soon as it is announced */
        }
        if (status == 0 && !http_buffer_add(c->server, &r->body, piece)) {
            status = 503;
        }
        if (status != 0) {
            http_conn_refuse(c, status);
            return 0;
        }
    } while (in.n != before && r->chunks.state != HTTP_CHUNKS_DONE);
    if (r->chunks.state == HTTP_CHUNKS_DONE) {
        dispatch(c);
    }
    return data.n - in.n;
}

static size_t take(struct http_conn *c, struct bm_bytes data)
{
    if (c->request == NULL) {
        return take_head(c, data);
    }
    return c->request->head.chunked ? take_chunked(c, data)
                                    : take_sized(c, data);
}

/* `data` is a view of c->in or of scratch memory. */
static void feed(struct http_conn *c, struct bm_bytes data)
{
    bool is_ours = c->in.n != 0;
    size_t used = 1;

    c->feeding = true;
    while (used != 0 && data.n != 0 && http_conn_is_reading(c)) {
        used = take(c, data);
        data.p += used;
        data.n -= used;
    }
    c->feeding = false;
    if (c->state == HTTP_CLOSED || c->state == HTTP_LINGER || c->closing) {
        return;
    }
    if (data.n == 0) {
        http_buffer_free(c->server, &c->in);
    } else if (is_ours) {
        memmove(c->in.p, data.p, data.n);
        c->in.n = data.n;
    } else if (!http_buffer_add(c->server, &c->in, data)) {
        http_conn_cut(c);
    }
}

/* One read, looked at. False: nothing more at present. */
static bool read_once(struct http_conn *c)
{
    uint8_t *p = c->server->scratch_in;
    size_t cap = HTTP_SCRATCH;
    size_t n;

    if (c->in.n != 0) {
        if (!http_buffer_room(c->server, &c->in, 4096)) {
            http_conn_cut(c);
            return false;
        }
        p = c->in.p + c->in.n;
        cap = c->in.cap - c->in.n;
    }
    switch (http_io_read(c, p, cap, &n)) {
    case HTTP_IO_AGAIN:
        return false;
    case HTTP_IO_DONE:
        break;
    case HTTP_IO_EOF:
        http_io_shutdown(c);
        http_conn_cut(c);
        return false;
    case HTTP_IO_ERROR:
        http_conn_cut(c);
        return false;
    }
    if (c->in.n != 0) {
        c->in.n += n;
        feed(c, (struct bm_bytes){ c->in.p, c->in.n });
    } else {
        feed(c, (struct bm_bytes){ p, n });
        bm_wipe(p, n); /* tokens come here, too */
    }
    return http_conn_is_reading(c) && http_io_pending(c);
}

void http_conn_read(struct http_conn *c)
{
    unsigned reads = 0;

    if (c->again) {
        c->again = false;
        feed(c, (struct bm_bytes){ c->in.p, c->in.n });
        if (!http_conn_is_reading(c) || !http_io_pending(c)) {
            return;
        }
    }
    while (read_once(c)) {
        if (++reads == READS_MAX) {
            event_active(&c->readable, EV_READ, 0);
            return;
        }
    }
}
