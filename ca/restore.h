/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_RESTORE_H
#define BM_CA_RESTORE_H

#include "ca/import.h"

/*
 * A store that comes from a backup does not know what was signed since. It is
 * marked, and every act but ca_resume() is refused (BM_E_CA_RESTORED) until
 * the last published checkpoint has been shown: nothing that was published
 * must ever be contradicted.
 */

/* What the mark says: the ledger as it was in the backup. */
struct ca_restored {
    int64_t created; /* of the backup */
    struct ca_tree_head head;
};

/* In a write transaction; marking again replaces the mark. */
BM_MUST_CHECK bm_status ca_restored_put(const struct store *store,
                                        const struct ca_restored *restored);
/* In a transaction. BM_E_NOT_FOUND: the store is not marked. */
BM_MUST_CHECK bm_status ca_restored_get(const struct store *store,
                                        struct ca_restored *restored);

/*
 * CRL numbers go on so much above the last one that store or journal know,
 * so that they are above all that was published: a list a minute for almost
 * two years.
 */
#define CA_RESTORE_CRL_JUMP 1000000

/*
 * Manifests of all devices draw from one sequence, so theirs goes on by more:
 * a thousand new ones for each of a million devices, each of which gets another
 * after each trust bundle, and so after each revocation, but none before it
 * asks: six weeks of one an hour. A quarter of CA_LIST_STEP_MAX, so the signer,
 * whose journal is as old as the backup at worst, lets it pass, and after a few
 * restores in a row, too.
 */
#define CA_RESTORE_MANIFEST_JUMP (UINT32_C(1) << 30)

struct ca_resume {
    struct bm_bytes against; /* a signed note, or a proof that has one */
    const struct ca_import *imports;
    size_t imports_n;
    const struct bm_bytes *lists; /* CRLs published after the backup, DER */
    size_t lists_n;
};

struct ca_resumed {
    struct ca_restored restored;
    bool succeeded; /* the ledger was rolled back: a new tree was opened, */
    struct ca_tree_head old; /* which commits to this head */
    uint32_t tree;           /* the one that grows from now on */
    struct ca_imported imported;
    struct ca_listed listed;
    uint64_t abandoned; /* signed, still unknown: on record now, and revoked */
    uint64_t tokens;    /* unused ones, revoked */
};

/*
 * Let a restored instance go on. One transaction, in this order:
 *
 *   1. the checkpoint shown, and the last one in the signer's journal, are
 *      compared with the ledger. Where one is beyond it, a new tree opens that
 *      commits to the later of them; likewise where the journal is lost,
 *      to the head of the backup. Otherwise the restored tree goes on
 *   2. the act is put on record
 *   3. `imports` are put on record (ca_import())
 *   4. what the journal has and no row knows is put on record as abandoned,
 *      and revoked
 *   5. what `lists` revoke is revoked again
 *   6. CRL numbers and versions of bundles and manifests jump; tokens that
 *      have not been used are revoked: they may have been, since
 *   7. the mark goes
 *
 * Whatever is refused, nothing has changed:
 *
 *   BM_E_ARGUMENT           the store is not marked
 *   BM_E_LEDGER_NOTE, BM_E_LEDGER_CHECKPOINT, BM_E_LEDGER_PROOF_FILE,
 *   BM_E_LEDGER_SIGNATURE   not a checkpoint of this ledger
 *   BM_E_LEDGER_FORK        the same tree, another root
 *   BM_E_CRL_...            a list that is not a complete one of a CA of ours
 *   and what ca_import() refuses.
 */
BM_MUST_CHECK bm_status ca_resume(struct ca *ca, const struct ca_actor *actor,
                                  const struct ca_resume *resume, int64_t now,
                                  struct ca_resumed *resumed,
                                  struct ca_refusal *why);

#endif
