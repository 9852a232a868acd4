/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/shares.h"

#include <string.h>

#include "keys/shares_internal.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

static const uint8_t zero[BM_UNLOCK_SIZE];
static const char *const names[BM_SHARES_MAX] = {
    "Custodian A", "Custodian B", "Custodian C", "Custodian D",
    "Custodian E", "Custodian F", "Custodian G", "Custodian H",
    "Custodian I", "Custodian J", "Custodian K", "Custodian L",
    "Custodian M", "Custodian N", "Custodian O", "Custodian P",
};

/* By tests/ceremony/shamir.py: secret 00 .. 1f, random octet i is 7 * i + 1. */
static const char written[] = "birthmark share 1\n"
                              "of Example Root CA\n"
                              "share 2 of 5, any 3 open\n"
                              "set 0108 0f16 1d24 2b32\n"
                              "custodian Custodian B\n"
                              "2dfa eb1c 0176 37ed f88f 9e52 afb8 d98e\n"
                              "7067 7601 dc2b 2a5d 08d2 c3d4 a965 8493\n"
                              "9b78 fa5c 2d5f 2927\n"
                              "check bbdc b559\n";

static void make_counting(uint8_t secret[BM_UNLOCK_SIZE])
{
    for (size_t i = 0; i < BM_UNLOCK_SIZE; i++) {
        secret[i] = (uint8_t)i;
    }
}

/* Randomness that is known, or fails at its turn. */
struct chosen {
    uint8_t next;
    uint8_t step;
    unsigned calls;
    unsigned fails_at; /* 0: never */
};

static bm_status chosen_random(void *self, uint8_t *out, size_t n)
{
    struct chosen *c = (struct chosen *)self;

    if (++c->calls == c->fails_at) {
        return BM_E_RANDOM;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = c->next;
        c->next = (uint8_t)(c->next + c->step);
    }
    return BM_OK;
}

static bm_status chosen_hash(void *self, enum bm_hash hash,
                             struct bm_bytes message, uint8_t *out)
{
    const struct bm_crypto *crypto = bm_test_crypto();
    struct chosen *c = (struct chosen *)self;

    if (++c->calls == c->fails_at) {
        return BM_E_CRYPTO;
    }
    return crypto->hash(crypto->self, hash, message, out);
}

static struct bm_crypto chosen_crypto(struct chosen *c)
{
    return (struct bm_crypto){ .self = c,
                               .hash = chosen_hash,
                               .random = chosen_random };
}

static struct bm_shares_config of(unsigned n, unsigned k)
{
    return (struct bm_shares_config){ "Example Root CA", names, n, k };
}

static void deal(unsigned n, unsigned k, const uint8_t secret[BM_UNLOCK_SIZE],
                 struct bm_share shares[])
{
    const struct bm_shares_config config = of(n, k);

    CHECK_STATUS(bm_shares_split(bm_test_crypto(), &config, secret, shares),
                 BM_OK);
}

static bm_status parse(const void *text, size_t n, struct bm_share *share)
{
    static const struct bm_share none;
    bm_status rc = bm_share_parse(
        bm_test_crypto(), (struct bm_bytes){ (const uint8_t *)text, n }, share);

    CHECK(rc == BM_OK || memcmp(share, &none, sizeof none) == 0);
    return rc;
}

