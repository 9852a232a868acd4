/* SPDX-License-Identifier: Apache-2.0 */

/* Settings, ecosystems, organisations, operators. */
#include <string.h>

#include "store/sqlite_internal.h"

/* Longest name of a setting. */
#define SETTING_NAME_MAX 128

static bm_status setting_get(void *self, const char *name,
                             struct bm_bytes *value)
{
    struct sqlite_query q;

    memset(value, 0, sizeof *value);
    query_open(&q, self, SQL_SETTING_GET);
    query_put_text(&q, name, SETTING_NAME_MAX);
    if (query_one(&q)) {
        *value = query_get_bytes(&q, SQLITE_BLOB_MAX);
    }
    return query_close(&q);
}

static bm_status setting_put(void *self, const char *name,
                             struct bm_bytes value)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SETTING_PUT);
    query_put_text(&q, name, SETTING_NAME_MAX);
    query_put_bytes(&q, value);
    query_run(&q);
    return query_close(&q);
}

/* The id that the last insert chose. */
static void chosen(struct sqlite_query *q, uint32_t *id)
{
    int64_t rowid = sqlite3_last_insert_rowid(q->s->db);

    if (q->rc != BM_OK) {
        return;
    }
    if (rowid < 1 || rowid > UINT32_MAX) {
        q->rc = BM_E_LIMIT;
    } else {
        *id = (uint32_t)rowid;
    }
}

static bm_status ecosystem_put(void *self, struct store_ecosystem *row)
{
    struct sqlite_query q;

    if (row->id != 0) {
        query_open(&q, self, SQL_ECOSYSTEM_CHANGE);
        query_put_text(&q, row->name, sizeof row->name);
        query_put_i64(&q, row->id);
        query_change(&q, BM_E_NOT_FOUND);
    } else {
        query_open(&q, self, SQL_ECOSYSTEM_ADD);
        query_put_text(&q, row->name, sizeof row->name);
        query_put_i64(&q, row->created);
        query_put_i64(&q, row->own_list ? 1 : 0);
        query_run(&q);
        chosen(&q, &row->id);
    }
    return query_close(&q);
}

static void ecosystem_read(struct sqlite_query *q, void *out)
{
    struct store_ecosystem *row = out;

    row->id = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->name, sizeof row->name);
    row->created = query_get_i64(q);
    row->own_list = query_get_u32(q, 1) != 0;
}

static bm_status ecosystem_list(void *self, const struct store_scope *scope,
                                const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_ecosystem row;

    query_open(&q, self, SQL_ECOSYSTEM_LIST);
    query_put_i64(&q, scope->ecosystem);
    query_put_i64(&q, scope->organisation);
    return query_visit(&q, ecosystem_read, &row, visit);
}

static bm_status organisation_put(void *self, struct store_organisation *row)
{
    struct sqlite_query q;

    if (row->id != 0) {
        query_open(&q, self, SQL_ORGANISATION_CHANGE);
        query_put_text(&q, row->name, sizeof row->name);
        query_put_i64(&q, row->suspended ? 1 : 0);
        query_put_i64(&q, row->id);
        query_put_i64(&q, row->ecosystem);
        query_change(&q, BM_E_NOT_FOUND);
    } else {
        query_open(&q, self, SQL_ORGANISATION_ADD);
        query_put_i64(&q, row->ecosystem);
        query_put_text(&q, row->name, sizeof row->name);
        query_put_i64(&q, row->created);
        query_put_i64(&q, row->suspended ? 1 : 0);
        query_put_i64(&q, row->open ? 1 : 0);
        query_run(&q);
        chosen(&q, &row->id);
    }
    return query_close(&q);
}

static void organisation_read(struct sqlite_query *q, void *out)
{
    struct store_organisation *row = out;

    row->id = query_get_u32(q, UINT32_MAX);
    row->ecosystem = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->name, sizeof row->name);
    row->created = query_get_i64(q);
    row->suspended = query_get_u32(q, 1) != 0;
    row->open = query_get_u32(q, 1) != 0;
}

static bm_status organisation_get(void *self, const struct store_scope *scope,
                                  uint32_t id, struct store_organisation *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_ORGANISATION_GET, scope);
    query_put_i64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        organisation_read(&q, row);
    }
    return query_close(&q);
}

static bm_status organisation_list(void *self, const struct store_scope *scope,
                                   const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_organisation row;

    query_open_scope(&q, self, SQL_ORGANISATION_LIST, scope);
    query_put_scope(&q, scope);
    return query_visit(&q, organisation_read, &row, visit);
}

static bm_status operator_put(void *self, const struct store_operator *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_OPERATOR_PUT);
    query_put_text(&q, row->id, sizeof row->id);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->roles);
    query_put_i64(&q, row->disabled ? 1 : 0);
    query_put_bytes(&q, BM_ARRAY(row->cert));
    query_put_i64(&q, row->created);
    query_put_bytes(&q, BM_ARRAY(row->next));
    query_put_i64(&q, row->scope.ecosystem);
    query_put_i64(&q, row->scope.organisation);
    query_put_u64(&q, row->cert_id);
    query_change(&q, BM_E_STORE_CONFLICT);
    return query_close(&q);
}

static void operator_read(struct sqlite_query *q, void *out)
{
    struct store_operator *row = out;

    query_get_text(q, row->id, sizeof row->id);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->roles = query_get_u32(q, UINT32_MAX);
    row->disabled = query_get_u32(q, 1) != 0;
    query_get_fixed(q, row->cert, sizeof row->cert);
    row->created = query_get_i64(q);
    query_get_fixed(q, row->next, sizeof row->next);
    row->scope.ecosystem = query_get_u32(q, UINT32_MAX);
    row->scope.organisation = query_get_u32(q, UINT32_MAX);
    row->cert_id = query_get_u64(q);
}

static bm_status operator_find(void *self, const uint8_t cert[STORE_HASH_SIZE],
                               struct store_operator *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_OPERATOR_FIND);
    query_put_bytes(&q, (struct bm_bytes){ cert, STORE_HASH_SIZE });
    if (query_one(&q)) {
        operator_read(&q, row);
    }
    return query_close(&q);
}

static bm_status operator_get(void *self, const struct store_scope *scope,
                              const char *id, struct store_operator *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_OPERATOR_GET, scope);
    query_put_text(&q, id, STORE_ID_MAX);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        operator_read(&q, row);
    }
    return query_close(&q);
}

static bm_status operator_list(void *self, const struct store_scope *scope,
                               const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_operator row;

    query_open_scope(&q, self, SQL_OPERATOR_LIST, scope);
    query_put_scope(&q, scope);
    return query_visit(&q, operator_read, &row, visit);
}

void sqlite_organisation_fill(struct store *store)
{
    store->setting_get = setting_get;
    store->setting_put = setting_put;
    store->ecosystem_put = ecosystem_put;
    store->ecosystem_list = ecosystem_list;
    store->organisation_put = organisation_put;
    store->organisation_get = organisation_get;
    store->organisation_list = organisation_list;
    store->operator_put = operator_put;
    store->operator_find = operator_find;
    store->operator_get = operator_get;
    store->operator_list = operator_list;
}
