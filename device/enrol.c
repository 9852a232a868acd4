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

/* In each of them the caller is asked for one thing; in NEED for nothing, or
 * to close the connection first. */
enum state {
    CONNECTING = BM_JOB_CONNECT,
    SEND = BM_JOB_SEND,
    RECEIVE = BM_JOB_RECEIVE,
    NEED = BM_JOB_CLOSE,
    WAIT = BM_JOB_WAIT,
    DONE = BM_JOB_DONE,
    STOPPED = BM_JOB_STOPPED
};

enum sink {
    SINK_NONE,
    SINK_MESSAGE, /* certificates, or csrattrs */
    SINK_WORDS
};

/* Refused handshakes in a row until a refusal is believed: one may come of a
 * server that is being set up. */
#define ALERTS_MAX 3
/* Certificates that the server issued and then did not take. */
#define UNPROVEN_MAX 3
/* How much longer each 202 in a row lets us wait, and up to what, in seconds:
 * people take hours to agree, and are glad when it then goes quickly. */
#define LATER_STEP  30
#define LATER_LEAST 3600

static bool has_cert(const struct bm_enrol *e, enum bm_identity_place place)
{
    return bm_identity_state(e->config->identity, place) == BM_IDENTITY_CERT;
}

/* ---- Where to go on */

static void go(struct bm_enrol *e, enum enrol_step step)
{
    e->step = (uint8_t)step;
    e->state = NEED;
    e->redirects = 0;
    e->flags &= (uint16_t)~ENROL_READY;
}

/* Is there anything to show but the current identity? */
static bool can_first(const struct bm_enrol *e)
{
    return has_cert(e, BM_IDENTITY_IDEVID) || e->config->token.n != 0;
}

static void go_first(struct bm_enrol *e)
{
    if (e->job == BM_ENROL_RENEW && !has_cert(e, BM_IDENTITY_CURRENT)) {
        e->job = BM_ENROL_FIRST;
    }
    e->used = 0;
    if (e->job != BM_ENROL_BIRTH && has_cert(e, BM_IDENTITY_PENDING) &&
        (e->flags & ENROL_AGAIN) == 0) {
        go(e, e->config->est_only ? ENROL_MUTUAL : ENROL_STATUS);
    } else if ((e->flags & ENROL_LEARNED) == 0) {
        go(e, ENROL_CACERTS);
    } else {
        go(e, ENROL_ATTRS);
    }
}

/* The current identity is of no use any more. */
static void demote(struct bm_enrol *e)
{
    e->job = BM_ENROL_FIRST;
    go_first(e);
}

/* What is in the room serves nobody any more, and may hold a token. */
static void clear(struct bm_enrol *e)
{
    bm_wipe(e->config->room + e->words_n, e->config->room_n - e->words_n);
    e->used = 0;
    e->flags &= (uint16_t)~ENROL_READY;
}

static void end(struct bm_enrol *e, enum state state, bm_status why)
{
    struct bm_enrol_tally tally = { 0, 0, 0 };

    e->state = (uint8_t)state;
    e->why = why;
    if (state == WAIT) {
        tally = (struct bm_enrol_tally){ e->alerts, e->unproven, e->laters };
    }
    if (e->config->tally != NULL && why != BM_E_END) { /* bm_enrol_stop() */
        *e->config->tally = tally;
    }
    clear(e);
}

static void wait(struct bm_enrol *e, uint32_t seconds, bm_status why)
{
    if (bm_identity_state(e->config->identity, BM_IDENTITY_PENDING) ==
        BM_IDENTITY_KEY) {
        e->flags |= ENROL_ASKED;
    }
    e->until = e->at + seconds;
    end(e, WAIT, why);
}

/* A server's Retry-After, within reason; `least` where it is shorter. */
static uint32_t retry_after(const struct bm_enrol *e, uint32_t least)
{
    uint32_t s = e->reply.retry_after;

    if (s == BM_HTTP_NO_RETRY || s < least) {
        s = least;
    }
    if (s < BM_ENROL_LATER_MIN) {
        s = BM_ENROL_LATER_MIN;
    }
    return s > BM_ENROL_LATER_MAX ? BM_ENROL_LATER_MAX : s;
}

/* ---- When something went wrong */

