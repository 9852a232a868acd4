/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves, tiles and roots. */
#include <string.h>

#include "ca/verify_internal.h"

static unsigned long long n_of(uint64_t n)
{
    return (unsigned long long)n;
}

static bm_status tree_found(struct verify *v, bm_status status,
                            const char *what, uint64_t n)
{
    v->damaged = true;
    return verify_found(v, status, "tree %u, %s %llu", (unsigned)v->tree, what,
                        n_of(n));
}

static bm_status take_leaf(void *arg, const void *row)
{
    const struct store_leaf *leaf = row;
    struct verify *v = arg;
    struct verify_leaf *l = &v->leaf[v->read];

    if (v->read == TILE_WIDTH) {
        return BM_E_END;
    }
    l->index = leaf->index;
    l->organisation = leaf->organisation;
    memcpy(l->salt, leaf->salt, sizeof l->salt);
    /* Too long for a record: it will not parse, nor hash as it should. */
    l->n = leaf->record.n <= CA_RECORD_MAX ? leaf->record.n : 0;
    if (l->n != 0) {
        memcpy(l->record, leaf->record.p, l->n);
    }
    v->read++;
    return BM_OK;
}

/* The rows of a tile of leaves, one by one where some cannot be read. */
static bm_status read_leaves(struct verify *v, uint64_t from)
{
    const struct store_visit visit = { v, take_leaf };
    struct store_leaf row;
    bm_status rc;

    v->read = 0;
    v->used = 0;
    rc = v->store->leaf_list(v->store->self, v->tree, from, &visit);
    v->no_more = rc == BM_OK && v->read == 0;
    if (rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    v->read = 0;
    for (uint64_t i = from; i < from + TILE_WIDTH; i++) {
        rc = v->store->leaf_get(v->store->self, v->tree, i, &row);
        if (rc == BM_E_STORE_CORRUPT) {
            BM_TRY(tree_found(v, BM_E_LEDGER_CHANGED, "unreadable leaf", i));
        } else if (rc != BM_E_NOT_FOUND) {
            BM_TRY(rc);
            BM_TRY(take_leaf(v, &row));
        }
    }
    return BM_OK;
}

static bm_status get_tile(struct verify *v, unsigned level, uint64_t index,
                          struct bm_bytes *tile)
{
    bm_status rc =
        v->store->tile_get(v->store->self, v->tree, level, index, tile);

    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT ||
        (rc == BM_OK && tile->n != STORE_TILE_SIZE)) {
        v->damaged = true;
        *tile = (struct bm_bytes){ NULL, 0 };
        return verify_found(
            v, rc == BM_E_NOT_FOUND ? BM_E_LEDGER_MISSING : BM_E_LEDGER_CHANGED,
            "tree %u, tile %u/%llu", (unsigned)v->tree, level, n_of(index));
    }
    return rc;
}

/* The hashes of what was read; how many are not those of the tile. */
static bm_status hash_leaves(struct verify *v, size_t *differ)
{
    *differ = 0;
    for (size_t i = 0; i < v->read; i++) {
        const struct verify_leaf *l = &v->leaf[i];

        BM_TRY(ca_tree_entry(v->crypto, l->salt,
                             (struct bm_bytes){ l->record, l->n }, v->hash[i]));
        BM_TRY(ca_tree_leaf(v->crypto, v->hash[i], v->hash[i]));
        *differ += memcmp(v->hash[i], v->stored[l->index % TILE_WIDTH],
                          CA_TREE_HASH) != 0;
    }
    return BM_OK;
}

/* At the first leaf of a tile: read it, and what is stored of it. */
static bm_status begin_tile(struct verify *v, uint64_t size)
{
    struct bm_bytes tile = { NULL, 0 };
    uint64_t at = v->edge.size;
    size_t differ;

    verify_progress(v, v->trees[v->tree - 1].base + at);
    v->has_tile = false;
    if (size - at >= TILE_WIDTH) {
        BM_TRY(get_tile(v, 0, at / TILE_WIDTH, &tile));
        if (tile.n != 0) {
            memcpy(v->stored, tile.p, STORE_TILE_SIZE);
            v->has_tile = true;
        }
    }
    BM_TRY(read_leaves(v, at));
    BM_TRY(hash_leaves(v, &differ));
    /* It is the tile that was changed, not so many leaves. */
    if (v->has_tile && differ > TILE_WIDTH / 2) {
        v->has_tile = false;
        v->damaged = true;
        return verify_found(v, BM_E_LEDGER_CHANGED, "tree %u, tile 0/%llu",
                            (unsigned)v->tree, n_of(at / TILE_WIDTH));
    }
    return BM_OK;
}

