/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"

#include "tests/harness/bm_test.h"

static struct bm_bytes octets(const char *p, size_t n)
{
    return (struct bm_bytes){ (const uint8_t *)p, n };
}

static struct bm_bytes str(const char *s)
{
    return octets(s, strlen(s));
}

/* Check a whole item; the reader must keep its promises. */
static bm_status take_item(struct bm_bytes in, struct bm_diag *diag)
{
    struct bm_bytes item = { NULL, 7 };
    struct bm_cbor c;
    bm_status rc;

    *diag = (struct bm_diag){ BM_OK, BM_OK, NULL };
    bm_cbor_init(&c, in, diag);
    rc = bm_cbor_take_item(&c, &item);
    if (rc != BM_OK) {
        CHECK(c.p == in.p && item.p == NULL && item.n == 7);
        CHECK(diag->status == rc);
        CHECK(bm_diag_offset(diag, in.p, in.n) <= in.n);
        return rc;
    }
    CHECK(item.p == in.p && item.n == (size_t)(c.p - in.p));
    return bm_cbor_end(&c);
}

/* RFC 8949 appendix A, integers: value and encoding. */
static const struct {
    int64_t value;
    const char *der;
    size_t n;
} integers[] = {
    { 0, "\x00", 1 },
    { 1, "\x01", 1 },
    { 10, "\x0a", 1 },
    { 23, "\x17", 1 },
    { 24, "\x18\x18", 2 },
    { 25, "\x18\x19", 2 },
    { 100, "\x18\x64", 2 },
    { 255, "\x18\xff", 2 },
    { 256, "\x19\x01\x00", 3 },
    { 1000, "\x19\x03\xe8", 3 },
    { 65535, "\x19\xff\xff", 3 },
    { 65536, "\x1a\x00\x01\x00\x00", 5 },
    { 1000000, "\x1a\x00\x0f\x42\x40", 5 },
    { INT64_C(4294967295), "\x1a\xff\xff\xff\xff", 5 },
    { INT64_C(4294967296), "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9 },
    { INT64_C(1000000000000), "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9 },
    { INT64_MAX, "\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", 9 },
    { -1, "\x20", 1 },
    { -10, "\x29", 1 },
    { -24, "\x37", 1 },
    { -25, "\x38\x18", 2 },
    { -100, "\x38\x63", 2 },
    { -256, "\x38\xff", 2 },
    { -257, "\x39\x01\x00", 3 },
    { -1000, "\x39\x03\xe7", 3 },
    { INT64_MIN, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9 },
};

static void integers_have_the_encodings_of_appendix_a(void)
{
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        struct bm_bytes in = octets(integers[i].der, integers[i].n);
        int64_t value = 4711;
        uint64_t whole = 4711;
        uint8_t buf[9];
        struct bm_cbor c;
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_cbor_put_int(&w, integers[i].value);
        CHECK_BYTES(buf, w.len, in.p, in.n);

        bm_cbor_init(&c, in, NULL);
        CHECK_STATUS(bm_cbor_take_int(&c, &value), BM_OK);
        CHECK(value == integers[i].value && bm_cbor_left(&c) == 0);

        bm_cbor_init(&c, in, NULL);
        if (value < 0) {
            CHECK_STATUS(bm_cbor_take_uint(&c, &whole), BM_E_CBOR_TYPE);
            CHECK(whole == 4711 && c.p == in.p);
        } else {
            CHECK_STATUS(bm_cbor_take_uint(&c, &whole), BM_OK);
            CHECK(whole == (uint64_t)value);
        }
    }
}

static void integers_beyond_63_bits_have_a_limit(void)
{
    struct bm_bytes big = BM_LIT("\x1b\xff\xff\xff\xff\xff\xff\xff\xff");
    struct bm_bytes low = BM_LIT("\x3b\x80\x00\x00\x00\x00\x00\x00\x00");
    struct bm_cbor c;
    uint64_t value = 0;
    int64_t number = 0;
    uint8_t buf[9];
    struct bm_wr w;

    bm_cbor_init(&c, big, NULL);
    CHECK_STATUS(bm_cbor_take_int(&c, &number), BM_E_LIMIT);
    CHECK(c.p == big.p);
    CHECK_STATUS(bm_cbor_take_uint(&c, &value), BM_OK);
    CHECK(value == UINT64_MAX);
    bm_wr_init(&w, buf, sizeof buf);
    bm_cbor_put_uint(&w, value);
    CHECK_BYTES(buf, w.len, big.p, big.n);
    bm_cbor_init(&c, low, NULL);
    CHECK_STATUS(bm_cbor_take_int(&c, &number), BM_E_LIMIT);
    CHECK(c.p == low.p && number == 0);
}

/* A whole item that is taken, or why not, and at which offset. */
static const struct {
    const char *why;
    const char *p;
    size_t n;
    bm_status want;
    size_t at;
} items[] = {
#define ROW(why, s, want, at)           \
    {                                   \
        why, s, sizeof(s) - 1, want, at \
    }
    ROW("empty bytes", "\x40", BM_OK, 0),
    ROW("bytes", "\x44\x01\x02\x03\x04", BM_OK, 0),
    ROW("text", "\x64IETF", BM_OK, 0),
    ROW("text of two octets", "\x62\xc3\xbc", BM_OK, 0),
    ROW("text of four octets", "\x64\xf0\x90\x85\x91", BM_OK, 0),
    ROW("array", "\x83\x01\x82\x02\x03\x82\x04\x05", BM_OK, 0),
    ROW("empty array", "\x80", BM_OK, 0),
    ROW("map", "\xa2\x61\x61\x01\x61\x62\x82\x02\x03", BM_OK, 0),
    ROW("array with map", "\x82\x61\x61\xa1\x61\x62\x61\x63", BM_OK, 0),
    ROW("tag", "\xc1\x1a\x51\x4b\x67\xb0", BM_OK, 0),
    ROW("long tag", "\xd8\x20\x60", BM_OK, 0),
    ROW("true, false, null", "\x83\xf5\xf4\xf6", BM_OK, 0),
    ROW("map with keys of all types",
        "\xa6\x0a\x01\x18\x64\x02\x20\x03\x61\x7a\x04\x62\x61\x61\x05\x81\x18"
        "\x64\x06",
        BM_OK, 0), /* RFC 8949 4.2.1, but for the last two */
    ROW("nothing", "", BM_E_CBOR_TRUNCATED, 0),
    ROW("two items", "\x01\x02", BM_E_CBOR_TRAILING, 1),
    ROW("no argument", "\x18", BM_E_CBOR_TRUNCATED, 0),
    ROW("half an argument", "\x19\x01", BM_E_CBOR_TRUNCATED, 0),
    ROW("23 in two octets", "\x18\x17", BM_E_CBOR_SHORTEST, 0),
    ROW("255 in three octets", "\x19\x00\xff", BM_E_CBOR_SHORTEST, 0),
    ROW("65535 in five", "\x1a\x00\x00\xff\xff", BM_E_CBOR_SHORTEST, 0),
    ROW("32 bits in nine", "\x1b\x00\x00\x00\x00\xff\xff\xff\xff",
        BM_E_CBOR_SHORTEST, 0),
    ROW("long length", "\x58\x01x", BM_E_CBOR_SHORTEST, 0),
    ROW("info 28", "\x1c", BM_E_CBOR_HEAD, 0),
    ROW("info 30", "\x5e", BM_E_CBOR_HEAD, 0),
    ROW("indefinite bytes", "\x5f\x41x\xff", BM_E_CBOR_INDEFINITE, 0),
    ROW("indefinite text", "\x7f\x61x\xff", BM_E_CBOR_INDEFINITE, 0),
    ROW("indefinite array", "\x9f\xff", BM_E_CBOR_INDEFINITE, 0),
    ROW("indefinite map", "\xbf\xff", BM_E_CBOR_INDEFINITE, 0),
    ROW("break", "\x82\x01\xff", BM_E_CBOR_INDEFINITE, 2),
    ROW("indefinite integer", "\x1f", BM_E_CBOR_INDEFINITE, 0),
    ROW("undefined", "\xf7", BM_E_CBOR_SIMPLE, 0),
    ROW("simple 16", "\xf0", BM_E_CBOR_SIMPLE, 0),
    ROW("simple 255", "\xf8\xff", BM_E_CBOR_SIMPLE, 0),
    ROW("half", "\xf9\x00\x00", BM_E_CBOR_SIMPLE, 0),
    ROW("float", "\xfa\x47\xc3\x50\x00", BM_E_CBOR_SIMPLE, 0),
    ROW("double in an array", "\x81\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a",
        BM_E_CBOR_SIMPLE, 1),
    ROW("string past the end", "\x82\x01\x43xy", BM_E_CBOR_TRUNCATED, 2),
    ROW("length of 64 bits", "\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
        BM_E_CBOR_TRUNCATED, 0),
    ROW("array past the end", "\x83\x01\x02", BM_E_CBOR_TRUNCATED, 0),
    ROW("array of 64 bits", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        BM_E_CBOR_TRUNCATED, 0),
    ROW("map of 64 bits", "\xbb\x80\x00\x00\x00\x00\x00\x00\x00",
        BM_E_CBOR_TRUNCATED, 0),
    ROW("map without a value", "\xa1\x01", BM_E_CBOR_TRUNCATED, 0),
    ROW("items inside take the room", "\x82\x41x", BM_E_CBOR_TRUNCATED, 3),
    ROW("tag of nothing", "\xc1", BM_E_CBOR_TRUNCATED, 1),
    ROW("not UTF-8", "\x61\xff", BM_E_CBOR_UTF8, 0),
    ROW("overlong", "\x81\x62\xc0\x80", BM_E_CBOR_UTF8, 1),
    ROW("surrogate", "\x63\xed\xa0\x80", BM_E_CBOR_UTF8, 0),
    ROW("cut UTF-8", "\x62\xc3\xbc\x61\xc3", BM_E_CBOR_TRAILING, 3),
    ROW("key twice", "\xa2\x01\x02\x01\x03", BM_E_CBOR_ORDER, 3),
    ROW("keys not in order", "\xa2\x02\x02\x01\x03", BM_E_CBOR_ORDER, 3),
    ROW("longer key first", "\xa2\x62\x61\x61\x01\x61\x62\x02", BM_E_CBOR_ORDER,
        5),
    ROW("inner map not in order", "\x81\xa2\x61\x62\x01\x61\x61\x02",
        BM_E_CBOR_ORDER, 5),
    ROW("array as key, twice", "\xa2\x81\x01\x00\x81\x01\x00", BM_E_CBOR_ORDER,
        4),
    ROW("map as key", "\xa2\xa1\x01\x02\x00\xa1\x01\x03\x00", BM_OK, 0),
    ROW("same value twice", "\xa2\x01\x05\x02\x05", BM_OK, 0),
#undef ROW
};

static void only_the_deterministic_encoding_is_taken(void)
{
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct bm_bytes in = octets(items[i].p, items[i].n);
        struct bm_diag diag;

        bm_check_status(take_item(in, &diag), items[i].want, items[i].why,
                        __FILE__, __LINE__);
        if (items[i].want != BM_OK) {
            bm_check(bm_diag_offset(&diag, in.p, in.n) == items[i].at,
                     items[i].why, __FILE__, __LINE__);
        }
    }
}

