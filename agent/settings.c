/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agent/firewall/settings.h"
#include "agent/settings_internal.h"

#define MINUTE INT64_C(60)
#define DAY    INT64_C(86400)

/* A name of an EST label: RFC 7030 3.2.2 leaves it to RFC 3986; a segment that
 * needs no escapes is enough for the name of a profile. */
#define LABEL_CHARS                                                     \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~" \
    "-"

#define KEY(struct_, member_, type_)   \
    .name = #member_, .type = (type_), \
    .offset = offsetof(struct struct_, member_)

static const struct config_key server_keys[] = {
    { KEY(settings_server, url, CONFIG_STRING), .required = true },
    { KEY(settings_server, label, CONFIG_STRING) },
    { KEY(settings_server, anchors, CONFIG_STRING), .required = true },
    { KEY(settings_server, est_only, CONFIG_BOOL) },
    { KEY(settings_server, timeout, CONFIG_DURATION), .min = 1, .max = 600 },
    { 0 },
};

static const struct config_key device_keys[] = {
    { KEY(settings_device, name, CONFIG_STRING) },
    { KEY(settings_device, token_file, CONFIG_STRING) },
    { KEY(settings_device, subject, CONFIG_STRING) },
    { KEY(settings_device, san, CONFIG_STRINGS), .min = 1, .max = 16 },
    { 0 },
};

static const struct config_key keys_keys[] = {
    { KEY(settings_keys, uri, CONFIG_STRING) },
    { KEY(settings_keys, unlock, CONFIG_STRING) },
    { KEY(settings_keys, modules, CONFIG_STRINGS), .min = 1, .max = 8 },
    { KEY(settings_keys, pin_file, CONFIG_STRING) },
    { KEY(settings_keys, tcti, CONFIG_STRING) },
    { KEY(settings_keys, owner_auth_file, CONFIG_STRING) },
    { KEY(settings_keys, attest, CONFIG_BOOL) },
    { KEY(settings_keys, ek_certificate, CONFIG_STRING) },
    { 0 },
};

static const struct config_key idevid_keys[] = {
    { KEY(settings_idevid, key, CONFIG_STRING), .required = true },
    { KEY(settings_idevid, certificate, CONFIG_STRING), .required = true },
    { 0 },
};

static const struct config_key birth_keys[] = {
    { KEY(settings_birth, label, CONFIG_STRING) },
    { KEY(settings_birth, token_file, CONFIG_STRING) },
    { 0 },
};

static const struct config_choice secret_choices[] = {
    { "file", SETTINGS_SECRET_FILE },
    { "tpm", SETTINGS_SECRET_TPM },
    { 0 },
};

static const struct config_key vault_keys[] = {
    { KEY(settings_vault, secret, CONFIG_CHOICE), .choices = secret_choices },
    { KEY(settings_vault, counter, CONFIG_STRING) },
    { 0 },
};

static const struct config_key firewall_keys[] = {
    { KEY(settings_firewall, settings, CONFIG_STRING) },
    { KEY(settings_firewall, trial, CONFIG_DURATION), .min = 1, .max = DAY },
    { KEY(settings_firewall, every, CONFIG_DURATION), .min = 1, .max = DAY },
    { 0 },
};

static const struct config_choice stale_choices[] = {
    { "warn", BM_TRUST_WARN },
    { "grace", BM_TRUST_GRACE },
    { "deny", BM_TRUST_DENY },
    { 0 },
};

static const struct config_key stale_keys[] = {
    { KEY(settings_stale, cloud, CONFIG_CHOICE), .choices = stale_choices },
    { KEY(settings_stale, device, CONFIG_CHOICE), .choices = stale_choices },
    { KEY(settings_stale, serve, CONFIG_CHOICE), .choices = stale_choices },
    { KEY(settings_stale, grace, CONFIG_DURATION), .min = MINUTE,
      .max = 366 * DAY },
    { 0 },
};

static const struct config_choice layout_choices[] = {
    { "nginx", SETTINGS_NGINX },     { "mosquitto", SETTINGS_MOSQUITTO },
    { "haproxy", SETTINGS_HAPROXY }, { "openssl-dir", SETTINGS_OPENSSL_DIR },
    { "files", SETTINGS_FILES },     { 0 },
};

static const struct config_choice part_choices[] = {
    { "certificate", SETTINGS_CERTIFICATE },
    { "chain", SETTINGS_CHAIN },
    { "key", SETTINGS_KEY },
    { "anchors", SETTINGS_ANCHORS },
    { 0 },
};

static const struct config_key part_keys[] = {
    { KEY(settings_file, name, CONFIG_STRING), .required = true },
    { KEY(settings_file, parts, CONFIG_SET), .required = true,
      .choices = part_choices },
    { 0 },
};

