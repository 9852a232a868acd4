/* SPDX-License-Identifier: Apache-2.0 */

/* Batches, their rows, and their history. */
#include <string.h>

#include "store/sqlite_internal.h"

/* Longest blobs that are believed when read. */
#define CSR_OCTETS_MAX       65536
#define KEY_OCTETS_MAX       65536
#define SUBJECT_OCTETS_MAX   8192
#define RECIPIENT_OCTETS_MAX 65536
#define SIGNATURE_OCTETS_MAX (1U << 20)
#define SEALED_OCTETS_MAX    256

/* Ids of rows: batch << ROW_BITS | number. */
#define ROW_BITS  20
#define BATCH_MAX (UINT64_C(1) << 40)

static bm_status row_id(uint64_t batch, uint32_t number, uint64_t *id)
{
    if (batch == 0 || batch >= BATCH_MAX || number > STORE_BATCH_ROWS_MAX) {
        return BM_E_ARGUMENT;
    }
    *id = batch << ROW_BITS | number;
    return BM_OK;
}

/* ---- Batches */

static bm_status batch_add(struct sqlite_store *s, struct store_batch *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_BATCH_ADD);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, (int64_t)row->state);
    query_put_i64(&q, row->options);
    query_put_text(&q, row->name, sizeof row->name);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_text(&q, row->creator, sizeof row->creator);
    query_put_text(&q, row->actor, sizeof row->actor);
    query_put_bytes(&q, BM_ARRAY(row->upload));
    query_put_text(&q, row->reason, sizeof row->reason);
    query_put_i64(&q, row->revocation);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->changed);
    query_put_i64(&q, row->expires);
    query_put_i64(&q, row->rows);
    query_put_i64(&q, row->wrong);
    query_put_i64(&q, row->skipped);
    query_put_i64(&q, row->issued);
    query_put_i64(&q, row->refused);
    query_put_i64(&q, row->revoked);
    query_put_bytes(&q, row->recipient);
    query_put_bytes(&q, row->signature);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status batch_put(void *self, struct store_batch *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return batch_add(self, row);
    }
    query_open(&q, self, SQL_BATCH_CHANGE);
    query_put_i64(&q, (int64_t)row->state);
    query_put_i64(&q, row->options);
    query_put_text(&q, row->actor, sizeof row->actor);
    query_put_text(&q, row->reason, sizeof row->reason);
    query_put_i64(&q, row->revocation);
    query_put_i64(&q, row->changed);
    query_put_i64(&q, row->expires);
    query_put_i64(&q, row->rows);
    query_put_i64(&q, row->wrong);
    query_put_i64(&q, row->skipped);
    query_put_i64(&q, row->issued);
    query_put_i64(&q, row->refused);
    query_put_i64(&q, row->revoked);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void batch_read(struct sqlite_query *q, void *out)
{
    struct store_batch *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->state = (enum store_batch_state)query_get_u32(q, STORE_BATCH_ABORTED);
    row->options = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->name, sizeof row->name);
    query_get_text(q, row->profile, sizeof row->profile);
    query_get_text(q, row->creator, sizeof row->creator);
    query_get_text(q, row->actor, sizeof row->actor);
    query_get_fixed(q, row->upload, sizeof row->upload);
    query_get_text(q, row->reason, sizeof row->reason);
    row->revocation = query_get_u32(q, UINT8_MAX);
    row->created = query_get_i64(q);
    row->changed = query_get_i64(q);
    row->expires = query_get_i64(q);
    row->rows = query_get_u32(q, STORE_BATCH_ROWS_MAX);
    row->wrong = query_get_u32(q, STORE_BATCH_ROWS_MAX);
    row->skipped = query_get_u32(q, STORE_BATCH_ROWS_MAX);
    row->issued = query_get_u32(q, STORE_BATCH_ROWS_MAX);
    row->refused = query_get_u32(q, STORE_BATCH_ROWS_MAX);
    row->revoked = query_get_u32(q, STORE_BATCH_ROWS_MAX);
    row->recipient = query_get_bytes(q, RECIPIENT_OCTETS_MAX);
    row->signature = query_get_bytes(q, SIGNATURE_OCTETS_MAX);
    row->jws = query_get_bytes(q, SIGNATURE_OCTETS_MAX);
}

static bm_status batch_get(void *self, const struct store_scope *scope,
                           uint64_t id, struct store_batch *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_BATCH_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        batch_read(&q, row);
    }
    return query_close(&q);
}

static bm_status batch_list(void *self, const struct store_scope *scope,
                            uint64_t after, enum store_batch_state state,
                            const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_batch row;

    query_open_scope(&q, self, SQL_BATCH_LIST, scope);
    query_put_u64(&q, after);
    query_put_i64(&q, (int64_t)state);
    query_put_scope(&q, scope);
    return query_visit(&q, batch_read, &row, visit);
}

