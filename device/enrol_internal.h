/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_ENROL_INTERNAL_H
#define BM_DEVICE_ENROL_INTERNAL_H

#include "device/enrol.h"

/*
 * What the files of the enrolment share. enrol.c is the state machine,
 * enrol_request.c writes requests,
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
