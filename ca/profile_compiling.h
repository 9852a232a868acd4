/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_PROFILE_COMPILING_H
#define BM_CA_PROFILE_COMPILING_H

#include "ca/profile_internal.h"

/*
 * Between the files of ca/profile_compile*.c and profile_shape.c: from what
 * the tables read to what filling and checking need. Each function returns
 * BM_OK, or has blamed a node in `c->error`.
 */

/* What compiling one key needs. */
struct profile_compiler {
    struct config *config;
    struct profile_rules *rules;
    struct config_error *error;
};
BM_MUST_CHECK bm_status profile_compile_subject(
    const struct profile_compiler *c, const struct config_node *node);
BM_MUST_CHECK bm_status profile_compile_san(const struct profile_compiler *c,
                                            const struct config_node *node);
BM_MUST_CHECK bm_status profile_compile_nc(const struct profile_compiler *c,
                                           const struct config_node *node);
BM_MUST_CHECK bm_status profile_compile_policies(
    const struct profile_compiler *c, const struct config_node *node);
BM_MUST_CHECK bm_status profile_compile_extensions(
    const struct profile_compiler *c, const struct config_node *node);
BM_MUST_CHECK bm_status profile_compile_shape(
    const struct profile_compiler *c, const struct config_node *node,
    const struct profile_shape **shape);
BM_MUST_CHECK bm_status profile_compile_accepts(
    const struct profile_compiler *c, const struct config_node *node);
/* A list of texts becomes a list of OIDs, none twice; `by_name`: purposes. */
BM_MUST_CHECK bm_status profile_compile_oids(const struct profile_compiler *c,
                                             const struct config_node *list,
                                             bool by_name,
                                             struct bm_bytes **oids, size_t *n);
/* Small parts of them. `node` is what to blame. */
BM_MUST_CHECK bm_status profile_compile_oid(const struct profile_compiler *c,
                                            const struct config_node *node,
                                            const char *text,
                                            struct bm_bytes *oid);
BM_MUST_CHECK bm_status profile_compile_attribute(
    const struct profile_compiler *c, const struct config_node *node,
    const char *text, struct bm_bytes *type);
BM_MUST_CHECK bm_status profile_compile_pattern(
    const struct profile_compiler *c, const struct config_node *node,
    const char *text, const struct ca_pattern **pattern);
BM_MUST_CHECK bm_status profile_compile_template(
    const struct profile_compiler *c, const struct config_node *node,
    const char *text, struct profile_template *t);
BM_MUST_CHECK bm_status profile_compile_net(const struct profile_compiler *c,
                                            const struct config_node *node,
                                            const char *text,
                                            struct profile_net *net);
/* Copy into the profile's memory; BM_E_MEMORY. */
BM_MUST_CHECK bm_status profile_keep(const struct profile_compiler *c,
                                     const struct config_node *node,
                                     struct bm_bytes from, struct bm_bytes *to);
/* The row of `node` in a list: its item number `i`. */
const struct config_node *profile_item(const struct config_node *list,
                                       size_t i);

#endif
