/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image.h"

#include "boot/le.h"
#include "boot/test/imgtool_images.h"
#include "tests/harness/bm_test.h"

#define ROOM 4096u

/* An image in pieces, for tests that change one of them. */
static uint8_t tlvs[2048];
static size_t tlvs_n;
static struct bm_image_header header;

static void area_begin(unsigned magic)
{
    bm_le16_put(tlvs + tlvs_n, (uint16_t)magic);
    bm_le16_put(tlvs + tlvs_n + 2, 4);
    tlvs_n += 4;
}

/* `area` is where its info header lies. */
static void add(size_t area, unsigned type, size_t n)
{
    bm_le16_put(tlvs + tlvs_n, (uint16_t)type);
    bm_le16_put(tlvs + tlvs_n + 2, (uint16_t)n);
    memset(tlvs + tlvs_n + 4, (int)type, n);
    tlvs_n += 4 + n;
    bm_le16_put(tlvs + area + 2, (uint16_t)(tlvs_n - area));
}

struct part {
    uint16_t type;
    uint16_t n;
};

/* Build both areas; lists end with a type of 0. */
static bm_status parse(const struct part *protected, const struct part *other,
                       struct bm_image *image)
{
    size_t area = 0;

    memset(image, 0x5a, sizeof(*image));
    tlvs_n = 0;
    header = (struct bm_image_header){ .header_size = 32, .payload_size = 64 };
    if (protected != NULL) {
        area_begin(BM_IMAGE_MAGIC_PROTECTED);
        for (; protected->type != 0; protected ++) {
            add(0, protected->type, protected->n);
        }
        area = tlvs_n;
        header.protected_size = (uint16_t)area;
    }
    area_begin(BM_IMAGE_MAGIC_TLVS);
    for (; other->type != 0; other++) {
        add(area, other->type, other->n);
    }
    image->header = header;
    return bm_image_parse((struct bm_bytes){ tlvs, tlvs_n }, image);
}

static const struct part plain[] = {
    { BM_IMAGE_TLV_SHA256, 32 },
    { BM_IMAGE_TLV_KEYHASH, 32 },
    { BM_IMAGE_TLV_ECDSA, 70 },
    { 0, 0 },
};

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

int main(void)
{
    RUN(an_image_without_protected_tlvs_is_read);
    RUN(images_of_imgtool_are_read);
    RUN(counter_version_and_dependency_are_as_they_were_asked_for);
    return bm_test_done();
}
