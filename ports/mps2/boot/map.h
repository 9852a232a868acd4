/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_BOOT_MAP_H
#define BM_PORTS_MPS2_BOOT_MAP_H

#include "ports/mps2/nor.h"

/*
 * Where things are on the board, for the bootloader, for applications and for
 * tests, which read this file, too. What only the bootloader writes lies in one
 * naturally aligned block, so that one region of the MPU guards it.
 *
 *   0x00000000   32 KB  the bootloader's code; it never writes it
 *   0x20000000    4 KB  its RAM, with the handover in front
 *   0x20010000          RAM of applications
 *   0x20100000    1 MB  where RAM_LOAD images run
 *   0x21000000   16 MB  flash (nor.h), of it
 *      +0x000000  64 KB  the bootloader's: journal, key sets, counters,
 *                        scratch, life cycle
 *      +0x010000  64 KB  the application's: mailbox, candidate key set, what
 *                        the factory's station leaves for the first start,
 *                        what is fetched, looked at once, and kept elsewhere,
 *                        and two slots for policies of the firewall
 *      +0x020000 128 KB  the application's log (device/log.h)
 *      +0x100000         two slots of 512 KB of image 0
 *      +0x200000         two slots of 256 KB of image 1 (boot-full)
 */
#define MAP_CODE      0x00000000u
#define MAP_CODE_SIZE 0x8000u
#define MAP_CODE_ALL  0x800000u /* that memory, and its alias */

#ifndef MAP_RAM /* of another board */
#define MAP_RAM 0x20000000u
#endif
#define MAP_RAM_SIZE     0x1000u
#define MAP_RAM_ALL      0x1000000u /* up to flash */
#define MAP_HANDOVER     MAP_RAM
#define MAP_APP_RAM      0x20010000u /* of applications: up to MAP_LOAD */
#define MAP_LOAD         0x20100000u
#define MAP_LOAD_SIZE    0x100000u
#define MAP_NOR          BM_NOR_BOARD_BASE
#define MAP_BOOT         (MAP_NOR + 0x0u)
#define MAP_BOOT_SIZE    0x10000u
#define MAP_JOURNAL      (MAP_NOR + 0x0u)
#define MAP_KEYSET0      (MAP_NOR + 0x2000u)
#define MAP_KEYSET1      (MAP_NOR + 0x4000u)
#define MAP_COUNTERS     (MAP_NOR + 0x6000u)
#define MAP_SCRATCH      (MAP_NOR + 0x8000u)
#define MAP_LIFECYCLE    (MAP_NOR + 0xf000u)
#define MAP_MAILBOX      (MAP_NOR + 0x10000u)
#define MAP_CANDIDATE    (MAP_NOR + 0x12000u)
#define MAP_PROVISION    (MAP_NOR + 0x14000u)
#define MAP_STAGING      (MAP_NOR + 0x16000u)
#define MAP_POLICY0      (MAP_NOR + 0x18000u)
#define MAP_POLICY1      (MAP_NOR + 0x1a000u)
#define MAP_DATA         (MAP_NOR + 0x20000u)
#define MAP_DATA_SIZE    0x20000u
#define MAP_SLOT0        (MAP_NOR + 0x100000u)
#define MAP_SLOT1        (MAP_NOR + 0x180000u)
#define MAP_SLOT_SIZE    0x80000u
#define MAP_SECOND_SLOT0 (MAP_NOR + 0x200000u)
#define MAP_SECOND_SLOT1 (MAP_NOR + 0x240000u)
#define MAP_SECOND_SIZE  0x40000u

/* All ranges but slots and log: the least that a struct bm_flash may have. */
#define MAP_SMALL_SIZE (2 * BM_NOR_SECTOR)

/*
 * The life cycle: words in a sector that no driver erases, as fuses would be.
 * Each is programmed once: the first when the maker put key set and counters
 * in place, the second when the device leaves for the field. Anything but
 * erased counts as programmed.
 */
#define MAP_LIFECYCLE_PROVISIONED (MAP_LIFECYCLE + 0u)
#define MAP_LIFECYCLE_CLOSED      (MAP_LIFECYCLE + 4u)

/*
 * Recovery at the next start: an application writes these two words where the
 * handover is, and resets; or button 0 of the board is held.
 */
#define MAP_RECOVERY      MAP_HANDOVER
#define MAP_RECOVERY_WORD 0x52434f56u /* "RCOV", then its complement */

#endif
