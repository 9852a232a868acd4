/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/harness/bm_test.h"
#include "tests/harness/samples.h"

static void samples_are_whole_and_have_names(void)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        CHECK(bm_samples[i].kind[0] != '\0');
        CHECK(bm_samples[i].name[0] != '\0');
        CHECK(bm_samples[i].p != NULL);
        CHECK(bm_samples[i].p[bm_samples[i].n] == 0); /* next to the end */
    }
}

static void a_table_ends_with_an_empty_row(void)
{
    CHECK(bm_samples[bm_samples_n].kind == NULL);
    CHECK(bm_samples[bm_samples_n].n == 0);
}

int main(void)
{
    RUN(samples_are_whole_and_have_names);
    RUN(a_table_ends_with_an_empty_row);
    return bm_test_done();
}
