/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "firewall/octets.h"
#include "policy/judge_internal.h"

/* docs/firewall.md, "Flows". */

/* What a flow is, beside its addresses. */
struct identity {
    bool six;
    uint16_t proto;
    uint32_t own[4];
    uint32_t peer[4];
    uint16_t own_port; /* TCP, UDP */
    uint16_t peer_port;
    uint16_t id;   /* ICMP echo */
    uint8_t code;  /* of it */
    bool own_asks; /* of it: does this end? */
};

struct judge_flow_entry {
    struct identity who;
    const struct policy_rule *rule;
    enum bm_fw_direction direction; /* of the frame that opened it */
    enum policy_timeout state;
    uint64_t end;               /* live before this */
    struct judge_stream stream; /* of TCP */
};

/* The table of TCP as the page has it. */
#define SEGMENTS 5
static const struct {
    enum policy_timeout state;
    const char *opener[SEGMENTS]; /* SYN, SYN+ACK, FIN, ACK, RST */
    const char *answerer[SEGMENTS];
} machine[] = {
    { POLICY_ASKED,
      { "~", "-", "-", "-", "end" },
      { "-", "answered", "-", "~", "end" } },
    { POLICY_ANSWERED,
      { "~", "-", "one", "open", "end" },
      { "-", "~", "one", "=", "end" } },
    { POLICY_OPEN,
      { "~", "-", "one", "=", "end" },
      { "-", "~", "one", "=", "end" } },
    { POLICY_ONE,
      { "~", "-", "two", "half", "end" },
      { "-", "~", "two", "half", "end" } },
    { POLICY_HALF,
      { "~", "-", "two", "=", "end" },
      { "-", "~", "two", "=", "end" } },
    { POLICY_TWO,
      { "new", "-", "=", "done", "end" },
      { "-", "~", "=", "done", "end" } },
    { POLICY_DONE,
      { "new", "-", "=", "=", "end" },
      { "new", "~", "=", "=", "end" } },
};

static const char *next_of(enum policy_timeout state, bool opener,
                           unsigned segment)
{
    for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++) {
        if (machine[i].state == state) {
            return opener ? machine[i].opener[segment]
                          : machine[i].answerer[segment];
        }
    }
    return "="; /* UDP and ICMP have one state */
}

static unsigned segment_of(const struct bm_fw_packet *p)
{
    if ((p->flags & BM_FW_RST) != 0) {
        return 4;
    }
    if ((p->flags & BM_FW_FIN) != 0) {
        return 2;
    }
    if ((p->flags & BM_FW_SYN) != 0) {
        return (p->flags & BM_FW_ACK) != 0 ? 1 : 0;
    }
    return 3;
}

static enum policy_timeout state_named(const char *name)
{
    enum policy_timeout state = POLICY_ASKED;

    while (strcmp(policy_timeout_name(state), name) != 0) {
        state++;
    }
    return state;
}

/* ---- Who it is */

static bool is_ports(const struct bm_fw_packet *p)
{
    return p->proto == POLICY_PROTO_TCP || p->proto == POLICY_PROTO_UDP;
}

/* The flow that a frame is of, if it is of any. */
static bool identify(const struct bm_fw_packet *p, struct identity *who)
{
    bool in = p->direction == BM_FW_IN;
    bool request = false;

    *who =
        (struct identity){ .six = p->family == BM_FW_IPV6, .proto = p->proto };
    memcpy(who->own, p->own, sizeof who->own);
    memcpy(who->peer, p->peer, sizeof who->peer);
    if (p->family != BM_FW_IPV4 && p->family != BM_FW_IPV6) {
        return false;
    }
    if (is_ports(p)) {
        who->own_port = in ? p->port : p->sport;
        who->peer_port = in ? p->sport : p->port;
        return true;
    }
    if (!bm_fw_packet_is_echo(p, &request)) {
        return false;
    }
    who->id = p->id;
    who->code = (uint8_t)p->port;
    who->own_asks = request != in;
    return true;
}

static bool same(const struct identity *a, const struct identity *b)
{
    return a->six == b->six && a->proto == b->proto &&
           memcmp(a->own, b->own, sizeof a->own) == 0 &&
           memcmp(a->peer, b->peer, sizeof a->peer) == 0 &&
           a->own_port == b->own_port && a->peer_port == b->peer_port &&
           a->id == b->id && a->code == b->code && a->own_asks == b->own_asks;
}

static struct judge_flow_entry *find(const struct judge_flows *flows,
                                     const struct bm_fw_packet *packet)
{
    struct identity who;

    if (!identify(packet, &who)) {
        return NULL;
    }
    for (size_t i = 0; i < flows->n; i++) {
        if (same(&flows->flows[i].who, &who)) {
            return &flows->flows[i];
        }
    }
    return NULL;
}

/* ---- The list */

bool judge_flows_init(struct judge_flows *flows, const struct policy *policy)
{
    flows->policy = policy;
    flows->n = 0;
    flows->flows = calloc(policy->flows + 1u, sizeof *flows->flows);
    return flows->flows != NULL;
}

void judge_flows_wipe(struct judge_flows *flows)
{
    free(flows->flows);
    flows->flows = NULL;
}

static void take_out(struct judge_flows *flows, size_t i)
{
    flows->n--;
    memmove(&flows->flows[i], &flows->flows[i + 1],
            (flows->n - i) * sizeof *flows->flows);
}

/* Give it a state and its time: it is the last that was renewed. */
static void renew(struct judge_flows *flows, size_t i,
                  enum policy_timeout state, uint64_t now)
{
    struct judge_flow_entry flow = flows->flows[i];

