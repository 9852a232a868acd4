/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_STORE_H
#define BM_STORE_STORE_H

#include "core/bytes.h"

/*
 * What the authority remembers: one interface, of which sqlite.h is the first
 * implementation. It knows rows and their order, nothing of X.509: what may
 * be written when is ca/'s to say.
 *
 * Scope. Every row carries its organisation, or belongs to a row that does, and
 * every query takes a scope, or the row that others belong to: rows outside of
 * it do not exist for the caller (BM_E_NOT_FOUND), so that the existence of a
 * neighbour's device cannot be probed. Uniqueness, on the other hand, is for
 * all: claims have no scope.
 *
 * Transactions. Reads and writes happen between begin() and commit() or
 * rollback(); a read transaction is a snapshot, whatever is committed
 * meanwhile. There is one writer at a time: begin(STORE_WRITE) waits for it
 * (BM_E_BUSY after STORE_WAIT_MS). BM_OK of commit() means durable; after any
 * other result of it nothing is known but that the transaction is over. After
 * any failed write the transaction can only be rolled back: every call says
 * why. A call outside of the transaction that it needs is BM_E_STORE_STATE.
 *
 * Views in rows handed out live until the next call on the same store, those
 * handed to a visitor until it returns. A handle serves one thread.
 *
 * Every function returns BM_E_STORE, BM_E_IO, BM_E_FULL, BM_E_MEMORY or
 * BM_E_STORE_CORRUPT when the medium fails, besides what it names.
 */

#define STORE_WAIT_MS    10000
#define STORE_SERIAL_MAX 20  /* octets of INTEGER contents */
#define STORE_HASH_SIZE  32  /* SHA-256 */
#define STORE_NAME_MAX   256 /* names of devices, with NUL: UTF-8 */
#define STORE_ID_MAX     64  /* ids of CAs, profiles, operators, with NUL */
#define STORE_ACTOR_MAX  96  /* "operator:first", with NUL */

/*
 * The lists of a CA, by number: the complete one, its shards from 1 on, and
 * the delta. A list of a million entries in this many shards has entries of
 * forty kilobytes in each, and nobody wants them smaller.
 */
#define STORE_LIST_COMPLETE 0
#define STORE_LIST_DELTA    UINT32_MAX
#define STORE_LIST_BEFORE   (UINT32_MAX - 1) /* complete, the last but one */
#define STORE_SHARDS_MAX    1024
/* Of a revocation whose certificate nobody has: it may name any of the shards,
 * and so it is on the list of each. */
#define STORE_SHARD_ANY (STORE_SHARDS_MAX + 1)

enum store_mode {
    STORE_READ,
    STORE_WRITE
};

/* Zero stands for "all": what auditors and the authority itself see. */
struct store_scope {
    uint32_t ecosystem;
    uint32_t organisation;
};

/* Called per row; anything but BM_OK stops the walk, which returns it;
 * BM_E_END stops it with BM_OK. */
struct store_visit {
    void *arg;
    bm_status (*row)(void *arg, const void *row);
};

struct store_ecosystem {
    uint32_t id; /* 0 when putting: chosen, and filled in */
    char name[STORE_NAME_MAX];
    int64_t created;
};

struct store_organisation {
    uint32_t id; /* likewise */
    uint32_t ecosystem;
    char name[STORE_NAME_MAX];
    int64_t created;
};

enum store_ca_kind {
    STORE_CA_ROOT = 1,   /* cold: known by its certificate alone */
    STORE_CA_ISSUING,    /* signs for devices */
    STORE_CA_OPERATIONS, /* signs for operators and servers */
    /* Between a CA of ours and its root; elsewhere, and known as a root is. */
    STORE_CA_INTERMEDIATE,
    /* No CA: what one generation of a root says of another (RFC 4210 4.4). */
    STORE_CA_LINK
};

enum store_ca_status {
    STORE_CA_ACTIVE = 1,
    STORE_CA_RETIRED /* signs CRLs and OCSP answers, nothing else */
};

