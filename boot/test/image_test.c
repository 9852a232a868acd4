/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image.h"

#include "boot/test/image_parts.h"
#include "boot/test/imgtool_images.h"

#define ROOM 4096u

static void an_image_without_protected_tlvs_is_read(void)
{
    struct bm_image image;

    CHECK_STATUS(parse(NULL, plain, &image), BM_OK);
    CHECK(image.protected.n == 0 && image.tlvs.n == tlvs_n);
    CHECK(image.digest.n == 32 && image.digest.p[0] == BM_IMAGE_TLV_SHA256);
    CHECK(!image.has_counter && image.boot_record.n == 0);
}

static void images_of_imgtool_are_read(void)
{
    for (size_t i = 0; i < IMGTOOL_IMAGES; i++) {
        const struct imgtool_image *from = &imgtool_images[i];
        struct bm_image image;
        uint32_t size;

        CHECK_STATUS(bm_image_header_parse(from->header, ROOM, &image.header),
                     BM_OK);
        CHECK(image.header.payload_size == 2000);
        CHECK_STATUS(bm_image_tlvs_size(
                         &image.header,
                         from->tlvs.p + image.header.protected_size, &size),
                     BM_OK);
        CHECK(size == from->tlvs.n);
        CHECK_STATUS(bm_image_parse(from->tlvs, &image), BM_OK);
        CHECK(image.digest.n == 32);
        CHECK(bm_image_digest_end(&image.header) ==
              image.header.header_size + 2000u + image.header.protected_size);
    }
}

static void counter_version_and_dependency_are_as_they_were_asked_for(void)
{
    const struct imgtool_image *from = &imgtool_images[1];
    struct bm_image_dependency dependency;
    struct bm_image image;
    uint32_t at = 0;

    CHECK_STATUS(bm_image_header_parse(from->header, ROOM, &image.header),
                 BM_OK);
    CHECK(image.header.header_size == 512 && image.header.protected_size == 28);
    CHECK(image.header.version.major == 2 && image.header.version.minor == 0);
    CHECK_STATUS(bm_image_parse(from->tlvs, &image), BM_OK);
    CHECK(image.has_counter && image.counter == 7);
    CHECK_STATUS(bm_image_dependency_next(&image, &at, &dependency), BM_OK);
    CHECK(dependency.image == 1 && dependency.version.major == 1 &&
          dependency.version.build == 0);
    CHECK_STATUS(bm_image_dependency_next(&image, &at, &dependency), BM_E_END);
}

/* A header that is good, as a start. */
static void header_octets(uint8_t octets[BM_IMAGE_HEADER_SIZE])
{
    memset(octets, 0, BM_IMAGE_HEADER_SIZE);
    bm_le32_put(octets, BM_IMAGE_MAGIC);
    bm_le16_put(octets + 8, 64);
    bm_le16_put(octets + 10, 20);
    bm_le32_put(octets + 12, 1000);
}

static void headers_that_overlap_or_do_not_fit_are_refused(void)
{
    /* A 16-bit field (n = 2) or a 32-bit one at `at`, and the result. */
    static const struct {
        unsigned at;
        unsigned n;
        uint32_t value;
        bm_status want;
    } rows[] = {
        { 0, 4, 0x96f3b83c, BM_E_IMAGE_MAGIC }, /* format 1 */
        { 8, 2, 0, BM_E_IMAGE_HEADER },
        { 8, 2, 31, BM_E_IMAGE_HEADER },
        { 8, 2, 32, BM_OK },
        { 28, 4, 1, BM_E_IMAGE_HEADER },
        { 12, 4, 0, BM_OK },
        { 12, 4, ROOM - 64 - 20 - 4, BM_OK },
        { 12, 4, ROOM - 64 - 20 - 3, BM_E_IMAGE_SIZE },
        { 12, 4, UINT32_MAX, BM_E_IMAGE_SIZE },
        { 12, 4, UINT32_MAX - 64, BM_E_IMAGE_SIZE },
        { 12, 4, UINT32_MAX - 87, BM_E_IMAGE_SIZE },
        { 10, 2, UINT16_MAX, BM_E_IMAGE_SIZE },
        { 10, 2, ROOM - 64 - 1000 - 4, BM_OK },
        { 10, 2, ROOM - 64 - 1000 - 3, BM_E_IMAGE_SIZE },
        { 8, 2, ROOM - 20 - 1000 - 4, BM_OK },
        { 8, 2, ROOM - 20 - 1000 - 3, BM_E_IMAGE_SIZE },
        { 16, 4, 0x130, BM_OK },
        { 16, 4, BM_IMAGE_ENCRYPTED_AES128, BM_E_IMAGE_FLAGS },
        { 16, 4, BM_IMAGE_ENCRYPTED_AES256, BM_E_IMAGE_FLAGS },
        { 16, 4, 1, BM_E_IMAGE_FLAGS },
        { 16, 4, 0x200, BM_E_IMAGE_FLAGS },
        { 16, 4, 0x80000000, BM_E_IMAGE_FLAGS },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[BM_IMAGE_HEADER_SIZE];
        struct bm_image_header h = { .flags = 77 };
        static const struct bm_image_header zero;

        header_octets(octets);
        if (rows[i].n == 2) {
            bm_le16_put(octets + rows[i].at, (uint16_t)rows[i].value);
        } else {
            bm_le32_put(octets + rows[i].at, rows[i].value);
        }
        CHECK_STATUS(bm_image_header_parse(octets, ROOM, &h), rows[i].want);
        CHECK((memcmp(&h, &zero, sizeof(h)) == 0) == (rows[i].want != BM_OK));
    }
}

