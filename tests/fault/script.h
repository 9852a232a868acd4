/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_SCRIPT_H
#define BM_TESTS_FAULT_SCRIPT_H

#include "tests/fault/world.h"

/*
 * Acts of an authority, one after another, each reported when it has returned
 * (report.h): issuance in groups of several sizes, by operator, token, IDevID
 * and current certificate; renewals and their confirmation; revocations,
 * holds and releases; tokens; revocation lists; checkpoints; batches.
 */

struct script_config {
    const char *dir;
    int report;    /* descriptor */
    uint64_t seed; /* of the order of acts, and of the names of devices */
    int64_t now;   /* at the first act; each takes a second */
    unsigned acts; /* so many drawn by lot; 0: each kind once, in one order */
    bool patient;  /* after a failure goes on with the same open instance,
                      else opens it again as a new process would */

    /* Called when `failures` acts have failed in a row, if not NULL: what made
     * them fail goes away. */
    unsigned failures;
    void (*relieve)(void *arg);
    void *arg;
};

struct script_result {
    unsigned done;     /* acts that returned BM_OK */
    unsigned failed;   /* acts that did not */
    unsigned reopened; /* times the instance was opened again */
    unsigned row;      /* acts that failed last, one after another */
    bm_status first;   /* of the first failure */
    bm_status last;    /* of the last failure */
    struct ca_refusal why;
    int64_t now;
};

/* Opens the instance, plays, closes it. */
void script_play(const struct script_config *config,
                 struct script_result *result);

/* How many acts the script of one order has. */
unsigned script_length(void);

/*
 * One issuance, one revocation, one list and one checkpoint by an instance
 * that is open: what must work after every fault. `number` makes the device
 * a new one.
 */
bm_status script_probe(struct instance *in, uint64_t number, int64_t now,
                       struct ca_refusal *why);

#endif
