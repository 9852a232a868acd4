/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_TEST_DEVICES_WORLD_H
#define BM_DAEMON_TEST_DEVICES_WORLD_H

#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/cms.h"
#include "daemon/devices_internal.h"
#include "tests/harness/samples.h"
#include "tests/harness/test_crypto.h"

/*
 * The device listener without TLS, between a client and an issuer that the
 * test plays both. What TLS adds is shown by tests/est.
 */

#define QUEUE    4
#define DEADLINE 30 /* seconds that a step may take on a slow machine */

static struct {
    struct event_base *base;
    struct room room;
    struct metrics_page page;
    struct devices *devices;
    struct sockaddr_in address;
    int issuer; /* the other end of the link, or -1 */
    uint8_t in[65536];
    size_t in_n;
} w;

static inline struct bm_bytes text(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- The issuer */

static inline void issuer_put(uint16_t verb, uint32_t tag, struct bm_bytes body)
{
    uint8_t out[32768];
    struct bm_wr o;
    struct link_frame frame = { .verb = verb, .tag = tag, .body = body };

    bm_wr_init(&o, out, sizeof out);
    link_frame_put(&o, &frame);
    CHECK(write(w.issuer, out, o.len) == (ssize_t)o.len);
}

/* The next frame, or false within what has come. Its body is good until the
 * next call. */
static inline bool issuer_next(struct link_frame *frame)
{
    static uint8_t body[65536];
    size_t used;
    ssize_t n = read(w.issuer, w.in + w.in_n, sizeof w.in - w.in_n);

    w.in_n += n > 0 ? (size_t)n : 0;
    if (link_frame_parse((struct bm_bytes){ w.in, w.in_n }, frame, &used) !=
        BM_OK) {
        return false;
    }
    if (frame->body.n != 0) {
        memcpy(body, frame->body.p, frame->body.n);
    }
    frame->body.p = body;
    memmove(w.in, w.in + used, w.in_n - used);
    w.in_n -= used;
    return true;
}

static inline void step(void)
{
    static const struct timespec pause = { 0, 200000 };

    CHECK(event_base_loop(w.base, EVLOOP_NONBLOCK) >= 0);
    (void)nanosleep(&pause, NULL);
}

static inline time_t now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Wait for a frame of this verb. */
static inline struct link_frame issuer_get(uint16_t verb)
{
    struct link_frame frame = { 0 };
    time_t end = now() + DEADLINE;

    while (!issuer_next(&frame) && now() < end) {
        step();
    }
    CHECK(frame.verb == verb);
    return frame;
}

static inline void tell_catalogue(void)
{
    static const struct {
        const char *label;
        uint32_t flags;
        bool csrattrs;
    } rows[] = {
        { "ldevid", WIRE_LABEL_DEFAULT, true },
        { "old", WIRE_LABEL_WRAP | WIRE_LABEL_CHAIN | WIRE_LABEL_ENCODING,
          false },
        { "keys", WIRE_LABEL_KEYGEN, false },
        { "bound", WIRE_LABEL_BINDING, false },
    };
    uint8_t out[16384];
    struct bm_wr o;

    bm_wr_init(&o, out, sizeof out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wire_label row = {
            .label = text(rows[i].label),
            .flags = rows[i].flags,
            .cacerts = bm_sample("cert", "root-p256"),
        };

        if (rows[i].csrattrs) {
            row.csrattrs = BM_LIT("\x30\x00");
        }
        wire_label_put(&o, &row);
    }
    issuer_put(WIRE_CATALOGUE, 0, bm_wr_bytes(&o));
}

/* A new issuer, and what it is asked first. */
static inline void issuer_start(bool ready)
{
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    w.issuer = ends[1];
    w.in_n = 0;
    CHECK_STATUS(devices_link(w.devices, ends[0]), BM_OK);
    (void)issuer_get(WIRE_CATALOGUE);
    (void)issuer_get(WIRE_BUNDLE);
    if (ready) {
        time_t end = now() + DEADLINE;

        tell_catalogue();
        while (w.devices->catalogue.n == 0 && now() < end) {
            step();
        }
        CHECK(w.devices->catalogue.n == 4);
    }
}

static inline void issuer_die(void)
{
    time_t end = now() + DEADLINE;

    close(w.issuer);
    w.issuer = -1;
    while (w.devices->issuer != NULL && now() < end) {
        step();
    }
    CHECK(w.devices->issuer == NULL);
}

static inline void issuer_answer(uint32_t tag,
                                 const struct wire_enrolled *answer)
{
    uint8_t out[8192];
    struct bm_wr o;

    bm_wr_init(&o, out, sizeof out);
    wire_enrolled_put(&o, answer);
    issuer_put(WIRE_ENROL, tag, bm_wr_bytes(&o));
}

static inline struct wire_enrolled granted(void)
{
    return (struct wire_enrolled){
        .http = 200,
        .cert = bm_sample("cert", "tls-server"),
        .chain = bm_sample("cert", "root-p256"),
        .renew_from = 1767323045,
        .renew_until = 1769904000,
    };
}

/* ---- The house */

static inline int listening(void)
{
    socklen_t n = sizeof w.address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    w.address = (struct sockaddr_in){ .sin_family = AF_INET };
    w.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (const struct sockaddr *)&w.address, n) == 0);
    CHECK(listen(fd, 16) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&w.address, &n) == 0);
    return fd;
}

