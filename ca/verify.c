/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/verify_internal.h"

bm_status verify_found(struct verify *v, bm_status status, const char *format,
                       ...)
{
    struct ca_refusal why = { .status = status };
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why.words, sizeof why.words, format, args);
    va_end(args);
    v->summary->findings++;
    if (v->first == BM_OK) {
        v->first = status;
    }
    if (v->audit->finding != NULL) {
        v->audit->finding(v->audit->arg, &why);
    }
    return BM_OK;
}

bm_status verify_damage(struct verify *v, bm_status rc, const char *what,
                        const char *name)
{
    return rc == BM_E_STORE_CORRUPT
               ? verify_found(v, BM_E_LEDGER_CHANGED,
                              "%s %s: the row cannot be read", what, name)
               : rc;
}

void verify_progress(struct verify *v, uint64_t done)
{
    if (v->audit->progress != NULL) {
        v->audit->progress(v->audit->arg, done, 2 * v->leaves);
    }
}

void verify_serial(struct bm_bytes serial, char text[VERIFY_SERIAL_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    for (size_t i = 0; i < serial.n && i < STORE_SERIAL_MAX; i++) {
        text[n++] = digits[serial.p[i] >> 4];
        text[n++] = digits[serial.p[i] & 15];
    }
    text[n] = '\0';
}

bm_status verify_mark(struct verify *v, uint32_t tree, uint64_t index,
                      uint32_t **mark)
{
    uint64_t at;

    *mark = NULL;
    if (tree == 0 || tree > v->newest || index >= v->trees[tree - 1].size) {
        return BM_OK;
    }
    at = v->trees[tree - 1].base + index;
    if (v->marks[at / MARK_PAGE] == NULL) {
        v->marks[at / MARK_PAGE] = calloc(MARK_PAGE, VERIFY_MARK);
        if (v->marks[at / MARK_PAGE] == NULL) {
            return BM_E_MEMORY;
        }
    }
    *mark = &v->marks[at / MARK_PAGE][at % MARK_PAGE];
    return BM_OK;
}

bm_status verify_digest(struct verify *v, uint8_t reason, int64_t revoked,
                        int64_t invalid_since, uint32_t *digest)
{
    uint8_t message[32 + 1 + 8 + 8];
    uint8_t hash[CA_TREE_HASH];

    memcpy(message, v->digest_key, 32);
    message[32] = reason;
    for (unsigned i = 0; i < 8; i++) {
        message[33 + i] = (uint8_t)((uint64_t)revoked >> 8 * i);
        message[41 + i] = (uint8_t)((uint64_t)invalid_since >> 8 * i);
    }
    BM_TRY(v->crypto->hash(v->crypto->self, BM_HASH_SHA256, BM_ARRAY(message),
                           hash));
    *digest = ((uint32_t)hash[0] << 16 | (uint32_t)hash[1] << 8 | hash[2])
              << MARK_DIGEST_SHIFT;
    return BM_OK;
}

/* "The first leaf of a later tree commits to the head of the old one." */
static bm_status read_succession(struct verify *v, struct verify_tree *tree)
{
    struct store_leaf leaf;
    struct ca_record record;
    bm_status rc;

    if (!v->trees[tree->tree].there) {
        tree->succeeded = UINT64_MAX; /* whatever it was */
        return BM_OK;
    }
    rc = v->store->leaf_get(v->store->self, tree->tree + 1, 0, &leaf);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT) {
        return BM_OK; /* found when that tree is read */
    }
    BM_TRY(rc);
    if (ca_record_parse(leaf.record, NULL, &record) == BM_OK &&
        record.kind == CA_RECORD_SUCCESSION) {
        tree->succeeded = record.number;
        memcpy(tree->root, record.hash.p, CA_TREE_HASH);
    }
    return BM_OK;
}

