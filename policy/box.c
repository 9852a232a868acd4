/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <string.h>

/*
 * What a rule is about: each protocol of the rule by each form of its peers
 * makes a box, so that a box is of one kind and its conditions simply hold
 * together.
 */

/* All that the boxes of a rule are made of. */
struct making {
    struct policy_reader *r;
    const struct policy_words *words;
    struct policy_peers peers;
    struct policy_set macs;
    struct policy_set ports;
    struct policy_set sports;
    struct policy_box *boxes;
    size_t n;
};

/* A set of one value, that is never changed. */
#define ONE(value)                                                   \
    {                                                                \
        (struct policy_range[]){ { { 0, value }, { 0, value } } }, 1 \
    }

static const struct policy_set types[] = {
    [POLICY_ARP] = ONE(POLICY_TYPE_ARP),
    [POLICY_IPV4] = ONE(POLICY_TYPE_IPV4),
    [POLICY_IPV6] = ONE(POLICY_TYPE_IPV6),
    [POLICY_OTHER] = { (struct policy_range[]){
                           { { 0, 0 }, { 0, POLICY_TYPE_IPV4 - 1 } },
                           { { 0, POLICY_TYPE_IPV4 + 1 },
                             { 0, POLICY_TYPE_ARP - 1 } },
                           { { 0, POLICY_TYPE_ARP + 1 },
                             { 0, POLICY_TYPE_IPV6 - 1 } },
                           { { 0, POLICY_TYPE_IPV6 + 1 }, { 0, 0xffff } } },
                       4 }
};

static const struct policy_set inside = ONE(1);
static const struct policy_set outside = ONE(0);

static bool is_ip(enum policy_kind kind)
{
    return kind == POLICY_IPV4 || kind == POLICY_IPV6;
}

static bm_status add(struct making *m, const struct policy_box *box)
{
    if (m->n == POLICY_BOXES_MAX) {
        return config_fail(m->r->error, m->words->at, BM_E_LIMIT,
                           "protocols and peers are too many for one rule");
    }
    m->boxes[m->n++] = *box;
    return BM_OK;
}

/* One box for each form of the peers that frames of the kind may have. */
static bm_status add_by_peer(struct making *m, struct policy_box box)
{
    struct policy_box with = box;
    enum policy_field field =
        box.kind == POLICY_IPV6 ? POLICY_PEER6 : POLICY_PEER4;

    if (m->peers.any) {
        return add(m, &box);
    }
    if (box.kind == POLICY_OTHER) {
        return BM_OK; /* has no peer */
    }
    if (m->peers.subnet && m->peers.outside) {
        return add(m, &box);
    }
    if (m->peers.subnet || m->peers.outside) {
        with.set[POLICY_SUBNET] = m->peers.subnet ? inside : outside;
        BM_TRY(add(m, &with));
    }
    with = box;
    with.set[field] = box.kind == POLICY_IPV6 ? m->peers.ipv6 : m->peers.ipv4;
    return with.set[field].n != 0 ? add(m, &with) : BM_OK;
}

static bool family_wanted(const struct making *m, enum policy_kind kind)
{
    switch (kind) {
    case POLICY_IPV4:
        return (m->words->family & POLICY_FAMILY_4) != 0;
    case POLICY_IPV6:
        return (m->words->family & POLICY_FAMILY_6) != 0;
    default:
        return true;
    }
}

/* ---- Ports and kinds */

static bm_status misplaced(struct making *m, const struct config_node *node,
                           const char *of)
{
    return config_fail(m->r->error, node, BM_E_CONFIG_VALUE,
                       "%s is of %s, which a protocol of this rule is not",
                       node->key != NULL ? node->key : "this", of);
}

static bool is_icmp(enum policy_kind kind, int proto)
{
    return (kind == POLICY_IPV4 && proto == POLICY_PROTO_ICMP) ||
           (kind == POLICY_IPV6 && proto == POLICY_PROTO_ICMPV6);
}

