/* SPDX-License-Identifier: Apache-2.0 */
#include "device/trust.h"

#include "device/test/judge_cases.h"

static bm_status ask(struct bm_trust_verdict *verdict)
{
    return bm_trust_judge(&judge.trust, judge.chain, judge.chain_n,
                          &judge.expect, verdict);
}

static void the_judge_says_what_the_table_says(void)
{
    for (size_t i = 0; i < JUDGE_CASES; i++) {
        struct bm_trust_verdict verdict;
        bm_status rc;

        judge_begin(&judge_cases[i]);
        rc = ask(&verdict);
        CHECK_STATUS(rc, verdict.status);
        judge_check(&judge_cases[i], &verdict);
    }
    printf("# %u cases\n", (unsigned)JUDGE_CASES);
}

int main(void)
{
    RUN(the_judge_says_what_the_table_says);
    return bm_test_done();
}
