/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LEDGER_H
#define BM_CA_LEDGER_H

#include "ca/record.h"
#include "ca/refusal.h"
#include "ca/signer.h"
#include "ca/tree.h"
#include "store/store.h"

/*
 * The ledger: every act of the authority as a leaf of an append-only Merkle
 * tree (RFC 6962), in the store, published as C2SP tlog-tiles with checkpoints
 * as signed notes, so that existing verifiers and witnesses can follow it.
 * Formats: docs/ledger.md.
 *
 * Appending happens inside the caller's write transaction:
 *
 *     begin; ca_ledger_append() ...; ca_ledger_save(); commit
 *     ca_ledger_checkpoint(): signs what is durable, never less than that
 *
 * and ca_ledger_reload() after a rollback. A ledger whose stored parts do not
 * fit together opens, so that it can be verified, but whatever would build on
 * it returns BM_E_LEDGER_ROOT, _MISSING or _CHANGED; after a failure half way,
 * BM_E_CA_RECOVER until it is reloaded.
 */

struct ca_ledger;

struct ca_ledger_config {
    struct store *store;
    const struct bm_crypto *crypto;
    const char *origin; /* first line of checkpoints of the first tree:
                           "ca.example/ledger"; a later tree adds "/N", so
                           that it may not end in a number itself */
    struct bm_spki key; /* Ed25519; copied. Its key name is the origin */
};

/* Takes its own read transaction. An empty store has an empty first tree. */
BM_MUST_CHECK bm_status ca_ledger_open(const struct ca_ledger_config *config,
                                       struct ca_ledger **ledger);
void ca_ledger_close(struct ca_ledger *ledger); /* NULL is fine */

/* Append one record; `*index` is its leaf. In a write transaction. */
BM_MUST_CHECK bm_status ca_ledger_append(struct ca_ledger *ledger,
                                         const struct ca_record *record,
                                         uint64_t *index);
/* Write the head; last thing before commit. */
BM_MUST_CHECK bm_status ca_ledger_save(struct ca_ledger *ledger);
/* Forget what was not committed. Takes its own read transaction. */
BM_MUST_CHECK bm_status ca_ledger_reload(struct ca_ledger *ledger);

/* Which tree, how large, its root (of what has been appended so far). */
BM_MUST_CHECK bm_status ca_ledger_head(struct ca_ledger *ledger,
                                       struct ca_tree_head *head);

/* The number of the tree alone, which costs nothing. */
uint32_t ca_ledger_tree(const struct ca_ledger *ledger);

/*
 * Have the signer sign the head, unless its last checkpoint is of this size,
 * and keep the note in the store. Not in a transaction.
 */
BM_MUST_CHECK bm_status ca_ledger_checkpoint(struct ca_ledger *ledger,
                                             const struct ca_signer *signer,
                                             int64_t now);

/*
 * Does the signer remember what it signed last? BM_E_LEDGER_JOURNAL when the
 * store has a checkpoint that is beyond its journal: that was cut, or is
 * another one, and nothing may be signed behind it.
 */
BM_MUST_CHECK bm_status ca_ledger_check_signer(const struct ca_ledger *ledger,
                                               const struct ca_signer *signer);

/* The last signed note, as text. BM_E_NOT_FOUND before the first. */
BM_MUST_CHECK bm_status ca_ledger_note(struct ca_ledger *ledger,
                                       struct bm_wr *note);

/*
 * Bring the directory (tlog-tiles: checkpoint, tile/N/..., tile/entries/...)
 * up to the last checkpoint. Writes files whole and renames them; again does
 * no harm; what a power cut left out is added. A later tree N has the
 * sub-directory N. BM_E_LEDGER_ROLLBACK, BM_E_LEDGER_FORK when the directory
 * has a checkpoint that the tree does not continue; BM_E_NOT_FOUND: no such
 * directory. Takes its own read transaction.
 */
BM_MUST_CHECK bm_status ca_ledger_publish(struct ca_ledger *ledger,
                                          const char *dir);

/*
 * Open the tree after that of `old`, a checkpoint that was shown: its first
 * leaf commits to it. `old` is of the tree that is open, or, where the store
 * is older than the last succession, of a later one. In a write transaction;
 * ca_ledger_save() follows.
 */
