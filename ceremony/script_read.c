/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script_internal.h"

#include <stddef.h>

#include "core/crl.h"
#include "keys/shares.h"

/* The language of ceremony files as tables: what docs/ceremony.md describes. */

#define DAY INT64_C(86400)

/* In the order of script_algorithms. */
static const struct config_choice algorithm_choices[] = {
    { "p256", 0 },    { "p384", 1 },    { "ed25519", 2 },
    { "rsa3072", 3 }, { "rsa4096", 4 }, { "mldsa44", 5 },
    { "mldsa65", 6 }, { "mldsa87", 7 }, { NULL, 0 },
};

static const struct config_choice kind_choices[] = {
    { "subordinate", SCRIPT_SUBORDINATE },
    { "cross", SCRIPT_CROSS },
    { "new-with-old", SCRIPT_NEW_WITH_OLD },
    { "old-with-new", SCRIPT_OLD_WITH_NEW },
    { "request", SCRIPT_REQUEST },
    { NULL, 0 },
};

/* RFC 5280 5.3.1, without certificateHold: a CA is revoked for good, and
 * what says otherwise is a list of a root that nobody watches. */
static const struct config_choice reason_choices[] = {
    { "unspecified", BM_REASON_UNSPECIFIED },
    { "keyCompromise", BM_REASON_KEY_COMPROMISE },
    { "cACompromise", BM_REASON_CA_COMPROMISE },
    { "affiliationChanged", BM_REASON_AFFILIATION },
    { "superseded", BM_REASON_SUPERSEDED },
    { "cessationOfOperation", BM_REASON_CESSATION },
    { "privilegeWithdrawn", BM_REASON_PRIVILEGE },
    { NULL, 0 },
};

const char *script_kind_name(unsigned kind)
{
    return kind_choices[kind].name;
}

#define KEY(kind, key, into, member) \
    .name = (key), .type = (kind), .offset = offsetof(struct into, member)

static const struct config_key validity_keys[] = {
    { KEY(CONFIG_STRING, "for", read_validity, lifetime) },
    { KEY(CONFIG_STRING, "until", read_validity, until) },
    { .name = NULL },
};

static const struct config_key key_keys[] = {
    { .name = "algorithm",
      .type = CONFIG_CHOICE,
      .required = true,
      .offset = offsetof(struct read_root, key.algorithm) -
                offsetof(struct read_root, key),
      .choices = algorithm_choices },
    { .name = "place",
      .type = CONFIG_STRING,
      .required = true,
      .offset = offsetof(struct read_root, key.place) -
                offsetof(struct read_root, key) },
    { .name = "module",
      .type = CONFIG_STRING,
      .offset = offsetof(struct read_root, key.module) -
                offsetof(struct read_root, key) },
    { .name = NULL },
};

static const struct config_key root_keys[] = {
    { KEY(CONFIG_STRING, "id", read_root, id) },
    { KEY(CONFIG_SECTION, "key", read_root, key), .required = true,
      .keys = key_keys },
    { KEY(CONFIG_NODE, "subject", read_root, ca.subject), .required = true },
    { KEY(CONFIG_SECTION, "validity", read_root, ca.validity), .required = true,
      .keys = validity_keys },
    { KEY(CONFIG_INTEGER, "path_len", read_root, ca.path_len),
      .max = BM_PATH_LEN_MAX },
    { KEY(CONFIG_NODE, "name_constraints", read_root, ca.name_constraints) },
    { KEY(CONFIG_NODE, "policies", read_root, ca.policies) },
    { .name = NULL },
};

