/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_TEST_GENERATE_H
#define BM_POLICY_TEST_GENERATE_H

/*
 * Policies and packets for tests, out of a number: always the same for the
 * same one. A packet has values at the borders of the conditions of the
 * policy, and right beside them, and some that no policy knows.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/judge.h"

struct dice {
    uint64_t state;
};

static inline uint32_t dice_throw(struct dice *d, uint32_t sides)
{
    d->state = d->state * UINT64_C(6364136223846793005) +
               UINT64_C(1442695040888963407);
    return (uint32_t)(d->state >> 33) % sides;
}

/* ---- Policies */

#define GENERATE_MAX 16384

struct generate {
    struct dice *dice;
    char text[GENERATE_MAX];
    size_t n;
};

static inline void generate_put(struct generate *g, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline void generate_put(struct generate *g, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(g->text + g->n, sizeof g->text - g->n, format, args);
    va_end(args);
    g->n += n > 0 && (size_t)n < sizeof g->text - g->n ? (size_t)n : 0;
}

static inline const char *generate_pick(struct dice *d,
                                        const char *const *words, uint32_t n)
{
    return words[dice_throw(d, n)];
}

#define GENERATE_PICK(d, words) \
    generate_pick(d, words, sizeof(words) / sizeof((words)[0]))

static inline void generate_ports(struct generate *g, const char *key)
{
    uint32_t first = dice_throw(g->dice, 8) == 0
                         ? dice_throw(g->dice, 2) * 65535
                         : dice_throw(g->dice, 40);
    uint32_t more = dice_throw(g->dice, 9);
    uint32_t other = dice_throw(g->dice, 60);

    generate_put(g, ", %s: [%u-%u, %u]", key, first,
                 first == 65535 ? first : first + more, other);
}

static inline void generate_peers(struct generate *g)
{
    static const char *const peers[] = {
        "10.0.0.0/24",
        "10.0.0.7",
        "10.0.0.0-10.0.0.9",
        "0.0.0.0/1",
        "subnet",
        "outside",
        "192.168.0.0/16",
        "255.255.255.255",
        "\"fd00::/8\"",
        "\"fd00::1\"",
        "\"fe80::/10\"",
        "\"::/0\"",
        "\"fd00::1-fd00::1:0:0:1\"",
        "many",
    };
    /* What every family has, first: a rule about no frame is refused. */
    static const char *const all[] = { "many", "subnet", "outside" };
    uint32_t n = dice_throw(g->dice, 3);

    generate_put(g, ", peer: [%s", GENERATE_PICK(g->dice, all));
    for (uint32_t i = 0; i < n; i++) {
        generate_put(g, ", %s", GENERATE_PICK(g->dice, peers));
    }
    generate_put(g, "]");
}

static inline void generate_what(struct generate *g)
{
    static const char *const protocols[] = { "any",      "ip",       "ipv4",
                                             "ipv6",     "47",       "58",
                                             "1",        "[0, 255]", "tcp",
                                             "[udp, 47]" };
    static const char *const ports[] = { "tcp", "udp", "[tcp, udp]", "6" };
    static const char *const icmp[] = { "echo-request", "[8, 3/1]", "0/0" };
    static const char *const icmpv6[] = { "echo-request", "[128, 1/1]",
                                          "[135, 136]" };

    switch (dice_throw(g->dice, 8)) {
    case 0:
        generate_put(g, ", protocol: arp, kind: %s",
                     dice_throw(g->dice, 2) != 0 ? "reply" : "request");
        break;
    case 1:
        generate_put(g, ", protocol: icmp, kind: %s",
                     GENERATE_PICK(g->dice, icmp));
        break;
    case 2:
        generate_put(g, ", protocol: icmpv6, kind: %s",
                     GENERATE_PICK(g->dice, icmpv6));
        break;
    case 3:
        generate_put(g, ", ethernet: [0x88cc, 0x86de-0x8900, 0-%u]",
                     dice_throw(g->dice, 0x800));
        return;
    case 4:
        generate_put(g, ", protocol: %s", GENERATE_PICK(g->dice, protocols));
        break;
    default:
        generate_put(g, ", protocol: %s", GENERATE_PICK(g->dice, ports));
        if (dice_throw(g->dice, 4) != 0) {
            generate_ports(g, "port");
        }
        if (dice_throw(g->dice, 4) == 0) {
            generate_ports(g, "source_port");
        }
        break;
    }
    if (dice_throw(g->dice, 3) != 0) {
        generate_peers(g);
    }
}

/* `distinct`: every rule has a priority of its own, and none contradict. */
static inline void generate_rule(struct generate *g, unsigned i, bool distinct)
{
    static const char *const verdicts[] = { "allow", "drop", "observe" };
    static const char *const modes[] = { "[normal]", "[lockdown, repair]",
                                         "[normal, lockdown, repair]" };
    bool in = dice_throw(g->dice, 2) != 0;

    generate_put(g, "- {name: r%u, direction: %s, flows: false, verdict: %s", i,
                 in ? "in" : "out", GENERATE_PICK(g->dice, verdicts));
    generate_put(g, ", modes: %s", GENERATE_PICK(g->dice, modes));
    generate_put(g, ", priority: %u", distinct ? i : dice_throw(g->dice, 4));
    generate_what(g);
    if (in && dice_throw(g->dice, 4) == 0) {
        generate_put(g,
                     ", mac: [\"02:00:00:00:00:00/%u\", "
                     "\"ff:ff:ff:ff:ff:ff\"]",
                     dice_throw(g->dice, 2) != 0 ? 24 : 40);
    }
    generate_put(g, "}\n");
}

static inline void generate_policy(struct generate *g, struct dice *dice,
                                   bool distinct)
{
    uint32_t n = 1 + dice_throw(dice, 12);

    g->dice = dice;
    g->n = 0;
    generate_put(g, "policy: p\nversion: 1\nfloor: 1\nflows: 4\n"
                    "groups: {many: [10.0.0.3, 10.0.0.5, 172.16.0.0/12, "
                    "\"fd00::7\"]}\nrules:\n");
    for (uint32_t i = 0; i < n; i++) {
        generate_rule(g, i, distinct);
    }
}

/* ---- Packets */

#define BORDERS_MAX 4096

struct borders {
    struct policy_value at[POLICY_FIELDS][BORDERS_MAX];
    size_t n[POLICY_FIELDS];
};

static inline void borders_put(struct borders *b, enum policy_field f,
                               struct policy_value v)
{
    if (b->n[f] < BORDERS_MAX) {
        b->at[f][b->n[f]++] = v;
    }
}

static inline void borders_of(struct borders *b, const struct policy *policy)
{
    memset(b->n, 0, sizeof b->n);
    for (size_t i = 0; i < policy->n; i++) {
        for (size_t j = 0; j < policy->rules[i].boxes_n; j++) {
            for (unsigned f = 0; f < POLICY_FIELDS; f++) {
                const struct policy_set *s = &policy->rules[i].boxes[j].set[f];

                for (size_t k = 0; k < s->n; k++) {
                    enum policy_field field = (enum policy_field)f;
                    struct policy_value a = s->ranges[k].first;
                    struct policy_value z = s->ranges[k].last;

                    borders_put(b, field, a);
                    borders_put(b, field, z);
                    borders_put(b, field, policy_value_before(a));
                    borders_put(b, field, policy_value_next(z));
                }
            }
        }
    }
}

static inline struct policy_value
borders_pick(const struct borders *b, struct dice *d, enum policy_field f)
{
    if (b->n[f] == 0 || dice_throw(d, 8) == 0) {
        struct policy_value v;

        v.high = dice_throw(d, UINT32_MAX);
        v.low = dice_throw(d, UINT32_MAX);
        return v;
    }
    return b->at[f][dice_throw(d, (uint32_t)b->n[f])];
}

static inline void generate_ip(const struct borders *b, struct dice *d,
                               struct bm_fw_packet *p)
{
    static const uint16_t protocols[] = { 6, 17, 1, 58 };
    bool six = p->family == BM_FW_IPV6;
    struct policy_value peer =
        borders_pick(b, d, six ? POLICY_PEER6 : POLICY_PEER4);

    p->proto = (uint16_t)(borders_pick(b, d, POLICY_PROTO).low & 0xff);
    if (dice_throw(d, 4) != 0) {
        p->proto = protocols[dice_throw(d, 4)];
    }
    p->class_of = (uint8_t)(six ? BM_FW_CLASS_PLAIN_6 : BM_FW_CLASS_PLAIN_4);
    if (p->proto == 6 || p->proto == 17 || p->proto == (six ? 58 : 1)) {
        p->class_of = (uint8_t)(p->class_of - (p->proto == 6    ? 3
                                               : p->proto == 17 ? 2
                                                                : 1));
    }
    p->subnet = (uint8_t)dice_throw(d, 2);
    p->peer[0] = (uint32_t)peer.low;
    if (six) {
        p->peer[0] = (uint32_t)(peer.high >> 32);
        p->peer[1] = (uint32_t)peer.high;
        p->peer[2] = (uint32_t)(peer.low >> 32);
        p->peer[3] = (uint32_t)peer.low;
    }
    if (p->proto == 6 || p->proto == 17 || p->proto == (six ? 58 : 1)) {
        p->port = (uint16_t)borders_pick(b, d, POLICY_PORT).low;
    }
    if (p->proto == 6 || p->proto == 17) {
        p->sport = (uint16_t)borders_pick(b, d, POLICY_SPORT).low;
    }
}

static inline void generate_packet(const struct borders *b, struct dice *d,
                                   struct bm_fw_packet *p)
{
    static const uint16_t types[] = { 0x0800, 0x86dd, 0x0800, 0x86dd, 0x0806 };
    struct policy_value mac = borders_pick(b, d, POLICY_MAC);

    memset(p, 0, sizeof *p);
    p->direction = dice_throw(d, 2) != 0 ? BM_FW_IN : BM_FW_OUT;
    p->type = (uint16_t)borders_pick(b, d, POLICY_TYPE).low;
    if (dice_throw(d, 3) != 0) {
        p->type = types[dice_throw(d, 5)];
    }
    if (p->direction == BM_FW_IN) {
        p->mac[0] = (uint32_t)(mac.low >> 32) & 0xffff;
        p->mac[1] = (uint32_t)mac.low;
    }
    switch (p->type) {
    case 0x0800:
        p->family = BM_FW_IPV4;
        generate_ip(b, d, p);
        break;
    case 0x86dd:
        p->family = BM_FW_IPV6;
        generate_ip(b, d, p);
        break;
    case 0x0806:
        p->family = BM_FW_ARP;
        p->class_of = BM_FW_CLASS_ARP;
        p->port = (uint16_t)(1 + dice_throw(d, 2));
        p->subnet = (uint8_t)dice_throw(d, 2);
        p->peer[0] = (uint32_t)borders_pick(b, d, POLICY_PEER4).low;
        break;
    default:
        p->family = BM_FW_OTHER;
        break;
    }
}

#endif
