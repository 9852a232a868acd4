/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/fuzz/must.h"
#include "policy/nft.h"

/*
 * What passes for a table becomes rules in each mode, or is refused; and rules
 * become a ruleset, or are refused.
 */

static void must_be_sorted(const struct policy_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct policy_range *r = &set->ranges[i];

        must(policy_value_order(r->first, r->last) <= 0);
        must(i == 0 || policy_value_order(r[-1].last, r->first) < 0);
    }
}

static void must_be_rules(const struct policy *policy)
{
    for (size_t i = 0; i < policy->n; i++) {
        const struct policy_rule *rule = &policy->rules[i];

        must(rule->name[0] != '\0');
        for (size_t b = 0; b < rule->boxes_n; b++) {
            must(rule->boxes[b].set[POLICY_TYPE].n != 0);
            for (size_t f = 0; f < POLICY_FIELDS; f++) {
                must_be_sorted(&rule->boxes[b].set[f]);
            }
        }
    }
}

static void try_mode(struct bm_bytes table, enum policy_mode mode)
{
    static const char *const devices[] = { NULL };
    const struct policy_nft_config config = { .table = "t",
                                              .devices = devices,
                                              .mode = mode };
    struct policy *policy;
    char *text;

    if (policy_from_table(table, mode, &policy) == BM_OK) {
        must_be_rules(policy);
        if (policy_nft(policy, &config, &text, NULL) == BM_OK) {
            free(text);
        }
        policy_free(policy);
    } else {
        must(policy == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1); /* at a multiple of 4 */

    if (copy != NULL && size != 0) {
        memcpy(copy, data, size);
    }
    for (unsigned mode = 0; copy != NULL && mode < POLICY_MODES; mode++) {
        try_mode((struct bm_bytes){ copy, size }, (enum policy_mode)mode);
    }
    free(copy);
    return 0;
}
