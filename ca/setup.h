/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_SETUP_H
#define BM_CA_SETUP_H

#include "ca/authority.h"

/*
 * What an authority consists of, put on record: its beginning, its CAs, the
 * profiles that come into use, its operators.
 */

/* The first record of a new instance, and its ecosystem and organisation. */
struct ca_genesis {
    const char *ecosystem;
    const char *organisation;
    uint32_t ecosystem_id; /* filled in */
    uint32_t organisation_id;
};
BM_MUST_CHECK bm_status ca_begin_history(struct ca *ca,
                                         const struct ca_actor *actor,
                                         struct ca_genesis *genesis,
                                         int64_t now, struct ca_refusal *why);

/* Install a CA, or change one: its status, its key, its responder. */
BM_MUST_CHECK bm_status ca_install(struct ca *ca, const struct ca_actor *actor,
                                   const struct store_ca *row, int64_t now,
                                   struct ca_refusal *why);

/* The same for several that belong together, parents first: all of them, or
 * none. */
BM_MUST_CHECK bm_status ca_install_all(struct ca *ca,
                                       const struct ca_actor *actor,
                                       const struct store_ca *rows, size_t n,
                                       int64_t now, struct ca_refusal *why);

BM_MUST_CHECK bm_status ca_add_operator(struct ca *ca,
                                        const struct ca_actor *actor,
                                        const struct store_operator *row,
                                        int64_t now, struct ca_refusal *why);

/*
 * Put on record every profile whose text is not the one that was last on
 * record. For whoever opens an instance for writing.
 */
BM_MUST_CHECK bm_status ca_note_profiles(struct ca *ca, int64_t now,
                                         struct ca_refusal *why);

#endif
