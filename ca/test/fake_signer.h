/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_FAKE_SIGNER_H
#define BM_CA_TEST_FAKE_SIGNER_H

/*
 * As much of a signer as checkpoints need: it signs what continues the last
 * tree it signed, and knows no store.
 */
#include <string.h>

#include "ca/ledger.h"
#include "tests/harness/test_crypto.h"

#define FAKE_ORIGIN "ca.example/ledger"

struct fake_signer {
    struct ca_signer signer;
    struct ca_tree_head last;
    unsigned signed_n;
};

static inline bm_status fake_checkpoint(void *self,
                                        const struct ca_tree_head *head,
                                        const struct ca_tree_proof *proof,
                                        int64_t now, struct bm_wr *note)
{
    struct fake_signer *f = self;

    (void)now;
    if (f->last.size != 0 && head->tree == f->last.tree) {
        BM_TRY(
            ca_tree_check_consistency(bm_test_crypto(), &f->last, head, proof));
    }
    f->last = *head;
    f->signed_n++;
    return ca_checkpoint_sign(head, FAKE_ORIGIN, bm_test_crypto(),
                              bm_test_signer(BM_KEY_ED25519), note);
}

static inline void fake_last(void *self, struct ca_tree_head *head)
{
    const struct fake_signer *f = self;

    *head = f->last;
}

static inline void fake_signer_init(struct fake_signer *f)
{
    memset(f, 0, sizeof *f);
    f->signer.self = f;
    f->signer.checkpoint = fake_checkpoint;
    f->signer.last = fake_last;
}

#endif
