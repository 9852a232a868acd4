/* SPDX-License-Identifier: Apache-2.0 */

/* SQLite with several handles and processes. */
#include "store/sqlite.h"
#include "store/test/contract_process.h"
#include "store/test/files.h"

/* Runs are made and merged often, so that kills hit that, too. */
static const struct index_params params = { 1 << 16, 40, 2, 8, 2 };

struct store *contract_open(const char *name, bool fresh)
{
    struct store_sqlite_config config = { .create = fresh, .index = &params };
    struct store *s = NULL;
    char path[FILES_PATH_MAX];

    files_path(name, path);
    config.path = path;
    if (fresh) {
        files_remove(path);
    }
    CHECK_STATUS(store_sqlite_open(&config, &s), BM_OK);
    if (s == NULL) {
        printf("Bail out! no store\n");
        exit(1);
    }
    return s;
}

int main(void)
{
    files_start();
    contract_process();
    files_end();
    return bm_test_done();
}
