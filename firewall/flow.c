/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "firewall/octets.h"
#include "firewall/state.h"
#include "firewall/table_internal.h"

/*
 * Flows lie in the places of an array, and each live one is in two lists: of
 * those with the same hash, and of those in the same state, which end in the
 * order in which they were refreshed, as a state has one time-out. So what is
 * over is found without a search.
 */

/* What `kind` says of the family, beside the protocol. */
#define KIND_6 0x80

/* ---- The machine of TCP: docs/firewall.md, "Flows" */

#define NO   0xff /* does not accept */
#define NEW  0xfe /* ends, and the frame is of none */
#define END  0xfd /* accepts and ends */
#define STAY 0xfc /* accepts, and gives no new time */
#define ROW(a, b, c, d, e, f, g, h, i, j) \
    {                                     \
        { a, b, c, d, e },                \
        {                                 \
            f, g, h, i, j                 \
        }                                 \
    }

/* By state, side (opener, answerer), and SYN, SYN+ACK, FIN, ACK, RST. */
#define ASKED    BM_FW_ASKED
#define ANSWERED BM_FW_ANSWERED
#define OPEN     BM_FW_OPEN
#define ONE      BM_FW_ONE
#define HALF     BM_FW_HALF
#define TWO      BM_FW_TWO
#define DONE     BM_FW_DONE
static const uint8_t machine[BM_FW_DONE + 1][2][5] = {
    [ASKED] = ROW(STAY, NO, NO, NO, END, NO, ANSWERED, NO, STAY, END),
    [ANSWERED] = ROW(STAY, NO, ONE, OPEN, END, NO, STAY, ONE, ANSWERED, END),
    [OPEN] = ROW(STAY, NO, ONE, OPEN, END, NO, STAY, ONE, OPEN, END),
    [ONE] = ROW(STAY, NO, TWO, HALF, END, NO, STAY, TWO, HALF, END),
    [HALF] = ROW(STAY, NO, TWO, HALF, END, NO, STAY, TWO, HALF, END),
    [TWO] = ROW(NEW, NO, TWO, DONE, END, NO, STAY, TWO, DONE, END),
    [DONE] = ROW(NEW, NO, DONE, DONE, END, NEW, STAY, DONE, DONE, END),
};

static unsigned segment(unsigned flags)
{
    if ((flags & BM_FW_RST) != 0) {
        return 4;
    }
    if ((flags & BM_FW_FIN) != 0) {
        return 2;
    }
    if ((flags & BM_FW_SYN) == 0) {
        return 3;
    }
    return (flags & BM_FW_ACK) != 0;
}

/* ---- Lists */

static unsigned place_of(const struct bm_fw *fw, const struct bm_fw_flow *f)
{
    return (unsigned)(f - fw->flows);
}

/* Take it out of its state's list. */
static void leave(struct bm_fw *fw, struct bm_fw_flow *f)
{
    if (f->older == BM_FW_NONE) {
        fw->oldest[f->state] = f->newer;
    } else {
        fw->flows[f->older].newer = f->newer;
    }
    if (f->newer == BM_FW_NONE) {
        fw->newest[f->state] = f->older;
    } else {
        fw->flows[f->newer].older = f->older;
    }
}

/* Give it a state, and its whole time from now on. */
static void enter(struct bm_fw *fw, struct bm_fw_flow *f, unsigned state,
                  uint32_t now)
{
    unsigned place = place_of(fw, f);

    f->state = (uint8_t)state;
    f->end = now + 1000u * fw->table.seconds[state];
    f->older = fw->newest[state];
    f->newer = BM_FW_NONE;
    if (f->older == BM_FW_NONE) {
        fw->oldest[state] = (uint16_t)place;
    } else {
        fw->flows[f->older].newer = (uint16_t)place;
    }
    fw->newest[state] = (uint16_t)place;
}

static uint32_t hash(const struct bm_fw *fw, const uint32_t *peer,
                     unsigned kind, uint32_t ports)
{
    uint32_t h = peer[0] * fw->keys[0] + (ports ^ kind) * fw->keys[1];

    if ((kind & KIND_6) != 0) {
        h += (peer[2] ^ h >> 16) * fw->keys[2];
        h += (peer[3] ^ h >> 16) * fw->keys[3];
        h += (peer[1] ^ h >> 16) * fw->keys[0];
    }
    h = (h ^ h >> 16) * fw->keys[2];
    return (h ^ h >> 16) & fw->flow_mask;
}

