/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The language of one rule as a table: what docs/policy.md describes. */

#define KEY(kind, key, member)     \
    .name = (key), .type = (kind), \
    .offset = offsetof(struct policy_words, member)

static const struct config_choice verdict_choices[] = {
    { "allow", POLICY_ALLOW },
    { "drop", POLICY_DROP },
    { "reset", POLICY_RESET },
    { "observe", POLICY_OBSERVE },
    { NULL, 0 },
};

static const struct config_choice family_choices[] = {
    { "ipv4", POLICY_FAMILY_4 },
    { "ipv6", POLICY_FAMILY_6 },
    { NULL, 0 },
};

static const struct config_choice mode_choices[] = {
    { "normal", 1u << POLICY_NORMAL },
    { "lockdown", 1u << POLICY_LOCKDOWN },
    { "repair", 1u << POLICY_REPAIR },
    { NULL, 0 },
};

/* Zero is what nobody said. */
static const struct config_choice log_choices[] = {
    { "none", POLICY_LOG_NONE + 1 },
    { "count", POLICY_LOG_COUNT + 1 },
    { "sample", POLICY_LOG_SAMPLE + 1 },
    { NULL, 0 },
};

static const struct config_key keys[] = {
    { KEY(CONFIG_STRING, "name", name), .required = true },
    { KEY(CONFIG_NODE, "direction", direction), .required = true },
    { KEY(CONFIG_NODE, "protocol", protocol) },
    { KEY(CONFIG_NODE, "ethernet", ethernet) },
    { KEY(CONFIG_CHOICE, "family", family), .choices = family_choices },
    { KEY(CONFIG_NODE, "port", port) },
    { KEY(CONFIG_NODE, "kind", kind) },
    { KEY(CONFIG_NODE, "source_port", source_port) },
    { KEY(CONFIG_NODE, "peer", peer) },
    { KEY(CONFIG_NODE, "mac", mac) },
    { KEY(CONFIG_NODE, "flows", flows) },
    { KEY(CONFIG_CHOICE, "verdict", verdict), .required = true,
      .choices = verdict_choices },
    { KEY(CONFIG_INTEGER, "priority", priority), .min = -1000000,
      .max = 1000000 },
    { KEY(CONFIG_SET, "modes", modes), .choices = mode_choices },
    { KEY(CONFIG_NODE, "rate", rate) },
    { KEY(CONFIG_NODE, "threshold", threshold) },
    { KEY(CONFIG_INTEGER, "connections", connections), .min = 1,
      .max = POLICY_PLACES_MAX },
    { KEY(CONFIG_NODE, "modbus", modbus) },
    { KEY(CONFIG_CHOICE, "log", log), .choices = log_choices },
    { KEY(CONFIG_INTEGER, "sample", sample), .min = 1, .max = UINT16_MAX },
    { .name = NULL },
};

static bm_status check_name(struct policy_reader *r,
                            const struct policy_words *words)
{
    size_t n = strspn(words->name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (n == 0 || n > POLICY_NAME_MAX || words->name[n] != '\0') {
        return config_fail(
            r->error, config_get(words->at, "name"), BM_E_CONFIG_VALUE,
            "a rule is named by at most %d of a-z, 0-9, '-'", POLICY_NAME_MAX);
    }
    return BM_OK;
}

bm_status policy_words_read(struct policy_reader *r,
                            const struct config_node *node,
                            struct policy_words *words)
{
    const struct config_node *modes;

    *words = (struct policy_words){ .at = node,
                                    .family = POLICY_FAMILY_4 | POLICY_FAMILY_6,
                                    .modes = 1u << POLICY_NORMAL };
    BM_TRY(config_read(r->policy->config, node, keys, words, r->error));
    modes = config_get(node, "modes");
    if (words->modes == 0) {
        return config_fail(r->error, modes, BM_E_CONFIG_VALUE,
                           "a rule is in one mode at least");
    }
    return check_name(r, words);
}

/* Which directions, as bits. */
static bm_status read_directions(struct policy_reader *r,
                                 const struct config_node *node,
                                 unsigned *directions)
{
    *directions = 0;
    for (const struct config_node *i = policy_items(node); i != NULL;
         i = policy_items_next(node, i)) {
        unsigned bit = 0;

        for (unsigned d = 0; d < POLICY_DIRECTIONS; d++) {
            const char *name = policy_direction_name((enum policy_direction)d);

            if (i->kind == CONFIG_SCALAR && strcmp(i->text, name) == 0) {
                bit = 1u << d;
            }
        }
        if (bit == 0 || (*directions & bit) != 0) {
            *directions = 0;
            break;
        }
        *directions |= bit;
    }
    if (*directions == 0) {
        return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                           "direction must be in, out, or [in, out]");
    }
    return BM_OK;
}

/* "web", or "web-in" and "web-out" of a rule with two directions. */
static bm_status name_rule(struct policy_reader *r,
                           const struct policy_words *words, bool both,
                           struct policy_rule *rule)
{
    char name[2 * POLICY_NAME_MAX];
    char *copy;
    int n = snprintf(name, sizeof name, "%s%s%s", words->name, both ? "-" : "",
                     both ? policy_direction_name(rule->direction) : "");

    if (n > POLICY_NAME_MAX) {
        return config_fail(r->error, words->at, BM_E_CONFIG_VALUE,
                           "%s is longer than %d", name, POLICY_NAME_MAX);
    }
    for (size_t i = 0; i < r->policy->n; i++) {
        const struct policy_rule *other = &r->policy->rules[i];

        if (strcmp(other->name, name) == 0) {
            return config_fail(r->error, words->at, BM_E_CONFIG_TWICE,
                               "rule %s is there already, in line %u", name,
                               other->line);
        }
    }
    copy = config_memory(r->policy->config, (size_t)n + 1);
    if (copy == NULL) {
        return config_fail(r->error, words->at, BM_E_MEMORY, "out of memory");
    }
    memcpy(copy, name, (size_t)n + 1);
    rule->name = copy;
    return BM_OK;
}

static bm_status add_one(struct policy_reader *r,
                         const struct policy_words *words,
                         enum policy_direction direction, bool both)
{
    struct policy_rule rule = { .builtin = words->builtin,
                                .line = words->at->line,
                                .column = words->at->column,
                                .direction = direction,
                                .priority = (int32_t)words->priority,
                                .modes = words->modes };

    if (r->policy->n == r->cap || r->policy->n == POLICY_RULES_MAX) {
        return config_fail(r->error, words->at, BM_E_LIMIT,
                           "more than %d rules", POLICY_RULES_MAX);
    }
    BM_TRY(name_rule(r, words, both, &rule));
    BM_TRY(policy_boxes_read(r, words, &rule));
    BM_TRY(policy_effect_read(r, words, &rule));
    r->policy->rules[r->policy->n++] = rule;
    return BM_OK;
}

bm_status policy_rule_add(struct policy_reader *r,
                          const struct policy_words *words)
{
    unsigned directions;
    bool both;

    BM_TRY(read_directions(r, words->direction, &directions));
    both = directions == (1u << POLICY_IN | 1u << POLICY_OUT);
    for (unsigned d = 0; d < POLICY_DIRECTIONS; d++) {
        if ((directions & 1u << d) != 0) {
            BM_TRY(add_one(r, words, (enum policy_direction)d, both));
        }
    }
    return BM_OK;
}