/* What no waiting mends: a person, or another job. */
#define BIT(why) (UINT32_C(1) << ((unsigned)(why)&31))
#define FINAL                                                \
    (BIT(BM_E_ENROL_REFUSED) | BIT(BM_E_ENROL_CREDENTIALS) | \
     BIT(BM_E_ENROL_FORBIDDEN) | BIT(BM_E_ENROL_CONFLICT) |  \
     BIT(BM_E_ENROL_PATH) | BIT(BM_E_ENROL_REDIRECT) |       \
     BIT(BM_E_ENROL_KEY_TYPE) | BIT(BM_E_ENROL_SUBJECT) |    \
     BIT(BM_E_ENROL_BINDING) | BIT(BM_E_ENROL_EARLY) | BIT(BM_E_ENROL_PROOF))
_Static_assert((BM_E_ENROL_BINDING & 0xff) < 32, "a bit for each reason");

static bool is_final(bm_status why)
{
    return (unsigned)why >> 8 == BM_E_ENROL_REFUSED >> 8 &&
           (FINAL & BIT(why)) != 0;
}

static void back_off(struct bm_enrol *e, bm_status why, bool asked)
{
    uint32_t seconds;

    e->failures = (uint16_t)(e->failures + (e->failures != UINT16_MAX));
    seconds = bm_backoff(e->config->crypto, e->failures);
    wait(e, asked ? retry_after(e, seconds) : seconds, why);
}

/*
 * The server does not take the pending certificate. It is given up if the
 * server said so: an alert of the handshake may be anybody's on the way, and
 * one that a token paid for is not had again. These are kept, and the same key
 * is asked for again: with a new token it gets another certificate, and with
 * what there was before nothing is lost.
 */
static void refuse_proof(struct bm_enrol *e)
{
    bool again = ++e->unproven < UNPROVEN_MAX && e->job != BM_ENROL_PROVE;
    bool other =
        has_cert(e, BM_IDENTITY_CURRENT) || has_cert(e, BM_IDENTITY_IDEVID);

    if (again && other && e->state != CONNECTING) {
        bm_status rc = bm_identity_abandon(e->config->identity);

        back_off(e, rc == BM_OK ? BM_E_ENROL_PROOF : rc, false);
    } else if (again && (other || e->config->token.n != 0)) {
        e->flags |= ENROL_AGAIN | ENROL_ASKED;
        go_first(e);
    } else {
        end(e, STOPPED, BM_E_ENROL_PROOF);
    }
}

static bool is_proof(const struct bm_enrol *e)
{
    return e->step == ENROL_STATUS || e->step == ENROL_MUTUAL;
}

/* An identity cannot be shown, or is not let in. */
static bool lose_identity(struct bm_enrol *e)
{
    if (is_proof(e)) {
        refuse_proof(e);
        return true;
    }
    if (e->job == BM_ENROL_RENEW && can_first(e)) {
        demote(e);
        return true;
    }
    return false;
}

/* A pending key, or certificate, that is gone serves nobody: not even the
 * token that paid for it. */
static bool drop_lost(struct bm_enrol *e)
{
    struct bm_identity *id = e->config->identity;
    bm_status rc;

    e->words_n = 0;
    rc = bm_identity_check(id, BM_IDENTITY_PENDING, e->config->room,
                           e->config->room_n);
    bm_identity_close(id, BM_IDENTITY_PENDING);
    return rc == BM_E_IDENTITY_LOST && bm_identity_abandon(id) == BM_OK;
}

static void fail(struct bm_enrol *e, bm_status why)
{
    /* What an answer about roots is like stops nothing: the next try goes on
     * without it. */
    bool roots = e->step == ENROL_CACERTS && e->state == RECEIVE &&
                 ((unsigned)why >> 8 == BM_E_ENROL_REFUSED >> 8 ||
                  (unsigned)why >> 8 == BM_E_HTTP_SYNTAX >> 8);
    bool refused = why == BM_E_TLS_ALERT && ++e->alerts >= ALERTS_MAX;

    if (roots) {
        e->learned = why;
        e->flags |= ENROL_LEARNED;
    }
    if (refused) {
        e->alerts = 0;
    }
    if (why == BM_E_IDENTITY_LOST && drop_lost(e)) {
        back_off(e, why, false);
        return;
    }
    if ((why == BM_E_IDENTITY_LOST || refused) && lose_identity(e)) {
        return;
    }
    if (is_final(why) && !roots) {
        end(e, STOPPED, why);
    } else {
        back_off(e, why, false);
    }
}

/* ---- Answers */

