/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TREE_H
#define BM_CA_TREE_H

#include "core/crypto.h"

/*
 * The Merkle tree of RFC 6962 2.1 with SHA-256, as arithmetic: no store, no
 * files. Hashes of nodes come from the caller.
 */

#define CA_TREE_HASH  32
#define CA_TREE_LEVEL 64 /* of a tree with 2^64 leaves */

/* Inclusion: one hash per level; consistency: one more. */
#define CA_TREE_PROOF_MAX (CA_TREE_LEVEL + 1)

struct ca_tree_head {
    uint32_t tree; /* which one; 1, and later ones after a restore */
    uint64_t size;
    uint8_t root[CA_TREE_HASH];
};

struct ca_tree_proof {
    size_t n;
    uint8_t hash[CA_TREE_PROOF_MAX][CA_TREE_HASH];
};

/*
 * The right edge: the roots of the full subtrees that a tree of `size` leaves
 * is made of, largest first. Enough to append and to know the root.
 */
struct ca_tree_edge {
    uint64_t size;
    size_t n; /* the number of ones in `size` */
    uint8_t hash[CA_TREE_LEVEL][CA_TREE_HASH];
};

void ca_tree_edge_init(struct ca_tree_edge *edge);

/*
 * entry = SHA-256("birthmark/leaf/v1" || salt || record)
 * leaf  = SHA-256(0x00 || entry)
 */
BM_MUST_CHECK bm_status ca_tree_entry(const struct bm_crypto *crypto,
                                      const uint8_t salt[32],
                                      struct bm_bytes record,
                                      uint8_t entry[CA_TREE_HASH]);
BM_MUST_CHECK bm_status ca_tree_leaf(const struct bm_crypto *crypto,
                                     const uint8_t entry[CA_TREE_HASH],
                                     uint8_t leaf[CA_TREE_HASH]);
BM_MUST_CHECK bm_status ca_tree_node(const struct bm_crypto *crypto,
                                     const uint8_t left[CA_TREE_HASH],
                                     const uint8_t right[CA_TREE_HASH],
                                     uint8_t node[CA_TREE_HASH]);

/*
 * Append a leaf. `full` (may be NULL) is told of every subtree that becomes
 * full, from level 0, the leaf itself, up: that is what tiles are made of.
 */
struct ca_tree_full {
    void *arg;
    bm_status (*node)(void *arg, unsigned level, uint64_t index,
                      const uint8_t hash[CA_TREE_HASH]);
};
BM_MUST_CHECK bm_status ca_tree_append(const struct bm_crypto *crypto,
                                       struct ca_tree_edge *edge,
                                       const uint8_t leaf[CA_TREE_HASH],
                                       const struct ca_tree_full *full);

/* Of an empty tree: the hash of nothing (RFC 6962 2.1). */
BM_MUST_CHECK bm_status ca_tree_root(const struct bm_crypto *crypto,
                                     const struct ca_tree_edge *edge,
                                     uint8_t root[CA_TREE_HASH]);

/* Where the hash of a full subtree comes from: that of leaves
 * [index << level, (index + 1) << level). */
struct ca_tree_source {
    void *arg;
    bm_status (*node)(void *arg, unsigned level, uint64_t index,
                      uint8_t hash[CA_TREE_HASH]);
};

/* RFC 6962 2.1.1, 2.1.2. BM_E_ARGUMENT when there is no such proof. */
BM_MUST_CHECK bm_status ca_tree_inclusion(const struct bm_crypto *crypto,
                                          const struct ca_tree_source *source,
                                          uint64_t index, uint64_t size,
                                          struct ca_tree_proof *proof);
BM_MUST_CHECK bm_status ca_tree_consistency(const struct bm_crypto *crypto,
                                            const struct ca_tree_source *source,
                                            uint64_t old_size, uint64_t size,
                                            struct ca_tree_proof *proof);

/* BM_E_LEDGER_PROOF. Neither believes anything but `head`. */
BM_MUST_CHECK bm_status ca_tree_check_inclusion(
    const struct bm_crypto *crypto, const struct ca_tree_head *head,
    uint64_t index, const uint8_t leaf[CA_TREE_HASH],
    const struct ca_tree_proof *proof);
BM_MUST_CHECK bm_status ca_tree_check_consistency(
    const struct bm_crypto *crypto, const struct ca_tree_head *old,
    const struct ca_tree_head *head, const struct ca_tree_proof *proof);

#endif
