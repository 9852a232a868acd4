/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wolfboot.h"
#include "core/fuzz/must.h"
#include "tests/harness/test_crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes file = { data, size };
    struct wolfboot w = { .version = 1 };
    bm_status rc = wolfboot_parse(file, bm_test_crypto(), &w);

    if (rc == BM_OK) {
        must(w.payload.n != 0 && w.header_size + w.payload.n == size);
        must_be_inside(file, w.payload);
    } else {
        must(w.version == 0 && w.payload.p == NULL);
        must((rc == BM_E_IMAGE_MAGIC) == !wolfboot_is(file));
    }
    return 0;
}
