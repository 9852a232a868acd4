/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_RECOVERY_H
#define BM_BOOT_RECOVERY_H

#include "boot/boot.h"

/*
 * The way back over a serial line, when no image runs or a pin says so. It
 * takes signed images and key sets, one at a time: an image into slot 1, a key
 * set into the place of the candidate. There they are verified. What does not
 * verify is erased; an image that does is asked for in the mailbox, and the
 * next start installs it as any other update, only without a trial. Nothing
 * that was sent runs from here, and flash is never read out.
 *
 * It is for the swap strategy, and runs after bm_boot_swap(): a swap that is
 * not finished needs what is in slot 1.
 *
 * Frames, little-endian (docs/recovery.md):
 *
 *     a5 5a | u8 kind | u8 sequence | u16 length | octets | u32 CRC-32
 *
 * The CRC is over kind to octets. The answer is a frame of kind + 0x80, the
 * same sequence, and a u32 status before what else it tells. A frame that is
 * damaged is not answered: the other side sends it again, and whatever was done
 * already is not done twice.
 */

enum bm_recovery_kind {
    /* -> -; <- u8 version, u8 images, u16 most octets of data, u32 epoch, u32
     * life cycle, for each image u32 octets of its slot */
    BM_RECOVERY_HELLO = 1,
    /* -> u8 what (0: image, 1: key set), u8 number of the image, u16 0, u32
     * octets in all */
    BM_RECOVERY_BEGIN = 2,
    /* -> u32 offset, octets: a multiple of 32, but for the last; <- u32 octets
     * that are there */
    BM_RECOVERY_DATA = 3,
    /* -> -; verified and asked for, or erased */
    BM_RECOVERY_END = 4,
    /* -> -; answered, and bm_recovery_serve() returns */
    BM_RECOVERY_RESET = 5
};

#define BM_RECOVERY_VERSION  1
#define BM_RECOVERY_DATA_MAX 512u
#define BM_RECOVERY_GRAIN    32u

struct bm_serial {
    void *self;
    /* The next octet; BM_E_RECOVERY_TIMEOUT after about a second without
     * one. Any other error ends the recovery. */
    bm_status (*get)(void *self, uint8_t *octet);
    bm_status (*put)(void *self, struct bm_bytes octets);
};

/*
 * Serve until the other side asks for a reset: BM_OK, and the port resets.
 * `result` is what bm_boot_swap() came to; it is used up, and after this no
 * image runs by it: its verdict is no. boot->work is the only other memory that
 * this takes beside the stack.
 */
BM_MUST_CHECK bm_status bm_recovery_serve(const struct bm_boot *boot,
                                          enum bm_lifecycle lifecycle,
                                          struct bm_boot_result *result,
                                          const struct bm_serial *serial);

#endif
