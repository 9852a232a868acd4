/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_BENCH_H
#define BM_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

/*
 * Measuring as ratios. Figures of one machine at one moment mean little, so
 * the things that are compared run in turns, in the same process, many short
 * rounds each, and the table shows medians and what they are of the limit.
 *
 * A benchmark judges nothing: the program ends with 0, whatever it shows. It
 * ends with 1 if something it measures does not work.
 */

/* One thing to measure: `run` does it once, on a context made per thread. */
struct bench_op {
    const char *name;
    void *(*open)(void);
    void (*run)(void *context);
    void (*close)(void *context);
    unsigned times; /* per round; a round should take some milliseconds */
};

#define BENCH_OPS_MAX     8
#define BENCH_THREADS_MAX 2

/*
 * Nanoseconds of CPU time for one run, the median over the rounds. Where
 * several threads run at once, that of all of them: what they cost each other
 * through caches and spinning locks is in it, waiting is not, and neither is
 * what else the machine does.
 */
void bench_measure(const struct bench_op *ops, size_t n, unsigned threads,
                   double *ns);

/*
 * The same by the clock on the wall, in one thread, `rounds` of them at most
 * 31: for what another process does, or a device.
 */
void bench_measure_wall(const struct bench_op *ops, size_t n, unsigned rounds,
                        double *ns);

/* Stop: what is measured does not work. Only when it matters. */
void bench_must(int ok, const char *what);

/* A table that cannot be measured here, and why. */
void bench_skip(const char *title, const char *why);

/* Table: a heading; a row against its limit; a row beside it. */
void bench_head(const char *title, const char *unit);
void bench_limit(const char *name, double value);
void bench_row(const char *name, double value, double ratio, double target);
void bench_note(const char *name, double value, double limit);

/* The same where more is better, and there is no target. */
void bench_rate(const char *name, double value, double ratio);

/*
 * The limit of everything that verifies a request and signs a certificate:
 * OpenSSL's P-256 on contexts that are ready, with nothing around it. Two
 * rows for a table of operations, and the printing of their results.
 */
void *bench_raw_open(void);
void bench_raw_verify(void *context);
void bench_raw_sign(void *context);
void bench_raw_close(void *context);
#define BENCH_RAW_VERIFY                                                     \
    {                                                                        \
        "raw verify", bench_raw_open, bench_raw_verify, bench_raw_close, 100 \
    }
#define BENCH_RAW_SIGN                                                   \
    {                                                                    \
        "raw sign", bench_raw_open, bench_raw_sign, bench_raw_close, 300 \
    }
void bench_limit_rows(const double ns[2]);

/* A file of core/test/samples, which the program carries. */
struct bm_bytes bench_sample(const char *kind, const char *name);

/* One per file. */
void bench_issue(void);
void bench_durable(void);
void bench_parse(void);
void bench_path(void);
void bench_formats(void);
void bench_token(void);
void bench_tpm(void);

#endif
