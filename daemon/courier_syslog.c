/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "daemon/courier_internal.h"

/*
 * Syslog over TLS (RFC 5425). The protocol has no answers. So an event counts
 * as taken when the other machine has acknowledged all octets of it (TCP), the
 * connection still stands, and, of a new connection, a second has passed: in
 * TLS 1.3 a server says only later that it does not like who connects. What a
 * server loses that has acknowledged it, nobody can know.
 */

#define SETTLE_MS 1000
#define POLL_MS   20

enum state {
    IDLE,
    RESOLVING,
    CONNECTING,
    UP
};

struct courier_syslog {
    struct courier_place *place; /* NULL: closed while a name was asked for */
    enum state state;
    SSL_CTX *ctx;
    struct evdns_getaddrinfo_request *asking;
    struct courier_addresses found;
    size_t tried; /* of them */
    struct bufferevent *bev;
    struct event *timer;
    int64_t since;   /* ms: of the state */
    int64_t written; /* ms: when something last was, or was acknowledged */
    int queued;      /* octets, at the last look */
};

static int64_t now_ms(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void enter(struct courier_syslog *s, enum state state)
{
    s->state = state;
    s->since = now_ms();
}

static void hang_up(struct courier_syslog *s)
{
    if (s->bev != NULL) {
        bufferevent_free(s->bev);
        s->bev = NULL;
    }
    (void)event_del(s->timer);
    enter(s, IDLE);
}

/* All that is not through has to be sent again. */
static void fail(struct courier_syslog *s, const char *words)
{
    struct courier_place *p = s->place;

    hang_up(s);
    while (p->jobs != NULL) {
        courier_done(p->jobs, words);
    }
}

/* ---- Writing, and seeing it through */

static void write_job(struct courier_syslog *s, struct courier_job *job)
{
    uint8_t room[COURIER_SYSLOG_MAX + 16];
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    courier_syslog_put(&w, &job->event, s->place->courier->host);
    job->written = bufferevent_write(s->bev, room, w.len) == 0;
    s->written = now_ms();
}

static void look_again(struct courier_syslog *s)
{
    struct timeval wait = { 0, POLL_MS * 1000 };

    (void)event_add(s->timer, &wait);
}

static void write_all(struct courier_syslog *s)
{
    for (struct courier_job *job = s->place->jobs; job != NULL;
         job = job->next) {
        if (!job->written) {
            write_job(s, job);
        }
    }
    if (s->place->jobs != NULL) {
        look_again(s);
    }
}

/* Octets that the other side has not acknowledged; negative: nobody knows. */
static int count_queued(const struct courier_syslog *s)
{
    size_t waiting = evbuffer_get_length(bufferevent_get_output(s->bev));
    int sent = 0;

    if (ioctl(bufferevent_getfd(s->bev), SIOCOUTQ, &sent) != 0) {
        return -1;
    }
    return sent + (int)waiting;
}

static void take_written(struct courier_place *p)
{
    while (p->jobs != NULL && p->jobs->written) {
        courier_done(p->jobs, NULL);
    }
}

static void look(struct courier_syslog *s)
{
    int64_t limit = s->place->courier->room->settings.courier_timeout * 1000;
    int queued = count_queued(s);
    int64_t now = now_ms();

    if (queued == 0 && now - s->since >= SETTLE_MS) {
        take_written(s->place);
        write_all(s);
        return;
    }
    if (queued != s->queued) {
        s->queued = queued;
        s->written = now;
    }
    if (queued < 0 || now - s->written > limit) {
        fail(s, "it takes no more octets");
        return;
    }
    look_again(s);
}

/* ---- Connecting */

static void connect_next(struct courier_syslog *s);

static void say_tls(const struct courier_syslog *s, char words[STORE_NAME_MAX])
{
    unsigned long code = bufferevent_get_openssl_error(s->bev);
    const SSL *ssl = bufferevent_openssl_get_ssl(s->bev);
    long verified = ssl == NULL ? X509_V_OK : SSL_get_verify_result(ssl);
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

    if (verified != X509_V_OK) {
        (void)snprintf(words, STORE_NAME_MAX, "its certificate: %s",
                       X509_verify_cert_error_string(verified));
    } else {
        (void)snprintf(words, STORE_NAME_MAX, "the connection ended: %s",
                       reason != NULL ? reason : "without a reason");
    }
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct courier_syslog *s = arg;
    char words[STORE_NAME_MAX];

    (void)bev;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        enter(s, UP);
        s->queued = 0;
        write_all(s);
        return;
    }
    say_tls(s, words);
    ERR_clear_error();
    if (s->state == CONNECTING && s->tried < s->found.n) {
        hang_up(s);
        connect_next(s);
        return;
    }
    fail(s, words); /* without jobs, nobody minds */
}

