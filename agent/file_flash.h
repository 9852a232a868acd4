/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FILE_FLASH_H
#define BM_AGENT_FILE_FLASH_H

#include <sys/types.h>

#include "device/flash.h"

/*
 * A flash in a file, so that the log of a microcontroller is the agent's
 * store as well: device/ has one recovery, and it is the tested one.
 *
 * Each program and each erase is on the disk before it returns. A cut in the
 * middle leaves any part of it written, as flash.h allows. One process at a
 * time writes: the file is locked for as long as it is open.
 */
struct file_flash {
    struct bm_flash flash; /* hand this to bm_log_open() */
    int fd;                /* -1: a copy in memory */
    uint8_t *copy;         /* FILE_FLASH_COPY */
};

/*
 * 32 sectors of 8 KB: the records of an agent take some 10 KB of them. A unit
 * of 16 octets keeps what is written small; disks write whole pages anyway.
 */
#define FILE_FLASH_SECTOR  8192u
#define FILE_FLASH_SECTORS 32u
#define FILE_FLASH_UNIT    16u
#define FILE_FLASH_SIZE    ((size_t)FILE_FLASH_SECTOR * FILE_FLASH_SECTORS)

/*
 * Open the flash in the file `path`, mode 0600, made blank if there is none.
 * Waits up to `wait_ms` for a process that has it.
 *
 *   BM_E_BUSY        somebody has it for longer than that
 *   BM_E_KEYS_MODE   group or others may read or write it
 *   BM_E_AGENT_USER  another user owns it, root included
 *   BM_E_LOG_FORMAT  not a regular file of this size
 *   BM_E_IO, BM_E_FULL, BM_E_NOT_FOUND (the folder)
 *
 * On error `*f` is closed already.
 */
BM_MUST_CHECK bm_status file_flash_open(struct file_flash *f, const char *path,
                                        unsigned wait_ms);

/*
 * The same to look only: a copy in memory, on which a log may recover without
 * the file being touched. It does not wait for who writes: what is read twice
 * with the same result is a state that was. BM_E_NOT_FOUND: no such file.
 */
BM_MUST_CHECK bm_status file_flash_look(struct file_flash *f, const char *path);

/* Lets go of the lock; a zeroed one is fine. */
void file_flash_close(struct file_flash *f);

#endif
