/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/harness/samples.h"

/* Odd, so that there is a median; short, so that a burst spoils one. */
#define ROUNDS 31

struct worker {
    const struct bench_op *op;
    void *context;
    pthread_barrier_t *start;
    double ns; /* CPU time of the round, out */
};

void bench_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench: does not work: %s\n", what);
        exit(1);
    }
}

static double clock_ns(clockid_t clock)
{
    struct timespec t;

    bench_must(clock_gettime(clock, &t) == 0, "clock");
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void run_all(const struct bench_op *op, void *context)
{
    for (unsigned i = 0; i < op->times; i++) {
        op->run(context);
    }
}

static double timed_round(const struct bench_op *op, void *context)
{
    double t = clock_ns(CLOCK_THREAD_CPUTIME_ID);

    run_all(op, context);
    return clock_ns(CLOCK_THREAD_CPUTIME_ID) - t;
}

/* Each thread times itself: who waits at the barrier may wake up late. */
static void *work(void *arg)
{
    struct worker *w = arg;

    (void)pthread_barrier_wait(w->start);
    w->ns = timed_round(w->op, w->context);
    return NULL;
}

/* One round in several threads, which start together. */
static double threads_round(const struct bench_op *op, unsigned threads,
                            void *const *contexts)
{
    struct worker workers[BENCH_THREADS_MAX];
    pthread_t ids[BENCH_THREADS_MAX];
    pthread_barrier_t start;
    double ns = 0;

    bench_must(pthread_barrier_init(&start, NULL, threads) == 0, "threads");
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){ op, contexts[i], &start, 0 };
        bench_must(pthread_create(&ids[i], NULL, work, &workers[i]) == 0,
                   "threads");
    }
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
        ns += workers[i].ns;
    }
    (void)pthread_barrier_destroy(&start);
    return ns / threads / op->times;
}

static double one_round(const struct bench_op *op, unsigned threads,
                        void *const *contexts)
{
    return threads > 1 ? threads_round(op, threads, contexts)
                       : timed_round(op, contexts[0]) / op->times;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* Contexts of all, warmed up, which shows that they work. */
static void open_all(const struct bench_op *ops, size_t n, unsigned threads,
                     void *contexts[][BENCH_THREADS_MAX])
{
    bench_must(n <= BENCH_OPS_MAX && threads <= BENCH_THREADS_MAX, "limits");
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < threads; k++) {
            contexts[i][k] = ops[i].open();
            bench_must(contexts[i][k] != NULL, ops[i].name);
            ops[i].run(contexts[i][k]);
        }
    }
}

/* The median of the first `n`, which get sorted. */
static double median(double *rounds, size_t n)
{
    qsort(rounds, n, sizeof *rounds, by_value);
    return rounds[n / 2];
}

static double rounds_of[BENCH_OPS_MAX][ROUNDS];

void bench_measure(const struct bench_op *ops, size_t n, unsigned threads,
                   double *ns)
{
    void *contexts[BENCH_OPS_MAX][BENCH_THREADS_MAX];

    open_all(ops, n, threads, contexts);
    for (size_t r = 0; r < ROUNDS; r++) {
        for (size_t i = 0; i < n; i++) {
            rounds_of[i][r] = one_round(&ops[i], threads, contexts[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        ns[i] = median(rounds_of[i], ROUNDS);
        for (unsigned k = 0; k < threads; k++) {
            ops[i].close(contexts[i][k]);
        }
    }
}

void bench_measure_wall(const struct bench_op *ops, size_t n, unsigned rounds,
                        double *ns)
{
    void *contexts[BENCH_OPS_MAX][BENCH_THREADS_MAX];

    bench_must(rounds <= ROUNDS, "limits");
    open_all(ops, n, 1, contexts);
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < n; i++) {
            double t = clock_ns(CLOCK_MONOTONIC);

            run_all(&ops[i], contexts[i][0]);
            rounds_of[i][r] = (clock_ns(CLOCK_MONOTONIC) - t) / ops[i].times;
        }
    }
    for (size_t i = 0; i < n; i++) {
        ns[i] = median(rounds_of[i], rounds);
        ops[i].close(contexts[i][0]);
    }
}

void bench_skip(const char *title, const char *why)
{
    printf("\n%s: skipped, %s\n", title, why);
}

void bench_head(const char *title, const char *unit)
{
    printf("\n%-52s %10s %8s %8s\n", title, unit, "ratio", "target");
}

void bench_limit(const char *name, double value)
{
    printf("  %-50s %10.2f\n", name, value);
}

void bench_limit_rows(const double ns[2])
{
    bench_limit("limit: EVP_PKEY_verify", ns[0] / 1e3);
    bench_limit("     + EVP_PKEY_sign", ns[1] / 1e3);
}

void bench_row(const char *name, double value, double ratio, double target)
{
    printf("  %-50s %10.2f %8.2f %8.2f%s\n", name, value, ratio, target,
           ratio < target ? "  MISSED" : "");
}

void bench_note(const char *name, double value, double limit)
{
    printf("  %-50s %10.2f %8.2f\n", name, value, limit / value);
}

void bench_rate(const char *name, double value, double ratio)
{
    printf("  %-50s %10.2f %8.2f\n", name, value, ratio);
}

struct bm_bytes bench_sample(const char *kind, const char *name)
{
    for (size_t i = 0; i < bm_samples_n; i++) {
        if (strcmp(bm_samples[i].kind, kind) == 0 &&
            strcmp(bm_samples[i].name, name) == 0) {
            return (struct bm_bytes){ bm_samples[i].p, bm_samples[i].n };
        }
    }
    bench_must(0, name);
    return (struct bm_bytes){ NULL, 0 };
}

static const struct {
    const char *name;
    void (*run)(void);
} tables[] = {
    { "issue", bench_issue },     { "durable", bench_durable },
    { "parse", bench_parse },     { "path", bench_path },
    { "formats", bench_formats }, { "token", bench_token },
    { "tpm", bench_tpm },
};

/* bm_bench [NAME]...: these tables, or all of them. */
static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    printf("Ratios of one run: limit / ours, higher is better. Medians of %d "
           "interleaved rounds.\n",
           ROUNDS);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (is_wanted(tables[i].name, argc, argv)) {
            tables[i].run();
        }
    }
    return 0;
}
