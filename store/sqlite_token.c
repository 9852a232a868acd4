/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens and events. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status token_put(void *self, const struct store_token *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_TOKEN_PUT);
    query_put_bytes(&q, BM_ARRAY(row->hash));
    query_put_text(&q, row->id, sizeof row->id);
    query_put_i64(&q, row->organisation);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_text(&q, row->device, sizeof row->device);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->expires);
    query_put_i64(&q, row->used);
    query_put_i64(&q, row->revoked);
    query_put_u64(&q, row->cert);
    query_put_bytes(&q, BM_ARRAY(row->key));
    query_put_text(&q, row->creator, sizeof row->creator);
    query_run(&q);
    return query_close(&q);
}

static bm_status token_change(void *self, const struct store_token *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_TOKEN_CHANGE);
    query_put_i64(&q, row->used);
    query_put_i64(&q, row->revoked);
    query_put_u64(&q, row->cert);
    query_put_bytes(&q, BM_ARRAY(row->key));
    query_put_bytes(&q, BM_ARRAY(row->hash));
    query_put_i64(&q, row->organisation);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void token_read(struct sqlite_query *q, void *out)
{
    struct store_token *row = out;

    query_get_fixed(q, row->hash, sizeof row->hash);
    query_get_text(q, row->id, sizeof row->id);
    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->profile, sizeof row->profile);
    query_get_text(q, row->device, sizeof row->device);
    row->created = query_get_i64(q);
    row->expires = query_get_i64(q);
    row->used = query_get_i64(q);
    row->revoked = query_get_i64(q);
    row->cert = query_get_u64(q);
    query_get_fixed(q, row->key, sizeof row->key);
    query_get_text(q, row->creator, sizeof row->creator);
}

static bm_status token_find(void *self, const uint8_t hash[STORE_HASH_SIZE],
                            struct store_token *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_TOKEN_FIND);
    query_put_bytes(&q, (struct bm_bytes){ hash, STORE_HASH_SIZE });
    if (query_one(&q)) {
        token_read(&q, row);
    }
    return query_close(&q);
}

static bm_status token_get(void *self, const struct store_scope *scope,
                           const char *id, struct store_token *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_TOKEN_GET, scope);
    query_put_text(&q, id, STORE_ID_MAX);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        token_read(&q, row);
    }
    return query_close(&q);
}

static bm_status token_list(void *self, const struct store_scope *scope,
                            const char *after, const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_token row;

    query_open_scope(&q, self, SQL_TOKEN_LIST, scope);
    query_put_text(&q, after != NULL ? after : "", STORE_ID_MAX);
    query_put_scope(&q, scope);
    return query_visit(&q, token_read, &row, visit);
}

static bm_status event_put(void *self, struct store_event *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, self, SQL_EVENT_PUT);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->at);
    query_put_text(&q, row->kind, sizeof row->kind);
    query_put_u64(&q, row->device);
    query_put_text(&q, row->text, sizeof row->text);
    query_put_i64(&q, row->claimed);
    query_put_i64(&q, row->asked);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(q.s->db);
    }
    return rc;
}

static void event_read(struct sqlite_query *q, void *out)
{
    struct store_event *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->at = query_get_i64(q);
    query_get_text(q, row->kind, sizeof row->kind);
    row->device = query_get_u64(q);
    query_get_text(q, row->text, sizeof row->text);
    row->claimed = query_get_u32(q, 1) != 0;
    row->asked = query_get_u32(q, 32);
}

/* One that is gone, and whether a destination is still behind it. */
struct forgotten {
    struct store_event row;
    bool wanted;
};

static void forgotten_read(struct sqlite_query *q, void *out)
{
    struct forgotten *f = out;

    event_read(q, &f->row);
    f->wanted = query_get_u32(q, 1) != 0;
}

static bm_status tell_lost(void *arg, const void *visited)
{
    const struct store_visit *lost = arg;
    const struct forgotten *f = visited;

    return f->wanted ? lost->row(lost->arg, &f->row) : BM_OK;
}

struct forgetting {
    enum sql sql;
    uint64_t whose; /* a device, or an organisation */
    int64_t keep;
};

static bm_status forget(void *self, const struct forgetting *what,
                        const struct store_visit *lost)
{
    const struct store_visit each = { (void *)(uintptr_t)lost, tell_lost };
    struct forgotten row;
    struct sqlite_query q;

    query_open(&q, self, what->sql);
    query_put_u64(&q, what->whose);
    query_put_i64(&q, what->keep);
    query_put_i64(&q, STORE_CLAIMED_UNDELIVERED_MAX);
    return query_visit(&q, forgotten_read, &row, &each);
}

static bm_status event_forget(void *self, uint64_t device,
                              const struct store_visit *lost)
{
    const struct forgetting claimed = { SQL_EVENT_FORGET, device,
                                        STORE_CLAIMED_MAX };
    const struct forgetting noticed = { SQL_EVENT_FORGET_NOTICED, device,
                                        STORE_NOTICED_MAX };

    BM_TRY(forget(self, &claimed, lost));
    return forget(self, &noticed, lost);
}

static bm_status event_forget_plain(void *self, uint32_t organisation,
                                    const struct store_visit *lost)
{
    const struct forgetting plain = { SQL_EVENT_FORGET_PLAIN, organisation,
                                      STORE_PLAIN_MAX };

    return forget(self, &plain, lost);
}

static bm_status event_given(void *self, uint64_t after, uint64_t last)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_EVENT_GIVEN);
    query_put_u64(&q, after);
    query_put_u64(&q, last);
    query_run(&q);
    return query_close(&q);
}

static bm_status event_list(void *self, const struct store_scope *scope,
                            uint64_t device, uint64_t before,
                            const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_event row;

    query_open_scope(&q, self,
                     device == 0 ? SQL_EVENT_LIST : SQL_EVENT_OF_DEVICE, scope);
    if (device != 0) {
        query_put_u64(&q, device);
    }
    query_put_u64(&q, before != 0 ? before : INT64_MAX);
    query_put_scope(&q, scope);
    return query_visit(&q, event_read, &row, visit);
}

static bm_status event_get(void *self, uint64_t id, struct store_event *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_EVENT_GET);
    query_put_u64(&q, id);
    if (query_one(&q)) {
        event_read(&q, row);
    }
    return query_close(&q);
}

static bm_status event_after(void *self, const struct store_scope *scope,
                             uint64_t after, uint64_t last,
                             const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_event row;

    query_open_scope(&q, self, SQL_EVENT_AFTER, scope);
    query_put_u64(&q, after);
    query_put_u64(&q, last);
    query_put_scope(&q, scope);
    return query_visit(&q, event_read, &row, visit);
}

static bm_status event_last(void *self, uint64_t *id)
{
    struct sqlite_query q;

    *id = 0;
    query_open(&q, self, SQL_EVENT_LAST);
    if (query_one(&q)) {
        *id = query_get_u64(&q);
    }
    return query_close(&q);
}

void sqlite_token_fill(struct store *store)
{
    store->event_get = event_get;
    store->event_after = event_after;
    store->event_last = event_last;
    store->token_put = token_put;
    store->token_change = token_change;
    store->token_find = token_find;
    store->token_get = token_get;
    store->token_list = token_list;
    store->event_put = event_put;
    store->event_list = event_list;
    store->event_forget = event_forget;
    store->event_forget_plain = event_forget_plain;
    store->event_given = event_given;
}
