/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ports/mps2/board.h"
#include "tests/net/device.h"

#define PIECE 1024

static struct {
    /* A session, of either role. */
    const struct bm_transport *transport;
    struct bm_tls_session *session;
    bool shaken;
    uint64_t began;

    /* Client. */
    struct bm_net_connector connector;
    struct bm_net_connector other; /* of somebody else, who came first */
    const struct bm_transport *others;
    char also[64]; /* whom that one wants */
    char host[64];
    char name[64];
    uint16_t port;
    uint32_t octets; /* to send, and to get back */
    uint32_t sent;
    uint32_t got;

    /* Server. */
    struct bm_net_listener listener;
    struct bm_net_stream places[1];
    struct bm_net_stream *stream;
    uint32_t hoard; /* octets that have to be there before any is read */
    uint32_t conns; /* to serve */
    uint8_t piece[PIECE];
    size_t piece_n;
    size_t piece_at;
} e;

static void tell_session(const struct device *d)
{
    const struct bm_tls *tls = &d->tls.tls;
    struct bm_tls_facts facts;

    tls->facts(e.session, &facts);
    printf("connected tls=%04x ticks=%lu\n", facts.version,
           (unsigned long)(device_busy() - e.began));
}

/* Look at nothing, as a program that is busy with its flash. */
static void be_deaf(void)
{
    uint32_t until = bm_board_ms() + device_number("deaf", 0);

    while ((int32_t)(bm_board_ms() - until) < 0) {
        bm_board_idle();
    }
}

static bm_status shake(struct device *d, const struct bm_tls_config *config)
{
    const struct bm_tls *tls = &d->tls.tls;

    if (e.session == NULL) {
        e.began = device_busy();
        BM_TRY(tls->open(tls->self, config, &e.session));
    }
    if (!e.shaken) {
        BM_TRY(tls->handshake(e.session));
        e.shaken = true;
        tell_session(d);
        be_deaf();
    }
    return BM_OK;
}

static bm_status tell(struct device *d, bm_status rc)
{
    struct bm_tls_facts facts = { .alert = BM_TLS_ALERT_NONE };

    if (e.session != NULL) {
        d->tls.tls.facts(e.session, &facts);
    }
    if (rc != BM_OK) {
        printf("refused status=0x%04x alert=%u\n", (unsigned)rc, facts.alert);
    }
    d->tls.tls.close(e.session);
    e.session = NULL;
    e.shaken = false;
    return rc;
}

/* ---- Client: `octets` out, the same back */

static bm_status listen_at(struct device *d, const char *port)
{
    const struct bm_net_listener_config config = {
        .net = &d->net,
        .port = (uint16_t)device_number(port, 0),
        .streams = e.places,
        .places = sizeof e.places / sizeof e.places[0],
        .idle_ms = device_number("idle", 0),
        .handshake_ms = device_number("patience", 0),
    };

    BM_TRY(bm_net_listen(&e.listener, &config));
    printf("listening\n");
    return BM_OK;
}

static bm_status open_client(struct device *d)
{
    const struct bm_net_connector_config config = {
        .net = &d->net,
        .connect_ms = device_number("patience", 0),
        .idle_ms = device_number("idle", 0)
    };

    bm_net_connector_init(&e.connector, &config);
    bm_net_connector_init(&e.other, &config);
    (void)snprintf(e.also, sizeof e.also, "%s", device_word("also"));
    (void)snprintf(e.host, sizeof e.host, "%s", device_word("host"));
    (void)snprintf(e.name, sizeof e.name, "%s", device_word("name"));
    e.port = (uint16_t)device_number("port", 0);
    e.octets = device_number("octets", 16);
    return device_number("listen", 0) != 0 ? listen_at(d, "listen") : BM_OK;
}

static bm_status send_some(struct device *d, bool *idle)
{
    uint32_t n = e.octets - e.sent < PIECE ? e.octets - e.sent : PIECE;
    size_t done = 0;

    for (uint32_t i = 0; i < n; i++) {
        e.piece[i] = device_pattern(e.sent + i);
    }
    if (n != 0) {
        BM_TRY(d->tls.tls.write(e.session, (struct bm_bytes){ e.piece, n },
                                &done));
        e.sent += (uint32_t)done;
        *idle = false;
    }
    return BM_OK;
}

