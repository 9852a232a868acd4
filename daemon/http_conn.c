/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "daemon/http_internal.h"
#include "daemon/tls.h"

/* ---- Buffers */

bool http_buffer_room(struct http_server *s, struct http_buffer *b, size_t n)
{
    size_t cap = b->n + n;
    uint8_t *p;

    if (cap <= b->cap) {
        return true;
    }
    if (cap < b->cap * 2) {
        cap = b->cap * 2;
    }
    if (!http_afford(s, cap)) {
        return false;
    }
    p = malloc(cap);
    if (p == NULL) {
        return false;
    }
    if (b->p != NULL) {
        memcpy(p, b->p, b->n);
        bm_wipe(b->p, b->cap);
        free(b->p);
    }
    s->held += cap - b->cap;
    b->p = p;
    b->cap = cap;
    return true;
}

bool http_buffer_add(struct http_server *s, struct http_buffer *b,
                     struct bm_bytes data)
{
    if (!http_buffer_room(s, b, data.n)) {
        return false;
    }
    if (data.n != 0) {
        memcpy(b->p + b->n, data.p, data.n);
    }
    b->n += data.n;
    return true;
}

/* Requests carry tokens, answers keys. */
void http_buffer_free(struct http_server *s, struct http_buffer *b)
{
    if (b->p != NULL) {
        bm_wipe(b->p, b->cap);
        free(b->p);
    }
    s->held -= b->cap;
    *b = (struct http_buffer){ 0 };
}

/* ---- Life */

void http_conn_enter(struct http_conn *c, enum http_state state)
{
    TAILQ_REMOVE(&c->server->list[c->state], c, entry);
    c->state = state;
    c->since = http_now();
    TAILQ_INSERT_TAIL(&c->server->list[c->state], c, entry);
}

static void conn_free(struct http_conn *c)
{
    struct http_server *s = c->server;

    TAILQ_REMOVE(&s->list[c->state], c, entry);
    free(c);
    http_count(s, -1);
}

void http_conn_cut(struct http_conn *c)
{
    if (c->state == HTTP_CLOSED) {
        return;
    }
    http_conn_enter(c, HTTP_CLOSED);
    (void)event_del(&c->readable);
    (void)event_del(&c->writable);
    SSL_free(c->tls);
    c->tls = NULL;
    (void)close(c->fd);
    c->fd = -1;
    if (c->file >= 0) {
        (void)close(c->file);
    }
    c->file = -1;
    if (c->request != NULL) {
        struct http_request *r = c->request;

        c->request = NULL;
        c->server->held -= r->body.cap;
        r->conn = NULL;
        if (r->streaming) {
            http_stream_gone(r);
        } else if (r->began == 0) { /* nobody else knows of it */
            http_request_free(r);
        }
    }
    http_buffer_free(c->server, &c->in);
    http_buffer_free(c->server, &c->out);
    free((void *)(uintptr_t)c->cert.p);
    free((void *)(uintptr_t)c->chain.p);
    c->cert = (struct bm_bytes){ 0 };
    c->chain = (struct bm_bytes){ 0 };
    http_peer_drop(c->peer);
}

bool http_conn_hold(struct http_conn *c)
{
    bool inside = c->inside;

    c->inside = true;
    return inside;
}

void http_conn_leave(struct http_conn *c, bool inside)
{
    c->inside = inside;
    if (!inside && c->state == HTTP_CLOSED) {
        conn_free(c);
    }
}

void http_conn_drop(struct http_conn *c)
{
    bool inside = http_conn_hold(c);

    http_conn_cut(c);
    http_conn_leave(c, inside);
}

void http_conn_between(struct http_conn *c)
{
    http_conn_enter(c, c->known ? HTTP_KNOWN : HTTP_IDLE);
    if (c->paused) {
        c->paused = false;
        (void)event_add(&c->readable, NULL);
    }
    /* What has been read from the socket raises no event any more. */
    if (!c->feeding && (c->in.n != 0 || http_io_pending(c))) {
        c->again = c->in.n != 0;
        event_active(&c->readable, EV_READ, 0);
    }
}

/*
 * A socket that is closed with octets unread is reset, and what it has sent
 * may be lost on the way: so let the other side close first.
 */
void http_conn_linger(struct http_conn *c)
{
    http_io_shutdown(c);
    http_buffer_free(c->server, &c->in);
    http_conn_enter(c, HTTP_LINGER);
    if (c->paused) {
        c->paused = false;
        (void)event_add(&c->readable, NULL);
    }
}

static void drain(struct http_conn *c)
{
    uint8_t *scratch = c->server->scratch_in;
    ssize_t n = recv(c->fd, scratch, HTTP_SCRATCH, 0);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        http_conn_cut(c);
    }
}

/* ---- Handshake */

/* Append to octets that are owned. */
static bm_status append_der(X509 *cert, struct bm_bytes *to)
{
    int n = i2d_X509(cert, NULL);
    unsigned char *all;
    unsigned char *p;

    if (n <= 0) {
        return BM_E_MEMORY;
    }
    all = realloc((void *)(uintptr_t)to->p, to->n + (size_t)n);
    if (all == NULL) {
        return BM_E_MEMORY;
    }
    p = all + to->n;
    to->n += (size_t)i2d_X509(cert, &p);
    to->p = all;
    return BM_OK;
}

/*
 * Keep what the client sent as octets, a tenth of what OpenSSL makes of it.
 * The chain can be taken from it; the certificate cannot.
 */
