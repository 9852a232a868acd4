/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_ENROL_INTERNAL_H
#define BM_DEVICE_ENROL_INTERNAL_H

#include "device/enrol.h"

/*
 * What the files of the enrolment share. enrol.c is the state machine as a
 * caller drives it, enrol_flow.c says where it goes on and when, enrol_answer.c
 * what an answer means; enrol_request.c writes requests,
 * enrol_message.c turns a body into certificates while it arrives, and
 * enrol_certs.c makes an identity of them.
 *
 * The room, in the order of its uses; one line follows upon the other:
 *
 *   csrattrs | certificate that is renewed | extensions | request in DER
 *   head of the request | its body, base64
 *   certificates of the answer
 */

enum enrol_step {
    ENROL_CACERTS, /* to learn roots */
    ENROL_ATTRS,
    ENROL_REQUEST,
    ENROL_ISSUERS, /* cacerts, for the issuers of what was issued */
    ENROL_STATUS,  /* the proof */
    ENROL_MUTUAL,  /* the proof, where a server has no device API */
    ENROL_RENEWAL  /* when to renew, after a refusal */
};

/* In each of them the caller is asked for one thing; in NEED for nothing, or
 * to close the connection first. */
enum enrol_state {
    ENROL_CONNECTING = BM_JOB_CONNECT,
    ENROL_SEND = BM_JOB_SEND,
    ENROL_RECEIVE = BM_JOB_RECEIVE,
    ENROL_NEED = BM_JOB_CLOSE,
    ENROL_WAIT = BM_JOB_WAIT,
    ENROL_DONE = BM_JOB_DONE,
    ENROL_STOPPED = BM_JOB_STOPPED
};

/* Where the body of an answer goes. */
enum enrol_sink {
    ENROL_SINK_NONE,
    ENROL_SINK_MESSAGE, /* certificates, or csrattrs */
    ENROL_SINK_WORDS
};

/* enrol.flags */
enum {
    ENROL_OPEN = 1 << 0,    /* there is a connection */
    ENROL_READY = 1 << 1,   /* the room holds a request that is to be sent */
    ENROL_BOUND = 1 << 2,   /* that is bound to its connection */
    ENROL_LEARNED = 1 << 3, /* cacerts was asked for in this job */
    ENROL_STALE = 1 << 4,   /* the server's certificate has expired */
    ENROL_OVER = 1 << 5,    /* the certificate to be renewed has expired */
    ENROL_FOUND = 1 << 6, /* this cacerts brought an issuer that was missing */
    ENROL_ONCE = 1 << 7,  /* cacerts was asked for it */
    ENROL_CLOSING = 1 << 8, /* the connection is of no use any more */
    ENROL_ASKED = 1 << 9,   /* a request may have left with the pending key */
    ENROL_AGAIN = 1 << 10   /* another certificate for the pending key */
};

/* Where the identity goes that is asked for. */
static inline enum bm_identity_place enrol_place(const struct bm_enrol *e)
{
    return e->job == BM_ENROL_BIRTH ? BM_IDENTITY_IDEVID : BM_IDENTITY_PENDING;
}

/* Does the request for a certificate carry the token? */
static inline bool enrol_sends_token(const struct bm_enrol *e)
{
    return e->job <= BM_ENROL_FIRST && e->config->token.n != 0;
}

static inline struct bm_bytes enrol_used(const struct bm_enrol *e)
{
    return (struct bm_bytes){ e->config->room, e->used };
}

static inline bool enrol_is_proof(const struct bm_enrol *e)
{
    return e->step == ENROL_STATUS || e->step == ENROL_MUTUAL;
}

/* ---- enrol_flow.c */

bool enrol_has_cert(const struct bm_enrol *e, enum bm_identity_place place);
/* Is there anything to show but the current identity? */
bool enrol_can_first(const struct bm_enrol *e);
/* Is there a pending key? Then a request may have left with it. */
void enrol_see_key(struct bm_enrol *e);
/* Go to a step. */
void enrol_go(struct bm_enrol *e, enum enrol_step step);
/* Begin anew, at the step that the identity has reached. */
void enrol_go_first(struct bm_enrol *e);
/* The current identity is of no use any more: begin anew without. */
void enrol_demote(struct bm_enrol *e);
/* WAIT, DONE or STOPPED. What the room holds is wiped. */
void enrol_end(struct bm_enrol *e, enum enrol_state state, bm_status why);
void enrol_wait(struct bm_enrol *e, uint32_t seconds, bm_status why);
/* A server's Retry-After, within reason; `least` where it is shorter. */
uint32_t enrol_retry_after(const struct bm_enrol *e, uint32_t least);
/* Wait, longer each time; `asked`: as long as the server says, at least. */
void enrol_back_off(struct bm_enrol *e, bm_status why, bool asked);
/* Something went wrong: stop, wait, or go on with less. */
void enrol_fail(struct bm_enrol *e, bm_status why);
/* The server does not take the pending certificate. */
void enrol_refuse_proof(struct bm_enrol *e);

/* ---- enrol_answer.c */

/* The head of an answer is there. */
enum enrol_sink enrol_sink_of(const struct bm_enrol *e);
/* An answer is complete: what is next? */
void enrol_end_reply(struct bm_enrol *e);

/* ---- enrol_request.c */

/* Write the request of this step into the room. */
BM_MUST_CHECK bm_status enrol_put_request(struct bm_enrol *e);

/* The request in the room, to be sent to reply.location in place of where it
 * went. BM_E_ENROL_REDIRECT: another origin. */
BM_MUST_CHECK bm_status enrol_put_redirected(struct bm_enrol *e);

/* ---- enrol_message.c */

/* A body begins. */
void enrol_message_init(struct bm_enrol *e);
/* The next octets of a body of certificates or csrattrs. */
BM_MUST_CHECK bm_status enrol_message_read(struct bm_enrol *e,
                                           struct bm_bytes text);
/* The body has ended. BM_E_ENROL_MESSAGE: too early. */
BM_MUST_CHECK bm_status enrol_message_end(struct bm_enrol *e);

/* ---- enrol_certs.c */

/* Is there a use for this certificate of ENROL_ISSUERS? */
bool enrol_is_wanted(const struct bm_enrol *e, struct bm_bytes der);

/* Hand what the room holds to the trust, and empty it. */
void enrol_learn(struct bm_enrol *e);

/*
 * Make an identity of the certificates in the room. BM_E_END: an issuer is
 * missing, cacerts may have it. BM_E_ENROL_KEY, BM_E_ENROL_CHAIN, what the
 * judge says.
 */
BM_MUST_CHECK bm_status enrol_install(struct bm_enrol *e);

#endif
