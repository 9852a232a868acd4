/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/judge.h"

#include <stdlib.h>
#include <string.h>

#include "policy/judge_internal.h"

/* docs/firewall.md, "Order", step by step. */

struct policy_judge {
    const struct policy *policy;
    enum policy_mode mode;
    struct bm_fw_subnets subnets;
    struct judge_flows flows;
    struct judge_limit *limits; /* one for each rule */
};

struct policy_judge *policy_judge_new(const struct policy *policy)
{
    struct policy_judge *judge = calloc(1, sizeof *judge);
    bool ok;

    if (judge == NULL) {
        return NULL;
    }
    judge->policy = policy;
    judge->limits = calloc(policy->n + 1, sizeof *judge->limits);
    ok = judge->limits != NULL && judge_flows_init(&judge->flows, policy);
    for (size_t i = 0; ok && i < policy->n; i++) {
        ok = judge_limit_init(&judge->limits[i], policy, &policy->rules[i]);
    }
    if (!ok) {
        policy_judge_free(judge);
        return NULL;
    }
    return judge;
}

void policy_judge_free(struct policy_judge *judge)
{
    if (judge == NULL) {
        return;
    }
    for (size_t i = 0; judge->limits != NULL && i < judge->policy->n; i++) {
        judge_limit_wipe(&judge->limits[i]);
    }
    judge_flows_wipe(&judge->flows);
    free(judge->limits);
    free(judge);
}

void policy_judge_set_mode(struct policy_judge *judge, enum policy_mode mode)
{
    judge->mode = mode;
    judge_flows_sift(&judge->flows, mode);
}

void policy_judge_set_subnets(struct policy_judge *judge,
                              const struct bm_fw_subnets *subnets)
{
    judge->subnets = *subnets;
}

/* ---- Steps */

/* Has the rule a filter, that is about the frame? */
static bool has_stream(const struct policy_rule *rule,
                       const struct bm_fw_packet *packet)
{
    return rule != NULL && rule->modbus != NULL &&
           packet->proto == BM_FW_PROTO_TCP;
}

/* And one that it does not fit? */
static bool is_unfit(const struct policy_rule *rule,
                     const struct bm_fw_packet *packet)
{
    return has_stream(rule, packet) && !judge_modbus_fits(rule->modbus, packet);
}

/* Or is it not what is next in the stream of its flow? */
static bool is_astray(const struct policy_rule *rule,
                      const struct judge_stream *stream,
                      const struct bm_fw_packet *packet)
{
    return has_stream(rule, packet) && !judge_modbus_is_next(stream, packet);
}

/* Has the filter of its flow something against a frame? If it has not, or only
 * observes, it is said. `*rule`: whose filter, or NULL. */
static bool is_filtered(const struct policy_judge *judge,
                        const struct bm_fw_packet *packet,
                        const struct policy_rule **rule)
{
    struct judge_stream *stream = NULL;
    bool unfit;

    *rule = judge_flows_answerer(&judge->flows, packet, &stream);
    if (*rule != NULL) {
        return has_stream(*rule, packet) &&
               !judge_modbus_answers(stream, packet);
    }
    *rule = judge_flows_opener(&judge->flows, packet, &stream);
    unfit = is_unfit(*rule, packet) || is_astray(*rule, stream, packet);
    if (has_stream(*rule, packet) && (!unfit || (*rule)->modbus->observe)) {
        judge_modbus_say(stream, packet);
    }
    return unfit;
}

static struct policy_judgement drop(enum bm_fw_reason reason,
                                    const struct policy_rule *rule)
{
    return (struct policy_judgement){ POLICY_DROP, reason, rule };
}

static struct policy_judgement pass(enum bm_fw_reason reason,
                                    const struct policy_rule *rule)
{
    return (struct policy_judgement){ rule->verdict, reason, rule };
}

/* A filter that observes: it would have been dropped. */
static struct policy_judgement watched(const struct policy_rule *rule)
{
    return (struct policy_judgement){ POLICY_OBSERVE, BM_FW_FILTER, rule };
}

