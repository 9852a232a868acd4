/* SPDX-License-Identifier: Apache-2.0 */

/*
 * differential_test [SCALE [SEED]]: SCALE 1 is what CI runs. Reads
 * allowed.txt beside this file; BM_DIFFERENTIAL_RULES names another.
 */
#include <stdlib.h>

#include "tests/differential/diff.h"
#include "tests/harness/bm_test.h"

/* At scale 1: whole objects, objects altered here and there, and through. */
#define PLAIN   400
#define SOME    60
#define SOME_N  60
#define THROUGH 2
#define OWN     300
#define CHAINS  400
#define CHAIN_N 20

static unsigned long scale = 1;

static void judge(const struct diff_kind *kind, struct bm_bytes der)
{
    (void)diff_judge(kind, der);
}

static void run(const struct diff_kind *kind, struct bm_bytes (*make)(void))
{
    for (unsigned long i = 0; i < PLAIN * scale; i++) {
        struct bm_bytes der = make();

        (void)diff_judge(kind, der);
        if (i < SOME * scale) {
            mutate_some(kind, der, SOME_N, judge);
        }
        if (i < THROUGH * scale) {
            mutate_shape(kind, der, judge);
            mutate_bytes(kind, der, judge);
        }
        make_free(der);
    }
}

/* Nothing in allowed.txt excuses what we write ourselves. */
static void run_own(const struct diff_kind *kind, struct bm_bytes (*make)(void))
{
    for (unsigned long i = 0; i < OWN * scale; i++) {
        struct bm_bytes der = make();

        CHECK(diff_judge(kind, der));
        make_free(der);
    }
}

static void openssl_reads_what_we_write(void)
{
    run_own(&diff_cert, make_own_cert);
    run_own(&diff_csr, make_own_csr);
}

static void certificates_are_read_as_openssl_reads_them(void)
{
    run(&diff_cert, make_cert);
}

static void requests_are_read_as_openssl_reads_them(void)
{
    run(&diff_csr, make_csr);
}

static void lists_are_read_as_openssl_reads_them(void)
{
    run(&diff_crl, make_crl);
}

static void chains_are_judged_as_openssl_judges_them(void)
{
    chain_run(CHAINS * scale, CHAIN_N);
}

static void every_disagreement_has_its_clause(void)
{
    table_print();
    CHECK(table_unexplained() == 0);
}

int main(int argc, char **argv)
{
    const char *rules = getenv("BM_DIFFERENTIAL_RULES");

    scale = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    random_seed(argc > 2 ? strtoul(argv[2], NULL, 10) : 1);
    if (table_load(rules != NULL ? rules : "tests/differential/allowed.txt") !=
        0) {
        return 1;
    }
    RUN(openssl_reads_what_we_write);
    RUN(certificates_are_read_as_openssl_reads_them);
    RUN(requests_are_read_as_openssl_reads_them);
    RUN(lists_are_read_as_openssl_reads_them);
    RUN(chains_are_judged_as_openssl_judges_them);
    RUN(every_disagreement_has_its_clause);
    return bm_test_done();
}
