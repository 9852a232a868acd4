/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_trailer.h"
#include "boot/state.h"

unsigned bm_start_trailers(const struct bm_boot *boot, bool *permanent)
{
    struct bm_bytes end = { boot->work->piece, BM_IMAGE_TRAILER_END };
    struct bm_image_trailer trailer;
    unsigned set = 0;

    *permanent = true;
    for (unsigned i = 0; i < boot->images; i++) {
        const struct bm_flash *flash = &boot->slot[i][1].flash;
        uint32_t at = flash->sector * flash->sectors - BM_IMAGE_TRAILER_END;

        if (flash->read(flash->self, at, boot->work->piece,
                        BM_IMAGE_TRAILER_END) == BM_OK &&
            bm_image_trailer_parse(end, &trailer) == BM_OK) {
            set |= 1u << i;
            *permanent = *permanent && trailer.confirmed;
        }
    }
    return set;
}

/* Whatever is there: an erase that was cut may hide a trailer, and show it
 * again at any later start. */
bm_status bm_start_trailers_drop(const struct bm_boot *boot, unsigned set)
{
    for (unsigned i = 0; i < boot->images; i++) {
        const struct bm_flash *flash = &boot->slot[i][1].flash;

        if ((set >> i & 1) != 0) {
            BM_TRY(flash->erase(flash->self,
                                flash->sector * (flash->sectors - 1)));
        }
    }
    return BM_OK;
}
