/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TEST_FAKE_STORE_H
#define BM_CA_TEST_FAKE_STORE_H

/*
 * A store of the ledger's tables alone, in memory: so small that its every
 * call can be made to fail. A transaction works on a copy.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

#define FAKE_LEAVES 70000
#define FAKE_TILES  600
#define FAKE_HEADS  4
#define FAKE_RECORD 192

struct fake_leaf {
    uint32_t tree;
    uint64_t index;
    uint8_t salt[32];
    size_t n;
    uint8_t record[FAKE_RECORD];
};

struct fake_tile {
    uint32_t tree;
    uint32_t level;
    uint64_t index;
    uint8_t hashes[STORE_TILE_SIZE];
};

struct fake_head {
    uint32_t tree;
    uint64_t size;
    size_t edge_n;
    uint8_t edge[64 * 32];
    size_t note_n;
    uint8_t note[1024];
};

/* Counts of rows: what a rollback goes back to. Heads change in place. */
struct fake_counts {
    size_t leaves;
    size_t tiles;
    size_t heads;
    struct fake_head head[FAKE_HEADS];
};

struct fake_store {
    struct store store;
    struct fake_leaf *leaf;
    struct fake_tile *tile;
    struct fake_counts is;
    struct fake_counts was;
    bool open;
    bool writing;
    unsigned long calls;
    unsigned long fail_at; /* the call that fails; 0: none */
};

static inline bm_status fake_call(struct fake_store *f)
{
    f->calls++;
    return f->calls == f->fail_at ? BM_E_STORE : BM_OK;
}

static inline bm_status fake_begin(void *self, enum store_mode mode)
{
    struct fake_store *f = self;

    BM_TRY(fake_call(f));
    if (f->open) {
        return BM_E_INTERNAL; /* of the test */
    }
    f->open = true;
    f->writing = mode != STORE_READ;
    f->was = f->is;
    return BM_OK;
}

static inline bm_status fake_commit(void *self)
{
    struct fake_store *f = self;

    BM_TRY(fake_call(f));
    f->open = false;
    return BM_OK;
}

static inline void fake_rollback(void *self)
{
    struct fake_store *f = self;

    if (f->open) {
        f->is = f->was;
        f->open = false;
    }
}

static inline bm_status fake_leaf_put(void *self, const struct store_leaf *row)
{
    struct fake_store *f = self;
    struct fake_leaf *leaf;

    BM_TRY(fake_call(f));
    if (!f->open || !f->writing || f->is.leaves == FAKE_LEAVES ||
        row->record.n > FAKE_RECORD) {
        return BM_E_INTERNAL;
    }
    leaf = &f->leaf[f->is.leaves++];
    leaf->tree = row->tree;
    leaf->index = row->index;
    leaf->n = row->record.n;
    memcpy(leaf->salt, row->salt, 32);
    memcpy(leaf->record, row->record.p, row->record.n);
    return BM_OK;
}

static inline void fake_leaf_row(const struct fake_leaf *leaf,
                                 struct store_leaf *row)
{
    memset(row, 0, sizeof *row);
    row->tree = leaf->tree;
    row->index = leaf->index;
    row->record = (struct bm_bytes){ leaf->record, leaf->n };
    memcpy(row->salt, leaf->salt, 32);
}

static inline bm_status fake_leaf_get(void *self, uint32_t tree, uint64_t index,
                                      struct store_leaf *row)
{
    struct fake_store *f = self;

    BM_TRY(fake_call(f));
    for (size_t i = 0; i < f->is.leaves; i++) {
        if (f->leaf[i].tree == tree && f->leaf[i].index == index) {
            fake_leaf_row(&f->leaf[i], row);
            return BM_OK;
        }
    }
    return BM_E_NOT_FOUND;
}

/* Leaves are in the order they were put in, which is theirs. */
static inline bm_status fake_leaf_list(void *self, uint32_t tree, uint64_t from,
                                       const struct store_visit *visit)
{
    struct fake_store *f = self;

    BM_TRY(fake_call(f));
    for (size_t i = 0; i < f->is.leaves; i++) {
        struct store_leaf row;
        bm_status rc;

        if (f->leaf[i].tree != tree || f->leaf[i].index < from) {
            continue;
        }
        fake_leaf_row(&f->leaf[i], &row);
        rc = visit->row(visit->arg, &row);
        if (rc != BM_OK) {
            return rc == BM_E_END ? BM_OK : rc;
        }
    }
    return BM_OK;
}