static void every_size_of_a_slot_is_kept_to(void)
{
    uint8_t octets[BM_IMAGE_HEADER_SIZE];
    struct bm_image_header h;

    header_octets(octets);
    for (uint32_t room = 0; room < 2000; room++) {
        CHECK_STATUS(bm_image_header_parse(octets, room, &h),
                     room < 64 + 20 + 1000 + 4 ? BM_E_IMAGE_SIZE : BM_OK);
    }
    CHECK_STATUS(bm_image_header_parse(octets, UINT32_MAX, &h), BM_OK);
    CHECK(bm_image_tlvs_at(&h) == 1064 && bm_image_digest_end(&h) == 1084);
}

static void every_prefix_is_refused(void)
{
    for (size_t i = 0; i < IMGTOOL_IMAGES; i++) {
        const struct imgtool_image *from = &imgtool_images[i];
        struct bm_image image;

        for (size_t n = 0; n < from->tlvs.n; n++) {
            memset(&image, 0x5a, sizeof(image));
            CHECK_STATUS(
                bm_image_header_parse(from->header, ROOM, &image.header),
                BM_OK);
            CHECK_STATUS(
                bm_image_parse((struct bm_bytes){ from->tlvs.p, n }, &image),
                BM_E_IMAGE_TLV);
            check_empty(&image);
        }
    }
}

static void octets_after_the_areas_are_refused(void)
{
    const struct imgtool_image *from = &imgtool_images[1];
    struct bm_image image;
    uint8_t octets[512];

    memset(octets, 0xff, sizeof(octets));
    memcpy(octets, from->tlvs.p, from->tlvs.n);
    CHECK_STATUS(bm_image_header_parse(from->header, ROOM, &image.header),
                 BM_OK);
    for (size_t n = from->tlvs.n + 1; n <= sizeof(octets); n++) {
        CHECK_STATUS(bm_image_parse((struct bm_bytes){ octets, n }, &image),
                     BM_E_IMAGE_TRAILING);
    }
}

/* A flipped bit of the form is found here; one of a value, or of a type that is
 * protected, by the digest or the signature. */
static void every_flipped_bit_is_refused_or_in_a_value(void)
{
    const struct imgtool_image *from = &imgtool_images[1];
    uint8_t octets[512];

    for (size_t bit = 0; bit < 8 * from->tlvs.n; bit++) {
        struct bm_image_tlv tlv;
        struct bm_image image;
        uint32_t at = 0;
        bool value = false;

        memset(&image, 0x5a, sizeof(image));
        memcpy(octets, from->tlvs.p, from->tlvs.n);
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_STATUS(bm_image_header_parse(from->header, ROOM, &image.header),
                     BM_OK);
        if (bm_image_parse((struct bm_bytes){ octets, from->tlvs.n }, &image) !=
            BM_OK) {
            check_empty(&image);
            continue;
        }
        for (unsigned i = 0; i < 2; i++, at = 0) {
            struct bm_bytes area = i == 0 ? image.protected : image.tlvs;

            while (bm_image_tlv_next(area, &at, &tlv) == BM_OK) {
                const uint8_t *p = octets + bit / 8;

                /* What is protected may become of another type. */
                value = value ||
                        (p >= tlv.value.p && p < tlv.value.p + tlv.value.n) ||
                        (i == 0 && p >= tlv.value.p - 4 && p < tlv.value.p - 2);
            }
        }
        CHECK(value);
    }
}