static bool is_same(const struct bm_share *a, const struct bm_share *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void the_field_is_that_of_the_manual(void)
{
    /* FIPS 197 4.2 */
    CHECK(field_mul(0x57, 0x83) == 0xc1);
    CHECK(field_mul(0x57, 0x13) == 0xfe);
    CHECK(field_inverse(0) == 0);
    for (unsigned a = 0; a < 256; a++) {
        CHECK(field_mul((uint8_t)a, 1) == a && field_mul(0, (uint8_t)a) == 0);
        CHECK(a == 0 || field_mul((uint8_t)a, field_inverse((uint8_t)a)) == 1);
        for (unsigned b = 0; b < a; b++) {
            CHECK(field_mul((uint8_t)a, (uint8_t)b) ==
                  field_mul((uint8_t)b, (uint8_t)a));
        }
    }
}

static void a_share_is_written_as_the_manual_says(void)
{
    struct chosen chosen = { .next = 1, .step = 7 };
    const struct bm_crypto crypto = chosen_crypto(&chosen);
    const struct bm_shares_config config = of(5, 3);
    struct bm_share shares[5];
    struct bm_share again;
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t text[BM_SHARE_TEXT_MAX];
    struct bm_wr w;

    make_counting(secret);
    CHECK_STATUS(bm_shares_split(&crypto, &config, secret, shares), BM_OK);
    bm_wr_init(&w, text, sizeof text);
    CHECK_STATUS(bm_share_put(bm_test_crypto(), &shares[1], &w), BM_OK);
    CHECK_BYTES(text, w.len, written, sizeof written - 1);
    CHECK_STATUS(parse(written, sizeof written - 1, &again), BM_OK);
    CHECK(is_same(&again, &shares[1]));
}

static void the_longest_share_has_room(void)
{
    char name[BM_SHARE_NAME_MAX + 1];
    const char *custodians[BM_SHARES_MAX];
    const struct bm_shares_config config = { name, custodians, 16, 16 };
    struct bm_share shares[BM_SHARES_MAX];
    struct bm_share again;
    uint8_t text[BM_SHARE_TEXT_MAX];
    struct bm_wr w;

    memset(name, 'W', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < BM_SHARES_MAX; i++) {
        custodians[i] = name;
    }
    CHECK_STATUS(bm_shares_split(bm_test_crypto(), &config, zero, shares),
                 BM_OK);
    for (size_t i = 0; i < BM_SHARES_MAX; i++) {
        size_t n;

        bm_wr_init(&w, text, sizeof text);
        CHECK_STATUS(bm_share_put(bm_test_crypto(), &shares[i], &w), BM_OK);
        CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
        CHECK_STATUS(parse(text, n, &again), BM_OK);
        CHECK(is_same(&again, &shares[i]));
    }
}

static void white_space_and_case_do_not_count(void)
{
    static const char *const rows[] = {
        "\r\n\r\n BIRTHMARK SHARE 1\r\n  OF Example  Root\tCA \r\n\r\n"
        "Share 2 Of 5 , Any 3 Open\r\nSET 01080F16 1D242B32\r\n"
        "Custodian  Custodian B\r\n2DFA EB1C 0176 37ED F88F 9E52 AFB8 D98E\r\n"
        "7067 7601 DC2B 2A5D 08D2 C3D4 A965 8493 9B78 FA5C 2D5F 2927\r\n"
        "CHECK BBDC B559\r\n\r\n",
        "birthmarkshare1\nofExample Root CA\nshare2of5,any3open\n"
        "set01080f161d242b32\ncustodianCustodian B\n"
        "2dfaeb1c\n017637ed\nf88f9e52\nafb8d98e\n"
        "70677601\ndc2b2a5d\n08d2c3d4\na9658493\n"
        "9b78fa5c2d5f2927 checkbbdcb559",
    };
    static const char shouted[] =
        "birthmark share 1\nof EXAMPLE ROOT CA\nshare 2 of 5, any 3 open\n"
        "set 0108 0f16 1d24 2b32\ncustodian custodian b\n"
        "2dfa eb1c 0176 37ed f88f 9e52 afb8 d98e\n"
        "7067 7601 dc2b 2a5d 08d2 c3d4 a965 8493\n"
        "9b78 fa5c 2d5f 2927\ncheck bbdc b559\n";
    struct bm_shares shares = { .count = 0 };
    struct bm_share want;
    struct bm_share share;

    CHECK_STATUS(parse(written, sizeof written - 1, &want), BM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(parse(rows[i], strlen(rows[i]), &share), BM_OK);
        CHECK(is_same(&share, &want));
    }
    /* A name is kept as it was typed, and means the same. */
    CHECK_STATUS(parse(shouted, sizeof shouted - 1, &share), BM_OK);
    CHECK(strcmp(share.owner, "EXAMPLE ROOT CA") == 0);
    CHECK_STATUS(bm_shares_add(&shares, &want), BM_OK);
    CHECK_STATUS(bm_shares_add(&shares, &share), BM_E_KEYS_SHARE_TWICE);
}

static void what_is_no_share_is_told(void)
{
#define HEAD   "birthmark share 1\nof Example Root CA\n"
#define NUMBER "share 2 of 5, any 3 open\n"
#define SET    "set 0108 0f16 1d24 2b32\ncustodian Custodian B\n"
#define VALUE                                   \
    "2dfa eb1c 0176 37ed f88f 9e52 afb8 d98e\n" \
    "7067 7601 dc2b 2a5d 08d2 c3d4 a965 8493\n9b78 fa5c 2d5f 2927\n"
#define END "check bbdc b559\n"
    static const struct {
        const char *text;
        bm_status status;
    } rows[] = {
        { HEAD NUMBER SET VALUE END, BM_OK },
        { "", BM_E_KEYS_SHARE_TYPO },
        { "\n\n \t\r\n", BM_E_KEYS_SHARE_TYPO },
        { "birthmark unlock secret 1\n", BM_E_KEYS_SHARE_TYPO },
        { "birthmark share", BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 0\n", BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 01\n", BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 1 or so\n", BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 2\n", BM_E_KEYS_VERSION },
        { "birthmark share 10 of another kind", BM_E_KEYS_VERSION },
        { HEAD NUMBER SET VALUE END "check", BM_E_KEYS_SHARE_TYPO },
        { HEAD NUMBER SET VALUE END VALUE, BM_E_KEYS_SHARE_TYPO },
        { HEAD NUMBER SET VALUE "00 " END, BM_E_KEYS_SHARE_TYPO },
        { HEAD SET NUMBER VALUE END, BM_E_KEYS_SHARE_TYPO },
        { HEAD "share 2 of 5, any 4 open\n" SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD "share 3 of 5, any 3 open\n" SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD "share 0 of 5, any 3 open\n" SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD "share 2 of 5, any 1 open\n" SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD "share 2 of 17, any 3 open\n" SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD "share 2 of 123, any 3 open\n" SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        /* another custodian's name on it */
        { HEAD NUMBER
          "set 0108 0f16 1d24 2b32\ncustodian Custodian C\n" VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD NUMBER "set 0108 0f16 1d24 2b32\ncustodian\n" VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 1\nof Example Root C\x01\n" NUMBER SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 1\nof Example\n Root CA\n" NUMBER SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        { "birthmark share 1\nof ExampleRoot CA\n" NUMBER SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        /* a name of 65 */
        { "birthmark share 1\nof 12345678901234567890123456789012345678901234"
          "567890123456789012345\n" NUMBER SET VALUE END,
          BM_E_KEYS_SHARE_TYPO },
        /* two groups exchanged, two lines exchanged */
        { HEAD NUMBER SET "2dfa 0176 eb1c 37ed f88f 9e52 afb8 d98e\n"
                          "7067 7601 dc2b 2a5d 08d2 c3d4 a965 8493\n"
                          "9b78 fa5c 2d5f 2927\n" END,
          BM_E_KEYS_SHARE_TYPO },
        { HEAD NUMBER SET "7067 7601 dc2b 2a5d 08d2 c3d4 a965 8493\n"
                          "2dfa eb1c 0176 37ed f88f 9e52 afb8 d98e\n"
                          "9b78 fa5c 2d5f 2927\n" END,
          BM_E_KEYS_SHARE_TYPO },
    };
    struct bm_share share;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_STATUS(parse(rows[i].text, strlen(rows[i].text), &share),
                     rows[i].status);
    }
}

static void every_prefix_is_refused(void)
{
    struct bm_share share;

    for (size_t n = 0; n < sizeof written - 2; n++) {
        CHECK_STATUS(parse(written, n, &share), BM_E_KEYS_SHARE_TYPO);
    }
    /* all but the end of the line */
    CHECK_STATUS(parse(written, sizeof written - 2, &share), BM_OK);
}

/* The check and the numbers are found, or the share is the same one. */
static bool is_found(const char *text, size_t n, const struct bm_share *want)
{
    struct bm_share share;
    bm_status rc = parse(text, n, &share);

    if (rc != BM_OK) {
        return rc == BM_E_KEYS_SHARE_TYPO || rc == BM_E_KEYS_VERSION;
    }
    return memcmp(share.set, want->set, sizeof share.set) == 0 &&
           share.x == want->x && share.n == want->n && share.k == want->k &&
           memcmp(share.value, want->value, sizeof share.value) == 0 &&
           strlen(share.owner) == strlen(want->owner) &&
           strlen(share.custodian) == strlen(want->custodian);
}

static void any_one_character_that_is_another_is_found(void)
{
    char text[sizeof written];
    struct bm_share want;
    unsigned refused = 0;

    CHECK_STATUS(parse(written, sizeof written - 1, &want), BM_OK);
    for (size_t i = 0; i < sizeof written - 1; i++) {
        memcpy(text, written, sizeof text);
        for (unsigned c = 0; c < 256; c++) {
            struct bm_share share;

            text[i] = (char)c;
            CHECK(is_found(text, sizeof text - 1, &want));
            refused += parse(text, sizeof text - 1, &share) != BM_OK;
        }
        /* typed twice, or not at all */
        memcpy(text, written, i);
        memcpy(text + i, written + i + 1, sizeof written - 1 - i);
        CHECK(is_found(text, sizeof written - 2, &want));
    }
    /* what is accepted is white space for white space, and cases */
    CHECK(refused > (sizeof written - 1) * 250);
}

static void every_flipped_bit_is_found(void)
{
    uint8_t text[sizeof written];
    struct bm_share want;

    CHECK_STATUS(parse(written, sizeof written - 1, &want), BM_OK);
    for (size_t i = 0; i < 8 * (sizeof written - 1); i++) {
        memcpy(text, written, sizeof text);
        text[i / 8] = (uint8_t)(text[i / 8] ^ 1U << i % 8);
        CHECK(is_found((const char *)text, sizeof text - 1, &want));
    }
}

static void names_are_what_any_keyboard_types(void)
{
    static const struct {
        const char *name;
        bm_status status;
    } rows[] = {
        { "A", BM_OK },
        { "O=Example, CN=\"Root\" ~ 1", BM_OK },
        { "", BM_E_KEYS_SHARE_NAME },
        { " A", BM_E_KEYS_SHARE_NAME },
        { "A ", BM_E_KEYS_SHARE_NAME },
        { " ", BM_E_KEYS_SHARE_NAME },
        { "A  B", BM_E_KEYS_SHARE_NAME },
        { "A\tB", BM_E_KEYS_SHARE_NAME },
        { "A\nB", BM_E_KEYS_SHARE_NAME },
        { "A\x7f", BM_E_KEYS_SHARE_NAME },
        { "J\xc3\xbcrgen", BM_E_KEYS_SHARE_NAME },
        { "1234567890123456789012345678901234567890123456789012345678901234",
          BM_OK },
        { "12345678901234567890123456789012345678901234567890123456789012345",
          BM_E_KEYS_SHARE_NAME },
    };
    struct bm_share shares[2];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const both[] = { "A", rows[i].name };
        const struct bm_shares_config owner = { rows[i].name, names, 2, 2 };
        const struct bm_shares_config custodian = { "A", both, 2, 2 };

        CHECK_STATUS(bm_share_name_check(rows[i].name), rows[i].status);
        CHECK_STATUS(bm_shares_split(bm_test_crypto(), &owner, zero, shares),
                     rows[i].status);
        CHECK_STATUS(
            bm_shares_split(bm_test_crypto(), &custodian, zero, shares),
            rows[i].status);
    }
}

static void counts_have_bounds(void)
{
    static const struct {
        unsigned n, k;
        bm_status status;
    } rows[] = {
        { 2, 2, BM_OK },
        { 16, 2, BM_OK },
        { 16, 16, BM_OK },
        { 0, 0, BM_E_KEYS_SHARES_COUNT },
        { 1, 1, BM_E_KEYS_SHARES_COUNT },
        { 5, 1, BM_E_KEYS_SHARES_COUNT },
        { 5, 0, BM_E_KEYS_SHARES_COUNT },
        { 5, 6, BM_E_KEYS_SHARES_COUNT },
        { 17, 2, BM_E_KEYS_SHARES_COUNT },
        { 258, 258, BM_E_KEYS_SHARES_COUNT },
    };
    struct bm_share shares[BM_SHARES_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct bm_shares_config config = of(rows[i].n, rows[i].k);

        CHECK_STATUS(bm_shares_split(bm_test_crypto(), &config, zero, shares),
                     rows[i].status);
    }
}

/* Bring together those of `shares` whose bit is in `which`. */
static bm_status combine(const struct bm_share *shares, uint32_t which,
                         struct bm_shares *together,
                         uint8_t secret[BM_UNLOCK_SIZE])
{
    bm_status rc;

    memset(together, 0, sizeof *together);
    for (size_t i = 0; i < BM_SHARES_MAX; i++) {
        if ((which >> i & 1) != 0) {
            CHECK_STATUS(bm_shares_add(together, &shares[i]), BM_OK);
        }
    }
    rc = bm_shares_combine(bm_test_crypto(), together, secret);
    CHECK(rc == BM_OK || memcmp(secret, zero, sizeof zero) == 0);
    return rc;
}

static unsigned count_bits(uint32_t v)
{
    unsigned n = 0;

    for (; v != 0; v &= v - 1) {
        n++;
    }
    return n;
}

static void any_k_open_and_fewer_do_not(void)
{
    static const struct {
        unsigned n, k;
    } rows[] = { { 2, 2 }, { 3, 2 }, { 5, 3 }, { 6, 5 }, { 7, 7 } };
    struct bm_share shares[BM_SHARES_MAX];
    struct bm_shares together;
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t got[BM_UNLOCK_SIZE];

    make_counting(secret);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        deal(rows[i].n, rows[i].k, secret, shares);
        for (uint32_t which = 0; which < UINT32_C(1) << rows[i].n; which++) {
            unsigned count = count_bits(which);
            bm_status rc = combine(shares, which, &together, got);

            CHECK_STATUS(rc, count < rows[i].k ? BM_E_KEYS_SHARES_FEW : BM_OK);
            CHECK(bm_shares_missing(&together) == (count == 0 ? SIZE_MAX
                                                   : count >= rows[i].k
                                                       ? 0
                                                       : rows[i].k - count));
            CHECK(rc != BM_OK || memcmp(got, secret, sizeof got) == 0);
        }
    }
    deal(16, 16, secret, shares);
    CHECK_STATUS(combine(shares, 0xffff, &together, got), BM_OK);
    CHECK_BYTES(got, sizeof got, secret, sizeof secret);
}

static void the_order_does_not_count(void)
{
    static const uint8_t orders[][3] = { { 0, 2, 4 },
                                         { 4, 2, 0 },
                                         { 2, 4, 0 } };
    struct bm_share shares[5];
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t got[BM_UNLOCK_SIZE];

    make_counting(secret);
    deal(5, 3, secret, shares);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct bm_shares together = { .count = 0 };

        for (size_t j = 0; j < 3; j++) {
            CHECK_STATUS(bm_shares_add(&together, &shares[orders[i][j]]),
                         BM_OK);
        }
        CHECK_STATUS(bm_shares_combine(bm_test_crypto(), &together, got),
                     BM_OK);
        CHECK_BYTES(got, sizeof got, secret, sizeof secret);
        bm_shares_wipe(&together);
        CHECK(together.count == 0);
    }
}

