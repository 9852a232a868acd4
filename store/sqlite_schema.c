/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A file's schema, brought to what this program knows: PRAGMA user_version
 * counts the steps (sqlite_steps.c) that it has taken.
 */
#include <stdio.h>
#include <string.h>

#include "store/sqlite_internal.h"

/* "BmCA": what file(1) and we know a store by. */
#define APPLICATION_ID 0x426d4341

#define VERSION ((int)sqlite_steps_n)

static bm_status pragma_get(sqlite3 *db, const char *sql, int *value)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) {
            *value = sqlite3_column_int(stmt, 0);
            code = SQLITE_OK;
        }
    }
    sqlite3_finalize(stmt);
    return sqlite_db_status(db, code);
}

/* Take the steps after `version`, in a transaction that is open. */
static bm_status take_steps(sqlite3 *db, int version)
{
    char sql[80];

    for (int i = version; i < VERSION; i++) {
        BM_TRY(sqlite_db_status(
            db, sqlite3_exec(db, sqlite_steps[i], NULL, NULL, NULL)));
    }
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   APPLICATION_ID, VERSION);
    return sqlite_db_status(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static bm_status migrate(sqlite3 *db, int version, const char *path)
{
    bm_status rc;

    rc = sqlite_db_status(
        db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    if (rc != BM_OK) {
        return rc;
    }
    /* Somebody else may have been quicker. */
    rc = pragma_get(db, "PRAGMA user_version", &version);
    if (rc == BM_OK && version < VERSION) {
        if (path != NULL) {
            rc = sqlite_file_backup(path, version);
        }
        if (rc == BM_OK) {
            rc = take_steps(db, version);
        }
    }
    if (rc == BM_OK) {
        rc = sqlite_db_status(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    if (rc != BM_OK && !sqlite3_get_autocommit(db)) {
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return rc;
}

bm_status sqlite_schema_create(sqlite3 *db)
{
    return migrate(db, 0, NULL);
}

bm_status sqlite_schema_check(sqlite3 *db, const char *path, bool read_only)
{
    int id = 0;
    int version = 0;

    BM_TRY(pragma_get(db, "PRAGMA application_id", &id));
    BM_TRY(pragma_get(db, "PRAGMA user_version", &version));
    if (id != APPLICATION_ID || version < 1) {
        return BM_E_STORE_CORRUPT;
    }
    if (version > VERSION) {
        return BM_E_STORE_VERSION;
    }
    if (version < VERSION && read_only) {
        return BM_E_STORE_OLDER;
    }
    return version == VERSION ? BM_OK : migrate(db, version, path);
}
