/* SPDX-License-Identifier: Apache-2.0 */

/* A connection of the load generator: connect, handshake, request, answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/server/load_internal.h"

/* ---- Opening and closing */

static int new_socket(const struct conn_config *config)
{
    const struct load_config *load = config->load;
    struct sockaddr_in from = { .sin_family = AF_INET };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)load->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    bench_must(fd >= 0, "socket: too few descriptors?");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (load->addresses > 0) {
        /* the port is chosen when the other end is known, so that there are
         * enough of them */
        (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
                         sizeof one);
        from.sin_addr.s_addr =
            htonl(INADDR_LOOPBACK + 1 + config->number % load->addresses);
        bench_must(bind(fd, (struct sockaddr *)&from, sizeof from) == 0,
                   "bind");
    }
    bench_must(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ||
                   errno == EINPROGRESS,
               "connect");
    return fd;
}

void conn_open(struct conn *c, const struct conn_config *config)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
                                 .data.ptr = c };

    c->fd = new_socket(config);
    c->state = CONN_CONNECTING;
    c->in_n = 0;
    c->last = false;
    if (config->load->tls != NULL) {
        c->tls = SSL_new(config->load->tls);
        bench_must(c->tls != NULL && SSL_set_fd(c->tls, c->fd) == 1, "TLS");
        if (config->identity.cert != NULL) {
            bench_must(
                SSL_use_certificate(c->tls, config->identity.cert) == 1 &&
                    SSL_use_PrivateKey(c->tls, config->identity.key) == 1,
                "identity");
        }
    }
    bench_must(epoll_ctl(config->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0,
               "epoll");
}

void conn_close(struct conn *c, bool politely)
{
    if (c->state == CONN_CLOSED) {
        return;
    }
    if (c->tls != NULL) {
        if (politely) {
            (void)SSL_shutdown(c->tls);
        }
        SSL_free(c->tls);
        c->tls = NULL;
    }
    ERR_clear_error();
    (void)close(c->fd);
    c->state = CONN_CLOSED;
}

void conn_ask(struct conn *c, size_t request, struct bm_bytes out, double due)
{
    c->busy = true;
    c->request = request;
    c->out = out;
    c->due = due;
    c->sent = 0;
    c->in_n = 0;
    c->answer_n = 0;
    if (c->in == NULL) {
        c->in = malloc(CONN_ANSWER_MAX + 1);
        bench_must(c->in != NULL, "memory");
    }
}

/* ---- Octets: how many, 0: would block, negative: it is over */

static ssize_t after_tls(struct conn *c, int n)
{
    int why;

    if (n > 0) {
        return n;
    }
    why = SSL_get_error(c->tls, n);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t after_socket(ssize_t n)
{
    if (n > 0) {
        return n;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t put_octets(struct conn *c)
{
    const uint8_t *p = c->out.p + c->sent;
    size_t n = c->out.n - c->sent;

    if (c->tls != NULL) {
        return after_tls(c, SSL_write(c->tls, p, (int)n));
    }
    return after_socket(send(c->fd, p, n, MSG_NOSIGNAL));
}

static ssize_t take_octets(struct conn *c, uint8_t *p, size_t n)
{
    if (c->tls != NULL) {
        return after_tls(c, SSL_read(c->tls, p, (int)n));
    }
    return after_socket(recv(c->fd, p, n, 0));
}

/* ---- Answers */

static const char *header(const char *head, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = head; (at = strstr(at, "\r\n")) != NULL;) {
        at += 2;
        if (strncasecmp(at, name, n) == 0 && at[n] == ':') {
            at += n + 1;
            return at + strspn(at, " \t");
        }
    }
    return NULL;
}

/* Has the answer a head by now, and what does it say? */
static bool read_head(struct conn *c)
{
    char *head = (char *)c->in;
    char *end;
    const char *value;

    head[c->in_n] = '\0';
    end = strstr(head, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    end[2] = '\0';
    c->head_n = (size_t)(end - head) + 4;
    c->status = (unsigned)strtoul(head + strcspn(head, " "), NULL, 10);
    value = header(head, "Content-Length");
    c->answer_n = c->head_n + (value != NULL ? strtoul(value, NULL, 10) : 0);
    value = header(head, "Connection");
    c->last = value != NULL && strncasecmp(value, "close", 5) == 0;
    bench_must(c->answer_n <= CONN_ANSWER_MAX, "an answer of this size");
    return true;
}

static enum conn_event broken(struct conn *c)
{
    conn_close(c, false);
    return CONN_BROKEN;
}

/* ---- Steps */

static enum conn_event step_connecting(struct conn *c)
{
    struct sockaddr_in peer;
    socklen_t n = sizeof peer;
    int error = 0;
    socklen_t error_n = sizeof error;

    (void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &error_n);
    if (error != 0) {
        return broken(c);
    }
    if (getpeername(c->fd, (struct sockaddr *)&peer, &n) != 0) {
        return CONN_NOTHING;
    }
    c->state = c->tls != NULL ? CONN_HANDSHAKE : CONN_IDLE;
    return CONN_READY;
}

static enum conn_event step_handshake(struct conn *c)
{
    ssize_t n = after_tls(c, SSL_connect(c->tls));

    if (n < 0) {
        return broken(c);
    }
    if (n == 0) {
        return CONN_NOTHING;
    }
    c->state = CONN_IDLE;
    return CONN_READY;
}

/* Nothing is expected: what comes is the end. */
static enum conn_event step_idle(struct conn *c)
{
    uint8_t octet;

    if (c->busy && c->out.n == 0) {
        c->busy = false;
        c->status = 200;
        return CONN_ANSWERED;
    }
    if (c->busy) {
        c->state = CONN_WRITING;
        return CONN_READY;
    }
    return take_octets(c, &octet, 1) == 0 ? CONN_NOTHING : broken(c);
}

static enum conn_event step_writing(struct conn *c)
{
    ssize_t n = put_octets(c);

    if (n <= 0) {
        return n < 0 ? broken(c) : CONN_NOTHING;
    }
    c->sent += (size_t)n;
    if (c->sent == c->out.n) {
        c->state = CONN_READING;
    }
    return CONN_READY;
}

static enum conn_event step_reading(struct conn *c)
{
    ssize_t n = take_octets(c, c->in + c->in_n, CONN_ANSWER_MAX - c->in_n);

    if (n <= 0) {
        return n < 0 ? broken(c) : CONN_NOTHING;
    }
    c->in_n += (size_t)n;
    if (c->answer_n == 0 && !read_head(c)) {
        bench_must(c->in_n < CONN_ANSWER_MAX, "an answer of this size");
        return CONN_READY;
    }
    if (c->in_n < c->answer_n) {
        return CONN_READY;
    }
    c->state = CONN_IDLE;
    c->busy = false;
    return CONN_ANSWERED;
}

enum conn_event conn_step(struct conn *c)
{
    static enum conn_event (*const steps[])(struct conn *) = {
        [CONN_CONNECTING] = step_connecting,
        [CONN_HANDSHAKE] = step_handshake,
        [CONN_IDLE] = step_idle,
        [CONN_WRITING] = step_writing,
        [CONN_READING] = step_reading,
    };
    enum conn_event event = CONN_READY;

    while (event == CONN_READY && c->state != CONN_CLOSED) {
        event = steps[c->state](c);
    }
    return event;
}
