/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "protocols/est/est.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was decoded is not empty, and decodes again from one line of base64;
 * in place it becomes the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t cap = size + 8;
    uint8_t *der = malloc(cap);
    uint8_t *line = malloc(2 * cap + 8);
    struct bm_wr w;
    struct bm_wr l;

    if (der == NULL || line == NULL) {
        abort();
    }
    bm_wr_init(&w, der, cap);
    if (est_body_decode((struct bm_bytes){ data, size }, &w, NULL) == BM_OK) {
        bm_wr_init(&l, line, 2 * cap + 8);
        bm_base64_put(&l, bm_wr_bytes(&w), 0);
        if (w.len == 0 || w.len > size) {
            abort();
        }
        struct bm_bytes text = bm_wr_bytes(&l);
        bm_wr_init(&l, line, 2 * cap + 8);
        if (est_body_decode(text, &l, NULL) != BM_OK ||
            !bm_bytes_equal(bm_wr_bytes(&l), bm_wr_bytes(&w))) {
            abort();
        }
    } else if (w.len != 0) {
        abort();
    }
    free(line);
    free(der);
    return 0;
}