/* Nobody has anything to tell us. */
static void on_read(struct bufferevent *bev, void *arg)
{
    struct evbuffer *in = bufferevent_get_input(bev);

    (void)arg;
    (void)evbuffer_drain(in, evbuffer_get_length(in));
}

static SSL *make_ssl(const struct courier_syslog *s)
{
    const char *host = s->place->url.host;
    SSL *ssl = SSL_new(s->ctx);
    uint8_t literal[16];
    bool is_address = inet_pton(AF_INET, host, literal) == 1 ||
                      inet_pton(AF_INET6, host, literal) == 1;

    if (ssl != NULL &&
        (is_address
             ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1
             : SSL_set1_host(ssl, host) == 1 &&
                   /* SSL_set_tlsext_host_name() without its cast. */
                   SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                            TLSEXT_NAMETYPE_host_name,
                            (void *)(uintptr_t)host) == 1)) {
        return ssl;
    }
    SSL_free(ssl);
    return NULL;
}

static bool begin(struct courier_syslog *s, const struct sockaddr *a,
                  socklen_t n)
{
    struct timeval wait = { s->place->courier->room->settings.courier_timeout,
                            0 };
    SSL *ssl = make_ssl(s);

    if (ssl == NULL) {
        return false;
    }
    s->bev = bufferevent_openssl_socket_new(
        s->place->courier->room->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
        BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (s->bev == NULL) {
        SSL_free(ssl);
        return false;
    }
    bufferevent_setcb(s->bev, on_read, NULL, on_event, s);
    enter(s, CONNECTING);
    (void)event_add(s->timer, &wait);
    return bufferevent_enable(s->bev, EV_READ | EV_WRITE) == 0 &&
           bufferevent_socket_connect(s->bev, a, (int)n) == 0;
}

static void connect_next(struct courier_syslog *s)
{
    while (s->tried < s->found.n) {
        size_t i = s->tried++;

        if (begin(s, (const struct sockaddr *)&s->found.address[i],
                  s->found.len[i])) {
            return;
        }
        hang_up(s); /* no way there, as without IPv6 */
    }
    fail(s, "no connection could be made");
}

static void on_addresses(int code, struct evutil_addrinfo *answer, void *arg)
{
    struct courier_syslog *s = arg;

    s->asking = NULL;
    if (s->place != NULL) {
        courier_addresses_take(s->place->courier, answer, &s->found);
    }
    if (answer != NULL) {
        evutil_freeaddrinfo(answer);
    }
    if (s->place == NULL) {
        free(s);
    } else if (s->found.n == 0) {
        fail(s, courier_no_address(code, &s->found));
    } else {
        s->tried = 0;
        connect_next(s);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct courier_syslog *s = arg;

    (void)fd;
    (void)what;
    if (s->state == UP) {
        look(s);
    } else {
        fail(s, "it does not answer in time");
    }
}

void courier_syslog_send(struct courier_place *p)
{
    struct courier_syslog *s = p->syslog;

    if (s->state == UP) {
        write_all(s);
    } else if (s->state == IDLE) {
        enter(s, RESOLVING);
        courier_resolve(p, &s->asking, on_addresses, s);
    }
}

bm_status courier_syslog_open(struct courier_place *p)
{
    struct courier_syslog *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return BM_E_MEMORY;
    }
    p->syslog = s;
    s->place = p;
    s->timer = event_new(p->courier->room->base, -1, 0, on_timer, s);
    s->ctx = SSL_CTX_new(TLS_client_method());
    return s->timer == NULL || s->ctx == NULL ? BM_E_MEMORY
                                              : courier_tls_setup(p, s->ctx);
}

void courier_syslog_close(struct courier_place *p)
{
    struct courier_syslog *s = p->syslog;

    if (s == NULL) {
        return;
    }
    p->syslog = NULL;
    if (s->timer != NULL) {
        hang_up(s);
        event_free(s->timer);
    }
    SSL_CTX_free(s->ctx);
    if (s->asking != NULL) {
        s->place = NULL; /* on_addresses() frees it */
        evdns_getaddrinfo_cancel(s->asking);
    } else {
        free(s);
    }
}
