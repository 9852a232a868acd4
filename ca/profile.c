/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <stdlib.h>
#include <string.h>

/* For members that end with NULL. */
static const char *const none[] = { NULL };

static bool has_purpose(const struct profile_rules *rules, struct bm_bytes oid)
{
    for (size_t i = 0; i < rules->eku.n; i++) {
        if (bm_bytes_equal(rules->eku.oids[i], oid)) {
            return true;
        }
    }
    return false;
}

static void make_policy(const struct profile_rules *r,
                        struct ca_profile_policy *policy)
{
    *policy = (struct ca_profile_policy){
        .name = r->name,
        .about = r->about,
        .ca = r->ca,
        .self_signed = strcmp(r->ca, "self") == 0,
        .by = r->by,
        .idevid_profiles = r->idevid_of != NULL ? r->idevid_of : none,
        .manufacturers = r->manufacturers != NULL ? r->manufacturers : none,
        .device = r->has_device,
        .identity = r->device.identity != 0,
        .one_active = r->device.one_active,
        .same_key_renewal = r->renewal.same_key_renewal,
        .key_sharing =
            r->device.key_sharing != NULL ? r->device.key_sharing : none,
        .fork = (enum ca_fork_handling)r->device.fork,
        .renewable = r->has_renewal,
        .renew_before = r->renewal.before,
        .renew_grace = r->renewal.grace,
        .has_window = r->renewal.has_window,
        .renew_from = { (unsigned)r->renewal.window.from_part,
                        r->renewal.window.from },
        .renew_until = { (unsigned)r->renewal.window.until_part,
                         r->renewal.window.until },
        .nested = r->validity.nested,
        .is_ca = r->basic.ca,
        .is_ocsp = has_purpose(r, BM_LIT(BM_OID_KP_OCSP_SIGNING)),
        .is_bundle = has_purpose(r, BM_LIT(BM_OID_KP_BUNDLE)),
        .attestation = (enum ca_attestation)r->attestation,
        .approval = r->approval,
        .expected = r->expected,
        .batch_keep = r->batch.keep,
        .est = { .enabled = r->est.enabled,
                 .serverkeygen = r->est.serverkeygen,
                 .wrap = r->est.wrap != 0,
                 .chain = r->est.chain,
                 .binding = r->est.binding != 0,
                 .encoding_header = r->est.encoding_header },
    };
}

static bm_status keep_text(struct ca_profile *profile, struct bm_bytes text,
                           const char *file)
{
    size_t n = strlen(file) + 1;
    char *name = config_memory(profile->config, n);
    uint8_t *copy = config_memory(profile->config, text.n + 1);

    if (name == NULL || copy == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(name, file, n);
    memcpy(copy, text.p, text.n);
    profile->file = name;
    profile->text = (struct bm_bytes){ copy, text.n };
    return BM_OK;
}

static bm_status parse(struct ca_profile *profile, struct bm_bytes text,
                       const char *file, struct config_error *error)
{
    BM_TRY(config_parse(text, &profile->config, error));
    BM_TRY(keep_text(profile, text, file));
    BM_TRY(profile_read(profile, error));
    BM_TRY(profile_compile(profile, error));
    make_policy(&profile->rules, &profile->policy);
    return BM_OK;
}

bm_status ca_profile_parse(struct bm_bytes text, const char *file,
                           struct ca_profile **profile, struct ca_refusal *why)
{
    struct config_error error = { .status = BM_OK };
    bm_status rc;

    *profile = calloc(1, sizeof **profile);
    if (*profile == NULL) {
        return ca_refuse(why, BM_E_MEMORY, "%s", file);
    }
    rc = parse(*profile, text, file, &error);
    if (rc != BM_OK) {
        ca_profile_free(*profile);
        *profile = NULL;
        return error.line != 0
                   ? ca_refuse(why, rc, "%s:%u:%u: %s", file, error.line,
                               error.column, error.words)
                   : ca_refuse(why, rc, "%s", file);
    }
    return BM_OK;
}

void ca_profile_free(struct ca_profile *profile)
{
    if (profile == NULL) {
        return;
    }
    free(profile->bound.mem);
    config_free(profile->config);
    free(profile);
}

const struct ca_profile_policy *
ca_profile_policy(const struct ca_profile *profile)
{
    return &profile->policy;
}

struct bm_bytes ca_profile_text(const struct ca_profile *profile)
{
    return profile->text;
}
