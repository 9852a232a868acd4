/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/judge.h"

static void put(struct policy_facts *facts, enum policy_field field,
                uint64_t value)
{
    facts->has[field] = true;
    facts->at[field] = policy_value(value);
}

static bool has_port(const struct bm_fw_packet *p)
{
    switch (p->proto) {
    case POLICY_PROTO_TCP:
    case POLICY_PROTO_UDP:
        return true;
    case POLICY_PROTO_ICMP:
        return p->family == BM_FW_IPV4;
    case POLICY_PROTO_ICMPV6:
        return p->family == BM_FW_IPV6;
    default:
        return false;
    }
}

static void put_ip(struct policy_facts *facts, const struct bm_fw_packet *p)
{
    put(facts, POLICY_PROTO, p->proto);
    put(facts, POLICY_SUBNET, p->subnet);
    if (has_port(p)) {
        put(facts, POLICY_PORT, p->port);
    }
    if (p->proto == POLICY_PROTO_TCP || p->proto == POLICY_PROTO_UDP) {
        put(facts, POLICY_SPORT, p->sport);
    }
}

void policy_facts_of(const struct bm_fw_packet *p, struct policy_facts *facts)
{
    *facts = (struct policy_facts){
        .kind = POLICY_OTHER,
        .direction = p->direction == BM_FW_IN ? POLICY_IN : POLICY_OUT,
    };
    put(facts, POLICY_TYPE, p->type);
    if (p->direction == BM_FW_IN) {
        put(facts, POLICY_MAC, (uint64_t)p->mac[0] << 32 | p->mac[1]);
    }
    switch (p->family) {
    case BM_FW_ARP:
        facts->kind = POLICY_ARP;
        put(facts, POLICY_PORT, p->port);
        put(facts, POLICY_SUBNET, p->subnet);
        put(facts, POLICY_PEER4, p->peer[0]);
        break;
    case BM_FW_IPV4:
        facts->kind = POLICY_IPV4;
        put_ip(facts, p);
        put(facts, POLICY_PEER4, p->peer[0]);
        break;
    case BM_FW_IPV6:
        facts->kind = POLICY_IPV6;
        put_ip(facts, p);
        put(facts, POLICY_PEER6, 0);
        facts->at[POLICY_PEER6] = (struct policy_value){
            (uint64_t)p->peer[0] << 32 | p->peer[1],
            (uint64_t)p->peer[2] << 32 | p->peer[3],
        };
        break;
    default:
        break;
    }
}

/* A condition on a field that a frame has not does not hold. */
static bool box_holds(const struct policy_box *box,
                      const struct policy_facts *facts)
{
    for (size_t f = 0; f < POLICY_FIELDS; f++) {
        if (box->set[f].n != 0 &&
            (!facts->has[f] || !policy_set_has(&box->set[f], facts->at[f]))) {
            return false;
        }
    }
    return true;
}

bool policy_rule_holds(const struct policy_rule *rule,
                       const struct policy_facts *facts)
{
    for (size_t i = 0; i < rule->boxes_n; i++) {
        if (box_holds(&rule->boxes[i], facts)) {
            return rule->direction == facts->direction;
        }
    }
    return false;
}

const struct policy_rule *policy_decide(const struct policy *policy,
                                        enum policy_mode mode,
                                        const struct policy_facts *facts)
{
    const struct policy_rule *best = NULL;

    for (size_t i = 0; i < policy->n; i++) {
        const struct policy_rule *rule = &policy->rules[i];

        if ((rule->modes & 1u << mode) != 0 && policy_rule_holds(rule, facts) &&
            (best == NULL || rule->priority > best->priority)) {
            best = rule;
        }
    }
    return best;
}
