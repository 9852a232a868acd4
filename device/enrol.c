/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/enrol_internal.h"

/*
 * The state machine. A step (enrol_internal.h) is one exchange with the
 * server; a state is where in it we are:
 *
 *   NEED ----------> CONNECTING --> NEED --> SEND --> RECEIVE --> the next step
 *     ^ (no connection, or one that                      |
 *     |  shows another identity: CLOSE)                  |
 *     +------------------ WAIT <-------------------------+--> STOPPED, DONE
 *
 * From WAIT the job begins anew at the step that the identity has reached, so
 * there is nothing to remember: neither here nor across a power cut.
 */

_Static_assert(sizeof(void *) > 4 ||
                   sizeof(struct bm_enrol) + BM_ENROL_ROOM <= 4096,
               "RAM budget of an enrolment");

/* ---- What the caller tells */

bm_status bm_enrol_start(struct bm_enrol *e,
                         const struct bm_enrol_config *config,
                         enum bm_enrol_job job, uint32_t uptime)
{
    *e = (struct bm_enrol){ .config = config,
                            .job = (uint8_t)job,
                            .at = uptime };
    if (config->crypto == NULL || config->identity == NULL ||
        config->trust == NULL || config->host == NULL || config->room == NULL ||
        config->room_n < BM_ENROL_ROOM || config->room_n > UINT16_MAX) {
        return BM_E_ARGUMENT;
    }
    if (config->tally != NULL) {
        e->alerts = config->tally->alerts;
        e->unproven = config->tally->unproven;
        e->laters = config->tally->laters;
    }
    if (bm_identity_state(config->identity, BM_IDENTITY_PENDING) ==
        BM_IDENTITY_LOST) {
        BM_TRY(bm_identity_abandon(config->identity));
    }
    enrol_see_key(e);
    enrol_go_first(e);
    if (job == BM_ENROL_BIRTH ? enrol_has_cert(e, BM_IDENTITY_IDEVID)
        : enrol_is_proof(e)
            ? false
            : job == BM_ENROL_PROVE ||
                  (e->job == BM_ENROL_FIRST && !enrol_can_first(e))) {
        return BM_E_IDENTITY_STATE;
    }
    return BM_OK;
}

void bm_enrol_connected(struct bm_enrol *e, struct bm_bytes binding,
                        bool expired)
{
    if (e->state != ENROL_CONNECTING) {
        return;
    }
    e->state = ENROL_NEED;
    e->binding_n = 0;
    if (binding.n != 0 && binding.n <= sizeof e->binding) {
        memcpy(e->binding, binding.p, binding.n);
        e->binding_n = (uint8_t)binding.n;
    }
    e->flags &= (uint16_t)~ENROL_STALE;
    e->flags |= expired ? ENROL_STALE : 0;
}

void bm_enrol_sent(struct bm_enrol *e, size_t n)
{
    if (e->state != ENROL_SEND || n > (size_t)e->request_n - e->sent) {
        return;
    }
    e->sent = (uint16_t)(e->sent + n);
    if (e->sent == e->request_n) {
        e->state = ENROL_RECEIVE;
        e->flags &= (uint16_t)~ENROL_READY;
    }
}

static void take_words(struct bm_enrol *e, struct bm_bytes text)
{
    size_t n = BM_ENROL_WORDS_MAX - (size_t)e->words_n;

    n = text.n < n ? text.n : n;
    memcpy(e->config->room + e->words_n, text.p, n);
    e->words_n = (uint16_t)(e->words_n + n);
}

static bm_status take_body(struct bm_enrol *e, struct bm_bytes body)
{
    bm_status rc = BM_OK;

    if (e->sink == ENROL_SINK_MESSAGE) {
        rc = enrol_message_read(e, body);
        if (rc != BM_OK && e->step == ENROL_CACERTS) {
            e->learned = rc;
            e->sink = ENROL_SINK_NONE;
            return BM_OK;
        }
    } else if (e->sink == ENROL_SINK_WORDS) {
        take_words(e, body);
    }
    return rc;
}

static bm_status take(struct bm_enrol *e, struct bm_bytes *in)
{
    bool head = e->reply.head;
    struct bm_bytes body;

    BM_TRY(bm_http_read(&e->reply, in, &body));
    if (e->reply.head && !head) {
        e->sink = (uint8_t)enrol_sink_of(e);
        if (e->sink == ENROL_SINK_MESSAGE) {
            enrol_message_init(e);
        }
    }
    return body.n == 0 ? BM_OK : take_body(e, body);
}

void bm_enrol_received(struct bm_enrol *e, struct bm_bytes octets)
{
    bm_status rc = BM_OK;

    if (e->state != ENROL_RECEIVE) {
        return;
    }
    while (rc == BM_OK && octets.n != 0 && !e->reply.done) {
        rc = take(e, &octets);
    }
    if (octets.n != 0) {
        e->flags |= ENROL_CLOSING; /* nobody asked for more */
    }
    if (rc != BM_OK) {
        e->flags |= ENROL_CLOSING;
        enrol_fail(e, rc);
    } else if (e->reply.done) {
        enrol_end_reply(e);
    }
}

void bm_enrol_failed(struct bm_enrol *e, bm_status why)
{
    e->flags &= (uint16_t) ~(ENROL_OPEN | ENROL_CLOSING);
    if (e->state > ENROL_NEED) {
        return;
    }
    if (e->state == ENROL_RECEIVE && why == BM_E_TLS_CLOSED &&
        e->reply.status != 0) {
        why = bm_http_end(&e->reply);
        if (why == BM_OK) {
            enrol_end_reply(e);
            return;
        }
    }
    enrol_fail(e, why);
}

