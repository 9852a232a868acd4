/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/table.h"

#include <stdlib.h>
#include <string.h>

#include "firewall/modbus.h"
#include "firewall/table_internal.h"
#include "policy/memory.h"

/*
 * A walk through the table, twice: once to count the boxes of each rule, once
 * to write them. What a node's ranges are, by where they lead, is worked out
 * once for each node, however many ways come through it.
 */

/* More than the largest table needs that there is room for. */
#define MEMORY_MAX ((size_t)256 << 20)

/* Ways that lead nowhere count as well: of those a table of a megabyte can have
 * more than anybody can go. */
#define STEPS_MAX ((size_t)16 << 20)

/* Tokens a millisecond in 1/65536, as frames an hour. */
#define HOUR    3600
#define HOUR_MS UINT64_C(3600000)

/* Ranges of a node that lead to one target. */
struct branch {
    uint16_t target;
    struct policy_set set;
};

struct branches {
    enum policy_field field;
    size_t n;
    struct branch *branch;
};

struct reading {
    struct bm_fw_table table;
    struct policy *policy;
    struct branches **nodes; /* by number; NULL: not yet */
    size_t *boxes;           /* for each rule: how many it has */
    size_t ways;
    size_t steps;
    bool counting;
    struct policy_box box; /* of the way so far */
    enum policy_direction direction;
};

static void *get(struct reading *r, size_t n)
{
    return policy_memory_get(r->policy->memory, n);
}

/* ---- Nodes */

/* A range, where it leads, and which it is. */
struct edge {
    struct policy_range range;
    uint16_t target;
};

static int by_target(const void *a, const void *b)
{
    const struct edge *x = a;
    const struct edge *y = b;

    return x->target != y->target
               ? (x->target > y->target) - (x->target < y->target)
               : policy_value_order(x->range.first, y->range.first);
}

/* The last value of a field: `table` has its keys in words. */
static struct policy_value last_value(unsigned field)
{
    static const uint8_t bits[] = { 16, 8, 16, 1, 32, 128, 16, 48 };

    return policy_value_max(bits[field]);
}

static struct policy_value key_at(const uint8_t *p, unsigned octets)
{
    switch (octets) {
    case 2:
        return policy_value(bm_fw_le16(p));
    case 4:
        return policy_value(bm_fw_le32(p));
    case 8:
        return policy_value((uint64_t)bm_fw_le32(p) << 32 | bm_fw_le32(p + 4));
    default:
        return (struct policy_value){
            (uint64_t)bm_fw_le32(p) << 32 | bm_fw_le32(p + 4),
            (uint64_t)bm_fw_le32(p + 8) << 32 | bm_fw_le32(p + 12)
        };
    }
}

static void read_edges(const uint8_t *node, struct edge *edges, size_t n)
{
    const unsigned field = node[0];
    const unsigned size = bm_fw_key_size(field);
    const uint8_t *keys = node + BM_FW_NODE_KEYS;
    const uint8_t *targets = keys + bm_fw_padded((uint32_t)((n - 1) * size));

    for (size_t i = 0; i < n; i++) {
        edges[i].range.first =
            i == 0 ? policy_value(0) : key_at(keys + (i - 1) * size, size);
        edges[i].range.last =
            i == n - 1 ? last_value(field - 1)
                       : policy_value_before(key_at(keys + i * size, size));
        edges[i].target = bm_fw_le16(targets + 2 * i);
    }
}

/* Sorted edges become branches. */
static bool group(struct reading *r, const struct edge *edges, size_t n,
                  struct branches *b)
{
    struct policy_range *ranges = get(r, n * sizeof *ranges);

    b->branch = get(r, n * sizeof *b->branch);
    if (ranges == NULL || b->branch == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        ranges[i] = edges[i].range;
        if (i == 0 || edges[i].target != edges[i - 1].target) {
            b->branch[b->n++] =
                (struct branch){ edges[i].target, { ranges + i, 0 } };
        }
        b->branch[b->n - 1].set.n++;
    }
    return true;
}

