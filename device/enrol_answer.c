/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/enrol_internal.h"

/*
 * What an answer means, of each step, when it is complete: a table in words is
 * in docs/device-enrolment.md.
 */

/* How much longer each 202 in a row lets us wait, and up to what, in seconds:
 * people take hours to agree, and are glad when it then goes quickly. */
#define LATER_STEP  30
#define LATER_LEAST 3600

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

enum enrol_sink enrol_sink_of(const struct bm_enrol *e)
{
    if (is_accepted(e) && e->step != ENROL_RENEWAL) {
        return enrol_is_proof(e) ? ENROL_SINK_NONE : ENROL_SINK_MESSAGE;
    }
    return e->reply.status >= 300 && e->reply.status < 400 ? ENROL_SINK_NONE
                                                           : ENROL_SINK_WORDS;
}

static void wait_for_approval(struct bm_enrol *e)
{
    uint16_t patience = e->config->patience;
    uint32_t least = (uint32_t)LATER_STEP * e->laters;

    e->failures = 0;
    if (++e->laters > (patience == 0 ? BM_ENROL_PATIENCE : patience)) {
        enrol_end(e, ENROL_STOPPED, BM_E_ENROL_LATER);
    } else {
        enrol_wait(
            e, enrol_retry_after(e, least < LATER_LEAST ? least : LATER_LEAST),
            BM_E_ENROL_LATER);
    }
}

/* The answer is not the one that was hoped for. */
static void refuse(struct bm_enrol *e)
{
    if (e->reply.status == 202 && e->step == ENROL_REQUEST) {
        wait_for_approval(e);
    } else {
        enrol_fail(e, status_of(e->reply.status));
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
    } else if (e->sink == ENROL_SINK_MESSAGE) {
        enrol_learn(e);
    }
    e->flags |= ENROL_LEARNED;
    e->used = 0;
    enrol_go(e, ENROL_ATTRS);
}

/* The certificates in the room are an identity, or another cacerts helps. */
static void install(struct bm_enrol *e)
{
    bm_status rc = enrol_install(e);

    if (rc == BM_E_END) {
        e->flags &= (uint16_t)~ENROL_FOUND;
        enrol_go(e, ENROL_ISSUERS);
    } else if (rc != BM_OK) {
        enrol_fail(e, rc);
    } else if (e->job == BM_ENROL_BIRTH) {
        enrol_end(e, ENROL_DONE, BM_OK);
    } else {
        e->flags &= (uint16_t)~ENROL_AGAIN;
        enrol_go_first(e);
    }
}

/* A renewal is refused: by grace that has run out, too early, or for good. */
static void refuse_renewal(struct bm_enrol *e)
{
    if ((e->flags & ENROL_OVER) != 0 && enrol_can_first(e)) {
        enrol_demote(e);
    } else if (e->reply.status == 403 && !e->config->est_only) {
        enrol_go(e, ENROL_RENEWAL);
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
    enrol_back_off(e, BM_E_ENROL_CONFLICT, false);
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
        enrol_fail(e, BM_E_ENROL_CHAIN);
    }
}

static void end_proof(struct bm_enrol *e, bool good)
{
    bm_status rc;

    if (good) {
        rc = bm_identity_commit(e->config->identity);
        if (rc == BM_OK) {
            enrol_end(e, ENROL_DONE, BM_OK);
        } else {
            enrol_fail(e, rc);
        }
    } else if (is_unwelcome(e)) {
        enrol_refuse_proof(e);
    } else if (e->step == ENROL_STATUS && e->reply.status < 500) {
        enrol_go(e, ENROL_MUTUAL); /* not birthmarkd */
    } else {
        refuse(e);
    }
}

/* A server that tells a window knows the certificate as good: so it was only
 * too early. */
static void end_renewal(struct bm_enrol *e, bool good)
{
    good = good && bm_renewal_parse(bm_enrol_words(e), &e->window);
    if (!good && e->config->clock == NULL && enrol_can_first(e)) {
        enrol_demote(e); /* nobody here knows whether it has expired */
    } else {
        enrol_end(e, ENROL_STOPPED,
                  good ? BM_E_ENROL_EARLY : BM_E_ENROL_FORBIDDEN);
    }
}

static void end_step(struct bm_enrol *e, bool good)
{
    switch (e->step) {
    case ENROL_ATTRS:
        /* RFC 7030 4.5.2: 204 or 404, where the server has no wishes. */
        e->used = good ? e->used : 0;
        enrol_go(e, ENROL_REQUEST);
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
        e->state = ENROL_NEED;
    } else {
        enrol_fail(e, rc);
    }
}

void enrol_end_reply(struct bm_enrol *e)
{
    bool good = is_accepted(e);
    bm_status rc = BM_OK;

    e->alerts = 0;
    e->http = e->reply.status;
    if (e->reply.close) {
        e->flags |= ENROL_CLOSING;
    }
    if (e->sink == ENROL_SINK_MESSAGE) {
        rc = enrol_message_end(e);
    }
    if (is_redirect(e->http) && e->step != ENROL_STATUS) {
        redirect(e);
    } else if (status_of(e->http) == BM_E_ENROL_BUSY) {
        enrol_back_off(e, BM_E_ENROL_BUSY, true);
    } else if (e->step == ENROL_CACERTS) {
        end_cacerts(e, good, rc);
    } else if (rc != BM_OK) {
        enrol_fail(e, rc);
    } else {
        end_step(e, good);
    }
}
