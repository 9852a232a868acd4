/* SPDX-License-Identifier: Apache-2.0 */

/* Care of the file: copies and checks. */
#include <string.h>

#include "store/sqlite_internal.h"

/* How many findings are told; more say nothing new. */
#define FINDINGS_MAX "20"

static bm_status
backup(void *self, const char *path,
       void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg)
{
    struct sqlite_store *s = self;
    bm_status rc;

    if (s->state != SQLITE_STATE_IDLE) {
        return BM_E_STORE_STATE;
    }
    /* A snapshot, so that what others commit does not start it again. */
    BM_TRY(s->base.begin(s, STORE_READ));
    rc = sqlite_file_copy(s->db, path, progress, arg);
    s->base.rollback(s);
    return rc;
}

static bm_status quick_check(struct sqlite_store *s, struct bm_wr *words)
{
    sqlite3_stmt *stmt = NULL;
    bm_status rc = BM_OK;
    int code;

    code = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(" FINDINGS_MAX ")", -1,
                              &stmt, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(stmt, 0);

            if (text == NULL || strcmp(text, "ok") != 0) {
                rc = BM_E_STORE_CORRUPT;
                bm_wr_str(words, text == NULL ? "?" : text);
                bm_wr_str(words, "\n");
            }
        }
    }
    sqlite3_finalize(stmt);
    return rc != BM_OK ? rc : sqlite_status(code);
}

static bm_status check(void *self, struct bm_wr *words)
{
    struct sqlite_store *s = self;
    bool own = s->state == SQLITE_STATE_IDLE;
    bm_status rc;

    if (own) {
        BM_TRY(s->base.begin(s, STORE_READ));
    }
    rc = quick_check(s, words);
    if (rc == BM_OK) { /* what follows believes in tables */
        rc = claim_check(s, words);
    }
    if (rc == BM_OK) {
        rc = device_check(s, words);
    }
    if (rc == BM_OK) {
        rc = attribute_check(s, words);
    }
    if (own) {
        s->base.rollback(s);
    }
    return rc;
}

void sqlite_care_fill(struct store *store)
{
    store->backup = backup;
    store->check = check;
}
