/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SQLITE_H
#define BM_STORE_SQLITE_H

#include "store/index.h"
#include "store/store.h"

/*
 * The store in one SQLite file, the embedded default: write-ahead log,
 * synchronous=FULL. Beside PATH stand PATH-wal and PATH-shm while it is open,
 * and PATH.vN.bak, a copy as it was before a migration from version N.
 *
 * Several processes may have it open; one writes at a time.
 */

struct store_sqlite_config {
    const char *path;
    bool create;    /* a new file: BM_E_EXISTS when there is one */
    bool read_only; /* begin(STORE_WRITE) is BM_E_STORE_STATE */
    /* With read_only: the index of the log is not written either, which has
     * to be there, of a process that has the store open for writing. */
    bool beside_writer;
    const struct index_params *index; /* of the claims; NULL: the default */
};

/*
 * Open, and migrate a file of an older version (never when read-only, which
 * is then BM_E_STORE_OLDER). A new file appears whole or not at all, with
 * mode 0600. BM_E_NOT_FOUND: no such file; BM_E_STORE_CORRUPT: not a store of
 * ours, or damaged; BM_E_STORE_VERSION: of a newer version. The struct is
 * released by its close(). On error `*store` is NULL.
 */
BM_MUST_CHECK bm_status store_sqlite_open(
    const struct store_sqlite_config *config, struct store **store);

#endif
