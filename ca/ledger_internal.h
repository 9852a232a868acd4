/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LEDGER_INTERNAL_H
#define BM_CA_LEDGER_INTERNAL_H

#include "ca/ledger.h"

/* What the files of the ledger share, and nobody else needs. */

/* Origin of the first tree, with its NUL: a host name and a path. */
#define LEDGER_ORIGIN_MAX 200

/* "/" and the number of a later tree. */
#define LEDGER_ORIGIN_ROOM (LEDGER_ORIGIN_MAX + 12)

/* Our own notes: origin twice, size, root, one signature. */
#define LEDGER_NOTE_MAX 1024

/* DER of an Ed25519 SubjectPublicKeyInfo is 44 octets. */
#define LEDGER_KEY_MAX 64

/* C2SP tlog-tiles: 256 hashes wide, so a level of tiles is 8 of the tree. */
#define TILE_WIDTH  256
#define TILE_HEIGHT 8
#define TILE_LEVELS (CA_TREE_LEVEL / TILE_HEIGHT)

/*
 * checkpoint.c
 */

/*
 * Which tree an origin line names: 1, or N when it ends with "/N". An origin
 * of a first tree must not end so; see ledger_origin_check().
 */
uint32_t ledger_origin_tree(struct bm_bytes line);
/* May it be the origin of a first tree, and a key name? */
bool ledger_origin_check(struct bm_bytes origin);
/* Decimal without leading zeros, or false. */
bool ledger_decimal_read(struct bm_bytes text, uint64_t *value);
/* The origin line of tree `tree`. */
void ledger_origin_put(struct bm_wr *w, const char *origin, uint32_t tree);

/*
 * tiles.c: the hashes of full subtrees of a tree, whose full tiles are in the
 * store and whose partial ones, one per level, are here.
 */
struct ledger_tiles {
    const struct store *store;
    const struct bm_crypto *crypto;
    uint32_t tree;
    uint64_t size;
    uint8_t partial[TILE_LEVELS][TILE_WIDTH][CA_TREE_HASH];
};

void ledger_tiles_init(struct ledger_tiles *tiles, const struct store *store,
                       const struct bm_crypto *crypto, uint32_t tree);
/*
 * Make it that of `size` leaves, of which the store has the rows; in a
 * transaction. What is known and did not change is kept. BM_E_LEDGER_MISSING
 * when the store lacks something.
 */
BM_MUST_CHECK bm_status ledger_tiles_load(struct ledger_tiles *tiles,
                                          uint64_t size);
/* A subtree became full (struct ca_tree_full); full tiles are stored. The
 * caller counts `size`. */
BM_MUST_CHECK bm_status ledger_tiles_full(void *tiles, unsigned level,
                                          uint64_t index,
                                          const uint8_t hash[CA_TREE_HASH]);
/* struct ca_tree_source; in a transaction. */
BM_MUST_CHECK bm_status ledger_tiles_node(void *tiles, unsigned level,
                                          uint64_t index,
                                          uint8_t hash[CA_TREE_HASH]);
/* The first `n` hashes of a tile; in a transaction. */
BM_MUST_CHECK bm_status ledger_tiles_get(
    const struct ledger_tiles *tiles, unsigned level, uint64_t index, size_t n,
    uint8_t hashes[TILE_WIDTH][CA_TREE_HASH]);
/* Root of the first `n` hashes, a power of two; they are overwritten. */
BM_MUST_CHECK bm_status ledger_tile_root(const struct bm_crypto *crypto,
                                         uint8_t hashes[][CA_TREE_HASH],
                                         size_t n, uint8_t root[CA_TREE_HASH]);

/*
 * proof.c
 */

/* The checkpoint of a proof file, or all of `in` where it is none. False for
 * a malformed proof file. */
bool ledger_proof_note(struct bm_bytes in, struct bm_bytes *note);

/*
 * ledger.c
 */

/* Salts fetched at a time: a call for randomness costs more than a hash. */
#define LEDGER_SALTS 64

/* Entries kept from appending until they are published, which is once in a
 * second: more leaves than one is likely to have. A power of two. */
#define LEDGER_ENTRIES 32768

struct ca_ledger {
    const struct store *store;
    const struct bm_crypto *crypto;
    char origin[LEDGER_ORIGIN_MAX];
    struct bm_spki key;
    uint8_t key_der[LEDGER_KEY_MAX];

    /*
     * Why nothing may be appended, signed or proved: something failed half
     * way (until ca_ledger_reload()), or what the store has does not fit
     * together. Verifying is always possible.
     */
    bm_status broken;

    struct ca_tree_edge edge;
    struct ledger_tiles *tiles; /* of the same tree and size */
    size_t note_n;              /* the last checkpoint; 0: none */
    uint8_t note[LEDGER_NOTE_MAX];

    size_t salts; /* how many are left */
    uint8_t salt[LEDGER_SALTS][32];

    /* Of the leaves that were appended from `entry_first` on, those that were
     * last, each at its index. What is not here is hashed from the store. */
    uint64_t entry_first;
    uint8_t entry[LEDGER_ENTRIES][CA_TREE_HASH];
};

/* Are the entries of leaves [from, to) of that tree at hand? */
bool ledger_has_entries(const struct ca_ledger *ledger, uint32_t tree,
                        uint64_t from, uint64_t to);

/* Edge and note of a stored head. BM_E_LEDGER_ROOT when they do not fit. */
BM_MUST_CHECK bm_status ledger_head_read(const struct store_head *head,
                                         struct ca_tree_edge *edge);

/*
 * The tiles of any tree at its stored size: the ledger's own, or others that
 * are made for it. Given back with ledger_tiles_done(); NULL is fine. In a
 * transaction.
 */
BM_MUST_CHECK bm_status ledger_tiles_of(const struct ca_ledger *ledger,
                                        uint32_t tree,
                                        struct ledger_tiles **tiles);
void ledger_tiles_done(const struct ca_ledger *ledger,
                       struct ledger_tiles *tiles);

/* The last checkpoint of any tree, verified; its note is copied to `note`.
 * BM_E_NOT_FOUND when there is none. In a transaction. */
BM_MUST_CHECK bm_status ledger_checkpoint_get(const struct ca_ledger *ledger,
                                              uint32_t tree, struct bm_wr *note,
                                              struct ca_tree_head *head);

#endif
