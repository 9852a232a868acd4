/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"
#include "core/fuzz/must.h"
#include "core/oid.h"

/* A dotted text that was read is what we write for its octets. */
static void check_text(struct bm_bytes text)
{
    uint8_t *oid = must_have_room(text.n);
    uint8_t *again = must_have_room(text.n);
    struct bm_wr w;
    struct bm_wr back;

    bm_wr_init(&w, oid, text.n);
    bm_wr_init(&back, again, text.n);
    if (bm_oid_from_dotted(text, &w) == BM_OK) {
        must(bm_der_is_oid(bm_wr_bytes(&w)));
        bm_oid_put_dotted(&back, bm_wr_bytes(&w));
        must(bm_bytes_equal(text, bm_wr_bytes(&back)));
        (void)bm_oid_name(bm_wr_bytes(&w));
    } else {
        must(w.len == 0);
    }
    free(oid);
    free(again);
}

/* Octets that have a dotted form are what we read from it. */
static void check_octets(struct bm_bytes oid)
{
    size_t cap = 4 * oid.n + 2;
    uint8_t *text = must_have_room(cap);
    uint8_t *again = must_have_room(oid.n);
    struct bm_wr w;
    struct bm_wr back;

    bm_wr_init(&w, text, cap);
    bm_wr_init(&back, again, oid.n);
    bm_oid_put_dotted(&w, oid);
    must(w.len <= cap);
    if (w.len != 0) {
        must(bm_der_is_oid(oid));
        must(bm_oid_from_dotted(bm_wr_bytes(&w), &back) == BM_OK);
        must(bm_bytes_equal(oid, bm_wr_bytes(&back)));
    }
    (void)bm_oid_name(oid);
    free(text);
    free(again);
}

/* A name we print for an attribute is one we read. */
static void check_attribute(struct bm_bytes text)
{
    uint8_t buf[64];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    if (bm_oid_from_attribute(text, &w) != BM_OK) {
        must(w.len == 0);
    } else if (text.p[0] > '9') {
        must(bm_oid_attribute_name(bm_wr_bytes(&w)) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };

    check_text(in);
    check_octets(in);
    check_attribute(in);
    return 0;
}
