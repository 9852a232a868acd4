/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table.h"

#include <string.h>

#include "firewall/modbus.h"
#include "firewall/table_internal.h"

/*
 * Everything docs/firewall-table.md says is checked here, once, with neither
 * memory nor recursion: what a node costs and which frames have its fields
 * stands in the index, so that each entry follows from those of its targets;
 * and on no way are more nodes than there are fields.
 */

/* Octets in so many that they must be zero. */
static bool zero(const uint8_t *p, uint32_t n)
{
    uint8_t sum = 0;

    while (n-- > 0) {
        sum |= *p++;
    }
    return sum == 0;
}

static const uint8_t *entry(const struct bm_fw_table *t, unsigned node)
{
    return t->index + BM_FW_INDEX_SIZE * node;
}

static const uint8_t *node_of(const struct bm_fw_table *t, unsigned node)
{
    return t->p + bm_fw_le32(entry(t, node));
}

static const uint8_t *targets_of(const uint8_t *node)
{
    uint32_t keys = (bm_fw_le16(node + 2) - 1u) * bm_fw_key_size(node[0]);

    return node + BM_FW_NODE_KEYS + bm_fw_padded(keys);
}

/* Is it a rule that there is, none, or a node with a number below `limit`? */
static bool good_target(const struct bm_fw_table *t, unsigned target,
                        unsigned limit)
{
    if (target == BM_FW_NO_RULE) {
        return true;
    }
    return BM_FW_IS_RULE(target) ? target - BM_FW_TARGET_RULE < t->rule_n
                                 : target < limit;
}

/* Where the parts are; they stand one behind the other. */
static bool read_header(struct bm_fw_table *t, struct bm_bytes octets)
{
    const uint8_t *p = octets.p;
    uint32_t nodes = bm_fw_le32(p + BM_FW_AT_NODES);
    uint32_t index = bm_fw_le32(p + BM_FW_AT_INDEX);
    uint32_t names = bm_fw_le32(p + BM_FW_AT_NAMES);

    t->p = p;
    t->size = bm_fw_le32(p + BM_FW_AT_SIZE);
    t->rule_n = bm_fw_le16(p + BM_FW_AT_RULE_N);
    t->node_n = bm_fw_le16(p + BM_FW_AT_NODE_N);
    if (t->size != octets.n || t->rule_n > BM_FW_RULES_MAX ||
        t->node_n > BM_FW_NODES_MAX ||
        nodes != BM_FW_HEADER_SIZE + BM_FW_RULE_SIZE * (uint32_t)t->rule_n ||
        index < nodes || index % 4 != 0 || names < index || names > t->size ||
        names - index != BM_FW_INDEX_SIZE * (uint32_t)t->node_n) {
        return false;
    }
    t->rules = p + BM_FW_HEADER_SIZE;
    t->index = p + index;
    t->names = p + names;
    return zero(p + BM_FW_AT_RESERVED, BM_FW_HEADER_SIZE - BM_FW_AT_RESERVED);
}

static bool read_numbers(struct bm_fw_table *t)
{
    const uint8_t *p = t->p;
    bool good;

    t->version = bm_fw_le32(p + BM_FW_AT_VERSION);
    t->floor = bm_fw_le32(p + BM_FW_AT_FLOOR);
    t->flows = bm_fw_le16(p + BM_FW_AT_FLOWS);
    t->sources = bm_fw_le16(p + BM_FW_AT_SOURCES);
    t->probes = bm_fw_le16(p + BM_FW_AT_PROBES);
    good = t->version != 0 && t->floor <= t->version &&
           t->flows <= BM_FW_FLOWS_MAX && t->sources <= BM_FW_SOURCES_MAX;
    for (unsigned i = 0; i < BM_FW_STATES; i++) {
        t->seconds[i] = bm_fw_le16(p + BM_FW_AT_SECONDS + 2 * i);
        good = good && t->seconds[i] != 0;
    }
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        uint16_t root = bm_fw_le16(p + BM_FW_AT_ROOTS + 2 * i);

        t->roots[i] = root;
        good = good && good_target(t, root, t->node_n);
    }
    return good;
}

/* ---- Nodes */

/* Word `w` of key `i` of a node, the highest first. */
static uint32_t word_of(const uint8_t *node, uint32_t i, unsigned w)
{
    unsigned size = bm_fw_key_size(node[0]);
    const uint8_t *k = node + BM_FW_NODE_KEYS + size * i + 4 * w;

    return size == 2 ? bm_fw_le16(k) : bm_fw_le32(k);
}

/* The highest value of the first word of a field. */
static uint32_t highest(unsigned field)
{
    switch (field) {
    case BM_FW_FIELD_PROTO:
        return 0xff;
    case BM_FW_FIELD_SUBNET:
        return 1;
    case BM_FW_FIELD_MAC:
        return 0xffff;
    default:
        return UINT32_MAX;
    }
}

