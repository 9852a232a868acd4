/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/tree.h"

#include <string.h>

/*
 * RFC 6962 2.1 defines the tree by recursion: the left half of n leaves is
 * the largest power of two below n. So the path from a leaf to the root has
 * two parts. In the lower one, up to where it meets the right border of the
 * tree, each level has a sibling, left or right as the bit of the index says;
 * on the border there are siblings only where that bit is one, and they are
 * left. All below is made of these two parts.
 */

#define LEAF_PREFIX 0x00 /* RFC 6962 2.1 */
#define NODE_PREFIX 0x01

#define ENTRY_PREFIX "birthmark/leaf/v1"

/* The longest message of ca_tree_entry(): prefix, salt, any record. */
#define ENTRY_MAX (sizeof ENTRY_PREFIX - 1 + 32 + 2048)

/* The number of binary digits; 0 for 0. */
static unsigned length_of(uint64_t x)
{
    unsigned n = 0;

    for (; x != 0; x >>= 1) {
        n++;
    }
    return n;
}

static unsigned ones_of(uint64_t x)
{
    unsigned n = 0;

    for (; x != 0; x &= x - 1) {
        n++;
    }
    return n;
}

static unsigned trailing_zeros_of(uint64_t x)
{
    return length_of(x & (~x + 1)) - 1;
}

void ca_tree_edge_init(struct ca_tree_edge *edge)
{
    memset(edge, 0, sizeof *edge);
}

bm_status ca_tree_entry(const struct bm_crypto *crypto, const uint8_t salt[32],
                        struct bm_bytes record, uint8_t entry[CA_TREE_HASH])
{
    uint8_t message[ENTRY_MAX];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, message, sizeof message);
    bm_wr_put(&w, BM_LIT(ENTRY_PREFIX));
    bm_wr_put(&w, (struct bm_bytes){ salt, 32 });
    bm_wr_put(&w, record);
    BM_TRY(bm_wr_finish(&w, &n));
    return crypto->hash(crypto->self, BM_HASH_SHA256, bm_wr_bytes(&w), entry);
}

bm_status ca_tree_leaf(const struct bm_crypto *crypto,
                       const uint8_t entry[CA_TREE_HASH],
                       uint8_t leaf[CA_TREE_HASH])
{
    uint8_t message[1 + CA_TREE_HASH];

    message[0] = LEAF_PREFIX;
    memcpy(message + 1, entry, CA_TREE_HASH);
    return crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(message), leaf);
}

bm_status ca_tree_node(const struct bm_crypto *crypto,
                       const uint8_t left[CA_TREE_HASH],
                       const uint8_t right[CA_TREE_HASH],
                       uint8_t node[CA_TREE_HASH])
{
    uint8_t message[1 + 2 * CA_TREE_HASH];

    message[0] = NODE_PREFIX;
    memcpy(message + 1, left, CA_TREE_HASH);
    memcpy(message + 1 + CA_TREE_HASH, right, CA_TREE_HASH);
    return crypto->hash(crypto->self, BM_HASH_SHA256, BM_ARRAY(message), node);
}

static bm_status tell(const struct ca_tree_full *full, unsigned level,
                      uint64_t index, const uint8_t hash[CA_TREE_HASH])
{
    return full == NULL ? BM_OK : full->node(full->arg, level, index, hash);
}

bm_status ca_tree_append(const struct bm_crypto *crypto,
                         struct ca_tree_edge *edge,
                         const uint8_t leaf[CA_TREE_HASH],
                         const struct ca_tree_full *full)
{
    uint8_t hash[CA_TREE_HASH];
    uint64_t index = edge->size;
    unsigned level = 0;
    size_t n = edge->n;

    if (edge->size == UINT64_MAX) {
        return BM_E_LIMIT;
    }
    memcpy(hash, leaf, CA_TREE_HASH);
    BM_TRY(tell(full, level, index, hash));
    while ((index & 1) != 0) {
        BM_TRY(ca_tree_node(crypto, edge->hash[--n], hash, hash));
        level++;
        index >>= 1;
        BM_TRY(tell(full, level, index, hash));
    }
    memcpy(edge->hash[n], hash, CA_TREE_HASH);
    edge->n = n + 1;
    edge->size++;
    return BM_OK;
}

