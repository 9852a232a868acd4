/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYGEN_WORKER_H
#define BM_KEYGEN_WORKER_H

#include "keygen/keygen.h"

/*
 * A process that makes keys, for programs that are no service: forked before
 * there is anything to lose, and then without any system call but to read one
 * pipe, to write another, and to end. Its memory is guarded (memory.h).
 */
struct keygen_worker;

/* On error `*worker` is NULL. */
BM_MUST_CHECK bm_status keygen_worker_start(struct keygen_worker **worker);

/* Pairs, as keygen_serve() appends them: views until the next call. A secret
 * comes as it is. BM_E_BATCH_RECIPIENT, BM_E_BATCH_SECRET: as there; BM_E_IO:
 * the process has ended, or could not do it. */
BM_MUST_CHECK bm_status keygen_worker_ask(struct keygen_worker *worker,
                                          const struct keygen_order *order,
                                          struct bm_bytes *pairs);

/* Ends the process, whatever it does; NULL is fine. */
void keygen_worker_end(struct keygen_worker *worker);

#endif
