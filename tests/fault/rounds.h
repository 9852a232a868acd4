/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_ROUNDS_H
#define BM_TESTS_FAULT_ROUNDS_H

#include <sys/types.h>

#include "tests/fault/inject.h"
#include "tests/fault/script.h"
#include "tests/fault/verify.h"

/*
 * A round: a copy of an instance, a script in a process of its own that meets
 * a fault, and what is found afterwards, by another process.
 */
struct round {
    char dir[WORLD_PATH_MAX];
    char report[WORLD_PATH_MAX];
    uint64_t number; /* of rounds so far: makes names new */
    int64_t clock;
    uint64_t changes; /* what the report says after these does not count */
};

/* What a process tells the one that waits for it. */
struct round_result {
    struct script_result script;
    struct verify_result verify;
    unsigned long calls;
    unsigned long changes;
    bool came;
    bool killed; /* by SIGKILL */
    char where[WORLD_PATH_MAX];
};

struct round_fault {
    enum inject what;
    unsigned long n;
    int error;
};

/* A fresh copy of `base`, and an empty report. `clock`: of the base. */
void round_begin(struct round *round, const char *base, int64_t clock);
void round_end(struct round *round);

/* Run `body` in a process of its own; it may fill in `result`. The program
 * stops if that process ends by anything but itself or SIGKILL: what the
 * sanitizers find ends so. */
void round_process(struct round_result *result,
                   void (*body)(void *arg, struct round_result *result),
                   void *arg);

/* Play with a fault. `acts` as in script.h. */
void round_play(struct round *round, const struct round_fault *fault,
                const struct script_config *acts, struct round_result *result);

/* Look at what is there; returns the number of findings. */
unsigned round_verify(struct round *round, struct round_result *result);

/* How thorough: all points with FAULT_FULL=1, else about `sample` of `n`. */
unsigned long round_stride(unsigned long n, unsigned long sample);
unsigned long round_number(const char *variable, unsigned long usual);

#endif
