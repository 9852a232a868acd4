/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices. A name is found by its claim: an index over names would be a
 * random insert per device. The hash of the claim is keyed, since whoever
 * chooses names must not choose collisions; the row decides.
 */
#include <stdio.h>
#include <string.h>

#include "store/siphash.h"
#include "store/sqlite_internal.h"

static void device_read(struct sqlite_query *q, void *out)
{
    struct store_device *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->state =
        (enum store_device_state)query_get_u32(q, STORE_DEVICE_TRANSFERRED);
    row->resume =
        (enum store_device_state)query_get_u32(q, STORE_DEVICE_TRANSFERRED);
    query_get_text(q, row->name, sizeof row->name);
    row->created = query_get_i64(q);
    row->changed = query_get_i64(q);
    row->line = query_get_u64(q);
    row->came = query_get_u64(q);
}

/* Certificates of it come next: cert_put() need not look again. */
static void seen(struct sqlite_store *s, const struct store_device *row)
{
    s->device_seen = row->id;
    s->device_organisation = row->organisation;
}

static bm_status device_get(void *self, const struct store_scope *scope,
                            uint64_t id, struct store_device *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_DEVICE_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        device_read(&q, row);
    }
    BM_TRY(query_close(&q));
    seen(self, row);
    return BM_OK;
}

/* organisation (4 octets) || name */
static bm_status name_hash(const struct sqlite_store *s, uint32_t organisation,
                           const char *name, uint8_t hash[STORE_HASH_SIZE])
{
    uint8_t text[4 + STORE_NAME_MAX];
    const char *end = memchr(name, 0, STORE_NAME_MAX);
    size_t n;

    if (end == NULL) {
        return BM_E_ARGUMENT;
    }
    n = (size_t)(end - name);
    memcpy(text, &organisation, 4);
    memcpy(text + 4, name, n);
    memset(hash, 0, STORE_HASH_SIZE);
    siphash_128(s->device_key, (struct bm_bytes){ text, 4 + n }, hash);
    return BM_OK;
}

struct find {
    struct sqlite_store *s;
    uint32_t organisation;
    const char *name;
    struct store_device *row;
    bool found;
};

static bm_status find_row(void *arg, const void *ref)
{
    struct find *find = arg;
    uint64_t id = *(const uint64_t *)ref;
    const struct store_scope all = { 0, 0 };
    bm_status rc = device_get(find->s, &all, id, find->row);

    if (rc == BM_E_NOT_FOUND) {
        return BM_E_STORE_CORRUPT; /* a claim without its device */
    }
    BM_TRY(rc);
    find->found = find->row->organisation == find->organisation &&
                  strcmp(find->row->name, find->name) == 0;
    return find->found ? BM_E_END : BM_OK;
}

static bm_status find_hashed(struct sqlite_store *s, uint32_t organisation,
                             const char *name,
                             const uint8_t hash[STORE_HASH_SIZE],
                             struct store_device *row)
{
    struct find find = { s, organisation, name, row, false };
    const struct store_visit visit = { &find, find_row };
    bm_status rc = claim_list(s, STORE_CLAIM_DEVICE, hash, &visit);

    if (rc == BM_OK && !find.found) {
        rc = BM_E_NOT_FOUND;
    }
    if (rc != BM_OK) {
        memset(row, 0, sizeof *row);
    }
    return rc;
}

static bm_status device_find(void *self, uint32_t organisation,
                             const char *name, struct store_device *row)
{
    uint8_t hash[STORE_HASH_SIZE];

    memset(row, 0, sizeof *row);
    BM_TRY(name_hash(self, organisation, name, hash));
    return find_hashed(self, organisation, name, hash, row);
}

static bm_status device_add(struct sqlite_store *s, struct store_device *row)
{
    struct store_device other = { .id = 0 };
    struct sqlite_query q;
    uint8_t hash[STORE_HASH_SIZE];
    bm_status rc;

    BM_TRY(name_hash(s, row->organisation, row->name, hash));
    rc = find_hashed(s, row->organisation, row->name, hash, &other);
    if (rc == BM_OK) {
        rc = BM_E_STORE_CONFLICT;
    }
    if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    query_open(&q, s, SQL_DEVICE_ADD);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, (int64_t)row->state);
    query_put_i64(&q, (int64_t)row->resume);
    query_put_text(&q, row->name, sizeof row->name);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->changed);
    query_put_u64(&q, row->line);
    query_put_u64(&q, row->came);
    query_run(&q);
    BM_TRY(query_close(&q));
    row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    seen(s, row);
    return claim_put(s, STORE_CLAIM_DEVICE, hash, row->id);
}

static bm_status device_put(void *self, struct store_device *row)
{
    struct sqlite_store *s = self;
    struct sqlite_query q;
    bm_status rc;

    if (row->id == 0) {
        rc = device_add(s, row);
        if (rc != BM_OK && s->state == SQLITE_STATE_WRITE &&
            s->failed == BM_OK) {
            s->failed = rc;
        }
        return rc;
    }
    query_open(&q, s, SQL_DEVICE_CHANGE);
    query_put_i64(&q, (int64_t)row->state);
    query_put_i64(&q, (int64_t)row->resume);
    query_put_i64(&q, row->changed);
    query_put_u64(&q, row->line);
    query_put_u64(&q, row->came);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static bm_status device_list(void *self, const struct store_scope *scope,
                             uint64_t after, const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_device row;

    query_open_scope(&q, self, SQL_DEVICE_LIST, scope);
    query_put_u64(&q, after);
    query_put_scope(&q, scope);
    return query_visit(&q, device_read, &row, visit);
}

static bm_status device_next(void *self, uint32_t organisation,
                             enum store_device_state state, uint64_t *id)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_DEVICE_NEXT);
    query_put_i64(&q, organisation);
    query_put_i64(&q, (int64_t)state);
    query_put_u64(&q, *id);
    if (query_one(&q)) {
        *id = query_get_u64(&q);
    }
    return query_close(&q);
}

static bm_status device_line(void *self, uint64_t line,
                             const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_device row;

    query_open(&q, self, SQL_DEVICE_LINE);
    query_put_u64(&q, line);
    return query_visit(&q, device_read, &row, visit);
}

struct names {
    struct sqlite_store *s;
    struct bm_wr *words;
};

static bm_status check_name(void *arg, const void *row)
{
    const struct names *names = arg;
    const struct store_device *device = row;
    struct store_device found;
    bm_status rc =
        device_find(names->s, device->organisation, device->name, &found);
    char line[80];

    if (rc == BM_OK && found.id == device->id) {
        return BM_OK;
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND && rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    (void)snprintf(line, sizeof line, "device %llu is not found by its name\n",
                   (unsigned long long)device->id);
    bm_wr_str(names->words, line);
    return BM_E_STORE_CORRUPT;
}

bm_status device_check(struct sqlite_store *s, struct bm_wr *words)
{
    const struct store_scope all = { 0, 0 };
    struct names names = { s, words };
    const struct store_visit visit = { &names, check_name };

    return device_list(s, &all, 0, &visit);
}

void sqlite_device_fill(struct store *store)
{
    store->device_put = device_put;
    store->device_get = device_get;
    store->device_find = device_find;
    store->device_list = device_list;
    store->device_next = device_next;
    store->device_line = device_line;
}
