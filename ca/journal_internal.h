/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_JOURNAL_INTERNAL_H
#define BM_CA_JOURNAL_INTERNAL_H

#include "ca/journal.h"
#include "ca/tree.h"

/* What the files of the journal share, and its tests. */

/*
 * Entries that only a segment's beginning has: its head (number: of the
 * segment; hash: the chain before it; tree: how many carried entries follow),
 * and what it carries forward, as entries of another kind.
 */
#define JOURNAL_HEAD               ((enum ca_journal_kind)16)
#define JOURNAL_CARRIED_CRL        ((enum ca_journal_kind)17)
#define JOURNAL_CARRIED_CHECKPOINT ((enum ca_journal_kind)18)
#define JOURNAL_CARRIED_BUNDLE     ((enum ca_journal_kind)19)
#define JOURNAL_CARRIED_MANIFEST   ((enum ca_journal_kind)20)

/* What has a version of its own: bundles and manifests, from the first kind
 * on, and so carried. */
#define JOURNAL_VERSIONED 2

/* Signing keys of an instance: CAs of all generations. */
#define JOURNAL_KEYS_MAX 256

/* Names of segments: eight digits, from 00000001.journal. */
#define JOURNAL_NAME_MAX 24
void journal_name(uint64_t segment, char name[JOURNAL_NAME_MAX]);

/*
 * journal_format.c: entry <-> octets. `chain` is SHA-256 over the chain
 * before and the body of the entry.
 */
BM_MUST_CHECK bm_status journal_put(const struct bm_crypto *crypto,
                                    const struct ca_journal_entry *entry,
                                    uint8_t chain[CA_TREE_HASH],
                                    uint8_t out[CA_JOURNAL_ENTRY]);
/* BM_E_LEDGER_JOURNAL; `chain` moves on when it was right. */
BM_MUST_CHECK bm_status journal_parse(const struct bm_crypto *crypto,
                                      const uint8_t in[CA_JOURNAL_ENTRY],
                                      uint8_t chain[CA_TREE_HASH],
                                      struct ca_journal_entry *entry);

/* What the signer must remember, of all entries so far. */
struct journal_memory {
    bool has_checkpoint;
    struct ca_journal_entry checkpoint;
    /* Of the highest version; 0: none. */
    struct ca_journal_entry versioned[JOURNAL_VERSIONED];
    size_t keys;
    struct {
        uint8_t key[8];
        struct ca_journal_lists lists;
    } crl[JOURNAL_KEYS_MAX];
};
BM_MUST_CHECK bm_status journal_remember(struct journal_memory *memory,
                                         const struct ca_journal_entry *entry);

/* The entry that carries the lists of a key forward, but for the key. */
void journal_carry(const struct ca_journal_lists *lists,
                   struct ca_journal_entry *entry);
bool journal_lists_equal(const struct ca_journal_lists *a,
                         const struct ca_journal_lists *b);

/*
 * journal_read.c: one segment, read from its start.
 *
 * `chain` goes in as the hash before the segment, if `chained`, and comes out
 * as that of its last entry. A torn entry at the end, and octets that were
 * never written, are no part of it: `*end` is where the entries end.
 */
struct journal_segment {
    const struct bm_crypto *crypto;
    uint64_t number;
    bool chained;
    uint8_t chain[CA_TREE_HASH];
    struct journal_memory *memory; /* what was carried forward replaces it */
    uint64_t entries;              /* out: without head and carried ones */
    uint64_t end;                  /* out: octets */
    void *arg;
    bm_status (*entry)(void *arg, const struct ca_journal_entry *entry);
};
BM_MUST_CHECK bm_status journal_read(int dir, struct journal_segment *segment);
/* First and last segment in the directory; 0 when there is none. */
BM_MUST_CHECK bm_status journal_segments(const char *dir, uint64_t *first,
                                         uint64_t *last);

/* ca_journal_open() with another size of segments. */
BM_MUST_CHECK bm_status journal_open(const char *dir,
                                     const struct bm_crypto *crypto,
                                     uint64_t segment_entries,
                                     struct ca_journal **journal);

#endif
