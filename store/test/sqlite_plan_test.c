/* SPDX-License-Identifier: Apache-2.0 */

/* How SQLite goes about a statement: none about transfers walks over those of
 * others to find one's own. */
#include <sqlite3.h>
#include <string.h>

#include "store/sqlite_sql.h"
#include "store/test/story.h"

struct statement {
    const char *name;
    const char *text;
};
#define STATEMENT(name, text) { #name, text },
static const struct statement statements[] = { SQL_TRANSFER_LIST(STATEMENT) };

/* What "$scope" becomes for the authority, and for one organisation. */
static const char *const scopes[] = { "1", "organisation = ?" };

static void fill_in(const char *text, const char *scope, char sql[2048])
{
    const char *mark = strstr(text, "$scope");

    if (mark == NULL) {
        (void)snprintf(sql, 2048, "EXPLAIN QUERY PLAN %s", text);
        return;
    }
    (void)snprintf(sql, 2048, "EXPLAIN QUERY PLAN %.*s%s%s", (int)(mark - text),
                   text, scope, mark + strlen("$scope"));
}

/* Does it walk over all that there are, or over all of a side? */
static bool is_walk(const char *step)
{
    return strncmp(step, "SCAN transfer", 13) == 0 ||
           strstr(step, "COVERING INDEX transfer_giver (organisation=?)") !=
               NULL ||
           strstr(step, "COVERING INDEX transfer_receiver (receiver=?)") !=
               NULL;
}

static unsigned scans_of(sqlite3 *db, const struct statement *s,
                         const char *scope)
{
    sqlite3_stmt *stmt = NULL;
    unsigned scans = 0;
    char sql[2048];

    fill_in(s->text, scope, sql);
    CHECK(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(stmt, 3);

        if (is_walk(step)) {
            printf("# %s, %s: %s\n", s->name, scope, step);
            scans++;
        }
    }
    CHECK(sqlite3_finalize(stmt) == SQLITE_OK);
    return scans;
}

static void no_transfer_is_found_by_a_walk_over_all(void)
{
    char path[FILES_PATH_MAX];
    sqlite3 *db = NULL;
    struct store *s;

    files_path("plan", path);
    CHECK_STATUS(story_open(path, true, &s), BM_OK);
    s->close(s->self);
    CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        for (size_t k = 0; k < sizeof scopes / sizeof scopes[0]; k++) {
            CHECK(scans_of(db, &statements[i], scopes[k]) == 0);
        }
    }
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

int main(void)
{
    files_start();
    RUN(no_transfer_is_found_by_a_walk_over_all);
    files_end();
    return bm_test_done();
}
