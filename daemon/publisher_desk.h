/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PUBLISHER_DESK_H
#define BM_DAEMON_PUBLISHER_DESK_H

#include "core/ocsp.h"
#include "daemon/metrics.h"
#include "daemon/publisher_budget.h"
#include "daemon/publisher_cache.h"

/*
 * The desk where OCSP requests are answered: from what is kept, or by the
 * status signer, whom it asks once for all who wait for the same. It does no
 * input or output of its own, so that it can be tested without.
 *
 *   one CertID, no nonce     the answer that is kept; else one is asked for
 *   a nonce                  an answer of its own, within the budgets; beyond
 *                            them as if there were no nonce (RFC 9919 3.2.1)
 *   several CertIDs          an answer of its own, within the budgets, each
 *                            CertID counting; beyond them tryLater
 *   never issued ("unknown") is not kept, and counts against the budgets; who
 *                            is over them is not asked for
 *   another CA's             unauthorized
 *
 * An answer is kept for half of its life and for DESK_KEEP seconds at most:
 * within that time everybody learns of a revocation, without being told by
 * anybody. HTTP caches get the same time. Only while the status signer does
 * not answer, or somebody is over a budget, an older answer goes on to the
 * end of its life.
 */
struct desk;

#define DESK_KEEP 300 /* seconds */

/*
 * Requests that the status signer has not answered yet. It answers thousands
 * in a second; who comes in while so many wait is told to try later.
 */
#define DESK_ASKS_MAX 512

/* Seconds after which one of them is given up. */
#define DESK_PATIENCE 5

enum desk_reply_kind {
    DESK_KEPT = 1, /* `caching` and `age` say for how long */
    DESK_OWN,      /* for this client, now */
    DESK_ERROR     /* an OCSPResponse that is none: try later, ... */
};

struct desk_reply {
    enum desk_reply_kind kind;
    struct bm_bytes response; /* DER; until answer() returns */
    const struct status_caching *caching;
    int64_t age; /* seconds for which it may be kept */
};

struct desk_config {
    const struct bm_crypto *crypto;
    size_t octets; /* of answers that are kept */
    struct budget_config budget;
    struct metrics_page *metrics;

    void *arg;
    /* Is the issuer in this CertID one of ours? */
    bool (*knows)(void *arg, const struct bm_ocsp_certid *id);
    /* Send a DER request to the status signer: desk_answered() with `tag`, or
     * desk_lost(), later. Anything but BM_OK: there is nobody to ask. */
    bm_status (*ask)(void *arg, uint32_t tag, struct bm_bytes request);
    /* To the client that came with this ticket. */
    void (*answer)(void *arg, void *ticket, const struct desk_reply *reply);
};

BM_MUST_CHECK bm_status desk_new(const struct desk_config *config,
                                 struct desk **desk);
void desk_free(struct desk *desk); /* answers nobody; NULL is fine */

/* Who asks what, at what time. */
struct desk_client {
    void *ticket;
    const char *address;
    enum cache_name how;  /* CACHE_GET or CACHE_POST */
    struct bm_bytes text; /* the path behind "/ocsp", raw, or the body */
    int64_t now;          /* unix time */
    uint64_t now_us;      /* of a clock that only rises */
};

/* Answer, now or later; the ticket is given back exactly once. */
void desk_take(struct desk *desk, const struct desk_client *client);

/* The status signer has answered. Tags that nobody waits for are ignored. */
void desk_answered(struct desk *desk, uint32_t tag, struct bm_bytes response,
                   int64_t now, uint64_t now_us);
/* It has refused, or failed: as good an answer as can be. */
void desk_refused(struct desk *desk, uint32_t tag, int64_t now);
/* The status signer is gone: whoever waits is answered as well as can be. */
void desk_lost(struct desk *desk, int64_t now);
/* Time goes on; about once a second. */
void desk_tick(struct desk *desk, int64_t now);

/* Requests that have not been answered yet. */
size_t desk_waiting(const struct desk *desk);

#endif
