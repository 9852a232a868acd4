/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/nft_internal.h"

#include <inttypes.h>

/* Conditions of a box, in the words of nft. */

static const unsigned bits[POLICY_FIELDS] = {
    [POLICY_TYPE] = 16,  [POLICY_PROTO] = 8,  [POLICY_PORT] = 16,
    [POLICY_SUBNET] = 1, [POLICY_PEER4] = 32, [POLICY_PEER6] = 128,
    [POLICY_SPORT] = 16, [POLICY_MAC] = 48,
};

static bool is_all(const struct policy_set *set, unsigned n)
{
    struct policy_value max = policy_value_max(n);

    return set->n == 0 ||
           (set->n == 1 &&
            policy_value_order(set->ranges[0].first, policy_value(0)) == 0 &&
            policy_value_order(set->ranges[0].last, max) == 0);
}

/* Numbers of protocols, of which there are 256. */
static uint64_t last_proto(const struct policy_range *range)
{
    return range->last.high != 0 || range->last.low > 255 ? 255
                                                          : range->last.low;
}

bool nft_has_proto(const struct policy_box *box, unsigned proto)
{
    return policy_set_has(&box->set[POLICY_PROTO], policy_value(proto));
}

bool nft_has_others(const struct policy_box *box)
{
    const struct policy_set *set = &box->set[POLICY_PROTO];
    unsigned icmp =
        box->kind == POLICY_IPV6 ? POLICY_PROTO_ICMPV6 : POLICY_PROTO_ICMP;

    for (size_t i = 0; i < set->n; i++) {
        for (uint64_t p = set->ranges[i].first.low;
             p <= last_proto(&set->ranges[i]); p++) {
            if (p != icmp && p != POLICY_PROTO_TCP && p != POLICY_PROTO_UDP) {
                return true;
            }
        }
    }
    return set->n == 0;
}

unsigned nft_bits(enum policy_field field)
{
    return bits[field];
}

static void put_value(FILE *f, struct policy_value v, enum policy_field field)
{
    char text[POLICY_VALUE_TEXT];

    policy_value_text(v, bits[field], text);
    fputs(text, f);
}

void nft_put_range(FILE *f, const struct policy_range *range,
                   enum policy_field field)
{
    put_value(f, range->first, field);
    if (policy_value_order(range->first, range->last) != 0) {
        fputc('-', f);
        put_value(f, range->last, field);
    }
}

static void put_set(FILE *f, const struct policy_set *set,
                    enum policy_field field)
{
    fputs(" {", f);
    for (size_t i = 0; i < set->n; i++) {
        fputs(i == 0 ? " " : ", ", f);
        nft_put_range(f, &set->ranges[i], field);
    }
    fputs(" }", f);
}

static void put(FILE *f, const char *what, const struct policy_box *box,
                enum policy_field field)
{
    if (!is_all(&box->set[field], bits[field])) {
        fprintf(f, " %s", what);
        put_set(f, &box->set[field], field);
    }
}

static void put_subnet(FILE *f, const char *what, const struct policy_box *box)
{
    const struct policy_set *set = &box->set[POLICY_SUBNET];

    if (!is_all(set, 1)) {
        fprintf(f, " %s%s @subnet%c", what,
                policy_set_has(set, policy_value(1)) ? "" : " !=",
                box->kind == POLICY_IPV6 ? '6' : '4');
    }
}

/* Source and destination, seen from here. */
const char *nft_peer(enum policy_direction direction, enum policy_kind kind)
{
    static const char *const names[][POLICY_DIRECTIONS] = {
        [POLICY_ARP] = { "arp saddr ip", "arp daddr ip" },
        [POLICY_IPV4] = { "ip saddr", "ip daddr" },
        [POLICY_IPV6] = { "ip6 saddr", "ip6 daddr" },
    };

    return names[kind][direction];
}

static void put_ports(FILE *f, const struct policy_box *box)
{
    if (nft_has_proto(box, POLICY_PROTO_TCP) ||
        nft_has_proto(box, POLICY_PROTO_UDP)) {
        put(f, "th dport", box, POLICY_PORT);
        put(f, "th sport", box, POLICY_SPORT);
    } else {
        put(f, "@th,0,16", box, POLICY_PORT); /* type and code */
    }
}

void nft_match_proto(const struct nft *w, const struct policy_box *box)
{
    put(w->f, "meta l4proto", box, POLICY_PROTO);
}

void nft_match(const struct nft *w, const struct policy_rule *rule,
               const struct policy_box *box)
{
    FILE *f = w->f;

    switch (box->kind) {
    case POLICY_OTHER:
        put(f, "ether type", box, POLICY_TYPE);
        break;
    case POLICY_ARP:
        put(f, "arp operation", box, POLICY_PORT);
        put_subnet(f, nft_peer(rule->direction, box->kind), box);
        put(f, nft_peer(rule->direction, box->kind), box, POLICY_PEER4);
        break;
    default:
        put_ports(f, box);
        put_subnet(f, nft_peer(rule->direction, box->kind), box);
        put(f, nft_peer(rule->direction, box->kind), box,
            box->kind == POLICY_IPV6 ? POLICY_PEER6 : POLICY_PEER4);
    }
    put(f, "ether saddr", box, POLICY_MAC);
}
