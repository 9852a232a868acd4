/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/firewall.h"

#include <string.h>

#include "firewall/octets.h"
#include "firewall/state.h"
#include "firewall/table_internal.h"

_Static_assert(sizeof(struct bm_fw_rule_state) == 12, "BM_FW_ROOM");
_Static_assert(sizeof(struct bm_fw_limit) == 28, "BM_FW_ROOM");
_Static_assert(sizeof(struct bm_fw_flow) == 52, "BM_FW_ROOM");
_Static_assert(sizeof(struct bm_fw_source) == 36, "BM_FW_ROOM");

/* ---- Room */

static const uint8_t *rule_at(const struct bm_fw_table *t, unsigned i)
{
    return t->rules + BM_FW_RULE_SIZE * i;
}

static bool is_limited(const uint8_t *rule)
{
    return (bm_fw_le32(rule + BM_FW_RULE_RATE) |
            bm_fw_le32(rule + BM_FW_RULE_HIGH)) != 0;
}

/* How many rules have limits, and how many of these one for each source. */
static void count_limits(const struct bm_fw_table *t, uint32_t *limited,
                         uint32_t *sources)
{
    *limited = 0;
    *sources = 0;
    for (unsigned i = 0; i < t->rule_n; i++) {
        const uint8_t *r = rule_at(t, i);

        *limited += is_limited(r);
        *sources += (r[1] & BM_FW_PER_SOURCE) != 0 ? t->sources : 0;
    }
}

/* The heads of a hash table: the power of two from `n` on, up to 4,096. */
static uint32_t power(uint32_t n)
{
    uint32_t p = 1;

    while (p < n && p < 4096) {
        p *= 2;
    }
    return p;
}

size_t bm_fw_room(const struct bm_fw_table *t)
{
    uint32_t limited;
    uint32_t sources;

    count_limits(t, &limited, &sources);
    if (sources >= BM_FW_NONE) {
        return SIZE_MAX;
    }
    return BM_FW_ROOM((size_t)t->rule_n, limited, (size_t)t->flows, sources);
}

static void divide(struct bm_fw *fw, void *room)
{
    uint32_t limited;
    uint32_t sources;

    count_limits(&fw->table, &limited, &sources);
    fw->rules = room;
    fw->limits = (void *)(fw->rules + fw->table.rule_n);
    fw->flows = (void *)(fw->limits + limited);
    fw->sources = (void *)(fw->flows + fw->table.flows);
    fw->flow_mask = power(fw->table.flows) - 1;
    fw->source_mask = power(sources) - 1;
    fw->flow_heads = (void *)(fw->sources + sources);
    fw->source_heads = fw->flow_heads + fw->flow_mask + 1;
}

static void clear_rules(struct bm_fw *fw)
{
    unsigned limits = 0;
    unsigned places = 0;

    for (unsigned i = 0; i < fw->table.rule_n; i++) {
        const uint8_t *r = rule_at(&fw->table, i);
        struct bm_fw_limit *l = &fw->limits[limits];

        fw->rules[i] = (struct bm_fw_rule_state){ .limit = BM_FW_NONE };
        if (is_limited(r)) {
            *l = (struct bm_fw_limit){ .first = (uint16_t)places,
                                       .oldest = BM_FW_NONE,
                                       .newest = BM_FW_NONE };
            l->bucket.tokens = (uint32_t)bm_fw_le16(r + BM_FW_RULE_BURST) << 16;
            fw->rules[i].limit = (uint16_t)limits++;
            places += (r[1] & BM_FW_PER_SOURCE) != 0 ? fw->table.sources : 0;
        }
    }
    for (uint32_t i = 0; i <= fw->source_mask; i++) {
        fw->source_heads[i] = BM_FW_NONE;
    }
}

void bm_fw_init(struct bm_fw *fw, uint32_t seed)
{
    memset(fw, 0, sizeof *fw);
    for (unsigned i = 0; i < BM_FW_STATES; i++) {
        fw->oldest[i] = BM_FW_NONE;
        fw->newest[i] = BM_FW_NONE;
    }
    for (unsigned i = 0; i < BM_FW_ROOTS; i++) {
        fw->table.roots[i] = BM_FW_NO_RULE;
    }
    /* Odd, so that no bit of what they multiply is lost. */
    for (unsigned i = 0; i < 4; i++) {
        seed = (seed ^ seed >> 16) * 0x45d9f3b + 0x9e3779b9;
        seed ^= seed >> 16;
        fw->keys[i] = seed | 1;
    }
}

bm_status bm_fw_load(struct bm_fw *fw, struct bm_bytes octets, void *room,
                     size_t room_n)
{
    struct bm_fw_table table;

    if ((uintptr_t)room % 4 != 0) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(bm_fw_table_open(&table, octets));
    if (table.version < fw->table.floor) {
        return BM_E_FW_FLOOR;
    }
    if (bm_fw_room(&table) > room_n) {
        return BM_E_FW_ROOM;
    }
    fw->table = table;
    divide(fw, room);
    clear_rules(fw);
    bm_fw_flows_clear(fw);
    return BM_OK;
}

void bm_fw_set_mode(struct bm_fw *fw, enum bm_fw_mode mode)
{
    fw->mode = (uint8_t)mode;
    bm_fw_flows_sift(fw);
}

void bm_fw_set_subnets(struct bm_fw *fw, const struct bm_fw_subnets *subnets)
{
    fw->subnets = *subnets;
}

void bm_fw_tick(struct bm_fw *fw, uint32_t now)
{
    bm_fw_flows_expire(fw, now);
}

struct bm_fw_counts bm_fw_counts(const struct bm_fw *fw, unsigned i)
{
    return (struct bm_fw_counts){ fw->rules[i].passed, fw->rules[i].dropped };
}

