/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_FILTER_H
#define BM_POLICY_FILTER_H

#include "firewall/modbus.h"
#include "policy/policy.h"

/*
 * Application filters as a table has them (docs/firewall-table.md): each once,
 * in the order in which rules first have them.
 */
struct policy_filters {
    uint8_t *octets;
    size_t n;
};

/*
 * Make those of a policy. `at[i]` becomes what bm_fw_rule.filter of rule i is:
 * 1 and up, or 0. BM_E_LIMIT: a filter has more rows than there may be, or
 * there are too many filters. On error `*filters` is all zero.
 */
BM_MUST_CHECK bm_status policy_filters_make(const struct policy *policy,
                                            struct policy_filters *filters,
                                            uint16_t *at);
void policy_filters_wipe(struct policy_filters *filters);

#endif