static void end_flow(struct bm_fw *fw, struct bm_fw_flow *f)
{
    uint16_t *at = &fw->flow_heads[hash(fw, f->peer, f->kind, f->ports)];
    unsigned place = place_of(fw, f);

    while (*at != place) {
        at = &fw->flows[*at].chain;
    }
    *at = f->chain;
    leave(fw, f);
    f->chain = fw->free;
    fw->free = (uint16_t)place;
    if (f->state != BM_FW_DONE) {
        fw->rules[f->rule].live--;
    }
    fw->flow_n--;
}

static bool is_over(const struct bm_fw_flow *f, uint32_t now)
{
    return (int32_t)(now - f->end) >= 0;
}

void bm_fw_flows_expire(struct bm_fw *fw, uint32_t now)
{
    for (unsigned state = 0; state < BM_FW_STATES; state++) {
        while (fw->oldest[state] != BM_FW_NONE &&
               is_over(&fw->flows[fw->oldest[state]], now)) {
            end_flow(fw, &fw->flows[fw->oldest[state]]);
        }
    }
}

void bm_fw_flows_sift(struct bm_fw *fw)
{
    for (unsigned state = 0; state < BM_FW_STATES; state++) {
        unsigned next = fw->oldest[state];

        while (next != BM_FW_NONE) {
            struct bm_fw_flow *f = &fw->flows[next];

            next = f->newer;
            if ((fw->table.rules[BM_FW_RULE_SIZE * f->rule + 3] >> fw->mode &
                 1) == 0) {
                end_flow(fw, f);
            }
        }
    }
}

void bm_fw_flows_clear(struct bm_fw *fw)
{
    for (unsigned i = 0; i < BM_FW_STATES; i++) {
        fw->oldest[i] = BM_FW_NONE;
        fw->newest[i] = BM_FW_NONE;
    }
    for (unsigned i = 0; i < fw->table.flows; i++) {
        fw->flows[i].chain =
            (uint16_t)(i + 1u < fw->table.flows ? i + 1u : BM_FW_NONE);
    }
    for (uint32_t i = 0; i <= fw->flow_mask; i++) {
        fw->flow_heads[i] = BM_FW_NONE;
    }
    fw->free = fw->table.flows != 0 ? 0 : BM_FW_NONE;
    fw->flow_n = 0;
}

/* ---- Frames */

bool bm_fw_flow_key(const struct bm_fw_packet *p, struct bm_fw_key *k)
{
    bool in = p->direction == BM_FW_IN;
    bool request;

    k->peer = p->peer;
    k->own = p->own;
    if (p->family < BM_FW_IPV4) {
        return false;
    }
    k->kind = (uint8_t)(p->family == BM_FW_IPV6 ? p->proto | KIND_6 : p->proto);
    if (p->proto == BM_FW_PROTO_TCP || p->proto == BM_FW_PROTO_UDP) {
        k->ports = in ? (uint32_t)p->port << 16 | p->sport
                      : (uint32_t)p->sport << 16 | p->port;
        return true;
    }
    /* Who asks is part of it: two may ask each other with one identifier. */
    if (!bm_fw_packet_is_echo(p, &request)) {
        return false;
    }
    k->ports = (uint32_t)p->id << 16 | (uint32_t)(request == in) << 8 |
               (p->port & 0xff);
    return true;
}

static bool same(const struct bm_fw_flow *f, const struct bm_fw_key *k)
{
    if (f->ports != k->ports || f->peer[0] != k->peer[0] ||
        f->kind != k->kind || f->own[0] != k->own[0]) {
        return false;
    }
    return (f->kind & KIND_6) == 0 ||
           (f->peer[3] == k->peer[3] && f->peer[2] == k->peer[2] &&
            f->peer[1] == k->peer[1] && f->own[3] == k->own[3] &&
            f->own[2] == k->own[2] && f->own[1] == k->own[1]);
}

