/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Answers that are made while they are taken. The request stays with its
 * connection until the end; in between the connection is BUSY, when there is
 * nothing to be sent, or WRITING, when not all has been taken.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/http_internal.h"

/* Who has been quick is not waited for longer than others; who has been slow
 * has less left, but for what he is given with what comes. */
static void be_patient(struct http_conn *c, size_t n)
{
    uint64_t most = (uint64_t)c->server->config.request * 1000000U;

    if (c->patience > most) {
        c->patience = most;
    }
    c->patience += (uint64_t)n * 1000000U / 16384;
}

/* What stands in the buffer goes out, as far as it is taken. A client that has
 * still not taken what was put before keeps its place, and its time. */
static void send_it(struct http_conn *c)
{
    if (c->state != HTTP_WRITING) {
        http_conn_enter(c, HTTP_WRITING);
    }
    http_conn_write(c);
}

void http_stream_taken(struct http_conn *c)
{
    struct http_request *r = c->request;
    uint64_t took = http_now() - c->since;

    c->patience -= took < c->patience ? took : c->patience;
    http_conn_enter(c, HTTP_BUSY);
    r->source.more(r->source.arg);
}

void http_stream_gone(struct http_request *r)
{
    struct http_source source = r->source;

    http_request_free(r);
    source.gone(source.arg);
}

bool http_answer_stream(struct http_request *r, const struct http_reply *reply,
                        const struct http_source *source)
{
    struct http_conn *c = r->conn;
    bool streaming;
    bool inside;
    bool sent;

    if (c == NULL) {
        http_request_free(r);
        return false;
    }
    inside = http_conn_hold(c);
    /* Who does not know of chunks takes the end of the connection for that of
     * the answer (RFC 9112 6.3). */
    c->closing =
        reply->close || !r->head.keep || c->server->stopping || !r->head.minor;
    c->patience = (uint64_t)c->server->config.request * 1000000U;
    r->streaming = r->head.method != HTTP_HEAD;
    r->source = *source;
    streaming = r->streaming;
    sent = http_answer_head(c, reply);
    if (!streaming) {
        c->request = NULL;
        http_request_free(r);
    }
    if (sent) {
        send_it(c);
    }
    http_conn_leave(c, inside);
    return streaming;
}

/* chunk = chunk-size CRLF chunk-data CRLF */
static bool put_chunk(struct http_conn *c, struct bm_bytes octets)
{
    struct http_server *s = c->server;
    char size[24];
    int n = snprintf(size, sizeof size, "%zx\r\n", octets.n);

    if (!c->request->head.minor) {
        return http_buffer_add(s, &c->out, octets);
    }
    return http_buffer_room(s, &c->out, octets.n + sizeof size) &&
           http_buffer_add(
               s, &c->out,
               (struct bm_bytes){ (const uint8_t *)size, (size_t)n }) &&
           http_buffer_add(s, &c->out, octets) &&
           http_buffer_add(s, &c->out, BM_LIT("\r\n"));
}

void http_stream_put(struct http_request *r, struct bm_bytes octets)
{
    struct http_conn *c = r->conn;
    bool inside = http_conn_hold(c);

    if (put_chunk(c, octets)) {
        be_patient(c, octets.n);
        send_it(c);
    } else {
        http_conn_cut(c);
    }
    http_conn_leave(c, inside);
}

void http_stream_end(struct http_request *r, bool whole)
{
    struct http_conn *c = r->conn;
    bool chunked = r->head.minor;
    bool inside = http_conn_hold(c);

    r->streaming = false;
    c->request = NULL;
    http_request_free(r);
    if (!whole || (chunked &&
                   !http_buffer_add(c->server, &c->out, BM_LIT("0\r\n\r\n")))) {
        http_conn_cut(c);
    } else {
        send_it(c);
    }
    http_conn_leave(c, inside);
}
