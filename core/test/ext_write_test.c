/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"
#include "core/oid.h"
#include "tests/harness/bm_test.h"

static uint8_t buf[64];
static struct bm_wr w;

static void check_written(const char *want, size_t n)
{
    CHECK_BYTES(buf, w.len, want, n);
    bm_wr_init(&w, buf, sizeof buf);
}
#define WRITES(literal) check_written((literal), sizeof(literal) - 1)

static void criticality_is_written_only_when_it_is_true(void)
{
    struct bm_ext_mark m;

    bm_wr_init(&w, buf, sizeof buf);
    m = bm_ext_open(&w, BM_LIT(BM_OID_CE_EKU), false);
    bm_der_put_null(&w);
    bm_ext_close(&w, &m);
    WRITES("\x30\x09\x06\x03\x55\x1d\x25\x04\x02\x05\x00");

    m = bm_ext_open(&w, BM_LIT(BM_OID_CE_EKU), true);
    bm_der_put_null(&w);
    bm_ext_close(&w, &m);
    WRITES("\x30\x0c\x06\x03\x55\x1d\x25\x01\x01\xff\x04\x02\x05\x00");
}

static void basic_constraints_leave_out_what_is_default(void)
{
    bm_wr_init(&w, buf, sizeof buf);
    bm_ext_put_basic(&w, false, BM_PATH_LEN_NONE);
    WRITES("\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00");
    bm_ext_put_basic(&w, false, 3);
    WRITES("\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00");
    bm_ext_put_basic(&w, true, BM_PATH_LEN_NONE);
    WRITES("\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01"
           "\xff");
    bm_ext_put_basic(&w, true, 0);
    WRITES("\x30\x12\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06\x01\x01"
           "\xff\x02\x01\x00");
}

static void key_usage_and_key_identifiers_are_whole_extensions(void)
{
    bm_wr_init(&w, buf, sizeof buf);
    bm_ext_put_key_usage(&w, BM_KU_KEY_CERT_SIGN | BM_KU_CRL_SIGN);
    WRITES("\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06");
    bm_ext_put_ski(&w, BM_LIT("abc"));
    WRITES("\x30\x0c\x06\x03\x55\x1d\x0e\x04\x05\x04\x03"
           "abc");
    bm_ext_put_aki(&w, BM_LIT("abc"));
    WRITES("\x30\x0e\x06\x03\x55\x1d\x23\x04\x07\x30\x05\x80\x03"
           "abc");
}

int main(void)
{
    RUN(criticality_is_written_only_when_it_is_true);
    RUN(basic_constraints_leave_out_what_is_default);
    RUN(key_usage_and_key_identifiers_are_whole_extensions);
    return bm_test_done();
}
