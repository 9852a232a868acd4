/* SPDX-License-Identifier: Apache-2.0 */
#include "device/pump.h"

/* Octets that are read at a time: on the stack, so few. What TLS holds of a
 * record meanwhile is its own. */
#define PIECE 256

/* Things done in one call: time goes on between calls only, and a server that
 * sends as fast as we read would have us read for ever. */
#define TURNS_MAX 64

#define NO_PLACE BM_IDENTITY_PLACES

/* RFC 8446 6.2: what a server says of the certificate that it was shown. */
enum {
    BAD_CERTIFICATE = 42, /* and on to: unsupported, revoked, expired, */
    CERTIFICATE_UNKNOWN = 46,
    UNKNOWN_CA = 48,
    ACCESS_DENIED = 49,
    CERTIFICATE_REQUIRED = 116
};

void bm_pump_init(struct bm_pump *p, const struct bm_pump_config *config)
{
    *p = (struct bm_pump){ .config = config, .place = NO_PLACE };
}

/* The key that is open: of the pending place until it was proven, which made
 * it that of the current one. */
static void close_key(struct bm_pump *p)
{
    const struct bm_identity *id = p->config->job->identity;
    enum bm_identity_place place = (enum bm_identity_place)p->place;

    if (place == NO_PLACE) {
        return;
    }
    if (place == BM_IDENTITY_PENDING &&
        bm_identity_state(id, place) == BM_IDENTITY_EMPTY) {
        place = BM_IDENTITY_CURRENT;
    }
    bm_identity_close(id, place);
    p->place = NO_PLACE;
}

void bm_pump_close(struct bm_pump *p)
{
    p->config->tls->close(p->session);
    p->session = NULL;
    if (p->begun) {
        p->config->connector->close(p->config->connector->self);
    }
    p->begun = false;
    p->transport = NULL;
    p->connected = false;
    close_key(p);
}

/* ---- Connecting: the identity, the stream, TLS over it, each once */

/* Certificates of the identity that is shown, one after another. */
static bm_status load_chain(struct bm_pump *p, enum bm_identity_place place,
                            size_t *n)
{
    uint8_t *to = p->config->chain;
    size_t room = p->config->chain_n;
    bm_status rc = BM_OK;
    size_t size;

    for (*n = 0; *n < BM_IDENTITY_CERTS_MAX; ++*n) {
        rc = bm_identity_cert(p->config->job->identity, place, *n, to, room,
                              &size);
        if (rc != BM_OK) {
            break;
        }
        p->certs[*n] = (struct bm_bytes){ to, size };
        to += size;
        room -= size;
    }
    return rc == BM_E_END && *n != 0 ? BM_OK : rc;
}

static bm_status open_session(struct bm_pump *p, const struct bm_job_ask *ask,
                              uint32_t uptime)
{
    const struct bm_job *job = p->config->job;
    struct bm_tls_config config = {
        .trust = job->trust,
        .expect = { .use = job->use,
                    .host = job->host,
                    .secret = ask->secret,
                    .uptime = uptime },
        .chain = p->certs,
        .transport = p->transport,
        .fresh = true,
    };

    if (ask->show) {
        BM_TRY(load_chain(p, ask->place, &config.chain_n));
        BM_TRY(bm_identity_signer(job->identity, ask->place, &config.signer));
        p->place = (uint8_t)ask->place;
    }
    return p->config->tls->open(p->config->tls->self, &config, &p->session);
}

static void tell_connected(struct bm_pump *p)
{
    const struct bm_tls *tls = p->config->tls;
    const struct bm_trust_verdict *verdict = tls->verdict(p->session);
    uint8_t binding[BM_TLS_BINDING_MAX];
    size_t n = 0;

    if (tls->binding(p->session, binding, &n) != BM_OK) {
        n = 0;
    }
    p->connected = true;
    p->config->job->calls->connected(p->config->job->self,
                                     (struct bm_bytes){ binding, n },
                                     verdict != NULL && verdict->expired);
}

static bm_status connect(struct bm_pump *p, const struct bm_job_ask *ask,
                         uint32_t uptime)
{
    const struct bm_connector *c = p->config->connector;
    const struct bm_job *job = p->config->job;

    if (p->transport == NULL) {
        p->begun = true;
        BM_TRY(c->open(c->self, job->host, job->port, &p->transport));
    }
    if (p->session == NULL) {
        BM_TRY(open_session(p, ask, uptime));
    }
    BM_TRY(p->config->tls->handshake(p->session));
    tell_connected(p);
    return BM_OK;
}

/* ---- Octets */

static bm_status send(struct bm_pump *p, const struct bm_job_ask *ask)
{
    size_t n = 0;

    BM_TRY(p->config->tls->write(p->session, ask->octets, &n));
    p->config->job->calls->sent(p->config->job->self, n);
    return BM_OK;
}

static bm_status receive(struct bm_pump *p)
{
    uint8_t piece[PIECE];
    size_t n = 0;

    BM_TRY(p->config->tls->read(p->session, piece, sizeof piece, &n));
    p->config->job->calls->received(p->config->job->self,
                                    (struct bm_bytes){ piece, n });
    return BM_OK;
}

/* Do what is asked for. BM_E_TLS_AGAIN: not now. */
static bm_status serve(struct bm_pump *p, const struct bm_job_ask *ask,
                       uint32_t uptime)
{
    switch (ask->want) {
    case BM_JOB_CONNECT:
        return connect(p, ask, uptime);
    case BM_JOB_SEND:
        return send(p, ask);
    case BM_JOB_RECEIVE:
        return receive(p);
    default:
        bm_pump_close(p);
        return BM_OK;
    }
}

/* Any other alert is a failure like any, and no refusal of our identity. */
static bm_status reason(const struct bm_pump *p, bm_status why)
{
    struct bm_tls_facts facts;

    if (why != BM_E_TLS_ALERT) {
        return why;
    }
    p->config->tls->facts(p->session, &facts);
    return (facts.alert >= BAD_CERTIFICATE &&
            facts.alert <= CERTIFICATE_UNKNOWN) ||
                   facts.alert == UNKNOWN_CA || facts.alert == ACCESS_DENIED ||
                   facts.alert == CERTIFICATE_REQUIRED
               ? why
               : BM_E_TLS_HANDSHAKE;
}

bm_status bm_pump_run(struct bm_pump *p, uint32_t uptime, uint32_t *seconds)
{
    const struct bm_job *job = p->config->job;
    struct bm_job_ask ask;
    bm_status rc = BM_OK;

    p->waiting = false;
    for (unsigned turns = 0; rc != BM_E_TLS_AGAIN; turns++) {
        if (turns == TURNS_MAX) {
            *seconds = 0;
            return BM_E_TLS_AGAIN;
        }
        job->calls->next(job->self, uptime, &ask);
        *seconds = ask.seconds;
        if (ask.want >= BM_JOB_WAIT) {
            p->why = ask.status;
            p->waiting = ask.want == BM_JOB_WAIT;
            return p->waiting ? BM_E_TLS_AGAIN : ask.status;
        }
        rc = serve(p, &ask, uptime);
        if (rc != BM_OK && rc != BM_E_TLS_AGAIN) {
            p->why = reason(p, rc);
            bm_pump_close(p);
            job->calls->failed(job->self, p->why);
        }
    }
    return rc;
}
