/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/deliver_internal.h"

/*
 * The state machine. A step is one exchange with the server:
 *
 *   MANIFEST --> BLOB, for each item --> EVENTS, while there are any --> DONE
 *       ^                                  |
 *       +------------ WAIT <---------------+ (from each of them)
 *
 * Where a round fails and the connection stands, events are posted before it
 * waits: they say why. From WAIT a round begins anew, so there is little to
 * remember: what is settled, and how far the blob is.
 */

_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_deliver) <= 1280,
               "RAM budget of a delivery");

enum state {
    RUN,
    WAIT = BM_JOB_WAIT,
    DONE = BM_JOB_DONE
};

/* What a Retry-After is bounded by, in seconds. */
#define LATER_MAX 86400

/* A version in quotes. */
#define ETAG_MAX 24

/* ---- Ends of a round */

/* Wait for the next one, from now on. */
static void set_wait(struct bm_deliver *d, bm_status why)
{
    const struct bm_http *reply = &d->exchange.reply;
    uint32_t seconds;

    d->failures = (uint8_t)(d->failures + (d->failures != UINT8_MAX));
    seconds = bm_backoff(d->config->crypto, d->failures);
    if (why == BM_E_DELIVER_SERVER && reply->retry_after != BM_HTTP_NO_RETRY &&
        reply->retry_after > seconds) {
        seconds =
            reply->retry_after < LATER_MAX ? reply->retry_after : LATER_MAX;
    }
    d->until = d->at + seconds;
    d->why = why;
}

/* The first failure of a round is what it waits for. */
void deliver_fail(struct bm_deliver *d, bm_status why)
{
    bool first = d->why == BM_OK;

    if (first) {
        set_wait(d, why);
    }
    d->fetching = false;
    if (first && d->exchange.open && d->step != STEP_EVENTS) {
        d->step = STEP_TELL;
    } else {
        d->state = WAIT;
    }
}

/* Nothing is left to be told. */
static void end_round(struct bm_deliver *d)
{
    if (d->why != BM_OK) {
        d->state = WAIT;
        return;
    }
    d->failures = 0;
    d->state = DONE;
}

void deliver_start_step(struct bm_deliver *d, enum deliver_step step,
                        const struct bm_exchange_request *request)
{
    bm_status rc;

    d->step = (uint8_t)step;
    d->http = 0;
    rc = bm_exchange_start(&d->exchange, request, &d->sink, d->at);
    if (rc != BM_OK) {
        deliver_fail(d, rc);
    }
}

/* ---- The manifest */

/* A manifest of which something is open is wanted whole: it is not kept. */
static void get_manifest(struct bm_deliver *d)
{
    struct bm_exchange_request request = { .method = "GET",
                                           .path =
                                               BM_LIT("/device/v1/manifest") };
    uint8_t tag[ETAG_MAX];
    struct bm_wr w;

    d->state = RUN;
    d->why = BM_OK;
    d->rounds++;
    d->fetching = false;
    if (d->complete) {
        bm_wr_init(&w, tag, sizeof tag);
        bm_wr_u8(&w, '"');
        bm_http_put_number(&w, d->version);
        bm_wr_u8(&w, '"');
        request.unless = bm_wr_bytes(&w);
    }
    deliver_start_step(d, STEP_MANIFEST, &request);
}

void deliver_post_events(struct bm_deliver *d)
{
    struct bm_exchange_request request = {
        .method = "POST",
        .path = BM_LIT("/device/v1/events"),
        .type = "application/cbor",
        .body = { deliver_room(d), 0 },
    };
    bm_status rc = deliver_put_events(d, &request.body.n);

    d->fetching = false;
    if (rc != BM_OK) {
        deliver_fail(d, rc);
    } else if (request.body.n == 0) {
        end_round(d);
    } else {
        deliver_start_step(d, STEP_EVENTS, &request);
    }
}

/* It came, and is not to be acted upon: told once for each reason in a row. */
static void refuse_manifest(struct bm_deliver *d, bm_status why)
{
    if (why != d->refused && deliver_tell(d, BM_EVENT_REFUSED, why) == BM_OK) {
        d->refused = why;
    }
    deliver_fail(d, why);
}

static void tell_mode(const struct bm_deliver *d)
{
    const struct bm_deliver_app *app = d->config->app;

    if (app->mode != NULL && d->version != 0) {
        app->mode(app->self, (enum bm_manifest_mode)d->mode);
    }
}

static void take_manifest(struct bm_deliver *d)
{
    bm_status rc = deliver_take_manifest(d);

    if (rc != BM_OK) {
        refuse_manifest(d, rc);
        return;
    }
    d->refused = BM_OK;
    tell_mode(d);
    d->index = 0;
    d->step = STEP_ITEMS;
}

static void end_manifest(struct bm_deliver *d, bm_status rc)
{
    if (rc == BM_E_LIMIT) {
        refuse_manifest(d, rc);
    } else if (rc != BM_OK) {
        deliver_fail(d, rc);
    } else if (d->http == 200) {
        take_manifest(d);
    } else if (d->http == 404 || (d->http == 304 && d->complete)) {
        deliver_post_events(d); /* nothing was ever assigned; nothing is new */
    } else {
        deliver_fail(d, bm_exchange_status(d->http));
    }
}

/* ---- Answers as they arrive */

static bm_status take_head(void *self, const struct bm_exchange *x)
{
    struct bm_deliver *d = self;

    d->http = x->reply.status;
    d->room_n = 0;
    return d->step == STEP_BLOB ? deliver_begin_body(d, x) : BM_OK;
}

