/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include "core/oid.h"
#include "tests/harness/bm_test.h"

#define NAME_MAX 1024

/* A name under construction, or read from the DSL below. */
struct built {
    uint8_t der[NAME_MAX];
    size_t n;
};

/* One attribute; `joins` puts it into the RDN before it. */
struct part {
    const char *oid;
    const char *value;
    uint8_t tag;
    uint8_t value_n; /* 0: strlen(value) */
    bool joins;
};

static struct bm_bytes part_value(const struct part *p)
{
    return (struct bm_bytes){ (const uint8_t *)p->value,
                              p->value_n != 0 ? p->value_n : strlen(p->value) };
}

static struct bm_bytes build(struct built *b, const struct part *parts,
                             size_t n)
{
    struct bm_wr w;
    size_t name;
    size_t rdn = 0;

    bm_wr_init(&w, b->der, sizeof b->der);
    name = bm_der_open(&w, BM_DER_SEQUENCE);
    for (size_t i = 0; i < n; i++) {
        size_t attr;

        if (!parts[i].joins) {
            rdn = bm_der_open(&w, BM_DER_SET);
        }
        attr = bm_der_open(&w, BM_DER_SEQUENCE);
        bm_der_put(&w, BM_DER_OID,
                   (struct bm_bytes){ (const uint8_t *)parts[i].oid,
                                      strlen(parts[i].oid) });
        bm_der_put(&w, parts[i].tag, part_value(&parts[i]));
        bm_der_close(&w, attr);
        if (i + 1 == n || !parts[i + 1].joins) {
            bm_der_close(&w, rdn);
        }
    }
    bm_der_close(&w, name);
    CHECK_STATUS(bm_wr_finish(&w, &b->n), BM_OK);
    return bm_wr_bytes(&w);
}

/* Take `der` as a whole name, checking what must hold on failure. */
static bm_status take(struct bm_bytes der, struct bm_diag *diag)
{
    static const uint8_t mark;
    struct bm_bytes name = { &mark, 1 };
    struct bm_der d;
    bm_status rc;

    *diag = (struct bm_diag){ BM_OK, BM_OK, NULL };
    bm_der_init(&d, der, diag);
    rc = bm_name_take(&d, &name);
    if (rc != BM_OK) {
        CHECK(d.p == der.p && name.p == &mark && name.n == 1);
        CHECK(diag->status == rc && diag->within == BM_E_NAME);
        CHECK(diag->at >= der.p && diag->at <= der.p + der.n);
    } else {
        CHECK(name.p == der.p && d.p == name.p + name.n);
    }
    return rc;
}

static bm_status take_parts(const struct part *parts, size_t n)
{
    struct bm_diag diag;
    struct built b;

    return take(build(&b, parts, n), &diag);
}

#define VID         BM_OID_AT_MATTER_VID
#define PID         BM_OID_AT_MATTER_PID
#define UNKNOWN_OID "\x2a\x03\x04"

