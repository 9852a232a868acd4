/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image_trailer.h"

#include "tests/harness/bm_test.h"

static uint8_t slot[256];
#define END (slot + sizeof(slot) - BM_IMAGE_TRAILER_END)

static bm_status parse(struct bm_image_trailer *trailer)
{
    return bm_image_trailer_parse(BM_ARRAY(slot), trailer);
}

/* The end of the vector p256-padded-confirmed, which imgtool made. */
static void a_trailer_of_imgtool_is_read(void)
{
    static const uint8_t octets[] = { 0x01, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0x77, 0xc2, 0x95, 0xf3,
                                      0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52,
                                      0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80 };
    struct bm_image_trailer trailer;

    memset(slot, 0xff, sizeof(slot));
    memcpy(slot + sizeof(slot) - sizeof(octets), octets, sizeof(octets));
    CHECK_STATUS(parse(&trailer), BM_OK);
    CHECK(trailer.align == 8 && trailer.confirmed && !trailer.copied);
    CHECK(trailer.swap == BM_IMAGE_SWAP_NONE);
}

static void what_is_written_is_read(void)
{
    static const uint32_t aligns[] = { 8, 16, 32 };

    for (size_t i = 0; i < 6; i++) {
        struct bm_image_trailer in = { .align = aligns[i / 2],
                                       .confirmed = i % 2 == 1 };
        struct bm_image_trailer out;

        memset(slot, 0xff, sizeof(slot));
        CHECK_STATUS(bm_image_trailer_put(&in, END), BM_OK);
        CHECK_STATUS(parse(&out), BM_OK);
        CHECK(out.align == in.align && out.confirmed == in.confirmed);
        CHECK(!out.copied && out.swap == BM_IMAGE_SWAP_NONE);
    }
}

static void fields_are_where_mcuboot_has_them(void)
{
    /* From the end of the slot: image_ok, copy_done, swap_info. */
    static const struct {
        uint32_t align;
        size_t ok, done, info;
    } rows[] = { { 8, 24, 32, 40 }, { 16, 32, 48, 64 }, { 32, 64, 96, 128 } };

    for (size_t i = 0; i < 3; i++) {
        struct bm_image_trailer trailer = { .align = rows[i].align,
                                            .confirmed = true };

        memset(slot, 0xff, sizeof(slot));
        CHECK_STATUS(bm_image_trailer_put(&trailer, END), BM_OK);
        CHECK(slot[sizeof(slot) - rows[i].ok] == 1);
        slot[sizeof(slot) - rows[i].done] = 1;
        slot[sizeof(slot) - rows[i].info] = 0x13; /* of image 1: permanent */
        CHECK_STATUS(parse(&trailer), BM_OK);
        CHECK(trailer.copied && trailer.swap == BM_IMAGE_SWAP_PERMANENT);
    }
}

static void what_no_tool_writes_is_refused(void)
{
    struct bm_image_trailer trailer = { .align = 8, .confirmed = true };

    for (size_t at = 24; at <= 40; at += 8) {
        memset(slot, 0xff, sizeof(slot));
        CHECK_STATUS(
            bm_image_trailer_put(&(struct bm_image_trailer){ .align = 8 }, END),
            BM_OK);
        slot[sizeof(slot) - at] = 0;
        CHECK_STATUS(parse(&trailer), BM_E_IMAGE_TRAILING);
        CHECK(trailer.align == 0 && !trailer.confirmed);
    }
    trailer.align = 4;
    CHECK_STATUS(bm_image_trailer_put(&trailer, END), BM_E_ARGUMENT);
}

static void without_a_whole_magic_there_is_no_trailer(void)
{
    struct bm_image_trailer trailer = { .align = 32 };

    memset(slot, 0xff, sizeof(slot));
    CHECK_STATUS(parse(&trailer), BM_E_NOT_FOUND);
    CHECK_STATUS(
        bm_image_trailer_put(&(struct bm_image_trailer){ .align = 16 }, END),
        BM_OK);
    for (size_t bit = 0; bit < 128; bit++) {
        uint8_t *octet = slot + sizeof(slot) - 16 + bit / 8;

        *octet ^= (uint8_t)(1u << bit % 8);
        CHECK_STATUS(parse(&trailer), BM_E_NOT_FOUND);
        *octet ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_STATUS(parse(&trailer), BM_OK);
    for (size_t n = 0; n < BM_IMAGE_TRAILER_END; n++) {
        CHECK_STATUS(
            bm_image_trailer_parse(
                (struct bm_bytes){ slot + sizeof(slot) - n, n }, &trailer),
            BM_E_NOT_FOUND);
    }
}

int main(void)
{
    RUN(a_trailer_of_imgtool_is_read);
    RUN(what_is_written_is_read);
    RUN(fields_are_where_mcuboot_has_them);
    RUN(what_no_tool_writes_is_refused);
    RUN(without_a_whole_magic_there_is_no_trailer);
    return bm_test_done();
}