static void nesting_is_bounded(void)
{
    static const uint8_t heads[] = { 0x81, 0xc1, 0xa1 }; /* array, tag, map */
    uint8_t buf[4 * BM_CBOR_DEPTH_MAX];
    struct bm_diag diag;

    for (size_t k = 0; k < sizeof heads; k++) {
        for (size_t depth = 0; depth < BM_CBOR_DEPTH_MAX + 2; depth++) {
            size_t n = 0;

            for (size_t i = 0; i < depth; i++) {
                buf[n++] = heads[k];
                if (heads[k] == 0xa1) {
                    buf[n++] = 0; /* key */
                }
            }
            buf[n++] = 0;
            CHECK_STATUS(take_item((struct bm_bytes){ buf, n }, &diag),
                         depth <= BM_CBOR_DEPTH_MAX ? BM_OK : BM_E_CBOR_DEPTH);
        }
    }
}

/* A record such as the ledger writes: { 1: h'..', 2: "..", 3: [true, null] } */
static size_t make_record(uint8_t *buf, size_t cap)
{
    struct bm_wr w;

    bm_wr_init(&w, buf, cap);
    bm_cbor_put_tag(&w, 55799);
    bm_cbor_put_map(&w, 4);
    bm_cbor_put_uint(&w, 1);
    bm_cbor_put_bytes(&w, BM_LIT("\x01\x02\x03"));
    bm_cbor_put_uint(&w, 2);
    bm_cbor_put_text(&w, str("gate"));
    bm_cbor_put_uint(&w, 3);
    bm_cbor_put_array(&w, 3);
    bm_cbor_put_bool(&w, true);
    bm_cbor_put_null(&w);
    bm_cbor_put_bool(&w, false);
    bm_cbor_put_text(&w, str("t"));
    bm_cbor_put_int(&w, -500);
    return w.len;
}