/* What an answer says that is none of those hoped for. */
static bm_status status_of(unsigned http)
{
    static const struct {
        uint16_t http;
        uint16_t status;
    } rows[] = {
        { 200, BM_E_ENROL_TYPE },        { 202, BM_E_ENROL_LATER },
        { 401, BM_E_ENROL_CREDENTIALS }, { 403, BM_E_ENROL_FORBIDDEN },
        { 404, BM_E_ENROL_PATH },        { 408, BM_E_ENROL_BUSY },
        { 409, BM_E_ENROL_CONFLICT },    { 429, BM_E_ENROL_BUSY },
        { 503, BM_E_ENROL_BUSY },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].http == http) {
            return (bm_status)rows[i].status;
        }
    }
    return http - 300 < 100   ? BM_E_ENROL_REDIRECT
           : http - 400 < 100 ? BM_E_ENROL_REFUSED
                              : BM_E_ENROL_SERVER;
}

/* RFC 7030 3.2.4: what a good answer of this step is. */
static bool is_accepted(const struct bm_enrol *e)
{
    static const char *const types[] = {
        [ENROL_CACERTS] = "application/pkcs7-mime",
        [ENROL_ATTRS] = "application/csrattrs",
        [ENROL_REQUEST] = "application/pkcs7-mime",
        [ENROL_ISSUERS] = "application/pkcs7-mime",
        [ENROL_STATUS] = "application/json",
        [ENROL_MUTUAL] = "application/pkcs7-mime",
        [ENROL_RENEWAL] = "application/json",
    };

    /* Without a type the body shows what it is (RFC 9110 8.3), except where
     * nothing but the type tells our server from another one. */
    return e->reply.status == 200 &&
           (strcmp(e->reply.type, types[e->step]) == 0 ||
            (e->reply.type[0] == '\0' && e->step != ENROL_STATUS));
}

static enum sink sink_of(const struct bm_enrol *e)
{
    if (is_accepted(e) && e->step != ENROL_RENEWAL) {
        return is_proof(e) ? SINK_NONE : SINK_MESSAGE;
    }
    return e->reply.status >= 300 && e->reply.status < 400 ? SINK_NONE
                                                           : SINK_WORDS;
}

static void wait_for_approval(struct bm_enrol *e)
{
    uint16_t patience = e->config->patience;
    uint32_t least = (uint32_t)LATER_STEP * e->laters;

    e->failures = 0;
    if (++e->laters > (patience == 0 ? BM_ENROL_PATIENCE : patience)) {
        end(e, STOPPED, BM_E_ENROL_LATER);
    } else {
        wait(e, retry_after(e, least < LATER_LEAST ? least : LATER_LEAST),
             BM_E_ENROL_LATER);
    }
}

/* The answer is not the one that was hoped for. */
static void refuse(struct bm_enrol *e)
{
    if (e->reply.status == 202 && e->step == ENROL_REQUEST) {
        wait_for_approval(e);
    } else {
        fail(e, status_of(e->reply.status));
    }
}

/* 401 and 403, of the identity that was shown. */
static bool is_unwelcome(const struct bm_enrol *e)
{
    return (e->reply.status & ~2u) == 401;
}

/* ---- What each step does with its answer, which is `good` or not; that it
 * is complete was seen */

/* No trouble with roots stops anything. */
static void end_cacerts(struct bm_enrol *e, bool good, bm_status rc)
{
    if (!good) {
        e->learned = status_of(e->reply.status);
    } else if (rc != BM_OK) {
        e->learned = rc;
    } else if (e->sink == SINK_MESSAGE) {
        enrol_learn(e);
    }
    e->flags |= ENROL_LEARNED;
    e->used = 0;
    go(e, ENROL_ATTRS);
}

/* The certificates in the room are an identity, or another cacerts helps. */
static void install(struct bm_enrol *e)
{
    bm_status rc = enrol_install(e);

    if (rc == BM_E_END) {
        e->flags &= (uint16_t)~ENROL_FOUND;
        go(e, ENROL_ISSUERS);
    } else if (rc != BM_OK) {
        fail(e, rc);
    } else if (e->job == BM_ENROL_BIRTH) {
        end(e, DONE, BM_OK);
    } else {
        e->flags &= (uint16_t)~ENROL_AGAIN;
        go_first(e);
    }
}