/* ---- Judging */

BM_FW_INLINE struct bm_fw_decision
verdict(unsigned verdict, enum bm_fw_reason reason, unsigned rule)
{
    return (struct bm_fw_decision){ (uint8_t)verdict, (uint8_t)reason,
                                    (uint16_t)rule };
}

/* Count it, and tell of it where that is due. */
static struct bm_fw_decision decide(struct bm_fw *fw,
                                    const struct bm_fw_packet *p,
                                    struct bm_fw_decision d, uint32_t now)
{
    fw->reasons[d.reason]++;
    if (d.rule != BM_FW_NO_RULE) {
        struct bm_fw_rule_state *s = &fw->rules[d.rule];

        if (bm_fw_passes(d)) {
            s->passed++;
        } else {
            s->dropped++;
        }
        if (d.reason == BM_FW_BY_FLOW || d.reason == BM_FW_BY_QUOTE ||
            (d.reason == BM_FW_BY_RULE &&
             rule_at(&fw->table, d.rule)[2] == BM_FW_LOG_NONE)) {
            return d;
        }
    }
    bm_fw_report(fw, p, d, now);
    return d;
}

/* Of an ICMP error: the live flow whose packet it quotes, or NULL. */
static const struct bm_fw_flow *
quoted_flow(struct bm_fw *fw, const struct bm_fw_packet *p, uint32_t now)
{
    struct bm_fw_packet quoted;
    struct bm_fw_key key;

    if (!bm_fw_packet_quote(p, &quoted) || !bm_fw_flow_key(&quoted, &key)) {
        return NULL;
    }
    return bm_fw_flow_find(fw, &key, now);
}

/*
 * Is the frame of a live flow, or an error about one? Its rule, or
 * BM_FW_NO_RULE. `*blocked`: there is one that it is not of, in its place.
 */
static unsigned of_flow(struct bm_fw *fw, const struct bm_fw_packet *p,
                        uint32_t now, enum bm_fw_reason *reason, bool *blocked)
{
    const struct bm_fw_flow *quoted;
    struct bm_fw_flow *flow;
    struct bm_fw_key key;

    *reason = BM_FW_BY_FLOW;
    if (bm_fw_flow_key(p, &key)) {
        flow = bm_fw_flow_find(fw, &key, now);
        if (flow != NULL) {
            unsigned rule = flow->rule;
            enum bm_fw_taken taken = bm_fw_flow_take(fw, flow, p, now);

            *blocked = taken == BM_FW_NOT_TAKEN;
            return taken == BM_FW_TAKEN ? rule : BM_FW_NO_RULE;
        }
        return BM_FW_NO_RULE;
    }
    quoted = quoted_flow(fw, p, now);
    *reason = BM_FW_BY_QUOTE;
    return quoted != NULL ? quoted->rule : BM_FW_NO_RULE;
}

/*
 * Does what the rule asks for hold? Where it makes flows, one is made, unless
 * a live one, which the frame is not of, is in its place: `blocked`.
 */
static enum bm_fw_reason pass(struct bm_fw *fw, const struct bm_fw_packet *p,
                              unsigned rule, uint32_t now, bool blocked)
{
    bool flows = (rule_at(&fw->table, rule)[1] & BM_FW_FLOWS) != 0;
    enum bm_fw_reason reason = BM_FW_BY_RULE;

    if (flows && (blocked || !bm_fw_flow_may_open(p))) {
        return BM_FW_STATE;
    }
    if (fw->rules[rule].limit != BM_FW_NONE) {
        reason = bm_fw_limit_judge(fw, rule, p, now);
    }
    if (flows && reason == BM_FW_BY_RULE) {
        reason = bm_fw_flow_open(fw, p, rule, now);
    }
    return reason;
}

/* A reset answers TCP that came in, and no reset. */
static unsigned of_rule(const struct bm_fw_packet *p, unsigned v)
{
    if (v == BM_FW_RESET && (p->direction != BM_FW_IN ||
                             (p->class_of != BM_FW_CLASS_TCP_4 &&
                              p->class_of != BM_FW_CLASS_TCP_6) ||
                             (p->flags & BM_FW_RST) != 0)) {
        return BM_FW_DROP;
    }
    return v;
}

static struct bm_fw_decision judge(struct bm_fw *fw,
                                   const struct bm_fw_packet *p, uint32_t now)
{
    enum bm_fw_reason reason;
    bool blocked = false;
    unsigned rule;

    if (fw->flow_n != 0) {
        rule = of_flow(fw, p, now, &reason, &blocked);
        if (rule != BM_FW_NO_RULE) {
            return verdict(rule_at(&fw->table, rule)[0], reason, rule);
        }
    }
    rule = bm_fw_table_find(&fw->table, (enum bm_fw_mode)fw->mode, p);
    if (rule == BM_FW_NO_RULE) {
        return verdict(BM_FW_DROP, BM_FW_DEFAULT, rule);
    }
    reason = pass(fw, p, rule, now, blocked);
    if (reason != BM_FW_BY_RULE) {
        return verdict(BM_FW_DROP, reason, rule);
    }
    return verdict(of_rule(p, rule_at(&fw->table, rule)[0]), reason, rule);
}

struct bm_fw_decision bm_fw_judge(struct bm_fw *fw,
                                  enum bm_fw_direction direction,
                                  struct bm_bytes head, size_t length,
                                  uint32_t now)
{
    struct bm_fw_packet p;
    enum bm_fw_reason reason =
        bm_fw_packet_parse(&p, direction, head, length, &fw->subnets);

    if (reason != BM_FW_BY_RULE) {
        return decide(fw, &p, verdict(BM_FW_DROP, reason, BM_FW_NO_RULE), now);
    }
    return decide(fw, &p, judge(fw, &p, now), now);
}
