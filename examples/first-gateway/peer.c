/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two devices talk to each other by mutual TLS, each with the identity that its
 * agent keeps: device to device, without a cloud in between.
 *
 *     peer CONFIG listen [NAME]             prints its port; answers one peer
 *     peer CONFIG connect HOST PORT [NAME]  sends its input, prints answers
 *
 * CONFIG is the agent's; NAME is the device that the peer has to be, else any
 * of the same anchors. Both roles are the same calls of device/tls.h: what
 * differs is one member of a struct. What firmware does differently is the
 * transport, and which port it takes its struct bm_tls from.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/net.h"
#include "agent/state.h"
#include "core/cert.h"
#include "ports/openssl/openssl_tls.h"

#define PATIENCE_MS 30000
#define LINE_MAX_   1024

struct peer {
    struct settings settings;
    struct state *state;
    const struct bm_tls *tls;
    struct bm_tls_session *session;
    struct bm_tls_config config;
    struct bm_transport transport;
    struct bm_bytes certs[BM_IDENTITY_CERTS_MAX];
    uint8_t room[STATE_CHAIN_ROOM];
    int listener; /* or -1 */
    int fd;       /* of the connection, or -1 */
};

/* ---- A connected socket as the stream below TLS */

static bm_status of_errno(void)
{
    return errno == EAGAIN || errno == EINTR ? BM_E_TLS_AGAIN : BM_E_IO;
}

static bm_status socket_send(void *self, struct bm_bytes octets, size_t *n)
{
    const struct peer *p = self;
    ssize_t sent = send(p->fd, octets.p, octets.n, MSG_NOSIGNAL);

    if (sent < 0) {
        return of_errno();
    }
    *n = (size_t)sent;
    return BM_OK;
}

static bm_status socket_receive(void *self, uint8_t *out, size_t cap, size_t *n)
{
    const struct peer *p = self;
    ssize_t got = recv(p->fd, out, cap, 0);

    if (got < 0) {
        return of_errno();
    }
    *n = (size_t)got;
    return got == 0 ? BM_E_TLS_CLOSED : BM_OK;
}

/* Until the socket moves; BM_E_TLS_AGAIN is all that TLS says of which way. */
static bm_status wait_for(const struct peer *p, short events)
{
    struct pollfd one = { .fd = p->fd, .events = events };
    int n = poll(&one, 1, PATIENCE_MS);

    return n > 0 || (n < 0 && errno == EINTR) ? BM_OK : BM_E_TLS_TRUNCATED;
}

static bm_status listen_here(struct peer *p)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;

    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 ||
        bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(p->listener, 1) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &n) != 0) {
        return BM_E_IO;
    }
    printf("%u\n", (unsigned)ntohs(at.sin_port));
    fflush(stdout);
    p->fd = accept(p->listener, NULL, NULL);
    return p->fd >= 0 && fcntl(p->fd, F_SETFL, O_NONBLOCK) == 0 ? BM_OK
                                                                : BM_E_IO;
}

static bm_status connect_there(struct peer *p, const char *host,
                               const char *port)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    bm_status rc = BM_E_IO;

    if (getaddrinfo(host, port, &hints, &list) != 0) {
        return BM_E_NOT_FOUND;
    }
    for (const struct addrinfo *a = list; a != NULL && rc != BM_OK;
         a = a->ai_next) {
        p->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
        if (p->fd >= 0 && connect(p->fd, a->ai_addr, a->ai_addrlen) == 0 &&
            fcntl(p->fd, F_SETFL, O_NONBLOCK) == 0) {
            rc = BM_OK;
        } else if (p->fd >= 0) {
            close(p->fd);
            p->fd = -1;
        }
    }
    freeaddrinfo(list);
    return rc;
}

/* ---- Mutual TLS */

/* The agent's identity and trust, as they are at this moment. */
static bm_status open_identity(struct peer *p, const char *path)
{
    const struct state_config how = { .settings = &p->settings,
                                      .how = STATE_SIGN };
    struct config_error error;
    char what[STATE_WHAT_MAX];

    BM_TRY(settings_load(path, &p->settings, &error));
    BM_TRY(state_open(&p->state, &how, what));
    BM_TRY(state_chain(p->state, BM_IDENTITY_CURRENT, p->room, p->certs,
                       &p->config.chain_n));
    BM_TRY(bm_identity_signer(&p->state->identity, BM_IDENTITY_CURRENT,
                              &p->config.signer));
    return bm_openssl_tls_new(&p->tls);
}

