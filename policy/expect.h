/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_EXPECT_H
#define BM_POLICY_EXPECT_H

#include "policy/judge.h"

/*
 * What is expected of a policy, kept in a file beside it:
 *
 *     expect:
 *     - { packet: in tcp port=443 peer=10.1.0.9, verdict: allow, rule: web }
 *     - { packet: in tcp port=23, verdict: drop, reason: default }
 *     - before: [out tcp port=443 sport=5000 peer=10.0.0.1]
 *       after: 31s
 *       packet: in tcp port=5000 sport=443 peer=10.0.0.1 flags=syn+ack
 *       mode: repair
 *       verdict: drop
 *
 * Each is judged by itself, without flows but for those that `before` made.
 */
#define POLICY_BEFORE_MAX 64

struct policy_expectation {
    unsigned line;
    const char *packet;
    const char *const *before; /* ends with NULL; NULL: none */
    int64_t after;             /* seconds between them and the packet */
    unsigned mode;             /* enum policy_mode */
    unsigned verdict;          /* enum policy_verdict */
    const char *rule;          /* its name; NULL: any */
    const char *reason;        /* its name; NULL: any */
};

struct policy_expectations {
    struct config *config; /* all memory */
    struct policy_expectation *items;
    size_t n;
};

/*
 * Read. On BM_OK the caller wipes `*e`; otherwise it is all zero and `*error`
 * says what is wrong and where.
 */
BM_MUST_CHECK bm_status policy_expect_parse(struct bm_bytes text,
                                            struct policy_expectations *e,
                                            struct config_error *error);
void policy_expect_wipe(struct policy_expectations *e);

/*
 * Judge one. BM_OK: as expected. BM_E_POLICY_EXPECT: not so, `words` say what
 * it is. Else BM_E_POLICY_PACKET, BM_E_MEMORY.
 */
BM_MUST_CHECK bm_status policy_expect_check(
    const struct policy *policy, const struct policy_expectation *item,
    char words[CONFIG_WORDS_MAX]);

#endif