static bm_status take_body(void *self, struct bm_bytes octets)
{
    struct bm_deliver *d = self;

    if (d->step == STEP_BLOB && (d->http == 200 || d->http == 206)) {
        return deliver_write(d, octets);
    }
    if (d->step != STEP_MANIFEST || d->http != 200) {
        return BM_OK; /* words for people */
    }
    if (octets.n > BM_MANIFEST_SIZE_MAX - (size_t)d->room_n) {
        return BM_E_LIMIT;
    }
    memcpy(deliver_room(d) + d->room_n, octets.p, octets.n);
    d->room_n = (uint16_t)(d->room_n + octets.n);
    return BM_OK;
}

static void end_events(struct bm_deliver *d, bm_status rc)
{
    if (rc == BM_OK && d->http == 204) {
        rc = deliver_events_posted(d);
    } else if (rc == BM_OK) {
        rc = bm_exchange_status(d->http);
    }
    if (rc == BM_OK) {
        deliver_post_events(d); /* those that came meanwhile */
    } else {
        deliver_fail(d, rc);
    }
}

/* Go on where nobody has to be asked; false while an exchange is on its way. */
static bool go_on(struct bm_deliver *d)
{
    bm_status rc = bm_exchange_over(&d->exchange);

    if (d->state != RUN || (d->step < STEP_ITEMS && rc == BM_E_TLS_AGAIN)) {
        return false;
    }
    switch (d->step) {
    case STEP_MANIFEST:
        end_manifest(d, rc);
        break;
    case STEP_BLOB:
        deliver_end_blob(d, rc);
        break;
    case STEP_EVENTS:
        end_events(d, rc);
        break;
    case STEP_ITEMS:
        deliver_next_item(d);
        break;
    case STEP_FINISH:
        deliver_finish_blob(d);
        break;
    default:
        deliver_post_events(d);
        break;
    }
    return true;
}

/* ---- What the caller tells, and is asked for */

bm_status bm_deliver_open(struct bm_deliver *d,
                          const struct bm_deliver_config *config)
{
    const struct bm_event lost = { .kind = BM_EVENT_LOST,
                                   .code = BM_E_LOG_READ,
                                   .text = BM_LIT("delivery") };
    bm_status rc;

    *d = (struct bm_deliver){ .config = config, .state = DONE };
    if (config->crypto == NULL || config->log == NULL ||
        config->identity == NULL || config->trust == NULL ||
        config->host == NULL || config->device == NULL || config->app == NULL ||
        config->room == NULL || config->room_n < BM_DELIVER_ROOM) {
        return BM_E_ARGUMENT;
    }
    d->exchange_config = (struct bm_exchange_config){
        .identity = config->identity,
        .place = BM_IDENTITY_CURRENT,
        .trust = config->trust,
        .use = BM_TRUST_ENROL,
        .host = config->host,
        .port = config->port,
        .room = config->room,
        .room_n = BM_EXCHANGE_HEAD_MAX,
        .patience = config->patience,
    };
    d->sink = (struct bm_exchange_sink){ d, take_head, take_body };
    bm_exchange_init(&d->exchange, &d->exchange_config);
    BM_TRY(deliver_load_events(d));
    rc = deliver_load_state(d);
    tell_mode(d);
    return rc == BM_E_LOG_READ
               ? bm_deliver_event(
                     d, &lost,
                     config->clock == NULL ? 0 : config->clock->config.uptime)
               : rc;
}

bm_status bm_deliver_start(struct bm_deliver *d, uint32_t uptime)
{
    if (bm_identity_state(d->config->identity, BM_IDENTITY_CURRENT) !=
        BM_IDENTITY_CERT) {
        return BM_E_IDENTITY_STATE;
    }
    bm_exchange_init(&d->exchange, &d->exchange_config);
    d->at = uptime;
    d->left = 0;
    d->http = 0;
    get_manifest(d);
    return BM_OK;
}

bm_status bm_deliver_forget(struct bm_deliver *d)
{
    d->settled_n = 0;
    d->complete = false;
    return deliver_put_state(d);
}

static void job_next(void *self, uint32_t uptime, struct bm_job_ask *ask)
{
    struct bm_deliver *d = self;

    d->at = uptime;
    while (go_on(d)) {
    }
    /* It may be over already, where it took long to post. */
    if (d->state == WAIT && (int32_t)(d->until - uptime) <= 0 &&
        !d->exchange.open) {
        get_manifest(d);
    }
    /* The connection is closed before anything is waited for, or done. */
    if (d->state == RUN || d->exchange.open) {
        bm_exchange_next(&d->exchange, uptime, ask);
        return;
    }
    *ask = (struct bm_job_ask){ .want = (enum bm_job_want)d->state,
                                .seconds = d->until - uptime,
                                .status = d->why };
}

static void job_connected(void *self, struct bm_bytes binding, bool expired)
{
    struct bm_deliver *d = self;

    (void)binding;
    bm_exchange_connected(&d->exchange, expired);
}

static void job_sent(void *self, size_t n)
{
    struct bm_deliver *d = self;

    bm_exchange_sent(&d->exchange, n);
}

static void job_received(void *self, struct bm_bytes octets)
{
    struct bm_deliver *d = self;

    bm_exchange_received(&d->exchange, octets);
}

static void job_failed(void *self, bm_status why)
{
    struct bm_deliver *d = self;

    bm_exchange_failed(&d->exchange, why);
}

void bm_deliver_as_job(struct bm_deliver *d, struct bm_job *job)
{
    static const struct bm_job_calls calls = {
        .next = job_next,
        .connected = job_connected,
        .sent = job_sent,
        .received = job_received,
        .failed = job_failed,
    };

    bm_exchange_as_job(&d->exchange, job);
    job->self = d;
    job->calls = &calls;
}
