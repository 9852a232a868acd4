/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The promise with its price: a parsed request becomes a certificate that is
 * on the medium, with its row, its claims, its ledger leaf and the signer's
 * journal, before it is handed out. Proof of possession is verified in here.
 * The time is CPU time, the kernel's for writing and syncing included.
 */
#include <stdlib.h>

#include "bench/authority.h"
#include "bench/bench.h"

struct groups {
    struct bench_authority own;
    struct bench_authority *authority;
    struct bench_request *requests;
    size_t group;
    size_t n; /* requests */
    size_t next;
};

void *bench_groups_open(struct bench_authority *a, size_t group, size_t calls)
{
    struct groups *g = calloc(1, sizeof *g);

    bench_must(g != NULL, "memory");
    g->group = group;
    g->n = group * calls;
    g->requests = calloc(g->n, sizeof *g->requests);
    bench_must(g->requests != NULL, "memory");
    g->authority = a;
    if (a == NULL) {
        g->authority = &g->own;
        bench_authority_open(&g->own);
    }
    bench_requests_make(g->authority, g->requests, g->n);
    return g;
}

void bench_groups_run(void *context)
{
    struct groups *g = context;

    bench_must(g->next + g->group <= g->n, "requests");
    bench_issue_group(g->authority, g->requests + g->next, g->group);
    g->next += g->group;
}

void bench_groups_close(void *context)
{
    struct groups *g = context;

    if (g->authority == &g->own) {
        bench_authority_close(&g->own);
    }
    free(g->requests);
    free(g);
}

/* Warming up and all rounds, of which each runs TIMES_n groups. */
#define CALLS   40
#define TIMES_1 8
#define TIMES_8 2

static void *open_1(void)
{
    return bench_groups_open(NULL, 1, CALLS * TIMES_1);
}

static void *open_8(void)
{
    return bench_groups_open(NULL, 8, CALLS * TIMES_8);
}

static void *open_64(void)
{
    return bench_groups_open(NULL, 64, CALLS);
}

static void *open_256(void)
{
    return bench_groups_open(NULL, 256, CALLS);
}

#define GROUPS(name, open, times)                                   \
    {                                                               \
        (name), (open), bench_groups_run, bench_groups_close, times \
    }

void bench_durable(void)
{
    static const struct bench_op ops[] = {
        BENCH_RAW_VERIFY,
        BENCH_RAW_SIGN,
        GROUPS("one at a time", open_1, TIMES_1),
        GROUPS("in groups of 8", open_8, TIMES_8),
        GROUPS("in groups of 64", open_64, 1),
        GROUPS("in groups of 256", open_256, 1),
    };
    static const size_t group[] = { 0, 0, 1, 8, 64, 256 };
    double ns[6];
    double limit;
    double each = 0;

    bench_measure(ops, 6, 1, ns);
    limit = ns[0] + ns[1];
    bench_head("a durable, ledgered certificate, one core", "us");
    bench_limit_rows(ns);
    for (size_t i = 2; i < 6; i++) {
        each = ns[i] / (double)group[i];
        if (i < 5) {
            bench_note(ops[i].name, each / 1e3, limit / 1e3);
        } else {
            bench_row(ops[i].name, each / 1e3, limit / each, 0.75);
        }
    }
    bench_limit("thousand certificates per second of CPU time", 1e6 / each);
}