struct store_ca {
    char
        id[STORE_ID_MAX]; /* "issuing" or, of a later generation, "issuing-2" */
    uint32_t organisation; /* 0: of the ecosystem, and seen in every scope */
    enum store_ca_kind kind;
    enum store_ca_status status;
    char parent[STORE_ID_MAX]; /* "" for a root */
    struct bm_bytes cert;      /* DER */
    char key_uri[256];         /* "" where the key is not ours to use */
    struct bm_bytes ocsp_cert; /* of the delegated responder, DER; or empty */
    char ocsp_key_uri[256];
    int64_t created;
    uint32_t shards; /* that its certificates may name: it only grows */
};

/*
 * A list of a CA as it was made last. What changed since is counted from its
 * base: of a complete list or a shard that is the last one that was made, of
 * a delta the complete list that it names.
 */
struct store_crl {
    char ca[STORE_ID_MAX];
    uint32_t list;   /* STORE_LIST_COMPLETE, a shard, STORE_LIST_DELTA; of
                        STORE_LIST_BEFORE no more than the base is kept */
    uint64_t number; /* used, or lost: the highest */
    int64_t this_update;
    int64_t next_update;
    int64_t published;    /* thisUpdate of the last one that is known to be */
    uint64_t base;        /* its number; 0: there is none */
    int64_t base_update;  /* its thisUpdate */
    int64_t base_from;    /* it has what expires then, or later, */
    uint64_t base_change; /* and changes up to this one */
    struct bm_bytes der;  /* of a list that was made elsewhere; else empty */
};

enum store_device_state {
    STORE_DEVICE_EXPECTED = 1,
    STORE_DEVICE_BORN,
    STORE_DEVICE_ACTIVE,
    STORE_DEVICE_SUSPENDED,
    STORE_DEVICE_REVOKED,
    STORE_DEVICE_RETIRED
};

struct store_device {
    uint64_t id; /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation;
    enum store_device_state state;
    enum store_device_state resume; /* where a suspended one goes back to */
    char name[STORE_NAME_MAX];      /* unique within the organisation */
    int64_t created;
    int64_t changed;
};

/*
 * The life of a certificate. Only VALID, PENDING and REPLACED ones are good;
 * the others are in `revocation`.
 */
enum store_cert_status {
    STORE_CERT_VALID = 1,
    STORE_CERT_PENDING,  /* a renewal that has not been seen in use */
    STORE_CERT_REPLACED, /* its successor is confirmed; still good where the
                             profile allows several active ones */
    STORE_CERT_HELD,     /* certificateHold */
    STORE_CERT_REVOKED,  /* superseded ones included: see the reason */
    STORE_CERT_ABANDONED /* signed, but not handed out: revoked at once */
};

struct store_cert {
    uint64_t id; /* rises with time; see next_cert() */
    struct bm_bytes serial;
    uint32_t organisation;
    char ca[STORE_ID_MAX];
    char profile[STORE_ID_MAX];
    uint64_t device; /* 0: none (servers, operators, CAs) */
    enum store_cert_status status;
    enum store_cert_status resume; /* where a held one goes back to, or 0 */
    uint8_t reason;                /* enum bm_crl_reason */
    int64_t not_before;
    int64_t not_after;
    int64_t issued;
    int64_t revoked;     /* 0: not */
    uint64_t renews;     /* id of the certificate that this one renews, or 0 */
    uint64_t renewed_by; /* id of the latest renewal of this one, or 0 */
    uint32_t superseded; /* renewals of this one that were superseded */
    uint8_t key[STORE_HASH_SIZE]; /* SHA-256 of SubjectPublicKeyInfo */
    uint32_t tree;                /* where the ledger has it */
    uint64_t leaf;
    uint32_t shard;      /* that it names; 0: none. Never changes */
    struct bm_bytes der; /* empty for an abandoned one */
};

/* What a walk over certificates is about; zero members do not restrict. */
struct store_cert_filter {
    uint64_t after; /* ids above this one: where the last page ended */
    uint64_t device;
    const char *ca;
    const char *profile;
    enum store_cert_status status;
    int64_t expires_before;
    bool newest_first; /* then `after` means "below this one" */
};

/*
 * Claims: what may exist once. `hash` is SHA-256 over all that makes the claim
 * (ca/ builds it); `ref` is who holds it: a certificate, a device. Claims
 * are never taken back, so "for ever" is the absence of a function. The first
 * 16 octets of the hash are what counts.
 */
