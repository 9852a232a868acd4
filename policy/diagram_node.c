/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/diagram_internal.h"

#include <stdlib.h>
#include <string.h>

uint32_t policy_diagram_hash(uint32_t hash, const void *p, size_t n)
{
    const uint8_t *octet = p;

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ octet[i]) * UINT32_C(16777619);
    }
    return hash;
}

/* ---- Nodes */

static bool same_node(const struct bm_fw_node *a, const struct bm_fw_node *b)
{
    size_t words = bm_fw_key_words(a->field);

    return a->field == b->field && a->n == b->n &&
           memcmp(a->keys, b->keys, words * (a->n - 1u) * sizeof *a->keys) ==
               0 &&
           memcmp(a->targets, b->targets, a->n * sizeof *a->targets) == 0;
}

static struct cons **bucket_of(struct build *b, const struct bm_fw_node *node)
{
    size_t words = bm_fw_key_words(node->field);
    uint32_t hash = policy_diagram_hash(node->field, node->targets,
                                        node->n * sizeof *node->targets);

    hash = policy_diagram_hash(hash, node->keys,
                               words * (node->n - 1u) * sizeof *node->keys);
    return &b->cons[hash % POLICY_DIAGRAM_BUCKETS];
}

/* The number of the node, which is added unless it is there. */
static bm_status add_node(struct build *b, const struct bm_fw_node *node,
                          uint16_t *number)
{
    struct cons **bucket = bucket_of(b, node);
    struct cons *c;

    for (c = *bucket; c != NULL; c = c->next) {
        if (same_node(&b->d->nodes[c->number], node)) {
            *number = c->number;
            return BM_OK;
        }
    }
    if (b->d->n == BM_FW_NODES_MAX) {
        return BM_E_LIMIT;
    }
    c = policy_memory_get(b->memory, sizeof *c);
    if (c == NULL) {
        return BM_E_LIMIT;
    }
    *number = (uint16_t)b->d->n++;
    b->d->nodes[*number] = *node;
    c->number = *number;
    c->next = *bucket;
    *bucket = c;
    return BM_OK;
}

/* ---- Ranges: where conditions begin and end */

static int order_edges(const void *a, const void *b)
{
    const struct edge *x = a;
    const struct edge *y = b;

    return policy_value_order(x->at, y->at);
}

static bool make_room(struct making *m, const struct build *b)
{
    size_t edges = 1;
    size_t words = bm_fw_key_words(m->field + 1);

    for (size_t i = 0; i < m->list.n; i++) {
        edges += 2 * b->boxes[m->list.box[i]].box->set[m->field].n;
    }
    m->edges = calloc(edges, sizeof *m->edges);
    m->possible = calloc(m->list.n / 64 + 1, sizeof *m->possible);
    m->now.box = calloc(m->list.n + 1, sizeof *m->now.box);
    m->keys = calloc(edges * words, sizeof *m->keys);
    m->targets = calloc(edges, sizeof *m->targets);
    return m->edges != NULL && m->possible != NULL && m->now.box != NULL &&
           m->keys != NULL && m->targets != NULL;
}

void policy_making_wipe(struct making *m)
{
    free(m->edges);
    free(m->possible);
    free(m->now.box);
    free(m->keys);
    free(m->targets);
}

static void put_edges(struct making *m, const struct policy_set *set,
                      size_t place)
{
    struct policy_value max = policy_field_max((enum policy_field)m->field);

    if (set->n == 0) {
        m->possible[place / 64] |= (uint64_t)1 << place % 64;
    }
    for (size_t i = 0; i < set->n; i++) {
        const struct policy_range *r = &set->ranges[i];

        m->edges[m->edges_n++] = (struct edge){ r->first, (uint32_t)place };
        if (policy_value_order(r->last, max) < 0) {
            m->edges[m->edges_n++] =
                (struct edge){ policy_value_next(r->last), (uint32_t)place };
        }
    }
}

static void gather_edges(struct making *m, const struct build *b)
{
    for (size_t i = 0; i < m->list.n; i++) {
        put_edges(m, &b->boxes[m->list.box[i]].box->set[m->field], i);
    }
    qsort(m->edges, m->edges_n, sizeof *m->edges, order_edges);
}

static void list_possible(struct making *m)
{
    m->now.n = 0;
    for (size_t w = 0; w <= m->list.n / 64; w++) {
        if (m->possible[w] == 0) {
            continue;
        }
        for (size_t i = 0; i < 64; i++) {
            if ((m->possible[w] >> i & 1) != 0) {
                m->now.box[m->now.n++] = m->list.box[w * 64 + i];
            }
        }
    }
}

static void put_key(struct making *m, struct policy_value v)
{
    unsigned words = bm_fw_key_words(m->field + 1);
    uint32_t *key = m->keys + words * (m->n - 1);

    if (words == 4) {
        key[0] = (uint32_t)(v.high >> 32);
        key[1] = (uint32_t)v.high;
        key += 2;
    }
    if (words >= 2) {
        *key++ = (uint32_t)(v.low >> 32);
    }
    *key = (uint32_t)v.low;
}

bm_status policy_making_put(struct making *m, struct policy_value v,
                            uint16_t target)
{
    if (m->n != 0 && m->targets[m->n - 1] == target) {
        return BM_OK;
    }
    if (m->n == BM_FW_RANGES_MAX) {
        return BM_E_LIMIT;
    }
    if (m->n != 0) {
        put_key(m, v);
    }
    m->targets[m->n++] = target;
    return BM_OK;
}

/* Copies: what the making had room for is gone soon. */
bm_status policy_making_finish(struct build *b, const struct making *m,
                               uint16_t *target)
{
    size_t keys = bm_fw_key_words(m->field + 1) * (m->n - 1);
    struct bm_fw_node node = { .field = (uint8_t)(m->field + 1),
                               .n = (uint16_t)m->n };
    uint32_t *k;
    uint16_t *t;

    if (m->n == 1) {
        *target = m->targets[0];
        return BM_OK;
    }
    k = policy_memory_get(b->d->memory, keys * sizeof *k);
    t = policy_memory_get(b->d->memory, m->n * sizeof *t);
    if (k == NULL || t == NULL) {
        return BM_E_LIMIT;
    }
    memcpy(k, m->keys, keys * sizeof *k);
    memcpy(t, m->targets, m->n * sizeof *t);
    node.keys = k;
    node.targets = t;
    return add_node(b, &node, target);
}

bool policy_making_init(struct making *m, const struct build *b)
{
    if (!make_room(m, b)) {
        return false;
    }
    gather_edges(m, b);
    return true;
}

void policy_making_step(struct making *m, size_t *i, struct policy_value at)
{
    for (; *i < m->edges_n && policy_value_order(m->edges[*i].at, at) == 0;
         (*i)++) {
        uint32_t place = m->edges[*i].place;

        m->possible[place / 64] ^= (uint64_t)1 << place % 64;
    }
    list_possible(m);
}
