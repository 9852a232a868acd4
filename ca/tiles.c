/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ledger_internal.h"

#include <string.h>

/* The number of nodes that tile level `level` has in a tree of `size`. */
static uint64_t nodes_of(uint64_t size, unsigned level)
{
    return size >> (TILE_HEIGHT * level);
}

void ledger_tiles_init(struct ledger_tiles *tiles, const struct store *store,
                       const struct bm_crypto *crypto, uint32_t tree)
{
    tiles->store = store;
    tiles->crypto = crypto;
    tiles->tree = tree;
    tiles->size = 0;
}

bm_status ledger_tile_root(const struct bm_crypto *crypto,
                           uint8_t hashes[][CA_TREE_HASH], size_t n,
                           uint8_t root[CA_TREE_HASH])
{
    for (; n > 1; n /= 2) {
        for (size_t i = 0; i < n / 2; i++) {
            BM_TRY(ca_tree_node(crypto, hashes[2 * i], hashes[2 * i + 1],
                                hashes[i]));
        }
    }
    memcpy(root, hashes[0], CA_TREE_HASH);
    return BM_OK;
}

/* Leaves of the last tile, hashed again as they come. */
struct leaves {
    struct ledger_tiles *tiles;
    uint64_t next;
    uint64_t end;
};

static bm_status add_leaf(void *arg, const void *row)
{
    struct leaves *l = arg;
    const struct store_leaf *leaf = row;
    uint8_t entry[CA_TREE_HASH];

    if (l->next == l->end) {
        return BM_E_END;
    }
    if (leaf->index != l->next) {
        return BM_E_LEDGER_MISSING;
    }
    if (leaf->record.n > CA_RECORD_MAX) {
        return BM_E_LEDGER_CHANGED;
    }
    BM_TRY(ca_tree_entry(l->tiles->crypto, leaf->salt, leaf->record, entry));
    BM_TRY(ca_tree_leaf(l->tiles->crypto, entry,
                        l->tiles->partial[0][l->next % TILE_WIDTH]));
    l->next++;
    return BM_OK;
}

static bm_status load_leaves(struct ledger_tiles *tiles, uint64_t size)
{
    struct leaves l = { tiles, size - size % TILE_WIDTH, size };
    const struct store_visit visit = { &l, add_leaf };

    if (l.next == l.end) {
        return BM_OK;
    }
    BM_TRY(tiles->store->leaf_list(tiles->store->self, tiles->tree, l.next,
                                   &visit));
    return l.next == l.end ? BM_OK : BM_E_LEDGER_MISSING;
}

/* The partial tile of a level above the leaves: roots of full tiles. */
static bm_status load_level(struct ledger_tiles *tiles, unsigned level,
                            uint64_t size)
{
    uint8_t below[TILE_WIDTH][CA_TREE_HASH];
    uint64_t end = nodes_of(size, level);

    for (uint64_t i = end - end % TILE_WIDTH; i < end; i++) {
        BM_TRY(ledger_tiles_get(tiles, level - 1, i, TILE_WIDTH, below));
        BM_TRY(ledger_tile_root(tiles->crypto, below, TILE_WIDTH,
                                tiles->partial[level][i % TILE_WIDTH]));
    }
    return BM_OK;
}

/*
 * A partial tile only grows until it is full, so a shorter one of the same
 * index is there already.
 */
static bool is_known(const struct ledger_tiles *tiles, unsigned level,
                     uint64_t size)
{
    uint64_t is = nodes_of(tiles->size, level);
    uint64_t wanted = nodes_of(size, level);

    return is >= wanted && is / TILE_WIDTH == wanted / TILE_WIDTH;
}

bm_status ledger_tiles_load(struct ledger_tiles *tiles, uint64_t size)
{
    bool known[TILE_LEVELS];
    bm_status rc = BM_OK;

    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        known[level] = is_known(tiles, level, size);
    }
    /* What is full by the new size is in the store. */
    tiles->size = size;
    for (unsigned level = 0; level < TILE_LEVELS && rc == BM_OK; level++) {
        if (!known[level]) {
            rc = level == 0 ? load_leaves(tiles, size)
                            : load_level(tiles, level, size);
        }
    }
    if (rc != BM_OK) {
        tiles->size = 0; /* nothing is known */
    }
    return rc;
}

bm_status ledger_tiles_full(void *arg, unsigned level, uint64_t index,
                            const uint8_t hash[CA_TREE_HASH])
{
    struct ledger_tiles *tiles = arg;
    unsigned tile = level / TILE_HEIGHT;
    const struct store *s = tiles->store;

    if (level % TILE_HEIGHT != 0) {
        return BM_OK;
    }
    memcpy(tiles->partial[tile][index % TILE_WIDTH], hash, CA_TREE_HASH);
    if (index % TILE_WIDTH != TILE_WIDTH - 1) {
        return BM_OK;
    }
    return s->tile_put(
        s->self, tiles->tree, tile, index / TILE_WIDTH,
        (struct bm_bytes){ tiles->partial[tile][0], STORE_TILE_SIZE });
}

bm_status ledger_tiles_get(const struct ledger_tiles *tiles, unsigned level,
                           uint64_t index, size_t n,
                           uint8_t hashes[TILE_WIDTH][CA_TREE_HASH])
{
    struct bm_bytes tile = { NULL, 0 };
    bm_status rc;

    if (index == nodes_of(tiles->size, level) / TILE_WIDTH) {
        memcpy(hashes, tiles->partial[level], n * CA_TREE_HASH);
        return BM_OK;
    }
    rc = tiles->store->tile_get(tiles->store->self, tiles->tree, level, index,
                                &tile);
    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_E_LEDGER_MISSING : rc;
    }
    if (tile.n != STORE_TILE_SIZE) {
        return BM_E_LEDGER_CHANGED;
    }
    memcpy(hashes, tile.p, n * CA_TREE_HASH);
    return BM_OK;
}

bm_status ledger_tiles_node(void *arg, unsigned level, uint64_t index,
                            uint8_t hash[CA_TREE_HASH])
{
    const struct ledger_tiles *tiles = arg;
    unsigned height = level % TILE_HEIGHT;
    size_t width = (size_t)1 << height; /* hashes of the tile below it */
    size_t at = (size_t)(index << height) % TILE_WIDTH;
    uint8_t hashes[TILE_WIDTH][CA_TREE_HASH];

    BM_TRY(ledger_tiles_get(tiles, level / TILE_HEIGHT,
                            index >> (TILE_HEIGHT - height), at + width,
                            hashes));
    return ledger_tile_root(tiles->crypto, hashes + at, width, hash);
}