static const struct branches *branches_of(struct reading *r, unsigned number)
{
    const uint8_t *node =
        r->table.p + bm_fw_le32(r->table.index + BM_FW_INDEX_SIZE * number);
    const size_t n = bm_fw_le16(node + 2);
    struct edge *edges;
    struct branches *b;

    if (r->nodes[number] != NULL) {
        return r->nodes[number];
    }
    edges = calloc(n, sizeof *edges);
    b = get(r, sizeof *b);
    if (edges != NULL && b != NULL) {
        read_edges(node, edges, n);
        qsort(edges, n, sizeof *edges, by_target);
        b->field = (enum policy_field)(node[0] - 1);
        r->nodes[number] = group(r, edges, n, b) ? b : NULL;
    }
    free(edges);
    return r->nodes[number];
}

/* ---- Ways */

static bm_status add(struct reading *r, unsigned rule)
{
    struct policy_rule *to = &r->policy->rules[rule];

    if (r->counting) {
        r->boxes[rule]++;
        return ++r->ways <= POLICY_WAYS_MAX ? BM_OK : BM_E_POLICY_SIZE;
    }
    if (to->boxes_n != 0 && to->direction != r->direction) {
        return BM_E_POLICY_NFT;
    }
    to->direction = r->direction;
    to->boxes[to->boxes_n++] = r->box;
    return BM_OK;
}

static struct policy_value larger(struct policy_value a, struct policy_value b)
{
    return policy_value_order(a, b) > 0 ? a : b;
}

static struct policy_value smaller(struct policy_value a, struct policy_value b)
{
    return policy_value_order(a, b) < 0 ? a : b;
}

/*
 * What is in both, of two that are sorted; without ranges: nothing, which is
 * not what a set of a box means by it. False: no memory.
 */
