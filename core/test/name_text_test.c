/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"
#include "core/oid.h"

#include "tests/harness/bm_test.h"

static struct bm_bytes str(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Read `text`; the name must be one that bm_name_take() takes. */
static bm_status read(const char *text, struct bm_wr *w, size_t *bad)
{
    struct bm_bytes name;
    struct bm_diag diag;
    struct bm_der d;
    bm_status rc;

    rc = bm_name_from_text(str(text), w, bad);
    if (rc != BM_OK) {
        CHECK(w->len == 0);
        return rc;
    }
    bm_der_init(&d, bm_wr_bytes(w), &diag);
    CHECK_STATUS(bm_name_take(&d, &name), BM_OK);
    CHECK(bm_der_left(&d) == 0);
    return rc;
}

static void check_prints(struct bm_bytes name, const char *want)
{
    uint8_t buf[256];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    bm_name_put_text(&w, name);
    CHECK_BYTES(buf, w.len, want, strlen(want));
}

/* Strings, and how they are printed again (NULL: unchanged). */
static const struct {
    const char *text;
    const char *printed;
} names[] = {
    { "", NULL },
    { "CN=a", NULL },
    { "CN=Gate 1,O=Birthmark,C=DE", NULL },
    { "cn=a, o=b,  ou=c", "CN=a,O=b,OU=c" },
    { "2.5.4.3=a", "CN=a" },
    { "CN=a+serialNumber=1", NULL },
    { "serialNumber=1+CN=a", "CN=a+serialNumber=1" },
    { "O=b+O=a+O=c+CN=x", "CN=x+O=a+O=b+O=c" },
    { "O=bb+O=a", "O=a+O=bb" },
    { "CN=a+ O=b", "CN=a+O=b" },
    { "DC=example,DC=net", NULL }, /* RFC 4514 4 */
    { "UID=jsmith,DC=example,DC=net", NULL },
    { "OU=Sales+CN=J.  Smith,DC=example,DC=net", NULL },
    { "CN=James \\\"Jim\\\" Smith\\, III,DC=example", NULL },
    { "CN=Before\\0dAfter,DC=example", NULL },
    { "CN=Before\\0DAfter", "CN=Before\\0dAfter" },
    { "1.3.6.1.4.1.1466.0=#04024869", NULL },
    { "CN=Lu\xc4\x8di\xc4\x87", NULL },
    { "CN=Lu\\C4\\8Di\\c4\\87", "CN=Lu\xc4\x8di\xc4\x87" },
    { "CN=\\ a\\ ", NULL },
    { "CN=\\ ", NULL },
    { "CN=\\  \\ ", "CN=\\  \\ " },
    { "CN=\\#a#b", NULL },
    { "CN=a=b", NULL },
    { "CN=a\\=b", "CN=a=b" },
    { "CN=\\+\\,\\;\\<\\>\\\\\\\"", NULL },
    { "CN=\\2C", "CN=\\," },
    { "CN=\\00", NULL },
    { "CN=\xf0\x9f\x94\x91", NULL },
    { "STREET=x,L=x,ST=x,title=Dr", NULL },
    { "emailAddress=a@b.example", NULL },
    { "matter-vid=FFF1,matter-pid=8000", NULL },
    { "CN=#0c0161", "CN=a" },
    { "CN=#0C0161", "CN=a" },
    { "CN=#1e020061", "CN=a" },
    { "CN=#140161", "CN=a" },
    { "CN=#1401e4", "CN=\xc3\xa4" },
    { "CN=#1e0220ac", "CN=\xe2\x82\xac" },
    { "CN=#1c040001f511", "CN=\xf0\x9f\x94\x91" },
    { "UID=", NULL },
    { "1.2.3=x", "1.2.3=#0c0178" },
    { "1.2.3=#3000", NULL },
    { "x500UniqueIdentifier=#030100", NULL },
    { "2.25.329800735698586629295641978511506172918=#0500", NULL },
    /* What could deceive on a terminal: ESC, CSI, RLO, zero width, BOM */
    { "CN=a\x1b[31m", "CN=a\\1b[31m" },
    { "CN=\xc2\x9b", "CN=\\c2\\9b" },
    { "CN=\xe2\x80\xae", "CN=\\e2\\80\\ae" },
    { "CN=\xe2\x80\x8b", "CN=\\e2\\80\\8b" },
    { "CN=\xef\xbb\xbf", "CN=\\ef\\bb\\bf" },
    { "CN=\x7f\n", "CN=\\7f\\0a" },
};

static void strings_are_read_and_printed_in_one_form(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *want = names[i].printed;
        uint8_t buf[256];
        struct bm_wr w;
        size_t bad;
        size_t n;

        want = want == NULL ? names[i].text : want;
        bm_wr_init(&w, buf, sizeof buf);
        bm_check_status(read(names[i].text, &w, &bad), BM_OK, names[i].text,
                        __FILE__, __LINE__);
        check_prints(bm_wr_bytes(&w), want);
        n = w.len;
        /* The same as measured, and through the printed form */
        bm_wr_init(&w, NULL, 0);
        CHECK_STATUS(bm_name_from_text(str(names[i].text), &w, &bad), BM_OK);
        CHECK(w.len == n);
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(read(want, &w, &bad), BM_OK);
        check_prints(bm_wr_bytes(&w), want);
    }
}

