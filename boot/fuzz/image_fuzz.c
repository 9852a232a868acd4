/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/image.h"
#include "core/fuzz/must.h"

/* What was read lies inside, and is all of the file. */
static void must_be_whole(struct bm_bytes file, const struct bm_image *image)
{
    uint32_t at = bm_image_tlvs_at(&image->header);
    uint32_t size;

    must(at >= BM_IMAGE_HEADER_SIZE && at <= file.n);
    must(bm_image_digest_end(&image->header) == at + image->protected.n);
    must(at + image->protected.n + image->tlvs.n == file.n);
    must(bm_image_tlvs_size(&image->header, image->tlvs.p, &size) == BM_OK);
    must(size == file.n - at);
    must(image->digest.n == BM_IMAGE_DIGEST_SIZE);
    must_be_inside(image->tlvs, image->digest);
    must_be_inside(image->protected, image->boot_record);
}

/* Walking over an area that was read ends at its end. */
static void must_walk(struct bm_bytes area)
{
    struct bm_image_tlv tlv;
    uint32_t at = 0;
    bm_status rc;

    while ((rc = bm_image_tlv_next(area, &at, &tlv)) == BM_OK) {
        must_be_inside(area, tlv.value);
    }
    must(rc == BM_E_END);
    must(at == area.n || area.n <= BM_IMAGE_INFO_SIZE);
}

static void must_depend(const struct bm_image *image)
{
    struct bm_image_dependency dependency;
    uint32_t at = 0;

    while (bm_image_dependency_next(image, &at, &dependency) == BM_OK) {
        must(at <= image->protected.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bm_bytes file = { data, size };
    struct bm_image image = { .counter = 77 };

    if (bm_image_parse_file(file, &image) == BM_OK) {
        must_be_whole(file, &image);
        must_walk(image.protected);
        must_walk(image.tlvs);
        must_depend(&image);
    } else {
        must(image.counter == 77 && image.tlvs.p == NULL);
    }
    return 0;
}
