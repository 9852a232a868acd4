/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "daemon/test/http_world.h"

/* An answer of PIECES pieces, each put when the one before has been taken. */

#define PIECE  20000
#define PIECES 500 /* in all, more than the kernel takes */

static struct {
    struct http_request *request; /* NULL: none is open */
    unsigned wanted;              /* more() was called, and not heeded */
    unsigned put;
    unsigned gone;
    unsigned pieces;
} s;

static void on_more(void *arg)
{
    CHECK(arg == &s);
    s.wanted++;
}

static void on_gone(void *arg)
{
    CHECK(arg == &s);
    s.gone++;
    s.request = NULL;
}

static void serve_stream(void *arg, struct http_request *r)
{
    const struct http_source source = { &s, on_more, on_gone };
    const struct http_reply reply = { .status = 200, .type = "text/plain" };

    if (strcmp(http_path(r), "/stream") != 0) {
        serve(arg, r);
        return;
    }
    s.put = 0;
    s.request = r;
    if (!http_answer_stream(r, &reply, &source)) {
        s.request = NULL;
    }
}

static void put_piece(void)
{
    static uint8_t piece[PIECE];

    memset(piece, 'a' + (int)(s.put % 26), sizeof piece);
    s.put++;
    http_stream_put(s.request, BM_ARRAY(piece));
}

/* One step of whoever makes the answer. */
static void feed(void)
{
    if (s.request == NULL || s.wanted == 0) {
        return;
    }
    s.wanted = 0;
    if (s.put < s.pieces) {
        put_piece();
    } else {
        struct http_request *r = s.request;

        s.request = NULL;
        http_stream_end(r, true);
    }
}

static void open_with(int request_time, unsigned pieces)
{
    struct http_config config = defaults();

    config.request_fn = serve_stream;
    config.request = request_time;
    memset(&s, 0, sizeof s);
    s.pieces = pieces;
    begin(&config);
}

/* All octets until the client is closed, or `most`. */
static size_t take(int fd, char *out, size_t most)
{
    size_t len = 0;
    size_t n = 1;

    for (int i = 0; len < most && i < WAIT_MS; i++) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        turn();
        feed();
        if (poll(&p, 1, 1) == 1) {
            ssize_t k = recv(fd, out + len, most - len, 0);

            n = k > 0 ? (size_t)k : 0;
            len += n;
            if (n == 0) {
                break;
            }
        }
    }
    return len;
}

static char answer[MUCH];

/* The body out of its chunks; its length, or 0 when its end is missing. */
static size_t unchunk(size_t n)
{
    char *at = memmem(answer, n, "\r\n\r\n", 4);
    size_t body = 0;

    for (at = at == NULL ? NULL : at + 4; at != NULL;) {
        char *data;
        size_t size = strtoul(at, &data, 16);

        if (memcmp(data, "\r\n", 2) != 0 ||
            (size_t)(data - answer) + 2 + size + 2 > n) {
            return 0;
        }
        if (size == 0) {
            return (size_t)(data - answer) + 4 == n ? body : 0;
        }
        CHECK(data[2] == 'a' + (int)(body / PIECE % 26));
        CHECK(memcmp(data + 2 + size, "\r\n", 2) == 0);
        body += size;
        at = data + 2 + size + 2;
    }
    return 0;
}