static bm_status keep_certificates(struct http_conn *c)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(c->tls);
    X509 *cert = SSL_get0_peer_certificate(c->tls);
    bm_status rc = BM_OK;

    if (cert != NULL) {
        rc = append_der(cert, &c->cert);
    }
    while (chain != NULL && sk_X509_num(chain) != 0) {
        X509 *next = sk_X509_shift(chain);

        if (rc == BM_OK) {
            rc = append_der(next, &c->chain);
        }
        X509_free(next);
    }
    return rc;
}

static void handshake_failed(struct http_conn *c, const char *reason)
{
    struct http_server *s = c->server;

    metrics_add_to(s->metrics, METRICS_HANDSHAKE_FAILED, reason, 1);
    (void)gcra_take(s->blames, http_peer_key(c->peer), http_now());
}

static void handshake(struct http_conn *c)
{
    switch (http_io_handshake(c)) {
    case HTTP_IO_AGAIN:
        break;
    case HTTP_IO_DONE:
        metrics_add(c->server->metrics, METRICS_HANDSHAKES, 1);
        http_conn_enter(c, HTTP_IDLE);
        if (keep_certificates(c) != BM_OK) {
            http_conn_cut(c);
        } else if (http_io_pending(c)) {
            http_conn_read(c);
        }
        break;
    case HTTP_IO_EOF:
    case HTTP_IO_ERROR:
        /* Who came, said nothing and went has failed at nothing. */
        if (BIO_number_read(SSL_get_rbio(c->tls)) != 0) {
            handshake_failed(c, tls_failure(ERR_peek_error()));
            http_conn_linger(c); /* with an alert on the way */
        } else {
            http_conn_cut(c);
        }
        ERR_clear_error();
        break;
    }
}

/* ---- Events */

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *c = arg;
    bool inside = http_conn_hold(c);

    (void)fd;
    (void)what;
    switch (c->state) {
    case HTTP_HANDSHAKE:
        handshake(c);
        break;
    case HTTP_IDLE:
    case HTTP_KNOWN:
    case HTTP_READING:
        http_conn_read(c);
        break;
    case HTTP_BUSY:
    case HTTP_WRITING:
        /* Nothing is read while there is something to be answered. */
        c->paused = true;
        (void)event_del(&c->readable);
        break;
    case HTTP_LINGER:
        drain(c);
        break;
    case HTTP_CLOSED:
    case HTTP_STATES:
        break;
    }
    http_conn_leave(c, inside);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *c = arg;
    bool inside = http_conn_hold(c);

    (void)fd;
    (void)what;
    if (c->state == HTTP_HANDSHAKE) {
        handshake(c);
    } else if (c->state == HTTP_WRITING) {
        http_conn_write(c);
    } else if (http_conn_is_reading(c)) {
        http_conn_read(c);
    }
    http_conn_leave(c, inside);
}

void http_conn_expire(struct http_conn *c)
{
    bool inside = http_conn_hold(c);

    switch (c->state) {
    case HTTP_HANDSHAKE:
        handshake_failed(c, "timeout");
        metrics_add(c->server->metrics, METRICS_TIMEOUTS, 1);
        http_conn_cut(c);
        break;
    case HTTP_READING:
        metrics_add(c->server->metrics, METRICS_TIMEOUTS, 1);
        http_conn_refuse(c, 408);
        break;
    case HTTP_WRITING:
        metrics_add(c->server->metrics, METRICS_TIMEOUTS, 1);
        http_conn_cut(c);
        break;
    case HTTP_IDLE:
    case HTTP_KNOWN:
        http_io_shutdown(c);
        http_conn_cut(c);
        break;
    case HTTP_BUSY:
    case HTTP_LINGER:
    case HTTP_CLOSED:
    case HTTP_STATES:
        http_conn_cut(c);
        break;
    }
    http_conn_leave(c, inside);
}

static bool start_tls(struct http_conn *c)
{
    if (c->server->tls == NULL) {
        return true;
    }
    c->tls = SSL_new(c->server->tls);
    if (c->tls == NULL || SSL_set_fd(c->tls, c->fd) != 1) {
        ERR_clear_error();
        return false;
    }
    /* One buffer of records at a time; then others have their turn. */
    (void)SSL_clear_mode(c->tls, SSL_MODE_AUTO_RETRY);
    return true;
}

static struct http_conn *conn_make(struct http_server *s, int fd)
{
    struct http_conn *c = calloc(1, sizeof(*c));
    const int on = 1;

    if (c == NULL) {
        return NULL;
    }
    c->server = s;
    c->fd = fd;
    c->file = -1;
    c->state = HTTP_HANDSHAKE;
    c->since = http_now();
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)event_assign(&c->readable, s->base, fd, EV_READ | EV_PERSIST,
                       on_readable, c);
    (void)event_assign(&c->writable, s->base, fd, EV_WRITE, on_writable, c);
    return c;
}

void http_conn_new(struct http_server *s, int fd,
                   const struct sockaddr_storage *from)
{
    struct http_peer *peer = http_peer_take(s, from);
    struct http_conn *c = NULL;

    if (peer != NULL &&
        (s->connections < s->config.connections_max || http_evict(s))) {
        c = conn_make(s, fd);
    }
    if (c == NULL) {
        metrics_add(s->metrics, METRICS_TURNED_AWAY, 1);
        if (peer != NULL) {
            http_peer_drop(peer);
        }
        (void)close(fd);
        return;
    }
    c->peer = peer;
    http_address_text(from, c->address);
    TAILQ_INSERT_TAIL(&s->list[c->state], c, entry);
    http_count(s, 1);
    metrics_add(s->metrics, METRICS_ACCEPTED, 1);
    if (!start_tls(c) || event_add(&c->readable, NULL) != 0) {
        http_conn_drop(c);
    } else if (c->tls == NULL) {
        http_conn_enter(c, HTTP_IDLE);
    }
}
