/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_ISSUER_INTERNAL_H
#define BM_DAEMON_ISSUER_INTERNAL_H

#include "ca/attest.h"
#include "ca/batch.h"
#include "ca/destination.h"
#include "ca/issue.h"
#include "ca/outbox.h"
#include "daemon/gcra.h"
#include "daemon/link.h"
#include "daemon/remote_signer.h"
#include "daemon/room.h"
#include "daemon/wire.h"
#include "keygen/secret.h"
#include "server/ek_cas.h"
#include "server/instance.h"

/*
 * The issuer: the room with the store, in which everything is decided. It has
 * no key; whatever asks is taken for captured, and may ask what stands in its
 * table and nothing else.
 *
 *   issuer.c            the room: setup, links, tables, timer, stopping
 *   issuer_who.c        who asks: paths, tokens, limits
 *   issuer_enrol.c      ENROL: the queue, groups, answers
 *   issuer_device.c     DEVICE: what a device asks beside certificates
 *   issuer_attest.c     ATTEST: where keys were made
 *   issuer_refusal.c    what a refusal is to a client
 *   issuer_catalogue.c  CATALOGUE: what listeners know about profiles
 *   issuer_admin.c      ADMIN; KEEP_...
 *   issuer_publish.c    checkpoints, tiles, lists, gauges
 *   issuer_bundle.c     BUNDLE: trust bundles, made and handed out
 *   issuer_batch.c      batches: reading, issuing, revoking, step by step
 *   issuer_keys.c       ... and keys that are made for their rows
 *   issuer_courier.c    events that go out, by the courier
 *   issuer_expiry.c     when certificates of operators end
 *
 * Without its signer it decides nothing: requests wait. What was asked of a
 * signer that then fell silent may still be signed, and the authority is
 * opened again, on the next link, before it may write.
 */

/* Seconds that the signer may be gone before the issuer ends itself, so that
 * the supervisor makes both links anew. */
#define ISSUER_SIGNER_PATIENCE 20

/* Groups that fail one after another before the issuer ends itself: a start
 * puts in order what can be put in order. */
#define ISSUER_FAILURES_MAX 8

/* What one listener may have waiting here. Its own limit is lower. */
#define ISSUER_QUEUE_MAX 16384

/*
 * A transaction costs the same for one request as for hundreds. So while they
 * come quickly, one after another within ISSUER_GAP_US, a group waits for more:
 * until as many are there as came together lately, and no longer than
 * ISSUER_DELAY_US. When nobody else came in that time, the next
 * ISSUER_ALONE groups do not wait: a client that is alone is not held up.
 */
#define ISSUER_DELAY_US 1500
#define ISSUER_GAP_US   500
#define ISSUER_ALONE    64

/* A client that is told to come again does so after so many seconds. */
#define ISSUER_RETRY          1
#define ISSUER_RETRY_FULL     30   /* a full disk is mended by people */
#define ISSUER_RETRY_APPROVAL 300  /* so are approvals given */
#define ISSUER_RETRY_QUOTA    3600 /* quota is ordered, and paid for */

/* Who has been verified by path: certificates remembered at a time. */
#define ISSUER_KNOWN_MAX 4096

/* The networks that a certificate comes from: the first 24 bits of an IPv4
 * address, 48 of an IPv6 one. */
#define ISSUER_NETWORK_V4  3
#define ISSUER_NETWORK_MAX 6
struct issuer_place {
    uint8_t n; /* 0: none yet */
    uint8_t octets[ISSUER_NETWORK_MAX];
};
struct issuer_places {
    struct issuer_place last;
    struct issuer_place before;
    unsigned returns; /* to the one before, in a row */
    int64_t changed;
};

struct issuer_known {
    uint8_t hash[32]; /* SHA-256 of the DER; all zero: free */
    int64_t not_before;
    int64_t not_after;
    struct ca_holder holder;
    struct issuer_places places[2]; /* by IPv4, by IPv6 */
};

/* A link of somebody who asks. */
struct issuer_asker {
    struct issuer *is;
    struct issuer_asker *next;
    enum room_kind kind;
    unsigned instance;
    struct link *link;
    struct issuer_enrol *first; /* waiting, in the order of their coming */
    struct issuer_enrol *last;
    size_t n;
};

/* Why there is no certificate, for a client. */
struct issuer_reply {
    uint16_t http;
    uint32_t retry_after;
    char words[CA_REFUSAL_WORDS_MAX + 128];
};

