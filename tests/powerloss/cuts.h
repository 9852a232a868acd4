/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_CUTS_H
#define BM_TESTS_POWERLOSS_CUTS_H

#include "tests/powerloss/life.h"

/*
 * Every cut of a life: in each phase, at each flash operation, torn in each
 * way; then the device lives on to the end of its script. Second cuts come in
 * the start that follows the first one, again at each operation. A storm cuts
 * at random, phase after phase, before it lets the device live on.
 *
 * A trial may be lost to a cut before the image ran: the operation that makes
 * its begin durable was done, and nothing after it. Each way of tearing finds
 * one such operation in a start at most.
 */

enum tear {
    TEAR_BEFORE,   /* nothing of the operation is done */
    TEAR_PREFIX,   /* some of its first octets */
    TEAR_AFTER,    /* all of it */
    TEAR_BITS,     /* any of its bits */
    TEAR_UNSTABLE, /* an erase that reads otherwise each time */
    TEAR_ECC,      /* what was torn cannot be read */
    TEARS
};
extern const char *const tear_names[TEARS];

/* How many of the cuts are tried: 1 of so many; 0: none. */
struct plan {
    uint32_t first;
    uint32_t second; /* of those after each first cut that is tried */
    bool all_tears;  /* the second cut tears in each way, not as the first */
    unsigned storms; /* how many */
};

struct counts {
    uint32_t operations; /* of the life without a cut */
    uint32_t first[TEARS];
    uint32_t second[TEARS];
    uint32_t storms;
    uint32_t starts;
    uint32_t failures;
    uint32_t ended[IMAGE_IDS]; /* what ran in the end */
};

/* Runs a scenario, prints the first findings, and adds to `counts`. Lots are
 * drawn from `seed`. */
void cuts_run(const struct scenario *scenario, const struct geometry *geometry,
              const struct plan *plan, uint32_t seed, struct counts *counts);

/* One run by hand: as it was in the enumeration. */
struct cut {
    enum tear tear;
    unsigned phase;
    uint32_t first;  /* 0: none */
    uint32_t second; /* likewise */
};
bool cuts_one(const struct scenario *scenario, const struct geometry *geometry,
              const struct cut *cut, uint32_t seed);

/* Findings that are printed: the others are counted only. */
#define FINDINGS_SHOWN 5
extern bool cuts_quiet; /* print none: broken variants have many */

#endif