static bm_status read_record(struct bm_cbor *c)
{
    struct bm_bytes key = { NULL, 0 };
    struct bm_bytes view;
    uint64_t tag;
    int64_t number;
    bool first;
    bool third;
    size_t n;

    BM_TRY(bm_cbor_take_tag(c, &tag));
    BM_TRY(bm_cbor_take_map(c, &n));
    CHECK(tag == 55799 && n == 4);
    BM_TRY(bm_cbor_take_key(c, &key));
    BM_TRY(bm_cbor_take_bytes(c, &view));
    CHECK_BYTES(view.p, view.n, "\x01\x02\x03", 3);
    BM_TRY(bm_cbor_take_key(c, &key));
    BM_TRY(bm_cbor_take_text(c, &view));
    CHECK_BYTES(view.p, view.n, "gate", 4);
    BM_TRY(bm_cbor_take_key(c, &key));
    BM_TRY(bm_cbor_take_array(c, &n));
    BM_TRY(bm_cbor_take_bool(c, &first));
    BM_TRY(bm_cbor_take_null(c));
    BM_TRY(bm_cbor_take_bool(c, &third));
    CHECK(n == 3 && first && !third);
    BM_TRY(bm_cbor_take_key(c, &key));
    CHECK_BYTES(key.p, key.n, "\x61t", 2);
    BM_TRY(bm_cbor_take_int(c, &number));
    CHECK(number == -500);
    return bm_cbor_end(c);
}

