/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocols/est/est.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted can be written again, and means the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char again[256] = "/.well-known/est/";
    struct est_path other;
    struct est_path path;
    char *text = calloc(1, size + 1);

    if (text == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(text, data, size);
    }
    if (est_path_parse(text, &path) == BM_OK &&
        strchr(path.label, '%') == NULL) {
        struct bm_wr w;

        bm_wr_init(&w, (uint8_t *)again, sizeof again - 1);
        w.len = strlen(again);
        if (path.label[0] != '\0') {
            bm_wr_str(&w, path.label);
            bm_wr_str(&w, "/");
        }
        bm_wr_str(&w, est_operation_name(path.operation));
        if (est_path_parse(again, &other) != BM_OK ||
            memcmp(&path, &other, sizeof path) != 0) {
            abort();
        }
    }
    free(text);
    return 0;
}