/* A renewal is refused: by grace that has run out, too early, or for good. */
static void refuse_renewal(struct bm_enrol *e)
{
    if ((e->flags & ENROL_OVER) != 0 && can_first(e)) {
        demote(e);
    } else if (e->reply.status == 403 && !e->config->est_only) {
        go(e, ENROL_RENEWAL);
    } else {
        refuse(e);
    }
}

/*
 * 409 to a key that was asked for before: it had its certificate, the reply was
 * lost, and that one has ended by now; most servers certify no key twice. So
 * it will never have one, and another key may.
 */
static bool change_key(struct bm_enrol *e)
{
    if (e->reply.status != 409 || e->job == BM_ENROL_BIRTH ||
        (e->flags & ENROL_ASKED) == 0 ||
        bm_identity_abandon(e->config->identity) != BM_OK) {
        return false;
    }
    e->flags &= (uint16_t)~ENROL_ASKED;
    back_off(e, BM_E_ENROL_CONFLICT, false);
    return true;
}

static void end_request(struct bm_enrol *e, bool good)
{
    if (good) {
        e->window = e->reply.renewal;
        e->flags &= (uint16_t)~ENROL_ONCE;
        install(e);
    } else if (is_unwelcome(e) && e->job == BM_ENROL_RENEW) {
        refuse_renewal(e);
    } else if (!change_key(e)) {
        refuse(e);
    }
}

static void end_issuers(struct bm_enrol *e, bool good)
{
    e->flags |= ENROL_ONCE;
    if (good) {
        install(e);
    } else {
        fail(e, BM_E_ENROL_CHAIN);
    }
}

static void end_proof(struct bm_enrol *e, bool good)
{
    bm_status rc;

    if (good) {
        rc = bm_identity_commit(e->config->identity);
        if (rc == BM_OK) {
            end(e, DONE, BM_OK);
        } else {
            fail(e, rc);
        }
    } else if (is_unwelcome(e)) {
        refuse_proof(e);
    } else if (e->step == ENROL_STATUS && e->reply.status < 500) {
        go(e, ENROL_MUTUAL); /* not birthmarkd */
    } else {
        refuse(e);
    }
}

/* A server that tells a window knows the certificate as good: so it was only
 * too early. */
static void end_renewal(struct bm_enrol *e, bool good)
{
    good = good && bm_renewal_parse(bm_enrol_words(e), &e->window);
    if (!good && e->config->clock == NULL && can_first(e)) {
        demote(e); /* nobody here knows whether it has expired */
    } else {
        end(e, STOPPED, good ? BM_E_ENROL_EARLY : BM_E_ENROL_FORBIDDEN);
    }
}

static void end_step(struct bm_enrol *e, bool good)
{
    switch (e->step) {
    case ENROL_ATTRS:
        /* RFC 7030 4.5.2: 204 or 404, where the server has no wishes. */
        e->used = good ? e->used : 0;
        go(e, ENROL_REQUEST);
        break;
    case ENROL_REQUEST:
        end_request(e, good);
        break;
    case ENROL_ISSUERS:
        end_issuers(e, good);
        break;
    case ENROL_RENEWAL:
        end_renewal(e, good);
        break;
    default:
        end_proof(e, good);
        break;
    }
}

/* 303 would make a GET of what is posted, 304 makes no sense. */
static bool is_redirect(unsigned http)
{
    return http == 301 || http == 302 || http == 307 || http == 308;
}

static void redirect(struct bm_enrol *e)
{
    bm_status rc = ++e->redirects > BM_ENROL_REDIRECTS_MAX
                       ? BM_E_ENROL_REDIRECT
                       : enrol_put_redirected(e);

    if (rc == BM_OK) {
        e->state = NEED;
    } else {
        fail(e, rc);
    }
}

static void end_reply(struct bm_enrol *e)
{
    bool good = is_accepted(e);
    bm_status rc = BM_OK;

    e->alerts = 0;
    e->http = e->reply.status;
    if (e->reply.close) {
        e->flags |= ENROL_CLOSING;
    }
    if (e->sink == SINK_MESSAGE) {
        rc = enrol_message_end(e);
    }
    if (is_redirect(e->http) && e->step != ENROL_STATUS) {
        redirect(e);
    } else if (status_of(e->http) == BM_E_ENROL_BUSY) {
        back_off(e, BM_E_ENROL_BUSY, true);
    } else if (e->step == ENROL_CACERTS) {
        end_cacerts(e, good, rc);
    } else if (rc != BM_OK) {
        fail(e, rc);
    } else {
        end_step(e, good);
    }
}

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
    if (bm_identity_state(config->identity, BM_IDENTITY_PENDING) ==
        BM_IDENTITY_KEY) {
        e->flags |= ENROL_ASKED;
    }
    go_first(e);
    if (job == BM_ENROL_BIRTH ? has_cert(e, BM_IDENTITY_IDEVID)
        : is_proof(e)         ? false
                              : job == BM_ENROL_PROVE ||
                            (e->job == BM_ENROL_FIRST && !can_first(e))) {
        return BM_E_IDENTITY_STATE;
    }
    return BM_OK;
}