/* Who asks for a certificate: what is known before it is decided. */
struct issuer_who {
    unsigned by; /* CA_BY_... */
    struct ca_actor actor;
    char name[STORE_ID_MAX + 16]; /* of the actor */
    uint8_t identity[32];         /* for limits */
};

/* A request that waits. */
struct issuer_enrol {
    struct issuer_enrol *next;
    struct issuer_asker *from;
    uint32_t tag;
    bool again; /* failed once with the signer */
    struct wire_enrol m;
    struct bm_csr csr;
    const struct ca_profile_policy *policy;
    struct issuer_who who;
    size_t n;
    uint8_t octets[]; /* what the views are into; may hold a token */
};

/* A list of ours. */
struct issuer_list {
    const struct instance_ca *ca;
    uint32_t list; /* ca/lists.h */
    bool changed;
    int64_t due;       /* by age */
    int64_t not_until; /* after the last one, for its cost */
};

/* The trust bundles, of all lists. */
struct issuer_bundle {
    bool look;            /* at the store: some may no longer tell all */
    uint64_t revocations; /* that they were looked at with */
    bool changed;         /* of one, at least */
    int64_t due;          /* by age, of the one that is due first */
    int64_t not_until;    /* after the last one */
};

/* Secrets for batches that may be ordered, of the room that makes them: so that
 * none has to be waited for. */
#define ISSUER_SECRETS_MAX 4
struct issuer_secrets {
    size_t asked; /* that are on their way */
    size_t n;
    struct keygen_secret all[ISSUER_SECRETS_MAX];
};

/* Batches. */
struct issuer_batch {
    struct event *work;
    struct link *reader;          /* or NULL */
    uint32_t tag;                 /* of what is asked of it */
    struct ca_batch_check *check; /* of the one that is read, or NULL */
    struct store_batch reading;
    struct ca_batch_turns turns;
    struct link *keygen; /* or NULL */
    struct issuer_secrets secrets;
    uint8_t
        *to; /* of `reading`: whom its keys are for, or its secret, sealed */
    size_t to_n;
    uint8_t *rows; /* that wait for their keys, or NULL */
    size_t rows_n;
};

/* Events on their way out. */
struct issuer_courier {
    struct outbox *outbox;
    struct link *link;  /* or NULL */
    struct event *work; /* there is something to write, or to send */
    size_t under_way;
    bool full;        /* the link takes no more: it is to be made anew */
    bool unread;      /* destinations could not be read: to be tried again */
    uint32_t failing; /* destinations, as was told last */
    uint32_t tag;
    size_t told_n; /* destinations that the courier knows */
    uint64_t told[CA_DESTINATIONS_MAX];
};

struct issuer {
    struct room *room;
    struct bm_crypto *crypto;
    struct instance *in;
    struct remote_signer *signer;
    int64_t signer_gone; /* since when; 0: it is there, and `in->ca` is */
    bool stopping;
    int stop_rounds;

    struct issuer_asker *askers;
    size_t waiting;
    size_t together;  /* that came at once, lately */
    unsigned alone;   /* groups that do not wait any more */
    uint64_t gap;     /* microseconds between arrivals, on average */
    uint64_t arrived; /* the last one */
    unsigned failures;
    struct event *work;
    struct event *tick;

    struct gcra *identities;
    struct gcra *organisations;
    struct issuer_known known[ISSUER_KNOWN_MAX];
    struct bm_cert anchors[INSTANCE_CAS_MAX];
    size_t anchors_n;

    struct ek_cas ek_cas; /* makers of TPMs that are believed */
    struct ca_attest *attest;

    uint8_t *catalogue;
    size_t catalogue_n;

    struct issuer_list *lists; /* those of a CA stand together */
    size_t lists_n;
    size_t next_list;     /* to be looked at */
    bool look;            /* at the store: some may have changed */
    uint64_t revocations; /* that `lists` know of */
    struct issuer_bundle bundle;
    struct issuer_batch batch;
    struct issuer_courier courier;
    uint64_t published; /* leaves */
    int64_t noted;      /* when gauges of CAs were */
    int64_t operators_due;

    /* Of the group in work. */
    struct issuer_enrol *group[CA_GROUP_MAX];
    struct ca_issue_request requests[CA_GROUP_MAX];
    struct ca_issue_result results[CA_GROUP_MAX];
};

