/* SPDX-License-Identifier: Apache-2.0 */
/* A head that was shown, against the trees of the store. */
#include <string.h>

#include "ca/ledger_internal.h"

/* The root that a tree had when it was of `size` leaves. */
static bm_status root_at(const struct ca_ledger *ledger,
                         struct ledger_tiles *tiles, uint64_t size,
                         uint8_t root[CA_TREE_HASH])
{
    struct ca_tree_edge edge;

    ca_tree_edge_init(&edge);
    edge.size = size;
    for (unsigned level = CA_TREE_LEVEL; level-- > 0;) {
        if ((size >> level & 1) != 0) {
            BM_TRY(ledger_tiles_node(tiles, level, (size >> level) - 1,
                                     edge.hash[edge.n++]));
        }
    }
    return ca_tree_root(ledger->crypto, &edge, root);
}

static bm_status same_root(const uint8_t a[CA_TREE_HASH],
                           const uint8_t b[CA_TREE_HASH])
{
    return memcmp(a, b, CA_TREE_HASH) == 0 ? BM_OK : BM_E_LEDGER_FORK;
}

/* How many leaves of a tree are in the store. */
static bm_status stored_size(const struct ca_ledger *ledger, uint32_t tree,
                             uint64_t *size)
{
    const struct store *s = ledger->store;
    struct store_head head;
    bm_status rc;

    *size = ledger->edge.size;
    if (tree == ledger->tiles->tree) {
        return BM_OK;
    }
    rc = s->head_get(s->self, tree, &head);
    *size = rc == BM_OK ? head.size : 0;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/* An earlier tree has fewer leaves here than were shown: what the tree after
 * it says decides. */
static bm_status compare_succeeded(const struct ca_ledger *ledger,
                                   const struct ca_tree_head *head)
{
    const struct store *s = ledger->store;
    struct ca_record record;
    struct store_leaf leaf;
    bm_status rc = s->leaf_get(s->self, head->tree + 1, 0, &leaf);

    if (rc == BM_E_NOT_FOUND) {
        return BM_E_LEDGER_FORK;
    }
    BM_TRY(rc);
    if (ca_record_parse(leaf.record, NULL, &record) != BM_OK ||
        record.kind != CA_RECORD_SUCCESSION || record.number < head->size) {
        return BM_E_LEDGER_FORK;
    }
    return record.number > head->size ? BM_OK
                                      : same_root(record.hash.p, head->root);
}

bm_status ca_ledger_shown(const struct ca_ledger *ledger, struct bm_bytes in,
                          struct ca_tree_head *head, struct ca_refusal *why)
{
    struct bm_bytes note;

    memset(head, 0, sizeof *head);
    if (!ledger_proof_note(in, &note)) {
        return ca_refuse_plain(why, BM_E_LEDGER_PROOF_FILE);
    }
    return ca_checkpoint_open(note, ledger->crypto, &ledger->key,
                              ledger->origin, head, why);
}

bm_status ca_ledger_compare(struct ca_ledger *ledger,
                            const struct ca_tree_head *head, bool *behind)
{
    struct ledger_tiles *tiles = NULL;
    uint8_t root[CA_TREE_HASH];
    uint64_t size;
    bm_status rc;

    *behind = false;
    BM_TRY(ledger->broken);
    if (head->tree == 0 || head->size == 0) {
        return BM_E_ARGUMENT;
    }
    if (head->tree > ledger->tiles->tree) {
        *behind = true;
        return BM_OK;
    }
    BM_TRY(stored_size(ledger, head->tree, &size));
    if (head->size > size) {
        *behind = head->tree == ledger->tiles->tree;
        return *behind ? BM_OK : compare_succeeded(ledger, head);
    }
    BM_TRY(ledger_tiles_of(ledger, head->tree, &tiles));
    rc = root_at(ledger, tiles, head->size, root);
    ledger_tiles_done(ledger, tiles);
    return rc == BM_OK ? same_root(root, head->root) : rc;
}
