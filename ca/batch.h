/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BATCH_H
#define BM_CA_BATCH_H

#include "ca/authority.h"

/*
 * Batches: many certificates that are ordered at once, for a production line.
 *
 *     created ─► awaiting ─► issuing ─► ready, partly ─► downloaded ─► expired
 *        │          │         ▲   │          │               │           │
 *        ▼          ▼         │   ▼          └───────────────┴───────────┤
 *     rejected   rejected,  aborted ────────────────► revoking ─► revoked
 *                expired       └──► expired
 *
 * Every row is looked at before anything is issued: all that issuing would
 * refuse is found then, row by row, and told at once; with one row wrong the
 * whole batch is rejected. Duplicates, of keys, identifiers and devices, within
 * the batch and against all that was ever issued, are wrong; or, if it was
 * ordered so, skipped.
 *
 * Where the profile wants approval, a second operator gives it to the batch.
 *
 * Issuing is done in groups, each a transaction with its rows: whatever
 * happens, a row that has its certificate says so, and one that does not has
 * none. So who starts again goes on exactly there.
 *
 * What is done by operators are acts of one transaction; what takes long is
 * done in steps by whoever has the authority open, between which others are
 * served. Each change of state is in the history of the batch and in the
 * ledger.
 */

/* Options of a batch, a set. */
enum {
    CA_BATCH_SKIP = 1 << 0, /* duplicates are left out */
    /* Set by ca/: all is right with it, and approved where its rows were
     * looked at by a profile that wants that; */
    CA_BATCH_LOOKED = 1 << 1,
    CA_BATCH_APPROVED = 1 << 2, /* a second operator has agreed */
    CA_BATCH_KEYS = 1 << 3,     /* keys are made here: ca_batch_keys() */
    CA_BATCH_SECRET = 1 << 4,   /* ... and encrypted under a secret */
    CA_BATCH_KEY_TYPE = 0xff << 8
};

/* The type of the keys that are made here; BM_KEY_UNKNOWN: none are. */
enum bm_key_type ca_batch_keys(const struct store_batch *batch);
/* By its name: "p256", "p384", "ed25519"; and the way back. */
enum bm_key_type ca_batch_key_type(const char *name);
const char *ca_batch_key_name(enum bm_key_type type);

/* Rows that are wrong and kept to be told. A file with more is none of ours. */
#define CA_BATCH_WRONG_MAX 10000

/* Rows of one step: as many as a transaction takes. */
#define CA_BATCH_STEP CA_GROUP_MAX

/* Seconds for which there is something to be fetched, and for which one waits
 * for its approval, where the settings say nothing else. */
#define CA_BATCH_KEEP (INT64_C(90) * 24 * 3600)
#define CA_BATCH_WAIT (INT64_C(7) * 24 * 3600)

/*
 * What keys are encrypted under, rather than for a recipient: who orders the
 * batch is shown it once. Sealed it is kept until they are made, so that a
 * start goes on with them: for this batch, and no other. The caller wipes it.
 */
#define CA_BATCH_SECRET_MAX 64
#define CA_BATCH_SEALER_MAX 128
#define CA_BATCH_SEALED_MAX 128
struct ca_batch_secret {
    char text[CA_BATCH_SECRET_MAX];
    /* Append it, sealed for the batch of this statement. NULL: it is not kept,
     * since whoever makes the keys has it himself. */
    bm_status (*seal)(const struct ca_batch_secret *secret,
                      struct bm_bytes batch, struct bm_wr *sealed);
    const struct bm_crypto *crypto;    /* for seal(), */
    uint8_t with[CA_BATCH_SEALER_MAX]; /* and its own */
};

/* Which batch it is, and which none can come to be: its id, organisation and
 * file. */
#define CA_BATCH_STATEMENT_SIZE (8 + 4 + STORE_HASH_SIZE)
void ca_batch_statement(const struct store_batch *batch,
                        uint8_t statement[CA_BATCH_STATEMENT_SIZE]);

struct ca_batch_order {
    const char *name; /* for people; need not be unique */
    const char *profile;
    uint8_t upload[STORE_HASH_SIZE]; /* SHA-256 of its file */
    uint32_t options;
    /* Devices have no keys: they are made here, of this type, and each is
     * encrypted as soon as it is there: to the key of this certificate (DER),
     * or under this secret. */
    enum bm_key_type keys;
    struct bm_bytes recipient;
    const struct ca_batch_secret *secret; /* or NULL */
};

/*
 * Order one: it is put on record, and its rows are to be read. BM_E_NOT_FOUND:
 * no such profile; BM_E_PROFILE_REQUESTER: not one that operators issue by;
 * BM_E_EXISTS: one of the same file is being read; BM_E_BATCH_RECIPIENT: nobody
 * encrypts to that certificate.
 */
BM_MUST_CHECK bm_status ca_batch_create(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct ca_batch_order *order,
                                        int64_t now, uint64_t *id,
                                        struct ca_refusal *why);

/*
 * What operators do with one in their scope, else BM_E_NOT_FOUND; BM_E_CA_BATCH
 * when it is not in a state for it. `reason` is for people: it is on record.
 */
