/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "agent/event.h"
#include "agent/net.h"
#include "core/cert.h"
#include "device/renewal.h"
#include "ports/openssl/openssl_tls.h"

/* How often it is looked whether to stop. */
#define STEP_MS 500

/* While a policy is on trial the server is tried this often, in seconds. */
#define TRIAL_EVERY 5

/* What was taken asks for another round at once, what that has told for one
 * more: more is a server that changes its mind. */
#define ROUNDS_MAX 4

/* A whole exchange, in times of what a step of it may take. */
#define EXCHANGE_STEPS 4

struct round {
    struct fetch *fetch;
    struct state *state;
    const volatile sig_atomic_t *stop;
    struct bm_deliver deliver;
    struct bm_deliver_config config;
    struct bm_deliver_app app;
    struct bm_pump pump;
    struct bm_pump_config pump_config;
    struct bm_job job;
    struct net net;
    const struct bm_tls *tls;
    uint8_t der[8192];
    char device[BM_MANIFEST_NAME_MAX + 1];
    uint8_t chain[STATE_CHAIN_ROOM];
    uint8_t room[BM_DELIVER_ROOM];
};

/* ---- A round */

/* As the inventory has it: what its certificate says. */
static bm_status find_name(struct round *r)
{
    struct bm_cert cert;
    struct bm_bytes name;

    BM_TRY(state_cert(r->state, BM_IDENTITY_CURRENT, r->der, sizeof r->der,
                      &cert));
    name = bm_trust_device_name(&cert);
    if (name.n == 0 || name.n >= sizeof r->device) {
        return BM_E_MANIFEST_DEVICE;
    }
    memcpy(r->device, name.p, name.n);
    r->device[name.n] = '\0';
    return BM_OK;
}

static void configure(struct round *r)
{
    struct state *state = r->state;
    const struct settings *s = state->settings;

    r->app = (struct bm_deliver_app){
        .self = &r->fetch->policies,
        .have = policies_have,
        .place = policies_place,
        .take = policies_take,
        .mode = policies_mode,
    };
    r->config = (struct bm_deliver_config){
        .crypto = state->crypto,
        .log = &state->log,
        .identity = &state->identity,
        .trust = &state->trust,
        .clock = &state->clock,
        .host = s->host,
        .port = s->port,
        .device = r->device,
        .app = &r->app,
        .room = r->room,
        .room_n = sizeof r->room,
        .patience = (uint16_t)(s->timeout * EXCHANGE_STEPS),
    };
    net_init(&r->net, s->timeout);
    r->pump_config = (struct bm_pump_config){
        .job = &r->job,
        .tls = r->tls,
        .connector = &r->net.connector,
        .chain = r->chain,
        .chain_n = sizeof r->chain,
    };
}

static bool is_stopped(const struct round *r)
{
    return r->stop != NULL && *r->stop != 0;
}

/* A trial is not over late because a server does not answer. */
static bool is_out_of_time(const struct round *r)
{
    const struct policies *p = &r->fetch->policies;

    return policies_on_trial(p) &&
           (int32_t)(state_uptime(r->state) - p->until) >= 0;
}

/* Until the round is over, or would wait. */
static bm_status pump(struct round *r)
{
    uint32_t seconds = 0;

    for (;;) {
        bm_status rc = bm_pump_run(&r->pump, state_uptime(r->state), &seconds);

        if (rc != BM_E_TLS_AGAIN) {
            return rc;
        }
        if (is_stopped(r)) {
            return BM_E_AGENT_STOPPED;
        }
        if (r->pump.waiting) {
            return r->pump.why != BM_OK ? r->pump.why : BM_E_AGENT_TIMEOUT;
        }
        if (is_out_of_time(r)) {
            return BM_E_AGENT_TIMEOUT;
        }
        net_wait(&r->net, (int64_t)seconds * 1000 < STEP_MS
                              ? (int64_t)seconds * 1000
                              : STEP_MS);
    }
}

