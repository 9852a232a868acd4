/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include "tests/harness/bm_test.h"

#define ROW(s) BM_LIT_INIT(s)

/* Each row is one sentence of X.690 that a lenient reader gets wrong. */
static const struct {
    const char *why;
    struct bm_bytes in;
    bm_status want;
    size_t body; /* its length */
} lengths[] = {
    { "short form", ROW("\x30\x01\xff"), BM_OK, 1 },
    { "empty", ROW("\x30\x00"), BM_OK, 0 },
    { "something behind", ROW("\x30\x01\xff\x30"), BM_OK, 1 },
    { "no input", ROW(""), BM_E_DER_TRUNCATED, 0 },
    { "tag only", ROW("\x30"), BM_E_DER_TRUNCATED, 0 },
    { "wrong tag", ROW("\x31\x00"), BM_E_DER_TAG, 0 },
    { "primitive", ROW("\x10\x00"), BM_E_DER_TAG, 0 },
    { "indefinite (8.1.3.6)", ROW("\x30\x80\0\0"), BM_E_DER_LENGTH, 0 },
    { "reserved (8.1.3.5 c)", ROW("\x30\xff"), BM_E_DER_LENGTH, 0 },
    { "long form of 1 (10.1)", ROW("\x30\x81\x01\0"), BM_E_DER_LENGTH, 0 },
    { "long form of 127", ROW("\x30\x81\x7f"), BM_E_DER_LENGTH, 0 },
    { "leading zero (10.1)", ROW("\x30\x82\0\x80"), BM_E_DER_LENGTH, 0 },
    { "three octets for two", ROW("\x30\x83\0\1\0"), BM_E_DER_LENGTH, 0 },
    { "five octets", ROW("\x30\x85\1\0\0\0\0"), BM_E_DER_LENGTH, 0 },
    { "length cut", ROW("\x30\x82\1"), BM_E_DER_TRUNCATED, 0 },
    { "body past the end", ROW("\x30\x02\xff"), BM_E_DER_TRUNCATED, 0 },
    { "4 GiB", ROW("\x30\x84\xff\xff\xff\xff"), BM_E_DER_TRUNCATED, 0 },
};

static void only_the_shortest_length_is_taken(void)
{
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct bm_bytes in = lengths[i].in;
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_bytes body = { NULL, 99 };
        struct bm_der d;
        bm_status rc;

        bm_der_init(&d, in, &diag);
        rc = bm_der_take(&d, BM_DER_SEQUENCE, &body);
        bm_check_status(rc, lengths[i].want, lengths[i].why, __FILE__,
                        __LINE__);
        CHECK(diag.status == rc);
        if (rc == BM_OK) {
            CHECK(body.n == lengths[i].body && d.p == body.p + body.n);
        } else {
            CHECK(d.p == in.p && body.p == NULL && body.n == 99);
            CHECK(diag.at == in.p && diag.within == BM_OK);
        }
    }
}

/* Lengths at each boundary, in a room that large. */
static void bodies_of_every_length_octet_count_are_taken(void)
{
    static const struct {
        size_t body;
        size_t header;
    } rows[] = { { 127, 2 }, { 128, 3 }, { 255, 3 }, { 256, 4 } };
    static uint8_t buf[300];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_bytes element;
        struct bm_bytes body;
        struct bm_der d;
        struct bm_wr w;
        uint8_t tag = 0;

        bm_wr_init(&w, buf, sizeof buf);
        bm_der_put_header(&w, BM_DER_OCTET_STRING, rows[i].body);
        CHECK(w.len == rows[i].header);
        bm_der_init(&d, (struct bm_bytes){ buf, w.len + rows[i].body }, NULL);
        CHECK_STATUS(bm_der_take_any(&d, &tag, &body), BM_OK);
        CHECK(tag == BM_DER_OCTET_STRING && body.n == rows[i].body);
        CHECK_STATUS(bm_der_end(&d), BM_OK);
        bm_der_init(&d, (struct bm_bytes){ buf, w.len + rows[i].body }, NULL);
        CHECK_STATUS(bm_der_take_element(&d, BM_DER_OCTET_STRING, &element),
                     BM_OK);
        CHECK(element.p == buf && element.n == w.len + rows[i].body);
        bm_der_init(&d, (struct bm_bytes){ buf, w.len + rows[i].body - 1 },
                    NULL);
        CHECK_STATUS(bm_der_take_any(&d, &tag, &body), BM_E_DER_TRUNCATED);
    }
}

