/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <stdlib.h>

/* How many conditions of the box do not hold; and one that does not. */
static unsigned failing(const struct policy_box *box,
                        const struct policy_facts *facts,
                        enum policy_field *which)
{
    unsigned n = 0;

    for (unsigned f = 0; f < POLICY_FIELDS; f++) {
        if (box->set[f].n != 0 &&
            (!facts->has[f] || !policy_set_has(&box->set[f], facts->at[f]))) {
            *which = (enum policy_field)f;
            n++;
        }
    }
    return n;
}

/* Is there but one field between the frame and the rule? Of what kind a frame
 * is, is too far away. */
static bool is_near(const struct policy_rule *rule,
                    const struct policy_facts *facts, enum policy_field *which)
{
    for (size_t i = 0; i < rule->boxes_n; i++) {
        if (rule->boxes[i].kind == facts->kind &&
            failing(&rule->boxes[i], facts, which) == 1) {
            return true;
        }
    }
    return false;
}

static bool part_of(const struct policy_rule *rule,
                    const struct policy_rule *best, enum policy_mode mode,
                    const struct policy_facts *facts,
                    struct policy_match *match)
{
    *match = (struct policy_match){ .rule = rule };
    if (rule->direction != facts->direction) {
        return false;
    }
    if (!policy_rule_holds(rule, facts)) {
        match->part = POLICY_PART_NEARLY;
        return (rule->modes & 1u << mode) != 0 &&
               is_near(rule, facts, &match->field);
    }
    if ((rule->modes & 1u << mode) == 0) {
        match->part = POLICY_PART_MODE;
    } else if (rule == best) {
        match->part = POLICY_PART_DECIDES;
    } else {
        match->part = best != NULL && rule->priority < best->priority
                          ? POLICY_PART_LOWER
                          : POLICY_PART_SAME;
    }
    return true;
}

static int order(const void *a, const void *b)
{
    const struct policy_match *x = a;
    const struct policy_match *y = b;

    if (x->part != y->part) {
        return x->part < y->part ? -1 : 1;
    }
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

bm_status policy_explain(const struct policy *policy, enum policy_mode mode,
                         const struct policy_facts *facts,
                         struct policy_explanation *e)
{
    const struct policy_rule *best = policy_decide(policy, mode, facts);

    *e = (struct policy_explanation){ .n = 0 };
    e->matches = calloc(policy->n + 1, sizeof *e->matches);
    if (e->matches == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < policy->n; i++) {
        if (part_of(&policy->rules[i], best, mode, facts, &e->matches[e->n])) {
            e->n++;
        }
    }
    qsort(e->matches, e->n, sizeof *e->matches, order);
    return BM_OK;
}

void policy_explanation_wipe(struct policy_explanation *e)
{
    free(e->matches);
    *e = (struct policy_explanation){ .n = 0 };
}

const char *policy_part_words(enum policy_part part)
{
    static const char *const words[] = {
        [POLICY_PART_DECIDES] = "decides",
        [POLICY_PART_LOWER] = "holds, with lower priority",
        [POLICY_PART_SAME] = "holds, and says the same",
        [POLICY_PART_MODE] = "would hold in another mode",
        [POLICY_PART_NEARLY] = "would hold, but for its",
    };

    return words[part];
}

const char *policy_reason_words(enum bm_fw_reason reason)
{
    static const char *const words[BM_FW_REASONS] = {
        [BM_FW_BY_RULE] = "the verdict of the rule",
        [BM_FW_BY_FLOW] = "it is of a live flow",
        [BM_FW_BY_QUOTE] = "it is an ICMP error about a live flow",
        [BM_FW_DEFAULT] = "no rule names it",
        [BM_FW_MALFORMED] = "its shape is wrong",
        [BM_FW_FRAGMENT] = "it is a fragment",
        [BM_FW_EXTENSION] = "it has an extension header of IPv6",
        [BM_FW_STATE] = "it opens no flow, and is of none",
        [BM_FW_RATE] = "the rate of the rule is used up",
        [BM_FW_THRESHOLD] = "the threshold of the rule is over",
        [BM_FW_CAP] = "the rule has as many connections as it may",
        [BM_FW_FULL] = "there is no place for a flow",
        [BM_FW_FILTER] = "the application filter of the rule",
    };

    return words[reason];
}
