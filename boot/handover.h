/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_HANDOVER_H
#define BM_BOOT_HANDOVER_H

#include "boot/boot.h"

/*
 * What the bootloader tells the application, in RAM that survives the jump:
 * how the start went, what was measured, and the boot record of each image
 * (CBOR, with the digest filled in). The form is the shared data of TF-M, so
 * that an attestation service made for MCUboot reads the records:
 *
 *     u16 magic | u16 length of all | entries: u16 type | u16 length | octets
 *
 * with a type of major (4 bits), module (6, the number of the image) and claim
 * (6). Major 1 is TF-M's own for attestation, whose claim 0x3f is the boot
 * record; 0xb is ours:
 *
 *     claim 1: u32 event, refusal, slot, epoch, consumed, life cycle
 *     claim 2: the digest of an image
 *     claim 3: CRC-32 of everything before this entry; the last one
 *
 * It is written anew at each start. The CRC is against a start that wrote
 * nothing: the application trusts it as much as the bootloader that ran before
 * it, and whatever ran since.
 */

#define BM_HANDOVER_MAGIC 0x2016u
/* Two images with boot records of 100 octets, and what is told once. */
#define BM_HANDOVER_MAX 360u

/* 0: a bootloader that has no room for boot records. */
#ifndef BM_HANDOVER_RECORDS
#define BM_HANDOVER_RECORDS 1
#endif

/* The bootloader: begin, each image that was verified to run, end. The writer
 * has BM_HANDOVER_MAX octets and nothing before this. */
void bm_handover_begin(struct bm_wr *w);
void bm_handover_image(struct bm_wr *w, unsigned number,
                       const struct bm_image *image);
BM_MUST_CHECK bm_status bm_handover_end(struct bm_wr *w,
                                        const struct bm_boot_result *result,
                                        enum bm_lifecycle lifecycle);

/* The same as bm_boot's `measured`, with a writer as `self`. */
void bm_handover_measured(void *writer, unsigned number,
                          const struct bm_image *image);

/* The application: views of `octets`. */
struct bm_handover_measured {
    struct bm_bytes digest; /* 32 octets; empty: no such image */
    struct bm_bytes record; /* CBOR; empty: the image has none */
};
struct bm_handover {
    enum bm_boot_event event;
    bm_status refusal;
    uint32_t slot;
    uint32_t epoch;
    uint32_t consumed; /* for bm_request_put() */
    enum bm_lifecycle lifecycle;
    struct bm_handover_measured image[BM_BOOT_IMAGES];
};

/* Read what lies at the start of `octets`; BM_E_BOOT_HANDOVER where no
 * bootloader wrote it, and `*handover` is zero. */
BM_MUST_CHECK bm_status bm_handover_get(struct bm_bytes octets,
                                        struct bm_handover *handover);

#endif
