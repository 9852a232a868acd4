/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BAR_H
#define BM_CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far something came, on a terminal: a bar, how many of how many, how fast,
 * and what time is left. Where standard error is none, nothing is shown.
 */
struct bar {
    const char *what; /* "issuing" */
    bool shown;
    uint64_t begun; /* milliseconds of a clock that only rises */
    uint64_t first; /* that were done by then */
    uint64_t told;
};

void bar_begin(struct bar *bar, const char *what);
/* `total` 0: nobody knows yet. */
void bar_show(struct bar *bar, uint64_t done, uint64_t total);
void bar_end(struct bar *bar); /* again is fine */

#endif