static void what_we_write_we_can_read(void)
{
    uint8_t buf[64];
    size_t n = make_record(buf, sizeof buf);
    struct bm_diag diag;
    struct bm_cbor c;

    CHECK(n == make_record(NULL, 0));
    bm_cbor_init(&c, (struct bm_bytes){ buf, n }, NULL);
    CHECK_STATUS(read_record(&c), BM_OK);
    CHECK_STATUS(take_item((struct bm_bytes){ buf, n }, &diag), BM_OK);
}

static void keys_are_checked_as_they_are_taken(void)
{
    struct bm_bytes in = BM_LIT("\x02\x01\x02\x61x");
    struct bm_bytes last = { NULL, 0 };
    struct bm_cbor c;

    bm_cbor_init(&c, in, NULL);
    CHECK_STATUS(bm_cbor_take_key(&c, &last), BM_OK);
    CHECK_STATUS(bm_cbor_take_key(&c, &last), BM_E_CBOR_ORDER);
    CHECK(c.p == in.p + 1 && last.p == in.p && last.n == 1);
    c.p++;
    CHECK_STATUS(bm_cbor_take_key(&c, &last), BM_E_CBOR_ORDER);
    c.p++;
    CHECK_STATUS(bm_cbor_take_key(&c, &last), BM_OK);
    CHECK_STATUS(bm_cbor_take_key(&c, &last), BM_E_CBOR_TRUNCATED);
}

