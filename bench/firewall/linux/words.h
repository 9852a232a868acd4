/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_FIREWALL_LINUX_WORDS_H
#define BM_BENCH_FIREWALL_LINUX_WORDS_H

#include "policy/policy.h"

/*
 * The policy of bench/firewall/table.h as its author would write it, in YAML,
 * read. `six`: of IPv6, too; a policy has at most 1 MiB, and 10,000 rules of
 * both do not fit. NULL: it could not be made.
 */
struct policy *bench_policy(unsigned n, bool six);

#endif
