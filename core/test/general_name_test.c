/* SPDX-License-Identifier: Apache-2.0 */
#include "core/general_name.h"

#include "core/oid.h"
#include "tests/harness/bm_test.h"

#define TEN    "abcdefghi."
#define FIFTY  TEN TEN TEN TEN TEN
#define LONG63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890"

/* Names by kind, and whether they may be a name and a constraint. */
static const struct {
    enum bm_gn_kind kind;
    struct bm_bytes value;
    bool name;
    bool constraint;
} texts[] = {
    { BM_GN_DNS, BM_LIT_INIT("example.com"), true, true },
    { BM_GN_DNS, BM_LIT_INIT("a"), true, true },
    { BM_GN_DNS, BM_LIT_INIT("XN--a-1.9"), true, true },
    { BM_GN_DNS, BM_LIT_INIT("*.example.com"), true, false },
    { BM_GN_DNS, BM_LIT_INIT(".example.com"), false, true },
    { BM_GN_DNS, BM_LIT_INIT(""), false, true },
    { BM_GN_DNS, BM_LIT_INIT("."), false, false },
    { BM_GN_DNS, BM_LIT_INIT("*"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("*."), false, false },
    { BM_GN_DNS, BM_LIT_INIT("*.*.a"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a..b"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a."), false, false },
    { BM_GN_DNS, BM_LIT_INIT("-a"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a-"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a-.b"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a.-b"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a_b"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a b"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("a\0b"), false, false },
    { BM_GN_DNS, BM_LIT_INIT("\xc3\xa4"), false, false },
    { BM_GN_DNS, BM_LIT_INIT(LONG63), true, true },
    { BM_GN_DNS, BM_LIT_INIT(LONG63 "x"), false, false },
    { BM_GN_DNS, BM_LIT_INIT(FIFTY FIFTY FIFTY FIFTY FIFTY "abc"), true, true },
    { BM_GN_DNS, BM_LIT_INIT(FIFTY FIFTY FIFTY FIFTY FIFTY "abcd"), false,
      false },

    { BM_GN_EMAIL, BM_LIT_INIT("a@example.com"), true, true },
    { BM_GN_EMAIL, BM_LIT_INIT("a.b+c/d!#$%&'*-=?^_`{|}~@b"), true, true },
    { BM_GN_EMAIL, BM_LIT_INIT("-a-@b"), true, true },
    { BM_GN_EMAIL, BM_LIT_INIT("\"a @ \\\"b\"@example.com"), true, true },
    { BM_GN_EMAIL, BM_LIT_INIT("\"a\tb\"@example.com"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("\"@example.com"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT(LONG63 "x@b"), true, true },
    { BM_GN_EMAIL, BM_LIT_INIT(LONG63 "xy@b"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("example.com"), false, true },
    { BM_GN_EMAIL, BM_LIT_INIT(".example.com"), false, true },
    { BM_GN_EMAIL, BM_LIT_INIT(""), false, true },
    { BM_GN_EMAIL, BM_LIT_INIT("@example.com"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("a@"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("a@.b"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("a@b@c"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT(".a@b"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("a.@b"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("a b@c"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("\"a b@c"), false, false },
    { BM_GN_EMAIL, BM_LIT_INIT("\"\"@c"), true, true },
    { BM_GN_EMAIL, BM_LIT_INIT("a\x7f@c"), false, false },

    { BM_GN_URI, BM_LIT_INIT("http://example.com/a?b#c"), true, false },
    { BM_GN_URI, BM_LIT_INIT("urn:a"), true, false },
    { BM_GN_URI, BM_LIT_INIT("h+-.1:a"), true, false },
    { BM_GN_URI, BM_LIT_INIT("ldap://[::1]/cn=%20%Af"), true, false },
    { BM_GN_URI, BM_LIT_INIT("example.com"), false, true },
    { BM_GN_URI, BM_LIT_INIT(".example.com"), false, true },
    { BM_GN_URI, BM_LIT_INIT(""), false, true },
    { BM_GN_URI, BM_LIT_INIT(":a"), false, false },
    { BM_GN_URI, BM_LIT_INIT("a:"), false, false },
    { BM_GN_URI, BM_LIT_INIT("+a:b"), false, false },
    { BM_GN_URI, BM_LIT_INIT("1a:b"), false, false },
    { BM_GN_URI, BM_LIT_INIT("/a:b"), false, false },
    { BM_GN_URI, BM_LIT_INIT("urn:a b"), false, false },
    { BM_GN_URI, BM_LIT_INIT("urn:<a>"), true, false },
    { BM_GN_URI, BM_LIT_INIT("urn:a%2"), false, false },
    { BM_GN_URI, BM_LIT_INIT("urn:a%2g"), false, false },
    { BM_GN_URI, BM_LIT_INIT("urn:a%%20"), false, false },
    { BM_GN_URI, BM_LIT_INIT("urn:\x80"), false, false },

    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\1"), true, false },
    { BM_GN_IP, BM_LIT_INIT("0123456789abcdef"), true, false },
    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\0\xff\xff\xff\0"), false, true },
    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\0\xff\xff\xfe\0"), false, true },
    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\0\xff\xff\xff\xff"), false, true },
    { BM_GN_IP, BM_LIT_INIT("\0\0\0\0\0\0\0\0"), false, true },
    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\0\xff\xfe\xff\0"), false, false },
    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\0\0\0\0\1"), false, false },
    { BM_GN_IP, BM_LIT_INIT("\x0a\0\0\0\xff\xa0\0\0"), false, false },
    { BM_GN_IP,
      BM_LIT_INIT("\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                  "\xff\xff\x80\0\0\0\0\0\0\0\0\0\0\0\0\0"),
      false, true },
    { BM_GN_IP, BM_LIT_INIT(""), false, false },
    { BM_GN_IP, BM_LIT_INIT("\1\2\3"), false, false },
    { BM_GN_IP, BM_LIT_INIT("\1\2\3\4\5"), false, false },
    { BM_GN_IP, BM_LIT_INIT("\1\2\3\4\5\6\7\x08\x09"), false, false },

    { BM_GN_RID, BM_LIT_INIT("\x2a\x03"), true, true },
    { BM_GN_RID, BM_LIT_INIT("\x2a\x80\x03"), false, false },
    { BM_GN_RID, BM_LIT_INIT(""), false, false },
};

static bool taken(struct bm_bytes der, enum bm_gn_use use,
                  struct bm_general_name *gn)
{
    struct bm_der d;

    bm_der_init(&d, der, NULL);
    if (bm_general_name_take(&d, use, gn) != BM_OK) {
        CHECK(d.p == der.p);
        return false;
    }
    CHECK(d.p == d.end);
    return true;
}

/* RFC 5280 4.2.1.6, 4.2.1.10 */
static void a_name_is_made_of_the_characters_of_its_kind(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bm_general_name gn;
        uint8_t buf[300];
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_general_name_put(&w, texts[i].kind, texts[i].value);
        if (taken(bm_wr_bytes(&w), BM_GN_IN_NAME, &gn) != texts[i].name ||
            taken(bm_wr_bytes(&w), BM_GN_IN_CONSTRAINT, &gn) !=
                texts[i].constraint) {
            printf("# %lu: %.*s\n", (unsigned long)i, (int)texts[i].value.n,
                   (const char *)texts[i].value.p);
            CHECK(!"judged as the table says");
        }
        if (texts[i].name || texts[i].constraint) {
            (void)taken(bm_wr_bytes(&w),
                        texts[i].name ? BM_GN_IN_NAME : BM_GN_IN_CONSTRAINT,
                        &gn);
            CHECK(gn.kind == texts[i].kind);
            CHECK(bm_bytes_equal(gn.value, texts[i].value));
        }
    }
}

#define HW_NAME \
    "\xa0\x15\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x04\xa0\x09" HW_VALUE
#define HW_VALUE "\x30\x07\x06\x02\x2a\x03\x04\x01\x53"

static void a_hardware_module_name_is_read_and_written(void)
{
    struct bm_hardware_module_name hw;
    struct bm_general_name gn;
    uint8_t buf[40];
    struct bm_wr w;

    CHECK(taken(BM_LIT(HW_NAME), BM_GN_IN_NAME, &gn));
    CHECK(gn.kind == BM_GN_OTHER && bm_oid_is(gn.type, BM_OID_ON_HARDWARE));
    CHECK(bm_bytes_equal(gn.value, BM_LIT(HW_VALUE)));
    CHECK_STATUS(bm_hardware_module_name_parse(gn.value, NULL, &hw), BM_OK);
    CHECK(bm_bytes_equal(hw.type, BM_LIT("\x2a\x03")));
    CHECK(bm_bytes_equal(hw.serial, BM_LIT("S")));
    bm_wr_init(&w, buf, sizeof buf);
    bm_general_name_put_hardware(&w, &hw);
    CHECK(bm_bytes_equal(bm_wr_bytes(&w), BM_LIT(HW_NAME)));
}

static const struct {
    struct bm_bytes der;
    struct bm_bytes value;
    struct bm_bytes assigner;
    bm_status want;
} permanents[] = {
    { BM_LIT_INIT("\x30\x00"), { NULL, 0 }, { NULL, 0 }, BM_OK },
    { BM_LIT_INIT("\x30\x03\x0c\x01x"), BM_LIT_INIT("x"), { NULL, 0 }, BM_OK },
    { BM_LIT_INIT("\x30\x03\x06\x01\x2a"),
      { NULL, 0 },
      BM_LIT_INIT("\x2a"),
      BM_OK },
    { BM_LIT_INIT("\x30\x06\x0c\x01x\x06\x01\x2a"), BM_LIT_INIT("x"),
      BM_LIT_INIT("\x2a"), BM_OK },
    { BM_LIT_INIT("\x30\x06\x06\x01\x2a\x0c\x01x"),
      { NULL, 0 },
      { NULL, 0 },
      BM_E_DER_TRAILING },
    { BM_LIT_INIT("\x30\x03\x0c\x01\xff"),
      { NULL, 0 },
      { NULL, 0 },
      BM_E_DER_STRING },
    { BM_LIT_INIT("\x30\x03\x13\x01x"),
      { NULL, 0 },
      { NULL, 0 },
      BM_E_DER_TAG },
    { BM_LIT_INIT("\x30\x00\x00"),
      { NULL, 0 },
      { NULL, 0 },
      BM_E_DER_TRAILING },
    { BM_LIT_INIT("\x31\x00"), { NULL, 0 }, { NULL, 0 }, BM_E_DER_TAG },
};

/* RFC 4043 2: both parts are OPTIONAL */
static void a_permanent_identifier_has_none_one_or_both_parts(void)
{
    for (size_t i = 0; i < sizeof permanents / sizeof permanents[0]; i++) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_permanent_identifier id;

        CHECK_STATUS(
            bm_permanent_identifier_parse(permanents[i].der, &diag, &id),
            permanents[i].want);
        CHECK(bm_bytes_equal(id.value, permanents[i].value));
        CHECK(bm_bytes_equal(id.assigner, permanents[i].assigner));
        CHECK(diag.within == (diag.status ? BM_E_GN_PERMANENT : BM_OK));
    }
}

/* Whole elements, where the shape decides. */
static const struct {
    struct bm_bytes der;
    bool name;
    bool constraint;
} shapes[] = {
    { BM_LIT_INIT("\xa3\x00"), true, true }, /* x400Address: carried */
    { BM_LIT_INIT("\xa5\x00"), true, true }, /* ediPartyName: carried */
    { BM_LIT_INIT("\xa4\x02\x30\x00"), false, true }, /* the empty name */
    { BM_LIT_INIT("\xa4\x0e\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03"
                  "\x0c\x01x"),
      true, true },
    { BM_LIT_INIT("\xa4\x10\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03"
                  "\x0c\x01x\x30\x00"),
      false, false },
    { BM_LIT_INIT("\xa0\x07\x06\x01\x2a\xa0\x02\x05\x00"), true, true },
    { BM_LIT_INIT("\xa0\x05\x06\x01\x2a\xa0\x00"), false, false },
    { BM_LIT_INIT("\xa0\x05\x06\x01\x2a\x05\x00"), false, false },
    { BM_LIT_INIT("\xa0\x09\x06\x01\x2a\xa0\x02\x05\x00\x05\x00"), false,
      false },
    { BM_LIT_INIT("\xa9\x00"), false, false },
    { BM_LIT_INIT("\xa2\x01x"), false, false },
    { BM_LIT_INIT("\x82\x02x"), false, false },
    { BM_LIT_INIT("\x16\x01x"), false, false },
    { BM_LIT_INIT("\x80\x07\x06\x01\x2a\xa0\x02\x05\x00"), false, false },
    { BM_LIT_INIT(""), false, false },
};

static void a_name_has_the_tag_and_shape_of_its_kind(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct bm_general_name gn;

        CHECK(taken(shapes[i].der, BM_GN_IN_NAME, &gn) == shapes[i].name);
        CHECK(taken(shapes[i].der, BM_GN_IN_CONSTRAINT, &gn) ==
              shapes[i].constraint);
    }
}

static void a_list_is_not_empty_and_is_walked_to_its_end(void)
{
    static const char list[] = "\xa1\x06\x82\x01x\x82\x01y";
    struct bm_general_name gn;
    struct bm_bytes names;
    struct bm_der d;

    bm_der_init(&d, BM_LIT("\xa1\x00"), NULL);
    CHECK_STATUS(bm_general_names_take(&d, 0xa1, &names), BM_E_DER_EMPTY);
    bm_der_init(&d, BM_LIT(list), NULL);
    CHECK_STATUS(bm_general_names_take(&d, 0x30, &names), BM_E_DER_TAG);
    CHECK_STATUS(bm_general_names_take(&d, 0xa1, &names), BM_OK);
    CHECK(bm_der_left(&d) == 0 && names.n == 6);
    CHECK(bm_general_name_next(&names, &gn));
    CHECK(bm_bytes_equal(gn.value, BM_LIT("x")));
    CHECK(bm_general_name_next(&names, &gn));
    CHECK(bm_bytes_equal(gn.value, BM_LIT("y")));
    CHECK(!bm_general_name_next(&names, &gn));
}

int main(void)
{
    RUN(a_name_is_made_of_the_characters_of_its_kind);
    RUN(a_name_has_the_tag_and_shape_of_its_kind);
    RUN(a_hardware_module_name_is_read_and_written);
    RUN(a_permanent_identifier_has_none_one_or_both_parts);
    RUN(a_list_is_not_empty_and_is_walked_to_its_end);
    return bm_test_done();
}