static inline bm_status fake_tile_put(void *self, uint32_t tree, uint32_t level,
                                      uint64_t index, struct bm_bytes hashes)
{
    struct fake_store *f = self;
    struct fake_tile *tile;

    BM_TRY(fake_call(f));
    if (!f->open || !f->writing || f->is.tiles == FAKE_TILES ||
        hashes.n != STORE_TILE_SIZE) {
        return BM_E_INTERNAL;
    }
    tile = &f->tile[f->is.tiles++];
    tile->tree = tree;
    tile->level = level;
    tile->index = index;
    memcpy(tile->hashes, hashes.p, STORE_TILE_SIZE);
    return BM_OK;
}

static inline bm_status fake_tile_get(void *self, uint32_t tree, uint32_t level,
                                      uint64_t index, struct bm_bytes *hashes)
{
    struct fake_store *f = self;

    BM_TRY(fake_call(f));
    for (size_t i = 0; i < f->is.tiles; i++) {
        const struct fake_tile *t = &f->tile[i];

        if (t->tree == tree && t->level == level && t->index == index) {
            *hashes = (struct bm_bytes){ t->hashes, STORE_TILE_SIZE };
            return BM_OK;
        }
    }
    return BM_E_NOT_FOUND;
}

static inline bm_status fake_head_put(void *self, const struct store_head *row)
{
    struct fake_store *f = self;
    struct fake_head *h;
    size_t i = 0;

    BM_TRY(fake_call(f));
    while (i < f->is.heads && f->is.head[i].tree != row->tree) {
        i++;
    }
    if (!f->open || !f->writing || i == FAKE_HEADS ||
        row->edge.n > sizeof f->is.head[0].edge ||
        row->checkpoint.n > sizeof f->is.head[0].note) {
        return BM_E_INTERNAL;
    }
    if (i == f->is.heads) {
        f->is.heads++;
    }
    h = &f->is.head[i];
    h->tree = row->tree;
    h->size = row->size;
    h->edge_n = row->edge.n;
    h->note_n = row->checkpoint.n;
    if (row->edge.n != 0) {
        memcpy(h->edge, row->edge.p, row->edge.n);
    }
    if (row->checkpoint.n != 0) {
        memcpy(h->note, row->checkpoint.p, row->checkpoint.n);
    }
    return BM_OK;
}

static inline bm_status fake_head_get(void *self, uint32_t tree,
                                      struct store_head *row)
{
    struct fake_store *f = self;
    const struct fake_head *h = NULL;

    BM_TRY(fake_call(f));
    for (size_t i = 0; i < f->is.heads; i++) {
        if (f->is.head[i].tree == tree ||
            (tree == 0 && (h == NULL || f->is.head[i].tree > h->tree))) {
            h = &f->is.head[i];
        }
    }
    if (h == NULL) {
        return BM_E_NOT_FOUND;
    }
    *row = (struct store_head){
        h->tree, h->size, { h->edge, h->edge_n }, { h->note, h->note_n }
    };
    return BM_OK;
}

static inline struct fake_store *fake_store_new(void)
{
    struct fake_store *f = calloc(1, sizeof *f);

    if (f == NULL) {
        abort();
    }
    f->leaf = calloc(FAKE_LEAVES, sizeof *f->leaf);
    f->tile = calloc(FAKE_TILES, sizeof *f->tile);
    if (f->leaf == NULL || f->tile == NULL) {
        abort();
    }
    f->store.self = f;
    f->store.begin = fake_begin;
    f->store.commit = fake_commit;
    f->store.rollback = fake_rollback;
    f->store.leaf_put = fake_leaf_put;
    f->store.leaf_get = fake_leaf_get;
    f->store.leaf_list = fake_leaf_list;
    f->store.tile_put = fake_tile_put;
    f->store.tile_get = fake_tile_get;
    f->store.head_put = fake_head_put;
    f->store.head_get = fake_head_get;
    return f;
}

static inline void fake_store_free(struct fake_store *f)
{
    free(f->leaf);
    free(f->tile);
    free(f);
}

#endif
