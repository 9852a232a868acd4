/* SPDX-License-Identifier: Apache-2.0 */

/* Manufacturers, and the IDevIDs of theirs that came. */
#include <string.h>

#include "store/sqlite_internal.h"

static void put_settings(struct sqlite_query *q,
                         const struct store_manufacturer *row)
{
    query_put_i64(q, (int64_t)row->rule);
    query_put_i64(q, row->outlives);
    query_put_i64(q, row->listed);
    query_put_text(q, row->pattern, sizeof row->pattern);
    query_put_text(q, row->device, sizeof row->device);
    query_put_text(q, row->profiles, sizeof row->profiles);
    query_put_i64(q, row->created);
    query_put_i64(q, row->removed);
    query_put_text(q, row->creator, sizeof row->creator);
    query_put_bytes(q, row->anchors);
    query_put_bytes(q, row->cas);
}

static bm_status manufacturer_add(struct sqlite_store *s,
                                  struct store_manufacturer *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_MANUFACTURER_ADD);
    query_put_i64(&q, row->organisation);
    query_put_text(&q, row->name, sizeof row->name);
    put_settings(&q, row);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status manufacturer_put(void *self, struct store_manufacturer *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return manufacturer_add(self, row);
    }
    query_open(&q, self, SQL_MANUFACTURER_CHANGE);
    put_settings(&q, row);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_put_text(&q, row->name, sizeof row->name);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void manufacturer_read(struct sqlite_query *q, void *out)
{
    struct store_manufacturer *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->name, sizeof row->name);
    row->rule = (enum store_revocation_rule)query_get_u32(q, STORE_RULE_NONE);
    row->outlives = query_get_u32(q, 1) != 0;
    row->listed = query_get_u32(q, 1) != 0;
    query_get_text(q, row->pattern, sizeof row->pattern);
    query_get_text(q, row->device, sizeof row->device);
    query_get_text(q, row->profiles, sizeof row->profiles);
    row->created = query_get_i64(q);
    row->removed = query_get_i64(q);
    query_get_text(q, row->creator, sizeof row->creator);
    row->anchors = query_get_bytes(q, STORE_CHAIN_MAX);
    row->cas = query_get_bytes(q, STORE_CHAIN_MAX);
}

static bm_status manufacturer_find(void *self, uint32_t organisation,
                                   const char *name,
                                   struct store_manufacturer *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_MANUFACTURER_FIND);
    query_put_i64(&q, organisation);
    query_put_text(&q, name, STORE_ID_MAX);
    if (query_one(&q)) {
        manufacturer_read(&q, row);
    }
    return query_close(&q);
}

static bm_status manufacturer_list(void *self, const struct store_scope *scope,
                                   uint64_t after,
                                   const struct store_visit *visit)
{
    struct store_manufacturer row;
    struct sqlite_query q;

    query_open_scope(&q, self, SQL_MANUFACTURER_LIST, scope);
    query_put_u64(&q, after);
    query_put_scope(&q, scope);
    return query_visit(&q, manufacturer_read, &row, visit);
}

/* ---- Lists of its CAs */

static bm_status list_put(void *self, const struct store_list *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_LIST_PUT);
    query_put_u64(&q, row->manufacturer);
    query_put_bytes(&q, BM_ARRAY(row->ca));
    query_put_i64(&q, row->this_update);
    query_put_i64(&q, row->next_update);
    query_put_bytes(&q, row->der);
    query_run(&q);
    return query_close(&q);
}

static void list_read(struct sqlite_query *q, void *out)
{
    struct store_list *row = out;

    row->manufacturer = query_get_u64(q);
    query_get_fixed(q, row->ca, sizeof row->ca);
    row->this_update = query_get_i64(q);
    row->next_update = query_get_i64(q);
    row->der = query_get_bytes(q, SQLITE_BLOB_MAX);
}

static bm_status list_get(void *self, uint64_t manufacturer,
                          const uint8_t ca[STORE_HASH_SIZE],
                          struct store_list *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_LIST_GET);
    query_put_u64(&q, manufacturer);
    query_put_bytes(&q, (struct bm_bytes){ ca, STORE_HASH_SIZE });
    if (query_one(&q)) {
        list_read(&q, row);
    }
    return query_close(&q);
}

static bm_status list_list(void *self, uint64_t manufacturer,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_list row;

    query_open(&q, self, SQL_LIST_LIST);
    query_put_u64(&q, manufacturer);
    return query_visit(&q, list_read, &row, visit);
}

/* ---- Devices that are expected of it */

static bm_status serial_put(void *self, uint64_t manufacturer,
                            const char *serial)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SERIAL_PUT);
    query_put_u64(&q, manufacturer);
    query_put_text(&q, serial, STORE_NAME_MAX);
    query_run(&q);
    return query_close(&q);
}