/* Microseconds of a clock that only rises. */
uint64_t issuer_us(void);

/* May the store be written: is there a signer, and an authority? */
bool issuer_is_ready(const struct issuer *is);

/* The signer's link has failed: wait for the next. */
void issuer_lose_signer(struct issuer *is);

/* An answer with a body. */
BM_MUST_CHECK bm_status issuer_answer(struct issuer_asker *to,
                                      const struct link_frame *asked,
                                      struct bm_bytes body);

/* ---- issuer_who.c */

BM_MUST_CHECK bm_status issuer_who_init(struct issuer *is);
void issuer_who_wipe(struct issuer *is);

/*
 * Is this a certificate of ours, by path (core/path.h) and by the store? Only
 * its validity is left to be seen. BM_E_NOT_FOUND, BM_E_PATH_...
 */
BM_MUST_CHECK bm_status issuer_verify(struct issuer *is, struct bm_bytes der,
                                      const struct issuer_known **known,
                                      struct ca_refusal *why);

/* Who asks, and may he now; the policy is that of the label. False: `reply`
 * says why not. */
bool issuer_admit(struct issuer *is, struct issuer_enrol *e,
                  struct issuer_reply *reply);

/* Whose messages about a key these are: what stands for him, as in
 * issuer_who.identity. False: `reply` says why he is not heard. */
bool issuer_identify(struct issuer *is, const struct wire_attest *m,
                     uint8_t who[32], struct issuer_reply *reply);

/* 0, or the seconds to wait. `identity` NULL: of nobody in particular. */
unsigned issuer_limit(struct issuer *is, const uint8_t identity[32],
                      uint32_t organisation);

/* The profile that a label stands for; NULL: none. */
const struct ca_profile_policy *issuer_label(const struct issuer *is,
                                             struct bm_bytes label);

/* ---- issuer_enrol.c */

BM_MUST_CHECK bm_status issuer_serve_enrol(void *asker, struct link *link,
                                           const struct link_frame *frame);
BM_MUST_CHECK bm_status issuer_serve_seen(void *asker, struct link *link,
                                          const struct link_frame *frame);
void issuer_work(struct issuer *is);        /* serve a group, if one waits */
void issuer_schedule(struct issuer *is);    /* see to it that one is served */
void issuer_forget(struct issuer_asker *a); /* what it has waiting */
/* An answer that has no certificate. */
BM_MUST_CHECK bm_status issuer_answer_reply(struct issuer_asker *to,
                                            const struct link_frame *asked,
                                            const struct issuer_reply *reply);

BM_MUST_CHECK bm_status issuer_answer_enrolled(struct issuer_asker *to,
                                               const struct link_frame *asked,
                                               const struct wire_enrolled *m);
/* A certificate was used: may it be, and does its holder ask no more than he
 * may? False: `reply` says why not. */
bool issuer_see(struct issuer *is, struct bm_bytes der,
                const struct issuer_known **known, struct issuer_reply *reply);
/* The window of its renewal, if there is one. */
void issuer_put_window(const struct issuer *is, struct bm_bytes der,
                       struct wire_enrolled *m);

/* ---- issuer_places.c */

/* A good certificate was used from this network; empty: it is not known. */
void issuer_note_place(struct issuer *is, const struct issuer_known *known,
                       struct bm_bytes der, struct bm_bytes network);

/* ---- issuer_device.c */

BM_MUST_CHECK bm_status issuer_serve_device(void *asker, struct link *link,
                                            const struct link_frame *frame);

/* ---- issuer_attest.c */

BM_MUST_CHECK bm_status issuer_attest_init(struct issuer *is,
                                           struct ca_refusal *why);
void issuer_attest_wipe(struct issuer *is);
BM_MUST_CHECK bm_status issuer_serve_attest(void *asker, struct link *link,
                                            const struct link_frame *frame);
/* What was shown of the key that a certificate is asked for; or NULL. It lives
 * until another message about keys is served. */
const struct ca_attested *issuer_attested(struct issuer *is,
                                          const struct issuer_enrol *e);

/* ---- issuer_refusal.c */

void issuer_refuse(struct issuer_reply *reply, bm_status rc,
                   const struct ca_refusal *why);
/* In words of our own. */
void issuer_say(struct issuer_reply *reply, uint16_t http, uint32_t retry_after,
                const char *words);
