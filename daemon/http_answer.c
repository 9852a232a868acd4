/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/http_internal.h"

/* Octets of one connection in a row, before others have their turn. */
#define WRITE_TURN ((size_t)1 << 18)

/* What is read of a file at a time: a TLS record. */
#define FILE_PIECE 16384

void http_request_free(struct http_request *r)
{
    bm_wipe(r->text, r->text_n); /* there may be a token in it */
    if (r->conn != NULL) {
        http_buffer_free(r->conn->server, &r->body);
    } else if (r->body.p != NULL) { /* its server may be gone */
        bm_wipe(r->body.p, r->body.cap);
        free(r->body.p);
    }
    free(r);
}

/* ---- Sending */

void http_conn_answered(struct http_conn *c)
{
    c->served = true;
    if (c->closing) {
        http_conn_linger(c);
    } else {
        http_conn_between(c);
    }
}

/* Everything is out. */
static void written(struct http_conn *c)
{
    if (c->file >= 0) {
        (void)close(c->file);
        c->file = -1;
    }
    http_buffer_free(c->server, &c->out);
    c->out_at = 0;
    if (c->request != NULL && c->request->streaming) {
        http_stream_taken(c);
    } else {
        http_conn_answered(c);
    }
}

/* Send some of `data`: what is left of it on return could not be sent. */
static enum http_io send_some(struct http_conn *c, struct bm_bytes *data)
{
    enum http_io io = HTTP_IO_DONE;

    while (data->n != 0 && io == HTTP_IO_DONE) {
        size_t n;

        io = http_io_write(c, data->p, data->n, &n);
        data->p += n;
        data->n -= n;
    }
    return io;
}

static enum http_io send_file(struct http_conn *c)
{
    uint8_t *piece = c->server->scratch_out;
    size_t sent = 0;

    while (c->file_n != 0) {
        size_t n = c->file_n < FILE_PIECE ? (size_t)c->file_n : FILE_PIECE;
        struct bm_bytes data = { piece, n };
        enum http_io io;

        if (sent >= WRITE_TURN) {
            (void)event_add(&c->writable, NULL);
            return HTTP_IO_AGAIN;
        }
        if (pread(c->file, piece, n, (off_t)c->file_at) != (ssize_t)n) {
            return HTTP_IO_ERROR; /* the length has been promised */
        }
        io = send_some(c, &data);
        n -= data.n;
        sent += n;
        c->file_at += n;
        c->file_n -= n;
        if (io != HTTP_IO_DONE) {
            return io;
        }
    }
    return HTTP_IO_DONE;
}

void http_conn_write(struct http_conn *c)
{
    struct bm_bytes left = { c->out.p, c->out.n - c->out_at };
    enum http_io io;

    if (left.n != 0) {
        left.p += c->out_at;
    }
    io = send_some(c, &left);

    c->out_at = c->out.n - left.n;
    if (io == HTTP_IO_DONE) {
        io = send_file(c);
    }
    if (io == HTTP_IO_DONE) {
        written(c);
    } else if (io != HTTP_IO_AGAIN) {
        http_conn_cut(c);
    } else if (c->state != HTTP_WRITING) {
        http_conn_enter(c, HTTP_WRITING);
    }
}

/* Send what the writer holds, and `body` behind it; keep what stays. */
static void send_answer(struct http_conn *c, struct bm_bytes head,
                        struct bm_bytes body)
{
    enum http_io io = HTTP_IO_DONE;

    if (c->out.n == 0) {
        io = send_some(c, &head);
    }
    if (io == HTTP_IO_ERROR || io == HTTP_IO_EOF ||
        !http_buffer_room(c->server, &c->out, head.n + body.n) ||
        !http_buffer_add(c->server, &c->out, head) ||
        !http_buffer_add(c->server, &c->out, body)) {
        http_conn_cut(c);
    } else if (io == HTTP_IO_AGAIN) {
        http_conn_enter(c, HTTP_WRITING);
    } else {
        http_conn_write(c);
    }
}

/* ---- Heads */

static void put_number(struct bm_wr *w, uint64_t number)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    bm_wr_str(w, digits);
}

/* RFC 9110 5.6.7: IMF-fixdate */
static void put_date(struct http_server *s, struct bm_wr *w)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
                                        "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    time_t now = time(NULL);
    struct tm tm;

    if (now != s->date_at && gmtime_r(&now, &tm) != NULL) {
        s->date_at = now;
        (void)snprintf(s->date, sizeof(s->date),
                       "%s, %02d %s %04d %02d:%02d:%02d GMT",
                       days[tm.tm_wday % 7], tm.tm_mday % 100,
                       months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000,
                       tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
    }
    bm_wr_str(w, s->date);
}

static void put_header(struct bm_wr *w, const char *name, const char *value)
{
    bm_wr_str(w, name);
    bm_wr_put(w, BM_LIT(": "));
    bm_wr_str(w, value);
    bm_wr_put(w, BM_LIT("\r\n"));
}

/* RFC 9110 8.6 MUST NOT: Content-Length with 204 (and 1xx); 304 has none of
 * ours either. */
static bool has_length(unsigned status)
{
    return status != 204 && status != 304;
}

/* Of a body whose length nobody knows. */
#define LENGTH_UNKNOWN UINT64_MAX