/* One attribute each: what RFC 5280 4.1.2.4 and appendix A.1 say of it. */
static const struct {
    const char *why;
    struct part part;
    bm_status want;
} values[] = {
    { "UTF8String", { BM_OID_AT_CN, "a", 0x0c, 0, 0 }, BM_OK },
    { "PrintableString", { BM_OID_AT_CN, "a", 0x13, 0, 0 }, BM_OK },
    { "TeletexString", { BM_OID_AT_CN, "a\xe4", 0x14, 0, 0 }, BM_OK },
    { "BMPString", { BM_OID_AT_O, "\0a\0b", 0x1e, 4, 0 }, BM_OK },
    { "UniversalString", { BM_OID_AT_O, "\0\0\0a", 0x1c, 4, 0 }, BM_OK },
    { "IA5String CN", { BM_OID_AT_CN, "a", 0x16, 0, 0 }, BM_E_NAME_STRING },
    { "INTEGER CN", { BM_OID_AT_CN, "a", 0x02, 0, 0 }, BM_E_NAME_STRING },
    { "SEQUENCE CN", { BM_OID_AT_CN, "", 0x30, 0, 0 }, BM_E_NAME_STRING },
    { "context tag CN", { BM_OID_AT_CN, "a", 0x8c, 0, 0 }, BM_E_NAME_STRING },
    { "half a BMP unit", { BM_OID_AT_O, "\0ab", 0x1e, 3, 0 }, BM_E_DER_STRING },
    { "BMP surrogate", { BM_OID_AT_O, "\xd8", 0x1e, 2, 0 }, BM_E_DER_STRING },
    { "not UTF-8", { BM_OID_AT_CN, "a\xff", 0x0c, 0, 0 }, BM_E_DER_STRING },
    { "overlong", { BM_OID_AT_CN, "\xc0\x80", 0x0c, 0, 0 }, BM_E_DER_STRING },
    { "* printable", { BM_OID_AT_CN, "*.x", 0x13, 0, 0 }, BM_E_DER_STRING },
    { "@ printable", { BM_OID_AT_CN, "a@b", 0x13, 0, 0 }, BM_E_DER_STRING },
    { "empty CN", { BM_OID_AT_CN, "", 0x0c, 0, 0 }, BM_E_NAME_STRING },
    { "C", { BM_OID_AT_C, "DE", 0x13, 0, 0 }, BM_OK },
    { "lower-case C", { BM_OID_AT_C, "de", 0x13, 0, 0 }, BM_OK },
    { "long C", { BM_OID_AT_C, "DEU", 0x13, 0, 0 }, BM_E_NAME_STRING },
    { "short C", { BM_OID_AT_C, "D", 0x13, 0, 0 }, BM_E_NAME_STRING },
    { "digit in C", { BM_OID_AT_C, "D1", 0x13, 0, 0 }, BM_E_NAME_STRING },
    { "UTF8String C", { BM_OID_AT_C, "DE", 0x0c, 0, 0 }, BM_E_NAME_STRING },
    { "serial", { BM_OID_AT_SERIAL, "SN-1", 0x13, 0, 0 }, BM_OK },
    { "UTF8String serial",
      { BM_OID_AT_SERIAL, "SN-1", 0x0c, 0, 0 },
      BM_E_NAME_STRING },
    { "dnQualifier", { "\x55\x04\x2e", "x", 0x13, 0, 0 }, BM_OK },
    { "UTF8String dnQualifier",
      { "\x55\x04\x2e", "x", 0x0c, 0, 0 },
      BM_E_NAME_STRING },
    { "DC", { BM_OID_AT_DC, "example", 0x16, 0, 0 }, BM_OK },
    { "UTF8String DC", { BM_OID_AT_DC, "x", 0x0c, 0, 0 }, BM_E_NAME_STRING },
    { "8 bits in DC", { BM_OID_AT_DC, "x\x80", 0x16, 0, 0 }, BM_E_DER_STRING },
    { "email", { BM_OID_AT_EMAIL, "a@b", 0x16, 0, 0 }, BM_OK },
    { "printable email",
      { BM_OID_AT_EMAIL, "a", 0x13, 0, 0 },
      BM_E_NAME_STRING },
    { "title", { "\x55\x04\x0c", "Dr", 0x0c, 0, 0 }, BM_OK },
    { "empty title", { "\x55\x04\x0c", "", 0x0c, 0, 0 }, BM_E_NAME_STRING },
    { "pseudonym", { "\x55\x04\x41", "x", 0x16, 0, 0 }, BM_E_NAME_STRING },
    { "VID", { VID, "FFF1", 0x0c, 0, 0 }, BM_OK },
    { "printable PID", { PID, "8000", 0x13, 0, 0 }, BM_OK },
    { "lower-case VID", { VID, "fff1", 0x0c, 0, 0 }, BM_E_NAME_MATTER },
    { "VID of five", { VID, "FFF11", 0x0c, 0, 0 }, BM_E_NAME_MATTER },
    { "G in PID", { PID, "800G", 0x0c, 0, 0 }, BM_E_NAME_MATTER },
    { "/ in PID", { PID, "800/", 0x0c, 0, 0 }, BM_E_NAME_MATTER },
    { ": in PID", { PID, "800:", 0x0c, 0, 0 }, BM_E_NAME_MATTER },
    { "@ in PID", { PID, "800@", 0x0c, 0, 0 }, BM_E_NAME_MATTER },
    { "IA5String VID", { VID, "FFF1", 0x16, 0, 0 }, BM_E_NAME_STRING },
    { "unknown, empty", { UNKNOWN_OID, "", 0x0c, 0, 0 }, BM_OK },
    { "unknown, SEQUENCE", { UNKNOWN_OID, "", 0x30, 0, 0 }, BM_OK },
    { "unknown, bits", { UNKNOWN_OID, "\x01\xff", 0x03, 0, 0 }, BM_OK },
    { "unknown, context", { UNKNOWN_OID, "x", 0x80, 0, 0 }, BM_OK },
    { "unknown, not UTF-8",
      { UNKNOWN_OID, "\xff", 0x0c, 0, 0 },
      BM_E_DER_STRING },
    { "unknown, NumericString", { UNKNOWN_OID, "1 2", 0x12, 0, 0 }, BM_OK },
    { "unknown, letter in it",
      { UNKNOWN_OID, "1a", 0x12, 0, 0 },
      BM_E_DER_STRING },
    { "unknown X.520", { "\x55\x04\x7f", "x", 0x16, 0, 0 }, BM_OK },
    { "malformed type", { "\x55\x84", "x", 0x0c, 0, 0 }, BM_E_DER_OID },
};

