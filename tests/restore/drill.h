/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_RESTORE_DRILL_H
#define BM_TESTS_RESTORE_DRILL_H

#include "ca/restore.h"
#include "server/backup.h"
#include "tests/ca/world.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/*
 * The drill: an instance with a history of DRILL_KEPT certificates is backed
 * up; then it issues more, revokes, publishes, and is lost. What cannot go
 * wrong ends the program.
 */

#define DRILL_KEPT 20 /* in the backup */
#define DRILL_LATE 25 /* issued after it: from DRILL_KEPT on */

/* Issued after the backup, and revoked since; and one of the backup that was
 * revoked since. */
#define DRILL_LATE_REVOKED 22
#define DRILL_KEPT_REVOKED 1

/* A signed note, or a proof. */
struct note {
    uint8_t text[8192];
    size_t n;
};

struct drill {
    char top[128];
    struct world lost;     /* its certificates, and where it lies */
    struct world back;     /* the restored one: that of drill_restore() */
    char archive[256];     /* with keys */
    struct note before;    /* the first checkpoint */
    struct note at_backup; /* the last before the backup */
    struct note last;      /* that was published */
    struct note proof;     /* of certificate 0, from before the backup */
    uint64_t crl;          /* number of the last list of "issuing" */
    uint8_t list[4096];    /* that list */
    size_t list_n;
};

void drill_begin(struct drill *d);
void drill_end(struct drill *d);
const char *drill_path(const struct drill *d, const char *name);

/* Unpack the archive as `name`, with the unlock secret put back. */
void drill_restore(struct drill *d, const char *name);
/* The journal of the lost instance, which had survived. */
void drill_put_journal(struct drill *d);
/* No journal at all. */
void drill_lose_journal(struct drill *d);

/* Open what was restored, resume, and close it again. */
bm_status drill_resume(struct drill *d, const struct ca_resume *resume,
                       struct ca_resumed *resumed, struct ca_refusal *why);
bm_status drill_resume_against(struct drill *d, const struct note *note,
                               struct ca_resumed *resumed);

struct bm_bytes note_bytes(const struct note *note);
struct bm_bytes cert_bytes(const struct drill *d, unsigned i);
void read_note(const char *path, struct note *note);
/* Sign a checkpoint with the ledger's key, as nobody should. */
void forge_note(struct drill *d, const struct ca_tree_head *head,
                const char *origin, struct note *note);

/* The ledger of what was restored: findings, with words on stdout. */
uint64_t drill_verify(const struct drill *d, const struct note *against,
                      bm_status *first);
struct ca_tree_head drill_head(const struct drill *d);
/* Is it marked as restored? */
bool drill_is_marked(const struct drill *d);
/* A row by the certificate of number `i`; id 0: there is none. No views. */
struct store_cert drill_row(const struct drill *d, unsigned i);

void must(bool ok, const char *what, const struct ca_refusal *why);
void copy_file(const char *from, const char *to);
bool file_exists(const char *path);

#endif
