/* SPDX-License-Identifier: Apache-2.0 */
/* The side that listens; peer_ask.c is the other one. */
#include "examples/sensor-node/peer.h"

#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/outbound.h"
#include "examples/sensor-node/peer_say.h"
#include "examples/sensor-node/reading.h"
#include "examples/sensor-node/show.h"

/* Milliseconds for all that a peer wants of us, the handshake included. */
#define PEER_MS 15000

enum {
    NOBODY,
    SHAKING,
    READING,
    WRITING
};

bm_status peer_open(struct node *n)
{
    const struct bm_net_listener_config config = {
        .net = &n->network.net,
        .port = n->settings.peer_port,
        .streams = &n->peer.place,
        .places = 1,
        .handshake_ms = PEER_MS,
    };

    peer_ask_open(n);
    return config.port != 0 ? bm_net_listen(&n->peer.listener, &config) : BM_OK;
}

static void shut(struct node *n)
{
    const struct bm_tls *tls = &n->network.tls.tls;

    if (n->peer.session != NULL) {
        tls->close(n->peer.session);
        bm_identity_close(&n->identity, BM_IDENTITY_CURRENT);
    }
    n->peer.session = NULL;
    bm_net_stream_close(n->peer.stream);
    n->peer.stream = NULL;
    n->peer.state = NOBODY;
}

static bm_status begin(struct node *n)
{
    const struct bm_tls *tls = &n->network.tls.tls;
    struct bm_tls_config config = {
        .server = true,
        .expect = { .use = BM_TRUST_SERVE, .uptime = board_uptime() },
        .transport = &n->peer.stream->transport,
    };

    BM_TRY(show_identity(n, &n->peer.show, &config));
    BM_TRY(tls->open(tls->self, &config, &n->peer.session));
    n->peer.state = SHAKING;
    n->peer.line_n = 0;
    n->peer.told = false;
    return BM_OK;
}

/* `READ` and a line feed, in whatever pieces it comes. */
static bm_status read_line(struct node *n)
{
    const struct bm_tls *tls = &n->network.tls.tls;
    struct bm_bytes line = { n->peer.line, 0 };
    size_t got = 0;

    BM_TRY(tls->read(n->peer.session, n->peer.line + n->peer.line_n,
                     sizeof n->peer.line - n->peer.line_n, &got));
    n->peer.line_n += got;
    line.n = n->peer.line_n;
    if (line.p[line.n - 1] != '\n') {
        return line.n < sizeof n->peer.line ? BM_OK : BM_E_LIMIT;
    }
    if (!bm_bytes_are(line, "READ\n", 5)) {
        return BM_E_ARGUMENT;
    }
    (void)reading_number((char *)n->peer.line);
    n->peer.line_n = strlen((char *)n->peer.line);
    n->peer.line[n->peer.line_n++] = '\n';
    n->peer.state = WRITING;
    return BM_OK;
}

static bm_status write_line(struct node *n)
{
    const struct bm_tls *tls = &n->network.tls.tls;
    size_t done = 0;

    BM_TRY(tls->write(n->peer.session,
                      (struct bm_bytes){ n->peer.line, n->peer.line_n },
                      &done));
    n->peer.line_n -= done;
    memmove(n->peer.line, n->peer.line + done, n->peer.line_n);
    return n->peer.line_n == 0 ? BM_E_END : BM_OK;
}

static bm_status step(struct node *n)
{
    const struct bm_tls *tls = &n->network.tls.tls;

    switch (n->peer.state) {
    case SHAKING:
        BM_TRY(tls->handshake(n->peer.session));
        peer_say(tls, n->peer.session, "from", NULL);
        n->peer.told = true;
        n->peer.state = READING;
        return BM_OK;
    case READING:
        return read_line(n);
    default:
        return write_line(n);
    }
}

bool peer_shakes(const struct node *n)
{
    return n->peer.state == SHAKING;
}

bool peer_poll(struct node *n)
{
    bm_status rc;

    if (n->settings.peer_port == 0) {
        return false;
    }
    /* Memory is for one handshake at a time, beside a session that stands. */
    if (n->peer.stream == NULL && outbound_shakes(n)) {
        return false;
    }
    if (n->peer.stream == NULL) {
        n->peer.stream = bm_net_accept(&n->peer.listener);
        if (n->peer.stream == NULL) {
            return false;
        }
        rc = begin(n);
    } else {
        rc = step(n);
    }
    if (rc == BM_E_TLS_AGAIN) {
        return false;
    }
    if (rc != BM_OK) {
        if (rc != BM_E_END && !n->peer.told) {
            peer_say_refused("server", rc);
        }
        shut(n);
    }
    return true;
}