static void values_obey_the_rules_of_their_attribute(void)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        bm_check_status(take_parts(&values[i].part, 1), values[i].want,
                        values[i].why, __FILE__, __LINE__);
    }
}

/* Shapes of a name: octets as they are. */
static const struct {
    const char *why;
    const char *der;
    uint8_t n;
    bm_status want;
} shapes[] = {
    { "no name", "", 0, BM_E_DER_TRUNCATED },
    { "empty name", "\x30\x00", 2, BM_OK },
    { "not a SEQUENCE", "\x31\x00", 2, BM_E_DER_TAG },
    { "empty RDN", "\x30\x02\x31\x00", 4, BM_E_DER_EMPTY },
    { "RDN is a SEQUENCE", "\x30\x02\x30\x00", 4, BM_E_DER_TAG },
    { "empty attribute", "\x30\x04\x31\x02\x30\x00", 6, BM_E_DER_TRUNCATED },
    { "no value", "\x30\x08\x31\x06\x30\x04\x06\x02\x2a\x03", 10,
      BM_E_DER_TRUNCATED },
    { "two values", "\x30\x0c\x31\x0a\x30\x08\x06\x02\x2a\x03\x05\x00\x05\x00",
      14, BM_E_DER_TRAILING },
    { "value of high tag",
      "\x30\x0b\x31\x09\x30\x07\x06\x02\x2a\x03\x1f\x01\x00", 13,
      BM_E_DER_TAG },
    { "smallest", "\x30\x0a\x31\x08\x30\x06\x06\x02\x2a\x03\x05\x00", 12,
      BM_OK },
};

static void a_name_has_one_shape(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct bm_bytes der = { (const uint8_t *)shapes[i].der, shapes[i].n };
        struct bm_diag diag;

        bm_check_status(take(der, &diag), shapes[i].want, shapes[i].why,
                        __FILE__, __LINE__);
    }
}