static bm_status handshake(struct peer *p, const char *name)
{
    bm_status rc;

    p->transport = (struct bm_transport){ p, socket_send, socket_receive };
    p->config.server = p->listener >= 0;
    p->config.trust = &p->state->trust;
    p->config.expect.use = p->config.server ? BM_TRUST_SERVE : BM_TRUST_DEVICE;
    p->config.expect.host = name;
    p->config.expect.uptime = state_uptime(p->state);
    p->config.chain = p->certs;
    p->config.transport = &p->transport;
    BM_TRY(p->tls->open(p->tls->self, &p->config, &p->session));
    while ((rc = p->tls->handshake(p->session)) == BM_E_TLS_AGAIN) {
        BM_TRY(wait_for(p, POLLIN));
    }
    return rc;
}

static bm_status say(struct peer *p, const char *words)
{
    struct bm_bytes left = { (const uint8_t *)words, strlen(words) };

    while (left.n != 0) {
        size_t n = 0;
        bm_status rc = p->tls->write(p->session, left, &n);

        if (rc == BM_E_TLS_AGAIN) {
            BM_TRY(wait_for(p, POLLIN | POLLOUT));
            continue;
        }
        BM_TRY(rc);
        left.p += n;
        left.n -= n;
    }
    return BM_OK;
}

/* One line, its newline taken off. */
static bm_status hear(struct peer *p, char *line)
{
    size_t used = 0;

    while (used < LINE_MAX_ - 1) {
        size_t n = 0;
        bm_status rc = p->tls->read(p->session, (uint8_t *)line + used, 1, &n);

        if (rc == BM_E_TLS_AGAIN) {
            BM_TRY(wait_for(p, POLLIN));
            continue;
        }
        BM_TRY(rc);
        if (line[used] == '\n') {
            break;
        }
        used += n;
    }
    line[used] = '\0';
    return BM_OK;
}

static void name_the_peer(struct peer *p)
{
    struct bm_bytes name = { NULL, 0 };
    struct bm_cert cert;

    if (bm_cert_parse(p->tls->peer(p->session), BM_STRICT, NULL, &cert) ==
        BM_OK) {
        name = bm_trust_device_name(&cert);
    }
    fprintf(stderr, "peer is %.*s\n", (int)name.n, (const char *)name.p);
}

/* The one that listens repeats what it hears; the other says it. */
static bm_status converse(struct peer *p)
{
    char line[LINE_MAX_ + 16];
    bm_status rc;

    name_the_peer(p);
    if (p->config.server) {
        while ((rc = hear(p, line)) == BM_OK) {
            printf("%s\n", line);
            BM_TRY(say(p, "heard: "));
            BM_TRY(say(p, line));
            BM_TRY(say(p, "\n"));
        }
        return rc == BM_E_TLS_CLOSED ? BM_OK : rc;
    }
    while (fgets(line, LINE_MAX_, stdin) != NULL) {
        BM_TRY(say(p, line));
        BM_TRY(hear(p, line));
        printf("%s\n", line);
    }
    return BM_OK;
}

static void finish(struct peer *p)
{
    if (p->tls != NULL) {
        p->tls->close(p->session);
        bm_openssl_tls_free(p->tls);
    }
    if (p->fd >= 0) {
        close(p->fd);
    }
    if (p->listener >= 0) {
        close(p->listener);
    }
    state_close(p->state);
    settings_free(&p->settings);
    free(p);
}

static bm_status run(struct peer *p, int argc, char **argv)
{
    bool listens = strcmp(argv[2], "listen") == 0;
    int name = listens ? 3 : 5;

    if (argc < name || (!listens && strcmp(argv[2], "connect") != 0)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(open_identity(p, argv[1]));
    BM_TRY(listens ? listen_here(p) : connect_there(p, argv[3], argv[4]));
    BM_TRY(handshake(p, argc > name ? argv[name] : NULL));
    return converse(p);
}

int main(int argc, char **argv)
{
    struct peer *p = calloc(1, sizeof *p);
    bm_status rc = BM_E_ARGUMENT;

    if (p == NULL) {
        return 1;
    }
    p->listener = -1;
    p->fd = -1;
    if (argc >= 3) {
        rc = run(p, argc, argv);
    }
    finish(p);
    if (rc != BM_OK) {
        fprintf(stderr, "peer: %s: %s\n", bm_status_clause(rc),
                bm_status_text(rc));
    }
    return rc == BM_OK ? 0 : 1;
}