/* Not the request's fault: a medium or the signer failed. */
bool issuer_is_failure(bm_status rc);

/* ---- issuer_catalogue.c */

BM_MUST_CHECK bm_status issuer_catalogue_make(struct issuer *is,
                                              struct ca_refusal *why);
BM_MUST_CHECK bm_status issuer_serve_catalogue(void *asker, struct link *link,
                                               const struct link_frame *frame);

/* ---- issuer_admin.c */

BM_MUST_CHECK bm_status issuer_serve_admin(void *asker, struct link *link,
                                           const struct link_frame *frame);
BM_MUST_CHECK bm_status issuer_serve_keep_issue(void *asker, struct link *link,
                                                const struct link_frame *frame);
BM_MUST_CHECK bm_status issuer_serve_keep_install(
    void *asker, struct link *link, const struct link_frame *frame);

/* ---- issuer_publish.c */

BM_MUST_CHECK bm_status issuer_publish_init(struct issuer *is);
void issuer_publish_wipe(struct issuer *is);
/* The authority was opened (again): what it counts starts anew. */
void issuer_publish_restart(struct issuer *is);
void issuer_publish_tick(struct issuer *is);
/* The lists of a CA no longer tell all, or one was made by somebody else. */
void issuer_list_changed(struct issuer *is, const char *ca);

/* ---- issuer_bundle.c */

BM_MUST_CHECK bm_status issuer_serve_bundle(void *asker, struct link *link,
                                            const struct link_frame *frame);
void issuer_bundle_restart(struct issuer *is);
void issuer_bundle_tick(struct issuer *is, int64_t now);
/* What they tell may have changed, other than by a revocation; or there is one
 * list more. */
void issuer_bundle_changed(struct issuer *is);
/* One was made otherwise: hand it out. */
void issuer_bundle_made(struct issuer *is, int64_t now);
/* The list of the organisation; 0: it cannot be said. */
uint32_t issuer_bundle_of(struct issuer *is, uint32_t organisation);

/* ---- issuer_keys.c */

BM_MUST_CHECK bm_status issuer_keys_link(struct issuer *is, int fd);
/* Whom the keys of the batch that is read now are for, or under which secret
 * they are made. */
BM_MUST_CHECK bm_status issuer_keys_begin(struct issuer *is);
/* One for a batch that is ordered now. BM_E_BATCH_NO_SECRET. */
BM_MUST_CHECK bm_status issuer_keys_secret(struct issuer *is,
                                           struct ca_batch_secret *secret,
                                           struct ca_refusal *why);
/* Have keys made for these rows: they come back by issuer_batch_take(). */
void issuer_keys_ask(struct issuer *is, struct bm_bytes rows);
void issuer_keys_forget(struct issuer *is); /* rows that wait */
void issuer_keys_wipe(struct issuer *is);

/* ---- issuer_batch.c */

BM_MUST_CHECK bm_status issuer_batch_init(struct issuer *is);
void issuer_batch_wipe(struct issuer *is);
BM_MUST_CHECK bm_status issuer_batch_link(struct issuer *is, int fd);
/* The authority was opened (again). */
void issuer_batch_restart(struct issuer *is);
/* Rows that were read, with their keys if they are made here. */
void issuer_batch_take(struct issuer *is, struct bm_bytes rows,
                       struct bm_bytes keys);
/* What is read cannot be gone on with now: from its beginning, later. */
void issuer_batch_give_up(struct issuer *is);
/* It is not what it should be, and will never be. */
void issuer_batch_refuse(struct issuer *is, bm_status rc, const char *words);
/* There may be something to go on with. */
void issuer_batch_changed(struct issuer *is);

/* ---- issuer_courier.c */

BM_MUST_CHECK bm_status issuer_courier_init(struct issuer *is);
void issuer_courier_wipe(struct issuer *is);
BM_MUST_CHECK bm_status issuer_courier_link(struct issuer *is, int fd);
/* Destinations, or what was given up, may have changed. */
void issuer_courier_changed(struct issuer *is);
/* Once a second: events may have come, and their time. */
void issuer_courier_tick(struct issuer *is);
/* Stopping: write what is known. */
void issuer_courier_stop(struct issuer *is);

/* ---- issuer_expiry.c */

/* Once a minute; at other times nothing happens. */
void issuer_note_operators(struct issuer *is, int64_t now);

#endif