/* How large each tree says it is. */
static bm_status read_heads(struct verify *v)
{
    struct store_head head;

    for (uint32_t t = 1; t <= v->newest; t++) {
        struct verify_tree *tree = &v->trees[t - 1];
        bm_status rc = v->store->head_get(v->store->self, t, &head);

        tree->tree = t;
        tree->base = v->leaves;
        if (rc == BM_E_NOT_FOUND) {
            continue;
        }
        BM_TRY(rc);
        tree->there = true;
        tree->size = head.size;
        tree->noted = head.checkpoint.n != 0;
        if (head.size > VERIFY_LEAVES_MAX - v->leaves) {
            tree->size = 0;
            BM_TRY(verify_found(v, BM_E_LEDGER_ROOT,
                                "tree %u: a head of %llu leaves", (unsigned)t,
                                (unsigned long long)head.size));
            continue;
        }
        if (t > 1 && head.size == 0) {
            BM_TRY(verify_found(v, BM_E_LEDGER_MISSING,
                                "tree %u does not begin with a succession",
                                (unsigned)t));
        }
        v->leaves += head.size;
        v->summary->trees++;
    }
    for (uint32_t t = 1; t < v->newest; t++) {
        struct verify_tree *tree = &v->trees[t - 1];

        BM_TRY(read_succession(v, tree));
        /* A backup older than a succession has not heard of that tree; the
         * one that opened when it was restored commits to it. */
        if (!tree->there && tree->succeeded == 0) {
            BM_TRY(verify_found(v, BM_E_LEDGER_MISSING,
                                "tree %u is not in the store", (unsigned)t));
        }
    }
    return BM_OK;
}

static bm_status prepare(struct verify *v)
{
    struct store_head head;
    bm_status rc;

    rc = v->store->head_get(v->store->self, 0, &head);
    if (rc == BM_OK) {
        v->newest = head.tree;
    } else if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    if (v->newest > VERIFY_TREES_MAX) {
        return BM_E_LIMIT;
    }
    v->trees = calloc(v->newest + (size_t)1, sizeof *v->trees);
    v->pending = calloc(VERIFY_PENDING_MAX, sizeof *v->pending);
    if (v->trees == NULL || v->pending == NULL) {
        return BM_E_MEMORY;
    }
    BM_TRY(verify_read_cas(v));
    BM_TRY(read_heads(v));
    v->pages = v->leaves / MARK_PAGE + 1;
    v->marks = calloc((size_t)v->pages, sizeof *v->marks);
    if (v->marks == NULL) {
        return BM_E_MEMORY;
    }
    return v->crypto->random(v->crypto->self, v->digest_key,
                             sizeof v->digest_key);
}

/* What was shown, read and verified: a note, or a proof with one. */
static bm_status read_against(struct verify *v)
{
    struct bm_bytes note;
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc = BM_E_LEDGER_PROOF_FILE;

    if (v->audit->against.n == 0) {
        return BM_OK;
    }
    if (ledger_proof_note(v->audit->against, &note)) {
        rc = ca_checkpoint_open(note, v->crypto, &v->ledger->key,
                                v->ledger->origin, &v->shown, &why);
    }
    if (rc != BM_OK) {
        return verify_found(v, rc, "what was given to compare with%s%s",
                            why.words[0] != '\0' ? ": " : "", why.words);
    }
    return BM_OK;
}

/* The very head that the next tree commits to, of which the leaves are not
 * here: it has one root. */
static bm_status check_succeeded(struct verify *v, uint64_t size)
{
    const struct ca_tree_head *h = &v->shown;
    const struct verify_tree *tree = &v->trees[h->tree - 1];

    if (h->size > size && h->size == tree->succeeded &&
        memcmp(h->root, tree->root, CA_TREE_HASH) != 0) {
        return verify_found(v, BM_E_LEDGER_FORK,
                            "tree %u: the next tree commits to another root "
                            "at %llu than the checkpoint that was shown",
                            (unsigned)h->tree, (unsigned long long)h->size);
    }
    return BM_OK;
}