static bm_status serial_find(void *self, uint64_t manufacturer,
                             const char *serial)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SERIAL_FIND);
    query_put_u64(&q, manufacturer);
    query_put_text(&q, serial, STORE_NAME_MAX);
    (void)query_one(&q);
    return query_close(&q);
}

static bm_status count(struct sqlite_store *s, enum sql sql,
                       uint64_t manufacturer, uint64_t *n)
{
    struct sqlite_query q;

    *n = 0;
    query_open(&q, s, sql);
    query_put_u64(&q, manufacturer);
    if (query_one(&q)) {
        *n = query_get_u64(&q);
    }
    return query_close(&q);
}

static bm_status serial_count(void *self, uint64_t manufacturer, uint64_t *n)
{
    return count(self, SQL_SERIAL_COUNT, manufacturer, n);
}

static bm_status serial_forget(void *self, uint64_t manufacturer)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SERIAL_FORGET);
    query_put_u64(&q, manufacturer);
    query_run(&q);
    return query_close(&q);
}

/* ---- IDevIDs that came */

static bm_status idevid_put(void *self, const struct store_idevid *row)
{
    struct sqlite_store *s = self;
    struct sqlite_query q;

    s->no_idevid = false;
    query_open(&q, self, SQL_IDEVID_PUT);
    query_put_u64(&q, row->manufacturer);
    query_put_text(&q, row->serial, sizeof row->serial);
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->device);
    query_put_bytes(&q, BM_ARRAY(row->key));
    query_put_bytes(&q, BM_ARRAY(row->cert));
    query_put_i64(&q, row->at);
    query_change(&q, BM_E_STORE_CONFLICT);
    return query_close(&q);
}

static void idevid_read(struct sqlite_query *q, struct store_idevid *row)
{
    row->manufacturer = query_get_u64(q);
    query_get_text(q, row->serial, sizeof row->serial);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->device = query_get_u64(q);
    query_get_fixed(q, row->key, sizeof row->key);
    query_get_fixed(q, row->cert, sizeof row->cert);
    row->at = query_get_i64(q);
}

static bm_status idevid_one(struct sqlite_query *q, struct store_idevid *row)
{
    memset(row, 0, sizeof *row);
    if (query_one(q)) {
        idevid_read(q, row);
    }
    return query_close(q);
}

static bm_status idevid_find(void *self, uint64_t manufacturer,
                             const char *serial, struct store_idevid *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_IDEVID_FIND);
    query_put_u64(&q, manufacturer);
    query_put_text(&q, serial, STORE_NAME_MAX);
    return idevid_one(&q, row);
}

/* Each certificate asks, and most stores have none. */
static bm_status see_idevids(struct sqlite_store *s)
{
    struct sqlite_query q;

    query_open(&q, s, SQL_IDEVID_ANY);
    s->no_idevid = !query_one(&q) && q.rc == BM_E_NOT_FOUND;
    return query_close(&q);
}

static bm_status idevid_of_key(void *self, const uint8_t key[STORE_HASH_SIZE],
                               struct store_idevid *row)
{
    struct sqlite_store *s = self;
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    if (s->state == SQLITE_STATE_IDLE) {
        return BM_E_STORE_STATE;
    }
    if (s->no_idevid) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(see_idevids(s));
    query_open(&q, self, SQL_IDEVID_OF_KEY);
    query_put_bytes(&q, (struct bm_bytes){ key, STORE_HASH_SIZE });
    return idevid_one(&q, row);
}

static bm_status idevid_of_device(void *self, uint64_t device,
                                  struct store_idevid *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_IDEVID_OF_DEVICE);
    query_put_u64(&q, device);
    return idevid_one(&q, row);
}

static bm_status idevid_count(void *self, uint64_t manufacturer, uint64_t *n)
{
    return count(self, SQL_IDEVID_COUNT, manufacturer, n);
}

void sqlite_manufacturer_fill(struct store *store)
{
    store->manufacturer_put = manufacturer_put;
    store->manufacturer_find = manufacturer_find;
    store->manufacturer_list = manufacturer_list;
    store->list_put = list_put;
    store->list_get = list_get;
    store->list_list = list_list;
    store->serial_put = serial_put;
    store->serial_find = serial_find;
    store->serial_count = serial_count;
    store->serial_forget = serial_forget;
    store->idevid_put = idevid_put;
    store->idevid_find = idevid_find;
    store->idevid_of_key = idevid_of_key;
    store->idevid_of_device = idevid_of_device;
    store->idevid_count = idevid_count;
}
