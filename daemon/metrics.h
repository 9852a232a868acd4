/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_METRICS_H
#define BM_DAEMON_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/bytes.h"

/*
 * Metrics: each process counts into a page of memory of its own, which the
 * supervisor made and keeps over restarts; the publisher maps all pages for
 * reading and writes them out for Prometheus. So counting costs one add, a
 * dead process loses no counts, and nobody can write another's.
 *
 * Names and labels are ours alone, never a stranger's.
 */

/* Counters and gauges without labels; metrics.c has the table of names. */
enum metrics_value {
    METRICS_ACCEPTED,    /* connections taken */
    METRICS_CONNECTIONS, /* gauge: open now */
    METRICS_TURNED_AWAY, /* connections over a limit */
    METRICS_HANDSHAKES,  /* TLS handshakes finished */
    METRICS_REQUESTS,    /* HTTP requests answered */
    METRICS_LIMITED,     /* answered 429 or 503 */
    METRICS_TIMEOUTS,    /* closed for being slow */
    METRICS_QUEUE,       /* gauge: requests waiting for the issuer */
    METRICS_GROUPS,      /* transactions of the issuer */
    METRICS_ISSUED_ALL,
    METRICS_LEDGER_SIZE, /* gauge: leaves */
    METRICS_OCSP_CACHED, /* answers from the cache */
    METRICS_OCSP_SIGNED,
    METRICS_CRLS,   /* lists signed */
    METRICS_STARTS, /* of this process */
    METRICS_VALUES
};

/* Histograms: upper bounds double. */
enum metrics_histogram {
    METRICS_LATENCY_REQUEST, /* microseconds from request read to answer */
    METRICS_LATENCY_GROUP,   /* microseconds of a transaction */
    METRICS_GROUP_SIZE,      /* certificates in one */
    METRICS_HISTOGRAMS
};
#define METRICS_BUCKETS 28

/* Values with one label, or two joined by a comma. */
enum metrics_family {
    METRICS_ISSUED,           /* "PROFILE,RESULT" */
    METRICS_HANDSHAKE_FAILED, /* "REASON" */
    METRICS_HTTP,             /* "STATUS" */
    METRICS_EXPIRY,           /* gauge: "CA_OR_CERTIFICATE"; unix time */
    METRICS_NEXT_UPDATE,      /* gauge: "CA": when its CRL ends */
    METRICS_FAMILIES
};
#define METRICS_LABELS_MAX 256
#define METRICS_LABEL_MAX  96

struct metrics_labelled {
    atomic_uint family; /* enum metrics_family plus one; 0: free */
    char label[METRICS_LABEL_MAX];
    _Atomic int64_t value;
};

struct metrics_buckets {
    _Atomic uint64_t bucket[METRICS_BUCKETS]; /* up to 2^i */
    _Atomic uint64_t sum;
};

struct metrics_page {
    char room[32];
    unsigned instance;
    _Atomic int64_t value[METRICS_VALUES];
    struct metrics_buckets histogram[METRICS_HISTOGRAMS];
    struct metrics_labelled labelled[METRICS_LABELS_MAX];
};

void metrics_add(struct metrics_page *page, enum metrics_value which,
                 int64_t n);
void metrics_set(struct metrics_page *page, enum metrics_value which,
                 int64_t n);
void metrics_observe(struct metrics_page *page, enum metrics_histogram which,
                     uint64_t value);
/* With a label; when all rows are taken, the label is "other". */
void metrics_add_to(struct metrics_page *page, enum metrics_family family,
                    const char *label, int64_t n);
void metrics_set_to(struct metrics_page *page, enum metrics_family family,
                    const char *label, int64_t n);

/* Prometheus text exposition format 0.0.4 of all pages. */
void metrics_put(struct bm_wr *w, const struct metrics_page *const *pages,
                 size_t n);

#endif