static void put_head(struct http_conn *c, struct bm_wr *w,
                     const struct http_reply *reply, uint64_t length)
{
    bm_wr_put(w, BM_LIT("HTTP/1.1 "));
    put_number(w, reply->status);
    bm_wr_u8(w, ' ');
    bm_wr_str(w, http_reason(reply->status));
    bm_wr_put(w, BM_LIT("\r\nServer: birthmark\r\nDate: "));
    put_date(c->server, w);
    bm_wr_put(w, BM_LIT("\r\n"));
    if (reply->type != NULL) {
        put_header(w, "Content-Type", reply->type);
    }
    for (const struct http_header *h = reply->headers;
         h != NULL && h->name != NULL; h++) {
        put_header(w, h->name, h->value);
    }
    if (length == LENGTH_UNKNOWN) {
        if (c->request->head.minor) { /* RFC 9112 6.1 */
            put_header(w, "Transfer-Encoding", "chunked");
        }
    } else if (has_length(reply->status)) {
        bm_wr_put(w, BM_LIT("Content-Length: "));
        put_number(w, length);
        bm_wr_put(w, BM_LIT("\r\n"));
    }
    if (c->closing) {
        bm_wr_put(w, BM_LIT("Connection: close\r\n"));
    }
    bm_wr_put(w, BM_LIT("\r\n"));
}

static void count(struct http_conn *c, unsigned status)
{
    struct metrics_page *m = c->server->metrics;
    char label[8];

    (void)snprintf(label, sizeof(label), "%03u", status % 1000);
    metrics_add_to(m, METRICS_HTTP, label, 1);
    metrics_add(m, METRICS_REQUESTS, 1);
    if (status == 429 || status == 503) {
        metrics_add(m, METRICS_LIMITED, 1);
    }
    if (c->request != NULL && c->request->began != 0) {
        metrics_observe(m, METRICS_LATENCY_REQUEST,
                        http_now() - c->request->began);
    }
}

/* Answer, in scratch memory if it fits there; `c->request` is gone then. */
static void answer(struct http_conn *c, const struct http_reply *reply,
                   uint64_t length, bool with_body)
{
    struct bm_bytes body = with_body ? reply->body : (struct bm_bytes){ 0 };
    struct http_server *s = c->server; /* which outlives the connection */
    struct bm_bytes head;
    struct bm_wr w;

    count(c, reply->status);
    bm_wr_init(&w, s->scratch_out, HTTP_SCRATCH);
    put_head(c, &w, reply, length);
    if (w.len > w.cap) { /* headers of ours: a mistake of ours */
        http_conn_cut(c);
        return;
    }
    if (body.n <= w.cap - w.len) {
        bm_wr_put(&w, body);
        body.n = 0;
    }
    head = bm_wr_bytes(&w);
    if (c->request != NULL) {
        struct http_request *r = c->request;

        c->request = NULL;
        send_answer(c, head, body);
        http_request_free(r); /* the body may be a view of its own */
    } else {
        send_answer(c, head, body);
    }
    if (reply->secret) {
        bm_wipe(s->scratch_out, HTTP_SCRATCH);
    }
}

bool http_answer_head(struct http_conn *c, const struct http_reply *reply)
{
    struct http_server *s = c->server;
    struct bm_wr w;

    count(c, reply->status);
    bm_wr_init(&w, s->scratch_out, HTTP_SCRATCH);
    put_head(c, &w, reply, LENGTH_UNKNOWN);
    if (w.len > w.cap || !http_buffer_add(s, &c->out, bm_wr_bytes(&w))) {
        http_conn_cut(c);
        return false;
    }
    return true;
}

void http_answer(struct http_request *r, const struct http_reply *reply)
{
    http_answer_file(r, reply, -1, (struct http_part){ 0, 0 });
}

void http_answer_file(struct http_request *r, const struct http_reply *reply,
                      int fd, struct http_part part)
{
    struct http_conn *c = r->conn;
    bool inside;
    bool with_body;

    if (c == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        http_request_free(r);
        return;
    }
    inside = http_conn_hold(c);
    with_body = r->head.method != HTTP_HEAD && has_length(reply->status);
    c->closing = reply->close || !r->head.keep || c->server->stopping;
    if (fd >= 0 && with_body) {
        c->file = fd;
        c->file_at = part.at;
        c->file_n = part.n;
    } else if (fd >= 0) {
        (void)close(fd);
    }
    answer(c, reply, fd >= 0 ? part.n : reply->body.n, with_body);
    http_conn_leave(c, inside);
}

void http_conn_refuse(struct http_conn *c, unsigned status)
{
    char words[80];
    int n = snprintf(words, sizeof(words), "%s\n", http_reason(status));
    const struct http_reply reply = {
        .status = status,
        .type = "text/plain",
        .body = { (const uint8_t *)words, n < 0 ? 0 : (size_t)n },
    };

    c->closing = true;
    if (c->request != NULL) {
        http_request_free(c->request);
        c->request = NULL;
    }
    answer(c, &reply, reply.body.n, true);
}

void http_conn_continue(struct http_conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct bm_bytes data = BM_LIT(text);

    /* Twenty-five octets do not fit: then it has not taken what it had. */
    if (send_some(c, &data) != HTTP_IO_DONE) {
        http_conn_cut(c);
    }
}