static void tags_of_several_octets_and_end_marks_are_refused(void)
{
    static const struct {
        uint8_t tag;
        bm_status want;
    } rows[] = {
        { 0x00, BM_E_DER_TAG }, { 0x1f, BM_E_DER_TAG }, { 0x3f, BM_E_DER_TAG },
        { 0xbf, BM_E_DER_TAG }, { 0xff, BM_E_DER_TAG }, { 0x01, BM_OK },
        { 0x1e, BM_OK },        { 0x80, BM_OK },        { 0xbe, BM_OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t in[2] = { rows[i].tag, 0 };
        struct bm_bytes body;
        struct bm_der d;
        uint8_t tag = 0x55;

        bm_der_init(&d, BM_ARRAY(in), NULL);
        CHECK_STATUS(bm_der_take_any(&d, &tag, &body), rows[i].want);
        CHECK(tag == (rows[i].want == BM_OK ? rows[i].tag : 0x55));
    }
}

/* What a typed take makes of one element. */
enum kind {
    U32,
    INTEGER,
    BOOLEAN,
    OID,
    OCTET_BITS,
    FLAGS,
    NOTHING
};

static bm_status take(struct bm_der *d, enum kind kind, uint32_t *value)
{
    struct bm_bytes view = { NULL, 0 };
    uint16_t flags = 0;
    bool truth = false;
    bm_status rc;

    switch (kind) {
    case U32:
        return bm_der_take_u32(d, value);
    case INTEGER:
        rc = bm_der_take_integer(d, BM_DER_INTEGER, &view);
        break;
    case BOOLEAN:
        rc = bm_der_take_bool(d, BM_DER_BOOLEAN, &truth);
        *value = truth;
        return rc;
    case OID:
        rc = bm_der_take_oid(d, &view);
        break;
    case OCTET_BITS:
        rc = bm_der_take_octet_bits(d, &view);
        break;
    case FLAGS:
        rc = bm_der_take_flags(d, BM_DER_BIT_STRING, &flags);
        *value = flags;
        return rc;
    default:
        return bm_der_take_null(d);
    }
    *value = (uint32_t)view.n;
    CHECK(rc == BM_OK || view.p == NULL);
    return rc;
}

static const struct {
    struct bm_bytes in;
    enum kind kind;
    bm_status want;
    uint32_t value; /* or how many octets */
} elements[] = {
    { ROW("\x02\x01\x00"), U32, BM_OK, 0 },
    { ROW("\x02\x01\x7f"), U32, BM_OK, 127 },
    { ROW("\x02\x02\x00\x80"), U32, BM_OK, 128 },
    { ROW("\x02\x04\x7f\xff\xff\xff"), U32, BM_OK, 0x7fffffff },
    { ROW("\x02\x05\x00\xff\xff\xff\xff"), U32, BM_OK, 0xffffffff },
    { ROW("\x02\x05\x01\x00\x00\x00\x00"), U32, BM_E_DER_INTEGER, 0 },
    { ROW("\x02\x06\x00\xff\xff\xff\xff\xff"), U32, BM_E_DER_INTEGER, 0 },
    { ROW("\x02\x01\x80"), U32, BM_E_DER_INTEGER, 0 }, /* negative */
    { ROW("\x02\x00"), U32, BM_E_DER_INTEGER, 0 },
    { ROW("\x02\x02\x00\x7f"), U32, BM_E_DER_INTEGER, 0 }, /* 8.3.2 */
    { ROW("\x0a\x01\x01"), U32, BM_E_DER_TAG, 0 },
    { ROW("\x02\x01\x80"), INTEGER, BM_OK, 1 },
    { ROW("\x02\x02\xff\x7f"), INTEGER, BM_OK, 2 },
    { ROW("\x02\x02\xff\x80"), INTEGER, BM_E_DER_INTEGER, 0 }, /* 8.3.2 */
    { ROW("\x02\x02\x00\x00"), INTEGER, BM_E_DER_INTEGER, 0 },
    { ROW("\x02\x00"), INTEGER, BM_E_DER_INTEGER, 0 },
    { ROW("\x01\x01\x00"), BOOLEAN, BM_OK, false },
    { ROW("\x01\x01\xff"), BOOLEAN, BM_OK, true },
    { ROW("\x01\x01\x01"), BOOLEAN, BM_E_DER_BOOLEAN, 0 }, /* 11.1 */
    { ROW("\x01\x00"), BOOLEAN, BM_E_DER_BOOLEAN, 0 },
    { ROW("\x01\x02\xff\xff"), BOOLEAN, BM_E_DER_BOOLEAN, 0 },
    { ROW("\x06\x01\x2a"), OID, BM_OK, 1 },
    { ROW("\x06\x03\x2a\x83\x7f"), OID, BM_OK, 3 },
    { ROW("\x06\x00"), OID, BM_E_DER_OID, 0 },
    { ROW("\x06\x01\x80"), OID, BM_E_DER_OID, 0 },
    { ROW("\x06\x02\x2a\x83"), OID, BM_E_DER_OID, 0 },     /* cut */
    { ROW("\x06\x03\x2a\x80\x01"), OID, BM_E_DER_OID, 0 }, /* 8.19.2 */
    { ROW("\x06\x04\x2a\x81\x80\x01"), OID, BM_OK, 4 },    /* inside */
    { ROW("\x03\x01\x00"), OCTET_BITS, BM_OK, 0 },
    { ROW("\x03\x03\x00\xaa\xbb"), OCTET_BITS, BM_OK, 2 },
    { ROW("\x03\x00"), OCTET_BITS, BM_E_DER_BITS, 0 },
    { ROW("\x03\x02\x01\xaa"), OCTET_BITS, BM_E_DER_BITS, 0 },
    { ROW("\x23\x03\x03\x01\x00"), OCTET_BITS, BM_E_DER_TAG, 0 }, /* 10.2 */
    { ROW("\x03\x01\x00"), FLAGS, BM_OK, 0 },
    { ROW("\x03\x02\x07\x80"), FLAGS, BM_OK, 1 },
    { ROW("\x03\x02\x01\x06"), FLAGS, BM_OK, 0x60 }, /* keyCertSign, cRLSign */
    { ROW("\x03\x02\x00\xff"), FLAGS, BM_OK, 0xff },
    { ROW("\x03\x03\x07\x00\x80"), FLAGS, BM_OK, 0x100 },
    { ROW("\x03\x03\x00\x00\x01"), FLAGS, BM_OK, 0x8000 },
    { ROW("\x03\x00"), FLAGS, BM_E_DER_BITS, 0 },
    { ROW("\x03\x01\x01"), FLAGS, BM_E_DER_BITS, 0 },
    { ROW("\x03\x02\x08\x80"), FLAGS, BM_E_DER_BITS, 0 },
    { ROW("\x03\x02\x00\x80"), FLAGS, BM_E_DER_BITS, 0 }, /* 11.2.2 */
    { ROW("\x03\x02\x07\xc0"), FLAGS, BM_E_DER_BITS, 0 }, /* 11.2.1 */
    { ROW("\x03\x02\x07\x00"), FLAGS, BM_E_DER_BITS, 0 },
    { ROW("\x03\x03\x07\x80\x00"), FLAGS, BM_E_DER_BITS, 0 },
    { ROW("\x03\x04\x07\x00\x00\x80"), FLAGS, BM_E_DER_BITS, 0 },
    { ROW("\x05\x00"), NOTHING, BM_OK, 0 },
    { ROW("\x05\x01\x00"), NOTHING, BM_E_DER_NULL, 0 },
};

static void values_have_one_encoding(void)
{
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        struct bm_bytes in = elements[i].in;
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        uint32_t value = 0;
        struct bm_der d;
        bm_status rc;

        bm_der_init(&d, in, &diag);
        rc = take(&d, elements[i].kind, &value);
        CHECK_STATUS(rc, elements[i].want);
        if (rc == BM_OK) {
            CHECK(value == elements[i].value && bm_der_left(&d) == 0);
        } else {
            CHECK(d.p == in.p && diag.status == rc && diag.at == in.p);
        }
        /* No prefix of it is one. */
        for (size_t n = 0; n < in.n; n++) {
            bm_der_init(&d, (struct bm_bytes){ in.p, n }, NULL);
            CHECK(take(&d, elements[i].kind, &value) != BM_OK);
            CHECK(d.p == in.p);
        }
    }
}

