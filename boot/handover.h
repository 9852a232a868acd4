/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_HANDOVER_H
#define BM_BOOT_HANDOVER_H

#include "boot/boot.h"

/*
 * What the bootloader tells the application, in RAM that survives the jump:
 * how the start went, what was measured, and the boot record of each image
 * (CBOR, with the digest filled in), in the form of TF-M's shared data
 * (magic 0x2016, u16 length; entries: u16 type, u16 length, octets), so that
 * an attestation service made for MCUboot reads it. Our own entries have the
 * major type of vendors. Only the running start's is valid: the bootloader
 * writes it anew each time, and the application checks the length and CRC.
 */

#define BM_HANDOVER_MAX 512

BM_MUST_CHECK bm_status bm_handover_put(const struct bm_boot *boot,
                                        const struct bm_boot_result *result,
                                        struct bm_wr *w);

/* For the application. */
struct bm_handover {
    enum bm_boot_event event;
    bm_status refusal;
    unsigned slot;
    uint32_t epoch;
    uint32_t consumed; /* for bm_request_put() */
    enum bm_lifecycle lifecycle;
    struct bm_bytes digest; /* of the image that runs */
    struct bm_bytes record; /* its boot record, CBOR; may be empty */
};
BM_MUST_CHECK bm_status bm_handover_get(struct bm_bytes octets,
                                        struct bm_handover *handover);

#endif
