/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_SETTINGS_INTERNAL_H
#define BM_AGENT_SETTINGS_INTERNAL_H

#include "agent/settings.h"

/* Between settings.c, which has the tables, and settings_check.c. */

struct settings_server {
    const char *url;
    const char *label;
    const char *anchors;
    bool est_only;
    int64_t timeout;
};

struct settings_device {
    const char *name;
    const char *token_file;
    const char *subject;
    const char *const *san;
};

struct settings_stale {
    unsigned cloud;
    unsigned device;
    unsigned serve;
    int64_t grace;
};

/* The file, as it is written. */
struct settings_text {
    int64_t version;
    struct settings_server server;
    const char *state;
    struct settings_device device;
    struct settings_keys keys;
    struct settings_idevid idevid;
    struct settings_birth birth;
    struct settings_vault vault;
    struct settings_firewall firewall;
    struct settings_stale stale;
    struct config_list layouts;
    struct config_list hooks;
    unsigned log_level;
};

/* settings_check.c: what a table cannot say. */
bm_status settings_read_url(const struct config_node *root, struct settings *s,
                            struct config_error *error);
bm_status settings_read_names(const struct config_node *root,
                              const struct settings_device *device,
                              struct settings *s, struct config_error *error);
bm_status settings_check_keys(const struct config_node *root,
                              struct settings *s, struct config_error *error);
bm_status settings_check_vault(const struct config_node *root,
                               struct settings *s, struct config_error *error);
bm_status settings_check_layouts(const struct config_node *root,
                                 struct settings *s,
                                 struct config_error *error);

#endif