static bm_status set_kinds(struct making *m, struct policy_box *box)
{
    enum policy_kinds kinds = box->kind == POLICY_ARP    ? POLICY_KINDS_ARP
                              : box->kind == POLICY_IPV4 ? POLICY_KINDS_ICMP
                                                         : POLICY_KINDS_ICMPV6;

    if (m->words->kind == NULL) {
        return BM_OK;
    }
    return policy_kinds_read(m->r, m->words->kind, kinds,
                             &box->set[POLICY_PORT]);
}

static bm_status set_ports(struct making *m, struct policy_box *box, int proto)
{
    const struct policy_words *w = m->words;
    bool has_port = is_ip(box->kind) &&
                    (proto == POLICY_PROTO_TCP || proto == POLICY_PROTO_UDP);
    bool has_kind = box->kind == POLICY_ARP || is_icmp(box->kind, proto);

    if (!has_port && w->port != NULL) {
        return misplaced(m, w->port, "TCP and UDP");
    }
    if (!has_port && w->source_port != NULL) {
        return misplaced(m, w->source_port, "TCP and UDP");
    }
    if (!has_kind && w->kind != NULL) {
        return misplaced(m, w->kind, "ARP, ICMP and ICMPv6");
    }
    if (has_port) {
        box->set[POLICY_PORT] = m->ports;
        box->set[POLICY_SPORT] = m->sports;
    }
    return has_kind ? set_kinds(m, box) : BM_OK;
}

/* `proto` -1: any. */
static bm_status add_kind(struct making *m, enum policy_kind kind, int proto)
{
    struct policy_box box = { .kind = kind };

    if (!family_wanted(m, kind)) {
        return BM_OK;
    }
    box.set[POLICY_TYPE] = types[kind];
    box.set[POLICY_MAC] = m->macs;
    if (proto >= 0) {
        struct policy_range *range = policy_ranges(m->r, m->words->at, 1);

        if (range == NULL) {
            return m->r->error->status;
        }
        *range = (struct policy_range){ policy_value((uint64_t)proto),
                                        policy_value((uint64_t)proto) };
        box.set[POLICY_PROTO] = (struct policy_set){ range, 1 };
    }
    BM_TRY(set_ports(m, &box, proto));
    return add_by_peer(m, box);
}

/* ---- Protocols */

#define OF_ARP   1u
#define OF_IPV4  2u
#define OF_IPV6  4u
#define OF_OTHER 8u
#define OF_IP    (OF_IPV4 | OF_IPV6)

static const struct protocol {
    const char *name;
    unsigned kinds;
    int proto;
} protocols[] = {
    { "any", OF_ARP | OF_IP | OF_OTHER, -1 },
    { "arp", OF_ARP, -1 },
    { "ip", OF_IP, -1 },
    { "ipv4", OF_IPV4, -1 },
    { "ipv6", OF_IPV6, -1 },
    { "icmp", OF_IPV4, POLICY_PROTO_ICMP },
    { "icmpv6", OF_IPV6, POLICY_PROTO_ICMPV6 },
    { "tcp", OF_IP, POLICY_PROTO_TCP },
    { "udp", OF_IP, POLICY_PROTO_UDP },
};

static bool find_protocol(const char *text, struct protocol *protocol)
{
    struct policy_range number;

    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (strcmp(protocols[i].name, text) == 0) {
            *protocol = protocols[i];
            return true;
        }
    }
    if (!policy_range_number(text, 255, &number) ||
        policy_value_order(number.first, number.last) != 0) {
        return false;
    }
    *protocol = (struct protocol){ text, OF_IP, (int)number.first.low };
    return true;
}

