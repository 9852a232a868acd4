/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table_internal.h"

static void put_16(struct bm_wr *w, unsigned value)
{
    bm_wr_u8(w, (uint8_t)value);
    bm_wr_u8(w, (uint8_t)(value >> 8));
}

static void put_32(struct bm_wr *w, uint32_t value)
{
    put_16(w, value & 0xffff);
    put_16(w, value >> 16);
}

static void put_zeros(struct bm_wr *w, size_t n)
{
    while (n-- > 0) {
        bm_wr_u8(w, 0);
    }
}

static void put_keys(struct bm_wr *w, const struct bm_fw_node *node)
{
    size_t n = (size_t)bm_fw_key_words(node->field) * (node->n - 1u);

    for (size_t i = 0; i < n; i++) {
        if (bm_fw_key_size(node->field) == 2) {
            put_16(w, node->keys[i] & 0xffff);
        } else {
            put_32(w, node->keys[i]);
        }
    }
    put_zeros(w, bm_fw_key_size(node->field) == 2 ? 2 * (n % 2) : 0);
}

static void put_node(struct bm_wr *w, const struct bm_fw_node *node)
{
    bm_wr_u8(w, node->field);
    bm_wr_u8(w, 0);
    put_16(w, node->n);
    put_keys(w, node);
    for (size_t i = 0; i < node->n; i++) {
        put_16(w, node->targets[i]);
    }
    put_zeros(w, 2 * (node->n % 2u));
}

/* What its entry in the index says, from those of its targets. */
static void weigh(const struct bm_fw_parts *parts, struct bm_fw_node *node)
{
    unsigned classes = bm_fw_classes_with(node->field);
    unsigned deepest = 0;

    for (size_t i = 0; i < node->n; i++) {
        unsigned target = node->targets[i];

        if (target < parts->node_n) {
            const struct bm_fw_node *below = &parts->nodes[target];

            classes &= below->classes;
            deepest = below->cost > deepest ? below->cost : deepest;
        }
    }
    node->classes = (uint16_t)classes;
    node->cost = (uint8_t)(deepest + bm_fw_cost(node->n));
}

static void put_rule(struct bm_wr *w, const struct bm_fw_rule *r,
                     uint32_t filters)
{
    bm_wr_u8(w, r->verdict);
    bm_wr_u8(w, r->flags);
    bm_wr_u8(w, r->log);
    bm_wr_u8(w, r->modes);
    put_16(w, r->sample);
    put_16(w, r->cap);
    put_32(w, r->rate);
    put_16(w, r->burst);
    put_16(w, r->filter == 0 ? 0 : filters / 4 + r->filter - 1);
    put_32(w, r->high);
    put_32(w, r->low);
}

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0') {
        n++;
    }
    return n;
}

/* Where each part begins, and the most comparisons. */
struct places {
    uint32_t nodes;
    uint32_t index;
    uint32_t names;
    uint32_t filters;
    uint32_t end;
    unsigned probes;
};

static void place(const struct bm_fw_parts *parts, struct places *at)
{
    at->nodes = BM_FW_HEADER_SIZE + BM_FW_RULE_SIZE * (uint32_t)parts->rule_n;
    at->index = at->nodes;
    at->probes = 0;
    for (size_t i = 0; i < parts->node_n; i++) {
        weigh(parts, &parts->nodes[i]);
        at->index += bm_fw_node_size(parts->nodes[i].field, parts->nodes[i].n);
    }
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        unsigned root = parts->roots[i];

        if (root < parts->node_n && parts->nodes[root].cost > at->probes) {
            at->probes = parts->nodes[root].cost;
        }
    }
    at->names = at->index + BM_FW_INDEX_SIZE * (uint32_t)parts->node_n;
    at->filters = at->names;
    for (size_t i = 0; i < parts->rule_n; i++) {
        at->filters += 1 + (uint32_t)length(parts->names[i]);
    }
    at->filters = bm_fw_padded(at->filters);
    at->end = at->filters + (uint32_t)parts->filters.n;
}

static void put_header(struct bm_wr *w, const struct bm_fw_parts *parts,
                       const struct places *at)
{
    bm_wr_put(w, BM_LIT("BMFW"));
    put_16(w, BM_FW_FORMAT);
    put_16(w, (unsigned)parts->rule_n);
    put_32(w, at->end);
    put_32(w, parts->version);
    put_32(w, parts->floor);
    put_16(w, (unsigned)parts->node_n);
    put_16(w, parts->flows);
    put_16(w, parts->sources);
    put_16(w, at->probes);
    put_32(w, at->nodes);
    put_32(w, at->index);
    put_32(w, at->names);
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        put_16(w, parts->roots[i]);
    }
    for (unsigned i = 0; i < BM_FW_STATES; i++) {
        put_16(w, parts->seconds[i]);
    }
    put_zeros(w, BM_FW_HEADER_SIZE - BM_FW_AT_RESERVED);
}

void bm_fw_table_write(struct bm_wr *w, const struct bm_fw_parts *parts)
{
    size_t begin = w->len;
    struct places at;
    uint32_t where;

    place(parts, &at);
    put_header(w, parts, &at);
    for (size_t i = 0; i < parts->rule_n; i++) {
        put_rule(w, &parts->rules[i], at.filters);
    }
    for (size_t i = 0; i < parts->node_n; i++) {
        put_node(w, &parts->nodes[i]);
    }
    where = at.nodes;
    for (size_t i = 0; i < parts->node_n; i++) {
        const struct bm_fw_node *node = &parts->nodes[i];

        put_32(w, where);
        put_16(w, node->classes);
        bm_wr_u8(w, node->cost);
        bm_wr_u8(w, 0);
        where += bm_fw_node_size(node->field, node->n);
    }
    for (size_t i = 0; i < parts->rule_n; i++) {
        bm_wr_u8(w, (uint8_t)length(parts->names[i]));
        bm_wr_str(w, parts->names[i]);
    }
    put_zeros(w, at.filters - (w->len - begin));
    bm_wr_put(w, parts->filters);
}
