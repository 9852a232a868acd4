/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ZEPHYR_NET_PKT_FILTER_H
#define TEST_ZEPHYR_NET_PKT_FILTER_H

#include <zephyr/net/net_pkt.h>

enum net_verdict {
    NET_OK,
    NET_CONTINUE,
    NET_DROP
};

struct npf_test;
typedef bool(npf_test_fn_t)(struct npf_test *test, struct net_pkt *pkt);

struct npf_test {
    npf_test_fn_t *fn;
};

struct npf_rule {
    struct npf_rule *next;
    enum net_verdict result;
    uint32_t nb_tests;
    struct npf_test *tests[];
};

struct npf_rule_list {
    struct npf_rule *first;
};

extern struct npf_rule npf_default_ok;
extern struct npf_rule_list npf_recv_rules;

void npf_insert_rule(struct npf_rule_list *rules, struct npf_rule *rule);
void npf_append_rule(struct npf_rule_list *rules, struct npf_rule *rule);

#endif
