/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_trailer.h"
#include "boot/state.h"

/* The trailer at the end of slot 1, read into boot->work. */
static bm_status trailer_read(const struct bm_boot *boot, unsigned i,
                              struct bm_image_trailer *trailer)
{
    const struct bm_flash *flash = &boot->slot[i][1].flash;
    uint8_t *end = boot->work->piece;
    uint32_t size = flash->sector * flash->sectors;

    BM_TRY(flash->read(flash->self, size - BM_IMAGE_TRAILER_END, end,
                       BM_IMAGE_TRAILER_END));
    return bm_image_trailer_parse(
        (struct bm_bytes){ end, BM_IMAGE_TRAILER_END }, trailer);
}

unsigned bm_start_trailers(struct bm_start *start, bool *permanent)
{
    struct bm_image_trailer trailer;
    unsigned set = 0;

    *permanent = true;
    for (unsigned i = 0; i < start->boot->images; i++) {
        if (trailer_read(start->boot, i, &trailer) == BM_OK) {
            set |= 1u << i;
            *permanent = *permanent && trailer.confirmed;
        }
    }
    return set;
}

/* After a move the sector is erased whatever it reads as: an erase that was cut
 * may hide a trailer, and show it again at any later start. */
bm_status bm_start_trailers_drop(struct bm_start *start, unsigned set, bool all)
{
    for (unsigned i = 0; i < start->boot->images; i++) {
        const struct bm_flash *flash = &start->boot->slot[i][1].flash;
        const uint32_t *size = start->state.part[i].size;
        uint32_t last = flash->sector * (flash->sectors - 1);
        struct bm_image_trailer trailer;

        if ((set >> i & 1) != 0 &&
            (all ? trailer_read(start->boot, i, &trailer) == BM_OK
                 : (size[0] != 0 ? size[0] : size[1]) <= last)) {
            BM_TRY(flash->erase(flash->self, last));
        }
    }
    return BM_OK;
}
