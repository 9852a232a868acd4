/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/fuzz/must.h"
#include "intake/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A row that is taken is written as the same octets again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[65536];
    struct bm_bytes in = { data, size };
    struct ca_batch_row row;
    struct bm_wr w;

    for (;;) {
        const uint8_t *from = in.p;
        bm_status rc = intake_row_next(&in, &row);

        if (rc != BM_OK) {
            must(in.p == from && row.number == 0);
            return 0;
        }
        bm_wr_init(&w, room, sizeof room);
        intake_row_put(&w, &row);
        must(w.len <= w.cap && w.len == (size_t)(in.p - from) &&
             memcmp(room, from, w.len) == 0);
    }
}