/*
 * k = 2, exhaustively: whatever one share shows, each value of an octet of the
 * secret stands behind it with exactly one choice of the coefficient.
 */
static void one_share_of_two_leaves_every_secret_possible(void)
{
    static uint8_t seen[BM_SHARES_MAX][256][256]; /* share, value, secret */
    const struct bm_shares_config config = of(16, 2);
    struct bm_share shares[BM_SHARES_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];

    memset(seen, 0, sizeof seen);
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned first = 0; first < 256; first += BM_UNLOCK_SIZE) {
            struct chosen chosen = { .next = (uint8_t)a };
            const struct bm_crypto crypto = chosen_crypto(&chosen);

            for (unsigned i = 0; i < BM_UNLOCK_SIZE; i++) {
                secret[i] = (uint8_t)(first + i);
            }
            CHECK_STATUS(bm_shares_split(&crypto, &config, secret, shares),
                         BM_OK);
            for (size_t x = 0; x < BM_SHARES_MAX; x++) {
                for (size_t i = 0; i < BM_UNLOCK_SIZE; i++) {
                    seen[x][shares[x].value[i]][secret[i]]++;
                }
            }
        }
    }
    for (size_t x = 0; x < BM_SHARES_MAX; x++) {
        unsigned once = 0;

        for (unsigned v = 0; v < 256; v++) {
            for (unsigned s = 0; s < 256; s++) {
                once += seen[x][v][s] == 1;
            }
        }
        CHECK(once == 65536);
    }
}

