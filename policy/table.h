/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_TABLE_H
#define BM_POLICY_TABLE_H

#include "policy/policy.h"

/*
 * The way back: from the table that devices have (firewall/table.h) to rules,
 * so that a device that runs Linux makes its ruleset (nft.h) of the very octets
 * that were signed.
 *
 * The rules mean in one mode what the table means in it, and are not those
 * that people wrote: each way through the table is a box, no two boxes have a
 * frame in common, and so there are no priorities. A rule that decides about
 * no frame in this mode has no boxes. Rates are per hour, rounded down: as many
 * tokens as the table has.
 */

/*
 * Read a table. On BM_OK the caller owns `*policy` (policy_free()), which does
 * not look at the octets any more; otherwise it is NULL. BM_E_FW_...: not a
 * table. BM_E_POLICY_NFT: a rule of both directions, which no policy makes.
 * BM_E_POLICY_SIZE: the ways are more than POLICY_WAYS_MAX. BM_E_MEMORY.
 */
#define POLICY_WAYS_MAX 65536
BM_MUST_CHECK bm_status policy_from_table(struct bm_bytes table,
                                          enum policy_mode mode,
                                          struct policy **policy);

#endif
