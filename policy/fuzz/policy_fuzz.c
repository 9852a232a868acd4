/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <stdlib.h>

/*
 * Any text is refused with a place, or becomes rules that keep the word of
 * policy.h: boxes of one kind, sets sorted, conditions only on fields that
 * are there.
 */
static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_set(const struct policy_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct policy_range *r = &set->ranges[i];

        must(policy_value_order(r->first, r->last) <= 0);
        must(i == 0 ||
             policy_value_order(policy_value_next(r[-1].last), r->first) < 0);
    }
}

static void check_box(const struct policy_box *box)
{
    const struct policy_set *set = box->set;
    bool ip = box->kind == POLICY_IPV4 || box->kind == POLICY_IPV6;

    for (size_t f = 0; f < POLICY_FIELDS; f++) {
        check_set(&set[f]);
    }
    must(set[POLICY_TYPE].n != 0);
    must(ip || set[POLICY_PROTO].n == 0);
    must(box->kind != POLICY_OTHER || set[POLICY_SUBNET].n == 0);
    must(box->kind == POLICY_IPV6 || set[POLICY_PEER6].n == 0);
    must(box->kind == POLICY_IPV4 || box->kind == POLICY_ARP ||
         set[POLICY_PEER4].n == 0);
    must(set[POLICY_PORT].n == 0 || box->kind == POLICY_ARP ||
         set[POLICY_PROTO].n == 1);
    must(set[POLICY_SPORT].n == 0 || set[POLICY_PROTO].n == 1);
}

static void check_rule(const struct policy_rule *rule)
{
    must(rule->boxes_n != 0 && rule->modes != 0);
    must(rule->line != 0 && rule->name[0] != '\0');
    for (size_t i = 0; i < rule->boxes_n; i++) {
        check_box(&rule->boxes[i]);
        must(rule->direction == POLICY_IN ||
             rule->boxes[i].set[POLICY_MAC].n == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy *policy;
    struct config_error error;
    bm_status rc =
        policy_parse((struct bm_bytes){ data, size }, &policy, &error);

    must(error.status == rc);
    must((rc == BM_OK) == (policy != NULL));
    if (rc != BM_OK) {
        must(error.line >= 1 && error.column >= 1 && error.words[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < policy->n; i++) {
        check_rule(&policy->rules[i]);
    }
    policy_free(policy);
    return 0;
}
