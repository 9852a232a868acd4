/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_ROWS_H
#define BM_STORE_ROWS_H

#include "core/bytes.h"

/*
 * The rows of the store, and how a caller is handed them: what store.h's
 * functions take and give. Whoever uses the store includes that.
 */

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
    STORE_WRITE,
    STORE_WRITE_SOON /* commit() does not wait for the disk */
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
    bool own_list; /* it has a trust list of its own; else it shares that of
                      the first one. Never changes */
};

struct store_organisation {
    uint32_t id;        /* likewise */
    uint32_t ecosystem; /* never changes */
    char name[STORE_NAME_MAX];
    int64_t created;
    bool suspended; /* nothing is issued on its account */
    bool open;      /* it may use every profile, without limit, but for those
                       that it has an allocation of. Never changes */
};

/*
 * What an organisation may have of a profile. There is one at most of each:
 * without one, `open` of the organisation decides.
 */
struct store_allocation {
    uint32_t organisation;
    char profile[STORE_ID_MAX];
    bool enabled;
    bool limited;
    uint32_t version; /* that it stays at; 0: it follows the template */
    uint64_t quota;   /* certificates in all, where it is limited, */
    uint64_t issued;  /* of which these are gone; counted without limit, too */
};

/* A profile as it was once in use. Versions count from 1, never change, and
 * are never dropped. */
struct store_version {
    char profile[STORE_ID_MAX];
    uint32_t version;
    uint8_t hash[STORE_HASH_SIZE]; /* of the text */
    int64_t created;
    struct bm_bytes text;
};

enum store_ca_kind {
    STORE_CA_ROOT = 1,   /* cold: known by its certificate alone */
    STORE_CA_ISSUING,    /* signs for devices */
    STORE_CA_OPERATIONS, /* signs for operators and servers */
    /* Between a CA of ours and its root; elsewhere, and known as a root is. */
    STORE_CA_INTERMEDIATE,
    /* No CA: what one generation of a root says of another (RFC 4210 4.4). */
    STORE_CA_LINK,
    /* Run by a member of the consortium elsewhere: for trust bundles alone. */
    STORE_CA_MEMBER
};

enum store_ca_status {
    STORE_CA_ACTIVE = 1,
    STORE_CA_RETIRED /* signs CRLs and OCSP answers, nothing else */
};

struct store_ca {
    char
        id[STORE_ID_MAX]; /* "issuing" or, of a later generation, "issuing-2" */
    uint32_t organisation; /* 0: of all members. Seen in every scope, if ... */
    uint32_t ecosystem;    /* ... this is 0: of the instance. Never changes */
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
    STORE_DEVICE_RETIRED,
    STORE_DEVICE_TRANSFERRED /* another organisation has it; this row tells what
                                it was here */
};

struct store_device {
    uint64_t id; /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation;
    enum store_device_state state;
    enum store_device_state resume; /* where a suspended one goes back to */
    char name[STORE_NAME_MAX];      /* unique within the organisation */
    int64_t created;
    int64_t changed;
    /* One device that has gone from hand to hand has a row in each
     * organisation: of one line, all but one of them TRANSFERRED. */
    uint64_t line; /* id of the first of these rows; 0: it never was */
    uint64_t came; /* id of the transfer that it came by; 0: by none */
};

/*
 * What is on record of a device besides its name, a row for each value. What
 * kinds there are is ca/'s to define (attribute.h); the store knows that of
 * those below STORE_ATTRIBUTE_SHARED a value is one device's of an
 * organisation, and that of the others many have the same.
 */
#define STORE_ATTRIBUTE_SHARED 32
#define STORE_VALUE_MAX        128 /* with NUL */

struct store_attribute {
    uint64_t device;
    uint32_t organisation; /* of the device */
    uint32_t kind;
    char name[STORE_ID_MAX]; /* of a label; else "" */
    char value[STORE_VALUE_MAX];
};

/*
 * Certificates of devices of one organisation that are good and end in a time
 * from `from` on and before `until`. The walk goes on behind a certificate of
 * `device` that ends at `from`; 0: with all of them.
 */
struct store_expiring_of {
    uint32_t organisation;
    int64_t from;
    int64_t until;
    uint64_t device;
};

struct store_expiring {
    uint64_t device;
    int64_t not_after;
};

/* 9999-12-31T23:59:59Z, which stands for no end (RFC 5280 4.1.2.5): what has it
 * is in no such walk. */
#define STORE_NO_END INT64_C(253402300799)

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
    uint32_t version;    /* of the profile; 0: not known. Never changes */
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
    STORE_CLAIM_FIRMWARE,   /* ref: where the record of a signature is */
    STORE_CLAIM_ATTRIBUTE   /* ref: device; of attributes that are one
                               device's. Put by attribute_put() itself */
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