/* What is wrong, and the offset of the attribute that has it. */
static const struct {
    const char *text;
    bm_status want;
    size_t bad;
} wrong[] = {
    { "CN", BM_E_NAME_TEXT, 0 },
    { "=a", BM_E_NAME_ATTRIBUTE, 0 },
    { "CN=a,", BM_E_NAME_TEXT, 5 },
    { ",CN=a", BM_E_NAME_TEXT, 0 },
    { "CN=a,,O=b", BM_E_NAME_TEXT, 5 },
    { "CN=a+", BM_E_NAME_TEXT, 5 },
    { "+CN=a", BM_E_NAME_ATTRIBUTE, 0 },
    { " ", BM_E_NAME_TEXT, 1 },
    { "CN=a;O=b", BM_E_NAME_TEXT, 0 },
    { "XY=a", BM_E_NAME_ATTRIBUTE, 0 },
    { "CN =a", BM_E_NAME_ATTRIBUTE, 0 },
    { "CN=a, XY=b", BM_E_NAME_ATTRIBUTE, 6 },
    { "CN=a+ XY=b", BM_E_NAME_ATTRIBUTE, 6 },
    { "serverAuth=a", BM_E_NAME_ATTRIBUTE, 0 },
    { "1=a", BM_E_DER_OID, 0 },
    { "1.2.=a", BM_E_DER_OID, 0 },
    { "CN= a", BM_E_NAME_TEXT, 0 },
    { "CN=a ", BM_E_NAME_TEXT, 0 },
    { "CN=a ,O=b", BM_E_NAME_TEXT, 0 },
    { "CN=\"a\"", BM_E_NAME_TEXT, 0 },
    { "CN=a<b", BM_E_NAME_TEXT, 0 },
    { "CN=a\\", BM_E_NAME_TEXT, 0 },
    { "O=b,CN=a\\", BM_E_NAME_TEXT, 4 },
    { "CN=a\\xb", BM_E_NAME_TEXT, 0 },
    { "CN=a\\c", BM_E_NAME_TEXT, 0 },
    { "CN=#", BM_E_NAME_TEXT, 0 },
    { "CN=#0", BM_E_NAME_TEXT, 0 },
    { "CN=#0c", BM_E_NAME_TEXT, 0 },
    { "CN=#0c016", BM_E_NAME_TEXT, 0 },
    { "CN=#0c02", BM_E_NAME_TEXT, 0 },
    { "CN=#0c016100", BM_E_NAME_TEXT, 0 },
    { "CN=#0c0161 ", BM_E_NAME_TEXT, 0 },
    { "CN=#0x0161", BM_E_NAME_TEXT, 0 },
    { "CN=#160161", BM_E_NAME_STRING, 0 },
    { "CN=", BM_E_NAME_STRING, 0 },
    { "O=x,C=DEU", BM_E_NAME_STRING, 4 },
    { "C=D1", BM_E_NAME_STRING, 0 },
    { "serialNumber=a_b", BM_E_DER_STRING, 0 },
    { "emailAddress=\xc3\xa4", BM_E_DER_STRING, 0 },
    { "CN=\xc3", BM_E_DER_STRING, 0 },
    { "CN=\\ff", BM_E_DER_STRING, 0 },
    { "matter-vid=fff1", BM_E_NAME_MATTER, 0 },
};

static void a_malformed_string_is_refused_at_its_attribute(void)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t buf[256];
        struct bm_wr w;
        size_t bad = 99;

        bm_wr_init(&w, buf, sizeof buf);
        bm_check_status(read(wrong[i].text, &w, &bad), wrong[i].want,
                        wrong[i].text, __FILE__, __LINE__);
        bm_check(bad == wrong[i].bad, wrong[i].text, __FILE__, __LINE__);
    }
}

static void values_take_the_type_of_their_attribute(void)
{
    static const struct {
        const char *text;
        uint8_t tag;
    } rows[] = {
        { "CN=a", BM_DER_UTF8_STRING },
        { "C=DE", BM_DER_PRINTABLE_STRING },
        { "serialNumber=1", BM_DER_PRINTABLE_STRING },
        { "dnQualifier=1", BM_DER_PRINTABLE_STRING },
        { "DC=a", BM_DER_IA5_STRING },
        { "emailAddress=a@b", BM_DER_IA5_STRING },
        { "UID=a", BM_DER_UTF8_STRING },
        { "matter-pid=0000", BM_DER_UTF8_STRING },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_name_walk walk;
        struct bm_attr attr;
        uint8_t buf[64];
        struct bm_wr w;
        size_t bad;

        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(read(rows[i].text, &w, &bad), BM_OK);
        bm_name_walk(&walk, bm_wr_bytes(&w));
        CHECK(bm_name_next(&walk, &attr) && attr.tag == rows[i].tag);
    }
}