enum ca_batch_act {
    CA_BATCH_APPROVE, /* BM_E_CA_FORBIDDEN: he has ordered it himself */
    CA_BATCH_REJECT,  /* or withdraw: nothing was issued */
    CA_BATCH_ABORT,   /* nothing more is issued */
    CA_BATCH_RESUME,  /* in the name of who resumes */
    CA_BATCH_FETCHED  /* what was to be handed out has arrived */
};
BM_MUST_CHECK bm_status ca_batch_act(struct ca *ca,
                                     const struct ca_actor *actor, uint64_t id,
                                     enum ca_batch_act act, const char *reason,
                                     int64_t now, struct ca_refusal *why);

/* Revoke all of its certificates for `reason` (enum bm_crl_reason). */
struct ca_batch_end {
    uint8_t reason;
    const char *words;
};
BM_MUST_CHECK bm_status ca_batch_revoke(struct ca *ca,
                                        const struct ca_actor *actor,
                                        uint64_t id,
                                        const struct ca_batch_end *end,
                                        int64_t now, struct ca_refusal *why);

/* "created", "awaiting approval", "issuing", "ready", "partly issued", ...;
 * "waiting", "issued", "skipped", "wrong", "refused". */
const char *ca_batch_state_name(enum store_batch_state state);
const char *ca_batch_row_name(enum store_batch_row_state state);

/* ---- Going on */

/*
 * Batches take turns, so that none keeps others from theirs; those that are
 * revoked before all others. One whose step has failed waits, longer each time,
 * while the others go on. This is what whoever goes on with them remembers:
 * zero at first.
 */
#define CA_BATCH_FAILED_MAX 64
struct ca_batch_turns {
    bool reading;  /* set by the caller: he reads one, and no second */
    uint64_t last; /* who had the last turn */
    struct ca_batch_failed {
        uint64_t id;
        int64_t wait;  /* seconds, */
        int64_t until; /* and when they are over */
    } failed[CA_BATCH_FAILED_MAX];
};

/*
 * The batch whose turn it is: one to be read (CREATED), or one for
 * ca_batch_step(). What has lapsed is put away on the way. BM_E_NOT_FOUND:
 * none; BM_E_BUSY: only such as have failed, and wait. The views of `*batch`
 * are empty.
 */
BM_MUST_CHECK bm_status ca_batch_next(struct ca *ca,
                                      struct ca_batch_turns *turns, int64_t now,
                                      struct store_batch *batch,
                                      struct ca_refusal *why);
/* How it went. */
void ca_batch_went(struct ca_batch_turns *turns, uint64_t id);
void ca_batch_failed(struct ca_batch_turns *turns, uint64_t id, int64_t now);

/* The next rows of a batch that is ISSUING or REVOKING; or its end. */
BM_MUST_CHECK bm_status ca_batch_step(struct ca *ca,
                                      const struct store_batch *batch,
                                      int64_t now, struct ca_refusal *why);

/* ---- Reading one */

/* A row as it was read; views. */
struct ca_batch_row {
    uint32_t number; /* rising, from 1 */
    struct bm_bytes device;
    struct bm_bytes name;    /* of the file in an archive */
    struct bm_bytes csr;     /* DER */
    struct bm_bytes key;     /* one that was made here, encrypted; or empty */
    struct bm_bytes subject; /* RFC 4514, instead of the request's; or empty */
    /* What was found wrong when it was read: where, and why; or empty. */
    struct bm_bytes column;
    struct bm_bytes words;
};

/* The batch that is being read: nothing is kept of what was read before. */
struct ca_batch_check;
BM_MUST_CHECK bm_status ca_batch_check_new(struct ca *ca,
                                           const struct store_batch *batch,
                                           int64_t now,
                                           struct ca_batch_check **check,
                                           struct ca_refusal *why);
void ca_batch_check_free(struct ca_batch_check *check); /* NULL is fine */

/*
 * Look at some rows, CA_BATCH_STEP at most, in one transaction.
 * BM_E_CA_ORDER: they do not follow on those before, or there are too many, or
 * too many are wrong: the file is to be given up.
 */
BM_MUST_CHECK bm_status ca_batch_check_rows(struct ca_batch_check *check,
                                            const struct ca_batch_row *rows,
                                            size_t n, int64_t now,
                                            struct ca_refusal *why);

/* There are no more; or the file is not what it should be: `failed` says why,
 * and is NULL otherwise. The batch goes on to its next state. */
BM_MUST_CHECK bm_status ca_batch_check_end(struct ca_batch_check *check,
                                           const struct ca_refusal *failed,
                                           int64_t now, struct ca_refusal *why);

/* Is the file of `batch` still wanted, as by one that is ordered anew while
 * this one was stopped? Then it must not be removed; nor on error. */
BM_MUST_CHECK bm_status ca_batch_wants(struct ca *ca,
                                       const struct store_batch *batch,
                                       bool *wants);

/* ---- The list of its certificates */

/*
 * JSON, an object per line: the batch, then each certificate in the order of
 * its rows. Its SHA-256 is what the signature of the batch is over, so that
 * everybody who writes it writes the same octets.
 */
#define CA_BATCH_LINE_MAX 4096
void ca_batch_put_head(const struct store_batch *batch, struct bm_wr *w);
/* In a transaction: what the store has of the row's certificate. */
BM_MUST_CHECK bm_status ca_batch_put_line(const struct store *store,
                                          const struct bm_crypto *crypto,
                                          const struct store_batch_row *row,
                                          struct bm_wr *w);

#endif
