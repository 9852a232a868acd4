/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BATCH_INTERNAL_H
#define BM_CA_BATCH_INTERNAL_H

#include "ca/batch.h"
#include "ca/slot.h"

/* Between the files of batches. */

/* In a write transaction: the batch goes on to `state`. With its history and
 * record; `hash`, 32 octets or NULL, is what the record is about. */
struct ca_batch_change {
    enum store_batch_state state;
    const char *words; /* "" where the state says it all */
    const uint8_t *hash;
};
BM_MUST_CHECK bm_status ca_batch_put_state(struct ca *ca,
                                           const struct ca_actor *actor,
                                           struct store_batch *batch,
                                           const struct ca_batch_change *change,
                                           int64_t now);

/* In a transaction, whose views are lost: seconds for which there is something
 * of it to be fetched, or gone on with; by the version of its profile that its
 * organisation has. */
int64_t ca_batch_time(struct ca *ca, const struct store_batch *batch);

/* A batch that outlives the views of the store: without them. */
void ca_batch_keep(struct store_batch *kept, const struct store_batch *row);

/*
 * In any transaction: in whose name a batch is issued. `op` and `batch` outlive
 * the actor. BM_E_CA_FORBIDDEN: he is no operator any more.
 */
BM_MUST_CHECK bm_status ca_batch_actor(struct ca *ca,
                                       const struct store_batch *batch,
                                       struct store_operator *op,
                                       struct ca_actor *actor,
                                       struct ca_refusal *why);

/* What is ordered about keys goes into the row of a new batch, and into what
 * its record says. BM_E_BATCH_RECIPIENT: they cannot be encrypted to him. */
#define CA_BATCH_RECIPIENT_MAX 16384
BM_MUST_CHECK bm_status ca_batch_take_keys(const struct ca *ca,
                                           const struct ca_batch_order *order,
                                           struct store_batch *row,
                                           char words[STORE_NAME_MAX],
                                           struct ca_refusal *why);

/* The line of a row whose certificate, and its hash, are at hand. */
BM_MUST_CHECK bm_status ca_batch_put_cert(const struct bm_crypto *crypto,
                                          const struct store_batch_row *row,
                                          const struct store_cert *cert,
                                          const uint8_t hash[STORE_HASH_SIZE],
                                          struct bm_wr *w);

/* Who acts where nobody does: the authority. */
extern const struct ca_actor ca_batch_authority;

#endif
