/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_VERIFY_INTERNAL_H
#define BM_CA_VERIFY_INTERNAL_H

#include "ca/ledger_internal.h"

/*
 * Between the files of ca_ledger_verify(). All of it reads one snapshot of
 * the store, in this order:
 *
 *   verify_journal.c  walks the journal, and pulls the leaves along, so that
 *                     every checkpoint that was ever signed meets its tree
 *   verify_tree.c     hashes the leaves again, against tiles, heads, notes
 *   verify_acts.c     what each record says of a certificate
 *   verify_rows.c     what the rows say, against that
 *   verify_latest.c   the same for what has few rows: CAs, operators...
 *   verify_members.c  organisations, and what they may have
 *   verify_releases.c what devices are to have, as it was recorded
 *   verify_transfers.c
 *                     devices that change hands
 *   verify_orders.c   pulls, batches, where devices are, signals
 *
 * A finding is reported and the work goes on; only a medium that fails, or
 * missing memory, ends it.
 *
 * Memory: VERIFY_MARK octets per leaf, eight per release, 48 per transfer, a
 * bit per batch, pull, signal and device, and nothing else that grows with it.
 */

/* Octets per leaf. */
#define VERIFY_MARK 4

/* Trees come by restores; more than this is damage. */
#define VERIFY_TREES_MAX 4096

/* Leaves of all trees that fit the marks: 16 GiB of them. */
#define VERIFY_LEAVES_MAX (UINT64_C(1) << 32)

/* Journal entries that had no row when they were read: those of a server that
 * is at work are. Looked up once more at the end. */
#define VERIFY_PENDING_MAX 4096

/* Entries at the end of a journal whose transaction may still come: twice the
 * largest group. What is further back was committed before the next was
 * signed, or never will be. */
#define VERIFY_PENDING_TAIL 512

/* CAs, operators and profiles of an instance. */
#define VERIFY_LATEST_MAX 65536

/* Releases of an instance: 128 MiB of ids. */
#define VERIFY_RELEASES_MAX ((size_t)1 << 24)

/* Transfers of an instance: 4 GiB of them, which have 2^27 leaves at least. */
#define VERIFY_TRANSFERS_MAX ((size_t)1 << 26)

#define VERIFY_SERIAL_TEXT (2 * STORE_SERIAL_MAX + 1)

/*
 * What is known of the leaf that issued (or abandoned, or imported) a
 * certificate. The upper 24 bits are a keyed digest of its last revocation:
 * of a forger who does not know the key, one in 2^24 passes.
 */
enum {
    MARK_STATUS = 0x07, /* enum store_cert_status; 7: released, any good one */
    MARK_RECORDED = 0x08, /* record and row fit */
    MARK_SEEN = 0x10,     /* by the walk over the rows */
    MARK_SIGNED = 0x20,   /* the journal has it */
    MARK_OURS = 0x40,     /* our signer signed it: the journal must */
    MARK_LISTED = 0x80    /* the CRL entry fits */
};
#define MARK_RELEASED     7
#define MARK_DIGEST_SHIFT 8

/* A page of marks, made when the first of them is set. */
#define MARK_PAGE 65536

struct verify_tree {
    uint32_t tree;
    bool there;
    uint64_t base; /* of its leaves among those of all trees */
    uint64_t size;
    uint64_t succeeded; /* its size, as the next tree has it; UINT64_MAX when
                           that one is not there */
    uint8_t root[CA_TREE_HASH];
    bool noted;       /* the store has a checkpoint */
    bool checkpoints; /* the journal has one */
};

/* A root that the tree must have had at some size. */
struct verify_target {
    bool wanted;
    bool met;
    struct ca_tree_head head;
    uint8_t root[CA_TREE_HASH]; /* what it was */
};

/* What the records say last of a thing that has few rows. */
struct verify_latest {
    enum ca_record_kind kind;
    uint32_t list; /* CA_RECORD_CRL, _BUNDLE: which; _MANUFACTURER: whose; of
                      members: the organisation */
    char id[STORE_ID_MAX];
    uint32_t organisation;
    uint32_t ecosystem; /* CA_RECORD_CA: whose it is; 0: it is not said */
    uint8_t hash[STORE_HASH_SIZE];
    char text[192]; /* CA_OPERATOR_TEXT */
    uint64_t number;
    uint64_t counted; /* CA_RECORD_ALLOCATION: certificates that counted */
    bool recorded;    /* there is a record of its own */
    bool met;         /* there is a row */
};

