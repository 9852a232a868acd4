/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/firewall.h"

#include <string.h>

#include "firewall/octets.h"
#include "firewall/state.h"
#include "firewall/table_internal.h"

_Static_assert(sizeof(struct bm_fw_rule_state) == 16, "BM_FW_ROOM");
_Static_assert(sizeof(struct bm_fw_limit) == 28, "BM_FW_ROOM");
_Static_assert(sizeof(struct bm_fw_flow) == 60, "BM_FW_ROOM");
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

/* Most frames are of such rules: they are done with quickly. */
static bool is_plain(const uint8_t *rule)
{
    return rule[0] == BM_FW_ALLOW && (rule[1] & BM_FW_FLOWS) == 0 &&
           rule[2] == BM_FW_LOG_NONE;
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
    return sizeof(struct bm_fw_rule_state) * t->rule_n +
           sizeof(struct bm_fw_limit) * limited +
           sizeof(struct bm_fw_flow) * t->flows +
           sizeof(struct bm_fw_source) * sources +
           4 * ((power(t->flows) + power(sources) + 1) / 2);
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

        fw->rules[i] =
            (struct bm_fw_rule_state){ .limit = is_plain(r) ? BM_FW_PLAIN
                                                            : BM_FW_NONE };
        if (is_limited(r)) {
            *l = (struct bm_fw_limit){ .first = (uint16_t)places,
                                       .oldest = BM_FW_NONE,
                                       .newest = BM_FW_NONE };
            l->bucket.tokens = (uint32_t)bm_fw_le16(r + BM_FW_RULE_BURST) << 16;
            fw->rules[i].limit = (uint16_t)(BM_FW_UNLIMITED + ++limits);
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
    if (table.version < fw->floor) {
        return BM_E_FW_FLOOR;
    }
    if (bm_fw_room(&table) > room_n) {
        return BM_E_FW_ROOM;
    }
    fw->floor = table.floor > fw->floor ? table.floor : fw->floor;
    /* Their rules have the numbers of the table that was. */
    fw->event_lost += fw->event_n;
    fw->event_n = 0;
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
    if (i >= fw->table.rule_n) {
        return (struct bm_fw_counts){ 0, 0 };
    }
    return (struct bm_fw_counts){ fw->rules[i].passed, fw->rules[i].dropped };
}

/* ---- Judging */

/* Count it, and tell of it where that is due. */
static void account(struct bm_fw *fw, const struct bm_fw_packet *p,
                    const struct bm_fw_decision *d, uint32_t now)
{
    fw->reasons[d->reason]++;
    if (d->rule != BM_FW_NO_RULE) {
        struct bm_fw_rule_state *s = &fw->rules[d->rule];

        if (bm_fw_passes(*d)) {
            s->passed++;
        } else {
            s->dropped++;
        }
        if (d->reason == BM_FW_BY_FLOW || d->reason == BM_FW_BY_QUOTE ||
            (d->reason == BM_FW_BY_RULE &&
             rule_at(&fw->table, d->rule)[2] == BM_FW_LOG_NONE)) {
            return;
        }
    }
    bm_fw_report(fw, p, d, now);
}

static bool is_tcp(const struct bm_fw_packet *p)
{
    return p->class_of == BM_FW_CLASS_TCP_4 || p->class_of == BM_FW_CLASS_TCP_6;
}

static bool has_filter(const uint8_t *rule)
{
    return bm_fw_le16(rule + BM_FW_RULE_FILTER) != 0;
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
 * What is due to a frame of a live flow, whose filter is about what its opener
 * says. False: the flow does not accept it.
 */
static bool by_flow(struct bm_fw *fw, struct bm_fw_flow *flow,
                    const struct bm_fw_packet *p, uint32_t now,
                    struct bm_fw_decision *d)
{
    unsigned rule = flow->rule;
    const uint8_t *r = rule_at(&fw->table, rule);

    *d = (struct bm_fw_decision){ BM_FW_DROP, BM_FW_BY_FLOW, (uint16_t)rule };
    if (has_filter(r) && !bm_fw_filter_hears(fw, flow, p)) {
        d->reason = BM_FW_FILTER;
        if ((r[1] & BM_FW_FILTER_WATCH) == 0) {
            return true; /* dropped: it makes nothing of the flow */
        }
    }
    if (!bm_fw_flow_take(fw, flow, p, now)) {
        return false;
    }
    d->verdict = d->reason == BM_FW_FILTER ? BM_FW_OBSERVE : r[0];
    return true;
}

/* What flows have to say of a frame. */
enum {
    NOTHING, /* 0, as if there were no flows */
    DECIDED,
    BLOCKED /* there is one in its place, that it is not of */
};

static unsigned by_flows(struct bm_fw *fw, const struct bm_fw_packet *p,
                         uint32_t now, struct bm_fw_decision *d)
{
    const struct bm_fw_flow *quoted;
    struct bm_fw_key key;

    if (bm_fw_flow_key(p, &key)) {
        struct bm_fw_flow *flow = bm_fw_flow_find(fw, &key, now);

        if (flow == NULL) {
            return NOTHING;
        }
        if (!by_flow(fw, flow, p, now, d)) {
            return bm_fw_flow_find(fw, &key, now) != NULL ? BLOCKED : NOTHING;
        }
    } else {
        quoted = quoted_flow(fw, p, now);
        if (quoted == NULL) {
            return NOTHING;
        }
        d->rule = quoted->rule;
        d->reason = BM_FW_BY_QUOTE;
        d->verdict = rule_at(&fw->table, quoted->rule)[0];
    }
    account(fw, p, d, now);
    return DECIDED;
}

/*
 * Does what a rule asks for that makes flows hold? Then one is made, unless a
 * live one, which the frame is not of, is in its place: `blocked`.
 */
static enum bm_fw_reason open_flow(struct bm_fw *fw,
                                   const struct bm_fw_packet *p, unsigned rule,
                                   uint32_t now, bool blocked)
{
    const uint8_t *r = rule_at(&fw->table, rule);
    enum bm_fw_reason reason = BM_FW_BY_RULE;
    bool unfit;

    if (blocked || !bm_fw_flow_may_open(p)) {
        return BM_FW_STATE;
    }
    unfit = has_filter(r) && !bm_fw_filter_opens(fw, rule, p);
    if (unfit && (r[1] & BM_FW_FILTER_WATCH) == 0) {
        return BM_FW_FILTER;
    }
    if (fw->rules[rule].limit > BM_FW_UNLIMITED) {
        reason = bm_fw_limit_judge(fw, rule, p, now);
    }
    if (reason == BM_FW_BY_RULE) {
        reason = bm_fw_flow_open(fw, p, rule, now);
    }
    return reason == BM_FW_BY_RULE && unfit ? BM_FW_FILTER : reason;
}

/* Verdicts of rules; a reset answers TCP that came in, and no reset. */
static unsigned verdict_of(const struct bm_fw_packet *p, unsigned verdict)
{
    if (verdict == BM_FW_RESET && (p->direction != BM_FW_IN || !is_tcp(p) ||
                                   (p->flags & BM_FW_RST) != 0)) {
        return BM_FW_DROP;
    }
    return verdict;
}

/* What a rule makes of it that is not plain. */
static struct bm_fw_decision by_rule(struct bm_fw *fw,
                                     const struct bm_fw_packet *p, uint32_t now,
                                     unsigned rule, bool blocked)
{
    struct bm_fw_decision d = { BM_FW_DROP, BM_FW_BY_RULE, (uint16_t)rule };
    const uint8_t *r = rule_at(&fw->table, rule);

    if ((r[1] & BM_FW_FLOWS) != 0) {
        d.reason = (uint8_t)open_flow(fw, p, rule, now, blocked);
    } else if (fw->rules[rule].limit > BM_FW_UNLIMITED) {
        d.reason = (uint8_t)bm_fw_limit_judge(fw, rule, p, now);
    }
    if (d.reason == BM_FW_BY_RULE) {
        d.verdict = (uint8_t)verdict_of(p, r[0]);
    } else if (d.reason == BM_FW_FILTER && (r[1] & BM_FW_FILTER_WATCH) != 0) {
        d.verdict = BM_FW_OBSERVE;
    }
    account(fw, p, &d, now);
    return d;
}

/* No rule, or none that was asked. */
static struct bm_fw_decision drop(struct bm_fw *fw,
                                  const struct bm_fw_packet *p, uint32_t now,
                                  enum bm_fw_reason reason)
{
    struct bm_fw_decision d = { BM_FW_DROP, (uint8_t)reason, BM_FW_NO_RULE };

    account(fw, p, &d, now);
    return d;
}

struct bm_fw_decision bm_fw_judge(struct bm_fw *fw,
                                  enum bm_fw_direction direction,
                                  struct bm_bytes head, size_t length,
                                  uint32_t now)
{
    struct bm_fw_decision d;
    struct bm_fw_packet p;
    enum bm_fw_reason reason;
    struct bm_fw_rule_state *state;
    unsigned flows;
    unsigned rule;

    p.head = bm_fw_look(head, length);
    p.length = (uint32_t)length;
    p.direction = (uint8_t)direction;
    reason = bm_fw_packet_read(&p);
    if (reason != BM_FW_BY_RULE) {
        return drop(fw, &p, now, reason);
    }
    flows = fw->flow_n;
    if (flows != 0) {
        flows = by_flows(fw, &p, now, &d);
        if (flows == DECIDED) {
            return d;
        }
    }
    if (fw->table.needs_rest) {
        bm_fw_packet_read_rest(&p, &fw->subnets);
    }
    rule = bm_fw_table_find(&fw->table, (enum bm_fw_mode)fw->mode, &p);
    if ((rule & BM_FW_TARGET_RULE) != 0) { /* BM_FW_NO_RULE */
        return drop(fw, &p, now, BM_FW_DEFAULT);
    }
    state = &fw->rules[rule];
    if (state->limit != BM_FW_PLAIN) {
        return by_rule(fw, &p, now, rule, flows == BLOCKED);
    }
    fw->reasons[BM_FW_BY_RULE]++;
    state->passed++;
    return (struct bm_fw_decision){ BM_FW_ALLOW, BM_FW_BY_RULE,
                                    (uint16_t)rule };
}
