/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_trailer.h"

#include <string.h>

#include "boot/le.h"

#define MAGIC BM_IMAGE_TRAILER_MAGIC_SIZE

static const uint8_t magic_of_8[MAGIC] = {
    0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
    0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80,
};
/* Behind u16 align. */
static const uint8_t magic_of_others[MAGIC - 2] = {
    0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d,
    0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a,
};

/* A; 0 where it is no magic. */
static uint32_t align_of(const uint8_t *magic)
{
    uint32_t align = bm_le16(magic);

    if (memcmp(magic, magic_of_8, MAGIC) == 0) {
        return 8;
    }
    return memcmp(magic + 2, magic_of_others, MAGIC - 2) == 0 &&
                   (align == 16 || align == 32)
               ? align
               : 0;
}

/* Field number `i` before the magic's, counted from 1, as a distance from the
 * end of the slot. */
static size_t distance(uint32_t align, unsigned i)
{
    return (align > MAGIC ? align : MAGIC) + (size_t)i * align;
}

/* A flag is 01, or was never written. */
static bm_status flag_parse(uint8_t octet, bool *flag)
{
    *flag = octet == 1;
    return octet == 1 || octet == 0xff ? BM_OK : BM_E_IMAGE_TRAILING;
}

static bm_status swap_parse(uint8_t octet, enum bm_image_swap *swap)
{
    unsigned type = octet & 0x0f;

    *swap = BM_IMAGE_SWAP_NONE;
    if (octet != 0xff) {
        if (type < BM_IMAGE_SWAP_NONE || type > BM_IMAGE_SWAP_REVERT) {
            return BM_E_IMAGE_TRAILING;
        }
        *swap = (enum bm_image_swap)type;
    }
    return BM_OK;
}

bm_status bm_image_trailer_parse(struct bm_bytes end,
                                 struct bm_image_trailer *trailer)
{
    struct bm_image_trailer read = { 0 };
    const uint8_t *last = end.p + end.n;

    memset(trailer, 0, sizeof(*trailer));
    if (end.n < BM_IMAGE_TRAILER_END) {
        return BM_E_NOT_FOUND;
    }
    read.align = align_of(last - MAGIC);
    if (read.align == 0) {
        return BM_E_NOT_FOUND;
    }
    BM_TRY(flag_parse(*(last - distance(read.align, 1)), &read.confirmed));
    BM_TRY(flag_parse(*(last - distance(read.align, 2)), &read.copied));
    BM_TRY(swap_parse(*(last - distance(read.align, 3)), &read.swap));
    *trailer = read;
    return BM_OK;
}

bm_status bm_image_trailer_put(const struct bm_image_trailer *trailer,
                               uint8_t end[BM_IMAGE_TRAILER_END])
{
    uint8_t *last = end + BM_IMAGE_TRAILER_END;
    uint8_t *magic = last - MAGIC;

    if (trailer->align != 8 && trailer->align != 16 && trailer->align != 32) {
        return BM_E_ARGUMENT;
    }
    if (trailer->align == 8) {
        memcpy(magic, magic_of_8, MAGIC);
    } else {
        bm_le16_put(magic, (uint16_t)trailer->align);
        memcpy(magic + 2, magic_of_others, MAGIC - 2);
    }
    if (trailer->confirmed) {
        *(last - distance(trailer->align, 1)) = 1;
    }
    return BM_OK;
}