/* Each take function refuses every other type and stays where it is. */
static void another_type_is_refused(void)
{
    static const uint8_t heads[] = { 0x00, 0x20, 0x40, 0x60, 0x80,
                                     0xa0, 0xc0, 0xf5, 0xf6 };

    for (size_t i = 0; i < sizeof heads; i++) {
        struct bm_bytes in = { heads + i, 1 };
        struct bm_bytes view = { NULL, 0 };
        uint64_t u = 0;
        int64_t s = 0;
        size_t n = 0;
        bool b = false;
        struct bm_cbor c;

#define CHECK_TAKES(take, first, last)                          \
    do {                                                        \
        bool right = i - (first) <= (size_t)((last) - (first)); \
                                                                \
        bm_cbor_init(&c, in, NULL);                             \
        CHECK_STATUS((take), right ? BM_OK : BM_E_CBOR_TYPE);   \
        CHECK((c.p == in.p) == !right);                         \
    } while (0)
        CHECK_TAKES(bm_cbor_take_uint(&c, &u), 0, 0);
        CHECK_TAKES(bm_cbor_take_int(&c, &s), 0, 1);
        CHECK_TAKES(bm_cbor_take_bytes(&c, &view), 2, 2);
        CHECK_TAKES(bm_cbor_take_text(&c, &view), 3, 3);
        CHECK_TAKES(bm_cbor_take_array(&c, &n), 4, 4);
        CHECK_TAKES(bm_cbor_take_map(&c, &n), 5, 5);
        CHECK_TAKES(bm_cbor_take_tag(&c, &u), 6, 6);
        CHECK_TAKES(bm_cbor_take_bool(&c, &b), 7, 7);
        CHECK_TAKES(bm_cbor_take_null(&c), 8, 8);
#undef CHECK_TAKES
    }
}

static void a_refused_head_leaves_the_value_alone(void)
{
    static const struct bm_bytes bad[] = {
        BM_LIT_INIT(""),         BM_LIT_INIT("\x18"), /* truncated */
        BM_LIT_INIT("\x18\x17"),                      /* not the shortest */
        BM_LIT_INIT("\x1c"),                          /* reserved */
        BM_LIT_INIT("\xd8"),     BM_LIT_INIT("\xd8\x01"), BM_LIT_INIT("\x81"),
        BM_LIT_INIT("\xa1\x00"), BM_LIT_INIT("\x41"),     BM_LIT_INIT("\xf8"),
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bm_cbor c;
        uint64_t number = 7;
        int64_t integer = 7;
        size_t n = 7;
        struct bm_bytes s = { NULL, 7 };

        bm_cbor_init(&c, bad[i], NULL);
        CHECK(bm_cbor_take_uint(&c, &number) != BM_OK);
        CHECK(bm_cbor_take_tag(&c, &number) != BM_OK);
        CHECK(bm_cbor_take_int(&c, &integer) != BM_OK);
        CHECK(bm_cbor_take_array(&c, &n) != BM_OK);
        CHECK(bm_cbor_take_map(&c, &n) != BM_OK);
        CHECK(bm_cbor_take_bytes(&c, &s) != BM_OK);
        CHECK(number == 7 && integer == 7 && n == 7 && s.n == 7);
        CHECK(c.p == bad[i].p);
    }
}

static void damage_is_all_or_nothing(void)
{
    uint8_t buf[64];
    size_t n = make_record(buf, sizeof buf);
    struct bm_diag diag;

    for (size_t i = 0; i < n; i++) {
        CHECK(take_item((struct bm_bytes){ buf, i }, &diag) != BM_OK);
    }
    for (size_t bit = 0; bit < 8 * n; bit++) {
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)take_item((struct bm_bytes){ buf, n }, &diag);
        buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    RUN(integers_have_the_encodings_of_appendix_a);
    RUN(integers_beyond_63_bits_have_a_limit);
    RUN(only_the_deterministic_encoding_is_taken);
    RUN(nesting_is_bounded);
    RUN(what_we_write_we_can_read);
    RUN(keys_are_checked_as_they_are_taken);
    RUN(another_type_is_refused);
    RUN(a_refused_head_leaves_the_value_alone);
    RUN(damage_is_all_or_nothing);
    return bm_test_done();
}