static void a_sub_reader_stays_inside_and_complains_to_the_same_place(void)
{
    struct bm_bytes in = BM_LIT("\x30\x03\x02\x02\x01\x05\x00");
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_der inside;
    struct bm_der d;
    uint32_t value = 7;

    bm_der_init(&d, in, &diag);
    CHECK(bm_der_at(&d, BM_DER_SEQUENCE) && !bm_der_at(&d, BM_DER_SET));
    CHECK_STATUS(bm_der_enter(&d, BM_DER_SEQUENCE, &inside), BM_OK);
    CHECK(bm_der_left(&inside) == 3 && bm_der_left(&d) == 2);
    CHECK_STATUS(bm_der_take_u32(&inside, &value), BM_E_DER_TRUNCATED);
    CHECK(value == 7 && bm_diag_offset(&diag, in.p, in.n) == 2);
    CHECK_STATUS(bm_der_end(&inside), BM_E_DER_TRAILING);
    CHECK_STATUS(bm_der_take_null(&d), BM_OK);
    CHECK_STATUS(bm_der_end(&d), BM_OK);
    CHECK(!bm_der_at(&d, BM_DER_NULL));
}

static void the_innermost_field_is_named(void)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_der d;

    bm_der_init(&d, BM_LIT("\x30\x00"), &diag);
    CHECK_STATUS(bm_der_within(&d, BM_E_EXT_BC, BM_OK), BM_OK);
    CHECK(diag.within == BM_OK);
    CHECK_STATUS(bm_der_fail(&d, BM_E_DER_TAG), BM_E_DER_TAG);
    CHECK_STATUS(bm_der_within(&d, BM_E_EXT_BC, BM_E_DER_TAG), BM_E_DER_TAG);
    CHECK_STATUS(bm_der_within(&d, BM_E_CERT, BM_E_DER_TAG), BM_E_DER_TAG);
    CHECK(diag.status == BM_E_DER_TAG && diag.within == BM_E_EXT_BC);
    CHECK_STATUS(bm_der_fail_at(&d, d.p + 1, BM_E_LIMIT), BM_E_LIMIT);
    CHECK(diag.within == BM_OK && diag.at == d.p + 1); /* a fresh failure */

    d.diag = NULL; /* and nobody need listen */
    CHECK_STATUS(bm_der_within(&d, BM_E_CERT, bm_der_fail(&d, BM_E_DER_TAG)),
                 BM_E_DER_TAG);
}

