/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_SKIP_SWEEP_H
#define BM_TESTS_SKIP_SWEEP_H

#include "tests/skip/board.h"

/*
 * One start of a bootloader over one content of flash, again and again, each
 * time with one instruction left out: never twice the same.
 *
 * An execution that is left out is of one of two kinds. On the decision path,
 * which is everything but SHA-256 and P-256, each one is: each pass of each
 * loop. In the cryptography, where millions of instructions do the same, it is
 * the first and the last execution of each instruction.
 */

#define SWEEP_RECOVERIES 4

struct sweep_config {
    const struct program *program;
    const uint8_t *flash;
    size_t flash_n;
    struct board_range application[BOARD_APPLICATIONS];
    unsigned applications;
    const char *recovery[SWEEP_RECOVERIES]; /* functions */
    unsigned recoveries;
    bool exact;       /* compute all signatures in the emulator (memo.h) */
    bool decision;    /* sweep the decision path */
    unsigned loops;   /* 0: each pass of each loop. Else only so many first and
                     last passes, and one in a hundred between them */
    unsigned crypto;  /* how many of the cryptography: 0 none, */
    bool crypto_all;  /* ... or all of them */
    unsigned samples; /* how many that did not boot are listed, too */
    uint64_t seed;    /* what is drawn, by it */
    unsigned part;    /* only every `parts`th run, from the part'th on */
    unsigned parts;
};

enum sweep_kind {
    SWEEP_DECISION,
    SWEEP_CRYPTO,
    SWEEP_KINDS
};

/* One run: what was left out, and what came of it. */
struct sweep_run {
    enum sweep_kind kind;
    struct board_cpu cpu; /* before the instruction, at cpu.r[15] */
    uint32_t length;      /* of the instruction: 2 or 4 octets */
    uint64_t nth;         /* execution of it, with this stack pointer, from 1;
                           in the cryptography: with any */
    enum board_end end;
    bool later; /* booted by the start after that one */
};

struct sweep_result {
    enum board_end plain;        /* how it ends with nothing left out */
    uint64_t executed;           /* instructions of that start */
    uint64_t crypto;             /* ... of them in the cryptography */
    uint64_t sites[SWEEP_KINDS]; /* places in the program */
    uint64_t runs[SWEEP_KINDS][BOARD_ENDS];
    uint64_t later[SWEEP_KINDS]; /* of those that did not boot at once */
    struct sweep_run *listed;    /* what booted, and samples of what did not */
    size_t listed_n;
};

/* Nothing is left out: how does it end? */
enum board_end sweep_plain(const struct sweep_config *config);

void sweep(const struct sweep_config *config, struct sweep_result *result);
void sweep_result_wipe(struct sweep_result *result);

#endif
