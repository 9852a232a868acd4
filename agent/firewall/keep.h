/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_KEEP_H
#define BM_AGENT_FIREWALL_KEEP_H

#include "core/bytes.h"

/*
 * The table that is in force and its mode, in a file: what the next start of
 * the machine begins with. It is replaced whole, by renaming: whatever instant
 * the power goes, there is one.
 *
 *     file = "BMFK", u8 format 1, u8 mode, u16 0, then the table
 *
 * Tables are looked up at a multiple of 4: they lie so in the file and in what
 * is read from it.
 */
struct keep {
    unsigned mode;
    uint8_t *file; /* owned */
    struct bm_bytes table;
};

/* `*keep` is the caller's to free (keep_free()), zero on error. BM_E_NOT_FOUND:
 * nothing was kept yet; BM_E_FW_TABLE: what was kept is none. */
BM_MUST_CHECK bm_status keep_load(const char *dir, struct keep *keep);
void keep_free(struct keep *keep);

/* It is on the disk when this returns; on error what was there is. */
BM_MUST_CHECK bm_status keep_store(const char *dir, unsigned mode,
                                   struct bm_bytes table);

#endif
