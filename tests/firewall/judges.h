/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_JUDGES_H
#define BM_TESTS_FIREWALL_JUDGES_H

#include "policy/compile.h"
#include "tests/firewall/corpus.h"
#include "tests/firewall/kernel.h"
#include "tests/firewall/queued.h"

/* How many frames were compared. */
struct tally {
    size_t reference; /* judged */
    size_t engine;    /* compared with that */
    size_t kernel;
    size_t passed;
    size_t resets;
    size_t reasons[BM_FW_REASONS];
    size_t apart; /* the kernel's own IP has a say in them */
    size_t differences;
    size_t verdicts; /* those that are not in rule or reason alone */
    bool quiet;      /* they are not printed */
};

/* Let the reference judge: what is wanted of the others is in the steps. */
bool judges_reference(struct corpus *c, const struct policy *policy,
                      struct tally *t);

/* Compare: verdicts, and of the engine why, and by which rule, too;
 * differences are printed. False: the judge itself failed. */
bool judges_engine(const struct corpus *c, size_t ram, struct tally *t);
bool judges_kernel(const struct corpus *c, const struct policy *policy,
                   struct kernel *k, struct tally *t);

/* The same, and what nftables queues is judged by `q`. */
bool judges_queued(const struct corpus *c, const struct policy *policy,
                   struct kernel *k, struct queued *q, struct tally *t);

struct pace {
    size_t frames;
    size_t reference; /* passed by it, and by nftables */
    size_t kernel;
    unsigned elapsed; /* milliseconds, till the last frame was judged */
    unsigned gap;     /* the longest that one frame took */
};

/*
 * For 0.6 seconds, as fast as it goes, frames of UDP to port 9: how many pass
 * by the reference at these times, and by nftables.
 */
bool judges_rate(const struct policy *policy, struct kernel *k,
                 struct pace *pace);

#endif
