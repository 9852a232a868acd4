/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_POLICY_FILE_H
#define BM_CLI_POLICY_FILE_H

#include "firewall/packet.h"
#include "policy/compile.h"
#include "protocols/admin/tree.h"

/*
 * Policies of the firewall in files, and what the verbs of `birthmark policy`
 * have in common. What is wrong goes to stderr as FILE:LINE:COLUMN: words.
 */

struct policy_file {
    const char *name; /* as given */
    char *text;
    struct policy *policy;
    struct policy_compiled compiled;
};

/* Read and compile: CMD_OK, or CMD_FAILED and words were printed. Close it in
 * any case. */
int policy_file_open(struct policy_file *file, const char *name);
void policy_file_close(struct policy_file *file);

/* "FILE:LINE:COLUMN: words" on stderr; returns CMD_FAILED. */
int policy_file_refuse(const char *name, const struct config_error *error);

/* "FILE: words" on stderr; returns CMD_FAILED. */
int policy_file_complain(const char *name, const char *words);

/* Read a text, whose `*n` octets end with a NUL; the caller frees it. */
int policy_file_load(const char *name, char **text, size_t *n);

/* "normal" or NULL, ...; -1: no such mode. */
int policy_mode_of(const char *word);

/* "10.0.0.0/8", "fd00::/64": one more subnet of the device; false: no such, or
 * more than there may be. */
bool policy_subnet_add(struct bm_fw_subnets *subnets, const char *word);

/* One line of JSON on stdout, unless the tree failed. Takes the object over. */
int policy_print_json(const struct tree *t, json_t *object);

#endif
