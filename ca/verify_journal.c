/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer's journal: every signature in it is on record, and every
 * checkpoint in it is one of the tree.
 */
#include <stdlib.h>
#include <string.h>

#include "ca/bundle.h"
#include "ca/verify_internal.h"
#include "core/cert.h"

static const struct store_scope everything = { 0, 0 };

static bm_status hash_of(const struct verify *v, struct bm_bytes in,
                         uint8_t hash[CA_TREE_HASH])
{
    return v->crypto->hash(v->crypto->self, BM_HASH_SHA256, in, hash);
}

/* The hash of what was signed for a row: of its certificate, or what the
 * record of an abandoned one says. */
static bm_status signed_hash(const struct verify *v,
                             const struct store_cert *row,
                             uint8_t hash[CA_TREE_HASH])
{
    const struct store *s = v->store;
    struct ca_record record;
    struct store_leaf leaf;
    struct bm_cert cert;

    memset(hash, 0, CA_TREE_HASH);
    if (row->der.n != 0) {
        return bm_cert_parse(row->der, BM_STRICT, NULL, &cert) == BM_OK
                   ? hash_of(v, cert.tbs, hash)
                   : BM_OK;
    }
    BM_TRY(s->leaf_get(s->self, row->tree, row->leaf, &leaf));
    if (ca_record_parse(leaf.record, NULL, &record) == BM_OK &&
        record.kind == CA_RECORD_ABANDONED) {
        memcpy(hash, record.hash.p, CA_TREE_HASH);
    }
    return BM_OK;
}

/* A row of one CA with this serial number, of which this was signed? */
static bm_status match_ca(struct verify *v, const char *ca,
                          const struct verify_pending *e, bool *found)
{
    uint8_t hash[CA_TREE_HASH];
    struct store_cert row;
    uint32_t *mark = NULL;
    uint32_t tree;
    uint64_t leaf;
    bm_status rc;

    rc = v->store->cert_find(v->store->self, &everything, ca,
                             (struct bm_bytes){ e->serial, e->serial_n }, &row);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT) {
        return BM_OK;
    }
    BM_TRY(rc);
    tree = row.tree;
    leaf = row.leaf;
    rc = signed_hash(v, &row, hash);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT) {
        return BM_OK;
    }
    BM_TRY(rc);
    if (memcmp(hash, e->hash, sizeof hash) != 0 || row.shard != e->list) {
        return BM_OK;
    }
    BM_TRY(verify_mark(v, tree, leaf, &mark));
    if (mark != NULL) {
        *mark |= MARK_SIGNED;
    }
    *found = true;
    return BM_OK;
}

static bm_status match(struct verify *v, const struct verify_pending *e,
                       bool *found)
{
    *found = false;
    for (size_t i = 0; i < v->cas_n && !*found; i++) {
        if (memcmp(v->cas[i].key, e->key, sizeof e->key) == 0) {
            BM_TRY(match_ca(v, v->cas[i].id, e, found));
        }
    }
    return BM_OK;
}

static bm_status found_unrecorded(struct verify *v,
                                  const struct verify_pending *e)
{
    char serial[VERIFY_SERIAL_TEXT];

    verify_serial((struct bm_bytes){ e->serial, e->serial_n }, serial);
    return verify_found(v, BM_E_LEDGER_UNRECORDED,
                        "the signer signed a certificate %s that is not on "
                        "record",
                        serial);
}

static bm_status take_cert(struct verify *v, const struct ca_journal_entry *j)
{
    struct verify_pending e = { .at = v->summary->journal,
                                .serial_n = j->serial_n };
    bool found;

    memcpy(e.serial, j->serial, sizeof e.serial);
    memcpy(e.hash, j->hash, sizeof e.hash);
    memcpy(e.key, j->key, sizeof e.key);
    e.list = j->list;
    BM_TRY(match(v, &e, &found));
    if (found) {
        return BM_OK;
    }
    if (v->pending_n == VERIFY_PENDING_MAX) {
        return found_unrecorded(v, &e);
    }
    v->pending[v->pending_n++] = e;
    return BM_OK;
}

static void take_crl(struct verify *v, const struct ca_journal_entry *j)
{
    for (size_t i = 0; i < v->cas_n; i++) {
        if (memcmp(v->cas[i].key, j->key, sizeof j->key) == 0 &&
            v->cas[i].crl < j->number) {
            v->cas[i].crl = j->number;
        }
    }
}

/* How large a tree was, as far as the store knows: that of a store that was
 * restored from a backup is said by its successor. */
static bool is_ahead(const struct verify *v, uint32_t tree, uint64_t size)
{
    return tree > v->newest || (size > v->trees[tree - 1].size &&
                                size > v->trees[tree - 1].succeeded);
}

