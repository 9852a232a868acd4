/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TEST_TABLES_H
#define BM_FIREWALL_TEST_TABLES_H

/*
 * Small tables for tests: rules, and which ports of which protocols lead to
 * them, for IPv4 and IPv6 alike; ARP as a whole. Who needs
 * other nodes puts them together by hand.
 */
#include <string.h>

#include "firewall/table.h"

#define TABLE_RULES    16
#define TABLE_SERVICES 16
#define TABLE_NODES    32
#define TABLE_RANGES   36
#define TABLE_OCTETS   4096
#define TABLE_ICMP     1 /* of either family */

struct table_service {
    uint8_t direction;
    uint8_t proto;
    uint16_t port;
    uint16_t last;   /* port; 0: the same */
    uint16_t port_6; /* of ICMP: the same kind in IPv6 */
    uint16_t rule;
};

struct table_maker {
    struct bm_fw_parts parts;
    struct bm_fw_rule rules[TABLE_RULES];
    const char *names[TABLE_RULES];
    struct bm_fw_node nodes[TABLE_NODES];
    uint32_t keys[TABLE_NODES][TABLE_RANGES * 4];
    uint16_t targets[TABLE_NODES][TABLE_RANGES];
    struct table_service services[TABLE_SERVICES];
    size_t service_n;
    unsigned arp[2]; /* targets */
    uint32_t octets[TABLE_OCTETS / 4];
    size_t n;
};

static inline void table_begin(struct table_maker *m)
{
    memset(m, 0, sizeof *m);
    m->parts.version = 1;
    m->parts.flows = 8;
    memcpy(m->parts.seconds, bm_fw_seconds, sizeof m->parts.seconds);
    m->parts.rules = m->rules;
    m->parts.names = m->names;
    m->parts.nodes = m->nodes;
    m->arp[0] = m->arp[1] = BM_FW_NO_RULE;
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        m->parts.roots[i] = BM_FW_NO_RULE;
    }
}

/* A rule, in all modes: its number. */
static inline uint16_t table_rule(struct table_maker *m, const char *name,
                                  unsigned verdict, unsigned flags)
{
    size_t i = m->parts.rule_n++;

    m->rules[i].verdict = (uint8_t)verdict;
    m->rules[i].flags = (uint8_t)flags;
    m->rules[i].modes = 7;
    m->names[i] = name;
    return (uint16_t)i;
}

/* Services of one direction and protocol: in the order of their ports. */
static inline struct table_service *table_service(struct table_maker *m,
                                                  enum bm_fw_direction d,
                                                  unsigned proto, unsigned port,
                                                  unsigned rule)
{
    struct table_service *s = &m->services[m->service_n++];

    s->direction = (uint8_t)d;
    s->proto = (uint8_t)proto;
    s->port = (uint16_t)port;
    s->rule = (uint16_t)rule;
    return s;
}

/* ---- Nodes, range by range; one with a single range is its target. */

static inline struct bm_fw_node *table_node(struct table_maker *m,
                                            unsigned field)
{
    struct bm_fw_node *node = &m->nodes[m->parts.node_n];

    node->field = (uint8_t)field;
    node->n = 0;
    node->keys = m->keys[m->parts.node_n];
    node->targets = m->targets[m->parts.node_n];
    return node;
}

/* From `first` on `target`, in the place of a range that began there. */
static inline void table_range(struct table_maker *m, struct bm_fw_node *node,
                               uint32_t first, unsigned target)
{
    size_t at = (size_t)(node - m->nodes);
    uint16_t *targets = m->targets[at];
    uint32_t *keys = m->keys[at];

    if (node->n > 0 && first == (node->n == 1 ? 0 : keys[node->n - 2])) {
        node->n--;
    }
    if (node->n > 0 && targets[node->n - 1] == target) {
        return;
    }
    if (node->n > 0) {
        keys[node->n - 1] = first;
    }
    targets[node->n++] = (uint16_t)target;
}

static inline bool table_equal(const struct bm_fw_node *a,
                               const struct bm_fw_node *b)
{
    return a->field == b->field && a->n == b->n &&
           memcmp(a->keys, b->keys,
                  4u * bm_fw_key_words(a->field) * (a->n - 1u)) == 0 &&
           memcmp(a->targets, b->targets, 2u * a->n) == 0;
}

/* What leads to it: itself, an equal one before, or where all of it leads. */
static inline unsigned table_target(struct table_maker *m,
                                    struct bm_fw_node *node)
{
    if (node->n == 1) {
        return m->targets[node - m->nodes][0];
    }
    for (size_t i = 0; i < m->parts.node_n; i++) {
        if (table_equal(&m->nodes[i], node)) {
            return (unsigned)i;
        }
    }
    return (unsigned)m->parts.node_n++;
}

/* ---- Roots of direction `d` */

static inline unsigned table_ports(struct table_maker *m, unsigned d,
                                   unsigned proto, bool six)
{
    struct bm_fw_node *node = table_node(m, BM_FW_FIELD_PORT);

    table_range(m, node, 0, BM_FW_NO_RULE);
    for (size_t i = 0; i < m->service_n; i++) {
        const struct table_service *s = &m->services[i];
        unsigned port = six && proto == TABLE_ICMP ? s->port_6 : s->port;
        unsigned last = s->last != 0 ? s->last : port;

        if (s->direction == d && s->proto == proto) {
            table_range(m, node, port, BM_FW_TARGET_RULE + s->rule);
            if (last < 0xffff) {
                table_range(m, node, last + 1, BM_FW_NO_RULE);
            }
        }
    }
    return table_target(m, node);
}

static inline unsigned table_root(struct table_maker *m, unsigned d,
                                  enum bm_fw_class class_of)
{
    switch (class_of) {
    case BM_FW_CLASS_ARP:
        return m->arp[d];
    case BM_FW_CLASS_TCP_4:
    case BM_FW_CLASS_TCP_6:
        return table_ports(m, d, BM_FW_PROTO_TCP, false);
    case BM_FW_CLASS_UDP_4:
    case BM_FW_CLASS_UDP_6:
        return table_ports(m, d, BM_FW_PROTO_UDP, false);
    case BM_FW_CLASS_ICMP_4:
    case BM_FW_CLASS_ICMP_6:
        return table_ports(m, d, TABLE_ICMP, class_of == BM_FW_CLASS_ICMP_6);
    default:
        return BM_FW_NO_RULE;
    }
}

/* Write it as it stands. */
static inline struct bm_bytes table_write(struct table_maker *m)
{
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)m->octets, sizeof m->octets);
    bm_fw_table_write(&w, &m->parts);
    if (bm_wr_finish(&w, &m->n) != BM_OK) {
        m->n = 0;
    }
    return (struct bm_bytes){ (const uint8_t *)m->octets, m->n };
}

/* All roots, the same in all modes; then all of it. */
static inline struct bm_bytes table_end(struct table_maker *m)
{
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        m->parts.roots[i] = (uint16_t)table_root(
            m, i / BM_FW_CLASSES % 2, (enum bm_fw_class)(i % BM_FW_CLASSES));
    }
    return table_write(m);
}

#endif
