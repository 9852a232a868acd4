/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/record.h"
#include "core/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken as a record is the one encoding of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    uint8_t room[CA_RECORD_MAX];
    struct ca_record record;
    struct bm_wr w;

    if (ca_record_parse(in, &diag, &record) != BM_OK) {
        must(bm_diag_offset(&diag, data, size) <= size);
        must(record.kind == 0 && record.actor.n == 0);
        return 0;
    }
    must(ca_record_kind_name(record.kind) != NULL);
    must_be_inside(in, record.actor);
    must_be_inside(in, record.serial);
    must_be_inside(in, record.text);
    bm_wr_init(&w, room, sizeof room);
    must(ca_record_put(&w, &record) == BM_OK);
    must(bm_bytes_equal(bm_wr_bytes(&w), in));
    return 0;
}
