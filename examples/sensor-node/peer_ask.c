/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The side that asks: a job of one line there and one line back.
 */
#include <stdlib.h>
#include <string.h>

#include "examples/sensor-node/board.h"
#include "examples/sensor-node/peer.h"
#include "examples/sensor-node/peer_say.h"
#include "examples/sensor-node/say.h"

/* Seconds for all of it. */
#define PATIENCE 30

/* ---- What both sides say */

void peer_say(const struct bm_tls *tls, const struct bm_tls_session *session,
              const char *way, const char *answer)
{
    struct bm_bytes der = tls->peer(session);
    struct bm_bytes who = { NULL, 0 };
    char name[SETTINGS_TEXT_MAX + 1];
    struct bm_cert cert;

    if (bm_cert_parse(der, 0, NULL, &cert) == BM_OK) {
        who = bm_trust_device_name(&cert);
    }
    who.n = who.n < sizeof name ? who.n : sizeof name - 1;
    memcpy(name, who.n != 0 ? who.p : (const uint8_t *)"", who.n);
    name[who.n] = '\0';
    for (size_t i = 0; i < who.n; i++) { /* a line, whatever a name is */
        if (name[i] <= ' ' || name[i] > '~') {
            name[i] = '?';
        }
    }
    say("peer",
        (struct say_field[]){ { way, name, 0 },
                              { answer != NULL ? "answer" : NULL, answer, 0 },
                              { NULL, NULL, 0 } });
}

void peer_say_refused(const char *side, bm_status status)
{
    char number[SAY_STATUS_MAX];

    say("refused peer",
        (struct say_field[]){ { "side", side, 0 },
                              { "status", say_status(status, number), 0 },
                              { NULL, NULL, 0 } });
}

/* ---- The words: peer=ADDRESS:PORT name=NAME */

void peer_ask_open(struct node *n)
{
    char *port;

    if (!board_word("peer", n->peer.host, sizeof n->peer.host) ||
        !board_word("name", n->peer.name, sizeof n->peer.name)) {
        return;
    }
    port = strchr(n->peer.host, ':');
    if (port != NULL) {
        *port = '\0';
        n->peer.port = (uint16_t)strtoul(port + 1, NULL, 10);
    }
}

/* ---- The connection: by address to whom a name belongs */

static bm_status open_peer(void *self, const char *name, uint16_t port,
                           const struct bm_transport **transport)
{
    struct node *n = self;
    const struct bm_connector *out = &n->network.out.connector;

    (void)name;
    return out->open(out->self, n->peer.host, port, transport);
}

static void close_peer(void *self)
{
    struct node *n = self;

    n->network.out.connector.close(n->network.out.connector.self);
}

/* ---- The job */

static void next(void *self, uint32_t uptime, struct bm_job_ask *ask)
{
    struct node *n = self;

    *ask = (struct bm_job_ask){ .want = (enum bm_job_want)n->job.peer.want,
                                .seconds = 1,
                                .show = true,
                                .place = BM_IDENTITY_CURRENT,
                                .octets = BM_LIT("READ\n"),
                                .status = n->job.peer.rc };
    ask->octets.p += n->job.peer.sent;
    ask->octets.n -= n->job.peer.sent;
    if (ask->want < BM_JOB_CLOSE &&
        (int32_t)(uptime - n->job.peer.until) >= 0) {
        n->job.peer.rc = BM_E_NET_TIMEOUT;
        n->job.peer.want = BM_JOB_STOPPED;
        ask->want = BM_JOB_CLOSE;
    }
}

static void connected(void *self, struct bm_bytes binding, bool expired)
{
    struct node *n = self;

    (void)binding;
    (void)expired;
    n->job.peer.want = BM_JOB_SEND;
}

static void sent(void *self, size_t octets)
{
    struct node *n = self;

    n->job.peer.sent += octets;
    if (n->job.peer.sent == 5) {
        n->job.peer.want = BM_JOB_RECEIVE;
    }
}

static void received(void *self, struct bm_bytes octets)
{
    struct node *n = self;

    for (size_t i = 0; i < octets.n; i++) {
        if (octets.p[i] == '\n') {
            n->job.peer.want = BM_JOB_DONE;
            return;
        }
        if (n->job.peer.line_n + 1 < sizeof n->job.peer.line &&
            octets.p[i] > ' ' && octets.p[i] <= '~') {
            n->job.peer.line[n->job.peer.line_n++] = (char)octets.p[i];
        }
    }
}

static void failed(void *self, bm_status why)
{
    struct node *n = self;

    n->job.peer.rc = why;
    n->job.peer.want = BM_JOB_STOPPED;
}

static const struct bm_job_calls calls = { next, connected, sent, received,
                                           failed };

static bool wanted(struct node *n)
{
    return n->peer.port != 0 && node_has(n, BM_IDENTITY_CURRENT);
}

static bm_status begin(struct node *n)
{
    n->job.peer.want = BM_JOB_CONNECT;
    n->job.peer.until = board_uptime() + PATIENCE;
    n->job.peer.connector = (struct bm_connector){ n, open_peer, close_peer };
    n->asked = (struct bm_job){
        .self = n,
        .calls = &calls,
        .identity = &n->identity,
        .trust = &n->trust,
        .use = BM_TRUST_DEVICE,
        .host = n->peer.name,
        .port = n->peer.port,
    };
    n->pump_config.connector = &n->job.peer.connector;
    return BM_OK;
}

static uint32_t end(struct node *n, bm_status rc)
{
    n->pump_config.connector = &n->network.out.connector;
    n->peer.port = 0; /* once */
    if (rc == BM_OK) {
        say("peer", (struct say_field[]){ { "to", n->peer.name, 0 },
                                          { "answer", n->job.peer.line, 0 },
                                          { NULL, NULL, 0 } });
    } else {
        peer_say_refused("client", rc);
    }
    return 1;
}

const struct outbound_work peer_work = { .wanted = wanted,
                                         .begin = begin,
                                         .end = end };
