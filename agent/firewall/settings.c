/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agent/firewall/message.h"
#include "agent/fs.h"
#include "policy/nft.h"

/* linux/if.h: IFNAMSIZ, with its NUL. */
#define NAME_MAX_N 15

#define KEY(member_, type_)            \
    .name = #member_, .type = (type_), \
    .offset = offsetof(struct firewall_settings, member_)

static const struct config_key keys[] = {
    { KEY(version, CONFIG_INTEGER), .required = true, .min = 1, .max = 1 },
    { KEY(interfaces, CONFIG_STRINGS), .required = true, .min = 1,
      .max = FIREWALL_INTERFACES_MAX },
    { KEY(builtin, CONFIG_STRING), .required = true },
    { KEY(state, CONFIG_STRING) },
    { KEY(socket, CONFIG_STRING) },
    { 0 },
};

static bm_status check_path(const struct config_node *root, const char *key,
                            const char *path, struct config_error *error)
{
    return path[0] == '/' && strstr(path, "/../") == NULL
               ? BM_OK
               : config_fail(error, config_get(root, key), BM_E_CONFIG_VALUE,
                             "an absolute path is wanted");
}

/* What nft takes for a name (policy/nft.h), before it is asked. */
static bm_status check_names(const struct config_node *root,
                             const char *const *names,
                             struct config_error *error)
{
    static const char octets[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@:";

    for (; *names != NULL; names++) {
        size_t n = strlen(*names);

        if (n == 0 || n > NAME_MAX_N || strspn(*names, octets) != n ||
            strcmp(*names, "lo") == 0) {
            return config_fail(error, config_get(root, "interfaces"),
                               BM_E_CONFIG_VALUE,
                               "names of interfaces are wanted, not of lo");
        }
    }
    return BM_OK;
}

static bm_status read_all(struct firewall_settings *s,
                          struct config_error *error)
{
    const struct config_node *root = config_root(s->config);

    s->state = FIREWALL_STATE;
    s->socket = FIREWALL_SOCKET;
    BM_TRY(config_read(s->config, root, keys, s, error));
    BM_TRY(check_names(root, s->interfaces, error));
    BM_TRY(check_path(root, "builtin", s->builtin, error));
    BM_TRY(check_path(root, "state", s->state, error));
    return check_path(root, "socket", s->socket, error);
}

bm_status firewall_settings_parse(struct bm_bytes text,
                                  struct firewall_settings *s,
                                  struct config_error *error)
{
    bm_status rc;

    memset(s, 0, sizeof *s);
    rc = config_parse(text, &s->config, error);
    if (rc == BM_OK) {
        rc = read_all(s, error);
    }
    if (rc != BM_OK) {
        firewall_settings_free(s);
    }
    return rc;
}

bm_status firewall_settings_load(const char *path, struct firewall_settings *s,
                                 struct config_error *error)
{
    char *text;
    size_t n;
    bm_status rc;

    memset(s, 0, sizeof *s);
    memset(error, 0, sizeof *error);
    BM_TRY(config_load(path, CONFIG_TEXT_MAX, &text, &n));
    rc = firewall_settings_parse((struct bm_bytes){ (const uint8_t *)text, n },
                                 s, error);
    free(text);
    return rc;
}

bm_status firewall_builtin_load(const struct firewall_settings *s,
                                uint8_t **table, size_t *n)
{
    bm_status rc;

    BM_TRY(fs_read(s->builtin, FIREWALL_TABLE_MAX, table, n));
    rc = policy_nft_check((struct bm_bytes){ *table, *n });
    if (rc != BM_OK) {
        free(*table);
        *table = NULL;
        *n = 0;
    }
    return rc;
}

void firewall_settings_free(struct firewall_settings *s)
{
    config_free(s->config);
    memset(s, 0, sizeof *s);
}
