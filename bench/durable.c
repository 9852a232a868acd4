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

/* Warming up and all rounds. */
#define CALLS 40

struct durable {
    struct bench_authority authority;
    struct bench_request *requests;
    size_t group;
    size_t next;
};

static void *open_durable(size_t group)
{
    struct durable *d = calloc(1, sizeof *d);
    size_t n = group * CALLS;

    bench_must(d != NULL, "memory");
    d->group = group;
    d->requests = calloc(n, sizeof *d->requests);
    bench_must(d->requests != NULL, "memory");
    bench_authority_open(&d->authority);
    bench_requests_make(&d->authority, d->requests, n);
    return d;
}

static void *open_256(void)
{
    return open_durable(256);
}

static void issue_group(void *context)
{
    struct durable *d = context;

    bench_must(d->next + d->group <= d->group * CALLS, "requests");
    bench_issue_group(&d->authority, d->requests + d->next, d->group);
    d->next += d->group;
}

static void close_durable(void *context)
{
    struct durable *d = context;

    bench_authority_close(&d->authority);
    free(d->requests);
    free(d);
}

void bench_durable(void)
{
    static const struct bench_op ops[] = {
        BENCH_RAW_VERIFY,
        BENCH_RAW_SIGN,
        { "256 durable certificates", open_256, issue_group, close_durable, 1 },
    };
    double ns[3];
    double limit;
    double each;

    bench_measure(ops, 3, 1, ns);
    limit = ns[0] + ns[1];
    each = ns[2] / 256;
    bench_head("a durable, ledgered certificate, one core", "us");
    bench_limit_rows(ns);
    bench_row("in groups of 256", each / 1e3, limit / each, 0.75);
    bench_limit("thousand certificates per second of CPU time", 1e6 / each);
}
