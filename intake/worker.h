/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_INTAKE_WORKER_H
#define BM_INTAKE_WORKER_H

#include "intake/intake.h"

/*
 * A process that reads the file of a batch, for programs that are no service:
 * forked before there is anything to lose, and then without any system call but
 * to read one descriptor, to write another, and to end.
 *
 * Whoever forks it must not have opened keys, database or connections yet: what
 * is in memory is copied.
 */
struct intake_worker;

/* Takes over `fd`, the file. On error `*worker` is NULL. */
BM_MUST_CHECK bm_status intake_worker_start(int fd, enum intake_kind kind,
                                            struct intake_worker **worker,
                                            struct ca_refusal *why);

/*
 * Some rows, as intake_row_next() takes them; views until the next call.
 * BM_E_END: there are no more. BM_E_CA_ORDER: the file, or the process, is not
 * what it should be.
 */
BM_MUST_CHECK bm_status intake_worker_next(struct intake_worker *worker,
                                           struct bm_bytes *rows,
                                           struct ca_refusal *why);

/* Ends the process, whatever it does; NULL is fine. */
void intake_worker_end(struct intake_worker *worker);

/* Of this process, for good: a file may say that it needs more memory than the
 * machine has. Not under sanitizers, which take all addresses there are. */
void intake_limit_memory(void);

/* Octets that rows come in at a time. */
#define INTAKE_CHUNK ((size_t)512 << 10)

#endif
