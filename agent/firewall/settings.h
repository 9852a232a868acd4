/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_SETTINGS_H
#define BM_AGENT_FIREWALL_SETTINGS_H

#include "config/config.h"

/*
 * /etc/birthmark/firewall.yaml, read strictly: docs/agent.md, "The firewall".
 */
#define FIREWALL_SETTINGS "/etc/birthmark/firewall.yaml"
#define FIREWALL_STATE    "/var/lib/birthmark-firewall"
#define FIREWALL_SOCKET   "/run/birthmark-firewall/socket"

/* More than one machine has. */
#define FIREWALL_INTERFACES_MAX 32

struct firewall_settings {
    struct config *config; /* owns all text below */
    int64_t version;
    const char *const *interfaces; /* ends with NULL */
    const char *builtin;           /* a table, for as long as none was told */
    const char *state;
    const char *socket;
};

/* On BM_OK the caller owns `*s`; else it is zero, and `*error` says why, or has
 * no words where the file cannot be read (errno). */
BM_MUST_CHECK bm_status firewall_settings_load(const char *path,
                                               struct firewall_settings *s,
                                               struct config_error *error);
BM_MUST_CHECK bm_status firewall_settings_parse(struct bm_bytes text,
                                                struct firewall_settings *s,
                                                struct config_error *error);
void firewall_settings_free(struct firewall_settings *s);

/*
 * Read the builtin table, and whether nftables can do what it says. On BM_OK
 * the caller frees `*table`, which is at a multiple of 4. BM_E_NOT_FOUND,
 * BM_E_FW_TABLE, BM_E_POLICY_NFT, ...
 */
BM_MUST_CHECK bm_status firewall_builtin_load(const struct firewall_settings *s,
                                              uint8_t **table, size_t *n);

#endif
