/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/http_internal.h"

/*
 * What a server makes of octets does not depend on how they come: whole, or
 * in two pieces, or one by one at the start. Every request it serves is made
 * of what was sent; and when the client says no more, the connection ends.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

#define IN_MAX  20000
#define OUT_MAX ((size_t)4 << 20)

struct run {
    uint8_t *out;
    size_t n;
};

static struct room room;
static struct metrics_page page;
static struct http_server *server;

static void serve(void *arg, struct http_request *r)
{
    char words[256];
    struct bm_bytes body = http_body(r);
    unsigned sum = 0;
    int n;

    (void)arg;
    must(http_path(r)[0] == '/');
    for (size_t i = 0; i < body.n; i++) {
        sum = sum * 31 + body.p[i];
    }
    n = snprintf(words, sizeof(words), "%d %.80s %.80s %zu %u",
                 (int)http_method(r), http_path(r), http_query(r), body.n, sum);
    must(n > 0);
    http_answer(r, &(const struct http_reply){
                       .status = 200,
                       .body = { (const uint8_t *)words, strlen(words) } });
}

static void make_server(void)
{
    const struct http_config config = {
        .room = &room,
        .connections_max = 4,
        .headers_max = 2000,
        .body_max = 3000,
        .handshake = 3600,
        .request = 3600,
        .idle = 3600,
        .request_fn = serve,
    };

    room.base = event_base_new();
    room.metrics = &page;
    must(room.base != NULL && http_new(&config, &server) == BM_OK);
}

/* What can be read at present; false: that was all. */
static bool hear(int fd, struct run *run)
{
    for (;;) {
        ssize_t n;

        (void)event_base_loop(room.base, EVLOOP_NONBLOCK);
        n = recv(fd, run->out + run->n, OUT_MAX - run->n, MSG_DONTWAIT);
        if (n <= 0) {
            return n != 0;
        }
        run->n += (size_t)n;
        must(run->n < OUT_MAX);
    }
}

static void say(int fd, const uint8_t *p, size_t n, struct run *run)
{
    while (n != 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (!hear(fd, run)) {
            return;
        }
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
}

/* Interim answers depend on when the body comes, the date on the clock. */
static void blank(struct run *run)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    static const char date[] = "\r\nDate: ";
    size_t n = 0;

    for (size_t i = 0; i < run->n;) {
        size_t left = run->n - i;

        if (left >= 25 && memcmp(run->out + i, interim, 25) == 0) {
            i += 25;
        } else if (left >= 37 && memcmp(run->out + i, date, 8) == 0) {
            i += 37;
        } else {
            run->out[n++] = run->out[i++];
        }
    }
    run->n = n;
}

/* The first `single` octets one by one, then up to `split`, then the rest. */
static void run_once(const uint8_t *p, size_t n, size_t single, size_t split,
                     struct run *run)
{
    const struct sockaddr_storage nobody = { 0 };
    int fds[2];
    size_t at = 0;

    run->out = malloc(OUT_MAX);
    run->n = 0;
    must(run->out != NULL);
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    must(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
    http_conn_new(server, fds[0], &nobody);
    for (; at < single && at < n; at++) {
        say(fds[1], p + at, 1, run);
    }
    if (split > at && split < n) {
        say(fds[1], p + at, split - at, run);
        at = split;
    }
    say(fds[1], p + at, n - at, run);
    (void)shutdown(fds[1], SHUT_WR);
    while (hear(fds[1], run)) {
    }
    (void)close(fds[1]);
    (void)event_base_loop(room.base, EVLOOP_NONBLOCK);
    must(server->connections == 0);
    blank(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole;
    struct run parts;
    size_t split;

    if (size < 2 || size > IN_MAX) {
        return 0;
    }
    if (server == NULL) {
        make_server();
    }
    split = (size_t)(data[0] | data[1] << 8);
    data += 2;
    size -= 2;
    run_once(data, size, 0, 0, &whole);
    run_once(data, size, split % 64, size == 0 ? 0 : split % size, &parts);
    must(whole.n == parts.n && memcmp(whole.out, parts.out, whole.n) == 0);
    free(whole.out);
    free(parts.out);
    return 0;
}
