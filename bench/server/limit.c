/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/server/limit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

#define RAW_TIMES  150
#define EVENTS_MAX 64

double limit_raw(void)
{
    static void *raw;
    struct timespec a;
    struct timespec b;

    if (raw == NULL) {
        raw = bench_raw_open();
    }
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
    for (unsigned i = 0; i < RAW_TIMES; i++) {
        bench_raw_verify(raw);
        bench_raw_sign(raw);
    }
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
    return ((double)(b.tv_sec - a.tv_sec) * 1e9 +
            (double)(b.tv_nsec - a.tv_nsec)) /
           RAW_TIMES;
}

/* ---- The server */

static int accept_cert(X509_STORE_CTX *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return 1;
}

static SSL_CTX *server_tls(const struct world *w)
{
    static char groups[] = "X25519:P-256"; /* the macro wants it so */
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    bench_must(tls != NULL &&
                   SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256") ==
                       1 &&
                   SSL_CTX_set1_groups_list(tls, groups) == 1 &&
                   SSL_CTX_set_num_tickets(tls, 0) == 1 &&
                   SSL_CTX_use_certificate(tls, w->tls.cert) == 1 &&
                   SSL_CTX_use_PrivateKey(tls, w->tls.key) == 1 &&
                   SSL_CTX_add1_chain_cert(tls, w->tls_ca) == 1,
               "TLS");
    (void)SSL_CTX_set_mode(tls,
                           SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(tls, accept_cert, NULL);
    return tls;
}

static void take(int listener, int epoll, SSL_CTX *tls)
{
    int fd = accept(listener, NULL, NULL);
    struct epoll_event event = { .events = EPOLLIN };
    int one = 1;
    SSL *ssl;

    if (fd < 0) {
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ssl = SSL_new(tls);
    bench_must(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "TLS");
    SSL_set_accept_state(ssl);
    event.data.ptr = ssl;
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Handshake, then wait for the end; an octet of application data would be an
 * error as any other. */
static void serve_one(SSL *ssl)
{
    uint8_t octet;
    int n = SSL_read(ssl, &octet, 1);

    if (n > 0 || SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ) {
        int fd = SSL_get_fd(ssl);

        SSL_free(ssl);
        (void)close(fd);
    }
    ERR_clear_error();
}

static void serve(int listener, SSL_CTX *tls)
{
    struct epoll_event events[EVENTS_MAX];
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL) {
                take(listener, epoll, tls);
            } else {
                serve_one(events[i].data.ptr);
            }
        }
    }
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    bench_must(fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
                   listen(fd, 128) == 0 &&
                   getsockname(fd, (struct sockaddr *)&a, &n) == 0,
               "listen");
    *port = ntohs(a.sin_port);
    return fd;
}

/* ---- Its clients */

static struct bm_bytes no_request(void *arg, size_t i, unsigned connection)
{
    (void)connection;
    (void)arg;
    (void)i;
    return (struct bm_bytes){ NULL, 0 };
}

static struct load_identity identity(void *arg, size_t i)
{
    struct world_request *clients = arg;

    return clients[i].identity;
}

void limit_handshake_open(struct limit_handshake *h, const struct world *w,
                          struct world_request *clients)
{
    struct load_config config = { .connections = 64,
                                  .fresh = true,
                                  .arg = clients,
                                  .request = no_request,
                                  .identity = identity };
    int listener = listen_somewhere(&h->port);

    h->server = (struct process){ fork(), "the bare server" };
    bench_must(h->server.pid >= 0, "fork");
    if (h->server.pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        serve(listener, server_tls(w));
    }
    (void)close(listener);
    h->tls = load_tls(TLS1_3_VERSION);
    config.port = h->port;
    config.tls = h->tls;
    h->load = load_new(&config);
}

double limit_handshake(struct limit_handshake *h, size_t first, size_t n)
{
    struct load_result result;
    double before = process_cpu(&h->server);

    load_run(h->load, first, n, 0, &result);
    bench_must(result.ok == n, "handshakes");
    return (process_cpu(&h->server) - before) / (double)n;
}

void limit_handshake_close(struct limit_handshake *h)
{
    load_free(h->load);
    SSL_CTX_free(h->tls);
    process_stop(&h->server);
}
