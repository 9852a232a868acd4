/* SPDX-License-Identifier: Apache-2.0 */

/* bm_bench_server BIRTHMARKD [TABLE]...: what the service costs. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/large/large.h"
#include "bench/server/tables.h"

static const struct table *const tables[] = { &table_enrol, &table_status,
                                              &table_batch, &table_memory,
                                              &table_peers };
#define TABLES (sizeof tables / sizeof tables[0])

void bench_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench: does not work: %s\n", what);
        exit(1);
    }
}

/* For the rows of large/. */
void large_must(int ok, const char *what)
{
    bench_must(ok, what);
}

static int by_value(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

double table_median(double values[TABLE_ROUNDS])
{
    qsort(values, TABLE_ROUNDS, sizeof values[0], by_value);
    return values[TABLE_ROUNDS / 2];
}

void table_head(const char *title, const char *unit)
{
    printf("\n%-52s %10s %8s %8s\n", title, unit, "times", "at most");
}

void table_times(const char *name, double value, double times, double most)
{
    printf("  %-50s %10.1f %8.2f", name, value, times);
    if (most > 0) {
        printf(" %8.2f%s", most, times > most ? "  MISSED" : "");
    }
    printf("\n");
    (void)fflush(stdout);
}

void table_most(const char *name, double value, double most)
{
    printf("  %-50s %10.1f %8s %8.1f%s\n", name, value, "", most,
           value > most ? "  MISSED" : "");
    (void)fflush(stdout);
}

void table_value(const char *name, double value)
{
    printf("  %-50s %10.1f\n", name, value);
    (void)fflush(stdout);
}

void table_skip(const char *name, const char *why)
{
    printf("  %-50s %s\n", name, why);
}

/* BENCH_SECONDS stretches what is sampled; 20 is about what one takes. */
static unsigned scale(void)
{
    const char *text = getenv("BENCH_SECONDS");
    unsigned long v = text != NULL ? strtoul(text, NULL, 10) : 0;

    return v < 40 ? 1 : v > 2000 ? 100 : (unsigned)(v / 20);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc < 3;
}

/* Five thousand connections have two ends, and one is ours. */
static void raise_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    static struct world world;
    unsigned times = scale();

    if (argc < 2) {
        fprintf(stderr, "usage: bm_bench_server BIRTHMARKD [TABLE]...\n");
        return 2;
    }
    raise_files();
    (void)signal(SIGPIPE, SIG_IGN);
    world_open(&world, argv[1]);
    for (size_t i = 0; i < TABLES; i++) {
        if (is_wanted(tables[i]->name, argc, argv)) {
            tables[i]->prepare(&world, times);
        }
    }
    world_serve(&world);
    printf("Server CPU time, summed over all processes of birthmarkd. Medians "
           "of %d interleaved rounds.\n",
           TABLE_ROUNDS);
    for (size_t i = 0; i < TABLES; i++) {
        if (is_wanted(tables[i]->name, argc, argv)) {
            tables[i]->run(&world, times);
        }
    }
    world_close(&world);
    return 0;
}
