/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "keys/tpm2.h"
#include "server/settings_internal.h"

#define TOKEN_LIST(key)                                           \
    {                                                             \
        .name = #key, .type = CONFIG_STRINGS,                     \
        .offset = offsetof(struct tokens_section, key), .min = 1, \
        .max = SETTINGS_TOKEN_LIST_MAX                            \
    }

const struct config_key settings_tokens_keys[] = {
    TOKEN_LIST(modules),
    { .name = "pin",
      .type = CONFIG_STRING,
      .offset = offsetof(struct tokens_section, pin) },
    TOKEN_LIST(environment),
    TOKEN_LIST(read),
    TOKEN_LIST(write),
    TOKEN_LIST(sockets),
    { .name = "tpm",
      .type = CONFIG_STRING,
      .offset = offsetof(struct tokens_section, tpm) },
    { .name = "tpm_owner",
      .type = CONFIG_STRING,
      .offset = offsetof(struct tokens_section, tpm_owner) },
    { .name = NULL },
};

static bool is_absolute(const char *path)
{
    return path[0] == '/';
}

/* A variable of a module's. The dynamic linker's are not, and would say which
 * code runs. */
static bool is_variable(const char *row)
{
    const char *equals = strchr(row, '=');
    size_t n = equals == NULL ? 0 : (size_t)(equals - row);

    return n != 0 &&
           strspn(row, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == n &&
           (row[0] < '0' || row[0] > '9') && strncmp(row, "LD_", 3) != 0;
}

/* No service gets a network to look for its keys in. */
static bool is_local_tpm(const char *tcti)
{
    struct bm_key_tpm2_tcti where;

    return bm_key_tpm2_tcti(tcti, &where) == BM_OK && where.path != NULL &&
           where.path[0] == '/';
}

static bm_status check_text(const struct config_node *tokens, const char *name,
                            bool is_good, const char *wanted,
                            struct config_error *error)
{
    const struct config_node *node =
        tokens == NULL ? NULL : config_get(tokens, name);

    return node == NULL || is_good
               ? BM_OK
               : config_fail(error, node, BM_E_CONFIG_VALUE, "%s", wanted);
}

bm_status settings_check_tokens(struct config *config,
                                const struct tokens_section *t,
                                struct config_error *error)
{
    const struct config_node *tokens =
        config_get(config_root(config), "tokens");
    const struct {
        const char *name;
        const char *const *list;
        bool (*is_good)(const char *row);
        const char *wanted;
    } rows[] = {
        { "modules", t->modules, is_absolute, "absolute paths are wanted" },
        { "environment", t->environment, is_variable,
          "NAME=VALUE is wanted, and no variable of the dynamic linker" },
        { "read", t->read, is_absolute, "absolute paths are wanted" },
        { "write", t->write, is_absolute, "absolute paths are wanted" },
        { "sockets", t->sockets, is_absolute, "absolute paths are wanted" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct config_node *node =
            tokens == NULL ? NULL : config_get(tokens, rows[i].name);

        node = node == NULL ? NULL : node->first;
        for (size_t k = 0; node != NULL; k++, node = node->next) {
            if (!rows[i].is_good(rows[i].list[k])) {
                return config_fail(error, node, BM_E_CONFIG_VALUE, "%s",
                                   rows[i].wanted);
            }
        }
    }
    BM_TRY(check_text(tokens, "tpm", t->tpm == NULL || is_local_tpm(t->tpm),
                      "device:/PATH or swtpm:path=/PATH is wanted", error));
    return check_text(tokens, "tpm_owner",
                      t->tpm_owner == NULL || is_absolute(t->tpm_owner),
                      "an absolute path is wanted", error);
}
