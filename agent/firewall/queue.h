/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_QUEUE_H
#define BM_AGENT_FIREWALL_QUEUE_H

#include "agent/firewall/inspect.h"

/*
 * The queue of the kernel (NFQUEUE, POLICY_NFT_QUEUE) to which the ruleset
 * sends what nftables cannot judge. Who has it open is its one reader; where
 * there is none the kernel drops what would be queued, and where it comes
 * faster than it is read, what there is no room for.
 *
 * The kernel numbers what it queues, so what was lost is known when the next
 * one comes, and counted.
 */
struct queue;

/* On BM_OK the caller owns `*queue`. BM_E_AGENT_RULESET: the kernel has no such
 * queues, or somebody else reads this one. */
BM_MUST_CHECK bm_status queue_open(struct queue **queue);
void queue_close(struct queue *queue); /* NULL is fine */

/* Readable when something waits. */
int queue_fd(const struct queue *queue);

/*
 * Judge what waits, QUEUE_TURN packets at most, and tell the kernel. `inspect`
 * NULL: all of it is dropped. Does not block.
 */
#define QUEUE_TURN 256
void queue_serve(struct queue *queue, struct inspect *inspect, uint32_t now);

#endif
