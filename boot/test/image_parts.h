/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_TEST_IMAGE_PARTS_H
#define BM_BOOT_TEST_IMAGE_PARTS_H

#include "boot/image.h"
#include "boot/le.h"
#include "tests/harness/bm_test.h"

/* Lists of TLVs, and the usual ones. */
#define LIST(...) ((const struct part[]){ __VA_ARGS__, { 0, 0 } })
#define NO_TLVS   ((const struct part[]){ { 0, 0 } })
#define SHA                     \
    {                           \
        BM_IMAGE_TLV_SHA256, 32 \
    }
#define HASH                     \
    {                            \
        BM_IMAGE_TLV_KEYHASH, 32 \
    }
#define PUB                     \
    {                           \
        BM_IMAGE_TLV_PUBKEY, 91 \
    }
#define EC                     \
    {                          \
        BM_IMAGE_TLV_ECDSA, 71 \
    }
#define ED                       \
    {                            \
        BM_IMAGE_TLV_ED25519, 64 \
    }
#define LMS                                 \
    {                                       \
        BM_IMAGE_TLV_LMS, BM_IMAGE_LMS_SIZE \
    }
#define COUNTER                 \
    {                           \
        BM_IMAGE_TLV_COUNTER, 4 \
    }
#define DEPENDS                     \
    {                               \
        BM_IMAGE_TLV_DEPENDENCY, 12 \
    }
#define RECORD                       \
    {                                \
        BM_IMAGE_TLV_BOOT_RECORD, 91 \
    }
#define SBOM                  \
    {                         \
        BM_IMAGE_TLV_SBOM, 60 \
    }

/* What is left of an image after an error: its header. */
static inline void check_empty(const struct bm_image *image)
{
    static const struct bm_image zero;

    CHECK(memcmp(&image->protected, &zero.protected, sizeof(zero.protected)) ==
          0);
    CHECK(memcmp(&image->tlvs, &zero.tlvs, sizeof(zero.tlvs)) == 0);
    CHECK(memcmp(&image->digest, &zero.digest, sizeof(zero.digest)) == 0);
    CHECK(image->boot_record.n == 0);
    CHECK(image->counter == 0 && !image->has_counter);
}

/* An image in pieces, for tests that change one of them. */
static uint8_t tlvs[4096];
static size_t tlvs_n;
static struct bm_image_header header;

static inline void area_begin(unsigned magic)
{
    bm_le16_put(tlvs + tlvs_n, (uint16_t)magic);
    bm_le16_put(tlvs + tlvs_n + 2, 4);
    tlvs_n += 4;
}

/* `area` is where its info header lies. */
static inline void add(size_t area, unsigned type, size_t n)
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
static inline bm_status parse(const struct part *protected,
                              const struct part *other, struct bm_image *image)
{
    size_t area = 0;
    bm_status rc;

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
    rc = bm_image_parse((struct bm_bytes){ tlvs, tlvs_n }, image);
    if (rc != BM_OK) {
        check_empty(image);
    }
    return rc;
}

static const struct part plain[] = {
    { BM_IMAGE_TLV_SHA256, 32 },
    { BM_IMAGE_TLV_KEYHASH, 32 },
    { BM_IMAGE_TLV_ECDSA, 70 },
    { 0, 0 },
};

#endif
