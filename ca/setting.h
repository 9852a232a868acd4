/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_SETTING_H
#define BM_CA_SETTING_H

#include "store/store.h"

/*
 * Numbers among the store's settings: eight octets, big end first. In a
 * transaction. BM_E_NOT_FOUND: there is none of this name, and the number is
 * 0; BM_E_STORE_CORRUPT: it is none.
 */
BM_MUST_CHECK bm_status ca_setting_get(const struct store *store,
                                       const char *name, uint64_t *number);
BM_MUST_CHECK bm_status ca_setting_put(const struct store *store,
                                       const char *name, uint64_t number);

#endif