static void every_flipped_bit_of_a_header_is_refused_or_a_field(void)
{
    for (unsigned bit = 0; bit < 8 * BM_IMAGE_HEADER_SIZE; bit++) {
        uint8_t octets[BM_IMAGE_HEADER_SIZE];
        struct bm_image_header a;
        struct bm_image_header b;

        header_octets(octets);
        CHECK_STATUS(bm_image_header_parse(octets, ROOM, &a), BM_OK);
        octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bm_image_header_parse(octets, ROOM, &b) == BM_OK) {
            CHECK(memcmp(&a, &b, sizeof(a)) != 0);
        }
    }
}

static void the_length_of_both_areas_is_told_by_the_last(void)
{
    static const struct {
        uint8_t info[4];
        bm_status want;
        uint32_t size;
    } rows[] = {
        { { 0x07, 0x69, 4, 0 }, BM_OK, 24 },
        { { 0x07, 0x69, 0xff, 0xff }, BM_OK, 20 + 65535 },
        { { 0x07, 0x69, 3, 0 }, BM_E_IMAGE_TLV, 0 },
        { { 0x08, 0x69, 4, 0 }, BM_E_IMAGE_TLV, 0 },
        { { 0xff, 0xff, 0xff, 0xff }, BM_E_IMAGE_TLV, 0 },
    };
    const struct bm_image_header h = { .protected_size = 20 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t size = 0;

        CHECK_STATUS(bm_image_tlvs_size(&h, rows[i].info, &size), rows[i].want);
        CHECK(rows[i].want != BM_OK || size == rows[i].size);
    }
}

static void files_are_images_and_nothing_more(void)
{
    static uint8_t file[1024];
    struct bm_image image = { .counter = 77 };
    size_t n;

    CHECK_STATUS(parse(LIST(COUNTER), plain, &image), BM_OK);
    header_octets(file);
    bm_le16_put(file + 8, 32);
    bm_le16_put(file + 10, header.protected_size);
    bm_le32_put(file + 12, 64);
    memcpy(file + 96, tlvs, tlvs_n);
    n = 96 + tlvs_n;
    CHECK_STATUS(bm_image_parse_file((struct bm_bytes){ file, n }, &image),
                 BM_OK);
    CHECK(image.has_counter && image.header.payload_size == 64);
    CHECK_STATUS(bm_image_parse_file((struct bm_bytes){ file, n + 1 }, &image),
                 BM_E_IMAGE_TRAILING);
    for (size_t i = 0; i < n; i++) {
        image.counter = 77;
        CHECK(bm_image_parse_file((struct bm_bytes){ file, i }, &image) !=
              BM_OK);
        CHECK(image.counter == 77);
    }
}

static void versions_are_compared_field_by_field(void)
{
    static const struct bm_image_version rising[] = {
        { 0, 0, 0, 0 },          { 0, 0, 0, 1 },
        { 0, 0, 0, UINT32_MAX }, { 0, 0, 1, 0 },
        { 0, 0, UINT16_MAX, 0 }, { 0, 1, 0, 0 },
        { 0, 255, 255, 9 },      { 1, 0, 0, 0 },
        { 255, 0, 0, 0 },        { 255, 255, UINT16_MAX, UINT32_MAX },
    };
    size_t n = sizeof(rising) / sizeof(rising[0]);

    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            CHECK(bm_image_version_compare(&rising[a], &rising[b]) ==
                  (a > b) - (a < b));
        }
    }
}

int main(void)
{
    RUN(an_image_without_protected_tlvs_is_read);
    RUN(images_of_imgtool_are_read);
    RUN(counter_version_and_dependency_are_as_they_were_asked_for);
    RUN(headers_that_overlap_or_do_not_fit_are_refused);
    RUN(every_size_of_a_slot_is_kept_to);
    RUN(every_prefix_is_refused);
    RUN(octets_after_the_areas_are_refused);
    RUN(every_flipped_bit_is_refused_or_in_a_value);
    RUN(every_flipped_bit_of_a_header_is_refused_or_a_field);
    RUN(the_length_of_both_areas_is_told_by_the_last);
    RUN(files_are_images_and_nothing_more);
    RUN(versions_are_compared_field_by_field);
    return bm_test_done();
}