static void attributes_of_an_rdn_are_sorted(void)
{
    static const struct part sorted[] = {
        { BM_OID_AT_CN, "b", 0x0c, 0, false },
        { BM_OID_AT_O, "a", 0x0c, 0, true },
        { BM_OID_AT_O, "aa", 0x0c, 0, true },
    };
    static const struct part unsorted[] = {
        { BM_OID_AT_O, "a", 0x0c, 0, false },
        { BM_OID_AT_CN, "b", 0x0c, 0, true },
    };
    struct bm_diag diag;
    struct built b;

    CHECK_STATUS(take_parts(sorted, 3), BM_OK);
    CHECK_STATUS(take(build(&b, unsorted, 2), &diag), BM_E_DER_SET_ORDER);
    CHECK(bm_diag_offset(&diag, b.der, b.n) == 14); /* the second attribute */
}

static void a_name_of_too_many_attributes_is_refused(void)
{
    struct part parts[BM_NAME_RDNS_MAX + 1];

    for (size_t i = 0; i <= BM_NAME_RDNS_MAX; i++) {
        parts[i] = (struct part){ BM_OID_AT_CN, "a", 0x0c, 0, false };
    }
    CHECK_STATUS(take_parts(parts, BM_NAME_RDNS_MAX), BM_OK);
    CHECK_STATUS(take_parts(parts, BM_NAME_RDNS_MAX + 1), BM_E_LIMIT);
    for (size_t i = 1; i <= BM_NAME_RDNS_MAX; i++) {
        parts[i].joins = true;
    }
    CHECK_STATUS(take_parts(parts, BM_NAME_RDNS_MAX), BM_OK);
    CHECK_STATUS(take_parts(parts, BM_NAME_RDNS_MAX + 1), BM_E_LIMIT);
}

static const struct part sample[] = {
    { BM_OID_AT_C, "DE", 0x13, 0, false },
    { BM_OID_AT_O, "Birthmark", 0x0c, 0, false },
    { BM_OID_AT_CN, "Gate 1", 0x0c, 0, false },
    { BM_OID_AT_SERIAL, "SN-1", 0x13, 0, true },
    { UNKNOWN_OID, "\x01\x02", 0x04, 0, false },
};
#define SAMPLE_N (sizeof sample / sizeof sample[0])

static void a_walk_visits_all_attributes_in_order(void)
{
    struct built b;
    struct bm_name_walk walk;
    struct bm_attr attr;
    size_t i = 0;

    bm_name_walk(&walk, build(&b, sample, SAMPLE_N));
    while (i < SAMPLE_N && bm_name_next(&walk, &attr)) {
        struct bm_bytes want = part_value(&sample[i]);

        CHECK_BYTES(attr.type.p, attr.type.n, sample[i].oid,
                    strlen(sample[i].oid));
        CHECK_BYTES(attr.value.p, attr.value.n, want.p, want.n);
        CHECK(attr.tag == sample[i].tag);
        CHECK(attr.starts_rdn == !sample[i].joins);
        i++;
    }
    CHECK(i == SAMPLE_N);
    CHECK(!bm_name_next(&walk, &attr));
    CHECK(!bm_name_next(&walk, &attr)); /* and stays at the end */
}

static void find_returns_the_first_or_nothing(void)
{
    struct bm_attr attr;
    struct built b;
    struct bm_bytes name = build(&b, sample, SAMPLE_N);

    CHECK(bm_name_find(name, BM_LIT(BM_OID_AT_SERIAL), &attr));
    CHECK_BYTES(attr.value.p, attr.value.n, "SN-1", 4);
    CHECK(!attr.starts_rdn);
    CHECK(!bm_name_find(name, BM_LIT(BM_OID_AT_DC), &attr));
    CHECK(attr.value.p == NULL && attr.type.n == 0);
    CHECK(!bm_name_find(BM_LIT("\x30\x00"), BM_LIT(BM_OID_AT_CN), &attr));
}

static void only_the_empty_sequence_is_empty(void)
{
    struct built b;

    CHECK(bm_name_is_empty(BM_LIT("\x30\x00")));
    CHECK(!bm_name_is_empty(build(&b, sample, 1)));
}