/* k = 3: behind the two that are there stands every value, each with another
 * third share. */
static void two_shares_of_three_leave_every_secret_possible(void)
{
    struct bm_share shares[5];
    struct bm_share third = { .x = 3 };
    struct bm_share guess = { .x = 0 };
    const struct bm_share *known[] = { &guess, &shares[0], &shares[1] };
    const struct bm_share *all[] = { &shares[0], &shares[1], &third };
    uint8_t value[BM_SHARE_VALUE_SIZE];
    bool seen[256] = { false };
    unsigned different = 0;

    deal(5, 3, zero, shares);
    for (unsigned s = 0; s < 256; s++) {
        memset(guess.value, (int)s, sizeof guess.value);
        field_interpolate(known, 3, 3, third.value);
        field_interpolate(all, 3, 0, value);
        CHECK_BYTES(value, sizeof value, guess.value, sizeof value);
        different += !seen[third.value[0]];
        seen[third.value[0]] = true;
    }
    CHECK(different == 256);
}

static void shares_of_another_set_are_told(void)
{
    struct bm_share mine[3];
    struct bm_share again[3];
    struct bm_shares together = { .count = 0 };
    char why[BM_SHARES_WHY_MAX];
    uint8_t secret[BM_UNLOCK_SIZE];

    make_counting(secret);
    deal(3, 2, secret, mine);
    deal(3, 2, secret, again); /* issued anew: the same secret */
    CHECK(memcmp(mine[0].set, again[0].set, sizeof mine[0].set) != 0);
    CHECK(memcmp(mine[0].value, again[0].value, sizeof mine[0].value) != 0);
    CHECK_STATUS(bm_shares_add(&together, &mine[0]), BM_OK);
    CHECK_STATUS(bm_shares_add(&together, &again[1]), BM_E_KEYS_SHARES_MIXED);
    CHECK(together.count == 1);
    bm_shares_why(&together, &again[1], BM_E_KEYS_SHARES_MIXED, why);
    CHECK(strstr(why, "share 2 (Custodian B)") != NULL);
    CHECK(strstr(why, "Example Root CA") != NULL);
    CHECK_STATUS(bm_shares_add(&together, &mine[2]), BM_OK);
    CHECK_STATUS(bm_shares_combine(bm_test_crypto(), &together, secret), BM_OK);
}

