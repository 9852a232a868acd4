/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Batches: what a certificate costs that is one of many, ordered by the command
 * line over the API: its row on the way to the server, read, looked at, issued,
 * listed. BENCH_BATCH=N measures one batch of N rows, and what memory all
 * processes take meanwhile; otherwise there are several small ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/server/limit.h"
#include "bench/server/tables.h"
#include "core/base64.h"
#include "core/csr.h"
#include "core/name.h"
#include "ports/openssl/openssl.h"

#define SMALL 400 /* rows per round */

/* Milliseconds between two looks at the limit, and looks at most. */
#define TURN      150
#define LIMIT_MAX 1000

/* Of the whole in raw verify + sign, and of the sum of PSS in megabytes. */
#define TIMES_MAX 1.5
#define PSS_MAX   250.0

#define PROFILE "ieee-802.1ar-ldevid"

static size_t rows;
static size_t rounds;

/* With the instance, which is removed. */
#define PATH_ROOM (FILES_PATH_MAX + 64)

static void name_file(const struct world *w, size_t round, char path[PATH_ROOM])
{
    (void)snprintf(path, PATH_ROOM, "%s/batch-%zu.csv", w->dir, round);
}

static void put_row(FILE *f, size_t round, size_t i)
{
    struct bm_csr_config config = { .subject = { NULL, 0 } };
    struct bm_signer *key = NULL;
    uint8_t subject[256];
    uint8_t csr[2048];
    uint8_t text[4096];
    char name[64];
    struct bm_wr s;
    struct bm_wr c;
    struct bm_wr t;
    size_t bad;

    (void)snprintf(name, sizeof name, "serialNumber=B%zu-%zu", round, i);
    bm_wr_init(&s, subject, sizeof subject);
    bm_wr_init(&c, csr, sizeof csr);
    bm_wr_init(&t, text, sizeof text);
    bench_must(bm_name_from_text(
                   (struct bm_bytes){ (const uint8_t *)name, strlen(name) }, &s,
                   &bad) == BM_OK,
               "a name");
    config.subject = bm_wr_bytes(&s);
    bench_must(bm_openssl_signer_generate(BM_KEY_P256, 0, &key) == BM_OK &&
                   bm_csr_build(&config, key, &c) == BM_OK,
               "a request");
    bm_openssl_signer_free(key);
    bm_base64_put(&t, bm_wr_bytes(&c), 0);
    fprintf(f, "B%zu-%zu,%.*s\r\n", round, i, (int)t.len, (const char *)text);
}

static void prepare(struct world *w, unsigned scale)
{
    const char *one = getenv("BENCH_BATCH");
    char path[PATH_ROOM];

    rows = one != NULL ? strtoul(one, NULL, 10) : (size_t)SMALL * scale;
    rounds = one != NULL ? 1 : TABLE_ROUNDS;
    for (size_t round = 0; round < rounds; round++) {
        FILE *f;

        name_file(w, round, path);
        f = fopen(path, "w");
        bench_must(f != NULL, path);
        fputs("device,csr\r\n", f);
        for (size_t i = 0; i < rows; i++) {
            put_row(f, round, i);
        }
        bench_must(fclose(f) == 0, path);
    }
}

/* One order, and what is seen while it is on its way. */
struct seen {
    double pss; /* the most that all processes took, octets */
    size_t n;
    double raw[LIMIT_MAX];
};

static int by_size(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* The limit in turns with what is measured: while it stands still, for the
 * machine is not the same from one second to the next, and two that run at a
 * time slow each other down. */
static void take_limit(const struct world *w, struct seen *seen)
{
    if (seen->n < LIMIT_MAX) {
        process_pause(&w->server);
        seen->raw[seen->n++] = limit_raw();
        process_go_on(&w->server);
    }
}

static void wait_for(const struct world *w, const struct process *order,
                     const char *log, struct seen *seen)
{
    const struct timespec pause = { 0, TURN * 1000000L };
    int status = 0;

    while (waitpid(order->pid, &status, WNOHANG) == 0) {
        unsigned n;
        double pss = process_pss(&w->server, &n);

        seen->pss = pss > seen->pss ? pss : seen->pss;
        take_limit(w, seen);
        (void)nanosleep(&pause, NULL);
    }
    bench_must(WIFEXITED(status) && WEXITSTATUS(status) == 0, log);
    qsort(seen->raw, seen->n, sizeof seen->raw[0], by_size);
}

/* Order one and wait for its end: the server's CPU time per row, ns. */
static double order(const struct world *w, size_t round, struct seen *seen)
{
    char file[PATH_ROOM];
    char log[PATH_ROOM + 8];
    char program[PATH_ROOM];
    const char *const argv[] = { program, "batch", "create",
                                 "--dir", w->dir,  "--profile",
                                 PROFILE, file,    NULL };
    struct process order = { .name = "birthmark batch" };
    double before = process_cpu(&w->server);

    name_file(w, round, file);
    (void)snprintf(log, sizeof log, "%s.log", file);
    /* "birthmarkd" without its last letter stands beside it. */
    (void)snprintf(program, sizeof program, "%.*s", (int)strlen(w->program) - 1,
                   w->program);
    process_start(&order, argv, log);
    seen->n = 0;
    wait_for(w, &order, log, seen);
    return (process_cpu(&w->server) - before) / (double)rows;
}

static void run(struct world *w, unsigned scale)
{
    double us[TABLE_ROUNDS] = { 0 };
    double times[TABLE_ROUNDS] = { 0 };
    struct seen seen = { .pss = 0 };

    (void)scale;
    for (size_t r = 0; r < rounds; r++) {
        double ns = order(w, r, &seen);

        us[r] = ns / 1e3;
        times[r] = ns / seen.raw[seen.n / 2];
    }
    table_head("a batch over the API, per certificate", "us");
    table_times(rounds == 1 ? "one batch" : "small batches",
                rounds == 1 ? us[0] : table_median(us),
                rounds == 1 ? times[0] : table_median(times), TIMES_MAX);
    if (seen.pss > 0) {
        table_head("all processes meanwhile", "MB");
        table_most("sum of PSS", seen.pss / 1e6, PSS_MAX);
    } else {
        table_skip("sum of PSS", "for root alone");
    }
}

const struct table table_batch = { "batch", prepare, run };