enum store_claim {
    STORE_CLAIM_KEY = 1,    /* ref: certificate */
    STORE_CLAIM_IDENTIFIER, /* ref: certificate */
    STORE_CLAIM_DEVICE,     /* ref: device; by organisation and name. Put by
                               device_put() itself */
    STORE_CLAIM_ONCE,       /* what is written down the first time only */
    STORE_CLAIM_FIRMWARE    /* ref: where the record of a signature is */
};

/* A certificate that a CRL lists. */
struct store_revocation {
    struct bm_bytes serial;
    int64_t revoked;
    int64_t invalid_since; /* 0: not stated */
    int64_t expires;       /* notAfter of the certificate */
    uint32_t shard;        /* of the certificate, or STORE_SHARD_ANY */
    uint8_t reason;
    bool gone; /* in a walk for a delta: no longer listed; the rest is zero */
};

/* Which entries a walk is about. */
struct store_revocations_of {
    const char *ca;
    uint32_t list;        /* STORE_LIST_COMPLETE, a shard, STORE_LIST_DELTA */
    int64_t expires_from; /* of certificates that expire then or later */
    int64_t base_from;    /* STORE_LIST_DELTA: as in struct store_crl */
    uint64_t base_change;
};

/* What changed last of a shard. */
struct store_change {
    uint32_t shard; /* or STORE_SHARD_ANY */
    uint64_t id;
};

struct store_operator {
    char id[STORE_ID_MAX];
    uint32_t organisation; /* on whose account: never changes */
    uint32_t roles;        /* bits, ca/'s to define */
    bool disabled;
    uint8_t cert[STORE_HASH_SIZE]; /* SHA-256 of the certificate */
    uint64_t cert_id; /* of the same; 0: not known, a row of long ago */
    uint8_t next[STORE_HASH_SIZE]; /* of its renewal that was not seen in use
                                      yet; zero: none */
    struct store_scope scope;      /* where the roles hold */
    int64_t created;
};

/* What waits for an operator, and what became of it. */
enum store_request_state {
    STORE_REQUEST_PENDING = 1,
    STORE_REQUEST_APPROVED, /* may be issued when it is asked for again */
    STORE_REQUEST_REJECTED,
    STORE_REQUEST_ISSUED
};

struct store_request {
    uint64_t id; /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation;
    enum store_request_state state;
    char profile[STORE_ID_MAX];
    char device[STORE_NAME_MAX];   /* name; "" where the profile has none */
    uint8_t key[STORE_HASH_SIZE];  /* SHA-256 of SubjectPublicKeyInfo */
    uint32_t by;                   /* by what means: ca/'s to define */
    char asked[STORE_ACTOR_MAX];   /* who: "token:0123..", "operator:first" */
    char first[STORE_ACTOR_MAX];   /* the operator behind it, or "" */
    char decider[STORE_ACTOR_MAX]; /* "" as long as it is pending */
    int64_t created;
    int64_t decided;     /* 0: not yet */
    uint64_t cert;       /* STORE_REQUEST_ISSUED: its id */
    struct bm_bytes csr; /* DER, as it came first */
};

/* zero members do not restrict */
struct store_request_filter {
    uint64_t after;
    enum store_request_state state;
};

/* What a request of the API was answered, for when it comes again. */
struct store_reply {
    char operator_id[STORE_ID_MAX];
    uint8_t key[STORE_HASH_SIZE];     /* of the Idempotency-Key */
    uint8_t request[STORE_HASH_SIZE]; /* of all that was asked */
    uint32_t status;                  /* HTTP; 0: being worked on */
    int64_t created;
    struct bm_bytes body; /* ca/ seals it */
};

struct store_token {
    uint8_t hash[STORE_HASH_SIZE]; /* of the secret; it is nowhere itself */
    char id[STORE_ID_MAX];         /* to name it by */
    uint32_t organisation;
    char profile[STORE_ID_MAX];
    char device[STORE_NAME_MAX];
    int64_t created;
    int64_t expires;
    int64_t used;    /* 0: not yet */
    int64_t revoked; /* 0: not */
    uint64_t cert;   /* what it was used for, so that a lost reply can be
                        given again */
    uint8_t key[STORE_HASH_SIZE]; /* of the request that used it */
    char creator[STORE_ACTOR_MAX];
};

