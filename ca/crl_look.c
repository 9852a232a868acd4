/* SPDX-License-Identifier: Apache-2.0 */

/* Which lists are to be made again, and when. */
#include <stdlib.h>
#include <string.h>

#include "ca/crl_internal.h"
#include "ca/revoke.h"

struct looking {
    struct ca *ca;
    void *arg;
    void (*look)(void *arg, const struct ca_list_state *state);
    uint32_t shards;
    uint64_t all;      /* the last change of any certificate */
    uint64_t any;      /* of one that every shard has */
    uint64_t *changes; /* by shard */
};

static bm_status note_change(void *arg, const void *visited)
{
    const struct store_change *change = visited;
    struct looking *l = arg;

    if (change->shard == STORE_SHARD_ANY) {
        l->any = change->id;
    } else if (change->shard <= l->shards) {
        l->changes[change->shard] = change->id;
    }
    if (change->id > l->all) {
        l->all = change->id;
    }
    return BM_OK;
}

static bm_status look_at(const struct looking *l, const char *id, uint32_t list)
{
    struct ca_list_state state = { .list = list };
    uint64_t change = 0;
    struct store_crl row;

    BM_TRY(crl_find_last(l->ca, id, list, &row));
    state.next_update = row.next_update;
    if (row.next_update != 0) {
        /* A delta's life is twice the time between two; so is that of any
         * list, which is made again in half of it. */
        state.due = row.this_update + (row.next_update - row.this_update) / 2;
    }
    if (list != STORE_LIST_DELTA) {
        change = list == STORE_LIST_COMPLETE ? l->all
                 : l->any > l->changes[list] ? l->any
                                             : l->changes[list];
        state.changed = row.base == 0 || row.published != row.this_update ||
                        change > row.base_change;
    }
    l->look(l->arg, &state);
    return BM_OK;
}

static bm_status look_at_all(struct looking *l, const struct store_ca *row)
{
    const struct store *s = l->ca->c.store;
    struct store_visit visit = { l, note_change };
    char id[STORE_ID_MAX];

    memcpy(id, row->id, sizeof id);
    BM_TRY(s->change_list(s->self, id, &visit));
    BM_TRY(look_at(l, id, STORE_LIST_COMPLETE));
    for (uint32_t i = 1; i <= l->shards; i++) {
        BM_TRY(look_at(l, id, i));
    }
    return crl_has_delta(l->ca, row) ? look_at(l, id, STORE_LIST_DELTA) : BM_OK;
}

static bm_status find_and_look(struct looking *l, const char *id)
{
    const struct store *s = l->ca->c.store;
    struct store_ca row;
    bm_status rc;

    BM_TRY(s->ca_get(s->self, &ca_everything, id, &row));
    row.cert = (struct bm_bytes){ NULL, 0 };
    row.ocsp_cert = row.cert;
    l->shards = row.shards;
    l->changes = calloc((size_t)l->shards + 1, sizeof *l->changes);
    rc = l->changes == NULL ? BM_E_MEMORY : look_at_all(l, &row);
    free(l->changes);
    return rc;
}

bm_status ca_crl_look(struct ca *ca, const char *id, void *arg,
                      void (*look)(void *arg,
                                   const struct ca_list_state *state))
{
    const struct store *s = ca->c.store;
    struct looking l = { .ca = ca, .arg = arg, .look = look };
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = find_and_look(&l, id);
    s->rollback(s->self);
    return rc;
}

static bm_status forget_base(struct ca *ca, const char *id, uint32_t list)
{
    const struct store *s = ca->c.store;
    struct store_crl row;

    BM_TRY(crl_find_last(ca, id, list, &row));
    if (row.base == 0) {
        return BM_OK;
    }
    row.base = 0;
    return s->crl_put(s->self, &row);
}

bm_status ca_crl_forget_bases(struct ca *ca, const char *id, uint32_t shards)
{
    /* No backup has their files: each is to be made again. */
    for (uint32_t i = 1; i <= shards; i++) {
        BM_TRY(forget_base(ca, id, i));
    }
    BM_TRY(forget_base(ca, id, STORE_LIST_COMPLETE));
    BM_TRY(forget_base(ca, id, STORE_LIST_BEFORE));
    return forget_base(ca, id, STORE_LIST_DELTA);
}
