/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CEREMONY_SCRIPT_INTERNAL_H
#define BM_CEREMONY_SCRIPT_INTERNAL_H

#include "ceremony/script.h"

/* Between script_read.c, which knows the keys of a ceremony file, and
 * script.c, which knows what they mean. */

struct read_validity {
    const char *lifetime;
    const char *until;
};
struct read_ca {
    const struct config_node *subject;
    struct read_validity validity;
    int64_t path_len;
    const struct config_node *keys;
    const struct config_node *name_constraints;
    const struct config_node *policies;
    const char *public_url;
};
struct read_root {
    const char *id;
    struct {
        unsigned algorithm;
        const char *place;
        const char *module;
    } key;
    struct read_ca ca;
};
struct read_step {
    const char *name;
    unsigned kind;
    const char *request;
    const char *certificate;
    const char *request_sha256;
    const char *certificate_sha256;
    const char *key_sha256;
    const char *renews;
    struct read_ca ca;
};
struct read_revoked {
    const char *serial;
    int64_t date;
    unsigned reason;
};
struct read_script {
    const char *name;
    const char *title;
    struct read_root root;
    struct {
        int64_t threshold;
        const char *const *names;
    } custodians;
    struct config_list steps;
    struct {
        int64_t lifetime;
        struct config_list revoked;
    } crl;
};

/* Read the tree into structs, by the tables of the language. */
BM_MUST_CHECK bm_status script_read(struct config *config,
                                    struct read_script *from,
                                    struct config_error *error);

#endif
