/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_SLOTS_H
#define BM_FIREWALL_SLOTS_H

#include "device/log.h"
#include "device/trust.h"
#include "firewall/table.h"

/*
 * Which policy a device is to have: two slots of flash and one record of the
 * log (docs/firewall.md, "On a device").
 *
 *     rc = bm_fw_slots_open(&slots, &config);         once after a start
 *     rc = bm_fw_slots_turn(&slots, uptime, &turn);
 *     rc = bm_fw_load(&fw, bm_fw_slots_table(&slots), room, sizeof room);
 *     ...
 *     rc = bm_fw_slots_take(&slots, message, uptime); one was delivered
 *     ...
 *     rc = bm_fw_slots_turn(&slots, uptime, &turn);   where nothing is on its
 *                                                     way, and now and then
 *     ...
 *     rc = bm_fw_slots_confirm(&slots);               the server was reached
 *
 * A policy that was delivered is written into the slot that is not in force,
 * judged from there, and waits. From the turn that begins its trial on it is in
 * force, for `window` seconds of this start at most, and at
 * BM_FW_TRIAL_STARTS starts at most: whoever reaches the device's server under
 * it confirms it, or it is taken back. There is no way back to what is below
 * the floor of any policy that was confirmed, nor below that of the one on
 * trial: then the trial goes on until the server is reached.
 *
 * Every change is one record, so whatever instant the power goes, one policy is
 * in force, whole, and the floor stands. Events are told before the change that
 * they are about: a cut in between tells one twice.
 *
 * What was taken back is remembered, BM_FW_REVERTED_MAX of them, the oldest
 * forgotten first: whoever offers it again is refused, and has to sign a new
 * version.
 *
 * Where nothing was confirmed, `builtin` is in force. It is, too, where a
 * confirmed policy cannot be read any more (`lost`), and then for repair only:
 * it may let in more than the one that is gone. It stays so, over all starts,
 * until another one is confirmed, or the flash reads as before.
 *
 * What this costs in the longest call: take() erases and writes a slot, and
 * verifies a chain of signatures; open() hashes what is kept.
 */

#define BM_FW_SLOTS        2
#define BM_FW_NO_SLOT      0xff
#define BM_FW_TRIAL_STARTS 3
#define BM_FW_REVERTED_MAX 8

/* What is pointed to lives as long as the struct below. */
struct bm_fw_slots_config {
    const struct bm_crypto *crypto;
    struct bm_log *log;
    const struct bm_trust *trust; /* judges signers; open before take() */
    /* Each of the same geometry, and where its octets are to be read, at a
     * multiple of 4: tables are looked up in place. */
    const struct bm_flash *flash[BM_FW_SLOTS];
    const uint8_t *mapped[BM_FW_SLOTS];
    struct bm_bytes builtin; /* a table, at a multiple of 4 */
    size_t room;     /* octets that a table may ask for (bm_fw_room()) */
    uint32_t window; /* seconds of a trial */
};

#define BM_FW_SLOTS_DIGEST 32

/* A message in a slot, as it was judged. */
struct bm_fw_kept {
    uint8_t sha256[BM_FW_SLOTS_DIGEST]; /* of the message, as in a manifest */
    uint32_t size;                      /* of the message, which lies behind */
    uint32_t skip;                      /* so many octets; in it the table */
    uint32_t table;                     /* from here on, */
    uint32_t table_n;                   /* so many octets */
    uint32_t version;
    uint32_t floor;
};

/* 0.2 KB on a Cortex-M3. */
struct bm_fw_slots {
    /* To be read. */
    uint32_t floor; /* the highest of all that were confirmed */
    bool lost;      /* what was confirmed cannot be read */
    bool running;   /* what is on trial is in force */

    /* Private. */
    const struct bm_fw_slots_config *config;
    uint32_t until;    /* uptime: the end of the trial */
    uint8_t confirmed; /* slots, or BM_FW_NO_SLOT */
    uint8_t trial;     /* waits, or runs */
    uint8_t starts;    /* that the trial had */
    bool broken;       /* what waits cannot be read, or was taken back when
                          the power went */
    struct bm_fw_kept kept[BM_FW_SLOTS];
};

/* What is to be done next. */
enum bm_fw_turn {
    BM_FW_STAYS,
    BM_FW_TRIES,  /* the trial has begun: load the table, tell */
    BM_FW_REVERTS /* it is over: tell, bm_fw_slots_revert(), load the table */
};

/*
 * Find out what is kept, whole and usable. BM_E_ARGUMENT: the configuration is
 * incomplete, `builtin` is no table or asks for more than `room`; what the log
 * or the flash say. A record that cannot be read, or makes no sense, is `lost`,
 * and replaced by one that says so: the log may forget that there was any.
 * Nothing else is written.
 */
BM_MUST_CHECK bm_status bm_fw_slots_open(
    struct bm_fw_slots *s, const struct bm_fw_slots_config *config);

/* The table that is to be in force now; it lies in flash, or is `builtin`. */
struct bm_bytes bm_fw_slots_table(const struct bm_fw_slots *s);

/* The policy that waits or is on trial; NULL: none. */
const struct bm_fw_kept *bm_fw_slots_trial(const struct bm_fw_slots *s);

/* Is the message with this hash in force, or about to be? */
bool bm_fw_slots_have(const struct bm_fw_slots *s,
                      const uint8_t sha256[BM_FW_SLOTS_DIGEST]);

/*
 * A policy as it is delivered (message.h), anywhere in memory but in the slots.
 * On BM_OK it waits for bm_fw_slots_turn(), also if it did so before; one that
 * waited and never ran makes room for it. Else nothing has changed, but that
 * none waits any more: what bm_fw_message_open(), bm_trust_signer() and
 * bm_fw_table_open() say; BM_E_FW_FLOOR, BM_E_FW_ROOM; BM_E_FW_REVERTED: it was
 * taken back before; BM_E_FW_TRIAL: another one is in force on trial, which
 * passes; BM_E_LIMIT: larger than a slot.
 */
BM_MUST_CHECK bm_status bm_fw_slots_take(struct bm_fw_slots *s,
                                         struct bm_bytes message,
                                         uint32_t uptime);

/* Time goes on. On error what was in force is, and `*turn` is BM_FW_STAYS. */
BM_MUST_CHECK bm_status bm_fw_slots_turn(struct bm_fw_slots *s, uint32_t uptime,
                                         enum bm_fw_turn *turn);

/* The trial is over: what was in force before is again. What ran is not taken
 * a second time. */
BM_MUST_CHECK bm_status bm_fw_slots_revert(struct bm_fw_slots *s);

/* What is on trial stays, and its floor holds from now on. Without a trial
 * nothing happens. */
BM_MUST_CHECK bm_status bm_fw_slots_confirm(struct bm_fw_slots *s);

#endif
