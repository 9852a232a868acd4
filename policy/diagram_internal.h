/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_DIAGRAM_INTERNAL_H
#define BM_POLICY_DIAGRAM_INTERNAL_H

#include "policy/diagram.h"
#include "policy/memory.h"

/* Between diagram.c, which finds who decides, and diagram_node.c, which makes
 * nodes of it. */

#define POLICY_DIAGRAM_BUCKETS ((size_t)1 << 16)

/* Boxes that are possible, by number, in the order of their rules. */
struct list {
    uint32_t *box;
    size_t n;
};

struct known {
    struct known *next;
    unsigned field;
    uint16_t target;
    struct list list;
};

struct cons {
    struct cons *next;
    uint16_t number;
};

struct boxes {
    const struct policy_box *box;
    uint32_t rule;
};

struct build {
    const struct policy *policy;
    struct policy_diagram *d;
    struct policy_conflict *conflict;
    struct policy_memory *memory; /* what is gone when it is done */
    struct boxes *boxes;
    size_t boxes_n;
    struct known **known;
    struct cons **cons;
    uint64_t work;
    enum policy_mode mode;
    struct policy_value at[POLICY_FIELDS];
};

/* Where a condition begins, or is over. */
struct edge {
    struct policy_value at;
    uint32_t place; /* of the box in the list */
};

/* What a node is being made of. */
struct making {
    struct list list;
    unsigned field;
    struct edge *edges;
    size_t edges_n;
    uint64_t *possible; /* a bit for each place of the list */
    struct list now;    /* room for as many */
    uint32_t *keys;
    uint16_t *targets;
    size_t n;
};

uint32_t policy_diagram_hash(uint32_t hash, const void *p, size_t n);

/* ---- One node: room for it, then range after range, then all of it */

/* Set list and field first. False without memory; drop it in any case. */
bool policy_making_init(struct making *m, const struct build *b);
void policy_making_wipe(struct making *m);

/* Go over the edges at `*i` that are at `at`, and list what is possible now
 * in m->now. */
void policy_making_step(struct making *m, size_t *i, struct policy_value at);

/* A range begins at `v`, unless it would be as the one before it. */
BM_MUST_CHECK bm_status policy_making_put(struct making *m,
                                          struct policy_value v,
                                          uint16_t target);

/* The number of the node, or the one target of all its ranges. */
BM_MUST_CHECK bm_status policy_making_finish(struct build *b,
                                             const struct making *m,
                                             uint16_t *target);

#endif