static inline void open_house(bool ready)
{
    w.issuer = -1;
    w.base = event_base_new();
    w.room = (struct room){ .type = &room_devices,
                            .base = w.base,
                            .metrics = &w.page };
    w.room.settings.limit_connections = 64;
    w.room.settings.limit_queue = QUEUE;
    CHECK_STATUS(devices_new(&w.room, NULL, &w.devices), BM_OK);
    CHECK_STATUS(http_listen(w.devices->http, listening()), BM_OK);
    issuer_start(ready);
}

static inline void close_house(void)
{
    devices_free(w.devices);
    if (w.issuer >= 0) {
        close(w.issuer);
    }
    event_base_free(w.base);
}

/* ---- Clients */

static inline int client_open(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(connect(fd, (const struct sockaddr *)&w.address, sizeof w.address) ==
          0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}

static inline void client_send(int fd, const char *head, struct bm_bytes body)
{
    CHECK(write(fd, head, strlen(head)) == (ssize_t)strlen(head));
    CHECK(write(fd, body.p, body.n) == (ssize_t)body.n);
}

struct answer {
    int status;
    char all[32768]; /* with NUL */
    size_t n;
    const char *body;
};

static inline bool has_header(const struct answer *a, const char *line)
{
    const char *at = strstr(a->all, line);

    return at != NULL && at < a->body && at[-1] == '\n' &&
           at[strlen(line)] == '\r';
}

/* Is an answer whole? As we always say Content-Length, or 204. */
static inline bool is_whole(struct answer *a)
{
    const char *end = strstr(a->all, "\r\n\r\n");
    const char *length = strstr(a->all, "Content-Length: ");

    if (end == NULL) {
        return false;
    }
    a->body = end + 4;
    a->status = (int)strtol(a->all + 9, NULL, 10);
    return length == NULL || (size_t)strtol(length + 16, NULL, 10) <=
                                 a->n - (size_t)(a->body - a->all);
}

static inline const struct answer *client_read(int fd)
{
    static struct answer a;
    time_t end = now() + DEADLINE;

    memset(&a, 0, sizeof a);
    while (!is_whole(&a) && now() < end) {
        ssize_t n = read(fd, a.all + a.n, sizeof a.all - 1 - a.n);

        a.n += n > 0 ? (size_t)n : 0;
        step();
    }
    CHECK(is_whole(&a));
    return &a;
}

static inline const struct answer *client_get(int fd)
{
    const struct answer *a = client_read(fd);

    close(fd);
    return a;
}

/* DER of a request with this challengePassword and these attributes. */
static inline struct bm_bytes csr_of(const char *challenge,
                                     struct bm_bytes attributes)
{
    static uint8_t der[4096];
    struct bm_csr_config config = {
        .subject = BM_LIT("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x05\x13\x04"
                          "SN-1"),
        .challenge = text(challenge),
        .attributes = attributes,
    };
    struct bm_wr o;

    bm_wr_init(&o, der, sizeof der);
    CHECK_STATUS(bm_csr_build(&config, bm_test_signer(BM_KEY_P256), &o), BM_OK);
    return bm_wr_bytes(&o);
}

static inline struct bm_bytes plain_csr(void)
{
    return csr_of("", (struct bm_bytes){ NULL, 0 });
}

#define BASIC  "Authorization: Basic U04tMTpzM2NyM3Q=\r\n" /* SN-1:s3cr3t */
#define BEARER "Authorization: Bearer s3cr3t\r\n"
#define PKCS10 "Content-Type: application/pkcs10\r\n"

/* POST `csr` in base64. */
static inline void post_on(int fd, const char *path, const char *headers,
                           struct bm_bytes csr)
{
    static uint8_t body[8192];
    char head[1024];
    struct bm_wr o;

    bm_wr_init(&o, body, sizeof body);
    bm_base64_put(&o, csr, 64);
    (void)snprintf(head, sizeof head,
                   "POST /.well-known/est/%s HTTP/1.1\r\nHost: x\r\n"
                   "%sContent-Length: %zu\r\n\r\n",
                   path, headers, o.len);
    client_send(fd, head, bm_wr_bytes(&o));
}

static inline int post(const char *path, const char *headers,
                       struct bm_bytes csr)
{
    int fd = client_open();

    post_on(fd, path, headers, csr);
    return fd;
}

static inline const struct answer *get(const char *path)
{
    char head[512];
    int fd = client_open();

    (void)snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
                   path);
    client_send(fd, head, (struct bm_bytes){ (const uint8_t *)head, 0 });
    return client_get(fd);
}

/* Enrol, with an issuer that says `answer`. */
static inline const struct answer *enrol(const char *path,
                                         const struct wire_enrolled *answer)
{
    int fd = post(path, PKCS10 BASIC, plain_csr());

    issuer_answer(issuer_get(WIRE_ENROL).tag, answer);
    return client_get(fd);
}

static inline struct bm_bytes certs_in(const char *body, size_t n)
{
    static uint8_t der[16384];
    struct bm_cms cms = { 0 };
    struct bm_wr o;

    bm_wr_init(&o, der, sizeof der);
    CHECK_STATUS(bm_base64_decode((struct bm_bytes){ (const uint8_t *)body, n },
                                  BM_BASE64_SPACES, NULL, &o),
                 BM_OK);
    CHECK_STATUS(bm_cms_parse_certs(bm_wr_bytes(&o), NULL, &cms), BM_OK);
    return cms.certs;
}

#endif