/* Where a key lies that never leaves it. */
enum store_place {
    STORE_PLACE_TPM = 1
};

/*
 * A key that was shown to have been made where it lies. That stays true for
 * ever, so a row never changes, and there is one of a key at most.
 */
struct store_attestation {
    uint8_t key[STORE_HASH_SIZE]; /* SHA-256 of SubjectPublicKeyInfo */
    uint32_t organisation;
    uint64_t device; /* whose certificate it is for; 0: of none */
    enum store_place place;
    uint8_t ek[STORE_HASH_SIZE]; /* of the TPM: SHA-256 of the
                                    SubjectPublicKeyInfo of its endorsement
                                    key */
    int64_t at;
};

struct store_event {
    uint64_t id; /* filled in */
    uint32_t organisation;
    int64_t at;
    char kind[STORE_ID_MAX]; /* "fork", "key-misuse", ... */
    uint64_t device;         /* or 0 */
    char text[STORE_NAME_MAX];
    bool claimed; /* by the device itself, and not found out by us */
};

/*
 * Delivery (docs/delivery.md): what devices are to have. A release and its
 * items never change; for whom they are, the assignments say.
 */
struct store_release {
    uint64_t id; /* 0 when putting: chosen, and filled in */
    uint32_t organisation;
    uint32_t mode; /* of operation, plus 1; 0: it says nothing of it */
    char name[STORE_ID_MAX]; /* unique within the organisation */
    int64_t created;
    char creator[STORE_ACTOR_MAX];
};

enum store_item_kind {
    STORE_ITEM_FIRMWARE = 1,
    STORE_ITEM_KEYSET,
    STORE_ITEM_POLICY
};

#define STORE_ITEM_VERSION_MAX 33 /* with NUL */

/* One of a kind, and number of the image, per release. */
struct store_item {
    uint64_t id; /* likewise */
    uint64_t release;
    enum store_item_kind kind;
    uint32_t image; /* firmware: number of the image */
    uint8_t hash[STORE_HASH_SIZE];
    uint64_t size;
    char version[STORE_ITEM_VERSION_MAX]; /* for people; or "" */
};

/* For whom: all devices, those of an organisation, one of them. There is one
 * of a release and target: assigning again changes it. */
struct store_assignment {
    uint64_t id; /* filled in */
    uint64_t release;
    uint32_t organisation; /* 0: of all */
    uint64_t device;       /* 0: all of those */
    uint32_t percent;      /* 0 to 100 */
    uint64_t number;       /* filled in: rises with each that is put */
    int64_t created;
    char actor[STORE_ACTOR_MAX];
};

/* One that covers a device, with what must be known of its release. */
struct store_assigned {
    struct store_assignment assignment;
    uint32_t mode;
    char release[STORE_ID_MAX];
};

/* The manifest that a device was given last. */
struct store_manifest {
    uint64_t device;
    uint32_t organisation;
    uint64_t version;
    int64_t issued;
    int64_t next_update;
    uint8_t said[STORE_HASH_SIZE]; /* of what it says, version and dates
                                      apart */
    struct bm_bytes message;
};

/* How far an item came with a device, as bits. */
enum {
    STORE_STEP_OFFERED = 1 << 0, /* a manifest named it */
    STORE_STEP_FETCHED = 1 << 1, /* the rest is what the device says */
    STORE_STEP_TRIED = 1 << 2,
    STORE_STEP_TAKEN = 1 << 3,
    STORE_STEP_REVERTED = 1 << 4,
    STORE_STEP_REFUSED = 1 << 5,
    STORE_STEPS_ALL = (1 << 6) - 1
};
#define STORE_STEPS 6

struct store_progress {
    uint64_t assignment;
    uint64_t item;
    uint64_t device;
    uint64_t version; /* of the last manifest that named it */
    uint32_t steps;   /* STORE_STEP_... */
};

/* What a device has said of itself. */
struct store_heard {
    uint64_t device;
    uint32_t organisation;
    uint64_t number;          /* the highest of its events */
    char key[STORE_NAME_MAX]; /* how and where its key was made; or "" */
    int64_t key_at;           /* when it said so */
};

/* Events of a device's own telling that are kept, the latest: what it can
 * make us store is bounded. */
