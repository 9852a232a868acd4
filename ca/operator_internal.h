/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_OPERATOR_INTERNAL_H
#define BM_CA_OPERATOR_INTERNAL_H

#include "ca/internal.h"
#include "ca/operator.h"

/* Between operator.c and operator_act.c. */

BM_MUST_CHECK bm_status operator_hash(struct ca *ca, struct bm_bytes der,
                                      uint8_t hash[STORE_HASH_SIZE]);

/* An organisation of a scope: that one, or the first. BM_E_NOT_FOUND. */
struct operator_look {
    uint32_t organisation; /* 0: the first */
    struct store_organisation found;
};
BM_MUST_CHECK bm_status operator_look_up(struct ca *ca,
                                         const struct store_scope *scope,
                                         struct operator_look *l);

#endif