/* Is key `i` above the one before, and the first above zero? */
static bool rises(const uint8_t *node, uint32_t i)
{
    for (unsigned w = 0; w < bm_fw_key_words(node[0]); w++) {
        uint32_t before = i == 0 ? 0 : word_of(node, i - 1, w);

        if (word_of(node, i, w) != before) {
            return word_of(node, i, w) > before;
        }
    }
    return false;
}

static bool good_keys(const uint8_t *node, uint32_t n)
{
    for (uint32_t i = 0; i + 1 < n; i++) {
        if (!rises(node, i)) {
            return false;
        }
    }
    return word_of(node, n - 2, 0) <= highest(node[0]);
}

/*
 * What the index says of node `number`, from what it says of the targets: the
 * frames that it is good for have its field, and so on behind every range.
 */
static bool good_targets(const struct bm_fw_table *t, unsigned number)
{
    const uint8_t *node = node_of(t, number);
    const uint8_t *targets = targets_of(node);
    uint32_t n = bm_fw_le16(node + 2);
    unsigned classes = bm_fw_classes_with(node[0]);
    unsigned deepest = 0;
    unsigned last = BM_FW_NODES_MAX + 1; /* nobody's number */

    for (uint32_t i = 0; i < n; i++) {
        unsigned target = bm_fw_le16(targets + 2 * i);

        if (target == last || !good_target(t, target, number)) {
            return false;
        }
        last = target;
        if (!BM_FW_IS_RULE(target)) {
            const uint8_t *below = entry(t, target);

            if (node_of(t, target)[0] <= node[0]) {
                return false;
            }
            classes &= bm_fw_le16(below + 4);
            deepest = below[6] > deepest ? below[6] : deepest;
        }
    }
    return bm_fw_le16(entry(t, number) + 4) == classes &&
           entry(t, number)[6] == deepest + bm_fw_cost(n) &&
           entry(t, number)[7] == 0;
}

/* Node `number`, that should be at `*at` and end before the index. */
static bool good_node(struct bm_fw_table *t, unsigned number, uint32_t *at)
{
    const uint8_t *node = t->p + *at;
    uint32_t left = (uint32_t)(t->index - node);
    uint32_t n;
    uint32_t keys;

    if (left < BM_FW_NODE_KEYS || bm_fw_le32(entry(t, number)) != *at ||
        bm_fw_key_size(node[0]) == 0 || node[1] != 0) {
        return false;
    }
    t->needs_rest = t->needs_rest || node[0] == BM_FW_FIELD_SUBNET ||
                    node[0] == BM_FW_FIELD_MAC;
    n = bm_fw_le16(node + 2);
    if (n < 2 || n > BM_FW_RANGES_MAX || bm_fw_node_size(node[0], n) > left) {
        return false;
    }
    keys = (n - 1) * bm_fw_key_size(node[0]);
    *at += bm_fw_node_size(node[0], n);
    return zero(node + BM_FW_NODE_KEYS + keys, bm_fw_padded(keys) - keys) &&
           zero(targets_of(node) + 2 * n, bm_fw_padded(2 * n) - 2 * n) &&
           good_keys(node, n) && good_targets(t, number);
}

