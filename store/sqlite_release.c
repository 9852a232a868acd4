/* SPDX-License-Identifier: Apache-2.0 */

/* Releases, what is in them, and for whom they are. */
#include <string.h>

#include "core/manifest.h"
#include "store/sqlite_internal.h"

/* The modes that there are, and 0. */
#define MODE_MAX 3

#define PERCENT_MAX 100

/* ---- Releases */

static bm_status release_put(void *self, struct store_release *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, self, SQL_RELEASE_PUT);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->mode);
    query_put_text(&q, row->name, sizeof row->name);
    query_put_i64(&q, row->created);
    query_put_text(&q, row->creator, sizeof row->creator);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(q.s->db);
    }
    return rc;
}

static void release_read(struct sqlite_query *q, void *out)
{
    struct store_release *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->mode = query_get_u32(q, MODE_MAX);
    query_get_text(q, row->name, sizeof row->name);
    row->created = query_get_i64(q);
    query_get_text(q, row->creator, sizeof row->creator);
}

static bm_status release_find(void *self, uint32_t organisation,
                              const char *name, struct store_release *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_RELEASE_FIND);
    query_put_i64(&q, organisation);
    query_put_text(&q, name, sizeof row->name);
    if (query_one(&q)) {
        release_read(&q, row);
    }
    return query_close(&q);
}

static bm_status release_list(void *self, const struct store_scope *scope,
                              uint64_t after, const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_release row;

    query_open_scope(&q, self, SQL_RELEASE_LIST, scope);
    query_put_u64(&q, after);
    query_put_scope(&q, scope);
    return query_visit(&q, release_read, &row, visit);
}

/* ---- Items */

static bm_status item_put(void *self, struct store_item *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, self, SQL_ITEM_PUT);
    query_put_u64(&q, row->release);
    query_put_i64(&q, (int64_t)row->kind);
    query_put_i64(&q, row->image);
    query_put_bytes(&q, BM_ARRAY(row->hash));
    query_put_u64(&q, row->size);
    query_put_text(&q, row->version, sizeof row->version);
    query_put_text(&q, row->signer_ca, sizeof row->signer_ca);
    query_put_bytes(&q, (struct bm_bytes){ row->signer, row->signer_n });
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(q.s->db);
    }
    return rc;
}

static void item_read(struct sqlite_query *q, void *out)
{
    struct store_item *row = out;
    struct bm_bytes signer;

    row->id = query_get_u64(q);
    row->release = query_get_u64(q);
    row->kind = (enum store_item_kind)query_get_u32(q, STORE_ITEM_POLICY);
    row->image = query_get_u32(q, UINT8_MAX);
    query_get_fixed(q, row->hash, sizeof row->hash);
    row->size = query_get_u32(q, BM_MANIFEST_BLOB_MAX);
    query_get_text(q, row->version, sizeof row->version);
    query_get_text(q, row->signer_ca, sizeof row->signer_ca);
    signer = query_get_bytes(q, sizeof row->signer);
    if (signer.n != 0) {
        memcpy(row->signer, signer.p, signer.n);
    }
    row->signer_n = signer.n;
}

static bm_status item_list(void *self, uint64_t release,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_item row;

    query_open(&q, self, SQL_ITEM_LIST);
    query_put_u64(&q, release);
    return query_visit(&q, item_read, &row, visit);
}

static bm_status item_assigned(void *self, uint32_t organisation,
                               const uint8_t hash[STORE_HASH_SIZE])
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ITEM_ASSIGNED);
    query_put_bytes(&q, (struct bm_bytes){ hash, STORE_HASH_SIZE });
    query_put_i64(&q, organisation);
    (void)query_one(&q);
    return query_close(&q);
}

/* ---- Assignments */

static void assignment_read(struct sqlite_query *q, void *out)
{
    struct store_assignment *row = out;

    row->id = query_get_u64(q);
    row->release = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->device = query_get_u64(q);
    row->percent = query_get_u32(q, PERCENT_MAX);
    row->number = query_get_u64(q);
    row->created = query_get_i64(q);
    query_get_text(q, row->actor, sizeof row->actor);
}

/* What there is now of that release and target. */
static bm_status assignment_get(void *self, struct store_assignment *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ASSIGNMENT_GET);
    query_put_u64(&q, row->release);
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->device);
    if (query_one(&q)) {
        assignment_read(&q, row);
    }
    return query_close(&q);
}

static bm_status assignment_put(void *self, struct store_assignment *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ASSIGNMENT_PUT);
    query_put_u64(&q, row->release);
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->device);
    query_put_i64(&q, row->percent);
    query_put_i64(&q, row->created);
    query_put_text(&q, row->actor, sizeof row->actor);
    query_run(&q);
    BM_TRY(query_close(&q));
    return assignment_get(self, row);
}

static bm_status assignment_list(void *self, const struct store_scope *scope,
                                 uint64_t release,
                                 const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_assignment row;

    query_open_scope(&q, self, SQL_ASSIGNMENT_LIST, scope);
    query_put_u64(&q, release);
    query_put_scope(&q, scope);
    return query_visit(&q, assignment_read, &row, visit);
}

static void assigned_read(struct sqlite_query *q, void *out)
{
    struct store_assigned *row = out;

    assignment_read(q, &row->assignment);
    row->mode = query_get_u32(q, MODE_MAX);
    query_get_text(q, row->release, sizeof row->release);
}

static bm_status assignment_of_device(void *self, uint32_t organisation,
                                      uint64_t device,
                                      const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_assigned row;

    query_open(&q, self, SQL_ASSIGNMENT_OF_DEVICE);
    query_put_i64(&q, organisation);
    query_put_u64(&q, device);
    return query_visit(&q, assigned_read, &row, visit);
}

void sqlite_release_fill(struct store *store)
{
    store->release_put = release_put;
    store->release_find = release_find;
    store->release_list = release_list;
    store->item_put = item_put;
    store->item_list = item_list;
    store->item_assigned = item_assigned;
    store->assignment_put = assignment_put;
    store->assignment_list = assignment_list;
    store->assignment_of_device = assignment_of_device;
}