static void the_last_rdn_comes_first(void)
{
    uint8_t buf[64];
    struct bm_wr w;
    size_t name;

    bm_wr_init(&w, buf, sizeof buf);
    name = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_C), BM_DER_PRINTABLE_STRING,
                    BM_LIT("DE"));
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_CN), BM_DER_UTF8_STRING, BM_LIT("a"));
    bm_der_close(&w, name);
    check_prints(bm_wr_bytes(&w), "CN=a,C=DE");
}

static void as_many_attributes_as_a_name_may_have(void)
{
    static const char separators[] = ",+";

    for (size_t k = 0; k < 2; k++) {
        char text[8 * (BM_NAME_RDNS_MAX + 1)];
        uint8_t buf[16 * BM_NAME_RDNS_MAX];
        struct bm_wr w;
        size_t bad;
        size_t n = 0;

        for (size_t i = 0; i < BM_NAME_RDNS_MAX; i++) {
            memcpy(text + n, "CN=aA,", 6);
            text[n + 4] = (char)('Z' - (int)(i % 26)); /* to be sorted */
            text[n + 5] = separators[k];
            n += 6;
        }
        text[n - 1] = '\0';
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(read(text, &w, &bad), BM_OK);
        memcpy(text + n - 1, separators + k, 1);
        memcpy(text + n, "CN=a", 5);
        bm_wr_init(&w, buf, sizeof buf);
        CHECK_STATUS(read(text, &w, &bad), BM_E_LIMIT);
    }
}

static void a_name_is_written_behind_what_is_there(void)
{
    uint8_t buf[64] = { 1, 2, 3 };
    uint8_t alone[64];
    struct bm_wr w = { buf, sizeof buf, 3 };
    struct bm_wr a;
    size_t bad;

    bm_wr_init(&a, alone, sizeof alone);
    CHECK_STATUS(bm_name_from_text(str("O=b+CN=a"), &a, &bad), BM_OK);
    CHECK_STATUS(bm_name_from_text(str("O=b+CN=a"), &w, &bad), BM_OK);
    CHECK_BYTES(buf + 3, w.len - 3, alone, a.len);
    CHECK_STATUS(bm_name_from_text(str("O=b+CN"), &w, &bad), BM_E_NAME_TEXT);
    CHECK(w.len == 3 + a.len && buf[0] == 1 && buf[2] == 3);
}

/*
 * Found by fuzzing: an RDN whose values have several string types sorts
 * otherwise when read back, for all become UTF8String. It is the same set.
 */
static void an_rdn_may_sort_otherwise_when_read_back(void)
{
    static const uint8_t mixed[] = {
        0x30, 0x16, 0x31, 0x14, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c,
        0x01, 'a',  0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x01, '1',
    };
    uint8_t buf[64];
    struct bm_wr w;
    size_t bad;

    check_prints(BM_ARRAY(mixed), "CN=a+CN=1");
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(read("CN=a+CN=1", &w, &bad), BM_OK);
    check_prints(bm_wr_bytes(&w), "CN=1+CN=a");
    CHECK(bm_name_equal(bm_wr_bytes(&w), BM_ARRAY(mixed)));
}

/* An arc wider than bm_oid_put_dotted() writes has no string form. */
static void an_unspeakable_type_is_shown_but_not_read(void)
{
    static const uint8_t wide[] = {
        0x30, 0x20, 0x31, 0x1e, 0x30, 0x1c, 0x06, 0x17, 0x2a, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x0c, 0x01, 0x61,
    };
    struct bm_bytes name;
    struct bm_der d;
    uint8_t buf[64];
    struct bm_wr w;
    size_t bad;

    bm_der_init(&d, BM_ARRAY(wide), NULL);
    CHECK_STATUS(bm_name_take(&d, &name), BM_OK);
    check_prints(name, "?=#0c0161");
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(read("?=#0c0161", &w, &bad), BM_E_NAME_ATTRIBUTE);
}

int main(void)
{
    RUN(strings_are_read_and_printed_in_one_form);
    RUN(a_malformed_string_is_refused_at_its_attribute);
    RUN(values_take_the_type_of_their_attribute);
    RUN(the_last_rdn_comes_first);
    RUN(as_many_attributes_as_a_name_may_have);
    RUN(a_name_is_written_behind_what_is_there);
    RUN(an_rdn_may_sort_otherwise_when_read_back);
    RUN(an_unspeakable_type_is_shown_but_not_read);
    return bm_test_done();
}