static const struct config_key layout_keys[] = {
    { KEY(settings_layout, kind, CONFIG_CHOICE), .required = true,
      .choices = layout_choices },
    { KEY(settings_layout, dir, CONFIG_STRING), .required = true },
    { KEY(settings_layout, export_key, CONFIG_BOOL) },
    { KEY(settings_layout, owner, CONFIG_STRING) },
    { KEY(settings_layout, group, CONFIG_STRING) },
    { KEY(settings_layout, group_may_read, CONFIG_BOOL) },
    { KEY(settings_layout, files, CONFIG_LIST), .min = 1, .max = 16,
      .keys = part_keys, .size = sizeof(struct settings_file) },
    { 0 },
};

static const struct config_key hook_keys[] = {
    { KEY(settings_hook, name, CONFIG_STRING), .required = true },
    { KEY(settings_hook, run, CONFIG_STRINGS), .required = true, .min = 1,
      .max = SETTINGS_ARGV_MAX },
    { KEY(settings_hook, timeout, CONFIG_DURATION), .min = 1,
      .max = 10 * MINUTE },
    { KEY(settings_hook, retries, CONFIG_INTEGER), .min = 0, .max = 10 },
    { 0 },
};

/* The numbers are those of syslog(3), as event.h has them. */
static const struct config_choice levels[] = {
    { "error", 3 }, { "warning", 4 }, { "notice", 5 }, { "info", 6 }, { 0 },
};

static const struct config_key file_keys[] = {
    { KEY(settings_text, version, CONFIG_INTEGER), .required = true, .min = 1,
      .max = 1 },
    { KEY(settings_text, server, CONFIG_SECTION), .required = true,
      .keys = server_keys },
    { KEY(settings_text, state, CONFIG_STRING) },
    { KEY(settings_text, device, CONFIG_SECTION), .keys = device_keys },
    { KEY(settings_text, keys, CONFIG_SECTION), .keys = keys_keys },
    { KEY(settings_text, idevid, CONFIG_SECTION), .keys = idevid_keys },
    { KEY(settings_text, birth, CONFIG_SECTION), .keys = birth_keys },
    { KEY(settings_text, vault, CONFIG_SECTION), .keys = vault_keys },
    { KEY(settings_text, firewall, CONFIG_SECTION), .keys = firewall_keys },
    { KEY(settings_text, stale, CONFIG_SECTION), .keys = stale_keys },
    { KEY(settings_text, layouts, CONFIG_LIST), .min = 0,
      .max = SETTINGS_LAYOUTS_MAX, .keys = layout_keys,
      .size = sizeof(struct settings_layout) },
    { KEY(settings_text, hooks, CONFIG_LIST), .min = 0,
      .max = SETTINGS_HOOKS_MAX, .keys = hook_keys,
      .size = sizeof(struct settings_hook) },
    { KEY(settings_text, log_level, CONFIG_CHOICE), .choices = levels },
    { 0 },
};

/* What stands where nothing is written. */
static const struct settings_text usual = {
    .server = { .timeout = 30 },
    .state = "/var/lib/birthmark-agent",
    .keys = { .uri = "file:{slot}.key", .unlock = "file" },
    .firewall = { .settings = FIREWALL_SETTINGS,
                  .trial = 10 * MINUTE,
                  .every = 60 * MINUTE },
    .stale = { .cloud = BM_TRUST_WARN,
               .device = BM_TRUST_GRACE,
               .serve = BM_TRUST_GRACE,
               .grace = 7 * DAY },
    .log_level = 5,
};

#define HOOK_TIMEOUT 30
#define HOOK_RETRIES 2

/* Zero is what config_read() leaves where a list's item says nothing. */
static void fill_hooks(struct settings *s, const struct config_node *root)
{
    const struct config_node *list = config_get(root, "hooks");
    const struct config_node *node = list == NULL ? NULL : list->first;

    for (size_t i = 0; node != NULL; i++, node = node->next) {
        struct settings_hook *h = &s->hooks[i];

        h->timeout = h->timeout == 0 ? HOOK_TIMEOUT : h->timeout;
        h->retries =
            config_get(node, "retries") == NULL ? HOOK_RETRIES : h->retries;
    }
}

static bm_status check_label(const struct config_node *node, const char *label,
                             struct config_error *error)
{
    return label == NULL || strspn(label, LABEL_CHARS) == strlen(label)
               ? BM_OK
               : config_fail(error, node, BM_E_CONFIG_VALUE,
                             "letters, digits, '.', '_', '~' and '-' are "
                             "wanted");
}