#define STORE_CLAIMED_MAX 256

/* A leaf of the ledger. */
struct store_leaf {
    uint32_t tree; /* from 1; a restored instance may open another */
    uint64_t index;
    uint32_t organisation;
    uint8_t salt[32];
    struct bm_bytes record;
};

/* A full tile: 256 hashes of 32 octets. */
#define STORE_TILE_SIZE 8192

/* The right edge of a tree, as much as is needed to go on. */
struct store_head {
    uint32_t tree;
    uint64_t size;
    struct bm_bytes edge; /* hashes of the full subtrees, largest first */
    struct bm_bytes
        checkpoint; /* signed note of the last checkpoint, or empty */
};

/*
 * A walk that is pulled, for CRLs: ordered by serial number's octets. Other
 * calls may happen meanwhile. It ends with its transaction: BM_E_STORE_STATE
 * from then on, until it is closed.
 */
struct store_revocations;

struct store {
    void *self;

    bm_status (*begin)(void *self, enum store_mode mode);
    bm_status (*commit)(void *self);
    void (*rollback)(void *self); /* fine when nothing was begun */

    /* Small things by name: state that has no table. NOT_FOUND. */
    bm_status (*setting_get)(void *self, const char *name,
                             struct bm_bytes *value);
    bm_status (*setting_put)(void *self, const char *name,
                             struct bm_bytes value);

    bm_status (*ecosystem_put)(void *self, struct store_ecosystem *row);
    bm_status (*organisation_put)(void *self, struct store_organisation *row);
    bm_status (*organisation_list)(void *self, const struct store_scope *scope,
                                   const struct store_visit *visit);

    bm_status (*ca_put)(void *self, const struct store_ca *row); /* or change */
    bm_status (*ca_get)(void *self, const struct store_scope *scope,
                        const char *id, struct store_ca *row);
    bm_status (*ca_list)(void *self, const struct store_scope *scope,
                         const struct store_visit *visit);

    bm_status (*crl_put)(void *self, const struct store_crl *row);
    bm_status (*crl_get)(void *self, const char *ca, uint32_t list,
                         struct store_crl *row);
    /* The highest number of all lists of a CA; 0: none. */
    bm_status (*crl_number)(void *self, const char *ca, uint64_t *number);

    /* A new device (id 0; BM_E_STORE_CONFLICT when the name is taken), or a
     * changed one: state, resume, changed. */
    bm_status (*device_put)(void *self, struct store_device *row);
    bm_status (*device_get)(void *self, const struct store_scope *scope,
                            uint64_t id, struct store_device *row);
    bm_status (*device_find)(void *self, uint32_t organisation,
                             const char *name, struct store_device *row);
    /* Ordered by id, those above `after`. */
    bm_status (*device_list)(void *self, const struct store_scope *scope,
                             uint64_t after, const struct store_visit *visit);

    /* The id that the next cert_put() of this transaction must have. Calling
     * again gives the next one. */
    bm_status (*next_cert)(void *self, uint64_t *id);
    /* Insert. Ids come from next_cert(), in any order. CONFLICT: serial. */
    bm_status (*cert_put)(void *self, const struct store_cert *row);
    /* Change status, resume, reason, revoked, renewed_by, superseded. Nothing
     * else of a certificate ever changes. */
    bm_status (*cert_change)(void *self, const struct store_cert *row);
    bm_status (*cert_get)(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_cert *row);
    /* By serial; serials are unique per CA, and ours everywhere. CA "" or
     * NULL: of any, the newest of them. */
    bm_status (*cert_find)(void *self, const struct store_scope *scope,
                           const char *ca, struct bm_bytes serial,
                           struct store_cert *row);
    /* In order of id. With filter.device, walks that device's alone; in the
     * scope of an organisation other than the first, its own alone. */
    bm_status (*cert_list)(void *self, const struct store_scope *scope,
                           const struct store_cert_filter *filter,
                           const struct store_visit *visit);

    /* Put a claim; the same hash may be claimed again by another ref. */
    bm_status (*claim_put)(void *self, enum store_claim kind,
                           const uint8_t hash[STORE_HASH_SIZE], uint64_t ref);
    /* All that hold it, newest first: visitor gets a const uint64_t *.
     * Sees what this transaction has put. */
    bm_status (*claim_list)(void *self, enum store_claim kind,
                            const uint8_t hash[STORE_HASH_SIZE],
                            const struct store_visit *visit);