static bm_status take_checkpoint(struct verify *v,
                                 const struct ca_journal_entry *j)
{
    uint8_t root[CA_TREE_HASH];

    if (j->tree == 0) {
        return verify_found(v, BM_E_LEDGER_JOURNAL,
                            "the journal has a checkpoint of no tree");
    }
    if (is_ahead(v, j->tree, j->number)) {
        v->ahead.tree = j->tree;
        v->ahead.size = j->number;
        return BM_OK;
    }
    v->trees[j->tree - 1].checkpoints = true;
    if (j->number > v->trees[j->tree - 1].size) {
        return BM_OK; /* its leaves were lost with the store */
    }
    if (j->tree < v->tree || (j->tree == v->tree && j->number < v->edge.size)) {
        return verify_found(v, BM_E_LEDGER_JOURNAL,
                            "checkpoints of the journal do not grow: %llu",
                            (unsigned long long)j->number);
    }
    BM_TRY(verify_advance(v, j->tree, j->number));
    BM_TRY(ca_tree_root(v->crypto, &v->edge, root));
    /* What it means is known when all of the tree was read. */
    if (memcmp(root, j->hash, sizeof root) != 0 && !v->journal_differs) {
        v->journal_differs = true;
        v->journal_size = j->number;
    }
    return BM_OK;
}

static bm_status take_entry(void *arg, const struct ca_journal_entry *entry)
{
    struct verify *v = arg;

    v->summary->journal++;
    switch (entry->kind) {
    case CA_JOURNAL_CERT:
        return take_cert(v, entry);
    case CA_JOURNAL_CHECKPOINT:
        return take_checkpoint(v, entry);
    case CA_JOURNAL_BUNDLE:
        v->bundle = entry->number > v->bundle ? entry->number : v->bundle;
        return BM_OK;
    case CA_JOURNAL_MANIFEST:
        v->manifest = entry->number > v->manifest ? entry->number : v->manifest;
        return BM_OK;
    default:
        take_crl(v, entry);
        return BM_OK;
    }
}

bm_status verify_journal(struct verify *v)
{
    bm_status rc =
        ca_journal_walk(v->audit->journal, v->crypto, false, v, take_entry);

    v->journal_whole = rc == BM_OK;
    if (rc == BM_E_LEDGER_JOURNAL || rc == BM_E_NOT_FOUND) {
        return verify_found(v, BM_E_LEDGER_JOURNAL, "%s: entry %llu",
                            v->audit->journal,
                            (unsigned long long)v->summary->journal + 1);
    }
    return rc;
}

/* What nobody knows of is what devices were to be shown. */
static bm_status find_versions(const struct verify *v, bool *bundle,
                               bool *manifest)
{
    uint64_t floor;

    BM_TRY(ca_version_floor(v->store, CA_JOURNAL_BUNDLE, &floor));
    *bundle = v->bundle <= floor;
    BM_TRY(ca_version_floor(v->store, CA_JOURNAL_MANIFEST, &floor));
    *manifest = v->manifest <= floor;
    return BM_OK;
}

bm_status verify_journal_again(struct verify *v, bool *waiting)
{
    size_t left = 0;
    bool bundle;
    bool manifest;

    BM_TRY(find_versions(v, &bundle, &manifest));
    *waiting = !bundle || !manifest;
    for (size_t i = 0; i < v->pending_n; i++) {
        bool found;

        BM_TRY(match(v, &v->pending[i], &found));
        if (!found) {
            *waiting |=
                v->pending[i].at + VERIFY_PENDING_TAIL > v->summary->journal;
            v->pending[left++] = v->pending[i];
        }
    }
    v->pending_n = left;
    return BM_OK;
}

/* A checkpoint is signed of what is committed. */
static bm_status check_ahead(struct verify *v)
{
    struct store_head head;
    bm_status rc;

    if (v->ahead.size == 0) {
        return BM_OK;
    }
    rc = v->store->head_get(v->store->self, v->ahead.tree, &head);
    if (rc == BM_E_NOT_FOUND) {
        head.size = 0;
    } else if (rc != BM_OK) {
        return rc;
    }
    if (head.size < v->ahead.size) {
        return verify_found(v, BM_E_LEDGER_ROLLBACK,
                            "tree %u has %llu leaves; the signer signed a "
                            "checkpoint of %llu",
                            (unsigned)v->ahead.tree,
                            (unsigned long long)head.size,
                            (unsigned long long)v->ahead.size);
    }
    return BM_OK;
}

bm_status verify_journal_end(struct verify *v)
{
    bool bundle;
    bool manifest;

    for (size_t i = 0; i < v->pending_n; i++) {
        BM_TRY(found_unrecorded(v, &v->pending[i]));
    }
    BM_TRY(find_versions(v, &bundle, &manifest));
    if (!manifest) {
        BM_TRY(verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "the signer signed a manifest %llu for a device "
                            "that is not on record",
                            (unsigned long long)v->manifest));
    }
    if (!bundle) {
        BM_TRY(verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "the signer signed a trust bundle %llu that is "
                            "not on record",
                            (unsigned long long)v->bundle));
    }
    return check_ahead(v);
}
