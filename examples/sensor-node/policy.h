/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_POLICY_H
#define NODE_POLICY_H

#include "core/manifest.h"
#include "examples/sensor-node/node.h"

/*
 * The firewall: the guard between lwIP and the interface, and which policy it
 * has (firewall/slots.h). Until the owner's first one was delivered that is
 * policy.yaml of this folder. A new one is in force from when no job is at
 * work, on trial; it stays once the owner's server has answered under it, and
 * what was before comes back if that does not happen in POLICY_TRIAL seconds.
 *
 * The mode is that of the last manifest. Where a policy of the owner's was lost
 * it is repair only, whatever the manifest says.
 */
#define POLICY_TRIAL 600

/* Tell of at most so many kinds of frames in a round of delivery: the others
 * count on, and events of more weight keep their places in the queue. */
#define POLICY_EVENTS 4

/* Before the network: nothing passes the interface unjudged. */
BM_MUST_CHECK bm_status policy_open(struct node *n);

/* Delivery (update.h): what is in force, or will be; a policy that lies in
 * board_staging; the mode that is wanted. */
bool policy_have(const struct node *n, const uint8_t *sha256);
bm_status policy_take(struct node *n, uint32_t size);
void policy_mode(struct node *n, enum bm_manifest_mode mode);

/* A round of delivery begins: queue what the engine has counted. */
void policy_tell(struct node *n);

/* A policy is on trial: no other may come. */
bool policy_tries(const struct node *n);

/* The owner's server has answered under our identity. */
void policy_proven(struct node *n);

/* Time goes on: a trial begins, where no job is at work, or ends. */
void policy_poll(struct node *n);

#endif
