/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"
#include "core/fuzz/must.h"

/* Take the next head, or leaf, and write it again; true while that works. */
static bool copy_one(struct bm_cbor *c, struct bm_wr *w)
{
    struct bm_bytes view;
    uint64_t u;
    int64_t s;
    size_t n;
    bool b;

    if (bm_cbor_take_uint(c, &u) == BM_OK) {
        bm_cbor_put_uint(w, u);
    } else if (bm_cbor_take_int(c, &s) == BM_OK) {
        bm_cbor_put_int(w, s);
    } else if (bm_cbor_take_bytes(c, &view) == BM_OK) {
        bm_cbor_put_bytes(w, view);
    } else if (bm_cbor_take_text(c, &view) == BM_OK) {
        bm_cbor_put_text(w, view);
    } else if (bm_cbor_take_array(c, &n) == BM_OK) {
        bm_cbor_put_array(w, n);
    } else if (bm_cbor_take_map(c, &n) == BM_OK) {
        bm_cbor_put_map(w, n);
    } else if (bm_cbor_take_tag(c, &u) == BM_OK) {
        bm_cbor_put_tag(w, u);
    } else if (bm_cbor_take_bool(c, &b) == BM_OK) {
        bm_cbor_put_bool(w, b);
    } else if (bm_cbor_take_null(c) == BM_OK) {
        bm_cbor_put_null(w);
    } else {
        return false;
    }
    return true;
}

/* An item that was taken is made of what we write. */
static void must_rebuild(struct bm_bytes item)
{
    uint8_t *buf = must_have_room(item.n);
    struct bm_cbor c;
    struct bm_wr w;

    bm_wr_init(&w, buf, item.n);
    bm_cbor_init(&c, item, NULL);
    while (bm_cbor_left(&c) != 0 && copy_one(&c, &w)) {
    }
    /* Only integers below -2^63 can be skipped but not taken. */
    must(bm_cbor_left(&c) == 0 || *c.p == 0x3b);
    must(bm_cbor_left(&c) != 0 || bm_bytes_equal(bm_wr_bytes(&w), item));
    free(buf);
}

/* A map that was taken whole can be walked key by key. */
static void must_walk(struct bm_bytes item)
{
    struct bm_bytes last = { NULL, 0 };
    struct bm_bytes value;
    struct bm_cbor c;
    size_t n;

    bm_cbor_init(&c, item, NULL);
    if (bm_cbor_take_map(&c, &n) == BM_OK) {
        for (; n != 0; n--) {
            must(bm_cbor_take_key(&c, &last) == BM_OK);
            must(bm_cbor_take_item(&c, &value) == BM_OK);
            must_be_inside(item, last);
            must_be_inside(item, value);
        }
        must(bm_cbor_end(&c) == BM_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_bytes item = { NULL, 0 };
    struct bm_cbor c;

    bm_cbor_init(&c, in, &diag);
    if (bm_cbor_take_item(&c, &item) == BM_OK) {
        must_be_inside(in, item);
        must(item.p == data && item.n + bm_cbor_left(&c) == size);
        must_rebuild(item);
        must_walk(item);
    } else {
        must(c.p == data && item.p == NULL);
        must(bm_diag_offset(&diag, data, size) <= size);
    }
    return 0;
}
