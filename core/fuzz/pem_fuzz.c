/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "core/pem.h"

#include <string.h>

/* What was decoded, written again under its label, reads as the same. */
static void must_round_trip(const struct bm_pem *block, struct bm_bytes der)
{
    size_t cap = 2 * der.n + 2 * block->label.n + 64;
    uint8_t *text = must_have_room(cap);
    char *label = (char *)must_have_room(block->label.n + 1);
    struct bm_pem again;
    struct bm_bytes rest;
    struct bm_wr w;

    if (block->label.n != 0) {
        memcpy(label, block->label.p, block->label.n);
    }
    label[block->label.n] = '\0';
    bm_wr_init(&w, text, cap);
    bm_pem_put(&w, label, der);
    rest = bm_wr_bytes(&w);
    must(bm_pem_next(&rest, NULL, &again) == BM_OK);
    must(rest.n == 0 && again.before.n == 0);
    must(bm_bytes_equal(again.label, block->label));
    bm_wr_init(&w, text, cap);
    must(bm_pem_decode(&again, NULL, &w) == BM_OK);
    must(bm_bytes_equal(bm_wr_bytes(&w), der));
    free(text);
    free(label);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *der = must_have_room(size);
    struct bm_bytes in = { data, size };
    struct bm_bytes rest = in;
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_pem block;
    bm_status rc;

    while ((rc = bm_pem_next(&rest, &diag, &block)) == BM_OK) {
        struct bm_wr w;

        must_be_inside(in, block.label);
        must_be_inside(in, block.base64);
        must_be_inside(in, block.before);
        must_be_inside(in, rest);
        bm_wr_init(&w, der, size);
        if (bm_pem_decode(&block, &diag, &w) == BM_OK) {
            must_round_trip(&block, bm_wr_bytes(&w));
        } else {
            must(bm_diag_offset(&diag, data, size) <= size);
        }
    }
    must(block.label.p == NULL && block.base64.p == NULL);
    must(rc == BM_E_END || bm_diag_offset(&diag, data, size) < size);
    free(der);
    return 0;
}