/* RFC 9112 7.1 MUST: chunks, and a last one. */
static void an_answer_is_made_while_it_is_taken(void)
{
    size_t n;
    int fd;

    open_with(60, PIECES);
    fd = dial();
    PUT(fd, "GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    /* Who takes nothing is asked for no more than the kernel took. */
    for (int i = 0; i < 4 * PIECES; i++) {
        turn();
        feed();
    }
    CHECK(s.put > 0 && s.put < PIECES && s.wanted == 0);
    n = take(fd, answer, sizeof answer);
    answer[n < sizeof answer ? n : sizeof answer - 1] = '\0';
    CHECK(strstr(answer, "Transfer-Encoding: chunked\r\n") != NULL);
    CHECK(strstr(answer, "Content-Length") == NULL);
    CHECK(unchunk(n) == (size_t)PIECE * PIECES);
    CHECK(s.gone == 0 && s.request == NULL);
    (void)close(fd);
    end();
}

static void the_connection_is_kept_after_it(void)
{
    static const char last[] = "\r\n0\r\n\r\n";
    char text[2048];
    size_t n = 0;
    int fd;

    open_with(60, 1);
    fd = dial();
    for (int i = 0; i < 2; i++) {
        PUT(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        n = 0;
        while (n < PIECE || memcmp(answer + n - 7, last, 7) != 0) {
            n += take(fd, answer + n, 1);
        }
        CHECK(unchunk(n) == PIECE);
    }
    PUT(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    one(fd, text);
    CHECK(status_of(text) == 200 && ends_with(text, "hello"));
    (void)close(fd);
    end();
}

/* RFC 9112 6.1 MUST NOT: chunks for who does not know of them. */
static void older_clients_get_it_without_chunks(void)
{
    const char *body;
    size_t n;
    int fd;

    open_with(60, 3);
    fd = dial();
    PUT(fd, "GET /stream HTTP/1.0\r\n\r\n");
    n = take(fd, answer, sizeof answer);
    body = memmem(answer, n, "\r\n\r\n", 4);
    CHECK(body != NULL && (size_t)(answer + n - body) == 3 * PIECE + 4);
    CHECK(memmem(answer, n, "chunked", 7) == NULL);
    (void)close(fd);
    end();
}

static void a_head_of_one_has_no_body(void)
{
    size_t n;
    int fd;

    open_with(60, 3);
    fd = dial();
    PUT(fd, "HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    n = take(fd, answer, sizeof answer);
    CHECK(n > 4 && memcmp(answer + n - 4, "\r\n\r\n", 4) == 0);
    CHECK(s.put == 0 && s.wanted == 0 && s.gone == 0 && s.request == NULL);
    (void)close(fd);
    end();
}

static void what_cannot_be_ended_is_cut_off(void)
{
    struct http_request *r;
    size_t n;
    int fd;

    open_with(60, 3);
    fd = dial();
    PUT(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 100 && s.put < 2; i++) {
        turn();
        feed();
    }
    r = s.request;
    CHECK(r != NULL && s.put == 2);
    s.request = NULL;
    http_stream_end(r, false);
    n = take(fd, answer, sizeof answer);
    CHECK(n > PIECE && unchunk(n) == 0);
    CHECK(s.gone == 0); /* who ended it knows */
    (void)close(fd);
    honest_is_served();
    end();
}

static void who_hangs_up_is_told_of_once(void)
{
    int fd;

    for (size_t n = 1; n < 3 * PIECE; n = 10 * n) {
        open_with(60, PIECES);
        fd = dial();
        PUT(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(take(fd, answer, n) == n);
        (void)close(fd);
        for (int i = 0; i < 1000 && s.gone == 0; i++) {
            turn();
            feed();
        }
        CHECK(s.gone == 1 && s.request == NULL);
        honest_is_served();
        CHECK(value(METRICS_CONNECTIONS) <= 1);
        end();
        CHECK(s.gone == 1);
    }
    /* And when the server goes first. */
    open_with(60, PIECES);
    fd = dial();
    PUT(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(take(fd, answer, 1) == 1);
    end();
    CHECK(s.gone == 1);
    (void)close(fd);
}

static void who_does_not_take_it_is_cut_off_in_time(void)
{
    int fd;

    open_with(1, PIECES);
    fd = dial();
    PUT(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    /* Nothing is put for longer than that: it is not the client's fault. */
    for (int i = 0; i < 1500; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    CHECK(s.gone == 0 && s.wanted == 1);
    for (int i = 0; i < WAIT_MS && s.gone == 0; i++) {
        turn();
        feed();
        (void)poll(NULL, 0, 1);
    }
    CHECK(s.gone == 1 && s.put < PIECES);
    CHECK(value(METRICS_TIMEOUTS) == 1);
    (void)close(fd);
    end();
}

int main(void)
{
    RUN(an_answer_is_made_while_it_is_taken);
    RUN(the_connection_is_kept_after_it);
    RUN(older_clients_get_it_without_chunks);
    RUN(a_head_of_one_has_no_body);
    RUN(what_cannot_be_ended_is_cut_off);
    RUN(who_hangs_up_is_told_of_once);
    RUN(who_does_not_take_it_is_cut_off_in_time);
    return bm_test_done();
}