    flow.state = state;
    flow.end = now + (uint64_t)flows->policy->timeouts[state] * 1000;
    take_out(flows, i);
    flows->flows[flows->n++] = flow;
}

void judge_flows_expire(struct judge_flows *flows, uint64_t now)
{
    for (size_t i = flows->n; i-- != 0;) {
        if (flows->flows[i].end <= now) {
            take_out(flows, i);
        }
    }
}

void judge_flows_sift(struct judge_flows *flows, enum policy_mode mode)
{
    for (size_t i = flows->n; i-- != 0;) {
        if ((flows->flows[i].rule->modes & 1u << mode) == 0) {
            take_out(flows, i);
        }
    }
}

/* ---- Frames */

const struct policy_rule *judge_flows_opener(const struct judge_flows *flows,
                                             const struct bm_fw_packet *packet,
                                             struct judge_stream **stream)
{
    struct judge_flow_entry *flow = find(flows, packet);
    const char *next;

    if (flow == NULL || flow->direction != packet->direction) {
        return NULL;
    }
    *stream = &flow->stream;
    next = next_of(flow->state, true, segment_of(packet));
    return strcmp(next, "-") == 0 || strcmp(next, "new") == 0 ? NULL
                                                              : flow->rule;
}

const struct policy_rule *
judge_flows_answerer(const struct judge_flows *flows,
                     const struct bm_fw_packet *packet,
                     struct judge_stream **stream)
{
    struct judge_flow_entry *flow = find(flows, packet);

    if (flow == NULL || flow->direction == packet->direction ||
        flow->state != POLICY_ASKED ||
        packet->flags != (BM_FW_SYN | BM_FW_ACK)) {
        return NULL;
    }
    *stream = &flow->stream;
    return flow->rule;
}

enum judge_flow judge_flows_take(struct judge_flows *flows,
                                 const struct bm_fw_packet *packet,
                                 uint64_t now, const struct policy_rule **rule)
{
    struct judge_flow_entry *flow = find(flows, packet);
    const char *next;
    size_t i;

    if (flow == NULL) {
        return JUDGE_FLOW_NONE;
    }
    *rule = flow->rule;
    i = (size_t)(flow - flows->flows);
    next = next_of(flow->state, packet->direction == flow->direction,
                   segment_of(packet));
    if (strcmp(next, "-") == 0) {
        return JUDGE_FLOW_REFUSES;
    }
    if (strcmp(next, "new") == 0) {
        take_out(flows, i);
        return JUDGE_FLOW_NONE;
    }
    if (strcmp(next, "end") == 0) {
        take_out(flows, i);
    } else if (strcmp(next, "=") == 0) {
        renew(flows, i, flow->state, now);
    } else if (strcmp(next, "~") != 0) {
        renew(flows, i, state_named(next), now);
    }
    return JUDGE_FLOW_ACCEPTS;
}

const struct policy_rule *judge_flows_quoted(const struct judge_flows *flows,
                                             const struct bm_fw_packet *packet)
{
    struct bm_fw_packet quoted;
    const struct judge_flow_entry *flow = NULL;

    if (bm_fw_packet_quote(packet, &quoted)) {
        flow = find(flows, &quoted);
    }
    return flow != NULL ? flow->rule : NULL;
}

bool judge_opens(const struct bm_fw_packet *p)
{
    bool request = false;

    if (p->family != BM_FW_IPV4 && p->family != BM_FW_IPV6) {
        return false;
    }
    if (p->proto == POLICY_PROTO_TCP) {
        return p->flags == BM_FW_SYN || p->flags == (BM_FW_SYN | BM_FW_URG);
    }
    return p->proto == POLICY_PROTO_UDP ||
           (bm_fw_packet_is_echo(p, &request) && request);
}

static enum policy_timeout first_state(const struct bm_fw_packet *p)
{
    return p->proto == POLICY_PROTO_TCP   ? POLICY_ASKED
           : p->proto == POLICY_PROTO_UDP ? POLICY_UDP
                                          : POLICY_ICMP;
}

static size_t count_of(const struct judge_flows *flows,
                       const struct policy_rule *rule)
{
    size_t n = 0;

    for (size_t i = 0; i < flows->n; i++) {
        n +=
            flows->flows[i].rule == rule && flows->flows[i].state != POLICY_DONE
                ? 1
                : 0;
    }
    return n;
}

/* Only one that is done gives up its place: the first that will be over. */
static bool make_place(struct judge_flows *flows)
{
    for (size_t i = 0; i < flows->n; i++) {
        if (flows->flows[i].state == POLICY_DONE) {
            take_out(flows, i);
            return true;
        }
    }
    return false;
}

enum bm_fw_reason judge_flows_add(struct judge_flows *flows,
                                  const struct policy_rule *rule,
                                  const struct bm_fw_packet *packet,
                                  uint64_t now)
{
    struct judge_flow_entry flow = {
        .rule = rule, .direction = (enum bm_fw_direction)packet->direction
    };

    if (rule->cap != 0 && count_of(flows, rule) >= rule->cap) {
        return BM_FW_CAP;
    }
    if (flows->n == flows->policy->flows && !make_place(flows)) {
        return BM_FW_FULL;
    }
    if (!identify(packet, &flow.who)) {
        return BM_FW_STATE;
    }
    if (packet->proto == POLICY_PROTO_TCP) {
        flow.stream.next = bm_fw_be32(packet->head.p + packet->l4 + 4u) + 1;
    }
    flows->flows[flows->n++] = flow;
    renew(flows, flows->n - 1, first_state(packet), now);
    return BM_FW_BY_RULE;
}
