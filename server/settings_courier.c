/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "server/settings_internal.h"

/* `courier:`, which sends events (docs/events.md). */

#define MINUTE INT64_C(60)
#define DAY    INT64_C(86400)

static const struct config_choice reaches[] = {
    { "public", SETTINGS_REACH_PUBLIC },
    { "private", SETTINGS_REACH_PRIVATE },
    { "local", SETTINGS_REACH_LOCAL },
    { 0 },
};

const struct config_key settings_courier_keys[] = {
    { .name = "reach",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct courier_section, reach),
      .choices = reaches },
    { .name = "timeout",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct courier_section, timeout),
      .min = 1,
      .max = 5 * MINUTE },
    { .name = "retry_first",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct courier_section, retry_first),
      .min = 1,
      .max = DAY },
    { .name = "retry_last",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct courier_section, retry_last),
      .min = 1,
      .max = DAY },
    { .name = "identity",
      .type = CONFIG_STRING,
      .offset = offsetof(struct courier_section, identity) },
    { .name = NULL },
};

bm_status settings_check_courier(struct config *config,
                                 const struct courier_section *c,
                                 struct config_error *error)
{
    const struct config_node *root = config_root(config);

    if (c->retry_last < c->retry_first) {
        return config_fail(
            error, config_get(config_get(root, "courier"), "retry_last"),
            BM_E_CONFIG_VALUE, "at least courier.retry_first is wanted");
    }
    if (c->identity != NULL && c->identity[0] == '\0') {
        return config_fail(error,
                           config_get(config_get(root, "courier"), "identity"),
                           BM_E_CONFIG_VALUE, "a file is wanted");
    }
    return BM_OK;
}
