/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The index of claims with pages, segments and runs so small that all that
 * happens to millions of claims happens to thousands.
 */
#include "store/sqlite.h"
#include "store/test/contract_claim.h"
#include "store/test/files.h"

static struct index_params params;

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
    static const struct index_params rows[] = {
        { 1 << 20, 300, 3, 7, 4 },
        { 1 << 20, 64, 2, 3, 2 },
        { 100, 1000, 4, 50, 8 }, /* as good as no filters */
    };

    files_start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        params = rows[i];
        contract_claim();
    }
    files_end();
    return bm_test_done();
}