bm_status ca_tree_root(const struct bm_crypto *crypto,
                       const struct ca_tree_edge *edge,
                       uint8_t root[CA_TREE_HASH])
{
    uint8_t hash[CA_TREE_HASH];

    if (edge->n == 0) {
        return crypto->hash(crypto->self, BM_HASH_SHA256,
                            (struct bm_bytes){ NULL, 0 }, root);
    }
    memcpy(hash, edge->hash[edge->n - 1], CA_TREE_HASH);
    for (size_t i = edge->n - 1; i > 0; i--) {
        BM_TRY(ca_tree_node(crypto, edge->hash[i - 1], hash, hash));
    }
    memcpy(root, hash, CA_TREE_HASH);
    return BM_OK;
}

/*
 * The root of leaves [start, end), as a tree of their own: its full subtrees
 * from the right, the smallest first.
 */
static bm_status range_root(const struct bm_crypto *crypto,
                            const struct ca_tree_source *source, uint64_t start,
                            uint64_t end, uint8_t root[CA_TREE_HASH])
{
    uint64_t n = end - start;
    bool first = true;

    for (unsigned level = 0; level < CA_TREE_LEVEL; level++) {
        uint8_t hash[CA_TREE_HASH] = { 0 };
        uint64_t at;

        if ((n >> level & 1) == 0) {
            continue;
        }
        at = (start >> level) + (n >> level) - 1;
        BM_TRY(source->node(source->arg, level, at, first ? root : hash));
        if (!first) {
            BM_TRY(ca_tree_node(crypto, hash, root, root));
        }
        first = false;
    }
    return BM_OK;
}

/* How far up the path from a node has a sibling on each level. */
struct path {
    unsigned inner;  /* levels below the right border */
    unsigned border; /* siblings on it */
};

/* Of the node at `level` and `index` in a tree of `size` leaves. */
static struct path path_of(unsigned level, uint64_t index, uint64_t size)
{
    struct path path;

    path.inner = length_of(index ^ ((size - 1) >> level));
    path.border = path.inner < 64 ? ones_of(index >> path.inner) : 0;
    return path;
}

/* The siblings of the path from a full subtree to the root. */
static bm_status siblings(const struct bm_crypto *crypto,
                          const struct ca_tree_source *source, unsigned level,
                          uint64_t index, uint64_t size,
                          struct ca_tree_proof *proof)
{
    struct path path = path_of(level, index, size);

    for (unsigned i = 0; i < path.inner; i++) {
        uint64_t sibling = (index >> i ^ 1) << (level + i);
        uint64_t width = UINT64_C(1) << (level + i);
        uint64_t end = size - sibling < width ? size : sibling + width;

        BM_TRY(range_root(crypto, source, sibling, end, proof->hash[proof->n]));
        proof->n++;
    }
    for (unsigned i = path.inner; level + i < 64 && index >> i != 0; i++) {
        if ((index >> i & 1) != 0) {
            BM_TRY(source->node(source->arg, level + i, (index >> i) - 1,
                                proof->hash[proof->n]));
            proof->n++;
        }
    }
    return BM_OK;
}

bm_status ca_tree_inclusion(const struct bm_crypto *crypto,
                            const struct ca_tree_source *source, uint64_t index,
                            uint64_t size, struct ca_tree_proof *proof)
{
    proof->n = 0;
    if (index >= size) {
        return BM_E_ARGUMENT;
    }
    return siblings(crypto, source, 0, index, size, proof);
}

bm_status ca_tree_consistency(const struct bm_crypto *crypto,
                              const struct ca_tree_source *source,
                              uint64_t old_size, uint64_t size,
                              struct ca_tree_proof *proof)
{
    unsigned level;
    uint64_t index;

    proof->n = 0;
    if (old_size > size) {
        return BM_E_ARGUMENT;
    }
    if (old_size == 0 || old_size == size) {
        return BM_OK;
    }
    /*
     * RFC 6962 2.1.2: the proof begins with the smallest full subtree of the
     * old tree, unless that is all of it, which the verifier has.
     */
    level = trailing_zeros_of(old_size);
    index = (old_size - 1) >> level;
    if (index != 0) {
        BM_TRY(source->node(source->arg, level, index, proof->hash[0]));
        proof->n = 1;
    }
    return siblings(crypto, source, level, index, size, proof);
}

