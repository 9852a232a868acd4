/* SPDX-License-Identifier: Apache-2.0 */
#include "device/enrol_internal.h"

/*
 * Where an enrolment goes on, and when: to which step, after what wait, and
 * what is given up when something went wrong.
 */

/* Refused handshakes in a row until a refusal is believed: one may come of a
 * server that is being set up. */
#define ALERTS_MAX 3
/* Certificates that the server issued and then did not take. */
#define UNPROVEN_MAX 3

/* ---- Where to go on */

void enrol_go(struct bm_enrol *e, enum enrol_step step)
{
    e->step = (uint8_t)step;
    e->state = ENROL_NEED;
    e->redirects = 0;
    e->flags &= (uint16_t)~ENROL_READY;
}

bool enrol_has_cert(const struct bm_enrol *e, enum bm_identity_place place)
{
    return bm_identity_state(e->config->identity, place) == BM_IDENTITY_CERT;
}

bool enrol_can_first(const struct bm_enrol *e)
{
    return enrol_has_cert(e, BM_IDENTITY_IDEVID) || e->config->token.n != 0;
}

void enrol_go_first(struct bm_enrol *e)
{
    if (e->job == BM_ENROL_RENEW && !enrol_has_cert(e, BM_IDENTITY_CURRENT)) {
        e->job = BM_ENROL_FIRST;
    }
    e->used = 0;
    if (e->job != BM_ENROL_BIRTH && enrol_has_cert(e, BM_IDENTITY_PENDING) &&
        (e->flags & ENROL_AGAIN) == 0) {
        enrol_go(e, e->config->est_only ? ENROL_MUTUAL : ENROL_STATUS);
    } else if ((e->flags & ENROL_LEARNED) == 0) {
        enrol_go(e, ENROL_CACERTS);
    } else {
        enrol_go(e, ENROL_ATTRS);
    }
}

/* The current identity is of no use any more. */
void enrol_demote(struct bm_enrol *e)
{
    e->job = BM_ENROL_FIRST;
    enrol_go_first(e);
}

/* What is in the room serves nobody any more, and may hold a token. */
static void clear(struct bm_enrol *e)
{
    bm_wipe(e->config->room + e->words_n, e->config->room_n - e->words_n);
    e->used = 0;
    e->flags &= (uint16_t)~ENROL_READY;
}

void enrol_end(struct bm_enrol *e, enum enrol_state state, bm_status why)
{
    struct bm_enrol_tally tally = { 0, 0, 0 };

    e->state = (uint8_t)state;
    e->why = why;
    if (state == ENROL_WAIT) {
        tally = (struct bm_enrol_tally){ e->alerts, e->unproven, e->laters };
    }
    if (e->config->tally != NULL && why != BM_E_END) { /* bm_enrol_stop() */
        *e->config->tally = tally;
    }
    clear(e);
}

void enrol_see_key(struct bm_enrol *e)
{
    if (bm_identity_state(e->config->identity, BM_IDENTITY_PENDING) ==
        BM_IDENTITY_KEY) {
        e->flags |= ENROL_ASKED;
    }
}

void enrol_wait(struct bm_enrol *e, uint32_t seconds, bm_status why)
{
    enrol_see_key(e);
    e->until = e->at + seconds;
    enrol_end(e, ENROL_WAIT, why);
}

/* A server's Retry-After, within reason; `least` where it is shorter. */
uint32_t enrol_retry_after(const struct bm_enrol *e, uint32_t least)
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

void enrol_back_off(struct bm_enrol *e, bm_status why, bool asked)
{
    uint32_t seconds;

    e->failures = (uint16_t)(e->failures + (e->failures != UINT16_MAX));
    seconds = bm_backoff(e->config->crypto, e->failures);
    enrol_wait(e, asked ? enrol_retry_after(e, seconds) : seconds, why);
}

/*
 * The server does not take the pending certificate. It is given up if the
 * server said so: an alert of the handshake may be anybody's on the way, and
 * one that a token paid for is not had again. These are kept, and the same key
 * is asked for again: with a new token it gets another certificate, and with
 * what there was before nothing is lost.
 */
void enrol_refuse_proof(struct bm_enrol *e)
{
    bool again = ++e->unproven < UNPROVEN_MAX && e->job != BM_ENROL_PROVE;
    bool other = enrol_has_cert(e, BM_IDENTITY_CURRENT) ||
                 enrol_has_cert(e, BM_IDENTITY_IDEVID);

    if (again && other && e->state != ENROL_CONNECTING) {
        bm_status rc = bm_identity_abandon(e->config->identity);

        enrol_back_off(e, rc == BM_OK ? BM_E_ENROL_PROOF : rc, false);
    } else if (again && (other || e->config->token.n != 0)) {
        e->flags |= ENROL_AGAIN | ENROL_ASKED;
        enrol_go_first(e);
    } else {
        enrol_end(e, ENROL_STOPPED, BM_E_ENROL_PROOF);
    }
}

/* An identity cannot be shown, or is not let in. */
static bool lose_identity(struct bm_enrol *e)
{
    if (enrol_is_proof(e)) {
        enrol_refuse_proof(e);
        return true;
    }
    if (e->job == BM_ENROL_RENEW && enrol_can_first(e)) {
        enrol_demote(e);
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

void enrol_fail(struct bm_enrol *e, bm_status why)
{
    /* What an answer about roots is like stops nothing: the next try goes on
     * without it. */
    bool roots = e->step == ENROL_CACERTS && e->state == ENROL_RECEIVE &&
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
        enrol_back_off(e, why, false);
        return;
    }
    if ((why == BM_E_IDENTITY_LOST || refused) && lose_identity(e)) {
        return;
    }
    if (is_final(why) && !roots) {
        enrol_end(e, ENROL_STOPPED, why);
    } else {
        enrol_back_off(e, why, false);
    }
}
