/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Issuance as a whole, request to durable certificate, in an instance of this
 * size and in one that is new, in turns: what size costs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/authority.h"
#include "bench/bench.h"
#include "bench/large/large.h"

#define ROUNDS 15
#define GROUP  256

/* Devices of this part: nobody else has names with such numbers. */
#define FIRST UINT64_C(900000000000)

struct side {
    struct bench_authority authority;
    struct bench_request *requests;
    double us[ROUNDS];
};

void large_make_instance(const char *path)
{
    struct bench_authority a;

    bench_authority_open_in(&a, path);
    bench_authority_close(&a);
}

static void prepare(struct side *side)
{
    size_t n = (size_t)(ROUNDS + 1) * GROUP;

    side->authority.device = FIRST;
    side->requests = calloc(n, sizeof *side->requests);
    large_must(side->requests != NULL, "memory");
    bench_requests_make(&side->authority, side->requests, n);
    bench_issue_group(&side->authority, side->requests + ROUNDS * GROUP, GROUP);
}

static void issue(struct side *side, size_t round)
{
    double before = large_cpu();

    bench_issue_group(&side->authority, side->requests + round * GROUP, GROUP);
    side->us[round] = (large_cpu() - before) / GROUP * 1e6;
}

/* Verification and signature, nothing around them. */
static double limit_us(void)
{
    double us[ROUNDS];
    void *raw = bench_raw_open();

    for (size_t r = 0; r < ROUNDS; r++) {
        double before = large_cpu();

        for (size_t i = 0; i < GROUP; i++) {
            bench_raw_verify(raw);
            bench_raw_sign(raw);
        }
        us[r] = (large_cpu() - before) / GROUP * 1e6;
    }
    bench_raw_close(raw);
    return large_median(us, ROUNDS);
}

void large_whole(const char *path, uint64_t rows)
{
    static struct side at_size;
    static struct side empty;
    char dir[FILES_PATH_MAX];
    double limit = limit_us();
    double large;
    double small;

    (void)snprintf(dir, sizeof dir, "%.*s",
                   (int)(strlen(path) - strlen("/birthmark.db")), path);
    bench_authority_open_in(&at_size.authority, dir);
    bench_authority_open(&empty.authority);
    prepare(&at_size);
    prepare(&empty);
    for (size_t r = 0; r < ROUNDS; r++) {
        issue(&empty, r);
        issue(&at_size, r);
    }
    large = large_median(at_size.us, ROUNDS);
    small = large_median(empty.us, ROUNDS);
    printf("issuing as a whole, groups of %d, us of CPU time per certificate; "
           "limit %.1f\n"
           "  new instance               %8.1f   %.2f of the limit\n"
           "  with %-10llu certificates %8.1f   %.2f of the limit, %.2f of the "
           "new one (target 0.80)\n",
           GROUP, limit, small, limit / small, (unsigned long long)rows, large,
           limit / large, small / large);
    bench_authority_close(&empty.authority);
    bench_authority_close(&at_size.authority);
}
