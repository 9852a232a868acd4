/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_JOB_H
#define BM_DEVICE_JOB_H

#include "device/identity.h"
#include "device/trust.h"

/*
 * A job: something that talks with a server until it is done, without I/O. It
 * says what it wants next, and is told what became of that. Enrolment
 * (enrol.h), one HTTP exchange (exchange.h) and delivery (deliver.h) are jobs;
 * pump.h drives any of them over a struct bm_tls.
 *
 * Neither asks for anything twice at a time: what was wanted is told before
 * the next is asked, except that `next` may be asked again and again, and has
 * to be when `seconds` are over.
 */

/* In this order: from WAIT on there is no connection. */
enum bm_job_want {
    BM_JOB_CONNECT, /* TLS to the job's host and port */
    BM_JOB_SEND,    /* `octets`, or some of them */
    BM_JOB_RECEIVE, /* whatever comes */
    BM_JOB_CLOSE,   /* the connection; then ask again */
    BM_JOB_WAIT,    /* `seconds`, without a connection; then ask again */
    BM_JOB_DONE,
    BM_JOB_STOPPED /* `status` says why; nothing is asked for any more */
};

struct bm_job_ask {
    enum bm_job_want want;
    bool show;                    /* CONNECT: show an identity at all, */
    enum bm_identity_place place; /* this one: bm_identity_signer(), _cert() */
    bool secret;                  /* CONNECT: a token will be sent, so for
                                     bm_trust_expect.secret */
    struct bm_bytes octets;       /* SEND: good until the next call */
    uint32_t seconds; /* WAIT; CONNECT, SEND, RECEIVE: until patience ends and
                         `next` has to be asked again, whatever came */
    bm_status status; /* WAIT, STOPPED: why */
};

/* What a job is, to who drives it. */
struct bm_job_calls {
    /* What is wanted next. */
    void (*next)(void *self, uint32_t uptime, struct bm_job_ask *ask);
    /*
     * The connection of CONNECT stands. `binding` is the channel binding, or
     * empty: see bm_tls.binding. `expired`: the server passed although its
     * certificate has expired (bm_trust_verdict): no time is learned from it.
     */
    void (*connected)(void *self, struct bm_bytes binding, bool expired);
    /* `n` octets of SEND have left. */
    void (*sent)(void *self, size_t n);
    /* What RECEIVE brought: any number of octets. */
    void (*received)(void *self, struct bm_bytes octets);
    /*
     * Connecting, sending or receiving failed, or the connection has ended:
     * BM_E_TLS_CLOSED is the orderly end, with which some answers are
     * complete. The connection is gone: no CLOSE is asked for.
     * BM_E_TLS_ALERT is for alerts about our certificate alone.
     */
    void (*failed)(void *self, bm_status why);
};

/* One that was started, and whom it talks with. bm_enrol_as_job() and its kin
 * fill it in; what it points to lives until the job is over. */
struct bm_job {
    void *self;
    const struct bm_job_calls *calls;
    const struct bm_identity *identity; /* whose places are shown */
    const struct bm_trust *trust;       /* judges the server */
    enum bm_trust_use use;
    const char *host;
    uint16_t port;
};

#endif
