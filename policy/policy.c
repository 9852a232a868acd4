/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The language as tables: what docs/policy.md describes. */

struct timeouts {
    int64_t of[POLICY_TIMEOUTS];
};

struct head {
    const char *name;
    int64_t version;
    int64_t floor;
    int64_t flows;
    int64_t sources;
    bool approximate;
    struct timeouts timeouts;
    const struct config_node *groups;
    const struct config_node *builtin;
    const struct config_node *rules;
};

#define TIMEOUT(name_, index)                               \
    {                                                       \
        .name = (name_), .type = CONFIG_DURATION, .min = 1, \
        .max = POLICY_TIMEOUT_MAX,                          \
        .offset = offsetof(struct timeouts, of[index])      \
    }

static const struct config_key timeout_keys[] = {
    TIMEOUT("asked", POLICY_ASKED), TIMEOUT("answered", POLICY_ANSWERED),
    TIMEOUT("open", POLICY_OPEN),   TIMEOUT("one", POLICY_ONE),
    TIMEOUT("half", POLICY_HALF),   TIMEOUT("two", POLICY_TWO),
    TIMEOUT("done", POLICY_DONE),   TIMEOUT("udp", POLICY_UDP),
    TIMEOUT("icmp", POLICY_ICMP),   { .name = NULL },
};

/* docs/firewall.md, "Flows" */
static const struct timeouts timeouts = {
    { [POLICY_ASKED] = 30,
      [POLICY_ANSWERED] = 30,
      [POLICY_OPEN] = 2 * 3600,
      [POLICY_ONE] = 60,
      [POLICY_HALF] = 60,
      [POLICY_TWO] = 30,
      [POLICY_DONE] = 30,
      [POLICY_UDP] = 60,
      [POLICY_ICMP] = 10 },
};

#define KEY(kind, key, member) \
    .name = (key), .type = (kind), .offset = offsetof(struct head, member)

static const struct config_key keys[] = {
    { KEY(CONFIG_STRING, "policy", name), .required = true },
    { KEY(CONFIG_INTEGER, "version", version), .required = true, .min = 1,
      .max = UINT32_MAX },
    { KEY(CONFIG_INTEGER, "floor", floor), .required = true, .min = 1,
      .max = UINT32_MAX },
    { KEY(CONFIG_INTEGER, "flows", flows), .min = 1, .max = POLICY_PLACES_MAX },
    { KEY(CONFIG_INTEGER, "sources", sources), .min = 1,
      .max = POLICY_PLACES_MAX },
    { KEY(CONFIG_BOOL, "approximate", approximate) },
    { KEY(CONFIG_SECTION, "timeouts", timeouts), .keys = timeout_keys },
    { KEY(CONFIG_NODE, "groups", groups) },
    { KEY(CONFIG_NODE, "builtin", builtin) },
    { KEY(CONFIG_NODE, "rules", rules) },
    { .name = NULL },
};

static bm_status read_head(struct policy_reader *r,
                           const struct config_node *root, struct head *head)
{
    struct policy *policy = r->policy;

    *head = (struct head){ .timeouts = timeouts };
    BM_TRY(config_read(policy->config, root, keys, head, r->error));
    if (head->floor > head->version) {
        return config_fail(r->error, config_get(root, "floor"),
                           BM_E_CONFIG_VALUE, "floor is above version");
    }
    policy->name = head->name;
    policy->version = (uint32_t)head->version;
    policy->floor = (uint32_t)head->floor;
    policy->flows = (uint16_t)head->flows;
    policy->sources = (uint16_t)head->sources;
    policy->approximate = head->approximate;
    for (size_t i = 0; i < POLICY_TIMEOUTS; i++) {
        policy->timeouts[i] = (uint16_t)head->timeouts.of[i];
    }
    r->groups = head->groups;
    return policy_groups_check(r);
}

/* ---- Lists */

static bm_status must_be_sequence(struct policy_reader *r,
                                  const struct config_node *node)
{
    if (node != NULL && node->kind != CONFIG_SEQUENCE) {
        return config_fail(r->error, node, BM_E_CONFIG_VALUE,
                           "%s must be a sequence", node->key);
    }
    return BM_OK;
}

static bm_status make_room(struct policy_reader *r,
                           const struct config_node *root,
                           const struct head *head)
{
    size_t rules = head->rules != NULL ? head->rules->n : 0;
    size_t builtins = head->builtin != NULL ? head->builtin->n : 0;
    size_t size = sizeof r->policy->rules[0];

    r->cap = rules * POLICY_DIRECTIONS + builtins * POLICY_BUILTIN_RULES;
    r->cap = r->cap < POLICY_RULES_MAX ? r->cap : POLICY_RULES_MAX;
    r->policy->rules = config_memory(r->policy->config, (r->cap + 1) * size);
    if (r->policy->rules == NULL) {
        return config_fail(r->error, root, BM_E_MEMORY, "out of memory");
    }
    return BM_OK;
}

static bm_status read_rules(struct policy_reader *r,
                            const struct config_node *node)
{
    for (const struct config_node *i = node->first; i != NULL; i = i->next) {
        struct policy_words words;

        BM_TRY(policy_words_read(r, i, &words));
        BM_TRY(policy_rule_add(r, &words));
    }
    return BM_OK;
}

/* What rules need must be there: octets of RAM are the author's to give. */
static bm_status check_places(struct policy_reader *r,
                              const struct config_node *root)
{
    const struct policy *p = r->policy;
    bool flows = false;
    bool sources = false;

    for (size_t i = 0; i < p->n; i++) {
        flows = flows || p->rules[i].flows;
        sources = sources || p->rules[i].rate.per_source;
    }
    if (flows && p->flows == 0) {
        return config_fail(r->error, root, BM_E_CONFIG_MISSING,
                           "\"flows\" is missing: rules make flows, and for "
                           "how many is there room?");
    }
    if (sources && p->sources == 0) {
        return config_fail(r->error, root, BM_E_CONFIG_MISSING,
                           "\"sources\" is missing: rates are per source, and "
                           "how many are remembered?");
    }
    return BM_OK;
}

static bm_status read_all(struct policy_reader *r)
{
    const struct config_node *root = config_root(r->policy->config);
    struct head head;

    BM_TRY(read_head(r, root, &head));
    BM_TRY(must_be_sequence(r, head.builtin));
    BM_TRY(must_be_sequence(r, head.rules));
    BM_TRY(make_room(r, root, &head));
    if (head.builtin != NULL) {
        BM_TRY(policy_builtin_read(r, head.builtin));
    }
    if (head.rules != NULL) {
        BM_TRY(read_rules(r, head.rules));
    }
    return check_places(r, root);
}

bm_status policy_parse(struct bm_bytes text, struct policy **policy,
                       struct config_error *error)
{
    struct config_error ignored = { .status = BM_OK };
    struct policy_reader r = { .error = error != NULL ? error : &ignored };
    bm_status rc;

    *policy = NULL;
    *r.error = (struct config_error){ .status = BM_OK };
    r.policy = calloc(1, sizeof *r.policy);
    if (r.policy == NULL) {
        r.error->status = BM_E_MEMORY;
        return BM_E_MEMORY;
    }
    rc = config_parse(text, &r.policy->config, r.error);
    if (rc == BM_OK) {
        rc = read_all(&r);
    }
    if (rc != BM_OK) {
        policy_free(r.policy);
        return rc;
    }
    *policy = r.policy;
    return BM_OK;
}

void policy_free(struct policy *policy)
{
    if (policy != NULL) {
        config_free(policy->config);
        policy_memory_free(policy->memory);
        free(policy);
    }
}