/* The newest tree, and what was shown of it. */
static bm_status check_shown(struct verify *v)
{
    const struct ca_tree_head *h = &v->shown;
    uint64_t size;

    if (h->size == 0) {
        return BM_OK;
    }
    size = h->tree <= v->newest ? v->trees[h->tree - 1].size : 0;
    if (h->tree < v->newest && v->trees[h->tree - 1].succeeded >= h->size) {
        return check_succeeded(v, size); /* restored, and said so */
    }
    if (h->size > size) {
        return verify_found(
            v, BM_E_LEDGER_ROLLBACK,
            "tree %u has %llu leaves; a checkpoint of %llu was shown",
            (unsigned)h->tree, (unsigned long long)size,
            (unsigned long long)h->size);
    }
    return BM_OK;
}

/* The signer signed checkpoints, and the store has none. */
static bm_status check_noted(struct verify *v)
{
    for (uint32_t t = 0; t < v->newest; t++) {
        if (v->trees[t].checkpoints && v->trees[t].there &&
            !v->trees[t].noted) {
            BM_TRY(verify_found(v, BM_E_LEDGER_MISSING, "checkpoint of tree %u",
                                (unsigned)t + 1));
        }
    }
    return BM_OK;
}

static bm_status run(struct verify *v)
{
    BM_TRY(prepare(v));
    BM_TRY(read_against(v));
    BM_TRY(check_shown(v));
    if (v->audit->journal != NULL) {
        BM_TRY(verify_journal(v));
    }
    BM_TRY(verify_advance(v, UINT32_MAX, 0));
    BM_TRY(check_noted(v));
    BM_TRY(verify_revocations(v));
    BM_TRY(verify_certs(v));
    BM_TRY(verify_seen(v));
    BM_TRY(verify_compare_latest(v));
    BM_TRY(verify_releases(v));
    BM_TRY(verify_transfers(v));
    BM_TRY(verify_orders(v));
    return v->audit->journal != NULL && v->journal_whole ? verify_signed(v)
                                                         : BM_OK;
}

static void release(struct verify *v)
{
    for (uint64_t i = 0; v->marks != NULL && i < v->pages; i++) {
        free(v->marks[i]);
    }
    free(v->marks);
    free(v->trees);
    free(v->latest);
    free(v->releases);
    free(v->transfers);
    for (size_t i = 0; i < VERIFY_FITS; i++) {
        free(v->fits[i].octets);
    }
    free(v->cas);
    free(v->pending);
    free(v);
}

/* Once more, in later snapshots: a server at work has committed by then. */
static bm_status run_again(struct verify *v)
{
    const struct store *s = v->store;
    bool waiting = true;
    bm_status rc = BM_OK;

    while (rc == BM_OK && waiting) {
        rc = s->begin(s->self, STORE_READ);
        if (rc != BM_OK) {
            break;
        }
        rc = verify_journal_again(v, &waiting);
        waiting = waiting && v->audit->again != NULL &&
                  v->audit->again(v->audit->arg);
        if (rc == BM_OK && !waiting) {
            rc = verify_journal_end(v);
        }
        s->rollback(s->self);
    }
    return rc;
}

bm_status ca_ledger_verify(struct ca_ledger *ledger,
                           const struct ca_ledger_audit *audit,
                           struct ca_ledger_summary *summary)
{
    bm_status rc = BM_E_INTERNAL;
    struct verify *v = calloc(1, sizeof *v);

    memset(summary, 0, sizeof *summary);
    if (v == NULL) {
        return BM_E_MEMORY;
    }
    v->ledger = ledger;
    v->store = ledger->store;
    v->crypto = ledger->crypto;
    v->audit = audit;
    v->summary = summary;
    rc = v->store->begin(v->store->self, STORE_READ);
    if (rc != BM_OK) {
        goto out;
    }
    rc = run(v);
    v->store->rollback(v->store->self);
    if (rc == BM_OK && audit->journal != NULL) {
        rc = run_again(v);
    }
    if (rc == BM_OK) {
        rc = v->first;
    }

out:
    release(v);
    return rc;
}