void bm_enrol_connected(struct bm_enrol *e, struct bm_bytes binding,
                        bool expired)
{
    if (e->state != CONNECTING) {
        return;
    }
    e->state = NEED;
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
    if (e->state != SEND || n > (size_t)e->request_n - e->sent) {
        return;
    }
    e->sent = (uint16_t)(e->sent + n);
    if (e->sent == e->request_n) {
        e->state = RECEIVE;
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

    if (e->sink == SINK_MESSAGE) {
        rc = enrol_message_read(e, body);
        if (rc != BM_OK && e->step == ENROL_CACERTS) {
            e->learned = rc;
            e->sink = SINK_NONE;
            return BM_OK;
        }
    } else if (e->sink == SINK_WORDS) {
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
        e->sink = (uint8_t)sink_of(e);
        if (e->sink == SINK_MESSAGE) {
            enrol_message_init(e);
        }
    }
    return body.n == 0 ? BM_OK : take_body(e, body);
}

void bm_enrol_received(struct bm_enrol *e, struct bm_bytes octets)
{
    bm_status rc = BM_OK;

    if (e->state != RECEIVE) {
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
        fail(e, rc);
    } else if (e->reply.done) {
        end_reply(e);
    }
}

void bm_enrol_failed(struct bm_enrol *e, bm_status why)
{
    e->flags &= (uint16_t) ~(ENROL_OPEN | ENROL_CLOSING);
    if (e->state > NEED) {
        return;
    }
    if (e->state == RECEIVE && why == BM_E_TLS_CLOSED && e->reply.status != 0) {
        why = bm_http_end(&e->reply);
        if (why == BM_OK) {
            end_reply(e);
            return;
        }
    }
    fail(e, why);
}

struct bm_bytes bm_enrol_words(const struct bm_enrol *e)
{
    return (struct bm_bytes){ e->config->room, e->words_n };
}

void bm_enrol_stop(struct bm_enrol *e)
{
    e->words_n = 0;
    end(e, STOPPED, BM_E_END);
    bm_wipe(e->binding, sizeof e->binding);
}

/* ---- What the caller is asked for */

/* The identity of this step, plus 1; 0: none. */
static uint8_t to_show(const struct bm_enrol *e)
{
    if (is_proof(e)) {
        return BM_IDENTITY_PENDING + 1;
    }
    if (e->job == BM_ENROL_RENEW) {
        return BM_IDENTITY_CURRENT + 1;
    }
    return e->job == BM_ENROL_FIRST && has_cert(e, BM_IDENTITY_IDEVID)
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
    return (e->flags & ENROL_OPEN) != 0 && e->state >= NEED &&
           (e->state != NEED || (e->flags & ENROL_CLOSING) != 0 ||
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
        back_off(e, BM_E_ENROL_REDIRECT, false);
        return;
    }
    e->state = CONNECTING;
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
        fail(e, rc);
        return;
    }
    e->state = SEND;
    be_patient(e);
}

/* Go on as far as nobody has to be asked. */
static void advance(struct bm_enrol *e)
{
    if (e->state == WAIT && is_late(e)) {
        go_first(e);
    } else if (e->state <= RECEIVE && is_late(e)) {
        fail(e, BM_E_ENROL_TIMEOUT);
    }
    if (e->state == NEED && (e->flags & ENROL_OPEN) != 0 && !must_close(e)) {
        begin_exchange(e);
    }
    if (e->state == NEED && (e->flags & ENROL_OPEN) == 0) {
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
        .secret = !is_proof(e) && enrol_sends_token(e),
        .octets = { e->config->room + e->used + e->sent,
                    (size_t)e->request_n - e->sent },
        .seconds = e->until - e->at,
        .status = e->why,
    };
    if (must_close(e) || e->state == NEED) {
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
