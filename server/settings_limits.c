/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "server/settings_internal.h"

#define MINUTE INT64_C(60)
#define DAY    (INT64_C(24) * 3600)

/* How much anybody may ask for, and how long a batch lasts. */

const struct limits_section settings_limits_usual = {
    .connections = 10000,
    .identity = 60,
    .organisation = 2000,
    .queue = 1024,
    .uploads = 16,
    .upload_octets = INT64_C(1) << 31,
};

const struct config_key settings_limits_keys[] = {
    { .name = "connections",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct limits_section, connections),
      .min = 1,
      .max = 1000000 },
    { .name = "identity",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct limits_section, identity),
      .min = 1,
      .max = 1000000 },
    { .name = "organisation",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct limits_section, organisation),
      .min = 1,
      .max = 1000000 },
    { .name = "queue",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct limits_section, queue),
      .min = 1,
      .max = 65536 },
    { .name = "uploads",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct limits_section, uploads),
      .min = 1,
      .max = 100000 },
    { .name = "upload_octets",
      .type = CONFIG_INTEGER,
      .offset = offsetof(struct limits_section, upload_octets),
      .min = 1,
      .max = INT64_C(1) << 50 },
    { .name = NULL },
};

const struct config_key settings_batches_keys[] = {
    { .name = "approval",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct batches_section, approval),
      .min = MINUTE,
      .max = 366 * DAY },
    { .name = "keep",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct batches_section, keep),
      .min = MINUTE,
      .max = 3660 * DAY },
    { .name = NULL },
};
