/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_SLOT_FLASH_H
#define BM_AGENT_SLOT_FLASH_H

#include "device/flash.h"

/*
 * A range of flash in a file that is mapped into memory, for what is read in
 * place: a policy (firewall/slots.h), a blob that is being fetched
 * (device/deliver.h). What is programmed or erased is on the disk before that
 * returns.
 *
 * All of its place on the disk is taken when it is made: what is written to a
 * map cannot fail for want of it.
 */
struct slot_flash {
    struct bm_flash flash;
    const uint8_t *mapped; /* all of it, at the beginning of a page */

    /* Private. */
    uint8_t *map;
    int fd;
};

#define SLOT_FLASH_SECTOR 8192u
/* A table as large as the compiler makes one, and its signature. */
#define SLOT_FLASH_SECTORS 136u
#define SLOT_FLASH_SIZE    ((size_t)SLOT_FLASH_SECTOR * SLOT_FLASH_SECTORS)

/*
 * Open the file `path`, made if there is none, of mode 0600. Of one process at
 * a time: its caller sees to that. On error it is closed. BM_E_LOG_FORMAT: not
 * a regular file; BM_E_IO, BM_E_FULL, BM_E_NOT_FOUND (the folder).
 */
BM_MUST_CHECK bm_status slot_flash_open(struct slot_flash *f, const char *path);

void slot_flash_close(struct slot_flash *f); /* a zeroed one is fine */

#endif