static void a_share_given_twice_is_told(void)
{
    struct bm_share shares[3];
    struct bm_share other;
    struct bm_shares together = { .count = 0 };
    char why[BM_SHARES_WHY_MAX];

    deal(3, 2, zero, shares);
    CHECK_STATUS(bm_shares_add(&together, &shares[1]), BM_OK);
    CHECK_STATUS(bm_shares_add(&together, &shares[1]), BM_E_KEYS_SHARE_TWICE);
    bm_shares_why(&together, &shares[1], BM_E_KEYS_SHARE_TWICE, why);
    CHECK(strcmp(why, "share 2 (Custodian B)") == 0);
    /* its number again, and not the same */
    other = shares[1];
    other.value[39] ^= 1;
    CHECK_STATUS(bm_shares_add(&together, &other), BM_E_KEYS_SHARE_FALSE);
    other = shares[2];
    other.k = 3;
    CHECK_STATUS(bm_shares_add(&together, &other), BM_E_KEYS_SHARE_FALSE);
    other = shares[2];
    other.n = 4;
    CHECK_STATUS(bm_shares_add(&together, &other), BM_E_KEYS_SHARE_FALSE);
    other = shares[2];
    other.owner[0] = 'e'; /* as somebody typed it */
    CHECK_STATUS(bm_shares_add(&together, &other), BM_OK);
    bm_shares_remove(&together, 1);
    other.owner[0] = 'F';
    CHECK_STATUS(bm_shares_add(&together, &other), BM_E_KEYS_SHARE_FALSE);
    other.x = 0;
    CHECK_STATUS(bm_shares_add(&together, &other), BM_E_ARGUMENT);
    CHECK(together.count == 1 && bm_shares_missing(&together) == 1);
}

