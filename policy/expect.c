/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/expect.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "policy/frame.h"

static const struct config_choice verdict_choices[] = {
    { "allow", POLICY_ALLOW },
    { "drop", POLICY_DROP },
    { "reset", POLICY_RESET },
    { "observe", POLICY_OBSERVE },
    { NULL, 0 },
};

static const struct config_choice mode_choices[] = {
    { "normal", POLICY_NORMAL },
    { "lockdown", POLICY_LOCKDOWN },
    { "repair", POLICY_REPAIR },
    { NULL, 0 },
};

#define KEY(kind, key, member)     \
    .name = (key), .type = (kind), \
    .offset = offsetof(struct policy_expectation, member)

static const struct config_key item_keys[] = {
    { KEY(CONFIG_STRING, "packet", packet), .required = true },
    { KEY(CONFIG_STRINGS, "before", before), .min = 1,
      .max = POLICY_BEFORE_MAX },
    { KEY(CONFIG_DURATION, "after", after), .min = 0, .max = 365 * 24 * 3600 },
    { KEY(CONFIG_CHOICE, "mode", mode), .choices = mode_choices },
    { KEY(CONFIG_CHOICE, "verdict", verdict), .required = true,
      .choices = verdict_choices },
    { KEY(CONFIG_STRING, "rule", rule) },
    { KEY(CONFIG_STRING, "reason", reason) },
    { .name = NULL },
};

struct head {
    const struct config_node *expect;
};

static const struct config_key head_keys[] = {
    { .name = "expect",
      .type = CONFIG_NODE,
      .required = true,
      .offset = offsetof(struct head, expect) },
    { .name = NULL },
};

static bool is_reason(const char *name)
{
    for (unsigned i = 0; i < BM_FW_REASONS; i++) {
        if (strcmp(policy_reason_name((enum bm_fw_reason)i), name) == 0) {
            return true;
        }
    }
    return false;
}

/* Words are tried at once: so that a wrong one is told with its place. */
static bm_status try_words(const struct config_node *at, const char *words,
                           struct config_error *error)
{
    char why[CONFIG_WORDS_MAX];
    struct policy_frame frame;

    if (policy_frame_parse(words, &frame, why) != BM_OK) {
        return config_fail(error, at, BM_E_POLICY_PACKET, "%s", why);
    }
    return BM_OK;
}

static bm_status read_item(struct policy_expectations *e,
                           const struct config_node *node,
                           struct config_error *error)
{
    struct policy_expectation *item = &e->items[e->n];

    BM_TRY(config_read(e->config, node, item_keys, item, error));
    item->line = node->line;
    BM_TRY(try_words(config_get(node, "packet"), item->packet, error));
    for (size_t i = 0; item->before != NULL && item->before[i] != NULL; i++) {
        BM_TRY(try_words(config_get(node, "before"), item->before[i], error));
    }
    if (item->reason != NULL && !is_reason(item->reason)) {
        return config_fail(error, config_get(node, "reason"), BM_E_CONFIG_VALUE,
                           "unknown reason \"%.60s\"", item->reason);
    }
    e->n++;
    return BM_OK;
}

static bm_status read_all(struct policy_expectations *e,
                          struct config_error *error)
{
    struct head head;

    BM_TRY(config_read(e->config, config_root(e->config), head_keys, &head,
                       error));
    if (head.expect->kind != CONFIG_SEQUENCE || head.expect->n == 0) {
        return config_fail(error, head.expect, BM_E_CONFIG_VALUE,
                           "expect must be a sequence, and not empty");
    }
    e->items = config_memory(e->config, head.expect->n * sizeof *e->items);
    if (e->items == NULL) {
        return config_fail(error, head.expect, BM_E_MEMORY, "out of memory");
    }
    for (const struct config_node *i = head.expect->first; i != NULL;
         i = i->next) {
        BM_TRY(read_item(e, i, error));
    }
    return BM_OK;
}

bm_status policy_expect_parse(struct bm_bytes text,
                              struct policy_expectations *e,
                              struct config_error *error)
{
    bm_status rc;

    *e = (struct policy_expectations){ .n = 0 };
    rc = config_parse(text, &e->config, error);
    if (rc == BM_OK) {
        rc = read_all(e, error);
    }
    if (rc != BM_OK) {
        policy_expect_wipe(e);
    }
    return rc;
}

void policy_expect_wipe(struct policy_expectations *e)
{
    config_free(e->config);
    *e = (struct policy_expectations){ .n = 0 };
}

/* ---- One of them */

static bm_status judge(struct policy_judge *j, const char *words, uint64_t now,
                       struct policy_judgement *judgement,
                       char why[CONFIG_WORDS_MAX])
{
    struct policy_frame frame;

    BM_TRY(policy_frame_parse(words, &frame, why));
    policy_judge_set_subnets(j, &frame.subnets);
    *judgement = policy_judge_frame(j, frame.direction,
                                    (struct bm_bytes){ frame.octets, frame.n },
                                    frame.n, now);
    return BM_OK;
}

static bm_status compare(const struct policy_expectation *item,
                         const struct policy_judgement *got,
                         char words[CONFIG_WORDS_MAX])
{
    const char *rule = got->rule != NULL ? got->rule->name : "none";

    if ((unsigned)got->verdict == item->verdict &&
        (item->rule == NULL || strcmp(item->rule, rule) == 0) &&
        (item->reason == NULL ||
         strcmp(item->reason, policy_reason_name(got->reason)) == 0)) {
        return BM_OK;
    }
    (void)snprintf(words, CONFIG_WORDS_MAX,
                   "it is %s, for the reason %s, by rule %s",
                   policy_verdict_name(got->verdict),
                   policy_reason_name(got->reason), rule);
    return BM_E_POLICY_EXPECT;
}

static bm_status run(struct policy_judge *j,
                     const struct policy_expectation *item,
                     char words[CONFIG_WORDS_MAX])
{
    struct policy_judgement got;
    uint64_t now = 1;

    policy_judge_set_mode(j, (enum policy_mode)item->mode);
    for (size_t i = 0; item->before != NULL && item->before[i] != NULL; i++) {
        BM_TRY(judge(j, item->before[i], now++, &got, words));
    }
    now += (uint64_t)item->after * 1000;
    BM_TRY(judge(j, item->packet, now, &got, words));
    return compare(item, &got, words);
}

bm_status policy_expect_check(const struct policy *policy,
                              const struct policy_expectation *item,
                              char words[CONFIG_WORDS_MAX])
{
    struct policy_judge *j = policy_judge_new(policy);
    bm_status rc = BM_E_MEMORY;

    words[0] = '\0';
    if (j != NULL) {
        rc = run(j, item, words);
    }
    policy_judge_free(j);
    return rc;
}
