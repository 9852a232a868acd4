/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BATCH_RUN_H
#define BM_CLI_BATCH_RUN_H

#include "cli/instance.h"
#include "intake/worker.h"
#include "keygen/worker.h"

/* What a batch that is read here is read with: processes that were made while
 * there was nothing to lose. */
struct batch_workers {
    struct intake_worker *reader;
    struct keygen_worker *keys; /* or NULL: its rows have requests */
    struct keygen_order order;  /* of those keys */
};

/*
 * A batch on its way, until nobody goes on with it: a server does, and is asked
 * how far it came; or this process, which has the instance open. How far that
 * is, a terminal shows.
 *
 * `workers` read its file, if it is still to be read here; or NULL. Prints, on
 * standard error, what is wrong with which row, which rows were left out, and
 * why. CMD_OK when the batch has come to where it was going; CMD_FAILED when it
 * was rejected or stopped, or not all of its rows have a certificate.
 */
int batch_run(struct session *s, uint64_t id,
              const struct batch_workers *workers);

#endif