/* Is there a node like `number` before it? */
static bool repeats(const struct bm_fw_table *t, unsigned number)
{
    const uint8_t *node = node_of(t, number);
    uint32_t head = bm_fw_le32(node);
    uint32_t n = bm_fw_node_size(node[0], bm_fw_le16(node + 2));

    for (unsigned i = 0; i < number; i++) {
        const uint8_t *other = node_of(t, i);

        if (bm_fw_le32(other) == head && memcmp(other, node, n) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Walk from `target`, depth first, and see nodes leave in the order of their
 * numbers: `*left` have. Those have been here; the others are new.
 */
static bool walk(const struct bm_fw_table *t, unsigned target, unsigned *left)
{
    struct {
        unsigned node;
        uint32_t next;
    } way[BM_FW_FIELDS];
    unsigned depth = 0;

    for (;;) {
        if (!BM_FW_IS_RULE(target) && target >= *left) {
            way[depth].node = target;
            way[depth].next = 0;
            depth++;
        }
        while (depth > 0 &&
               way[depth - 1].next ==
                   bm_fw_le16(node_of(t, way[depth - 1].node) + 2)) {
            depth--;
            if (way[depth].node != *left) {
                return false;
            }
            ++*left;
        }
        if (depth == 0) {
            return true;
        }
        target = bm_fw_le16(targets_of(node_of(t, way[depth - 1].node)) +
                            2 * way[depth - 1].next++);
    }
}

static bool good_nodes(struct bm_fw_table *t)
{
    uint32_t at = bm_fw_le32(t->p + BM_FW_AT_NODES);
    unsigned left = 0;
    unsigned probes = 0;

    for (unsigned i = 0; i < t->node_n; i++) {
        if (!good_node(t, i, &at) || repeats(t, i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        unsigned root = bm_fw_le16(t->p + BM_FW_AT_ROOTS + 2 * i);
        unsigned needed = BM_FW_CLASS_BIT(i % BM_FW_CLASSES) |
                          (i / BM_FW_CLASSES % 2 != 0 ? BM_FW_MAY_GO_OUT : 0);

        if (!BM_FW_IS_RULE(root)) {
            if ((~(unsigned)bm_fw_le16(entry(t, root) + 4) & needed) != 0) {
                return false;
            }
            probes = entry(t, root)[6] > probes ? entry(t, root)[6] : probes;
        }
        if (!walk(t, root, &left)) {
            return false;
        }
    }
    return t->p + at == t->index && left == t->node_n && probes == t->probes;
}

/* ---- Rules */

static bool good_rule(const struct bm_fw_table *t, unsigned i)
{
    struct bm_fw_rule r;
    bool passes;

    bm_fw_table_rule(t, i, &r);
    passes = r.verdict == BM_FW_ALLOW || r.verdict == BM_FW_OBSERVE;
    return r.verdict >= BM_FW_ALLOW && r.verdict <= BM_FW_OBSERVE &&
           r.flags < 16 && r.log <= BM_FW_LOG_SAMPLE && r.modes != 0 &&
           r.modes < 8 && (r.sample != 0) == (r.log == BM_FW_LOG_SAMPLE) &&
           (passes || (r.flags & BM_FW_FLOWS) == 0) &&
           (r.cap == 0 || (r.flags & BM_FW_FLOWS) != 0) &&
           (r.rate != 0) == (r.burst != 0) && r.burst <= BM_FW_BURST_MAX &&
           (r.rate != 0 ||
            (r.flags & (BM_FW_CONNECTIONS | BM_FW_PER_SOURCE)) == 0) &&
           ((r.flags & BM_FW_PER_SOURCE) == 0 || t->sources != 0) &&
           (r.high != 0) == (r.low != 0) && r.low <= r.high &&
           (r.filter != 0 || (r.flags & BM_FW_FILTER_WATCH) == 0) &&
           (r.filter == 0 || (r.flags & BM_FW_FLOWS) != 0);
}

static uint32_t filter_of(const struct bm_fw_table *t, unsigned i)
{
    return 4u * bm_fw_le16(t->rules + BM_FW_RULE_SIZE * i + BM_FW_RULE_FILTER);
}

/* Is there a rule before `i` with the same filter? */
static bool is_shared(const struct bm_fw_table *t, unsigned i)
{
    for (unsigned j = 0; j < i; j++) {
        if (filter_of(t, j) == filter_of(t, i)) {
            return true;
        }
    }
    return false;
}

/* Filters are one behind the other, as rules first have them, to the end. */
static bool good_filters(const struct bm_fw_table *t, uint32_t at)
{
    for (unsigned i = 0; i < t->rule_n; i++) {
        uint32_t filter = filter_of(t, i);
        size_t n;

        if (filter == 0 || (filter < at && is_shared(t, i))) {
            continue;
        }
        n = bm_fw_modbus_size((struct bm_bytes){ t->p + at, t->size - at });
        if (filter != at || n == 0) {
            return false;
        }
        at += (uint32_t)n;
    }
    return at == t->size;
}

static bool is_name(const uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if ((p[i] < 'a' || p[i] > 'z') && (p[i] < '0' || p[i] > '9') &&
            p[i] != '-') {
            return false;
        }
    }
    return n >= 1 && n <= BM_FW_NAME_MAX;
}

static bool good_rules(const struct bm_fw_table *t)
{
    const uint8_t *end = t->p + t->size;
    const uint8_t *p = t->names;
    uint32_t padding;

    for (unsigned i = 0; i < t->rule_n; i++) {
        if (p == end || p[0] >= end - p || !is_name(p + 1, p[0]) ||
            !good_rule(t, i)) {
            return false;
        }
        p += 1 + p[0];
    }
    padding = bm_fw_padded((uint32_t)(p - t->p)) - (uint32_t)(p - t->p);
    return end - p >= (ptrdiff_t)padding && zero(p, padding) &&
           good_filters(t, (uint32_t)(p - t->p) + padding);
}

static bm_status look(struct bm_fw_table *t, struct bm_bytes octets)
{
    if (octets.n < BM_FW_HEADER_SIZE || octets.n > UINT32_MAX ||
        memcmp(octets.p, "BMFW", 4) != 0) {
        return BM_E_FW_TABLE;
    }
    if (bm_fw_le16(octets.p + BM_FW_AT_FORMAT) != BM_FW_FORMAT) {
        return BM_E_FW_FORMAT;
    }
    return read_header(t, octets) && read_numbers(t) && good_nodes(t) &&
                   good_rules(t)
               ? BM_OK
               : BM_E_FW_TABLE;
}

bm_status bm_fw_table_open(struct bm_fw_table *t, struct bm_bytes octets)
{
    bm_status rc;

    memset(t, 0, sizeof *t);
    if ((uintptr_t)octets.p % 4 != 0) {
        return BM_E_ARGUMENT;
    }
    rc = look(t, octets);
    if (rc != BM_OK) {
        memset(t, 0, sizeof *t);
    }
    return rc;
}