BM_MUST_CHECK bm_status ca_ledger_succeed(struct ca_ledger *ledger,
                                          const struct ca_tree_head *old,
                                          int64_t now);

/*
 * A head that was shown: BM_OK when the trees of the store agree with it, or,
 * with `*behind` set, when it is beyond the newest of them: the store has been
 * rolled back. BM_E_LEDGER_FORK when they do not agree. In a transaction.
 */
BM_MUST_CHECK bm_status ca_ledger_compare(struct ca_ledger *ledger,
                                          const struct ca_tree_head *head,
                                          bool *behind);

/* Read what was shown, a signed note or a proof that has one, and verify it
 * with the ledger's key and origin. */
BM_MUST_CHECK bm_status ca_ledger_shown(const struct ca_ledger *ledger,
                                        struct bm_bytes in,
                                        struct ca_tree_head *head,
                                        struct ca_refusal *why);

/*
 * Proofs. A proof file is text (C2SP tlog-proof, docs/ledger.md) that anybody
 * can check with the ledger's public key, the certificate, and nothing else.
 * BM_E_NOT_FOUND: no such leaf, or none that a checkpoint has yet. Takes its
 * own read transaction.
 */
#define CA_PROOF_MAX 8192 /* octets of a proof file of ours */
BM_MUST_CHECK bm_status ca_ledger_prove(struct ca_ledger *ledger, uint32_t tree,
                                        uint64_t index, struct bm_wr *proof);

struct ca_proof_check {
    const struct bm_crypto *crypto;
    struct bm_spki key;      /* of the ledger; if key.der.n is 0, the one in
                                the proof is believed, which shows nothing
                                about who made it */
    struct bm_bytes cert;    /* DER; empty: any record */
    struct bm_bytes digest;  /* of firmware that was signed; empty: any */
    struct bm_bytes against; /* another signed note, or proof, that must be
                                consistent if it is of the same size */
};
struct ca_proof_result {     /* not to be copied */
    struct ca_record record; /* views into `mem` */
    struct ca_tree_head head;
    uint64_t index;
    uint8_t mem[CA_RECORD_MAX];
};
BM_MUST_CHECK bm_status ca_proof_check(struct bm_bytes proof,
                                       const struct ca_proof_check *check,
                                       struct ca_proof_result *result,
                                       struct ca_refusal *why);

/* Read and verify a signed note with a checkpoint. */
BM_MUST_CHECK bm_status ca_checkpoint_open(struct bm_bytes note,
                                           const struct bm_crypto *crypto,
                                           const struct bm_spki *key,
                                           const char *origin,
                                           struct ca_tree_head *head,
                                           struct ca_refusal *why);
/* Write the body of one and sign it. */
BM_MUST_CHECK bm_status ca_checkpoint_sign(const struct ca_tree_head *head,
                                           const char *origin,
                                           const struct bm_crypto *crypto,
                                           const struct bm_signer *signer,
                                           struct bm_wr *note);

/*
 * Verify all: every leaf of every tree hashed again and compared with head,
 * checkpoint and tiles; every certificate and revocation of the store held
 * against its record and back; the journal held against both; a later
 * checkpoint, if given, against the tree. Reports each finding and goes on.
 *
 * Reads one snapshot, so that a server may be at work meanwhile; takes four
 * octets of memory per leaf. The ledger may be one that is good for nothing
 * else because its parts do not fit together.
 */
struct ca_ledger_audit {
    const char *journal;     /* directory; NULL: not compared */
    struct bm_bytes against; /* signed note, proof or receipt; or empty */
    void *arg;
    void (*finding)(void *arg, const struct ca_refusal *why);
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* or NULL */
    /* The last signatures of the journal have no record: a server at work may
     * be about to commit them. Waits a moment, and says whether to look again
     * for them. NULL: nobody is at work. */
    bool (*again)(void *arg);
};
struct ca_ledger_summary {
    uint32_t trees;
    uint64_t leaves;
    uint64_t certs;
    uint64_t revocations;
    uint64_t journal;
    uint64_t findings;
    struct ca_tree_head head;
};
/* BM_OK when nothing was found; else the status of the first finding, or why
 * the work had to end (then `findings` may be 0). */
BM_MUST_CHECK bm_status ca_ledger_verify(struct ca_ledger *ledger,
                                         const struct ca_ledger_audit *audit,
                                         struct ca_ledger_summary *summary);

#endif