static bm_status add_protocol(struct making *m, const struct config_node *item)
{
    static const struct {
        unsigned bit;
        enum policy_kind kind;
    } kinds[] = { { OF_ARP, POLICY_ARP },
                  { OF_IPV4, POLICY_IPV4 },
                  { OF_IPV6, POLICY_IPV6 },
                  { OF_OTHER, POLICY_OTHER } };
    struct protocol protocol;

    if (item->kind != CONFIG_SCALAR || !find_protocol(item->text, &protocol)) {
        return config_fail(m->r->error, item, BM_E_CONFIG_VALUE,
                           "unknown protocol \"%.60s\": any, arp, ip, ipv4, "
                           "ipv6, icmp, icmpv6, tcp, udp, or a number to 255",
                           item->kind == CONFIG_SCALAR ? item->text : "");
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if ((protocol.kinds & kinds[i].bit) != 0) {
            BM_TRY(add_kind(m, kinds[i].kind, protocol.proto));
        }
    }
    return BM_OK;
}

static bm_status add_ethernet(struct making *m)
{
    const struct config_node *node = m->words->ethernet;
    struct policy_box box = { .kind = POLICY_OTHER };
    struct policy_set *set = &box.set[POLICY_TYPE];

    BM_TRY(policy_numbers_read(m->r, node, 0xffff, set));
    if (policy_set_has(set, policy_value(POLICY_TYPE_IPV4)) ||
        policy_set_has(set, policy_value(POLICY_TYPE_ARP)) ||
        policy_set_has(set, policy_value(POLICY_TYPE_IPV6))) {
        return config_fail(m->r->error, node, BM_E_CONFIG_VALUE,
                           "IPv4 (0x0800), ARP (0x0806) and IPv6 (0x86dd) are "
                           "named by protocol");
    }
    if (m->words->port != NULL || m->words->kind != NULL ||
        m->words->source_port != NULL || m->words->peer != NULL) {
        return config_fail(m->r->error, node, BM_E_CONFIG_VALUE,
                           "such frames have no port, kind or peer");
    }
    box.set[POLICY_MAC] = m->macs;
    return add(m, &box);
}

static bm_status add_all(struct making *m)
{
    const struct config_node *node = m->words->protocol;

    if ((node == NULL) == (m->words->ethernet == NULL)) {
        return config_fail(m->r->error, m->words->at, BM_E_CONFIG_MISSING,
                           "a rule has either protocol or ethernet");
    }
    if (node == NULL) {
        return add_ethernet(m);
    }
    if (policy_items(node) == NULL) {
        return config_fail(m->r->error, node, BM_E_CONFIG_VALUE,
                           "protocol must be a value or a sequence of values");
    }
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        BM_TRY(add_protocol(m, i));
    }
    return BM_OK;
}

static bm_status read_sets(struct making *m, enum policy_direction direction)
{
    const struct policy_words *w = m->words;

    BM_TRY(policy_peers_read(m->r, w->peer, &m->peers));
    if (w->mac != NULL && direction == POLICY_OUT) {
        return config_fail(m->r->error, w->mac, BM_E_CONFIG_VALUE,
                           "mac is of frames that come in");
    }
    if (w->mac != NULL) {
        BM_TRY(policy_macs_read(m->r, w->mac, &m->macs));
    }
    if (w->port != NULL) {
        BM_TRY(policy_numbers_read(m->r, w->port, 0xffff, &m->ports));
    }
    if (w->source_port != NULL) {
        BM_TRY(policy_numbers_read(m->r, w->source_port, 0xffff, &m->sports));
    }
    return BM_OK;
}

bm_status policy_boxes_read(struct policy_reader *r,
                            const struct policy_words *words,
                            struct policy_rule *rule)
{
    struct policy_box boxes[POLICY_BOXES_MAX];
    struct making m = { .r = r, .words = words, .boxes = boxes };

    BM_TRY(read_sets(&m, rule->direction));
    BM_TRY(add_all(&m));
    if (m.n == 0) {
        return config_fail(r->error, words->at, BM_E_CONFIG_VALUE,
                           "no frame can be what this rule says: its protocol "
                           "and its peers are of different families");
    }
    rule->boxes = config_memory(r->policy->config, m.n * sizeof *boxes);
    if (rule->boxes == NULL) {
        return config_fail(r->error, words->at, BM_E_MEMORY, "out of memory");
    }
    memcpy(rule->boxes, boxes, m.n * sizeof *boxes);
    rule->boxes_n = m.n;
    return BM_OK;
}
