/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_WORDS_H
#define BM_AGENT_WORDS_H

#include <stdio.h>

#include "core/bytes.h"

/* What people read: nothing but printable ASCII comes out, whatever a file, a
 * server or a command line has said. */
void words_print(FILE *to, const char *text);
void words_print_bytes(FILE *to, struct bm_bytes text);

/* "birthmark-agent: WHAT: CLAUSE: TEXT" on stderr; the exit code of args.h
 * that goes with `rc`. */
int words_failed(const char *what, bm_status rc);

/* "2031-02-03T04:05:06Z", with a NUL. */
#define WORDS_TIME_MAX 32
const char *words_time(int64_t t, char buf[WORDS_TIME_MAX]);

/* "3 days", "5 hours", "2 minutes", "40 seconds": the largest unit. */
const char *words_span(int64_t seconds, char buf[WORDS_TIME_MAX]);

/* Lower-case hexadecimal, without a NUL. */
void words_put_hex(struct bm_wr *w, struct bm_bytes octets);

#endif