/*
 * A manufacturer, as an organisation knows it: whose IDevIDs (IEEE 802.1AR) it
 * takes, and for what. A row is never dropped, as devices are bound to it.
 */
enum store_revocation_rule {
    STORE_RULE_REQUIRED = 1, /* each CA of the path has a current list here */
    STORE_RULE_LOADED,       /* each CA of which a list was loaded has */
    STORE_RULE_NONE          /* lists do not count */
};

/* Octets of its anchors, and of its other CAs: some twenty each. */
#define STORE_CHAIN_MAX 32768

struct store_manufacturer {
    uint64_t id; /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation;
    char name[STORE_ID_MAX]; /* unique within the organisation */
    enum store_revocation_rule rule;
    bool outlives; /* its IDevIDs are good for longer than its CAs */
    bool listed;   /* of those that are expected alone (struct store_serial) */
    char pattern[STORE_NAME_MAX];  /* of serial numbers; "": any */
    char device[STORE_NAME_MAX];   /* template of the names of its devices */
    char profiles[STORE_NAME_MAX]; /* names with commas between; "": any */
    int64_t created;
    int64_t removed; /* 0: not */
    char creator[STORE_ACTOR_MAX];
    struct bm_bytes anchors; /* certificates, DER after DER */
    struct bm_bytes cas;     /* others of its CAs, likewise */
};

/* The last list of one of its CAs. */
struct store_list {
    uint64_t manufacturer;
    uint8_t ca[STORE_HASH_SIZE]; /* SHA-256 of its name and key */
    int64_t this_update;
    int64_t next_update;
    struct bm_bytes der;
};

/* The IDevID that a device came with: which device it is, for ever. */
struct store_idevid {
    uint64_t manufacturer;
    char serial[STORE_NAME_MAX]; /* serialNumber, unique with the former */
    uint32_t organisation;
    uint64_t device;
    uint8_t key[STORE_HASH_SIZE];  /* SHA-256 of SubjectPublicKeyInfo */
    uint8_t cert[STORE_HASH_SIZE]; /* SHA-256 of the certificate */
    int64_t at;
};

struct store_event {
    uint64_t id; /* filled in */
    uint32_t organisation;
    int64_t at;
    char kind[STORE_ID_MAX]; /* "fork", "key-misuse", ... */
    uint64_t device;         /* or 0 */
    char text[STORE_NAME_MAX];
    bool claimed;   /* by the device itself, and not found out by us */
    uint32_t asked; /* not 0: written for those destinations alone that ask
                       for it by this number, 1 to 32, ca/'s to define; gone
                       when they were given it */
};

/*
 * Where events go (docs/events.md). The settings of a destination never
 * change; how far it came does.
 */
enum store_destination_kind {
    STORE_DESTINATION_WEBHOOK = 1,
    STORE_DESTINATION_SYSLOG
};

#define STORE_URL_MAX    512 /* with NUL */
#define STORE_SECRET_MAX 32

struct store_destination {
    uint64_t id;           /* 0 when putting a new one: chosen, and filled in */
    uint32_t organisation; /* whose it is; its names are unique there */
    struct store_scope scope; /* whose events it gets */
    enum store_destination_kind kind;
    char name[STORE_ID_MAX];
    char url[STORE_URL_MAX];
    char kinds[STORE_NAME_MAX]; /* of events, with commas; "": all */
    uint32_t asks;              /* for events of the number n: 1 << (n - 1) */
    uint8_t secret[STORE_SECRET_MAX];
    bool identity;  /* shows the courier's certificate */
    uint32_t tries; /* of an event, before it is given up; */
    uint32_t age;   /* or so many seconds after it happened; 0: however old */
    int64_t created;
    char creator[STORE_ACTOR_MAX];
    struct bm_bytes anchors; /* that its server's certificate must lead to, DER
                                after DER; empty: those of the system */

    bool disabled;
    uint64_t cursor;    /* events up to this one are delivered, not wanted, or
                           have a row of their own (struct store_delivery) */
    uint64_t delivered; /* how many */
    int64_t succeeded;  /* the last time; or 0 */
    int64_t failed;     /* likewise */
    uint32_t failures;  /* one after another, up to now */
    uint64_t lost;      /* events that it was not given: newer ones have pushed
                           them out, or there was no room for them among what
                           was given up */
    char words[STORE_NAME_MAX]; /* of the last failure; or "" */
};

/* An event that a destination could not be given at once. */
struct store_delivery {
    uint64_t destination;
    uint64_t event;
    uint64_t device; /* of the event; or 0 */
    bool dead;       /* given up, until an operator says otherwise */
    uint32_t tries;
    int64_t next;  /* when it is tried again */
    int64_t since; /* when it happened, or an operator had it tried again */
    int64_t changed;
    char words[STORE_NAME_MAX]; /* of the last failure; or "" */
};

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

#endif