static bool narrow(struct reading *r, const struct policy_set *a,
                   const struct policy_set *b, struct policy_set *both)
{
    size_t i = 0;
    size_t j = 0;

    both->n = 0;
    both->ranges = get(r, (a->n + b->n) * sizeof *both->ranges);
    while (both->ranges != NULL && i < a->n && j < b->n) {
        const struct policy_range *x = &a->ranges[i];
        const struct policy_range *y = &b->ranges[j];
        const struct policy_range shared = { larger(x->first, y->first),
                                             smaller(x->last, y->last) };

        if (policy_value_order(shared.first, shared.last) <= 0) {
            both->ranges[both->n++] = shared;
        }
        if (policy_value_order(x->last, y->last) < 0) {
            i++;
        } else {
            j++;
        }
    }
    return both->ranges != NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as there are fields */
static bm_status walk(struct reading *r, unsigned target);

/* A node knows nothing of its class: of the protocols that other classes have
 * it says what is next to them. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bm_status walk_branch(struct reading *r, enum policy_field field,
                             const struct policy_set *before,
                             const struct branch *branch)
{
    struct policy_set set = branch->set;

    if (before->n != 0) {
        if (!narrow(r, before, &branch->set, &set)) {
            return BM_E_MEMORY;
        }
        if (set.n == 0) {
            return BM_OK;
        }
    }
    r->box.set[field] = set;
    return walk(r, branch->target);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static bm_status walk(struct reading *r, unsigned target)
{
    const struct branches *b;
    struct policy_set before;

    if (++r->steps > STEPS_MAX) {
        return BM_E_POLICY_SIZE;
    }
    if (target == BM_FW_NO_RULE) {
        return BM_OK;
    }
    if (BM_FW_IS_RULE(target)) {
        return add(r, target - BM_FW_TARGET_RULE);
    }
    b = branches_of(r, target);
    if (b == NULL) {
        return BM_E_MEMORY;
    }
    before = r->box.set[b->field];
    for (size_t i = 0; i < b->n; i++) {
        BM_TRY(walk_branch(r, b->field, &before, &b->branch[i]));
    }
    r->box.set[b->field] = before;
    return BM_OK;
}

#define SET(...)                                             \
    {                                                        \
        (struct policy_range[]){ __VA_ARGS__ },              \
            sizeof((struct policy_range[]){ __VA_ARGS__ }) / \
                sizeof(struct policy_range)                  \
    }
#define ONE(v)      \
    {               \
        { 0, (v) }, \
        {           \
            0, (v)  \
        }           \
    }
#define SPAN(a, b)  \
    {               \
        { 0, (a) }, \
        {           \
            0, (b)  \
        }           \
    }

/* What is looked into in each frame anyhow, and no node is about. */
struct known {
    enum policy_kind kind;
    struct policy_set type;
    struct policy_set proto;
};

static const struct known classes[BM_FW_CLASSES] = {
    [BM_FW_CLASS_OTHER] = { POLICY_OTHER,
                            SET(SPAN(0, 0x07ff), SPAN(0x0801, 0x0805),
                                SPAN(0x0807, 0x86dc), SPAN(0x86de, 0xffff)),
                            { NULL, 0 } },
    [BM_FW_CLASS_ARP] = { POLICY_ARP, SET(ONE(POLICY_TYPE_ARP)), { NULL, 0 } },
    [BM_FW_CLASS_TCP_4] = { POLICY_IPV4, SET(ONE(POLICY_TYPE_IPV4)),
                            SET(ONE(POLICY_PROTO_TCP)) },
    [BM_FW_CLASS_UDP_4] = { POLICY_IPV4, SET(ONE(POLICY_TYPE_IPV4)),
                            SET(ONE(POLICY_PROTO_UDP)) },
    [BM_FW_CLASS_ICMP_4] = { POLICY_IPV4, SET(ONE(POLICY_TYPE_IPV4)),
                             SET(ONE(POLICY_PROTO_ICMP)) },
    [BM_FW_CLASS_PLAIN_4] = { POLICY_IPV4, SET(ONE(POLICY_TYPE_IPV4)),
                              SET(ONE(0), SPAN(2, 5), SPAN(7, 16),
                                  SPAN(18, 255)) },
    [BM_FW_CLASS_TCP_6] = { POLICY_IPV6, SET(ONE(POLICY_TYPE_IPV6)),
                            SET(ONE(POLICY_PROTO_TCP)) },
    [BM_FW_CLASS_UDP_6] = { POLICY_IPV6, SET(ONE(POLICY_TYPE_IPV6)),
                            SET(ONE(POLICY_PROTO_UDP)) },
    [BM_FW_CLASS_ICMP_6] = { POLICY_IPV6, SET(ONE(POLICY_TYPE_IPV6)),
                             SET(ONE(POLICY_PROTO_ICMPV6)) },
    [BM_FW_CLASS_PLAIN_6] = { POLICY_IPV6, SET(ONE(POLICY_TYPE_IPV6)),
                              SET(SPAN(0, 5), SPAN(7, 16), SPAN(18, 57),
                                  SPAN(59, 255)) },
};

static bm_status walk_all(struct reading *r, enum policy_mode mode)
{
    for (unsigned d = 0; d < POLICY_DIRECTIONS; d++) {
        for (unsigned c = 0; c < BM_FW_CLASSES; c++) {
            r->direction = (enum policy_direction)d;
            r->box = (struct policy_box){ .kind = classes[c].kind };
            r->box.set[POLICY_TYPE] = classes[c].type;
            r->box.set[POLICY_PROTO] = classes[c].proto;
            BM_TRY(walk(r, r->table.roots[BM_FW_ROOT(mode, d, c)]));
        }
    }
    return BM_OK;
}

/* ---- Rules */

static struct policy_rate rate_of(const struct bm_fw_rule *from)
{
    const uint64_t hour = from->rate * HOUR_MS / 65536;

    return (struct policy_rate){
        .count = hour < UINT32_MAX ? (uint32_t)hour : UINT32_MAX,
        .period = HOUR,
        .fill = from->rate,
        .burst = from->burst,
        .connections = (from->flags & BM_FW_CONNECTIONS) != 0,
        .per_source = (from->flags & BM_FW_PER_SOURCE) != 0,
    };
}

static struct policy_set range_of(struct reading *r, unsigned first,
                                  unsigned last)
{
    struct policy_range *range = get(r, sizeof *range);

    if (range == NULL) {
        return (struct policy_set){ NULL, 0 };
    }
    *range = (struct policy_range)SPAN(first, last);
    return (struct policy_set){ range, 1 };
}

/* A filter, a line for each row of it. */
static const struct policy_modbus *modbus_of(struct reading *r,
                                             const struct bm_fw_rule *from)
{
    const uint8_t *row = r->table.p + (size_t)4 * from->filter;
    const size_t n = bm_fw_le16(row + 2);
    struct policy_modbus *modbus = get(r, sizeof *modbus);

    if (modbus == NULL) {
        return NULL;
    }
    modbus->observe = (from->flags & BM_FW_FILTER_WATCH) != 0;
    modbus->lines = get(r, n * sizeof *modbus->lines);
    for (row += 4; modbus->lines != NULL && modbus->n < n; row += 8) {
        struct policy_modbus_line *line = &modbus->lines[modbus->n++];

        line->functions = range_of(r, row[0], row[1]);
        line->addresses = range_of(r, bm_fw_le16(row + 2), bm_fw_le16(row + 4));
        if (line->functions.n == 0 || line->addresses.n == 0) {
            return NULL;
        }
    }
    return modbus->lines != NULL ? modbus : NULL;
}

static const char *name_of(struct reading *r, struct bm_bytes name)
{
    char *text = get(r, name.n + 1);

    if (text != NULL) {
        memcpy(text, name.p, name.n);
    }
    return text;
}

static bm_status read_rule(struct reading *r, unsigned i, struct bm_bytes name)
{
    struct policy_rule *to = &r->policy->rules[i];
    struct bm_fw_rule from;

    bm_fw_table_rule(&r->table, i, &from);
    *to = (struct policy_rule){
        .name = name_of(r, name),
        .modes = from.modes,
        .verdict = (enum policy_verdict)from.verdict,
        .flows = (from.flags & BM_FW_FLOWS) != 0,
        .log = (enum policy_log)from.log,
        .sample = from.sample,
        .cap = from.cap,
        .threshold = { from.high, from.low },
        .boxes = get(r, (r->boxes[i] + 1) * sizeof *to->boxes),
    };
    if (from.rate != 0) {
        to->rate = rate_of(&from);
    }
    if (from.filter != 0) {
        to->modbus = modbus_of(r, &from);
    }
    return to->name != NULL && to->boxes != NULL &&
                   (from.filter == 0 || to->modbus != NULL)
               ? BM_OK
               : BM_E_MEMORY;
}

static bm_status read_rules(struct reading *r)
{
    const uint8_t *name = r->table.names;

    r->policy->n = r->table.rule_n;
    for (unsigned i = 0; i < r->table.rule_n; i++) {
        BM_TRY(read_rule(r, i, (struct bm_bytes){ name + 1, name[0] }));
        name += 1 + name[0];
    }
    return BM_OK;
}

/* ---- All of it */

static bool make_room(struct reading *r)
{
    const struct bm_fw_table *t = &r->table;
    struct policy *p = calloc(1, sizeof *p);

    r->policy = p;
    if (p == NULL) {
        return false;
    }
    p->memory = policy_memory_new(MEMORY_MAX);
    if (p->memory == NULL) {
        return false;
    }
    p->name = "table";
    p->version = t->version;
    p->floor = t->floor;
    p->flows = t->flows;
    p->sources = t->sources;
    memcpy(p->timeouts, t->seconds, sizeof p->timeouts);
    p->rules = get(r, (t->rule_n + (size_t)1) * sizeof *p->rules);
    r->nodes = get(r, (t->node_n + (size_t)1) * sizeof(struct branches *));
    r->boxes = get(r, (t->rule_n + (size_t)1) * sizeof *r->boxes);
    return p->rules != NULL && r->nodes != NULL && r->boxes != NULL;
}

bm_status policy_from_table(struct bm_bytes table, enum policy_mode mode,
                            struct policy **policy)
{
    struct reading r = { .counting = true };
    bm_status rc;

    *policy = NULL;
    BM_TRY(bm_fw_table_open(&r.table, table));
    rc = make_room(&r) ? walk_all(&r, mode) : BM_E_MEMORY;
    if (rc == BM_OK) {
        rc = read_rules(&r);
    }
    if (rc == BM_OK) {
        r.counting = false;
        rc = walk_all(&r, mode);
    }
    if (rc != BM_OK) {
        policy_free(r.policy);
        return rc;
    }
    *policy = r.policy;
    return BM_OK;
}
