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
 * Any thread of the process may count; nothing here waits. Names and labels
 * are ours alone, never a stranger's. What is read is not trusted all the
 * same: a page that its process has scribbled over spoils its own numbers,
 * not those of others, and not the text.
 *
 * The names are those of docs/metrics.md, which a test holds to the code.
 */

/* Counters and gauges without labels; metrics_names.c has their names. */
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
    METRICS_CRLS,         /* lists signed */
    METRICS_BUNDLES,      /* trust bundles signed */
    METRICS_BUNDLE_END,   /* gauge: nextUpdate of the last one */
    METRICS_STARTS,       /* of this process; metrics_begin() counts it */
    METRICS_HEARTBEAT,    /* gauge: unix time, set by the loop once a second */
    METRICS_OCSP_LATER,   /* tryLater: over a budget, or no status signer */
    METRICS_KEYS_AWAY,    /* gauge: keys whose token is away */
    METRICS_DELIVERED,    /* events that a destination took */
    METRICS_UNDELIVERED,  /* tries that failed */
    METRICS_DESTINATIONS, /* gauge: enabled */
    METRICS_FAILING,      /* gauge: of them, those that fail */
    METRICS_PUT_ASIDE,    /* gauge: events, of all destinations */
    METRICS_DEAD,         /* gauge: events that were given up */
    METRICS_LOST,         /* gauge: events that there was no room to keep */
    METRICS_BEHIND,       /* gauge: events that one has not come to yet */
    METRICS_VALUES
};

/* Histograms: upper bounds double; the last one has none. */
enum metrics_histogram {
    METRICS_LATENCY_REQUEST, /* microseconds from request read to answer */
    METRICS_LATENCY_GROUP,   /* microseconds of a transaction */
    METRICS_GROUP_SIZE,      /* certificates in one */
    METRICS_HISTOGRAMS
};
#define METRICS_BUCKETS 28

/*
 * Values with one label, or two joined by a comma. The label "other" stands
 * for what found no row any more. A gauge that is 0 is not told.
 */
enum metrics_family {
    METRICS_ISSUED,           /* "PROFILE,RESULT" */
    METRICS_HANDSHAKE_FAILED, /* "REASON" */
    METRICS_HTTP,             /* "STATUS" */
    METRICS_EXPIRY,           /* gauge: "CA_OR_CERTIFICATE"; unix time */
    METRICS_NEXT_UPDATE,      /* gauge: "CA": when its CRL ends */
    METRICS_FAMILIES
};
#define METRICS_LABELS_MAX 256
#define METRICS_LABEL_MAX  96 /* with the NUL; what is longer is cut */

struct metrics_labelled {
    atomic_uint family; /* enum metrics_family plus one; 0: free */
    char label[METRICS_LABEL_MAX];
    _Atomic int64_t value;
};

struct metrics_buckets {
    _Atomic uint64_t
        bucket[METRICS_BUCKETS]; /* up to 2^i, from the one below */
    _Atomic uint64_t sum;
};

/* All zero is a page without counts. */
struct metrics_page {
    char room[32]; /* "": nobody's */
    unsigned instance;
    _Atomic int64_t value[METRICS_VALUES];
    struct metrics_buckets histogram[METRICS_HISTOGRAMS];
    struct metrics_labelled labelled[METRICS_LABELS_MAX];
};

/* A process begins to use its page: what is a gauge starts again at 0. */
void metrics_begin(struct metrics_page *page);

void metrics_add(struct metrics_page *page, enum metrics_value which,
                 int64_t n);
void metrics_set(struct metrics_page *page, enum metrics_value which,
                 int64_t n);
int64_t metrics_get(const struct metrics_page *page, enum metrics_value which);
void metrics_observe(struct metrics_page *page, enum metrics_histogram which,
                     uint64_t value);
/* With a label; when all rows are taken, the label is "other". */
void metrics_add_to(struct metrics_page *page, enum metrics_family family,
                    const char *label, int64_t n);
void metrics_set_to(struct metrics_page *page, enum metrics_family family,
                    const char *label, int64_t n);

/* Prometheus text exposition format 0.0.4 of all pages; takes those with no
 * room, or with the room and instance of an earlier one, for none. */
void metrics_put(struct bm_wr *w, const struct metrics_page *const *pages,
                 size_t n);

/* The table of docs/metrics.md. */
void metrics_names_put(struct bm_wr *w);

#endif