static bm_status batch_open(void *self, const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_batch row;

    query_open(&q, self, SQL_BATCH_OPEN);
    return query_visit(&q, batch_read, &row, visit);
}

static bm_status batch_lapsed(void *self, int64_t now, struct store_batch *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_BATCH_LAPSED);
    query_put_i64(&q, now);
    if (query_one(&q)) {
        batch_read(&q, row);
    }
    return query_close(&q);
}

static bm_status batch_sign(void *self, uint64_t batch, struct bm_bytes message,
                            struct bm_bytes jws)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_BATCH_SIGN);
    query_put_bytes(&q, message);
    query_put_bytes(&q, jws);
    query_put_u64(&q, batch);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

/* ---- Rows */

static bm_status batch_row_put(void *self, const struct store_batch_row *row)
{
    struct sqlite_query q;
    uint64_t id;

    BM_TRY(row_id(row->batch, row->number, &id));
    query_open(&q, self, SQL_BATCH_ROW_PUT);
    query_put_u64(&q, id);
    query_put_i64(&q, (int64_t)row->state);
    query_put_u64(&q, row->cert);
    query_put_text(&q, row->column, sizeof row->column);
    query_put_text(&q, row->device, sizeof row->device);
    query_put_text(&q, row->name, sizeof row->name);
    query_put_text(&q, row->words, sizeof row->words);
    query_put_bytes(&q, row->csr);
    query_put_bytes(&q, row->subject);
    query_put_bytes(&q, row->key);
    query_run(&q);
    return query_close(&q);
}

static bm_status batch_row_change(void *self, const struct store_batch_row *row)
{
    struct sqlite_query q;
    uint64_t id;

    BM_TRY(row_id(row->batch, row->number, &id));
    query_open(&q, self, SQL_BATCH_ROW_CHANGE);
    query_put_i64(&q, (int64_t)row->state);
    query_put_u64(&q, row->cert);
    query_put_text(&q, row->words, sizeof row->words);
    query_put_u64(&q, id);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static bm_status rows_issued(struct sqlite_store *s,
                             const struct store_batch_issued *rows)
{
    struct sqlite_query q;
    uint64_t first;
    bm_status rc;

    BM_TRY(row_id(rows->batch, rows->first, &first));
    query_open(&q, s, SQL_BATCH_ROWS_ISSUED);
    query_put_u64(&q, first);
    query_put_u64(&q, first + rows->n - 1);
    query_put_u64(&q, rows->cert);
    query_put_i64(&q, STORE_ROW_ISSUED);
    query_put_i64(&q, STORE_ROW_WAITING);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK && sqlite3_changes64(s->db) != rows->n) {
        rc = BM_E_NOT_FOUND;
    }
    return rc;
}

