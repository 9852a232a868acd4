/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"
#include "core/fuzz/must.h"

/* Written by us, a value that was taken has the octets it was taken from. */
static void check_values(struct bm_bytes in)
{
    uint8_t *buf = must_have_room(in.n);
    struct bm_der d;
    struct bm_bytes view;
    struct bm_bytes taken;
    struct bm_wr w;
    uint32_t number;
    uint16_t flags;
    uint8_t tag;
    bool truth;

#define CHECK_TAKE(take, put)                             \
    do {                                                  \
        bm_der_init(&d, in, NULL);                        \
        bm_wr_init(&w, buf, in.n);                        \
        if ((take) == BM_OK) {                            \
            put;                                          \
            taken.p = in.p;                               \
            taken.n = (size_t)(d.p - in.p);               \
            must(bm_bytes_equal(bm_wr_bytes(&w), taken)); \
        } else {                                          \
            must(d.p == in.p);                            \
        }                                                 \
    } while (0)

    CHECK_TAKE(bm_der_take_any(&d, &tag, &view), bm_der_put(&w, tag, view));
    CHECK_TAKE(bm_der_take_element(&d, BM_DER_SEQUENCE, &view),
               bm_wr_put(&w, view));
    CHECK_TAKE(bm_der_take_u32(&d, &number), bm_der_put_u32(&w, number));
    CHECK_TAKE(bm_der_take_integer(&d, BM_DER_INTEGER, &view),
               view.p[0] < 0x80 ? bm_der_put_unsigned(&w, view)
                                : bm_der_put(&w, BM_DER_INTEGER, view));
    CHECK_TAKE(bm_der_take_bool(&d, BM_DER_BOOLEAN, &truth),
               bm_der_put_bool(&w, truth));
    CHECK_TAKE(bm_der_take_oid(&d, &view), bm_der_put_oid(&w, view));
    CHECK_TAKE(bm_der_take_octet_bits(&d, &view),
               bm_der_put_octet_bits(&w, view));
    CHECK_TAKE(bm_der_take_flags(&d, BM_DER_BIT_STRING, &flags),
               bm_der_put_flags(&w, BM_DER_BIT_STRING, flags));
    CHECK_TAKE(bm_der_take_null(&d), bm_der_put_null(&w));
#undef CHECK_TAKE
    free(buf);
}

/* A set that is in order stays as it is when it is closed. */
static void check_set(struct bm_bytes in)
{
    uint8_t *buf = must_have_room(in.n);
    struct bm_bytes element;
    struct bm_der d;
    struct bm_der set;
    struct bm_wr w;
    size_t mark;

    bm_der_init(&d, in, NULL);
    bm_wr_init(&w, buf, in.n);
    if (bm_der_enter(&d, BM_DER_SET, &set) == BM_OK &&
        bm_der_check_set(&set) == BM_OK) {
        mark = bm_der_open(&w, BM_DER_SET);
        element = (struct bm_bytes){ set.p, bm_der_left(&set) };
        bm_wr_put(&w, element);
        must(bm_der_close_set(&w, mark) == BM_OK);
        must(bm_bytes_equal(bm_wr_bytes(&w),
                            (struct bm_bytes){ in.p, (size_t)(d.p - in.p) }));
    }
    free(buf);
}

/* Walk through all that can be entered; must end, inside the input. */
static void check_walk(struct bm_bytes in, struct bm_diag *diag)
{
    struct bm_bytes body;
    struct bm_der d;
    uint8_t tag;

    bm_der_init(&d, in, diag);
    while (bm_der_left(&d) != 0) {
        if (bm_der_take_any(&d, &tag, &body) != BM_OK) {
            must(bm_diag_offset(diag, in.p, in.n) <= in.n);
            must(bm_der_end(&d) == BM_E_DER_TRAILING);
            return;
        }
        must_be_inside(in, body);
        if (bm_der_check_string(&d, tag, body) == BM_OK) {
            must(!BM_DER_IS_CONSTRUCTED(tag));
        }
        if (BM_DER_IS_CONSTRUCTED(tag)) {
            bm_der_init(&d, body, diag);
        }
    }
    must(bm_der_end(&d) == BM_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_bytes in = { data, size };

    check_values(in);
    check_set(in);
    check_walk(in, &diag);
    return 0;
}
