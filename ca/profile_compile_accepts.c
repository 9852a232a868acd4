/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_compiling.h"

#include <string.h>

/*
 * `accepts`: what certificates of others may be beyond what ours are. It
 * changes nothing that is issued.
 */

/* The only rules that are about an extension, and so can be in a list. */
static const enum profile_rule listed[] = {
    PROFILE_RULE_BASIC,      PROFILE_RULE_KEY_USAGE,
    PROFILE_RULE_EKU,        PROFILE_RULE_SAN,
    PROFILE_RULE_SKI,        PROFILE_RULE_AKI,
    PROFILE_RULE_POLICIES,   PROFILE_RULE_NAME_CONSTRAINTS,
    PROFILE_RULE_CRL,        PROFILE_RULE_OCSP,
    PROFILE_RULE_CA_ISSUERS, PROFILE_RULE_NOCHECK,
};

static bool find_rule(const char *text, uint32_t *bit)
{
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++) {
        if (strcmp(text, profile_rule_words(listed[i])) == 0) {
            *bit = 1U << listed[i];
            return true;
        }
    }
    if (strcmp(text, "others") == 0) {
        *bit = 1U << PROFILE_RULE_OTHERS;
        return true;
    }
    return false;
}

/* Names of keys that are about an extension, `others`, and OIDs. */
static bm_status compile_set(const struct profile_compiler *c,
                             const struct config_node *list,
                             struct profile_ext_set *set)
{
    if (list == NULL) {
        return BM_OK;
    }
    set->oids = config_memory(c->config, (list->n + 1) * sizeof *set->oids);
    if (set->oids == NULL) {
        return config_fail(c->error, list, BM_E_MEMORY, "out of memory");
    }
    for (const struct config_node *p = list->first; p != NULL; p = p->next) {
        uint32_t bit;

        if (find_rule(p->text, &bit)) {
            set->rules |= bit;
        } else if (p->text[0] >= '0' && p->text[0] <= '9') {
            BM_TRY(profile_compile_oid(c, p, p->text, &set->oids[set->n++]));
        } else {
            return config_fail(c->error, p, BM_E_PROFILE,
                               "\"%.60s\" is no key of an extension, nor an "
                               "object identifier, nor others",
                               p->text);
        }
    }
    return BM_OK;
}

static bm_status compile_path_len(const struct profile_compiler *c,
                                  const struct config_node *list)
{
    struct profile_accepts *a = &c->rules->accepts;

    for (const struct config_node *p = list != NULL ? list->first : NULL;
         p != NULL; p = p->next) {
        struct config_key key = { .name = "path_len",
                                  .type = CONFIG_INTEGER,
                                  .max = BM_PATH_LEN_MAX };
        int64_t n = 0;

        if (strcmp(p->text, "any") == 0) {
            a->any_path_len = true;
        } else if (strcmp(p->text, "none") == 0) {
            a->no_path_len = true;
        } else {
            BM_TRY(config_read_value(c->config, p, &key, &n, c->error));
            a->path_len[n / 64] |= UINT64_C(1) << n % 64;
        }
    }
    return BM_OK;
}

static bm_status compile_purposes(const struct profile_compiler *c,
                                  const struct config_node *list,
                                  struct bm_bytes **oids, size_t *n)
{
    return list == NULL ? BM_OK : profile_compile_oids(c, list, true, oids, n);
}

bm_status profile_compile_accepts(const struct profile_compiler *c,
                                  const struct config_node *node)
{
    struct profile_accepts *a = &c->rules->accepts;

    if (node == NULL) {
        return BM_OK;
    }
    BM_TRY(compile_path_len(c, config_get(node, "path_len")));
    BM_TRY(compile_purposes(c, config_get(node, "purposes"), &a->purposes,
                            &a->purposes_n));
    BM_TRY(compile_purposes(c, config_get(node, "any_purpose_but"), &a->but,
                            &a->but_n));
    BM_TRY(compile_set(c, config_get(node, "optional"), &a->optional));
    BM_TRY(compile_set(c, config_get(node, "other_values"), &a->values));
    return compile_set(c, config_get(node, "any_criticality"), &a->critical);
}
