/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_RECOVERY_H
#define BM_BOOT_RECOVERY_H

#include "boot/boot.h"

/*
 * The way back over a serial line, when no image runs or a pin says so. It
 * takes signed images and key sets, one at a time, into the slot that is not
 * needed, verifies them there, and asks for their installation; what does not
 * verify is erased. It never reads flash out, and never runs what it was sent
 * before the ordinary start has verified it.
 *
 * Frames (docs/recovery.md): 0xa5 0x5a | u8 kind | u8 sequence | u16 length |
 * octets | CRC-32 of kind to octets. Each frame is answered by one; a frame
 * that is sent again is answered again and done once.
 */

struct bm_serial {
    void *self;
    /* The next octet; BM_E_TIMEOUT after about a second without one. */
    bm_status (*get)(void *self, uint8_t *octet);
    bm_status (*put)(void *self, struct bm_bytes octets);
};

/* Serve until the other side asks for a reset, or for ever. BM_OK: reset. */
BM_MUST_CHECK bm_status bm_recovery_serve(const struct bm_boot *boot,
                                          const struct bm_serial *serial);

#endif
