/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_AUTHORITY_FAULTY_H
#define BM_TESTS_AUTHORITY_FAULTY_H

#include "ca/signer.h"
#include "store/store.h"

/*
 * A store and a signer that hand everything on, count, and fail on command:
 * call number `fail_at`, counted from 1 and from the last faulty_arm(),
 * returns `status` instead of doing its work, and so do all after it until
 * faulty_disarm(). Rolling back and closing always work.
 */

struct faulty {
    uint64_t calls;
    uint64_t fail_at; /* 0: never */
    bool once;        /* only that call */
    bool after;       /* the work is done, and the failure told all the same */
    bm_status status;
    bool hit;
};
void faulty_arm(struct faulty *f, uint64_t fail_at, bm_status status);
void faulty_disarm(struct faulty *f);

/* Does this call fail? */
bool faulty_fails(struct faulty *f);

/* The end of every function: fail, or do it; or both. */
#define HAND_ON(s, call)                    \
    do {                                    \
        bool fail_ = faulty_fails(&(s)->f); \
        bm_status rc_ = BM_OK;              \
                                            \
        if (!fail_ || (s)->f.after) {       \
            rc_ = (call);                   \
        }                                   \
        return fail_ ? (s)->f.status : rc_; \
    } while (0)

struct faulty_store {
    struct store base; /* what is handed to others */
    struct faulty f;
    struct store *real;
    uint64_t commits; /* of transactions that wrote */
    bool writing;
};
void faulty_store_init(struct faulty_store *s, struct store *real);
/* ... of which this fills in what is about delivery. */
void faulty_delivery_fill(struct store *base);
void faulty_manufacturer_fill(struct store *base); /* and manufacturers */
void faulty_batch_fill(struct store *base);        /* and batches */
void faulty_transfer_fill(struct store *base);     /* and transfers */
void faulty_renewal_fill(struct store *base);      /* and renewal */
void faulty_outbox_fill(struct store *base); /* and events that go elsewhere */

struct faulty_signer {
    struct ca_signer base;
    struct faulty f;
    struct ca_signer *real;
    uint64_t signed_certs; /* that were handed out */
};
void faulty_signer_init(struct faulty_signer *s, struct ca_signer *real);

#endif