struct bm_bytes bm_enrol_words(const struct bm_enrol *e)
{
    return (struct bm_bytes){ e->config->room, e->words_n };
}

void bm_enrol_stop(struct bm_enrol *e)
{
    e->words_n = 0;
    enrol_end(e, ENROL_STOPPED, BM_E_END);
    bm_wipe(e->binding, sizeof e->binding);
}

/* ---- What the caller is asked for */

/* The identity of this step, plus 1; 0: none. */
static uint8_t to_show(const struct bm_enrol *e)
{
    if (enrol_is_proof(e)) {
        return BM_IDENTITY_PENDING + 1;
    }
    if (e->job == BM_ENROL_RENEW) {
        return BM_IDENTITY_CURRENT + 1;
    }
    return e->job == BM_ENROL_FIRST && enrol_has_cert(e, BM_IDENTITY_IDEVID)
               ? BM_IDENTITY_IDEVID + 1
               : 0;
}

static bool is_late(const struct bm_enrol *e)
{
    return (int32_t)(e->until - e->at) <= 0;
}

/* Is a connection there that is of no use (any more)? */
static bool must_close(const struct bm_enrol *e)
{
    return (e->flags & ENROL_OPEN) != 0 && e->state >= ENROL_NEED &&
           (e->state != ENROL_NEED || (e->flags & ENROL_CLOSING) != 0 ||
            e->shown != to_show(e));
}

/* However slowly octets move: for a handshake, and for an exchange. */
static void be_patient(struct bm_enrol *e)
{
    uint16_t seconds = e->config->exchange;

    e->until = e->at + (seconds == 0 ? BM_ENROL_EXCHANGE_MAX : seconds);
}

static void connect(struct bm_enrol *e)
{
    if ((e->flags & ENROL_READY) != 0 && (e->flags & ENROL_BOUND) != 0) {
        /* RFC 7030 3.5: bound to a connection that is gone. Made again, it
         * may be sent elsewhere again: so not without a wait. */
        enrol_back_off(e, BM_E_ENROL_REDIRECT, false);
        return;
    }
    e->state = ENROL_CONNECTING;
    e->shown = to_show(e);
    be_patient(e);
    e->connections++;
    e->flags |= ENROL_OPEN;
}

static void begin_exchange(struct bm_enrol *e)
{
    bm_status rc = BM_OK;

    e->words_n = 0;
    if ((e->flags & ENROL_READY) == 0) {
        rc = enrol_put_request(e);
    }
    bm_http_init(&e->reply);
    if (rc != BM_OK) {
        enrol_fail(e, rc);
        return;
    }
    e->state = ENROL_SEND;
    be_patient(e);
}

/* Go on as far as nobody has to be asked. */
static void advance(struct bm_enrol *e)
{
    if (e->state == ENROL_WAIT && is_late(e)) {
        enrol_go_first(e);
    } else if (e->state <= ENROL_RECEIVE && is_late(e)) {
        enrol_fail(e, BM_E_ENROL_TIMEOUT);
    }
    if (e->state == ENROL_NEED && (e->flags & ENROL_OPEN) != 0 &&
        !must_close(e)) {
        begin_exchange(e);
    }
    if (e->state == ENROL_NEED && (e->flags & ENROL_OPEN) == 0) {
        connect(e);
    }
}

void bm_enrol_next(struct bm_enrol *e, uint32_t uptime, struct bm_job_ask *ask)
{
    e->at = uptime;
    advance(e);
    *ask = (struct bm_job_ask){
        .want = (enum bm_job_want)e->state,
        .show = e->shown != 0,
        .place = (enum bm_identity_place)(e->shown - (e->shown != 0)),
        .secret = !enrol_is_proof(e) && enrol_sends_token(e),
        .octets = { e->config->room + e->used + e->sent,
                    (size_t)e->request_n - e->sent },
        .seconds = e->until - e->at,
        .status = e->why,
    };
    if (must_close(e) || e->state == ENROL_NEED) {
        e->flags &= (uint16_t) ~(ENROL_OPEN | ENROL_CLOSING);
        ask->want = BM_JOB_CLOSE;
    }
}

/* ---- As a job (job.h): the same calls, for any kind of it */

static void job_next(void *self, uint32_t uptime, struct bm_job_ask *ask)
{
    bm_enrol_next(self, uptime, ask);
}

static void job_connected(void *self, struct bm_bytes binding, bool expired)
{
    bm_enrol_connected(self, binding, expired);
}

static void job_sent(void *self, size_t n)
{
    bm_enrol_sent(self, n);
}

static void job_received(void *self, struct bm_bytes octets)
{
    bm_enrol_received(self, octets);
}

static void job_failed(void *self, bm_status why)
{
    bm_enrol_failed(self, why);
}

void bm_enrol_as_job(struct bm_enrol *e, struct bm_job *job)
{
    static const struct bm_job_calls calls = {
        .next = job_next,
        .connected = job_connected,
        .sent = job_sent,
        .received = job_received,
        .failed = job_failed,
    };

    *job = (struct bm_job){ .self = e,
                            .calls = &calls,
                            .identity = e->config->identity,
                            .trust = e->config->trust,
                            .use = BM_TRUST_ENROL,
                            .host = e->config->host,
                            .port = e->config->port };
}
