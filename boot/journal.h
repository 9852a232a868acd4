/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_JOURNAL_H
#define BM_BOOT_JOURNAL_H

#include "device/flash.h"

/*
 * A state that survives the loss of power at any instant: the last whole record
 * of a range of flash. Each record is the whole state, with a sequence number
 * and a CRC-32, so nothing has to be put together or compacted: records are
 * appended, and when a sector is full, the next one is erased and goes on.
 *
 * What a cut leaves is a record that is not whole, and the one before it
 * counts; or a sector that was not erased whole, and it is never the one of the
 * newest record. A sector is written to only after this code erased it whole
 * or found the newest record in it.
 *
 *     record: u32 sequence | u32 CRC-32 | state | 0xff up to a whole unit
 *
 * (numbers as the CPU has them: the little end first, wherever we run). A
 * record that a cut left behind keeps its sequence number: the next one has a
 * number beyond it, so should it read as whole one day, it is older.
 *
 * Wear: a record of r octets (with its head, in whole units) costs an erase
 * each sector / r puts, and the sectors are erased in turn.
 *
 * The CRC is against accidents. Who can write the flash can forge a state; what
 * a state can do is bounded by who reads it (boot.h, request.h).
 *
 * One writer each: the bootloader has one for its progress, the application
 * one for its requests, the counters one where a part has no better place.
 */

#define BM_JOURNAL_RECORD_MAX 96u /* octets of state */

struct bm_journal {
    const struct bm_flash *flash; /* at least 2 sectors */
    uint32_t size;                /* of a state */
    uint32_t sequence;            /* of the newest record; 0: there is none */
    uint32_t at;                  /* where it lies */
    uint32_t next; /* where the next record goes; 0: erase a sector first */
    uint32_t last; /* the greatest sequence number that was ever put there */
};

/*
 * Find the newest whole record and copy it to `state` (`size` octets, up to
 * BM_JOURNAL_RECORD_MAX). BM_E_NOT_FOUND and zeros where there is none: the
 * journal is ready for its first record then. Writes nothing; a record that
 * cannot be read counts as absent. Other errors of flash are handed on.
 *
 * A record of another size is not one of these; nor is one of another journal
 * if the states differ in size.
 */
BM_MUST_CHECK bm_status bm_journal_open(struct bm_journal *journal,
                                        const struct bm_flash *flash,
                                        void *state, uint32_t size);

/*
 * Write the next state. After BM_OK it is durable and was read back; after
 * anything else the old one or the new one is found by the next
 * bm_journal_open(). It may be tried again at once: another place is taken.
 */
BM_MUST_CHECK bm_status bm_journal_put(struct bm_journal *journal,
                                       const void *state);

/* Is sequence number `a` later than `b`? They go round (RFC 1982). */
bool bm_journal_later(uint32_t a, uint32_t b);

#endif
