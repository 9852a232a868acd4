/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_PROVISION_H
#define NODE_PROVISION_H

#include "examples/sensor-node/node.h"

/*
 * The way of the settings: from the partition where the factory's station left
 * them into the vault, and out of the partition. What is in there is erased
 * only when the vault has it, so a cut anywhere costs nothing; and what is in
 * the vault of the factory, a one-time token among it, goes when the node is
 * born. Needs the vault open, and uses node.job.
 */

/* Is there something in the partition? It is erased otherwise. */
bool provision_waits(void);

/*
 * Take what waits, if anything does. A map that is not as settings.h has it
 * is left alone while the node knows nothing else, and erased where it does:
 * then it is what a cut left of one that was taken.
 */
BM_MUST_CHECK bm_status provision_take(struct node *n);

/* node.settings from the vault. BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status provision_load(struct node *n);

/* node.stage.factory from the vault. BM_E_NOT_FOUND: there is none (any more).
 */
BM_MUST_CHECK bm_status provision_factory(struct node *n);

/* The node is born: the token goes, and every octet of it. Costs an erase of
 * each sector of the log, once in a life; BM_OK at once where it was done. */
BM_MUST_CHECK bm_status provision_forget(struct node *n);

#endif
