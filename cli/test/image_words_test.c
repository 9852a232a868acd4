/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image_words.h"

#include "cli/image_file.h"
#include "tests/harness/bm_test.h"

static void versions_are_read_as_imgtool_does(void)
{
    static const struct {
        const char *text;
        struct bm_image_version want;
        const char *whole; /* NULL: refused */
    } rows[] = {
        { "1", { 1, 0, 0, 0 }, "1.0.0+0" },
        { "1.2", { 1, 2, 0, 0 }, "1.2.0+0" },
        { "1.2.3", { 1, 2, 3, 0 }, "1.2.3+0" },
        { "1.2.3+4", { 1, 2, 3, 4 }, "1.2.3+4" },
        { "0.0.0+0", { 0, 0, 0, 0 }, "0.0.0+0" },
        { "255.255.65535+4294967295",
          { 255, 255, 65535, UINT32_MAX },
          "255.255.65535+4294967295" },
        { .text = "" },
        { .text = "1." },
        { .text = "01" },
        { .text = "1.02" },
        { .text = "1+4" },
        { .text = "1.2+4" },
        { .text = "1.2.3+" },
        { .text = "1.2.3.4" },
        { .text = "1.2.3+4 " },
        { .text = " 1.2.3" },
        { .text = "256" },
        { .text = "1.256" },
        { .text = "1.2.65536" },
        { .text = "1.2.3+4294967296" },
        { .text = "1.2.3+99999999999999999999999" },
        { .text = "-1" },
        { .text = "a" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_image_version v = { 9, 9, 9, 9 };
        char text[IMAGE_VERSION_MAX];

        CHECK(image_words_version(rows[i].text, &v) == (rows[i].whole != NULL));
        if (rows[i].whole == NULL) {
            CHECK(v.major == 9 && v.build == 9);
            continue;
        }
        CHECK(bm_image_version_compare(&v, &rows[i].want) == 0);
        image_version_text(&v, text);
        CHECK(strcmp(text, rows[i].whole) == 0);
    }
}

static void numbers_are_decimal_or_hexadecimal(void)
{
    static const struct {
        const char *text;
        uint32_t most;
        bool good;
        uint32_t want;
    } rows[] = {
        { "0", 10, true, 0 },
        { "32", 32, true, 32 },
        { "33", 32, false, 0 },
        { "0x20", 32, true, 32 },
        { "0XfF", 255, true, 255 },
        { "0xffffffff", UINT32_MAX, true, UINT32_MAX },
        { "0x100000000", UINT32_MAX, false, 0 },
        { "4294967296", UINT32_MAX, false, 0 },
        { "010", UINT32_MAX, false, 0 },
        { "0x", UINT32_MAX, false, 0 },
        { "", UINT32_MAX, false, 0 },
        { "-1", UINT32_MAX, false, 0 },
        { "+1", UINT32_MAX, false, 0 },
        { "1 ", UINT32_MAX, false, 0 },
        { "1k", UINT32_MAX, false, 0 },
        { "a", UINT32_MAX, false, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t v = 77;

        CHECK(image_words_number(rows[i].text, rows[i].most, &v) ==
              rows[i].good);
        CHECK(v == (rows[i].good ? rows[i].want : 77));
    }
}

static void dependencies_are_a_list_without_an_image_twice(void)
{
    static const char *const bad[] = {
        "",
        "()",
        "(1)",
        "(1,)",
        "(1,1",
        "1,1.0",
        "(1,1.0)x",
        "(256,1.0)",
        "(1,1.0)(1,2.0)",
        "(0,1)(1,1)(2,1)(3,1)(4,1)(5,1)(6,1)(7,1)(8,1)",
        "(1,1.0+4)",
        "(-1,1.0)",
    };
    struct bm_image_dependency list[IMAGE_DEPENDENCIES_MAX];
    size_t n = 0;

    CHECK(image_words_dependencies("(1, 1.2.3+4) ( 0 ,2.0 )", list, &n));
    CHECK(n == 2 && list[0].image == 1 && list[1].image == 0);
    CHECK(list[0].version.build == 4 && list[1].version.major == 2);
    CHECK(image_words_dependencies("(0,1)(1,1)(2,1)(3,1)(4,1)(5,1)(6,1)(7,1)",
                                   list, &n));
    CHECK(n == IMAGE_DEPENDENCIES_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!image_words_dependencies(bad[i], list, &n));
        CHECK(n == IMAGE_DEPENDENCIES_MAX);
    }
}

int main(void)
{
    RUN(versions_are_read_as_imgtool_does);
    RUN(numbers_are_decimal_or_hexadecimal);
    RUN(dependencies_are_a_list_without_an_image_twice);
    return bm_test_done();
}