static void an_offset_outside_of_the_input_is_none(void)
{
    uint8_t in[4] = { 0 };
    struct bm_diag diag = { BM_E_DER_TAG, BM_OK, NULL };

    CHECK(bm_diag_offset(&diag, in, sizeof in) == SIZE_MAX);
    diag.at = in + 4;
    CHECK(bm_diag_offset(&diag, in, sizeof in) == 4); /* the end is inside */
    CHECK(bm_diag_offset(&diag, in, 3) == SIZE_MAX);
    diag.at = in;
    CHECK(bm_diag_offset(&diag, in + 1, 3) == SIZE_MAX);
}

static void an_empty_input_may_be_no_memory_at_all(void)
{
    struct bm_bytes body;
    struct bm_der d;
    uint8_t tag;

    bm_der_init(&d, (struct bm_bytes){ NULL, 0 }, NULL);
    CHECK(bm_der_left(&d) == 0);
    CHECK_STATUS(bm_der_end(&d), BM_OK);
    CHECK_STATUS(bm_der_take_any(&d, &tag, &body), BM_E_DER_TRUNCATED);
}

int main(void)
{
    RUN(only_the_shortest_length_is_taken);
    RUN(bodies_of_every_length_octet_count_are_taken);
    RUN(tags_of_several_octets_and_end_marks_are_refused);
    RUN(values_have_one_encoding);
    RUN(a_sub_reader_stays_inside_and_complains_to_the_same_place);
    RUN(the_innermost_field_is_named);
    RUN(an_offset_outside_of_the_input_is_none);
    RUN(an_empty_input_may_be_no_memory_at_all);
    return bm_test_done();
}