struct verify_pending {
    uint64_t at;   /* which entry of the journal */
    uint32_t list; /* the shard that it names */
    uint8_t serial_n;
    uint8_t serial[STORE_SERIAL_MAX];
    uint8_t hash[STORE_HASH_SIZE];
    uint8_t key[8];
};

struct verify_ca {
    char id[STORE_ID_MAX];
    uint8_t key[8];
    uint64_t crl; /* number of its last list in the journal */
};

/* A policy that is recorded: the release that has it comes next. */
struct verify_policy {
    bool there;
    uint32_t organisation;
    char release[STORE_ID_MAX];
    uint8_t hash[STORE_HASH_SIZE];
    char words[STORE_ITEM_VERSION_MAX]; /* version and floor */
    char signer_ca[STORE_ID_MAX];
    uint8_t signer[STORE_SERIAL_MAX];
    size_t signer_n;
};

/* What the records say of a transfer. */
struct verify_transfer {
    uint64_t id;
    uint8_t said[2]; /* records on account of giver and receiver: that it was
                        offered, and how it ended */
    bool met;        /* there is a row */
    uint8_t hash[STORE_HASH_SIZE];
};

/* Leaves read ahead: one tile. */
struct verify_leaf {
    uint64_t index;
    uint32_t organisation;
    uint8_t salt[32];
    size_t n;
    uint8_t record[CA_RECORD_MAX];
};

/* Rows of verify_orders.c that fit what was recorded of them last, by id. */
enum {
    VERIFY_PULLS,
    VERIFY_BATCHES,
    VERIFY_SHIPPINGS, /* by device */
    VERIFY_SIGNALS,
    VERIFY_FITS
};
struct verify_fits {
    uint8_t *octets;
    size_t n;
};

struct verify {
    const struct ca_ledger *ledger;
    const struct store *store;
    const struct bm_crypto *crypto;
    const struct ca_ledger_audit *audit;
    struct ca_ledger_summary *summary;
    bm_status first; /* finding */

    uint32_t newest;
    struct verify_tree *trees; /* [newest], by number from 1 */
    uint64_t leaves;           /* of all trees, as their heads say */
    uint32_t **marks;
    uint64_t pages;
    uint8_t digest_key[32];

    /* The tree that is being read, and how far. */
    uint32_t tree;
    struct ca_tree_edge edge;
    bool damaged; /* a finding in it: its root need not be right */
    struct verify_target checkpoint;
    struct verify_target succession;
    struct verify_target against;
    bool journal_differs; /* from this size on */
    uint64_t journal_size;
    struct ca_tree_head shown; /* `against`, of whatever tree */
    size_t read;
    size_t used;
    bool no_more; /* leaves, behind those */
    struct verify_leaf leaf[TILE_WIDTH];
    uint8_t hash[TILE_WIDTH][CA_TREE_HASH]; /* of the leaves read ahead */
    bool has_tile;
    uint8_t stored[TILE_WIDTH][CA_TREE_HASH];
    uint8_t partial[TILE_LEVELS][TILE_WIDTH][CA_TREE_HASH];

    uint64_t recorded; /* certificates that have both */
    struct verify_latest *latest;
    size_t latest_n;
    size_t latest_cap;

    uint64_t *releases; /* ids of those that are recorded */
    size_t releases_n;
    size_t releases_cap;
    struct verify_policy policy;

    struct verify_transfer *transfers; /* in order of their ids */
    size_t transfers_n;
    size_t transfers_cap;
    struct verify_fits fits[VERIFY_FITS];
    uint64_t signals_from; /* id of the first that is recorded; 0: none is */

    struct verify_ca *cas;
    size_t cas_n;
    uint64_t bundle;   /* version of the last bundle in the journal, */
    uint64_t manifest; /* and of the last manifest */
    bool journal_whole;
    struct ca_tree_head ahead; /* a checkpoint beyond the snapshot */
    struct verify_pending *pending;
    size_t pending_n;
};

