/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_SETTINGS_INTERNAL_H
#define BM_SERVER_SETTINGS_INTERNAL_H

#include "config/config.h"
#include "server/settings.h"

/* Between the files of settings: `tokens:` is in settings_tokens.c,
 * `attestation:` in settings_attestation.c, `limits:` and `batches:` in
 * settings_limits.c, `courier:` in settings_courier.c. */

struct tokens_section {
    const char *const *modules;
    const char *pin;
    const char *const *environment;
    const char *const *read;
    const char *const *write;
    const char *const *sockets;
    const char *tpm;
    const char *tpm_owner;
};

extern const struct config_key settings_tokens_keys[];

/* What the table cannot say; blames the value. */
BM_MUST_CHECK bm_status settings_check_tokens(struct config *config,
                                              const struct tokens_section *t,
                                              struct config_error *error);

struct attestation_section {
    const char *ek_cas;
    int64_t valid;
};

extern const struct config_key settings_attestation_keys[];

BM_MUST_CHECK bm_status settings_check_attestation(
    struct config *config, const struct attestation_section *a,
    struct config_error *error);

struct limits_section {
    int64_t connections;
    int64_t identity;
    int64_t organisation;
    int64_t queue;
    int64_t uploads;
    int64_t upload_octets;
};

struct batches_section {
    int64_t approval;
    int64_t keep;
};

extern const struct config_key settings_limits_keys[];
extern const struct config_key settings_batches_keys[];
extern const struct limits_section settings_limits_usual;

struct courier_section {
    unsigned reach;
    int64_t timeout;
    int64_t retry_first;
    int64_t retry_last;
    const char *identity;
};

extern const struct config_key settings_courier_keys[];

BM_MUST_CHECK bm_status settings_check_courier(struct config *config,
                                               const struct courier_section *c,
                                               struct config_error *error);

#endif
