/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/server/load.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/server/load_internal.h"
#include "bench/server/process.h"

/* Events taken at a time. */
#define EVENTS_MAX 256
/* Seconds without an event until it is over. */
#define PATIENCE 60
/* Handshakes under way at a time while all connections are opened. */
#define OPENING_MAX 64

struct load {
    struct load_config config;
    int epoll;
    int timer;
    struct conn *conns;
    /* Those that wait for a request, as a stack. */
    struct conn **idle;
    unsigned idle_n;

    /* Of the run. */
    size_t first;
    size_t next; /* request, counted from `first` */
    size_t n;
    size_t done;
    double rate;
    double start;
    double *times;
    struct load_result result;
};

SSL_CTX *load_tls(int version)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    bench_must(tls != NULL &&
                   SSL_CTX_set_min_proto_version(tls, version) == 1 &&
                   SSL_CTX_set_max_proto_version(tls, version) == 1,
               "TLS");
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_mode(tls,
                           SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
    return tls;
}

struct load *load_new(const struct load_config *config)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    struct load *l = calloc(1, sizeof *l);

    bench_must(l != NULL, "memory");
    l->config = *config;
    l->conns = calloc(config->connections, sizeof *l->conns);
    l->idle = calloc(config->connections, sizeof *l->idle);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bench_must(l->conns != NULL && l->idle != NULL && l->epoll >= 0 &&
                   l->timer >= 0 &&
                   epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->timer, &event) == 0,
               "load");
    for (unsigned i = 0; i < config->connections; i++) {
        l->idle[l->idle_n++] = &l->conns[i];
    }
    return l;
}

void load_free(struct load *l)
{
    if (l == NULL) {
        return;
    }
    for (unsigned i = 0; i < l->config.connections; i++) {
        conn_close(&l->conns[i], true);
        free(l->conns[i].in);
    }
    (void)close(l->timer);
    (void)close(l->epoll);
    free(l->conns);
    free(l->idle);
    free(l);
}

static void open_conn(struct load *l, struct conn *c)
{
    unsigned number = (unsigned)(c - l->conns);
    struct conn_config config = {
        &l->config, { NULL, NULL }, number, l->epoll
    };

    if (l->config.identity != NULL) {
        config.identity = l->config.identity(
            l->config.arg, l->config.fresh ? c->request : number);
    }
    conn_open(c, &config);
}

/* ---- A run */

static void finished(struct load *l, struct conn *c, enum conn_event event)
{
    double now = process_wall();

    l->times[l->done++] = now - c->due;
    if (event == CONN_BROKEN) {
        l->result.broken++;
    } else if (c->status == 200) {
        l->result.ok++;
    } else {
        l->result.refused++;
        l->result.status = c->status;
    }
    if (event == CONN_ANSWERED && l->config.answer != NULL) {
        l->config.answer(
            l->config.arg, c->request, c->status,
            (struct bm_bytes){ c->in + c->head_n, c->answer_n - c->head_n });
    }
    if (l->config.fresh || c->last) {
        conn_close(c, true);
    }
    c->busy = false;
    l->idle[l->idle_n++] = c;
}

static void step(struct load *l, struct conn *c)
{
    bool busy = c->busy;
    enum conn_event event = conn_step(c);

    if (busy && (event == CONN_ANSWERED || event == CONN_BROKEN)) {
        finished(l, c, event);
    }
}

static double due(const struct load *l, size_t i)
{
    return l->rate > 0 ? l->start + (double)i / l->rate : process_wall();
}

static void set_timer(const struct load *l, double at)
{
    struct itimerspec t = { { 0, 0 }, { 0, 0 } };

    t.it_value.tv_sec = (time_t)at;
    t.it_value.tv_nsec = (long)((at - (double)t.it_value.tv_sec) * 1e9);
    (void)timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Give what is due to who is free. */
static void dispatch(struct load *l)
{
    while (l->idle_n > 0 && l->next < l->n) {
        double at = due(l, l->next);
        size_t i = l->first + l->next;
        struct conn *c;

        if (l->rate > 0 && at > process_wall()) {
            set_timer(l, at);
            return;
        }
        c = l->idle[--l->idle_n];
        conn_ask(c, i,
                 l->config.request(l->config.arg, i, (unsigned)(c - l->conns)),
                 at);
        l->next++;
        if (c->state == CONN_CLOSED) {
            open_conn(l, c);
        } else {
            step(l, c);
        }
    }
}

static void wait_events(struct load *l)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(l->epoll, events, EVENTS_MAX, PATIENCE * 1000);

    bench_must(n > 0, "a server that answers");
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr != NULL) {
            step(l, events[i].data.ptr);
        } else {
            uint64_t times;

            (void)!read(l->timer, &times, sizeof times);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

void load_run(struct load *l, size_t first, size_t n, double rate,
              struct load_result *result)
{
    l->first = first;
    l->n = n;
    l->next = 0;
    l->done = 0;
    l->rate = rate;
    memset(&l->result, 0, sizeof l->result);
    l->times = calloc(n, sizeof *l->times);
    bench_must(l->times != NULL && n > 0, "memory");
    l->start = process_wall();
    dispatch(l);
    while (l->done < n) {
        wait_events(l);
        dispatch(l);
    }
    qsort(l->times, n, sizeof *l->times, by_value);
    l->result.seconds = process_wall() - l->start;
    l->result.median = l->times[n / 2];
    l->result.p99 = l->times[n - 1 - n / 100];
    l->result.worst = l->times[n - 1];
    free(l->times);
    l->times = NULL;
    *result = l->result;
}

/* ---- Connections without requests */

static unsigned count(const struct load *l, bool opening)
{
    unsigned n = 0;

    for (unsigned i = 0; i < l->config.connections; i++) {
        enum conn_state state = l->conns[i].state;

        n += opening ? state == CONN_CONNECTING || state == CONN_HANDSHAKE
                     : state == CONN_IDLE;
    }
    return n;
}

void load_connect(struct load *l)
{
    unsigned opened = 0;

    while (opened < l->config.connections || count(l, true) > 0) {
        for (unsigned room = OPENING_MAX - count(l, true);
             room > 0 && opened < l->config.connections; room--) {
            open_conn(l, &l->conns[opened++]);
        }
        wait_events(l);
    }
}

unsigned load_open_now(struct load *l)
{
    for (unsigned i = 0; i < l->config.connections; i++) {
        if (l->conns[i].state == CONN_IDLE) {
            step(l, &l->conns[i]);
        }
    }
    return count(l, false);
}