/* Report; BM_OK, so that the work goes on. */
BM_MUST_CHECK bm_status verify_found(struct verify *v, bm_status status,
                                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Damage of a row is a finding, too; BM_OK then, else `rc`. */
BM_MUST_CHECK bm_status verify_damage(struct verify *v, bm_status rc,
                                      const char *what, const char *name);
void verify_progress(struct verify *v, uint64_t done);

/* The mark of a leaf; NULL when there is no such leaf. */
BM_MUST_CHECK bm_status verify_mark(struct verify *v, uint32_t tree,
                                    uint64_t index, uint32_t **mark);
/* Of a revocation, for the upper bits of a mark. */
BM_MUST_CHECK bm_status verify_digest(struct verify *v, uint8_t reason,
                                      int64_t revoked, int64_t invalid_since,
                                      uint32_t *digest);
void verify_serial(struct bm_bytes serial, char text[VERIFY_SERIAL_TEXT]);

/* verify_tree.c: read on until `size` leaves of `tree` are taken, or all of
 * all trees for UINT32_MAX. */
BM_MUST_CHECK bm_status verify_advance(struct verify *v, uint32_t tree,
                                       uint64_t size);

/* verify_acts.c */
BM_MUST_CHECK bm_status verify_act(struct verify *v, uint64_t index,
                                   const struct ca_record *record);

/* verify_rows.c */
BM_MUST_CHECK bm_status verify_revocations(struct verify *v);
BM_MUST_CHECK bm_status verify_certs(struct verify *v);
/* After it: a row that is found by its serial number was listed, too, so that
 * its status was looked at. */
BM_MUST_CHECK bm_status verify_seen(struct verify *v);
/* What is recorded as signed by us is in the signer's journal. */
BM_MUST_CHECK bm_status verify_signed(struct verify *v);

/* verify_latest.c */
BM_MUST_CHECK bm_status verify_read_cas(struct verify *v);
BM_MUST_CHECK bm_status verify_note_latest(struct verify *v,
                                           const struct ca_record *record);
BM_MUST_CHECK bm_status verify_compare_latest(struct verify *v);
/* What is known of one, or to be known from now on. */
BM_MUST_CHECK bm_status verify_get_latest(struct verify *v,
                                          enum ca_record_kind kind,
                                          const char *id, uint32_t list,
                                          struct verify_latest **latest);

/* verify_members.c: of a record about a member, or about a certificate that
 * counted; then, of all rows. */
BM_MUST_CHECK bm_status verify_note_member(struct verify *v,
                                           const struct ca_record *record);
BM_MUST_CHECK bm_status verify_compare_members(struct verify *v);

/* verify_releases.c: what a policy's record says of its release; a record that
 * is not that of a release comes next; a release with its record; then, those
 * that have none. */
BM_MUST_CHECK bm_status verify_note_policy(struct verify *v,
                                           const struct ca_record *record);
BM_MUST_CHECK bm_status verify_no_release(struct verify *v);
BM_MUST_CHECK bm_status verify_note_release(struct verify *v,
                                            const struct ca_record *record);
BM_MUST_CHECK bm_status verify_releases(struct verify *v);

/* verify_transfers.c: what a record says of one; then, of all rows. */
BM_MUST_CHECK bm_status verify_note_transfer(struct verify *v,
                                             const struct ca_record *record);
BM_MUST_CHECK bm_status verify_transfers(struct verify *v);

/* verify_orders.c: of a record about one of these; then, of all rows. */
BM_MUST_CHECK bm_status verify_note_order(struct verify *v,
                                          const struct ca_record *record);
BM_MUST_CHECK bm_status verify_orders(struct verify *v);

/* verify_journal.c. After it, in later snapshots: does anything still lack
 * its record that may yet get it? At the end, what does. */
BM_MUST_CHECK bm_status verify_journal(struct verify *v);
BM_MUST_CHECK bm_status verify_journal_again(struct verify *v, bool *waiting);
BM_MUST_CHECK bm_status verify_journal_end(struct verify *v);

#endif
