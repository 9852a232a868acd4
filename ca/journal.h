/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_JOURNAL_H
#define BM_CA_JOURNAL_H

#include "core/crypto.h"

/*
 * The signer's journal: what was signed, written down before the signature
 * leaves the signer, in files that the rest of the authority does not write.
 * `ledger verify` compares it with the ledger, so that nobody who captured
 * the issuer can mint in silence.
 *
 * Append-only files of entries of CA_JOURNAL_ENTRY octets, each with a hash
 * chained to the one before (format: docs/ledger.md). A torn entry at the end
 * was never answered for: it is cut off when the journal is opened for
 * writing. A new segment starts at CA_JOURNAL_SEGMENT entries and carries
 * forward what the signer must remember.
 */

#define CA_JOURNAL_ENTRY   128
#define CA_JOURNAL_SEGMENT 262144 /* entries: 32 MiB are read at a start */

enum ca_journal_kind {
    CA_JOURNAL_CERT = 1,
    CA_JOURNAL_CRL = 2,
    CA_JOURNAL_CHECKPOINT = 3,
    CA_JOURNAL_BUNDLE = 4,
    CA_JOURNAL_MANIFEST = 5
};

struct ca_journal_entry {
    enum ca_journal_kind kind;
    int64_t time;
    uint8_t serial_n;    /* CERT: octets of `serial` */
    uint8_t serial[20];  /* CERT: INTEGER contents */
    uint8_t hash[32];    /* of the TBS octets; CHECKPOINT: root of the tree;
                            BUNDLE, MANIFEST: of its content */
    uint64_t number;     /* CRL: its number; CHECKPOINT: size of the tree;
                            BUNDLE, MANIFEST: its version */
    uint32_t tree;       /* CHECKPOINT */
    uint32_t list;       /* CERT: the shard that it names, or 0; CRL: which */
    bool dated;          /* CRL: the next two are known; else it is old */
    int64_t this_update; /* CRL */
    uint64_t base;       /* CRL: of a delta, BaseCRLNumber; else 0 */
    uint8_t key[8];      /* first octets of SHA-256 of the signing key's SPKI */
};

struct ca_journal;

/*
 * Open for writing, in the directory `dir`, which exists; makes the first
 * segment. BM_E_LEDGER_JOURNAL when the chain is broken anywhere in the last
 * segment, BM_E_BUSY when another process has it.
 */
BM_MUST_CHECK bm_status ca_journal_open(const char *dir,
                                        const struct bm_crypto *crypto,
                                        struct ca_journal **journal);
void ca_journal_close(struct ca_journal *journal); /* NULL is fine */

/*
 * Append `n` entries, durable when this returns BM_OK. After an error none of
 * them may be signed: what was written of the group is taken back, and until
 * that has succeeded nothing else is appended.
 */
BM_MUST_CHECK bm_status
ca_journal_append(struct ca_journal *journal,
                  const struct ca_journal_entry *entries, size_t n);

/* The last checkpoint, or false. */
bool ca_journal_checkpoint(const struct ca_journal *journal,
                           struct ca_journal_entry *entry);

/* The highest version of what is numbered, CA_JOURNAL_BUNDLE or
 * CA_JOURNAL_MANIFEST; or 0. */
uint64_t ca_journal_version(const struct ca_journal *journal,
                            enum ca_journal_kind kind);

/*
 * What the signer must know of the lists that a key has signed. Of complete
 * lists more than one is remembered: the authority counts deltas from the one
 * before the last, and may have lost some in between.
 */
#define CA_JOURNAL_BASES 4
struct ca_journal_lists {
    uint64_t number;                  /* the highest of all lists; 0: none */
    uint64_t whole[CA_JOURNAL_BASES]; /* complete lists, the newest first */
    int64_t whole_update;             /* thisUpdate of the newest */
    uint64_t delta;                   /* the last delta, */
    uint64_t base;                    /* and its base; 0: none */
};
void ca_journal_lists(const struct ca_journal *journal, const uint8_t key[8],
                      struct ca_journal_lists *lists);

/*
 * For a copy of the journal, which may be written meanwhile: the numbers of
 * its first and last file (0: there is none), the name of a file, and how many
 * of its octets are whole entries by now. Files before the last one do not
 * change. BM_E_LEDGER_JOURNAL when the chain in it is broken.
 */
#define CA_JOURNAL_NAME_MAX 24
BM_MUST_CHECK bm_status ca_journal_files(const char *dir, uint64_t *first,
                                         uint64_t *last);
void ca_journal_file_name(uint64_t number, char name[CA_JOURNAL_NAME_MAX]);
BM_MUST_CHECK bm_status ca_journal_file_size(const char *dir,
                                             const struct bm_crypto *crypto,
                                             uint64_t number, uint64_t *size);

/*
 * Walk entries: all of them, with the whole chain checked (`from_checkpoint`
 * false), or those behind the last checkpoint. Reads the files itself: no
 * writer is needed, and if there is one, an entry that it is just writing is
 * not seen. BM_E_NOT_FOUND when there is no directory.
 */
BM_MUST_CHECK bm_status ca_journal_walk(
    const char *dir, const struct bm_crypto *crypto, bool from_checkpoint,
    void *arg,
    bm_status (*entry)(void *arg, const struct ca_journal_entry *entry));

#endif