static void what_is_missing_is_counted(void)
{
    struct bm_share shares[5];
    struct bm_shares together = { .count = 0 };
    char why[BM_SHARES_WHY_MAX];

    deal(5, 3, zero, shares);
    bm_shares_why(&together, NULL, BM_E_KEYS_SHARES_FEW, why);
    CHECK(strcmp(why, "there is none") == 0);
    CHECK_STATUS(bm_shares_add(&together, &shares[4]), BM_OK);
    bm_shares_why(&together, NULL, BM_E_KEYS_SHARES_FEW, why);
    CHECK(strcmp(why, "1 of 3 are there, 2 more are needed") == 0);
    CHECK_STATUS(bm_shares_add(&together, &shares[2]), BM_OK);
    bm_shares_why(&together, NULL, BM_E_KEYS_SHARES_FEW, why);
    CHECK(strcmp(why, "2 of 3 are there, 1 more is needed") == 0);
    bm_shares_why(&together, NULL, BM_E_IO, why);
    CHECK(why[0] == '\0');
}

static void a_false_share_is_named(void)
{
    static const struct {
        uint32_t given, bad, named;
    } rows[] = {
        /* no more than are needed: one is false, and that is all */
        { 0x07, 0x01, 0 },
        { 0x07, 0x06, 0 },
        /* 0 of 4, 3 of 4, 2 of 5, two of 5 */
        { 0x0f, 0x01, 0x01 },
        { 0x0f, 0x08, 0x08 },
        { 0x1f, 0x04, 0x04 },
        { 0x1f, 0x12, 0x12 },
        /* too few that are true */
        { 0x0f, 0x03, 0 },
        { 0x1f, 0x07, 0 },
    };
    struct bm_share shares[BM_SHARES_MAX];
    struct bm_shares together;
    uint8_t secret[BM_UNLOCK_SIZE];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        deal(5, 3, zero, shares);
        for (size_t j = 0; j < 5; j++) {
            /* One bit anywhere, the digest included. */
            shares[j].value[(7 * i + 5 * j) % BM_SHARE_VALUE_SIZE] ^=
                (uint8_t)((rows[i].bad >> j & 1) << (i + j) % 8);
        }
        CHECK_STATUS(combine(shares, rows[i].given, &together, secret),
                     BM_E_KEYS_SHARE_FALSE);
        CHECK(together.is_false == rows[i].named);
    }
}