static bm_status get_some(struct device *d, bool *idle)
{
    uint8_t piece[256];
    size_t n = 0;

    BM_TRY(d->tls.tls.read(e.session, piece, sizeof piece, &n));
    for (size_t i = 0; i < n; i++) {
        if (piece[i] != device_pattern(e.got++)) {
            return BM_E_SIGNATURE;
        }
    }
    *idle = false;
    return BM_OK;
}

static bm_status talk(struct device *d, bool *idle)
{
    bm_status rc = send_some(d, idle);

    if (rc == BM_OK || rc == BM_E_TLS_AGAIN) {
        rc = get_some(d, idle);
    }
    if (rc != BM_OK) {
        return rc;
    }
    return e.got == e.octets ? BM_OK : BM_E_TLS_AGAIN;
}

static bm_status client(struct device *d, bool *idle)
{
    struct bm_tls_config config = { .expect = { .use = BM_TRUST_CLOUD,
                                                .host = e.name } };

    if (e.also[0] != '\0' && e.others == NULL) {
        (void)e.other.connector.open(&e.other, e.also, e.port, &e.others);
    }
    if (e.transport == NULL) {
        BM_TRY(e.connector.connector.open(&e.connector, e.host, e.port,
                                          &e.transport));
    }
    device_identity(d, &config);
    config.transport = e.transport;
    BM_TRY(shake(d, &config));
    return talk(d, idle);
}

static bm_status client_turn(struct device *d, bool *idle)
{
    bm_status rc = client(d, idle);

    if (rc != BM_E_TLS_AGAIN) {
        rc = tell(d, rc);
        e.connector.connector.close(&e.connector);
        printf("done octets=%lu refused=%lu\n", (unsigned long)e.got,
               (unsigned long)e.listener.refused);
    }
    return rc;
}

const struct role echo_client = { open_client, client_turn };

/* ---- Server: what comes goes back, until the peer closes */

static bm_status open_server(struct device *d)
{
    e.conns = device_number("conns", 1);
    return listen_at(d, "port");
}

static bm_status echo(struct device *d, bool *idle)
{
    const struct bm_tls *tls = &d->tls.tls;
    size_t n = 0;

    if (e.piece_at == e.piece_n) {
        e.piece_at = 0;
        BM_TRY(tls->read(e.session, e.piece, sizeof e.piece, &e.piece_n));
    }
    BM_TRY(tls->write(
        e.session,
        (struct bm_bytes){ e.piece + e.piece_at, e.piece_n - e.piece_at }, &n));
    e.piece_at += n;
    e.got += (uint32_t)n;
    *idle = false;
    return BM_E_TLS_AGAIN;
}

static bm_status serve(struct device *d, bool *idle)
{
    struct bm_tls_config config = { .server = true,
                                    .expect = { .use = BM_TRUST_SERVE } };

    device_identity(d, &config);
    config.transport = &e.stream->transport;
    BM_TRY(shake(d, &config));
    bm_net_stream_deadline(e.stream, 0);
    return echo(d, idle);
}

static bool is_hoarding(void)
{
    const struct bm_net_stream *s = e.stream;

    if (s->status != BM_OK || (s->in != NULL && s->in->tot_len >= e.hoard)) {
        e.hoard = 0;
    }
    return e.hoard != 0;
}

static bm_status server_turn(struct device *d, bool *idle)
{
    bm_status rc;

    if (e.stream == NULL) {
        e.stream = bm_net_accept(&e.listener);
        e.hoard = device_number("hoard", 0);
        return BM_E_TLS_AGAIN;
    }
    if (is_hoarding()) {
        return BM_E_TLS_AGAIN;
    }
    rc = serve(d, idle);
    if (rc == BM_E_TLS_AGAIN) {
        return rc;
    }
    (void)tell(d, rc == BM_E_TLS_CLOSED ? BM_OK : rc);
    bm_net_stream_close(e.stream);
    e.stream = NULL;
    e.piece_n = 0;
    e.piece_at = 0;
    printf("done octets=%lu refused=%lu\n", (unsigned long)e.got,
           (unsigned long)e.listener.refused);
    e.got = 0;
    return --e.conns == 0 ? BM_OK : BM_E_TLS_AGAIN;
}

const struct role echo_server = { open_server, server_turn };