/* A subtree is full: tiles above the leaves are what they should be. */
static bm_status check_full(void *arg, unsigned level, uint64_t index,
                            const uint8_t hash[CA_TREE_HASH])
{
    struct verify *v = arg;
    unsigned l = level / TILE_HEIGHT;
    struct bm_bytes tile;

    if (level % TILE_HEIGHT != 0 || l == 0) {
        return BM_OK;
    }
    memcpy(v->partial[l][index % TILE_WIDTH], hash, CA_TREE_HASH);
    if (index % TILE_WIDTH != TILE_WIDTH - 1) {
        return BM_OK;
    }
    BM_TRY(get_tile(v, l, index / TILE_WIDTH, &tile));
    if (tile.n != 0 &&
        !bm_bytes_are(tile, v->partial[l], sizeof v->partial[l])) {
        return verify_found(v, BM_E_LEDGER_CHANGED, "tree %u, tile %u/%llu",
                            (unsigned)v->tree, l, n_of(index / TILE_WIDTH));
    }
    return BM_OK;
}

static bm_status check_record(struct verify *v, const struct verify_leaf *l)
{
    struct ca_record record;

    v->summary->leaves++;
    if (ca_record_parse((struct bm_bytes){ l->record, l->n }, NULL, &record) !=
        BM_OK) {
        return tree_found(v, BM_E_LEDGER_RECORD, "leaf", l->index);
    }
    if (record.organisation != l->organisation) {
        BM_TRY(tree_found(v, BM_E_LEDGER_CHANGED, "organisation of leaf",
                          l->index));
    }
    return verify_act(v, l->index, &record);
}

/*
 * The hash of the next leaf. Where its row is missing or not what the tile
 * has, the tile's hash stands in, so that one change is one finding.
 */
static bm_status leaf_hash(struct verify *v, uint8_t hash[CA_TREE_HASH])
{
    uint64_t at = v->edge.size;
    const uint8_t *stored = v->has_tile ? v->stored[at % TILE_WIDTH] : NULL;
    const struct verify_leaf *l = &v->leaf[v->used];

    memset(hash, 0, CA_TREE_HASH);
    if (v->used == v->read || l->index != at) {
        BM_TRY(tree_found(v, BM_E_LEDGER_MISSING, "leaf", at));
    } else {
        memcpy(hash, v->hash[v->used++], CA_TREE_HASH);
        if (stored != NULL && memcmp(stored, hash, CA_TREE_HASH) != 0) {
            BM_TRY(tree_found(v, BM_E_LEDGER_CHANGED,
                              "record does not have the stored hash: leaf",
                              at));
        }
        BM_TRY(check_record(v, l));
    }
    if (stored != NULL) {
        memcpy(hash, stored, CA_TREE_HASH);
    }
    return BM_OK;
}

static bm_status meet(struct verify *v, struct verify_target *target)
{
    if (!target->wanted || target->head.size != v->edge.size) {
        return BM_OK;
    }
    target->met = true;
    return ca_tree_root(v->crypto, &v->edge, target->root);
}

/* Neither leaves nor a tile are there: a head may say that there are billions,
 * and one finding says so as well. */
static bm_status lose_rest(struct verify *v)
{
    uint64_t at = v->edge.size;

    v->trees[v->tree - 1].size = at;
    return tree_found(v, BM_E_LEDGER_MISSING, "all leaves from", at);
}

/* Read on to `size` leaves of the tree that is open. */
static bm_status advance_tree(struct verify *v, uint64_t size)
{
    const struct ca_tree_full full = { v, check_full };
    uint64_t end = v->trees[v->tree - 1].size;

    while (v->edge.size < size) {
        uint8_t hash[CA_TREE_HASH];

        if (v->edge.size % TILE_WIDTH == 0) {
            BM_TRY(begin_tile(v, end));
            if (v->no_more && !v->has_tile) {
                return lose_rest(v);
            }
        }
        BM_TRY(leaf_hash(v, hash));
        BM_TRY(ca_tree_append(v->crypto, &v->edge, hash, &full));
        BM_TRY(meet(v, &v->checkpoint));
        BM_TRY(meet(v, &v->succession));
        BM_TRY(meet(v, &v->against));
    }
    return BM_OK;
}

static bm_status read_checkpoint(struct verify *v, const struct store_head *h)
{
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc;

    if (h->checkpoint.n == 0) {
        return BM_OK;
    }
    rc = ca_checkpoint_open(h->checkpoint, v->crypto, &v->ledger->key,
                            v->ledger->origin, &v->checkpoint.head, &why);
    if (rc != BM_OK) {
        return verify_found(v, rc, "checkpoint of tree %u: %s",
                            (unsigned)v->tree, why.words);
    }
    if (v->checkpoint.head.tree != v->tree ||
        v->checkpoint.head.size > h->size) {
        return verify_found(v, BM_E_LEDGER_ROLLBACK,
                            "tree %u has %llu leaves; its checkpoint is of "
                            "tree %u and %llu",
                            (unsigned)v->tree, n_of(h->size),
                            (unsigned)v->checkpoint.head.tree,
                            n_of(v->checkpoint.head.size));
    }
    v->checkpoint.wanted = v->checkpoint.head.size != 0;
    return BM_OK;
}