/*
 * Relative paths would mean something else under systemd than in a shell; and
 * "/a/../b" what nobody sees.
 */
static bm_status check_path(const struct config_node *section, const char *key,
                            const char *path, struct config_error *error)
{
    return path == NULL || (path[0] == '/' && strstr(path, "/../") == NULL)
               ? BM_OK
               : config_fail(error, config_get(section, key), BM_E_CONFIG_VALUE,
                             "an absolute path is wanted");
}

static bm_status check_paths(const struct config_node *root,
                             const struct settings_text *t,
                             struct config_error *error)
{
    const struct {
        const char *section;
        const char *key;
        const char *path;
    } rows[] = {
        { "server", "anchors", t->server.anchors },
        { "device", "token_file", t->device.token_file },
        { "keys", "pin_file", t->keys.pin_file },
        { "keys", "owner_auth_file", t->keys.owner_auth_file },
        { "keys", "ek_certificate", t->keys.ek_certificate },
        { "idevid", "certificate", t->idevid.certificate },
        { "birth", "token_file", t->birth.token_file },
        { "firewall", "settings", t->firewall.settings },
    };

    BM_TRY(check_path(root, "state", t->state, error));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct config_node *section = config_get(root, rows[i].section);

        if (section != NULL) {
            BM_TRY(check_path(section, rows[i].key, rows[i].path, error));
        }
    }
    return BM_OK;
}

static bm_status check_labels(const struct config_node *root,
                              const struct settings_text *t,
                              struct config_error *error)
{
    const struct config_node *birth = config_get(root, "birth");

    BM_TRY(check_label(config_get(config_get(root, "server"), "label"),
                       t->server.label, error));
    return birth == NULL
               ? BM_OK
               : check_label(config_get(birth, "label"), t->birth.label, error);
}

static void take(struct settings *s, const struct settings_text *t)
{
    s->url = t->server.url;
    s->label = t->server.label;
    s->anchors = t->server.anchors;
    s->est_only = t->server.est_only;
    s->timeout = t->server.timeout;
    s->state = t->state;
    s->device = t->device.name;
    s->token_file = t->device.token_file;
    s->keys = t->keys;
    s->idevid = t->idevid;
    s->birth = t->birth;
    s->vault = t->vault;
    s->firewall = t->firewall;
    s->layouts = t->layouts.items;
    s->layouts_n = t->layouts.n;
    s->hooks = t->hooks.items;
    s->hooks_n = t->hooks.n;
    s->log_level = t->log_level;
    s->policy[BM_TRUST_CLOUD].stale = (enum bm_trust_stale)t->stale.cloud;
    s->policy[BM_TRUST_DEVICE].stale = (enum bm_trust_stale)t->stale.device;
    s->policy[BM_TRUST_SERVE].stale = (enum bm_trust_stale)t->stale.serve;
    for (unsigned use = 0; use < BM_TRUST_USES; use++) {
        s->policy[use].grace = (uint32_t)t->stale.grace;
    }
}

static bm_status read_all(struct settings *s, struct config_error *error)
{
    const struct config_node *root = config_root(s->config);
    struct settings_text t = usual;

    BM_TRY(config_read(s->config, root, file_keys, &t, error));
    BM_TRY(check_paths(root, &t, error));
    BM_TRY(check_labels(root, &t, error));
    take(s, &t);
    s->has_firewall = config_get(root, "firewall") != NULL;
    fill_hooks(s, root);
    BM_TRY(settings_read_url(root, s, error));
    BM_TRY(settings_read_names(root, &t.device, s, error));
    BM_TRY(settings_check_keys(root, s, error));
    BM_TRY(settings_check_vault(root, s, error));
    return settings_check_layouts(root, s, error);
}

bm_status settings_parse(struct bm_bytes text, struct settings *settings,
                         struct config_error *error)
{
    bm_status rc;

    memset(settings, 0, sizeof *settings);
    rc = config_parse(text, &settings->config, error);
    if (rc == BM_OK) {
        rc = read_all(settings, error);
    }
    if (rc != BM_OK) {
        settings_free(settings);
    }
    return rc;
}

bm_status settings_load(const char *path, struct settings *settings,
                        struct config_error *error)
{
    char *text;
    size_t n;
    bm_status rc;

    memset(settings, 0, sizeof *settings);
    memset(error, 0, sizeof *error);
    BM_TRY(config_load(path, CONFIG_TEXT_MAX, &text, &n));
    rc = settings_parse((struct bm_bytes){ (const uint8_t *)text, n }, settings,
                        error);
    free(text);
    return rc;
}

void settings_free(struct settings *settings)
{
    config_free(settings->config);
    memset(settings, 0, sizeof *settings);
}