static void a_false_share_that_is_taken_out_does_no_harm(void)
{
    struct bm_share shares[BM_SHARES_MAX];
    struct bm_shares together;
    uint8_t secret[BM_UNLOCK_SIZE];
    uint8_t got[BM_UNLOCK_SIZE];
    char why[BM_SHARES_WHY_MAX];

    make_counting(secret);
    deal(5, 3, secret, shares);
    shares[1].value[0] ^= 0x80;
    CHECK_STATUS(combine(shares, 0x07, &together, got), BM_E_KEYS_SHARE_FALSE);
    bm_shares_why(&together, NULL, BM_E_KEYS_SHARE_FALSE, why);
    CHECK(strstr(why, "cannot be told from 3 shares") != NULL);
    CHECK_STATUS(combine(shares, 0x0f, &together, got), BM_E_KEYS_SHARE_FALSE);
    bm_shares_why(&together, NULL, BM_E_KEYS_SHARE_FALSE, why);
    CHECK(strcmp(why, "share 2 (Custodian B)") == 0);
    bm_shares_remove(&together, 1);
    bm_shares_remove(&together, 3); /* there is none */
    CHECK(together.count == 3 && together.share[1].x == 3);
    CHECK_STATUS(bm_shares_combine(bm_test_crypto(), &together, got), BM_OK);
    CHECK_BYTES(got, sizeof got, secret, sizeof secret);
}

