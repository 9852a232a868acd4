/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_TEST_HTTP_WORLD_H
#define BM_DAEMON_TEST_HTTP_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/http.h"
#include "daemon/test/certs.h"
#include "tests/harness/bm_test.h"

/*
 * Server and clients in one process: a client's wait runs the server's loop.
 */

#define MUCH    12000000
#define WAIT_MS 60000 /* a slow machine's patience */

struct seen_der {
    uint8_t p[2048];
    size_t n;
};

struct world {
    struct event_base *base;
    struct room room;
    struct metrics_page metrics;
    struct http_server *server;
    int port;
    /* What the server saw last, and how it is to answer. */
    char seen[256];
    size_t body_n;
    uint8_t last; /* octet of the body */
    unsigned calls;
    struct http_request *held; /* path /later: answered by the test */
    bool first;
    uintptr_t state;      /* counts the requests of a connection */
    struct seen_der cert; /* of the client */
    struct seen_der chain;
    bool done;
};
static struct world w;

static inline void say(struct http_request *r, const char *text)
{
    http_answer(r, &(const struct http_reply){
                       .status = 200,
                       .type = "text/plain",
                       .body = { (const uint8_t *)text, strlen(text) } });
}

static inline void say_much(struct http_request *r)
{
    /* More than the kernel takes for a client that does not read. */
    static uint8_t much[MUCH];

    memset(much, 'm', sizeof(much));
    http_answer(
        r, &(const struct http_reply){ .status = 200, .body = BM_ARRAY(much) });
}

static inline void say_file(struct http_request *r)
{
    char name[] = "/tmp/http_test.XXXXXX";
    int fd = mkstemp(name);
    static char block[4096];

    (void)unlink(name);
    memset(block, 'f', sizeof(block));
    for (int i = 0; i < 300; i++) {
        CHECK(write(fd, block, sizeof(block)) == (ssize_t)sizeof(block));
    }
    http_answer_file(r, &(const struct http_reply){ .status = 200 }, fd,
                     (struct http_part){ 0, 300 * sizeof(block) });
}

static inline void keep(struct seen_der *to, struct bm_bytes from)
{
    to->n = from.n < sizeof(to->p) ? from.n : 0;
    if (to->n != 0) {
        memcpy(to->p, from.p, to->n);
    }
}

static inline void serve(void *arg, struct http_request *r)
{
    struct bm_bytes body = http_body(r);

    (void)arg;
    w.calls++;
    w.first = http_is_first(r);
    http_set_state(r, http_state(r) + 1);
    w.state = http_state(r);
    keep(&w.cert, http_peer_cert(r));
    keep(&w.chain, http_peer_chain(r));
    (void)snprintf(w.seen, sizeof(w.seen), "%s?%s", http_path(r),
                   http_query(r));
    w.body_n = body.n;
    w.last = body.n == 0 ? 0 : body.p[body.n - 1];
    if (strcmp(http_path(r), "/later") == 0) {
        w.held = r;
    } else if (strcmp(http_path(r), "/much") == 0) {
        say_much(r);
    } else if (strcmp(http_path(r), "/file") == 0) {
        say_file(r);
    } else if (strcmp(http_path(r), "/trust") == 0) {
        http_trust(r);
        say(r, "trusted");
    } else if (strcmp(http_path(r), "/blame") == 0) {
        say(r, http_blame(r) ? "over" : "blamed");
    } else {
        say(r, "hello");
    }
}

static inline int listen_somewhere(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 64) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline struct http_config defaults(void)
{
    return (struct http_config){
        .room = &w.room,
        .connections_max = 100,
        .headers_max = 4096,
        .body_max = 10000,
        .handshake = 60,
        .request = 60,
        .idle = 60,
        .request_fn = serve,
    };
}

static inline void begin(const struct http_config *config)
{
    memset(&w, 0, sizeof(w));
    w.base = event_base_new();
    w.room.base = w.base;
    w.room.metrics = &w.metrics;
    CHECK_STATUS(http_new(config, &w.server), BM_OK);
    CHECK_STATUS(http_listen(w.server, listen_somewhere(&w.port)), BM_OK);
}

static inline void end(void)
{
    http_free(w.server);
    event_base_free(w.base);
}

static inline void turn(void)
{
    event_base_loop(w.base, EVLOOP_NONBLOCK);
}

static inline long value(enum metrics_value which)
{
    return (long)w.metrics.value[which];
}

/* Until the server has a request that the test is to answer. */
static inline void wait_for_held(void)
{
    for (int i = 0; i < WAIT_MS && w.held == NULL; i++) {
        turn();
        (void)poll(NULL, 0, 1);
    }
    CHECK(w.held != NULL);
}

/* ---- Clients */

static inline int dial_from(const char *source)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)w.port) };
    struct sockaddr_in from = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int little = 65536;

    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)) == 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(inet_pton(AF_INET, source, &from.sin_addr) == 1);
    CHECK(bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0);
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    turn();
    return fd;
}

static inline int dial(void)
{
    return dial_from("127.0.0.1");
}

static inline void put(int fd, const char *text, size_t n)
{
    size_t at = 0;

    for (int i = 0; at < n && i < WAIT_MS; i++) {
        ssize_t k = send(fd, text + at, n - at, MSG_NOSIGNAL);

        if (k > 0) {
            at += (size_t)k;
        } else if (errno != EAGAIN) {
            return;
        }
        turn();
    }
}

/* Wait for octets; false: closed. */
static inline bool get(int fd, char *out, size_t cap, size_t *n)
{
    for (int i = 0; i < WAIT_MS; i++) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t k;

        turn();
        if (poll(&p, 1, 1) == 1) {
            k = recv(fd, out, cap, 0);
            *n = k > 0 ? (size_t)k : 0;
            return k > 0;
        }
    }
    CHECK(!"neither octets nor an end");
    return false;
}

/* All up to the end of the connection, as a string; it closes `fd`. */
static inline size_t drain(int fd, char *out, size_t cap)
{
    size_t len = 0;
    size_t n = 0;

    while (len + 1 < cap && get(fd, out + len, cap - 1 - len, &n)) {
        len += n;
    }
    out[len] = '\0';
    (void)close(fd);
    turn();
    return len;
}

/* One answer with a short body, as a string. */
static inline void one(int fd, char out[2048])
{
    size_t len = 0;
    size_t n = 0;
    const char *end_of_head;

    memset(out, 0, 2048);
    while (len < 2000 && get(fd, out + len, 2000 - len, &n)) {
        const char *length;

        len += n;
        end_of_head = strstr(out, "\r\n\r\n");
        length = strstr(out, "Content-Length: ");
        if (end_of_head != NULL && length != NULL &&
            strlen(end_of_head + 4) >= strtoul(length + 16, NULL, 10)) {
            return;
        }
    }
}

static inline int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0
               ? (int)strtol(answer + 9, NULL, 10)
               : 0;
}

#define PUT(fd, text) put((fd), (text), sizeof(text) - 1)

static inline bool ends_with(const char *text, const char *end_of)
{
    size_t n = strlen(text);
    size_t k = strlen(end_of);

    return n >= k && strcmp(text + n - k, end_of) == 0;
}

/* Is an honest client served? */
static inline void honest_is_served(void)
{
    char answer[2048];
    int fd = dial();

    PUT(fd, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    one(fd, answer);
    CHECK(status_of(answer) == 200 && ends_with(answer, "hello"));
    (void)close(fd);
    turn();
}

#endif
