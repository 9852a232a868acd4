/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/*
 * Frames at the borders of what rules are about: for each condition of each
 * box the first and last value of each range, and those before and behind,
 * while all other conditions hold.
 */

/* Frames that share a table of flows. */
#define TOGETHER 200

/* What a frame says, from which it is made. */
struct facts {
    enum bm_fw_direction direction;
    enum policy_kind kind;
    struct policy_value at[POLICY_FIELDS];
    uint8_t flags; /* of TCP */
};

static const struct policy_value peer_4 = { 0, FRAME_PEER_4 };
static const struct policy_value far_4 = { 0, 0xc0000209 };
static const struct policy_value peer_6 = { 0x20010db800000000, 2 };
static const struct policy_value far_6 = { 0x20010db900000000, 7 };

static void put_value(uint8_t *p, struct policy_value v, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        unsigned bit = 8 * (octets - 1 - i);

        p[i] = (uint8_t)(bit >= 64 ? v.high >> (bit - 64) : v.low >> bit);
    }
}

static void put_inside(struct frame *f, const struct facts *x)
{
    unsigned proto = (unsigned)x->at[POLICY_PROTO].low;
    unsigned port = (unsigned)x->at[POLICY_PORT].low;
    unsigned icmp =
        x->kind == POLICY_IPV6 ? BM_FW_PROTO_ICMPV6 : BM_FW_PROTO_ICMP;

    if (proto == BM_FW_PROTO_TCP) {
        frame_tcp(f, (unsigned)x->at[POLICY_SPORT].low, port, x->flags);
    } else if (proto == BM_FW_PROTO_UDP) {
        frame_udp(f, (unsigned)x->at[POLICY_SPORT].low, port);
    } else if (proto == icmp) {
        frame_icmp(f, port >> 8, port & 0xff,
                   (unsigned)x->at[POLICY_SPORT].low);
    } else {
        frame_append(f, 24);
    }
}

static void put_frame(struct corpus *c, const struct facts *x)
{
    bool in = x->direction == BM_FW_IN;
    unsigned proto = (unsigned)x->at[POLICY_PROTO].low;
    struct frame f;

    if (x->kind == POLICY_ARP) {
        frame_arp(&f, x->direction, (unsigned)x->at[POLICY_PORT].low);
        put_value(f.p + (in ? 28 : 38), x->at[POLICY_PEER4], 4);
    } else if (x->kind == POLICY_OTHER) {
        frame_ethernet(&f, x->direction, (unsigned)x->at[POLICY_TYPE].low);
        f.n = 60;
    } else if (x->kind == POLICY_IPV4) {
        frame_ipv4(&f, x->direction, proto);
        frame_peer_4(&f, (uint32_t)x->at[POLICY_PEER4].low);
        put_inside(&f, x);
    } else {
        frame_ipv6(&f, x->direction, proto);
        put_value(f.p + (in ? 22 : 38), x->at[POLICY_PEER6], 16);
        put_inside(&f, x);
    }
    if (in) {
        put_value(f.p + 6, x->at[POLICY_MAC], 6);
    }
    if (c->since >= TOGETHER) {
        corpus_clear(c);
    }
    corpus_frame(c, &f);
}

/* As it is, as what is no beginning of TCP, and the other way round. */
static void put(struct corpus *c, struct facts *x)
{
    struct facts y = *x;

    if (x->at[POLICY_SPORT].low == 0) {
        x->at[POLICY_SPORT].low = 1024;
    }
    put_frame(c, x);
    y = *x;
    y.flags = BM_FW_ACK;
    y.at[POLICY_SPORT].low = (y.at[POLICY_SPORT].low + 1) & 0xffff;
    put_frame(c, &y);
    y.flags = BM_FW_SYN;
    y.direction = y.direction == BM_FW_IN ? BM_FW_OUT : BM_FW_IN;
    put_frame(c, &y);
}

/* A frame that the box is about. */
static struct facts inside(struct corpus *c, const struct policy_rule *rule,
                           const struct policy_box *box)
{
    struct facts x = { .direction =
                           rule->direction == POLICY_IN ? BM_FW_IN : BM_FW_OUT,
                       .kind = box->kind,
                       .flags = BM_FW_SYN };
    bool far = box->set[POLICY_SUBNET].n != 0 &&
               !policy_set_has(&box->set[POLICY_SUBNET], policy_value(1));

    x.at[POLICY_PROTO] = policy_value(BM_FW_PROTO_UDP);
    x.at[POLICY_PORT] = policy_value(box->kind == POLICY_ARP ? 1 : 7);
    x.at[POLICY_SPORT] = policy_value(1024 + corpus_below(c, 60000));
    x.at[POLICY_MAC] = policy_value(0x02005e000002);
    x.at[POLICY_PEER4] = far ? far_4 : peer_4;
    x.at[POLICY_PEER6] = far ? far_6 : peer_6;
    for (unsigned f = 0; f < POLICY_FIELDS; f++) {
        if (box->set[f].n != 0) {
            x.at[f] = box->set[f].ranges[0].first;
        }
    }
    return x;
}

static const unsigned bits[POLICY_FIELDS] = {
    [POLICY_TYPE] = 16,  [POLICY_PROTO] = 8,   [POLICY_PORT] = 16,
    [POLICY_PEER4] = 32, [POLICY_PEER6] = 128, [POLICY_SPORT] = 16,
    [POLICY_MAC] = 48,
};

static bool can_be(const struct facts *x, enum policy_field field)
{
    /* The type says of what kind a frame is, and what an operation of ARP
     * above 2 would be does not matter. */
    return field != POLICY_SUBNET &&
           (field != POLICY_TYPE || x->kind == POLICY_OTHER);
}

static void borders(struct corpus *c, struct facts *x, enum policy_field field,
                    const struct policy_range *r)
{
    struct policy_value max = policy_value_max(bits[field]);
    struct policy_value zero = policy_value(0);

    x->at[field] = r->first;
    put(c, x);
    x->at[field] = r->last;
    put(c, x);
    if (policy_value_order(r->first, zero) != 0) {
        x->at[field] = policy_value_before(r->first);
        put(c, x);
    }
    if (policy_value_order(r->last, max) < 0) {
        x->at[field] = policy_value_next(r->last);
        put(c, x);
    }
}

static void of_box(struct corpus *c, const struct policy_rule *rule,
                   const struct policy_box *box)
{
    for (unsigned f = 0; f < POLICY_FIELDS; f++) {
        for (size_t i = 0; i < box->set[f].n; i++) {
            struct facts x = inside(c, rule, box);

            if (can_be(&x, (enum policy_field)f)) {
                borders(c, &x, (enum policy_field)f, &box->set[f].ranges[i]);
            }
        }
    }
}

void corpus_boundaries(struct corpus *c, const struct policy *policy)
{
    for (size_t i = 0; i < policy->n; i++) {
        for (size_t j = 0; j < policy->rules[i].boxes_n; j++) {
            of_box(c, &policy->rules[i], &policy->rules[i].boxes[j]);
        }
    }
    corpus_clear(c);
}
