/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/intel_hex.h"

#include <stdlib.h>

#include "tests/harness/bm_test.h"

static struct bm_bytes str(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

/* The example of Intel's specification: two lines that follow each other. */
static const char good[] = ":10010000214601360121470136007EFE09D2190140\n"
                           ":100110002146017E17C20001FF5F16002148011928\n"
                           ":00000001FF\n";

static void lines_that_follow_each_other_are_one_piece(void)
{
    struct intel_hex hex;

    CHECK(intel_hex_parse(str(good), false, &hex));
    CHECK(hex.address == 0x100 && hex.octets.n == 32);
    CHECK(hex.octets.p[0] == 0x21 && hex.octets.p[31] == 0x19);
    intel_hex_free(&hex);
}

/* Address and length of what is read, or the line and the reason. */
static const struct {
    const char *text;
    bool fill;
    uint32_t address;
    size_t n;
    unsigned line;
    const char *why;
} rows[] = {
    { ":01000000AA55\r\n:00000001FF\r\n\r\n", false, 0, 1, 0, NULL },
    { ":01000000aa55\n:00000001ff", false, 0, 1, 0, NULL },
    { ":020000040800F2\n:01FFFF00AA57\n:020000040801F1\n:01000000AA55\n"
      ":00000001FF\n",
      false, 0x0800ffff, 2, 0, NULL },
    { ":020000021000EC\n:01000100AA54\n:00000001FF\n", false, 0x10001, 1, 0,
      NULL },
    { ":0400000508000000EF\n:01000000AA55\n:00000001FF\n", false, 0, 1, 0,
      NULL },
    { ":01000000AA55\n:01000200AA53\n:00000001FF\n", true, 0, 3, 0, NULL },
    { ":01000000AA55\n:01000200AA53\n:00000001FF\n", false, 0, 0, 2,
      "there is a gap in front of it" },
    { ":01000000AA55\n:01000000AA55\n:00000001FF\n", true, 0, 0, 2,
      "addresses overlap, or go back" },
    { ":01000000AA55\n", false, 0, 0, 1, "no end record" },
    { ":00000001FF\n", false, 0, 0, 1, "no data" },
    { "", false, 0, 0, 0, "no end record" },
    { ":01000000AA56\n", false, 0, 0, 1, "sum is wrong" },
    { ":0100000\n", false, 0, 0, 1, "no record" },
    { ":", false, 0, 0, 1, "no record" },
    { "S0030000FC", false, 0, 0, 1, "no record" },
    { ":02000000AA55\n", false, 0, 0, 1, "length is not that of the record" },
    { ":01000000AG55\n", false, 0, 0, 1, "no hexadecimal digit" },
    { ":01000006AA4F\n", false, 0, 0, 1, "record of unknown type" },
    { ":0100000408F3\n", false, 0, 0, 1, "address of another length than 2" },
    { ":0100000100FE\n", false, 0, 0, 1, "end record with data" },
    { ":0000000000\n:00000001FF\n", false, 0, 0, 1, "record without data" },
    { ":02FFFF00AAAAAC\n", false, 0, 0, 1, "data runs out of its segment" },
    { ":02000002FFFFFE\n:01FFFF00AA57\n:020000040001F9\n:01000000AA55\n", true,
      0, 0, 4, "addresses overlap, or go back" },
    { ":01000000AA55\n:020000040100F9\n:01000000AA55\n:00000001FF\n", true, 0,
      0, 3, "more than 16 MiB from the first address" },
    { ":01000000AA55\n:00000001FF\n:00000001FF\n", false, 0, 0, 3,
      "something after the end record" },
};

static void what_is_wrong_is_told_with_its_line(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct intel_hex hex;
        bool ok = intel_hex_parse(str(rows[i].text), rows[i].fill, &hex);

        CHECK(ok == (rows[i].why == NULL));
        if (ok && rows[i].why == NULL) {
            CHECK(hex.address == rows[i].address);
            CHECK(hex.octets.n == rows[i].n);
        } else if (!ok && rows[i].why != NULL) {
            CHECK(hex.line == rows[i].line);
            CHECK(strcmp(hex.why, rows[i].why) == 0);
            CHECK(hex.memory == NULL);
        }
        intel_hex_free(&hex);
    }
}

static void every_prefix_and_every_flipped_bit_is_refused(void)
{
    struct intel_hex hex;
    char text[sizeof good];

    /* Without the last line end it is whole. */
    for (size_t n = 0; n + 2 < sizeof good; n++) {
        struct bm_bytes part = { (const uint8_t *)good, n };

        CHECK(!intel_hex_parse(part, false, &hex));
    }
    for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
        memcpy(text, good, sizeof good);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        if (intel_hex_parse(str(text), false, &hex)) {
            /* Only a letter's case, and what ends the last line, may do. */
            CHECK(bit % 8 == 5 && text[bit / 8] >= 'a');
            CHECK(hex.octets.n == 32 && hex.octets.p[31] == 0x19);
            intel_hex_free(&hex);
        }
    }
}

static void what_is_written_is_read(void)
{
    static uint8_t octets[0x10000 + 100];
    static uint8_t text[300000];
    static const struct {
        uint32_t address;
        size_t n;
    } cases[] = { { 0, 1 },           { 0, 16 },
                  { 0xfff8, 17 },     { 0x0800fff0, 100 },
                  { 0xfffffff0, 16 }, { 0x1234, sizeof octets } };
    struct bm_wr w;

    for (size_t i = 0; i < sizeof octets; i++) {
        octets[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bm_bytes in = { octets, cases[i].n };
        struct intel_hex hex;

        bm_wr_init(&w, text, sizeof text);
        CHECK_STATUS(intel_hex_put(&w, cases[i].address, in), BM_OK);
        CHECK(intel_hex_parse(bm_wr_bytes(&w), false, &hex));
        CHECK(hex.address == cases[i].address);
        CHECK_BYTES(hex.octets.p, hex.octets.n, in.p, in.n);
        intel_hex_free(&hex);
    }
    bm_wr_init(&w, text, sizeof text);
    CHECK_STATUS(intel_hex_put(&w, 0xfffffff0, (struct bm_bytes){ octets, 17 }),
                 BM_E_LIMIT);
    bm_wr_init(&w, text, 20);
    CHECK_STATUS(intel_hex_put(&w, 0, (struct bm_bytes){ octets, 17 }),
                 BM_E_BUFFER);
}

int main(void)
{
    RUN(lines_that_follow_each_other_are_one_piece);
    RUN(what_is_wrong_is_told_with_its_line);
    RUN(every_prefix_and_every_flipped_bit_is_refused);
    RUN(what_is_written_is_read);
    return bm_test_done();
}
