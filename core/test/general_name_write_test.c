/* SPDX-License-Identifier: Apache-2.0 */
#include "core/general_name.h"
#include "tests/harness/bm_test.h"

static uint8_t buf[64];
static struct bm_wr w;

static void check_written(const char *want, size_t n)
{
    CHECK_BYTES(buf, w.len, want, n);
    bm_wr_init(&w, buf, sizeof buf);
}
#define WRITES(literal) check_written((literal), sizeof(literal) - 1)

static void plain_kinds_are_primitive_context_tags(void)
{
    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put(&w, BM_GN_EMAIL, BM_LIT("a@b"));
    WRITES("\x81\x03"
           "a@b");
    bm_general_name_put(&w, BM_GN_DNS, BM_LIT("x.y"));
    WRITES("\x82\x03x.y");
    bm_general_name_put(&w, BM_GN_URI, BM_LIT("u:v"));
    WRITES("\x86\x03u:v");
    bm_general_name_put(&w, BM_GN_IP, BM_LIT("\x7f\x00\x00\x01"));
    WRITES("\x87\x04\x7f\x00\x00\x01");
    bm_general_name_put(&w, BM_GN_RID, BM_LIT("\x2a\x03"));
    WRITES("\x88\x02\x2a\x03");
}

/* RFC 5280 4.2.1.6; X.680 31.2.7: a CHOICE cannot be tagged implicitly */
static void a_directory_name_is_tagged_explicitly(void)
{
    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put_directory(&w, BM_LIT("\x30\x00"));
    WRITES("\xa4\x02\x30\x00");
}

static void a_hardware_module_name_is_an_other_name(void)
{
    struct bm_hardware_module_name hw = { BM_LIT("\x2a\x03"), BM_LIT("s1") };

    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put_hardware(&w, &hw);
    WRITES("\xa0\x16\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x0a\x30\x08"
           "\x06\x02\x2a\x03\x04\x02s1");
}

static void a_permanent_identifier_leaves_out_what_is_absent(void)
{
    struct bm_permanent_identifier id = { BM_LIT("id"), BM_LIT("\x2a\x03") };

    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put_permanent(&w, &id);
    WRITES("\xa0\x16\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x0a\x30\x08"
           "\x0c\x02id\x06\x02\x2a\x03");
    id.assigner.n = 0;
    bm_general_name_put_permanent(&w, &id);
    WRITES("\xa0\x12\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x06\x30\x04"
           "\x0c\x02id");
    id.value.n = 0;
    bm_general_name_put_permanent(&w, &id);
    WRITES("\xa0\x0e\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x03\xa0\x02\x30\x00");
}

int main(void)
{
    RUN(plain_kinds_are_primitive_context_tags);
    RUN(a_directory_name_is_tagged_explicitly);
    RUN(a_hardware_module_name_is_an_other_name);
    RUN(a_permanent_identifier_leaves_out_what_is_absent);
    return bm_test_done();
}
