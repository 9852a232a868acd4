/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_IMAGE_TRAILER_H
#define BM_BOOT_IMAGE_TRAILER_H

#include "boot/image.h"

/*
 * The trailer that MCUboot's tools put at the end of a slot (imgtool --pad and
 * --confirm, mcumgr): what they ask for. To us it is a request, read once, and
 * never state (request.h). From the end of the slot backwards, A octets for a
 * field, where A is the largest unit in which the slot is written, at least 8:
 *
 *     magic, 16 octets, the last of the slot; its field is 16 or A octets
 *     image_ok: 01, then 0xff
 *     copy_done, likewise
 *     swap_info: u8, swap type in bits 0 to 3, then 0xff
 *     swap_size: u32
 *     ... then what MCUboot writes while it swaps
 *
 * The magic says A: where it is 8, it has a form of its own. A field that was
 * never written is 0xff.
 */

#define BM_IMAGE_TRAILER_MAGIC_SIZE 16u
/* The last octets of a slot from which a trailer can be told. */
#define BM_IMAGE_TRAILER_END 128u

/* Types of swap, as in swap_info. */
enum bm_image_swap {
    BM_IMAGE_SWAP_NONE = 1,
    BM_IMAGE_SWAP_TEST = 2,
    BM_IMAGE_SWAP_PERMANENT = 3,
    BM_IMAGE_SWAP_REVERT = 4
};

struct bm_image_trailer {
    uint32_t align; /* A */
    bool confirmed; /* image_ok: stay, without a trial */
    bool copied;    /* copy_done: MCUboot swapped it in */
    enum bm_image_swap swap;
};

/*
 * Read a trailer from the last octets of a slot, BM_IMAGE_TRAILER_END of them
 * or more. BM_E_NOT_FOUND where there is no magic, BM_E_IMAGE_TRAILING where a
 * field has a value that no tool writes; then `*trailer` is zero.
 */
BM_MUST_CHECK bm_status
bm_image_trailer_parse(struct bm_bytes end, struct bm_image_trailer *trailer);

/*
 * Write one as imgtool does, with `align` and image_ok of `trailer`, into the
 * last octets of a slot that are all 0xff. BM_E_ARGUMENT for another align than
 * 8, 16 or 32.
 */
BM_MUST_CHECK bm_status bm_image_trailer_put(
    const struct bm_image_trailer *trailer, uint8_t end[BM_IMAGE_TRAILER_END]);

#endif