static bm_status open_tree(struct verify *v)
{
    struct store_head head;

    ca_tree_edge_init(&v->edge);
    v->damaged = false;
    v->journal_differs = false;
    memset(&v->checkpoint, 0, sizeof v->checkpoint);
    memset(&v->succession, 0, sizeof v->succession);
    memset(&v->against, 0, sizeof v->against);
    v->tree++;
    if (!v->trees[v->tree - 1].there) {
        return BM_OK;
    }
    BM_TRY(v->store->head_get(v->store->self, v->tree, &head));
    BM_TRY(read_checkpoint(v, &head));
    /* A store that was restored from an older backup has less than that. */
    v->succession.head.size = v->trees[v->tree - 1].succeeded;
    memcpy(v->succession.head.root, v->trees[v->tree - 1].root, CA_TREE_HASH);
    v->succession.wanted =
        v->succession.head.size != 0 && v->succession.head.size <= head.size;
    if (v->shown.tree == v->tree && v->shown.size != 0) {
        v->against.head = v->shown;
        v->against.wanted = v->shown.size <= head.size;
    }
    return BM_OK;
}

static bool missed(const struct verify_target *target)
{
    return target->wanted &&
           (!target->met ||
            memcmp(target->root, target->head.root, CA_TREE_HASH) != 0);
}

/* Leaves and tiles behind what the head says. */
static bm_status check_beyond(struct verify *v, uint64_t size)
{
    struct bm_bytes tile;
    bm_status rc;

    BM_TRY(read_leaves(v, size));
    if (v->read != 0) {
        BM_TRY(verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "tree %u has a leaf %llu behind its end",
                            (unsigned)v->tree, n_of(v->leaf[0].index)));
    }
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t next = (size >> (TILE_HEIGHT * level)) / TILE_WIDTH;

        rc = v->store->tile_get(v->store->self, v->tree, level, next, &tile);
        if (rc == BM_OK || rc == BM_E_STORE_CORRUPT) {
            BM_TRY(verify_found(v, BM_E_LEDGER_UNRECORDED,
                                "tree %u has a tile %u/%llu behind its end",
                                (unsigned)v->tree, level, n_of(next)));
        } else if (rc != BM_E_NOT_FOUND) {
            return rc;
        }
    }
    return BM_OK;
}

static bm_status check_head(struct verify *v)
{
    struct ca_tree_edge edge;
    struct store_head head;

    BM_TRY(v->store->head_get(v->store->self, v->tree, &head));
    if (ledger_head_read(&head, &edge) != BM_OK || edge.n != v->edge.n ||
        memcmp(edge.hash, v->edge.hash, edge.n * CA_TREE_HASH) != 0) {
        v->damaged = true;
        return verify_found(v, BM_E_LEDGER_ROOT,
                            "tree %u: the leaves do not make the stored head",
                            (unsigned)v->tree);
    }
    return BM_OK;
}

/*
 * A root that differs where something was found in the tree is its
 * consequence; where nothing was, there are two trees.
 */
static bm_status check_targets(struct verify *v)
{
    bm_status fork = v->damaged ? BM_E_LEDGER_ROOT : BM_E_LEDGER_FORK;

    if (missed(&v->checkpoint)) {
        BM_TRY(verify_found(v, BM_E_LEDGER_ROOT,
                            "tree %u: root of its checkpoint of %llu",
                            (unsigned)v->tree, n_of(v->checkpoint.head.size)));
    }
    if (missed(&v->succession)) {
        BM_TRY(verify_found(v, fork,
                            "tree %u: root at %llu, to which the next tree "
                            "commits",
                            (unsigned)v->tree, n_of(v->succession.head.size)));
    }
    if (v->journal_differs) {
        BM_TRY(verify_found(v, fork,
                            "tree %u: roots of the checkpoints in the "
                            "journal, from that of %llu on",
                            (unsigned)v->tree, n_of(v->journal_size)));
    }
    if (missed(&v->against)) {
        BM_TRY(verify_found(v, fork,
                            "tree %u: root of the checkpoint of %llu that was "
                            "shown",
                            (unsigned)v->tree, n_of(v->against.head.size)));
    }
    return BM_OK;
}

static bm_status close_tree(struct verify *v)
{
    const struct verify_tree *tree = &v->trees[v->tree - 1];

    if (!tree->there) {
        return BM_OK;
    }
    BM_TRY(advance_tree(v, tree->size));
    BM_TRY(check_head(v));
    BM_TRY(check_targets(v));
    BM_TRY(check_beyond(v, tree->size));
    if (v->tree == v->newest) {
        v->summary->head.tree = v->tree;
        v->summary->head.size = v->edge.size;
        BM_TRY(ca_tree_root(v->crypto, &v->edge, v->summary->head.root));
    }
    return BM_OK;
}

bm_status verify_advance(struct verify *v, uint32_t tree, uint64_t size)
{
    while (v->tree < tree && v->tree < v->newest) {
        if (v->tree != 0) {
            BM_TRY(close_tree(v));
        }
        BM_TRY(open_tree(v));
    }
    if (tree == UINT32_MAX) {
        return v->tree == 0 ? BM_OK : close_tree(v);
    }
    return advance_tree(v, size);
}