    /* CRL entries. put: or change; remove: a hold was lifted. Each is a
     * change, and changes have ids that rise. */
    bm_status (*revocation_put)(void *self, const char *ca,
                                const struct store_revocation *row);
    bm_status (*revocation_remove)(void *self, const char *ca,
                                   struct bm_bytes serial);
    /* `of` is copied, its string included. */
    bm_status (*revocations_open)(void *self,
                                  const struct store_revocations_of *of,
                                  struct store_revocations **walk);
    bm_status (*revocations_rewind)(struct store_revocations *walk);
    /* BM_E_END after the last. */
    bm_status (*revocations_next)(struct store_revocations *walk,
                                  struct store_revocation *row);
    void (*revocations_close)(struct store_revocations *walk); /* NULL: fine */
    /* The id of the last change of any CA; 0: none. */
    bm_status (*change_last)(void *self, uint64_t *id);
    /* struct store_change, of each shard with changes that some list, or
     * the base of a delta, does not have. */
    bm_status (*change_list)(void *self, const char *ca,
                             const struct store_visit *visit);
    /* Forget those that all lists of the CA have by now. */
    bm_status (*change_forget)(void *self, const char *ca);

    /* A new one, or a changed one: all but organisation, created. */
    bm_status (*operator_put)(void *self, const struct store_operator *row);
    /* By its certificate, or the renewal of it. */
    bm_status (*operator_find)(void *self, const uint8_t cert[STORE_HASH_SIZE],
                               struct store_operator *row);
    bm_status (*operator_get)(void *self, const struct store_scope *scope,
                              const char *id, struct store_operator *row);
    bm_status (*operator_list)(void *self, const struct store_scope *scope,
                               const struct store_visit *visit);

    bm_status (*token_put)(void *self, const struct store_token *row);
    bm_status (*token_change)(void *self, const struct store_token *row);
    bm_status (*token_find)(void *self, const uint8_t hash[STORE_HASH_SIZE],
                            struct store_token *row);
    bm_status (*token_get)(void *self, const struct store_scope *scope,
                           const char *id, struct store_token *row);
    /* In the order in which they were made, those behind the one with the id
     * `after`; NULL, or an id that there is not: all. */
    bm_status (*token_list)(void *self, const struct store_scope *scope,
                            const char *after, const struct store_visit *visit);

    /* CONFLICT: there is one of this key. */
    bm_status (*attestation_put)(void *self,
                                 const struct store_attestation *row);
    bm_status (*attestation_get)(void *self, const uint8_t key[STORE_HASH_SIZE],
                                 struct store_attestation *row);
    /* The latest of a device, whatever its TPM; of a TPM, whatever device of
     * the organisation. */
    bm_status (*attestation_of_device)(void *self, uint64_t device,
                                       struct store_attestation *row);
    bm_status (*attestation_of_ek)(void *self, uint32_t organisation,
                                   const uint8_t ek[STORE_HASH_SIZE],
                                   struct store_attestation *row);

    /* A new request (id 0), or a changed one: state, decider, decided, cert. */
    bm_status (*request_put)(void *self, struct store_request *row);
    bm_status (*request_get)(void *self, const struct store_scope *scope,
                             uint64_t id, struct store_request *row);
    /* The newest with organisation, profile, device and key of `row`, which
     * is filled. */
    bm_status (*request_find)(void *self, struct store_request *row);
    /* Pending and approved ones that were made after `since`, up to `max`;
     * device NULL: of all. */
    bm_status (*request_count)(void *self, uint32_t organisation,
                               const char *device, int64_t since, uint32_t max,
                               uint32_t *n);
    /* Ordered by id. */
    bm_status (*request_list)(void *self, const struct store_scope *scope,
                              const struct store_request_filter *filter,
                              const struct store_visit *visit);

    /* Put, or change status and body. CONFLICT when `request` differs. */
    bm_status (*reply_put)(void *self, const struct store_reply *row);
    bm_status (*reply_find)(void *self, const char *operator_id,
                            const uint8_t key[STORE_HASH_SIZE],
                            struct store_reply *row);
    bm_status (*reply_count)(void *self, const char *operator_id, uint32_t max,
                             uint32_t *n);
    /* Drop those made before. */
    bm_status (*reply_purge)(void *self, int64_t before);