/* Climb the inner part from `hash`; left siblings alone, or all of them. */
static bm_status climb(const struct bm_crypto *crypto, uint64_t index,
                       unsigned inner, bool all,
                       const uint8_t path[][CA_TREE_HASH],
                       uint8_t hash[CA_TREE_HASH])
{
    for (unsigned i = 0; i < inner; i++) {
        if ((index >> i & 1) != 0) {
            BM_TRY(ca_tree_node(crypto, path[i], hash, hash));
        } else if (all) {
            BM_TRY(ca_tree_node(crypto, hash, path[i], hash));
        }
    }
    return BM_OK;
}

static bm_status climb_border(const struct bm_crypto *crypto, unsigned border,
                              const uint8_t path[][CA_TREE_HASH],
                              uint8_t hash[CA_TREE_HASH])
{
    for (unsigned i = 0; i < border; i++) {
        BM_TRY(ca_tree_node(crypto, path[i], hash, hash));
    }
    return BM_OK;
}

static bool same(const uint8_t a[CA_TREE_HASH], const uint8_t b[CA_TREE_HASH])
{
    return memcmp(a, b, CA_TREE_HASH) == 0;
}

bm_status ca_tree_check_inclusion(const struct bm_crypto *crypto,
                                  const struct ca_tree_head *head,
                                  uint64_t index,
                                  const uint8_t leaf[CA_TREE_HASH],
                                  const struct ca_tree_proof *proof)
{
    uint8_t hash[CA_TREE_HASH];
    struct path path;

    if (index >= head->size) {
        return BM_E_LEDGER_PROOF;
    }
    path = path_of(0, index, head->size);
    if (proof->n != path.inner + path.border) {
        return BM_E_LEDGER_PROOF;
    }
    memcpy(hash, leaf, sizeof hash);
    BM_TRY(climb(crypto, index, path.inner, true, proof->hash, hash));
    BM_TRY(climb_border(crypto, path.border, proof->hash + path.inner, hash));
    return same(hash, head->root) ? BM_OK : BM_E_LEDGER_PROOF;
}

/* Both roots follow from the same hashes; 0 < old->size < head->size. */
static bm_status check_growth(const struct bm_crypto *crypto,
                              const struct ca_tree_head *old,
                              const struct ca_tree_head *head,
                              const struct ca_tree_proof *proof)
{
    unsigned level = trailing_zeros_of(old->size);
    uint64_t index = (old->size - 1) >> level;
    struct path path = path_of(level, index, head->size);
    size_t start = index == 0 ? 0 : 1;
    uint8_t was[CA_TREE_HASH];
    uint8_t is[CA_TREE_HASH];

    if (proof->n != start + path.inner + path.border) {
        return BM_E_LEDGER_PROOF;
    }
    memcpy(was, index == 0 ? old->root : proof->hash[0], sizeof was);
    memcpy(is, was, sizeof is);
    BM_TRY(climb(crypto, index, path.inner, false, proof->hash + start, was));
    BM_TRY(climb(crypto, index, path.inner, true, proof->hash + start, is));
    start += path.inner;
    BM_TRY(climb_border(crypto, path.border, proof->hash + start, was));
    BM_TRY(climb_border(crypto, path.border, proof->hash + start, is));
    return same(was, old->root) && same(is, head->root) ? BM_OK
                                                        : BM_E_LEDGER_PROOF;
}

bm_status ca_tree_check_consistency(const struct bm_crypto *crypto,
                                    const struct ca_tree_head *old,
                                    const struct ca_tree_head *head,
                                    const struct ca_tree_proof *proof)
{
    if (old->tree != head->tree || old->size > head->size) {
        return BM_E_LEDGER_PROOF;
    }
    if (old->size == 0) {
        return proof->n == 0 ? BM_OK : BM_E_LEDGER_PROOF;
    }
    if (old->size == head->size) {
        return proof->n == 0 && same(old->root, head->root) ? BM_OK
                                                            : BM_E_LEDGER_PROOF;
    }
    return check_growth(crypto, old, head, proof);
}
