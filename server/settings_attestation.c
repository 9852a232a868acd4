/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "server/settings_internal.h"

/* An attestation waits for the request that it is for: a moment, or until a
 * device that is switched off at once is on again. */
#define VALID_MIN INT64_C(60)
#define VALID_MAX (INT64_C(24) * 3600)

const struct config_key settings_attestation_keys[] = {
    { .name = "ek_cas",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct attestation_section, ek_cas) },
    { .name = "valid",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct attestation_section, valid),
      .min = VALID_MIN,
      .max = VALID_MAX },
    { .name = NULL },
};

bm_status settings_check_attestation(struct config *config,
                                     const struct attestation_section *a,
                                     struct config_error *error)
{
    const struct config_node *section =
        config_get(config_root(config), "attestation");

    return a->ek_cas == NULL || a->ek_cas[0] == '/'
               ? BM_OK
               : config_fail(error, config_get(section, "ek_cas"),
                             BM_E_CONFIG_VALUE, "an absolute path is wanted");
}
