/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CONFIG_INTERNAL_H
#define BM_CONFIG_INTERNAL_H

#include "config/config.h"

/* Between the files of this folder: the readers of one scalar each. */

BM_MUST_CHECK bm_status config_take_bool(const struct config_node *node,
                                         bool *value,
                                         struct config_error *error);
BM_MUST_CHECK bm_status config_take_integer(const struct config_node *node,
                                            int64_t *value,
                                            struct config_error *error);
BM_MUST_CHECK bm_status config_take_duration(const struct config_node *node,
                                             int64_t *value,
                                             struct config_error *error);
BM_MUST_CHECK bm_status config_take_time(const struct config_node *node,
                                         int64_t *value,
                                         struct config_error *error);

/* How a message calls a node: its key, or "item". */
const char *config_name(const struct config_node *node);

#endif
