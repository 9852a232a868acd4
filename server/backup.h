/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_BACKUP_H
#define BM_SERVER_BACKUP_H

#include "ca/restore.h"
#include "server/archive.h"
#include "server/instance.h"

/*
 * An instance as an archive, and back.
 *
 * In it: the store, birthmark.yaml, profiles/, bad-keys.txt, ca/, crl/,
 * ledger.pub, journal/, operator/operator.pem; and keys/kek with keys/ *.key,
 * sealed, if they are asked for. Never in it: the unlock secret, the
 * operator's key, the cold root. docs/instance.md tells what to do with it.
 */

struct backup_config {
    const char *path; /* the archive; must not exist */
    const char *tool; /* the program and its version */
    bool keys;        /* the sealed keys, too */
    int64_t now;
    /* Of the copy of the store, in pages; or NULL. */
    void (*progress)(void *arg, uint64_t done, uint64_t total);
    void *arg;
};

/*
 * Make one of an instance that was opened in whichever mode; others may write
 * meanwhile. The journal is read after the store, so that it knows at least
 * what the store knows. The archive is there, durable, when this returns
 * BM_OK, and not at all otherwise; PATH.parts is where it works.
 *
 * BM_E_CA_FORBIDDEN, BM_E_EXISTS, BM_E_BUSY (a file was changed while it was
 * read), BM_E_LEDGER_JOURNAL, BM_E_FULL, BM_E_IO.
 */
BM_MUST_CHECK bm_status backup_make(struct instance *instance,
                                    const struct ca_actor *actor,
                                    const struct backup_config *config,
                                    struct ca_refusal *why);

struct backup_restore_config {
    const char *path; /* the archive */
    const char *dir;  /* the instance; must not exist, or be empty */
    const struct instance_port *port;
};

/*
 * Unpack an archive as an instance that does nothing but ca_resume(). It is
 * built in DIR.new and moved when it is whole: afterwards `dir` is there
 * entirely or as it was before. BM_E_EXISTS, and what archive_unpack()
 * returns; BM_E_ARCHIVE when it is not the archive of an instance. Needs no
 * secret. Who may read an archive may do this: there is no operator yet.
 */
struct backup_restored {
    struct archive_info archive;
    struct ca_restored ledger;
};
BM_MUST_CHECK bm_status
backup_restore(const struct backup_restore_config *config,
               struct backup_restored *restored, struct ca_refusal *why);

#endif
