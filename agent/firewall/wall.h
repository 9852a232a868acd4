/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_WALL_H
#define BM_AGENT_FIREWALL_WALL_H

#include "agent/firewall/counts.h"
#include "agent/firewall/links.h"
#include "agent/firewall/queue.h"
#include "agent/firewall/ruleset.h"

/*
 * One table in force, in one mode, whatever happens: to the machine, to its
 * interfaces, to the tables of nftables. Which table that is, the agent says
 * (firewall/slots.h); here it is kept, loaded, and looked after.
 */
struct wall {
    const struct firewall_settings *settings;
    struct ruleset *ruleset;
    struct counts *counts;
    struct queue *queue;     /* NULL: not needed so far */
    struct inspect *inspect; /* NULL: no rule in force needs it */
    struct links links;      /* that the ruleset knows */
    unsigned mode;           /* in force, */
    uint8_t *table;          /* of this table; NULL: everything is dropped */
    size_t table_n;
    struct policy *policy; /* the same, as rules */
    bool whole;            /* the kernel has it, as far as is known */
};

/* `settings` outlive it. On error it is closed. */
BM_MUST_CHECK bm_status wall_open(struct wall *wall,
                                  const struct firewall_settings *settings);
void wall_close(struct wall *wall); /* the kernel keeps what it has */

/*
 * At a start: what was in force is again. Where nothing was kept that is the
 * builtin table; where what was kept cannot be loaded, the builtin one for
 * repair alone, as it may let in more; where that fails, nothing passes. Events
 * tell. Fails only where the kernel does not even take that.
 */
BM_MUST_CHECK bm_status wall_start(struct wall *wall);

/* Another table or mode, in the kernel and on the disk; on error what was in
 * force is. */
BM_MUST_CHECK bm_status wall_apply(struct wall *wall, unsigned mode,
                                   struct bm_bytes table);

/* Links or addresses have changed, or time has passed: whatever is not as it
 * should be is made so. */
void wall_look(struct wall *wall);

/* Readable when packets wait to be judged, by wall_judge(); -1: none do. */
int wall_packets(const struct wall *wall);
void wall_judge(struct wall *wall);

/*
 * There is no wall, and will be none: settings cannot be read, say. What the
 * kernel has stays; where it has nothing, nothing passes from now on.
 */
void wall_shut(void);

/* Counts into `w`; `heard`: those of the last call were. */
BM_MUST_CHECK bm_status wall_counts(struct wall *wall, bool heard,
                                    struct bm_wr *w);

#endif