/* RFC 5280 7.1, pairs of CN or other attributes. */
static const struct {
    struct part a;
    struct part b;
    bool equal;
} pairs[] = {
#define CN(s, tag)                     \
    {                                  \
        BM_OID_AT_CN, s, tag, 0, false \
    }
    { CN("Gate", 0x0c), CN("Gate", 0x0c), true },
    { CN("Gate", 0x0c), CN("gATE", 0x0c), true },
    { CN("Gate", 0x0c), CN("GATE", 0x13), true },
    { CN("Gate", 0x0c), CN("Gate ", 0x0c), true },
    { CN("  Gate", 0x13), CN("Gate", 0x0c), true },
    { CN("Gate 1", 0x0c), CN("gate    1  ", 0x0c), true },
    { CN("Gate 1", 0x0c), CN("Gate1", 0x0c), false },
    { CN("Gate", 0x0c), CN("Gat", 0x0c), false },
    { CN("Gat", 0x0c), CN("Gate", 0x0c), false },
    { CN("Gate", 0x0c), CN("Gbte", 0x0c), false },
    { CN(" ", 0x0c), CN("  ", 0x0c), true },
    { CN(" ", 0x0c), CN("a", 0x0c), false },
    { CN("a\tb", 0x0c), CN("a b", 0x0c), false },
    { CN("[", 0x0c), CN("{", 0x0c), false }, /* not letters */
    { CN("@", 0x0c), CN("`", 0x0c), false },
    { CN("\xc3\x84", 0x0c), CN("\xc3\x84", 0x0c), true },
    { CN("\xc3\x84", 0x0c), CN("\xc3\xa4", 0x0c), false }, /* stricter */
    { CN("Gate", 0x14), CN("Gate", 0x14), true },
    { CN("Gate", 0x14), CN("gate", 0x14), false },
    { CN("Gate", 0x14), CN("Gate", 0x0c), false },
    { CN("a", 0x0c), { BM_OID_AT_O, "a", 0x0c, 0, false }, false },
    { { BM_OID_AT_DC, "Example", 0x16, 0, false },
      { BM_OID_AT_DC, "eXAMPLE", 0x16, 0, false },
      true },
    { { BM_OID_AT_EMAIL, "A@B", 0x16, 0, false },
      { BM_OID_AT_EMAIL, "a@b", 0x16, 0, false },
      true },
    { { UNKNOWN_OID, "A", 0x16, 0, false },
      { UNKNOWN_OID, "a", 0x16, 0, false },
      false },
    { { UNKNOWN_OID, "A", 0x04, 0, false },
      { UNKNOWN_OID, "A", 0x04, 0, false },
      true },
#undef CN
};

/* RFC 5280 7.1 and 7.3 */
static void names_compare_as_rfc_5280_7_1_says(void)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct built b1;
        struct built b2;
        struct bm_bytes a = build(&b1, &pairs[i].a, 1);
        struct bm_bytes b = build(&b2, &pairs[i].b, 1);

        bm_check(bm_name_equal(a, b) == pairs[i].equal, pairs[i].b.value,
                 __FILE__, __LINE__);
        CHECK(bm_name_equal(b, a) == pairs[i].equal);
        CHECK(bm_name_equal(a, a) && bm_name_equal(b, b));
    }
}

