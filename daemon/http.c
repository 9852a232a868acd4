/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* accept4 */
#include "daemon/http_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

/* How often time limits are looked at. */
#define TICK_US 250000

/* For the last octets to be taken, when all is said. */
#define LINGER_US 2000000

/* A new connection, when all is about to be over. */
#define STOP_US 2000000

/* Who has come no further in this time may give way. */
#define EVICT_US 1000000

/* Connections taken in a row. One: the listeners share a socket, and whoever
 * wakes first would take all, and serve them alone for as long as they stay. */
#define ACCEPTS_MAX 1

/* Addresses whose past is remembered: 1 MB. */
#define ADDRESSES 65536

/* What a limit lets through at once, in seconds. */
#define BURST 10

uint64_t http_now(void)
{
    struct timespec now = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

/* ---- Time limits, and who gives way */

static uint64_t limit_of(const struct http_conn *c)
{
    const struct http_server *s = c->server;
    uint64_t left;

    switch (c->state) {
    case HTTP_HANDSHAKE:
        return (uint64_t)s->config.handshake * 1000000U;
    case HTTP_IDLE:
    case HTTP_KNOWN:
        return s->stopping ? STOP_US : (uint64_t)s->config.idle * 1000000U;
    case HTTP_READING:
        return (uint64_t)s->config.request * 1000000U;
    case HTTP_WRITING:
        if (c->request != NULL) { /* a stream */
            return c->patience;
        }
        left = c->out.n + c->file_at + c->file_n;
        return ((uint64_t)s->config.request + left / 16384) * 1000000U;
    case HTTP_LINGER:
        return LINGER_US;
    case HTTP_BUSY:
    case HTTP_CLOSED:
    case HTTP_STATES:
        break;
    }
    return UINT64_MAX;
}

static bool is_over(const struct http_conn *c, uint64_t now)
{
    /* One may have come into its state since `now`. */
    return c != NULL && c->since < now && now - c->since > limit_of(c);
}

static void expire_first(struct http_list *list, uint64_t now)
{
    struct http_conn *c;

    while (is_over((c = TAILQ_FIRST(list)), now)) {
        http_conn_expire(c); /* it is in no list of these after that */
    }
}

/* How long an answer may take depends on its length. */
static void expire_writing(struct http_list *list, uint64_t now)
{
    struct http_conn *c = TAILQ_FIRST(list);

    while (c != NULL) {
        struct http_conn *next = TAILQ_NEXT(c, entry);

        if (is_over(c, now)) {
            http_conn_expire(c);
        }
        c = next;
    }
}

static void set_listening(struct http_server *s, bool on)
{
    struct http_listener *l;

    LIST_FOREACH(l, &s->listeners, entry)
    {
        if (on) {
            (void)event_add(&l->event, NULL);
        } else {
            (void)event_del(&l->event);
        }
    }
}

/*
 * Of all servers of this process. It is said again and again, since a process
 * that is being replaced says what is its own in the same place, until it ends.
 */
static int64_t open_connections;

static void tell_connections(struct http_server *s)
{
    metrics_set(s->metrics, METRICS_CONNECTIONS, open_connections);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    const struct timeval interval = { 0, TICK_US };
    struct http_server *s = arg;
    uint64_t now = http_now();

    (void)fd;
    (void)what;
    expire_first(&s->list[HTTP_HANDSHAKE], now);
    expire_first(&s->list[HTTP_IDLE], now);
    expire_first(&s->list[HTTP_KNOWN], now);
    expire_first(&s->list[HTTP_READING], now);
    expire_writing(&s->list[HTTP_WRITING], now);
    expire_first(&s->list[HTTP_LINGER], now);
    if (s->full) {
        s->full = false;
        set_listening(s, true);
    }
    tell_connections(s);
    if (s->connections != 0) {
        (void)event_add(&s->tick, &interval);
    } else if (s->stopping && s->done != NULL) {
        void (*done)(void *) = s->done;

        s->done = NULL;
        done(s->done_arg); /* the server may be gone after this */
    }
}

void http_count(struct http_server *s, int n)
{
    const struct timeval interval = { 0, TICK_US };

    open_connections += n;
    tell_connections(s);
    if (n > 0) {
        if (s->connections++ == 0) {
            (void)event_add(&s->tick, &interval);
        }
    } else if (--s->connections == 0 && s->stopping) {
        event_active(&s->tick, EV_TIMEOUT, 0);
    }
}

/* The first of a list, unless it is in use or has not been there for long. */
static bool evict_from(struct http_list *list, uint64_t age)
{
    struct http_conn *c = TAILQ_FIRST(list);

    if (c == NULL || c->inside || http_now() - c->since < age) {
        return false;
    }
    metrics_add(c->server->metrics, METRICS_TURNED_AWAY, 1);
    http_io_shutdown(c);
    http_conn_drop(c);
    return true;
}

bool http_evict(struct http_server *s)
{
    return evict_from(&s->list[HTTP_LINGER], 0) ||
           evict_from(&s->list[HTTP_IDLE], 0) ||
           evict_from(&s->list[HTTP_READING], EVICT_US) ||
           evict_from(&s->list[HTTP_HANDSHAKE], EVICT_US) ||
           evict_from(&s->list[HTTP_KNOWN], EVICT_US);
}

/*
 * All that connections hold between two turns, requests and answers in parts:
 * more than a thousand honest ones have at a time. Without this, strangers
 * could have headers_max, body_max and an answer each.
 */
#define HELD_MAX ((size_t)96 << 20)

bool http_afford(struct http_server *s, size_t n)
{
    while (s->held + n > HELD_MAX) {
        if (!evict_from(&s->list[HTTP_WRITING], EVICT_US) &&
            !evict_from(&s->list[HTTP_READING], EVICT_US)) {
            return false;
        }
    }
    return true;
}

/* ---- Listening */

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
    struct http_listener *l = arg;

    (void)what;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage from;
        socklen_t n = sizeof(from);
        int new_fd;

        memset(&from, 0, sizeof(from));
        new_fd = accept4(fd, (struct sockaddr *)&from, &n,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (new_fd >= 0) {
            http_conn_new(l->server, new_fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) {
            /* Somebody waits, and would wake us again at once. */
            (void)http_evict(l->server);
            set_listening(l->server, false);
            l->server->full = true;
            (void)event_add(&l->server->tick,
                            &(const struct timeval){ 0, TICK_US });
            return;
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

bm_status http_listen(struct http_server *server, int fd)
{
    struct http_listener *l = calloc(1, sizeof(*l));

    if (l == NULL) {
        (void)close(fd);
        return BM_E_MEMORY;
    }
    l->server = server;
    l->fd = fd;
    if (event_assign(&l->event, server->base, fd, EV_READ | EV_PERSIST,
                     on_accept, l) != 0 ||
        event_add(&l->event, NULL) != 0) {
        (void)close(fd);
        free(l);
        return BM_E_IO;
    }
    LIST_INSERT_HEAD(&server->listeners, l, entry);
    return BM_OK;
}

static void stop_listening(struct http_server *s)
{
    struct http_listener *l;

    while ((l = LIST_FIRST(&s->listeners)) != NULL) {
        LIST_REMOVE(l, entry);
        (void)event_del(&l->event);
        (void)close(l->fd);
        free(l);
    }
}

/* ---- The server */

static bm_status make_limit(struct http_server *s, unsigned rate,
                            struct gcra **limit)
{
    struct gcra_config config = {
        .keys = ADDRESSES,
        .rate = rate,
        .burst = (double)rate * BURST,
    };

    memcpy(config.secret, s->secret, sizeof(config.secret));
    return rate == 0 ? BM_OK : gcra_new(&config, limit);
}

bm_status http_new(const struct http_config *config,
                   struct http_server **server)
{
    struct http_server *s = calloc(1, sizeof(*s));
    bm_status rc = BM_E_INTERNAL;

    *server = NULL;
    if (s == NULL) {
        return BM_E_MEMORY;
    }
    s->config = *config;
    s->base = config->room->base;
    s->metrics = config->room->metrics;
    for (size_t i = 0; i < HTTP_STATES; i++) {
        TAILQ_INIT(&s->list[i]);
    }
    if (event_assign(&s->tick, s->base, -1, 0, on_tick, s) != 0) {
        goto out;
    }
    if (RAND_bytes(s->secret, sizeof(s->secret)) != 1) {
        rc = BM_E_RANDOM;
        goto out;
    }
    rc = make_limit(s, config->accept_rate, &s->accepts);
    if (rc == BM_OK) {
        rc = make_limit(s, config->blame_rate, &s->blames);
    }
    if (rc == BM_OK) {
        /* OpenSSL writes to sockets that the other side has closed. */
        (void)signal(SIGPIPE, SIG_IGN);
        http_set_tls(s, config->tls);
        *server = s;
        s = NULL;
    }

out:
    http_free(s);
    return rc;
}

void http_set_tls(struct http_server *server, SSL_CTX *tls)
{
    if (tls != NULL) {
        (void)SSL_CTX_up_ref(tls);
    }
    SSL_CTX_free(server->tls);
    server->tls = tls;
}

void http_stop(struct http_server *server, void (*done)(void *arg), void *arg)
{
    server->stopping = true;
    server->done = done;
    server->done_arg = arg;
    stop_listening(server);
    for (int i = HTTP_IDLE; i <= HTTP_KNOWN; i++) {
        struct http_conn *c = TAILQ_FIRST(&server->list[i]);

        while (c != NULL) {
            struct http_conn *next = TAILQ_NEXT(c, entry);

            /* Who has just come gets an answer to its first request. */
            if (c->served) {
                http_conn_expire(c);
            }
            c = next;
        }
    }
    event_active(&server->tick, EV_TIMEOUT, 0);
}

void http_free(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    server->stopping = false; /* nobody waits any more */
    stop_listening(server);
    for (int i = 0; i < HTTP_CLOSED; i++) {
        struct http_conn *c;

        while ((c = TAILQ_FIRST(&server->list[i])) != NULL) {
            http_conn_drop(c);
        }
    }
    (void)event_del(&server->tick);
    SSL_CTX_free(server->tls);
    gcra_free(server->accepts);
    gcra_free(server->blames);
    bm_wipe(server, sizeof(*server));
    free(server);
}

/* ---- What a request is */

enum http_method http_method(const struct http_request *r)
{
    return r->head.method;
}

const char *http_path(const struct http_request *r)
{
    return r->head.path;
}

const char *http_query(const struct http_request *r)
{
    return r->head.query;
}

const char *http_header(const struct http_request *r, const char *name)
{
    return http_head_field(&r->head, name);
}

struct bm_bytes http_body(struct http_request *r)
{
    return (struct bm_bytes){ r->body.p, r->body.n };
}

const char *http_address(const struct http_request *r)
{
    return r->conn == NULL ? "" : r->conn->address;
}

struct bm_bytes http_peer_cert(const struct http_request *r)
{
    const struct bm_bytes none = { NULL, 0 };

    return r->conn == NULL ? none : r->conn->cert;
}

struct bm_bytes http_peer_chain(const struct http_request *r)
{
    const struct bm_bytes none = { NULL, 0 };

    return r->conn == NULL ? none : r->conn->chain;
}

SSL *http_tls(const struct http_request *r)
{
    return r->conn == NULL ? NULL : r->conn->tls;
}

bool http_is_first(const struct http_request *r)
{
    return r->first;
}

void http_set_state(struct http_request *r, uintptr_t state)
{
    if (r->conn != NULL) {
        r->conn->state_of_caller = state;
    }
}

uintptr_t http_state(const struct http_request *r)
{
    return r->conn == NULL ? 0 : r->conn->state_of_caller;
}

/* ---- What a client is */

void http_trust(struct http_request *r)
{
    struct http_conn *c = r->conn;

    if (c != NULL && !c->known) {
        c->known = true;
        gcra_give(c->server->accepts, http_peer_key(c->peer), http_now());
        gcra_give(c->server->blames, http_peer_key(c->peer), http_now());
    }
}

bool http_blame(const struct http_request *r)
{
    const struct http_conn *c = r->conn;

    return c != NULL && gcra_take(c->server->blames, http_peer_key(c->peer),
                                  http_now()) != 0;
}
