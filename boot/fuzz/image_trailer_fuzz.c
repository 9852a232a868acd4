/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_trailer.h"

#include <string.h>

#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes end = { data, size };
    struct bm_image_trailer trailer;
    struct bm_image_trailer again;
    uint8_t made[BM_IMAGE_TRAILER_END];

    if (bm_image_trailer_parse(end, &trailer) != BM_OK) {
        must(trailer.align == 0 && !trailer.confirmed && !trailer.copied);
        return 0;
    }
    memset(made, 0xff, sizeof(made));
    must(bm_image_trailer_put(&trailer, made) == BM_OK);
    must(memcmp(made + sizeof(made) - BM_IMAGE_TRAILER_MAGIC_SIZE,
                data + size - BM_IMAGE_TRAILER_MAGIC_SIZE,
                BM_IMAGE_TRAILER_MAGIC_SIZE) == 0);
    must(bm_image_trailer_parse(BM_ARRAY(made), &again) == BM_OK);
    must(again.align == trailer.align);
    must(again.confirmed == trailer.confirmed);
    return 0;
}
