/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_QUEUED_H
#define BM_TESTS_FIREWALL_QUEUED_H

#include "agent/firewall/queue.h"

/*
 * Who reads the queue of the namespace: birthmark-firewall's own reader and
 * engine, with a clock that is the test's.
 */
struct queued {
    struct queue *queue;
    struct inspect *inspect;
    uint32_t now;
};

/* Whoever uses nftables from now on has its queues, one way or another
 * (xt_queue.c). False: the kernel has none. */
bool queued_open(struct queued *q);
void queued_close(struct queued *q);

/* With another table, or the same one anew. */
bool queued_table(struct queued *q, struct bm_bytes table);

/* For struct kernel: all that waits is judged. */
void queued_serve(void *q);

#endif
