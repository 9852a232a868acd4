/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

/* Listens on a free port of the loopback; -1 in `fd` where `backlog` < 0: the
 * port is free, and nobody listens. */
static uint16_t make_server(int *fd, int backlog)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(*fd, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(getsockname(*fd, (struct sockaddr *)&a, &n) == 0);
    CHECK(backlog < 0 || listen(*fd, backlog) == 0);
    if (backlog < 0) {
        (void)close(*fd);
        *fd = -1;
    }
    return ntohs(a.sin_port);
}

static bm_status open_it(struct net *net, const char *host, uint16_t port,
                         const struct bm_transport **t)
{
    bm_status rc;

    do {
        rc = net->connector.open(net->connector.self, host, port, t);
        if (rc == BM_E_TLS_AGAIN) {
            net_wait(net, 100);
        }
    } while (rc == BM_E_TLS_AGAIN);
    return rc;
}

static void octets_go_both_ways(void)
{
    const struct bm_transport *t;
    struct net net;
    uint8_t buf[16];
    size_t n = 0;
    int server;
    int peer;
    uint16_t port = make_server(&server, 1);

    net_init(&net, 10);
    CHECK_STATUS(open_it(&net, "127.0.0.1", port, &t), BM_OK);
    peer = accept(server, NULL, NULL);
    CHECK_STATUS(t->receive(t->self, buf, sizeof buf, &n), BM_E_TLS_AGAIN);
    CHECK_STATUS(t->send(t->self, BM_LIT("hello"), &n), BM_OK);
    CHECK(n == 5 && recv(peer, buf, 5, MSG_WAITALL) == 5);
    CHECK(memcmp(buf, "hello", 5) == 0);
    CHECK(send(peer, "abc", 3, 0) == 3);
    net_wait(&net, 10000);
    CHECK_STATUS(t->receive(t->self, buf, sizeof buf, &n), BM_OK);
    CHECK(n == 3 && memcmp(buf, "abc", 3) == 0);
    (void)close(peer);
    net_wait(&net, 10000);
    CHECK_STATUS(t->receive(t->self, buf, sizeof buf, &n), BM_E_TLS_CLOSED);
    net_close(&net);
    net_close(&net);
    (void)close(server);
}

/* A peer that does not read: octets wait, and nobody blocks. */
static void a_full_pipe_says_again(void)
{
    static const uint8_t much[65536];
    const struct bm_transport *t;
    struct net net;
    bm_status rc = BM_OK;
    size_t n = 0;
    int server;
    uint16_t port = make_server(&server, 1);

    net_init(&net, 10);
    CHECK_STATUS(open_it(&net, "127.0.0.1", port, &t), BM_OK);
    for (int i = 0; i < 10000 && rc == BM_OK; i++) {
        rc = t->send(t->self, BM_ARRAY(much), &n);
    }
    CHECK_STATUS(rc, BM_E_TLS_AGAIN);
    CHECK(net.full);
    net_close(&net);
    (void)close(server);
}

static void what_does_not_answer_is_an_error_in_time(void)
{
    const struct bm_transport *t;
    struct net net;
    int server;
    uint16_t port = make_server(&server, -1);

    net_init(&net, 10);
    CHECK_STATUS(open_it(&net, "127.0.0.1", port, &t), BM_E_AGENT_CONNECT);
    CHECK_STATUS(open_it(&net, "name.invalid", 443, &t), BM_E_AGENT_RESOLVE);
    /* The queue of this one is full: its SYNs get no answer. */
    port = make_server(&server, 0);
    {
        struct net first;
        struct net second;

        net_init(&first, 10);
        net_init(&second, 10);
        CHECK_STATUS(open_it(&first, "127.0.0.1", port, &t), BM_OK);
        (void)second.connector.open(second.connector.self, "127.0.0.1", port,
                                    &t);
        net_init(&net, 1);
        CHECK_STATUS(open_it(&net, "127.0.0.1", port, &t), BM_E_AGENT_TIMEOUT);
        net_close(&first);
        net_close(&second);
    }
    net_close(&net);
    (void)close(server);
}

/* Given up in the middle; the thread that looks up goes by itself. */
static void whoever_loses_patience_may_close(void)
{
    const struct bm_transport *t;
    struct net net;

    net_init(&net, 10);
    CHECK_STATUS(net.connector.open(net.connector.self, "127.0.0.1", 1, &t),
                 BM_E_TLS_AGAIN);
    net.connector.close(net.connector.self);
    CHECK(net.fd == -1 && net.lookup == NULL);
}

int main(void)
{
    RUN(octets_go_both_ways);
    RUN(a_full_pipe_says_again);
    RUN(what_does_not_answer_is_an_error_in_time);
    RUN(whoever_loses_patience_may_close);
    return bm_test_done();
}