    bm_status (*event_put)(void *self, struct store_event *row);
    /* Newest first, those with ids below `before` (0: all); device 0: of
     * all. */
    bm_status (*event_list)(void *self, const struct store_scope *scope,
                            uint64_t device, uint64_t before,
                            const struct store_visit *visit);

    /* Drop what the device has claimed before its last STORE_CLAIMED_MAX. */
    bm_status (*event_forget)(void *self, uint64_t device);

    /* A new one. CONFLICT: the organisation has one of this name. */
    bm_status (*release_put)(void *self, struct store_release *row);
    bm_status (*release_find)(void *self, uint32_t organisation,
                              const char *name, struct store_release *row);
    /* Ordered by id, those above `after`. */
    bm_status (*release_list)(void *self, const struct store_scope *scope,
                              uint64_t after, const struct store_visit *visit);
    /* CONFLICT: the release has one of this kind and image. */
    bm_status (*item_put)(void *self, struct store_item *row);
    bm_status (*item_list)(void *self, uint64_t release,
                           const struct store_visit *visit);
    /* A new one, or the same target again: percent, number, created, actor. */
    bm_status (*assignment_put)(void *self, struct store_assignment *row);
    /* Those of a release, in the order in which they were put; of targets
     * outside of the scope none. */
    bm_status (*assignment_list)(void *self, const struct store_scope *scope,
                                 uint64_t release,
                                 const struct store_visit *visit);
    /* struct store_assigned: those that cover a device, percentages apart;
     * narrow ones first, then the latest. */
    bm_status (*assignment_of_device)(void *self, uint32_t organisation,
                                      uint64_t device,
                                      const struct store_visit *visit);
    /* Is there an item with this hash that devices of the organisation were
     * assigned? NOT_FOUND. */
    bm_status (*item_assigned)(void *self, uint32_t organisation,
                               const uint8_t hash[STORE_HASH_SIZE]);

    bm_status (*manifest_put)(void *self, const struct store_manifest *row);
    bm_status (*manifest_get)(void *self, uint64_t device,
                              struct store_manifest *row);
    /* None is given out any more: version 0, without a message. */
    bm_status (*manifest_forget)(void *self);

    /* Steps are added to those that are there. */
    bm_status (*progress_put)(void *self, const struct store_progress *row);
    /* Of the item with this hash that the device was offered last. */
    bm_status (*progress_find)(void *self, uint64_t device,
                               const uint8_t hash[STORE_HASH_SIZE],
                               struct store_progress *row);
    /* How many devices came to each step. */
    bm_status (*progress_count)(void *self, uint64_t assignment, uint64_t item,
                                uint64_t counts[STORE_STEPS]);

    bm_status (*heard_put)(void *self, const struct store_heard *row);
    bm_status (*heard_get)(void *self, uint64_t device,
                           struct store_heard *row);

    bm_status (*leaf_put)(void *self, const struct store_leaf *row);
    bm_status (*leaf_get)(void *self, uint32_t tree, uint64_t index,
                          struct store_leaf *row);
    /* Indices from `from` on, in order. */
    bm_status (*leaf_list)(void *self, uint32_t tree, uint64_t from,
                           const struct store_visit *visit);
    /* Full tiles only; level 0 holds hashes of leaves. */
    bm_status (*tile_put)(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes hashes);
    bm_status (*tile_get)(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes *hashes);
    bm_status (*head_put)(void *self, const struct store_head *row);
    /* tree 0: of the newest tree. */
    bm_status (*head_get)(void *self, uint32_t tree, struct store_head *row);

    /*
     * A consistent copy into the new file `path`, while others write. Not in
     * a transaction. `progress` may be NULL; done and total count pages.
     */
    bm_status (*backup)(void *self, const char *path,
                        void (*progress)(void *arg, uint64_t done,
                                         uint64_t total),
                        void *arg);

    /* Check the medium itself; `words` gets what is wrong. */
    bm_status (*check)(void *self, struct bm_wr *words);

    void (*close)(void *self); /* rolls back; releases the struct, too */
};

#endif