static bm_status ask(struct round *r)
{
    bm_status rc;

    BM_TRY(bm_deliver_start(&r->deliver, state_uptime(r->state)));
    bm_deliver_as_job(&r->deliver, &r->job);
    bm_pump_init(&r->pump, &r->pump_config);
    rc = pump(r);
    bm_pump_close(&r->pump);
    net_close(&r->net);
    net_init(&r->net, r->state->settings->timeout);
    /* Whatever the server said, it was reached, and over TLS judged to be
     * ours. */
    if (r->deliver.http != 0) {
        policies_confirm(&r->fetch->policies);
    }
    return rc;
}

/* Something waits that another round does. */
static bool is_unfinished(const struct round *r)
{
    const struct policies *p = &r->fetch->policies;

    return bm_deliver_events(&r->deliver) != 0 || policies_waits(p);
}

static bm_status rounds(struct round *r)
{
    struct policies *p = &r->fetch->policies;
    bm_status rc = BM_OK;

    BM_TRY(bm_openssl_tls_new(&r->tls));
    BM_TRY(find_name(r));
    configure(r);
    BM_TRY(bm_deliver_open(&r->deliver, &r->config));
    BM_TRY(policies_begin(p, r->state, &r->deliver));
    for (unsigned i = 0; i < ROUNDS_MAX && rc == BM_OK; i++) {
        policies_settle(p);
        if (i != 0 && !is_unfinished(r)) {
            break;
        }
        rc = ask(r);
    }
    return rc;
}

static bm_status run_rounds(struct fetch *fetch, struct state *state,
                            const volatile sig_atomic_t *stop)
{
    struct round *r = calloc(1, sizeof *r);
    bm_status rc;

    if (r == NULL) {
        return BM_E_MEMORY;
    }
    r->fetch = fetch;
    r->state = state;
    r->stop = stop;
    rc = rounds(r);
    fetch->policies.deliver = NULL;
    fetch->policies.state = NULL;
    bm_openssl_tls_free(r->tls);
    bm_wipe(r, sizeof *r);
    free(r);
    return rc;
}

/* ---- When */

static int64_t wait_after(struct fetch *f, const struct state *state,
                          bm_status rc)
{
    const int64_t every = state->settings->firewall.every;
    int64_t wait;

    f->failures = rc == BM_OK ? 0 : f->failures + 1;
    wait = rc == BM_OK ? every : bm_backoff(state->crypto, f->failures);
    wait = wait < every ? wait : every;
    return policies_on_trial(&f->policies) && wait > TRIAL_EVERY ? TRIAL_EVERY
                                                                 : wait;
}

static bool is_ready(struct fetch *f, const struct state *state)
{
    if (!state->settings->has_firewall || state->settings->est_only) {
        return false;
    }
    if (!f->open) {
        f->open = policies_open(&f->policies, state->settings) == BM_OK;
    }
    return f->open;
}

int64_t fetch_run(struct fetch *f, struct state *state,
                  const volatile sig_atomic_t *stop)
{
    const uint32_t now = state_boot();
    bm_status rc;

    if (!is_ready(f, state) ||
        bm_identity_state(&state->identity, BM_IDENTITY_CURRENT) !=
            BM_IDENTITY_CERT) {
        return BM_DELIVER_EVERY;
    }
    if (f->done && (int64_t)(now - f->at) < f->wait) {
        return f->wait - (int64_t)(now - f->at);
    }
    rc = run_rounds(f, state, stop);
    f->done = true;
    f->at = state_boot();
    f->wait = wait_after(f, state, rc);
    if (rc != BM_OK && rc != BM_E_AGENT_STOPPED) {
        event_failed(f->failures == 1 ? EVENT_WARNING : EVENT_INFO,
                     "fetch.failed", state->settings->url, rc);
    }
    return f->wait;
}

void fetch_close(struct fetch *f)
{
    if (f->open) {
        policies_close(&f->policies);
    }
    memset(f, 0, sizeof *f);
}