/* Threshold, rate: does the frame come through? */
static enum bm_fw_reason within(struct policy_judge *judge,
                                const struct policy_rule *rule,
                                const struct bm_fw_packet *packet, uint64_t now)
{
    struct judge_limit *limit = &judge->limits[rule - judge->policy->rules];

    if (rule->threshold.high != 0 && judge_threshold(limit, rule, now)) {
        return BM_FW_THRESHOLD;
    }
    if (rule->rate.fill != 0 && !judge_rate(limit, rule, packet, now)) {
        return BM_FW_RATE;
    }
    return BM_FW_BY_RULE;
}

/* 5. A rule without flows. */
static struct policy_judgement plain(struct policy_judge *judge,
                                     const struct policy_rule *rule,
                                     const struct bm_fw_packet *packet,
                                     uint64_t now)
{
    enum bm_fw_reason reason = within(judge, rule, packet, now);

    if (reason != BM_FW_BY_RULE) {
        return drop(reason, rule);
    }
    /* A frame with RST is answered by nothing. */
    if (rule->verdict == POLICY_RESET && (packet->flags & BM_FW_RST) != 0) {
        return drop(BM_FW_BY_RULE, rule);
    }
    return pass(BM_FW_BY_RULE, rule);
}

/* 6. A rule with flows. */
static struct policy_judgement opening(struct policy_judge *judge,
                                       const struct policy_rule *rule,
                                       const struct bm_fw_packet *packet,
                                       bool may_open, uint64_t now)
{
    enum bm_fw_reason reason;

    if (!may_open) {
        return drop(BM_FW_STATE, rule);
    }
    if (is_unfit(rule, packet) && !rule->modbus->observe) {
        return drop(BM_FW_FILTER, rule);
    }
    reason = within(judge, rule, packet, now);
    if (reason == BM_FW_BY_RULE) {
        reason = judge_flows_add(&judge->flows, rule, packet, now);
    }
    if (reason != BM_FW_BY_RULE) {
        return drop(reason, rule);
    }
    return is_unfit(rule, packet) ? watched(rule) : pass(reason, rule);
}

struct policy_judgement policy_judge_frame(struct policy_judge *judge,
                                           enum bm_fw_direction direction,
                                           struct bm_bytes head, size_t length,
                                           uint64_t now)
{
    struct bm_fw_packet packet;
    struct policy_facts facts;
    const struct policy_rule *rule;
    enum judge_flow of_flow;
    bool unfit;
    enum bm_fw_reason shape =
        bm_fw_packet_parse(&packet, direction, head, length, &judge->subnets);

    if (shape != BM_FW_BY_RULE) {
        return drop(shape, NULL);
    }
    judge_flows_expire(&judge->flows, now);
    unfit = is_filtered(judge, &packet, &rule);
    if (unfit && !rule->modbus->observe) {
        return drop(BM_FW_FILTER, rule);
    }
    of_flow = judge_flows_take(&judge->flows, &packet, now, &rule);
    if (of_flow == JUDGE_FLOW_ACCEPTS) {
        return unfit ? watched(rule) : pass(BM_FW_BY_FLOW, rule);
    }
    rule = judge_flows_quoted(&judge->flows, &packet);
    if (rule != NULL) {
        return pass(BM_FW_BY_QUOTE, rule);
    }
    policy_facts_of(&packet, &facts);
    rule = policy_decide(judge->policy, judge->mode, &facts);
    if (rule == NULL) {
        return drop(BM_FW_DEFAULT, NULL);
    }
    if (!rule->flows) {
        return plain(judge, rule, &packet, now);
    }
    return opening(judge, rule, &packet,
                   of_flow == JUDGE_FLOW_NONE && judge_opens(&packet), now);
}

const char *policy_reason_name(enum bm_fw_reason reason)
{
    static const char *const names[BM_FW_REASONS] = {
        [BM_FW_BY_RULE] = "rule",
        [BM_FW_BY_FLOW] = "flow",
        [BM_FW_BY_QUOTE] = "quote",
        [BM_FW_DEFAULT] = "default",
        [BM_FW_MALFORMED] = "malformed",
        [BM_FW_FRAGMENT] = "fragment",
        [BM_FW_EXTENSION] = "extension",
        [BM_FW_STATE] = "state",
        [BM_FW_RATE] = "rate",
        [BM_FW_THRESHOLD] = "threshold",
        [BM_FW_CAP] = "cap",
        [BM_FW_FULL] = "full",
        [BM_FW_FILTER] = "filter",
    };

    return names[reason];
}
