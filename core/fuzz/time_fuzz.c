/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fuzz/must.h"
#include "core/time.h"

#define UNTOUCHED INT64_MIN /* no time that can be written */

/* A time that was taken is written as the same octets. */
static void check_der(struct bm_bytes in, bool any_year)
{
    uint8_t buf[20];
    struct bm_der d;
    struct bm_wr w;
    int64_t t = UNTOUCHED;
    bm_status rc;

    bm_der_init(&d, in, NULL);
    bm_wr_init(&w, buf, sizeof buf);
    rc = any_year ? bm_time_take_generalized(&d, BM_DER_GENERALIZED_TIME, &t)
                  : bm_time_take(&d, &t);
    if (rc != BM_OK) {
        must(t == UNTOUCHED && d.p == in.p);
        return;
    }
    if (any_year) {
        bm_time_put_generalized(&w, BM_DER_GENERALIZED_TIME, t);
    } else {
        bm_time_put(&w, t);
    }
    in.n = (size_t)(d.p - in.p);
    must(bm_bytes_equal(in, bm_wr_bytes(&w)));
}

static void check_text(struct bm_bytes in)
{
    uint8_t buf[20];
    struct bm_wr w;
    int64_t t = UNTOUCHED;

    bm_wr_init(&w, buf, sizeof buf);
    if (bm_time_from_text(in, &t) == BM_OK) {
        bm_time_put_text(&w, t);
        must(bm_bytes_equal(in, bm_wr_bytes(&w)));
    } else {
        must(t == UNTOUCHED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes in = { data, size };

    check_der(in, false);
    check_der(in, true);
    check_text(in);
    return 0;
}