struct bm_fw_flow *bm_fw_flow_find(struct bm_fw *fw, const struct bm_fw_key *k,
                                   uint32_t now)
{
    unsigned at;

    if (fw->flow_n == 0) {
        return NULL;
    }
    at = fw->flow_heads[hash(fw, k->peer, k->kind, k->ports)];
    while (at != BM_FW_NONE) {
        struct bm_fw_flow *f = &fw->flows[at];

        if (same(f, k)) {
            if (!is_over(f, now)) {
                return f;
            }
            end_flow(fw, f);
            return NULL;
        }
        at = f->chain;
    }
    return NULL;
}

bool bm_fw_flow_may_open(const struct bm_fw_packet *p)
{
    bool request;

    if (p->family < BM_FW_IPV4) {
        return false;
    }
    if (p->proto == BM_FW_PROTO_TCP) {
        return (p->flags & ~BM_FW_URG) == BM_FW_SYN;
    }
    return p->proto == BM_FW_PROTO_UDP ||
           (bm_fw_packet_is_echo(p, &request) && request);
}

static unsigned first_state(const struct bm_fw_packet *p)
{
    if (p->proto == BM_FW_PROTO_TCP) {
        return BM_FW_ASKED;
    }
    return p->proto == BM_FW_PROTO_UDP ? BM_FW_UDP : BM_FW_ICMP;
}

enum bm_fw_reason bm_fw_flow_open(struct bm_fw *fw,
                                  const struct bm_fw_packet *p, unsigned rule,
                                  uint32_t now)
{
    unsigned cap =
        bm_fw_le16(fw->table.rules + BM_FW_RULE_SIZE * rule + BM_FW_RULE_CAP);
    struct bm_fw_flow *f;
    struct bm_fw_key k;
    uint16_t *head;

    if ((cap != 0 && fw->rules[rule].live >= cap) || fw->free == BM_FW_NONE) {
        bm_fw_flows_expire(fw, now);
    }
    if (cap != 0 && fw->rules[rule].live >= cap) {
        return BM_FW_CAP;
    }
    if (fw->free == BM_FW_NONE && fw->oldest[BM_FW_DONE] != BM_FW_NONE) {
        end_flow(fw, &fw->flows[fw->oldest[BM_FW_DONE]]);
    }
    if (fw->free == BM_FW_NONE) {
        return BM_FW_FULL;
    }
    if (!bm_fw_flow_key(p, &k)) {
        return BM_FW_STATE;
    }
    f = &fw->flows[fw->free];
    fw->free = f->chain;
    f->peer[0] = p->peer[0];
    f->own[0] = p->own[0];
    for (unsigned i = 1; (k.kind & KIND_6) != 0 && i < 4; i++) {
        f->peer[i] = p->peer[i];
        f->own[i] = p->own[i];
    }
    f->ports = k.ports;
    f->kind = k.kind;
    bm_fw_modbus_begin(&f->stream, p);
    f->rule = (uint16_t)rule;
    f->opener = p->direction;
    enter(fw, f, first_state(p), now);
    head = &fw->flow_heads[hash(fw, f->peer, f->kind, f->ports)];
    f->chain = *head;
    *head = (uint16_t)place_of(fw, f);
    fw->rules[rule].live++;
    fw->flow_n++;
    return BM_FW_BY_RULE;
}

static unsigned next_of(const struct bm_fw_flow *f,
                        const struct bm_fw_packet *p)
{
    if (f->state > BM_FW_DONE) {
        return f->state;
    }
    return machine[f->state][p->direction != f->opener][segment(p->flags)];
}

bool bm_fw_flow_accepts(const struct bm_fw_flow *f,
                        const struct bm_fw_packet *p)
{
    return next_of(f, p) < NEW;
}

bool bm_fw_flow_take(struct bm_fw *fw, struct bm_fw_flow *f,
                     const struct bm_fw_packet *p, uint32_t now)
{
    unsigned next = next_of(f, p);

    if (next == NO) {
        return false;
    }
    if (next == STAY) {
        return true;
    }
    if (next == END || next == NEW) {
        end_flow(fw, f);
        return next == END;
    }
    if (next == BM_FW_DONE && f->state != BM_FW_DONE) {
        fw->rules[f->rule].live--;
    }
    leave(fw, f);
    enter(fw, f, next, now);
    return true;
}
