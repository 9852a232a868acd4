/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_DESTINATION_H
#define BM_CA_DESTINATION_H

#include "ca/authority.h"
#include "ca/event_kind.h"
#include "ca/url.h"

/*
 * Destinations: where the events of an organisation go, as webhooks or as
 * syslog (docs/events.md). Here they are made and removed, which the ledger
 * has; outbox.h hands out their events one by one.
 *
 * A destination begins with the first event after it was made, and what is set
 * of it never changes: who wants another URL makes another destination.
 */

/* Of one organisation, and in all: each is looked at once in a second. */
#define CA_DESTINATIONS_OWN_MAX 16
#define CA_DESTINATIONS_MAX     256

/* Times that an event is tried, unless said otherwise: half a day. */
#define CA_TRIES     20
#define CA_TRIES_MAX 1000

/* Seconds after which an event is given up however often it was tried, unless
 * said otherwise: a week. The schema has the number, too. */
#define CA_AGE     UINT32_C(604800)
#define CA_AGE_MAX UINT32_C(2592000)

struct ca_destination_order {
    const char *name;        /* a-z, 0-9, '.', '-' */
    const char *url;         /* url.h */
    const char *kinds;       /* event_kind.h, with commas between; NULL: all
                                but those that are asked for */
    uint32_t tries;          /* 0: CA_TRIES */
    uint32_t age;            /* 0: CA_AGE */
    bool all;                /* events of all whom the actor sees, not of his
                          organisation alone */
    bool identity;           /* show the certificate of the courier */
    struct bm_bytes anchors; /* certificates, DER after DER; empty: those that
                                the system has */
};

/*
 * Make one. `secret` is what its webhooks are signed with.
 * BM_E_EXISTS; BM_E_CA_URL; BM_E_ARGUMENT; BM_E_LIMIT: there are too many;
 * BM_E_CA_FORBIDDEN: `all`, or the courier's certificate, is not for operators
 * of one organisation.
 */
BM_MUST_CHECK bm_status
ca_destination_create(struct ca *ca, const struct ca_actor *actor,
                      const struct ca_destination_order *order, int64_t now,
                      uint8_t secret[STORE_SECRET_MAX], struct ca_refusal *why);

/* Nothing is sent from now on; what happens meanwhile is sent when it is
 * enabled again. Doing so twice is fine. */
BM_MUST_CHECK bm_status ca_destination_disable(struct ca *ca,
                                               const struct ca_actor *actor,
                                               const char *name, int64_t now,
                                               struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_destination_enable(struct ca *ca,
                                              const struct ca_actor *actor,
                                              const char *name, int64_t now,
                                              struct ca_refusal *why);

/* With what it was not given. */
BM_MUST_CHECK bm_status ca_destination_remove(struct ca *ca,
                                              const struct ca_actor *actor,
                                              const char *name, int64_t now,
                                              struct ca_refusal *why);

/* Send it an event of the kind CA_KIND_TEST. BM_E_CA_DESTINATION: it is
 * disabled. */
BM_MUST_CHECK bm_status ca_destination_test(struct ca *ca,
                                            const struct ca_actor *actor,
                                            const char *name, int64_t now,
                                            struct ca_refusal *why);

/*
 * What was given up: try it again, or forget it; `event` 0: all of it. Tried
 * again it comes behind events that its device had since, and its age counts
 * anew. BM_E_NOT_FOUND: that one was not given up.
 */
struct ca_dead {
    const char *destination;
    uint64_t event;
};
BM_MUST_CHECK bm_status ca_dead_retry(struct ca *ca,
                                      const struct ca_actor *actor,
                                      const struct ca_dead *dead, int64_t now,
                                      struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_dead_drop(struct ca *ca,
                                     const struct ca_actor *actor,
                                     const struct ca_dead *dead, int64_t now,
                                     struct ca_refusal *why);

/* In a transaction: may the actor see this one? One that gets events of many is
 * not for the operators of one of them. */
BM_MUST_CHECK bm_status
ca_destination_is_seen(const struct store *s, const struct ca_actor *actor,
                       const struct store_destination *row, bool *yes);

/* The one of that name in the actor's organisation, as he may see it. In a
 * transaction. BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status ca_destination_find(const struct store *s,
                                            const struct ca_actor *actor,
                                            const char *name,
                                            struct store_destination *row,
                                            struct ca_refusal *why);

/* Does it want events like this one? */
bool ca_destination_wants(const struct store_destination *row,
                          const struct store_event *event);

/* SHA-256 over all that is set of it, which the ledger has. */
BM_MUST_CHECK bm_status ca_destination_hash(const struct bm_crypto *crypto,
                                            const struct store_destination *row,
                                            uint8_t hash[BM_HASH_MAX]);

#endif
