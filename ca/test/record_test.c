/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/record.h"

#include "core/cbor.h"
#include "tests/harness/bm_test.h"

static const uint8_t hash[32] = { 1, 2, 3 };
static const uint8_t serial[] = { 0x01, 0x90, 0xff };

/* One of each kind with the least it needs. */
static const struct ca_record least[] = {
    { .kind = CA_RECORD_ISSUANCE,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 },
      .hash = { hash, 32 },
      .profile = BM_LIT_INIT("tls-server") },
    { .kind = CA_RECORD_REVOCATION,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 } },
    { .kind = CA_RECORD_RELEASE,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 } },
    { .kind = CA_RECORD_CONFIRMATION,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 },
      .renews = { serial, 2 } },
    { .kind = CA_RECORD_ABANDONED,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 },
      .hash = { hash, 32 } },
    { .kind = CA_RECORD_CA,
      .ca = BM_LIT_INIT("issuing"),
      .hash = { hash, 32 } },
    { .kind = CA_RECORD_PROFILE,
      .profile = BM_LIT_INIT("tls-server"),
      .hash = { hash, 32 } },
    { .kind = CA_RECORD_OPERATOR, .subject = BM_LIT_INIT("first") },
    { .kind = CA_RECORD_TOKEN, .subject = BM_LIT_INIT("t-1") },
    { .kind = CA_RECORD_DEVICE,
      .subject = BM_LIT_INIT("SN-1"),
      .text = BM_LIT_INIT("active") },
    { .kind = CA_RECORD_FORK,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 } },
    { .kind = CA_RECORD_IMPORT,
      .ca = BM_LIT_INIT("issuing"),
      .serial = { serial, 3 },
      .hash = { hash, 32 } },
    { .kind = CA_RECORD_GENESIS },
    { .kind = CA_RECORD_SUCCESSION, .hash = { hash, 32 }, .number = 7 },
    { .kind = CA_RECORD_CRL,
      .ca = BM_LIT_INIT("issuing"),
      .hash = { hash, 32 },
      .number = 1 },
    { .kind = CA_RECORD_RESTORE, .hash = { hash, 32 }, .number = 7 },
    { .kind = CA_RECORD_REQUEST,
      .profile = BM_LIT_INIT("tls-server"),
      .text = BM_LIT_INIT("approved"),
      .number = 7 },
    { .kind = CA_RECORD_BUNDLE,
      .subject = BM_LIT_INIT("ca.example/ledger"),
      .hash = { hash, 32 },
      .number = 7 },
    { .kind = CA_RECORD_ATTESTATION,
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("tpm 0011") },
    { .kind = CA_RECORD_FIRMWARE,
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("1.2.3+4"),
      .key = { hash, 32 } },
    { .kind = CA_RECORD_DELIVERY,
      .subject = BM_LIT_INIT("fw-1.4"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("firmware 1.2.3+4") },
    { .kind = CA_RECORD_ASSIGNMENT,
      .subject = BM_LIT_INIT("fw-1.4"),
      .text = BM_LIT_INIT("all") },
    { .kind = CA_RECORD_POLICY,
      .ca = BM_LIT_INIT("operations"),
      .serial = { serial, 3 },
      .hash = { hash, 32 },
      .subject = BM_LIT_INIT("fw-1"),
      .text = BM_LIT_INIT("floor 2"),
      .number = 3,
      .key = { hash, 32 } },
    { .kind = CA_RECORD_MANUFACTURER,
      .subject = BM_LIT_INIT("acme"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("added") },
    { .kind = CA_RECORD_IDEVID,
      .subject = BM_LIT_INIT("SN-1"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("IDevID of acme"),
      .key = { hash, 32 } },
    { .kind = CA_RECORD_CLONE,
      .subject = BM_LIT_INIT("SN-1"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("IDevID of acme"),
      .key = { hash, 32 } },
    { .kind = CA_RECORD_ECOSYSTEM,
      .subject = BM_LIT_INIT("Consortium"),
      .number = 2 },
    { .kind = CA_RECORD_ORGANISATION,
      .subject = BM_LIT_INIT("South Gears"),
      .text = BM_LIT_INIT("active"),
      .number = 1 },
    { .kind = CA_RECORD_ALLOCATION,
      .profile = BM_LIT_INIT("tls-server"),
      .text = BM_LIT_INIT("enabled, limited") },
    { .kind = CA_RECORD_BATCH,
      .profile = BM_LIT_INIT("ieee-802.1ar-idevid"),
      .text = BM_LIT_INIT("issuing"),
      .number = 7 },
    { .kind = CA_RECORD_INVENTORY,
      .subject = BM_LIT_INIT("SN-1"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("model=M1") },
    { .kind = CA_RECORD_EXPECTATION, .hash = { hash, 32 }, .number = 100 },
    { .kind = CA_RECORD_TRANSFER,
      .subject = BM_LIT_INIT("South Gears"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("offered"),
      .number = 7 },
    { .kind = CA_RECORD_PULL, .text = BM_LIT_INIT("pulled"), .number = 1 },
    { .kind = CA_RECORD_SHIPPING,
      .subject = BM_LIT_INIT("SN-1"),
      .text = BM_LIT_INIT("in stock") },
    { .kind = CA_RECORD_DESTINATION,
      .subject = BM_LIT_INIT("siem"),
      .hash = { hash, 32 },
      .text = BM_LIT_INIT("enabled") },
};
#define KINDS (sizeof least / sizeof least[0])

static struct ca_record record_of(size_t i)
{
    struct ca_record r = least[i];

    r.time = 1790000000;
    r.actor = BM_LIT("authority");
    return r;
}

/* Everything that a record can hold; most kinds take only some of it. */
static struct ca_record full_record(enum ca_record_kind kind)
{
    return (struct ca_record){ .kind = kind,
                               .time = -1,
                               .organisation = UINT32_MAX,
                               .actor = BM_LIT("operator:first"),
                               .mode = BM_LIT("direct"),
                               .ca = BM_LIT("issuing"),
                               .serial = { serial, 3 },
                               .hash = { hash, 32 },
                               .profile = BM_LIT("tls-server"),
                               .subject = BM_LIT("SN-1"),
                               .renews = { serial, 1 },
                               .text = BM_LIT("words"),
                               .number = UINT64_MAX,
                               .reason = 4,
                               .key = { hash, 32 } };
}

static struct bm_bytes put(const struct ca_record *r, uint8_t *buf)
{
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, CA_RECORD_MAX);
    if (ca_record_put(&w, r) != BM_OK || bm_wr_finish(&w, &n) != BM_OK) {
        return (struct bm_bytes){ NULL, 0 };
    }
    return bm_wr_bytes(&w);
}

static bool same(const struct ca_record *a, const struct ca_record *b)
{
    return a->kind == b->kind && a->time == b->time &&
           a->organisation == b->organisation &&
           bm_bytes_equal(a->actor, b->actor) &&
           bm_bytes_equal(a->mode, b->mode) && bm_bytes_equal(a->ca, b->ca) &&
           bm_bytes_equal(a->serial, b->serial) &&
           bm_bytes_equal(a->hash, b->hash) &&
           bm_bytes_equal(a->profile, b->profile) &&
           bm_bytes_equal(a->subject, b->subject) &&
           bm_bytes_equal(a->renews, b->renews) &&
           bm_bytes_equal(a->text, b->text) && a->number == b->number &&
           a->reason == b->reason && bm_bytes_equal(a->key, b->key);
}

static void every_kind_comes_back_as_it_was_put(void)
{
    uint8_t buf[CA_RECORD_MAX];
    uint8_t again[CA_RECORD_MAX];

    for (size_t i = 0; i < KINDS; i++) {
        struct ca_record r = record_of(i);
        struct bm_bytes der = put(&r, buf);
        struct ca_record back;
        struct bm_bytes same_der;

        CHECK(der.n != 0);
        CHECK_STATUS(ca_record_parse(der, NULL, &back), BM_OK);
        CHECK(same(&r, &back));
        same_der = put(&back, again);
        CHECK_BYTES(same_der.p, same_der.n, der.p, der.n);
        CHECK(ca_record_kind_name(r.kind) != NULL);
        for (size_t k = 0; k < i; k++) {
            CHECK(strcmp(ca_record_kind_name(r.kind),
                         ca_record_kind_name(least[k].kind)) != 0);
        }
    }
    CHECK(ca_record_kind_name((enum ca_record_kind)0) == NULL);
    CHECK(ca_record_kind_name(
              (enum ca_record_kind)(least[KINDS - 1].kind + 1)) == NULL);
}

/* The members besides time and actor, to be taken away or added. */
#define MEMBERS 11

static void clear(struct ca_record *r, unsigned member)
{
    struct bm_bytes *const strings[] = { &r->actor,  &r->ca,      &r->serial,
                                         &r->hash,   &r->profile, &r->subject,
                                         &r->renews, &r->text };

    if (member < 8) {
        *strings[member] = (struct bm_bytes){ NULL, 0 };
    } else if (member == 8) {
        r->number = 0;
    } else if (member == 9) {
        r->reason = 0;
    } else {
        r->key = (struct bm_bytes){ NULL, 0 };
    }
}

static void set(struct ca_record *r, unsigned member)
{
    struct ca_record full = full_record(r->kind);

    for (unsigned m = 0; m < MEMBERS; m++) {
        if (m != member) {
            continue;
        }
        switch (m) {
        case 0:
            r->actor = full.actor;
            break;
        case 1:
            r->ca = full.ca;
            break;
        case 2:
            r->serial = full.serial;
            break;
        case 3:
            r->hash = full.hash;
            break;
        case 4:
            r->profile = full.profile;
            break;
        case 5:
            r->subject = full.subject;
            break;
        case 6:
            r->renews = full.renews;
            break;
        case 7:
            r->text = full.text;
            break;
        case 8:
            r->number = full.number;
            break;
        case 9:
            r->reason = full.reason;
            break;
        default:
            r->key = full.key;
            break;
        }
    }
}

static bool has(const struct ca_record *r, unsigned member)
{
    struct ca_record cleared = *r;

    clear(&cleared, member);
    return !same(&cleared, r);
}

static void a_record_that_lacks_a_member_is_refused(void)
{
    uint8_t buf[CA_RECORD_MAX];

    for (size_t i = 0; i < KINDS; i++) {
        for (unsigned m = 0; m < MEMBERS; m++) {
            struct ca_record r = record_of(i);

            if (has(&r, m)) {
                clear(&r, m);
                CHECK(put(&r, buf).n == 0);
            }
        }
    }
}

/* What a kind takes beyond its least; one letter a member, as in set(). */
static const char *const may[KINDS] = {
    "5678", "345789", "3457", "3457", "457", "257", "178", "12378", "3478",
    "8",    "34567",  "4567", "3578", "57",  "57",  "7",   "35",    "7",
    "5",    "1258",   "",     "8",    "",    "",    "",    "",      "",
    "",     "8",      "35",   "",     "7",   "4",   "14",  "8",     "",
};

static void a_member_that_a_kind_does_not_have_is_refused(void)
{
    uint8_t buf[CA_RECORD_MAX];

    for (size_t i = 0; i < KINDS; i++) {
        for (unsigned m = 0; m < MEMBERS; m++) {
            struct ca_record r = record_of(i);

            if (has(&r, m)) {
                continue;
            }
            set(&r, m);
            CHECK((put(&r, buf).n != 0) ==
                  (strchr(may[i], (int)('0' + m)) != NULL));
        }
    }
}

static void members_have_bounds_and_the_longest_record_fits(void)
{
    static const uint8_t long_text[1200] = { 0 };
    uint8_t text[1200];
    uint8_t buf[CA_RECORD_MAX];
    struct ca_record r = record_of(1);

    memset(text, 'a', sizeof text);
    r.organisation = UINT32_MAX;
    r.time = INT64_MIN;
    r.number = UINT64_MAX;
    r.actor = (struct bm_bytes){ text, 320 };
    r.mode = (struct bm_bytes){ text, 32 };
    r.ca = (struct bm_bytes){ text, 64 };
    r.serial = (struct bm_bytes){ text, 20 };
    r.hash = (struct bm_bytes){ text, 32 };
    r.profile = (struct bm_bytes){ text, 64 };
    r.subject = (struct bm_bytes){ text, 256 };
    r.text = (struct bm_bytes){ text, 960 };
    r.reason = 10;
    CHECK(put(&r, buf).n != 0);
    r.actor.n++;
    CHECK(put(&r, buf).n == 0);
    r.actor.n--;
    r.serial.n++;
    CHECK(put(&r, buf).n == 0);
    r.serial.n--;
    r.hash.n--;
    CHECK(put(&r, buf).n == 0);
    r.hash.n++;
    r.reason = 7; /* RFC 5280 5.3.1: not used */
    CHECK(put(&r, buf).n == 0);
    r.reason = 11;
    CHECK(put(&r, buf).n == 0);
    r.reason = 1;
    r.text = BM_LIT("\xff");
    CHECK(put(&r, buf).n == 0);
    r.text = (struct bm_bytes){ long_text, sizeof long_text };
    CHECK(put(&r, buf).n == 0);
}

static void what_is_not_the_one_encoding_is_refused(void)
{
    static const struct {
        const char *der;
        size_t n;
        bm_status why;
    } rows[] = {
#define ROW(s, why) { s, sizeof(s) - 1, why }
        ROW("", BM_E_CBOR_TRUNCATED),
        /* The least genesis: 1, 13, time 0, "a". */
        ROW("\xa4\x01\x01\x02\x0d\x03\x00\x05\x61"
            "a",
            BM_OK),
        ROW("\xa4\x01\x01\x02\x0d\x03\x00\x05\x61"
            "a\x00",
            BM_E_CBOR_TRAILING),
        ROW("\xa4\x01\x02\x02\x0d\x03\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        ROW("\xa4\x01\x01\x02\x00\x03\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        ROW("\xa4\x01\x01\x02\x10\x03\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        ROW("\xa3\x01\x01\x02\x0d\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        ROW("\xa3\x01\x01\x02\x0d\x03\x00", BM_E_LEDGER_RECORD),
        ROW("\xa3\x02\x0d\x03\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        /* Out of order, twice, an unknown key, a zero organisation. */
        ROW("\xa4\x02\x0d\x01\x01\x03\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        ROW("\xa5\x01\x01\x01\x01\x02\x0d\x03\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        ROW("\xa5\x01\x01\x02\x0d\x03\x00\x05\x61"
            "a\x11\x00",
            BM_E_LEDGER_RECORD),
        ROW("\xa5\x01\x01\x02\x0d\x03\x00\x04\x00\x05\x61"
            "a",
            BM_E_LEDGER_RECORD),
        /* An empty actor; a number of zero; a reason where none belongs. */
        ROW("\xa4\x01\x01\x02\x0d\x03\x00\x05\x60", BM_E_LEDGER_RECORD),
        ROW("\xa5\x01\x01\x02\x0d\x03\x00\x05\x61"
            "a\x0e\x00",
            BM_E_LEDGER_RECORD),
        ROW("\xa5\x01\x01\x02\x0d\x03\x00\x05\x61"
            "a\x0f\x00",
            BM_E_LEDGER_RECORD),
        /* Types: an array, a time that is text. */
        ROW("\x84\x01\x01\x02\x0d", BM_E_CBOR_TYPE),
        ROW("\xa4\x01\x01\x02\x0d\x03\x61"
            "a\x05\x61"
            "a",
            BM_E_CBOR_TYPE),
        ROW("\xa4\x01\x01\x02\x0d\x03\x18\x01\x05\x61"
            "a",
            BM_E_CBOR_SHORTEST),
#undef ROW
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_bytes in = { (const uint8_t *)rows[i].der, rows[i].n };
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct ca_record r = { .number = 3 };

        CHECK_STATUS(ca_record_parse(in, &diag, &r), rows[i].why);
        CHECK(diag.status == rows[i].why);
        CHECK(rows[i].why == BM_OK || (r.kind == 0 && r.number == 0));
    }
}

/* Whatever is taken is what would be written for it. */
static void must_be_the_one_encoding(struct bm_bytes in)
{
    uint8_t buf[CA_RECORD_MAX];
    struct ca_record r;
    struct bm_bytes again;

    if (ca_record_parse(in, NULL, &r) == BM_OK) {
        again = put(&r, buf);
        CHECK_BYTES(again.p, again.n, in.p, in.n);
    } else {
        CHECK(r.kind == 0 && r.actor.n == 0);
    }
}

static void no_prefix_of_a_record_is_a_record(void)
{
    uint8_t buf[CA_RECORD_MAX];

    for (size_t i = 0; i < KINDS; i++) {
        struct ca_record r = record_of(i);
        struct ca_record back;
        struct bm_bytes in = put(&r, buf);

        while (in.n != 0) {
            in.n--;
            CHECK(ca_record_parse(in, NULL, &back) != BM_OK);
        }
    }
}

static void a_flipped_bit_makes_another_record_or_none(void)
{
    uint8_t buf[CA_RECORD_MAX];

    for (size_t i = 0; i < KINDS; i++) {
        struct ca_record r = record_of(i);
        struct bm_bytes in = put(&r, buf);

        for (size_t bit = 0; bit < 8 * in.n; bit++) {
            buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
            must_be_the_one_encoding(in);
            buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

int main(void)
{
    RUN(every_kind_comes_back_as_it_was_put);
    RUN(a_record_that_lacks_a_member_is_refused);
    RUN(a_member_that_a_kind_does_not_have_is_refused);
    RUN(members_have_bounds_and_the_longest_record_fits);
    RUN(what_is_not_the_one_encoding_is_refused);
    RUN(no_prefix_of_a_record_is_a_record);
    RUN(a_flipped_bit_makes_another_record_or_none);
    return bm_test_done();
}