static bm_status batch_issued(void *self, const struct store_batch_issued *rows)
{
    struct sqlite_query q;

    if (rows->n == 0 || rows->n > STORE_BATCH_ROWS_MAX - rows->first + 1) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(rows_issued(self, rows));
    query_open(&q, self, SQL_BATCH_ISSUED);
    query_put_i64(&q, rows->n);
    query_put_u64(&q, rows->batch);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void batch_row_read(struct sqlite_query *q, void *out)
{
    struct store_batch_row *row = out;
    uint64_t id = query_get_u64(q);

    row->batch = id >> ROW_BITS;
    row->number = (uint32_t)id & STORE_BATCH_ROWS_MAX;
    row->state =
        (enum store_batch_row_state)query_get_u32(q, STORE_ROW_REFUSED);
    row->cert = query_get_u64(q);
    query_get_text(q, row->column, sizeof row->column);
    query_get_text(q, row->device, sizeof row->device);
    query_get_text(q, row->name, sizeof row->name);
    query_get_text(q, row->words, sizeof row->words);
    row->csr = query_get_bytes(q, CSR_OCTETS_MAX);
    row->subject = query_get_bytes(q, SUBJECT_OCTETS_MAX);
    row->key = query_get_bytes(q, KEY_OCTETS_MAX);
}

static bm_status batch_row_list(void *self, uint64_t batch, uint32_t after,
                                enum store_batch_row_state state,
                                const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_batch_row row;
    uint64_t first;
    uint64_t last;

    BM_TRY(row_id(batch, after, &first));
    BM_TRY(row_id(batch, STORE_BATCH_ROWS_MAX, &last));
    query_open(&q, self, SQL_BATCH_ROW_LIST);
    query_put_u64(&q, first);
    query_put_u64(&q, last);
    query_put_i64(&q, (int64_t)state);
    return query_visit(&q, batch_row_read, &row, visit);
}

/* What goes with this transaction was given away, or is a secret. */
static void erase(struct sqlite_store *s)
{
    s->erased = true;
}

static bm_status open_rows(struct sqlite_query *q, struct sqlite_store *s,
                           uint64_t batch, enum sql sql)
{
    uint64_t first;
    uint64_t last;

    BM_TRY(row_id(batch, 0, &first));
    BM_TRY(row_id(batch, STORE_BATCH_ROWS_MAX, &last));
    query_open(q, s, sql);
    query_put_u64(q, first);
    query_put_u64(q, last);
    return BM_OK;
}

static bm_status batch_has_device(void *self, uint64_t batch, uint64_t device,
                                  bool *yes)
{
    struct sqlite_query q;
    bm_status rc;

    *yes = false;
    BM_TRY(open_rows(&q, self, batch, SQL_BATCH_HAS_DEVICE));
    query_put_u64(&q, device);
    *yes = query_one(&q);
    rc = query_close(&q);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status batch_clear(void *self, uint64_t batch,
                             enum store_batch_row_state state)
{
    struct sqlite_query q;

    erase(self);
    BM_TRY(open_rows(&q, self, batch, SQL_BATCH_CLEAR));
    query_put_i64(&q, (int64_t)state);
    query_run(&q);
    return query_close(&q);
}

static bm_status batch_forget(void *self, uint64_t batch)
{
    struct sqlite_query q;

    erase(self);
    BM_TRY(open_rows(&q, self, batch, SQL_BATCH_FORGET));
    query_run(&q);
    return query_close(&q);
}

/* ---- What keys are made under */

static bm_status batch_secret_put(void *self, uint64_t batch,
                                  struct bm_bytes sealed)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_BATCH_SECRET_PUT);
    query_put_u64(&q, batch);
    query_put_bytes(&q, sealed);
    query_run(&q);
    return query_close(&q);
}

static bm_status batch_secret_get(void *self, uint64_t batch,
                                  struct bm_bytes *sealed)
{
    struct sqlite_query q;

    *sealed = (struct bm_bytes){ NULL, 0 };
    query_open(&q, self, SQL_BATCH_SECRET_GET);
    query_put_u64(&q, batch);
    if (query_one(&q)) {
        *sealed = query_get_bytes(&q, SEALED_OCTETS_MAX);
    }
    return query_close(&q);
}

static bm_status batch_secret_drop(void *self, uint64_t batch)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_BATCH_SECRET_DROP);
    query_put_u64(&q, batch);
    query_run(&q);
    BM_TRY(query_close(&q));
    if (sqlite3_changes(((struct sqlite_store *)self)->db) != 0) {
        erase(self);
    }
    return BM_OK;
}

/* ---- History */

static bm_status batch_event_put(void *self,
                                 const struct store_batch_event *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_BATCH_EVENT_PUT);
    query_put_u64(&q, row->batch);
    query_put_i64(&q, row->at);
    query_put_i64(&q, (int64_t)row->state);
    query_put_text(&q, row->actor, sizeof row->actor);
    query_put_text(&q, row->text, sizeof row->text);
    query_run(&q);
    return query_close(&q);
}

static void batch_event_read(struct sqlite_query *q, void *out)
{
    struct store_batch_event *row = out;

    row->batch = query_get_u64(q);
    row->at = query_get_i64(q);
    row->state = (enum store_batch_state)query_get_u32(q, STORE_BATCH_ABORTED);
    query_get_text(q, row->actor, sizeof row->actor);
    query_get_text(q, row->text, sizeof row->text);
}

static bm_status batch_event_list(void *self, uint64_t batch,
                                  const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_batch_event row;

    query_open(&q, self, SQL_BATCH_EVENT_LIST);
    query_put_u64(&q, batch);
    return query_visit(&q, batch_event_read, &row, visit);
}

void sqlite_batch_fill(struct store *store)
{
    store->batch_put = batch_put;
    store->batch_get = batch_get;
    store->batch_list = batch_list;
    store->batch_open = batch_open;
    store->batch_lapsed = batch_lapsed;
    store->batch_row_put = batch_row_put;
    store->batch_row_change = batch_row_change;
    store->batch_row_list = batch_row_list;
    store->batch_issued = batch_issued;
    store->batch_sign = batch_sign;
    store->batch_has_device = batch_has_device;
    store->batch_clear = batch_clear;
    store->batch_forget = batch_forget;
    store->batch_secret_put = batch_secret_put;
    store->batch_secret_get = batch_secret_get;
    store->batch_secret_drop = batch_secret_drop;
    store->batch_event_put = batch_event_put;
    store->batch_event_list = batch_event_list;
}
