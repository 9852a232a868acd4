/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/handover.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read lies inside; what is refused leaves nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes all = { data, size };
    struct bm_handover h;

    if (bm_handover_get(all, &h) != BM_OK) {
        must(h.consumed == 0 && h.image[0].digest.p == NULL);
        return 0;
    }
    for (unsigned i = 0; i < BM_BOOT_IMAGES; i++) {
        must_be_inside(all, h.image[i].digest);
        must_be_inside(all, h.image[i].record);
    }
    return 0;
}