/* As many choices as there can be, and none of them is right. */
static void the_search_for_false_shares_has_an_end(void)
{
    struct bm_share shares[BM_SHARES_MAX];
    struct bm_shares together;
    uint8_t secret[BM_UNLOCK_SIZE];
    char why[BM_SHARES_WHY_MAX];

    deal(16, 8, zero, shares);
    for (size_t i = 0; i < 9; i++) {
        shares[i].value[i] ^= 1;
    }
    CHECK_STATUS(combine(shares, 0xffff, &together, secret),
                 BM_E_KEYS_SHARE_FALSE);
    CHECK(together.is_false == 0);
    /* the last choice of all */
    shares[8].value[8] ^= 1;
    CHECK_STATUS(combine(shares, 0xffff, &together, secret),
                 BM_E_KEYS_SHARE_FALSE);
    CHECK(together.is_false == 0xff);
    bm_shares_why(&together, NULL, BM_E_KEYS_SHARE_FALSE, why);
    CHECK(strstr(why, "share 1 (Custodian A), share 2 ") == why);
    CHECK(strstr(why, "share 9") == NULL);
}

static void a_failing_provider_leaves_nothing(void)
{
    static const struct bm_share none;
    const struct bm_shares_config config = of(3, 2);
    struct bm_share shares[3];
    struct bm_shares together = { .count = 0 };
    uint8_t secret[BM_UNLOCK_SIZE] = { 1 };
    unsigned at = 0;
    bm_status rc;

    do {
        struct chosen chosen = { .next = 1, .step = 3, .fails_at = ++at };
        const struct bm_crypto crypto = chosen_crypto(&chosen);

        rc = bm_shares_split(&crypto, &config, secret, shares);
        for (size_t i = 0; i < 3; i++) {
            CHECK((memcmp(&shares[i], &none, sizeof none) == 0) ==
                  (rc != BM_OK));
        }
    } while (rc != BM_OK && at < 100);
    CHECK(at == 4); /* set, coefficients, digest */
    for (size_t i = 0; i < 2; i++) {
        CHECK_STATUS(bm_shares_add(&together, &shares[i]), BM_OK);
    }
    {
        struct chosen chosen = { .fails_at = 1 };
        const struct bm_crypto crypto = chosen_crypto(&chosen);

        CHECK_STATUS(bm_shares_combine(&crypto, &together, secret),
                     BM_E_CRYPTO);
        CHECK(memcmp(secret, zero, sizeof zero) == 0);
    }
}

int main(void)
{
    RUN(the_field_is_that_of_the_manual);
    RUN(a_share_is_written_as_the_manual_says);
    RUN(the_longest_share_has_room);
    RUN(white_space_and_case_do_not_count);
    RUN(what_is_no_share_is_told);
    RUN(every_prefix_is_refused);
    RUN(any_one_character_that_is_another_is_found);
    RUN(every_flipped_bit_is_found);
    RUN(names_are_what_any_keyboard_types);
    RUN(counts_have_bounds);
    RUN(any_k_open_and_fewer_do_not);
    RUN(the_order_does_not_count);
    RUN(one_share_of_two_leaves_every_secret_possible);
    RUN(two_shares_of_three_leave_every_secret_possible);
    RUN(shares_of_another_set_are_told);
    RUN(a_share_given_twice_is_told);
    RUN(what_is_missing_is_counted);
    RUN(a_false_share_is_named);
    RUN(a_false_share_that_is_taken_out_does_no_harm);
    RUN(the_search_for_false_shares_has_an_end);
    RUN(a_failing_provider_leaves_nothing);
    return bm_test_done();
}