static void an_rdn_compares_as_a_set(void)
{
    /* Sorted by octets, so the case of letters changes the order. */
    static const struct part sets[][3] = {
        { { BM_OID_AT_CN, "A", 0x0c, 0, false },
          { BM_OID_AT_CN, "b", 0x0c, 0, true },
          { BM_OID_AT_CN, "c", 0x0c, 0, true } },
        { { BM_OID_AT_CN, "B", 0x0c, 0, false },
          { BM_OID_AT_CN, "C", 0x0c, 0, true },
          { BM_OID_AT_CN, "a", 0x0c, 0, true } },
        /* One twice, another missing */
        { { BM_OID_AT_CN, "A", 0x0c, 0, false },
          { BM_OID_AT_CN, "a", 0x0c, 0, true },
          { BM_OID_AT_CN, "b", 0x0c, 0, true } },
        { { BM_OID_AT_CN, "A", 0x0c, 0, false },
          { BM_OID_AT_CN, "B", 0x0c, 0, true },
          { BM_OID_AT_CN, "b", 0x0c, 0, true } },
        /* As a sequence of RDNs */
        { { BM_OID_AT_CN, "A", 0x0c, 0, false },
          { BM_OID_AT_CN, "b", 0x0c, 0, false },
          { BM_OID_AT_CN, "c", 0x0c, 0, false } },
    };
    struct built built[5];
    struct bm_bytes name[5];

    for (size_t i = 0; i < 5; i++) {
        struct bm_diag diag;

        name[i] = build(&built[i], sets[i], 3);
        CHECK_STATUS(take(name[i], &diag), BM_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            CHECK(bm_name_equal(name[i], name[j]) ==
                  (i == j || (i < 2 && j < 2)));
        }
    }
}

static void a_subtree_holds_what_begins_with_it(void)
{
    struct built b1;
    struct built b2;
    struct bm_bytes whole = build(&b1, sample, SAMPLE_N);

    for (size_t i = 0; i <= SAMPLE_N; i++) {
        struct bm_bytes base = build(&b2, sample, i);
        /* Half of the multi-valued RDN is another RDN. */
        bool within = i != 3;

        CHECK(bm_name_is_within(whole, base) == within);
        CHECK(bm_name_is_within(base, base));
        CHECK(bm_name_is_within(base, whole) == (i == SAMPLE_N));
        CHECK(bm_name_equal(base, whole) == (i == SAMPLE_N));
    }
}

static void one_rdn_is_written_as_it_is_read(void)
{
    uint8_t buf[32];
    struct built b;
    struct bm_wr w;
    size_t mark;

    bm_wr_init(&w, buf, sizeof buf);
    mark = bm_der_open(&w, BM_DER_SEQUENCE);
    bm_name_put_rdn(&w, BM_LIT(BM_OID_AT_C), BM_DER_PRINTABLE_STRING,
                    BM_LIT("DE"));
    bm_der_close(&w, mark);
    build(&b, sample, 1);
    CHECK_BYTES(buf, w.len, b.der, b.n);
}

/* No prefix of a name is one; no damage leaves a half-made result. */
static void damage_is_all_or_nothing(void)
{
    struct built b;
    struct bm_bytes name = build(&b, sample, SAMPLE_N);
    struct bm_diag diag;

    for (size_t i = 0; i < name.n; i++) {
        CHECK(take((struct bm_bytes){ name.p, i }, &diag) != BM_OK);
    }
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
        struct bm_name_walk walk;
        struct bm_attr attr;
        size_t n = 0;

        b.der[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (take(name, &diag) == BM_OK) {
            CHECK(bm_name_equal(name, name));
        }
        /* Even an unchecked name must be harmless to walk. */
        bm_name_walk(&walk, name);
        while (n <= SAMPLE_N && bm_name_next(&walk, &attr)) {
            n++;
        }
        CHECK(n <= SAMPLE_N);
        b.der[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    RUN(values_obey_the_rules_of_their_attribute);
    RUN(a_name_has_one_shape);
    RUN(attributes_of_an_rdn_are_sorted);
    RUN(a_name_of_too_many_attributes_is_refused);
    RUN(a_walk_visits_all_attributes_in_order);
    RUN(find_returns_the_first_or_nothing);
    RUN(only_the_empty_sequence_is_empty);
    RUN(names_compare_as_rfc_5280_7_1_says);
    RUN(an_rdn_compares_as_a_set);
    RUN(a_subtree_holds_what_begins_with_it);
    RUN(one_rdn_is_written_as_it_is_read);
    RUN(damage_is_all_or_nothing);
    return bm_test_done();
}