static const struct config_key step_keys[] = {
    { KEY(CONFIG_STRING, "step", read_step, name), .required = true },
    { KEY(CONFIG_CHOICE, "kind", read_step, kind), .required = true,
      .choices = kind_choices },
    { KEY(CONFIG_STRING, "request", read_step, request) },
    { KEY(CONFIG_STRING, "request_sha256", read_step, request_sha256) },
    { KEY(CONFIG_STRING, "certificate", read_step, certificate) },
    { KEY(CONFIG_STRING, "certificate_sha256", read_step, certificate_sha256) },
    { KEY(CONFIG_STRING, "key_sha256", read_step, key_sha256) },
    { KEY(CONFIG_STRING, "renews", read_step, renews) },
    { KEY(CONFIG_NODE, "subject", read_step, ca.subject) },
    { KEY(CONFIG_SECTION, "validity", read_step, ca.validity),
      .keys = validity_keys },
    { KEY(CONFIG_INTEGER, "path_len", read_step, ca.path_len),
      .max = BM_PATH_LEN_MAX },
    { KEY(CONFIG_NODE, "keys", read_step, ca.keys) },
    { KEY(CONFIG_NODE, "name_constraints", read_step, ca.name_constraints) },
    { KEY(CONFIG_NODE, "policies", read_step, ca.policies) },
    { KEY(CONFIG_STRING, "public_url", read_step, ca.public_url) },
    { .name = NULL },
};

static const struct config_key custodian_keys[] = {
    { .name = "threshold",
      .type = CONFIG_INTEGER,
      .required = true,
      .offset = offsetof(struct read_script, custodians.threshold) -
                offsetof(struct read_script, custodians),
      .min = BM_SHARES_MIN,
      .max = BM_SHARES_MAX },
    { .name = "names",
      .type = CONFIG_STRINGS,
      .required = true,
      .offset = offsetof(struct read_script, custodians.names) -
                offsetof(struct read_script, custodians),
      .min = BM_SHARES_MIN,
      .max = BM_SHARES_MAX },
    { .name = NULL },
};

static const struct config_key revoked_keys[] = {
    { KEY(CONFIG_STRING, "serial", read_revoked, serial), .required = true },
    { KEY(CONFIG_TIME, "date", read_revoked, date), .required = true },
    { KEY(CONFIG_CHOICE, "reason", read_revoked, reason), .required = true,
      .choices = reason_choices },
    { .name = NULL },
};

static const struct config_key crl_keys[] = {
    { .name = "lifetime",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct read_script, crl.lifetime) -
                offsetof(struct read_script, crl),
      .min = DAY,
      .max = 3660 * DAY },
    { .name = "revoked",
      .type = CONFIG_LIST,
      .offset = offsetof(struct read_script, crl.revoked) -
                offsetof(struct read_script, crl),
      .max = SCRIPT_REVOKED_MAX,
      .keys = revoked_keys,
      .size = sizeof(struct read_revoked) },
    { .name = NULL },
};

static const struct config_key script_keys[] = {
    { KEY(CONFIG_STRING, "ceremony", read_script, name), .required = true },
    { KEY(CONFIG_STRING, "title", read_script, title), .required = true },
    { KEY(CONFIG_SECTION, "root", read_script, root), .required = true,
      .keys = root_keys },
    { KEY(CONFIG_SECTION, "custodians", read_script, custodians),
      .keys = custodian_keys },
    { KEY(CONFIG_LIST, "sign", read_script, steps), .max = SCRIPT_STEPS_MAX,
      .keys = step_keys, .size = sizeof(struct read_step) },
    { KEY(CONFIG_SECTION, "crl", read_script, crl), .keys = crl_keys },
    { .name = NULL },
};

/* Absent path lengths and the lifetime of lists are set before. */
bm_status script_read(struct config *config, struct read_script *from,
                      struct config_error *error)
{
    const struct config_node *root = config_root(config);
    const struct config_node *list = config_get(root, "sign");
    const struct config_node *at;
    struct read_step *steps;

    *from = (struct read_script){ .name = NULL };
    from->root.ca.path_len = BM_PATH_LEN_NONE;
    from->crl.lifetime = 400 * DAY;
    BM_TRY(config_read(config, root, script_keys, from, error));
    steps = from->steps.items;
    at = list != NULL ? list->first : NULL;
    for (size_t i = 0; i < from->steps.n && at != NULL; i++, at = at->next) {
        if (config_get(at, "path_len") == NULL) {
            steps[i].ca.path_len = BM_PATH_LEN_NONE;
        }
    }
    return BM_OK;
}
